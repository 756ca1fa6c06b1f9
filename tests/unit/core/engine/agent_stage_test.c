// SPDX-License-Identifier: Apache-2.0
// Files of runs through the node's engine: fetched before the command, stored after it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent_rig.h"
#include "base/mem.h"

static const struct constant command[] = {{"DOCKER_CMD", "work"}, {"WHAT", "csv"}};
static const struct stage_bucket in[] = {{"b", "", "", 60}};
static const struct stage_plan plan = {.url = "http://s",
                                       .access_key = "k",
                                       .secret = "s",
                                       .in = in,
                                       .n_in = 1,
                                       .has_out = true,
                                       .out = {"p/", "${WHAT}$", NULL},
                                       .snapshot = {"", NULL, NULL},
                                       .on_cancel = true};

// A run with files, assigned on b0 for an hour.
static struct assignment given(struct rig *r, const struct stage_plan *p)
{
    static struct task_body body;
    static const struct task_body *bodies[1] = {&body};
    body = (struct task_body){.constant = command, .n_constants = 2, .stage = p};
    rig_init(r, 17, NULL);
    rig_run_for(r, 600000);
    rig_join(r);
    struct sync_up up = rig_call(r, CALL_REPORT);
    struct assignment a = rig_assignment(r, 3, "b0");
    a.until = house_add(r->now, HOUR_MS);
    struct sync_down d = {.epoch = 5,
                          .acked = rig_last_seq(&up),
                          .version = ++r->version,
                          .house = r->now,
                          .until = house_add(r->now, HOUR_MS),
                          .cap_mw = -1,
                          .assignment = &a,
                          .n_assignments = 1};
    rig_feed(r, &(struct agent_event){.kind = AGENT_ANSWER,
                                      .answer = {CALL_REPORT, agent_nonce(r->agent), &d, bodies}});
    return a;
}

static void staged(struct rig *r, int64_t files, const char *code, bool elsewhere)
{
    rig_feed(r, &(struct agent_event){.kind = AGENT_STAGED,
                                      .staged = {.lease = 3,
                                                 .files = files,
                                                 .bytes = 10,
                                                 .code = code,
                                                 .message = code,
                                                 .elsewhere = elsewhere}});
}

static const struct report *told(struct rig *r, enum report_kind k)
{
    static struct sync_up up;
    up = rig_call(r, CALL_REPORT);
    return rig_find(&up, k, 3);
}

static void ends(struct rig *r, int code)
{
    rig_feed(r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = 3, .exit_code = code}});
}

static void files_come_before_the_command_and_go_after_it(void **state)
{
    (void)state;
    struct rig r;
    given(&r, &plan);
    assert_int_equal(r.fetches, 1);
    assert_int_equal(r.starts, 0);
    assert_true(r.stage_room >= INT64_C(256) << 20);
    assert_int_equal(told(&r, REPORT_STAGING)->staging.phase, PHASE_DOWNLOAD);
    staged(&r, 4, NULL, false);
    assert_int_equal(r.starts, 1);
    ends(&r, 0);
    assert_int_equal(r.stores, 1);
    assert_int_equal(r.unstages, 0);
    staged(&r, 7, NULL, false);
    assert_int_equal(r.unstages, 1);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_FAILED, .answer = {.call = CALL_REPORT}});
    const struct report *e = told(&r, REPORT_EXITED);
    assert_int_equal(e->exited.end, ATTEMPT_SUCCESS);
    assert_int_equal(e->exited.exit_code, 0);
    assert_int_equal(e->exited.results, 7);
    rig_deinit(&r);
}

// One result with a name that no key can have, and none was stored.
static void the_other_results_are_stored_when_one_has_no_good_name(void **state)
{
    (void)state;
    for (int code = 0; code <= 7; code += 7) {
        struct rig r;
        given(&r, &plan);
        staged(&r, 4, NULL, false);
        ends(&r, code);
        rig_feed(&r, &(struct agent_event){.kind = AGENT_STAGED,
                                           .staged = {.lease = 3,
                                                      .files = 2,
                                                      .bytes = 20,
                                                      .names = "p/good\n",
                                                      .code = "results-name",
                                                      .message = "result x",
                                                      .but_some = true}});
        rig_feed(&r, &(struct agent_event){.kind = AGENT_FAILED, .answer = {.call = CALL_REPORT}});
        const struct report *e = told(&r, REPORT_EXITED);
        assert_int_equal(e->exited.end, ATTEMPT_FAILURE);
        assert_int_equal(e->exited.results, 2);
        assert_string_equal(e->exited.names, "p/good\n");
        assert_string_equal(e->exited.code, code ? "exit-code" : "results-name");
        rig_deinit(&r);
    }
}

static void the_end_tells_how_long_files_took_and_what_they_are_called(void **state)
{
    (void)state;
    struct rig r;
    given(&r, &plan);
    rig_step(&r, 3000);
    staged(&r, 4, NULL, false);
    ends(&r, 0);
    rig_step(&r, 2000);
    char *names = mem_alloc(STAGE_NAMES_MAX + 200);
    size_t n = 0;
    while (n < STAGE_NAMES_MAX)
        n += (size_t)sprintf(names + n, "p/%0100zu\n", n);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_STAGED,
                                       .staged = {.lease = 3, .files = 7, .bytes = 20, .names = names}});
    rig_feed(&r, &(struct agent_event){.kind = AGENT_FAILED, .answer = {.call = CALL_REPORT}});
    const struct report *e = told(&r, REPORT_EXITED);
    assert_int_equal(e->exited.fetch_ms, 3000);
    assert_int_equal(e->exited.fetch_bytes, 10);
    assert_int_equal(e->exited.store_ms, 2000);
    assert_int_equal(e->exited.store_bytes, 20);
    n = strlen(e->exited.names);
    assert_true(n > STAGE_NAMES_MAX - 103 && n <= STAGE_NAMES_MAX && e->exited.names[n - 1] == '\n');
    assert_memory_equal(e->exited.names, names, n);
    free(names);
    rig_deinit(&r);
}

