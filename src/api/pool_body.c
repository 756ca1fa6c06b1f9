// SPDX-License-Identifier: Apache-2.0
#include "api/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/bucket_in.h"
#include "api/constraint_in.h"
#include "api/json_in.h"
#include "api/network_rule_in.h"
#include "api/profile.h"
#include "api/secrets.h"
#include "api/shortname.h"
#include "api/task_body.h"
#include "api/task_lists.h"
#include "base/mem.h"
#include "core/work/pool.h"
#include "core/work/profile.h"
#include "core/work/tokens.h"

struct reading {
    const json_t *in;
    json_t *body;
    const struct api_backend *be;
    const struct account_view *who;
    struct arena *a;
    struct pool_draft *d;
    struct err *e; // empty between two checks
    struct invalid *bad;
    int refusal; // HTTP code of what is wrong with no field, and its sentence; 0: nothing
    const char *why;
};

static bool good(struct reading *r, bool ok)
{
    return invalid_unless(ok, r->bad, r->e);
}

// The sentence of e is noted.
static void wrong(struct reading *r)
{
    invalid_add(r->bad, NULL, r->e);
}

static void refuse(struct reading *r, int code)
{
    if (!r->refusal) {
        r->refusal = code;
        r->why = arena_strdup(r->a, r->e->text);
    }
    *r->e = ERR_NULL;
}

static void read_profile(struct reading *r)
{
    const char *profile = NULL;
    if (!good(r, in_string(r->in, "profile", API_NAME_CHARS, &profile, r->e)))
        return;
    const struct profile *p = profile && *profile ? profile_find(&r->be->profiles, profile) : NULL;
    if (!p && profile && *profile)
        err_set(r->e, -EINVAL, "profile: there is no profile %.80s (GET /profiles lists them)", profile);
    else if (!p)
        err_set(r->e, -EINVAL, "profile: is required (GET /profiles lists them)");
    else if (profile_features_of(p) & PROFILE_CLUSTER)
        err_set(r->e, -EINVAL,
                "profile: %s is for tasks alone: what runs in a pool is not all there at once", p->name);
    if (!good(r, !r->e->code))
        return;
    r->d->profile = p->name;
    json_object_set_new(r->body, "profile", json_string(p->name));
}

static void read_names(struct reading *r)
{
    const char *project = NULL;
    if (good(r, in_string(r->in, "name", API_NAME_CHARS, &r->d->name, r->e)) &&
        (!r->d->name || !*r->d->name)) {
        err_set(r->e, -EINVAL, "name: is required");
        wrong(r);
    }
    good(r, shortname_in(r->in, &r->d->shortname, r->e));
    good(r, in_uuid(r->in, "projectUuid", &project, r->e));
    json_object_set_new(r->body, "name", r->d->name ? json_string(r->d->name) : NULL);
    if (project)
        json_object_set_new(r->body, "projectUuid", json_string(project));
    r->d->project = project && *project ? project : NULL;
}

static void read_slots(struct reading *r)
{
    const json_t *multi = in_get(r->in, "multiSlotsSettings");
    int64_t slots = 1;
    pool_size_read(r->in, r->body, false, r->bad);
    if (multi && !json_is_object(multi))
        err_set(r->e, -EINVAL, "multiSlotsSettings: must be an object");
    else if (!in_int(multi, "slotsPerNode", 1, POOL_SLOTS_PER_NODE_MAX, &slots, r->e))
        err_prefix(r->e, "multiSlotsSettings");
    if (!good(r, !r->e->code))
        return;
    r->d->slots_per_node = (int32_t)slots;
    if (in_get(multi, "slotsPerNode"))
        json_object_set_new(r->body, "multiSlotsSettings",
                            json_pack("{s:I}", "slotsPerNode", (json_int_t)slots));
}

static void read_preparation(struct reading *r)
{
    const json_t *in = in_get(r->in, "preparationTask");
    const char *command = NULL;
    struct tokens words = TOKENS_NULL;
    struct err why = ERR_NULL;
    if (in && !json_is_object(in))
        err_set(r->e, -EINVAL, "preparationTask: must be an object");
    else if (in && !in_string(in, "commandLine", API_CONSTANT_CHARS, &command, r->e))
        err_prefix(r->e, "preparationTask");
    else if (command && tokens_split(&words, command, API_CONSTANT_CHARS, &why))
        err_set(r->e, -EINVAL, "preparationTask.commandLine: %s", why.text);
    tokens_deinit(&words);
    if (good(r, !r->e->code) && command && *command)
        json_object_set_new(r->body, "preparationTask", json_pack("{s:s}", "commandLine", command));
}

