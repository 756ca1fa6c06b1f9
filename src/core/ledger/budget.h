// SPDX-License-Identifier: Apache-2.0
//
// A budget: a sum that a project may spend in a time, and what happens when it has.
//
//   AlertOnly        it is told, nothing stops
//   BlockNew         new tasks are refused; what waits and runs goes on
//   StopAndBlockAll  new tasks are refused, and what waits and runs is cancelled
#ifndef ONDOL_CORE_LEDGER_BUDGET_H
#define ONDOL_CORE_LEDGER_BUDGET_H

enum budget_policy { BUDGET_ALERT_ONLY, BUDGET_BLOCK_NEW, BUDGET_STOP_AND_BLOCK_ALL, BUDGET_POLICIES };

const char *budget_policy_name(enum budget_policy p); // as the public API writes it, never NULL

#endif
