// SPDX-License-Identifier: Apache-2.0
// Work is set aside for a better class and goes on afterwards; every road out of that. Each step is audited by the
// rig.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "rig_case.h"

#define MINUTE INT64_C(60000)

// One board, on which an instance of flex work has run for so many minutes.
struct bench {
    struct rig *r;
    struct rig_node n;
    const char *flex;
    uint64_t lease; // of it
};

static void level(struct bench *x, uint64_t lease, int64_t exec_ms, int32_t memory_mb)
{
    struct report rep = {.kind = REPORT_LEVEL,
                         .lease = lease,
                         .level = {.phase = PHASE_EXECUTION,
                                   .freq_mhz = 4000,
                                   .max_freq_mhz = 4000,
                                   .duty_permille = 1000,
                                   .cpu_permille = 1000,
                                   .memory_mb = memory_mb,
                                   .exec_ms = exec_ms,
                                   .progress_permille = -1}};
    rig_report(x->r, &x->n, &rep);
}

static void open_bench(struct bench *x, bool can_hold, int minutes)
{
    struct server_config cfg;
    server_config_default(&cfg);
    cfg.check_plans = cfg.reserved_by_all = true;
    cfg.lease_ms = 1000 * MINUTE; // nobody calls home here without a reason
    cfg.start_timeout_ms = 1000 * MINUTE;
    *x = (struct bench){.r = case_with(&cfg)};
    rig_node_init(&x->n, "n", 1);
    x->n.can_hold = can_hold;
    rig_hello(x->r, &x->n);
    x->flex = rig_create(x->r, ACTIVITY_FLEX, 1);
    x->lease = case_lease(x->r, &x->n, 0);
    rig_started(x->r, &x->n, x->lease);
    for (int i = 1; i <= minutes; i++) {
        rig_wait(x->r, MINUTE);
        level(x, x->lease, i * MINUTE, 100);
    }
}

static const struct assignment *assigned(struct bench *x, uint64_t lease)
{
    const struct assignment *a;
    for (size_t i = 0; (a = rig_assignment(x->r, &x->n, i)); i++)
        if (a->lease == lease)
            return a;
    return NULL;
}

static bool is_held(struct bench *x)
{
    const struct assignment *a = assigned(x, x->lease);
    return a && a->hold && !a->stop;
}

static bool goes_on(struct bench *x)
{
    const struct assignment *a = assigned(x, x->lease);
    return a && !a->hold && !a->stop;
}

// The lease of the one that is not the flex one's; 0: there is none.
static uint64_t other(struct bench *x)
{
    const struct assignment *a;
    for (size_t i = 0; (a = rig_assignment(x->r, &x->n, i)); i++)
        if (a->lease != x->lease)
            return a->lease;
    return 0;
}

// A newcomer of that class comes and gets the board at once. Gives its lease.
static uint64_t newcomer(struct bench *x, enum activity a)
{
    (void)rig_create(x->r, a, 1);
    uint64_t lease = other(x);
    assert_true(lease != 0);
    assert_true(is_held(x));
    return lease;
}

static struct engine_counts counts(const struct bench *x)
{
    struct engine_counts c;
    server_counts(x->r->s, &c);
    return c;
}

static void what_makes_room_goes_on_where_it_was(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 30);
    for (uint64_t times = 1; times <= 3; times++) {
        uint64_t lease = newcomer(&x, ACTIVITY_ONDEMAND);
        assert_string_equal(rig_state(x.r, x.flex), "FullyExecuting");
        assert_int_equal(counts(&x).instances_running, 0);
        rig_started(x.r, &x.n, lease);
        assert_int_equal(counts(&x).instances_running, 1);
        rig_wait(x.r, 5 * MINUTE);
        rig_exited(x.r, &x.n, lease, ATTEMPT_SUCCESS, 0);
        assert_true(goes_on(&x));
        assert_int_equal(counts(&x).instances_running, 1);
        assert_int_equal(counts(&x).held, times);
    }
    rig_exited(x.r, &x.n, x.lease, ATTEMPT_SUCCESS, 0);
    assert_string_equal(rig_state(x.r, x.flex), "Success");
    assert_int_equal(counts(&x).preempted, 0);
    case_done(x.r);
}

// Also when it never began: its start failed, or its customer did not want it any more.
static void it_goes_on_when_the_newcomer_never_started(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 1);
    const char *uuid = rig_create(x.r, ACTIVITY_RESERVED, 1);
    uint64_t lease = other(&x);
    assert_true(is_held(&x));
    rig_abort(x.r, uuid);
    rig_exited(x.r, &x.n, lease, ATTEMPT_CANCELLED, -1);
    assert_true(goes_on(&x));
    case_done(x.r);
}