static void a_failure_leaves_results_too_and_keeps_its_own_reason(void **state)
{
    (void)state;
    struct rig r;
    given(&r, &plan);
    staged(&r, 0, NULL, false);
    ends(&r, 3);
    assert_int_equal(r.stores, 1);
    staged(&r, 0, "results-refused", false);
    const struct report *e = told(&r, REPORT_EXITED);
    assert_int_equal(e->exited.end, ATTEMPT_FAILURE);
    assert_string_equal(e->exited.code, "exit-code");
    assert_int_equal(e->exited.exit_code, 3);
    assert_int_equal(e->exited.results, 0);
    rig_deinit(&r);
}

static void what_cannot_be_fetched_ends_the_attempt_with_the_reason(void **state)
{
    (void)state;
    for (int elsewhere = 0; elsewhere < 2; elsewhere++) {
        struct rig r;
        given(&r, &plan);
        staged(&r, 0, "resources-too-large", elsewhere);
        assert_int_equal(r.starts, 0);
        assert_int_equal(r.unstages, 1);
        const struct report *e = told(&r, REPORT_EXITED);
        assert_int_equal(e->exited.end, elsewhere ? ATTEMPT_LOST : ATTEMPT_FAILURE);
        assert_string_equal(e->exited.code, "resources-too-large");
        rig_deinit(&r);
    }
}

static void what_does_not_move_is_given_up(void **state)
{
    (void)state;
    struct rig r;
    struct assignment a = given(&r, &plan);
    a.until = house_add(r.now, 10 * HOUR_MS);
    rig_call(&r, CALL_REPORT);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
    for (int i = 0; i < 100; i++) { // 1,000 s, moving
        rig_feed(&r, &(struct agent_event){.kind = AGENT_STAGING, .staged = {.lease = 3, .bytes = i + 1}});
        rig_step(&r, 10000);
    }
    assert_int_equal(r.unstages, 0);
    for (int i = 0; i < 62; i++)
        rig_step(&r, 10000);
    assert_int_equal(r.unstages, 1);
    rig_deinit(&r);
}

static void a_cancelled_run_is_stored_when_that_was_asked_for(void **state)
{
    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        struct rig r;
        struct stage_plan p = plan;
        p.on_cancel = asked;
        struct assignment a = given(&r, &p);
        staged(&r, 1, NULL, false);
        rig_call(&r, CALL_REPORT);
        a.stop = true;
        a.stop_end = ATTEMPT_CANCELLED;
        rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
        assert_int_equal(r.kills, 1);
        assert_int_equal(r.stores, asked);
        if (asked)
            staged(&r, 2, NULL, false);
        const struct report *e = told(&r, REPORT_EXITED);
        assert_int_equal(e->exited.end, ATTEMPT_CANCELLED);
        assert_int_equal(e->exited.results, asked ? 2 : 0);
        assert_int_equal(r.unstages, 1);
        rig_deinit(&r);
    }
}

static void snapshots_are_taken_one_after_the_other(void **state)
{
    (void)state;
    struct rig r;
    struct assignment a = given(&r, &plan);
    staged(&r, 1, NULL, false);
    const struct stage_snapshot unique[] = {{.number = 1}, {.number = 2}};
    struct stage_orders o = {.resync = 1, .unique = unique, .n_unique = 2};
    a.orders = &o;
    rig_call(&r, CALL_REPORT);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
    assert_int_equal(r.fetches, 2); // its resources again, first
    assert_int_equal(r.stores, 0);
    staged(&r, 1, NULL, false);
    assert_int_equal(r.stores, 1);
    staged(&r, 5, NULL, false);
    assert_int_equal(r.stores, 2);
    const struct report *s = told(&r, REPORT_SNAPSHOT);
    assert_int_equal(s->snapshot.number, 1);
    assert_int_equal(s->snapshot.part, 1);
    assert_int_equal(s->snapshot.files, 5);
    ends(&r, 0); // in the middle of the second one: results go, and it is told as failed
    assert_int_equal(r.stores, 3);
    staged(&r, 1, NULL, false);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_FAILED, .answer = {.call = CALL_REPORT}});
    struct sync_up up = rig_call(&r, CALL_REPORT);
    int told_of = 0;
    for (size_t i = 0; i < up.n_reports; i++)
        if (up.report[i].kind == REPORT_SNAPSHOT && up.report[i].snapshot.number == 2) {
            assert_string_equal(up.report[i].snapshot.code, "snapshot-too-late");
            told_of++;
        }
    assert_int_equal(told_of, 1);
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_come_before_the_command_and_go_after_it),
        cmocka_unit_test(the_other_results_are_stored_when_one_has_no_good_name),
        cmocka_unit_test(the_end_tells_how_long_files_took_and_what_they_are_called),
        cmocka_unit_test(a_failure_leaves_results_too_and_keeps_its_own_reason),
        cmocka_unit_test(what_cannot_be_fetched_ends_the_attempt_with_the_reason),
        cmocka_unit_test(what_does_not_move_is_given_up),
        cmocka_unit_test(a_cancelled_run_is_stored_when_that_was_asked_for),
        cmocka_unit_test(snapshots_are_taken_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
