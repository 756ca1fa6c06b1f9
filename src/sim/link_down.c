// SPDX-License-Identifier: Apache-2.0
//
// What a node makes of what the engine says that it should be doing.
#include "sim/link.h"

static uint32_t board_named(const struct sim_run *r, uint32_t zone, const char *name)
{
    uint32_t b = 0;
    for (const char *p = name + 1; *p >= '0' && *p <= '9'; p++)
        b = b * 10 + (uint32_t)(*p - '0');
    return b < r->n_boards && r->board[b].zone == zone ? b : SIM_NONE;
}

static void drop_unlisted(struct sim_run *r, uint32_t zone, const struct sync_down *down)
{
    struct sim_zone *z = &r->zone[zone];
    if (!z->runs && !z->held)
        return;
    for (uint32_t i = 0; i < z->n_boards; i++)
        r->board[z->first_board + i].listed = r->board[z->first_board + i].held_listed = false;
    for (size_t k = 0; k < down->n_assignments; k++) {
        uint32_t board = board_named(r, zone, down->assignment[k].board);
        if (board != SIM_NONE && r->board[board].lease == down->assignment[k].lease)
            r->board[board].listed = true;
        if (board != SIM_NONE && r->board[board].held &&
            r->board[board].held->lease == down->assignment[k].lease)
            r->board[board].held_listed = true;
    }
    for (uint32_t i = 0; i < z->n_boards; i++) {
        const struct sim_board *b = &r->board[z->first_board + i];
        if (b->held && !b->held_listed) {
            r->out->class[b->held->activity].lost++;
            job_held_end(r, z->first_board + i, ATTEMPT_LOST, true);
        }
        if (b->listed || b->phase == BOARD_FREE)
            continue;
        r->out->class[b->activity].lost++; // the engine has given it up already: nothing to report
        job_drop(r, z->first_board + i);
    }
}

static bool runs_lease(const struct sim_board *b, uint64_t lease)
{
    return b->phase != BOARD_FREE && b->lease == lease;
}

static bool holds_lease(const struct sim_board *b, uint64_t lease)
{
    return b->held && b->held->lease == lease;
}

// First who makes room.
static void set_aside(struct sim_run *r, uint32_t zone, const struct sync_down *down)
{
    for (size_t i = 0; i < down->n_assignments; i++) {
        const struct assignment *a = &down->assignment[i];
        uint32_t board = a->hold ? board_named(r, zone, a->board) : SIM_NONE;
        if (board != SIM_NONE && runs_lease(&r->board[board], a->lease))
            job_hold(r, board);
    }
}

static void obey(struct sim_run *r, uint32_t zone, uint32_t board, const struct assignment *a)
{
    const struct sim_board *b = &r->board[board];
    if (holds_lease(b, a->lease)) {
        if (a->stop)
            job_held_end(r, board, (enum attempt_end)a->stop_end, false);
        else if (!a->hold && b->phase == BOARD_FREE)
            job_go_on(r, board);
        return;
    }
    bool mine = runs_lease(b, a->lease);
    if (mine && a->stop)
        job_end(r, board, (enum attempt_end)a->stop_end);
    else if (!mine && !a->stop && !a->hold)
        job_assigned(r, board, a);
    else if (!mine && a->stop) // not here any more: its end is in the outbox, or was never begun
        job_unknown_stop(r, zone, a);
}

void link_adopt(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    struct sync_down down;
    arena_clear(&r->arena);
    server_desired(r->server, z->node, z->node_known, link_wall(r), &r->arena, &down);
    z->version = down.version;
    z->until = house_since(down.until, r->s->start);
    if (z->cap_mw != down.cap_mw)
        zone_stale(r, z);
    z->cap_mw = down.cap_mw;
    bool work_only = down.n_zones > 0 && down.zone[0].work_only;
    if (z->work_only != work_only)
        zone_stale(r, z);
    z->work_only = work_only;
    if (z->runs || down.n_assignments)
        drive_settle(r, zone);
    drop_unlisted(r, zone, &down);
    set_aside(r, zone, &down);
    for (size_t i = 0; i < down.n_assignments; i++) {
        uint32_t board = board_named(r, zone, down.assignment[i].board);
        if (board != SIM_NONE)
            obey(r, zone, board, &down.assignment[i]);
    }
    zone_changed(r, zone);
}
