// SPDX-License-Identifier: Apache-2.0
//
// Leases: an instance on a board, from the decision of the planner to the end of the attempt. A pool's node
// is such a lease too (of the pool's holder), and inside it are those of the pool's tasks; they end before it
// does.
//
//   ASSIGNED --report started--> STARTED --report exited--> gone (attempt recorded)
//       |                           |
//       +-------- lease_stop -------+--> STOPPING --report exited--> gone
//
//   and STARTED <--> HELD, set aside for another on the same board: server_hold.c. All roads out of STARTED lead
//   out of HELD too.
//
//   Ways out without a word from the node: ASSIGNED for start_timeout_ms becomes STOPPING; STOPPING is not
//   renewed any more and ends after preempt_grace_ms and its lapse; any state ends when the node was not
//   heard for lease_ms + lease_margin_ms. Each ends the attempt as Lost (or as what it was stopped for), and
//   the instance waits again. The node kills its work at `until` minus its own margin by its own clock, so
//   the parent's later `until + margin` cannot overlap with it.
#include "base/mem.h"
#include "base/num.h"
#include "core/engine/server_data.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"

#include <string.h>

uint32_t lease_slot_new(struct server *s, uint64_t id)
{
    uint32_t slot;
    if (s->n_free_leases) {
        slot = s->free_lease[--s->n_free_leases];
    } else {
        (void)VEC_PUSH(s->lease, s->n_leases, s->cap_leases);
        slot = (uint32_t)(s->n_leases - 1);
    }
    s->lease[slot] = (struct lease){.id = id,
                                    .next = NONE,
                                    .prev = NONE,
                                    .next_on_node = NONE,
                                    .prev_on_node = NONE,
                                    .first_inside = NONE,
                                    .within = NONE,
                                    .next_inside = NONE,
                                    .prev_inside = NONE,
                                    .progress_permille = -1,
                                    .slow_since = HOUSE_MS(-1),
                                    .move = {.to = NONE},
                                    .held = HOUSE_MS(-1),
                                    .stop_end = ATTEMPT_PREEMPTED};
    idmap_set(&s->lease_by_id, id, slot);
    s->counts.leases++;
    return slot;
}

// Into the lists of its task and of its node, and onto its board or into the lease `within`.
void lease_link(struct server *s, uint32_t slot)
{
    struct lease *l = &s->lease[slot];
    struct task *t = &s->task[l->task];
    struct node *n = &s->node[l->node];
    l->next = t->first_lease;
    if (l->next != NONE)
        s->lease[l->next].prev = slot;
    t->first_lease = slot;
    l->next_on_node = n->first_lease;
    if (l->next_on_node != NONE)
        s->lease[l->next_on_node].prev_on_node = slot;
    n->first_lease = slot;
    n->n_stopping += l->state == LEASE_STOPPING;
    if (l->within == NONE) {
        *(l->beneath ? &s->board[l->board]->beneath : &s->board[l->board]->lease) = slot;
        return;
    }
    struct lease *around = &s->lease[l->within];
    l->next_inside = around->first_inside;
    if (l->next_inside != NONE)
        s->lease[l->next_inside].prev_inside = slot;
    around->first_inside = slot;
    around->n_inside++;
}

static void leave_inside(struct server *s, const struct lease *l)
{
    struct lease *around = &s->lease[l->within];
    if (l->next_inside != NONE)
        s->lease[l->next_inside].prev_inside = l->prev_inside;
    if (l->prev_inside != NONE)
        s->lease[l->prev_inside].next_inside = l->next_inside;
    else
        around->first_inside = l->next_inside;
    if (!--around->n_inside)
        around->idle_since = s->now;
}

static void unlink_lease(struct server *s, uint32_t slot)
{
    struct lease *l = &s->lease[slot];
    if (l->next != NONE)
        s->lease[l->next].prev = l->prev;
    if (l->prev != NONE)
        s->lease[l->prev].next = l->next;
    else
        s->task[l->task].first_lease = l->next;
    if (l->next_on_node != NONE)
        s->lease[l->next_on_node].prev_on_node = l->prev_on_node;
    if (l->prev_on_node != NONE)
        s->lease[l->prev_on_node].next_on_node = l->next_on_node;
    else
        s->node[l->node].first_lease = l->next_on_node;
    s->node[l->node].n_stopping -= l->state == LEASE_STOPPING;
    if (l->within != NONE)
        leave_inside(s, l);
    else
        *(l->beneath ? &s->board[l->board]->beneath : &s->board[l->board]->lease) = NONE;
}

