// SPDX-License-Identifier: Apache-2.0
// Urgent work and heat that is not wanted but borne (docs/design/0052-band.md): where it goes first, who has
// no part in it, and that nobody chases another from board to board.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "core/plan/plan.h"

static const struct board_spec small = {.cores = 8, .memory_mb = 16384, .key = "8c"};
static const house_ms noon = {.v = 1000};

static void zone(struct planner *p, uint32_t at, int32_t target_w, int32_t max_w)
{
    planner_zone(
        p, at,
        &(struct plan_zone){.site = 0, .online = true, .request = {.target_w = target_w, .max_w = max_w}});
}

static struct plan_board on_board(uint32_t in_zone, uint32_t task, enum activity a)
{
    return (struct plan_board){.zone = in_zone,
                               .spec = &small,
                               .curve = curve_default(),
                               .usable = true,
                               .task = task,
                               .account = task == PLAN_NONE ? 0 : 1,
                               .activity = a};
}

static void put(struct planner *p, uint32_t board, uint32_t in_zone, uint32_t task, enum activity a)
{
    struct plan_board b = on_board(in_zone, task, a);
    planner_board(p, board, &b);
}

static void waits(struct planner *p, uint32_t task, enum activity a, enum plan_run run, int32_t pending)
{
    struct plan_task t = {.activity = a, .run = run, .account = 1, .order = task + 1, .pending = pending};
    planner_task(p, task, &t);
}

static struct planner *house(void)
{
    struct planner *p = planner_new(price_table_default());
    planner_site(p, 0, &(struct plan_site){.cap_mw = -1, .country = "FR"});
    return p;
}

static void plan_now(struct planner *p, struct plan *out)
{
    struct err e = ERR_NULL;
    plan_clear(out);
    planner_run(p, noon, out);
    if (plan_check(p, noon, out, &e) < 0)
        fail_msg("%s", e.text);
}

static void where_heat_is_wanted_comes_first_even_if_somebody_makes_room(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    zone(p, 0, 0, 459);
    zone(p, 1, 150, 459);
    put(p, 0, 0, PLAN_NONE, ACTIVITY_IDLE);
    put(p, 1, 1, 9, ACTIVITY_FLEX);
    waits(p, 9, ACTIVITY_FLEX, RUN_SHORT, 0);
    waits(p, 0, ACTIVITY_RESERVED, RUN_SHORT, 1);
    plan_now(p, &out);
    assert_int_equal(out.n_assigns, 0); // it was sent into a room in its band, to boot there
    assert_int_equal(out.n_stops, 1);
    assert_int_equal(out.stop[0].board, 1);
    plan_deinit(&out);
    planner_free(p);
}

static void urgent_work_goes_where_heat_is_borne_and_lower_classes_do_not(void **state)
{
    (void)state;
    struct plan out = {0};
    for (enum activity a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++) {
        struct planner *p = house();
        zone(p, 0, 0, 459);
        put(p, 0, 0, PLAN_NONE, ACTIVITY_IDLE);
        waits(p, 0, a, RUN_SHORT, 1);
        plan_now(p, &out);
        assert_int_equal(out.n_assigns, activity_is_urgent(a));
        planner_free(p);
        // Who stands still in a room in its band makes room there.
        p = house();
        zone(p, 0, 0, 459);
        put(p, 0, 0, 9, ACTIVITY_FLEX);
        waits(p, 9, ACTIVITY_FLEX, RUN_SHORT, 0);
        waits(p, 0, a, RUN_SHORT, 1);
        plan_now(p, &out);
        assert_int_equal(out.n_stops, activity_is_urgent(a));
        planner_free(p);
        // Above its band a room bears nothing.
        p = house();
        zone(p, 0, 0, 0);
        put(p, 0, 0, PLAN_NONE, ACTIVITY_IDLE);
        waits(p, 0, a, RUN_SHORT, 1);
        plan_now(p, &out);
        assert_int_equal(out.n_assigns, 0);
        planner_free(p);
    }
    plan_deinit(&out);
}

// The watts that urgent work may draw count under a cap, not only those that are wanted.
// Who asks what a board is worth to a task (why, and where what crawls may go) hears the same.
static void what_a_board_is_worth_counts_what_is_borne_for_urgent_work_only(void **state)
{
    (void)state;
    for (enum activity a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++) {
        struct planner *p = house();
        enum plan_bar bar;
        zone(p, 0, 0, 459);
        put(p, 0, 0, PLAN_NONE, ACTIVITY_IDLE);
        waits(p, 0, a, RUN_SHORT, 1);
        int64_t net = planner_net(p, 0, 0, noon, &bar);
        assert_int_equal(net > 0, activity_is_urgent(a));
        assert_int_equal(bar == BAR_NONE, activity_is_urgent(a));
        zone(p, 0, 0, 0);
        assert_true(planner_net(p, 0, 0, noon, &bar) <= 0);
        zone(p, 0, 150, 459); // wanted: more than borne
        assert_true(planner_net(p, 0, 0, noon, &bar) > 0);
        planner_free(p);
    }
}

