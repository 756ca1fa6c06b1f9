// SPDX-License-Identifier: Apache-2.0
//
// Levels of instances: how far below full speed they run. Agents tell them at every call; here they are told
// where they can decide anything. That is where an instance begins to crawl or to get on again, as the engine
// may move what crawls; and when it has run, or crawled, for a quarter longer than it had when it was told last,
// as the engine reckons with what it has done in such steps. Between two levels the engine takes the mean of both:
// where it was another, what would have been told meanwhile is told with them.
#include "sim/run.h"

#include "base/num.h"
#include "core/heat/curve.h"

#define LONG_MS        INT64_C(600000)   // price_table.move_after_s: what has run for less is not moved
#define AGAIN_MS       INT64_C(1800000)  // of what does not crawl, at least
#define CRAWLS_MOST_MS INT64_C(3600000)  // from one level of what crawls to the next, at most
#define MOST_MS        INT64_C(14400000) // likewise of what does not, or crawls as it did
#define APART_PCT      2                 // of full speed: from there on a speed is another

static int32_t full_mhz(const struct sim_run *r, const struct sim_board *b)
{
    const struct curve *c = &r->s->board[r->zone[b->zone].model].curve;
    return c->p[c->n - 1].freq_mhz;
}

static int32_t speed_mhz(const struct sim_run *r, const struct sim_board *b)
{
    int32_t cores = r->s->board[r->zone[b->zone].model].spec.cores;
    return activity_is_task((enum activity)b->run) ? b->work_mhz / cores : 0;
}

// As the engine's price table has it (move_ratio_permille): twice as fast is not possible elsewhere.
static bool crawls(const struct sim_run *r, const struct sim_board *b, int32_t mhz)
{
    return 2 * mhz < full_mhz(r, b);
}

static bool first_of(const struct sim_board *b)
{
    return b->level.at < b->started_at + LONG_MS;
}

static bool is_another(const struct sim_run *r, const struct sim_board *b, int32_t mhz, int32_t than_mhz)
{
    int32_t apart = mhz - than_mhz;
    return (apart < 0 ? -apart : apart) * 100 > full_mhz(r, b) * APART_PCT;
}

static bool as_told(const struct sim_run *r, const struct sim_board *b, int32_t mhz)
{
    const struct sim_level *l = &b->level;
    bool crawled = l->crawls_since >= 0;
    if (first_of(b) || crawls(r, b, mhz) != crawled)
        return false;
    int64_t quarter = (r->now - (crawled ? l->crawls_since : b->started_at)) / 4,
            most = crawled && is_another(r, b, mhz, l->mhz) ? CRAWLS_MOST_MS : MOST_MS;
    return r->now - l->at < int_clamp(quarter, crawled ? LONG_MS : AGAIN_MS, most);
}

static void level(struct sim_run *r, uint32_t board, int64_t at, int32_t mhz)
{
    struct sim_board *b = &r->board[board];
    struct report *rep = link_report(r, b->zone, REPORT_LEVEL);
    rep->lease = b->lease;
    rep->at = house_add(r->s->start, at);
    rep->level.phase = PHASE_EXECUTION;
    rep->level.progress_permille = -1;
    rep->level.freq_mhz = mhz;
    rep->level.max_freq_mhz = full_mhz(r, b);
    rep->level.duty_permille = rep->level.cpu_permille = 1000;
    rep->level.exec_ms = at - b->started_at;
    if (!crawls(r, b, mhz))
        b->level.crawls_since = -1;
    else if (b->level.crawls_since < 0)
        b->level.crawls_since = r->now;
}

// What it has done so far must be booked.
static void board_level(struct sim_run *r, uint32_t board, int32_t mhz)
{
    struct sim_board *b = &r->board[board];
    struct sim_level *l = &b->level;
    bool first = first_of(b);
    int64_t since = first ? b->started_at : l->at, done = (first ? b->all - b->saved : l->left) - b->left;
    int32_t mean = (int32_t)(done / (r->now - since) / b->rate_cores);
    if (first) {
        l->crawls_since = -1;
        level(r, board, r->now, mean);
    } else if (is_another(r, b, mean, (mhz + l->mhz) / 2)) {
        level(r, board, since, mean);
        level(r, board, r->now, mean);
    }
    level(r, board, r->now, mhz);
    l->at = r->now;
    l->left = b->left;
    l->mhz = mhz;
}

static void zone_levels(struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    bool told = false, shown = false;
    for (uint32_t at = z->first_board; at < z->first_board + z->n_boards; at++) {
        const struct sim_board *b = &r->board[at];
        if (b->phase != BOARD_RUNS || r->now - b->started_at < LONG_MS)
            continue;
        if (!shown)
            drive_show(r, zone);
        shown = true;
        int32_t mhz = speed_mhz(r, b);
        if (as_told(r, b, mhz))
            continue;
        if (!told)
            drive_settle(r, zone);
        board_level(r, at, mhz);
        told = true;
    }
    if (told)
        link_sync(r, zone);
}

void levels_tell(struct sim_run *r)
{
    for (uint32_t w = 0; r->moves && w <= r->n_zones / 64; w++)
        for (uint64_t bits = r->busy[w]; bits; bits &= bits - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(bits);
            if (!r->zone[i].down && !r->zone[i].cut)
                zone_levels(r, i);
        }
}
