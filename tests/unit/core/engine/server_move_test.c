// SPDX-License-Identifier: Apache-2.0
// What crawls is moved: once, to a board that is kept for it, at no cost to the customer's retries, and it is
// said why. Every step is audited by the rig.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/engine/server_lease.h"
#include "rig.h"

#define MINUTE INT64_C(60000)

struct street {
    struct rig *r;
    struct rig_node warm, cold; // a board each; the warm room wants 20 W
    int64_t exec_ms;
};

static void open_street(struct street *x, int cold_boards)
{
    *x = (struct street){.r = malloc(sizeof *x->r)};
    struct server_config cfg;
    server_config_default(&cfg);
    cfg.lease_ms = 1000 * MINUTE; // nobody calls home here without a reason
    rig_init(x->r, &cfg);
    rig_node_init(&x->warm, "warm", 1);
    rig_node_init(&x->cold, "cold", cold_boards);
    rig_hello(x->r, &x->warm);
}

static void done(struct street *x)
{
    if (x->r->fault.code)
        fail_msg("%s", x->r->fault.text);
    rig_deinit(x->r);
    free(x->r);
}

static uint64_t runs_on(struct street *x, struct rig_node *n)
{
    const struct assignment *a = rig_assignment(x->r, n, 0);
    if (!a)
        fail_msg("nothing was assigned to %s", n->name);
    uint64_t lease = a->lease;
    rig_started(x->r, n, lease);
    x->exec_ms = 0;
    return lease;
}

// So many minutes at so many thousandths of full speed.
static void run_for(struct street *x, struct rig_node *n, uint64_t lease, int minutes, int32_t permille)
{
    for (int i = 0; i < minutes; i++) {
        rig_wait(x->r, MINUTE);
        x->exec_ms += permille ? MINUTE : 0; // what stands still does not execute
        const struct assignment *a = rig_assignment(x->r, n, 0);
        if (!a || a->lease != lease || a->stop)
            return;
        struct report rep = {.kind = REPORT_LEVEL,
                             .lease = lease,
                             .level = {.phase = PHASE_EXECUTION,
                                       .freq_mhz = 1000,
                                       .max_freq_mhz = 1000,
                                       .duty_permille = permille,
                                       .exec_ms = x->exec_ms,
                                       .progress_permille = -1}};
        rig_report(x->r, n, &rep);
    }
}

static bool stops(struct street *x, struct rig_node *n, uint64_t lease)
{
    const struct assignment *a = rig_assignment(x->r, n, 0);
    return a && a->lease == lease && a->stop;
}

static void why_says(struct street *x, const char *uuid, const char *part)
{
    struct buf text = BUF_INIT(4096);
    assert_true(server_why_task(x->r->s, rig_task(x->r, uuid)->id, HOUSE_MS(x->r->now), &text));
    if (!strstr(buf_str(&text), part))
        fail_msg("\"%s\" does not say \"%s\"", buf_str(&text), part);
    buf_deinit(&text);
}

static struct engine_counts counts(struct street *x)
{
    struct engine_counts c;
    server_counts(x->r->s, &c);
    return c;
}

static void what_crawls_is_moved_when_a_better_board_is_free(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, 1);
    struct task_draft d;
    rig_draft(x.r, &d, 1); // not one retry
    const char *uuid = rig_create_draft(x.r, &d);
    uint64_t lease = runs_on(&x, &x.warm);
    rig_hello(x.r, &x.cold);
    run_for(&x, &x.warm, lease, 9, 50);
    assert_false(stops(&x, &x.warm, lease)); // not before it has crawled for ten minutes
    run_for(&x, &x.warm, lease, 3, 50);
    assert_true(stops(&x, &x.warm, lease));
    why_says(&x, uuid, "instance 0 is being moved: it crawled at 5 % of full speed on warm-0");
    (void)rig_create(x.r, ACTIVITY_FLEX, 1); // another comes by meanwhile: the board is kept
    assert_null(rig_assignment(x.r, &x.cold, 0));
    rig_exited(x.r, &x.warm, lease, ATTEMPT_PREEMPTED, -1);
    const struct assignment *a = rig_assignment(x.r, &x.cold, 0);
    assert_non_null(a);
    assert_int_equal(a->attempt, 2);
    assert_string_equal(a->task_uuid, uuid);
    assert_int_equal(counts(&x).moved, 1);
    assert_int_equal(rig_task(x.r, uuid)->live.retries_used, 0);
    assert_int_equal(rig_task(x.r, uuid)->live.preempted_attempts, 1);
    why_says(&x, uuid, "instance 0 was moved");
    uint64_t there = runs_on(&x, &x.cold);
    rig_exited(x.r, &x.cold, there, ATTEMPT_SUCCESS, 0);
    assert_string_equal(rig_state(x.r, uuid), "Success");
    done(&x);
}

