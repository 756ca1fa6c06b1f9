// SPDX-License-Identifier: Apache-2.0
// The true room: time constants, rest, energy to 1e-9 in every step, one step or sixty, batch and single the
// same digits.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/num.h"
#include "base/rng.h"
#include "world/room.h"
#include "world/weather.h"

static struct room_spec spec_of(const char *name, double floor_m2)
{
    const struct room_archetype *a = room_archetype_find(name);
    assert_non_null(a);
    struct room_spec s;
    room_spec_init(&s, a, floor_m2);
    return s;
}

static struct room_model model_of(const struct room_spec *s, int64_t step_ms)
{
    struct room_model m;
    struct err e = ERR_NULL;
    if (room_model_init(&m, s, step_ms, &e) < 0)
        fail_msg("%s", e.text);
    return m;
}

static void thirty_m2_of_1948_1974_have_18_4_hours_and_9_9_minutes(void **state)
{
    (void)state;
    struct room_spec s = spec_of("1948-1974", 30);
    s.heater_w_k = 0; // the bare 2R2C room, no metal
    struct lti sys;
    room_system(&sys, &s, false);
    double a = sys.a[ROOM_AIR][ROOM_AIR], b = sys.a[ROOM_AIR][ROOM_MASS];
    double c = sys.a[ROOM_MASS][ROOM_AIR], d = sys.a[ROOM_MASS][ROOM_MASS];
    double half = (a + d) / 2, root = sqrt(half * half - (a * d - b * c));
    assert_true(fabs(-1 / (half + root) / 3600 - 18.4) < 0.1);
    assert_true(fabs(-1 / (half - root) / 60 - 9.9) < 0.1);
}

static void four_hundred_ninety_watts_hold_30_m2_of_rt2012_at_25_kelvin(void **state)
{
    (void)state;
    struct room_spec s = spec_of("rt2012", 30);
    struct room_input in = {.outside_c = -5};
    double w = room_holding_w(&s, &in, 20);
    assert_true(w > 485 && w < 492);
    in.heater_w = w;
    struct room_state x;
    assert_int_equal(room_rest(&s, &in, &x, NULL), 0);
    assert_true(fabs(x.air_c - 20) < 1e-9);
    assert_true(fabs(x.heater_c - (20 + w / 10)) < 1e-9); // Th = Ti + P/UAh
    assert_true(fabs(x.sensor_c - x.air_c) < 1e-9);
    // 7 to 9 m2 of the 1960s are all that 500 W hold.
    s = spec_of("1948-1974", 8);
    w = room_holding_w(&s, &(struct room_input){.outside_c = -5}, 20);
    assert_true(w > 500 && w < 560);
}

static void rest_with_sun_and_people_is_what_two_balances_by_hand_give(void **state)
{
    (void)state;
    struct room_spec s = spec_of("1975-1988", 20);
    struct room_input in = {.outside_c = 3, .heater_w = 400, .internal_w = 120, .solar_w = 250};
    struct room_state x;
    assert_int_equal(room_rest(&s, &in, &x, NULL), 0);
    double out = s.vent_w_k * (x.air_c - 3) + s.mass_out_w_k * (x.mass_c - 3);
    assert_true(fabs(out - 770) < 1e-9);
    double air =
        s.air_mass_w_k * (x.mass_c - x.air_c) - s.vent_w_k * (x.air_c - 3) + 0.6 * 400 + 60 + 0.1 * 250;
    assert_true(fabs(air) < 1e-9);
    assert_true(fabs(room_holding_w(&s, &in, x.air_c) - 400) < 1e-9);
}

static void a_step_of_a_minute_is_sixty_steps_of_a_second(void **state)
{
    (void)state;
    for (const struct room_archetype *a = room_archetypes(); a->name; a++)
        for (int open = 0; open <= 1; open++) {
            struct room_spec s = spec_of(a->name, 0);
            struct room_model minute = model_of(&s, 60000), second = model_of(&s, 1000);
            struct room_state x = {18, 17, 35, 17.5}, y = x;
            struct room_input in = {-3, 480, 90, 310, open};
            room_step(&minute, &x, &in, 1);
            for (int i = 0; i < 60; i++)
                room_step(&second, &y, &in, 1);
            assert_true(fabs(x.air_c - y.air_c) < 1e-9);
            assert_true(fabs(x.mass_c - y.mass_c) < 1e-9);
            assert_true(fabs(x.heater_c - y.heater_c) < 1e-9);
            assert_true(fabs(x.sensor_c - y.sensor_c) < 1e-9);
            assert_true(fabs(x.air_c - 18) > 0.01); // something happened
        }
}

static struct room_input random_input(struct rng *r)
{
    return (struct room_input){
        .outside_c = -15 + 50 * rng_unit(r),
        .heater_w = rng_below(r, 3) ? 600 * rng_unit(r) : 0,
        .internal_w = 300 * rng_unit(r),
        .solar_w = rng_below(r, 2) ? 1500 * rng_unit(r) : 0,
        .window_open = rng_below(r, 20) == 0,
    };
}

