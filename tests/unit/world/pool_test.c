// SPDX-License-Identifier: Apache-2.0
// The pool: evaporation by the published figure, make-up water, cover, steps of any length, energy to 1e-9.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "world/pool.h"
#include "world/water.h"

static const int64_t MINUTE = 60000, HOUR = 3600000;
static const struct pool_input HALL = {
    .air_c = 29, .humidity = 0.6, .wind_m_s = 0.1, .mains_c = 12, .ground_c = 12};

static void close_to(double is, double should, double by)
{
    if (!(fabs(is - should) <= by))
        fail_msg("%.12g is not %.12g", is, should);
}

static struct pool pool_at(const struct pool_spec *s, double water_c)
{
    struct pool p;
    struct err e = ERR_NULL;
    if (pool_init(&p, s, water_c, &e) < 0)
        fail_msg("%s", e.text);
    return p;
}

static struct pool_spec sport(void)
{
    struct pool_spec s;
    pool_spec_init(&s, 250, 1.8);
    return s;
}

static void water_of_28_under_air_of_29_and_60_percent_loses_133_watts_a_square_metre(void **state)
{
    (void)state;
    static const struct {
        double activity, w_m2;
    } known[] = {{1, 133}, {0.5, 66.5}, {0.75, 99.8}};
    for (int i = 0; i < 3; i++) {
        struct pool_spec s = sport();
        s.still = s.busy = known[i].activity;
        struct pool p = pool_at(&s, 28);
        struct pool_flows f;
        pool_step(&p, &HALL, 1000, &f);
        close_to(f.evaporation_j / 250, known[i].w_m2, 0.3);
        if (i == 0)
            close_to(f.evaporated_l * 3600 / 250, 0.197, 0.001); // kg/h m2
    }
}

static void two_hundred_fifty_square_metres_by_1_8_store_523_kilowatt_hours_a_kelvin(void **state)
{
    (void)state;
    struct pool_spec s = sport();
    close_to(pool_store_j_k(&s) / 3.6e6, 523, 0.5);
}

static void the_saturation_pressure_is_that_of_the_tables(void **state)
{
    (void)state;
    close_to(pool_vapour_kpa(0), 0.6109, 0.001);
    close_to(pool_vapour_kpa(20), 2.339, 0.006);
    close_to(pool_vapour_kpa(28), 3.782, 0.01);
    close_to(pool_vapour_kpa(40), 7.384, 0.02);
}

static void a_bather_brings_forty_litres_of_cold_water(void **state)
{
    (void)state;
    struct pool_spec s = sport();
    s.rinse_l_day = 0;
    struct pool quiet = pool_at(&s, 28), full = quiet;
    struct pool_input in = HALL;
    struct pool_flows a, b;
    pool_step(&quiet, &in, HOUR, &a);
    in.arrivals = 100;
    pool_step(&full, &in, HOUR, &b);
    close_to(b.makeup_l - a.makeup_l, 4000, 1);
    close_to((b.makeup_j - a.makeup_j) / 3.6e6, 4000 * 16 * WATER_J_L_K / 3.6e6, 0.5); // 74 kWh
    in.bathers = 40;
    full.water_c = 28;
    pool_step(&full, &in, HOUR, &b);
    close_to(b.evaporation_j / a.evaporation_j, 0.8 / 0.5, 0.03); // busy, and a little colder by then
}

static void the_cover_leaves_a_tenth_and_dry_air_takes_more(void **state)
{
    (void)state;
    struct pool_spec s = sport();
    struct pool p = pool_at(&s, 28);
    struct pool_input in = HALL;
    struct pool_flows open, covered, dry, fog;
    pool_step(&p, &in, MINUTE, &open);
    in.covered = true;
    p.water_c = 28;
    pool_step(&p, &in, MINUTE, &covered);
    close_to(covered.evaporation_j / open.evaporation_j, 0.1, 1e-4);
    in.covered = false;
    in.humidity = 0.4;
    p.water_c = 28;
    pool_step(&p, &in, MINUTE, &dry);
    assert_true(dry.evaporation_j > 1.5 * open.evaporation_j);
    in.humidity = 1;
    p.water_c = 28;
    pool_step(&p, &in, MINUTE, &fog); // air of 29 degC, saturated: nothing evaporates from 28
    close_to(fog.evaporation_j, 0, 0);
    assert_true(fog.surface_j < 0); // the warmer air warms it
}

static void a_step_of_an_hour_is_3600_of_a_second(void **state)
{
    (void)state;
    struct pool_spec s = sport();
    s.depth_m = 0.3; // a paddling pool moves fast
    struct pool hour = pool_at(&s, 33), second = hour;
    struct pool_input in = HALL;
    in.bathers = 30;
    in.boiler_w = 20000;
    struct pool_flows f, g;
    pool_step(&hour, &in, HOUR, &f);
    double evaporated_j = 0;
    for (int i = 0; i < 3600; i++) {
        pool_step(&second, &in, 1000, &g);
        evaporated_j += g.evaporation_j;
    }
    assert_true(fabs(hour.water_c - 33) > 0.1);
    close_to(hour.water_c, second.water_c, 2e-4);
    close_to(f.evaporation_j / evaporated_j, 1, 1e-3);
}

