// SPDX-License-Identifier: Apache-2.0
// Tasks through the engine: made, run, tried again, ended by people and by time. Every step is audited by the
// rig.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "rig_case.h"

static struct server_config defaults(void)
{
    struct server_config c;
    server_config_default(&c);
    return c;
}

// ---- creation

static void a_bulk_request_is_answered_item_by_item_in_order(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct task_draft d[3];
    for (int i = 0; i < 3; i++)
        rig_draft(r, &d[i], 1);
    d[1].refusal_code = 400;
    d[1].refusal = "name: missing";
    struct event ev = {.kind = EVENT_TASKS_CREATE, .create = {.account = r->account, .draft = d, .n = 3}};
    rig_event(r, &ev);
    const struct reply *reply = rig_reply(r);
    assert_int_equal(reply->n_items, 3);
    assert_int_equal(reply->item[0].code, 200);
    assert_int_equal(reply->item[1].code, 400);
    assert_string_equal(reply->item[1].message, "name: missing");
    assert_string_equal(reply->item[1].uuid, "");
    assert_string_equal(rig_state(r, reply->item[2].uuid), "Submitted");
    case_done(r);
}

static void limits_are_named_when_they_are_passed(void **state)
{
    (void)state;
    struct server_config cfg = defaults();
    cfg.tasks_per_account = 2;
    cfg.instances_per_task = 4;
    struct rig *r = case_with(&cfg);
    assert_non_null(rig_create(r, ACTIVITY_FLEX, 1));
    assert_null(rig_create(r, ACTIVITY_FLEX, 5));
    assert_int_equal(rig_reply(r)->code, 400);
    assert_non_null(strstr(rig_reply(r)->message, "limit of 4"));
    const char *second = rig_create(r, ACTIVITY_FLEX, 4);
    assert_null(rig_create(r, ACTIVITY_FLEX, 1));
    assert_int_equal(rig_reply(r)->code, 403);
    assert_non_null(strstr(rig_reply(r)->message, "limit 2"));
    rig_abort(r, second); // what has ended does not count
    assert_non_null(rig_create(r, ACTIVITY_FLEX, 1));
    case_done(r);
}

static void a_count_that_is_not_that_of_the_ranges_is_refused(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct task_draft d;
    rig_draft(r, &d, 3);
    d.instances = 2;
    assert_null(rig_create_draft(r, &d));
    assert_int_equal(rig_reply(r)->code, 400);
    case_done(r);
}

static void a_shortname_is_free_again_once_its_task_has_ended(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct task_draft d;
    rig_draft(r, &d, 1);
    d.shortname = "Render";
    assert_non_null(rig_create_draft(r, &d));
    rig_draft(r, &d, 1);
    d.shortname = "render";
    assert_null(rig_create_draft(r, &d));
    rig_abort(r, "RENDER");
    assert_int_equal(rig_reply(r)->code, 200);
    assert_non_null(rig_create_draft(r, &d));
    rig_reload(r);
    rig_abort(r, "render");
    assert_int_equal(rig_reply(r)->code, 200);
    case_done(r);
}

static void a_deleted_task_gives_its_shortname_back_while_it_still_runs_and_over_a_reload(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    struct task_draft d;
    rig_draft(r, &d, 1);
    d.shortname = "render";
    const char *old = rig_create_draft(r, &d);
    rig_started(r, &n, case_lease(r, &n, 0));
    rig_delete(r, "render");
    assert_string_equal(rig_state(r, old), "PendingDelete");
    rig_reload(r);
    rig_draft(r, &d, 1);
    d.shortname = "render";
    const char *new = rig_create_draft(r, &d);
    assert_non_null(new);
    rig_reload(r); // both rows have the name, but only one task answers to it
    rig_draft(r, &d, 1);
    d.shortname = "render";
    assert_null(rig_create_draft(r, &d));
    rig_abort(r, "render");
    assert_string_equal(rig_state(r, new), "Cancelled");
    assert_string_equal(rig_state(r, old), "PendingDelete");
    case_done(r);
}

