// SPDX-License-Identifier: Apache-2.0
// Real tables, read as they are: carbon intensity, a heat network, the calendars of France. Looks for them
// under $ONDOL_DATA or beside the source tree; where they are not, the tests are skipped.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/when.h"
#include "device/slurp.h"
#include "world/calendar.h"
#include "world/series.h"

static struct csv read_table(const char *file, struct csv_dialect dialect)
{
    char path[4096], *text;
    size_t n;
    struct csv c = CSV_NULL;
    struct err e = ERR_NULL;
    const char *data = getenv("ONDOL_DATA");
    snprintf(path, sizeof path, "%s/%s", data ? data : ONDOL_SOURCE_ROOT "/../shared/data", file);
    if (access(path, R_OK) != 0)
        skip();
    if (slurp(path, CSV_BYTES_MAX, &text, &n, &e) < 0 || csv_read(&c, text, n, dialect, &e) < 0)
        fail_msg("%s: %s", file, e.text);
    free(text);
    return c;
}

static void series_have_the_rows_and_means_that_are_known_of_them(void **state)
{
    (void)state;
    static const struct {
        const char *file, *time, *value;
        size_t rows;
        double min, mean, max, rounding;
    } known[] = {
        {"carbon/FR_2020_entsoe_hourly.csv.gz", "utc_hour_start", "carbon_intensity_gco2e_per_kwh", 8784, 23,
         55, 106, 0.5},
        {"carbon/DE_2019_smard_hourly.csv.gz", "utc_hour_start", "carbon_intensity_gco2e_per_kwh", 8760, 123,
         339, 559, 0.5},
        {"carbon/PL_2020_entsoe_hourly.csv.gz", "utc_hour_start", "carbon_intensity_gco2e_per_kwh", 8784, 459,
         673, 770, 0.5},
        {"heat/flensburg_district_heat_hourly_2014-2017.csv.gz", "time", "flensburg_mw", 35064, 18.6, 131,
         383, 0.5},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct csv c = read_table(known[i].file, (struct csv_dialect){0});
        struct series s;
        struct err e = ERR_NULL;
        if (series_from_csv(&s, &c, known[i].time, known[i].value, 0, 2000, &e) < 0)
            fail_msg("%s: %s", known[i].file, e.text);
        double low = s.v[0], high = s.v[0];
        for (size_t k = 0; k < s.n; k++) {
            low = fmin(low, s.v[k]);
            high = fmax(high, s.v[k]);
        }
        assert_int_equal(s.n, known[i].rows);
        assert_int_equal(s.step_ms, 3600000);
        if (!(fabs(low - known[i].min) <= known[i].rounding &&
              fabs(high - known[i].max) <= known[i].rounding &&
              fabs(series_mean(&s) - known[i].mean) <= known[i].rounding))
            fail_msg("%s: %g / %g / %g", known[i].file, low, series_mean(&s), high);
        series_deinit(&s);
        csv_deinit(&c);
    }
}

static void tables_with_decimal_comma_and_nameless_columns_are_read(void **state)
{
    (void)state;
    struct csv c = read_table("heat/bdew_hourly_factors_SFH.csv", (struct csv_dialect){';', true});
    assert_int_equal(c.rows, 24);
    assert_int_equal(c.columns, 11);
    double sum = 0, x;
    int column = csv_column(&c, "-15", NULL);
    for (size_t row = 0; row < 24; row++) {
        assert_int_equal(csv_number(&c, row, (size_t)column, 0, 1, &x, NULL), 0);
        sum += x;
    }
    assert_true(fabs(sum - 1) < 1e-3); // shares of a day
    csv_deinit(&c);
}

static void the_published_public_holidays_are_those_of_the_law(void **state)
{
    (void)state;
    struct csv t = read_table("calendar/jours_feries_metropole.csv", (struct csv_dialect){0});
    struct calendar table = CALENDAR_NULL, law = CALENDAR_NULL;
    struct err e = ERR_NULL;
    if (calendar_read(&table, &t, "date", NULL, CALENDAR_PUBLIC, &e) < 0)
        fail_msg("%s", e.text);
    for (int year = 2006; year <= 2031; year++)
        calendar_add_french(&law, year, NULL);
    int64_t end = calendar_day(civil_to_ms(2031, 12, 31, 0, 0, 0));
    for (int64_t d = calendar_day(civil_to_ms(2006, 1, 1, 0, 0, 0)); d <= end; d++)
        if (calendar_is_public(&table, d) != calendar_is_public(&law, d))
            fail_msg("day %lld differs", (long long)d);
    csv_deinit(&t);
    calendar_deinit(&table);
    calendar_deinit(&law);
}

static void paris_schools_are_closed_when_zone_c_has_holidays(void **state)
{
    (void)state;
    struct csv t = read_table("calendar/vacances_scolaires_zones_ABC.csv.gz", (struct csv_dialect){0});
    struct calendar c = CALENDAR_NULL;
    struct err e = ERR_NULL;
    if (calendar_read(&c, &t, "date", "vacances_zone_c", CALENDAR_SCHOOL, &e) < 0)
        fail_msg("%s", e.text);
    for (int year = 2018; year <= 2019; year++)
        calendar_add_french(&c, year, NULL);
    int open = 0;
    for (int64_t d = calendar_day(civil_to_ms(2018, 9, 1, 0, 0, 0));
         d < calendar_day(civil_to_ms(2019, 9, 1, 0, 0, 0)); d++) {
        assert_true(calendar_knows(&c, d));
        open += calendar_is_school_open(&c, d, false);
    }
    if (open < 170 || open > 182) // 36 weeks of five days less public holidays
        fail_msg("%d school days", open);
    assert_true(
        calendar_is_school(&c, calendar_day(civil_to_ms(2019, 2, 27, 0, 0, 0)))); // zone C, winter 2019
    assert_false(calendar_is_school(&c, calendar_day(civil_to_ms(2019, 3, 12, 0, 0, 0)))); // back again
    csv_deinit(&t);
    calendar_deinit(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(series_have_the_rows_and_means_that_are_known_of_them),
        cmocka_unit_test(tables_with_decimal_comma_and_nameless_columns_are_read),
        cmocka_unit_test(the_published_public_holidays_are_those_of_the_law),
        cmocka_unit_test(paris_schools_are_closed_when_zone_c_has_holidays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
