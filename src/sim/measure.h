// SPDX-License-Identifier: Apache-2.0
//
// What is being measured, for the files measure*.c only.
#ifndef ONDOL_SIM_MEASURE_H
#define ONDOL_SIM_MEASURE_H

#include "sim/run.h"

struct zone_measure {
    double last_set_c, step_from_c;
    int64_t step_at, aired_at, heated_at, reached_at, shadow_reached_at;
    bool stepping;
    double err2, err, shadow_err2, n, sum_c, min_c, max_c, n_all;
    double cold, missing, hot, free, shadow_hot;
    int64_t heating_ms, settled_ms;
    double step_excess_s;
    int32_t steps, swings;
    double swing_at_c;
    int8_t swing_way;
    // heat
    int64_t asked_hour_uj, delivered_hour_uj; // at the start of the running window
    double asked_j, strict_j, able_asked_j, able_strict_j;
    int64_t window_from;
};

struct measure {
    struct zone_measure *zone;
    int64_t series_ms;
    int64_t class_uj[ACTIVITY_N];
    double outside_sum, room_sum, set_sum, backup_sum;
    int64_t n;
    double asked_j, strict_j, delivered_j;
    size_t at;
};

void measure_window_ends(struct sim_run *r,
                         uint32_t zone); // an hour of a room, a day of water: what of its heat was wanted

#endif
