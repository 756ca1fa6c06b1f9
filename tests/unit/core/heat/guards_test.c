// SPDX-License-Identifier: Apache-2.0
// Each guard comes, does what the table in guards.h says, and goes again; none flaps.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "plant.h"

static struct rig warm_rig(int step_s)
{
    struct rig g;
    rig_init(&g, plant_room(1.0, 1000, 20, 2), 20, step_s);
    rig_run(&g, DAY_S);
    assert_int_equal(g.t.guard, GUARD_NONE);
    assert_true(g.t.request.target_w > 350);
    return g;
}

// Runs and counts how often the guard in force changes.
static int changes(struct rig *g, int64_t seconds)
{
    int n = 0;
    for (int64_t i = 0; i < seconds; i += g->step_s) {
        enum zone_guard was = g->t.guard;
        rig_run(g, g->step_s);
        n += g->t.guard != was;
    }
    return n;
}

static void assert_why(const struct rig *g, const char *part)
{
    char why[200];
    thermostat_why(&g->t, HOUSE_MS(g->t_s * 1000), 0, why, sizeof why);
    if (!strstr(why, part))
        fail_msg("'%s' lacks '%s'", why, part);
}

static void an_open_window_stops_the_heat_and_a_shut_one_lets_it_on(void **state)
{
    (void)state;
    static const int spacing[] = {10, 60};
    for (size_t i = 0; i < 2; i++) {
        struct rig g = warm_rig(spacing[i]);
        double integral = g.t.integral_w;
        int64_t opened = g.t_s;
        g.p.hwin = 250;
        while (g.t.guard != GUARD_WINDOW_OPEN && g.t_s < opened + 900)
            rig_run(&g, 1);
        assert_true(g.t_s - opened < 420);
        integral = g.t.integral_w;
        rig_run(&g, 900 - (g.t_s - opened));
        assert_int_equal(g.t.guard, GUARD_WINDOW_OPEN);
        assert_int_equal(g.t.request.target_w, 0);
        assert_true(g.t.integral_w == integral); // frozen
        assert_why(&g, "a window seems open since");
        g.p.hwin = 0;
        assert_in_range(changes(&g, 1800), 1, 1);
        assert_int_equal(g.t.guard, GUARD_NONE);
        rig_clear(&g);
        rig_run(&g, DAY_S / 2);
        assert_true(g.highest < 0.4); // no heat owed for the window
        assert_true(g.p.ti > 19.7);
    }
}

static void a_window_left_open_gets_heat_after_half_an_hour_and_frost_protection_before(void **state)
{
    (void)state;
    struct rig g = warm_rig(10);
    g.p.hwin = 250;
    rig_run(&g, 900);
    assert_int_equal(g.t.guard, GUARD_WINDOW_OPEN);
    assert_in_range(changes(&g, 3 * 3600), 1, 3);
    assert_int_equal(g.t.guard, GUARD_NONE);
    assert_true(g.t.request.target_w > 800);
}

static void shutting_the_heat_off_is_no_window(void **state)
{
    (void)state;
    struct rig g;
    rig_init(&g, plant_room(2.3, 2000, 20, -5), 20, 10);
    rig_run(&g, DAY_S);
    rig_wish(&g, ZONE_COMFORT, 16);
    for (int i = 0; i < 1000; i++) {
        rig_run(&g, 10);
        assert_int_not_equal(g.t.guard, GUARD_WINDOW_OPEN);
    }
}

static void a_stale_sensor_limits_to_a_third_and_recovers(void **state)
{
    (void)state;
    struct rig g = warm_rig(10);
    g.silent = true;
    rig_run(&g, 80);
    assert_int_equal(g.t.guard, GUARD_NONE);
    rig_run(&g, 30);
    assert_int_equal(g.t.guard, GUARD_SENSOR_STALE);
    assert_int_equal(g.t.request.target_w, 300); // it took more than 350 W
    assert_int_equal(g.t.request.max_w, 300);
    assert_false(thermostat_filler_allowed(&g.t));
    assert_why(&g, "no room reading since");
    assert_int_equal(changes(&g, 3600), 0);
    g.silent = false;
    assert_int_equal(changes(&g, 1200), 1);
    assert_int_equal(g.t.guard, GUARD_NONE);
    assert_true(thermostat_filler_allowed(&g.t));
    rig_run(&g, DAY_S / 2);
    rig_clear(&g);
    rig_run(&g, DAY_S / 2);
    assert_true(g.lowest > -0.3 && g.highest < 0.3);
}

