// SPDX-License-Identifier: Apache-2.0
// Tables, series and calendars: what is read, what is refused and with which sentence.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "base/when.h"
#include "world/calendar.h"
#include "world/csv.h"
#include "world/series.h"

static struct csv table(const char *text, char separator, bool decimal_comma)
{
    struct csv c;
    struct err e = ERR_NULL;
    if (csv_read(&c, text, strlen(text), (struct csv_dialect){separator, decimal_comma}, &e) < 0)
        fail_msg("%s", e.text);
    return c;
}

static void fields_are_found_by_the_name_of_their_column(void **state)
{
    (void)state;
    struct csv c = table("\xef\xbb\xbf"
                         "a,b , \"c, the third\"\r\n1,,\"x \"\"y\"\"\"\r\n\r\n 2 , \"\" ,z",
                         ',', false);
    assert_int_equal(c.columns, 3);
    assert_int_equal(c.rows, 2);
    assert_int_equal(csv_column(&c, "b", NULL), 1);
    assert_int_equal(csv_column(&c, "c, the third", NULL), 2);
    assert_string_equal(csv_field(&c, 0, 0), "1");
    assert_string_equal(csv_field(&c, 0, 1), "");
    assert_string_equal(csv_field(&c, 0, 2), "x \"y\"");
    assert_string_equal(csv_field(&c, 1, 0), "2");
    assert_string_equal(csv_field(&c, 1, 1), "");
    assert_string_equal(csv_field(&c, 1, 2), "z");
    assert_int_equal(c.line[1], 4); // the empty line counts as a line
    struct err e = ERR_NULL;
    assert_int_equal(csv_column(&c, "d", &e), -ENOENT);
    assert_non_null(strstr(e.text, "a, b, c, the third"));
    csv_deinit(&c);
}

static void a_tab_separates_where_it_is_asked_to_and_is_a_blank_elsewhere(void **state)
{
    (void)state;
    struct csv c = table("a\tb\tc\n1\t\t3\n", '\t', false);
    assert_int_equal(c.columns, 3);
    assert_string_equal(csv_field(&c, 0, 1), "");
    assert_string_equal(csv_field(&c, 0, 2), "3");
    csv_deinit(&c);
    c = table("a;b\n\t1\t;2\n", ';', false);
    assert_string_equal(csv_field(&c, 0, 0), "1");
    csv_deinit(&c);
}

static void a_decimal_comma_is_read_where_the_caller_says_so_only(void **state)
{
    (void)state;
    double x;
    struct err e = ERR_NULL;
    struct csv c = table("t;v\n1;-37,1833141\n2;1.5\n", ';', true);
    assert_int_equal(csv_number(&c, 0, 1, -100, 100, &x, &e), 0);
    assert_true(fabs(x + 37.1833141) < 1e-12);
    assert_int_equal(csv_number(&c, 1, 1, -100, 100, &x, &e), -EINVAL);
    assert_string_equal(e.text, "line 3: v: \"1.5\" is not a number with a decimal comma");
    csv_deinit(&c);
}

static void damaged_tables_are_refused_with_line_and_column(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "line 1: column 1: no line with the names of the columns (the text is empty)"},
        {"a,b\n1,2\n3\n", "line 3: column 2: missing (the first line names 2 columns, this has 1)"},
        {"a,b\n1,2,3\n", "line 2: column 3: one too many (the first line names 2 columns, this has 3)"},
        {"a,b\n1,\"2\n", "line 2: column 2: a quote is not closed on the line"},
        {"a,b\n\"1\"x,2\n", "line 2: column 1: text behind the closing quote"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct csv c;
        struct err e = ERR_NULL;
        assert_int_equal(csv_read(&c, bad[i].text, strlen(bad[i].text), (struct csv_dialect){0}, &e),
                         -EINVAL);
        assert_string_equal(e.text, bad[i].why);
        assert_null(c.text);
    }
    struct csv c;
    struct err e = ERR_NULL;
    assert_int_equal(csv_read(&c, "a\n1\0002\n", 6, (struct csv_dialect){0}, &e), -EINVAL);
    assert_non_null(strstr(e.text, "line 2: column 1: a NUL byte"));
    char wide[2 * CSV_COLUMNS_MAX + 2];
    memset(wide, ',', sizeof wide);
    assert_int_equal(csv_read(&c, wide, sizeof wide, (struct csv_dialect){0}, &e), -EINVAL);
    assert_non_null(strstr(e.text, "column 257: too many"));
    assert_int_equal(csv_read(&c, wide, (size_t)CSV_BYTES_MAX + 1, (struct csv_dialect){0}, &e), -EFBIG);
}

