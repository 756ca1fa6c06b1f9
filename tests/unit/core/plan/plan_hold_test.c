// SPDX-License-Identifier: Apache-2.0
// Plans where boards set work aside: given to the newcomer in the plan itself, and afterwards to better classes only.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/plan/plan.h"

static const struct board_spec spec = {.cores = 8, .memory_mb = 16384, .key = "8c"};
static const house_ms now = {.v = 1000000};

// So many boards in rooms of their own that want 150 W.
static struct planner *town(uint32_t boards)
{
    struct planner *p = planner_new(price_table_default());
    planner_site(p, 0, &(struct plan_site){.cap_mw = -1});
    for (uint32_t i = 0; i < boards; i++)
        planner_zone(
            p, i, &(struct plan_zone){.site = 0, .online = true, .request = {.target_w = 150, .max_w = 150}});
    return p;
}

static struct plan_board board(uint32_t at, uint32_t task, enum activity a)
{
    return (struct plan_board){.zone = at,
                               .spec = &spec,
                               .curve = curve_default(),
                               .usable = true,
                               .task = task,
                               .activity = task == PLAN_NONE ? ACTIVITY_IDLE : a,
                               .account = 1};
}

static void waits(struct planner *p, uint32_t task, enum activity a, int32_t n)
{
    planner_task(p, task,
                 &(struct plan_task){
                     .activity = a, .account = 1, .order = (uint64_t)task + 1, .pending = n, .since = now});
}

static void run(struct planner *p, struct plan *out)
{
    struct err e = ERR_NULL;
    plan_clear(out);
    planner_run(p, now, out);
    if (plan_check(p, now, out, &e) < 0)
        fail_msg("%s", e.text);
}

static void the_newcomer_has_the_board_in_the_same_plan(void **state)
{
    (void)state;
    struct planner *p = town(1);
    struct plan out = {0};
    struct plan_board b = board(0, 9, ACTIVITY_FLEX);
    b.holds = true;
    planner_board(p, 0, &b);
    waits(p, 9, ACTIVITY_FLEX, 0);
    waits(p, 0, ACTIVITY_ONDEMAND, 2);
    run(p, &out);
    assert_int_equal(out.n_stops, 0);
    assert_int_equal(out.n_assigns, 1);
    assert_true(out.assign[0].aside && out.assign[0].task == 0 && out.assign[0].board == 0);
    run(p, &out); // the second one waits: what has the board now is as good
    assert_int_equal(out.n_assigns + out.n_stops, 0);
    plan_deinit(&out);
    planner_free(p);
}

// Also when it would be worth as much to others: what stands still there goes on before its like.
static void a_board_with_something_beneath_is_for_better_classes(void **state)
{
    (void)state;
    struct planner *p = town(1);
    struct plan out = {0};
    struct plan_board b = board(0, PLAN_NONE, ACTIVITY_IDLE);
    enum plan_bar why;
    b.beneath = ACTIVITY_FLEX;
    planner_board(p, 0, &b);
    waits(p, 1, ACTIVITY_FLEX, 1);
    waits(p, 2, ACTIVITY_DONATED, 1);
    run(p, &out);
    assert_int_equal(out.n_assigns, 0);
    assert_true(planner_net(p, 1, 0, now, &why) == INT64_MIN && why == BAR_HELD);
    assert_false(planner_has_room(p, 1, now));
    waits(p, 3, ACTIVITY_ONDEMAND, 1);
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    assert_true(out.assign[0].task == 3 && !out.assign[0].aside);
    plan_deinit(&out);
    planner_free(p);
}

// Of two that are alike the one that loses nothing goes, and of those that hold the younger.
static void who_can_be_set_aside_goes_first(void **state)
{
    (void)state;
    static const struct {
        bool holds[2];
        int32_t lost_s[2];
        uint32_t goes;
    } rows[] = {{{false, true}, {3600, 900}, 1}, {{true, true}, {900, 60}, 1}, {{true, true}, {60, 900}, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct planner *p = town(2);
        struct plan out = {0};
        for (uint32_t k = 0; k < 2; k++) {
            struct plan_board b = board(k, 9, ACTIVITY_FLEX);
            b.holds = rows[i].holds[k];
            b.lost_s = rows[i].lost_s[k];
            planner_board(p, k, &b);
        }
        waits(p, 9, ACTIVITY_FLEX, 0);
        waits(p, 0, ACTIVITY_RESERVED, 1);
        run(p, &out);
        assert_int_equal(out.n_stops, 0);
        assert_int_equal(out.n_assigns, 1);
        assert_int_equal(out.assign[0].board, rows[i].goes);
        plan_deinit(&out);
        planner_free(p);
    }
}

// A plan that breaks that is found.
static void a_plan_for_no_better_class_is_found(void **state)
{
    (void)state;
    struct planner *p = town(1);
    struct err e = ERR_NULL;
    struct plan_board b = board(0, 1, ACTIVITY_FLEX);
    b.beneath = ACTIVITY_FLEX;
    planner_board(p, 0, &b);
    waits(p, 1, ACTIVITY_FLEX, 0);
    struct plan_assign a = {.task = 1, .board = 0};
    assert_true(plan_check(p, now, &(struct plan){.assign = &a, .n_assigns = 1}, &e) < 0);
    assert_non_null(strstr(e.text, "no better class"));
    planner_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_newcomer_has_the_board_in_the_same_plan),
        cmocka_unit_test(a_board_with_something_beneath_is_for_better_classes),
        cmocka_unit_test(who_can_be_set_aside_goes_first),
        cmocka_unit_test(a_plan_for_no_better_class_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