// ---- life

static void a_task_of_one_instance_goes_through_its_states(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node n;
    rig_node_init(&n, "n", 1);
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    assert_string_equal(rig_state(r, t), "Submitted");
    rig_hello(r, &n);
    assert_string_equal(rig_state(r, t), "FullyDispatched");
    assert_true(rig_assignment(r, &n, 0)->need_body);
    rig_started(r, &n, case_lease(r, &n, 0));
    assert_string_equal(rig_state(r, t), "FullyExecuting");
    assert_false(rig_assignment(r, &n, 0)->need_body);
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_SUCCESS, 0);
    assert_string_equal(rig_state(r, t), "Success");
    assert_string_equal(rig_task(r, t)->live.succeeded, "0");
    assert_string_equal(rig_task(r, t)->live.started_once, "0");
    assert_null(rig_assignment(r, &n, 0));
    case_done(r);
}

static void a_task_of_three_is_partial_until_the_last_has_its_board(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 2);
    const char *t = rig_create(r, ACTIVITY_FLEX, 3);
    assert_string_equal(rig_state(r, t), "PartiallyDispatched");
    uint64_t first = case_lease(r, &n, 0), second = case_lease(r, &n, 1);
    rig_started(r, &n, first);
    assert_string_equal(rig_state(r, t), "PartiallyExecuting");
    rig_exited(r, &n, first, ATTEMPT_SUCCESS, 0);
    rig_started(r, &n, second);
    assert_string_equal(rig_state(r, t), "PartiallyExecuting");
    uint64_t third = case_lease(r, &n, 0) == second ? case_lease(r, &n, 1) : case_lease(r, &n, 0);
    rig_started(r, &n, third);
    assert_string_equal(rig_state(r, t), "FullyExecuting");
    rig_exited(r, &n, second, ATTEMPT_FAILURE, 3);
    rig_exited(r, &n, third, ATTEMPT_SUCCESS, 0);
    assert_string_equal(rig_state(r, t), "Failure");
    assert_int_not_equal(strlen(rig_task(r, t)->live.errors), 2);
    case_done(r);
}

// ---- ended by people

static void a_queued_task_that_is_aborted_is_cancelled_at_once_and_a_running_one_when_it_has_stopped(
    void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node n;
    rig_node_init(&n, "n", 1);
    const char *t = rig_create(r, ACTIVITY_FLEX, 2);
    const char *queued = rig_create(r, ACTIVITY_FLEX, 2);
    rig_hello(r, &n);
    rig_abort(r, queued);
    assert_string_equal(rig_state(r, queued), "Cancelled");
    rig_started(r, &n, case_lease(r, &n, 0));
    rig_abort(r, t);
    assert_string_equal(rig_state(r, t), "PendingCancel");
    assert_true(rig_assignment(r, &n, 0)->stop);
    assert_int_equal(rig_assignment(r, &n, 0)->stop_end, ATTEMPT_CANCELLED);
    rig_reload(r); // the wish survives
    rig_poll(r, &n);
    assert_true(rig_assignment(r, &n, 0)->stop);
    assert_int_equal(rig_assignment(r, &n, 0)->stop_end, ATTEMPT_CANCELLED);
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_CANCELLED, -1);
    assert_string_equal(rig_state(r, t), "Cancelled");
    assert_string_equal(rig_task(r, t)->live.cancelled, "0-1");
    case_done(r);
}

static void an_instance_that_fails_while_its_task_is_aborted_costs_no_retry(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    struct task_draft d;
    rig_draft(r, &d, 1);
    d.retries_each = d.retries_total = 3;
    const char *t = rig_create_draft(r, &d);
    rig_started(r, &n, case_lease(r, &n, 0));
    rig_abort(r, t);
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_FAILURE, 1);
    assert_string_equal(rig_state(r, t), "Cancelled");
    assert_int_equal(rig_task(r, t)->live.retries_used, 0);
    assert_string_equal(rig_task(r, t)->live.failed, "0");
    case_done(r);
}

