// SPDX-License-Identifier: Apache-2.0
//
// A policy says what a board is worth to a class of work and what may be asked back; the planner does the
// rest (queues, indexes, caps, hardware, the order of the classes), so that policies are small and can be
// compared. `market` is what the server uses; the others are baselines for the simulator and the tests.
#ifndef ONDOL_CORE_PLAN_POLICY_H
#define ONDOL_CORE_PLAN_POLICY_H

#include "core/plan/plan.h"

// What asks for a board: a class, and about how long it would run.
struct plan_ask {
    enum activity activity;
    enum plan_run run;
    bool lift; // of urgent work: by what zones bear, where they want less (docs/design/0052-band.md)
};

struct plan_policy {
    const char *name;
    const char *summary; // one line for people
    // Higher is better; micro-euros per hour for the market, any scale for the others. Above 0: may be placed
    // there. INT64_MIN with the reason in *why: may not. `as_if_free`: as if whoever holds the board were
    // gone.
    int64_t (*worth)(const struct planner *p, struct plan_ask ask, uint32_t board, bool as_if_free,
                     enum plan_bar *why);
    // What it brings to stop the board's lower class for this one; 0 or less: it does not pay. NULL: never
    // asks back.
    int64_t (*gain)(const struct planner *p, struct plan_ask ask, uint32_t board, enum plan_bar *why);
    // True: the board's work is stopped whoever waits, because of its zone. NULL: never.
    bool (*evicts)(const struct planner *p, uint32_t board);
    bool sees_rooms;   // looks at the zones' temperatures and setpoints, not only at what they ask for
    bool heat_blind;   // may send work into a zone that refuses heat
    bool counts_slots; // worth depends on how many boards are free in the building
    bool fewest_running_first; // within a class: the task with the fewest running instances, then the oldest
    bool fetches_first;        // work starts where its data is; else a board waits while it comes
    bool near_data;            // of sites that are otherwise alike, the one that has most of the data
    int32_t copies;            // of its data that a new task has made; -1: everywhere
    bool in_advance;           // and they were made before it came
    bool fair;                 // between customers inside a class; else strictly by age
    bool direct; // a board goes from one instance to the next of the same task, whatever its zone is like by
                 // then
    bool classless; // the oldest first, whatever its class
    bool
        keeps_market; // no instance waits while a lower class holds what it is worth more on: plan_check asks
};

const struct plan_policy *plan_policy_find(const char *name); // NULL: there is none of that name
const struct plan_policy *plan_policy_at(size_t i);           // NULL past the end; 0 is the market
size_t plan_policy_number(const struct plan_policy *p);       // its i

// ---- the frequency regulator of the published scheduler (`qstd`; domain: its thresholds are in tenths of a
// degree)

// The operating point at the next tick of a board that runs a task: a step of 100 MHz faster when its room is
// at least 1 K too cold, slower when at least 1 K too warm, within the curve and never to off. diff_mc:
// setpoint minus room.
int32_t qstd_next_mhz(const struct curve *c, int32_t freq_mhz, int32_t diff_mc);
// Whether an idle board burns at full speed for its room's sake; otherwise it is switched off.
bool qstd_burns(int32_t diff_mc);

#endif
