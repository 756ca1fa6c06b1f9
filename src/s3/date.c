// SPDX-License-Identifier: Apache-2.0
//
// The two ways S3 writes a time into headers.
#include <stdio.h>
#include <string.h>

#include "s3/condition.h"
#include "s3/sign.h"

// `n` digits at `s`; -1 if one of them is none.
static int digits(const char *s, int n)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (s[i] < '0' || s[i] > '9')
            return -1;
        v = v * 10 + (s[i] - '0');
    }
    return v;
}

// False for what no calendar has, such as 31 June.
static bool to_ms(int year, int month, int day, int hour, int minute, int second, int64_t *ms)
{
    if (year < 1 || month < 1 || month > 12 || day < 1 || hour < 0 || hour > 23 || minute < 0 ||
        minute > 59 || second < 0 || second > 59)
        return false;
    int64_t v = civil_to_ms(year, month, day, hour, minute, second);
    struct civil c = civil_from_ms(v);
    if (c.day != day || c.month != month)
        return false;
    *ms = v;
    return true;
}

void s3_amz_date(char out[17], wall_ms t)
{
    struct civil c = civil_from_ms(t.v);
    char text[64];
    snprintf(text, sizeof text, "%04d%02d%02dT%02d%02d%02dZ", c.year, c.month, c.day, c.hour, c.minute,
             c.second);
    memcpy(out, text, 16);
    out[16] = '\0';
}

bool s3_amz_date_read(const char *text, int64_t *ms)
{
    if (strlen(text) != 16 || text[8] != 'T' || text[15] != 'Z')
        return false;
    return to_ms(digits(text, 4), digits(text + 4, 2), digits(text + 6, 2), digits(text + 9, 2),
                 digits(text + 11, 2), digits(text + 13, 2), ms);
}

static const char *const day_names[7] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

void s3_http_date(char out[S3_HTTP_DATE_BYTES], int64_t ms_since_1970)
{
    struct civil c = civil_from_ms(ms_since_1970);
    char text[80];
    snprintf(text, sizeof text, "%s, %02d %.3s %04d %02d:%02d:%02d GMT", day_names[c.weekday], c.day,
             month_names + (c.month - 1) * 3, c.year, c.hour, c.minute, c.second);
    snprintf(out, S3_HTTP_DATE_BYTES, "%.31s", text);
}

static int month_of(const char *s)
{
    for (int i = 0; i < 12; i++)
        if (!strncmp(s, month_names + i * 3, 3))
            return i + 1;
    return 0;
}

// "00:00:00"
static bool clock_read(const char *s, int v[3])
{
    v[0] = digits(s, 2);
    v[1] = v[0] < 0 || s[2] != ':' ? -1 : digits(s + 3, 2);
    v[2] = v[1] < 0 || s[5] != ':' ? -1 : digits(s + 6, 2);
    return v[2] >= 0;
}

// "Fri, 24 May 2013 00:00:00 GMT", also with +0000 or -0000 for the zone as mail writes it.
static bool fixdate(const char *s, int64_t *ms)
{
    size_t n = strlen(s);
    int t[3];
    if (n < 29 || s[3] != ',' || s[4] != ' ' || s[7] != ' ' || s[11] != ' ' || s[16] != ' ' || s[25] != ' ' ||
        !clock_read(s + 17, t))
        return false;
    if (strcmp(s + 26, "GMT") != 0 && strcmp(s + 26, "UTC") != 0 && strcmp(s + 26, "+0000") != 0 &&
        strcmp(s + 26, "-0000") != 0)
        return false;
    return to_ms(digits(s + 12, 4), month_of(s + 8), digits(s + 5, 2), t[0], t[1], t[2], ms);
}

// "Friday, 24-May-13 00:00:00 GMT": a year of two digits is of this century until 70 (RFC 850; RFC
// 9110 5.6.7).
static bool rfc850(const char *s, int64_t *ms)
{
    const char *d = strchr(s, ',');
    int t[3];
    if (!d || strlen(d) != 24 || d[1] != ' ' || d[4] != '-' || d[8] != '-' || d[11] != ' ' ||
        !clock_read(d + 12, t) || strcmp(d + 20, " GMT") != 0)
        return false;
    int year = digits(d + 9, 2);
    if (year < 0)
        return false;
    return to_ms(year + (year < 70 ? 2000 : 1900), month_of(d + 5), digits(d + 2, 2), t[0], t[1], t[2], ms);
}

// "Fri May  4 00:00:00 2013"
static bool asctime_date(const char *s, int64_t *ms)
{
    int t[3];
    if (strlen(s) != 24 || s[3] != ' ' || s[7] != ' ' || s[10] != ' ' || s[19] != ' ' ||
        !clock_read(s + 11, t))
        return false;
    int day = s[8] == ' ' ? digits(s + 9, 1) : digits(s + 8, 2);
    return to_ms(digits(s + 20, 4), month_of(s + 4), day, t[0], t[1], t[2], ms);
}

bool s3_http_date_read(const char *text, int64_t *ms)
{
    return fixdate(text, ms) || rfc850(text, ms) || asctime_date(text, ms);
}
