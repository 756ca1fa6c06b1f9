// SPDX-License-Identifier: Apache-2.0
// Real years of Paris, Marseille and the Oslofjord (ERA5), read as they are. Looks for them under $ONDOL_DATA
// or beside the source tree; where they are not, the tests are skipped.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/slurp.h"
#include "world/epw.h"

static const struct year {
    const char *file;
    int year;
    size_t rows;
    double min_c, mean_c, max_c, hdd18, global_kwh_m2; // global 0: missing in the file
} years[] = {
    {"FRA_Paris_ERA5-AMY2012.epw.gz", 2012, 8784, -9.9, 11.4, 37.4, 2571, 1179},
    {"FRA_Paris_ERA5-AMY2018.epw.gz", 2018, 8760, -8.7, 12.5, 35.8, 2326, 1240},
    {"FRA_Paris_ERA5-AMY2019.epw.gz", 2019, 8760, -4.7, 12.2, 41.0, 2366, 1263},
    {"FRA_Marseille_ERA5-AMY2019.epw.gz", 2019, 8760, 2.6, 16.0, 30.9, 1361, 1696},
    {"NOR_Oslofjord_ERA5-AMY2025_noradiation.epw.gz", 2025, 8760, -15.8, 7.8, 30.0, 3787, 0},
};

static void data_path(char path[4096], const char *file)
{
    const char *data = getenv("ONDOL_DATA");
    snprintf(path, 4096, "%s/weather/%s", data ? data : ONDOL_SOURCE_ROOT "/../shared/data", file);
}

static void read_year(struct weather *w, const char *file, enum epw_sun missing)
{
    char path[4096], *text;
    size_t n;
    struct err e = ERR_NULL;
    data_path(path, file);
    if (access(path, R_OK) != 0) {
        print_message("skipped: no weather data at %s\n", path);
        skip();
    }
    if (slurp(path, EPW_BYTES_MAX, &text, &n, &e) < 0 || epw_read(w, text, n, missing, &e) < 0)
        fail_msg("%s: %s", file, e.text);
    free(text);
}

static void every_year_has_the_rows_and_temperatures_that_are_known_of_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
        const struct year *y = &years[i];
        struct weather w;
        read_year(&w, y->file, EPW_SUN_CLEAR);
        struct weather_summary s = weather_summarise(&w);
        if (!(w.n == y->rows && w.year == y->year && w.leap == (y->rows == 8784) && w.filled_dry == 0 &&
              fabs(s.dry_min_c - y->min_c) < 1e-9 && fabs(s.dry_max_c - y->max_c) < 1e-9 &&
              fabs(s.dry_mean_c - y->mean_c) < 0.051 && fabs(s.hdd18 - y->hdd18) < 0.51))
            fail_msg("%s: %zu rows of %d, %g / %g / %g, %g degree days", y->file, w.n, w.year, s.dry_min_c,
                     s.dry_mean_c, s.dry_max_c, s.hdd18);
        if (y->global_kwh_m2 > 0) {
            assert_int_equal(w.sun_origin, WEATHER_SUN_GIVEN);
            assert_true(fabs(s.global_kwh_m2 - y->global_kwh_m2) < 0.51);
        }
        weather_deinit(&w);
    }
}

static void the_sun_missing_in_the_oslofjord_is_made_up_and_says_so(void **state)
{
    (void)state;
    struct weather w;
    read_year(&w, years[4].file, EPW_SUN_CLEAR);
    assert_int_equal(w.sun_origin, WEATHER_SUN_MADE);
    assert_int_equal(w.filled_sun, 8760);
    struct weather_summary s = weather_summarise(&w);
    assert_true(s.global_kwh_m2 > 600 && s.global_kwh_m2 < 1100);
    weather_deinit(&w);
    read_year(&w, years[4].file, EPW_SUN_ZERO);
    assert_int_equal(w.sun_origin, WEATHER_SUN_NONE);
    weather_deinit(&w);
}

// The files were split into beam and sky by the same published model: splitting the global value again must
// agree, but for hours of a low sun, where it matters which minute of the hour stands for it.
static void splitting_the_global_value_again_gives_the_files_own_parts(void **state)
{
    (void)state;
    struct weather w;
    read_year(&w, years[2].file, EPW_SUN_CLEAR);
    double diffuse = 0, again = 0, worst = 0;
    for (size_t i = 0; i < w.n; i++) {
        int64_t middle_ms = civil_to_ms(2019, 1, 1, 0, 0, 0) - w.zone_ms + (int64_t)i * 3600000 + 1800000;
        struct sun s = sun_at(w.latitude_deg, w.longitude_deg, HOUSE_MS(middle_ms));
        struct irradiance x = sun_split(&s, w.hour[i].sun.global_w_m2);
        diffuse += w.hour[i].sun.diffuse_w_m2;
        again += x.diffuse_w_m2;
        if (s.up > 0.3)
            worst = fmax(worst, fabs(x.diffuse_w_m2 - w.hour[i].sun.diffuse_w_m2));
    }
    assert_true(fabs(again / diffuse - 1) < 0.02);
    assert_true(worst < 20);
    weather_deinit(&w);
}

static void the_cold_spell_of_february_2012_is_found_by_its_date(void **state)
{
    (void)state;
    struct weather w;
    read_year(&w, years[0].file, EPW_SUN_CLEAR);
    struct weather_now now;
    weather_at(&w, HOUSE_MS(civil_to_ms(2012, 2, 4, 6, 0, 0)), &now);
    assert_true(now.dry_c < -5);
    weather_deinit(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_year_has_the_rows_and_temperatures_that_are_known_of_it),
        cmocka_unit_test(the_sun_missing_in_the_oslofjord_is_made_up_and_says_so),
        cmocka_unit_test(splitting_the_global_value_again_gives_the_files_own_parts),
        cmocka_unit_test(the_cold_spell_of_february_2012_is_found_by_its_date),
    };
    char path[4096];
    data_path(path, years[0].file);
    if (access(path, R_OK) != 0) {
        printf("skipped: no weather data at %s (set ONDOL_DATA)\n", path);
        return 77; // meson's word for a skipped test
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