static void a_thermostat_that_never_saw_a_reading_is_stale(void **state)
{
    (void)state;
    struct rig g;
    rig_init(&g, plant_room(1.0, 1000, 15, 2), 20, 10);
    g.silent = true;
    rig_run(&g, 600);
    assert_int_equal(g.t.guard, GUARD_SENSOR_STALE);
    assert_int_equal(g.t.request.target_w, 300);
    rig_wish(&g, ZONE_OFF, 20);
    rig_run(&g, 20);
    assert_int_equal(g.t.request.target_w, 0); // off is off, blind or not
}

static void an_impossible_reading_is_not_believed(void **state)
{
    (void)state;
    static const int32_t bends[] = {60000, -60000, -12000, 9000};
    for (size_t i = 0; i < 4; i++) {
        struct rig g = warm_rig(10);
        g.bend_mc = bends[i];
        rig_run(&g, 30);
        assert_int_equal(g.t.guard, GUARD_SENSOR_IMPOSSIBLE);
        assert_true(g.t.request.target_w <= 300 && g.t.request.target_w >= 100);
        assert_true(g.t.room_c > 19.5 && g.t.room_c < 20.5);
        assert_false(thermostat_filler_allowed(&g.t));
        g.bend_mc = 0;
        assert_int_equal(changes(&g, 1200), 1);
        assert_int_equal(g.t.guard, GUARD_NONE);
    }
}

static void a_jump_that_stays_is_a_moved_sensor(void **state)
{
    (void)state;
    struct rig g = warm_rig(10);
    g.bend_mc = -4000; // over 3 K within a minute
    rig_run(&g, 200);
    assert_int_equal(g.t.guard, GUARD_SENSOR_IMPOSSIBLE);
    assert_int_equal(changes(&g, 1200), 1);
    assert_int_equal(g.t.guard, GUARD_NONE);
    assert_true(g.t.room_c < 17);
}

static void a_quick_room_is_no_jump(void **state)
{
    (void)state;
    struct rig g = warm_rig(10);
    for (int i = 0; i < 60; i++) { // 2.4 K/min
        g.bend_mc += 100 * (i < 30 ? 1 : -1) * 4;
        rig_run(&g, 10);
        assert_int_not_equal(g.t.guard, GUARD_SENSOR_IMPOSSIBLE);
    }
}

static void a_hot_room_sheds_everything_until_it_is_cooler(void **state)
{
    (void)state;
    struct rig g = warm_rig(10);
    g.p.ti = g.p.tm = g.p.sensor = 22.7;
    rig_run(&g, 600);
    assert_int_equal(g.t.guard, GUARD_NONE);
    g.p.ti = g.p.tm = g.p.sensor = 23.3;
    rig_run(&g, 300);
    assert_int_equal(g.t.guard, GUARD_ROOM_HOT);
    assert_int_equal(g.t.request.max_w, 0);
    assert_int_equal(g.t.request.up_j, 0);
    assert_why(&g, "too warm since");
    assert_int_equal(changes(&g, DAY_S), 1);
    assert_int_equal(g.t.guard, GUARD_NONE);
    rig_wish(&g, ZONE_OFF, 20);
    g.p.ti = g.p.tm = g.p.sensor = 25.5;
    rig_run(&g, 300);
    assert_int_equal(g.t.guards & (1u << GUARD_ROOM_HOT), 0); // off: only 28 degC is hot
    assert_int_equal(g.t.request.max_w, 0);
}

