// SPDX-License-Identifier: Apache-2.0
//
// Each reader below takes one group of fields from the request, checks it and sets it in the body (a member set
// to NULL is not there: absent is as good as null, and bodies are kept for ever and read often). What it finds
// wrong it notes (api/invalid.h) under the code clients know ("shortname-uniqueness", "range-length", or the
// field's own name), and the next one reads on, unless it needs what could not be read.
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
    struct err *e; // empty between two checks
    struct invalid *bad;
    int refusal; // HTTP code of what is wrong with no field, and its sentence; 0: nothing
    const char *why;
    bool cluster; // its instances run all at once
};

// Notes the sentence of e under a code of its own.
static void wrong(struct reading *r, const char *code)
{
    invalid_add(r->bad, code, r->e);
}

static bool good(struct reading *r, bool ok)
{
    return invalid_unless(ok, r->bad, r->e);
}

// What is wrong with no field: a bucket that is not there, say. The first counts.
static void refuse(struct reading *r, int code)
{
    if (!r->refusal) {
        r->refusal = code;
        r->why = arena_strdup(r->a, r->e->text);
    }
    *r->e = ERR_NULL;
}

static void read_names(struct reading *r)
{
    const char *name = NULL, *shortname = NULL;
    if (good(r, in_string(r->in, "name", API_NAME_CHARS, &name, r->e)) && (!name || !*name)) {
        err_set(r->e, -EINVAL, "name: is required");
        wrong(r, NULL);
    }
    good(r, shortname_in(r->in, &shortname, r->e));
    r->d->name = name;
    r->d->shortname = shortname;
    json_object_set_new(r->body, "name", json_string(name));
    json_object_set_new(r->body, "shortname", shortname ? json_string(shortname) : NULL);
}

// Where it runs: a pool, a job that may have one, or neither.
static void read_home(struct reading *r, const char *profile)
{
    const char *pool = NULL, *job = NULL, *project = NULL;
    uint8_t uuid[16];
    good(r, in_uuid(r->in, "projectUuid", &project, r->e));
    r->d->project = project;
    json_object_set_new(r->body, "projectUuid", project ? json_string(project) : NULL);
    bool read = good(r, in_uuid(r->in, "poolUuid", &pool, r->e));
    if (!good(r, in_uuid(r->in, "jobUuid", &job, r->e)) || !read)
        return;
    if (pool && job) {
        err_set(r->e, -EINVAL, "poolUuid: a task of a job runs in the job's pool, not in another");
        wrong(r, NULL);
    } else if (pool && profile && *profile) {
        err_set(r->e, -EINVAL, "profile: it is the pool's when a task runs in one");
        wrong(r, NULL);
    } else if ((pool && !uuid_parse(pool, uuid)) || (job && !uuid_parse(job, uuid))) {
        err_set(r->e, -EINVAL, "No such %s: %.64s", pool ? "pool" : "job", pool ? pool : job);
        refuse(r, 400);
    } else if (job || pool) { // in one form, for filters
        char *text = arena_alloc(r->a, UUID_TEXT_BYTES);
        uuid_format(text, uuid);
        *(job ? &job : &pool) = text;
    }
    r->d->job = job;
    r->d->pool = pool;
    json_object_set_new(r->body, "jobUuid", job ? json_string(job) : NULL);
}

// A pool gives the profile (task_pool.c). Whether the job is there the engine knows.
static void read_profile(struct reading *r)
{
    const char *profile = NULL;
    if (!good(r, in_string(r->in, "profile", API_NAME_CHARS, &profile, r->e)))
        return;
    int before = r->bad->n;
    read_home(r, profile);
    if (r->bad->n > before || r->refusal || ((r->d->pool || r->d->job) && !(profile && *profile)))
        return; // the pool's, of which the job may have one
    const struct profile *p = profile && *profile ? profile_find(&r->be->profiles, profile) : NULL;
    if (!p) {
        if (profile && *profile)
            err_set(r->e, -EINVAL, "profile: there is no profile %.80s (GET /profiles lists them)", profile);
        else
            err_set(r->e, -EINVAL, "profile: is required outside a pool (GET /profiles lists them)");
        wrong(r, NULL);
        return;
    }
    r->d->profile = p->name;
    r->cluster = (profile_features_of(p) & PROFILE_CLUSTER) != 0;
    json_object_set_new(r->body, "profile", json_string(p->name));
}