static void read_buckets(struct reading *r)
{
    int code = buckets_of_pool(r->in, r->body, r->be, r->who, r->bad, r->e);
    if (code)
        refuse(r, code);
}

static const char *constant(const json_t *list, const char *key)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *c = json_array_get(list, i);
        if (!strcmp(json_string_value(json_object_get(c, "key")), key))
            return json_string_value(json_object_get(c, "value"));
    }
    return "";
}

// The constants may name the command that prepares the nodes (server/pool_bodies.c).
static void check_preparation(struct reading *r, const json_t *list)
{
    struct tokens words = TOKENS_NULL;
    struct err why = ERR_NULL;
    const char *command = constant(list, "USER_POOL_PREPARATION_CMD");
    bool runs = !strcasecmp(constant(list, "RUN_USER_POOL_PREPARATION_CMD"), "true");
    if (runs && tokens_split(&words, command, API_CONSTANT_CHARS, &why)) {
        err_set(r->e, -EINVAL, "constants: USER_POOL_PREPARATION_CMD: %s", why.text);
        wrong(r);
    }
    tokens_deinit(&words);
}

static void read_constants(struct reading *r)
{
    json_t *list = json_array(), *forced = json_array();
    json_object_set_new(r->body, "constants", list);
    json_object_set_new(r->body, "forcedConstants", forced);
    if (task_constants(r->in, list, NULL, r->a, r->bad))
        check_preparation(r, list);
    task_forced_constants(r->in, forced, r->a, r->bad);
    task_secret_rights(in_get(r->in, "secretsAccessRights"), r->body, r->bad);
    network_rules_in(r->in, r->body, &r->be->profiles, r->a, r->bad);
}

static void read_hardware(struct reading *r)
{
    json_t *echo = json_array();
    json_object_set_new(r->body, "hardwareConstraints", echo);
    if (constraint_in(in_get(r->in, "hardwareConstraints"), &r->d->constraint, echo, r->bad, r->e))
        refuse(r, 402);
}

static void read_retries(struct reading *r)
{
    static const char *const names[] = {"maxTotalRetries", "maxPerInstanceRetries"};
    const json_t *in = in_get(r->in, "defaultRetrySettings");
    json_t *kept = json_object();
    json_object_set_new(r->body, "defaultRetrySettings", kept);
    if (in && !json_is_object(in)) {
        err_set(r->e, -EINVAL, "defaultRetrySettings: must be an object");
        wrong(r);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        int64_t n = 0;
        if (in && !in_int(in, names[i], 0, INT32_MAX, &n, r->e))
            err_prefix(r->e, "defaultRetrySettings");
        good(r, !r->e->code);
        json_object_set_new(kept, names[i], in && in_get(in, names[i]) ? json_integer(n) : json_null());
    }
}

static void read_scheduling(struct reading *r)
{
    static const char *const words[] = {"flex", "onDemand", "reserved"};
    static const enum activity as[] = {ACTIVITY_FLEX, ACTIVITY_ONDEMAND, ACTIVITY_RESERVED};
    static const char *const texts[] = {"targetedReservedMachineKey", "targetedReservationName"};
    int type = r->who->scheduling == ACTIVITY_ONDEMAND ? 1 : r->who->scheduling == ACTIVITY_RESERVED ? 2 : 0;
    int64_t queue_s = 0, ttl_s = -1;
    good(r, in_enum(r->in, "schedulingType", words, 3, &type, r->e));
    good(r, in_int(r->in, "maxTimeQueueSeconds", 0, INT32_MAX, &queue_s, r->e));
    good(r, in_int(r->in, "defaultResourcesCacheTTLSec", 0, INT32_MAX, &ttl_s, r->e));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *text = NULL;
        good(r, in_string(r->in, texts[i], API_NAME_CHARS, &text, r->e));
        if (text)
            json_object_set_new(r->body, texts[i], json_string(text));
        if (text && *text)
            *(i == 0 ? &r->d->machine_key : &r->d->reservation) = text;
    }
    r->d->activity = as[type] == ACTIVITY_FLEX && r->who->research ? ACTIVITY_DONATED : as[type];
    r->d->queue_max_ms = queue_s ? queue_s * 1000 : -1;
    json_object_set_new(r->body, "schedulingType", json_string(words[type]));
    if (queue_s)
        json_object_set_new(r->body, "maxTimeQueueSeconds", json_integer(queue_s));
    if (ttl_s >= 0)
        json_object_set_new(r->body, "defaultResourcesCacheTTLSec", json_integer(ttl_s));
}

