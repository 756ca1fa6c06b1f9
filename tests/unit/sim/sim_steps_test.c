// SPDX-License-Identifier: Apache-2.0
//
// The same house in steps of other lengths: ideal heaters go in steps of five minutes or with the rooms,
// hours have from twelve to 360 steps, and the heat is the same.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/sim_text.h"

static void run(int step_s, int wall_w_k, struct sim_result *r)
{
    struct sim_options o = {.check_balances = true};
    char text[600];
    snprintf(
        text, sizeof text,
        "[scenario]\nstart = 2018-01-15\ndays = 1.5\nstep_s = %d\n[site home]\nweather = synthetic\n"
        "[zones room]\nsite = home\ncount = 6\nboards = 3\nfloor_m2 = 22\nspread = 0.3\nneighbour_w_k = %d\n"
        "schedule = daily 06:00 20; daily 22:03 18\n[work w]\nkind = backlog\nclass = flex\nshare = 1\n",
        step_s, wall_w_k);
    sim_text_run(text, &o, (struct sim_workload){0}, r);
}

// Walls of 200 W/K are so thick that ideal heaters go with the rooms.
static void the_heat_of_a_house_does_not_depend_on_the_step(void **state)
{
    (void)state;
    const int steps[] = {60, 10, 20, 75, 300};
    for (int wall = 20; wall <= 200; wall += 180) {
        double asked = 0;
        for (size_t k = 0; k < ARRAY_LEN(steps); k++) {
            struct sim_result r;
            run(steps[k], wall, &r);
            int64_t delivered = 0;
            for (size_t i = 0; i < r.n_zones; i++)
                delivered += r.zone[i].delivered_j;
            print_message("walls of %d W/K, steps of %3d s: asked %.4g J, energy to %.1g\n", wall, steps[k],
                          (double)r.totals.asked_j, r.totals.energy_error);
            assert_true(r.totals.energy_error < 1e-9);
            assert_in_range(r.totals.it_j - delivered, 0, (int64_t)r.n_zones);
            asked = k == 0 ? (double)r.totals.asked_j : asked;
            assert_true((double)r.totals.asked_j > 0.995 * asked && (double)r.totals.asked_j < 1.005 * asked);
            sim_result_deinit(&r);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_heat_of_a_house_does_not_depend_on_the_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
