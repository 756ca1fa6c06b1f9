// SPDX-License-Identifier: Apache-2.0
//
// What a board's joules are spent on. The first six are the classes of work, best paid first; the order is
// the order of priority. Filler and burn are the heater's own doing, never tasks, yet have rows in plan and
// ledger.
#ifndef ONDOL_CORE_WORK_ACTIVITY_H
#define ONDOL_CORE_WORK_ACTIVITY_H

#include <stdbool.h>

enum activity {
    ACTIVITY_RESERVED,     // paid, capacity set aside
    ACTIVITY_ONDEMAND,     // paid, soon
    ACTIVITY_FLEX,         // paid, when heat is asked for
    ACTIVITY_DONATED,      // research, free
    ACTIVITY_FILLER,       // volunteer computing
    ACTIVITY_BURN,         // nothing useful; last resort, counted and published
    ACTIVITY_IDLE,         // awake, nothing runs
    ACTIVITY_SLEEP,        // off or suspended
    ACTIVITY_UNATTRIBUTED, // what the meter says and the parts do not explain
    ACTIVITY_N,
};

const char *activity_name(enum activity a);              // "reserved", ..., never NULL
bool activity_parse(const char *name, enum activity *a); // any case; "onDemand" too

static inline bool activity_is_task(enum activity a)
{
    return a <= ACTIVITY_DONATED;
}

// Paid to be done soon: it may warm a room beyond what is wanted, up to the top of its band.
static inline bool activity_is_urgent(enum activity a)
{
    return a <= ACTIVITY_ONDEMAND;
}

#endif
