// SPDX-License-Identifier: Apache-2.0
// Files of tasks through the server's engine: what is staged counts once it is published, and once;
// snapshots. Every step is audited by the rig.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig_case.h"

static void exits(struct rig *r, struct rig_node *n, uint64_t lease, enum attempt_end end, int32_t results)
{
    rig_report(r, n,
               &(struct report){.kind = REPORT_EXITED,
                                .lease = lease,
                                .exited = {.end = (uint8_t)end,
                                           .exit_code = end == ATTEMPT_FAILURE,
                                           .signal = -1,
                                           .wall_ms = 10,
                                           .results = results}});
}

static void staging(struct rig *r, struct rig_node *n, uint64_t lease, enum phase phase, int64_t bytes)
{
    rig_report(
        r, n,
        &(struct report){
            .kind = REPORT_STAGING,
            .lease = lease,
            .staging = {
                .phase = (uint8_t)phase, .files = 3, .files_n = 12, .bytes = bytes, .bytes_n = 5000000000}});
}

static void published(struct rig *r, uint64_t lease, uint32_t part, const char *code)
{
    struct event ev = {.kind = EVENT_PUBLISHED,
                       .published = {.lease = lease, .part = part, .code = code, .message = code}};
    rig_event(r, &ev);
}

// One task of one instance, running on n-0.
static uint64_t running(struct rig *r, struct rig_node *n, const char **id)
{
    *id = rig_create(r, ACTIVITY_FLEX, 1);
    uint64_t lease = case_lease(r, n, 0);
    rig_started(r, n, lease);
    return lease;
}

static const char *why(const struct rig *r, const char *uuid)
{
    static char text[600];
    struct buf b = BUF_INIT(500);
    server_why_task(r->s, rig_task(r, uuid)->id, HOUSE_MS(r->now), &b);
    snprintf(text, sizeof text, "%s", buf_str(&b));
    buf_deinit(&b);
    return text;
}

static void a_task_succeeds_when_its_results_are_in_their_bucket(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *id;
    uint64_t lease = running(r, &n, &id);
    staging(r, &n, lease, PHASE_UPLOAD, 1200000000);
    assert_string_equal(rig_state(r, id), "UploadingResults");
    assert_non_null(strstr(why(r, id), "instance 0 is uploading 3 of 12 files, 1.2 of 5.0 GB"));
    exits(r, &n, lease, ATTEMPT_SUCCESS, 2);
    assert_null(rig_assignment(r, &n, 0)); // the board is free
    assert_string_equal(rig_state(r, id), "UploadingResults");
    rig_reload(r); // the row that asks for it survives
    assert_string_equal(rig_state(r, id), "UploadingResults");
    published(r, lease, 1, NULL); // another part, nobody's
    assert_string_equal(rig_state(r, id), "UploadingResults");
    published(r, lease, 0, NULL);
    assert_string_equal(rig_state(r, id), "Success");
    assert_int_equal(rig_task(r, id)->live.results_count, 1);
    published(r, lease, 0, NULL); // told twice: the model would fail
    case_done(r);
}

static void results_that_cannot_be_stored_fail_their_instance_with_the_reason(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *id;
    uint64_t lease = running(r, &n, &id);
    exits(r, &n, lease, ATTEMPT_SUCCESS, 1);
    published(r, lease, 0, "results-over-quota");
    assert_string_equal(rig_state(r, id), "Failure");
    assert_non_null(strstr(rig_task(r, id)->live.errors, "results-over-quota"));
    assert_int_equal(rig_task(r, id)->live.results_count, 0);
    case_done(r);
}

static void without_files_a_task_ends_as_ever(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *id;
    exits(r, &n, running(r, &n, &id), ATTEMPT_SUCCESS, 0);
    assert_string_equal(rig_state(r, id), "Success");
    case_done(r);
}

// What failed and is tried again shows nothing: the next attempt's results are the task's.
static void a_retry_leaves_no_results_of_the_failure(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    struct task_draft d;
    rig_draft(r, &d, 1);
    d.retries_total = d.retries_each = 1;
    const char *id = rig_create_draft(r, &d);
    uint64_t first = case_lease(r, &n, 0);
    rig_started(r, &n, first);
    exits(r, &n, first, ATTEMPT_FAILURE, 4);
    published(r, first, 0, NULL); // nobody asked: nothing happens
    uint64_t second = case_lease(r, &n, 0);
    assert_true(second != first);
    rig_started(r, &n, second);
    exits(r, &n, second, ATTEMPT_FAILURE, 4); // the last one's are shown, failure or not
    assert_string_equal(rig_state(r, id), "UploadingResults");
    published(r, second, 0, NULL);
    assert_string_equal(rig_state(r, id), "Failure");
    assert_int_equal(rig_task(r, id)->live.results_count, 1);
    case_done(r);
}

static void a_deleted_task_goes_without_its_results(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *id;
    uint64_t lease = running(r, &n, &id);
    exits(r, &n, lease, ATTEMPT_SUCCESS, 1);
    rig_delete(r, id);
    assert_string_equal(rig_state(r, id), "PendingDelete"); // the storage may be at it just now
    published(r, lease, 0, NULL);
    assert_string_equal(rig_state(r, id), "gone");
    case_done(r);
}

static void a_start_may_take_as_long_as_files_move(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *id = rig_create(r, ACTIVITY_FLEX, 1);
    uint64_t lease = case_lease(r, &n, 0);
    for (int64_t t = 0; t < 2 * r->cfg.start_timeout_ms; t += 20000) {
        staging(r, &n, lease, PHASE_DOWNLOAD, t);
        rig_wait(r, 20000);
    }
    assert_false(rig_assignment(r, &n, 0)->stop);
    assert_non_null(strstr(why(r, id), "instance 0 is downloading 3 of 12 files"));
    for (int64_t t = 0; t < r->cfg.start_timeout_ms; t += 20000) { // the same figures again: it stands still
        staging(r, &n, lease, PHASE_DOWNLOAD, 7);
        rig_wait(r, 20000);
    }
    rig_poll(r, &n);
    assert_true(rig_assignment(r, &n, 0)->stop);
    case_done(r);
}

