// SPDX-License-Identifier: Apache-2.0
//
// Envelopes of the shipped scenarios: what the coldest and the hottest week of a scenario's own year must keep
// to, group of zones by group, and for each limit the mutant that must break it.
//
//   envelopes.c          the limits, a table for each scenario
//   envelope_measure.c   what a limit looks at, from the result of a run
//   envelope_test.c      runs the weeks and their mutants, and judges
#ifndef ONDOL_TESTS_SIM_ENVELOPE_H
#define ONDOL_TESTS_SIM_ENVELOPE_H

#include "sim/sim.h"

enum week { COLDEST, HOTTEST, WEEK_N };

enum mutant { // of sim.h
    UNHARMED,
    THERMOSTAT_OFF,
    PLANNER_BLIND,
    STEPS_LATE,
    HEATERS_NONE,
    HEATERS_FULL,
    BACKUP_OFF,
    MUTANT_N
};

enum measure {
    // peaks
    PEAK_OVER_K,  // of the worst room, above setpoint and ideal heater
    PEAK_UNDER_K, // and below both
    WATER_MAX_C,  // at the outlet of a tank, of all of a pool, out of the boiler of a network
    WATER_MIN_C,
    // rooms against their setpoints
    RMSE_K,
    COLD_KH, // a room and day
    HOT_KH,
    // steps up of at least 2 K that the ideal heater is through with in twelve hours
    SETTLE_MIN, // mean time until within 0.5 K; a room that was heated ahead has taken none
    LATER_MIN,  // and how much later than the ideal heater
    // stores
    IN_BAND, // share of the time within 0.5 K of the setpoint, of the worst pool
    DOSE_H,  // longest time without the hygiene dose
    // shares
    MATCH,    // of what boards gave, what was wanted
    COVERAGE, // of what was wanted, what they gave
    // energy
    HEAT_GJ,   // that boards gave
    BACKUP_GJ, // that came from backup heaters, or a network's own generator
    // work, of the scenario as a whole
    FLEX_GHZ_H, // core-GHz-hours done
    USEFUL,     // share of all joules that went into somebody's work
    MEASURE_N
};

enum side { AT_LEAST, AT_MOST };

struct limit {
    enum week week;
    const char *zones; // a group of the scenario, which is one kind of zone; "": all of them
    enum measure of;
    enum side side;
    double value;
    enum mutant breaks_it;
};

struct envelope {
    const char *scenario;
    const struct limit *limit;
    size_t n;
};

extern const struct envelope envelopes[];
extern const size_t n_envelopes;

const char *measure_name(enum measure m);

// Of a group of zones; NAN where they have no such thing.
double measure_of(enum measure m, const struct scenario *s, const struct sim_result *r, const char *zones);

#endif
