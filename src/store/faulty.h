// SPDX-License-Identifier: Apache-2.0
//
// A store that fails when told to: a countdown to the k-th commit, so that a loop over k visits every failure
// point of a scenario. "before" is a full disk or a lost database; "after" is a crash between commit and
// acknowledgement: the batch is on disk, the caller is told that it is not.
#ifndef ONDOL_STORE_FAULTY_H
#define ONDOL_STORE_FAULTY_H

#include <stdbool.h>

#include "port/store.h"

struct fault_plan {
    int countdown;       // commits that still go well; the next one fails
    int times;           // how many fail then; 0: none, -1: all
    int code;            // negative errno to fail with, such as -ENOSPC or -EIO
    bool took_effect;    // the inner store commits before the failure is told
    int commits, failed; // seen so far
};

// Takes over `inner` (freed with ret). The plan stays the caller's, may be changed between calls, and must
// outlive ret.
void store_faulty(struct store *ret, struct store inner, struct fault_plan *plan);

#endif
