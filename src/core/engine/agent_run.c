// SPDX-License-Identifier: Apache-2.0
//
// The life of a run, from the assignment to the moment that nobody asks for it any more. An ended run stays
// as a mark until its end is acknowledged and the parent no longer lists it: a repeated or late answer cannot
// start it again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/engine/agent_inside.h"

#define SIGKILL_NUMBER 9 // of Linux

struct agent_run *run_find(struct agent *a, uint64_t lease)
{
    for (size_t i = 0; i < a->n_runs; i++)
        if (a->run[i].lease == lease)
            return &a->run[i];
    return NULL;
}

bool run_holds(const struct agent_run *r)
{
    return r->state != RUN_ENDED && !r->ready && !r->held;
}

static const struct agent_run *around(const struct agent *a, const struct agent_run *r)
{
    for (size_t i = 0; r->within && i < a->n_runs; i++)
        if (a->run[i].lease == r->within && a->run[i].slots && a->run[i].board == r->board)
            return &a->run[i];
    return NULL;
}

struct agent_run *run_around(struct agent *a, const struct agent_run *r)
{
    return (struct agent_run *)(uintptr_t)around(a, r);
}

int32_t run_slots(const struct agent *a, const struct agent_run *r)
{
    const struct agent_run *node = around(a, r);
    return node ? node->slots : 1;
}

static int32_t runs_inside(const struct agent *a, const struct agent_run *node)
{
    int32_t n = 0;
    for (size_t i = 0; i < a->n_runs; i++)
        n += a->run[i].within == node->lease && a->run[i].state != RUN_ENDED &&
             a->run[i].state != RUN_ASSIGNED;
    return n;
}

struct agent_run *run_on_board(struct agent *a, size_t board)
{
    struct agent_run *waiting = NULL;
    for (size_t i = 0; i < a->n_runs; i++) {
        struct agent_run *r = &a->run[i];
        if (r->board != board || !run_holds(r))
            continue;
        if (r->state != RUN_ASSIGNED)
            return r;
        if (!waiting)
            waiting = r;
    }
    return waiting;
}

static void set_state(struct agent_run *r, enum run_state s, house_ms now)
{
    r->state = s;
    r->state_since = now;
}

static void told(struct agent *a, struct agent_run *r, enum attempt_end end, int32_t exit_code,
                 int32_t signal, const char *code, const char *message, house_ms now)
{
    set_state(r, RUN_ENDED, now);
    a->regulate_due = true;
    report_exit(a, r, end, exit_code, signal, code, message, now);
    arena_deinit(&r->arena); // the launch is over, and the mark is small
    r->arena = ARENA_NULL;
    r->launch = (struct launch){0};
    arena_deinit(&r->orders_arena);
    r->orders_arena = ARENA_NULL;
    r->orders = (struct stage_orders){0};
}

static void end_now(struct agent *a, struct agent_run *r, enum attempt_end end, const char *code,
                    const char *message, house_ms now)
{
    told(a, r, end, -1, -1, code, message, now);
}

void run_over(struct agent *a, struct agent_run *r, enum attempt_end end, const char *code,
              const char *message, house_ms now)
{
    bool ran = r->state == RUN_STORING;
    told(a, r, end, ran ? r->over.exit_code : -1, ran ? r->over.signal : -1, code, message, now);
}

// A launch that cannot be made is the customer's error and final; a board that is not here is the parent's,
// tried again.
void run_assign(struct agent *a, const struct assignment *as, const struct task_body *body, house_ms now)
{
    if (a->n_runs >= AGENT_RUNS_MAX || a->n_runs >= AGENT_RUNS_A_BOARD * (a->n_boards + 1) || a->shutdown ||
        a->rejoin)
        return; // it stays unstarted, and the parent's time-out finds it another board
    struct agent_run *r = VEC_PUSH(a->run, a->n_runs, a->cap_runs);
    a->regulate_due = true;
    *r = (struct agent_run){
        .lease = as->lease,
        .state = RUN_ASSIGNED,
        .instance = as->instance,
        .instance_count = as->instance_count,
        .attempt = as->attempt,
        .slots = as->slots,
        .within = as->within,
        .asks_mb = as->memory_mb,
        .activity = (enum activity)as->activity,
        .until = as->until,
        .renewed_at = now,
        .assigned_at = now,
        .state_since = now,
        .on_lapse = (enum on_lapse)as->on_lapse,
        .end = -1,
        .permille = -1,
        .progress_permille = -1,
        .listed = true,
        .reading = true,
    };
    order_take(r, as->orders, now, true);
    struct err e = ERR_NULL;
    const char *code;
    const struct offer *o = &a->cfg.offer;
    for (r->board = 0; r->board < o->n_boards && strcmp(o->board[r->board].name, as->board) != 0;)
        r->board++;
    if (as->stop)
        end_now(a, r, (enum attempt_end)as->stop_end, "", "", now);
    else if (r->board == o->n_boards)
        end_now(a, r, ATTEMPT_LOST, "no-board", "this heater has no such board", now);
    else if (!o->board[r->board].sandbox)
        end_now(a, r, ATTEMPT_FAILURE, "no-sandbox", o->board[r->board].sandbox_lack, now);
    else if (r->slots && !body)
        return; // a pool's node with nothing to prepare
    else if (r->within && (!run_around(a, r) || run_around(a, r)->state == RUN_ENDED))
        end_now(a, r, ATTEMPT_LOST, "no-node", "the node of its pool is not here any more", now);
    else if (!body)
        end_now(a, r, ATTEMPT_LOST, "no-body", "the assignment came without its task", now);
    else if (launch_make(body, as->instance, as->instance_count, &r->arena, &r->launch, &code, &e) < 0)
        end_now(a, r, ATTEMPT_FAILURE, code, e.text, now);
    r->prepares = r->slots && r->state != RUN_ENDED;
    if (r->slots) // what prepares a node is not what the constant is of
        r->launch.last = NULL;
}