// Notes each part of a text of ranges that is none by itself. How many; 0: each is one, what is wrong is all of it.
static int wrong_parts(struct reading *r, const char *text)
{
    struct err why = ERR_NULL;
    int n = 0;
    for (const char *p = text; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
        struct ranges ids = RANGES_NULL;
        const char *part = arena_strndup(r->a, p, strcspn(p, ","));
        if (ranges_parse(&ids, part, UINT32_MAX, &why) < 0 && n++ < INVALID_ITEMS) {
            err_set(r->e, -EINVAL, "advancedRanges: '%.40s': %s", part, why.text);
            wrong(r, "range-length");
        }
        ranges_deinit(&ids);
    }
    if (n > INVALID_ITEMS) {
        err_set(r->e, -EINVAL, "advancedRanges: %d more parts are wrong", n - INVALID_ITEMS);
        wrong(r, "range-length");
    }
    return n;
}

// How many; 0: the error is set.
static int64_t count_of(struct reading *r, int64_t count, const char *text, struct buf *normal)
{
    int64_t limit = r->be->limits.instances_per_task;
    if (count && text)
        return err_set(r->e, -EINVAL, "instanceCount: give either instanceCount or advancedRanges, not both"),
               0;
    if (!count && !text)
        return err_set(r->e, -EINVAL, "instanceCount: give instanceCount from 1 to %d, or advancedRanges",
                       (int)limit),
               0;
    if (count > limit)
        return err_set(r->e, -EINVAL, "instanceCount: %lld is over the limit instances_per_task of %d",
                       (long long)count, (int)limit),
               0;
    if (!text) {
        buf_puts(normal, "0");
        if (count > 1)
            buf_putf(normal, "-%lld", (long long)count - 1);
        return count;
    }
    struct ranges ids = RANGES_NULL;
    struct err why = ERR_NULL;
    int bad = ranges_parse(&ids, text, (uint64_t)limit, &why);
    if (bad)
        err_set(r->e, -EINVAL, "advancedRanges: %s%s", why.text,
                bad == -E2BIG ? " (the limit is instances_per_task)" : "");
    else
        ranges_format(&ids, normal);
    count = bad ? 0 : (int64_t)ranges_count(&ids);
    ranges_deinit(&ids);
    return count;
}

static void read_instances(struct reading *r)
{
    int64_t count = 0;
    const char *text = NULL;
    bool number = good(r, in_int(r->in, "instanceCount", 0, INT32_MAX, &count, r->e));
    if (!good(r, in_string(r->in, "advancedRanges", API_NAME_CHARS * 8, &text, r->e)) || !number)
        return;
    if (text && !*text)
        text = NULL;
    struct buf normal = BUF_INIT(1 << 20);
    count = count_of(r, count, text, &normal);
    bool parts = !count && text && !strncmp(r->e->text, "advancedRanges", 14) && wrong_parts(r, text);
    if (!count && !parts)
        wrong(r, "range-length");
    r->d->instances = (int32_t)count;
    r->d->ranges = arena_strdup(r->a, buf_str(&normal));
    buf_deinit(&normal);
    json_object_set_new(r->body, "instanceCount", json_integer(text ? 0 : count));
    json_object_set_new(r->body, "advancedRanges", text ? json_string(r->d->ranges) : NULL);
}

static void read_buckets(struct reading *r)
{
    int code = buckets_in(r->in, r->body, r->be, r->who, r->bad, r->e);
    if (code)
        refuse(r, code);
}

static void check_command(struct reading *r, const json_t *constant)
{
    const char *key = json_string_value(json_object_get(constant, "key")),
               *value = json_string_value(json_object_get(constant, "value"));
    if (strcmp(key, "DOCKER_CMD") != 0 && strcmp(key, "DOCKER_CMD_MASTER") != 0 &&
        strcmp(key, "DOCKER_CMD_WORKER") != 0 && strcmp(key, "DOCKER_SHUTDOWN_CMD") != 0)
        return;
    struct tokens words = TOKENS_NULL;
    struct err why = ERR_NULL;
    if (tokens_split(&words, value, API_CONSTANT_CHARS, &why)) {
        err_set(r->e, -EINVAL, "constants: %s: %s", key, why.text);
        wrong(r, NULL);
    }
    tokens_deinit(&words);
}