static void a_hot_processor_cuts_the_power_and_gives_it_back(void **state)
{
    (void)state;
    struct rig g = warm_rig(10);
    int32_t before = g.t.request.target_w;
    g.cpu_mc = 91000;
    rig_run(&g, 20);
    assert_int_equal(g.t.guard, GUARD_CPU_HOT);
    assert_true(g.t.request.target_w <= before * 9 / 10);
    rig_run(&g, 120);
    assert_true(g.t.request.target_w < before / 2);
    assert_why(&g, "a processor over 90 degC");
    g.cpu_mc = 87000; // between the limits nothing changes
    int32_t held = g.t.request.target_w;
    assert_int_equal(changes(&g, 600), 0);
    assert_int_equal(g.t.request.target_w, held);
    g.cpu_mc = 101000;
    rig_run(&g, 20);
    assert_int_equal(g.t.request.target_w, 0);
    g.cpu_mc = 70000;
    assert_int_equal(changes(&g, 1800), 1);
    assert_int_equal(g.t.guard, GUARD_NONE);
}

static void the_metal_stays_below_its_limit(void **state)
{
    (void)state;
    for (int with = 0; with < 2; with++) { // by the model alone, and with a heatsink sensor
        struct rig g;
        rig_init(&g, plant_room(1.8, 500, 18, 2), 24, 10);
        g.with_heatsink = with;
        g.p.ch *= with ? 0.8 : 1;
        bool seen = false;
        int flips = 0;
        for (int i = 0; i < 2000; i++) {
            enum zone_guard was = g.t.guard;
            rig_run(&g, 60);
            assert_true(g.p.th < 65.5);
            seen = seen || g.t.guard == GUARD_SURFACE_HOT;
            flips += was != g.t.guard;
        }
        assert_true(seen);
        assert_true(flips < 12);       // the day's swing of the room, not every step
        assert_true(g.p.draw_w > 440); // capped, not shut off
    }
}

static void a_covered_heater_is_switched_off_and_tried_again(void **state)
{
    (void)state;
    struct rig g;
    rig_init(&g, plant_room(1.0, 1000, 20, 0), 20, 10);
    rig_run(&g, DAY_S);
    double ua = g.p.ua;
    g.p.ua = ua / 5; // a coat over it
    int64_t covered = g.t_s;
    while (g.t.guard != GUARD_COVERED && g.t_s < covered + 7200)
        rig_run(&g, 10);
    assert_true(g.t_s - covered < 3600);
    assert_int_equal(g.t.request.max_w, 0);
    assert_true(g.p.th < 70);
    assert_false(thermostat_filler_allowed(&g.t));
    assert_why(&g, "covered");
    assert_int_equal(changes(&g, 900), 0); // at least 15 min
    g.p.ua = ua;
    rig_run(&g, 3 * 3600);
    assert_int_not_equal(g.t.guard, GUARD_COVERED);
    assert_true(g.t.request.target_w > 100);
}

static void an_uncovered_heater_is_never_taken_for_covered(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) { // other metal than the model's: 20 to 30 kJ/K, 8.5 to 12 W/K per heater
        struct rig g;
        rig_init(&g, plant_room(1.0, 1000, 17, 0), 20, 10);
        g.p.ch *= i & 1 ? 0.8 : 1.25;
        g.p.ua *= i & 2 ? 0.85 : 1.2;
        for (int d = 0; d < 300; d++) {
            if (d % 40 == 0)
                rig_wish(&g, d % 80 ? ZONE_ECO : ZONE_COMFORT, 20);
            rig_run(&g, 600);
            assert_int_not_equal(g.t.guard, GUARD_COVERED);
        }
    }
}

static void an_opened_heater_stays_off_until_a_person_clears_it(void **state)
{
    (void)state;
    struct rig g = warm_rig(10);
    struct err e;
    assert_int_equal(thermostat_clear_lid(&g.t, NULL), 0); // nothing to clear
    g.lid_open = true;
    rig_run(&g, 10);
    assert_int_equal(g.t.guard, GUARD_LID_OPEN);
    assert_int_equal(g.t.request.max_w, 0);
    assert_int_equal(thermostat_clear_lid(&g.t, &e), -EBUSY);
    g.lid_open = false;
    rig_run(&g, 3600);
    assert_int_equal(g.t.guard, GUARD_LID_OPEN);
    assert_why(&g, "was opened at 00:00");
    assert_int_equal(thermostat_clear_lid(&g.t, &e), 0);
    rig_run(&g, 20);
    assert_int_equal(g.t.guard, GUARD_NONE);
    assert_true(g.t.request.target_w > 300);
}

