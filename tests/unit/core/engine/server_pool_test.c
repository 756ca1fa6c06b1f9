// SPDX-License-Identifier: Apache-2.0
// Pools through the engine, story by story. Every step is audited by the rig, and most are looked at again
// after a crash.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/work/pool.h"
#include "rig_case.h"

static const char *pool_as(struct rig *r, struct pool_draft d, enum activity activity)
{
    static char uuid[8][UUID_TEXT_BYTES];
    static int next;
    struct event ev = {.kind = EVENT_POOL_CREATE, .pool = {.account = r->account, .draft = d}};
    struct pool_draft *p = &ev.pool.draft;
    p->name = "p";
    p->profile = "docker-batch";
    p->body = "{}";
    p->slots_per_node = d.slots_per_node ? d.slots_per_node : 1;
    p->activity = activity;
    p->queue_max_ms = d.queue_max_ms ? d.queue_max_ms : -1;
    r->uuids++;
    memcpy(p->uuid + 8, &r->uuids, sizeof r->uuids);
    p->uuid[0] = 0x55;
    rig_event(r, &ev);
    if (rig_reply(r)->code != 200)
        return NULL;
    next = (next + 1) % 8;
    return strcpy(uuid[next], rig_reply(r)->item[0].uuid);
}

static const char *pool_of(struct rig *r, struct pool_draft d)
{
    return pool_as(r, d, ACTIVITY_FLEX);
}

static const char *fixed(struct rig *r, const char *scaling, int32_t slots_per_node)
{
    return pool_of(r, (struct pool_draft){.scaling = scaling, .slots_per_node = slots_per_node});
}

static int on_pool(struct rig *r, enum event_kind kind, const char *id, const char *scaling)
{
    struct event ev = {
        .kind = kind, .pool = {.account = r->account, .id = id, .draft = {.scaling = scaling, .body = "{}"}}};
    rig_event(r, &ev);
    return rig_reply(r)->code;
}

static const struct row_pool *row_of_pool(const struct rig *r, const char *uuid)
{
    size_t n;
    const struct change *c = model_store_rows(r->m, CHANGE_POOL, &n);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(c[i].pool.uuid, uuid))
            return &c[i].pool;
    return NULL;
}

static const char *state_of(const struct rig *r, const char *uuid)
{
    const struct row_pool *p = row_of_pool(r, uuid);
    return p ? pool_state_name((enum pool_state)p->state) : "gone";
}

static const char *task_in(struct rig *r, const char *pool, int32_t instances)
{
    struct task_draft d;
    rig_draft(r, &d, instances);
    d.pool = pool;
    return rig_create_draft(r, &d);
}

// What the node is told to run: leases of pools' nodes (`inside` false), or of what runs in them.
static size_t leases(struct rig *r, const struct rig_node *n, bool inside, uint64_t *out, size_t most)
{
    const struct sync_down *d = rig_desired(r, n);
    size_t count = 0;
    for (size_t i = 0; i < d->n_assignments; i++)
        if ((d->assignment[i].within != 0) == inside && (inside || d->assignment[i].slots)) {
            if (count < most)
                out[count] = d->assignment[i].lease;
            count++;
        }
    return count;
}

static void ready(struct rig *r, struct rig_node *n, uint64_t lease)
{
    rig_started(r, n, lease);
    struct report rep = {.kind = REPORT_READY, .lease = lease};
    rig_report(r, n, &rep);
}

static size_t all_ready(struct rig *r, struct rig_node *n)
{
    uint64_t l[8];
    size_t count = leases(r, n, false, l, 8);
    for (size_t i = 0; i < count; i++)
        ready(r, n, l[i]);
    return count;
}