static void read_constants(struct reading *r)
{
    json_t *list = json_array(), *forced = json_array();
    json_object_set_new(r->body, "constants", list);
    json_object_set_new(r->body, "forcedConstants", forced);
    task_constants(r->in, list, NULL, r->a, r->bad);
    for (size_t i = 0; i < json_array_size(list); i++)
        check_command(r, json_array_get(list, i));
    task_forced_constants(r->in, forced, r->a, r->bad);
}

static void read_hardware(struct reading *r)
{
    json_t *echo = json_array();
    json_object_set_new(r->body, "hardwareConstraints", echo);
    if (constraint_in(in_get(r->in, "hardwareConstraints"), &r->d->constraint, echo, r->bad, r->e))
        refuse(r, 402);
}

static void keep_place(struct reading *r, const struct place *p)
{
    struct buf text = BUF_INIT(512);
    place_format(p, &text);
    r->d->place = text.n ? arena_strdup(r->a, buf_str(&text)) : NULL;
    buf_deinit(&text);
}

// {"country": "FR", "site": "balard", "near": {"latitude": 48.8, "longitude": 2.3}}: where it must run, and
// would rather.
// false: the error is set.
static bool place_in(const json_t *in, struct place *p, struct err *e)
{
    const char *country = "", *site = "";
    if (!json_is_object(in))
        return err_set(e, -EINVAL, "placement: must be an object with country, site or near"), false;
    if (!in_string(in, "country", 2, &country, e) || !in_string(in, "site", PLACE_SITE_BYTES - 1, &site, e))
        return false;
    snprintf(p->country, sizeof p->country, "%s", country);
    snprintf(p->site, sizeof p->site, "%s", site);
    const json_t *near = in_get(in, "near");
    double lat = json_number_value(in_get(near, "latitude")),
           lon = json_number_value(in_get(near, "longitude"));
    bool numbers = json_is_number(in_get(near, "latitude")) && json_is_number(in_get(near, "longitude"));
    if (near && (!numbers || !(fabs(lat) <= 90) || !(fabs(lon) <= 180)))
        return err_set(e, -EINVAL,
                       "placement.near: must be {\"latitude\": -90..90, \"longitude\": -180..180}"),
               false;
    p->has_near = near != NULL;
    p->lat_mdeg = (int32_t)lround(lat * 1000);
    p->lon_mdeg = (int32_t)lround(lon * 1000);
    return true;
}

static void echo_place(json_t *body, const struct place *p)
{
    json_t *echo = json_object();
    if (*p->country)
        json_object_set_new(echo, "country", json_string(p->country));
    if (*p->site)
        json_object_set_new(echo, "site", json_string(p->site));
    if (p->has_near)
        json_object_set_new(
            echo, "near",
            json_pack("{s:f,s:f}", "latitude", p->lat_mdeg / 1e3, "longitude", p->lon_mdeg / 1e3));
    json_object_set_new(body, "placement", echo);
}

static void read_placement(struct reading *r)
{
    const json_t *in = in_get(r->in, "placement");
    struct place p = {.gang = r->cluster && r->d->instances > 1 ? r->d->instances : 0};
    buckets_as_data(r->body, r->be, r->who, &p);
    if (p.gang > PLACE_GANG_MAX) {
        err_set(r->e, -EINVAL, "instanceCount: %d instances at once; a cluster has at most %d", (int)p.gang,
                PLACE_GANG_MAX);
        wrong(r, "range-length");
        return;
    }
    if (in && !good(r, place_in(in, &p, r->e)))
        return;
    keep_place(r, &p);
    if (in && r->d->place && !place_parse(r->d->place, &p)) {
        err_set(r->e, -EINVAL, "placement: country must be two capital letters, site a name");
        wrong(r, NULL);
    } else if (in) {
        echo_place(r->body, &p);
    }
}

