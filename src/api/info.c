// SPDX-License-Identifier: Apache-2.0
//
// What the server is and what the account may do: /, /versions, /settings, /info, /profiles.
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "api/people.h"
#include "api/profile.h"
#include "api/quotas.h"

void info_ping(struct call *c)
{
    buf_puts(&c->out, "{}");
}

void info_versions(struct call *c)
{
    buf_puts(&c->out, "[{\"version\":\"v1\",\"endOfLife\":null}]");
}

// The key is always there: clients take another company's storage for it otherwise. null makes them leave
// buckets alone.
void info_settings(struct call *c)
{
    struct json_out o = {.b = &c->out};
    out_object(&o, NULL);
    out_string(&o, "storage", c->be->storage_url);
    out_end_object(&o);
}

struct usage {
    int64_t stored, live, instances[4], cores[4];
    bool has_storage;
    struct storage_view storage;
};

static void projects(struct json_out *o, const struct call *c, const struct account_info *who)
{
    struct organisation_view org;
    server_organisation(c->engine, who->organisation, &org);
    out_array(o, "projects");
    for (size_t i = 0, n = server_projects(c->engine); i < n; i++) {
        struct project_view v;
        server_project(c->engine, i, &v);
        if (v.organisation != who->organisation || v.archived)
            continue;
        out_object(o, NULL);
        out_string(o, "uuid", v.uuid);
        out_string(o, "name", v.name);
        out_string(o, "slug", v.slug);
        out_string(o, "organizationUuid", org.uuid);
        out_string(o, "description", v.description);
        out_bool(o, "isDefault", i == who->project);
        out_end_object(o);
    }
    out_end_array(o);
}

// Without a limit the largest number that every client's integers hold.
static int64_t limit(int64_t max, int64_t none)
{
    return max > 0 ? max : none;
}

static void storage(struct json_out *o, const struct usage *u)
{
    const struct storage_view *s = &u->storage;
    int64_t bytes_max = u->has_storage ? limit(s->bytes_max, INT64_C(1) << 53) : 0;
    out_int(o, "maxBucket", u->has_storage ? limit(s->buckets_max, NO_QUOTA) : 0);
    out_int(o, "bucketCount", s->buckets);
    out_int(o, "quotaBytesBucket", bytes_max);
    out_int(o, "usedQuotaBytesBucket", s->bytes);
    out_int(o, "quotaBytes", bytes_max);
    out_int(o, "usedQuotaBytes", s->bytes);
}

// The two without a type are what all of them are together.
static void maxima(struct json_out *o, const struct account_info *who)
{
    const struct quota_view *flex = &who->quota[QUOTA_FLEX], *soon = &who->quota[QUOTA_ONDEMAND];
    bool instances = flex->instances > 0 && soon->instances > 0, cores = flex->cores > 0 && soon->cores > 0;
    out_int(o, "maxInstances", instances ? (int64_t)flex->instances + soon->instances : NO_QUOTA);
    out_int(o, "maxCores", cores ? (int64_t)flex->cores + soon->cores : NO_QUOTA);
    out_int(o, "maxFlexInstances", limit(flex->instances, NO_QUOTA));
    out_int(o, "maxFlexCores", limit(flex->cores, NO_QUOTA));
    out_int(o, "maxOnDemandInstances", limit(soon->instances, NO_QUOTA));
    out_int(o, "maxOnDemandCores", limit(soon->cores, NO_QUOTA));
}