// What runs in a node ends before it does.
static void stop_inside(struct agent *a, uint64_t node, int32_t end, const char *code, const char *message,
                        house_ms now, bool gently, struct agent_actions *out)
{
    for (size_t i = 0; i < a->n_runs; i++)
        if (a->run[i].within == node)
            (gently ? run_end : run_stop)(a, &a->run[i], end, code, message, now, out);
}

static void node_step(struct agent *a, struct agent_run *r, house_ms now)
{
    bool left = false;
    for (size_t i = 0; i < a->n_runs; i++)
        left |= a->run[i].within == r->lease && a->run[i].state != RUN_ENDED;
    if (!left) {
        meter_boards(a, now);
        end_now(a, r, (enum attempt_end)r->end, r->end_code, r->end_message, now);
    }
}

// Its end is told after its output: what is left in its pipes must come, full outbox or not. Not before it is
// killed: a last command that writes without end would fill the memory.
static void kill_now(struct agent_run *r, house_ms now, struct agent_actions *out)
{
    r->lasts = false;
    r->state_since = r->kill_at = now;
    agent_act(out, ACT_KILL)->lease = r->lease;
    if (r->reading)
        return;
    struct agent_action *act = agent_act(out, ACT_READ);
    act->lease = r->lease;
    act->read = r->reading = true;
}

// Frozen or slowed, it would not get to its last command in its time.
static void last_begin(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out)
{
    r->lasts = true;
    r->kill_at = house_add(now, a->cfg.last_ms);
    struct agent_action *act = agent_act(out, ACT_SHARE);
    act->lease = r->lease;
    act->board = r->board;
    act->permille = r->permille = heat_last_share(a, r);
    agent_act(out, ACT_END)->lease = r->lease;
}

static void stop(struct agent *a, struct agent_run *r, int32_t end, const char *code, const char *message,
                 house_ms now, bool gently, struct agent_actions *out)
{
    if (r->state == RUN_STOPPING && !gently) {
        if (r->lasts)
            kill_now(r, now, out);
        if (r->slots)
            stop_inside(a, r->lease, end, code, message, now, false, out);
    }
    if (r->state == RUN_ENDED || r->state == RUN_STOPPING)
        return;
    if (r->state == RUN_ASSIGNED) {
        end_now(a, r, (enum attempt_end)end, code, message, now);
        return;
    }
    if (stage_stop(a, r, end, code, message, now))
        return;
    bool lasts = gently && r->state == RUN_RUNNING && r->launch.last && !r->slots;
    r->end = end;
    r->end_code = code;
    r->end_message = message;
    set_state(r, RUN_STOPPING, now);
    a->regulate_due = true;
    if (r->slots)
        stop_inside(a, r->lease, end, code, message, now, gently, out);
    if (r->ready) { // it has no process: it ends with the last that runs inside
        node_step(a, r, now);
        return;
    }
    if (lasts)
        last_begin(a, r, now, out);
    else
        kill_now(r, now, out);
}

void run_stop(struct agent *a, struct agent_run *r, int32_t end, const char *code, const char *message,
              house_ms now, struct agent_actions *out)
{
    stop(a, r, end, code, message, now, false, out);
}

void run_end(struct agent *a, struct agent_run *r, int32_t end, const char *code, const char *message,
             house_ms now, struct agent_actions *out)
{
    stop(a, r, end, code, message, now, true, out);
}

