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

// How many turns ahead: the zone; its boards, its lanes, its node; the node's leases and lists; where these lead to;
// and where that does.
enum { FETCH_ZONE, FETCH_PARTS, FETCH_LEASES, FETCH_LEADS, FETCH_RECORDS, FETCH_STAGES };
static const uint8_t fetch_ahead[FETCH_STAGES] = {12, 7, 4, 2, 1};

// What driving and booking look at, and levels.
static inline void fetch_zone(const struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    mem_fetch(z, 2 * MEM_LINE_BYTES);
    mem_fetch(&z->node,
              2 * MEM_LINE_BYTES - offsetof(struct sim_zone, node) % MEM_LINE_BYTES); // and levels_at
}

static inline void fetch_boards(const struct sim_run *r, const struct sim_zone *z)
{
    uint32_t n = z->n_boards < FETCH_BOARDS ? z->n_boards : FETCH_BOARDS;
    mem_fetch(&r->board[z->first_board], n * sizeof *r->board);
}

// What booking and driving look at of a room.
static inline void fetch_lanes(const struct sim_run *r, const struct sim_zone *z)
{
    if (z->water)
        return;
    const struct sim_lanes *l = lanes_of(r, z);
    uint32_t at = z->at;
    const void *lines[] = {
        &l->heat.draw_mw[at], &l->heat.target_w[at], &l->heat.max_w[at], &l->booked_uj[at],
        &l->from_ms[at],      &l->total_uj[at],      &l->split_uj[at],   &l->early_uj[at],
        &l->drawn_mw[at],     &l->fast[at],          &l->run[at],        &l->want_w[at],
        &l->driven_w[at],     &l->decided[at],       &l->quiet_step[at], &l->restless[at],
        &l->touched[at],
    };
    for (size_t k = 0; k < sizeof lines / sizeof *lines; k++)
        __builtin_prefetch(lines[k]);
}

// `zone`: whose turn comes so many turns from now as fetch_ahead says of each stage; SIM_NONE: nobody's. `calls`: their
// nodes will call.
static inline void fetch_turn(const struct sim_run *r, const uint32_t zone[FETCH_STAGES], bool calls)
{
    static const enum fetch_of of_node[FETCH_STAGES] = {[FETCH_PARTS] = FETCH_OF_NODE,
                                                        [FETCH_LEASES] = FETCH_OF_LEASES,
                                                        [FETCH_LEADS] = FETCH_OF_BOARDS,
                                                        [FETCH_RECORDS] = FETCH_OF_RECORDS};
    if (zone[FETCH_ZONE] != SIM_NONE)
        fetch_zone(r, zone[FETCH_ZONE]);
    if (zone[FETCH_PARTS] != SIM_NONE) {
        fetch_boards(r, &r->zone[zone[FETCH_PARTS]]);
        fetch_lanes(r, &r->zone[zone[FETCH_PARTS]]);
    }
    for (int k = FETCH_PARTS; calls && k < FETCH_STAGES; k++)
        if (zone[k] != SIM_NONE)
            server_fetch_node(r->server, r->zone[zone[k]].node_known, of_node[k]);
}

// Of a list of n zones of which number `now` has its turn.
static inline void fetch_listed(const struct sim_run *r, const uint32_t *zone, size_t n, size_t now,
                                bool calls)
{
    uint32_t turn[FETCH_STAGES];
    for (int k = 0; k < FETCH_STAGES; k++)
        turn[k] = now + fetch_ahead[k] < n ? zone[now + fetch_ahead[k]] : SIM_NONE;
    fetch_turn(r, turn, calls);
}

#endif
