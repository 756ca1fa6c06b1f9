// SPDX-License-Identifier: Apache-2.0
// The thermostat on rooms it does not know (plant.h), judged by envelopes: error in steady heating, reach and
// overshoot of a step, wind-up, quantised boards, the estimate and its sentences.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/heat/regulate.h"
#include "plant.h"

// Loss per floor area by age (RT2012, RT2005, 1989-2004, 1975-88, passive) and heaters that fit 30 m2 of it.
static const struct {
    double h;
    int32_t nameplate_w;
} rooms[] = {
    {0.65, 500}, {1.0, 1000}, {1.3, 1000}, {1.8, 1500}, {0.45, 500},
};
#define ROOMS (sizeof rooms / sizeof rooms[0])

static void holds_the_setpoint_over_days_at_any_spacing(void **state)
{
    (void)state;
    static const int spacing[] = {10, 60, 300};
    for (size_t k = 0; k < 3; k++) {
        for (size_t i = 0; i < ROOMS; i++) {
            struct rig g;
            rig_init(&g, plant_room(rooms[i].h, rooms[i].nameplate_w, 18.5, 10), 20, spacing[k]);
            rig_run(&g, 2 * DAY_S);
            rig_clear(&g);
            rig_run(&g, 4 * DAY_S);
            double rmse = sqrt(g.sum_sq / g.sum_s);
            if (rmse > 0.1 || g.lowest < -0.3 || g.highest > 0.3)
                fail_msg("room %zu every %d s: rmse %.3f lowest %.2f highest %.2f", i, spacing[k], rmse,
                         g.lowest, g.highest);
            assert_int_equal(g.t.guard, GUARD_NONE);
        }
    }
}

// Ideal: full power (as far as the metal may, 65 degC) until the room is there, with a perfect sensor.
static int64_t ideal_seconds(struct plant p, int64_t t_s, double level_c)
{
    int64_t n = 0;
    for (; p.ti < level_c && n < 3 * DAY_S; n++) {
        double cap = p.ua * (65 - p.ti) + 8 * p.ua * (65 - p.th);
        p.draw_w = num_clamp(cap, 0, p.nameplate_w);
        plant_second(&p, t_s + n);
    }
    return n;
}

static void a_step_is_reached_like_the_ideal_heater_does_and_hardly_overshot(void **state)
{
    (void)state;
    for (int days = 1; days <= 6; days += 5) { // a thermostat that knows nothing yet, and one that had time
        for (size_t i = 0; i < ROOMS; i++) {
            struct rig g;
            rig_init(&g, plant_room(rooms[i].h, rooms[i].nameplate_w, 18, 10), 18, 10);
            rig_run(&g, days * DAY_S);
            int64_t ideal = ideal_seconds(g.p, g.t_s, 20.9);
            rig_wish(&g, ZONE_COMFORT, 21);
            int64_t took = rig_until(&g, 20.9, 3 * DAY_S);
            rig_clear(&g);
            rig_run(&g, 2 * DAY_S);
            if (took > ideal + 600 || g.highest > 0.4 || g.lowest < -0.4)
                fail_msg("room %zu day %d: %lld s, ideal %lld; highest %.2f lowest %.2f", i, days,
                         (long long)took, (long long)ideal, g.highest, g.lowest);
        }
    }
}

static void a_step_down_does_not_undershoot(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROOMS; i++) {
        struct rig g;
        rig_init(&g, plant_room(rooms[i].h, rooms[i].nameplate_w, 20, 5), 20, 10);
        rig_run(&g, DAY_S);
        rig_wish(&g, ZONE_ECO, 20);
        rig_clear(&g);
        rig_run(&g, 3 * DAY_S);
        assert_true(g.lowest > -0.4);
        assert_int_not_equal(g.t.guard, GUARD_WINDOW_OPEN);
    }
}

static void a_small_step_down_does_not_drop_the_power(void **state)
{
    (void)state;
    struct rig g;
    rig_init(&g, plant_room(1.0, 1000, 20, 5), 20, 10);
    rig_run(&g, DAY_S);
    int32_t before = g.t.request.target_w;
    rig_wish(&g, ZONE_COMFORT, 19.75);
    rig_run(&g, 20);
    assert_true(before > 200);
    assert_in_range(g.t.request.target_w, before * 8 / 10, before + 50);
}

// Hours at the limit because the room was cooled from outside must not be paid back as heat afterwards.
static void saturation_leaves_no_wind_up(void **state)
{
    (void)state;
    struct rig g;
    rig_init(&g, plant_room(1.0, 1000, 20, 8), 20, 10);
    rig_run(&g, 2 * DAY_S);
    g.p.out_mean = -25; // more than the heater has
    rig_run(&g, 8 * 3600);
    assert_true(g.p.ti < 19.5);
    assert_true(g.t.full_since.v != 0);
    g.p.out_mean = 8;
    rig_until(&g, 20, DAY_S);
    rig_clear(&g);
    rig_run(&g, DAY_S);
    if (g.highest > 0.4)
        fail_msg("overshoot %.2f", g.highest);
}

