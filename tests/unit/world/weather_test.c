// SPDX-License-Identifier: Apache-2.0
// Sun and weather: the sun's known places, energy kept by the split, any moment of any year, the synthetic
// Paris.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/rng.h"
#include "world/weather.h"

#define HOUR 3600000

static house_ms utc(int year, int month, int day, int hour, int minute)
{
    return HOUSE_MS(civil_to_ms(year, month, day, hour, minute, 0));
}

static double degrees_up(const struct sun *s)
{
    return asin(s->up) * 180 / NUM_PI;
}

static void sun_stands_where_the_almanac_has_it(void **state)
{
    (void)state;
    // Noon heights are 90 - latitude + declination: +23.44 and -23.44 at the solstices of 2024, near 0 in
    // March.
    struct sun s = sun_at(48.85, 2.35, utc(2024, 6, 20, 11, 52));
    assert_true(fabs(degrees_up(&s) - 64.59) < 0.05);
    assert_true(fabs(s.east) < 0.01 && s.north < 0);
    s = sun_at(48.85, 2.35, utc(2024, 12, 21, 11, 49));
    assert_true(fabs(degrees_up(&s) - 17.71) < 0.05);
    s = sun_at(0, 0, utc(2024, 3, 20, 12, 7));
    assert_true(degrees_up(&s) > 89);
    s = sun_at(-33.9, 151.2, utc(2024, 12, 21, 2, 0)); // Sydney at noon: the sun in the north
    assert_true(s.north > 0 && degrees_up(&s) > 75);
    // Sunrise in Paris at the solstice is 05:47 and sunset 21:58 of summer time; refraction is not modelled.
    s = sun_at(48.85, 2.35, utc(2024, 6, 20, 3, 47));
    assert_true(fabs(degrees_up(&s)) < 1.2 && s.east > 0.7);
    s = sun_at(48.85, 2.35, utc(2024, 6, 20, 19, 58));
    assert_true(fabs(degrees_up(&s)) < 1.2 && s.east < -0.7);
    double length = s.east * s.east + s.north * s.north + s.up * s.up;
    assert_true(fabs(length - 1) < 1e-9);
}

static void the_earth_is_nearer_in_january(void **state)
{
    (void)state;
    struct sun january = sun_at(48, 2, utc(2023, 1, 4, 12, 0)), july = sun_at(48, 2, utc(2023, 7, 6, 12, 0));
    assert_true(fabs(january.outer_w_m2 / 1361 - 1.034) < 0.003);
    assert_true(fabs(july.outer_w_m2 / 1361 - 0.967) < 0.003);
}

static void split_keeps_the_global_value(void **state)
{
    (void)state;
    uint64_t seed = 3;
    struct rng r;
    rng_seed(&r, seed);
    for (int i = 0; i < 20000; i++) {
        house_ms t = HOUSE_MS((int64_t)rng_below(&r, UINT64_C(366) * 24 * HOUR));
        struct sun s = sun_at(-70 + 140 * rng_unit(&r), 0, t);
        double global = 1100 * rng_unit(&r);
        struct irradiance x = sun_split(&s, global);
        if (!(fabs(x.direct_w_m2 * num_max(s.up, 0) + x.diffuse_w_m2 - global) < 1e-9 && x.direct_w_m2 >= 0 &&
              x.diffuse_w_m2 >= 0 && x.direct_w_m2 <= s.outer_w_m2))
            fail_msg("seed %d: %g split into %g and %g at height %g", (int)seed, global, x.direct_w_m2,
                     x.diffuse_w_m2, s.up);
    }
}

static void overcast_is_diffuse_and_clear_is_beam(void **state)
{
    (void)state;
    struct sun s = sun_at(48.85, 2.35, utc(2024, 6, 20, 11, 52));
    struct irradiance grey = sun_split(&s, 150), blue = sun_split(&s, sun_clear_sky(&s));
    assert_true(grey.diffuse_w_m2 > 0.97 * 150);
    assert_true(blue.diffuse_w_m2 < 0.35 * blue.global_w_m2);
    assert_true(blue.global_w_m2 > 880 && blue.global_w_m2 < 960); // 1098 cos z exp(-0.059/cos z) = 929
    s = sun_at(48.85, 2.35, utc(2024, 6, 20, 0, 0));
    assert_true(sun_clear_sky(&s) == 0);
    assert_true(sun_split(&s, -5).global_w_m2 == 0);
}

