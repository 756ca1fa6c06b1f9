// SPDX-License-Identifier: Apache-2.0
#include "sim/published.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "core/plan/policy.h"

#define TICK_MS   30000
#define TELL_MC   100 // the published scheduler reads every room at every tick; less than this decides nothing
#define WARM_MC   1000
#define NO_NUMBER 0 // of no task

int published_make(struct sim_run *r)
{
    const struct plan_policy *policy = plan_policy_find(r->s->policy);
    if (policy && policy->sees_rooms)
        r->published = mem_array((size_t)r->n_boards + 1, sizeof *r->published);
    return 0;
}

void published_free(struct sim_run *r)
{
    free(r->published);
    r->published = NULL;
}

bool published_drives(const struct sim_run *r, const struct sim_zone *z)
{
    return r->published && !z->water && !z->down && z->cap_mw < 0 && circuit_cap_w(r, z) < 0;
}

static int32_t diff_mc(const struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    int32_t room = room_mc(r, zone);
    if (room == INT32_MIN)
        return 0;
    return (int32_t)num_round(r->rooms[z->batch].shadow.setpoint_c[z->at] * 1000) - room;
}

// The regulator: one step of frequency a tick.
static void board_tick(struct sim_run *r, uint32_t board, int32_t diff)
{
    const struct sim_board *b = &r->board[board];
    struct published_board *p = &r->published[board];
    p->burns = b->phase != BOARD_RUNS && r->s->burn && (p->burns ? diff >= -WARM_MC : qstd_burns(diff));
    if (b->phase == BOARD_RUNS && b->activity != ACTIVITY_DONATED && p->number != NO_NUMBER)
        p->freq_mhz = qstd_next_mhz(&r->s->board[r->zone[b->zone].model].curve, p->freq_mhz, diff);
}

void published_step(struct sim_run *r)
{
    int64_t ticks = r->t / TICK_MS - (r->t - r->s->step_ms) / TICK_MS;
    for (uint32_t i = 0; i < r->n_zones; i++) {
        struct sim_zone *z = &r->zone[i];
        if (!published_drives(r, z))
            continue;
        int32_t diff = diff_mc(r, i), room = room_mc(r, i);
        if (!z->cut && (z->told_mc > room + TELL_MC || z->told_mc < room - TELL_MC)) {
            z->told_mc = room;
            link_zone_report(r, i);
            link_sync(r, i);
        }
        drive_settle(r, i);
        for (int64_t k = 0; k < ticks; k++)
            for (uint32_t b = 0; b < z->n_boards; b++)
                board_tick(r, z->first_board + b, diff);
        zone_stale(r, z);
        zone_changed(r, i);
    }
}

enum activity published_board_run(struct sim_run *r, uint32_t board, bool works,
                                  struct operating_point *point)
{
    const struct sim_board *b = &r->board[board];
    const struct curve *c = &r->s->board[r->zone[b->zone].model].curve;
    struct published_board *p = &r->published[board];
    int32_t most = c->p[c->n - 1].freq_mhz;
    *point = curve_at(c, most, 1000);
    if (works) {
        uint32_t number = r->task[b->task].number;
        if (p->task != b->task || p->number != number)
            *p = (struct published_board){.freq_mhz = most, .task = b->task, .number = number};
        *point = curve_at(c, p->freq_mhz, 1000);
        return (enum activity)b->activity;
    }
    if (p->burns)
        return ACTIVITY_BURN;
    *point = (struct operating_point){.draw_mw = c->sleep_mw};
    return ACTIVITY_SLEEP;
}