// ---- boards instead of a continuous heater

static double by_boards(void *self, double target_w, double max_w)
{
    struct regulate_board *b = self;
    return (double)regulate(b, 3, (int64_t)(target_w * 1000), (int64_t)(max_w * 1000), INT64_MAX, true) *
           1e-3;
}

static void holds_the_setpoint_with_three_boards(void **state)
{
    (void)state;
    struct regulate_board b[3] = {
        {.curve = curve_default(), .work = ACTIVITY_FLEX, .cap_mw = INT32_MAX},
        {.curve = curve_default(), .filler_allowed = true, .work = ACTIVITY_IDLE, .cap_mw = INT32_MAX},
        {.curve = curve_default(), .burn_allowed = true, .work = ACTIVITY_IDLE, .cap_mw = INT32_MAX}};
    struct rig g;
    rig_init(&g, plant_room(0.65, 459, 18.5, 10), 20, 10);
    g.actuate = by_boards;
    g.actuate_self = b;
    rig_run(&g, 2 * DAY_S);
    rig_clear(&g);
    for (int64_t i = 0; i < 4 * DAY_S / 10; i++) {
        rig_run(&g, 10);
        for (int k = 0; k < 3; k++)
            b[k].asleep = b[k].run == ACTIVITY_SLEEP;
    }
    if (sqrt(g.sum_sq / g.sum_s) > 0.15 || g.lowest < -0.4 || g.highest > 0.4)
        fail_msg("rmse %.3f lowest %.2f highest %.2f", sqrt(g.sum_sq / g.sum_s), g.lowest, g.highest);
}

static void a_batch_does_what_single_steps_do(void **state)
{
    (void)state;
    enum { N = 7 };
    struct thermostat one[N], all[N];
    struct zone_sense s[N];
    struct thermostat_config c;
    memset(s, 0, sizeof s);
    for (int i = 0; i < N; i++) {
        thermostat_config_default(&c, 400 + 100 * i);
        thermostat_init(&one[i], &c);
        thermostat_init(&all[i], &c);
    }
    for (int step = 0; step < 2000; step++) {
        house_ms now = HOUSE_MS(START_MS + step * 10000);
        for (int i = 0; i < N; i++) {
            s[i] = (struct zone_sense){.at = now,
                                       .room_mc = 18500 + 100 * i + step % 50,
                                       .heatsink_mc = INT32_MIN,
                                       .cpu_mc = INT32_MIN,
                                       .draw_mw = one[i].request.target_w * 1000};
            if (i == 3 && step % 3) // a slower sensor among the others
                s[i].room_mc = INT32_MIN;
            heat_step(&one[i], &s[i], 1, now);
        }
        heat_step(all, s, N, now);
    }
    for (int i = 0; i < N; i++) {
        assert_true(one[i].integral_w == all[i].integral_w && one[i].metal_c == all[i].metal_c);
        assert_memory_equal(&one[i].request, &all[i].request, sizeof one[i].request);
    }
}

// ---- the request and the estimate

static void the_request_is_consistent(void **state)
{
    (void)state;
    struct rig g;
    rig_init(&g, plant_room(0.65, 500, 17, 5), 20, 10);
    for (int i = 0; i < 2000; i++) {
        rig_run(&g, 120);
        const struct heat_request *q = &g.t.request;
        assert_true(0 <= q->min_w && q->min_w <= q->target_w && q->target_w <= q->max_w && q->max_w <= 500);
        assert_true(q->up_j >= 0 && q->down_j >= 0 && q->t_up_s >= 0 && q->t_down_s >= 0);
        assert_true(q->valid_until.v > g.t_s * 1000);
    }
    assert_in_range(g.t.request.up_j, 1500000, 4500000); // 0.5 K of 5.3 MJ/K
    rig_wish(&g, ZONE_COMFORT, 17);
    rig_run(&g, 60);
    assert_int_equal(g.t.request.target_w, 0);
    assert_int_equal(g.t.request.max_w, 0);
    assert_int_equal(g.t.request.t_up_s, 0);
    assert_true(g.t.request.t_down_s > 3600);
}

static void capacity_is_learnt_from_eco_nights_without_knowing_the_weather(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROOMS; i++) {
        struct rig g;
        rig_init(&g, plant_room(rooms[i].h, rooms[i].nameplate_w, 18, 5), 20, 10);
        for (int d = 0; d < 6; d++) {
            rig_wish(&g, ZONE_COMFORT, 20);
            rig_run(&g, 16 * 3600);
            rig_wish(&g, ZONE_ECO, 20);
            rig_run(&g, 8 * 3600);
        }
        double c = g.p.ci + g.p.cm;
        assert_true(g.t.est.capacity_known);
        assert_true(fabs(g.t.capacity_j_per_k - c) < 0.25 * c);
    }
}

