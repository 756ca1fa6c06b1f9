// SPDX-License-Identifier: Apache-2.0
// Watts to work and back: the default board, the limits of a curve, and that no allowance is ever passed by
// rounding.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/rng.h"
#include "core/heat/curve.h"

static void default_board_has_the_measured_points(void **state)
{
    (void)state;
    const struct curve *c = curve_default();
    assert_int_equal(curve_check(c, NULL), 0);
    assert_int_equal(curve_at(c, 3000, 1000).draw_mw, 59000);
    assert_int_equal(curve_at(c, 3200, 1000).draw_mw, 62000);
    assert_int_equal(curve_at(c, 2000, 1000).draw_mw, 42100); // 18.9 + 11.6 f
    assert_int_equal(curve_max_mw(c), 153000);
    assert_int_equal(curve_max_work_mhz(c), 32000);
    assert_int_equal(curve_at(c, 3900, 500).draw_mw, 12000 + 63000);
    assert_int_equal(curve_at(c, 3900, 0).freq_mhz, 0);
    assert_int_equal(curve_at(c, 9000, 2000).freq_mhz, 4000); // clamped
    assert_int_equal(curve_at(c, 1, 1000).freq_mhz, 1000);
}

static void the_ends_of_the_curve_are_its_ends(void **state)
{
    (void)state;
    const struct curve *c = curve_default();
    assert_int_equal(curve_at_draw(c, 0).work_mhz, 0);
    assert_int_equal(curve_at_draw(c, 12000).draw_mw, 12000);
    assert_int_equal(curve_at_draw(c, INT32_MAX).freq_mhz, 4000);
    assert_int_equal(curve_at_draw(c, 153000).draw_mw, 153000);
    assert_int_equal(curve_at_draw(c, 62000).freq_mhz, 3200);
}

static void an_allowance_is_used_and_never_passed(void **state)
{
    (void)state;
    const struct curve *c = curve_default();
    int32_t last = 0;
    for (int32_t mw = 11000; mw < 160000; mw += 7) {
        struct operating_point o = curve_at_draw(c, mw);
        assert_true(o.draw_mw <= (mw > 12000 ? mw : 12000));
        assert_true(mw > 153000 || mw < 12000 ||
                    o.draw_mw > mw - 700);    // 1 MHz at the steepest, 1 permille of duty
        assert_true(o.work_mhz >= last - 40); // rounding to whole MHz and permille
        last = o.work_mhz;
        struct operating_point again = curve_at(c, o.freq_mhz, o.duty_permille);
        assert_memory_equal(&again, &o, sizeof o);
    }
}

// Every frequency and every duty that fits is tried: none does more work.
static void no_other_point_does_more_work(void **state)
{
    (void)state;
    const struct curve *c = curve_default();
    for (int32_t mw = 13000; mw < 155000; mw += 3100) {
        int32_t best = 0;
        for (int32_t f = 1000; f <= 4000; f += 5) {
            for (int32_t d = 10; d <= 1000; d += 5) {
                struct operating_point o = curve_at(c, f, d);
                if (o.draw_mw <= mw && o.work_mhz > best)
                    best = o.work_mhz;
            }
        }
        assert_true(curve_at_draw(c, mw).work_mhz >= best - 40);
    }
}

// Points are passed over that cannot be better: of random curves, no point does more at the duty that fits.
static void no_point_of_any_curve_does_more_work(void **state)
{
    (void)state;
    struct rng rng;
    rng_seed(&rng, 7);
    for (int round = 0; round < 200; round++) {
        struct curve c = {.cores = 1 + (int32_t)rng_below(&rng, 64),
                          .idle_mw = (int32_t)rng_below(&rng, 20000),
                          .n = 1 + (int32_t)rng_below(&rng, CURVE_POINTS_MAX)};
        int32_t freq = 0, mw = c.idle_mw;
        for (int i = 0; i < c.n; i++)
            c.p[i] = (struct curve_point){freq += 1 + (int32_t)rng_below(&rng, 400),
                                          mw += 1 + (int32_t)rng_below(&rng, 9000)};
        for (int32_t w = c.idle_mw; w < mw; w += 1 + (int32_t)rng_below(&rng, 500)) {
            struct operating_point got = curve_at_draw(&c, w);
            assert_true(got.draw_mw <= w);
            for (int i = 0; i < c.n; i++) {
                if (c.p[i].draw_mw <= w)
                    continue;
                int64_t duty = (int64_t)(w - c.idle_mw) * 1000 / (c.p[i].draw_mw - c.idle_mw);
                assert_true(curve_at(&c, c.p[i].freq_mhz, (int32_t)duty).work_mhz <= got.work_mhz);
            }
        }
    }
}