// Tags, labels and how long it is kept.
static void read_mutable(const json_t *in, json_t *body, bool update, struct arena *a, struct invalid *bad)
{
    static const char *const not_of_pools[] = {"snapshotWhitelist", "snapshotBlacklist", "resultsWhitelist",
                                               "resultsBlacklist"};
    task_mutable(in, body, update, a, bad);
    for (size_t i = 0; i < ARRAY_LEN(not_of_pools); i++)
        json_object_del(body, not_of_pools[i]);
}

static void read_rest(struct reading *r)
{
    const json_t *rights = in_get(r->in, "privileges");
    bool waits = false, credentials = false;
    good(r, in_bool(r->in, "taskDefaultWaitForPoolResourcesSynchronization", &waits, r->e));
    if (json_is_object(rights))
        good(r, in_bool(rights, "exportApiAndStorageCredentialsInEnvironment", &credentials, r->e));
    if (credentials)
        json_object_set_new(r->body, "privileges",
                            json_pack("{s:b}", "exportApiAndStorageCredentialsInEnvironment", 1));
    json_object_set_new(r->body, "taskDefaultWaitForPoolResourcesSynchronization", json_boolean(waits));
    read_mutable(r->in, r->body, false, r->a, r->bad);
}

// What of the body the engine wants to know. 0, or the code with `why`.
static int finish(json_t *body, const struct api_backend *be, uint64_t account, struct arena *a,
                  struct pool_draft *d, struct invalid *bad, const char **why)
{
    struct err e = ERR_NULL;
    if (!bad->n)
        invalid_unless(pool_size_text(body, a, &d->scaling, &e), bad, &e);
    *why = invalid_message(bad, a);
    if (*why)
        return 400;
    if (!secret_constants_seal(body, be, account, a, &e)) {
        *why = arena_strdup(a, e.text);
        return 503;
    }
    d->keep_ms = task_keep_ms(body);
    d->auto_delete = json_is_true(json_object_get(body, "autoDeleteOnCompletion"));
    char *text = json_dumps(body, JSON_COMPACT);
    d->body = arena_strdup(a, text);
    free(text);
    return 0;
}

int pool_body_read(const json_t *in, const struct api_backend *be, const struct account_view *who,
                   struct arena *a, struct pool_draft *d, const char **why)
{
    static void (*const reader[])(struct reading * r) = {
        read_names,     read_profile,  read_slots,   read_preparation, read_buckets,
        read_constants, read_hardware, read_retries, read_scheduling,  read_rest};
    struct invalid bad = INVALID_INIT("pool");
    struct err e = ERR_NULL;
    struct reading r = {
        .in = in, .body = json_object(), .be = be, .who = who, .a = a, .d = d, .e = &e, .bad = &bad};
    *d = (struct pool_draft){0};
    for (size_t i = 0; i < ARRAY_LEN(reader); i++)
        reader[i](&r);
    int code = !bad.n && r.refusal ? r.refusal : finish(r.body, be, who->id, a, d, &bad, why);
    if (!bad.n && r.refusal)
        *why = r.why;
    invalid_deinit(&bad);
    json_decref(r.body);
    return code;
}

int pool_body_update(json_t *body, const json_t *in, const struct api_backend *be, uint64_t account,
                     struct arena *a, struct pool_draft *d, const char **why)
{
    struct invalid bad = INVALID_INIT("pool");
    *d = (struct pool_draft){0};
    if (in_get(in, "constants")) {
        json_t *list = json_array();
        task_constants(in, list, json_object_get(body, "constants"), a, &bad);
        json_object_set_new(body, "constants", list);
    }
    pool_size_read(in, body, true, &bad);
    read_mutable(in, body, true, a, &bad);
    int code = finish(body, be, account, a, d, &bad, why);
    invalid_deinit(&bad);
    return code;
}
