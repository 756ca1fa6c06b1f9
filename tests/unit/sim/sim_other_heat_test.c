// SPDX-License-Identifier: Apache-2.0
//
// Where a zone has heat from elsewhere too, what electricity costs and emits decides when its boards heat without work.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim_text.h"

#define TANK                                                                                                 \
    "[zones t]\nsite = s\nkind = tank\nboards = 12\ntank_l = 2000\ndraw_l_day = 4000\nsetpoint = 60\n"       \
    "backup_w = 20000\n"
#define ROOMS "[zones r]\nsite = s\ncount = 4\nboards = 3\nfloor_m2 = 22\nsetpoint = 21\n"
#define NIGHTS                                                                                               \
    "[scenario]\nstart = 2018-02-05\ndays = 2\n[site s]\nweather = synthetic\ntariff_eur_kwh = 0.30\n"       \
    "tariff_night_eur_kwh = 0.05\nnight_from_hour = 22\nnight_to_hour = 6\n"

// Joules that its boards gave it, in all and in the hours in which electricity costs 0.30.
struct gave {
    double all_j, dear_j;
};

static struct gave gave(const char *text)
{
    struct sim_result r;
    struct sim_options o = {.check_plans = true, .check_balances = true};
    struct gave g = {0};
    sim_text_run(text, &o, (struct sim_workload){0}, &r);
    assert_int_equal(r.totals.violations, 0);
    for (size_t i = 0; i < r.series.n; i++) {
        int64_t hour =
            (int64_t)i * r.series.step_ms / 3600000 + 1; // local time: the run begins at midnight UTC
        double j = (r.series.activity_w[ACTIVITY_FILLER][i] + r.series.activity_w[ACTIVITY_BURN][i]) *
                   (double)r.series.step_ms / 1000;
        g.all_j += j;
        g.dear_j += hour % 24 >= 6 && hour % 24 < 22 ? j : 0;
    }
    sim_result_deinit(&r);
    return g;
}

static void a_tank_is_heated_without_work_in_cheap_hours_only(void **state)
{
    (void)state;
    struct gave as_ever = gave(NIGHTS TANK), other = gave(NIGHTS TANK "other_heat_eur_kwh = 0.1\n");
    assert_true(as_ever.dear_j > as_ever.all_j / 2);
    assert_true(other.all_j > 0);
    assert_true(other.dear_j < other.all_j / 20);
    assert_true(gave(NIGHTS TANK "other_heat_eur_kwh = 0.02\n").all_j < as_ever.all_j / 100);
    assert_true(gave(NIGHTS TANK "other_heat_eur_kwh = 0.5\n").all_j == as_ever.all_j);
}

static void rooms_beside_another_heater_likewise(void **state)
{
    (void)state;
    struct gave as_ever = gave(NIGHTS ROOMS), other = gave(NIGHTS ROOMS "other_heat_eur_kwh = 0.1\n");
    assert_true(as_ever.dear_j > as_ever.all_j / 4);
    assert_true(other.all_j > 0);
    assert_true(other.dear_j < other.all_j / 20);
}

static void carbon_with_a_price_counts_as_money(void **state)
{
    (void)state;
    static const char with[] =
        NIGHTS "carbon_g_kwh = 700\ncarbon_eur_t = 100\n" TANK "other_heat_eur_kwh = 0.1\n";
    static const char without[] = NIGHTS "carbon_g_kwh = 700\n" TANK "other_heat_eur_kwh = 0.1\n";
    assert_true(gave(without).all_j > 0);
    assert_true(gave(with).all_j < gave(without).all_j / 100); // 0.05 and 0.07 euro
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tank_is_heated_without_work_in_cheap_hours_only),
        cmocka_unit_test(rooms_beside_another_heater_likewise),
        cmocka_unit_test(carbon_with_a_price_counts_as_money),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
