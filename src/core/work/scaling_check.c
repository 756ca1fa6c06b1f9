// SPDX-License-Identifier: Apache-2.0
//
// Whether scaling policies make sense.
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/work/scaling.h"

static bool empty(const char *name)
{
    return !name || !*name;
}

// What is wrong so far, and who hears of it.
struct hearing {
    const struct scaling_ear *ear;
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void say(struct hearing *h, const char *fmt, ...)
{
    char text[sizeof((struct err *)0)->text];
    struct err e = ERR_NULL;
    va_list a;
    va_start(a, fmt);
    vsnprintf(text, sizeof text, fmt, a);
    va_end(a);
    err_set(&e, -EINVAL, "%s", text);
    h->n++;
    h->ear->wrong(h->ear->ctx, &e);
}

static void check_period(const struct scaling_policy *p, size_t at, size_t i, struct hearing *h)
{
    const struct scaling_period *t = &p->period[i];
    if (empty(t->name))
        say(h, "policies[%zu].enabledPeriods[%zu].name: is required", at, i);
    for (size_t k = 0; k < i && !empty(t->name); k++)
        if (!empty(p->period[k].name) && !strcmp(p->period[k].name, t->name)) {
            say(h, "policies[%zu].enabledPeriods[%zu].name: %.60s is there twice", at, i, t->name);
            break;
        }
    if (!t->weekly)
        return;
    if (!t->days)
        say(h, "policies[%zu].enabledPeriods[%zu].days: at least one day is required", at, i);
    if (t->start_ms < 0 || t->end_ms > SCALING_DAY_MS || t->start_ms >= t->end_ms)
        say(h, "policies[%zu].enabledPeriods[%zu].endTimeUtc: must be after startTimeUtc and of the same day",
            at, i);
}

static bool in_range(int64_t v, int64_t most, size_t at, const char *field, struct hearing *h)
{
    bool ok = v >= 0 && v <= most;
    if (!ok)
        say(h, "policies[%zu].%s: must be from 0 to %lld", at, field, (long long)most);
    return ok;
}

static void check_queue(const struct scaling_policy *p, size_t at, struct hearing *h)
{
    bool min = in_range(p->min, SCALING_SLOTS_MAX, at, "minTotalSlots", h);
    bool max = in_range(p->max, SCALING_SLOTS_MAX, at, "maxTotalSlots", h);
    bool idle = in_range(p->idle, SCALING_SLOTS_MAX, at, "minIdleSlots", h);
    in_range(p->idle_s, INT32_MAX, at, "minIdleTimeSeconds", h);
    in_range(p->step_s, INT32_MAX, at, "resizePeriod", h);
    if (p->factor_ppm < 0 || p->factor_ppm > 1000000)
        say(h, "policies[%zu].scalingFactor: must be from 0 to 1", at);
    if (min && max && p->min > p->max)
        say(h, "policies[%zu].minTotalSlots: %lld is over maxTotalSlots, %lld", at, (long long)p->min,
            (long long)p->max);
    if (idle && max && p->idle > p->max)
        say(h, "policies[%zu].minIdleSlots: %lld is over maxTotalSlots, %lld", at, (long long)p->idle,
            (long long)p->max);
}

static void check_policy(const struct scaling_policy *policy, size_t at, struct hearing *h)
{
    const struct scaling_policy *p = &policy[at];
    if (empty(p->name))
        say(h, "policies[%zu].name: is required", at);
    for (size_t k = 0; k < at && !empty(p->name); k++)
        if (!empty(policy[k].name) && !strcmp(policy[k].name, p->name)) {
            say(h, "policies[%zu].name: %.60s is there twice", at, p->name);
            break;
        }
    if (p->type == SCALING_FIXED)
        in_range(p->slots, SCALING_SLOTS_MAX, at, "slotsCount", h);
    else
        check_queue(p, at, h);
    if (!p->n_periods)
        say(h, "policies[%zu].enabledPeriods: at least one is required", at);
    for (size_t k = 0; k < p->n_periods; k++)
        check_period(p, at, k, h);
}

size_t scaling_check_all(const struct scaling_policy *policy, size_t n, const struct scaling_ear *ear)
{
    struct hearing h = {.ear = ear};
    if (!n)
        say(&h, "policies: at least one is required");
    for (size_t i = 0; i < n; i++)
        if (policy[i].type != SCALING_UNREAD)
            check_policy(policy, i, &h);
    return h.n;
}

static void keep_first(void *ctx, const struct err *e)
{
    struct err *to = ctx;
    if (to && !to->code)
        *to = *e;
}

struct scaling_ear scaling_ear_first(struct err *e)
{
    return (struct scaling_ear){keep_first, e};
}

int scaling_check(const struct scaling_policy *policy, size_t n, struct err *e)
{
    struct err first = ERR_NULL;
    struct scaling_ear ear = scaling_ear_first(&first);
    scaling_check_all(policy, n, &ear);
    return first.code ? err_set(e, first.code, "%s", first.text) : 0;
}