static void tasks_run_on_ready_nodes_without_the_planner(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 3);
    uint64_t l[8];
    const char *p = fixed(r, "F2@A", 1);
    assert_string_equal(state_of(r, p), "FullyDispatched");
    const char *t = task_in(r, p, 3);
    assert_int_equal(leases(r, &n, false, l, 8), 2);
    assert_int_equal(leases(r, &n, true, NULL, 0), 0); // nobody is prepared
    rig_started(r, &n, l[0]);
    assert_int_equal(leases(r, &n, true, NULL, 0), 0); // it prepares
    assert_string_equal(state_of(r, p), "FullyDispatched");
    ready(r, &n, l[0]);
    assert_int_equal(leases(r, &n, true, NULL, 0), 1);
    assert_string_equal(state_of(r, p), "PartiallyExecuting");
    ready(r, &n, l[1]);
    assert_string_equal(state_of(r, p), "FullyExecuting");
    assert_int_equal(leases(r, &n, true, l, 8),
                     2); // the third board is nobody's, and the third instance waits
    assert_string_equal(rig_state(r, t), "PartiallyDispatched");
    assert_int_equal(row_of_pool(r, p)->busy, 3);
    rig_started(r, &n, l[0]);
    rig_reload(r);
    rig_poll(r, &n);
    assert_string_equal(state_of(r, p), "FullyExecuting");
    assert_int_equal(leases(r, &n, true, NULL, 0), 2);
    rig_exited(r, &n, l[0], ATTEMPT_SUCCESS, 0);
    assert_int_equal(leases(r, &n, true, l, 8), 2); // the slot is taken at once
    rig_exited(r, &n, l[0], ATTEMPT_SUCCESS, 0);
    rig_exited(r, &n, l[1], ATTEMPT_SUCCESS, 0);
    assert_string_equal(rig_state(r, t), "Success");
    assert_int_equal(row_of_pool(r, p)->busy, 0);
    assert_string_equal(state_of(r, p), "FullyExecuting");
    case_done(r);
}

static void slots_share_a_node_and_the_busiest_goes_first(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 2);
    const char *p = fixed(r, "F6@A", 3); // two nodes of three slots
    assert_int_equal(row_of_pool(r, p)->wanted, 2);
    assert_int_equal(all_ready(r, &n), 2);
    task_in(r, p, 4);
    const struct sync_down *d = rig_desired(r, &n);
    size_t on[2] = {0};
    for (size_t i = 0; i < d->n_assignments; i++)
        if (d->assignment[i].within)
            on[d->assignment[i].board[2] - '0']++;
    assert_true((on[0] == 3 && on[1] == 1) || (on[0] == 1 && on[1] == 3));
    assert_int_equal(task_in(r, p, 5) != NULL, 1);
    assert_int_equal(leases(r, &n, true, NULL, 0), 6);
    rig_reload(r);
    assert_int_equal(leases(r, &n, true, NULL, 0), 6);
    // A board of fewer cores than slots is no node.
    const char *wide = fixed(r, "F9@A", 9);
    assert_string_equal(state_of(r, wide), "Submitted");
    case_done(r);
}

static void a_better_class_takes_the_node_and_what_ran_there_runs_again(void **state)
{
    (void)state;
    struct rig_node n;
    struct server_config cfg;
    server_config_default(&cfg);
    cfg.check_plans = cfg.reserved_by_all = true;
    struct rig *r = case_with(&cfg);
    uint64_t l[4], node;
    rig_node_init(&n, "n", 1);
    rig_hello(r, &n);
    const char *p = fixed(r, "F1@A", 1);
    all_ready(r, &n);
    const char *t = task_in(r, p, 1);
    leases(r, &n, false, &node, 1);
    leases(r, &n, true, l, 4);
    rig_started(r, &n, l[0]);
    const char *urgent = rig_create(r, ACTIVITY_RESERVED, 1);
    const struct sync_down *d = rig_desired(r, &n);
    for (size_t i = 0; i < d->n_assignments; i++)
        assert_true(d->assignment[i].stop && d->assignment[i].stop_end == ATTEMPT_PREEMPTED);
    assert_int_equal(d->n_assignments, 2);
    rig_reload(r);
    rig_zone(r, &n, 400);
    rig_exited(r, &n, l[0], ATTEMPT_PREEMPTED, -1);
    assert_string_equal(rig_state(r, t), "Submitted");
    rig_exited(r, &n, node, ATTEMPT_PREEMPTED, -1);
    assert_string_equal(rig_state(r, urgent), "FullyDispatched");
    assert_string_equal(state_of(r, p), "Submitted");
    uint64_t now = case_lease(r, &n, 0);
    rig_started(r, &n, now);
    rig_exited(r, &n, now, ATTEMPT_SUCCESS, 0);
    assert_int_equal(all_ready(r, &n), 1);
    assert_int_equal(leases(r, &n, true, NULL, 0), 1);
    case_done(r);
}

