// SPDX-License-Identifier: Apache-2.0
//
// Each reader below takes one group of fields from the request, checks it and sets it in the body (a member set
// to NULL is not there: absent is as good as null, and bodies are kept for ever and read often). The first
// that finds something wrong ends the reading: `field` is the code clients know ("shortname-uniqueness",
// "range-length", or the field's own name) and the sentence says more.
#include "api/task_body.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/bucket_in.h"
#include "api/constraint_in.h"
#include "api/depend_in.h"
#include "api/json_in.h"
#include "api/json_out.h"
#include "api/network_rule_in.h"
#include "api/profile.h"
#include "api/secrets.h"
#include "api/shortname.h"
#include "api/task_lists.h"
#include "base/mem.h"
#include "core/work/place.h"
#include "core/work/profile.h"
#include "core/work/ranges.h"
#include "core/work/tokens.h"

struct reading {
    const json_t *in;
    json_t *body;
    const struct api_backend *be;
    const struct account_view *who;
    struct arena *a;
    struct task_draft *d;
    struct err *e;
    bool cluster; // its instances run all at once
};

// "Invalid task file. Invalid fields: name. name: is required"
static int invalid(struct err *e, const char *code)
{
    char sentence[sizeof e->text];
    memcpy(sentence, e->text, sizeof sentence);
    char field[64];
    size_t n = strcspn(sentence, ":[.");
    snprintf(field, sizeof field, "%.*s", (int)(n < 60 ? n : 60), sentence);
    err_set(e, -EINVAL, "Invalid task file. Invalid fields: %s. %s", code ? code : field, sentence);
    return 400;
}

static int read_names(struct reading *r)
{
    const char *name = NULL, *shortname = NULL;
    if (!in_string(r->in, "name", API_NAME_CHARS, &name, r->e) || !shortname_in(r->in, &shortname, r->e))
        return invalid(r->e, NULL);
    if (!name || !*name) {
        err_set(r->e, -EINVAL, "name: is required");
        return invalid(r->e, NULL);
    }
    r->d->name = name;
    r->d->shortname = shortname;
    json_object_set_new(r->body, "name", json_string(name));
    json_object_set_new(r->body, "shortname", shortname ? json_string(shortname) : NULL);
    return 0;
}

// A pool gives the profile (task_pool.c). Whether the job is there the engine knows.
static int read_profile(struct reading *r)
{
    const char *pool = NULL, *job = NULL, *profile = NULL, *project = NULL;
    if (!in_uuid(r->in, "poolUuid", &pool, r->e) || !in_uuid(r->in, "jobUuid", &job, r->e) ||
        !in_uuid(r->in, "projectUuid", &project, r->e) ||
        !in_string(r->in, "profile", API_NAME_CHARS, &profile, r->e))
        return invalid(r->e, NULL);
    uint8_t uuid[16];
    if (pool && job) {
        err_set(r->e, -EINVAL, "poolUuid: a task of a job runs in the job's pool, not in another");
        return invalid(r->e, NULL);
    }
    if (pool && profile && *profile) {
        err_set(r->e, -EINVAL, "profile: it is the pool's when a task runs in one");
        return invalid(r->e, NULL);
    }
    if ((pool && !uuid_parse(pool, uuid)) || (job && !uuid_parse(job, uuid))) {
        err_set(r->e, -EINVAL, "No such %s: %.64s", pool ? "pool" : "job", pool ? pool : job);
        return 400;
    }
    if (job || pool) { // in one form, for filters
        char *text = arena_alloc(r->a, UUID_TEXT_BYTES);
        uuid_format(text, uuid);
        *(job ? &job : &pool) = text;
    }
    r->d->job = job;
    r->d->pool = pool;
    r->d->project = project;
    json_object_set_new(r->body, "jobUuid", job ? json_string(job) : NULL);
    const struct profile *p = profile && *profile ? profile_find(&r->be->profiles, profile) : NULL;
    json_object_set_new(r->body, "projectUuid", project ? json_string(project) : NULL);
    if ((pool || job) && !(profile && *profile))
        return 0; // the pool's, of which the job may have one
    if (!p) {
        if (profile && *profile)
            err_set(r->e, -EINVAL, "profile: there is no profile %.80s (GET /profiles lists them)", profile);
        else
            err_set(r->e, -EINVAL, "profile: is required outside a pool (GET /profiles lists them)");
        return invalid(r->e, NULL);
    }
    r->d->profile = p->name;
    r->cluster = (profile_features_of(p) & PROFILE_CLUSTER) != 0;
    json_object_set_new(r->body, "profile", json_string(p->name));
    return 0;
}

