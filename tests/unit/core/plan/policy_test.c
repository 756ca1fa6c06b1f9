// SPDX-License-Identifier: Apache-2.0
// The policies beside the market: each by what it is known for, and all of them in random towns.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/plan/policy.h"
#include "town.h"

static const struct board_spec spec = {.cores = 8, .memory_mb = 16384, .key = "8c"};
static const house_ms noon = {.v = 1000};

// Zone i of site i / 2 with board i; diff in millikelvin, positive: cold.
static void zone(struct planner *p, uint32_t at, int32_t target_w, int32_t diff_mc)
{
    planner_zone(p, at,
                 &(struct plan_zone){.site = at / 2,
                                     .online = true,
                                     .room_mc = 20000 - diff_mc,
                                     .setpoint_mc = 20000,
                                     .request = {.target_w = target_w, .max_w = target_w}});
}

static void board(struct planner *p, uint32_t at, uint32_t task, enum activity a)
{
    planner_board(p, at,
                  &(struct plan_board){.zone = at,
                                       .spec = &spec,
                                       .curve = curve_default(),
                                       .usable = true,
                                       .task = task,
                                       .activity = a,
                                       .account = 1});
}

static void task(struct planner *p, uint32_t at, enum activity a, int32_t pending)
{
    planner_task(p, at,
                 &(struct plan_task){.activity = a, .account = 1, .order = at + 1, .pending = pending});
}

static struct planner *row(const char *policy, const int32_t diff_mc[], uint32_t n)
{
    struct planner *p = planner_new_with(price_table_default(), plan_policy_find(policy));
    for (uint32_t i = 0; i < n; i++) {
        planner_site(p, i / 2, &(struct plan_site){.cap_mw = -1});
        zone(p, i, 100, diff_mc[i]);
        board(p, i, PLAN_NONE, ACTIVITY_IDLE);
    }
    return p;
}

static struct plan run(struct planner *p)
{
    struct plan out = {0};
    struct err e = ERR_NULL;
    planner_run(p, noon, &out);
    if (plan_check(p, noon, &out, &e) < 0)
        fail_msg("%s", e.text);
    return out;
}

static void runs_on(struct planner *p, const uint32_t *boards, size_t n)
{
    struct plan out = run(p);
    assert_int_equal(out.n_assigns, n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(out.assign[i].board, boards[i]);
    plan_deinit(&out);
    planner_free(p);
}

static void policies_are_found_by_name(void **state)
{
    (void)state;
    assert_string_equal(plan_policy_at(0)->name, "market");
    for (size_t i = 0; plan_policy_at(i); i++) {
        assert_ptr_equal(plan_policy_find(plan_policy_at(i)->name), plan_policy_at(i));
        assert_int_equal(plan_policy_number(plan_policy_at(i)), i);
    }
    assert_null(plan_policy_find("nonesuch"));
}

// ---- blind, fifo

static void the_blind_sends_work_where_heat_is_refused(void **state)
{
    (void)state;
    struct planner *p = row("blind", (int32_t[]){0, 0}, 2);
    zone(p, 0, 0, 0);
    task(p, 0, ACTIVITY_FLEX, 2);
    runs_on(p, (uint32_t[]){0, 1}, 2);
}

static void the_blind_takes_the_board_that_was_idle_longest(void **state)
{
    (void)state;
    struct planner *p = row("blind", (int32_t[]){0, 0, 0}, 3);
    board(p, 0, 7, ACTIVITY_FLEX);
    board(p, 0, PLAN_NONE, ACTIVITY_IDLE);
    task(p, 0, ACTIVITY_FLEX, 2);
    runs_on(p, (uint32_t[]){1, 2}, 2);
}

static void first_come_is_first_served_whatever_the_class(void **state)
{
    (void)state;
    struct planner *p = row("fifo", (int32_t[]){0}, 1);
    task(p, 0, ACTIVITY_DONATED, 1);
    task(p, 1, ACTIVITY_RESERVED, 1);
    struct plan out = run(p);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.assign[0].task, 0);
    plan_clear(&out);
    planner_board(p, 0,
                  &(struct plan_board){.zone = 0,
                                       .spec = &spec,
                                       .curve = curve_default(),
                                       .usable = true,
                                       .task = 0,
                                       .activity = ACTIVITY_DONATED,
                                       .account = 1});
    planner_run(p, noon, &out); // and nobody is sent away
    assert_int_equal(out.n_stops, 0);
    plan_deinit(&out);
    planner_free(p);
}