static void a_lost_node_is_replaced(void **state)
{
    (void)state;
    struct rig_node n, other;
    struct rig *r = case_with_node(&n, 1);
    const char *p = fixed(r, "F1@A", 1);
    all_ready(r, &n);
    const char *t = task_in(r, p, 1);
    rig_node_init(&other, "o", 1);
    rig_wait(r, r->cfg.lease_ms + r->cfg.lease_margin_ms + 1);
    assert_string_equal(rig_state(r, t), "Submitted");
    rig_hello(r, &other);
    assert_int_equal(all_ready(r, &other), 1);
    assert_int_equal(leases(r, &other, true, NULL, 0), 1);
    assert_string_equal(state_of(r, p), "FullyExecuting");
    case_done(r);
}

static void a_preparation_that_fails_three_times_fails_the_pool(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    uint64_t node;
    const char *p = fixed(r, "F1@A", 1), *t = task_in(r, p, 2);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(leases(r, &n, false, &node, 1), 1);
        assert_string_not_equal(state_of(r, p), "Failure");
        rig_started(r, &n, node);
        rig_exited(r, &n, node, ATTEMPT_FAILURE, 1);
        if (i == 1)
            rig_reload(r);
    }
    assert_string_equal(state_of(r, p), "Failure");
    assert_non_null(strstr(row_of_pool(r, p)->errors, "three nodes in a row"));
    assert_string_equal(rig_state(r, t), "Cancelled");
    assert_int_equal(leases(r, &n, false, NULL, 0), 0);
    assert_null(task_in(r, p, 1));
    assert_non_null(strstr(rig_reply(r)->message, "it is Failure"));
    case_done(r);
}

static void closing_ends_tasks_and_nodes_and_shows_for_a_while(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 2);
    uint64_t l[4], inside[4];
    const char *p = fixed(r, "F2@A", 1);
    all_ready(r, &n);
    const char *t = task_in(r, p, 3);
    assert_int_equal(on_pool(r, EVENT_POOL_CLOSE, p, NULL), 200);
    assert_string_equal(state_of(r, p), "Closing");
    assert_string_equal(rig_state(r, t), "PendingCancel");
    assert_null(task_in(r, p, 1));
    assert_int_equal(leases(r, &n, false, l, 4), 2);
    assert_int_equal(leases(r, &n, true, inside, 4), 2);
    rig_reload(r);
    rig_poll(r, &n);
    for (int i = 0; i < 2; i++) // a node's word may come before that of what ran there
        rig_exited(r, &n, l[i], ATTEMPT_CANCELLED, -1);
    assert_string_equal(rig_state(r, t), "Cancelled");
    assert_string_equal(state_of(r, p), "Closing");
    rig_wait(r, 9990);
    assert_string_equal(state_of(r, p), "Closing");
    rig_wait(r, 20);
    assert_string_equal(state_of(r, p), "Closed");
    assert_int_equal(on_pool(r, EVENT_POOL_CLOSE, p, NULL), 200);
    assert_int_equal(on_pool(r, EVENT_POOL_PUT, p, "F1@A"), 403);
    assert_int_equal(on_pool(r, EVENT_POOL_DELETE, p, NULL), 200);
    assert_string_equal(state_of(r, p), "gone");
    assert_string_equal(rig_state(r, t), "Cancelled"); // tasks stay
    assert_int_equal(on_pool(r, EVENT_POOL_DELETE, p, NULL), 404);
    case_done(r);
}