house_ms lease_until(const struct server *s, const struct lease *l)
{
    house_ms from = s->node[l->node].seen;
    if (l->state == LEASE_STOPPING)
        return l->until;
    if (house_before(from, l->granted) && !house_before(s->now, l->granted))
        from = l->granted;
    return house_add(from, s->cfg.lease_ms);
}

void lease_row(const struct server *s, const struct lease *l, struct row_lease *row)
{
    *row = (struct row_lease){
        .id = l->id,
        .task = s->task[l->task].id,
        .node = s->node[l->node].id,
        .board = s->board[l->board]->id,
        .instance = l->instance,
        .attempt = l->attempt,
        .activity = l->activity,
        .state = (uint8_t)(l->state | (l->ready ? LEASE_READY : 0) | (l->beneath ? LEASE_BENEATH : 0) |
                           (l->state == LEASE_STOPPING ? l->stop_end << 4 : 0)),
        .granted_ms = l->granted.v,
        .until_ms = lease_until(s, l).v,
        .started_ms = l->started.v,
        .energy_mj = l->energy_mj,
        .core_ms = l->core_ms,
        .cost_neur = l->cost_neur,
        .snapshots = l->snapshots,
    };
}

// Of work that can be set aside, a quarter: it may still be given up.
static int32_t lost_told_s(const struct server *s, uint32_t lease, bool holds)
{
    return lease_lost_s(s, lease) / (holds ? 4 : 1);
}

void board_plan(struct server *s, uint32_t board)
{
    struct board *b = s->board[board];
    struct plan_board p = {
        .zone = b->zone,
        .spec = &b->make->spec,
        .curve = &b->make->curve,
        .task = PLAN_NONE,
        .activity = ACTIVITY_IDLE,
        .usable = b->node != NONE && s->node[b->node].online && b->sandbox && !b->barred && !b->node_barred &&
                  !board_rests(s, b) && !b->kept_for && !s->zone[b->zone]->lid_open.v,
    };
    p.beneath = b->beneath != NONE && s->lease[b->beneath].state == LEASE_HELD
                    ? (enum activity)s->lease[b->beneath].activity
                    : ACTIVITY_RESERVED;
    if (b->lease != NONE) {
        const struct lease *l = &s->lease[b->lease];
        p.task = l->task;
        p.activity = l->activity;
        p.account = s->account[s->task[l->task].account].id;
        p.stopping = l->state == LEASE_STOPPING;
        p.holds = lease_can_hold(s, b->lease);
        p.lost_s = lost_told_s(s, b->lease, p.holds);
    }
    planner_board(s->planner, board, &p);
}

void board_plan_lost(struct server *s, uint32_t lease)
{
    const struct lease *l = &s->lease[lease];
    const struct plan_board *told = planner_board_at(s->planner, l->board);
    if (l->within != NONE || l->beneath || !told)
        board_plan(s, l->board);
    else
        planner_lost(s->planner, l->board, lost_told_s(s, lease, told->holds));
}

void lease_write(struct server *s, const struct lease *l, struct effects *fx)
{
    struct change *c = fx_change(fx, CHANGE_LEASE);
    lease_row(s, l, &c->lease);
}

// What runs: the boards and cores of the account by its leases of boards, the instances by what is a task's.
void lease_count(struct server *s, const struct lease *l, int sign)
{
    const struct task *t = &s->task[l->task];
    if (l->within == NONE) {
        s->account[t->account].running[l->activity] += sign;
        s->account[t->account].cores[l->activity] += (int64_t)sign * l->cores;
    }
    if (!t->holder)
        s->counts.instances_running += (uint64_t)(int64_t)sign;
}

static int32_t cores_of(const struct server *s, uint32_t board, uint32_t within)
{
    int32_t cores = s->board[board]->make->spec.cores;
    if (within == NONE)
        return cores;
    cores /= s->pool[s->task[s->lease[within].task].pool].slots_per_node;
    return cores > 0 ? cores : 1;
}

