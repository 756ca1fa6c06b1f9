// SPDX-License-Identifier: Apache-2.0
// Draw-off profiles: files as DHWcalc writes them, the tapping profile M, the generator.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "device/slurp.h"
#include "world/csv.h"
#include "world/draw.h"
#include "world/water.h"

static void close_to(double is, double should, double by)
{
    if (!(fabs(is - should) <= by))
        fail_msg("%.12g is not %.12g", is, should);
}

static char *data_file(const char *file, size_t *n)
{
    char path[4096], *text;
    struct err e = ERR_NULL;
    const char *data = getenv("ONDOL_DATA");
    snprintf(path, sizeof path, "%s/heat/%s", data ? data : ONDOL_SOURCE_ROOT "/../shared/data", file);
    if (access(path, R_OK) != 0)
        skip();
    if (slurp(path, DRAW_BYTES_MAX, &text, n, &e) < 0)
        fail_msg("%s: %s", file, e.text);
    return text;
}

static void flows_are_read_one_a_line_and_counted_in_litres(void **state)
{
    (void)state;
    struct draw d;
    const char text[] = "     0\r\n  120\n60\r\n\n\n";
    assert_int_equal(draw_read(&d, text, sizeof text - 1, 60000, NULL), 0);
    assert_int_equal(d.n, 3);
    close_to(draw_total_l(&d), 3, 1e-12);
    close_to(draw_litres(&d, 0, 180000), 3, 1e-12);
    close_to(draw_litres(&d, 90000, 150000), 1.5, 1e-12); // half of the second and half of the third
    close_to(draw_litres(&d, -60000, 0), 1, 1e-12);       // round the corner
    close_to(draw_litres(&d, 0, 1800000), 30, 1e-12);
    draw_deinit(&d);
}

static void damaged_files_are_refused_with_their_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "line 1: flow: nothing there (the text is empty)"},
        {"0\nx\n", "line 2: flow: \"x\" is not a number (litres an hour)"},
        {"0\n\n5\n", "line 2: flow: is empty (only at the end of the file)"},
        {"-1\n", "line 1: flow: -1 l/h (0 to 1000000)"},
        {"1.5\n", "line 1: flow: 1.5 l/h (whole numbers)"},
        {"0\nnan\n", "line 2: flow: \"nan\" is not a number (litres an hour)"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct draw d;
        struct err e = ERR_NULL;
        assert_int_equal(draw_read(&d, bad[i].text, strlen(bad[i].text), 60000, &e), -EINVAL);
        assert_string_equal(e.text, bad[i].why);
        assert_null(d.l_h);
    }
    struct draw d;
    struct err e = ERR_NULL;
    assert_int_equal(draw_read(&d, "1\n", 2, 0, &e), -EINVAL);
    char *many = malloc(2 * (DRAW_STEPS_MAX + 1u));
    for (size_t i = 0; i <= DRAW_STEPS_MAX; i++)
        memcpy(many + 2 * i, "1\n", 2);
    assert_int_equal(draw_read(&d, many, 2 * (DRAW_STEPS_MAX + 1u), 60000, &e), -EFBIG);
    assert_non_null(strstr(e.text, "line 1048577: flow: one too many"));
    free(many);
}

static void the_years_of_dhwcalc_hold_their_litres_a_day(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        int64_t step_ms;
        double litres_day;
    } known[] = {
        {"dhwcalc_200L_1min_4cat_sf_nods_max1200.txt.gz", 60000, 200},
        {"dhwcalc_200L_15min_1cat_sf_nods_max1200.txt.gz", 900000, 200},
        {"dhwcalc_2000L_15min_4cat_sf_nods_max1200.txt.gz", 900000, 2000},
        {"dhwcalc_2000L_60min_4cat_sf_nods_max1200.txt.gz", 3600000, 2000},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t n;
        char *text = data_file(known[i].file, &n);
        struct draw d;
        struct err e = ERR_NULL;
        if (draw_read(&d, text, n, known[i].step_ms, &e) < 0)
            fail_msg("%s: %s", known[i].file, e.text);
        free(text);
        assert_int_equal((int64_t)d.n * d.step_ms, INT64_C(365) * 86400000);
        if (fabs(draw_total_l(&d) - 365 * known[i].litres_day) > 2.5) // they round as well
            fail_msg("%s: %.3f litres", known[i].file, draw_total_l(&d));
        draw_deinit(&d);
    }
}