static void numbers_are_there_and_in_range_or_named(void **state)
{
    (void)state;
    struct csv c = table("a,b,a\n,nan,1e9\n", ',', false);
    double x = 7;
    struct err e = ERR_NULL;
    assert_int_equal(csv_number(&c, 0, 0, 0, 5, &x, &e), -EINVAL);
    assert_string_equal(e.text, "line 2: a: is empty (a number from 0 to 5)");
    assert_int_equal(csv_number(&c, 0, 1, 0, 5, &x, &e), -EINVAL);
    assert_string_equal(e.text, "line 2: b: \"nan\" is not a number with a decimal point");
    assert_int_equal(csv_number(&c, 0, 2, 0, 5, &x, &e), -EINVAL);
    assert_string_equal(e.text, "line 2: a: 1e+09 (0 to 5)");
    assert_true(x > 6.9);
    assert_int_equal(csv_column(&c, "a", &e), -ENOTUNIQ);
    csv_deinit(&c);
}

static void any_bytes_are_read_or_refused_but_never_trip_the_reader(void **state)
{
    (void)state;
    static const char letters[] = "a1,;\t\"\"\r\n\n -.\xef";
    uint64_t seed = 41;
    struct rng r;
    rng_seed(&r, seed);
    for (int round = 0; round < 20000; round++) {
        char text[40];
        size_t n = rng_below(&r, sizeof text);
        for (size_t i = 0; i < n; i++)
            text[i] = letters[rng_below(&r, sizeof letters)]; // its NUL too
        struct csv c;
        struct err e = ERR_NULL;
        if (csv_read(&c, text, n, (struct csv_dialect){round % 2 ? ',' : '\t'}, &e) < 0) {
            if (strncmp(e.text, "line ", 5) != 0)
                fail_msg("seed %d, round %d: %s", (int)seed, round, e.text);
            continue;
        }
        for (size_t row = 0; row < c.rows; row++)
            for (size_t column = 0; column < c.columns; column++)
                assert_true(strlen(csv_field(&c, (int64_t)row, column)) < n);
        csv_deinit(&c);
    }
}

static void moments_are_read_in_the_ways_the_files_write_them(void **state)
{
    (void)state;
    struct csv c =
        table("t\n2014-01-01 01:00:00\n2018-12-31T23:00Z\n2014-02-03\n2014-02-31\n2014-01-01T24:00\n"
              "2014-01-01T\n2014-01-01 1:00\n",
              ',', false);
    int64_t ms;
    assert_int_equal(csv_moment(&c, 0, 0, &ms, NULL), 0);
    assert_int_equal(ms, civil_to_ms(2014, 1, 1, 1, 0, 0));
    assert_int_equal(csv_moment(&c, 1, 0, &ms, NULL), 0);
    assert_int_equal(ms, civil_to_ms(2018, 12, 31, 23, 0, 0));
    assert_int_equal(csv_moment(&c, 2, 0, &ms, NULL), 0);
    assert_int_equal(ms, civil_to_ms(2014, 2, 3, 0, 0, 0));
    struct err e = ERR_NULL;
    for (size_t row = 3; row < c.rows; row++)
        assert_int_equal(csv_moment(&c, row, 0, &ms, &e), -EINVAL);
    assert_non_null(strstr(e.text, "line 8: t: \"2014-01-01 1:00\" is not a moment"));
    csv_deinit(&c);
}

