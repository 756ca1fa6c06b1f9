// SPDX-License-Identifier: Apache-2.0
// The example payload: its closed form against a numerical integral, its simulation against the closed form,
// and what combining many results must and must not accept.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "examples/basket/combine.h"

#define PATHS 50000

static struct basket_result simulate(uint64_t seed, uint32_t instance, uint64_t paths)
{
    struct market m = market_example();
    struct basket_result r = {.instance = instance, .cpu_s = 1};
    struct paths_stream s;
    paths_stream_init(&s, seed, instance);
    paths_run(&m, &s, paths, &r.sums);
    return r;
}

static struct basket_price price_of(uint64_t seed, uint32_t instances)
{
    struct market m = market_example();
    struct basket_result v[16];
    struct basket_price p;
    struct err e = ERR_NULL;
    for (uint32_t i = 0; i < instances; i++)
        v[i] = simulate(seed, i, PATHS);
    if (basket_combine(&p, v, instances, &m, &e) != 0)
        fail_msg("%s", e.text);
    return p;
}

static void cholesky_factor_gives_the_correlations_back(void **state)
{
    (void)state;
    struct market m = market_example();
    double l[MARKET_ASSETS][MARKET_ASSETS];
    market_cholesky(&m, l);
    for (int i = 0; i < MARKET_ASSETS; i++) {
        for (int j = 0; j < MARKET_ASSETS; j++) {
            double dot = 0;
            for (int k = 0; k < MARKET_ASSETS; k++)
                dot += l[i][k] * l[j][k];
            assert_true(fabs(dot - m.rho[i][j]) < 1e-14);
            assert_true(i == j ? m.rho[i][j] == 1 : fabs(m.rho[i][j]) < 1);
        }
    }
}

// The integral knows nothing of the formula: mean and spread of ln G come from the Cholesky factor, as the
// simulation makes them, and the payoff is summed over the normal density (Simpson, 10 deviations each way).
static void closed_form_is_the_integral_of_the_payoff(void **state)
{
    (void)state;
    for (int strike = 60; strike <= 160; strike += 20) {
        struct market m = market_example();
        m.strike = strike;
        double l[MARKET_ASSETS][MARKET_ASSETS], mean = 0, variance = 0, sum = 0;
        market_cholesky(&m, l);
        for (int k = 0; k < MARKET_ASSETS; k++) {
            double c = 0;
            for (int i = 0; i < MARKET_ASSETS; i++)
                c += m.sigma[i] * l[i][k] * sqrt(m.years) / MARKET_ASSETS;
            variance += c * c;
            mean += (log(m.spot[k]) + (m.rate - m.sigma[k] * m.sigma[k] / 2) * m.years) / MARKET_ASSETS;
        }
        int steps = 200000;
        double h = 20.0 / steps;
        for (int i = 0; i <= steps; i++) {
            double x = -10 + h * i, weight = i == 0 || i == steps ? 1 : i % 2 ? 4 : 2;
            double pays = fmax(exp(mean + sqrt(variance) * x) - m.strike, 0);
            sum += weight * pays * exp(-x * x / 2);
        }
        double integral = exp(-m.rate * m.years) * sum * h / 3 / sqrt(2 * 3.14159265358979323846);
        double closed = market_geometric_call(&m);
        if (fabs(integral - closed) > 1e-6 * (1 + closed))
            fail_msg("strike %d: integral %.9f, formula %.9f", strike, integral, closed);
    }
}

static void simulation_lies_within_four_standard_errors_of_the_closed_form(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct basket_price p = price_of(seed, 8);
        assert_int_equal(p.paths, 8 * PATHS);
        if (fabs(p.z) > 4)
            fail_msg("z = %f (seed %llu)", p.z, (unsigned long long)seed);
        assert_true(p.geo_error > 0 && p.geo_error < 0.05);
        assert_true(p.price > p.geo_closed); // an arithmetic mean is above the geometric one
        assert_true(p.error < p.plain_error / 5);
        assert_true(fabs(p.price - p.plain_price) < 4 * p.plain_error);
    }
}