static void the_record_of_the_attempt_says_that_it_was_moved(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, 1);
    (void)rig_create(x.r, ACTIVITY_FLEX, 1);
    uint64_t lease = runs_on(&x, &x.warm);
    rig_hello(x.r, &x.cold);
    run_for(&x, &x.warm, lease, 12, 0); // it stands still
    rig_exited(x.r, &x.warm, lease, ATTEMPT_PREEMPTED, -1);
    bool told = false;
    size_t n;
    const struct change *c = model_store_rows(x.r->m, CHANGE_ATTEMPT, &n);
    for (size_t i = 0; i < n; i++)
        told = told || (!strcmp(c[i].attempt.code, "ONDOL-MOVED") && strstr(c[i].attempt.message, "cold-0"));
    assert_true(told);
    done(&x);
}

// Its execution stands still with it: at half speed for six minutes it would be taken for one that gets on.
static void what_stands_still_after_a_while_is_moved_too(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, 1);
    (void)rig_create(x.r, ACTIVITY_FLEX, 1);
    uint64_t lease = runs_on(&x, &x.warm);
    rig_hello(x.r, &x.cold);
    run_for(&x, &x.warm, lease, 6, 499);
    run_for(&x, &x.warm, lease, 60, 0);
    assert_true(stops(&x, &x.warm, lease));
    done(&x);
}

static void who_gets_on_is_left_alone(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, 1);
    (void)rig_create(x.r, ACTIVITY_FLEX, 1);
    uint64_t lease = runs_on(&x, &x.warm);
    rig_hello(x.r, &x.cold);
    for (int i = 0; i < 8; i++) { // slow at times
        run_for(&x, &x.warm, lease, 8, 50);
        run_for(&x, &x.warm, lease, 2, 900);
    }
    run_for(&x, &x.warm, lease, 60, 600);
    assert_false(stops(&x, &x.warm, lease));
    assert_int_equal(counts(&x).preempted, 0);
    done(&x);
}

// It has worked for hours at full speed, then its room has enough: what it did is worth more than the rest of
// its way at a third of the speed.
static void who_has_done_much_stays(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, 1);
    (void)rig_create(x.r, ACTIVITY_FLEX, 1);
    uint64_t lease = runs_on(&x, &x.warm);
    rig_hello(x.r, &x.cold);
    run_for(&x, &x.warm, lease, 300, 1000);
    run_for(&x, &x.warm, lease, 60, 330);
    assert_false(stops(&x, &x.warm, lease));
    done(&x);
}

// Bug: half an hour at a standstill, after hours that went well, was taken for the rest of its way.
static void an_open_window_moves_nobody(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, 1);
    (void)rig_create(x.r, ACTIVITY_FLEX, 1);
    uint64_t lease = runs_on(&x, &x.warm);
    rig_hello(x.r, &x.cold);
    run_for(&x, &x.warm, lease, 120, 700);
    run_for(&x, &x.warm, lease, 30, 0);
    assert_false(stops(&x, &x.warm, lease));
    run_for(&x, &x.warm, lease, 600, 0); // it is not a window
    assert_true(stops(&x, &x.warm, lease));
    done(&x);
}

static void a_lower_class_is_stopped_first_and_the_board_kept(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, 1);
    const char *first = rig_create(x.r, ACTIVITY_ONDEMAND, 1);
    uint64_t crawls = runs_on(&x, &x.warm);
    rig_hello(x.r, &x.cold);
    (void)rig_create(x.r, ACTIVITY_DONATED, 1);
    uint64_t lower = runs_on(&x, &x.cold);
    run_for(&x, &x.warm, crawls, 12, 30);
    assert_true(stops(&x, &x.cold, lower));
    assert_false(stops(&x, &x.warm, crawls)); // crawling is better than nothing
    rig_exited(x.r, &x.cold, lower, ATTEMPT_PREEMPTED, -1);
    assert_true(stops(&x, &x.warm, crawls));
    rig_exited(x.r, &x.warm, crawls, ATTEMPT_PREEMPTED, -1);
    assert_string_equal(rig_assignment(x.r, &x.cold, 0)->task_uuid, first);
    done(&x);
}

static void who_ends_meanwhile_lets_the_board_go(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, 1);
    const char *uuid = rig_create(x.r, ACTIVITY_FLEX, 1);
    uint64_t lease = runs_on(&x, &x.warm);
    rig_hello(x.r, &x.cold);
    run_for(&x, &x.warm, lease, 12, 50);
    rig_exited(x.r, &x.warm, lease, ATTEMPT_SUCCESS, 0); // it was quicker
    assert_string_equal(rig_state(x.r, uuid), "Success");
    (void)rig_create(x.r, ACTIVITY_FLEX, 2); // one for each board
    assert_non_null(rig_assignment(x.r, &x.cold, 0));
    assert_non_null(rig_assignment(x.r, &x.warm, 0));
    done(&x);
}

static void who_is_aborted_meanwhile_is_not_placed(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, 1);
    const char *uuid = rig_create(x.r, ACTIVITY_FLEX, 1);
    uint64_t lease = runs_on(&x, &x.warm);
    rig_hello(x.r, &x.cold);
    run_for(&x, &x.warm, lease, 12, 50);
    rig_abort(x.r, uuid);
    rig_exited(x.r, &x.warm, lease, ATTEMPT_CANCELLED, -1);
    assert_string_equal(rig_state(x.r, uuid), "Cancelled");
    assert_null(rig_assignment(x.r, &x.cold, 0));
    done(&x);
}