void run_started(struct agent *a, const struct agent_event *ev, struct agent_actions *out)
{
    struct agent_run *r = run_find(a, ev->start.lease);
    if (!r || r->state != RUN_STARTING) {
        agent_act(out, ACT_KILL)->lease = ev->start.lease; // stopped or given up while it was being made
        if (r && r->state == RUN_STOPPING)
            r->started_at = ev->now;
        return;
    }
    meter_boards(a, ev->now);
    set_state(r, RUN_RUNNING, ev->now);
    r->started_at = ev->now;
    outbox_add(a, REPORT_STARTED, "", r->lease, ev->now)->started.at = ev->now;
    if (a->congested) {
        struct agent_action *act = agent_act(out, ACT_READ);
        act->lease = r->lease;
        act->read = r->reading = false;
    }
}

void run_start_failed(struct agent *a, const struct agent_event *ev)
{
    struct agent_run *r = run_find(a, ev->start.lease);
    if (!r || (r->state != RUN_STARTING && r->state != RUN_STOPPING))
        return;
    if (r->state == RUN_STOPPING)
        end_now(a, r, (enum attempt_end)r->end, r->end_code, r->end_message, ev->now);
    else
        end_now(a, r, ATTEMPT_FAILURE, ev->start.code, ev->start.message, ev->now);
}

// The host's counters only grow; a smaller figure is a reading that comes late.
static void take_usage(struct agent_run *r, int64_t cpu_ms, int64_t peak_bytes)
{
    if (cpu_ms > r->cpu_ms) {
        r->credit_us += (cpu_ms - r->cpu_ms) * 1000;
        r->cpu_ms = cpu_ms;
    }
    if (peak_bytes >> 20 > r->peak_mb)
        r->peak_mb = peak_bytes >> 20;
}

void run_usage(struct agent *a, const struct agent_event *ev)
{
    struct agent_run *r = run_find(a, ev->usage.lease);
    if (!r)
        return;
    take_usage(r, ev->usage.cpu_ms, ev->usage.peak_bytes);
    r->memory_mb = ev->usage.memory_bytes >> 20;
    r->progress_permille = ev->usage.progress_permille;
    r->net_in_kbps = ev->usage.net_in_kbps;
    r->net_out_kbps = ev->usage.net_out_kbps;
}

void run_output(struct agent *a, const struct agent_event *ev, struct agent_actions *out)
{
    struct agent_run *r = run_find(a, ev->output.lease);
    if (!r || r->mute || r->state == RUN_ENDED)
        return;
    outbox_add_output(a, r->lease, ev->output.stream, ev->output.data, ev->output.n, ev->now);
    outbox_reading(a, out);
}

// From now on it takes runs.
static void node_ready(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out)
{
    if (r->has_files) // what runs inside has its own
        agent_act(out, ACT_UNSTAGE)->lease = r->lease;
    r->has_files = false;
    r->ready = true;
    set_state(r, RUN_RUNNING, now);
    a->regulate_due = true;
    outbox_add(a, REPORT_READY, "", r->lease, now);
    arena_deinit(&r->arena);
    r->arena = ARENA_NULL;
    r->launch = (struct launch){0};
}

void run_exited(struct agent *a, const struct agent_event *ev, struct agent_actions *out)
{
    struct agent_run *r = run_find(a, ev->exited.lease);
    if (!r || r->state == RUN_ENDED)
        return;
    take_usage(r, ev->exited.cpu_ms, ev->exited.peak_bytes);
    meter_boards(a, ev->now);
    char message[160] = "";
    const char *code = "";
    enum attempt_end end = ATTEMPT_SUCCESS;
    if (r->end >= 0) { // it was stopped; that it ended by itself in the same moment changes nothing
        end = (enum attempt_end)r->end;
        code = r->end_code;
        snprintf(message, sizeof message, "%s", r->end_message);
    } else if (ev->exited.signal == SIGKILL_NUMBER &&
               r->held) { // the kernel takes it first when memory is short
        end = ATTEMPT_PREEMPTED;
        code = "memory";
        snprintf(message, sizeof message, "%s", hold_why_memory);
    } else if (ev->exited.signal > 0) {
        end = ATTEMPT_FAILURE;
        code = "signal";
        snprintf(message, sizeof message, "the command was ended by signal %d", ev->exited.signal);
    } else if (ev->exited.exit_code != 0) {
        end = ATTEMPT_FAILURE;
        code = "exit-code";
        snprintf(message, sizeof message, "the %scommand ended with exit code %d",
                 r->slots ? "preparation " : "", ev->exited.exit_code);
    }
    if (r->slots && end == ATTEMPT_SUCCESS) {
        node_ready(a, r, ev->now, out);
        return;
    }
    r->over.end = end;
    r->over.exit_code = ev->exited.signal > 0 ? -1 : ev->exited.exit_code;
    r->over.signal = ev->exited.signal > 0 ? ev->exited.signal : -1;
    snprintf(r->over.code, sizeof r->over.code, "%s", code);
    snprintf(r->over.message, sizeof r->over.message, "%s", message);
    if (!stage_store(a, r, ev->now, out))
        told(a, r, end, r->over.exit_code, r->over.signal, code, message, ev->now);
}