static void aborting_a_task_that_ended_in_the_same_batch_does_not_change_its_end(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    struct report rep = {
        .seq = n.seq + 1, .at = HOUSE_MS(r->now), .kind = REPORT_EXITED, .lease = case_lease(r, &n, 0)};
    struct event exit = {
        .kind = EVENT_SYNC,
        .now = HOUSE_MS(r->now),
        .sync = {.node = "n", .nonce = n.nonce, .epoch = n.epoch, .report = &rep, .n_reports = 1}};
    effects_clear(&r->fx);
    server_apply(r->s, &exit, &r->fx);
    struct event abort = {
        .kind = EVENT_TASK_ABORT, .now = HOUSE_MS(r->now), .task = {.account = r->account, .id = t}};
    server_apply(r->s, &abort, &r->fx);
    assert_int_equal(rig_reply(r)->code, 403);
    struct event all = {.kind = EVENT_TASKS_ABORT, .now = HOUSE_MS(r->now), .tasks = {.account = r->account}};
    server_apply(r->s, &all, &r->fx);
    assert_int_equal(rig_reply(r)->count, 0);
    rig_settle(r);
    assert_string_equal(rig_state(r, t), "Success");
    case_done(r);
}

static void a_deleted_task_is_gone_when_nothing_of_it_runs_any_more(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *running = rig_create(r, ACTIVITY_FLEX, 1), *queued = rig_create(r, ACTIVITY_FLEX, 1);
    rig_started(r, &n, case_lease(r, &n, 0));
    rig_delete(r, queued);
    assert_string_equal(rig_state(r, queued), "gone");
    rig_delete(r, running);
    assert_string_equal(rig_state(r, running), "PendingDelete");
    struct event put = {.kind = EVENT_TASK_PUT,
                        .task = {.account = r->account, .id = running, .name = "x", .body = "{}"}};
    rig_event(r, &put);
    assert_int_equal(rig_reply(r)->code, 404);
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_CANCELLED, -1);
    assert_string_equal(rig_state(r, running), "gone");
    const char *final = rig_create(r, ACTIVITY_FLEX, 1);
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_SUCCESS, 0);
    rig_delete(r, final);
    assert_string_equal(rig_state(r, final), "gone");
    rig_delete(r, final);
    assert_int_equal(rig_reply(r)->code, 404);
    case_done(r);
}

static void one_account_does_not_find_the_tasks_of_another(void **state)
{
    (void)state;
    struct rig *r = case_new();
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    struct event other = {.kind = EVENT_ACCOUNT_PUT,
                          .account = {.email = "x@y.z", .name = "x", .token_hash = "1"}};
    rig_event(r, &other);
    struct event ev = {.kind = EVENT_TASK_ABORT, .task = {.account = rig_reply(r)->id, .id = t}};
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 404);
    assert_string_equal(rig_state(r, t), "Submitted");
    case_done(r);
}

// ---- tried again

static int failures_until_the_end(int32_t each, int32_t total, int32_t instances)
{
    struct rig *r = case_new();
    struct rig_node n;
    struct task_draft d;
    int failures = 0;
    rig_node_init(&n, "n", 1);
    rig_hello(r, &n);
    rig_draft(r, &d, instances);
    d.retries_each = each;
    d.retries_total = total;
    const char *t = rig_create_draft(r, &d);
    while (strcmp(rig_state(r, t), "Failure") != 0 && failures < 50) {
        rig_started(r, &n, case_lease(r, &n, 0));
        rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_FAILURE, 1);
        failures++;
        if (failures == 2)
            rig_reload(r); // counts survive
        rig_zone(r, &n, 150 + failures);
    }
    case_done(r);
    return failures;
}

