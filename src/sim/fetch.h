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

#define FETCH_FAR  12 // turns ahead: the zone
#define FETCH_MID  7  // its boards, its lanes, its node
#define FETCH_NEAR 4  // the node's leases and lists
#define FETCH_NEXT 2  // and where these lead to

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

// Of a row of zones whose turns come: `of(k)` is the zone of the turn k from now, SIM_NONE where there is none.
// `calls`: their nodes will call.
static inline void fetch_turn(const struct sim_run *r, uint32_t far, uint32_t mid, uint32_t near,
                              uint32_t next, bool calls)
{
    if (far != SIM_NONE)
        fetch_zone(r, far);
    if (mid != SIM_NONE) {
        const struct sim_zone *z = &r->zone[mid];
        fetch_boards(r, z);
        fetch_lanes(r, z);
        if (calls)
            server_fetch_node(r->server, z->node_known, FETCH_OF_NODE);
    }
    if (calls && near != SIM_NONE)
        server_fetch_node(r->server, r->zone[near].node_known, FETCH_OF_LEASES);
    if (calls && next != SIM_NONE)
        server_fetch_node(r->server, r->zone[next].node_known, FETCH_OF_BOARDS);
}

// Of a list of n zones of which number k has its turn now.
static inline void fetch_listed(const struct sim_run *r, const uint32_t *zone, size_t n, size_t k, bool calls)
{
    fetch_turn(r, k + FETCH_FAR < n ? zone[k + FETCH_FAR] : SIM_NONE,
               k + FETCH_MID < n ? zone[k + FETCH_MID] : SIM_NONE,
               k + FETCH_NEAR < n ? zone[k + FETCH_NEAR] : SIM_NONE,
               k + FETCH_NEXT < n ? zone[k + FETCH_NEXT] : SIM_NONE, calls);
}

#endif
