// SPDX-License-Identifier: Apache-2.0
//
// Which days are school, which are work. Days are counted from 1 January 1970 in local time. Public holidays
// come from a table or, for France, from the law: eight fixed days and three that follow Easter; school
// holidays from a table with a column for each zone.
#ifndef ONDOL_WORLD_CALENDAR_H
#define ONDOL_WORLD_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "world/csv.h"

enum calendar_mark { CALENDAR_PUBLIC = 1, CALENDAR_SCHOOL = 2, CALENDAR_KNOWN = 4 };

struct calendar {
    int64_t first; // day of mark[0]
    size_t n;
    uint8_t *mark; // enum calendar_mark, or-ed
};

#define CALENDAR_NULL ((struct calendar){0})

#define CALENDAR_YEAR_MIN 1970
#define CALENDAR_YEAR_MAX 2199

void calendar_deinit(struct calendar *c);

// Days marked in a table: `date_column` holds dates. Without `flag_column` (NULL) each row is a holiday; with
// it, a row is one where that column says True, 1 or yes, and none where it says False, 0, no or nothing.
// `mark` is CALENDAR_PUBLIC or CALENDAR_SCHOOL. -EINVAL with "line N: column: why"; the calendar is as it was
// then.
int calendar_read(struct calendar *c, const struct csv *t, const char *date_column, const char *flag_column,
                  enum calendar_mark mark, struct err *e);

// The eleven public holidays of metropolitan France (Code du travail, L3133-1) of one year.
int calendar_add_french(struct calendar *c, int year, struct err *e);

// Easter Sunday by the Gregorian rule.
int64_t calendar_easter(int year);

int64_t calendar_day(int64_t local_ms); // the day a moment of local time falls on
int calendar_weekday(int64_t day);      // 0 = Sunday
bool calendar_is_public(const struct calendar *c, int64_t day); // a public holiday
// A day of school holidays, Sundays in them too.
bool calendar_is_school(const struct calendar *c, int64_t day);
bool calendar_is_holiday(const struct calendar *c, int64_t day); // either of the two
bool calendar_knows(const struct calendar *c, int64_t day);      // a table with flags had a row for it

// Monday to Friday and no public holiday.
bool calendar_is_workday(const struct calendar *c, int64_t day);
// A workday outside the school holidays. French primary schools may also rest on Wednesdays: `wednesday_off`.
bool calendar_is_school_open(const struct calendar *c, int64_t day, bool wednesday_off);

// Local time less UTC at a moment of UTC, where clocks follow the rule of the European Union: an hour more
// from the last Sunday of March to the last of October, both at 1:00 UTC. `standard_ms` is the offset in
// winter.
int64_t calendar_eu_offset_ms(int64_t utc_ms, int64_t standard_ms);

#endif
