// SPDX-License-Identifier: Apache-2.0
// From watts to boards: what any choice satisfies, on random boards, and the worth of spreading on the
// default ones.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/rng.h"
#include "core/heat/regulate.h"

#define BOARDS 6

static struct regulate_board board(enum activity work)
{
    return (struct regulate_board){
        .curve = curve_default(), .work = work, .donated_allowed = true, .cap_mw = INT32_MAX};
}

static int64_t work_of(const struct regulate_board *b, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += b[i].point.work_mhz;
    return sum;
}

static void half_of_the_computing_for_about_a_quarter_of_the_watts(void **state)
{
    (void)state;
    struct regulate_board b[3] = {board(ACTIVITY_FLEX), board(ACTIVITY_FLEX), board(ACTIVITY_FLEX)};
    int64_t full = regulate(b, 3, 1000000, 1000000, INT64_MAX, false);
    int64_t full_work = work_of(b, 3);
    assert_int_equal(full, 3 * 153000);
    int64_t draw = regulate(b, 3, full * 27 / 100, 1000000, INT64_MAX, false);
    assert_true(draw <= full * 27 / 100);
    assert_true(work_of(b, 3) * 2 >= full_work);
    for (int i = 0; i < 3; i++) // nobody stands still for another of its class
        assert_in_range(b[i].point.work_mhz, full_work / 7, full_work / 5);
}

static void spread_does_more_than_hot_and_fast_at_equal_heat(void **state)
{
    (void)state;
    for (int64_t w = 120000; w <= 400000; w += 20000) {
        struct regulate_board b[3] = {board(ACTIVITY_FLEX), board(ACTIVITY_FLEX), board(ACTIVITY_FLEX)};
        int64_t spread_draw = regulate(b, 3, w, w, INT64_MAX, false), spread = work_of(b, 3);
        // Hot and fast: one board after the other at its best, the others idle.
        int64_t left = w, hot = 0;
        for (int i = 0; i < 3; i++) {
            int64_t others = 12000 * (2 - i);
            struct operating_point o = curve_at_draw(curve_default(), (int32_t)(left - others));
            hot += o.work_mhz;
            left -= o.draw_mw;
        }
        assert_in_range(spread_draw, w - 1000, w);
        assert_true(spread >= hot);
        if (w == 180000) // 1.3 times is the pass line of the design; here it is more
            assert_true(spread * 10 > hot * 14);
    }
}

// The sum of the boards' best over all ways to split the watts, by dynamic programming in steps of half a
// watt.
static void no_split_of_the_watts_does_much_more_work(void **state)
{
    (void)state;
    enum { UNITS = 700 };
    static int32_t one[UNITS], two[UNITS], three[UNITS];
    for (int u = 0; u < UNITS; u++)
        one[u] = curve_at_draw(curve_default(), 12000 + u * 500).work_mhz;
    for (int u = 0; u < UNITS; u++) {
        for (int k = 0; k <= u; k++)
            two[u] = one[k] + one[u - k] > two[u] ? one[k] + one[u - k] : two[u];
    }
    for (int u = 0; u < UNITS; u++) {
        for (int k = 0; k <= u; k++)
            three[u] = one[k] + two[u - k] > three[u] ? one[k] + two[u - k] : three[u];
        struct regulate_board b[3] = {board(ACTIVITY_FLEX), board(ACTIVITY_FLEX), board(ACTIVITY_FLEX)};
        regulate(b, 3, 36000 + u * 500, 1000000, INT64_MAX, false);
        assert_true(work_of(b, 3) >= three[u] - three[u] / 50 - 60); // one board's sag
    }
}

static struct curve random_curve(struct rng *r)
{
    struct curve c = {.cores = 1 + (int32_t)rng_below(r, 32), .idle_mw = 5000 + (int32_t)rng_below(r, 20000)};
    c.sleep_mw = (int32_t)rng_below(r, 2000);
    c.n = 1 + (int32_t)rng_below(r, CURVE_POINTS_MAX);
    int32_t f = 500, w = c.idle_mw;
    for (int i = 0; i < c.n; i++) {
        c.p[i].freq_mhz = f += 1 + (int32_t)rng_below(r, 500);
        c.p[i].draw_mw = w += 1 + (int32_t)rng_below(r, 30000);
    }
    return c;
}

