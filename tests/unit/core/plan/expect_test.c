// SPDX-License-Identifier: Apache-2.0
// How long work is expected to run, and what the market makes of it: long work does not crawl where little
// heat is wanted, and looks at the hours to come.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "core/plan/expect.h"
#include "core/plan/plan.h"

static const struct board_spec spec = {.cores = 8, .memory_mb = 16384, .key = "8c"};

static void too_few_say_nothing(void **state)
{
    (void)state;
    struct expect e = {0};
    assert_int_equal(expect_run_s(&e), -1);
    expect_add(&e, 100);
    expect_add(&e, 100);
    assert_int_equal(expect_run_s(&e), -1);
    expect_add(&e, 100);
    assert_int_equal(expect_run_s(&e), 100);
}

static void the_median_bears_four_wild_ones_of_nine(void **state)
{
    (void)state;
    struct expect e = {0};
    for (int i = 0; i < 9; i++)
        expect_add(&e, i % 2 ? (i % 4 == 1 ? 0 : INT64_MAX) : 1000 + i);
    assert_in_range(expect_run_s(&e), 1000, 1008);
}

static void it_follows_work_that_changes(void **state)
{
    (void)state;
    struct expect e = {0};
    struct rng r;
    rng_seed(&r, 1);
    for (int i = 0; i < 1000; i++)
        expect_add(&e, 90 + (int64_t)rng_below(&r, 21));
    assert_in_range(expect_run_s(&e), 90, 110);
    for (int i = 0; i < 9; i++)
        expect_add(&e, 5000 + (int64_t)rng_below(&r, 10));
    assert_in_range(expect_run_s(&e), 5000, 5009);
    expect_add(&e, -5);
    assert_in_range(expect_run_s(&e), 5000, 5009);
}

static void lengths_have_their_limits(void **state)
{
    (void)state;
    assert_int_equal(plan_run_of(0), RUN_SHORT);
    assert_int_equal(plan_run_of(600), RUN_SHORT);
    assert_int_equal(plan_run_of(601), RUN_HOUR);
    assert_int_equal(plan_run_of(3600), RUN_HOUR);
    assert_int_equal(plan_run_of(3601), RUN_HOURS);
    assert_int_equal(plan_run_of(14401), RUN_LONG);
}

static void what_is_not_known_is_typical_and_then_as_long_again(void **state)
{
    (void)state;
    int64_t prior = price_table_default()->unknown_run_s;
    assert_in_range(plan_run_of(prior), RUN_HOUR, RUN_LONG); // not short
    assert_int_equal(expect_whole_s(-1, prior, 0), prior);
    assert_int_equal(expect_left_s(-1, prior, 0), prior);
    assert_int_equal(expect_left_s(-1, prior, 600), prior - 600);
    assert_int_equal(expect_left_s(-1, prior, 7200), 7200);
    assert_int_equal(expect_whole_s(-1, prior, 7200), 14400);
    assert_int_equal(expect_whole_s(300, prior, 7200), 300); // its like is known better
    assert_int_equal(expect_left_s(300, prior, 100), 200);
    assert_int_equal(expect_left_s(300, prior, 500), 500); // but this one has outlived it
}

// ---- the market

static struct planner *rooms(const int32_t *watts, uint32_t n)
{
    struct planner *p = planner_new(price_table_default());
    planner_site(p, 0, &(struct plan_site){.cap_mw = -1});
    for (uint32_t i = 0; i < n; i++) {
        planner_zone(
            p, i, &(struct plan_zone){.online = true, .request = {.target_w = watts[i], .max_w = watts[i]}});
        planner_board(
            p, i,
            &(struct plan_board){
                .zone = i, .spec = &spec, .curve = curve_default(), .usable = true, .task = PLAN_NONE});
    }
    return p;
}

static void wait_for(struct planner *p, enum plan_run run, int32_t pending, house_ms since)
{
    planner_task(p, 0,
                 &(struct plan_task){.activity = ACTIVITY_FLEX,
                                     .account = 1,
                                     .order = 1,
                                     .run = run,
                                     .pending = pending,
                                     .since = since});
}