// ---- qstd: thresholds as published

static void each_group_uses_its_slots_and_no_others(void **state)
{
    (void)state;
    static const struct {
        enum activity a;
        int32_t diff_mc;
        bool may;
    } row_of[] = {
        {ACTIVITY_DONATED, 1000, true},   {ACTIVITY_DONATED, 999, false},   {ACTIVITY_FLEX, -1000, true},
        {ACTIVITY_FLEX, -1001, false},    {ACTIVITY_RESERVED, -4000, true}, {ACTIVITY_RESERVED, -4001, false},
        {ACTIVITY_ONDEMAND, -4000, true},
    };
    for (size_t i = 0; i < sizeof row_of / sizeof *row_of; i++) {
        struct planner *p = row("qstd", &row_of[i].diff_mc, 1);
        task(p, 0, row_of[i].a, 1);
        runs_on(p, (uint32_t[]){0}, row_of[i].may);
    }
}

static void background_slots_are_filled_first_then_low_then_high(void **state)
{
    (void)state;
    struct planner *p = row("qstd", (int32_t[]){-2000, 0, 1500}, 3);
    task(p, 0, ACTIVITY_RESERVED, 3);
    runs_on(p, (uint32_t[]){2, 1, 0}, 3);
}

static void high_goes_to_the_coolest_and_low_to_the_warmest(void **state)
{
    (void)state;
    struct planner *p = row("qstd", (int32_t[]){200, 900}, 2);
    task(p, 0, ACTIVITY_RESERVED, 1);
    runs_on(p, (uint32_t[]){1}, 1);
    p = row("qstd", (int32_t[]){200, 900}, 2);
    task(p, 0, ACTIVITY_FLEX, 1);
    runs_on(p, (uint32_t[]){0}, 1);
}

static void the_building_with_the_fewest_free_slots_is_filled_first(void **state)
{
    (void)state;
    struct planner *p = row("qstd", (int32_t[]){0, 0, 0, 0}, 4);
    board(p, 3, 9, ACTIVITY_RESERVED);
    task(p, 0, ACTIVITY_RESERVED, 2);
    runs_on(p, (uint32_t[]){2, 0}, 2);
}

static void a_group_asks_back_from_lower_groups_only(void **state)
{
    (void)state;
    static const struct {
        enum activity waits, holds;
        size_t stops;
    } row_of[] = {
        {ACTIVITY_RESERVED, ACTIVITY_FLEX, 1},    {ACTIVITY_RESERVED, ACTIVITY_ONDEMAND, 0},
        {ACTIVITY_ONDEMAND, ACTIVITY_DONATED, 1}, {ACTIVITY_FLEX, ACTIVITY_DONATED, 1},
        {ACTIVITY_DONATED, ACTIVITY_DONATED, 0},
    };
    for (size_t i = 0; i < sizeof row_of / sizeof *row_of; i++) {
        struct planner *p = row("qstd", (int32_t[]){0}, 1);
        board(p, 0, 9, row_of[i].holds);
        task(p, 0, row_of[i].waits, 1);
        struct plan out = run(p);
        assert_int_equal(out.n_stops, row_of[i].stops);
        plan_deinit(&out);
        planner_free(p);
    }
}

static void work_is_killed_when_its_room_is_too_warm(void **state)
{
    (void)state;
    static const struct {
        enum activity a;
        int32_t stays_mc, goes_mc;
    } row_of[] = {
        {ACTIVITY_DONATED, -1000, -1001}, {ACTIVITY_FLEX, -3000, -3001}, {ACTIVITY_ONDEMAND, -10000, -10001}};
    for (size_t i = 0; i < sizeof row_of / sizeof *row_of; i++) {
        struct planner *p = row("qstd", &row_of[i].stays_mc, 1);
        board(p, 0, 9, row_of[i].a);
        struct plan out = run(p);
        assert_int_equal(out.n_stops, 0);
        zone(p, 0, 100, row_of[i].goes_mc);
        planner_run(p, noon, &out);
        assert_int_equal(out.n_stops, 1);
        assert_int_equal(out.stop[0].for_task, PLAN_NONE);
        plan_deinit(&out);
        planner_free(p);
    }
}