static void a_heater_too_small_is_known_by_its_missing_watts(void **state)
{
    (void)state;
    static const struct {
        double h, out;
        int32_t nameplate_w;
    } cold[] = {
        {2.7, 10, 500}, {1.8, 4, 500}, {1.0, 0, 500}, {2.3, 2, 1000}, {1.8, -8, 1000},
    };
    for (size_t i = 0; i < sizeof cold / sizeof cold[0]; i++) {
        struct rig g;
        rig_init(&g, plant_room(cold[i].h, cold[i].nameplate_w, 17.5, cold[i].out), 24, 10);
        g.outside_told = true;
        assert_int_equal(thermostat_missing_w(&g.t), 0); // not known yet
        rig_run(&g, 10 * 3600);
        for (int k = 0; k < 8; k++) {
            rig_run(&g, 5 * 3600);
            struct plant now = g.p;
            now.out_mean = plant_outside(&g.p, g.t_s);
            double truth = plant_need_w(&now, 24) - cold[i].nameplate_w;
            int32_t said = thermostat_missing_w(&g.t);
            if (fabs(said - truth) > 0.15 * truth)
                fail_msg("room %zu after %d h: %d W said, %.0f W missing", i, 15 + 5 * k, (int)said, truth);
        }
        char why[200], part[60];
        thermostat_why(&g.t, HOUSE_MS(g.t_s * 1000), 3600000, why, sizeof why);
        snprintf(part, sizeof part, "heater too small by %d W", (int)thermostat_missing_w(&g.t));
        assert_non_null(strstr(why, part));
        assert_non_null(strstr(why, "degC for 24.0 (comfort)"));
    }
}

static void enough_power_misses_nothing(void **state)
{
    (void)state;
    struct rig g;
    rig_init(&g, plant_room(0.65, 500, 20, 5), 20, 10);
    g.outside_told = true;
    rig_run(&g, 2 * DAY_S);
    assert_int_equal(thermostat_missing_w(&g.t), 0);
    char why[200];
    thermostat_why(&g.t, HOUSE_MS(g.t_s * 1000), 0, why, sizeof why);
    assert_non_null(strstr(why, "holding with"));
}

static void why_says_when_full_power_began_in_local_time(void **state)
{
    (void)state;
    struct rig g;
    char why[200];
    rig_init(&g, plant_room(2.7, 500, 15, 5), 21, 10);
    thermostat_why(&g.t, HOUSE_MS(START_MS), 0, why, sizeof why);
    assert_non_null(strstr(why, "no room reading yet"));
    rig_run(&g, 1800);
    thermostat_why(&g.t, HOUSE_MS(g.t_s * 1000), 3600000, why, sizeof why);
    assert_non_null(strstr(why, "for 21.0 (comfort): at full power (500 W) since 01:00"));
}

static void boost_is_full_power_and_ends_at_two_kelvin_more(void **state)
{
    (void)state;
    struct rig g;
    rig_init(&g, plant_room(1.0, 1500, 20, 5), 20, 10);
    rig_run(&g, DAY_S);
    rig_wish(&g, ZONE_BOOST, 20);
    rig_run(&g, 60);
    assert_int_equal(g.t.request.target_w, 1500);
    rig_run(&g, DAY_S);
    assert_true(fabs(g.p.ti - 22) < 0.4);
    rig_wish(&g, ZONE_COMFORT, 20);
    rig_run(&g, 2 * DAY_S);
    assert_true(fabs(g.p.ti - 20) < 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_the_setpoint_over_days_at_any_spacing),
        cmocka_unit_test(a_step_is_reached_like_the_ideal_heater_does_and_hardly_overshot),
        cmocka_unit_test(a_step_down_does_not_undershoot),
        cmocka_unit_test(a_small_step_down_does_not_drop_the_power),
        cmocka_unit_test(saturation_leaves_no_wind_up),
        cmocka_unit_test(holds_the_setpoint_with_three_boards),
        cmocka_unit_test(a_batch_does_what_single_steps_do),
        cmocka_unit_test(the_request_is_consistent),
        cmocka_unit_test(capacity_is_learnt_from_eco_nights_without_knowing_the_weather),
        cmocka_unit_test(a_heater_too_small_is_known_by_its_missing_watts),
        cmocka_unit_test(enough_power_misses_nothing),
        cmocka_unit_test(why_says_when_full_power_began_in_local_time),
        cmocka_unit_test(boost_is_full_power_and_ends_at_two_kelvin_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
