// SPDX-License-Identifier: Apache-2.0
//
// EnergyPlus weather files (EPW): eight header lines, then a row of comma-separated fields for each hour of a
// year in local standard time. Read here: LOCATION, the records per hour of DATA PERIODS, and of each row the
// date, dry bulb (field 7), global, direct normal and diffuse radiation (14, 15, 16) and wind speed (22).
// Hour H, 1 to 24, ends at H:00.
//
// Missing values, an empty field or the format's codes (99.9, 999, 9999 and above), are filled in and
// counted:
//   dry bulb, wind   a straight line between the neighbours, dry bulb for up to 72 hours
//   no wind at all   3 m/s
//   direct, diffuse  from the global value (world/sun.h)
//   global           from direct and diffuse; without them 0.6 of the clear sky, or nothing, as the caller
//                    asks. Then weather.sun_origin says so.
//
// The text may be anything: whatever is not such a file is refused with "line N: field: why". CR LF and LF
// both end a line; a byte-order mark and empty lines are passed over. Rows must follow each other from 1
// January, hour 1: a whole year, 8760 rows, or 8784 where 29 February is among them. The year of a row is not
// checked: typical years mix them.
#ifndef ONDOL_WORLD_EPW_H
#define ONDOL_WORLD_EPW_H

#include <stddef.h>

#include "base/err.h"
#include "world/weather.h"

#define EPW_BYTES_MAX (16u * 1024 * 1024) // a year is 1.5 MB
#define EPW_LINE_MAX  8192
#define EPW_GAP_MAX   72

enum epw_sun {
    EPW_SUN_CLEAR, // missing sun is 0.6 of the clear sky
    EPW_SUN_ZERO,  // missing sun is darkness: the cold side, for sizing
};

// Reads `n` bytes at `text` (not NUL-terminated) into `w`, which the caller ends with weather_deinit. -EINVAL
// for a malformed file, -EFBIG above EPW_BYTES_MAX; `w` is WEATHER_NULL then.
int epw_read(struct weather *w, const char *text, size_t n, enum epw_sun missing, struct err *e);

#endif
