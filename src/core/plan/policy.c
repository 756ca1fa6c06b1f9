// SPDX-License-Identifier: Apache-2.0
#include "core/plan/policy.h"

#include <string.h>

#include "core/plan/planner_state.h"

static const struct plan_policy *const policies[] = {
    &policy_market,      &policy_qstd,           &policy_locality, &policy_replicate3,
    &policy_replicate10, &policy_full_replicate, &policy_blind,    &policy_fifo};

const struct plan_policy *plan_policy_at(size_t i)
{
    return i < ARRAY_LEN(policies) ? policies[i] : NULL;
}

const struct plan_policy *plan_policy_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(policies); i++)
        if (strcmp(policies[i]->name, name) == 0)
            return policies[i];
    return NULL;
}

size_t plan_policy_number(const struct plan_policy *p)
{
    for (size_t i = 0; i < ARRAY_LEN(policies); i++)
        if (policies[i] == p)
            return i;
    return 0;
}