static void the_queue_opens_slots_by_steps_and_idle_ones_close(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 5);
    uint64_t l[8];
    const char *p = fixed(r, "Q0,4,0,60,500000,30@A", 1);  // two at a time, each half minute
    assert_string_equal(state_of(r, p), "FullyExecuting"); // it wants none
    task_in(r, p, 5);
    assert_int_equal(row_of_pool(r, p)->wanted, 2);
    all_ready(r, &n);
    rig_reload(r);
    rig_zone(r, &n, 2000);
    rig_wait(r, 29000);
    rig_poll(r, &n);
    assert_int_equal(row_of_pool(r, p)->wanted, 2);
    rig_wait(r, 2000);
    assert_int_equal(row_of_pool(r, p)->wanted, 4); // and never five
    all_ready(r, &n);
    for (int i = 0; i < 5; i++) {
        assert_true(leases(r, &n, true, l, 8) > 0);
        rig_started(r, &n, l[0]);
        rig_exited(r, &n, l[0], ATTEMPT_SUCCESS, 0);
    }
    assert_int_equal(row_of_pool(r, p)->wanted, 4); // idle, but not for long
    rig_wait(r, 59000);
    rig_poll(r, &n);
    assert_int_equal(row_of_pool(r, p)->wanted, 4);
    rig_wait(r, 2000);
    assert_int_equal(row_of_pool(r, p)->wanted, 0);
    const struct sync_down *d = rig_desired(r, &n);
    assert_int_equal(d->n_assignments, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(d->assignment[i].stop && d->assignment[i].stop_end == ATTEMPT_CANCELLED);
    case_done(r);
}

static void hours_of_the_week_count_and_busy_nodes_are_not_stopped(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 3);
    uint64_t l[8];
    int64_t day = INT64_C(86400000), at = r->now % day; // 2025-12-01, a Monday, at midnight
    assert_int_equal(at, 0);
    const char *p = fixed(r, "F2@W2,10000,20000", 1);
    assert_int_equal(row_of_pool(r, p)->wanted, 0);
    assert_int_equal(row_of_pool(r, p)->policy, -1);
    rig_wait(r, 10001);
    rig_poll(r, &n);
    assert_int_equal(row_of_pool(r, p)->wanted, 2);
    assert_int_equal(row_of_pool(r, p)->policy, 0);
    all_ready(r, &n);
    const char *t = task_in(r, p, 1);
    leases(r, &n, true, l, 8);
    rig_started(r, &n, l[0]);
    rig_wait(r, 10001);
    rig_poll(r, &n);
    assert_int_equal(row_of_pool(r, p)->wanted, 0);
    const struct sync_down *d = rig_desired(r, &n);
    int stopped = 0;
    for (size_t i = 0; i < d->n_assignments; i++)
        stopped += d->assignment[i].stop;
    assert_int_equal(stopped, 1); // the idle one
    assert_string_equal(rig_state(r, t), "FullyExecuting");
    assert_non_null(task_in(r, p, 1)); // waits: the busy node gets nothing new
    rig_exited(r, &n, l[0], ATTEMPT_SUCCESS, 0);
    assert_int_equal(leases(r, &n, true, NULL, 0), 0);
    case_done(r);
}

static void a_change_of_size_counts_at_once_and_names_are_lowest_first(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 3);
    const char *p = fixed(r, "F1@A", 1);
    all_ready(r, &n);
    assert_int_equal(on_pool(r, EVENT_POOL_PUT, p, "F3@A"), 200);
    assert_int_equal(leases(r, &n, false, NULL, 0), 3);
    all_ready(r, &n);
    assert_string_equal(row_of_pool(r, p)->started_once, "0-2");
    assert_int_equal(on_pool(r, EVENT_POOL_PUT, p, "F0@A"), 200);
    assert_string_equal(state_of(r, p), "FullyExecuting");
    assert_int_equal(on_pool(r, EVENT_POOL_PUT, p, "nonsense"), 400);
    assert_int_equal(on_pool(r, EVENT_POOL_PUT, "0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11", "F1@A"), 404);
    case_done(r);
}

static void a_pool_that_finds_no_board_in_time_fails(void **state)
{
    (void)state;
    struct rig *r = case_new();
    const char *p = pool_of(r, (struct pool_draft){.scaling = "F1@A", .queue_max_ms = 5000});
    rig_wait(r, 4999);
    assert_string_equal(state_of(r, p), "Submitted");
    rig_reload(r);
    rig_wait(r, 2);
    assert_string_equal(state_of(r, p), "Failure");
    assert_non_null(strstr(row_of_pool(r, p)->errors, "maxTimeQueueSeconds"));
    case_done(r);
}