// What waits of its own class, or a worse one, does not come in between; what is better does.
static void only_better_work_gets_its_board_first(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 1);
    uint64_t lease = newcomer(&x, ACTIVITY_ONDEMAND);
    rig_started(x.r, &x.n, lease);
    (void)rig_create(x.r, ACTIVITY_FLEX, 1);
    (void)rig_create(x.r, ACTIVITY_DONATED, 1);
    rig_exited(x.r, &x.n, lease, ATTEMPT_SUCCESS, 0);
    assert_true(goes_on(&x));
    assert_int_equal(other(&x), 0);
    lease = newcomer(&x, ACTIVITY_ONDEMAND);
    (void)rig_create(x.r, ACTIVITY_ONDEMAND, 1);
    rig_started(x.r, &x.n, lease);
    rig_exited(x.r, &x.n, lease, ATTEMPT_SUCCESS, 0);
    assert_true(is_held(&x));
    assert_true(other(&x) != 0 && other(&x) != lease);
    case_done(x.r);
}

// Only one is set aside on a board: who has it meanwhile is stopped for a still better class.
static void a_second_one_is_stopped(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 1);
    uint64_t lease = newcomer(&x, ACTIVITY_ONDEMAND);
    rig_started(x.r, &x.n, lease);
    (void)rig_create(x.r, ACTIVITY_RESERVED, 1);
    assert_true(assigned(&x, lease)->stop && is_held(&x));
    rig_exited(x.r, &x.n, lease, ATTEMPT_PREEMPTED, -1);
    assert_true(is_held(&x));
    const struct assignment *a = assigned(&x, other(&x));
    assert_int_equal(a->activity, ACTIVITY_RESERVED);
    case_done(x.r);
}

static void a_node_that_cannot_is_asked_to_stop(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, false, 1);
    (void)rig_create(x.r, ACTIVITY_RESERVED, 1);
    assert_true(assigned(&x, x.lease)->stop && !assigned(&x, x.lease)->hold);
    case_done(x.r);
}

// It would have to be given up at once.
static void who_has_most_of_the_memory_is_stopped(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 1);
    level(&x, x.lease, 2 * MINUTE, 9000); // of 16384
    (void)rig_create(x.r, ACTIVITY_RESERVED, 1);
    assert_true(assigned(&x, x.lease)->stop);
    case_done(x.r);
}

static void members_of_a_gang_are_stopped(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 1);
    rig_exited(x.r, &x.n, x.lease, ATTEMPT_SUCCESS, 0);
    struct task_draft d;
    struct rig_node more;
    rig_node_init(&more, "m", 1);
    more.can_hold = true;
    rig_hello(x.r, &more);
    rig_draft(x.r, &d, 2);
    d.place = "gang=2";
    (void)rig_create_draft(x.r, &d);
    rig_started(x.r, &x.n, case_lease(x.r, &x.n, 0));
    rig_started(x.r, &more, case_lease(x.r, &more, 0));
    (void)rig_create(x.r, ACTIVITY_RESERVED, 2);
    assert_true(rig_assignment(x.r, &x.n, 0)->stop && rig_assignment(x.r, &more, 0)->stop);
    case_done(x.r);
}

static void it_is_given_up_when_there_is_room_elsewhere(void **state)
{
    (void)state;
    struct bench x;
    struct rig_node cold;
    open_bench(&x, true, 30);
    rig_started(x.r, &x.n, newcomer(&x, ACTIVITY_ONDEMAND));
    rig_wait(x.r, 40 * MINUTE);
    assert_true(is_held(&x)); // longer than it had worked, but there is no other board
    rig_node_init(&cold, "cold", 1);
    rig_hello(x.r, &cold);
    rig_wait(x.r, 10 * MINUTE);
    assert_true(assigned(&x, x.lease)->stop);
    assert_int_equal(assigned(&x, x.lease)->stop_end, ATTEMPT_PREEMPTED);
    rig_exited(x.r, &x.n, x.lease, ATTEMPT_PREEMPTED, -1);
    const struct assignment *a = rig_assignment(x.r, &cold, 0);
    assert_true(a && !strcmp(a->task_uuid, x.flex) && a->attempt == 2);
    assert_int_equal(counts(&x).gave_up, 1);
    case_done(x.r);
}

static void it_is_not_given_up_before_it_has_waited_as_long_as_it_had_worked(void **state)
{
    (void)state;
    struct bench x;
    struct rig_node cold;
    open_bench(&x, true, 30);
    rig_started(x.r, &x.n, newcomer(&x, ACTIVITY_ONDEMAND));
    rig_node_init(&cold, "cold", 1);
    rig_hello(x.r, &cold);
    for (int i = 0; i < 2; i++) {
        rig_wait(x.r, 14 * MINUTE);
        assert_true(is_held(&x));
    }
    rig_wait(x.r, 3 * MINUTE);
    assert_true(assigned(&x, x.lease)->stop);
    case_done(x.r);
}

// Its memory was needed: the node said so.
static void what_the_node_gave_up_waits_again(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 1);
    uint64_t lease = newcomer(&x, ACTIVITY_ONDEMAND);
    rig_exited(x.r, &x.n, x.lease, ATTEMPT_PREEMPTED, -1);
    assert_null(assigned(&x, x.lease));
    assert_string_equal(rig_state(x.r, x.flex), "Submitted");
    rig_started(x.r, &x.n, lease);
    rig_exited(x.r, &x.n, lease, ATTEMPT_SUCCESS, 0);
    assert_int_equal(rig_assignment(x.r, &x.n, 0)->attempt, 2);
    case_done(x.r);
}