static void random_board(struct rng *r, struct regulate_board *b, struct curve *c)
{
    *c = random_curve(r);
    *b = (struct regulate_board){
        .curve = c,
        .work = rng_below(r, 2) ? (enum activity)rng_below(r, 4) : ACTIVITY_IDLE,
        .barred = rng_below(r, 6) == 0,
        .asleep = rng_below(r, 4) == 0,
        .filler_allowed = rng_below(r, 2),
        .donated_allowed = rng_below(r, 2),
        .burn_allowed = rng_below(r, 2),
        .cap_mw = rng_below(r, 3) ? INT32_MAX : (int32_t)rng_below(r, 150000),
        .unused_permille = rng_below(r, 2) ? 0 : (int32_t)rng_below(r, 1001),
    };
}

static void check_board(const struct regulate_board *b, const struct regulate_board *was)
{
    int32_t idle = b->curve->idle_mw;
    assert_false(b->barred && (b->point.work_mhz || (b->run != ACTIVITY_IDLE && b->run != ACTIVITY_SLEEP)));
    assert_true(b->point.draw_mw <= (b->cap_mw > idle ? b->cap_mw : idle));
    if (b->run == ACTIVITY_SLEEP)
        assert_int_equal(b->point.draw_mw, b->curve->sleep_mw);
    else
        assert_true(b->point.draw_mw >= idle); // the floor of a board that is awake
    if (b->run == ACTIVITY_FILLER)
        assert_true(was->filler_allowed && !activity_is_task(was->work));
    if (b->run == ACTIVITY_BURN)
        assert_true(was->burn_allowed);
    if (activity_is_task(b->run))
        assert_true(b->run == was->work && (b->run != ACTIVITY_DONATED || was->donated_allowed));
    if (b->run == ACTIVITY_IDLE || b->run == ACTIVITY_SLEEP)
        assert_int_equal(b->point.work_mhz, 0);
    else
        assert_true(b->point.work_mhz > 0);
}

static void random_boards_keep_every_promise(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4000; seed++) {
        struct rng r;
        struct curve c[BOARDS];
        struct regulate_board in[BOARDS], b[BOARDS];
        rng_seed(&r, seed);
        size_t n = 1 + rng_below(&r, BOARDS);
        for (size_t i = 0; i < n; i++)
            random_board(&r, &in[i], &c[i]);
        bool may_sleep = rng_below(&r, 2);
        int64_t max = (int64_t)rng_below(&r, 600000), last = -1, floor = 0, least = 0;
        int64_t fuse = rng_below(&r, 2) ? INT64_MAX : (int64_t)rng_below(&r, 600000);
        for (size_t i = 0; i < n; i++) {
            floor += in[i].asleep ? c[i].sleep_mw : c[i].idle_mw;
            least += in[i].asleep || may_sleep ? c[i].sleep_mw : c[i].idle_mw;
        }
        for (int64_t target = 0; target < 700000; target += 23456) {
            for (size_t i = 0; i < n; i++)
                b[i] = in[i];
            int64_t most = target < max ? target : max; // beyond the target: regulate_band_test.c
            int64_t draw = regulate(b, n, target, most, fuse, may_sleep), sum = 0, curves = 0;
            for (size_t i = 0; i < n; i++) {
                check_board(&b[i], &in[i]);
                assert_in_range(b[i].expect_mw, 0, b[i].point.draw_mw);
                assert_int_equal(b[i].lift_mw, 0);
                sum += b[i].expect_mw;
                curves += b[i].point.draw_mw;
            }
            // Whole MHz and permille lose up to a point's width per board.
            bool ok = sum == draw && (draw <= max || draw <= least) && (draw <= target || draw <= floor) &&
                      (curves <= fuse || curves <= floor) && draw >= last - 1000 * (int64_t)n;
            if (!ok)
                fprintf(stderr, "seed %llu target %lld draw %lld last %lld max %lld\n",
                        (unsigned long long)seed, (long long)target, (long long)draw, (long long)last,
                        (long long)max);
            assert_true(ok);
            last = draw;
        }
    }
}

