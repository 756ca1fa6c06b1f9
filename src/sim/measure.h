// SPDX-License-Identifier: Apache-2.0
//
// What is being measured, for the files measure*.c only.
#ifndef ONDOL_SIM_MEASURE_H
#define ONDOL_SIM_MEASURE_H

#include "sim/comfort.h"
#include "sim/run.h"

struct zone_measure {
    // a room's way to a higher setpoint; the rest of its comfort is in its batch's arrays
    double step_from_c, step_excess_s, settle_s, settle_later_s;
    int64_t stepped_at, reached_at, shadow_reached_at;
    int32_t steps, settle_steps;
    // heat
    int64_t asked_hour_uj, delivered_hour_uj; // at the start of the running window
    double asked_j, strict_j, able_asked_j, able_strict_j;
    int64_t window_from;
};

struct measure {
    struct zone_measure *zone;
    struct comfort *comfort; // one a batch of rooms
    int64_t looks;           // at comfort
    uint64_t class_uj[ACTIVITY_N];
    int64_t rooms;
    double room_sum; // of all temperatures and looks until the series' last hour
    double outside_sum, set_sum, backup_sum;
    int64_t n;
    double asked_j, strict_j, delivered_j;
    size_t at;
};

void measure_window_ends(struct sim_run *r,
                         uint32_t zone); // an hour of a room, a day of water: what of its heat was wanted

#endif