static uint32_t grant(struct server *s, uint32_t task, uint32_t board, uint32_t instance, uint32_t within,
                      struct effects *fx)
{
    struct task *t = &s->task[task];
    struct board *b = s->board[board];
    bool aside = within == NONE && b->lease != NONE;
    if ((aside && !lease_can_hold(s, b->lease)) ||
        (within == NONE && !quota_fits(s, task, board))) { // the planner hears that neither has moved
        board_plan(s, board);
        task_plan(s, task);
        return NONE;
    }
    if (instance == NONE ? !task_ready_pop(t, &instance) : !ranges_remove(&t->pending, instance))
        return NONE;
    if (aside)
        lease_hold(s, b->lease, fx);
    uint32_t slot = lease_slot_new(s, server_new_id(s));
    struct lease *l = &s->lease[slot];
    l->task = task;
    l->board = board;
    l->node = b->node;
    l->instance = instance;
    const struct orders *o = rare_of(t)->orders;
    l->snapshots = o ? o->last : 0; // what was asked before is not meant for it
    l->attempt = t->holder ? (uint32_t)++s->pool[t->pool].starts : 1 + task_retried(t, instance).attempts;
    l->cores = cores_of(s, board, within);
    l->within = within;
    l->activity = t->activity;
    l->granted = l->since = s->now;
    l->started = HOUSE_MS(-1);
    lease_link(s, slot);
    quota_hold(s, l, 1);
    t->n_assigned++;
    s->counts.assigned++;
    timer_add(s, TIMER_LEASE, l->id, house_add(s->now, s->cfg.start_timeout_ms));
    lease_write(s, l, fx);
    server_trace(s, CHANGE_LEASE, (int64_t)l->id, (int64_t)b->id);
    node_wake(s, l->node);
    board_plan(s, board);
    task_plan(s, task);
    task_settle(s, task, fx);
    return slot;
}

void lease_grant(struct server *s, uint32_t task, uint32_t board, uint32_t instance, struct effects *fx)
{
    grant(s, task, board, instance, NONE, fx);
}

uint32_t lease_grant_in(struct server *s, uint32_t task, uint32_t board, uint32_t within, struct effects *fx)
{
    return grant(s, task, board, NONE, within, fx);
}

static void stop_inside(struct server *s, uint32_t lease, enum attempt_end end, struct effects *fx)
{
    for (uint32_t i = s->lease[lease].first_inside; i != NONE; i = s->lease[i].next_inside) {
        lease_stop(s, i, end, fx);
        task_settle(s, s->lease[i].task, fx);
    }
}

void lease_stop(struct server *s, uint32_t lease, enum attempt_end end, struct effects *fx)
{
    struct lease *l = &s->lease[lease];
    if (l->state == LEASE_STOPPING) {
        if (end == ATTEMPT_CANCELLED &&
            l->stop_end != ATTEMPT_CANCELLED) { // the customer's word is the stronger
            l->stop_end = ATTEMPT_CANCELLED;
            lease_write(s, l, fx);
            node_wake(s, l->node);
        }
        return;
    }
    struct task *t = &s->task[l->task];
    lease_uploads_no_more(s, lease);
    stop_inside(s, lease, end, fx);
    l = &s->lease[lease];
    if (lease_under_way(l)) { // it holds its board until the node says that it ended, but runs no more
        t->n_started--;
        t->n_assigned++;
        lease_count(s, l, l->state == LEASE_STARTED ? -1 : 0);
    }
    l->until = lease_until(s, l);
    l->state = LEASE_STOPPING;
    s->node[l->node].n_stopping++;
    l->stop_end = (uint8_t)end;
    l->since = s->now;
    timer_add(s, TIMER_LEASE, l->id, house_add(s->now, s->cfg.preempt_grace_ms));
    lease_write(s, l, fx);
    server_trace(s, CHANGE_LEASE, (int64_t)l->id, -(int64_t)end);
    node_wake(s, l->node);
    board_plan(s, l->board);
}

