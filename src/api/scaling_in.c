// SPDX-License-Identifier: Apache-2.0
#include "api/scaling_in.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/json_in.h"
#include "base/mem.h"
#include "base/when.h"

#define NOT_VALID "The input was not valid."

static const char *const days[] = {"sunday",   "monday", "tuesday", "wednesday",
                                   "thursday", "friday", "saturday"};

// "name: sentence" becomes "list[i].name: sentence".
static int inside(struct err *e, const char *list, size_t i)
{
    char sentence[sizeof e->text];
    memcpy(sentence, e->text, sizeof sentence);
    return err_set(e, -EINVAL, "%s[%zu].%s", list, i, sentence);
}

static int day_in(const json_t *v)
{
    if (json_is_integer(v))
        return json_integer_value(v) >= 0 && json_integer_value(v) < 7 ? (int)json_integer_value(v) : -1;
    for (int d = 0; json_is_string(v) && d < 7; d++)
        if (!strcasecmp(json_string_value(v), days[d]))
            return d;
    return -1;
}

// Seconds and fractions after the day began; the last tick of a day is its end.
static bool time_in(const json_t *in, const char *name, int64_t *ms, struct err *e)
{
    const char *text = NULL;
    if (!in_string(in, name, 32, &text, e))
        return false;
    if (!text || !span_parse(text, ms))
        return err_set(e, -EINVAL, "%s: must be a time of the day, hh:mm:ss", name), false;
    if (*ms == SCALING_DAY_MS - 1)
        *ms = SCALING_DAY_MS;
    return true;
}

static bool period_in(const json_t *in, struct scaling_period *t, struct err *e)
{
    static const char *const types[] = {"Always", "Weekly"};
    int type = -1;
    if (!json_is_object(in) || !in_enum(in, "type", types, 2, &type, e) || type < 0)
        return err_set(e, -EINVAL, "type: must be Always or Weekly"), false;
    t->weekly = type == 1;
    if (!in_string(in, "name", API_NAME_CHARS, &t->name, e))
        return false;
    if (!t->weekly)
        return true;
    const json_t *list = in_get(in, "days");
    for (size_t i = 0; i < json_array_size(list); i++) {
        int d = day_in(json_array_get(list, i));
        if (d < 0)
            return err_set(e, -EINVAL, "days: must be of sunday to saturday, or 0 (Sunday) to 6"), false;
        t->days |= (uint8_t)(1 << d);
    }
    return time_in(in, "startTimeUtc", &t->start_ms, e) && time_in(in, "endTimeUtc", &t->end_ms, e);
}

static bool periods_in(const json_t *in, struct arena *a, struct scaling_policy *p, struct err *e)
{
    const json_t *list = in_get(in, "enabledPeriods");
    size_t n = json_array_size(list);
    if (list && !json_is_array(list))
        return err_set(e, -EINVAL, "enabledPeriods: must be a list"), false;
    if (n > SCALING_PERIODS_MAX)
        return err_set(e, -EINVAL, "enabledPeriods: more than %d", SCALING_PERIODS_MAX), false;
    struct scaling_period *t = arena_alloc(a, (n + 1) * sizeof *t);
    memset(t, 0, (n + 1) * sizeof *t);
    p->period = t;
    p->n_periods = n;
    for (size_t i = 0; i < n; i++)
        if (!period_in(json_array_get(list, i), &t[i], e))
            return inside(e, "enabledPeriods", i), false;
    return true;
}

static bool factor_in(const json_t *in, int32_t *ppm, struct err *e)
{
    const json_t *v = in_get(in, "scalingFactor");
    *ppm = 200000;
    if (!v)
        return true;
    double f = json_number_value(v);
    if (!json_is_number(v) || !(f >= 0 && f <= 1))
        return err_set(e, -EINVAL, "scalingFactor: must be from 0 to 1"), false;
    *ppm = (int32_t)(f * 1e6 + 0.5);
    return true;
}

static bool queue_in(const json_t *in, struct scaling_policy *p, struct err *e)
{
    const struct {
        const char *name;
        int64_t *to;
    } field[] = {{"minTotalSlots", &p->min},
                 {"maxTotalSlots", &p->max},
                 {"minIdleSlots", &p->idle},
                 {"minIdleTimeSeconds", &p->idle_s}};
    p->idle_s = 90;
    p->step_s = SCALING_STEP_S;
    for (size_t i = 0; i < ARRAY_LEN(field); i++)
        if (!in_int(in, field[i].name, INT64_MIN, INT64_MAX, field[i].to, e))
            return false;
    return factor_in(in, &p->factor_ppm, e);
}

// The word of the type is what tells policies apart, so without it nothing in the policy has a meaning.
static int policy_in(const json_t *in, size_t i, struct arena *a, struct scaling_policy *p, struct err *e)
{
    static const char *const types[] = {"Fixed", "ManagedTasksQueue"};
    int type = -1;
    if (!json_is_object(in) || !json_is_string(in_get(in, "type")) ||
        !in_enum(in, "type", types, 2, &type, e) || type < 0)
        return err_set(e, -EINVAL, "policies[%zu]: " NOT_VALID, i);
    p->type = (enum scaling_type)type;
    bool ok = in_string(in, "name", API_NAME_CHARS, &p->name, e) &&
              (type ? queue_in(in, p, e) : in_int(in, "slotsCount", INT64_MIN, INT64_MAX, &p->slots, e)) &&
              periods_in(in, a, p, e);
    if (ok)
        return 0;
    return inside(e, "policies", i);
}

int scaling_in(const json_t *in, struct arena *a, struct scaling_policy **policy, size_t *n, struct err *e)
{
    const json_t *list = in_get(in, "policies");
    *n = json_array_size(list);
    if (!json_is_array(list))
        return err_set(e, -EINVAL, "policies: a list is required");
    if (*n > SCALING_POLICIES_MAX)
        return err_set(e, -EINVAL, "policies: more than %d", SCALING_POLICIES_MAX);
    *policy = arena_alloc(a, (*n + 1) * sizeof **policy);
    memset(*policy, 0, (*n + 1) * sizeof **policy);
    int r = 0;
    for (size_t i = 0; !r && i < *n; i++)
        r = policy_in(json_array_get(list, i), i, a, &(*policy)[i], e);
    return r ? r : scaling_check(*policy, *n, e);
}