static void better_work_gets_the_watts_first_and_burn_gets_the_rest(void **state)
{
    (void)state;
    struct regulate_board b[3] = {board(ACTIVITY_IDLE), board(ACTIVITY_IDLE), board(ACTIVITY_ONDEMAND)};
    b[0].burn_allowed = true;
    b[1].filler_allowed = true;
    regulate(b, 3, 36000 + 30000, 500000, INT64_MAX, false);
    assert_int_equal(b[2].run, ACTIVITY_ONDEMAND);
    assert_int_equal(b[1].run, ACTIVITY_IDLE);
    regulate(b, 3, 153000 + 12000 + 60000, 500000, INT64_MAX, false);
    assert_int_equal(b[1].run, ACTIVITY_FILLER);
    assert_int_equal(b[0].run, ACTIVITY_IDLE); // nothing is burnt while work could take the watts
    assert_in_range(regulate(b, 3, 400000, 500000, INT64_MAX, false), 399000, 400000);
    assert_int_equal(b[0].run, ACTIVITY_BURN);
    assert_int_equal(b[1].point.freq_mhz, 4000);
}

// Equal steps of work, but not of watts: what is worth the same by value alone is not the same offer.
static void of_two_makes_as_quick_the_thriftier_one_works(void **state)
{
    (void)state;
    const struct curve thrifty = {.cores = 8, .idle_mw = 10000, .n = 2, .p = {{1000, 30000}, {2000, 60000}}},
                       thirsty = {.cores = 8, .idle_mw = 10000, .n = 2, .p = {{1000, 50000}, {2000, 100000}}};
    for (int at = 0; at < 2; at++) {
        struct regulate_board b[2] = {board(ACTIVITY_FLEX), board(ACTIVITY_FLEX)};
        b[at].curve = &thrifty;
        b[!at].curve = &thirsty;
        assert_int_equal(regulate(b, 2, 70000, 70000, INT64_MAX, false), 70000);
        assert_int_equal(b[at].point.draw_mw, 60000);
        assert_int_equal(b[!at].point.work_mhz, 0);
    }
}

