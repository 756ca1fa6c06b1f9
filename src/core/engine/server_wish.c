// SPDX-License-Identifier: Apache-2.0
//
// What people wish of rooms, boards and lids. A wish stays with the server until the node has heard it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

void server_zone_set(struct server *s, const struct event *ev, struct effects *fx)
{
    uint64_t at;
    if (!strmap_get(&s->zone_by_name, ev->zone.zone, &at)) {
        struct reply *r = fx_reply(fx, ev->token, 404, NULL);
        r->message = arena_printf(&fx->arena, "No such zone: %s", ev->zone.zone);
        return;
    }
    struct zone *z = s->zone[at];
    if (ev->zone.has_setpoint)
        z->setpoint_mc = ev->zone.setpoint_mc;
    if (ev->zone.has_mode)
        z->mode = ev->zone.mode;
    if (ev->zone.has_schedule) {
        free(z->schedule);
        z->schedule = mem_strdup(ev->zone.schedule);
    }
    if (ev->zone.has_boost)
        z->boost_until = ev->zone.boost_ms > 0 ? house_add(s->now, ev->zone.boost_ms) : HOUSE_MS(0);
    zone_touch(s, (uint32_t)at);
    node_wake(s, z->node);
    server_trace(s, CHANGE_ZONE, (int64_t)z->id, z->setpoint_mc);
    fx_note(fx, "setpoint",
            arena_printf(&fx->arena, "{\"zone\":\"%s\",\"setpoint_mc\":%d,\"mode\":\"%s\"}", z->name,
                         (int)z->setpoint_mc, zone_mode_name(z->mode)));
    fx_reply(fx, ev->token, 200, NULL);
}

void server_board_bar(struct server *s, const struct event *ev, struct effects *fx)
{
    uint64_t at;
    if (!strmap_get(&s->board_by_name, ev->bar.board, &at)) {
        struct reply *r = fx_reply(fx, ev->token, 404, NULL);
        r->message = arena_printf(&fx->arena, "No such board: %s", ev->bar.board);
        return;
    }
    struct board *b = s->board[at];
    b->barred = ev->bar.barred;
    if (!b->barred)
        board_rested(s, (uint32_t)at);
    server_trace(s, CHANGE_BOARD, (int64_t)b->id, b->barred);
    board_say(&b->barred_why, ev->bar.why);
    board_touch(s, (uint32_t)at);
    board_plan(s, (uint32_t)at);
    const uint32_t lease[] = {b->beneath, b->lease};
    for (size_t i = 0; b->barred && i < ARRAY_LEN(lease); i++)
        if (lease[i] != NONE) {
            uint32_t task = s->lease[lease[i]].task;
            lease_stop(s, lease[i], ATTEMPT_PREEMPTED, fx);
            task_settle(s, task, fx);
        }
    fx_reply(fx, ev->token, 200, NULL);
}

// Opened at that time, v 0: not, or cleared. No work goes there meanwhile, whatever the node says of its
// boards.
void zone_lid(struct server *s, uint32_t zone, house_ms opened)
{
    s->zone[zone]->lid_open = opened;
    zone_touch(s, zone);
    for (uint32_t i = 0; i < s->n_boards; i++)
        if (s->board[i]->zone == zone)
            board_plan(s, i);
}

// The heater itself decides: it stays off while the lid is open by its own contact. The word is a wish like
// the others and ends with a lease, so that it cannot clear a lid that is opened later.
void server_lid_clear(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t at = NONE;
    for (size_t i = 0; i < s->n_boards && at == NONE; i++)
        if (strcmp(s->board[i]->heater, ev->lid.heater) == 0)
            at = s->board[i]->zone;
    struct zone *z = at == NONE ? NULL : s->zone[at];
    if (!z) {
        fx_reply(fx, ev->token, 404, NULL)->message =
            arena_printf(&fx->arena, "No such heater: %s", ev->lid.heater);
        return;
    }
    bool online = z->node != NONE && s->node[z->node].online;
    if (!online || (z->guard != GUARD_LID_OPEN && !z->lid_open.v)) {
        fx_reply(fx, ev->token, 409, NULL)->message =
            arena_printf(&fx->arena,
                         online ? "%s: its lid was not opened: there is nothing to clear"
                                : "%s: its node does not call home now",
                         ev->lid.heater);
        return;
    }
    z->lid_clear = s->now;
    zone_lid(s, at, HOUSE_MS(0));
    node_wake(s, z->node);
    server_trace(s, CHANGE_ZONE, (int64_t)z->id, s->now.v);
    fx_note(fx, "lid-clear",
            arena_printf(&fx->arena, "{\"heater\":\"%s\",\"zone\":\"%s\",\"by\":\"%s\"}", ev->lid.heater,
                         z->name, ev->lid.by));
    fx_reply(fx, ev->token, 200, NULL);
}
