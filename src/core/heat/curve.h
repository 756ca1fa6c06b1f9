// SPDX-License-Identifier: Apache-2.0
//
// The power curve of a processor board: watts -> frequency -> work per second, and back.
//
// Points give the draw of the whole board with all cores busy at a frequency; between points it is linear. At
// any frequency a board may run part of the time (duty) and rest at `idle_mw` for the remainder; below the
// lowest frequency it can do nothing else:
//
//   draw
//    |                          . p[n-1]
//    |                    . p[1]
//    |          . p[0]  --+-- frequency
//    |      /  <- duty: draw = idle + duty (p[0] - idle)
//    |    + idle
//    +----------------------------------> work (cores x frequency x duty)
#ifndef ONDOL_CORE_HEAT_CURVE_H
#define ONDOL_CORE_HEAT_CURVE_H

#include <stdint.h>

#include "base/err.h"

#define CURVE_POINTS_MAX  16
#define CURVE_MODEL_BYTES 48

struct curve_point {
    int32_t freq_mhz;
    int32_t draw_mw; // whole board, all cores busy
};

struct curve {
    char model[CURVE_MODEL_BYTES]; // processor, e.g. "AMD Ryzen 7 1700"
    int32_t cores;
    int32_t idle_mw;  // awake, nothing runs
    int32_t sleep_mw; // off or suspended, can be woken
    int32_t boot_ms;  // from sleep to ready, house time
    int32_t n;        // points used, 1..CURVE_POINTS_MAX, ascending in both columns
    struct curve_point p[CURVE_POINTS_MAX];
};

// How a board is run: at `freq_mhz` for `duty_permille` of the time. freq 0: nothing runs.
struct operating_point {
    int32_t freq_mhz;
    int32_t duty_permille; // 0..1000
    int32_t draw_mw;       // what the curve says it draws then
    int32_t work_mhz;      // cores x freq x duty: core-MHz of work per second
};

// The default board: a measured Ryzen 7 1700 (Cinebench R15, package power: 38 points over voltage, last
// stable voltage per frequency), extended below 3.0 GHz by P = 18.9 W + 11.6 W/GHz from 1 GHz on. 8 cores,
// idle 12 W, sleep 1 W, boot 72 s.
const struct curve *curve_default(void);

#define CURVE_DEFAULT_BASE_MHZ 3000 // its base clock by the data sheet; above it the processor boosts

// 0, or -EINVAL with the field and its limit when the curve is not usable (counts, ascending order, positive
// draws).
int curve_check(const struct curve *c, struct err *e);

// The most work for at most `draw_mw`, by frequency, duty or both; at or below idle_mw gives freq 0 and draw
// idle_mw. Above the last point: the last point. More milliwatts never do less.
struct operating_point curve_at_draw(const struct curve *c, int32_t draw_mw);

// The point at a frequency (clamped to the curve) and duty (clamped to 0..1000).
struct operating_point curve_at(const struct curve *c, int32_t freq_mhz, int32_t duty_permille);

// The curve as far as `freq_mhz`, its first point at least.
void curve_below(const struct curve *c, int32_t freq_mhz, struct curve *out);

int32_t curve_max_mw(const struct curve *c);
int32_t curve_max_work_mhz(const struct curve *c);

#endif