// One null means no limit of that kind when the other is set; both null mean no retries. Some clients write 0
// for null, so 0 means the same; what was written is what is told back.
static void read_retries(struct reading *r)
{
    json_t *settings = in_get(r->in, "retrySettings");
    int64_t total = 0, each = 0, alias = 0;
    if (settings && !json_is_object(settings)) {
        err_set(r->e, -EINVAL, "retrySettings: must be an object");
        wrong(r, NULL);
    } else if (settings) {
        good(r, in_int(settings, "maxTotalRetries", 0, INT32_MAX, &total, r->e));
        good(r, in_int(settings, "maxPerInstanceRetries", 0, INT32_MAX, &each, r->e));
    }
    good(r, in_int(r->in, "maxRetriesPerInstance", 0, INT32_MAX, &alias, r->e));
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
}

static void read_scheduling(struct reading *r)
{
    static const char *const words[] = {"flex", "onDemand", "reserved"};
    static const enum activity as[] = {ACTIVITY_FLEX, ACTIVITY_ONDEMAND, ACTIVITY_RESERVED};
    int type = r->who->scheduling == ACTIVITY_ONDEMAND ? 1 : r->who->scheduling == ACTIVITY_RESERVED ? 2 : 0;
    int64_t queue_s = 0, expected_s = 0;
    good(r, in_enum(r->in, "schedulingType", words, 3, &type, r->e));
    good(r, in_int(r->in, "maxTimeQueueSeconds", 0, INT32_MAX, &queue_s, r->e));
    good(r, in_int(r->in, "expectedRunSeconds", 0, INT32_MAX, &expected_s, r->e));
    r->d->activity = as[type] == ACTIVITY_FLEX && r->who->research ? ACTIVITY_DONATED : as[type];
    r->d->queue_max_ms = queue_s ? queue_s * 1000 : -1;
    r->d->expected_run_ms = expected_s ? expected_s * 1000 : -1;
    json_object_set_new(r->body, "schedulingType", json_string(words[type]));
    json_object_set_new(r->body, "maxTimeQueueSeconds", queue_s ? json_integer(queue_s) : NULL);
}

static bool is_empty(const json_t *v)
{
    return !v || (json_is_array(v) && json_array_size(v) == 0) ||
           (json_is_object(v) && json_object_size(v) == 0);
}

static void read_dependencies(struct reading *r)
{
    const json_t *in = in_get(r->in, "dependencies");
    json_t *echo = json_object();
    struct depends d = DEPENDS_NULL;
    if (in && !json_is_object(in))
        err_set(r->e, -EINVAL, "dependencies: must be an object");
    else if (!r->d->job && (!is_empty(in_get(in, "dependsOn")) || !is_empty(in_get(in, "advancedDependsOn"))))
        err_set(r->e, -EINVAL, "dependencies: only the tasks of a job can depend on each other");
    if (good(r, !r->e->code) && depends_in(in, &d, echo, r->bad) && d.n) {
        struct buf text = BUF_INIT(64 * 1024);
        depends_format(&d, &text);
        r->d->depends = arena_strdup(r->a, buf_str(&text));
        buf_deinit(&text);
        json_object_set(r->body, "dependencies", echo);
    }
    json_decref(echo);
    depends_deinit(&d);
}

static void read_rights(struct reading *r)
{
    json_t *secrets = in_get(r->in, "secretsAccessRights"), *priv = in_get(r->in, "privileges");
    bool credentials = false;
    task_secret_rights(secrets, r->body, r->bad);
    if (priv && !json_is_object(priv)) {
        err_set(r->e, -EINVAL, "privileges: must be an object");
        wrong(r, NULL);
    } else {
        good(r, in_bool(priv, "exportApiAndStorageCredentialsInEnvironment", &credentials, r->e));
    }
    if (credentials)
        json_object_set_new(r->body, "privileges",
                            json_pack("{s:b}", "exportApiAndStorageCredentialsInEnvironment", 1));
}

static void read_network(struct reading *r)
{
    network_rules_in(r->in, r->body, &r->be->profiles, r->a, r->bad);
}