static void who_is_aborted_while_set_aside_is_cancelled(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 1);
    uint64_t lease = newcomer(&x, ACTIVITY_ONDEMAND);
    rig_started(x.r, &x.n, lease);
    rig_abort(x.r, x.flex);
    assert_int_equal(assigned(&x, x.lease)->stop_end, ATTEMPT_CANCELLED);
    rig_exited(x.r, &x.n, lease, ATTEMPT_SUCCESS, 0); // before the other: nobody goes on
    assert_true(assigned(&x, x.lease)->stop);
    rig_exited(x.r, &x.n, x.lease, ATTEMPT_CANCELLED, -1);
    assert_string_equal(rig_state(x.r, x.flex), "Cancelled");
    case_done(x.r);
}

static void with_the_node_both_are_lost(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 1);
    rig_started(x.r, &x.n, newcomer(&x, ACTIVITY_ONDEMAND));
    rig_wait(x.r, 2000 * MINUTE);
    assert_int_equal(counts(&x).leases, 0);
    assert_int_equal(counts(&x).lost, 2);
    assert_string_equal(rig_state(x.r, x.flex), "Submitted");
    case_done(x.r);
}

static void a_barred_board_gives_both_up(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 1);
    uint64_t lease = newcomer(&x, ACTIVITY_ONDEMAND);
    struct event ev = {.kind = EVENT_BOARD_BAR, .bar = {.board = "n-0", .barred = true, .why = "dust"}};
    rig_event(x.r, &ev);
    assert_true(assigned(&x, lease)->stop && assigned(&x, x.lease)->stop);
    case_done(x.r);
}

static void it_stays_aside_over_a_restart_of_the_server(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 30);
    uint64_t lease = newcomer(&x, ACTIVITY_ONDEMAND);
    rig_started(x.r, &x.n, lease);
    rig_reload(x.r);
    assert_true(is_held(&x));
    assert_true(!assigned(&x, lease)->hold && !assigned(&x, lease)->stop);
    rig_abort(x.r, x.flex); // stopped, and still not the one that has the board
    rig_reload(x.r);
    assert_true(assigned(&x, x.lease)->stop && !assigned(&x, lease)->stop);
    rig_exited(x.r, &x.n, x.lease, ATTEMPT_CANCELLED, -1);
    rig_exited(x.r, &x.n, lease, ATTEMPT_SUCCESS, 0);
    assert_int_equal(counts(&x).leases, 0);
    case_done(x.r);
}

static void it_goes_on_after_a_restart_of_the_server(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 30);
    uint64_t lease = newcomer(&x, ACTIVITY_ONDEMAND);
    rig_started(x.r, &x.n, lease);
    rig_reload(x.r);
    rig_exited(x.r, &x.n, lease, ATTEMPT_SUCCESS, 0);
    assert_true(goes_on(&x));
    rig_zone(x.r, &x.n, 400);
    newcomer(&x, ACTIVITY_RESERVED); // its node still can: that is on disk too
    case_done(x.r);
}

static void it_is_said_why(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, true, 1);
    newcomer(&x, ACTIVITY_RESERVED);
    rig_wait(x.r, 3 * MINUTE);
    struct buf text = BUF_INIT(4096);
    assert_true(server_why_task(x.r->s, rig_task(x.r, x.flex)->id, HOUSE_MS(x.r->now), &text));
    assert_non_null(strstr(buf_str(&text), "instance 0 is set aside on n-0 since 3 min for reserved work"));
    buf_deinit(&text);
    case_done(x.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_makes_room_goes_on_where_it_was),
        cmocka_unit_test(it_goes_on_when_the_newcomer_never_started),
        cmocka_unit_test(only_better_work_gets_its_board_first),
        cmocka_unit_test(a_second_one_is_stopped),
        cmocka_unit_test(a_node_that_cannot_is_asked_to_stop),
        cmocka_unit_test(who_has_most_of_the_memory_is_stopped),
        cmocka_unit_test(members_of_a_gang_are_stopped),
        cmocka_unit_test(it_is_given_up_when_there_is_room_elsewhere),
        cmocka_unit_test(it_is_not_given_up_before_it_has_waited_as_long_as_it_had_worked),
        cmocka_unit_test(what_the_node_gave_up_waits_again),
        cmocka_unit_test(who_is_aborted_while_set_aside_is_cancelled),
        cmocka_unit_test(with_the_node_both_are_lost),
        cmocka_unit_test(a_barred_board_gives_both_up),
        cmocka_unit_test(it_stays_aside_over_a_restart_of_the_server),
        cmocka_unit_test(it_goes_on_after_a_restart_of_the_server),
        cmocka_unit_test(it_is_said_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
