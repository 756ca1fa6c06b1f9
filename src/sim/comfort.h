// SPDX-License-Identifier: Apache-2.0
//
// How warm rooms are against their setpoints: what is summed up for each, as arrays over a batch of rooms.
#ifndef ONDOL_SIM_COMFORT_H
#define ONDOL_SIM_COMFORT_H

#include <stddef.h>
#include <stdint.h>

#define COMFORT_MS 300000 // how often it is looked at

struct sim_run;
struct sim_rooms;

enum comfort_lane { // times in looks since the start of the run
    // sums
    COMFORT_SUM_C,
    COMFORT_SWINGS,
    COMFORT_HOT, // kelvin hours: by the heater, by sun and people, of the ideal heater
    COMFORT_FREE,
    COMFORT_SHADOW_HOT,
    COMFORT_COLD, // kelvin hours: that the heater could have avoided, that it could not
    COMFORT_MISSING,
    COMFORT_HEATING, // looks; of the next, too
    COMFORT_SETTLED,
    COMFORT_ERR2, // over the looks that are settled
    COMFORT_ERR,
    COMFORT_SHADOW_ERR2,
    COMFORT_SUMS,
    // and the rest
    COMFORT_MIN_C = COMFORT_SUMS,
    COMFORT_MAX_C,
    COMFORT_PEAK_OVER_K, // result.h
    COMFORT_PEAK_UNDER_K,
    COMFORT_LAST_SET_C,
    COMFORT_STEPPING, // 1: on its way to a higher setpoint
    COMFORT_NEAR_C, // of the room and the ideal heater's: from here on it has come near; 1e9: it has, or is not awaited
    COMFORT_SHADOW_NEAR_C,
    COMFORT_STEP_AT,
    COMFORT_HEATED_AT,
    COMFORT_AIRED_AT,
    COMFORT_WINDOW, // 1: open now
    COMFORT_SWING_AT_C,
    COMFORT_SWING_WAY, // 1: up, -1: down
    COMFORT_N
};

struct comfort {
    size_t n;
    float *lane[COMFORT_N];      // sums: since the last comfort_flush()
    double *total[COMFORT_SUMS]; // and until then
    uint8_t *row_open;           // of each row of rooms: a window was open
    double set_c;                // of all setpoints, now
};

void comfort_init(struct comfort *c, const struct sim_rooms *rooms, double start_c);
void comfort_deinit(struct comfort *c);

// Looks at all rooms of a batch at run->now.
void comfort_rooms(struct sim_run *r, uint32_t batch);

// Adds the sums to their totals: every hour, as single precision is good for so many. Gives the total of all rooms'
// temperatures over all looks.
double comfort_flush(struct comfort *c, const struct sim_rooms *rooms);

#endif