static void record_attempt(struct server *s, const struct lease *l, enum attempt_end end,
                           const struct attempt_figures *f, struct effects *fx)
{
    const struct board *b = s->board[l->board];
    const struct node *n = &s->node[l->node];
    server_trace(s, CHANGE_ATTEMPT, (int64_t)l->id, end);
    if (fx->no_rows) // a hundred bytes of numbers and seven texts
        return;
    struct change *c = fx_change(fx, CHANGE_ATTEMPT);
    c->attempt = (struct row_attempt){
        .task = s->task[l->task].id,
        .lease = l->id,
        .instance = l->instance,
        .attempt = l->attempt,
        .end = (uint8_t)end,
        .granted_ms = l->granted.v,
        .started_ms = l->started.v,
        .ended_ms = s->now.v,
        .wall_ms = f->wall_ms,
        .exec_ms = f->exec_ms,
        .core_ms = f->core_ms,
        .work_mhz_s = f->work_mhz_s,
        .energy_mj = f->energy_mj,
        .exit_code = f->exit_code,
        .signal = f->signal,
        .cores = l->cores,
        .peak_memory_mb = f->peak_memory_mb,
        .clock_permille = f->clock_permille,
        .clock_max_mhz = (int32_t)b->make->curve.p[b->make->curve.n - 1].freq_mhz,
        .board = arena_strdup(&fx->arena, b->name),
        .spec_key = arena_strdup(&fx->arena, b->make->spec.key),
        .cpu_model = arena_strdup(&fx->arena, b->make->spec.cpu_model),
        .node = arena_strdup(&fx->arena, n->name),
        .site = arena_strdup(&fx->arena, s->site[s->zone[b->zone]->site].name),
        .epoch = f->seq ? n->epoch : 0,
        .seq = f->seq,
        .code = arena_strdup(&fx->arena, f->code ? f->code : ""),
        .message = arena_strdup(&fx->arena, f->message ? f->message : ""),
        .fetch_ms = f->fetch_ms,
        .fetch_bytes = f->fetch_bytes,
        .store_ms = f->store_ms,
        .store_bytes = f->store_bytes,
        .results = f->results > 0 ? arena_strdup(&fx->arena, f->names) : NULL,
    };
}

// Whether a failed instance may be tried again; counts the retry when so.
static bool take_retry(struct task *t, uint32_t instance)
{
    bool each = t->retries_each < 0 || (int64_t)task_retried(t, instance).failures <= t->retries_each;
    bool total = t->retries_total < 0 || t->retries_used < t->retries_total;
    if (!each || !total)
        return false;
    t->retries_used++;
    return true;
}

// Where the instance goes after this end of its attempt.
// False: not to its end yet, because it will be tried again.
static bool after_attempt(struct task *t, uint32_t instance, enum attempt_end end,
                          const struct attempt_figures *f, house_ms now, enum attempt_end *final)
{
    bool again = end == ATTEMPT_PREEMPTED || end == ATTEMPT_LOST;
    *final = end;
    if (end == ATTEMPT_SUCCESS)
        return true;
    struct retried tried = task_retried(t, instance);
    tried.attempts++;
    tried.failures += end == ATTEMPT_FAILURE;
    tried.lost += end == ATTEMPT_LOST ? lost_points(f->code) : 0;
    task_set_retried(t, instance, tried);
    if (end == ATTEMPT_LOST)
        task_rare(t)->lost++;
    if (end == ATTEMPT_PREEMPTED)
        task_rare(t)->preempted++;
    bool stopping = t->aborting || t->deleting;
    if (end == ATTEMPT_FAILURE && !stopping) {
        again = take_retry(t, instance);
        if (!again) {
            struct buf text = BUF_INIT(400);
            buf_putf(&text, "instance %u: %s", (unsigned)instance,
                     f->message && *f->message ? f->message : "failed");
            task_error(t, f->code && *f->code ? f->code : "ONDOL-FAILED", buf_str(&text), "");
            buf_deinit(&text);
        }
    }
    if (end == ATTEMPT_LOST && !stopping)
        again = !lost_too_often(t, instance, &tried, f);
    if (stopping) {
        *final = end == ATTEMPT_FAILURE ? ATTEMPT_FAILURE : ATTEMPT_CANCELLED;
    } else if (again) {
        if (!ranges_count(&t->pending))
            t->waits_ms = now.v;
        ranges_add(&t->pending, instance);
    } else {
        *final = ATTEMPT_FAILURE;
    }
    return stopping || !again;
}

// What it staged becomes visible first, unless it is tried again: then the next attempt's does.
static void instance_goes_on(struct server *s, uint32_t lease, enum attempt_end end,
                             const struct attempt_figures *f, struct effects *fx)
{
    const struct lease *l = &s->lease[lease];
    struct task *t = &s->task[l->task];
    enum attempt_end final;
    if (!after_attempt(t, l->instance, end, f, s->now, &final)) {
        if (end == ATTEMPT_LOST)
            lost_begin_rest(s, l->task, l->instance, s->now);
        return;
    }
    bool told = end == ATTEMPT_SUCCESS || end == ATTEMPT_FAILURE || end == ATTEMPT_CANCELLED;
    if (f->results > 0 && !t->deleting && told)
        publish_begin(s, lease, &(struct publish_what){.end = final}, fx);
    else
        instance_ended(t, l->instance, final);
}

