// SPDX-License-Identifier: Apache-2.0
//
// A cumulative energy meter, as it comes: it may wrap, be reset, stop for a while, or say something
// impossible.
#ifndef ONDOL_CORE_LEDGER_METER_H
#define ONDOL_CORE_LEDGER_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/when.h"

#define METER_GAP_MS  300000             // no reading for longer than this is counted as a gap
#define METER_MOST_MJ (INT64_C(1) << 60) // a counter or wrap point above this is refused like a negative one

struct meter {
    bool started;
    house_ms at;      // last reading
    int64_t raw_mj;   // last reading
    int64_t total_mj; // since the first reading
    int32_t resets, wraps, gaps, refused;
};

enum meter_answer { METER_OK, METER_FIRST, METER_WRAPPED, METER_RESET, METER_REFUSED };

// Takes one reading and adds what passed since the last to total_mj; `delta_mj` gets that amount.
//   raw_mj   counter; wrap_mj is where it starts again at 0 (0: never wraps)
//   max_mw   most the meter's load can draw: an increment above 1.25 x max_mw x time + 50 J is impossible and refused
//            (nothing is added; the reading becomes the new base)
// A counter that went back is a wrap if the increment it implies is possible, else a reset: then what it
// shows since the reset is added, if possible. A reading not later than the last one changes nothing.
enum meter_answer meter_read(struct meter *m, house_ms at, int64_t raw_mj, int64_t wrap_mj, int64_t max_mw,
                             int64_t *delta_mj);

#endif
