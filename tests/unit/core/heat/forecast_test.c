// SPDX-License-Identifier: Apache-2.0
// The forecast of a zone's heat: against what holds a temperature by hand, and against what a thermostat
// really asked for over a day in a simulated room that it had to learn.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "core/heat/forecast.h"

static const struct zone_model room = {
    .capacity_j_per_k = 5000000, .loss_mw_per_k = 20000, .gain_w = 50, .nameplate_w = 500};
static const int64_t spans[] = {300, 1800, 9000, 28800};

static struct zone_plan_of_day steady(int32_t setpoint_mc)
{
    return (struct zone_plan_of_day){.base = {.mode = ZONE_COMFORT, .setpoint_mc = setpoint_mc}};
}

static void at_the_setpoint_it_is_what_holds_it(void **state)
{
    (void)state;
    int32_t w[4], outside = 5000;
    struct zone_plan_of_day day = steady(20000);
    forecast_mean_w(&room, NULL, &day, &(struct weather_series){.mc = &outside, .n = 1}, 20000, HOUSE_MS(0),
                    spans, w, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(w[i], 20 * 15 - 50);
}

static void a_warm_season_wants_nothing_and_a_cold_one_all_there_is(void **state)
{
    (void)state;
    int32_t w[4], outside = 22000;
    struct zone_plan_of_day day = steady(20000);
    forecast_mean_w(&room, NULL, &day, &(struct weather_series){.mc = &outside, .n = 1}, 21000, HOUSE_MS(0),
                    spans, w, 4);
    assert_int_equal(w[3], 0);
    outside = -30000;
    forecast_mean_w(&room, NULL, &day, &(struct weather_series){.mc = &outside, .n = 1}, 20000, HOUSE_MS(0),
                    spans, w, 4);
    assert_int_equal(w[3], 500);
}

// Energy balance over the span: what was put in is what went out and what is stored.
static void a_step_of_the_setpoint_costs_what_it_stores(void **state)
{
    (void)state;
    int32_t w[1], outside = 20000;
    int64_t span[] = {FORECAST_HORIZON_S};
    struct zone_model tight = room;
    struct zone_plan_of_day day = steady(22000);
    tight.loss_mw_per_k = tight.gain_w = 0;
    forecast_mean_w(&tight, NULL, &day, &(struct weather_series){.mc = &outside, .n = 1}, 20000, HOUSE_MS(0),
                    span, w, 1);
    assert_int_equal(w[0], num_round(2.0 * 5000000 / FORECAST_HORIZON_S));
}

static void it_sees_the_evening_and_the_cold_front_come(void **state)
{
    (void)state;
    int32_t w[4], mild[] = {10000}, front[] = {10000, 0};
    struct schedule s;
    struct err e = ERR_NULL;
    struct zone_model light = room;
    light.capacity_j_per_k = 1000000;
    assert_int_equal(schedule_parse("daily 00:00 eco; daily 02:00 20", &s, &e), 0);
    struct zone_plan_of_day day = steady(20000);
    day.schedule = &s;
    forecast_mean_w(&light, NULL, &day, &(struct weather_series){.mc = mild, .n = 1}, 18000, HOUSE_MS(0),
                    spans, w, 4);
    assert_int_equal(w[1], 0); // it may fall to 17 first
    assert_true(w[3] > 150);   // from two o'clock on it is wanted
    int32_t before = w[3];
    forecast_mean_w(&light, NULL, &day, &(struct weather_series){.step_ms = 3600000, .mc = front, .n = 2},
                    18000, HOUSE_MS(0), spans, w, 4);
    assert_true(w[3] > before + 100);
}

static void without_a_forecast_ten_degrees_are_assumed(void **state)
{
    (void)state;
    int32_t w[4], ten = 10000, v[4];
    struct zone_plan_of_day day = steady(20000);
    forecast_mean_w(&room, NULL, &day, NULL, 19000, HOUSE_MS(0), spans, w, 4);
    forecast_mean_w(&room, NULL, &day, &(struct weather_series){.mc = &ten, .n = 1}, 19000, HOUSE_MS(0),
                    spans, v, 4);
    assert_memory_equal(w, v, sizeof w);
}

// Against the exact solution: with UA 20 W/K, 50 W of gains and 5 degC outside it tends to 7.5 degC with
// tau = C / UA = 250,000 s, so that 20.5 degC falls to 20 in tau ln(13 / 12.5) = 9,805 s.
static void it_says_when_a_room_that_is_too_warm_wants_heat(void **state)
{
    (void)state;
    int32_t mean_w = 0, outside = 5000;
    struct zone_plan_of_day day = steady(20000);
    struct weather_series w = {.mc = &outside, .n = 1};
    struct forecast_zone z = {&room, NULL, &day, &w, 20500};
    int64_t begin_s = forecast_begin_s(&z, HOUSE_MS(0), 20, 1800, &mean_w);
    assert_in_range(begin_s, 9805 - FORECAST_STEP_S, 9805 + FORECAST_STEP_S);
    assert_in_range(mean_w, 200, 260); // 250 W hold 20 degC
    z.room_mc = 19000;
    assert_int_equal(forecast_begin_s(&z, HOUSE_MS(0), 20, 1800, &mean_w), 0);
    z.room_mc = 20500;
    assert_int_equal(forecast_begin_s(&z, HOUSE_MS(0), 501, 1800, &mean_w), -1); // above its nameplate
    outside = 22000;
    assert_int_equal(forecast_begin_s(&z, HOUSE_MS(0), 20, 1800, &mean_w), -1); // in summer
}

// A room of air and walls (two states) with a thermostat that learns it for twelve days of weather that
// swings; then the next eight hours are forecast each morning and compared with what the thermostat asks for.
static double out_c(int64_t s)
{
    return 6 + 5 * num_sin(2 * 3.14159265358979 * (double)(s % 86400) / 86400.0 - 2.2) +
           2 * num_sin(2 * 3.14159265358979 * (double)s / 400000.0);
}

static void it_is_close_to_what_the_thermostat_asks_for(void **state)
{
    (void)state;
    struct thermostat_config cfg;
    struct thermostat t;
    double air = 17, wall = 16;
    int32_t weather[8 * 4], ahead = 0;
    struct zone_gains gains = {0};
    int32_t from_mc = 17000;
    double asked_j = 0, error = 0, most = 0, hour_j = 0;
    int days = 0;
    thermostat_config_default(&cfg, 500);
    thermostat_init(&t, &cfg);
    struct schedule week;
    struct err e = ERR_NULL;
    assert_int_equal(schedule_parse("daily 05:00 20; daily 22:00 eco", &week, &e), 0);
    struct zone_plan_of_day day = steady(20000);
    day.schedule = &week;
    int32_t applied = 0;
    for (int64_t s = 0; s < 18 * 86400; s += 10) {
        double to = out_c(s), p = applied;
        struct zone_wish wish = schedule_wish(&week, &day.base, HOUSE_MS(0), HOUSE_MS(s * 1000), 0);
        thermostat_set_wish(&t, &wish);
        for (int k = 0; k < 2; k++) {
            double dair = (60 * (wall - air) + 6 * (to - air) + 0.7 * p + 20) / 200000.0;
            double dwall = (60 * (air - wall) + 9 * (to - wall) + 0.3 * p + 20) / 4000000.0;
            air += 5 * dair;
            wall += 5 * dwall;
        }
        struct zone_sense sense = {.at = HOUSE_MS((s + 1) * 1000),
                                   .room_mc = (int32_t)num_round(air * 1000),
                                   .heatsink_mc = INT32_MIN,
                                   .cpu_mc = INT32_MIN,
                                   .draw_mw = applied * 1000,
                                   .has_outside = true,
                                   .outside_mc = (int32_t)num_round(to * 1000)};
        thermostat_set_outside(&t, sense.outside_mc);
        heat_step(&t, &sense, 1, HOUSE_MS((s + 1) * 1000));
        applied = t.request.target_w;
        hour_j += 10.0 * applied;
        if (s % 3600 == 3590) { // as reports tell it
            struct zone_model m = zone_model_of(&t.est, 500);
            gains_learn(&gains, &m, HOUSE_MS((s - 3590) * 1000), 0, 3600, (int32_t)(hour_j / 3600), from_mc,
                        sense.room_mc, sense.outside_mc);
            from_mc = sense.room_mc;
            hour_j = 0;
        }
        if (s % 86400 == 6 * 3600) { // in the morning
            for (int i = 0; i < 8 * 4; i++)
                weather[i] = (int32_t)num_round(out_c(s + i * 900) * 1000);
            struct zone_model m = zone_model_of(&t.est, 500);
            forecast_mean_w(&m, &gains, &day,
                            &(struct weather_series){
                                .start = HOUSE_MS(s * 1000), .step_ms = 900000, .mc = weather, .n = 32},
                            sense.room_mc, HOUSE_MS(s * 1000), &spans[3], &ahead, 1);
            asked_j = 0;
        }
        asked_j += 10.0 * applied;
        if (s % 86400 == 14 * 3600 && s > 12 * 86400) {
            double off = fabs(asked_j / 28800 - ahead) / 500;
            error += off;
            most = off > most ? off : most;
            days++;
        }
    }
    printf("eight hours ahead: off by %.1f %% of the nameplate on average, %.1f %% at most\n",
           100 * error / days, 100 * most);
    assert_true(t.est.usable);
    assert_true(error / days < 0.05);
    assert_true(most < 0.10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_the_setpoint_it_is_what_holds_it),
        cmocka_unit_test(a_warm_season_wants_nothing_and_a_cold_one_all_there_is),
        cmocka_unit_test(a_step_of_the_setpoint_costs_what_it_stores),
        cmocka_unit_test(it_sees_the_evening_and_the_cold_front_come),
        cmocka_unit_test(it_says_when_a_room_that_is_too_warm_wants_heat),
        cmocka_unit_test(without_a_forecast_ten_degrees_are_assumed),
        cmocka_unit_test(it_is_close_to_what_the_thermostat_asks_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