static void an_account_has_so_many_pools_and_those_that_are_over_give_way(void **state)
{
    (void)state;
    struct server_config cfg;
    server_config_default(&cfg);
    cfg.pools_per_account = 2;
    struct rig *r = case_with(&cfg);
    const char *p =
        pool_of(r, (struct pool_draft){.scaling = "F1@A", .auto_delete = true, .shortname = "one"});
    assert_null(pool_of(r, (struct pool_draft){.scaling = "F1@A", .shortname = "ONE"}));
    assert_int_equal(rig_reply(r)->code, 400);
    assert_non_null(fixed(r, "F1@A", 1));
    assert_null(fixed(r, "F1@A", 1));
    assert_int_equal(rig_reply(r)->code, 403);
    assert_non_null(strstr(rig_reply(r)->message, "Maximum number of pools reached"));
    on_pool(r, EVENT_POOL_CLOSE, "one", NULL);
    rig_wait(r, 20000);
    assert_string_equal(state_of(r, p), "Closed");
    assert_non_null(fixed(r, "F1@A", 1));
    assert_string_equal(state_of(r, p), "gone");
    case_done(r);
}

static void a_closed_pool_deletes_itself_when_its_time_is_over(void **state)
{
    (void)state;
    struct rig *r = case_new();
    const char *p = pool_of(r, (struct pool_draft){.scaling = "F1@A", .auto_delete = true, .keep_ms = 60000});
    on_pool(r, EVENT_POOL_CLOSE, p, NULL);
    rig_wait(r, 10001);
    assert_string_equal(state_of(r, p), "Closed");
    rig_reload(r);
    rig_wait(r, 59000);
    assert_string_equal(state_of(r, p), "Closed");
    rig_wait(r, 2000);
    assert_string_equal(state_of(r, p), "gone");
    case_done(r);
}

// Core-seconds of a board: those of the tasks and those of the pool's node add up, and nobody's twice.
static void the_bill_has_every_core_second_once(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    uint64_t node, l[2];
    const char *p = fixed(r, "F2@A", 2), *t = task_in(r, p, 1);
    all_ready(r, &n);
    leases(r, &n, false, &node, 1);
    assert_int_equal(leases(r, &n, true, l, 2), 1);
    rig_started(r, &n, l[0]);
    rig_wait(r, 10000);
    struct report rep = {.kind = REPORT_METER_LEASE, .lease = l[0], .meter_lease = {100, 40000}};
    rig_report(r, &n, &rep);
    rep = (struct report){.kind = REPORT_METER_LEASE, .lease = node, .meter_lease = {10, 40000}};
    rig_report(r, &n, &rep);
    size_t rows;
    const struct change *c = model_store_rows(r->m, CHANGE_LEDGER_WORK, &rows);
    int64_t of_task = 0, of_pool = 0;
    for (size_t i = 0; i < rows; i++) {
        of_task += c[i].work.task == rig_task(r, t)->id ? c[i].work.core_ms : 0;
        of_pool += c[i].work.task == row_of_pool(r, p)->id ? c[i].work.core_ms : 0;
    }
    assert_int_equal(of_task, 40000);
    assert_int_equal(of_pool, 40000);
    int64_t tasks, running[4], cores[4];
    server_account_counts(r->s, r->account, &tasks, running, cores);
    assert_int_equal(cores[ACTIVITY_FLEX], 8); // the board once, not the slot again
    assert_int_equal(tasks, 1);
    case_done(r);
}

static void another_account_has_no_such_pool(void **state)
{
    (void)state;
    struct rig *r = case_new();
    const char *p = fixed(r, "F1@A", 1);
    struct event ev = {.kind = EVENT_ACCOUNT_PUT,
                       .account = {.email = "x@y.z", .name = "x", .token_hash = "11"}};
    rig_event(r, &ev);
    uint64_t own = r->account;
    r->account = rig_reply(r)->id;
    assert_int_equal(on_pool(r, EVENT_POOL_CLOSE, p, NULL), 404);
    assert_null(task_in(r, p, 1));
    assert_int_equal(rig_reply(r)->code, 400);
    r->account = own;
    ev = (struct event){.kind = EVENT_TASK_DELETE, .task = {.account = own, .id = p}};
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 404); // a pool is no task
    case_done(r);
}

// ---- as users, quotas and money know it

static struct quota_view held(const struct rig *r, enum quota_kind k)
{
    struct account_info a;
    server_account(r->s, 0, &a);
    return a.quota[k];
}

