// SPDX-License-Identifier: Apache-2.0
//
// How many slots a pool wants, as requests say it: a number (instanceCount), the older elastic settings, or
// scaling policies, of which the last speaks loudest. Policies are kept with the keys in the order in which
// clients compare them, and with their numbers as they came.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/json_in.h"
#include "api/pool.h"
#include "api/scaling_in.h"
#include "base/mem.h"

static const char *const days[] = {"sunday",   "monday", "tuesday", "wednesday",
                                   "thursday", "friday", "saturday"};

static void keep(json_t *to, const char *name, const json_t *in, json_t *otherwise)
{
    json_t *v = in_get(in, name);
    json_object_set(to, name, v ? v : otherwise);
    json_decref(otherwise);
}

static json_t *keep_period(const json_t *in)
{
    json_t *to = json_object(), *list = json_array();
    const json_t *given = in_get(in, "days");
    bool weekly = !strcasecmp(json_string_value(in_get(in, "type")), "Weekly");
    json_object_set_new(to, "type", json_string(weekly ? "Weekly" : "Always"));
    for (size_t i = 0; i < json_array_size(given); i++) {
        json_t *d = json_array_get(given, i);
        if (json_is_integer(d))
            json_array_append_new(list, json_string(days[json_integer_value(d)]));
        else
            json_array_append(list, d);
    }
    if (weekly) {
        json_object_set(to, "days", list);
        keep(to, "startTimeUtc", in, json_null());
        keep(to, "endTimeUtc", in, json_null());
    }
    keep(to, "name", in, json_null());
    json_decref(list);
    return to;
}

static json_t *keep_policy(const json_t *in)
{
    static const char *const numbers[] = {"minTotalSlots", "maxTotalSlots", "minIdleSlots"};
    json_t *to = json_object(), *periods = json_array();
    const json_t *given = in_get(in, "enabledPeriods");
    bool fixed = !strcasecmp(json_string_value(in_get(in, "type")), "Fixed");
    json_object_set_new(to, "type", json_string(fixed ? "Fixed" : "ManagedTasksQueue"));
    if (fixed)
        keep(to, "slotsCount", in, json_integer(0));
    for (size_t i = 0; i < ARRAY_LEN(numbers) && !fixed; i++)
        keep(to, numbers[i], in, json_integer(0));
    if (!fixed) {
        keep(to, "minIdleTimeSeconds", in, json_integer(90));
        keep(to, "scalingFactor", in, json_real(0.2));
    }
    keep(to, "name", in, json_null());
    for (size_t i = 0; i < json_array_size(given); i++)
        json_array_append_new(periods, keep_period(json_array_get(given, i)));
    json_object_set_new(to, "enabledPeriods", periods);
    return to;
}

json_t *pool_policies(const json_t *in, const struct scaling_ear *ear)
{
    struct arena a = ARENA_NULL;
    struct scaling_policy *policy;
    size_t n;
    bool ok = scaling_in(in, &a, &policy, &n, ear);
    arena_deinit(&a);
    if (!ok)
        return NULL;
    json_t *list = json_array();
    const json_t *given = in_get(in, "policies");
    for (size_t i = 0; i < json_array_size(given); i++)
        json_array_append_new(list, keep_policy(json_array_get(given, i)));
    return json_pack("{s:o}", "policies", list);
}

// ---- the older elastic settings

struct elastic {
    bool is;
    int64_t min, max, idle, period_s, idle_s;
    double factor;
};

// "name: sentence" is heard as "elasticProperty.name: sentence".
static bool good(const struct scaling_ear *ear, bool ok, struct err *e)
{
    if (!ok) {
        struct err whole = ERR_NULL;
        err_set(&whole, -EINVAL, "elasticProperty.%s", e->text);
        ear->wrong(ear->ctx, &whole);
        *e = ERR_NULL;
    }
    return ok;
}

static bool factor_in(const json_t *in, double *factor, struct err *e)
{
    const json_t *v = in_get(in, "rampResizeFactor");
    if (v)
        *factor = json_number_value(v);
    if (v && (!json_is_number(v) || !(*factor >= 0 && *factor <= 1)))
        return err_set(e, -EINVAL, "rampResizeFactor: must be from 0 to 1"), false;
    return true;
}

static bool within(const char *name, int64_t slots, int64_t max, struct err *e)
{
    return slots <= max || (err_set(e, -EINVAL, "%s: %lld is over maxTotalSlots, %lld", name, (long long)slots,
                                    (long long)max),
                            false);
}

// Each wrong field is heard of; one that could not be read is not blamed for being over or under another too.
static bool read_elastic(const json_t *in, struct elastic *x, const struct scaling_ear *ear)
{
    const struct {
        const char *name;
        int64_t most, *to, neutral;
    } field[] = {{"minTotalSlots", SCALING_SLOTS_MAX, &x->min, 0},
                 {"maxTotalSlots", SCALING_SLOTS_MAX, &x->max, INT64_MAX},
                 {"minIdleSlots", SCALING_SLOTS_MAX, &x->idle, 0},
                 {"resizePeriod", INT32_MAX, &x->period_s, 0},
                 {"minIdleTimeSeconds", INT32_MAX, &x->idle_s, 0}};
    struct err e = ERR_NULL;
    *x = (struct elastic){.period_s = SCALING_STEP_S, .factor = 1, .idle_s = 90};
    bool ok = good(ear, in_bool(in, "isElastic", &x->is, &e), &e);
    for (size_t i = 0; i < ARRAY_LEN(field); i++)
        if (!good(ear, in_int(in, field[i].name, 0, field[i].most, field[i].to, &e), &e)) {
            *field[i].to = field[i].neutral;
            ok = false;
        }
    ok = good(ear, factor_in(in, &x->factor, &e), &e) && ok;
    if (!x->is)
        return ok;
    ok = good(ear, within("minTotalSlots", x->min, x->max, &e), &e) && ok;
    return good(ear, within("minIdleSlots", x->idle, x->max, &e), &e) && ok;
}