static int read_instances(struct reading *r)
{
    int64_t count = 0, limit = r->be->limits.instances_per_task;
    const char *text = NULL;
    if (!in_int(r->in, "instanceCount", 0, INT32_MAX, &count, r->e) ||
        !in_string(r->in, "advancedRanges", API_NAME_CHARS * 8, &text, r->e))
        return invalid(r->e, NULL);
    if (text && !*text)
        text = NULL;
    if (count && text) {
        err_set(r->e, -EINVAL, "instanceCount: give either instanceCount or advancedRanges, not both");
        return invalid(r->e, "range-length");
    }
    if (!count && !text) {
        err_set(r->e, -EINVAL, "instanceCount: give instanceCount from 1 to %d, or advancedRanges",
                (int)limit);
        return invalid(r->e, "range-length");
    }
    if (count > limit) {
        err_set(r->e, -EINVAL, "instanceCount: %lld is over the limit instances_per_task of %d",
                (long long)count, (int)limit);
        return invalid(r->e, "range-length");
    }
    struct buf normal = BUF_INIT(1 << 20);
    if (text) {
        struct ranges ids = RANGES_NULL;
        struct err why = ERR_NULL;
        int bad = ranges_parse(&ids, text, (uint64_t)limit, &why);
        if (!bad) {
            ranges_format(&ids, &normal);
            count = (int64_t)ranges_count(&ids);
        }
        ranges_deinit(&ids);
        if (bad) {
            err_set(r->e, -EINVAL, "advancedRanges: %s%s", why.text,
                    bad == -E2BIG ? " (the limit is instances_per_task)" : "");
            return invalid(r->e, "range-length");
        }
    } else {
        buf_putf(&normal, "0-%lld", (long long)count - 1);
        if (count == 1) {
            buf_clear(&normal);
            buf_puts(&normal, "0");
        }
    }
    r->d->instances = (int32_t)count;
    r->d->ranges = arena_strdup(r->a, buf_str(&normal));
    buf_deinit(&normal);
    json_object_set_new(r->body, "instanceCount", json_integer(text ? 0 : count));
    json_object_set_new(r->body, "advancedRanges", text ? json_string(r->d->ranges) : NULL);
    return 0;
}

static int read_buckets(struct reading *r)
{
    return buckets_in(r->in, r->body, r->be, r->who, r->e);
}

static int read_constants(struct reading *r)
{
    json_t *list = json_array();
    json_object_set_new(r->body, "constants", list);
    if (!task_constants(r->in, list, NULL, r->a, r->e))
        return invalid(r->e, NULL);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *c = json_array_get(list, i);
        const char *key = json_string_value(json_object_get(c, "key"));
        if (strcmp(key, "DOCKER_CMD") != 0 && strcmp(key, "DOCKER_CMD_MASTER") != 0 &&
            strcmp(key, "DOCKER_CMD_WORKER") != 0)
            continue;
        struct tokens words = TOKENS_NULL;
        struct err why = ERR_NULL;
        int bad =
            tokens_split(&words, json_string_value(json_object_get(c, "value")), API_CONSTANT_CHARS, &why);
        tokens_deinit(&words);
        if (bad) {
            err_set(r->e, bad, "constants: %s: %s", key, why.text);
            return invalid(r->e, NULL);
        }
    }
    json_t *forced = json_array();
    json_object_set_new(r->body, "forcedConstants", forced);
    return task_forced_constants(r->in, forced, r->a, r->e) ? 0 : invalid(r->e, NULL);
}

