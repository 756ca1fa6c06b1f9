// SPDX-License-Identifier: Apache-2.0
#include "core/work/activity.h"

#include <stddef.h>
#include <strings.h>

static const char *const names[ACTIVITY_N] = {
    [ACTIVITY_RESERVED] = "reserved",
    [ACTIVITY_ONDEMAND] = "onDemand",
    [ACTIVITY_FLEX] = "flex",
    [ACTIVITY_DONATED] = "donated",
    [ACTIVITY_FILLER] = "filler",
    [ACTIVITY_BURN] = "burn",
    [ACTIVITY_IDLE] = "idle",
    [ACTIVITY_SLEEP] = "sleep",
    [ACTIVITY_UNATTRIBUTED] = "unattributed",
};

const char *activity_name(enum activity a)
{
    return (unsigned)a < ACTIVITY_N ? names[a] : "unknown";
}

bool activity_parse(const char *name, enum activity *a)
{
    for (int i = 0; i < ACTIVITY_N; i++) {
        if (strcasecmp(name, names[i]) == 0) {
            *a = (enum activity)i;
            return true;
        }
    }
    return false;
}