static void read_rest(struct reading *r)
{
    static const char *const texts[] = {"resultsBucketPrefix", "snapshotBucketPrefix",
                                        "targetedReservedMachineKey", "targetedReservationName"};
    static const char *const seconds[] = {"resultsCacheTTLSec", "defaultResourcesCacheTTLSec"};
    static const char *const flags[] = {"waitForPoolResourcesSynchronization", "uploadResultsOnCancellation"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *text = NULL;
        good(r, in_string(r->in, texts[i], i < 2 ? API_PREFIX_CHARS : API_NAME_CHARS, &text, r->e));
        if (i >= 2 && text && *text)
            *(i == 2 ? &r->d->machine_key : &r->d->reservation) = text;
        json_object_set_new(r->body, texts[i], text ? json_string(text) : NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(seconds); i++) {
        int64_t s = -1;
        good(r, in_int(r->in, seconds[i], 0, INT32_MAX, &s, r->e));
        json_object_set_new(r->body, seconds[i], s >= 0 ? json_integer(s) : NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        bool on = false;
        good(r, in_bool(r->in, flags[i], &on, r->e));
        json_object_set_new(r->body, flags[i], in_get(r->in, flags[i]) ? json_boolean(on) : NULL);
    }
    task_mutable(r->in, r->body, false, r->a, r->bad);
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

// In this order; `needs`: readers before it without whose fields it would find faults that are none.
enum { PROFILE = 1 << 1, INSTANCES = 1 << 2 };
static const struct {
    void (*read)(struct reading *r);
    unsigned needs;
} readers[] = {
    {read_names, 0},
    {read_profile, 0},
    {read_instances, 0},
    {read_buckets, 0},
    {read_constants, 0},
    {read_hardware, 0},
    {read_placement, PROFILE | INSTANCES},
    {read_retries, 0},
    {read_scheduling, 0},
    {read_dependencies, PROFILE},
    {read_rights, 0},
    {read_network, 0},
    {read_rest, 0},
};

static void read_all(struct reading *r)
{
    unsigned failed = 0;
    for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
        int before = r->bad->n, refused = r->refusal;
        if (!(readers[i].needs & failed))
            readers[i].read(r);
        if (r->bad->n > before || r->refusal != refused)
            failed |= 1u << i;
    }
}

// 0, or the code with `why`. What is wrong with fields is said before what they name and is not there.
static int verdict(struct reading *r, const char **why)
{
    *why = invalid_message(r->bad, r->a);
    if (*why)
        return 400;
    *why = r->why;
    if (r->refusal || secret_constants_seal(r->body, r->be, r->who->id, r->a, r->e))
        return r->refusal;
    *why = arena_strdup(r->a, r->e->text);
    return 503;
}

int task_body_read(const json_t *in, const struct api_backend *be, const struct account_view *who,
                   struct arena *a, struct task_draft *d, const char **why)
{
    struct err e = ERR_NULL;
    struct invalid bad = INVALID_INIT("task");
    if (!json_is_object(in)) {
        *why = "Invalid task file. A task must be a JSON object";
        return 400;
    }
    struct reading r = {
        .in = in, .body = json_object(), .be = be, .who = who, .a = a, .d = d, .e = &e, .bad = &bad};
    read_all(&r);
    int code = verdict(&r, why);
    if (!code) {
        d->keep_ms = task_keep_ms(r.body);
        drop_empty(r.body);
        struct buf text = BUF_INIT(SIZE_MAX / 2);
        json_tree(&text, r.body);
        d->body = arena_strndup(a, buf_str(&text), text.n);
        buf_deinit(&text);
    }
    invalid_deinit(&bad);
    json_decref(r.body);
    return code;
}

int task_body_update(json_t *body, const json_t *in, struct arena *a, const char **why)
{
    struct invalid bad = INVALID_INIT("task");
    if (in_get(in, "constants")) {
        json_t *list = json_array();
        task_constants(in, list, json_object_get(body, "constants"), a, &bad);
        json_object_set_new(body, "constants", list);
    }
    task_mutable(in, body, true, a, &bad);
    *why = invalid_message(&bad, a);
    invalid_deinit(&bad);
    return *why ? 400 : 0;
}
