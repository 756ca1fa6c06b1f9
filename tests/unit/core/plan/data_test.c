// SPDX-License-Identifier: Apache-2.0
// Data sets: no board waits for data, copies go where work will be, and the published policies do as
// published.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/plan/policy.h"

static const struct board_spec spec = {.cores = 8, .memory_mb = 16384, .key = "8c"};
static const int64_t GB = 1000000000;

// Sites with so many boards each, every board in a zone of its own.
static struct planner *town(const char *policy, const uint32_t *boards, uint32_t sites)
{
    struct planner *p = planner_new_with(price_table_default(), plan_policy_find(policy));
    for (uint32_t s = 0, at = 0; s < sites; s++) {
        planner_site(
            p, s,
            &(struct plan_site){.cap_mw = -1, .link_mbit_s = 100, .disk_free_mb = 1000 * (int64_t)(s + 1)});
        for (uint32_t b = 0; b < boards[s]; b++, at++) {
            planner_zone(p, at,
                         &(struct plan_zone){.site = s,
                                             .online = true,
                                             .request = {.target_w = 100, .max_w = 100},
                                             .room_mc = 20000,
                                             .setpoint_mc = 20000});
            planner_board(
                p, at,
                &(struct plan_board){
                    .zone = at, .spec = &spec, .curve = curve_default(), .usable = true, .task = PLAN_NONE});
        }
    }
    planner_data(p, 0, GB);
    return p;
}

static void idle(struct planner *p, uint32_t board)
{
    planner_board(
        p, board,
        &(struct plan_board){
            .zone = board, .spec = &spec, .curve = curve_default(), .usable = true, .task = PLAN_NONE});
}

static void put(struct planner *p, uint32_t at, int32_t pending, bool with_data)
{
    planner_task(p, at,
                 &(struct plan_task){.activity = ACTIVITY_FLEX,
                                     .account = 1,
                                     .order = at + 1,
                                     .pending = pending,
                                     .n_data = with_data,
                                     .since = HOUSE_MS(1000)});
}

static struct plan run_at(struct planner *p, int64_t ms)
{
    struct plan out = {0};
    struct err e = ERR_NULL;
    planner_run(p, HOUSE_MS(ms), &out);
    if (plan_check(p, HOUSE_MS(ms), &out, &e) < 0)
        fail_msg("%s", e.text);
    return out;
}

static void no_board_waits_for_data_while_others_could_run(void **state)
{
    (void)state;
    struct planner *p = town("market", (uint32_t[]){1}, 1);
    put(p, 0, 1, true);
    put(p, 1, 1, false);
    struct plan out = run_at(p, 1000);
    assert_int_equal(out.n_fetches, 1);
    assert_int_equal(out.fetch[0].for_task, 0);
    assert_int_equal(out.n_assigns, 1); // the younger one, meanwhile
    assert_int_equal(out.assign[0].task, 1);
    plan_deinit(&out);
    planner_replica(p, 0, 0, REPLICA_HERE);
    idle(p, 0);
    out = run_at(p, 2000);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.assign[0].task, 0);
    assert_int_equal(out.assign[0].stage_bytes, 0);
    plan_deinit(&out);
    planner_free(p);
}

static void work_goes_to_its_data_and_the_rest_is_fetched_for(void **state)
{
    (void)state;
    struct planner *p = town("market", (uint32_t[]){2, 3, 9}, 3);
    planner_replica(p, 0, 0, REPLICA_HERE);
    put(p, 0, 2, true);
    struct plan out = run_at(p, 1000);
    assert_int_equal(out.n_assigns, 2); // all of them have room beside it: nothing moves
    assert_true(out.assign[0].board < 2 && out.assign[1].board < 2);
    assert_int_equal(out.n_fetches, 0);
    plan_deinit(&out);
    put(p, 1, 8, true);
    out = run_at(p, 2000);
    assert_int_equal(out.n_fetches, 1); // one site that has room for all eight
    assert_int_equal(out.fetch[0].site, 2);
    plan_deinit(&out);
    put(p, 2, 1, true);
    out = run_at(p, 3000);
    assert_int_equal(out.n_fetches, 0); // and for one more: it is on its way
    plan_deinit(&out);
    planner_free(p);
}

static void a_board_that_would_wait_for_data_is_found(void **state)
{
    (void)state;
    struct planner *p = town("market", (uint32_t[]){1}, 1);
    struct err e = ERR_NULL;
    put(p, 0, 0, true);
    planner_board(p, 0,
                  &(struct plan_board){.zone = 0,
                                       .spec = &spec,
                                       .curve = curve_default(),
                                       .usable = true,
                                       .task = 0,
                                       .activity = ACTIVITY_FLEX,
                                       .account = 1});
    struct plan_assign a = {.task = 0, .board = 0};
    assert_int_equal(plan_check(p, HOUSE_MS(1000), &(struct plan){.assign = &a, .n_assigns = 1}, &e),
                     -EINVAL);
    assert_non_null(strstr(e.text, "would wait for data"));
    struct plan_fetch f = {.data = 0, .site = 0};
    assert_int_equal(plan_check(p, HOUSE_MS(1000), &(struct plan){.fetch = &f, .n_fetches = 1}, &e), -EINVAL);
    assert_non_null(strstr(e.text, "which has it"));
    planner_free(p);
}

