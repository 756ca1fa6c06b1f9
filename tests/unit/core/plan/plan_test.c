// SPDX-License-Identifier: Apache-2.0
// The planner: what it prefers, what it never does, that plan_check sees each fault, and that the incremental
// plan is exactly the full one (same assignments and stops in the same order: ties are broken by number
// everywhere).
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "core/plan/plan.h"
#include "core/plan/policy.h"
#include "town.h"

static const struct board_spec small = {.cores = 8, .memory_mb = 16384, .key = "8c"};
static const house_ms noon = {.v = 1000};

static void zone(struct planner *p, uint32_t at, int32_t min_w, int32_t target_w, int32_t max_w)
{
    planner_zone(p, at,
                 &(struct plan_zone){.site = 0,
                                     .online = true,
                                     .request = {.min_w = min_w, .target_w = target_w, .max_w = max_w}});
}

static struct plan_board free_board(uint32_t in_zone)
{
    return (struct plan_board){.zone = in_zone,
                               .spec = &small,
                               .curve = curve_default(),
                               .usable = true,
                               .task = PLAN_NONE,
                               .activity = ACTIVITY_IDLE};
}

static struct plan_board held_board(uint32_t in_zone, uint32_t task, enum activity a)
{
    struct plan_board b = free_board(in_zone);
    b.task = task;
    b.activity = a;
    b.account = 1;
    return b;
}

static void put_board(struct planner *p, uint32_t at, struct plan_board b)
{
    planner_board(p, at, &b);
}

static struct plan_task waiting(enum activity a, int32_t pending, uint64_t order)
{
    return (struct plan_task){.activity = a, .account = 1, .order = order, .pending = pending};
}

static void put_task(struct planner *p, uint32_t at, struct plan_task t)
{
    planner_task(p, at, &t);
}

// One site without a cap, one zone that takes 500 W of 600.
static struct planner *house(void)
{
    struct planner *p = planner_new(price_table_default());
    planner_site(p, 0, &(struct plan_site){.cap_mw = -1});
    zone(p, 0, 100, 500, 600);
    return p;
}

static void run(struct planner *p, struct plan *out)
{
    struct err e = ERR_NULL;
    plan_clear(out);
    planner_run(p, noon, out);
    if (plan_check(p, noon, out, &e) < 0)
        fail_msg("%s", e.text);
}

// ---- plan_check sees each fault

static void expect(const struct planner *p, const struct plan *plan, const char *part)
{
    struct err e = ERR_NULL;
    assert_int_equal(plan_check(p, noon, plan, &e), -EINVAL);
    if (!strstr(e.text, part))
        fail_msg("\"%s\" does not say \"%s\"", e.text, part);
}

static void a_slot_given_twice_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, held_board(0, 0, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}, {.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 2}, "given twice");
    planner_free(p);
}

static void a_slot_that_another_task_holds_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, held_board(0, 1, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    put_task(p, 1, waiting(ACTIVITY_FLEX, 0, 2));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "held by task 1");
    planner_free(p);
}

static void two_accounts_on_a_board_are_found(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan_board b = held_board(0, 0, ACTIVITY_FLEX);
    b.account = 2;
    put_board(p, 0, b);
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "two accounts");
    planner_free(p);
}

static void a_board_that_may_not_be_used_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan_board b = held_board(0, 0, ACTIVITY_FLEX);
    b.usable = false;
    put_board(p, 0, b);
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "may not be used");
    planner_free(p);
}

static void hardware_that_is_lacking_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan_task t = waiting(ACTIVITY_FLEX, 0, 1);
    t.constraint.cores_min = 16;
    put_board(p, 0, held_board(0, 0, ACTIVITY_FLEX));
    put_task(p, 0, t);
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "lacks");
    planner_free(p);
}

static void heat_into_a_zone_that_refuses_it_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    zone(p, 0, 0, 0, 0);
    put_board(p, 0, held_board(0, 0, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "refuses heat");
    planner_free(p);
}

