// SPDX-License-Identifier: Apache-2.0
//
// From watts to boards: how each board of a heater runs so that together they reach the target. Order of the
// levers: frequency or quota (the job keeps running), filler on or off, freeze, sleep. At equal heat it
// spreads: many boards slow give more work per joule than few boards fast (curve.h).
#ifndef ONDOL_CORE_HEAT_REGULATE_H
#define ONDOL_CORE_HEAT_REGULATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/heat/curve.h"
#include "core/work/activity.h"

struct regulate_board {
    // in
    const struct curve *curve;
    enum activity work; // what it has to do: a paid or donated class, or ACTIVITY_IDLE for nothing
    bool barred;        // must not run anything (opened, faulty): counts with what it draws, 0 W wanted
    bool asleep;        // now; waking costs curve->boot_ms
    bool spare; // low-power mode: without a task it sleeps where it may, and the watts are for the others
    bool filler_allowed; // volunteer computing may run here when there is no work
    bool donated_allowed;
    bool burn_allowed; // last resort
    // Of the watts over idle that its work is given, what the meter says it leaves unused: a task that sleeps
    // or has one thread on eight cores heats little. 0..1000; 0: takes all, or not known. Counts for tasks
    // only.
    int32_t unused_permille;
    int32_t cap_mw; // most it may draw (processor too hot, circuit); INT32_MAX: no cap
    // out
    enum activity run;            // what runs: its work, filler, burn, idle, sleep
    struct operating_point point; // point.draw_mw: by the curve, all cores busy
    int32_t expect_mw;            // what it will draw by what its task leaves unused; with beside_mw
    int32_t beside_mw;            // of it, by burn beside its task: regulate_beside
    int32_t lift_mw;              // of it, by urgent work beyond what is wanted
};

// A board that gets no watts beyond idle runs ACTIVITY_IDLE; its task, if it has one, is frozen, not lost. A
// barred board sleeps where it may and else idles. A cap below idle_mw cannot be met without sleep: the board
// idles.
//
// Chooses for all boards of one heater. Three limits: `target_mw` is wanted and `max_mw` is the most heat,
// both of what will be drawn as far as the meter tells; `fuse_mw` is electric and stands whatever the tasks
// begin to do: the draws by the curve stay below it (INT64_MAX: none). Urgent work (activity_is_urgent) takes
// what is beyond the target too, as far as the point where its board does most work for its watts; whatever
// else runs shares the target alone, and so a room that is content is warmed further by urgent work and by
// nothing else (docs/design/0052-band.md). None is passed unless the floor of boards that may not sleep is
// above it. Returns the draw it expects, mW. Deterministic; ties go to the lower index.
int64_t regulate(struct regulate_board *b, size_t n, int64_t target_mw, int64_t max_mw, int64_t fuse_mw,
                 bool may_sleep);

// After regulate(): up to `lack_mw` of what tasks leave unused is burnt beside them, where burn may run; the
// room is not cold because a task sleeps. Burn takes no memory and gives way to the task at once, so that the
// draws by the curve hold. Filler would take memory: it never runs beside a task. Returns what was found, mW.
int64_t regulate_beside(struct regulate_board *b, size_t n, int64_t lack_mw);

#endif
