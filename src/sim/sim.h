// SPDX-License-Identifier: Apache-2.0
//
// The simulator: the engine, planner, ledger, thermostats and regulator of the live programs on virtual time,
// against a physics that they do not know. Deterministic: the same scenario, inputs and seed give the same
// result and trace hash on every machine.
#ifndef ONDOL_SIM_SIM_H
#define ONDOL_SIM_SIM_H

#include "base/err.h"
#include "sim/result.h"
#include "sim/scenario.h"
#include "sim/workload.h"
#include "world/calendar.h"
#include "world/draw.h"
#include "world/series.h"
#include "world/weather.h"

// What the scenario's files hold, read by the program. One a site or zone group, in the scenario's order;
// borrowed by the run.
struct sim_site_inputs {
    struct weather weather; // n 0: WEATHER_CONSTANT
    struct series carbon;   // n 0: constant
    struct series tariff;   // n 0: by the scenario's two prices
    struct calendar calendar;
};
struct sim_zones_inputs {
    struct draw draw;     // n 0: generated
    struct series demand; // n 0: by the weather
};
struct sim_inputs {
    struct sim_site_inputs *site;   // n_sites of the scenario
    struct sim_zones_inputs *zones; // n_zones of the scenario
    struct sim_workload work;       // all streams as one; next NULL: none. Taken over by the run.
    struct sim_script script;       // next NULL: none. Taken over by the run.
};

struct sim_hooks {
    void *ctx;
    void (*progress)(void *ctx, int64_t done_ms, int64_t of_ms);      // each hour of the run, and at its end
    void (*instance)(void *ctx, const struct sim_instance_result *r); // each ended attempt
};

// Things that break the control on purpose, so that tests can see an envelope fail.
struct sim_mutants {
    bool thermostat_off; // heaters give a constant third of their nameplate
    bool heaters_full;   // all of it
    bool heaters_none;   // nothing
    bool steps_late;     // thermostats hear of another setpoint an hour after it was set
    bool planner_blind;  // the planner sees every zone asking for its whole nameplate, always
    bool backup_off;     // water zones have no backup
};

struct sim_options {
    struct sim_hooks hooks;
    struct sim_mutants mutants;
    bool check_plans;    // run plan_check after every plan
    bool check_balances; // of every zone at every step; else one zone a step, in turn
};

// Runs it. `out` is untouched on failure.
int sim_run(const struct scenario *s, struct sim_inputs *in, const struct sim_options *o,
            struct sim_result *out, struct err *e);

// The week (Monday 00:00 UTC to Monday) of the weather's own year with the lowest (or highest) mean outside
// temperature over all sites weighted by their watts.
struct sim_week sim_extreme_week(const struct scenario *s, const struct sim_inputs *in, bool hottest);

#endif