static void more_placed_than_wait_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, held_board(0, 0, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_FLEX, -1, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "more instances");
    planner_free(p);
}

static void a_cap_that_is_passed_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    planner_site(p, 0, &(struct plan_site){.cap_mw = 50000});
    put_board(p, 0, held_board(0, 0, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "its cap is 50000");
    planner_free(p);
}

static void an_unknown_board_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    expect(p, &(struct plan){.assign = &(struct plan_assign){.board = 7}, .n_assigns = 1}, "unknown");
    planner_free(p);
}

static void stopping_what_does_not_run_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, free_board(0));
    expect(p, &(struct plan){.stop = &(struct plan_stop){.board = 0}, .n_stops = 1}, "runs nothing");
    planner_free(p);
}

static void work_that_waits_beside_a_free_board_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, free_board(0));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 1, 1));
    expect(p, &(struct plan){0}, "is free and worth");
    planner_free(p);
}

static void work_that_waits_while_a_lower_class_holds_its_board_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, held_board(0, 1, ACTIVITY_DONATED));
    put_task(p, 0, waiting(ACTIVITY_RESERVED, 1, 1));
    put_task(p, 1, waiting(ACTIVITY_DONATED, 0, 2));
    expect(p, &(struct plan){0}, "worth less there");
    planner_free(p);
}

// ---- what it prefers

static void the_better_class_gets_the_only_board(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    put_board(p, 0, free_board(0));
    put_task(p, 0, waiting(ACTIVITY_DONATED, 1, 1));
    put_task(p, 1, waiting(ACTIVITY_RESERVED, 1, 2));
    put_task(p, 2, waiting(ACTIVITY_FLEX, 1, 3));
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.assign[0].task, 1);
    plan_deinit(&out);
    planner_free(p);
}

static void the_older_task_goes_first_whatever_its_signature(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    struct plan_task old = waiting(ACTIVITY_FLEX, 1, 1), young = waiting(ACTIVITY_FLEX, 1, 2);
    old.constraint.cores_min = 4;
    put_board(p, 0, free_board(0));
    put_task(p, 0, young);
    put_task(p, 1, old);
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.assign[0].task, 1);
    plan_deinit(&out);
    planner_free(p);
}

static void a_zone_that_refuses_heat_gets_no_work(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    enum plan_bar why;
    zone(p, 0, 0, 0, 0);
    put_board(p, 0, free_board(0));
    put_task(p, 0, waiting(ACTIVITY_RESERVED, 1, 1));
    run(p, &out);
    assert_int_equal(out.n_assigns, 0);
    assert_int_equal(planner_net(p, 0, 0, noon, &why), INT64_MIN);
    assert_int_equal(why, BAR_REFUSES_HEAT);
    plan_deinit(&out);
    planner_free(p);
}

static void the_coldest_zone_is_served_first(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    zone(p, 0, 0, 150, 300);
    zone(p, 1, 150, 150, 300);
    put_board(p, 0, free_board(0));
    put_board(p, 1, free_board(1));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 1, 1));
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.assign[0].board, 1);
    plan_deinit(&out);
    planner_free(p);
}

// A zone that takes the watts of one board at full speed runs several slowly, and never so many that idling
// eats it.
static void spreading_slow_emerges(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    zone(p, 0, 0, 150, 150);
    for (uint32_t b = 0; b < 20; b++)
        put_board(p, b, free_board(0));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 20, 1));
    run(p, &out);
    assert_in_range(out.n_assigns, 3, 8);
    plan_deinit(&out);
    planner_free(p);
}

