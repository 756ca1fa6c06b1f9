// SPDX-License-Identifier: Apache-2.0
//
// A pool is a number of boards that an account holds, its nodes, and the tasks that run on them:
//
//   Submitted -> PartiallyDispatched -> FullyDispatched -> PartiallyExecuting -> FullyExecuting
//   any of these -- close --> Closing -> Closed        -- its nodes cannot be prepared --> Failure
//   any          -- delete -> PendingDelete -> gone
//
// The first five follow from the counts of its nodes and go forth and back as nodes come and are lost.
#ifndef ONDOL_CORE_WORK_POOL_H
#define ONDOL_CORE_WORK_POOL_H

#include <stdbool.h>
#include <stdint.h>

#define POOL_SLOTS_PER_NODE_MAX 64

enum pool_state { // written into rows: the order stays
    POOL_SUBMITTED,
    POOL_PARTIALLY_DISPATCHED,
    POOL_FULLY_DISPATCHED,
    POOL_PARTIALLY_EXECUTING,
    POOL_FULLY_EXECUTING,
    POOL_CLOSING,
    POOL_CLOSED,
    POOL_FAILURE,
    POOL_PENDING_DELETE,
    POOL_STATE_N
};

const char *pool_state_name(enum pool_state s); // "Submitted", ...
bool pool_state_open(enum pool_state s);        // it has or seeks nodes and takes tasks

// What an open pool shows: of `wanted` nodes `ready` take tasks and `coming` have a board. A pool that wants
// none has all it wants.
enum pool_state pool_state_of(int64_t wanted, int64_t coming, int64_t ready);

#endif