static void boards_sleep_only_below_the_idle_floor_and_wake_with_room_to_work(void **state)
{
    (void)state;
    struct regulate_board b[3] = {board(ACTIVITY_FLEX), board(ACTIVITY_IDLE), board(ACTIVITY_RESERVED)};
    regulate(b, 3, 36000, 36000, INT64_MAX, true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(b[i].run, ACTIVITY_IDLE); // frozen, not asleep: the job keeps its memory
    assert_true(regulate(b, 3, 30000, 30000, INT64_MAX, true) <= 30000);
    assert_int_equal(b[1].run, ACTIVITY_SLEEP); // the one with nothing to do
    assert_int_not_equal(b[2].run, ACTIVITY_SLEEP);
    assert_int_equal(regulate(b, 3, 0, 0, INT64_MAX, true), 3000);
    b[0].asleep = true;
    regulate(b, 3, 12000 * 3 + 1000, 12000 * 3 + 1000, INT64_MAX, true);
    assert_int_equal(b[0].run, ACTIVITY_SLEEP); // room to idle is no reason to boot
    regulate(b, 3, 12000 * 3 + 10000, 12000 * 3 + 10000, INT64_MAX, true);
    assert_int_not_equal(b[0].run, ACTIVITY_SLEEP);
    assert_int_equal(regulate(b, 3, 0, 0, INT64_MAX, false), 25000); // may not sleep: the floor
}

static void a_barred_board_runs_nothing_and_a_cap_holds(void **state)
{
    (void)state;
    struct regulate_board b[2] = {board(ACTIVITY_RESERVED), board(ACTIVITY_FLEX)};
    b[0].barred = true;
    b[1].cap_mw = 50000;
    assert_true(regulate(b, 2, 300000, 300000, INT64_MAX, true) <= 51000);
    assert_int_equal(b[0].run, ACTIVITY_SLEEP);
    assert_in_range(b[1].point.draw_mw, 49500, 50000);
    regulate(b, 2, 300000, 300000, INT64_MAX, false);
    assert_int_equal(b[0].run, ACTIVITY_IDLE);
    assert_int_equal(regulate(b, 0, 1000, 1000, INT64_MAX, true), 0);
}

static void what_a_task_leaves_unused_goes_to_the_boards_beside_it(void **state)
{
    (void)state;
    struct regulate_board b[3] = {board(ACTIVITY_ONDEMAND), board(ACTIVITY_IDLE), board(ACTIVITY_IDLE)};
    b[1].filler_allowed = b[2].filler_allowed = true;
    b[0].unused_permille = 950;
    assert_in_range(regulate(b, 3, 250000, 459000, INT64_MAX, true), 248000, 250000);
    assert_int_equal(b[0].point.freq_mhz,
                     4000); // it costs little heat: the sleeper may be as fast as it likes when it wakes
    assert_in_range(b[0].expect_mw, 18000, 20000);
    assert_in_range(b[1].point.draw_mw + b[2].point.draw_mw, 228000, 232000);
    // Under a fuse its points count in full.
    assert_in_range(regulate(b, 3, 200000, 459000, 200000, true), 60000, 200000);
    assert_in_range(b[0].point.draw_mw + b[1].point.draw_mw + b[2].point.draw_mw, 198000, 200000);
    // Filler and burn take all they are given, whatever is said of a task.
    b[0].work = ACTIVITY_IDLE;
    b[0].burn_allowed = true;
    assert_in_range(regulate(b, 3, 459000, 459000, INT64_MAX, true), 458000, 459000);
    assert_int_equal(b[0].expect_mw, b[0].point.draw_mw);
}

static void burn_beside_a_task_makes_up_what_it_leaves_and_no_more(void **state)
{
    (void)state;
    struct regulate_board b[2] = {board(ACTIVITY_ONDEMAND), board(ACTIVITY_FLEX)};
    b[0].burn_allowed = true;
    b[0].unused_permille = b[1].unused_permille = 900;
    int64_t draw = regulate(b, 2, 200000, 306000, INT64_MAX, true);
    assert_in_range(draw, 40000, 60000); // both at full speed, and a tenth of it used
    assert_int_equal(b[0].beside_mw, 0);
    assert_int_equal(regulate_beside(b, 2, 50000), 50000);
    assert_int_equal(b[0].beside_mw, 50000);
    assert_in_range(b[0].expect_mw + b[1].expect_mw, draw + 50000, draw + 50000);
    // No more than its point draws in all, and nothing where burn may not run.
    int64_t most = b[0].point.draw_mw - b[0].expect_mw;
    assert_int_equal(regulate_beside(b, 2, 500000), most);
    assert_int_equal(b[0].expect_mw, b[0].point.draw_mw);
    assert_int_equal(b[1].beside_mw, 0);
    assert_int_equal(regulate_beside(b, 2, 0), 0);
    b[0].work = ACTIVITY_IDLE;
    regulate(b, 2, 200000, 306000, INT64_MAX, true);
    assert_int_equal(b[0].run, ACTIVITY_BURN);
    assert_int_equal(regulate_beside(b, 2, 100000), 0); // there is no beside: it burns already
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_of_the_computing_for_about_a_quarter_of_the_watts),
        cmocka_unit_test(spread_does_more_than_hot_and_fast_at_equal_heat),
        cmocka_unit_test(no_split_of_the_watts_does_much_more_work),
        cmocka_unit_test(random_boards_keep_every_promise),
        cmocka_unit_test(better_work_gets_the_watts_first_and_burn_gets_the_rest),
        cmocka_unit_test(of_two_makes_as_quick_the_thriftier_one_works),
        cmocka_unit_test(boards_sleep_only_below_the_idle_floor_and_wake_with_room_to_work),
        cmocka_unit_test(a_barred_board_runs_nothing_and_a_cap_holds),
        cmocka_unit_test(what_a_task_leaves_unused_goes_to_the_boards_beside_it),
        cmocka_unit_test(burn_beside_a_task_makes_up_what_it_leaves_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