static void facades_by_hand(void **state)
{
    (void)state;
    struct sun s = {.east = 0, .north = -0.6, .up = 0.8, .outer_w_m2 = 1361};
    struct irradiance x = {.global_w_m2 = 740, .direct_w_m2 = 800, .diffuse_w_m2 = 100};
    assert_true(fabs(sun_on_facade(&s, &x, 180) - (480 + 50 + 74)) < 1e-6);
    assert_true(fabs(sun_on_facade(&s, &x, 0) - (50 + 74)) < 1e-6);
    assert_true(fabs(sun_on_facade(&s, &x, 90) - (50 + 74)) < 1e-6);
    struct facade f[2] = {facade_usual(180, 3), facade_usual(0, 2)};
    assert_true(fabs(sun_gain_w(&s, &x, f, 2) - 0.6 * 0.7 * 0.8 * (3 * 604 + 2 * 124)) < 1e-6);
}

static void a_south_wall_in_a_clear_january_gets_500_to_900_watts(void **state)
{
    (void)state;
    struct sun s = sun_at(48.85, 2.35, utc(2024, 1, 20, 12, 0));
    struct irradiance x = sun_split(&s, sun_clear_sky(&s));
    double south = sun_on_facade(&s, &x, 180), north = sun_on_facade(&s, &x, 0);
    assert_true(south > 500 && south < 900);
    assert_true(north < 120);
}

// A weather whose temperature is its row number, so that answers can be read.
static void numbered(struct weather *w, bool leap)
{
    weather_synthetic_paris(w, leap ? 2012 : 2013, 1);
    for (size_t i = 0; i < w->n; i++)
        w->hour[i].dry_c = (double)i;
}

static double dry_at(const struct weather *w, house_ms t)
{
    struct weather_now now;
    weather_at(w, t, &now);
    return now.dry_c;
}

static void any_moment_of_any_year_has_its_own_date_and_hour(void **state)
{
    (void)state;
    struct weather w;
    numbered(&w, false);
    // 15:00 local (14:00 UTC) on 1 January ends row 14; a quarter past is a quarter on the way to row 15.
    assert_true(fabs(dry_at(&w, utc(2013, 1, 1, 14, 0)) - 14) < 1e-9);
    assert_true(fabs(dry_at(&w, utc(2013, 1, 1, 14, 15)) - 14.25) < 1e-9);
    assert_true(fabs(dry_at(&w, utc(2040, 7, 1, 11, 30)) - dry_at(&w, utc(2013, 7, 1, 11, 30))) < 1e-9);
    assert_true(fabs(dry_at(&w, utc(1971, 12, 31, 12, 0)) - (364 * 24 + 12)) < 1e-9);
    // 29 February of a leap year is the 28th again.
    assert_true(fabs(dry_at(&w, utc(2024, 2, 29, 10, 0)) - dry_at(&w, utc(2024, 2, 28, 10, 0))) < 1e-9);
    assert_true(fabs(dry_at(&w, utc(2024, 3, 1, 10, 0)) - dry_at(&w, utc(2023, 3, 1, 10, 0))) < 1e-9);
    weather_deinit(&w);
    numbered(&w, true);
    assert_true(fabs(dry_at(&w, utc(2012, 2, 29, 10, 0)) - (59 * 24 + 10)) < 1e-9);
    assert_true(fabs(dry_at(&w, utc(2013, 3, 1, 10, 0)) - (60 * 24 + 10)) < 1e-9); // the 29th is passed over
    assert_true(fabs(dry_at(&w, utc(2013, 2, 28, 10, 0)) - (58 * 24 + 10)) < 1e-9);
    weather_deinit(&w);
}

static void the_year_joins_on_to_itself(void **state)
{
    (void)state;
    struct weather w;
    numbered(&w, false);
    w.hour[8759].dry_c = 10;
    w.hour[0].dry_c = 20;
    // Local midnight of the new year is 23:00 UTC: the end of the last row.
    assert_true(fabs(dry_at(&w, utc(2025, 12, 31, 23, 0)) - 10) < 1e-9);
    assert_true(fabs(dry_at(&w, utc(2025, 12, 31, 23, 30)) - 15) < 1e-9);
    assert_true(fabs(dry_at(&w, utc(2026, 1, 1, 0, 0)) - 20) < 1e-9);
    weather_deinit(&w);
    weather_deinit(&w);
}

static void the_sun_of_an_hour_is_its_row_all_along(void **state)
{
    (void)state;
    struct weather w;
    weather_synthetic_paris(&w, 2019, 4);
    struct weather_now now;
    for (int minute = 0; minute < 60; minute += 13) {
        weather_at(&w, utc(2019, 6, 1, 11, minute), &now);
        assert_true(now.irradiance.global_w_m2 == w.hour[151 * 24 + 12].sun.global_w_m2);
        assert_true(now.sun.up > 0.8);
    }
    weather_deinit(&w);
}