static int read_hardware(struct reading *r)
{
    json_t *echo = json_array();
    json_object_set_new(r->body, "hardwareConstraints", echo);
    int bad = constraint_in(in_get(r->in, "hardwareConstraints"), &r->d->constraint, echo, r->e);
    if (bad == -ENODEV)
        return 402;
    return bad ? invalid(r->e, NULL) : 0;
}

static int keep_place(struct reading *r, const struct place *p)
{
    struct buf text = BUF_INIT(512);
    place_format(p, &text);
    r->d->place = text.n ? arena_strdup(r->a, buf_str(&text)) : NULL;
    buf_deinit(&text);
    return 0;
}

// {"country": "FR", "site": "balard", "near": {"latitude": 48.8, "longitude": 2.3}}: where it must run, and
// would rather.
static int read_placement(struct reading *r)
{
    const json_t *in = in_get(r->in, "placement"), *near = in_get(in, "near");
    const char *country = "", *site = "";
    struct place p = {.gang = r->cluster && r->d->instances > 1 ? r->d->instances : 0};
    buckets_as_data(r->body, r->be, r->who, &p);
    if (p.gang > PLACE_GANG_MAX)
        return err_set(r->e, -EINVAL, "instanceCount: %d instances at once; a cluster has at most %d",
                       (int)p.gang, PLACE_GANG_MAX),
               invalid(r->e, "range-length");
    if (!in)
        return keep_place(r, &p);
    if (!json_is_object(in))
        return err_set(r->e, -EINVAL, "placement: must be an object with country, site or near"),
               invalid(r->e, NULL);
    if (!in_string(in, "country", 2, &country, r->e) ||
        !in_string(in, "site", PLACE_SITE_BYTES - 1, &site, r->e))
        return invalid(r->e, NULL);
    snprintf(p.country, sizeof p.country, "%s", country);
    snprintf(p.site, sizeof p.site, "%s", site);
    double lat = json_number_value(in_get(near, "latitude")),
           lon = json_number_value(in_get(near, "longitude"));
    bool numbers = json_is_number(in_get(near, "latitude")) && json_is_number(in_get(near, "longitude"));
    if (near && (!numbers || !(fabs(lat) <= 90) || !(fabs(lon) <= 180)))
        return err_set(r->e, -EINVAL,
                       "placement.near: must be {\"latitude\": -90..90, \"longitude\": -180..180}"),
               invalid(r->e, NULL);
    p.has_near = near != NULL;
    p.lat_mdeg = (int32_t)lround(lat * 1000);
    p.lon_mdeg = (int32_t)lround(lon * 1000);
    keep_place(r, &p);
    if (r->d->place && !place_parse(r->d->place, &p))
        return err_set(r->e, -EINVAL, "placement: country must be two capital letters, site a name"),
               invalid(r->e, NULL);
    json_t *echo = json_object();
    if (*p.country)
        json_object_set_new(echo, "country", json_string(p.country));
    if (*p.site)
        json_object_set_new(echo, "site", json_string(p.site));
    if (p.has_near)
        json_object_set_new(
            echo, "near",
            json_pack("{s:f,s:f}", "latitude", p.lat_mdeg / 1e3, "longitude", p.lon_mdeg / 1e3));
    json_object_set_new(r->body, "placement", echo);
    return 0;
}

