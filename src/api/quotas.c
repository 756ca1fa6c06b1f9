// SPDX-License-Identifier: Apache-2.0
//
//   GET /quotas/computing-quotas/user            {"flex": Q, "onDemand": Q, "reserved": [R]}
//   GET /quotas/computing-quotas/organization    the same of the user's organisation, by user
#include "api/quotas.h"

#include <stdio.h>

#include "api/handlers.h"
#include "api/people.h"

static void counts(struct json_out *o, int64_t instances, int64_t cores)
{
    out_int(o, "runningInstancesCount", instances);
    out_int(o, "runningCoresCount", cores); // one client reads this name,
    out_int(o, "runningCoreCount", cores);  // the specification has that one
}

static void figures(struct json_out *o, const struct quota_view *q)
{
    out_int(o, "maxInstances", q->instances > 0 ? q->instances : NO_QUOTA);
    out_int(o, "maxCores", q->cores > 0 ? q->cores : NO_QUOTA);
    counts(o, q->held, q->held_cores);
}

static void per_user(struct json_out *o, const struct call *c, size_t organisation, enum quota_kind k)
{
    out_object(o, "runningCountsPerUser");
    for (size_t i = 0, n = server_accounts(c->engine); i < n; i++) {
        struct account_info v;
        server_account(c->engine, i, &v);
        if (v.organisation != organisation || v.removed)
            continue;
        out_object(o, v.email);
        counts(o, v.quota[k].held, v.quota[k].held_cores);
        out_end_object(o);
    }
    out_end_object(o);
}

// Whether the user may use it, now or later; with `all` also those of others of the organisation.
static bool is_theirs(const struct call *c, const struct account_info *who, bool all, size_t i,
                      struct reservation_view *v)
{
    server_reservation(c->engine, i, v);
    return !v->removed && c->now.v < v->to_ms && v->organisation == who->organisation &&
           (all || !v->account || v->account == who->id);
}

static void reserved(struct json_out *o, const char *key, const struct call *c,
                     const struct account_info *who, bool all, bool by_user)
{
    out_array(o, key);
    for (size_t i = 0, n = server_reservations(c->engine); i < n; i++) {
        struct reservation_view v;
        if (!is_theirs(c, who, all, i, &v))
            continue;
        out_object(o, NULL);
        out_string(o, "machineKey", v.machine_key);
        out_string(o, "reservationName", v.name);
        figures(o, &v.quota);
        if (by_user)
            per_user(o, c, who->organisation, QUOTA_RESERVED);
        out_end_object(o);
    }
    out_end_array(o);
}

void out_reserved(struct json_out *o, const char *key, const struct call *c, const struct account_info *who)
{
    reserved(o, key, c, who, false, false);
}

void reserved_key(const struct call *c, const struct account_info *who, char out[SPEC_KEY_BYTES])
{
    out[0] = '\0';
    for (size_t i = 0, n = server_reservations(c->engine); i < n && !out[0]; i++) {
        struct reservation_view v;
        if (is_theirs(c, who, false, i, &v))
            snprintf(out, SPEC_KEY_BYTES, "%s", v.machine_key);
    }
}

void out_user_quotas(struct json_out *o, const char *key, const struct call *c,
                     const struct account_info *who)
{
    out_object(o, key);
    out_object(o, "flex");
    figures(o, &who->quota[QUOTA_FLEX]);
    out_end_object(o);
    out_object(o, "onDemand");
    figures(o, &who->quota[QUOTA_ONDEMAND]);
    out_end_object(o);
    out_reserved(o, "reserved", c, who);
    out_end_object(o);
}

void out_organisation_quotas(struct json_out *o, const char *key, const struct call *c,
                             const struct account_info *who, bool name, bool by_user)
{
    static const char *const words[] = {[QUOTA_FLEX] = "flex", [QUOTA_ONDEMAND] = "onDemand"};
    struct organisation_view org;
    server_organisation(c->engine, who->organisation, &org);
    out_object(o, key);
    if (name)
        out_string(o, "name", org.name);
    for (int k = QUOTA_FLEX; k <= QUOTA_ONDEMAND; k++) {
        out_object(o, words[k]);
        figures(o, &org.quota[k]);
        if (by_user)
            per_user(o, c, who->organisation, (enum quota_kind)k);
        out_end_object(o);
    }
    reserved(o, "reserved", c, who, true, by_user);
    out_end_object(o);
}

static bool me(struct call *c, struct account_info *v)
{
    if (people_find(c->engine, c->account.id, v))
        return true;
    call_unauthorized(c);
    return false;
}

void quotas_user(struct call *c)
{
    struct json_out o = {.b = &c->out};
    struct account_info v;
    if (me(c, &v))
        out_user_quotas(&o, NULL, c, &v);
}

void quotas_organisation(struct call *c)
{
    struct json_out o = {.b = &c->out};
    struct account_info v;
    if (me(c, &v))
        out_organisation_quotas(&o, NULL, c, &v, false, true);
}