// A huge set for one short instance while a replica's only board is busy: it waits, though not for ever.
static void a_dear_copy_is_made_for_who_has_waited_as_often_as_it_costs(void **state)
{
    (void)state;
    struct planner *p = town("market", (uint32_t[]){1, 1}, 2);
    enum plan_bar why;
    planner_data(p, 0, 100 * GB);
    planner_replica(p, 0, 0, REPLICA_HERE);
    put(p, 0, 2, true);
    struct plan out = run_at(p, 1000);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.n_fetches, 0);
    assert_int_equal(planner_net(p, 0, 1, HOUSE_MS(1000), &why), INT64_MIN);
    assert_int_equal(why, BAR_DATA);
    plan_deinit(&out);
    // 100 GB over 100 Mbit/s: 8,000 s. They cost 0.2 euro, thirty times what ten minutes of eight cores
    // bring.
    out = run_at(p, 1000 + 10 * 8000000);
    assert_int_equal(out.n_fetches, 0);
    assert_true(planner_look_again(p).v > 1000 + 10 * 8000000 &&
                planner_look_again(p).v < 1000 + 101 * 8000000LL);
    plan_deinit(&out);
    out = run_at(p, planner_look_again(p).v);
    assert_int_equal(out.n_fetches, 1);
    assert_int_equal(out.fetch[0].site, 1);
    plan_deinit(&out);
    planner_free(p);
}

static void what_is_nowhere_is_fetched_at_once_however_dear(void **state)
{
    (void)state;
    struct planner *p = town("market", (uint32_t[]){1, 3}, 2);
    planner_data(p, 0, 100 * GB);
    put(p, 0, 1, true);
    struct plan out = run_at(p, 1000);
    assert_int_equal(out.n_fetches, 1);
    assert_int_equal(out.fetch[0].for_task, 0);
    plan_deinit(&out);
    planner_free(p);
}

static void what_is_used_much_is_fetched_ahead_and_what_is_not_is_not(void **state)
{
    (void)state;
    struct planner *p = town("market", (uint32_t[]){4, 4, 1}, 3);
    planner_data(p, 1, GB);
    planner_replica(p, 0, 0, REPLICA_HERE);
    planner_replica(p, 1, 0, REPLICA_HERE);
    size_t ahead = 0, rare = 0;
    for (uint32_t i = 0; i < 12; i++) { // nine boards, four uses a day: from nine uses on for a site of four
        put(p, i, 1, true);
        struct plan out = run_at(p, 1000 + 1000 * (int64_t)i);
        assert_int_equal(out.n_assigns, 1);
        for (size_t k = 0; k < out.n_fetches; k++) {
            assert_int_equal(out.fetch[k].for_task, PLAN_NONE);
            assert_int_equal(out.fetch[k].site, 1); // not the site of one board
            ahead += out.fetch[k].data == 0;
            rare += out.fetch[k].data == 1;
        }
        idle(p, out.assign[0].board);
        plan_deinit(&out);
    }
    assert_int_equal(ahead, 1);
    assert_int_equal(rare, 0);
    planner_free(p);
}

// ---- the published policies

static void published_policies_give_the_board_at_once_and_stage(void **state)
{
    (void)state;
    struct planner *p = town("qstd", (uint32_t[]){1}, 1);
    put(p, 0, 1, true);
    struct plan out = run_at(p, 1000);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.assign[0].stage_bytes, GB);
    assert_int_equal(out.n_fetches, 0);
    plan_deinit(&out);
    planner_free(p);
}

static void locality_takes_the_building_with_the_data(void **state)
{
    (void)state;
    for (int local = 0; local < 2; local++) {
        struct planner *p = town(local ? "locality" : "qstd", (uint32_t[]){1, 2}, 2);
        planner_replica(p, 0, 1, REPLICA_HERE);
        put(p, 0, 1, true);
        struct plan out = run_at(p, 1000);
        assert_int_equal(out.n_assigns, 1);
        assert_int_equal(out.assign[0].board == 0, !local); // else the building with the fewest free slots
        plan_deinit(&out);
        planner_free(p);
    }
}

static void copies_are_made_when_a_task_is_new_on_the_emptiest_disks(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        size_t copies;
    } row[] = {{"locality", 0}, {"replicate3", 3}, {"replicate10", 10}, {"full-replicate", 12}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        uint32_t boards[12] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
        struct planner *p = town(row[i].policy, boards, 12);
        put(p, 0, 1, true);
        struct plan out = run_at(p, 1000);
        assert_int_equal(out.n_fetches, row[i].copies);
        for (size_t k = 0; k < out.n_fetches; k++)
            assert_int_equal(out.fetch[k].site, 11 - k); // the higher the number the emptier
        plan_deinit(&out);
        put(p, 1, 1, true);
        out = run_at(p, 2000);
        assert_int_equal(out.n_fetches, 0); // once
        plan_deinit(&out);
        planner_free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_board_waits_for_data_while_others_could_run),
        cmocka_unit_test(work_goes_to_its_data_and_the_rest_is_fetched_for),
        cmocka_unit_test(a_board_that_would_wait_for_data_is_found),
        cmocka_unit_test(a_dear_copy_is_made_for_who_has_waited_as_often_as_it_costs),
        cmocka_unit_test(what_is_nowhere_is_fetched_at_once_however_dear),
        cmocka_unit_test(what_is_used_much_is_fetched_ahead_and_what_is_not_is_not),
        cmocka_unit_test(published_policies_give_the_board_at_once_and_stage),
        cmocka_unit_test(locality_takes_the_building_with_the_data),
        cmocka_unit_test(copies_are_made_when_a_task_is_new_on_the_emptiest_disks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
