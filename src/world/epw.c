// SPDX-License-Identifier: Apache-2.0
//
// Three passes: lines into columns of numbers, where NaN stands for missing; gaps closed along each column;
// columns into hours.
#include "world/epw.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"

static const int64_t HOUR_MS = 3600000;
static const double MEAN_CLOUD = 0.6;   // what clouds leave of a clear sky over a year, Paris to Oslo
static const double USUAL_WIND = 3;     // m/s, where a file has no wind at all
static const int HEADER_LINES_MAX = 64; // eight are usual; typical periods may be spread over several lines

struct reader {
    const char *next, *end; // what is left
    const char *line;       // the current line, without its end
    size_t length;
    int number; // of the current line, from 1
};

// A field of the current line.
struct field {
    const char *at;
    size_t n;
};

#define EPW_FIELDS 35 // of a row

enum column { DRY, GLOBAL, DIRECT, DIFFUSE, WIND, COLUMNS };

static const struct {
    const char *name;
    int index; // in the row, from 0
    double low, high, missing_from;
} column[COLUMNS] = {
    [DRY] = {"dry bulb (degC)", 6, -90, 70, 99.9},
    [GLOBAL] = {"global horizontal radiation (Wh/m2)", 13, 0, 1500, 9999},
    [DIRECT] = {"direct normal radiation (Wh/m2)", 14, 0, 1500, 9999},
    [DIFFUSE] = {"diffuse horizontal radiation (Wh/m2)", 15, 0, 1500, 9999},
    [WIND] = {"wind speed (m/s)", 21, 0, 150, 999},
};

struct epw {
    struct reader in;
    size_t rows;
    double *v[COLUMNS]; // WEATHER_HOURS_MAX each; NaN is missing
};

static const double MISSING = __builtin_nan("");

static bool is_missing(double x)
{
    return x != x;
}

// The next line that is not blank. 1 when there is one, 0 at the end, negative when it is too long.
static int next_line(struct reader *r, struct err *e)
{
    while (r->next < r->end) {
        size_t left = (size_t)(r->end - r->next);
        const char *feed = memchr(r->next, '\n', left);
        r->line = r->next;
        r->length = feed ? (size_t)(feed - r->next) : left;
        r->next += r->length + (feed ? 1 : 0);
        r->number++;
        if (r->length > EPW_LINE_MAX)
            return err_set(e, -EINVAL, "line %d: the line: %zu bytes (at most %d)", r->number, r->length,
                           EPW_LINE_MAX);
        while (r->length && (r->line[r->length - 1] == '\r' || r->line[r->length - 1] == ' '))
            r->length--;
        if (r->length)
            return 1;
    }
    return 0;
}

// The field at `index`, blanks around it cut off; false when the line has fewer.
static bool field_at(const struct reader *r, int index, struct field *out)
{
    const char *at = r->line, *end = r->line + r->length;
    for (; index > 0; index--) {
        at = memchr(at, ',', (size_t)(end - at));
        if (!at)
            return false;
        at++;
    }
    const char *comma = memchr(at, ',', (size_t)(end - at));
    end = comma ? comma : end;
    while (at < end && *at == ' ')
        at++;
    while (end > at && end[-1] == ' ')
        end--;
    *out = (struct field){at, (size_t)(end - at)};
    return true;
}

// A number that must be there and in range.
static int take_number(const struct reader *r, int index, const char *name, double low, double high,
                       double *out, struct err *e)
{
    struct field f;
    if (!field_at(r, index, &f) || f.n == 0)
        return err_set(e, -EINVAL, "line %d: %s: not there (field %d of the line)", r->number, name,
                       index + 1);
    if (!num_read(f.at, f.n, '.', out))
        return err_set(e, -EINVAL, "line %d: %s: field %d is not a number", r->number, name, index + 1);
    if (!(*out >= low && *out <= high))
        return err_set(e, -EINVAL, "line %d: %s: %g (%g to %g)", r->number, name, *out, low, high);
    return 0;
}

static bool starts_with(const struct reader *r, const char *word)
{
    size_t n = strlen(word);
    return r->length >= n && strncasecmp(r->line, word, n) == 0;
}

static void copy_place(char *out, size_t size, const struct field *f)
{
    size_t k = 0;
    for (size_t i = 0; i < f->n && k + 1 < size; i++)
        if ((unsigned char)f->at[i] >= 0x20 && f->at[i] != 0x7f)
            out[k++] = f->at[i];
    out[k] = '\0';
}

