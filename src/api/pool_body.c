// SPDX-License-Identifier: Apache-2.0
#include "api/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
    struct err *e;
};

// "Invalid pool file. Invalid fields: name. name: is required"
static int invalid(struct err *e)
{
    char sentence[sizeof e->text], field[64];
    memcpy(sentence, e->text, sizeof sentence);
    size_t n = strcspn(sentence, ":[.");
    snprintf(field, sizeof field, "%.*s", (int)(n < 60 ? n : 60), sentence);
    err_set(e, -EINVAL, "Invalid pool file. Invalid fields: %s. %s", field, sentence);
    return 400;
}

static int read_names(struct reading *r)
{
    const char *project = NULL, *profile = NULL;
    if (!in_string(r->in, "name", API_NAME_CHARS, &r->d->name, r->e) ||
        !shortname_in(r->in, &r->d->shortname, r->e) || !in_uuid(r->in, "projectUuid", &project, r->e) ||
        !in_string(r->in, "profile", API_NAME_CHARS, &profile, r->e))
        return invalid(r->e);
    if (!r->d->name || !*r->d->name)
        return err_set(r->e, -EINVAL, "name: is required"), invalid(r->e);
    const struct profile *p = profile && *profile ? profile_find(&r->be->profiles, profile) : NULL;
    if (!p && profile && *profile)
        return err_set(r->e, -EINVAL, "profile: there is no profile %.80s (GET /profiles lists them)",
                       profile),
               invalid(r->e);
    if (!p)
        return err_set(r->e, -EINVAL, "profile: is required (GET /profiles lists them)"), invalid(r->e);
    if (profile_features_of(p) & PROFILE_CLUSTER)
        return err_set(r->e, -EINVAL,
                       "profile: %s is for tasks alone: what runs in a pool is not all there at once", p->name),
               invalid(r->e);
    r->d->profile = p->name;
    json_object_set_new(r->body, "name", json_string(r->d->name));
    json_object_set_new(r->body, "profile", json_string(p->name));
    if (project)
        json_object_set_new(r->body, "projectUuid", json_string(project));
    r->d->project = project && *project ? project : NULL;
    return 0;
}

static int read_slots(struct reading *r)
{
    const json_t *multi = in_get(r->in, "multiSlotsSettings");
    int64_t slots = 1;
    if (multi && !json_is_object(multi))
        return err_set(r->e, -EINVAL, "multiSlotsSettings: must be an object"), invalid(r->e);
    if (!pool_size_read(r->in, r->body, false, r->e))
        return invalid(r->e);
    if (!in_int(multi, "slotsPerNode", 1, POOL_SLOTS_PER_NODE_MAX, &slots, r->e))
        return err_prefix(r->e, "multiSlotsSettings"), invalid(r->e);
    r->d->slots_per_node = (int32_t)slots;
    if (in_get(multi, "slotsPerNode"))
        json_object_set_new(r->body, "multiSlotsSettings",
                            json_pack("{s:I}", "slotsPerNode", (json_int_t)slots));
    return 0;
}

static int read_preparation(struct reading *r)
{
    const json_t *in = in_get(r->in, "preparationTask");
    const char *command = NULL;
    struct tokens words = TOKENS_NULL;
    struct err why = ERR_NULL;
    if (in && !json_is_object(in))
        return err_set(r->e, -EINVAL, "preparationTask: must be an object"), invalid(r->e);
    if (in && !in_string(in, "commandLine", API_CONSTANT_CHARS, &command, r->e))
        return err_prefix(r->e, "preparationTask"), invalid(r->e);
    if (!command || !*command)
        return 0;
    int bad = tokens_split(&words, command, API_CONSTANT_CHARS, &why);
    tokens_deinit(&words);
    if (bad)
        return err_set(r->e, bad, "preparationTask.commandLine: %s", why.text), invalid(r->e);
    json_object_set_new(r->body, "preparationTask", json_pack("{s:s}", "commandLine", command));
    return 0;
}

static int read_buckets(struct reading *r)
{
    return buckets_of_pool(r->in, r->body, r->be, r->who, r->e);
}

static int read_constants(struct reading *r)
{
    json_t *list = json_array(), *forced = json_array();
    json_object_set_new(r->body, "constants", list);
    json_object_set_new(r->body, "forcedConstants", forced);
    if (!task_constants(r->in, list, NULL, r->a, r->e) || !task_forced_constants(r->in, forced, r->a, r->e) ||
        !task_secret_rights(in_get(r->in, "secretsAccessRights"), r->body, r->e) ||
        !network_rules_in(r->in, r->body, &r->be->profiles, r->a, r->e))
        return invalid(r->e);
    return 0;
}

static int read_hardware(struct reading *r)
{
    json_t *echo = json_array();
    json_object_set_new(r->body, "hardwareConstraints", echo);
    int bad = constraint_in(in_get(r->in, "hardwareConstraints"), &r->d->constraint, echo, r->e);
    if (bad == -ENODEV)
        return 402;
    return bad ? invalid(r->e) : 0;
}