static void note_elastic(void *ctx, const struct err *wrong)
{
    struct err e = *wrong;
    invalid_add(ctx, NULL, &e);
}

static void keep_elastic(const json_t *in, json_t *body, struct invalid *bad)
{
    struct elastic x;
    struct err e = ERR_NULL;
    const struct scaling_ear ear = {note_elastic, bad};
    if (in && !json_is_object(in)) {
        err_set(&e, -EINVAL, "elasticProperty: must be an object");
        invalid_add(bad, NULL, &e);
        return;
    }
    if (!read_elastic(in, &x, &ear))
        return;
    json_t *factor = in_get(in, "rampResizeFactor");
    json_object_set_new(body, "elasticProperty",
                        json_pack("{s:b,s:I,s:I,s:I,s:I,s:o,s:I}", "isElastic", x.is, "minTotalSlots",
                                  (json_int_t)x.min, "maxTotalSlots", (json_int_t)x.max, "minIdleSlots",
                                  (json_int_t)x.idle, "resizePeriod", (json_int_t)x.period_s,
                                  "rampResizeFactor", factor ? json_incref(factor) : json_integer(1),
                                  "minIdleTimeSeconds", (json_int_t)x.idle_s));
}

// ---- all three

static void note(void *ctx, const struct err *wrong)
{
    struct invalid_list *l = ctx;
    struct err e = *wrong;
    err_prefix(&e, "scaling");
    invalid_item(l, false, &e);
}

static void read_policies(const json_t *scaling, json_t *body, struct invalid *bad)
{
    struct invalid_list l = {.in = bad, .list = "scaling"};
    const struct scaling_ear ear = {note, &l};
    json_t *kept = pool_policies(scaling, &ear);
    if (invalid_list_end(&l) && kept)
        json_object_set(body, "scaling", kept);
    json_decref(kept);
}

void pool_size_read(const json_t *in, json_t *body, bool update, struct invalid *bad)
{
    const json_t *elastic = in_get(in, "elasticProperty"), *scaling = in_get(in, "scaling");
    struct err e = ERR_NULL;
    int64_t count = 0;
    int before = bad->n;
    invalid_unless(in_int(in, "instanceCount", 0, SCALING_SLOTS_MAX, &count, &e), bad, &e);
    if (in_get(in, "instanceCount") || !update)
        json_object_set_new(body, "instanceCount", json_integer(count));
    if (elastic || !update)
        keep_elastic(elastic, body, bad);
    if (scaling && !json_is_object(scaling)) {
        err_set(&e, -EINVAL, "scaling: must be an object");
        invalid_add(bad, NULL, &e);
    } else if (json_array_size(in_get(scaling, "policies")))
        read_policies(scaling, body, bad);
    bool elastic_now = json_is_true(json_object_get(json_object_get(body, "elasticProperty"), "isElastic"));
    if (bad->n == before && !update && !elastic_now && !json_object_get(body, "scaling") &&
        !in_get(in, "instanceCount")) {
        err_set(&e, -EINVAL, "instanceCount: is required without elasticProperty and scaling");
        invalid_add(bad, NULL, &e);
    }
}

bool pool_size_text(const json_t *body, struct arena *a, const char **text, struct err *e)
{
    static const struct scaling_period always = {.name = "always"};
    struct scaling_policy one = {.name = "one", .period = &always, .n_periods = 1}, *policy = &one;
    const json_t *scaling = json_object_get(body, "scaling");
    struct buf out = BUF_INIT(SCALING_TEXT_MAX);
    struct elastic x;
    size_t n = 1;
    const struct scaling_ear ear = scaling_ear_first(e);
    if (scaling && !scaling_in(scaling, a, &policy, &n, &ear))
        return false;
    if (!read_elastic(json_object_get(body, "elasticProperty"), &x, &ear))
        return false;
    if (!scaling && x.is) {
        one.type = SCALING_QUEUE;
        one.min = x.min;
        one.max = x.max;
        one.idle = x.idle;
        one.idle_s = x.idle_s;
        one.step_s = x.period_s;
        one.factor_ppm = (int32_t)(x.factor * 1e6 + 0.5);
    } else if (!scaling) {
        one.type = SCALING_FIXED;
        one.slots = json_integer_value(json_object_get(body, "instanceCount"));
    }
    scaling_format(policy, n, &out);
    *text = arena_strdup(a, buf_str(&out));
    bool ok = !out.failed;
    buf_deinit(&out);
    return ok || (err_set(e, -E2BIG, "scaling: more than can be kept"), false);
}