static void end_inside(struct server *s, uint32_t lease, struct effects *fx)
{
    const struct lease *l = &s->lease[lease];
    enum attempt_end end = l->state == LEASE_STOPPING ? (enum attempt_end)l->stop_end : ATTEMPT_LOST;
    lease_end(
        s, lease, end,
        &(struct attempt_figures){
            .exit_code = -1, .signal = -1, .code = "ONDOL-LOST", .message = "the node of the pool is gone"},
        fx);
}

void lease_end(struct server *s, uint32_t lease, enum attempt_end end, const struct attempt_figures *f,
               struct effects *fx)
{
    while (s->lease[lease].first_inside != NONE) // with the node goes what runs there
        end_inside(s, s->lease[lease].first_inside, fx);
    struct lease l = s->lease[lease];
    struct task *t = &s->task[l.task];
    lease_uploads_no_more(s, lease);
    if (end == ATTEMPT_CANCELLED && !t->aborting && !t->deleting && !t->holder)
        end = ATTEMPT_PREEMPTED; // nobody asked for it to end: no instance may be dropped so
    static const struct attempt_figures nothing = {.exit_code = -1, .signal = -1};
    if (!f)
        f = &nothing;
    server_meter_lease(s, lease, s->now, f->energy_mj, f->core_ms);
    if ((end == ATTEMPT_PREEMPTED || end == ATTEMPT_LOST) && !t->holder && !s->cfg.bill.lost_too)
        server_give_back(s, lease); // a pool's node is paid for what ran in it, which is done
    struct attempt_figures full = *f;
    full.energy_mj =
        s->lease[lease].energy_mj; // as booked: bounded, and what was metered before counts if nobody told
    full.core_ms = s->lease[lease].core_ms;
    int64_t most_ms = house_since(s->now, l.granted) + s->cfg.lease_margin_ms;
    full.wall_ms = int_clamp(full.wall_ms, 0, most_ms);
    full.exec_ms = int_clamp(full.exec_ms, 0, most_ms);
    full.work_mhz_s = int_clamp(full.work_mhz_s, 0, INT64_C(1) << 50);
    struct buf moved = BUF_INIT(400);
    if (end == ATTEMPT_PREEMPTED && move_text(s, &l, &moved)) {
        full.code = "ONDOL-MOVED";
        full.message = buf_str(&moved);
    }
    record_attempt(s, &l, end, &full, fx);
    buf_deinit(&moved);
    t->n_started -= lease_under_way(&l);
    t->n_assigned -= !lease_under_way(&l);
    if (l.state == LEASE_STARTED)
        lease_count(s, &l, -1);
    s->counts.lost += end == ATTEMPT_LOST;
    s->counts.preempted += end == ATTEMPT_PREEMPTED;
    struct task_sets *sets = task_sets(t);
    sets->exec_ms += full.exec_ms;
    sets->wall_ms += full.wall_ms;
    sets->core_ms += full.core_ms;
    sets->energy_mj += full.energy_mj;
    if (end == ATTEMPT_SUCCESS)
        task_learn(s, l.task, s->board[l.board], full.work_mhz_s, full.exec_ms);
    if (!t->holder)
        instance_goes_on(s, lease, end, &full, fx);
    unlink_lease(s, lease);
    quota_hold(s, &l, -1);
    if (l.state == LEASE_ASSIGNED)
        board_start_failed(s, l.board, t->id, full.code);
    idmap_remove(&s->lease_by_id, l.id);
    s->lease[lease] = (struct lease){0};
    uint32_t *free_slot = VEC_PUSH(s->free_lease, s->n_free_leases, s->cap_free_leases);
    *free_slot = lease;
    s->counts.leases--;
    fx_change(fx, CHANGE_LEASE_GONE)->gone = l.id;
    node_wake(s, l.node);
    board_opened(s, l.board);
    board_plan(s, l.board);
    if (t->holder)
        pool_node_ended(s, t->pool, end, &full, fx);
    task_plan(s, l.task);
    orders_settle(s, l.task, fx);
    move_on_end(s, &l, end, fx);
    task_settle(s, l.task, fx);
}