static void retries_are_counted_for_each_instance_and_in_total(void **state)
{
    (void)state;
    assert_int_equal(failures_until_the_end(0, 0, 2), 2);
    assert_int_equal(failures_until_the_end(2, -1, 2), 6);
    assert_int_equal(failures_until_the_end(-1, 3, 2), 5);
    assert_int_equal(failures_until_the_end(5, 3, 2), 5);
}

static void a_preempted_or_lost_attempt_costs_no_retry_and_gets_the_next_number(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    assert_int_equal(rig_assignment(r, &n, 0)->attempt, 1);
    rig_started(r, &n, case_lease(r, &n, 0));
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_PREEMPTED, -1);
    assert_int_equal(rig_assignment(r, &n, 0)->attempt, 2);
    rig_started(r, &n, case_lease(r, &n, 0));
    n.nonce = 2; // the agent starts again: its sandboxes died with it
    n.epoch = 0;
    rig_hello(r, &n);
    assert_int_equal(rig_assignment(r, &n, 0)->attempt, 3);
    rig_reload(r);
    rig_poll(r, &n);
    rig_zone(r, &n, 151);
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_PREEMPTED, -1);
    rig_reload(r);
    rig_poll(r, &n);
    rig_zone(r, &n, 152);
    assert_int_equal(rig_assignment(r, &n, 0)->attempt, 4);
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_SUCCESS, 0);
    assert_string_equal(rig_state(r, t), "Success");
    assert_int_equal(rig_task(r, t)->live.retries_used, 0);
    assert_int_equal(rig_task(r, t)->live.lost_attempts, 1);
    assert_int_equal(rig_task(r, t)->live.preempted_attempts, 2);
    case_done(r);
}

static void a_cancelled_attempt_that_nobody_asked_for_is_tried_again(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_CANCELLED, -1);
    assert_string_equal(rig_state(r, t), "FullyDispatched");
    assert_int_equal(rig_assignment(r, &n, 0)->attempt, 2);
    case_done(r);
}

// ---- ended by time

static void what_does_not_start_in_time_is_stopped_and_tried_again(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    uint64_t first = case_lease(r, &n, 0);
    for (int i = 0; i < 31; i++) {
        rig_wait(r, 10000);
        rig_poll(r, &n);
    }
    assert_int_equal(case_lease(r, &n, 0), first);
    assert_true(rig_assignment(r, &n, 0)->stop); // it may just be starting: the board is not given away yet
    for (int i = 0; i < 8; i++) {                // the node talks on but says nothing of it
        rig_wait(r, 10000);
        rig_poll(r, &n);
    }
    assert_int_not_equal(case_lease(r, &n, 0), first);
    assert_int_equal(rig_task(r, t)->live.lost_attempts, 1);
    case_done(r);
}

static void a_stopping_lease_ends_even_if_the_node_talks_of_other_things(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    rig_started(r, &n, case_lease(r, &n, 0));
    rig_abort(r, t);
    for (int i = 0; i < 6; i++) {
        rig_wait(r, 10000);
        rig_poll(r, &n);
    }
    assert_string_equal(rig_state(r, t), "PendingCancel");
    for (int i = 0; i < 2; i++) {
        rig_wait(r, 10000);
        rig_poll(r, &n);
    }
    assert_string_equal(rig_state(r, t), "Cancelled");
    case_done(r);
}

static void a_task_that_queues_too_long_gives_up_with_the_reason(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct task_draft d;
    rig_draft(r, &d, 1);
    d.queue_max_ms = 30000;
    const char *t = rig_create_draft(r, &d);
    rig_wait(r, 10000);
    rig_reload(r); // the time goes on through a restart
    rig_wait(r, 20000);
    assert_string_equal(rig_state(r, t), "Cancelled");
    assert_non_null(strstr(rig_task(r, t)->live.errors, "still queued after 30 s"));
    case_done(r);
}