static int read_location(struct weather *w, struct reader *r, struct err *e)
{
    int got = next_line(r, e);
    if (got < 0)
        return got;
    if (got == 0 || !starts_with(r, "LOCATION,"))
        return err_set(e, -EINVAL, "line %d: LOCATION: not there (an EPW file begins with it)",
                       r->number ? r->number : 1);
    struct field city;
    double zone_h = 0;
    int rc;
    if ((rc = take_number(r, 6, "LOCATION latitude", -90, 90, &w->latitude_deg, e)) < 0 ||
        (rc = take_number(r, 7, "LOCATION longitude", -180, 180, &w->longitude_deg, e)) < 0 ||
        (rc = take_number(r, 8, "LOCATION time zone (h)", -12, 14, &zone_h, e)) < 0 ||
        (rc = take_number(r, 9, "LOCATION elevation (m)", -1000, 9999.9, &w->elevation_m, e)) < 0)
        return rc;
    if (field_at(r, 1, &city))
        copy_place(w->place, sizeof w->place, &city);
    w->zone_ms = num_round(zone_h * 60) * 60000; // some zones are at quarters of an hour
    return 0;
}

// Passes the lines up to and with DATA PERIODS.
static int read_periods(struct reader *r, struct err *e)
{
    for (int i = 0; i < HEADER_LINES_MAX; i++) {
        int got = next_line(r, e);
        if (got < 0)
            return got;
        if (got == 0)
            return err_set(e, -EINVAL, "line %d: DATA PERIODS: the file ends before it", r->number);
        if (!starts_with(r, "DATA PERIODS,"))
            continue;
        double periods, per_hour;
        int rc = take_number(r, 1, "DATA PERIODS count", 1, 1, &periods, e);
        return rc < 0 ? rc : take_number(r, 2, "DATA PERIODS records per hour", 1, 1, &per_hour, e);
    }
    return err_set(e, -EINVAL, "line %d: DATA PERIODS: not among the first %d lines", r->number,
                   HEADER_LINES_MAX);
}

// The date of the row must be the hour that follows the row before. Row 1416 tells whether there is a 29
// February.
static int check_date(struct weather *w, const struct epw *f, struct err *e)
{
    const struct reader *r = &f->in;
    double year, month, day, hour;
    int rc;
    if ((rc = take_number(r, 0, "year", 1800, 2200, &year, e)) < 0 ||
        (rc = take_number(r, 1, "month", 1, 12, &month, e)) < 0 ||
        (rc = take_number(r, 2, "day", 1, 31, &day, e)) < 0 ||
        (rc = take_number(r, 3, "hour", 1, 24, &hour, e)) < 0)
        return rc;
    if (f->rows == 0)
        w->year = (int)year;
    if (f->rows == 59 * 24)
        w->leap = month == 2 && day == 29;
    if (f->rows >= (w->leap ? 8784u : 8760u))
        return err_set(
            e, -EINVAL,
            "line %d: date: a row after the end of the year (8760 rows, or 8784 with a 29 February)",
            r->number);
    struct civil c =
        civil_from_ms(civil_to_ms(w->leap ? 2000 : 2001, 1, 1, 0, 0, 0) + (int64_t)f->rows * HOUR_MS);
    if (month != c.month || day != c.day || hour != c.hour + 1)
        return err_set(e, -EINVAL, "line %d: date: month %g day %g hour %g, expected month %d day %d hour %d",
                       r->number, month, day, hour, c.month, c.day, c.hour + 1);
    return 0;
}

static int read_value(struct epw *f, enum column c, struct err *e)
{
    struct field field;
    double x;
    if (!field_at(&f->in, column[c].index, &field))
        return err_set(e, -EINVAL, "line %d: %s: the row ends before field %d", f->in.number, column[c].name,
                       column[c].index + 1);
    if (field.n == 0)
        x = MISSING;
    else if (!num_read(field.at, field.n, '.', &x))
        return err_set(e, -EINVAL, "line %d: %s: field %d is not a number", f->in.number, column[c].name,
                       column[c].index + 1);
    else if (x >= column[c].missing_from)
        x = MISSING;
    else if (!(x >= column[c].low && x <= column[c].high))
        return err_set(e, -EINVAL, "line %d: %s: %g (%g to %g)", f->in.number, column[c].name, x,
                       column[c].low, column[c].high);
    f->v[c][f->rows] = x;
    return 0;
}

// With commas for points every decimal would be two fields, and each value another's.
static int check_width(const struct reader *r, struct err *e)
{
    int fields = 1;
    for (size_t i = 0; i + 1 < r->length; i++) // a comma at the end begins no field
        fields += r->line[i] == ',';
    if (fields <= EPW_FIELDS)
        return 0;
    return err_set(e, -EINVAL, "line %d: the row: %d fields (%d; decimal points are points)", r->number,
                   fields, EPW_FIELDS);
}

static int read_rows(struct weather *w, struct epw *f, struct err *e)
{
    int got;
    while ((got = next_line(&f->in, e)) > 0) {
        int rc = check_width(&f->in, e);
        rc = rc ? rc : check_date(w, f, e);
        for (int c = 0; c < COLUMNS && rc == 0; c++)
            rc = read_value(f, (enum column)c, e);
        if (rc < 0)
            return rc;
        f->rows++;
    }
    if (got < 0)
        return got;
    if (f->rows != (w->leap ? 8784u : 8760u))
        return err_set(e, -EINVAL,
                       "line %d: rows: the file ends after %zu (8760, or 8784 with a 29 February)",
                       f->in.number, f->rows);
    return 0;
}