static void synthetic_paris_has_the_climate_of_paris_whatever_the_seed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct weather w;
        weather_synthetic_paris(&w, 2010 + (int)seed, seed);
        struct weather_summary s = weather_summarise(&w);
        if (!(fabs(s.dry_mean_c - 11.7) < 0.5 && s.hdd18 > 2200 && s.hdd18 < 2800 && s.dry_min_c > -15 &&
              s.dry_max_c < 40 && s.global_kwh_m2 > 1000 && s.global_kwh_m2 < 1350))
            fail_msg("seed %d: mean %g, degree days %g, %g to %g, sun %g", (int)seed, s.dry_mean_c, s.hdd18,
                     s.dry_min_c, s.dry_max_c, s.global_kwh_m2);
        assert_int_equal(w.n, is_leap_year(w.year) ? 8784 : 8760);
        assert_int_equal(w.sun_origin, WEATHER_SUN_MADE);
        for (size_t i = 0; i < w.n; i++)
            assert_true(w.hour[i].sun.global_w_m2 >= 0 && w.hour[i].wind_m_s >= 0);
        weather_deinit(&w);
    }
}

static void synthetic_paris_is_the_same_for_the_same_seed_only(void **state)
{
    (void)state;
    struct weather a, b, c;
    weather_synthetic_paris(&a, 2026, 8127);
    weather_synthetic_paris(&b, 2026, 8127);
    weather_synthetic_paris(&c, 2026, 8128);
    assert_memory_equal(a.hour, b.hour, a.n * sizeof *a.hour);
    assert_memory_not_equal(a.hour, c.hour, a.n * sizeof *a.hour);
    weather_deinit(&a);
    weather_deinit(&b);
    weather_deinit(&c);
}

static void the_air_of_a_moment_is_that_of_the_whole_weather(void **state)
{
    (void)state;
    struct weather w;
    struct weather_now whole, air = {0};
    weather_synthetic_paris(&w, 2018, 1);
    weather_at(&w, utc(2018, 6, 1, 11, 23), &whole);
    weather_air_at(&w, utc(2018, 6, 1, 11, 23), &air);
    assert_true(whole.dry_c == air.dry_c && whole.wind_m_s == air.wind_m_s);
    assert_true(whole.irradiance.global_w_m2 == air.irradiance.global_w_m2);
    assert_true(whole.sun.up > 0 && air.sun.up == 0); // it leaves the sun to others
    weather_deinit(&w);
}

// Whatever is asked after what: steps of a minute over the new year, and jumps to and fro.
static void who_asks_minute_after_minute_gets_the_same(void **state)
{
    (void)state;
    struct weather w;
    struct weather_found f = {0};
    struct rng r;
    rng_seed(&r, 5);
    weather_synthetic_paris(&w, 2018, 1);
    house_ms t = utc(2020, 12, 31, 20, 7);
    for (int i = 0; i < 3000; i++) {
        struct weather_now a = {0}, b = {0};
        weather_air_at(&w, t, &a);
        weather_air_next(&w, t, &f, &b);
        assert_memory_equal(&a, &b, sizeof a);
        t = house_add(t, i < 1500 ? 60000 : (int64_t)rng_below(&r, 20 * HOUR) - 10 * HOUR);
    }
    weather_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sun_stands_where_the_almanac_has_it),
        cmocka_unit_test(the_earth_is_nearer_in_january),
        cmocka_unit_test(split_keeps_the_global_value),
        cmocka_unit_test(overcast_is_diffuse_and_clear_is_beam),
        cmocka_unit_test(facades_by_hand),
        cmocka_unit_test(a_south_wall_in_a_clear_january_gets_500_to_900_watts),
        cmocka_unit_test(any_moment_of_any_year_has_its_own_date_and_hour),
        cmocka_unit_test(the_year_joins_on_to_itself),
        cmocka_unit_test(the_sun_of_an_hour_is_its_row_all_along),
        cmocka_unit_test(synthetic_paris_has_the_climate_of_paris_whatever_the_seed),
        cmocka_unit_test(the_air_of_a_moment_is_that_of_the_whole_weather),
        cmocka_unit_test(who_asks_minute_after_minute_gets_the_same),
        cmocka_unit_test(synthetic_paris_is_the_same_for_the_same_seed_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