// Whoever looks for the least watts that do so much may halve the range (plan/move.c).
static void more_watts_never_do_less(void **state)
{
    (void)state;
    struct rng rng;
    struct err e;
    rng_seed(&rng, 5);
    for (int round = 0; round < 40; round++) {
        struct curve c = {.cores = 1 + (int32_t)rng_below(&rng, 64),
                          .idle_mw = (int32_t)rng_below(&rng, 20000),
                          .n = 1 + (int32_t)rng_below(&rng, CURVE_POINTS_MAX)};
        int32_t freq = 0, mw = c.idle_mw, last = 0;
        for (int i = 0; i < c.n; i++)
            c.p[i] = (struct curve_point){freq += 1 + (int32_t)rng_below(&rng, 400),
                                          mw += 1 + (int32_t)rng_below(&rng, 9000)};
        assert_int_equal(curve_check(&c, &e), 0);
        for (int32_t w = 0; w <= mw + 10; w += 1 + (int32_t)rng_below(&rng, 5)) {
            int32_t work = curve_at_draw(&c, w).work_mhz;
            if (work < last)
                fail_msg("round %d: %d core-MHz for %d mW, and %d for less", round, work, w, last);
            last = work;
        }
    }
}

static void a_bad_curve_is_refused_with_field_and_limit(void **state)
{
    (void)state;
    struct err e;
    struct curve c = *curve_default();
    c.p[4].draw_mw = 58000;
    assert_int_equal(curve_check(&c, &e), -EINVAL);
    assert_non_null(strstr(e.text, "point 5 draw_mw is 58000: must be over 59000"));
    c = *curve_default();
    c.n = CURVE_POINTS_MAX + 1;
    assert_int_equal(curve_check(&c, &e), -EINVAL);
    assert_non_null(strstr(e.text, "n is 17"));
    c = *curve_default();
    c.sleep_mw = 13000;
    assert_int_equal(curve_check(&c, &e), -EINVAL);
    c = *curve_default();
    c.cores = 0;
    assert_int_equal(curve_check(&c, &e), -EINVAL);
    c = *curve_default();
    c.p[0].freq_mhz = 0;
    assert_int_equal(curve_check(&c, &e), -EINVAL);
}

static void a_curve_ends_at_the_clock_that_it_is_cut_at(void **state)
{
    (void)state;
    static const struct {
        int32_t at, n, top, draw;
    } row[] = {{3000, 4, 3000, 59000}, {2750, 4, 2750, 53450}, {500, 1, 1000, 30500}, {9000, 11, 4000, 153000}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct curve c;
        struct err e = ERR_NULL;
        curve_below(curve_default(), row[i].at, &c);
        assert_int_equal(curve_check(&c, &e), 0);
        assert_int_equal(c.n, row[i].n);
        assert_int_equal(c.p[c.n - 1].freq_mhz, row[i].top);
        assert_int_equal(c.p[c.n - 1].draw_mw, row[i].draw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_board_has_the_measured_points),
        cmocka_unit_test(the_ends_of_the_curve_are_its_ends),
        cmocka_unit_test(an_allowance_is_used_and_never_passed),
        cmocka_unit_test(no_other_point_does_more_work),
        cmocka_unit_test(no_point_of_any_curve_does_more_work),
        cmocka_unit_test(more_watts_never_do_less),
        cmocka_unit_test(a_curve_ends_at_the_clock_that_it_is_cut_at),
        cmocka_unit_test(a_bad_curve_is_refused_with_field_and_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
