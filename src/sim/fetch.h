// SPDX-License-Identifier: Apache-2.0
//
// Large fleets wait for memory, and what happens to zones one after the other lies anywhere in it. What a zone's turn
// will look at is fetched some turns before, each line when what leads to it is there
// (docs/design/0062-memory-of-large-fleets.md). Nothing here decides anything.
#ifndef ONDOL_SIM_FETCH_H
#define ONDOL_SIM_FETCH_H

#include <stddef.h>

#include "base/mem.h"
#include "sim/run.h"

// What a zone's turn is: its boards are driven and booked; its node calls as well; their levels are told.
enum fetch_for { FETCH_BOOKS, FETCH_CALLS, FETCH_LEVELS };

// How many turns ahead: the zone; its boards, its lanes, its node; the node's leases and lists; where these lead to;
// and where that does.
enum { FETCH_ZONE, FETCH_PARTS, FETCH_LEASES, FETCH_LEADS, FETCH_RECORDS, FETCH_STAGES };
static const uint8_t fetch_ahead[FETCH_STAGES] = {12, 7, 4, 2, 1};

// What is fetched of a zone is its first lines.
_Static_assert(offsetof(struct sim_zone, node) == 2 * MEM_LINE_BYTES, "driving and booking: two lines");
_Static_assert(offsetof(struct sim_zone, outbox) == 3 * MEM_LINE_BYTES, "its node: one; its calls: one");

MEM_FETCHES void fetch_zone(const struct sim_run *r, uint32_t zone, enum fetch_for what)
{
    mem_fetch(&r->zone[zone], (what == FETCH_BOOKS ? 2 : 4) * MEM_LINE_BYTES);
}

MEM_FETCHES void fetch_boards(const struct sim_run *r, const struct sim_zone *z, enum fetch_for what)
{
    uint32_t n = z->n_boards < FETCH_BOARDS ? z->n_boards : FETCH_BOARDS;
    const struct sim_board *b = &r->board[z->first_board];
    if (what == FETCH_LEVELS) {
        mem_fetch(b, n * sizeof *b);
        return;
    }
    for (; n > 0; b++, n--) {
        __builtin_prefetch(b);
        mem_fetch(b->used, sizeof b->used);
    }
}

// What booking and driving look at of a room.
MEM_FETCHES void fetch_lanes(const struct sim_run *r, const struct sim_zone *z)
{
    if (z->water)
        return;
    const struct sim_lanes *l = lanes_of(r, z);
    const struct sim_row *w = row_at(r, z);
    uint32_t at = z->at, j = in_row(at);
    const void *lines[] = {
        &l->heat.draw_mw[at], &l->heat.target_w[at], &l->heat.max_w[at], &w->want_w[j],
        &w->driven_w[j],      &w->quiet_step[j],     &w->restless,       &w->fast[j],
        &w->run[j],           &w->decided[j],        &w->drawn_mw[j],    &w->total_uj[j],
        &w->booked_uj[j],     &w->from_ms[j],        &w->split_uj[j],    &w->early_uj[j],
    };
    for (size_t k = 0; k < sizeof lines / sizeof *lines; k++)
        __builtin_prefetch(lines[k]);
}

// What telling of what a zone wants looks at: of one whose turn comes in a while, and of one whose turn comes soon.
#define TOLD_AHEAD 16

MEM_FETCHES void fetch_told(const struct sim_run *r, uint32_t later, uint32_t soon)
{
    if (later != SIM_NONE) {
        const struct sim_zone *z = &r->zone[later];
        __builtin_prefetch(z);
        __builtin_prefetch(&z->told_any);
        __builtin_prefetch(&z->told);
    }
    if (soon != SIM_NONE && !r->zone[soon].water) {
        const struct sim_zone *z = &r->zone[soon];
        const struct sim_lanes *l = lanes_of(r, z);
        const struct sim_row *w = row_at(r, z);
        __builtin_prefetch(&l->heat.target_w[z->at]);
        __builtin_prefetch(&l->heat.max_w[z->at]);
        __builtin_prefetch(&l->heat.min_w[z->at]);
        __builtin_prefetch(w->told_target_w);
        __builtin_prefetch(w->told_max_w);
        __builtin_prefetch(w->told_min_w);
    }
}

// `zone`: whose turn comes so many turns from now as fetch_ahead says of each stage; SIM_NONE: nobody's.
MEM_FETCHES void fetch_turn(const struct sim_run *r, const uint32_t zone[FETCH_STAGES], enum fetch_for what)
{
    static const enum fetch_of of_node[FETCH_STAGES] = {[FETCH_PARTS] = FETCH_OF_NODE,
                                                        [FETCH_LEASES] = FETCH_OF_LEASES,
                                                        [FETCH_LEADS] = FETCH_OF_BOARDS,
                                                        [FETCH_RECORDS] = FETCH_OF_RECORDS};
    if (zone[FETCH_ZONE] != SIM_NONE)
        fetch_zone(r, zone[FETCH_ZONE], what);
    if (zone[FETCH_PARTS] != SIM_NONE) {
        fetch_boards(r, &r->zone[zone[FETCH_PARTS]], what);
        fetch_lanes(r, &r->zone[zone[FETCH_PARTS]]);
    }
    for (int k = FETCH_PARTS; what != FETCH_BOOKS && k < FETCH_STAGES; k++)
        if (zone[k] != SIM_NONE)
            server_fetch_node(r->server, r->zone[zone[k]].node_known, of_node[k]);
}

// Of a list of n zones of which number `now` has its turn.
MEM_FETCHES void fetch_listed(const struct sim_run *r, const uint32_t *zone, size_t n, size_t now,
                              enum fetch_for what)
{
    uint32_t turn[FETCH_STAGES];
    for (int k = 0; k < FETCH_STAGES; k++)
        turn[k] = now + fetch_ahead[k] < n ? zone[now + fetch_ahead[k]] : SIM_NONE;
    fetch_turn(r, turn, what);
}

#endif