static void energy_adds_up_in_every_step_of_a_random_year(void **state)
{
    (void)state;
    uint64_t seed = 2012;
    struct rng r;
    rng_seed(&r, seed);
    for (const struct room_archetype *a = room_archetypes(); a->name; a++) {
        struct room_spec s = spec_of(a->name, 0);
        struct room_model m = model_of(&s, 600000);
        struct room_state x = room_state_at(17);
        double worst = 0, in_j = 0, out_j = 0, first = 17 * (s.air_j_k + s.mass_j_k + s.heater_j_k);
        for (int step = 0; step < 52560; step++) {
            struct room_input in = random_input(&r);
            struct room_state before = x;
            room_step(&m, &x, &in, 1);
            worst = fmax(worst, room_energy_error(&m, &before, &x, &in));
            struct room_flows f;
            room_flows(&m, &before, &x, &in, &f);
            in_j += f.electric_j + f.internal_j + f.solar_j;
            out_j += f.vent_j + f.fabric_j;
        }
        double last = s.air_j_k * x.air_c + s.mass_j_k * x.mass_c + s.heater_j_k * x.heater_c;
        if (!(worst < 1e-9))
            fail_msg("seed %d, %s: a step misses %g of its energy", (int)seed, a->name, worst);
        assert_true(fabs(last - first - (in_j - out_j)) < 1e-9 * in_j);
    }
}

static void energy_adds_up_with_a_step_of_one_second_too(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 5);
    struct room_spec s = spec_of("before1948", 0);
    struct room_model m = model_of(&s, 1000);
    struct room_state x = room_state_at(17);
    struct room_input in = random_input(&r);
    for (int step = 0; step < 100000; step++) {
        if (step % 600 == 0)
            in = random_input(&r);
        struct room_state before = x;
        room_step(&m, &x, &in, 1);
        assert_true(room_energy_error(&m, &before, &x, &in) < 1e-9);
    }
}

static void energy_error_sees_a_joule_that_came_from_nowhere(void **state)
{
    (void)state;
    struct room_spec s = spec_of("rt2005", 0);
    struct room_model m = model_of(&s, 60000);
    struct room_state x = room_state_at(18), before = x;
    struct room_input in = {.outside_c = 5, .heater_w = 500};
    room_step(&m, &x, &in, 1);
    x.heater_c += 1 / s.heater_j_k;
    assert_true(room_energy_error(&m, &before, &x, &in) > 1e-6);
}

static void an_open_window_cools_the_air_soon_and_the_walls_late(void **state)
{
    (void)state;
    struct room_spec s = spec_of("rt2012", 30);
    struct room_model m = model_of(&s, 60000);
    struct room_state shut = room_state_at(20), open = shut;
    for (int i = 0; i < 10; i++) {
        room_step(&m, &shut, &(struct room_input){.outside_c = 0}, 1);
        room_step(&m, &open, &(struct room_input){.outside_c = 0, .window_open = true}, 1);
    }
    assert_true(shut.air_c > 19.5 && open.air_c < 18.5);
    assert_true(open.mass_c > 19.5);
    assert_true(open.sensor_c > open.air_c + 0.3); // the sensor is late
}

static void the_sensor_lags_by_its_time_constant(void **state)
{
    (void)state;
    struct room_spec s = spec_of("passive", 40);
    s.mass_j_k = 1e12; // walls that hold the air still, nearly
    s.air_mass_w_k = 1e5;
    struct room_model m = model_of(&s, 240000);
    struct room_state x = {20, 20, 20, 10};
    room_step(&m, &x, &(struct room_input){.outside_c = 20}, 1);
    assert_true(fabs(x.sensor_c - (20 - 10 * exp(-1))) < 1e-6);
}

static void a_batch_gives_the_digits_of_single_rooms(void **state)
{
    (void)state;
    enum { N = 523 }; // two blocks and a rest that is no multiple of any vector
    uint64_t seed = 99;
    struct rng r;
    rng_seed(&r, seed);
    struct room_spec s = spec_of("1989-2004", 0);
    struct room_model m = model_of(&s, 60000);
    struct room_batch b;
    room_batch_init(&b, &m, N, 17.5);
    static struct room_state x[N];
    static struct room_input in[N];
    for (size_t i = 0; i < N; i++)
        x[i] = room_state_at(17.5);
    for (int step = 0; step < 500; step++) {
        double outside_c = 10 * rng_unit(&r);
        for (size_t i = 0; i < N; i++) {
            in[i] = random_input(&r);
            in[i].outside_c = outside_c;
            in[i].window_open = step % 3 == 0 ? in[i].window_open : i % 51 < 4; // over the ends of blocks too
            b.heater_w[i] = in[i].heater_w;
            b.internal_w[i] = in[i].internal_w;
            b.solar_w[i] = in[i].solar_w;
            b.window_open[i] = in[i].window_open;
        }
        room_step(&m, x, in, N);
        room_batch_step(&b, outside_c);
    }
    for (size_t i = 0; i < N; i++)
        if (x[i].air_c != b.air_c[i] || x[i].mass_c != b.mass_c[i] || x[i].heater_c != b.heater_c[i] ||
            x[i].sensor_c != b.sensor_c[i])
            fail_msg("seed %d: room %zu differs: %.17g %.17g", (int)seed, i, x[i].air_c, b.air_c[i]);
    room_batch_deinit(&b);
    room_batch_deinit(&b); // twice does no harm
}