// One null means no limit of that kind when the other is set; both null mean no retries. Some clients write 0
// for null, so 0 means the same; what was written is what is told back.
static int read_retries(struct reading *r)
{
    json_t *settings = in_get(r->in, "retrySettings");
    int64_t total = 0, each = 0, alias = 0;
    if (settings && !json_is_object(settings)) {
        err_set(r->e, -EINVAL, "retrySettings: must be an object");
        return invalid(r->e, NULL);
    }
    if ((settings && (!in_int(settings, "maxTotalRetries", 0, INT32_MAX, &total, r->e) ||
                      !in_int(settings, "maxPerInstanceRetries", 0, INT32_MAX, &each, r->e))) ||
        !in_int(r->in, "maxRetriesPerInstance", 0, INT32_MAX, &alias, r->e))
        return invalid(r->e, NULL);
    if (!each)
        each = alias;
    r->d->retries_total = (int32_t)(total ? total : each ? -1 : 0);
    r->d->retries_each = (int32_t)(each ? each : total ? -1 : 0);
    json_object_set_new(r->body, "maxRetriesPerInstance", json_integer(each));
    bool has_total = in_get(settings, "maxTotalRetries") != NULL,
         has_each = each || in_get(settings, "maxPerInstanceRetries") != NULL;
    json_object_set_new(r->body, "retrySettings",
                        json_pack("{s:o,s:o}", "maxTotalRetries",
                                  has_total ? json_integer(total) : json_null(), "maxPerInstanceRetries",
                                  has_each ? json_integer(each) : json_null()));
    return 0;
}

static int read_scheduling(struct reading *r)
{
    static const char *const words[] = {"flex", "onDemand", "reserved"};
    static const enum activity as[] = {ACTIVITY_FLEX, ACTIVITY_ONDEMAND, ACTIVITY_RESERVED};
    int type = r->who->scheduling == ACTIVITY_ONDEMAND ? 1 : r->who->scheduling == ACTIVITY_RESERVED ? 2 : 0;
    int64_t queue_s = 0, expected_s = 0;
    if (!in_enum(r->in, "schedulingType", words, 3, &type, r->e) ||
        !in_int(r->in, "maxTimeQueueSeconds", 0, INT32_MAX, &queue_s, r->e) ||
        !in_int(r->in, "expectedRunSeconds", 0, INT32_MAX, &expected_s, r->e))
        return invalid(r->e, NULL);
    r->d->activity = as[type] == ACTIVITY_FLEX && r->who->research ? ACTIVITY_DONATED : as[type];
    r->d->queue_max_ms = queue_s ? queue_s * 1000 : -1;
    r->d->expected_run_ms = expected_s ? expected_s * 1000 : -1;
    json_object_set_new(r->body, "schedulingType", json_string(words[type]));
    json_object_set_new(r->body, "maxTimeQueueSeconds", queue_s ? json_integer(queue_s) : NULL);
    return 0;
}

static bool is_empty(const json_t *v)
{
    return !v || (json_is_array(v) && json_array_size(v) == 0) ||
           (json_is_object(v) && json_object_size(v) == 0);
}

static int read_dependencies(struct reading *r)
{
    const json_t *in = in_get(r->in, "dependencies");
    json_t *echo = json_object();
    struct depends d = DEPENDS_NULL;
    if (in && !json_is_object(in))
        err_set(r->e, -EINVAL, "dependencies: must be an object");
    else if (!r->d->job && (!is_empty(in_get(in, "dependsOn")) || !is_empty(in_get(in, "advancedDependsOn"))))
        err_set(r->e, -EINVAL, "dependencies: only the tasks of a job can depend on each other");
    else
        depends_in(in, &d, echo, r->e);
    if (!r->e->code && d.n) {
        struct buf text = BUF_INIT(64 * 1024);
        depends_format(&d, &text);
        r->d->depends = arena_strdup(r->a, buf_str(&text));
        buf_deinit(&text);
        json_object_set(r->body, "dependencies", echo);
    }
    json_decref(echo);
    depends_deinit(&d);
    return r->e->code ? invalid(r->e, NULL) : 0;
}

// What is asked for and cannot be given is refused rather than forgotten.
static int read_rights(struct reading *r)
{
    json_t *secrets = in_get(r->in, "secretsAccessRights"), *priv = in_get(r->in, "privileges");
    if (!task_secret_rights(secrets, r->body, r->e))
        return invalid(r->e, NULL);
    bool credentials = false;
    if (priv && !json_is_object(priv)) {
        err_set(r->e, -EINVAL, "privileges: must be an object");
        return invalid(r->e, NULL);
    }
    if (!in_bool(priv, "exportApiAndStorageCredentialsInEnvironment", &credentials, r->e))
        return invalid(r->e, NULL);
    if (credentials) {
        err_set(r->e, -EPERM,
                "privileges: exportApiAndStorageCredentialsInEnvironment is not granted on this server");
        return 403;
    }
    return 0;
}

