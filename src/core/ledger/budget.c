// SPDX-License-Identifier: Apache-2.0
#include "core/ledger/budget.h"

const char *budget_policy_name(enum budget_policy p)
{
    static const char *const names[BUDGET_POLICIES] = {"AlertOnly", "BlockNew", "StopAndBlockAll"};
    return (unsigned)p < BUDGET_POLICIES ? names[p] : "?";
}
