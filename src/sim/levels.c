// SPDX-License-Identifier: Apache-2.0
//
// Levels of instances: how far below full speed they run. Agents tell them at every call; here they are told
// where they can decide anything, which is where an instance has run for so long that the engine may move it
// (price_table.move_after_s), and as often as that; or half an hour later where the speed is as it was: the
// engine takes it to have gone on.
#include "sim/run.h"

#include "base/num.h"
#include "core/heat/curve.h"

#define LONG_MS   600000
#define AGAIN_MS  1800000 // how old a level may get that is as it was
#define MOVED_PCT 5       // of full speed

// The first time the mean since it started, so that what it has done is known; then the speed of now.
static int32_t speed_mhz(const struct sim_run *r, const struct sim_board *b, bool first)
{
    int32_t cores = r->s->board[r->zone[b->zone].model].spec.cores;
    int64_t ms = r->now - b->started_at, done = b->all - b->saved - b->left;
    bool works = activity_is_task((enum activity)b->run);
    return (int32_t)(first ? done / ms / b->rate_cores : works ? b->work_mhz / cores : 0);
}

static bool as_told(const struct sim_run *r, const struct sim_board *b)
{
    const struct curve *c = &r->s->board[r->zone[b->zone].model].curve;
    int32_t moved = speed_mhz(r, b, false) - b->level_mhz, full = c->p[c->n - 1].freq_mhz;
    return b->level_at >= b->started_at + LONG_MS && r->now - b->level_at < AGAIN_MS &&
           (moved < 0 ? -moved : moved) * 100 <= full * MOVED_PCT;
}

static void level(struct sim_run *r, uint32_t board, bool first)
{
    struct sim_board *b = &r->board[board];
    const struct curve *c = &r->s->board[r->zone[b->zone].model].curve;
    struct report *rep = link_report(r, b->zone, REPORT_LEVEL);
    rep->lease = b->lease;
    rep->level.phase = PHASE_EXECUTION;
    rep->level.progress_permille = -1;
    rep->level.freq_mhz = speed_mhz(r, b, first);
    rep->level.max_freq_mhz = c->p[c->n - 1].freq_mhz;
    rep->level.duty_permille = rep->level.cpu_permille = 1000;
    rep->level.exec_ms = r->now - b->started_at;
    b->level_at = r->now;
    b->level_mhz = rep->level.freq_mhz;
}

static void zone_levels(struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    bool told = false, shown = false;
    for (uint32_t at = z->first_board; at < z->first_board + z->n_boards; at++) {
        const struct sim_board *b = &r->board[at];
        int64_t ms = r->now - b->started_at;
        if (b->phase != BOARD_RUNS || ms < LONG_MS)
            continue;
        if (!shown)
            drive_show(r, zone);
        shown = true;
        if (as_told(r, b))
            continue;
        if (ms < 2 * LONG_MS) {
            drive_settle(r, zone); // what it has done
            level(r, at, true);
        }
        level(r, at, false);
        told = true;
    }
    if (told)
        link_sync(r, zone);
}

void levels_tell(struct sim_run *r)
{
    for (uint32_t i = 0; r->moves && i < r->n_zones; i++)
        if (r->zone[i].runs && !r->zone[i].down && !r->zone[i].cut)
            zone_levels(r, i);
}