static int read_network(struct reading *r)
{
    return network_rules_in(r->in, r->body, &r->be->profiles, r->a, r->e) ? 0 : invalid(r->e, NULL);
}

static int read_rest(struct reading *r)
{
    static const char *const texts[] = {"resultsBucketPrefix", "snapshotBucketPrefix",
                                        "targetedReservedMachineKey", "targetedReservationName"};
    static const char *const seconds[] = {"resultsCacheTTLSec", "defaultResourcesCacheTTLSec"};
    static const char *const flags[] = {"waitForPoolResourcesSynchronization", "uploadResultsOnCancellation"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *text = NULL;
        if (!in_string(r->in, texts[i], API_NAME_CHARS, &text, r->e))
            return invalid(r->e, NULL);
        if (i >= 2 && text && *text)
            *(i == 2 ? &r->d->machine_key : &r->d->reservation) = text;
        json_object_set_new(r->body, texts[i], text ? json_string(text) : NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(seconds); i++) {
        int64_t s = -1;
        if (!in_int(r->in, seconds[i], 0, INT32_MAX, &s, r->e))
            return invalid(r->e, NULL);
        json_object_set_new(r->body, seconds[i], s >= 0 ? json_integer(s) : NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        bool on = false;
        if (!in_bool(r->in, flags[i], &on, r->e))
            return invalid(r->e, NULL);
        json_object_set_new(r->body, flags[i], in_get(r->in, flags[i]) ? json_boolean(on) : NULL);
    }
    return 0;
}

// What is empty is as good as absent.
static void drop_empty(json_t *body)
{
    const char *key;
    json_t *v;
    void *next;
    json_object_foreach_safe(body, next, key, v)
    {
        if (json_is_null(v) || is_empty(v))
            json_object_del(body, key);
    }
}

int64_t task_keep_ms(const json_t *body)
{
    int64_t ms = 0;
    struct err e = ERR_NULL;
    bool goes = json_is_true(json_object_get(body, "autoDeleteOnCompletion"));
    return goes && in_span(body, "completionTimeToLive", &ms, &e) ? ms : 0;
}

int task_body_read(const json_t *in, const struct api_backend *be, const struct account_view *who,
                   struct arena *a, struct task_draft *d, struct err *e)
{
    static int (*const reader[])(struct reading * r) = {
        read_names,     read_profile, read_instances,  read_buckets,      read_constants, read_hardware,
        read_placement, read_retries, read_scheduling, read_dependencies, read_rights,    read_network,
        read_rest};
    if (!json_is_object(in)) {
        err_set(e, -EINVAL, "Invalid task file. A task must be a JSON object");
        return 400;
    }
    struct reading r = {.in = in, .body = json_object(), .be = be, .who = who, .a = a, .d = d, .e = e};
    int code = 0;
    for (size_t i = 0; i < ARRAY_LEN(reader) && !code; i++)
        code = reader[i](&r);
    if (!code && !task_mutable(in, r.body, false, a, e))
        code = invalid(e, NULL);
    if (!code && !secret_constants_seal(r.body, be, who->id, a, e))
        code = 503;
    if (!code) {
        d->keep_ms = task_keep_ms(r.body);
        drop_empty(r.body);
        struct buf text = BUF_INIT(SIZE_MAX / 2);
        json_tree(&text, r.body);
        d->body = arena_strndup(a, buf_str(&text), text.n);
        buf_deinit(&text);
    }
    json_decref(r.body);
    return code;
}

int task_body_update(json_t *body, const json_t *in, struct arena *a, struct err *e)
{
    if (in_get(in, "constants")) {
        json_t *list = json_array();
        bool ok = task_constants(in, list, json_object_get(body, "constants"), a, e);
        if (ok)
            json_object_set(body, "constants", list);
        json_decref(list);
        if (!ok)
            return invalid(e, NULL);
    }
    return task_mutable(in, body, true, a, e) ? 0 : invalid(e, NULL);
}