static void a_site_stays_below_its_cap_and_goes_on_when_there_is_room(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    planner_site(p, 0, &(struct plan_site){.cap_mw = 310000});
    for (uint32_t b = 0; b < 4; b++) {
        zone(p, b, 0, 150, 150);
        put_board(p, b, free_board(b));
    }
    put_task(p, 0, waiting(ACTIVITY_FLEX, 4, 1));
    run(p, &out);
    assert_int_equal(out.n_assigns, 2);
    run(p, &out);
    assert_int_equal(out.n_assigns, 0);
    planner_site(p, 0, &(struct plan_site){.cap_mw = 460000}); // the boards held back were not forgotten
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    put_board(p, 0, free_board(0)); // one ended: room for the last
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    plan_deinit(&out);
    planner_free(p);
}

static void a_board_is_asked_back_only_when_that_pays(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    zone(p, 0, 0, 150, 150);
    put_board(p, 0, held_board(0, 1, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_ONDEMAND, 1, 1));
    put_task(p, 1, waiting(ACTIVITY_FLEX, 0, 2));
    run(p,
        &out); // 8 cores x (0.015 - 0.010) euro/h = 0.04 at full speed: more than the 0.002 a preemption costs
    assert_int_equal(out.n_stops, 1);
    assert_int_equal(out.stop[0].board, 0);
    assert_int_equal(out.stop[0].for_task, 0);
    run(p, &out); // it is stopping: once is enough
    assert_int_equal(out.n_stops, 0);
    planner_free(p);
    p = house();
    zone(p, 0, 0, 14, 14); // so slowly that the difference is worth less
    put_board(p, 0, held_board(0, 1, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_ONDEMAND, 1, 1));
    put_task(p, 1, waiting(ACTIVITY_FLEX, 0, 2));
    run(p, &out);
    assert_int_equal(out.n_stops, 0);
    plan_deinit(&out);
    planner_free(p);
}

// Of two boards in equal zones the one is asked back whose work has done less, whatever their order; and when
// no other is left, who has done much goes too: whether anybody goes is decided by the classes.
static void who_has_done_least_makes_room(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    int32_t lost_s[3] = {36000, 60, 3600};
    for (uint32_t i = 0; i < 3; i++) {
        zone(p, i, 0, 150, 150);
        put_board(p, i, held_board(i, 9, ACTIVITY_FLEX));
    }
    for (uint32_t i = 0; i < 3; i++) { // told later, when nothing else has changed
        struct plan_board b = held_board(i, 9, ACTIVITY_FLEX);
        b.lost_s = lost_s[i];
        put_board(p, i, b);
    }
    put_task(p, 9, waiting(ACTIVITY_FLEX, 0, 9));
    static const uint32_t expected[3] = {1, 2, 0};
    for (int i = 0; i < 3; i++) {
        put_task(p, 0, waiting(ACTIVITY_ONDEMAND, i + 1, 1));
        run(p, &out);
        assert_int_equal(out.n_stops, 1);
        assert_int_equal(out.stop[0].board, expected[i]);
    }
    plan_deinit(&out);
    planner_free(p);
}

static void a_task_waits_again_after_its_signature_was_forgotten_and_used_anew(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    struct plan_task t = waiting(ACTIVITY_FLEX, 1, 1), other = waiting(ACTIVITY_ONDEMAND, 1, 2);
    t.constraint.cores_min = 2;
    other.constraint.cores_min = 3;
    put_task(p, 0, t);
    planner_task_gone(p, 0);
    put_task(p, 1, other);
    planner_task_gone(p, 1);
    t.order = 3;
    put_task(p, 0, t);
    put_board(p, 0, free_board(0));
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.assign[0].task, 0);
    put_board(p, 0, free_board(0)); // it came back to the queue
    t.pending = 1;
    put_task(p, 0, t);
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    plan_deinit(&out);
    planner_free(p);
}