static void off_is_off_but_never_lets_the_room_freeze(void **state)
{
    (void)state;
    struct rig g;
    rig_init(&g, plant_room(1.0, 1000, 20, -10), 20, 60);
    rig_run(&g, DAY_S);
    rig_wish(&g, ZONE_OFF, 20);
    rig_run(&g, 60);
    assert_int_equal(g.t.guard, GUARD_OFF);
    assert_int_equal(g.t.request.target_w, 0);
    assert_int_equal(g.t.request.max_w, 0);
    assert_why(&g, "off since 00:00, 0 W");
    rig_run(&g, 10 * DAY_S);
    assert_true(g.p.ti > 6.5 && g.p.ti < 7.5);
    assert_int_equal(g.t.guard, GUARD_OFF);
    rig_wish(&g, ZONE_COMFORT, 20);
    rig_run(&g, 120);
    assert_int_equal(g.t.guard, GUARD_NONE);
    assert_int_equal(g.t.request.target_w, 1000);
}

static void the_strongest_guard_is_named_and_the_tightest_holds(void **state)
{
    (void)state;
    struct rig g = warm_rig(10);
    g.silent = true;
    rig_run(&g, 120);
    g.cpu_mc = 105000;
    rig_run(&g, 20);
    assert_int_equal(g.t.guard, GUARD_SENSOR_STALE);
    assert_int_equal(g.t.request.target_w, 0); // by the processor
    g.lid_open = true;
    rig_run(&g, 10);
    assert_int_equal(g.t.guard, GUARD_LID_OPEN);
}

static void a_clock_that_stands_or_goes_back_does_no_harm(void **state)
{
    (void)state;
    struct rig g = warm_rig(10);
    int32_t before = g.t.request.target_w;
    struct zone_sense s = {.at = HOUSE_MS(g.t_s * 1000 - 3600000),
                           .room_mc = 20000,
                           .heatsink_mc = INT32_MIN,
                           .cpu_mc = INT32_MIN,
                           .draw_mw = before * 1000};
    for (int i = 0; i < 100; i++)
        heat_step(&g.t, &s, 1, HOUSE_MS(g.t_s * 1000 - 3600000));
    assert_in_range(g.t.request.target_w, before - 100, before + 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_window_stops_the_heat_and_a_shut_one_lets_it_on),
        cmocka_unit_test(a_window_left_open_gets_heat_after_half_an_hour_and_frost_protection_before),
        cmocka_unit_test(shutting_the_heat_off_is_no_window),
        cmocka_unit_test(a_stale_sensor_limits_to_a_third_and_recovers),
        cmocka_unit_test(a_thermostat_that_never_saw_a_reading_is_stale),
        cmocka_unit_test(an_impossible_reading_is_not_believed),
        cmocka_unit_test(a_jump_that_stays_is_a_moved_sensor),
        cmocka_unit_test(a_quick_room_is_no_jump),
        cmocka_unit_test(a_hot_room_sheds_everything_until_it_is_cooler),
        cmocka_unit_test(a_hot_processor_cuts_the_power_and_gives_it_back),
        cmocka_unit_test(the_metal_stays_below_its_limit),
        cmocka_unit_test(a_covered_heater_is_switched_off_and_tried_again),
        cmocka_unit_test(an_uncovered_heater_is_never_taken_for_covered),
        cmocka_unit_test(an_opened_heater_stays_off_until_a_person_clears_it),
        cmocka_unit_test(off_is_off_but_never_lets_the_room_freeze),
        cmocka_unit_test(the_strongest_guard_is_named_and_the_tightest_holds),
        cmocka_unit_test(a_clock_that_stands_or_goes_back_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
