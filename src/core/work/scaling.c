// SPDX-License-Identifier: Apache-2.0
#include "core/work/scaling.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"

#define WEEK_DAYS 7

// ---- as text

static void format_period(const struct scaling_period *t, struct buf *out)
{
    if (t->weekly)
        buf_putf(out, "W%u,%lld,%lld", (unsigned)t->days, (long long)t->start_ms, (long long)t->end_ms);
    else
        buf_putc(out, 'A');
}

void scaling_format(const struct scaling_policy *policy, size_t n, struct buf *out)
{
    for (size_t i = 0; i < n; i++) {
        const struct scaling_policy *p = &policy[i];
        buf_puts(out, i ? ";" : "");
        if (p->type == SCALING_FIXED)
            buf_putf(out, "F%lld", (long long)p->slots);
        else
            buf_putf(out, "Q%lld,%lld,%lld,%lld,%d,%lld", (long long)p->min, (long long)p->max,
                     (long long)p->idle, (long long)p->idle_s, (int)p->factor_ppm, (long long)p->step_s);
        for (size_t k = 0; k < p->n_periods; k++) {
            buf_putc(out, k ? '|' : '@');
            format_period(&p->period[k], out);
        }
    }
}

static bool take(const char **at, char c)
{
    bool there = **at == c;
    *at += there;
    return there;
}

static bool take_number(const char **at, int64_t most, int64_t *v)
{
    const char *from = *at;
    *v = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        *v = *v * 10 + (**at - '0');
        if (*v > most)
            return false;
    }
    return *at != from;
}

static bool take_period(const char **at, struct scaling_period *t)
{
    int64_t days;
    t->name = "-";
    if (take(at, 'A'))
        return true;
    t->weekly = true;
    if (!take(at, 'W') || !take_number(at, (1 << WEEK_DAYS) - 1, &days) || !days || !take(at, ',') ||
        !take_number(at, SCALING_DAY_MS, &t->start_ms) || !take(at, ',') ||
        !take_number(at, SCALING_DAY_MS, &t->end_ms))
        return false;
    t->days = (uint8_t)days;
    return t->start_ms < t->end_ms;
}

static bool take_queue(const char **at, struct scaling_policy *p)
{
    int64_t factor = 0;
    p->type = SCALING_QUEUE;
    if (!take_number(at, SCALING_SLOTS_MAX, &p->min) || !take(at, ',') ||
        !take_number(at, SCALING_SLOTS_MAX, &p->max) || !take(at, ',') ||
        !take_number(at, SCALING_SLOTS_MAX, &p->idle) || !take(at, ',') ||
        !take_number(at, INT32_MAX, &p->idle_s) || !take(at, ',') || !take_number(at, 1000000, &factor) ||
        !take(at, ',') || !take_number(at, INT32_MAX, &p->step_s))
        return false;
    p->factor_ppm = (int32_t)factor;
    return p->min <= p->max && p->idle <= p->max;
}

static bool take_policy(const char **at, struct arena *a, struct scaling_policy *p)
{
    p->name = "-";
    if (take(at, 'F')) {
        p->type = SCALING_FIXED;
        if (!take_number(at, SCALING_SLOTS_MAX, &p->slots))
            return false;
    } else if (!take(at, 'Q') || !take_queue(at, p)) {
        return false;
    }
    struct scaling_period *t = arena_alloc(a, SCALING_PERIODS_MAX * sizeof *t);
    memset(t, 0, SCALING_PERIODS_MAX * sizeof *t);
    p->period = t;
    if (!take(at, '@'))
        return false;
    do {
        if (p->n_periods == SCALING_PERIODS_MAX || !take_period(at, &t[p->n_periods++]))
            return false;
    } while (take(at, '|'));
    return true;
}

bool scaling_parse(const char *text, struct arena *a, struct scaling_policy **policy, size_t *n)
{
    *n = 0;
    *policy = NULL;
    if (!text || strnlen(text, SCALING_TEXT_MAX + 1) > SCALING_TEXT_MAX)
        return false;
    size_t most = 1;
    for (const char *c = text; *c; c++)
        most += *c == ';';
    if (most > SCALING_POLICIES_MAX)
        return false;
    *policy = arena_alloc(a, most * sizeof **policy);
    memset(*policy, 0, most * sizeof **policy);
    do {
        if (!take_policy(&text, a, &(*policy)[*n]))
            return false;
        (*n)++;
    } while (take(&text, ';'));
    return !*text;
}

// ---- what is in force

// 1970-01-01 was a Thursday.
static int day_of_week(int64_t day)
{
    int64_t d = (day + 4) % WEEK_DAYS;
    return (int)(d < 0 ? d + WEEK_DAYS : d);
}

static int64_t day_of(int64_t now_ms)
{
    return now_ms >= 0 ? now_ms / SCALING_DAY_MS : -((-now_ms + SCALING_DAY_MS - 1) / SCALING_DAY_MS);
}

static bool in_period(const struct scaling_period *t, int64_t now_ms)
{
    int64_t day = day_of(now_ms), at_ms = now_ms - day * SCALING_DAY_MS;
    return !t->weekly || ((t->days >> day_of_week(day) & 1) && at_ms >= t->start_ms && at_ms < t->end_ms);
}

const struct scaling_policy *scaling_active(const struct scaling_policy *policy, size_t n, int64_t now_ms)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < policy[i].n_periods; k++)
            if (in_period(&policy[i].period[k], now_ms))
                return &policy[i];
    return NULL;
}

static int64_t next_of_period(const struct scaling_period *t, int64_t now_ms)
{
    int64_t today = day_of(now_ms);
    for (int64_t day = today; t->weekly && day <= today + WEEK_DAYS; day++) {
        int64_t midnight = day * SCALING_DAY_MS;
        if (!(t->days >> day_of_week(day) & 1))
            continue;
        if (midnight + t->start_ms > now_ms)
            return midnight + t->start_ms;
        if (midnight + t->end_ms > now_ms)
            return midnight + t->end_ms;
    }
    return INT64_MAX;
}

int64_t scaling_next_change(const struct scaling_policy *policy, size_t n, int64_t now_ms)
{
    int64_t soonest = INT64_MAX;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < policy[i].n_periods; k++) {
            int64_t at = next_of_period(&policy[i].period[k], now_ms);
            soonest = at < soonest ? at : soonest;
        }
    return soonest;
}

int64_t scaling_want(const struct scaling_policy *p, const struct scaling_load *l)
{
    if (!p)
        return 0;
    if (p->type == SCALING_FIXED)
        return p->slots;
    int64_t goal = int_clamp(l->queued + l->running + p->idle, p->min, p->max), open = l->open;
    if (goal > open && l->step_due) {
        int64_t step = (p->max * p->factor_ppm + 999999) / 1000000;
        open = open + (step > 1 ? step : 1);
        open = open < goal ? open : goal;
    } else if (goal < open) {
        open = open - l->idle > goal ? open - l->idle : goal;
    }
    return int_clamp(open, p->min, p->max);
}
