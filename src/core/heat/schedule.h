// SPDX-License-Identifier: Apache-2.0
//
// The week of a zone: at a minute of certain days a mode or a setpoint begins, and lasts until the next
// entry. Times are local: the house's UTC offset comes with each question. Text form, entries separated by
// ';':
//
//   mon-fri 06:30 20.5; sat,sun 08:00 21; daily 22:30 eco
//
// days: mon tue wed thu fri sat sun, ranges (fri-mon runs over the week's end), lists with ','; daily. A
// number is degC of comfort, 7..26 with at most one decimal; a word is off, frost, eco, comfort or boost.
#ifndef ONDOL_CORE_HEAT_SCHEDULE_H
#define ONDOL_CORE_HEAT_SCHEDULE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/when.h"
#include "core/heat/thermostat.h"

#define SCHEDULE_ENTRIES_MAX 32
#define SCHEDULE_TEXT_MAX    2048

struct schedule_entry {
    uint8_t days;   // bit 0 = Sunday .. bit 6 = Saturday
    int16_t minute; // of the local day, 0..1439
    enum zone_mode mode;
    int32_t setpoint_mc; // of comfort; INT32_MIN: the zone's own
};

struct schedule {
    int32_t n;
    struct schedule_entry e[SCHEDULE_ENTRIES_MAX];
};

// 0, or -EINVAL with the entry, the field and its limit; `out` is untouched then. "" is an empty schedule.
int schedule_parse(const char *text, struct schedule *out, struct err *e);

// Appends the text form; parsing it again gives the same schedule.
void schedule_format(const struct schedule *s, struct buf *out);

// What the occupant wants at `now`: boost while now is before `boost_until`, else the schedule's entry that
// began last (looking back a week), else `base`. `base` also gives the comfort setpoint where the entry has
// none.
struct zone_wish schedule_wish(const struct schedule *s, const struct zone_wish *base, house_ms boost_until,
                               house_ms now, int64_t utc_offset_ms);

// When the answer of schedule_wish may next change; now + 7 days when it does not.
house_ms schedule_next(const struct schedule *s, house_ms boost_until, house_ms now, int64_t utc_offset_ms);

#endif
