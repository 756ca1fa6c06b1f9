// SPDX-License-Identifier: Apache-2.0
// From watts to boards beyond what is wanted: urgent work up to what the room can bear, and no other.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/rng.h"
#include "core/heat/regulate.h"

static struct regulate_board board(enum activity work)
{
    return (struct regulate_board){
        .curve = curve_default(), .work = work, .donated_allowed = true, .cap_mw = INT32_MAX};
}

static void urgent_work_goes_on_to_what_the_room_can_bear_and_no_other_does(void **state)
{
    (void)state;
    enum activity urgent[] = {ACTIVITY_RESERVED, ACTIVITY_ONDEMAND};
    for (size_t u = 0; u < 2; u++) {
        struct regulate_board b[3] = {board(urgent[u]), board(ACTIVITY_FLEX), board(ACTIVITY_IDLE)};
        b[2].filler_allowed = b[2].burn_allowed = true;
        // A content room: its work goes on where it does most for its watts, and nobody else has anything of it.
        assert_in_range(regulate(b, 3, 0, 459000, INT64_MAX, false), 71000, 72000);
        assert_int_equal(b[0].run, urgent[u]);
        assert_int_equal(b[0].point.freq_mhz, 2500);
        assert_in_range(b[0].lift_mw, 35000, 36000);
        assert_int_equal(b[1].run, ACTIVITY_IDLE);
        assert_int_equal(b[2].run, ACTIVITY_IDLE);
        // What is wanted is shared as ever, the rest is its own: the others have what they had.
        for (int64_t target = 40000; target <= 300000; target += 10000) {
            regulate(b, 3, target, target, INT64_MAX, false);
            int32_t flex_mw = b[1].point.draw_mw, mine_mw = b[0].point.draw_mw;
            assert_int_equal(b[0].lift_mw, 0);
            regulate(b, 3, target, 459000, INT64_MAX, false);
            assert_int_equal(b[1].point.draw_mw, flex_mw);
            int32_t most_mw = mine_mw > 47900 ? mine_mw : 47900;
            assert_in_range(b[0].point.draw_mw, most_mw - 500, most_mw + 500);
            int32_t more_mw = b[0].point.draw_mw - mine_mw;
            assert_in_range(b[0].lift_mw, more_mw > 500 ? more_mw - 500 : 0, more_mw + 500);
        }
        // Never beyond what the room bears, nor the fuse, nor its own cap.
        assert_in_range(regulate(b, 3, 0, 60000, INT64_MAX, false), 58000, 60000);
        assert_in_range(regulate(b, 3, 0, 459000, 50000, false), 48000, 50000);
        b[0].cap_mw = 30000;
        assert_in_range(regulate(b, 3, 0, 459000, INT64_MAX, false), 52000, 54000);
        assert_int_equal(regulate(b, 3, 0, 0, INT64_MAX, true), 3000); // too warm: all sleep, as ever
    }
    struct regulate_board low[3] = {board(ACTIVITY_FLEX), board(ACTIVITY_DONATED), board(ACTIVITY_IDLE)};
    low[2].filler_allowed = low[2].burn_allowed = true;
    for (int64_t w = 0; w < 400000; w += 50000)
        assert_true(regulate(low, 3, w, 459000, INT64_MAX, false) <= (w > 36000 ? w : 36000));
}

static void urgent_work_keeps_its_board_awake_where_the_room_bears_it(void **state)
{
    (void)state;
    struct regulate_board b[3] = {board(ACTIVITY_IDLE), board(ACTIVITY_ONDEMAND), board(ACTIVITY_FLEX)};
    assert_in_range(regulate(b, 3, 0, 459000, INT64_MAX, true), 49500, 50500); // the others sleep
    assert_int_equal(b[1].run, ACTIVITY_ONDEMAND);
    assert_int_equal(b[0].run, ACTIVITY_SLEEP);
    assert_int_equal(b[2].run, ACTIVITY_SLEEP);
    for (int i = 0; i < 3; i++)
        b[i].asleep = true;
    regulate(b, 3, 0, 459000, INT64_MAX, true); // and is woken for it, alone
    assert_int_equal(b[1].run, ACTIVITY_ONDEMAND);
    assert_int_equal(b[0].run, ACTIVITY_SLEEP);
    assert_int_equal(b[2].run, ACTIVITY_SLEEP);
}

// What was bought of a piece with the last wanted watt is gone on with, as far as the best point.
static void a_piece_that_was_begun_is_bought_to_its_end(void **state)
{
    (void)state;
    for (int64_t w = 13000; w < 47000; w += 1000) {
        struct regulate_board b[2] = {board(ACTIVITY_RESERVED), board(ACTIVITY_RESERVED)};
        int64_t draw = regulate(b, 2, 2 * w, 400000, INT64_MAX, false);
        assert_in_range(draw, 95000, 96000);
        assert_int_equal(b[0].point.freq_mhz, 2500);
        assert_int_equal(b[1].point.freq_mhz, 2500);
    }
}

#define BOARDS 5

// Whatever the boards: what the others draw does not change by what the room can bear, but that watts of the
// fuse and boards that are woken are shared; and no limit is passed.
static void random_boards_keep_to_what_is_borne(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        struct rng r;
        struct regulate_board in[BOARDS], b[BOARDS];
        rng_seed(&r, seed);
        int64_t target = (int64_t)rng_below(&r, 500000), max = (int64_t)rng_below(&r, 700000), awake = 0;
        int64_t fuse = rng_below(&r, 2) ? INT64_MAX : (int64_t)rng_below(&r, 700000);
        bool may_sleep = rng_below(&r, 2);
        for (int i = 0; i < BOARDS; i++) {
            in[i] = board(rng_below(&r, 4) ? (enum activity)rng_below(&r, 4) : ACTIVITY_IDLE);
            in[i].asleep = rng_below(&r, 4) == 0;
            in[i].filler_allowed = rng_below(&r, 2);
            in[i].unused_permille = rng_below(&r, 2) ? 0 : (int32_t)rng_below(&r, 1001);
            b[i] = in[i];
        }
        int64_t draw = regulate(b, BOARDS, target, max, fuse, may_sleep), low = 0, curves = 0, sum = 0;
        for (int i = 0; i < BOARDS; i++) {
            assert_in_range(b[i].lift_mw, 0, activity_is_urgent(b[i].run) ? b[i].expect_mw : 0);
            assert_true(!activity_is_urgent(b[i].run) || b[i].run == in[i].work);
            awake += b[i].run == ACTIVITY_SLEEP ? b[i].curve->sleep_mw : b[i].curve->idle_mw;
            sum += b[i].expect_mw;
            curves += b[i].point.draw_mw;
            low += b[i].expect_mw - b[i].lift_mw;
        }
        bool ok = sum == draw && (draw <= max + BOARDS || draw <= awake) && // whole mW of each
                  (low <= target + BOARDS || low <= awake) && (curves <= fuse || curves <= awake);
        if (!ok)
            fprintf(stderr, "seed %llu target %lld max %lld draw %lld low %lld awake %lld\n",
                    (unsigned long long)seed, (long long)target, (long long)max, (long long)draw,
                    (long long)low, (long long)awake);
        assert_true(ok);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_work_goes_on_to_what_the_room_can_bear_and_no_other_does),
        cmocka_unit_test(urgent_work_keeps_its_board_awake_where_the_room_bears_it),
        cmocka_unit_test(a_piece_that_was_begun_is_bought_to_its_end),
        cmocka_unit_test(random_boards_keep_to_what_is_borne),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
