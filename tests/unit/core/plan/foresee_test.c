// SPDX-License-Identifier: Apache-2.0
// When work would begin and end: by hand, at the edges, and the two ways of counting against each other.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "core/plan/foresee.h"

static void by_hand(void **state)
{
    (void)state;
    struct foreseen f;
    // Two boards, one free now at half speed, one in 100 s at full speed.
    struct foresee_board b[] = {{0, 500, 80000, 8}, {100, 1000, 153000, 8}};
    // One instance of another goes first: 50 s become 100 on the first board.
    assert_true(foresee(
        b, 2, &(struct foresee_work){.ahead = 1, .ahead_run_s = 50, .instances = 3, .run_s = 60}, &f));
    // At 100 s both are free: the faster one takes 60 s until 160, the slower 120 until 220; the third
    // follows at 160.
    assert_int_equal(f.start_s, 100);
    assert_int_equal(f.end_s, 220);
    assert_int_equal(f.core_ms, (60 + 120 + 60) * 8000);
    assert_int_equal(f.energy_mj, (60 + 60) * 153000 + 120 * 80000);
    assert_int_equal(f.at_once, 2);
}

static void at_the_edges(void **state)
{
    (void)state;
    struct foreseen f;
    struct foresee_board one = {30, 1, 1000, 1};
    assert_false(foresee(NULL, 0, &(struct foresee_work){.instances = 1, .run_s = 1}, &f));
    assert_true(foresee(&one, 1, &(struct foresee_work){.instances = 0, .run_s = 1}, &f));
    assert_int_equal(f.start_s, 30);
    assert_int_equal(f.energy_mj, 0);
    assert_true(
        foresee(&one, 1, &(struct foresee_work){.instances = 1, .run_s = 0}, &f)); // counts as a second
    assert_int_equal(f.end_s, 30 + 1);
}

// Many instances in one stroke are as many one by one, give or take a run.
static void both_ways_agree(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 20);
    for (int i = 0; i < 20; i++) {
        size_t n = 1 + (size_t)rng_below(&r, 40);
        struct foresee_board a[40], b[40];
        int64_t slowest = 0;
        struct foresee_work w = {
            .ahead = 0, .instances = FORESEE_EACH_MAX, .run_s = 10 + (int64_t)rng_below(&r, 1000)};
        for (size_t k = 0; k < n; k++) {
            a[k] = b[k] = (struct foresee_board){(int64_t)rng_below(&r, 500),
                                                 100 + (int32_t)rng_below(&r, 901), 100000, 8};
            int64_t s = w.run_s * 1000 / a[k].speed_permille + 1;
            slowest = s > slowest ? s : slowest;
        }
        struct foreseen x, y;
        assert_true(foresee(a, n, &w, &x));
        w.instances++; // over the edge
        assert_true(foresee(b, n, &w, &y));
        assert_true(y.end_s >= x.end_s - 2 * slowest && y.end_s <= x.end_s + 2 * slowest);
        assert_true(y.energy_mj > x.energy_mj * 0.99 && y.energy_mj < x.energy_mj * 1.01);
    }
}

// Two sites: on the first three are free together after 200 s, on the second after 90 s.
static void those_who_run_together_wait_for_the_last_of_their_boards(void **state)
{
    (void)state;
    struct foreseen f;
    struct foresee_board b[] = {{0, 1000, 100000, 8, 0}, {0, 1000, 100000, 8, 0}, {200, 1000, 100000, 8, 0},
                                {90, 500, 100000, 8, 1}, {0, 1000, 100000, 8, 1}, {50, 1000, 100000, 8, 1},
                                {10, 1000, 100000, 8, 2}};
    struct foresee_work w = {.instances = 3, .run_s = 60, .together = true};
    assert_true(foresee(b, ARRAY_LEN(b), &w, &f));
    assert_int_equal(f.start_s, 90);
    assert_int_equal(f.end_s, 90 + 120); // the slowest
    assert_int_equal(f.at_once, 3);
    w.instances = 4;
    assert_false(foresee(b, ARRAY_LEN(b), &w, &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_who_run_together_wait_for_the_last_of_their_boards),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(at_the_edges),
        cmocka_unit_test(both_ways_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