void lease_timer(struct server *s, uint64_t lease_id, struct effects *fx)
{
    static const struct attempt_figures silent = {.exit_code = -1,
                                                  .signal = -1,
                                                  .code = "ONDOL-SILENT",
                                                  .message =
                                                      "asked to stop; the board did not say how it ended"};
    uint64_t slot;
    if (!idmap_get(&s->lease_by_id, lease_id, &slot))
        return;
    struct lease *l = &s->lease[slot];
    house_ms lapse = house_add(lease_until(s, l), s->cfg.lease_margin_ms);
    if (l->state == LEASE_ASSIGNED) {
        house_ms late = house_add(l->since, s->cfg.start_timeout_ms);
        if (!house_before(s->now,
                          late)) { // it may be starting just now: asked to stop first, tried again after
            lease_stop(s, (uint32_t)slot, ATTEMPT_LOST, fx);
            board_start_late(s, l->board);
            task_settle(s, l->task, fx);
        } else {
            timer_add(s, TIMER_LEASE, lease_id, late);
        }
        return;
    }
    if (l->state == LEASE_STOPPING) {
        house_ms late = house_add(l->since, s->cfg.preempt_grace_ms);
        if (!house_before(s->now, late) && !house_before(s->now, lapse))
            lease_end(s, (uint32_t)slot, (enum attempt_end)l->stop_end, &silent, fx);
        else
            timer_add(s, TIMER_LEASE, lease_id, house_before(s->now, late) ? late : lapse);
    }
    // STARTED: the node's timer looks after it
}

// The planner has marked what it gave as held: it hears how things really are.
static void take_back(struct server *s)
{
    for (size_t i = 0; i < s->plan.n_stops; i++)
        board_plan(s, s->plan.stop[i].board);
    for (size_t i = 0; i < s->plan.n_assigns; i++) {
        board_plan(s, s->plan.assign[i].board);
        task_plan(s, s->plan.assign[i].task);
    }
    copies_take_back(s);
}

// Boards that get work lie anywhere in memory: what granting looks at, each when what leads to it is there.
MEM_FETCHES void fetch_granted(const struct server *s, const struct plan_assign *as, size_t n)
{
    if (n > 12)
        __builtin_prefetch(&s->board[as[12].board]);
    if (n > 8) {
        mem_fetch(s->board[as[8].board], 2 * MEM_LINE_BYTES);
        planner_fetch_board(s->planner, as[8].board);
    }
    if (n > 4) {
        const struct board *b = s->board[as[4].board];
        __builtin_prefetch(&s->zone[b->zone]);
        planner_fetch_zone(s->planner, b->zone);
        if (b->node != NONE)
            mem_fetch(&s->node[b->node], sizeof *s->node);
    }
    if (n > 2)
        mem_fetch(s->zone[s->board[as[2].board]->zone], MEM_LINE_BYTES);
}

void server_carry_out(struct server *s, house_ms now, struct effects *fx)
{
    plan_clear(&s->plan);
    s->looked = s->put_off = 0;
    moves_land(s, now, &s->plan);
    size_t n_landed = s->plan.n_assigns;
    planner_run(s->planner, now, &s->plan);
    if (s->plan.n_assigns || s->plan.n_stops || s->plan.n_fetches) {
        s->counts.plans++;
        struct err e = ERR_NULL;
        if (s->cfg.check_plans && plan_check(s->planner, now, &s->plan, &e) < 0) {
            fx_note(fx, "plan-check", arena_printf(&fx->arena, "{\"error\":\"%s\"}", e.text));
            take_back(s); // a plan that breaks its contract is not carried out
            plan_clear(&s->plan);
            s->n_landing = 0;
            boards_go_on(s, fx);
            return;
        }
    }
    for (size_t i = 0; i < s->plan.n_stops; i++) {
        uint32_t lease = s->board[s->plan.stop[i].board]->lease;
        if (lease == NONE)
            continue;
        uint32_t task = s->lease[lease].task;
        lease_stop(s, lease, ATTEMPT_PREEMPTED, fx);
        task_settle(s, task, fx);
    }
    for (size_t i = 0; i < s->plan.n_assigns; i++) {
        fetch_granted(s, s->plan.assign + i, s->plan.n_assigns - i);
        lease_grant(s, s->plan.assign[i].task, s->plan.assign[i].board,
                    i < n_landed ? s->landing[i].instance : NONE, fx);
    }
    boards_go_on(s, fx);
    copies_order(s, fx);
    s->counts.moved += n_landed;
    s->n_landing = 0;
}
