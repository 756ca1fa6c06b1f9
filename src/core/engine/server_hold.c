// SPDX-License-Identifier: Apache-2.0
//
// Work that is set aside for a better class instead of being stopped (docs/design/0051-holding.md). It stands still
// in the memory of its board while the newcomer runs there, and goes on where it was when that has ended:
//
//   STARTED --the planner gives its board to a better class--> HELD --that has ended--> STARTED
//
// One lease of a board at most is set aside: board->beneath. What has the board meanwhile is stopped when a still
// better class wants it. When it has ended, the next plan gives the board to a class that is better than what is
// beneath (to no other), or that goes on.
//
// It does not wait for ever. It has cost the customer nothing but time so far; giving it up costs what it has done.
// So it waits for as long as it had worked, and is given up when there is room elsewhere for its task by then: at most
// twice what the better of both would have cost, whenever the newcomer ends (the rent-or-buy rule; Karlin, Manasse,
// Rudolph, Sleator 1988).
#include "base/mem.h"
#include "base/num.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/plan/policy.h"

static int64_t least_ms(const struct server *s)
{
    return planner_prices(s->planner)->hold_least_s * 1000;
}

// Half of the memory is for the newcomer: more than that in the one set aside, and the node would give it up at once.
static bool leaves_memory(const struct lease *l, const struct board *b)
{
    return b->make->spec.memory_mb <= 0 || (int64_t)l->memory_mb * 2 <= b->make->spec.memory_mb;
}

bool lease_can_hold(const struct server *s, uint32_t lease)
{
    const struct lease *l = &s->lease[lease];
    const struct board *b = s->board[l->board];
    const struct task *t = &s->task[l->task];
    bool alone = t->pool == NONE && !(rare_of(t)->place && rare_of(t)->place->gang > 1);
    bool free_to = l->state == LEASE_STARTED && !l->uploading && l->move.to == NONE && !l->beneath;
    return free_to && alone && l->activity > ACTIVITY_RESERVED && b->can_hold && b->beneath == NONE &&
           !b->kept_for && leaves_memory(l, b) && planner_policy(s->planner)->keeps_market;
}

// Looks after it when it has waited for as long as it had worked; a timer that is on its way already does so too.
void lease_hold_watch(struct server *s, struct lease *l)
{
    l->held = s->now;
    if (l->hold_timed)
        return;
    l->hold_timed = true;
    timer_add(s, TIMER_HOLD, l->id, house_add(s->now, least_ms(s)));
}

void lease_hold(struct server *s, uint32_t lease, struct effects *fx)
{
    struct lease *l = &s->lease[lease];
    struct board *b = s->board[l->board];
    l->state = LEASE_HELD;
    l->beneath = true;
    l->slow_since = HOUSE_MS(-1);
    b->lease = NONE;
    b->beneath = lease;
    lease_count(s, l, -1);
    lease_hold_watch(s, l);
    s->counts.held++;
    lease_write(s, l, fx);
    server_trace(s, CHANGE_LEASE, (int64_t)l->id, LEASE_HELD << 8);
    task_touch(s, l->task);
}

void board_opened(struct server *s, uint32_t board)
{
    const struct board *b = s->board[board];
    if (b->lease == NONE && b->beneath != NONE)
        *VEC_PUSH(s->opened, s->n_opened, s->cap_opened) = board;
}

static void go_on(struct server *s, uint32_t board, struct effects *fx)
{
    struct board *b = s->board[board];
    struct lease *l = &s->lease[b->beneath];
    l->state = LEASE_STARTED;
    l->beneath = false;
    b->lease = b->beneath;
    b->beneath = NONE;
    lease_count(s, l, 1);
    lease_write(s, l, fx);
    server_trace(s, CHANGE_LEASE, (int64_t)l->id, LEASE_STARTED << 8);
    task_touch(s, l->task);
    node_wake(s, l->node);
    board_plan(s, board);
}

// Whoever of a better class waited for such a board has it by now.
void boards_go_on(struct server *s, struct effects *fx)
{
    for (size_t i = 0; i < s->n_opened; i++) {
        const struct board *b = s->board[s->opened[i]];
        if (b->lease == NONE && b->beneath != NONE && s->lease[b->beneath].state == LEASE_HELD)
            go_on(s, s->opened[i], fx);
    }
    s->n_opened = 0;
}

void lease_hold_timer(struct server *s, uint64_t lease_id, struct effects *fx)
{
    uint64_t at;
    if (!idmap_get(&s->lease_by_id, lease_id, &at))
        return;
    struct lease *l = &s->lease[at];
    uint32_t task = l->task;
    l->hold_timed = false;
    if (l->state != LEASE_HELD)
        return;
    house_ms due = house_add(l->held, int_clamp(l->done_ms, least_ms(s), INT64_MAX));
    bool is_due = !house_before(s->now, due);
    if (is_due && planner_has_room(s->planner, task, s->now)) {
        s->counts.gave_up++;
        lease_stop(s, (uint32_t)at, ATTEMPT_PREEMPTED, fx);
        task_settle(s, task, fx);
        return;
    }
    l->hold_timed = true;
    timer_add(s, TIMER_HOLD, l->id, is_due ? house_add(s->now, least_ms(s)) : due);
}

void holds_why(const struct server *s, const struct task *t, struct buf *out)
{
    int said = 0;
    for (uint32_t i = t->first_lease; i != NONE && said < 3; i = s->lease[i].next) {
        const struct lease *l = &s->lease[i];
        if (l->state != LEASE_HELD)
            continue;
        uint32_t on_top = s->board[l->board]->lease;
        buf_putf(out, "; instance %u is set aside on %s since %lld min for %s work and goes on after it",
                 (unsigned)l->instance, s->board[l->board]->name,
                 (long long)(house_since(s->now, l->held) / 60000),
                 on_top == NONE ? "other" : activity_name((enum activity)s->lease[on_top].activity));
        said++;
    }
}
