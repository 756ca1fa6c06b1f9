// SPDX-License-Identifier: Apache-2.0
//
// How many slots a pool wants, by policies that are in force at times of the week (UTC). Here: what a policy
// is, and whether a list of them makes sense.
#ifndef ONDOL_CORE_WORK_SCALING_H
#define ONDOL_CORE_WORK_SCALING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SCALING_POLICIES_MAX 32
#define SCALING_PERIODS_MAX  32 // of one policy
#define SCALING_SLOTS_MAX    1000000
#define SCALING_DAY_MS       INT64_C(86400000)

struct scaling_period {
    const char *name;
    bool weekly;              // else always
    uint8_t days;             // bit 0: Sunday
    int64_t start_ms, end_ms; // of the day in UTC, half open; weekly only
};

enum scaling_type { SCALING_FIXED, SCALING_QUEUE };

struct scaling_policy {
    const char *name;
    enum scaling_type type;
    int64_t slots;                  // FIXED
    int64_t min, max, idle, idle_s; // QUEUE: total slots, idle ones, and for how long a slot stays idle
    int32_t factor_ppm;             // QUEUE: the share of max that is opened in one step
    const struct scaling_period *period;
    size_t n_periods;
};

// 0, or -EINVAL with "policies[1].maxTotalSlots: sentence": a name that is missing or twice, a number out of
// its range, a minimum over its maximum, a policy that is never in force, a period that ends before it
// begins.
int scaling_check(const struct scaling_policy *policy, size_t n, struct err *e);

#endif