static size_t read_taps(struct draw_tap taps[64], double *kwh)
{
    size_t n;
    char *text = data_file("dhw_tapping_profile_M.csv", &n);
    struct csv c;
    assert_int_equal(csv_read(&c, text, n, (struct csv_dialect){0}, NULL), 0);
    free(text);
    *kwh = 0;
    for (size_t i = 0; i < c.rows && i < 64; i++) {
        const char *at = csv_field(&c, (int64_t)i, (size_t)csv_column(&c, "time", NULL));
        taps[i].minute = atoi(at) * 60 + atoi(at + 3);
        csv_number(&c, i, (size_t)csv_column(&c, "q_tap_kwh", NULL), 0, 10, &taps[i].kwh, NULL);
        csv_number(&c, i, (size_t)csv_column(&c, "flow_l_per_min", NULL), 0, 50, &taps[i].l_min, NULL);
        *kwh += taps[i].kwh;
    }
    n = c.rows;
    csv_deinit(&c);
    return n;
}

static void the_tapping_profile_m_is_5_845_kilowatt_hours(void **state)
{
    (void)state;
    struct draw_tap taps[64];
    double kwh;
    size_t n = read_taps(taps, &kwh);
    assert_int_equal(n, 23);
    close_to(kwh, 5.845, 1e-9);
    for (double mixed = 40; mixed <= 60; mixed += 20) {
        struct draw d;
        assert_int_equal(draw_from_taps(&d, taps, n, mixed, 10, NULL), 0);
        close_to(draw_total_l(&d) * WATER_J_L_K * (mixed - 10) / 3.6e6, 5.845, 0.001);
        draw_deinit(&d);
    }
}

static void a_bath_of_1_4_kilowatt_hours_runs_for_seven_minutes(void **state)
{
    (void)state;
    struct draw d;
    const struct draw_tap bath = {425, 1.4, 6};
    assert_int_equal(draw_from_taps(&d, &bath, 1, 40, 10, NULL), 0);
    close_to(draw_total_l(&d), 1.4 * 3.6e6 / WATER_J_L_K / 30, 0.01); // 40 l
    int minutes = 0;
    for (size_t i = 0; i < d.n; i++)
        minutes += d.l_h[i] > 0;
    assert_int_equal(minutes, 7);
    assert_int_equal(d.l_h[425], 360);
    assert_int_equal(d.l_h[424], 0);
    draw_deinit(&d);
    struct err e = ERR_NULL;
    const struct draw_tap late = {1438, 1.4, 6}, wrong[2] = {{60, 1, 6}, {59, 1, 6}};
    assert_int_equal(draw_from_taps(&d, &late, 1, 40, 10, &e), -ERANGE);
    assert_int_equal(draw_from_taps(&d, wrong, 2, 40, 10, &e), -EINVAL);
    assert_string_equal(e.text, "tap 2: minute is 59 (in order, 0 to 1439)");
    assert_int_equal(draw_from_taps(&d, wrong, 1, 10, 10, &e), -EINVAL);
}

static void generated_years_hold_their_litres_to_the_litre(void **state)
{
    (void)state;
    static const double litres[] = {1, 200, 2000, 12345.6};
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct draw d;
        struct err e = ERR_NULL;
        struct draw_wish w = {.litres_day = litres[seed - 1], .days = 365, .first_weekday = 2, .seed = seed};
        if (draw_generate(&d, &w, &e) < 0)
            fail_msg("%s", e.text);
        assert_int_equal(d.n, 525600);
        close_to(draw_total_l(&d), round(365 * w.litres_day), 1e-6);
        draw_deinit(&d);
    }
}

static void generated_years_are_the_same_for_a_seed_and_differ_between_seeds(void **state)
{
    (void)state;
    struct draw a, b, c;
    struct draw_wish w = {.litres_day = 200, .days = 60, .seed = 8};
    draw_generate(&a, &w, NULL);
    draw_generate(&b, &w, NULL);
    w.seed = 9;
    draw_generate(&c, &w, NULL);
    assert_memory_equal(a.l_h, b.l_h, a.n * sizeof *a.l_h);
    assert_true(memcmp(a.l_h, c.l_h, a.n * sizeof *a.l_h) != 0);
    draw_deinit(&a);
    draw_deinit(&b);
    draw_deinit(&c);
}

// Share of the litres between two hours of all days, and the largest flow.
static double share_between(const struct draw *d, int from_h, int to_h, uint32_t *max)
{
    double sum = 0, all = 0;
    *max = 0;
    for (size_t i = 0; i < d->n; i++) {
        int hour = (int)(i / 60 % 24);
        all += d->l_h[i];
        sum += hour >= from_h && hour < to_h ? d->l_h[i] : 0;
        *max = d->l_h[i] > *max ? d->l_h[i] : *max;
    }
    return sum / all;
}

