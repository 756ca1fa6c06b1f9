// SPDX-License-Identifier: Apache-2.0
//
// One byte a day between the first and the last day that was ever marked; a table spans decades, so this is
// some ten kilobytes. Easter is by the rule that Meeus gives for the Gregorian calendar, whole numbers only.
#include "world/calendar.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/when.h"

static const int64_t DAY_MS = 86400000;

void calendar_deinit(struct calendar *c)
{
    free(c->mark);
    *c = CALENDAR_NULL;
}

// Makes room for the days from..to, keeping what is marked.
static void span(struct calendar *c, int64_t from, int64_t to)
{
    if (c->n) {
        from = from < c->first ? from : c->first;
        int64_t last = c->first + (int64_t)c->n - 1;
        to = to > last ? to : last;
    }
    size_t n = (size_t)(to - from + 1);
    if (n == c->n)
        return;
    uint8_t *mark = mem_array(n, 1);
    if (c->n)
        memcpy(mark + (c->first - from), c->mark, c->n);
    free(c->mark);
    *c = (struct calendar){from, n, mark};
}

static void add(struct calendar *c, int64_t day, unsigned mark)
{
    span(c, day, day);
    c->mark[day - c->first] |= (uint8_t)mark;
}

// 1 or 0 as the field says, -1 when it says neither.
static int flag_of(const char *s)
{
    static const char *const yes[] = {"true", "1", "yes"}, *const no[] = {"false", "0", "no", ""};
    for (size_t i = 0; i < ARRAY_LEN(yes); i++)
        if (strcasecmp(s, yes[i]) == 0)
            return 1;
    for (size_t i = 0; i < ARRAY_LEN(no); i++)
        if (strcasecmp(s, no[i]) == 0)
            return 0;
    return -1;
}

static int read_day(const struct csv *t, size_t row, size_t column, int64_t *day, struct err *e)
{
    int64_t ms;
    int r = csv_moment(t, row, column, &ms, e);
    if (r < 0)
        return r;
    int year = civil_from_ms(ms).year;
    if (year < CALENDAR_YEAR_MIN || year > CALENDAR_YEAR_MAX)
        return csv_refuse(t, row, column, e, "the year %d (%d to %d)", year, CALENDAR_YEAR_MIN,
                          CALENDAR_YEAR_MAX);
    *day = calendar_day(ms);
    return 0;
}

// The row's day into `*day` and what it is marked with; 0 or negative.
static int read_row(const struct csv *t, size_t row, int when, int flag, unsigned mark, int64_t *day,
                    unsigned *marks, struct err *e)
{
    int r = read_day(t, row, (size_t)when, day, e);
    if (r < 0)
        return r;
    *marks = mark;
    if (flag < 0)
        return 0;
    const char *field = csv_field(t, (int64_t)row, (size_t)flag);
    int is = flag_of(field);
    if (is < 0)
        return csv_refuse(t, row, (size_t)flag, e, "\"%.20s\" (True or False)", field);
    *marks = CALENDAR_KNOWN | (is ? mark : 0);
    return 0;
}

int calendar_read(struct calendar *c, const struct csv *t, const char *date_column, const char *flag_column,
                  enum calendar_mark mark, struct err *e)
{
    int when = csv_column(t, date_column, e), flag = -1;
    if (when < 0)
        return when;
    if (flag_column && (flag = csv_column(t, flag_column, e)) < 0)
        return flag;
    int64_t first = INT64_MAX, last = INT64_MIN, day;
    unsigned marks;
    for (size_t row = 0; row < t->rows; row++) { // all rows are judged before the first is entered
        int r = read_row(t, row, when, flag, mark, &day, &marks, e);
        if (r < 0)
            return r;
        first = day < first ? day : first;
        last = day > last ? day : last;
    }
    if (t->rows == 0)
        return 0;
    span(c, first, last);
    for (size_t row = 0; row < t->rows; row++)
        if (read_row(t, row, when, flag, mark, &day, &marks, NULL) == 0)
            c->mark[day - c->first] |= (uint8_t)marks;
    return 0;
}

int64_t calendar_easter(int year)
{
    int a = year % 19, b = year / 100, c = year % 100;
    int epact = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    int l = (32 + 2 * (b % 4) + 2 * (c / 4) - epact - c % 4) % 7;
    int m = (a + 11 * epact + 22 * l) / 451;
    int sum = epact + l - 7 * m + 114;
    return calendar_day(civil_to_ms(year, sum / 31, sum % 31 + 1, 0, 0, 0));
}

int calendar_add_french(struct calendar *c, int year, struct err *e)
{
    static const struct {
        int month, day;
    } fixed[] = {{1, 1}, {5, 1}, {5, 8}, {7, 14}, {8, 15}, {11, 1}, {11, 11}, {12, 25}};
    static const int after_easter[] = {1, 39, 50}; // Easter Monday, Ascension, Whit Monday
    if (year < CALENDAR_YEAR_MIN || year > CALENDAR_YEAR_MAX)
        return err_set(e, -EINVAL, "calendar: the year %d (%d to %d)", year, CALENDAR_YEAR_MIN,
                       CALENDAR_YEAR_MAX);
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        add(c, calendar_day(civil_to_ms(year, fixed[i].month, fixed[i].day, 0, 0, 0)), CALENDAR_PUBLIC);
    for (size_t i = 0; i < ARRAY_LEN(after_easter); i++)
        add(c, calendar_easter(year) + after_easter[i], CALENDAR_PUBLIC);
    return 0;
}

int64_t calendar_day(int64_t local_ms)
{
    return local_ms / DAY_MS - (local_ms % DAY_MS < 0);
}

int calendar_weekday(int64_t day)
{
    int64_t w = (day + 4) % 7; // 1 January 1970 was a Thursday
    return (int)(w < 0 ? w + 7 : w);
}

static bool marked(const struct calendar *c, int64_t day, unsigned mark)
{
    return day >= c->first && day - c->first < (int64_t)c->n && (c->mark[day - c->first] & mark);
}

bool calendar_is_public(const struct calendar *c, int64_t day)
{
    return marked(c, day, CALENDAR_PUBLIC);
}

bool calendar_is_school(const struct calendar *c, int64_t day)
{
    return marked(c, day, CALENDAR_SCHOOL);
}

bool calendar_is_holiday(const struct calendar *c, int64_t day)
{
    return marked(c, day, CALENDAR_PUBLIC | CALENDAR_SCHOOL);
}

bool calendar_knows(const struct calendar *c, int64_t day)
{
    return marked(c, day, CALENDAR_KNOWN);
}

bool calendar_is_workday(const struct calendar *c, int64_t day)
{
    int w = calendar_weekday(day);
    return w >= 1 && w <= 5 && !calendar_is_public(c, day);
}

bool calendar_is_school_open(const struct calendar *c, int64_t day, bool wednesday_off)
{
    return calendar_is_workday(c, day) && !calendar_is_school(c, day) &&
           !(wednesday_off && calendar_weekday(day) == 3);
}

// The last Sunday of a month with 31 days, at 1:00 UTC.
static int64_t clocks_change(int year, int month)
{
    int64_t day = calendar_day(civil_to_ms(year, month, 31, 0, 0, 0));
    return (day - calendar_weekday(day)) * DAY_MS + 3600000;
}

int64_t calendar_eu_offset_ms(int64_t utc_ms, int64_t standard_ms)
{
    int year = civil_from_ms(utc_ms).year;
    bool summer = utc_ms >= clocks_change(year, 3) && utc_ms < clocks_change(year, 10);
    return standard_ms + (summer ? 3600000 : 0);
}