// The control variate must take noise out: runs of different seeds lie within their own, much smaller,
// errors.
static void prices_of_many_seeds_agree_within_their_errors(void **state)
{
    (void)state;
    struct basket_price first = price_of(20, 4);
    for (uint64_t seed = 21; seed < 30; seed++) {
        struct basket_price p = price_of(seed, 4);
        if (fabs(p.price - first.price) > 4 * hypot(p.error, first.error))
            fail_msg("%.5f and %.5f, errors %.5f and %.5f (seed %llu)", p.price, first.price, p.error,
                     first.error, (unsigned long long)seed);
    }
}

static void another_seed_is_another_result_and_the_same_seed_the_same(void **state)
{
    (void)state;
    struct basket_price a = price_of(7, 2), again = price_of(7, 2), b = price_of(8, 2);
    assert_memory_equal(&a, &again, sizeof a);
    assert_true(a.price != b.price);
    assert_true(fabs(a.price - b.price) < 6 * (a.error + b.error));
    assert_true(simulate(7, 0, 1000).sums.sum != simulate(7, 1, 1000).sums.sum);
}

static void stream_goes_on_where_it_was(void **state)
{
    (void)state;
    struct market m = market_example();
    struct paths_stream s;
    struct paths_sums parts = {0};
    paths_stream_init(&s, 3, 5);
    for (int i = 0; i < 10; i++)
        paths_run(&m, &s, 100, &parts);
    struct paths_sums whole = simulate(3, 5, 1000).sums;
    assert_memory_equal(&parts, &whole, sizeof whole);
}

static void order_of_the_results_does_not_matter(void **state)
{
    (void)state;
    struct market m = market_example();
    struct basket_result up[3], down[3];
    struct basket_price a, b;
    for (uint32_t i = 0; i < 3; i++)
        up[i] = down[2 - i] = simulate(1, i, 1000);
    assert_int_equal(basket_combine(&a, up, 3, &m, NULL), 0);
    assert_int_equal(basket_combine(&b, down, 3, &m, NULL), 0);
    assert_memory_equal(&a, &b, sizeof a);
}

static void doubled_or_missing_results_are_refused(void **state)
{
    (void)state;
    struct market m = market_example();
    struct basket_result v[2] = {simulate(1, 4, 100), simulate(1, 4, 100)};
    struct basket_price p;
    struct err e = ERR_NULL;
    assert_int_equal(basket_combine(&p, v, 2, &m, &e), -EINVAL);
    assert_non_null(strstr(e.text, "instance 4 is there twice"));
    assert_int_equal(basket_combine(&p, NULL, 0, &m, &e), -EINVAL);
}

static void result_is_found_in_the_output(void **state)
{
    (void)state;
    const char *line = "{\"instance\":12,\"paths\":100,\"sum\":1.5,\"sum2\":2e3,\"geo_sum\":1,\"geo_sum2\":2,"
                       "\"cross\":0.25,\"cpu_s\":2.300}";
    const char *shapes[] = {"%s", "progress 5\n{\"old\":1}\n%s\n", "12> progress 100\n12> %s\n",
                            " 2> x\r\n 2> %s\r\n"};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        char text[512];
        struct basket_result r;
        struct err e = ERR_NULL;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(text, sizeof text, shapes[i], line);
#pragma GCC diagnostic pop
        if (basket_result_find(&r, text, strlen(text), &e) != 0)
            fail_msg("shape %zu: %s", i, e.text);
        assert_int_equal(r.instance, 12);
        assert_int_equal(r.sums.paths, 100);
        assert_true(r.sums.sum == 1.5 && r.sums.sum2 == 2000 && r.sums.geo_sum == 1 && r.sums.geo_sum2 == 2);
        assert_true(r.sums.cross == 0.25 && r.cpu_s == 2.3);
    }
}