static void what_is_borne_counts_under_a_cap(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    planner_site(p, 0, &(struct plan_site){.cap_mw = 250000, .country = "FR"});
    for (uint32_t z = 0; z < 3; z++) {
        zone(p, z, 0, 459);
        put(p, z, z, PLAN_NONE, ACTIVITY_IDLE);
    }
    waits(p, 0, ACTIVITY_ONDEMAND, RUN_SHORT, 3);
    plan_now(p, &out);
    assert_int_equal(out.n_assigns, 1); // 153 W, and twice that is too much
    plan_deinit(&out);
    planner_free(p);
}

// ---- nobody chases another

#define ZONES  4
#define BOARDS 10
#define TASKS  8

struct hamlet {
    struct planner *p;
    struct plan_board board[BOARDS];
    struct plan_task task[TASKS];
    int64_t stops;
};

static void tell(struct hamlet *h, uint32_t board, uint32_t task)
{
    uint32_t was = h->board[board].task;
    h->board[board] =
        on_board(h->board[board].zone, task, task == PLAN_NONE ? ACTIVITY_IDLE : h->task[task].activity);
    planner_board(h->p, board, &h->board[board]);
    for (int i = 0; i < 2; i++) {
        uint32_t t = i ? task : was;
        if (t == PLAN_NONE)
            continue;
        h->task[t].pending += i ? -1 : 1;
        planner_task(h->p, t, &h->task[t]);
    }
}

// Stops are over and assignments begun at once. Rounds until nothing is planned; `most`: still not.
static int until_it_rests(struct hamlet *h, int most)
{
    struct plan out = {0};
    int rounds = 0;
    for (; rounds < most; rounds++) {
        plan_now(h->p, &out);
        if (out.n_assigns + out.n_stops == 0)
            break;
        for (size_t i = 0; i < out.n_assigns; i++)
            tell(h, out.assign[i].board, out.assign[i].task);
        for (size_t i = 0; i < out.n_stops; i++)
            tell(h, out.stop[i].board, PLAN_NONE);
        h->stops += (int64_t)out.n_stops;
    }
    plan_deinit(&out);
    return rounds;
}

// Boards were given back for whom a lower class then had them, ten thousand times in a second: the classes
// value the same zone by different watts.
static void a_plan_that_is_carried_out_comes_to_rest(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 500; seed++) {
        struct rng r;
        struct hamlet h = {.p = house()};
        rng_seed(&r, seed);
        for (uint32_t z = 0; z < ZONES; z++) {
            int32_t target = rng_below(&r, 3) ? (int32_t)rng_below(&r, 250) : 0;
            int32_t max = rng_below(&r, 4) ? 459 : target + (int32_t)rng_below(&r, 200);
            zone(h.p, z, target, max);
        }
        for (uint32_t t = 0; t < TASKS; t++) {
            h.task[t] = (struct plan_task){.activity = (enum activity)rng_below(&r, 3),
                                           .run = (enum plan_run)rng_below(&r, PLAN_RUNS),
                                           .account = 1,
                                           .order = t + 1,
                                           .pending = (int32_t)rng_below(&r, 4)};
            planner_task(h.p, t, &h.task[t]);
        }
        for (uint32_t b = 0; b < BOARDS; b++) {
            h.board[b] = on_board((uint32_t)rng_below(&r, ZONES), PLAN_NONE, ACTIVITY_IDLE);
            planner_board(h.p, b, &h.board[b]);
        }
        if (until_it_rests(&h, 60) == 60)
            fail_msg("seed %llu: no rest after 60 rounds, %lld stops", (unsigned long long)seed,
                     (long long)h.stops);
        // And when somebody better comes, and when the rooms are other ones.
        for (int k = 0; k < 3; k++) {
            h.task[k].pending++;
            h.task[k].activity = (enum activity)(k % 2);
            uint32_t z = (uint32_t)rng_below(&r, ZONES);
            zone(h.p, z, (int32_t)rng_below(&r, 200), 459);
            planner_task(h.p, (uint32_t)k, &h.task[k]);
            if (until_it_rests(&h, 60) == 60)
                fail_msg("seed %llu, change %d: no rest after 60 rounds, %lld stops",
                         (unsigned long long)seed, k, (long long)h.stops);
        }
        planner_free(h.p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_heat_is_wanted_comes_first_even_if_somebody_makes_room),
        cmocka_unit_test(urgent_work_goes_where_heat_is_borne_and_lower_classes_do_not),
        cmocka_unit_test(what_a_board_is_worth_counts_what_is_borne_for_urgent_work_only),
        cmocka_unit_test(what_is_borne_counts_under_a_cap),
        cmocka_unit_test(a_plan_that_is_carried_out_comes_to_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
