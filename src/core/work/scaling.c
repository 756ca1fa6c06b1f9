// SPDX-License-Identifier: Apache-2.0
#include "core/work/scaling.h"

#include <errno.h>
#include <string.h>

static bool empty(const char *name)
{
    return !name || !*name;
}

static int check_period(const struct scaling_policy *p, size_t at, size_t i, struct err *e)
{
    const struct scaling_period *t = &p->period[i];
    if (empty(t->name))
        return err_set(e, -EINVAL, "policies[%zu].enabledPeriods[%zu].name: is required", at, i);
    for (size_t k = 0; k < i; k++)
        if (!strcmp(p->period[k].name, t->name))
            return err_set(e, -EINVAL, "policies[%zu].enabledPeriods[%zu].name: %.60s is there twice", at, i,
                           t->name);
    if (!t->weekly)
        return 0;
    if (!t->days)
        return err_set(e, -EINVAL, "policies[%zu].enabledPeriods[%zu].days: at least one day is required", at,
                       i);
    if (t->start_ms < 0 || t->end_ms > SCALING_DAY_MS || t->start_ms >= t->end_ms)
        return err_set(
            e, -EINVAL,
            "policies[%zu].enabledPeriods[%zu].endTimeUtc: must be after startTimeUtc and of the same day",
            at, i);
    return 0;
}

static int in_range(int64_t v, int64_t most, size_t at, const char *field, struct err *e)
{
    if (v >= 0 && v <= most)
        return 0;
    return err_set(e, -EINVAL, "policies[%zu].%s: must be from 0 to %lld", at, field, (long long)most);
}

static int check_queue(const struct scaling_policy *p, size_t at, struct err *e)
{
    int r = in_range(p->min, SCALING_SLOTS_MAX, at, "minTotalSlots", e);
    if (!r)
        r = in_range(p->max, SCALING_SLOTS_MAX, at, "maxTotalSlots", e);
    if (!r)
        r = in_range(p->idle, SCALING_SLOTS_MAX, at, "minIdleSlots", e);
    if (!r)
        r = in_range(p->idle_s, INT32_MAX, at, "minIdleTimeSeconds", e);
    if (!r)
        r = in_range(p->factor_ppm, 1000000, at, "scalingFactor", e)
                ? err_set(e, -EINVAL, "policies[%zu].scalingFactor: must be from 0 to 1", at)
                : 0;
    if (!r && p->min > p->max)
        r = err_set(e, -EINVAL, "policies[%zu].minTotalSlots: %lld is over maxTotalSlots, %lld", at,
                    (long long)p->min, (long long)p->max);
    if (!r && p->idle > p->max)
        r = err_set(e, -EINVAL, "policies[%zu].minIdleSlots: %lld is over maxTotalSlots, %lld", at,
                    (long long)p->idle, (long long)p->max);
    return r;
}

int scaling_check(const struct scaling_policy *policy, size_t n, struct err *e)
{
    int r = n ? 0 : err_set(e, -EINVAL, "policies: at least one is required");
    for (size_t i = 0; !r && i < n; i++) {
        const struct scaling_policy *p = &policy[i];
        if (empty(p->name))
            return err_set(e, -EINVAL, "policies[%zu].name: is required", i);
        for (size_t k = 0; k < i; k++)
            if (!strcmp(policy[k].name, p->name))
                return err_set(e, -EINVAL, "policies[%zu].name: %.60s is there twice", i, p->name);
        r = p->type == SCALING_FIXED ? in_range(p->slots, SCALING_SLOTS_MAX, i, "slotsCount", e)
                                     : check_queue(p, i, e);
        if (!r && !p->n_periods)
            r = err_set(e, -EINVAL, "policies[%zu].enabledPeriods: at least one is required", i);
        for (size_t k = 0; !r && k < p->n_periods; k++)
            r = check_period(p, i, k, e);
    }
    return r;
}
