// SPDX-License-Identifier: Apache-2.0
//
// The published scheduler's own control of heaters, for the policies that are compared with it (`qstd` and
// those built on it): no thermostat, thresholds on the room's temperature and one frequency step per tick.
//
//   diff = setpoint - room      every 30 s, for every board
//
//   idle,  diff >= 1 K            burns at full speed, and goes on until diff < -1 K
//   idle otherwise                is switched off
//   runs low or high              starts at full speed; diff >= 1 K: 100 MHz faster, diff <= -1 K: 100 MHz slower,
//                                 never to off; the next instance of the same task goes on where the last was
//   runs background               full speed
//
// What makes its work stop is the policy's (core/plan/policy_qstd.c). It knows no caps and no water: where a
// cap is in force, and for tanks, pools and networks, ours drives.
#ifndef ONDOL_SIM_PUBLISHED_H
#define ONDOL_SIM_PUBLISHED_H

#include "core/heat/curve.h"
#include "sim/run.h"

// Of one board.
struct published_board {
    int32_t freq_mhz;
    uint32_t task, number; // what it was set for
    bool burns;
};

int published_make(struct sim_run *r); // after the engine knows the policy
void published_free(struct sim_run *r);

// Whether the zone is driven so now.
bool published_drives(const struct sim_run *r, const struct sim_zone *z);

// At the start of a step: the ticks since the last, what the engine is to know of the rooms, and the boards.
void published_step(struct sim_run *r);

// What a board is to do now: what runs on it and at which point of its curve. `works`: an instance is on it
// and has all it needs.
enum activity published_board_run(struct sim_run *r, uint32_t board, bool works,
                                  struct operating_point *point);

#endif