// Closes the gaps of one column by straight lines, across the turn of the year too. Gives the number of
// filled rows and the longest gap; a column without any value is left as it is.
static size_t close_gaps(double *v, size_t n, size_t *longest)
{
    size_t filled = 0, first = 0;
    *longest = 0;
    while (first < n && is_missing(v[first]))
        first++;
    if (first == n) {
        *longest = n;
        return n;
    }
    for (size_t k = 0, from = first; k < n; from = (first + k) % n) { // from always has a value
        size_t gap = 0;
        while (is_missing(v[(from + gap + 1) % n]))
            gap++;
        double a = v[from], b = v[(from + gap + 1) % n];
        for (size_t i = 1; i <= gap; i++)
            v[(from + i) % n] = a + (b - a) * (double)i / (double)(gap + 1);
        filled += gap;
        *longest = gap > *longest ? gap : *longest;
        k += gap + 1;
    }
    return filled;
}

static int fill_columns(struct weather *w, struct epw *f, struct err *e)
{
    size_t longest;
    w->filled_dry = close_gaps(f->v[DRY], f->rows, &longest);
    if (longest > EPW_GAP_MAX)
        return err_set(e, -EINVAL,
                       "line %d: %s: missing for %zu hours in a row somewhere in the year (at most %d)",
                       f->in.number, column[DRY].name, longest, EPW_GAP_MAX);
    w->filled_wind = close_gaps(f->v[WIND], f->rows, &longest);
    if (w->filled_wind == f->rows) // no room feels the wind, so that a file without any is not worth refusing
        for (size_t i = 0; i < f->rows; i++)
            f->v[WIND][i] = USUAL_WIND;
    return 0;
}

static struct irradiance sun_of_row(struct weather *w, const struct epw *f, size_t i, enum epw_sun missing)
{
    // A typical year may put a 29 February under a year that has none: the sun is then that of a year which
    // has.
    int year = is_leap_year(w->year) == w->leap ? w->year : w->leap ? 2000 : 2001;
    int64_t middle_ms = civil_to_ms(year, 1, 1, 0, 0, 0) - w->zone_ms + (int64_t)i * HOUR_MS + HOUR_MS / 2;
    struct sun s = sun_at(w->latitude_deg, w->longitude_deg, HOUSE_MS(middle_ms));
    double global = f->v[GLOBAL][i], direct = f->v[DIRECT][i], diffuse = f->v[DIFFUSE][i];
    bool both = !is_missing(direct) && !is_missing(diffuse);
    if (is_missing(global) && both)
        global = diffuse + direct * num_max(s.up, 0);
    if (is_missing(global)) {
        w->filled_sun++;
        return sun_split(&s, missing == EPW_SUN_ZERO ? 0 : MEAN_CLOUD * sun_clear_sky(&s));
    }
    return both ? (struct irradiance){global, direct, diffuse} : sun_split(&s, global);
}

static void make_hours(struct weather *w, const struct epw *f, enum epw_sun missing)
{
    w->n = f->rows;
    w->hour = mem_array(w->n, sizeof *w->hour);
    for (size_t i = 0; i < w->n; i++)
        w->hour[i] = (struct weather_hour){f->v[DRY][i], f->v[WIND][i], sun_of_row(w, f, i, missing)};
    if (w->filled_sun == 0)
        w->sun_origin = WEATHER_SUN_GIVEN;
    else if (w->filled_sun < w->n)
        w->sun_origin = WEATHER_SUN_PARTLY;
    else
        w->sun_origin = missing == EPW_SUN_ZERO ? WEATHER_SUN_NONE : WEATHER_SUN_MADE;
}

int epw_read(struct weather *w, const char *text, size_t n, enum epw_sun missing, struct err *e)
{
    *w = WEATHER_NULL;
    if (n > EPW_BYTES_MAX)
        return err_set(e, -EFBIG, "weather file: %zu bytes (at most %u)", n, EPW_BYTES_MAX);
    text = n ? text : "";
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        text += 3;
        n -= 3;
    }
    struct weather made = WEATHER_NULL;
    struct epw f = {.in = {.next = text, .end = text + n}};
    double *columns = mem_array(WEATHER_HOURS_MAX * COLUMNS, sizeof *columns);
    for (int c = 0; c < COLUMNS; c++)
        f.v[c] = columns + (size_t)c * WEATHER_HOURS_MAX;
    int rc;
    if ((rc = read_location(&made, &f.in, e)) == 0 && (rc = read_periods(&f.in, e)) == 0 &&
        (rc = read_rows(&made, &f, e)) == 0 && (rc = fill_columns(&made, &f, e)) == 0) {
        make_hours(&made, &f, missing);
        *w = made;
    }
    free(columns);
    return rc;
}