static void results_on_cancellation_may_take_their_time(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *id;
    uint64_t lease = running(r, &n, &id);
    rig_abort(r, id);
    for (int i = 0; i < 20; i++) {
        staging(r, &n, lease, PHASE_UPLOAD, i);
        rig_wait(r, 20000);
    }
    assert_string_equal(rig_state(r, id), "PendingCancel");
    exits(r, &n, lease, ATTEMPT_CANCELLED, 1);
    assert_string_equal(rig_state(r, id), "PendingCancel");
    published(r, lease, 0, NULL);
    assert_string_equal(rig_state(r, id), "Cancelled");
    assert_int_equal(rig_task(r, id)->live.results_count, 1);
    case_done(r);
}

// ---- snapshots

static int ask(struct rig *r, const char *id, enum task_ask what, const char *bucket)
{
    struct event ev = {.kind = EVENT_TASK_ORDER,
                       .order = {.account = r->account,
                                 .id = id,
                                 .what = what,
                                 .period_ms = what == ASK_PERIODIC ? 30000 : 0,
                                 .config = {.whitelist = "a$", .bucket = bucket}}};
    rig_event(r, &ev);
    return rig_reply(r)->code;
}

static void tells(struct rig *r, struct rig_node *n, uint64_t lease, uint32_t number, uint32_t part,
                  const char *code)
{
    struct report rep = {.kind = REPORT_SNAPSHOT,
                         .lease = lease,
                         .snapshot = {.number = number, .part = part, .files = 1, .bytes = 10}};
    snprintf(rep.snapshot.code, sizeof rep.snapshot.code, "%s", code);
    rig_report(r, n, &rep);
}

static void a_snapshot_is_taken_once_by_each_instance_that_runs(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *id = rig_create(r, ACTIVITY_FLEX, 1);
    assert_int_equal(ask(r, id, ASK_SNAPSHOT, NULL), 403); // it does not run yet
    assert_int_equal(ask(r, id, ASK_RESYNC, NULL), 400);
    uint64_t lease = case_lease(r, &n, 0);
    assert_null(rig_assignment(r, &n, 0)->orders);
    rig_started(r, &n, lease);
    assert_int_equal(ask(r, id, ASK_SNAPSHOT, NULL), 200);
    assert_int_equal(rig_reply(r)->count, 1);
    const struct stage_orders *o = rig_assignment(r, &n, 0)->orders;
    assert_int_equal(o->n_unique, 1);
    assert_int_equal(o->unique[0].number, 1);
    assert_string_equal(o->unique[0].out.whitelist, "a$");
    tells(r, &n, lease, 1, 1, "");
    assert_int_equal(rig_assignment(r, &n, 0)->orders->n_unique, 0);
    rig_reload(r); // and is not asked again after that
    assert_int_equal(rig_assignment(r, &n, 0)->orders->n_unique, 0);
    published(r, lease, 1, NULL);
    assert_int_equal(rig_task(r, id)->live.results_count, 1);
    rig_exited(r, &n, lease, ATTEMPT_SUCCESS, 0);
    assert_string_equal(rig_state(r, id), "Success");
    assert_int_equal(ask(r, id, ASK_SNAPSHOT, NULL), 404); // of what has ended the store says more
    case_done(r);
}

static void standing_orders_survive_and_reach_the_next_attempt(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *id = rig_create(r, ACTIVITY_FLEX, 1);
    assert_int_equal(ask(r, id, ASK_PERIODIC, "elsewhere"), 200); // before it runs
    uint64_t lease = case_lease(r, &n, 0);
    rig_started(r, &n, lease);
    assert_int_equal(ask(r, id, ASK_RESYNC, NULL), 200);
    rig_reload(r);
    const struct stage_orders *o = rig_assignment(r, &n, 0)->orders;
    assert_int_equal(o->period_ms, 30000);
    assert_int_equal(o->resync, 1);
    tells(r, &n, lease, 0, 1, "");
    tells(r, &n, lease, 0, 2, "snapshot-refused"); // is an error of the task, which goes on
    assert_string_equal(rig_state(r, id), "FullyExecuting");
    assert_non_null(strstr(rig_task(r, id)->live.errors, "snapshot-refused"));
    rig_zone(r, &n, n.want_w);
    rig_exited(r, &n, lease, ATTEMPT_LOST, -1);
    assert_int_equal(rig_assignment(r, &n, 0)->orders->period_ms, 30000);
    published(r, lease, 1, NULL); // of the lost attempt, and whole
    assert_int_equal(rig_task(r, id)->live.results_count, 1);
    case_done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_task_succeeds_when_its_results_are_in_their_bucket),
        cmocka_unit_test(results_that_cannot_be_stored_fail_their_instance_with_the_reason),
        cmocka_unit_test(without_files_a_task_ends_as_ever),
        cmocka_unit_test(a_retry_leaves_no_results_of_the_failure),
        cmocka_unit_test(a_deleted_task_goes_without_its_results),
        cmocka_unit_test(a_start_may_take_as_long_as_files_move),
        cmocka_unit_test(results_on_cancellation_may_take_their_time),
        cmocka_unit_test(a_snapshot_is_taken_once_by_each_instance_that_runs),
        cmocka_unit_test(standing_orders_survive_and_reach_the_next_attempt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