static void ten_thousand_signatures_leave_nothing_behind(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    size_t before = 0, after = 0;
    put_board(p, 0, held_board(0, 99999, ACTIVITY_RESERVED));
    for (int round = 0; round < 6; round++) {
        for (uint32_t i = 0; i < 10000; i++) {
            struct plan_task t = waiting(ACTIVITY_FLEX, 1, 1 + i);
            t.constraint.memory_mb_min = 1 + (int32_t)(i + 10000U * (uint32_t)round);
            put_task(p, i, t);
            if (i % 100 == 0)
                run(p, &out);
        }
        for (uint32_t i = 0; i < 10000; i++)
            planner_task_gone(p, i);
        run(p, &out);
        after = mallinfo2().uordblks;
        before = round == 1 ? after : before;
    }
    assert_true(after <= before + 4096);
    plan_deinit(&out);
    planner_free(p);
}

// ---- the incremental plan is the full one

static void the_incremental_plan_is_the_full_plan_after_any_changes(void **state)
{
    (void)state;
    size_t done = 0;
    for (uint64_t seed = 1; seed <= 200; seed++)
        done += town_of(seed, plan_policy_find("market"));
    assert_true(done > 5000);
}

// Low-power mode in zone 0, which refuses heat: paid work goes there, after those who want heat; donated work
// does not.
static void low_power_mode_takes_paid_work_after_those_who_want_heat(void **state)
{
    (void)state;
    for (int a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++) {
        struct planner *p = planner_new(price_table_default());
        struct plan out = {0};
        struct err e = ERR_NULL;
        planner_site(p, 0, &(struct plan_site){.cap_mw = -1});
        planner_zone(p, 0, &(struct plan_zone){.online = true, .has_ahead = true, .request = {.keep_w = 50}});
        zone(p, 1, 0, 50, 50);
        put_board(p, 0, free_board(0));
        put_board(p, 1, free_board(1));
        put_task(p, 0, waiting((enum activity)a, 2, 1));
        planner_run(p, noon, &out);
        assert_int_equal(plan_check(p, noon, &out, &e), 0);
        assert_int_equal(out.n_assigns, a == ACTIVITY_DONATED ? 1 : 2);
        assert_int_equal(out.assign[0].board, 1);
        plan_deinit(&out);
        planner_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(low_power_mode_takes_paid_work_after_those_who_want_heat),
        cmocka_unit_test(a_slot_given_twice_is_found),
        cmocka_unit_test(a_slot_that_another_task_holds_is_found),
        cmocka_unit_test(two_accounts_on_a_board_are_found),
        cmocka_unit_test(a_board_that_may_not_be_used_is_found),
        cmocka_unit_test(hardware_that_is_lacking_is_found),
        cmocka_unit_test(heat_into_a_zone_that_refuses_it_is_found),
        cmocka_unit_test(more_placed_than_wait_is_found),
        cmocka_unit_test(a_cap_that_is_passed_is_found),
        cmocka_unit_test(an_unknown_board_is_found),
        cmocka_unit_test(stopping_what_does_not_run_is_found),
        cmocka_unit_test(work_that_waits_beside_a_free_board_is_found),
        cmocka_unit_test(work_that_waits_while_a_lower_class_holds_its_board_is_found),
        cmocka_unit_test(the_better_class_gets_the_only_board),
        cmocka_unit_test(the_older_task_goes_first_whatever_its_signature),
        cmocka_unit_test(a_zone_that_refuses_heat_gets_no_work),
        cmocka_unit_test(the_coldest_zone_is_served_first),
        cmocka_unit_test(spreading_slow_emerges),
        cmocka_unit_test(a_site_stays_below_its_cap_and_goes_on_when_there_is_room),
        cmocka_unit_test(a_board_is_asked_back_only_when_that_pays),
        cmocka_unit_test(who_has_done_least_makes_room),
        cmocka_unit_test(a_task_waits_again_after_its_signature_was_forgotten_and_used_anew),
        cmocka_unit_test(ten_thousand_signatures_leave_nothing_behind),
        cmocka_unit_test(the_incremental_plan_is_the_full_plan_after_any_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