static void the_task_with_the_fewest_running_goes_first(void **state)
{
    (void)state;
    struct planner *p = row("qstd", (int32_t[]){0, 0, 0, 0}, 4);
    board(p, 0, 0, ACTIVITY_FLEX);
    task(p, 0, ACTIVITY_FLEX, 5);
    task(p, 1, ACTIVITY_FLEX, 5);
    struct plan out = run(p);
    assert_int_equal(out.n_assigns, 3);
    assert_int_equal(out.assign[0].task, 1);
    assert_int_equal(out.assign[1].task, 0);
    assert_int_equal(out.assign[2].task, 1);
    plan_deinit(&out);
    planner_free(p);
}

// Between -1 K and -3 K a room gets no new work of low priority, but the next instance of what it ran.
static void a_board_goes_on_with_its_task_unless_a_better_class_waits(void **state)
{
    (void)state;
    for (int better = 0; better < 2; better++) {
        struct planner *p = row("qstd", (int32_t[]){0}, 1);
        task(p, 0, ACTIVITY_FLEX, 3);
        struct plan out = run(p);
        assert_int_equal(out.n_assigns, 1);
        plan_deinit(&out);
        board(p, 0, 0, ACTIVITY_FLEX);
        zone(p, 0, 100, -2000);
        out = run(p);
        assert_int_equal(out.n_assigns + out.n_stops, 0);
        plan_deinit(&out);
        if (better)
            task(p, 1, ACTIVITY_RESERVED, 1);
        board(p, 0, PLAN_NONE, ACTIVITY_IDLE);
        out = run(p);
        assert_int_equal(out.n_assigns, 1);
        assert_int_equal(out.assign[0].task, better);
        plan_deinit(&out);
        if (!better) { // what was stopped does not go on
            board(p, 0, 0, ACTIVITY_FLEX);
            zone(p, 0, 100, -3500);
            out = run(p);
            assert_int_equal(out.n_stops, 1);
            plan_deinit(&out);
            board(p, 0, PLAN_NONE, ACTIVITY_IDLE);
            out = run(p);
            assert_int_equal(out.n_assigns, 0);
            plan_deinit(&out);
        }
        planner_free(p);
    }
}

static void its_regulator_takes_one_step_and_never_switches_off(void **state)
{
    (void)state;
    const struct curve *c = curve_default();
    assert_int_equal(qstd_next_mhz(c, 2000, 1000), 2100);
    assert_int_equal(qstd_next_mhz(c, 2000, 999), 2000);
    assert_int_equal(qstd_next_mhz(c, 2000, -1000), 1900);
    assert_int_equal(qstd_next_mhz(c, c->p[0].freq_mhz, -5000), c->p[0].freq_mhz);
    assert_int_equal(qstd_next_mhz(c, c->p[c->n - 1].freq_mhz, 5000), c->p[c->n - 1].freq_mhz);
    assert_true(qstd_burns(1000));
    assert_false(qstd_burns(999));
}

static void every_policy_plans_random_towns_without_a_fault(void **state)
{
    (void)state;
    for (size_t i = 1; plan_policy_at(i); i++) {
        size_t done = 0;
        for (uint64_t seed = 1; seed <= 60; seed++)
            done += town_of(seed, plan_policy_at(i));
        assert_true(done > 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_are_found_by_name),
        cmocka_unit_test(the_blind_sends_work_where_heat_is_refused),
        cmocka_unit_test(the_blind_takes_the_board_that_was_idle_longest),
        cmocka_unit_test(first_come_is_first_served_whatever_the_class),
        cmocka_unit_test(each_group_uses_its_slots_and_no_others),
        cmocka_unit_test(background_slots_are_filled_first_then_low_then_high),
        cmocka_unit_test(high_goes_to_the_coolest_and_low_to_the_warmest),
        cmocka_unit_test(the_building_with_the_fewest_free_slots_is_filled_first),
        cmocka_unit_test(a_group_asks_back_from_lower_groups_only),
        cmocka_unit_test(work_is_killed_when_its_room_is_too_warm),
        cmocka_unit_test(the_task_with_the_fewest_running_goes_first),
        cmocka_unit_test(a_board_goes_on_with_its_task_unless_a_better_class_waits),
        cmocka_unit_test(its_regulator_takes_one_step_and_never_switches_off),
        cmocka_unit_test(every_policy_plans_random_towns_without_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
