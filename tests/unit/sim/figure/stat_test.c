// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "sim/figure/stat.h"

static void close_to(double got, double want, double by)
{
    if (!(got >= want - by && got <= want + by))
        fail_msg("%.9g, not %.9g within %g", got, want, by);
}

static void test_quantiles_are_exact(void **state)
{
    (void)state;
    struct stat_sample s = {0};
    close_to(stat_quantile(&s, 0.5), 0, 0);
    for (int i = 100; i >= 0; i--)
        stat_add(&s, i);
    close_to(stat_quantile(&s, 0.95), 95, 1e-12);
    close_to(stat_quantile(&s, 0), 0, 0);
    close_to(stat_quantile(&s, 1), 100, 0);
    stat_add(&s, 1000); // sorted again
    close_to(stat_quantile(&s, 1), 1000, 0);
    close_to(stat_quantile(&s, 0.5), 50.5, 1e-12);
    close_to(stat_mean(&s), 6050.0 / 102, 1e-12);
    stat_deinit(&s);
    double few[] = {7, 3};
    stat_add(&s, few[0]);
    stat_add(&s, few[1]);
    close_to(stat_quantile(&s, 0.25), 4, 1e-12);
    stat_deinit(&s);
}

// Of printed tables (two-sided 95 % and 99 %).
static void test_student(void **state)
{
    (void)state;
    static const struct {
        double level;
        int64_t df;
        double t;
    } v[] = {{0.95, 1, 12.7062},   {0.95, 2, 4.30265},  {0.95, 3, 3.18245},  {0.95, 4, 2.77645},
             {0.95, 9, 2.26216},   {0.95, 10, 2.22814}, {0.95, 29, 2.04523}, {0.95, 30, 2.04227},
             {0.95, 120, 1.97993}, {0.99, 9, 3.24984},  {0.99, 5, 4.03214},  {0.95, 1000000, 1.95996}};
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++)
        close_to(stat_student(v[i].level, v[i].df), v[i].t, 6e-5);
}

static void test_welford_keeps_its_digits(void **state)
{
    (void)state;
    struct stat_mean m = {0};
    double v[] = {4, 7, 13, 16};
    for (int i = 0; i < 4; i++)
        stat_mean_add(&m, 1e9 + v[i]);
    close_to(m.mean, 1e9 + 10, 1e-6);
    close_to(stat_variance(&m), 30, 1e-6);
    close_to(m.max - m.min, 12, 0);
}

// Ten values of known mean: the interval must hold it 95 times of 100.
static void test_the_interval_holds_the_mean_as_often_as_it_says(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 3);
    int held = 0;
    for (int run = 0; run < 4000; run++) {
        struct stat_mean m = {0};
        for (int i = 0; i < 10; i++)
            stat_mean_add(&m, 5 + 2 * rng_normal(&r));
        struct stat_interval c = stat_interval95(&m);
        assert_int_equal(c.n, 10);
        held += c.mean - c.half <= 5 && 5 <= c.mean + c.half;
    }
    close_to(held / 4000.0, 0.95, 0.012); // three and a half standard errors
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_are_exact),
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_welford_keeps_its_digits),
        cmocka_unit_test(test_the_interval_holds_the_mean_as_often_as_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