static void a_series_needs_equal_steps_and_says_where_they_break(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"t,v\n2020-01-01T00:00Z,1\n2020-01-01T01:00Z,2\n2020-01-01T03:00Z,3\n",
         "line 4: t: leaves a gap (steps must be equal; the first is 3600 s)"},
        {"t,v\n2020-01-01T00:00Z,1\n2020-01-01T00:00Z,2\n", "line 3: t: goes back in time"},
        {"t,v\n2020-01-01T00:00Z,1\n", "at least 2"},
        {"t,v\n2020-01-01T00:00Z,1\n2020-01-01T01:00Z,-2\n", "line 3: v: -2 (0 to 10)"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct csv c = table(bad[i].text, ',', false);
        struct series s;
        struct err e = ERR_NULL;
        assert_int_equal(series_from_csv(&s, &c, "t", "v", 0, 10, &e), -EINVAL);
        if (!strstr(e.text, bad[i].why))
            fail_msg("case %zu: %s", i, e.text);
        csv_deinit(&c);
    }
}

static void a_series_goes_round(void **state)
{
    (void)state;
    struct csv c = table("t,v\n2020-01-01T00:00Z,1\n2020-01-01T06:00Z,2\n2020-01-01T12:00Z,4\n", ',', false);
    struct series s;
    assert_int_equal(series_from_csv(&s, &c, "t", "v", 0, 10, NULL), 0);
    csv_deinit(&c);
    int64_t t = civil_to_ms(2020, 1, 1, 0, 0, 0), hour = 3600000;
    assert_true(series_at(&s, t) == 1 && series_at(&s, t + 6 * hour - 1) == 1 &&
                series_at(&s, t + 6 * hour) == 2);
    assert_true(series_at(&s, t + 18 * hour) == 1 && series_at(&s, t - 1) == 4);
    assert_true(fabs(series_mean(&s) - 7.0 / 3) < 1e-15);
    series_deinit(&s);
    double year[366];
    for (int i = 0; i < 366; i++)
        year[i] = i;
    s = (struct series){civil_to_ms(2020, 1, 1, 0, 0, 0), 24 * hour, 366, year}; // a leap year serves others
    assert_true(series_at(&s, civil_to_ms(2031, 1, 1, 5, 0, 0)) == 0);
    assert_true(series_at(&s, civil_to_ms(2031, 2, 28, 5, 0, 0)) == 58);
    s.n = 365;
    s.start_ms = civil_to_ms(2019, 1, 1, 0, 0, 0) - hour; // a local year, given in UTC
    assert_true(series_at(&s, civil_to_ms(2024, 12, 31, 22, 0, 0)) == 364);
    assert_true(series_at(&s, civil_to_ms(2017, 1, 1, 0, 0, 0)) == 0);
}

static int64_t day(int year, int month, int d)
{
    return calendar_day(civil_to_ms(year, month, d, 12, 0, 0));
}

static void easter_and_the_french_holidays_are_where_they_were(void **state)
{
    (void)state;
    assert_int_equal(calendar_easter(2019), day(2019, 4, 21));
    assert_int_equal(calendar_easter(2008), day(2008, 3, 23));
    assert_int_equal(calendar_easter(2038), day(2038, 4, 25)); // the latest there is
    struct calendar c = CALENDAR_NULL;
    assert_int_equal(calendar_add_french(&c, 2024, NULL), 0);
    assert_int_equal(calendar_add_french(&c, 2019, NULL),
                     0); // an earlier year later: the span grows both ways
    int count = 0;
    for (int64_t d = day(2019, 1, 1); d <= day(2024, 12, 31); d++)
        count += calendar_is_public(&c, d);
    assert_int_equal(count, 22);
    assert_true(calendar_is_public(&c, day(2019, 5, 30)) && calendar_is_public(&c, day(2019, 6, 10)));
    assert_true(calendar_is_public(&c, day(2024, 4, 1)) && !calendar_is_public(&c, day(2021, 12, 25)));
    static const int fixed[8][2] = {{1, 1}, {5, 1}, {5, 8}, {7, 14}, {8, 15}, {11, 1}, {11, 11}, {12, 25}};
    for (int i = 0; i < 8; i++)
        assert_true(calendar_is_public(&c, day(2019, fixed[i][0], fixed[i][1])));
    struct err e = ERR_NULL;
    assert_int_equal(calendar_add_french(&c, 1492, &e), -EINVAL);
    calendar_deinit(&c);
}

