// SPDX-License-Identifier: Apache-2.0
//
// A published platform and its events as a scenario and a script: each box is a site, each heater a room of
// the study's own thermal model (one air node without walls, no sun, no people), each board one core of the
// study's linear power curve.
#ifndef ONDOL_SIM_READ_FLEET_H
#define ONDOL_SIM_READ_FLEET_H

#include "base/err.h"
#include "sim/read/batsim.h"
#include "sim/scenario.h"
#include "sim/workload.h"

// Fills `out` (scenario_init has been called) with sites, boards and zones, start and length, and `script`
// with the events. Heaters of one box that have as many boards are one group of zones; heaters without boards
// are left out. A site for which no outside temperature is told has that of the first for which one is.
// -EINVAL when an event names a heater, site or board that the platform has not, or a heater has more than
// 240 boards. The caller ends both.
int batsim_fleet(struct scenario *out, struct sim_script *script, const struct batsim_platform *p,
                 const struct batsim_events *ev, struct err *e);

#endif