static void the_holding_watts_hold_it_and_are_25_to_35_kilowatts(void **state)
{
    (void)state;
    struct pool_spec s = sport();
    struct pool_input in = HALL;
    in.bathers = 15;
    in.arrivals = 12 / 60.0; // twelve an hour, taken per minute
    double w = pool_holding_w(&s, &in, 60, 28);
    assert_true(w > 25e3 && w < 35e3);
    struct pool p = pool_at(&s, 28);
    in.boiler_w = w;
    struct pool_flows f;
    for (int i = 0; i < 7 * 1440; i++)
        pool_step(&p, &in, MINUTE, &f);
    close_to(p.water_c, 28, 1e-6);
    in.boiler_w = 0; // and without, a kelvin lasts for most of a day
    for (int i = 0; i < 20 * 60; i++)
        pool_step(&p, &in, MINUTE, &f);
    close_to(p.water_c, 27, 0.15);
}

static void boiler_and_backup_hold_half_a_kelvin_through_a_week_of_visitors(void **state)
{
    (void)state;
    for (int mutant = 0; mutant <= 1; mutant++) { // the mutant has its backup locked and half the boiler
        struct pool_spec s = sport();
        struct pool p = pool_at(&s, 28);
        double low = 99, high = 0, backup_j = 0;
        for (int minute = 0; minute < 7 * 1440; minute++) {
            int hour = minute / 60 % 24;
            bool day = hour >= 8 && hour < 21;
            struct pool_input in = HALL;
            in.covered = !day;
            in.bathers = day ? 25 : 0;
            in.arrivals = day ? 25 / 60.0 : 0;
            in.boiler_w = p.water_c < 28.3 ? (mutant ? 8e3 : 24e3) : 0;
            in.backup_set_c = mutant ? 0 : 27.8;
            struct pool_flows f;
            pool_step(&p, &in, MINUTE, &f);
            low = fmin(low, p.water_c);
            high = fmax(high, p.water_c);
            backup_j += f.backup_j;
        }
        assert_true(high < 28.5);
        assert_true(mutant ? backup_j <= 0 : backup_j > 0);
        if (mutant ? low > 27.5 : low < 27.5)
            fail_msg("mutant %d: between %g and %g degC", mutant, low, high);
    }
}

static void energy_adds_up_in_every_step_of_random_pools(void **state)
{
    (void)state;
    uint64_t seed = 1896;
    struct rng r;
    rng_seed(&r, seed);
    for (int k = 0; k < 100; k++) {
        struct pool_spec s;
        pool_spec_init(&s, 5 + 1500 * rng_unit(&r), 0.2 + 3 * rng_unit(&r));
        struct pool p = pool_at(&s, 20 + 15 * rng_unit(&r));
        int64_t step = rng_below(&r, 2) ? MINUTE : 1 + (int64_t)rng_below(&r, (uint64_t)HOUR);
        for (int i = 0; i < 500; i++) {
            struct pool_input in = {
                .air_c = 15 + 20 * rng_unit(&r),
                .humidity = rng_unit(&r),
                .wind_m_s = 0.3 * rng_unit(&r),
                .bathers = 0.3 * s.area_m2 * rng_unit(&r),
                .arrivals = rng_below(&r, 10),
                .covered = rng_below(&r, 2),
                .mains_c = rng_below(&r, 50) ? 15 * rng_unit(&r) : 60,
                .ground_c = 12,
                .boiler_w = 200 * s.area_m2 * rng_unit(&r),
                .sun_w = 100 * s.area_m2 * rng_unit(&r),
                .backup_set_c = rng_below(&r, 2) ? 28 : 0,
            };
            struct pool_flows f;
            pool_step(&p, &in, step, &f);
            if (!(pool_energy_error(&f) < 1e-9))
                fail_msg("seed %d, pool %d, step %d: misses %g", (int)seed, k, i, pool_energy_error(&f));
            assert_true(p.water_c > 5 && p.water_c < 80);
        }
    }
}

static void bad_pools_are_refused_by_the_name_of_their_field(void **state)
{
    (void)state;
    struct pool_spec s = sport();
    s.depth_m = 0;
    struct pool p;
    struct err e = ERR_NULL;
    assert_int_equal(pool_init(&p, &s, 28, &e), -EINVAL);
    assert_string_equal(e.text, "pool: depth_m is 0 (0.1 to 20)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(water_of_28_under_air_of_29_and_60_percent_loses_133_watts_a_square_metre),
        cmocka_unit_test(two_hundred_fifty_square_metres_by_1_8_store_523_kilowatt_hours_a_kelvin),
        cmocka_unit_test(the_saturation_pressure_is_that_of_the_tables),
        cmocka_unit_test(a_bather_brings_forty_litres_of_cold_water),
        cmocka_unit_test(the_cover_leaves_a_tenth_and_dry_air_takes_more),
        cmocka_unit_test(a_step_of_an_hour_is_3600_of_a_second),
        cmocka_unit_test(the_holding_watts_hold_it_and_are_25_to_35_kilowatts),
        cmocka_unit_test(boiler_and_backup_hold_half_a_kelvin_through_a_week_of_visitors),
        cmocka_unit_test(energy_adds_up_in_every_step_of_random_pools),
        cmocka_unit_test(bad_pools_are_refused_by_the_name_of_their_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
