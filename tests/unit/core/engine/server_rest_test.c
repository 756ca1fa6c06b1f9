// SPDX-License-Identifier: Apache-2.0
// A board that does not start what it is given rests, longer each time, and works again once it has started
// something.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig_case.h"

#define FIRST_MS 60000

// The node's answer to everything that it was given: the sandbox did not start.
static uint64_t fails_to_start(struct rig *r, struct rig_node *n, const char *code)
{
    const struct assignment *a = rig_assignment(r, n, 0);
    assert_non_null(a);
    uint64_t lease = a->lease;
    struct report rep = {.kind = REPORT_EXITED,
                         .lease = lease,
                         .exited = {.end = ATTEMPT_LOST, .exit_code = -1, .signal = -1}};
    snprintf(rep.exited.code, sizeof rep.exited.code, "%s", code);
    rig_report(r, n, &rep);
    return lease;
}

// Time passes while the node calls home.
static void wait(struct rig *r, struct rig_node *n, int64_t ms)
{
    for (int64_t step = 10000; ms > 0; ms -= step) {
        rig_wait(r, ms < step ? ms : step);
        rig_poll(r, n);
    }
}

static void late_starts_double_the_rest_and_a_start_clears_it(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    rig_create(r, ACTIVITY_FLEX, 1);
    int64_t rest = FIRST_MS;
    for (int i = 1; i <= 3; i++, rest *= 2) {
        const struct assignment *a = rig_assignment(r, &n, 0);
        assert_non_null(a);
        uint64_t lease = a->lease;
        wait(r, &n, r->cfg.start_timeout_ms); // it says nothing: asked to stop, and it obeys
        struct board_view v = case_board(r, "n-0");
        assert_int_equal(v.start_failures, i);
        assert_int_equal(house_since(v.rests_until, HOUSE_MS(r->now)), rest);
        rig_exited(r, &n, lease, ATTEMPT_PREEMPTED, -1);
        assert_null(rig_assignment(r, &n, 0));
        wait(r, &n, rest - 1);
        assert_null(rig_assignment(r, &n, 0));
        wait(r, &n, 1);
    }
    rig_started(r, &n, rig_assignment(r, &n, 0)->lease);
    assert_int_equal(case_board(r, "n-0").start_failures, 0);
    assert_int_equal(case_board(r, "n-0").rests_until.v, 0);
    case_done(r);
}

static void work_goes_to_the_other_board_meanwhile(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 2);
    rig_create(r, ACTIVITY_FLEX, 1);
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%s", rig_assignment(r, &n, 0)->board);
    fails_to_start(r, &n, "no-sandbox");
    assert_int_equal(case_board(r, name).start_failures, 1);
    const struct assignment *a = rig_assignment(r, &n, 0);
    assert_non_null(a);
    assert_string_not_equal(a->board, name);
    case_done(r);
}

static void one_bad_task_cannot_put_boards_to_ever_longer_rest(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    rig_create(r, ACTIVITY_FLEX, 1);
    for (int i = 0; i < 3; i++) {
        fails_to_start(r, &n, "start-failed");
        assert_int_equal(case_board(r, "n-0").start_failures, 1);
        wait(r, &n, FIRST_MS);
    }
    case_done(r);
}

static void what_is_the_tasks_own_doing_rests_no_board(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    rig_create(r, ACTIVITY_FLEX, 1);
    fails_to_start(r, &n, "command-not-found");
    assert_int_equal(case_board(r, "n-0").start_failures, 0);
    assert_null(rig_assignment(r, &n, 0)); // the instance rests, for a second
    rig_create(r, ACTIVITY_FLEX, 1);
    assert_non_null(rig_assignment(r, &n, 0));
    case_done(r);
}

static void an_operator_and_a_new_offer_clear_it(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    rig_create(r, ACTIVITY_FLEX, 1);
    rig_create(r, ACTIVITY_FLEX, 1);
    fails_to_start(r, &n, "no-sandbox");
    assert_null(rig_assignment(r, &n, 0));
    struct event ev = {.kind = EVENT_BOARD_BAR, .bar = {.board = "n-0", .why = ""}};
    rig_event(r, &ev);
    assert_non_null(rig_assignment(r, &n, 0));
    fails_to_start(r, &n, "no-sandbox");
    assert_int_equal(case_board(r, "n-0").start_failures, 1); // counted from the beginning
    n.nonce++;
    rig_hello(r, &n);
    assert_int_equal(case_board(r, "n-0").start_failures, 0);
    assert_non_null(rig_assignment(r, &n, 0));
    case_done(r);
}

static void it_is_remembered_over_a_restart_and_ends_by_itself(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    rig_create(r, ACTIVITY_FLEX, 1);
    fails_to_start(r, &n, "no-sandbox");
    int64_t until = case_board(r, "n-0").rests_until.v;
    rig_reload(r);
    assert_int_equal(case_board(r, "n-0").start_failures, 1);
    assert_int_equal(case_board(r, "n-0").rests_until.v, until);
    rig_zone(r, &n, n.want_w);
    assert_null(rig_assignment(r, &n, 0));
    wait(r, &n, until - r->now);
    assert_non_null(rig_assignment(r, &n, 0));
    case_done(r);
}

static void the_sentence_says_that_boards_rest(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 1);
    uint64_t task = rig_task(r, uuid)->id;
    fails_to_start(r, &n, "no-sandbox");
    struct buf why = BUF_INIT(4096);
    assert_true(server_why_task(r->s, task, HOUSE_MS(r->now), &why));
    assert_non_null(
        strstr(buf_str(&why), "of 1 board 1 rest, because they did not start what they were given"));
    buf_deinit(&why);
    case_done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(late_starts_double_the_rest_and_a_start_clears_it),
        cmocka_unit_test(work_goes_to_the_other_board_meanwhile),
        cmocka_unit_test(one_bad_task_cannot_put_boards_to_ever_longer_rest),
        cmocka_unit_test(what_is_the_tasks_own_doing_rests_no_board),
        cmocka_unit_test(an_operator_and_a_new_offer_clear_it),
        cmocka_unit_test(it_is_remembered_over_a_restart_and_ends_by_itself),
        cmocka_unit_test(the_sentence_says_that_boards_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
