// SPDX-License-Identifier: Apache-2.0
//
// Circuits of a site, and those of zones that have their own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim_text.h"

#define HOURS 12
#define GROUP(name, more)                                                                                    \
    "[zones " name "]\nsite = s\nboards = 3\nfloor_m2 = 22\nstart_c = 10\nsetpoint = 22\n" more

// Rooms that are cold all the time take what they may.
static void a_zones_own_circuit_counts_instead_of_the_sites(void **state)
{
    (void)state;
    static const char text[] = "[scenario]\nstart = 2018-01-15\ndays = 0.5\n[site s]\nweather = -10\n"
                               "weather_without_sun = dark\ncircuit_cap_w = 200\n" //
        GROUP("as-the-site", "") GROUP("without", "circuit_cap_w = 0\n")
            GROUP("its-own", "circuit_cap_w = 300\n");
    static const double most_w[] = {200, 460, 300};
    struct sim_result r;
    struct sim_options o = {.check_plans = true, .check_balances = true};
    sim_text_run(text, &o, (struct sim_workload){0}, &r);
    assert_int_equal(r.n_zones, ARRAY_LEN(most_w));
    for (size_t i = 0; i < r.n_zones; i++) {
        double mean_w = (double)r.zone[i].delivered_j / (HOURS * 3600);
        assert_true(mean_w <= most_w[i] && mean_w > most_w[i] * 0.9);
    }
    assert_int_equal(r.totals.violations, 0);
    sim_result_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_zones_own_circuit_counts_instead_of_the_sites)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
