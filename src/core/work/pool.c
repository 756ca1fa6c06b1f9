// SPDX-License-Identifier: Apache-2.0
#include "core/work/pool.h"

const char *pool_state_name(enum pool_state s)
{
    static const char *const names[POOL_STATE_N] = {"Submitted",       "PartiallyDispatched",
                                                    "FullyDispatched", "PartiallyExecuting",
                                                    "FullyExecuting",  "Closing",
                                                    "Closed",          "Failure",
                                                    "PendingDelete"};
    return (unsigned)s < POOL_STATE_N ? names[s] : "unknown";
}

bool pool_state_open(enum pool_state s)
{
    return s < POOL_CLOSING;
}

enum pool_state pool_state_of(int64_t wanted, int64_t coming, int64_t ready)
{
    if (ready >= wanted)
        return POOL_FULLY_EXECUTING;
    if (ready > 0)
        return POOL_PARTIALLY_EXECUTING;
    if (coming >= wanted)
        return POOL_FULLY_DISPATCHED;
    return coming > 0 ? POOL_PARTIALLY_DISPATCHED : POOL_SUBMITTED;
}
