// SPDX-License-Identifier: Apache-2.0
//
// What is said of rooms on a step up and around their setpoints, and that the ways to break the control on purpose
// do break it: by as much as they say, and seen where it is to be seen.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/sim_text.h"

// Rooms of little inertia, so that each night takes them down to 17, for three days in winter.
#define HOUSE                                                                                                \
    "[scenario]\nstart = 2018-02-05\ndays = 3\n[site home]\nweather = synthetic\n[zones room]\nsite = "      \
    "home\n"                                                                                                 \
    "archetype = 1989-2004\ncount = 4\nboards = 3\nfloor_m2 = 10\nsetpoints = schedule\nsetpoint = 20\n"     \
    "schedule = daily 06:00 20; daily 20:00 eco\n[work w]\nkind = backlog\nclass = flex\nshare = 1\n"

static struct sim_zone_result first_room(struct sim_mutants m)
{
    struct sim_options o = {.mutants = m, .check_balances = true};
    struct sim_result r;
    sim_text_run(HOUSE, &o, (struct sim_workload){0}, &r);
    struct sim_zone_result z = r.zone[0];
    assert_true(r.totals.energy_error < 1e-9);
    print_message("%.1f MJ; %d steps: settled in %.0f s, %.0f s later; peaks %.2f K over, %.2f K under\n",
                  (double)z.delivered_j * 1e-6, (int)z.settle_steps, z.settle_s, z.settle_later_s,
                  z.peak_over_k, z.peak_under_k);
    sim_result_deinit(&r);
    return z;
}

static void a_thermostat_keeps_peaks_low_and_settles_soon(void **state)
{
    (void)state;
    struct sim_zone_result z = first_room((struct sim_mutants){0});
    assert_int_equal(z.settle_steps, 3);
    assert_true(z.settle_s > 0 && z.settle_later_s < 3600);
    assert_true(z.peak_over_k < 0.6 && z.peak_under_k < 0.6);
}

static void a_step_that_is_heard_late_is_settled_late(void **state)
{
    (void)state;
    struct sim_zone_result z = first_room((struct sim_mutants){0}),
                           late = first_room((struct sim_mutants){.steps_late = true});
    assert_int_equal(late.settle_steps, 3);
    assert_true(late.settle_later_s > z.settle_later_s + 1800);
    assert_true(late.peak_over_k < 0.6 && late.peak_under_k < 0.6);
}

static void heaters_that_do_not_listen_give_what_they_are_said_to(void **state)
{
    (void)state;
    struct sim_zone_result third = first_room((struct sim_mutants){.thermostat_off = true}),
                           full = first_room((struct sim_mutants){.heaters_full = true}),
                           none = first_room((struct sim_mutants){.heaters_none = true});
    assert_true(fabs((double)full.delivered_j / (double)third.delivered_j - 3) < 0.06);
    assert_true((double)none.delivered_j < 0.03 * (double)full.delivered_j);
    assert_true(full.peak_over_k > 3 && full.peak_under_k < 0.1);
    assert_true(none.peak_under_k > 3 && none.peak_over_k < 0.1);
    assert_true(none.settle_later_s > 3600); // it never came: up to the end of each day
}

// A hall in a frost, which never gets warm: what its heater gives for two days, of what its boards could draw. Surfaces
// of one size for heaters of all watts once held six boards back at half of them.
static double given_share(int boards)
{
    char text[600];
    struct sim_options o = {0};
    struct sim_result r;
    snprintf(
        text, sizeof text,
        "[scenario]\nstart = 2018-02-05\ndays = 2\n[site home]\nweather = -12\n[zones room]\nsite = home\n"
        "archetype = before1948\nfloor_m2 = 60\nboards = %d\nsetpoint = 23\npeople = none\n"
        "[work w]\nkind = backlog\nclass = flex\nshare = 1\nrun_s = 1e5\n",
        boards);
    sim_text_run(text, &o, (struct sim_workload){0}, &r);
    double share = (double)r.zone[0].delivered_j / (boards * 153.0 * 2 * 86400);
    print_message("%d boards give %.3f of their watts, room at most %.1f degC\n", boards, share,
                  r.zone[0].max_c);
    assert_true(r.zone[0].max_c < 24);
    sim_result_deinit(&r);
    return share;
}

static void heaters_give_all_that_their_boards_draw_below_24_degrees(void **state)
{
    (void)state;
    assert_true(given_share(3) > 0.99);
    assert_true(given_share(6) > 0.99);
    assert_true(given_share(12) > 0.99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_thermostat_keeps_peaks_low_and_settles_soon),
        cmocka_unit_test(a_step_that_is_heard_late_is_settled_late),
        cmocka_unit_test(heaters_that_do_not_listen_give_what_they_are_said_to),
        cmocka_unit_test(heaters_give_all_that_their_boards_draw_below_24_degrees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