static void a_spec_that_no_room_has_is_refused_by_name(void **state)
{
    (void)state;
    struct room_model m;
    struct err e = ERR_NULL;
    struct room_spec s = spec_of("rt2012", 30);
    assert_int_equal(room_model_init(&m, &s, 0, &e), -EINVAL);
    s.convected = 1.5;
    assert_int_equal(room_model_init(&m, &s, 1000, &e), -EINVAL);
    assert_string_equal(e.text, "room: convected is 1.5 (0 to 1)");
    s = spec_of("rt2012", 30);
    s.mass_j_k = (double)NAN;
    assert_int_equal(room_model_init(&m, &s, 1000, &e), -EINVAL);
    assert_non_null(strstr(e.text, "mass_j_k"));
    assert_null(room_archetype_find("castle"));
}

static void every_archetype_steps_and_has_positive_losses(void **state)
{
    (void)state;
    int n = 0;
    for (const struct room_archetype *a = room_archetypes(); a->name; a++, n++) {
        struct room_spec s = spec_of(a->name, 0);
        assert_true(s.mass_out_w_k > 0 && s.vent_w_k > 0 && s.vent_open_w_k > s.vent_w_k);
        assert_true(fabs(s.mass_out_w_k + s.vent_w_k - a->loss_w_k_m2 * s.floor_m2) < 1e-9);
        model_of(&s, 1);
        model_of(&s, 86400000);
    }
    assert_int_equal(n, 8);
}

// Hashed are whole millidegrees. The figure changes with every number of the model and then wants to be set
// anew; what it must not do is differ between two compilers, two levels of optimisation or two machines.
static void a_winter_month_has_the_same_millidegrees_under_every_compiler(void **state)
{
    (void)state;
    struct room_spec s = spec_of("rt2005", 0);
    struct room_model m = model_of(&s, 60000);
    struct room_batch b;
    room_batch_init(&b, &m, 70, 18);
    struct weather w;
    weather_synthetic_paris(&w, 2026, 7);
    struct facade south = facade_usual(180, s.glass_m2);
    uint64_t hash = HASH_SEED;
    for (int minute = 0; minute < 31 * 1440; minute++) {
        struct weather_now now;
        weather_at(&w, HOUSE_MS(civil_to_ms(2026, 1, 1, 0, minute, 0)), &now);
        double solar_w = sun_gain_w(&now.sun, &now.irradiance, &south, 1);
        for (size_t i = 0; i < b.n; i++) {
            b.heater_w[i] = b.sensor_c[i] < 19 + 0.02 * (double)i ? 500 : 0;
            b.solar_w[i] = solar_w;
            b.window_open[i] = minute % 1440 >= 480 && minute % 1440 < 490 && i == (size_t)minute / 1440;
        }
        room_batch_step(&b, now.dry_c);
        for (size_t i = 0; i < b.n; i++)
            hash = hash_i64(hash, num_round(b.air_c[i] * 1000));
    }
    weather_deinit(&w);
    room_batch_deinit(&b);
    if (hash != UINT64_C(0xdd0ddb6d783dd089))
        fail_msg("the hash is 0x%016llx", (unsigned long long)hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thirty_m2_of_1948_1974_have_18_4_hours_and_9_9_minutes),
        cmocka_unit_test(four_hundred_ninety_watts_hold_30_m2_of_rt2012_at_25_kelvin),
        cmocka_unit_test(rest_with_sun_and_people_is_what_two_balances_by_hand_give),
        cmocka_unit_test(a_step_of_a_minute_is_sixty_steps_of_a_second),
        cmocka_unit_test(energy_adds_up_in_every_step_of_a_random_year),
        cmocka_unit_test(energy_adds_up_with_a_step_of_one_second_too),
        cmocka_unit_test(energy_error_sees_a_joule_that_came_from_nowhere),
        cmocka_unit_test(an_open_window_cools_the_air_soon_and_the_walls_late),
        cmocka_unit_test(the_sensor_lags_by_its_time_constant),
        cmocka_unit_test(a_batch_gives_the_digits_of_single_rooms),
        cmocka_unit_test(a_spec_that_no_room_has_is_refused_by_name),
        cmocka_unit_test(every_archetype_steps_and_has_positive_losses),
        cmocka_unit_test(a_winter_month_has_the_same_millidegrees_under_every_compiler),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
