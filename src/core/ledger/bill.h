// SPDX-License-Identifier: Apache-2.0
//
// What work costs its owner. Money is counted in 1e-9 euro (neur), so that a second of one core is a whole
// number of them.
//
//   cost = core time * price of a core-hour of its class + energy * price of a kWh
//
// Each cell of the ledger keeps its cost. When it grows it is charged bill_neur(after) - bill_neur(before):
// the roundings of many small reports cancel, and a new price holds for what comes after it only.
#ifndef ONDOL_CORE_LEDGER_BILL_H
#define ONDOL_CORE_LEDGER_BILL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/work/activity.h"

#define BILL_CLASSES  4 // reserved, onDemand, flex, donated
#define NEUR_PER_CENT INT64_C(10000000)

struct bill {
    int64_t ueur_per_core_h[BILL_CLASSES]; // 1e-6 euro, 0..1e9
    int64_t ueur_per_kwh;                  // on top, of paid classes
    bool lost_too; // attempts that were preempted or lost are paid for; else what they cost is given back
};

// 0.020, 0.015 and 0.010 euro a core-hour, donated work free, energy included.
struct bill bill_default(void);

// Rounded down. Nothing for what is no task's.
int64_t bill_neur(const struct bill *b, enum activity a, int64_t core_ms, int64_t energy_mj);

#endif