static void the_dispatch_delay_holds_through_a_restart(void **state)
{
    (void)state;
    struct server_config cfg = defaults();
    cfg.dispatch_delay_ms = 5000;
    struct rig *r = case_with(&cfg);
    struct rig_node n;
    rig_node_init(&n, "n", 1);
    rig_hello(r, &n);
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    assert_string_equal(rig_state(r, t), "Submitted");
    rig_wait(r, 3000);
    rig_reload(r);
    rig_zone(r, &n, 399);
    assert_string_equal(rig_state(r, t), "Submitted");
    rig_wait(r, 2000);
    assert_string_equal(rig_state(r, t), "FullyDispatched");
    case_done(r);
}

// ---- over a crash

static void ids_are_never_given_twice_over_a_reload(void **state)
{
    (void)state;
    struct rig *r = case_new();
    uint64_t last = 0;
    for (int i = 0; i < 20; i++) {
        const char *t = rig_create(r, ACTIVITY_FLEX, 1);
        uint64_t id = rig_task(r, t)->id;
        assert_true(id > last);
        last = id;
        rig_delete(r, t); // the highest id is on no row any more
        rig_reload(r);
    }
    case_done(r);
}

static void what_a_lost_batch_did_never_happened(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct task_draft d;
    size_t n;
    rig_draft(r, &d, 1);
    struct event ev = {.kind = EVENT_TASKS_CREATE,
                       .now = HOUSE_MS(r->now),
                       .create = {.account = r->account, .draft = &d, .n = 1}};
    effects_clear(&r->fx);
    server_apply(r->s, &ev, &r->fx);
    rig_settle_lost(r);
    model_store_rows(r->m, CHANGE_TASK_NEW, &n);
    assert_int_equal(n, 0);
    assert_non_null(rig_create_draft(r, &d)); // the client tries again: the same entropy is no clash
    case_done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bulk_request_is_answered_item_by_item_in_order),
        cmocka_unit_test(limits_are_named_when_they_are_passed),
        cmocka_unit_test(a_count_that_is_not_that_of_the_ranges_is_refused),
        cmocka_unit_test(a_shortname_is_free_again_once_its_task_has_ended),
        cmocka_unit_test(a_deleted_task_gives_its_shortname_back_while_it_still_runs_and_over_a_reload),
        cmocka_unit_test(a_task_of_one_instance_goes_through_its_states),
        cmocka_unit_test(a_task_of_three_is_partial_until_the_last_has_its_board),
        cmocka_unit_test(
            a_queued_task_that_is_aborted_is_cancelled_at_once_and_a_running_one_when_it_has_stopped),
        cmocka_unit_test(an_instance_that_fails_while_its_task_is_aborted_costs_no_retry),
        cmocka_unit_test(aborting_a_task_that_ended_in_the_same_batch_does_not_change_its_end),
        cmocka_unit_test(a_deleted_task_is_gone_when_nothing_of_it_runs_any_more),
        cmocka_unit_test(one_account_does_not_find_the_tasks_of_another),
        cmocka_unit_test(retries_are_counted_for_each_instance_and_in_total),
        cmocka_unit_test(a_preempted_or_lost_attempt_costs_no_retry_and_gets_the_next_number),
        cmocka_unit_test(a_cancelled_attempt_that_nobody_asked_for_is_tried_again),
        cmocka_unit_test(what_does_not_start_in_time_is_stopped_and_tried_again),
        cmocka_unit_test(a_stopping_lease_ends_even_if_the_node_talks_of_other_things),
        cmocka_unit_test(a_task_that_queues_too_long_gives_up_with_the_reason),
        cmocka_unit_test(the_dispatch_delay_holds_through_a_restart),
        cmocka_unit_test(ids_are_never_given_twice_over_a_reload),
        cmocka_unit_test(what_a_lost_batch_did_never_happened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