static void user(struct call *c)
{
    struct usage *u = c->state;
    struct account_info who;
    char key[SPEC_KEY_BYTES];
    struct json_out o = {.b = &c->out};
    if (!people_find(c->engine, c->account.id, &who)) {
        call_unauthorized(c);
        return;
    }
    int32_t max_tasks = c->account.max_tasks > 0 ? c->account.max_tasks : c->be->limits.tasks_per_account;
    int64_t instances = 0, cores = 0, pools = 0, open_pools = 0;
    server_account_pools(c->engine, c->account.id, &pools, &open_pools);
    server_account_counts(c->engine, c->account.id, &u->live, u->instances, u->cores);
    for (int i = 0; i < 4; i++) {
        instances += u->instances[i];
        cores += u->cores[i];
    }
    out_object(&o, NULL);
    out_string(&o, "email", c->account.email[0] ? c->account.email : c->be->email);
    storage(&o, u);
    out_int(&o, "maxTask", max_tasks);
    out_int(&o, "taskCount", u->stored);
    out_int(&o, "maxRunningTask", max_tasks);
    out_int(&o, "runningTaskCount", u->live);
    out_int(&o, "maxPool", c->be->limits.pools_per_account);
    out_int(&o, "poolCount", pools);
    out_int(&o, "maxRunningPool", c->be->limits.pools_per_account);
    out_int(&o, "runningPoolCount", open_pools);
    out_int(&o, "maxJob", limit(who.max_jobs, c->be->limits.jobs_per_account));
    out_int(&o, "jobCount", server_account_jobs(c->engine, c->account.id));
    out_int(&o, "runningInstanceCount", instances);
    out_int(&o, "runningCoreCount", cores);
    maxima(&o, &who);
    out_int(&o, "runningFlexInstanceCount", u->instances[ACTIVITY_FLEX] + u->instances[ACTIVITY_DONATED]);
    out_int(&o, "runningFlexCoreCount", u->cores[ACTIVITY_FLEX] + u->cores[ACTIVITY_DONATED]);
    out_int(&o, "runningOnDemandInstanceCount", u->instances[ACTIVITY_ONDEMAND]);
    out_int(&o, "runningOnDemandCoreCount", u->cores[ACTIVITY_ONDEMAND]);
    out_reserved(&o, "reservedQuotas", c, &who);
    out_string(&o, "defaultScheduling",
               who.scheduling == ACTIVITY_ONDEMAND   ? "onDemand"
               : who.scheduling == ACTIVITY_RESERVED ? "reserved"
                                                     : "flex");
    reserved_key(c, &who, key);
    out_string(&o, "defaultReservedSpecificationKey", key[0] ? key : NULL);
    out_object(&o, "computingQuotas");
    out_user_quotas(&o, "user", c, &who);
    out_organisation_quotas(&o, "organization", c, &who, true, false);
    out_end_object(&o);
    projects(&o, c, &who);
    out_end_object(&o);
}

void info_user(struct call *c)
{
    struct usage *u = c->state = arena_alloc(&c->arena, sizeof *u);
    struct err e = ERR_NULL;
    u->has_storage = c->be->storage && c->be->storage(c->be->ctx, c->account.id, &u->storage);
    int r = c->reader->task_count(c->reader->ctx, c->account.id, &u->stored, &e);
    if (r < 0)
        call_store_error(c, r);
    else
        call_next(c, RUN_ENGINE, user);
}

void info_profiles(struct call *c)
{
    struct json_out o = {.b = &c->out};
    out_array(&o, NULL);
    const struct profile *p;
    for (size_t i = 0; (p = profile_at(&c->be->profiles, i)); i++)
        out_string(&o, NULL, p->name);
    out_end_array(&o);
}

void info_profile(struct call *c)
{
    const struct profile *p = profile_find(&c->be->profiles, c->param[0]);
    if (!p) {
        call_fail(c, 404, "No such profile: %s", c->param[0]);
        return;
    }
    struct json_out o = {.b = &c->out};
    out_object(&o, NULL);
    out_string(&o, "name", p->name);
    out_string(&o, "description", p->description ? p->description : "");
    out_array(&o, "constants");
    struct profile_constant k;
    for (size_t i = 0; profile_constant_at(p, i, &k); i++) {
        out_object(&o, NULL);
        out_string(&o, "name", k.name);
        out_string(&o, "value", k.value);
        out_string(&o, "description", k.description ? k.description : "");
        if (k.forced)
            out_bool(&o, "forced", true);
        out_end_object(&o);
    }
    out_end_array(&o);
    out_raw(&o, "licenses", "[]");
    out_raw(&o, "licences", "[]"); // one client reads this spelling
    out_end_object(&o);
}
