// SPDX-License-Identifier: Apache-2.0
//
// The step of zones in which nothing is unusual, sixteen at a time; for lanes.c, which keeps the rows. What one
// row needs lies together, so that one address reaches all of it.
#ifndef ONDOL_CORE_HEAT_USUAL_H
#define ONDOL_CORE_HEAT_USUAL_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wide.h"

// Times are ms since the lanes' epoch, before which nothing of a lane is.
#define HEAT_OWN_MS (-(INT32_C(1) << 30)) // what the zone's struct has stands

// Of sixteen zones; the fields as in struct thermostat. What is read at every step is little, and first: the
// step waits for it longer than for what it computes.
struct heat_row {
    // state
    alignas(64) float room_c[WIDE_ROW];
    float slope_k_per_min[WIDE_ROW], metal_c[WIDE_ROW], mean_w[WIDE_ROW], integral_w[WIDE_ROW];
    float heatsink_c[WIDE_ROW], heatsink_slope_k_per_min[WIDE_ROW], sum_p_s[WIDE_ROW];
    float jump_mc[WIDE_ROW];
    // what changes with the wish, the estimate and the guards
    float r_c[WIDE_ROW], kp[WIDE_ROW], kp_per_ti[WIDE_ROW], per_tt[WIDE_ROW], hot_c[WIDE_ROW];
    // a bit a zone: the guards in force that are usual,
    uint16_t surface;
    uint16_t hot;    // the room: nothing is given
    uint16_t window; // nothing is given, and the integral stands
    // and
    uint16_t odd;     // to be stepped alone whatever comes
    uint16_t alone;   // was stepped alone, or has to be: out
    uint16_t full;    // full_since is not 0, but as full_ms says
    uint16_t jumped;  // jump_at is the last reading's time, whatever jump_ms says
    int32_t until_ms; // when the first of `window` ends by itself
    // not at every step
    alignas(64) int32_t jump_ms[WIDE_ROW], full_ms[WIDE_ROW];
    int32_t window_until_ms[WIDE_ROW];
    float guarded[WIDE_ROW]; // 1: some guard is in force
};

// What all zones share in a step.
struct heat_shared {
    int32_t last_at_ms, at_ms, now_ms; // of the last readings, of these; of the step
    bool windows_alone;                // a sample ends, of which open windows say nothing
    float dt_s, room, slope, per_min;  // filters, by the time between readings
    float metal, mean, sink;           // and between steps
    float sink_per_min, lag_per_min;   // 60 s over the time between steps, and over the lag of the metal
    float k_per_w, k_per_all_w, ua_w_per_k, full_w, surface_c, up_c, down_c, weight_b, floor_w;
    int32_t cpu_above_mc; // a processor from here on is too hot
};

// Readings, and watts of the request, as struct heat_lanes has them. hot_draw_mw NULL: not known apart.
struct heat_arrays {
    const int32_t *room_mc, *heatsink_mc, *cpu_mc, *draw_mw, *hot_draw_mw;
    int32_t *target_w, *max_w, *min_w;
};

// Steps all zones of the rows. Where something was unusual the zone keeps what it had and is marked `alone`.
// Returns whether any is.
typedef bool heat_usual_fn(struct heat_row *row, size_t rows, const struct heat_arrays *in,
                           const struct heat_shared *shared);

// For registers of 128, 256 and 512 bits, all with the same digits: which the processor must have.
heat_usual_fn heat_usual_128, heat_usual_256, heat_usual_512;

// The one for registers of so many bits, NULL where the processor or the build has none; 0: the widest.
heat_usual_fn *heat_usual_of(unsigned bits);

#endif
