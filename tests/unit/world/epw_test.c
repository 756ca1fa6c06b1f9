// SPDX-License-Identifier: Apache-2.0
// EPW files made here: what a good one gives, how each kind of hole is filled, and that bad ones are refused
// by line and field. Garbage of every kind may be refused or read, but never harms.
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

#include "base/buf.h"
#include "base/rng.h"
#include "world/epw.h"

#define HEADER_LINES 8

struct made {
    bool leap;
    const char *end; // of line
    int odd_row;     // the row, from 0, that gets odd_text in place of its values
    int odd_rows;    // how many from there on
    const char *odd_text;
};

static const char *const header = "LOCATION,Testville,TS,FRA,test,999999,48.75,2.25,1.0,100.0%s"
                                  "DESIGN CONDITIONS,0%s"
                                  "TYPICAL/EXTREME PERIODS,0%s"
                                  "GROUND TEMPERATURES,0%s"
                                  "HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0%s"
                                  "COMMENTS 1,\"a, b\"%s"
                                  "COMMENTS 2,%s"
                                  "DATA PERIODS,1,1,Data,Tuesday, 1/ 1,12/31%s";

// Everything from field 7 to 22; dry bulb, global, direct, diffuse and wind are given, the rest are missing
// codes.
#define VALUES(dry, global, direct, diffuse, wind)                                                           \
    dry ",99.9,999,999999,9999,9999,9999," global "," direct "," diffuse                                     \
        ",999999,999999,999999,9999,999," wind

static void make(struct buf *b, const struct made *m)
{
    const char *n = m->end;
    buf_putf(b, header, n, n, n, n, n, n, n, n); // NOLINT: the format is the constant above
    int rows = m->leap ? 8784 : 8760, year = m->leap ? 2012 : 2019;
    for (int i = 0; i < rows; i++) {
        struct civil c = civil_from_ms(civil_to_ms(year, 1, 1, i, 0, 0));
        buf_putf(b, "%d,%d,%d,%d,60,?9,", year, c.month, c.day, c.hour + 1);
        if (m->odd_text && i >= m->odd_row && i < m->odd_row + m->odd_rows)
            buf_puts(b, m->odd_text);
        else
            buf_putf(b,
                     "%d.%d,"
                     "99.9,999,999999,9999,9999,9999,100,50,80,9,9,9,9,999,2.5",
                     c.month, c.hour % 10);
        buf_putf(b, ",10,10,9999%s", n);
    }
}

static int read_made(struct weather *w, const struct made *m, enum epw_sun missing, struct err *e)
{
    struct buf b = BUF_INIT(4000000);
    make(&b, m);
    assert_false(b.failed);
    char *exact = malloc(b.n); // no byte behind the end, for the sanitiser to watch
    memcpy(exact, b.v, b.n);
    int r = epw_read(w, exact, b.n, missing, e);
    free(exact);
    buf_deinit(&b);
    return r;
}

static void a_whole_year_is_read_with_either_line_end(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct weather w;
        struct err e = ERR_NULL;
        struct made m = {.leap = kind & 1, .end = kind & 2 ? "\r\n" : "\n"};
        if (read_made(&w, &m, EPW_SUN_CLEAR, &e) < 0)
            fail_msg("%s", e.text);
        assert_string_equal(w.place, "Testville");
        assert_int_equal(w.n, m.leap ? 8784 : 8760);
        assert_int_equal(w.leap, m.leap);
        assert_int_equal(w.year, m.leap ? 2012 : 2019);
        assert_int_equal(w.zone_ms, 3600000);
        assert_true(w.latitude_deg == 48.75 && w.longitude_deg == 2.25 && w.elevation_m == 100);
        assert_true(w.hour[0].dry_c == 1.0 && w.hour[5].dry_c == 1.5);
        assert_true(w.hour[w.n - 1].dry_c == 12.3);
        assert_true(w.hour[7].sun.global_w_m2 == 100 && w.hour[7].sun.direct_w_m2 == 50);
        assert_true(w.hour[7].sun.diffuse_w_m2 == 80 && w.hour[7].wind_m_s == 2.5);
        assert_int_equal(w.sun_origin, WEATHER_SUN_GIVEN);
        assert_int_equal(w.filled_dry + w.filled_sun + w.filled_wind, 0);
        // Hour 6 of 1 January ends at 06:00 local standard time, 05:00 UTC.
        struct weather_now now;
        weather_at(&w, HOUSE_MS(civil_to_ms(w.year, 1, 1, 5, 0, 0)), &now);
        assert_true(now.dry_c == 1.5);
        weather_deinit(&w);
    }
}

