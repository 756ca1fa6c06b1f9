// SPDX-License-Identifier: Apache-2.0
//
// The two clocks (docs/design/0001-two-clocks.md). They are different struct types so that the compiler
// refuses to assign one to the other.
//   house_ms: physics, setpoints, leases, meters, tariffs, billing, dates of the API. May run faster than the wall.
//             Milliseconds since 1970-01-01T00:00Z on the house's calendar.
//   wall_ms:  I/O deadlines, kill grace, TLS, signatures, tokens. Milliseconds of the monotonic or real-time clock.
#ifndef ONDOL_BASE_WHEN_H
#define ONDOL_BASE_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct house_ms {
    int64_t v;
} house_ms;

typedef struct wall_ms {
    int64_t v;
} wall_ms;

#define HOUSE_MS(ms) ((house_ms){(ms)})
#define WALL_MS(ms)  ((wall_ms){(ms)})

static inline house_ms house_add(house_ms t, int64_t ms)
{
    return (house_ms){t.v + ms};
}

static inline int64_t house_since(house_ms later, house_ms earlier)
{
    return later.v - earlier.v;
}

static inline bool house_before(house_ms a, house_ms b)
{
    return a.v < b.v;
}

static inline wall_ms wall_add(wall_ms t, int64_t ms)
{
    return (wall_ms){t.v + ms};
}

static inline int64_t wall_since(wall_ms later, wall_ms earlier)
{
    return later.v - earlier.v;
}

// Civil calendar, proleptic Gregorian, UTC.
struct civil {
    int year, month, day;     // month 1..12, day 1..31
    int hour, minute, second; // 0..23, 0..59, 0..59
    int ms;                   // 0..999
    int weekday;              // 0 = Sunday
    int yearday;              // 0 = 1 January
};

struct civil civil_from_ms(int64_t ms_since_1970); // any moment, before 1970 too
// Values need not be normalised.
int64_t civil_to_ms(int year, int month, int day, int hour, int minute, int second);
bool is_leap_year(int year);

#define DATE_TEXT_BYTES 32
// "YYYY-MM-DDTHH:MM:SSZ", seconds precision, as every client of the public API parses it.
// A negative time prints the null date "0001-01-01T00:00:00Z".
void date_format(char out[DATE_TEXT_BYTES], house_ms t);
// Accepts the above, a fraction of a second, and "YYYY-MM-DD" (midnight). Returns false when it is not a
// date.
bool date_parse(const char *text, int64_t *ms_since_1970);

// .NET time spans "[d.]hh:mm:ss[.fffffff]".
void span_format(char out[DATE_TEXT_BYTES], int64_t ms); // whole seconds; negative prints 00:00:00
bool span_parse(const char *text, int64_t *ms);

#endif
