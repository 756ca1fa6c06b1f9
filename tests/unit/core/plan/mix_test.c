// SPDX-License-Identifier: Apache-2.0
// The cheapest mix of slow and sleeping boards: what summer asks for, and against every possible choice on
// small fleets.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/rng.h"
#include "core/plan/mix.h"

static void half_of_the_computing_needs_at_most_26_percent_of_the_watts(void **state)
{
    (void)state;
    const struct curve *c = curve_default();
    for (size_t n = 5; n <= 60; n += 5) {
        struct mix_board b[60];
        for (size_t i = 0; i < n; i++)
            b[i].curve = c;
        int64_t all_mw = (int64_t)n * curve_max_mw(c), all_mhz = (int64_t)n * curve_max_work_mhz(c);
        struct mix m = power_mix(b, n, (all_mhz + 1) / 2);
        assert_true(m.exact);
        assert_true(m.work_mhz * 2 >= all_mhz);
        if (n == 60)
            printf("60 boards, half of the computing: %.1f %% of the watts\n",
                   100.0 * (double)m.draw_mw / (double)all_mw);
        if (n >= 20 || n == 8) // fewer cannot be cut so finely
            assert_true(m.draw_mw * 100 <= all_mw * 26);
    }
}

static void nothing_to_do_is_sleep_and_too_much_is_all_there_is(void **state)
{
    (void)state;
    struct mix_board b[3] = {
        {.curve = curve_default()}, {.curve = curve_default()}, {.curve = curve_default()}};
    struct mix m = power_mix(b, 3, 0);
    assert_int_equal(m.draw_mw, 3 * curve_default()->sleep_mw);
    assert_int_equal(b[1].point, MIX_SLEEP);
    m = power_mix(b, 3, 10 * curve_max_work_mhz(curve_default()));
    assert_int_equal(m.draw_mw, 3 * curve_max_mw(curve_default()));
    assert_false(m.exact);
    m = power_mix(b, 0, 0);
    assert_int_equal(m.draw_mw, 0);
}

static struct curve some_curve(struct rng *r)
{
    struct curve c = {.cores = 1 + (int32_t)rng_below(r, 8), .sleep_mw = (int32_t)rng_below(r, 3000)};
    int32_t mhz = 0, mw = c.idle_mw = c.sleep_mw + 1 + (int32_t)rng_below(r, 20000);
    c.n = 1 + (int32_t)rng_below(r, 5);
    for (int32_t i = 0; i < c.n; i++) { // neither convex nor even
        c.p[i].freq_mhz = mhz += 100 + (int32_t)rng_below(r, 900);
        c.p[i].draw_mw = mw += 1 + (int32_t)rng_below(r, 40000);
    }
    return c;
}

static int64_t least_draw(const struct mix_board *b, size_t n, int64_t work_mhz)
{
    if (n == 0)
        return work_mhz <= 0 ? 0 : INT64_MAX / 2;
    int64_t best = b->curve->sleep_mw + least_draw(b + 1, n - 1, work_mhz);
    for (int32_t i = 0; i < b->curve->n; i++) {
        int64_t with =
            b->curve->p[i].draw_mw +
            least_draw(b + 1, n - 1, work_mhz - (int64_t)b->curve->cores * b->curve->p[i].freq_mhz);
        best = with < best ? with : best;
    }
    return best;
}

static void no_other_choice_draws_less(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        struct curve c[6];
        struct mix_board b[6];
        struct rng r;
        rng_seed(&r, seed);
        size_t n = 1 + rng_below(&r, 6);
        int64_t all = 0;
        for (size_t i = 0; i < n; i++) {
            c[i] = some_curve(&r);
            if (i && rng_below(&r, 2))
                c[i] = c[i - 1];
            b[i].curve = &c[i];
            all += (int64_t)c[i].cores * c[i].p[c[i].n - 1].freq_mhz;
        }
        int64_t work = (int64_t)rng_below(&r, (uint64_t)all + 1);
        struct mix m = power_mix(b, n, work);
        int64_t sum = 0, done = 0;
        for (size_t i = 0; i < n; i++) {
            sum += b[i].point == MIX_SLEEP ? c[i].sleep_mw : c[i].p[b[i].point].draw_mw;
            done += b[i].point == MIX_SLEEP ? 0 : (int64_t)c[i].cores * c[i].p[b[i].point].freq_mhz;
        }
        if (!m.exact || m.draw_mw != least_draw(b, n, work) || m.draw_mw != sum || done < work ||
            m.work_mhz != done)
            fail_msg("seed %llu: %lld mW for %lld MHz, least %lld mW", (unsigned long long)seed,
                     (long long)m.draw_mw, (long long)work, (long long)least_draw(b, n, work));
    }
}

static void a_large_fleet_is_close_to_its_bound(void **state)
{
    (void)state;
    static struct mix_board b[5000];
    const struct curve *c = curve_default();
    for (size_t i = 0; i < 5000; i++)
        b[i].curve = c;
    int64_t half = 2500LL * curve_max_work_mhz(c);
    struct mix m = power_mix(b, 5000, half), one = power_mix(b, 100, half / 50);
    assert_true(m.work_mhz >= half);
    assert_true(m.draw_mw <= 50 * one.draw_mw + curve_max_mw(c));
}

// The promise of a heater of three boards and more; one or two boards cannot be divided so well.
static void half_of_a_heaters_computing_costs_a_quarter_of_its_watts(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 12; n++) {
        struct mix_board b[12];
        int32_t awake;
        int64_t work = 0;
        for (size_t i = 0; i < n; i++)
            b[i].curve = curve_default();
        int32_t w = power_mix_keep_w(b, n, 500, &awake);
        for (size_t i = 0; i < n; i++)
            work +=
                b[i].point == MIX_SLEEP ? 0 : (int64_t)b[i].curve->cores * b[i].curve->p[b[i].point].freq_mhz;
        assert_true(2 * work >= (int64_t)n * curve_max_work_mhz(curve_default()));
        assert_true(w * 1000LL <= (n < 3 ? 282 : 260) * (int64_t)n * curve_max_mw(curve_default()) / 1000);
        assert_in_range(awake, 1, n);
    }
    int32_t awake;
    assert_int_equal(power_mix_keep_w(NULL, 0, 500, &awake), 0);
    assert_int_equal(awake, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_of_a_heaters_computing_costs_a_quarter_of_its_watts),
        cmocka_unit_test(half_of_the_computing_needs_at_most_26_percent_of_the_watts),
        cmocka_unit_test(nothing_to_do_is_sleep_and_too_much_is_all_there_is),
        cmocka_unit_test(no_other_choice_draws_less),
        cmocka_unit_test(a_large_fleet_is_close_to_its_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