static void people_draw_in_the_morning_at_weekends_and_in_winter(void **state)
{
    (void)state;
    struct draw d;
    struct draw_wish w = {.litres_day = 2000, .days = 365, .first_weekday = 1, .seed = 3};
    assert_int_equal(draw_generate(&d, &w, NULL), 0);
    uint32_t max;
    assert_true(share_between(&d, 1, 5, &max) < 0.02);
    assert_true(share_between(&d, 6, 10, &max) > 0.3);
    assert_true(max <= 1200 + 1000 && max > 800);
    double day[365] = {0}, weekend = 0, week = 0, winter = 0, summer = 0;
    for (size_t i = 0; i < d.n; i++)
        day[i / 1440] += d.l_h[i] / 60.0;
    for (int i = 0; i < 364; i++)
        *(i % 7 >= 5 ? &weekend : &week) += day[i];
    for (int i = 0; i < 60; i++) {
        winter += day[i];
        summer += day[180 + i];
    }
    close_to(weekend / 104 / (week / 260), 1.2, 0.03);
    close_to(winter / summer, 1.1 / 0.9, 0.06);
    draw_deinit(&d);
}

// How a generated year compares with the year of DHWcalc of the same family: minutes with any flow.
static void a_family_draws_as_often_as_dhwcalc_makes_it(void **state)
{
    (void)state;
    size_t n, drawn[2] = {0};
    char *text = data_file("dhwcalc_200L_1min_4cat_sf_nods_max1200.txt.gz", &n);
    struct draw d[2];
    assert_int_equal(draw_read(&d[0], text, n, 60000, NULL), 0);
    free(text);
    struct draw_wish w = {.litres_day = 200, .days = 365, .seed = 1};
    assert_int_equal(draw_generate(&d[1], &w, NULL), 0);
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < d[k].n; i++)
            drawn[k] += d[k].l_h[i] > 0;
    print_message("minutes with a flow: DHWcalc %zu, generated %zu\n", drawn[0], drawn[1]);
    assert_true(drawn[1] > drawn[0] * 0.7 && drawn[1] < drawn[0] * 1.3);
    draw_deinit(&d[0]);
    draw_deinit(&d[1]);
}

static void a_ceiling_without_room_is_an_error_and_bad_wishes_are_named(void **state)
{
    (void)state;
    struct draw d;
    struct err e = ERR_NULL;
    struct draw_wish w = {.litres_day = 20000, .days = 7, .max_l_h = 700, .seed = 3};
    assert_int_equal(draw_generate(&d, &w, &e), -ERANGE);
    assert_string_equal(e.text, "draw-off: max_l_h of 700 has no room for 20000 litres a day (a higher one)");
    assert_null(d.l_h);
    w.days = 0;
    assert_int_equal(draw_generate(&d, &w, &e), -EINVAL);
    assert_string_equal(e.text, "draw-off: days is 0 (1 to 366)");
}

static void a_hotter_tank_gives_fewer_litres_for_the_same_shower(void **state)
{
    (void)state;
    close_to(draw_hot_l(50, 40, 60, 10), 30, 1e-12);
    close_to(draw_hot_l(50, 40, 40, 10), 50, 1e-12);
    close_to(draw_hot_l(50, 40, 35, 10), 50, 1e-12); // lukewarm is all there is
    close_to(draw_hot_l(50, 15, 60, 15), 0, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flows_are_read_one_a_line_and_counted_in_litres),
        cmocka_unit_test(damaged_files_are_refused_with_their_line),
        cmocka_unit_test(the_years_of_dhwcalc_hold_their_litres_a_day),
        cmocka_unit_test(the_tapping_profile_m_is_5_845_kilowatt_hours),
        cmocka_unit_test(a_bath_of_1_4_kilowatt_hours_runs_for_seven_minutes),
        cmocka_unit_test(generated_years_hold_their_litres_to_the_litre),
        cmocka_unit_test(generated_years_are_the_same_for_a_seed_and_differ_between_seeds),
        cmocka_unit_test(people_draw_in_the_morning_at_weekends_and_in_winter),
        cmocka_unit_test(a_family_draws_as_often_as_dhwcalc_makes_it),
        cmocka_unit_test(a_ceiling_without_room_is_an_error_and_bad_wishes_are_named),
        cmocka_unit_test(a_hotter_tank_gives_fewer_litres_for_the_same_shower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