static size_t placed(struct planner *p, house_ms now, uint32_t *first)
{
    struct plan out = {0};
    struct err e = ERR_NULL;
    planner_run(p, now, &out);
    if (plan_check(p, now, &out, &e) < 0)
        fail_msg("%s", e.text);
    size_t n = out.n_assigns;
    if (n && first)
        *first = out.assign[0].board;
    plan_deinit(&out);
    return n;
}

// 22 W are 10 W above idling: about a twentieth of a board's work.
static void long_work_does_not_crawl_until_its_patience_is_over(void **state)
{
    (void)state;
    house_ms began = HOUSE_MS(1000), now = began;
    struct planner *p = rooms((int32_t[]){22}, 1);
    wait_for(p, RUN_SHORT, 1, began);
    assert_int_equal(placed(p, now, NULL), 1); // short work may
    planner_free(p);
    p = rooms((int32_t[]){22}, 1);
    wait_for(p, RUN_LONG, 1, began);
    assert_int_equal(placed(p, now, NULL), 0);
    int64_t patience_ms = plan_run_typical_s(RUN_LONG) * 1000;
    size_t n = 0;
    while (!n && house_since(now, began) <= 2 * patience_ms) { // nothing changes but the time
        now = house_add(now, 60000);
        n = placed(p, now, NULL);
    }
    assert_int_equal(n, 1);
    assert_in_range(house_since(now, began), patience_ms / 4, patience_ms + 60000);
    planner_free(p);
}

static void the_planner_says_when_it_wants_to_look_again(void **state)
{
    (void)state;
    struct planner *p = rooms((int32_t[]){22}, 1);
    wait_for(p, RUN_LONG, 1, HOUSE_MS(1000));
    assert_int_equal(placed(p, HOUSE_MS(1000), NULL), 0);
    assert_int_equal(planner_look_again(p).v, 1000 + plan_run_typical_s(RUN_LONG) * 250);
    planner_task_gone(p, 0);
    (void)placed(p, HOUSE_MS(2000), NULL);
    assert_int_equal(planner_look_again(p).v, INT64_MAX);
    planner_free(p);
}

// One room boosts for a quarter of an hour, the other wants less now and all day.
static void long_work_goes_where_heat_will_be_wanted(void **state)
{
    (void)state;
    for (int run = RUN_SHORT; run < PLAN_RUNS; run++) {
        struct planner *p = rooms((int32_t[]){150, 60}, 2);
        uint32_t at = PLAN_NONE;
        planner_zone(p, 0,
                     &(struct plan_zone){.online = true,
                                         .request = {.target_w = 150, .max_w = 150},
                                         .has_ahead = true,
                                         .ahead_w = {150, 80, 30, 20}});
        planner_zone(p, 1,
                     &(struct plan_zone){.online = true,
                                         .request = {.target_w = 60, .max_w = 60},
                                         .has_ahead = true,
                                         .ahead_w = {60, 60, 60, 60}});
        wait_for(p, (enum plan_run)run, 1, HOUSE_MS(1000));
        assert_int_equal(placed(p, HOUSE_MS(1000), &at), 1);
        assert_int_equal(at, run >= RUN_HOURS);
        planner_free(p);
    }
}

static void what_wants_nothing_now_gets_no_flex_work_for_the_sake_of_later(void **state)
{
    (void)state;
    struct planner *p = rooms((int32_t[]){0}, 1);
    planner_zone(p, 0,
                 &(struct plan_zone){.online = true,
                                     .request = {.target_w = 0, .max_w = 100},
                                     .has_ahead = true,
                                     .ahead_w = {0, 50, 150, 150}});
    wait_for(p, RUN_LONG, 1, HOUSE_MS(1000));
    assert_int_equal(placed(p, HOUSE_MS(1000), NULL), 0);
    planner_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_few_say_nothing),
        cmocka_unit_test(the_median_bears_four_wild_ones_of_nine),
        cmocka_unit_test(it_follows_work_that_changes),
        cmocka_unit_test(lengths_have_their_limits),
        cmocka_unit_test(what_is_not_known_is_typical_and_then_as_long_again),
        cmocka_unit_test(long_work_does_not_crawl_until_its_patience_is_over),
        cmocka_unit_test(the_planner_says_when_it_wants_to_look_again),
        cmocka_unit_test(long_work_goes_where_heat_will_be_wanted),
        cmocka_unit_test(what_wants_nothing_now_gets_no_flex_work_for_the_sake_of_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