static const struct row_task *task_row(const struct rig *r, const char *uuid)
{
    size_t n;
    const struct change *c = model_store_rows(r->m, CHANGE_TASK_NEW, &n);
    for (size_t i = 0; i < n; i++)
        if (!strcmp(c[i].task.uuid, uuid))
            return &c[i].task;
    return NULL;
}

static void limit_boards(struct rig *r, int32_t most)
{
    struct account_info a;
    server_account(r->s, 0, &a);
    struct event ev = {.kind = EVENT_ACCOUNT_PUT, .account = {.id = a.id}};
    ev.account.quota.given = 1u << QUOTA_INSTANCES(QUOTA_FLEX);
    ev.account.quota.most[QUOTA_INSTANCES(QUOTA_FLEX)] = most;
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 200);
}

static void a_quota_counts_a_node_once_and_not_what_runs_in_it(void **state)
{
    (void)state;
    struct rig_node n;
    struct board_view b;
    struct rig *r = case_with_node(&n, 3);
    uint64_t l[8];
    limit_boards(r, 1);
    const char *p = fixed(r, "F4@A", 2);
    assert_int_equal(row_of_pool(r, p)->wanted, 2);
    assert_int_equal(all_ready(r, &n), 1);
    assert_non_null(task_in(r, p, 3));
    assert_int_equal(leases(r, &n, true, NULL, 0), 2); // more than the quota has boards
    server_board(r->s, 0, &b);
    int32_t cores = b.spec->cores;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(held(r, QUOTA_FLEX).held, 1);
        assert_int_equal(held(r, QUOTA_FLEX).held_cores, cores);
        rig_reload(r);
        rig_zone(r, &n, n.want_w);
    }
    limit_boards(r, 2);
    assert_int_equal(leases(r, &n, false, l, 8), 2);
    assert_int_equal(held(r, QUOTA_FLEX).held, 2);
    assert_int_equal(on_pool(r, EVENT_POOL_CLOSE, p, NULL), 200);
    for (size_t i = leases(r, &n, true, l, 8); i-- > 0;)
        rig_exited(r, &n, l[i], ATTEMPT_CANCELLED, -1);
    for (size_t i = leases(r, &n, false, l, 8); i-- > 0;)
        rig_exited(r, &n, l[i], ATTEMPT_CANCELLED, -1);
    assert_int_equal(held(r, QUOTA_FLEX).held, 0);
    assert_int_equal(held(r, QUOTA_FLEX).held_cores, 0);
    case_done(r);
}

static void a_used_up_budget_that_stops_all_fails_the_pool(void **state)
{
    (void)state;
    struct rig_node n;
    struct project_view project;
    struct rig *r = case_with_node(&n, 1);
    uint64_t node;
    size_t rows;
    const char *p = fixed(r, "F2@A", 2);
    server_project(r->s, 0, &project);
    all_ready(r, &n);
    const char *t = task_in(r, p, 1);
    assert_int_equal(leases(r, &n, false, &node, 1), 1);
    struct event ev = {.kind = EVENT_BUDGET_PUT};
    ev.budget.project = project.uuid;
    ev.budget.has_total = ev.budget.has_policy = true;
    ev.budget.total_neur = 1000;
    ev.budget.policy = BUDGET_STOP_AND_BLOCK_ALL;
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 200);
    rig_reload(r);
    rig_wait(r, 5000);
    struct report rep = {.kind = REPORT_METER_LEASE, .lease = node, .at = HOUSE_MS(r->now)};
    rep.meter_lease.core_ms = rep.meter_lease.energy_mj = 4000;
    rig_report(r, &n, &rep); // what the pool itself costs counts
    assert_string_equal(state_of(r, p), "Failure");
    assert_non_null(strstr(row_of_pool(r, p)->errors, "ONDOL-BUDGET"));
    assert_string_equal(rig_state(r, t), "PendingCancel");
    const struct sync_down *d = rig_desired(r, &n);
    for (size_t i = 0; i < d->n_assignments; i++)
        assert_true(d->assignment[i].stop);
    const struct change *c = model_store_rows(r->m, CHANGE_LEDGER_WORK, &rows);
    assert_true(rows > 0 && row_of_pool(r, p)->project != 0);
    for (size_t i = 0; i < rows; i++)
        assert_true(!c[i].work.task || c[i].work.project == row_of_pool(r, p)->project);
    assert_null(fixed(r, "F1@A", 1));
    assert_int_equal(rig_reply(r)->code, 402);
    case_done(r);
}