static void schools_open_on_workdays_outside_their_holidays(void **state)
{
    (void)state;
    struct calendar c = CALENDAR_NULL;
    struct csv t = table(
        "date,zone_c\n2019-02-22,False\n2019-02-23,True\n2019-02-25,True\n2019-03-11,False\n", ',', false);
    assert_int_equal(calendar_read(&c, &t, "date", "zone_c", CALENDAR_SCHOOL, NULL), 0);
    csv_deinit(&t);
    calendar_add_french(&c, 2019, NULL);
    assert_int_equal(calendar_weekday(day(2019, 2, 25)), 1);
    assert_int_equal(calendar_weekday(day(1969, 12, 31)), 3);
    assert_true(calendar_is_workday(&c, day(2019, 2, 25)) && calendar_is_holiday(&c, day(2019, 2, 25)));
    assert_false(calendar_is_school_open(&c, day(2019, 2, 25), false));
    assert_true(calendar_is_school_open(&c, day(2019, 3, 11), false));
    assert_true(calendar_is_school_open(&c, day(2019, 3, 13), false)); // a Wednesday
    assert_false(calendar_is_school_open(&c, day(2019, 3, 13), true));
    assert_false(calendar_is_school_open(&c, day(2019, 3, 16), false)); // a Saturday
    assert_false(calendar_is_workday(&c, day(2019, 3, 17)));            // a Sunday
    assert_false(calendar_is_workday(&c, day(2019, 5, 1)));
    assert_true(calendar_knows(&c, day(2019, 3, 11)) && !calendar_knows(&c, day(2019, 3, 12)));
    t = table("date,zone_c\n2019-02-22,True\n2019-02-23,maybe\n", ',', false);
    struct err e = ERR_NULL;
    assert_int_equal(calendar_read(&c, &t, "date", "zone_c", CALENDAR_SCHOOL, &e), -EINVAL);
    assert_string_equal(e.text, "line 3: zone_c: \"maybe\" (True or False)");
    assert_false(calendar_is_school(&c, day(2019, 2, 22))); // nothing of a bad table is entered
    csv_deinit(&t);
    calendar_deinit(&c);
}

static void clocks_go_forward_in_march_and_back_in_october(void **state)
{
    (void)state;
    int64_t h = 3600000;
    assert_int_equal(calendar_eu_offset_ms(civil_to_ms(2019, 3, 31, 0, 59, 59), h), h);
    assert_int_equal(calendar_eu_offset_ms(civil_to_ms(2019, 3, 31, 1, 0, 0), h), 2 * h);
    assert_int_equal(calendar_eu_offset_ms(civil_to_ms(2019, 10, 27, 0, 59, 59), h), 2 * h);
    assert_int_equal(calendar_eu_offset_ms(civil_to_ms(2019, 10, 27, 1, 0, 0), h), h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_found_by_the_name_of_their_column),
        cmocka_unit_test(a_tab_separates_where_it_is_asked_to_and_is_a_blank_elsewhere),
        cmocka_unit_test(a_decimal_comma_is_read_where_the_caller_says_so_only),
        cmocka_unit_test(damaged_tables_are_refused_with_line_and_column),
        cmocka_unit_test(numbers_are_there_and_in_range_or_named),
        cmocka_unit_test(any_bytes_are_read_or_refused_but_never_trip_the_reader),
        cmocka_unit_test(moments_are_read_in_the_ways_the_files_write_them),
        cmocka_unit_test(a_series_needs_equal_steps_and_says_where_they_break),
        cmocka_unit_test(a_series_goes_round),
        cmocka_unit_test(easter_and_the_french_holidays_are_where_they_were),
        cmocka_unit_test(schools_open_on_workdays_outside_their_holidays),
        cmocka_unit_test(clocks_go_forward_in_march_and_back_in_october),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
