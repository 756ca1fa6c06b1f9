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

// Passes on what is wrong, of each field once: what could not be read is not blamed for being absent too.
struct hearing {
    const struct scaling_ear *ear;
    char field[SCALING_WRONG_MAX][96];
    size_t n; // wrong in all
};

static void hear(void *ctx, const struct err *e)
{
    struct hearing *h = ctx;
    char field[sizeof h->field[0]];
    snprintf(field, sizeof field, "%.*s", (int)strcspn(e->text, ":"), e->text);
    for (size_t i = 0; i < h->n && i < SCALING_WRONG_MAX; i++)
        if (!strcmp(h->field[i], field))
            return;
    if (h->n < SCALING_WRONG_MAX) {
        memcpy(h->field[h->n], field, sizeof field);
        h->ear->wrong(h->ear->ctx, e);
    }
    h->n++;
}

// Where one is: "policies[1]", "policies[1].enabledPeriods[0]".
struct place {
    struct hearing *h;
    char at[96];
};

// "name: sentence" is heard as "policies[1].name: sentence". Gives `ok` back.
static bool good(const struct place *p, bool ok, struct err *e)
{
    struct err whole = ERR_NULL;
    if (!ok) {
        err_set(&whole, -EINVAL, "%s.%s", p->at, e->text);
        hear(p->h, &whole);
        *e = ERR_NULL;
    }
    return ok;
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

static bool days_in(const json_t *list, uint8_t *to, struct err *e)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        int d = day_in(json_array_get(list, i));
        if (d < 0)
            return err_set(e, -EINVAL, "days: must be of sunday to saturday, or 0 (Sunday) to 6"), false;
        *to |= (uint8_t)(1 << d);
    }
    return true;
}

static void period_in(const json_t *in, struct scaling_period *t, const struct place *p)
{
    static const char *const types[] = {"Always", "Weekly"};
    struct err e = ERR_NULL;
    int type = -1;
    if (!json_is_object(in) || !in_enum(in, "type", types, 2, &type, &e) || type < 0) {
        err_set(&e, -EINVAL, "type: must be Always or Weekly");
        good(p, false, &e);
    }
    t->weekly = type == 1;
    good(p, in_string(in, "name", API_NAME_CHARS, &t->name, &e), &e);
    if (!t->weekly)
        return;
    good(p, days_in(in_get(in, "days"), &t->days, &e), &e);
    good(p, time_in(in, "startTimeUtc", &t->start_ms, &e), &e);
    good(p, time_in(in, "endTimeUtc", &t->end_ms, &e), &e);
}

static void periods_in(const json_t *in, struct arena *a, struct scaling_policy *p, const struct place *at)
{
    const json_t *list = in_get(in, "enabledPeriods");
    struct err e = ERR_NULL;
    size_t n = json_array_size(list);
    if (list && !json_is_array(list))
        err_set(&e, -EINVAL, "enabledPeriods: must be a list");
    else if (n > SCALING_PERIODS_MAX)
        err_set(&e, -EINVAL, "enabledPeriods: more than %d", SCALING_PERIODS_MAX);
    if (!good(at, !e.code, &e))
        return;
    struct scaling_period *t = arena_alloc(a, (n + 1) * sizeof *t);
    memset(t, 0, (n + 1) * sizeof *t);
    p->period = t;
    p->n_periods = n;
    for (size_t i = 0; i < n; i++) {
        struct place here = {.h = at->h};
        snprintf(here.at, sizeof here.at, "%.40s.enabledPeriods[%zu]", at->at, i);
        period_in(json_array_get(list, i), &t[i], &here);
    }
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

static void queue_in(const json_t *in, struct scaling_policy *p, const struct place *at)
{
    const struct {
        const char *name;
        int64_t *to;
    } field[] = {{"minTotalSlots", &p->min},
                 {"maxTotalSlots", &p->max},
                 {"minIdleSlots", &p->idle},
                 {"minIdleTimeSeconds", &p->idle_s}};
    struct err e = ERR_NULL;
    p->idle_s = 90;
    p->step_s = SCALING_STEP_S;
    for (size_t i = 0; i < ARRAY_LEN(field); i++)
        if (!good(at, in_int(in, field[i].name, INT64_MIN, INT64_MAX, field[i].to, &e), &e))
            *field[i].to = field[i].to == &p->max ? SCALING_SLOTS_MAX : 0; // nothing is over or under it
    good(at, factor_in(in, &p->factor_ppm, &e), &e);
}

// The word of the type is what tells policies apart, so without it nothing in the policy has a meaning.
static void policy_in(const json_t *in, size_t i, struct arena *a, struct scaling_policy *p,
                      struct hearing *h)
{
    static const char *const types[] = {"Fixed", "ManagedTasksQueue"};
    struct place at = {.h = h};
    struct err e = ERR_NULL;
    int type = -1;
    snprintf(at.at, sizeof at.at, "policies[%zu]", i);
    if (!json_is_object(in) || !json_is_string(in_get(in, "type")) ||
        !in_enum(in, "type", types, 2, &type, &e) || type < 0) {
        e = ERR_NULL;
        err_set(&e, -EINVAL, "%s: " NOT_VALID, at.at);
        hear(h, &e);
        p->type = SCALING_UNREAD;
        return;
    }
    p->type = (enum scaling_type)type;
    good(&at, in_string(in, "name", API_NAME_CHARS, &p->name, &e), &e);
    if (p->type == SCALING_QUEUE)
        queue_in(in, p, &at);
    else
        good(&at, in_int(in, "slotsCount", INT64_MIN, INT64_MAX, &p->slots, &e), &e);
    periods_in(in, a, p, &at);
}

bool scaling_in(const json_t *in, struct arena *a, struct scaling_policy **policy, size_t *n,
                const struct scaling_ear *ear)
{
    const json_t *list = in_get(in, "policies");
    struct hearing h = {.ear = ear};
    const struct scaling_ear inner = {hear, &h};
    struct err e = ERR_NULL;
    *n = json_array_size(list);
    if (!json_is_array(list))
        err_set(&e, -EINVAL, "policies: a list is required");
    else if (*n > SCALING_POLICIES_MAX)
        err_set(&e, -EINVAL, "policies: more than %d", SCALING_POLICIES_MAX);
    if (e.code) {
        ear->wrong(ear->ctx, &e);
        return false;
    }
    *policy = arena_alloc(a, (*n + 1) * sizeof **policy);
    memset(*policy, 0, (*n + 1) * sizeof **policy);
    for (size_t i = 0; i < *n; i++)
        policy_in(json_array_get(list, i), i, a, &(*policy)[i], &h);
    scaling_check_all(*policy, *n, &inner);
    if (h.n > SCALING_WRONG_MAX) {
        err_set(&e, -EINVAL, "policies: %zu more are wrong", h.n - SCALING_WRONG_MAX);
        ear->wrong(ear->ctx, &e);
    }
    return h.n == 0;
}
