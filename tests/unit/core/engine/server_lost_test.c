// SPDX-License-Identifier: Apache-2.0
// An instance whose attempts are lost is tried again without a retry, but not for ever: soon given up when
// boards tried in vain, late when nodes were lost. Between it rests, longer each time.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/server_lease.h"
#include "rig_case.h"

static void loses(struct rig *r, struct rig_node *n, const char *code, const char *message)
{
    uint64_t lease = case_lease(r, n, 0);
    rig_started(r, n, lease); // what a board has started makes it rest no more
    struct report rep = {.kind = REPORT_EXITED,
                         .lease = lease,
                         .exited = {.end = ATTEMPT_LOST, .exit_code = -1, .signal = -1}};
    snprintf(rep.exited.code, sizeof rep.exited.code, "%s", code);
    snprintf(rep.exited.message, sizeof rep.exited.message, "%s", message);
    rig_report(r, n, &rep);
}

// Time passes until it is tried again; the node has said nothing in between, and calls home.
static int64_t rests(struct rig *r, struct rig_node *n)
{
    int64_t began = r->now;
    for (int64_t step = 1000; !rig_assignment(r, n, 0); step += step < 20000 ? step : 0) {
        assert_in_range(r->now - began, 0, 700000);
        rig_wait(r, step);
        rig_poll(r, n);
    }
    return r->now - began;
}

static void what_no_board_can_do_ends_after_a_hundred_attempts(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 1);
    int64_t began = r->now;
    for (int i = 0; i < 100; i++) {
        assert_string_not_equal(rig_state(r, uuid), "Failure");
        if (i == 60) { // what was counted is counted still
            rig_reload(r);
            rig_zone(r, &n, n.want_w);
        }
        rests(r, &n);
        loses(r, &n, "results-refused", "the key is not known");
    }
    assert_in_range(r->now - began, INT64_C(15) * 3600000, INT64_C(17) * 3600000);
    assert_string_equal(rig_state(r, uuid), "Failure");
    const char *errors = rig_task(r, uuid)->live.errors;
    assert_non_null(strstr(errors, "\"code\":\"ONDOL-LOST-TOO-OFTEN\""));
    assert_non_null(
        strstr(errors, "instance 0: lost too often, in 100 attempts; the last time: the key is not known"));
    assert_non_null(strstr(errors, "\"debug\":\"results-refused\""));
    assert_int_equal(rig_task(r, uuid)->live.retries_used, 0);
    case_done(r);
}

static void a_fleet_may_lose_it_much_more_often(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 1);
    for (int i = 0; i < 300; i++) {
        int64_t rested = rests(r, &n);
        assert_true(i >= 10 || rested == 0); // a link that fails now and then costs no time
        loses(r, &n, i % 2 ? "lease-lapsed" : "", "the heater lost its link");
    }
    rests(r, &n);
    assert_string_not_equal(rig_state(r, uuid), "Failure");
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_SUCCESS, 0);
    assert_string_equal(rig_state(r, uuid), "Success");
    case_done(r);
}

static void an_abort_is_no_failure_for_it(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 1);
    for (int i = 0; i < 99; i++) {
        rests(r, &n);
        loses(r, &n, "results-refused", "");
    }
    rests(r, &n);
    uint64_t lease = case_lease(r, &n, 0);
    rig_started(r, &n, lease);
    rig_abort(r, uuid);
    rig_exited(r, &n, lease, ATTEMPT_LOST, -1);
    assert_string_equal(rig_state(r, uuid), "Cancelled");
    case_done(r);
}

static void whose_doing_it_is(void **state)
{
    (void)state;
    static const char *const fleet[] = {
        "",        "ONDOL-LOST", "ONDOL-SILENT", "lease-lapsed",    "epoch-refused", "no-board",
        "no-node", "no-body",    "staging",      "staging-timeout", "start-timeout", "not-killed"};
    assert_int_equal(lost_points(NULL), 1);
    for (size_t i = 0; i < ARRAY_LEN(fleet); i++)
        assert_int_equal(lost_points(fleet[i]), 1);
    assert_int_equal(lost_points("results-refused"), 10);
    assert_int_equal(lost_points("image-too-large"), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_no_board_can_do_ends_after_a_hundred_attempts),
        cmocka_unit_test(a_fleet_may_lose_it_much_more_often),
        cmocka_unit_test(an_abort_is_no_failure_for_it),
        cmocka_unit_test(whose_doing_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