static void broken_results_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int code;
    } cases[] = {
        {"", -ENOENT},
        {"progress 100\n", -ENOENT},
        {"{}", -EINVAL},
        {"{\"instance\":1", -EINVAL},
        {"{\"instance\":1,\"paths\":0,\"sum\":1,\"sum2\":1,\"geo_sum\":1,\"geo_sum2\":1,\"cross\":1,\"cpu_"
         "s\":1}",
         -EINVAL},
        {"{\"instance\":1,\"paths\":9,\"sum\":nan,\"sum2\":1,\"geo_sum\":1,\"geo_sum2\":1,\"cross\":1,\"cpu_"
         "s\":1}",
         -EINVAL},
        {"{\"instance\":1,\"paths\":9,\"sum\":1e999,\"sum2\":1,\"geo_sum\":1,\"geo_sum2\":1,\"cross\":1,"
         "\"cpu_s\":1}",
         -EINVAL},
        {"{\"instance\":-1,\"paths\":9,\"sum\":1,\"sum2\":1,\"geo_sum\":1,\"geo_sum2\":1,\"cross\":1,\"cpu_"
         "s\":1}",
         -EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t n = strlen(cases[i].text);
        char *exact = malloc(n ? n : 1); // no NUL behind: reading past the end shows under the sanitizers
        memcpy(exact, cases[i].text, n);
        struct basket_result r;
        struct err e = ERR_NULL;
        assert_int_equal(basket_result_find(&r, exact, n, &e), cases[i].code);
        free(exact);
    }
}

// The program that customers' tasks run, as a whole: environment in, progress and one line of JSON out.
static struct basket_result run_program(const char *environment, size_t *progress_lines)
{
    char command[4096], output[8192];
    snprintf(command, sizeof command, "env -i %s " BASKET_PROGRAM, environment);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    size_t n = fread(output, 1, sizeof output - 1, f);
    output[n] = '\0';
    assert_int_equal(pclose(f), 0);
    *progress_lines = 0;
    for (const char *p = output; (p = strstr(p, "progress ")); p++)
        (*progress_lines)++;
    struct basket_result r;
    struct err e = ERR_NULL;
    if (basket_result_find(&r, output, n, &e) != 0)
        fail_msg("%s in: %s", e.text, output);
    return r;
}

static void program_prints_the_very_sums_of_its_share(void **state)
{
    (void)state;
    size_t lines;
    struct basket_result r =
        run_program("INSTANCE_ID=3 INSTANCE_COUNT=4 BASKET_SEED=11 BASKET_PATHS=1003", &lines);
    assert_int_equal(lines, 20);
    assert_int_equal(r.instance, 3);
    assert_int_equal(r.sums.paths, 1003);
    struct paths_sums again = run_program("INSTANCE_ID=3 BASKET_SEED=11 BASKET_PATHS=1003", &lines).sums;
    assert_memory_equal(&again, &r.sums, sizeof again);
    // The library here may be built with other options: equal but for the last digits.
    assert_true(fabs(r.sums.sum / simulate(11, 3, 1003).sums.sum - 1) < 1e-12);
    assert_int_not_equal(system("BASKET_PATHS=many " BASKET_PROGRAM " >/dev/null 2>&1"), 0);
    assert_int_not_equal(system("BASKET_PATHS=10 " BASKET_PROGRAM " >/dev/full 2>/dev/null"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cholesky_factor_gives_the_correlations_back),
        cmocka_unit_test(closed_form_is_the_integral_of_the_payoff),
        cmocka_unit_test(simulation_lies_within_four_standard_errors_of_the_closed_form),
        cmocka_unit_test(prices_of_many_seeds_agree_within_their_errors),
        cmocka_unit_test(another_seed_is_another_result_and_the_same_seed_the_same),
        cmocka_unit_test(stream_goes_on_where_it_was),
        cmocka_unit_test(order_of_the_results_does_not_matter),
        cmocka_unit_test(doubled_or_missing_results_are_refused),
        cmocka_unit_test(result_is_found_in_the_output),
        cmocka_unit_test(broken_results_are_refused),
        cmocka_unit_test(program_prints_the_very_sums_of_its_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