// Wherever it goes it crawls: each time it is left alone for twice as long.
static void nobody_is_hunted_around(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, 1);
    struct task_draft d;
    rig_draft(x.r, &d, 1);
    d.expected_run_ms = 10000 * MINUTE; // else it would soon have done too much to go on moving
    (void)rig_create_draft(x.r, &d);
    struct rig_node *here = &x.warm, *there = &x.cold;
    rig_hello(x.r, &x.cold);
    uint64_t lease = 0;
    int waited[5];
    if (!rig_assignment(x.r, here, 0))
        here = &x.cold, there = &x.warm;
    for (int move = 0; move < 5; move++) {
        rig_zone(x.r, here, 20);
        rig_zone(x.r, there, 400);
        lease = runs_on(&x, here);
        for (waited[move] = 0; !stops(&x, here, lease) && waited[move] < 400; waited[move]++)
            run_for(&x, here, lease, 1, 10);
        rig_exited(x.r, here, lease, ATTEMPT_PREEMPTED, -1);
        struct rig_node *swap = here;
        here = there;
        there = swap;
    }
    for (int move = 1; move < 5; move++)
        assert_in_range(waited[move], 2 * waited[move - 1] - 3, 2 * waited[move - 1] + 3);
    done(&x);
}

// After five hours the next look is up to an hour away; when it has got on in between, ten minutes.
static void who_crawls_for_hours_is_looked_at_less_often(void **state)
{
    (void)state;
    for (int again = 0; again < 2; again++) {
        struct street x;
        open_street(&x, 1);
        (void)rig_create(x.r, ACTIVITY_FLEX, 1);
        uint64_t lease = runs_on(&x, &x.warm);
        run_for(&x, &x.warm, lease, 300, 50);
        rig_hello(x.r, &x.cold);
        if (again)
            run_for(&x, &x.warm, lease, 1, 600);
        run_for(&x, &x.warm, lease, 15, 50);
        assert_int_equal(stops(&x, &x.warm, lease), again);
        run_for(&x, &x.warm, lease, 45, 50);
        assert_true(stops(&x, &x.warm, lease));
        done(&x);
    }
}

// Of an array of which nothing is known, one has run for 35 minutes: those that wait are taken for long.
static void long_siblings_make_those_that_wait_long(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, 1);
    const char *uuid = rig_create(x.r, ACTIVITY_FLEX, 2);
    uint64_t lease = runs_on(&x, &x.warm);
    rig_zone(x.r, &x.warm, 0);
    run_for(&x, &x.warm, lease, 35, 1000);
    why_says(&x, uuid, "1 instance waiting");
    // 18 W are a twelfth of full speed: after 35 min of waiting an hour's work would take that, hours of work
    // wait for better.
    x.cold.want_w = 18;
    rig_hello(x.r, &x.cold);
    assert_null(rig_assignment(x.r, &x.cold, 0));
    done(&x);
}

static void what_is_put_off_gets_a_turn_of_its_own(void **state)
{
    (void)state;
    // 100 boards: 200 looks a batch
    assert_int_equal(move_put_off_ms(0, 100), MINUTE);
    assert_int_equal(move_put_off_ms(199, 100), MINUTE);
    assert_int_equal(move_put_off_ms(200, 100), 2 * MINUTE);
    // a million: one, so that the thousandth does not come each minute in vain
    assert_int_equal(move_put_off_ms(63, 1000000), MINUTE);
    assert_int_equal(move_put_off_ms(64, 1000000), 2 * MINUTE);
    assert_int_equal(move_put_off_ms(1000, 1000000), 16 * MINUTE);
    assert_int_equal(move_put_off_ms(10000, 1000000), 60 * MINUTE);
    assert_int_equal(move_put_off_ms(0, 0), MINUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_crawls_is_moved_when_a_better_board_is_free),
        cmocka_unit_test(what_is_put_off_gets_a_turn_of_its_own),
        cmocka_unit_test(the_record_of_the_attempt_says_that_it_was_moved),
        cmocka_unit_test(what_stands_still_after_a_while_is_moved_too),
        cmocka_unit_test(who_gets_on_is_left_alone),
        cmocka_unit_test(who_has_done_much_stays),
        cmocka_unit_test(an_open_window_moves_nobody),
        cmocka_unit_test(a_lower_class_is_stopped_first_and_the_board_kept),
        cmocka_unit_test(who_ends_meanwhile_lets_the_board_go),
        cmocka_unit_test(who_is_aborted_meanwhile_is_not_placed),
        cmocka_unit_test(nobody_is_hunted_around),
        cmocka_unit_test(who_crawls_for_hours_is_looked_at_less_often),
        cmocka_unit_test(long_siblings_make_those_that_wait_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
