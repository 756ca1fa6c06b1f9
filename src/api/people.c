// SPDX-License-Identifier: Apache-2.0
#include "api/people.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"

static const char *const quota_names[QUOTA_N] = {"max_flex_instances",     "max_flex_cores",
                                                 "max_ondemand_instances", "max_ondemand_cores",
                                                 "max_reserved_instances", "max_reserved_cores"};

void out_quotas(struct json_out *o, const struct quota_view quota[QUOTA_KINDS])
{
    for (int k = 0; k < QUOTA_KINDS; k++) {
        out_int(o, quota_names[QUOTA_INSTANCES(k)], quota[k].instances);
        out_int(o, quota_names[QUOTA_CORES(k)], quota[k].cores);
    }
}

bool in_quotas(const json_t *in, struct quota_wish *w, struct err *e)
{
    for (int i = 0; i < QUOTA_N; i++) {
        int64_t v = 0;
        if (!in_get(in, quota_names[i]))
            continue;
        if (!in_int(in, quota_names[i], 0, INT32_MAX, &v, e))
            return false;
        w->given |= 1u << i;
        w->most[i] = (int32_t)v;
    }
    return true;
}

bool in_slug(const json_t *in, const char *name, const char **out, struct err *e)
{
    const char *text = NULL;
    if (!in_string(in, name, PEOPLE_SLUG_CHARS, &text, e))
        return false;
    if (!text)
        return true;
    if (!*text || strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(text))
        return err_set(e, -EINVAL, "%s: must be from 1 to %d of a-z, 0-9, - and _", name, PEOPLE_SLUG_CHARS),
               false;
    *out = text;
    return true;
}

bool in_when(const json_t *in, const char *name, int64_t *ms, bool *has, struct err *e)
{
    const char *text = NULL;
    if (!in_string(in, name, 64, &text, e))
        return false;
    *has = text && *text;
    if (*has && !date_parse(text, ms))
        return err_set(e, -EINVAL, "%s: must be a date as 2026-01-31T12:00:00Z", name), false;
    return true;
}

bool in_flag(const json_t *in, const char *name, bool *out, bool *has, struct err *e)
{
    *has = in_get(in, name) != NULL;
    return in_bool(in, name, out, e);
}

void out_euro(struct json_out *o, const char *key, int64_t neur)
{
    out_fixed(o, key, neur / 1000, 6);
}

bool people_find(const struct server *s, uint64_t id, struct account_info *v)
{
    for (size_t i = 0, n = server_accounts(s); i < n; i++) {
        server_account(s, i, v);
        if (v->id == id)
            return true;
    }
    return false;
}

// Whole cents: what is spent rounded down, so that it and what remains add up to the total.
void budget_json(struct json_out *o, const struct budget_view *v)
{
    int64_t total = v->total_neur / NEUR_PER_CENT, spent = v->spent_neur / NEUR_PER_CENT;
    out_object(o, NULL);
    out_string(o, "uuid", v->uuid);
    out_string(o, "alias", v->alias);
    out_int(o, "consumedAmountInCents", spent);
    out_int(o, "totalAmountInCents", total);
    out_int(o, "remainingAmountInCents", total > spent ? total - spent : 0);
    out_date(o, "startDateUtc", v->start_ms);
    if (v->end_ms == INT64_MAX)
        out_null(o, "expirationDateUtc");
    else
        out_date(o, "expirationDateUtc", v->end_ms);
    out_string(o, "budgetOverrunPolicy", budget_policy_name(v->policy));
    out_bool(o, "isArchived", v->archived);
    out_end_object(o);
}

static void submitted(struct call *c)
{
    if (c->reply->code != 200) {
        call_reply_error(c, c->reply);
        return;
    }
    ((struct people_state *)c->state)->id = c->reply->id;
    call_next(c, RUN_ENGINE, c->state_stage);
}

void people_submit(struct call *c, struct submission *s, stage_fn *shown)
{
    c->state_stage = shown;
    call_submit(c, s, submitted);
}

const char *people_secret(struct call *c, size_t n)
{
    unsigned char *raw = arena_alloc(&c->arena, n);
    char *hex = arena_alloc(&c->arena, 2 * n + 1);
    c->be->entropy(c->be->ctx, raw, n);
    hex_text(hex, raw, n);
    return hex;
}
