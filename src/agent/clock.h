// SPDX-License-Identifier: Apache-2.0
//
// The house clock of a program: house = H + (real time - W) x speed. Programs that are given the same H, W
// and speed agree on the time without talking. Without them house time is real time.
#ifndef ONDOL_AGENT_CLOCK_H
#define ONDOL_AGENT_CLOCK_H

#include "base/steady.h"
#include "base/when.h"

struct house_clock {
    int64_t house_epoch_ms, wall_epoch_ms;
    int32_t speed;
    struct steady steady; // zero: not yet read
};

house_ms clock_house(struct house_clock *c); // never goes back
wall_ms clock_wall(void);                    // monotonic

#endif