static void missing_temperatures_are_a_straight_line(void **state)
{
    (void)state;
    const char *hole[] = {VALUES("99.9", "100", "50", "80", "2"), VALUES("", "100", "50", "80", "2"),
                          VALUES("9999", "100", "50", "80", "2")};
    for (int i = 0; i < 3; i++) {
        struct weather w;
        struct err e = ERR_NULL;
        struct made m = {.end = "\n", .odd_row = 2, .odd_rows = 3, .odd_text = hole[i]};
        if (read_made(&w, &m, EPW_SUN_CLEAR, &e) < 0)
            fail_msg("%s", e.text);
        assert_int_equal(w.filled_dry, 3);
        for (int k = 1; k <= 5; k++) // 1.1 to 1.5 is where the neighbours lead
            assert_true(fabs(w.hour[k].dry_c - (1 + k * 0.1)) < 1e-12);
        weather_deinit(&w);
    }
}

static void a_hole_over_new_year_is_filled_from_both_ends(void **state)
{
    (void)state;
    struct weather w;
    struct err e = ERR_NULL;
    struct made m = {
        .end = "\n", .odd_row = 8757, .odd_rows = 3, .odd_text = VALUES("99.9", "0", "0", "0", "999")};
    if (read_made(&w, &m, EPW_SUN_CLEAR, &e) < 0)
        fail_msg("%s", e.text);
    assert_true(fabs(w.hour[8756].dry_c - 12.0) < 1e-12 && fabs(w.hour[0].dry_c - 1.0) < 1e-12);
    for (int k = 0; k < 3; k++)
        assert_true(fabs(w.hour[8757 + k].dry_c - (12.0 - 11.0 * (k + 1) / 4)) < 1e-9);
    assert_int_equal(w.filled_wind, 3);
    assert_true(w.hour[8758].wind_m_s == 2.5);
    weather_deinit(&w);
}

static void too_long_a_hole_in_the_temperature_is_refused(void **state)
{
    (void)state;
    struct weather w;
    struct err e = ERR_NULL;
    struct made m = {
        .end = "\n", .odd_row = 100, .odd_rows = 73, .odd_text = VALUES("99.9", "0", "0", "0", "1")};
    assert_int_equal(read_made(&w, &m, EPW_SUN_CLEAR, &e), -EINVAL);
    assert_non_null(strstr(e.text, "dry bulb (degC): missing for 73 hours"));
    m.odd_row = 0;
    m.odd_rows = 8760;
    assert_int_equal(read_made(&w, &m, EPW_SUN_CLEAR, &e), -EINVAL);
    assert_null(w.hour);
}

static void missing_sun_is_made_as_asked_and_says_so(void **state)
{
    (void)state;
    struct weather w;
    struct err e = ERR_NULL;
    struct made m = {.end = "\n", .odd_rows = 8760, .odd_text = VALUES("5", "9999", "9999", "9999", "999")};
    assert_int_equal(read_made(&w, &m, EPW_SUN_CLEAR, &e), 0);
    assert_int_equal(w.sun_origin, WEATHER_SUN_MADE);
    assert_int_equal(w.filled_sun, 8760);
    struct weather_summary s = weather_summarise(&w);
    assert_true(s.global_kwh_m2 > 800 && s.global_kwh_m2 < 1300);
    assert_true(w.hour[0].sun.global_w_m2 == 0);
    assert_true(w.hour[0].wind_m_s == 3);
    weather_deinit(&w);
    assert_int_equal(read_made(&w, &m, EPW_SUN_ZERO, &e), 0);
    assert_int_equal(w.sun_origin, WEATHER_SUN_NONE);
    s = weather_summarise(&w);
    assert_true(s.global_kwh_m2 == 0);
    weather_deinit(&w);
    m.odd_rows = 10;
    assert_int_equal(read_made(&w, &m, EPW_SUN_CLEAR, &e), 0);
    assert_int_equal(w.sun_origin, WEATHER_SUN_PARTLY);
    assert_int_equal(w.filled_sun, 10);
    weather_deinit(&w);
}

