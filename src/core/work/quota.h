// SPDX-License-Identifier: Apache-2.0
//
// How many boards and cores a user or an organisation may hold at once, by scheduling type. Work above it is
// not refused: it waits.
#ifndef ONDOL_CORE_WORK_QUOTA_H
#define ONDOL_CORE_WORK_QUOTA_H

#include "core/work/activity.h"

enum quota_kind { QUOTA_FLEX, QUOTA_ONDEMAND, QUOTA_RESERVED, QUOTA_KINDS };

// Order of the limits in rows and events: instances, then cores of each kind.
#define QUOTA_N            (2 * QUOTA_KINDS)
#define QUOTA_INSTANCES(k) (2 * (k))
#define QUOTA_CORES(k)     (2 * (k) + 1)

// Donated work is flex that nobody pays.
static inline enum quota_kind quota_kind_of(enum activity a)
{
    return a == ACTIVITY_RESERVED ? QUOTA_RESERVED : a == ACTIVITY_ONDEMAND ? QUOTA_ONDEMAND : QUOTA_FLEX;
}

#endif
