// SPDX-License-Identifier: Apache-2.0
//
// Days are counted in eras of 400 years (146,097 days) that begin on 1 March of year 0, so that the leap day
// is the last day of the counted year and month lengths follow one linear formula: day of year = (153 m + 2)
// / 5.
#include "base/when.h"

#include <stdio.h>
#include <string.h>

#define MS_PER_DAY INT64_C(86400000)

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return (a % b && (a < 0) != (b < 0)) ? q - 1 : q;
}

bool is_leap_year(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = floor_div(y, 400);
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

int64_t civil_to_ms(int year, int month, int day, int hour, int minute, int second)
{
    int64_t y = year + floor_div(month - 1, 12);
    int m = (int)(month - 1 - floor_div(month - 1, 12) * 12) + 1;
    int64_t days = days_from_civil(y, m, 1) + day - 1;
    return days * MS_PER_DAY + ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * 1000;
}

struct civil civil_from_ms(int64_t ms)
{
    struct civil c;
    int64_t days = floor_div(ms, MS_PER_DAY);
    int64_t rest = ms - days * MS_PER_DAY;
    c.ms = (int)(rest % 1000);
    c.second = (int)(rest / 1000 % 60);
    c.minute = (int)(rest / 60000 % 60);
    c.hour = (int)(rest / 3600000);
    c.weekday = (int)(((days + 4) % 7 + 7) % 7); // 1970-01-01 was a Thursday

    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (int)((5 * doy + 2) / 153);
    c.day = (int)(doy - (153 * mp + 2) / 5 + 1);
    c.month = mp < 10 ? mp + 3 : mp - 9;
    c.year = (int)(yoe + era * 400 + (c.month <= 2));
    c.yearday = (int)(days - days_from_civil(c.year, 1, 1));
    return c;
}

// The last `n` digits. Answers have many dates, and snprintf would take a tenth of the time of each.
static void put_digits(char *out, int n, int v)
{
    for (unsigned rest = (unsigned)v; n-- > 0; rest /= 10)
        out[n] = (char)('0' + rest % 10);
}

void date_format(char out[DATE_TEXT_BYTES], house_ms t)
{
    if (t.v < 0) {
        memcpy(out, "0001-01-01T00:00:00Z", 21);
        return;
    }
    struct civil c = civil_from_ms(t.v);
    memcpy(out, "0000-00-00T00:00:00Z", 21);
    put_digits(out, 4, c.year);
    put_digits(out + 5, 2, c.month);
    put_digits(out + 8, 2, c.day);
    put_digits(out + 11, 2, c.hour);
    put_digits(out + 14, 2, c.minute);
    put_digits(out + 17, 2, c.second);
}

// Reads exactly `digits` decimal digits at *p.
static bool take_int(const char **p, int digits, int *out)
{
    int v = 0;
    for (int i = 0; i < digits; i++) {
        if (**p < '0' || **p > '9')
            return false;
        v = v * 10 + (**p - '0');
        (*p)++;
    }
    *out = v;
    return true;
}

static bool take_char(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

// ".fff" of any length, truncated to milliseconds; absent is 0.
static bool take_fraction_ms(const char **p, int *ms)
{
    *ms = 0;
    if (!take_char(p, '.'))
        return true;
    int weight = 100, digits = 0;
    for (; **p >= '0' && **p <= '9'; (*p)++, digits++) {
        *ms += (**p - '0') * weight;
        weight /= 10;
    }
    return digits > 0;
}

bool date_parse(const char *text, int64_t *out)
{
    const char *p = text;
    int y, mo, d, h = 0, mi = 0, s = 0, ms = 0;
    if (!take_int(&p, 4, &y) || !take_char(&p, '-') || !take_int(&p, 2, &mo) || !take_char(&p, '-') ||
        !take_int(&p, 2, &d))
        return false;
    if (*p == 'T' || *p == ' ') {
        p++;
        if (!take_int(&p, 2, &h) || !take_char(&p, ':') || !take_int(&p, 2, &mi) || !take_char(&p, ':') ||
            !take_int(&p, 2, &s) || !take_fraction_ms(&p, &ms))
            return false;
        if (*p == 'Z')
            p++;
    }
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (*p || mo < 1 || mo > 12 || d < 1 || h > 23 || mi > 59 || s > 60)
        return false;
    if (d > month_days[mo - 1] + (mo == 2 && is_leap_year(y)))
        return false;
    *out = civil_to_ms(y, mo, d, h, mi, s) + ms;
    return true;
}

void span_format(char out[DATE_TEXT_BYTES], int64_t ms)
{
    if (ms < 0)
        ms = 0;
    int64_t s = ms / 1000;
    int64_t days = s / 86400;
    s %= 86400;
    unsigned h = (unsigned)(s / 3600), m = (unsigned)(s / 60 % 60), sec = (unsigned)(s % 60);
    if (days > 99999999)
        days = 99999999;
    char *at = out;
    if (days)
        at += snprintf(out, DATE_TEXT_BYTES, "%d.", (int)days);
    memcpy(at, "00:00:00", 9);
    put_digits(at, 2, (int)h);
    put_digits(at + 3, 2, (int)m);
    put_digits(at + 6, 2, (int)sec);
}

bool span_parse(const char *text, int64_t *out)
{
    const char *p = text;
    const char *dot = strchr(p, '.'), *colon = strchr(p, ':');
    int64_t days = 0;
    if (dot && colon && dot < colon) {
        int digits = 0;
        for (; *p >= '0' && *p <= '9' && digits < 8; p++, digits++)
            days = days * 10 + (*p - '0');
        if (!digits || !take_char(&p, '.'))
            return false;
    }
    int h, m, s, ms;
    if (!take_int(&p, 2, &h) || !take_char(&p, ':') || !take_int(&p, 2, &m) || !take_char(&p, ':') ||
        !take_int(&p, 2, &s) || !take_fraction_ms(&p, &ms) || *p || h > 23 || m > 59 || s > 59)
        return false;
    *out = (((days * 24 + h) * 60 + m) * 60 + s) * 1000 + ms;
    return true;
}
