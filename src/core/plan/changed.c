// SPDX-License-Identifier: Apache-2.0
//
// The logs of changed zones: of those with free boards, and of those with boards that a better class may ask
// back. Lanes read them as far as they need.
#include "core/plan/planner_state.h"

static bool of_use(const struct zone_state *z, enum heap_side side)
{
    return side == SIDE_FREE ? z->free > 0 : z->low > 0;
}

// Drops entries that a later one replaces, that every lane has read, or that are of no use by now.
static void log_compact(struct planner *p, enum heap_side side)
{
    struct zone_log *log = &p->changed[side];
    uint64_t read[PLAN_LANES], was[PLAN_LANES], first = UINT64_MAX, next = 0;
    size_t kept = 0;
    for (unsigned l = 0; l < PLAN_LANES; l++) {
        was[l] = p->lane[l].read[side];
        first = was[l] < first ? was[l] : first;
    }
    for (size_t i = 0; i <= log->n; i++) {
        uint64_t place = log->base + i;
        if (place >= next) { // a lane may have read up to here
            next = UINT64_MAX;
            for (unsigned l = 0; l < PLAN_LANES; l++) {
                if (was[l] == place)
                    read[l] = log->base + kept;
                else if (was[l] > place && was[l] < next)
                    next = was[l];
            }
        }
        if (i == log->n)
            break;
        uint32_t zone = log->v[i];
        struct zone_state *z = &p->zone[zone];
        if (z->logged[side] != place + 1)
            continue;
        z->logged[side] = 0;
        if (place < first || !of_use(z, side))
            continue;
        log->v[kept++] = zone;
        z->logged[side] = log->base + kept;
    }
    log->n = kept;
    log->read = log->base;
    for (unsigned l = 0; l < PLAN_LANES; l++) {
        p->lane[l].read[side] = read[l];
        log->read = read[l] > log->read ? read[l] : log->read;
    }
}

void log_zone(struct planner *p, uint32_t zone, enum heap_side side)
{
    struct zone_log *log = &p->changed[side];
    struct zone_state *z = &p->zone[zone];
    if (!of_use(z, side) || z->logged[side] > log->read)
        return; // or nobody has read its last entry yet
    size_t most = side == SIDE_FREE && p->free < (int64_t)p->n_zones ? 2 * (size_t)p->free : 2 * p->n_zones;
    if (log->n >= most + 64)
        log_compact(p, side);
    *VEC_PUSH(log->v, log->n, log->cap) = zone;
    z->logged[side] = log->base + log->n;
}

void log_clear(struct planner *p, enum heap_side side)
{
    struct zone_log *log = &p->changed[side];
    log->base += log->n;
    log->read = log->base;
    log->n = 0;
    for (unsigned l = 0; l < PLAN_LANES; l++)
        p->lane[l].read[side] = log->base;
}

void log_rest(struct planner *p)
{
    if (!p->free)
        log_clear(p, SIDE_FREE);
}