static void a_reserved_pool_needs_a_reservation_and_ends_with_it(void **state)
{
    (void)state;
    struct rig_node n;
    struct board_view b;
    struct rig *r = case_with_node(&n, 2);
    struct pool_draft draft = {.scaling = "F2@A"};
    assert_null(pool_as(r, draft, ACTIVITY_RESERVED));
    assert_int_equal(rig_reply(r)->code, 403);
    server_board(r->s, 0, &b);
    struct event ev = {.kind = EVENT_RESERVATION_PUT};
    ev.reservation.account = r->account;
    ev.reservation.name = "night";
    ev.reservation.machine_key = b.spec->key;
    ev.reservation.boards = 1;
    ev.reservation.has_from = ev.reservation.has_to = true;
    ev.reservation.from_ms = r->now;
    ev.reservation.to_ms = r->now + 60000;
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 200);
    const char *p = pool_as(r, draft, ACTIVITY_RESERVED);
    assert_non_null(p);
    assert_true(row_of_pool(r, p)->reservation != 0);
    assert_int_equal(all_ready(r, &n), 1); // it has one board, though two nodes are wanted
    const char *t = task_in(r, p, 1);      // of class flex by itself: in the pool of the pool's
    assert_int_equal(leases(r, &n, true, NULL, 0), 1);
    assert_int_equal(task_row(r, t)->activity, ACTIVITY_RESERVED);
    rig_reload(r);
    rig_zone(r, &n, n.want_w);
    assert_int_equal(held(r, QUOTA_RESERVED).held, 1);
    assert_int_equal(leases(r, &n, false, NULL, 0), 1);
    for (int i = 0; i < 4; i++) {
        rig_wait(r, 20000);
        rig_poll(r, &n);
    }
    assert_string_equal(state_of(r, p), "Failure");
    assert_string_equal(rig_state(r, t), "PendingCancel");
    case_done(r);
}

static void a_task_of_a_pool_has_no_placement_of_its_own(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 2);
    struct task_draft d;
    rig_draft(r, &d, 2);
    d.pool = fixed(r, "F1@A", 1);
    d.place = "gang=2";
    assert_null(rig_create_draft(r, &d));
    assert_int_equal(rig_reply(r)->item[0].code, 400);
    assert_non_null(strstr(rig_reply(r)->item[0].message, "placement"));
    case_done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_run_on_ready_nodes_without_the_planner),
        cmocka_unit_test(slots_share_a_node_and_the_busiest_goes_first),
        cmocka_unit_test(a_better_class_takes_the_node_and_what_ran_there_runs_again),
        cmocka_unit_test(a_lost_node_is_replaced),
        cmocka_unit_test(a_preparation_that_fails_three_times_fails_the_pool),
        cmocka_unit_test(closing_ends_tasks_and_nodes_and_shows_for_a_while),
        cmocka_unit_test(the_queue_opens_slots_by_steps_and_idle_ones_close),
        cmocka_unit_test(hours_of_the_week_count_and_busy_nodes_are_not_stopped),
        cmocka_unit_test(a_change_of_size_counts_at_once_and_names_are_lowest_first),
        cmocka_unit_test(a_pool_that_finds_no_board_in_time_fails),
        cmocka_unit_test(an_account_has_so_many_pools_and_those_that_are_over_give_way),
        cmocka_unit_test(a_closed_pool_deletes_itself_when_its_time_is_over),
        cmocka_unit_test(the_bill_has_every_core_second_once),
        cmocka_unit_test(another_account_has_no_such_pool),
        cmocka_unit_test(a_quota_counts_a_node_once_and_not_what_runs_in_it),
        cmocka_unit_test(a_used_up_budget_that_stops_all_fails_the_pool),
        cmocka_unit_test(a_reserved_pool_needs_a_reservation_and_ends_with_it),
        cmocka_unit_test(a_task_of_a_pool_has_no_placement_of_its_own),
    };
    return cmocka_run_group_tests_name("server_pool", tests, NULL, NULL);
}