static void two_parts_of_the_sun_give_the_third(void **state)
{
    (void)state;
    struct weather w;
    struct err e = ERR_NULL;
    int noon = 171 * 24 + 12; // 21 June
    struct made m = {
        .end = "\n", .odd_row = noon, .odd_rows = 1, .odd_text = VALUES("20", "700", "9999", "9999", "1")};
    assert_int_equal(read_made(&w, &m, EPW_SUN_CLEAR, &e), 0);
    struct irradiance x = w.hour[noon].sun;
    assert_true(x.global_w_m2 == 700 && x.direct_w_m2 > 400 && x.diffuse_w_m2 > 100);
    weather_deinit(&w);
    m.odd_text = VALUES("20", "9999", "600", "100", "1");
    assert_int_equal(read_made(&w, &m, EPW_SUN_CLEAR, &e), 0);
    assert_true(fabs(w.hour[noon].sun.global_w_m2 - (100 + 600 * 0.9)) < 10);
    assert_int_equal(w.sun_origin, WEATHER_SUN_GIVEN);
    weather_deinit(&w);
}

static void bad_values_are_refused_by_line_and_field(void **state)
{
    (void)state;
    const struct {
        const char *values, *sentence;
    } bad[] = {
        {VALUES("71", "0", "0", "0", "1"), "line 19: dry bulb (degC): 71 (-90 to 70)"},
        {VALUES("warm", "0", "0", "0", "1"), "line 19: dry bulb (degC): field 7 is not a number"},
        {VALUES("nan", "0", "0", "0", "1"), "line 19: dry bulb (degC): field 7 is not a number"},
        {VALUES("0x10", "0", "0", "0", "1"), "line 19: dry bulb (degC): field 7 is not a number"},
        {VALUES("1e", "0", "0", "0", "1"), "line 19: dry bulb (degC): field 7 is not a number"},
        {VALUES("--1", "0", "0", "0", "1"), "line 19: dry bulb (degC): field 7 is not a number"},
        {VALUES("-1,5", "0", "0", "0", "1,9,9,9,9,9,9,9,9,9,9"),
         "line 19: the row: 36 fields (35; decimal points are points)"},
        {VALUES("1", "-1", "0", "0", "1"), "line 19: global horizontal radiation (Wh/m2): -1 (0 to 1500)"},
        {VALUES("1", "0", "2000", "0", "1"), "line 19: direct normal radiation (Wh/m2): 2000 (0 to 1500)"},
        {VALUES("1", "0", "0", "0", "200"), "line 19: wind speed (m/s): 200 (0 to 150)"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct weather w;
        struct err e = ERR_NULL;
        struct made m = {
            .end = "\r\n", .odd_row = 19 - HEADER_LINES - 1, .odd_rows = 1, .odd_text = bad[i].values};
        assert_int_equal(read_made(&w, &m, EPW_SUN_CLEAR, &e), -EINVAL);
        assert_string_equal(e.text, bad[i].sentence);
        assert_null(w.hour);
    }
}

// Reads a good file in which the first `from` after `skip` bytes is replaced by `to`.
static void refuse_edited(const char *from, const char *to, const char *sentence)
{
    struct buf b = BUF_INIT(4000000), edited = BUF_INIT(4000000);
    make(&b, &(struct made){.end = "\n"});
    char *at = strstr(b.v, from);
    assert_non_null(at);
    *at = '\0';
    buf_puts(&edited, b.v);
    buf_puts(&edited, to);
    buf_puts(&edited, at + strlen(from));
    struct weather w;
    struct err e = ERR_NULL;
    assert_int_equal(epw_read(&w, edited.v, edited.n, EPW_SUN_CLEAR, &e), -EINVAL);
    if (!strstr(e.text, sentence))
        fail_msg("said: %s", e.text);
    buf_deinit(&b);
    buf_deinit(&edited);
}

static void bad_headers_and_dates_are_refused_by_line_and_field(void **state)
{
    (void)state;
    refuse_edited("LOCATION,", "PLACE,", "line 1: LOCATION: not there");
    refuse_edited("48.75", "98.75", "line 1: LOCATION latitude: 98.75 (-90 to 90)");
    refuse_edited(",1.0,100.0", "", "line 1: LOCATION time zone (h): not there (field 9 of the line)");
    refuse_edited("DATA PERIODS,1,1", "DATA PERIODS,1,4",
                  "line 8: DATA PERIODS records per hour: 4 (1 to 1)");
    refuse_edited("DATA PERIODS,", "DATA PEROIDS,", "DATA PERIODS: not among the first 64 lines");
    refuse_edited("2019,1,1,3,", "2019,1,1,4,",
                  "line 11: date: month 1 day 1 hour 4, expected month 1 day 1 hour 3");
    refuse_edited("2019,3,1,1,", "2019,2,29,1,", "expected month 2 day 29 hour 2");
    refuse_edited("2019,5,", "2019,13,", "month: 13 (1 to 12)");
    refuse_edited("2019,12,31,24,60,", "2019,12,31,24,60\n", "dry bulb (degC): the row ends before field 7");
}

static void short_long_and_empty_files_are_refused(void **state)
{
    (void)state;
    struct weather w;
    struct err e = ERR_NULL;
    assert_int_equal(epw_read(&w, NULL, 0, EPW_SUN_CLEAR, &e), -EINVAL);
    assert_string_equal(e.text, "line 1: LOCATION: not there (an EPW file begins with it)");
    struct buf b = BUF_INIT(4000000);
    make(&b, &(struct made){.end = "\n"});
    for (size_t n = 0; n < b.n; n += 1 + n / 3) // cut anywhere
        assert_int_equal(epw_read(&w, b.v, n, EPW_SUN_CLEAR, &e), -EINVAL);
    size_t last = b.n;
    buf_puts(&b, "2020,1,1,1,60,?9," VALUES("1", "0", "0", "0", "1") "\n");
    assert_int_equal(epw_read(&w, b.v, b.n, EPW_SUN_CLEAR, &e), -EINVAL);
    assert_non_null(strstr(e.text, "line 8769: date: a row after the end of the year"));
    assert_int_equal(epw_read(&w, b.v, last - 1, EPW_SUN_CLEAR, &e), 0); // no line end after the last row
    weather_deinit(&w);
    struct buf one = BUF_INIT(100000);
    for (int i = 0; i < 10000; i++)
        buf_putc(&one, 'x');
    assert_int_equal(epw_read(&w, one.v, one.n, EPW_SUN_CLEAR, &e), -EINVAL);
    assert_string_equal(e.text, "line 1: the line: 10000 bytes (at most 8192)");
    assert_int_equal(epw_read(&w, one.v, (size_t)EPW_BYTES_MAX + 1, EPW_SUN_CLEAR, &e), -EFBIG);
    buf_deinit(&one);
    buf_deinit(&b);
}

static void random_damage_never_harms(void **state)
{
    (void)state;
    uint64_t seed = 20260;
    struct rng r;
    rng_seed(&r, seed);
    struct buf b = BUF_INIT(4000000);
    make(&b, &(struct made){.leap = true, .end = "\r\n"});
    char *copy = malloc(b.n);
    int read = 0;
    for (int round = 0; round < 120; round++) {
        memcpy(copy, b.v, b.n);
        // Half of the damage falls into the first lines, where most decisions are.
        for (uint64_t k = rng_below(&r, 4) + 1; k > 0; k--)
            copy[rng_below(&r, rng_below(&r, 2) ? 1500 : b.n)] = (char)rng_below(&r, 256);
        struct weather w;
        struct err e = ERR_NULL;
        int rc = epw_read(&w, copy, b.n, round & 1 ? EPW_SUN_CLEAR : EPW_SUN_ZERO, &e);
        if (rc == 0) {
            read++;
            struct weather_summary s = weather_summarise(&w);
            if (!(s.dry_min_c >= -90 && s.dry_max_c <= 99.9 && s.global_kwh_m2 >= 0))
                fail_msg("seed %d round %d: nonsense was read", (int)seed, round);
        } else if (strncmp(e.text, "line ", 5) != 0)
            fail_msg("seed %d round %d: refused without a line: %s", (int)seed, round, e.text);
        weather_deinit(&w);
    }
    assert_in_range(read, 5, 115);
    free(copy);
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_year_is_read_with_either_line_end),
        cmocka_unit_test(missing_temperatures_are_a_straight_line),
        cmocka_unit_test(a_hole_over_new_year_is_filled_from_both_ends),
        cmocka_unit_test(too_long_a_hole_in_the_temperature_is_refused),
        cmocka_unit_test(missing_sun_is_made_as_asked_and_says_so),
        cmocka_unit_test(two_parts_of_the_sun_give_the_third),
        cmocka_unit_test(bad_values_are_refused_by_line_and_field),
        cmocka_unit_test(bad_headers_and_dates_are_refused_by_line_and_field),
        cmocka_unit_test(short_long_and_empty_files_are_refused),
        cmocka_unit_test(random_damage_never_harms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