static int read_retries(struct reading *r)
{
    static const char *const names[] = {"maxTotalRetries", "maxPerInstanceRetries"};
    const json_t *in = in_get(r->in, "defaultRetrySettings");
    json_t *kept = json_object();
    json_object_set_new(r->body, "defaultRetrySettings", kept);
    if (in && !json_is_object(in))
        return err_set(r->e, -EINVAL, "defaultRetrySettings: must be an object"), invalid(r->e);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        int64_t n = 0;
        if (in && !in_int(in, names[i], 0, INT32_MAX, &n, r->e))
            return err_prefix(r->e, "defaultRetrySettings"), invalid(r->e);
        json_object_set_new(kept, names[i], in && in_get(in, names[i]) ? json_integer(n) : json_null());
    }
    return 0;
}

static int read_scheduling(struct reading *r)
{
    static const char *const words[] = {"flex", "onDemand", "reserved"};
    static const enum activity as[] = {ACTIVITY_FLEX, ACTIVITY_ONDEMAND, ACTIVITY_RESERVED};
    static const char *const texts[] = {"targetedReservedMachineKey", "targetedReservationName"};
    int type = r->who->scheduling == ACTIVITY_ONDEMAND ? 1 : r->who->scheduling == ACTIVITY_RESERVED ? 2 : 0;
    int64_t queue_s = 0, ttl_s = -1;
    if (!in_enum(r->in, "schedulingType", words, 3, &type, r->e) ||
        !in_int(r->in, "maxTimeQueueSeconds", 0, INT32_MAX, &queue_s, r->e) ||
        !in_int(r->in, "defaultResourcesCacheTTLSec", 0, INT32_MAX, &ttl_s, r->e))
        return invalid(r->e);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *text = NULL;
        if (!in_string(r->in, texts[i], API_NAME_CHARS, &text, r->e))
            return invalid(r->e);
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
    return 0;
}

// What is asked for and cannot be given is refused rather than forgotten.
static int read_rest(struct reading *r)
{
    const json_t *rights = in_get(r->in, "privileges");
    bool waits = false, credentials = false;
    if (!in_bool(r->in, "taskDefaultWaitForPoolResourcesSynchronization", &waits, r->e) ||
        (json_is_object(rights) &&
         !in_bool(rights, "exportApiAndStorageCredentialsInEnvironment", &credentials, r->e)))
        return invalid(r->e);
    if (credentials)
        return err_set(
                   r->e, -EPERM,
                   "privileges: exportApiAndStorageCredentialsInEnvironment is not granted on this server"),
               403;
    json_object_set_new(r->body, "taskDefaultWaitForPoolResourcesSynchronization", json_boolean(waits));
    return 0;
}

// Tags, labels and how long it is kept.
static bool read_mutable(const json_t *in, json_t *body, bool update, struct arena *a, struct err *e)
{
    static const char *const not_of_pools[] = {"snapshotWhitelist", "snapshotBlacklist", "resultsWhitelist",
                                               "resultsBlacklist"};
    if (!task_mutable(in, body, update, a, e))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(not_of_pools); i++)
        json_object_del(body, not_of_pools[i]);
    return true;
}

static int finish(json_t *body, const struct api_backend *be, uint64_t account, struct arena *a,
                  struct pool_draft *d, struct err *e)
{
    if (!secret_constants_seal(body, be, account, a, e))
        return 503;
    if (!pool_size_text(body, a, &d->scaling, e))
        return invalid(e);
    d->keep_ms = task_keep_ms(body);
    d->auto_delete = json_is_true(json_object_get(body, "autoDeleteOnCompletion"));
    char *text = json_dumps(body, JSON_COMPACT);
    d->body = arena_strdup(a, text);
    free(text);
    return 0;
}

int pool_body_read(const json_t *in, const struct api_backend *be, const struct account_view *who,
                   struct arena *a, struct pool_draft *d, struct err *e)
{
    static int (*const reader[])(struct reading * r) = {read_names,   read_slots,      read_preparation,
                                                        read_buckets, read_constants,  read_hardware,
                                                        read_retries, read_scheduling, read_rest};
    struct reading r = {.in = in, .body = json_object(), .be = be, .who = who, .a = a, .d = d, .e = e};
    *d = (struct pool_draft){0};
    int code = 0;
    for (size_t i = 0; i < ARRAY_LEN(reader) && !code; i++)
        code = reader[i](&r);
    if (!code && !read_mutable(in, r.body, false, a, e))
        code = invalid(e);
    if (!code)
        code = finish(r.body, be, who->id, a, d, e);
    json_decref(r.body);
    return code;
}

int pool_body_update(json_t *body, const json_t *in, const struct api_backend *be, uint64_t account,
                     struct arena *a, struct pool_draft *d, struct err *e)
{
    *d = (struct pool_draft){0};
    if (in_get(in, "constants")) {
        json_t *list = json_array();
        bool ok = task_constants(in, list, json_object_get(body, "constants"), a, e);
        if (ok)
            json_object_set(body, "constants", list);
        json_decref(list);
        if (!ok)
            return invalid(e);
    }
    if (!pool_size_read(in, body, true, e) || !read_mutable(in, body, true, a, e))
        return invalid(e);
    return finish(body, be, account, a, d, e);
}