static bool board_ready(struct agent *a, size_t board)
{
    const struct agent_board *b = &a->board[board];
    return !b->barred && b->known && b->run != ACTIVITY_SLEEP && b->waking_until.v == INT64_MIN;
}

// Nobody else has the board, or the node that it is inside has a slot left.
static bool may_start(struct agent *a, const struct agent_run *r)
{
    const struct agent_run *node = run_around(a, r);
    if (r->within)
        return node && node->ready && node->state == RUN_RUNNING && runs_inside(a, node) < node->slots;
    for (size_t i = 0; i < a->n_runs; i++)
        if (a->run[i].board == r->board && a->run[i].ready && a->run[i].state != RUN_ENDED)
            return false;
    return run_on_board(a, r->board) == r;
}

static void node_start(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out)
{
    meter_boards(a, now);
    set_state(r, RUN_RUNNING, now);
    r->started_at = now;
    outbox_add(a, REPORT_STARTED, "", r->lease, now)->started.at = now;
    node_ready(a, r, now, out);
}

static void start(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out)
{
    if (r->slots && !r->prepares) {
        node_start(a, r, now, out);
        return;
    }
    set_state(r, RUN_STARTING, now);
    a->regulate_due |= r->launch.no_boost;
    struct agent_action *act = agent_act(out, ACT_START);
    act->lease = r->lease;
    act->board = r->board;
    act->start.launch = r->launch;
    act->start.memory_mb = a->cfg.offer.board[r->board].spec.memory_mb / run_slots(a, r);
    act->start.permille = r->permille = heat_share(a, r);
}

static void give_up_kill(struct agent *a, struct agent_run *r, house_ms now)
{
    struct agent_board *b = &a->board[r->board];
    b->barred = true;
    snprintf(b->barred_why, sizeof b->barred_why, "a task could not be killed");
    end_now(a, r, ATTEMPT_LOST, "not-killed", "the sandbox did not end when it was killed", now);
}

static void run_step(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out)
{
    int64_t since = house_since(now, r->state_since);
    switch (r->state) {
    case RUN_ASSIGNED:
        if (!a->rejoin && board_ready(a, r->board) && may_start(a, r) && hold_leaves_room(a, r, now, out) &&
            !stage_fetch(a, r, now, out))
            start(a, r, now, out);
        break;
    case RUN_FETCHING:
    case RUN_STORING:
    case RUN_ENDED:
        stage_step(a, r, now, out);
        break;
    case RUN_STARTING:
        if (since > a->cfg.start_timeout_ms)
            run_stop(a, r, ATTEMPT_LOST, "start-timeout", "the sandbox did not start in time", now, out);
        break;
    case RUN_STOPPING:
        if (r->ready) {
            node_step(a, r, now);
        } else if (r->lasts) {
            if (!house_before(now, r->kill_at))
                kill_now(r, now, out);
        } else if (since > a->cfg.kill_timeout_ms) {
            give_up_kill(a, r, now);
        } else if (house_since(now, r->kill_at) > a->cfg.kill_again_ms) {
            r->kill_at = now;
            agent_act(out, ACT_KILL)->lease = r->lease;
        }
        break;
    case RUN_RUNNING:
        hold_step(a, r, now, out);
        if (r->state == RUN_RUNNING && !r->held && r->launch.limit_ms && r->exec_ms >= r->launch.limit_ms &&
            !r->slots)
            run_end(a, r, ATTEMPT_FAILURE, "execution-time",
                    "it ran for as long as SIMULATION_MAXIMUM_EXECUTION_TIME allows", now, out);
        else if (r->state == RUN_RUNNING)
            order_step(a, r, now, out);
        break;
    }
}

void runs_step(struct agent *a, house_ms now, struct agent_actions *out)
{
    for (size_t i = 0; i < a->n_runs; i++)
        run_step(a, &a->run[i], now, out);
}

void run_drop(struct agent *a, size_t i)
{
    arena_deinit(&a->run[i].arena);
    arena_deinit(&a->run[i].orders_arena);
    free(a->run[i].names);
    memmove(&a->run[i], &a->run[i + 1], (a->n_runs - i - 1) * sizeof *a->run);
    a->n_runs--;
}

void runs_forget(struct agent *a)
{
    for (size_t i = a->n_runs; i-- > 0;) {
        const struct agent_run *r = &a->run[i];
        if (r->state == RUN_ENDED && (r->mute || (r->exit_acked && !r->listed)))
            run_drop(a, i);
    }
}
