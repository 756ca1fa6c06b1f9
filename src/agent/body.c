// SPDX-License-Identifier: Apache-2.0
#include "agent/body.h"

#include <jansson.h>
#include <string.h>

static const char *member(const json_t *j, const char *name, struct arena *a)
{
    return arena_strdup(a, json_string_value(json_object_get(j, name)));
}

static const char *constants_read(const json_t *list, struct task_body *b, struct arena *a)
{
    if (!list || json_is_null(list))
        return NULL;
    if (!json_is_array(list) || json_array_size(list) > LAUNCH_CONSTANTS_MAX)
        return "the task's constants are not a list, or too many";
    struct constant *c = arena_alloc(a, (json_array_size(list) + 1) * sizeof *c);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct constant *to = &c[b->n_constants];
        to->key = member(item, "key", a);
        to->value = member(item, "value", a);
        if (!to->key || !*to->key || strchr(to->key, '='))
            return "a constant of the task has no usable key";
        if (!to->value)
            to->value = "";
        to->hidden = json_is_false(json_object_get(item, "exported"));
        b->n_constants++;
    }
    b->constant = c;
    return NULL;
}

static const char *text_or(const json_t *j, const char *name, const char *otherwise, struct arena *a)
{
    const char *v = json_string_value(json_object_get(j, name));
    return v ? arena_strdup(a, v) : otherwise;
}

static const char *prefix_in(const json_t *bucket, const char *outer, const char *inner, struct arena *a)
{
    return text_or(json_object_get(json_object_get(bucket, outer), inner), "prefix", "", a);
}

// A filter that is "" is none.
static const char *filter(const json_t *j, const char *name, struct arena *a)
{
    const char *v = text_or(j, name, NULL, a);
    return v && *v ? v : NULL;
}

#define TTL_S 7776000 // 90 days, as the public API documents it

static int64_t ttl_in(const json_t *o, const char *name, int64_t otherwise)
{
    const json_t *v = json_object_get(o, name);
    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

static void buckets_read(const json_t *j, struct stage_plan *p, struct arena *a)
{
    int64_t ttl_s = ttl_in(j, "defaultResourcesCacheTTLSec", TTL_S);
    const json_t *plain = json_object_get(j, "resourceBuckets"),
                 *full = json_object_get(j, "advancedResourceBuckets");
    struct stage_bucket *in =
        arena_alloc(a, (json_array_size(plain) + json_array_size(full) + 1) * sizeof *in);
    for (size_t i = 0; i < json_array_size(plain); i++) {
        const char *name = json_string_value(json_array_get(plain, i));
        if (name)
            in[p->n_in++] = (struct stage_bucket){arena_strdup(a, name), "", "", ttl_s};
    }
    for (size_t i = 0; i < json_array_size(full); i++) {
        const json_t *b = json_array_get(full, i);
        const char *name = text_or(b, "bucketName", NULL, a);
        if (name)
            in[p->n_in++] = (struct stage_bucket){name, prefix_in(b, "filtering", "prefixFiltering", a),
                                                  prefix_in(b, "resourcesTransformation", "stripPrefix", a),
                                                  ttl_in(b, "cacheTTLSec", ttl_s)};
    }
    p->in = in;
}

// The server adds its storage to the body of a task that has files, and to no other.
static const struct stage_plan *stage_read(const json_t *j, struct arena *a)
{
    const json_t *at = json_object_get(j, "ondolStorage");
    if (!json_is_object(at))
        return NULL;
    struct stage_plan *p = arena_alloc(a, sizeof *p);
    p->url = text_or(at, "url", "", a);
    p->access_key = text_or(at, "accessKey", "", a);
    p->secret = text_or(at, "secret", "", a);
    p->patience_s = ttl_in(at, "patience", 0);
    buckets_read(j, p, a);
    p->has_out = json_is_string(json_object_get(j, "resultBucket"));
    p->on_cancel = json_is_true(json_object_get(j, "uploadResultsOnCancellation"));
    p->out = (struct stage_out){text_or(j, "resultsBucketPrefix", "", a), filter(j, "resultsWhitelist", a),
                                filter(j, "resultsBlacklist", a)};
    p->snapshot = (struct stage_out){text_or(j, "snapshotBucketPrefix", "", a),
                                     filter(j, "snapshotWhitelist", a), filter(j, "snapshotBlacklist", a)};
    return p;
}

static const struct image_wish *image_read(const json_t *j, struct arena *a)
{
    const json_t *at = json_object_get(j, "ondolImage");
    if (!json_is_object(at))
        return NULL;
    struct image_wish *w = arena_alloc(a, sizeof *w);
    w->digest = text_or(at, "digest", "", a);
    return w;
}

// What the server says of the way to its relay, to those who need one.
static const struct net_plan *net_read(const json_t *j, struct arena *a)
{
    const json_t *at = json_object_get(j, "ondolNetwork");
    if (!json_is_object(at))
        return NULL;
    struct net_plan *p = arena_alloc(a, sizeof *p);
    json_int_t owner = json_integer_value(json_object_get(at, "owner"));
    p->owner = owner > 0 ? (uint64_t)owner : 0;
    p->rules = text_or(at, "rules", NULL, a);
    p->relay = text_or(at, "relay", NULL, a);
    p->identity = text_or(at, "identity", "", a);
    p->key = text_or(at, "key", "", a);
    p->members = text_or(at, "members", NULL, a);
    p->ssh_secret = text_or(at, "sshSecret", NULL, a);
    p->ssh_public = text_or(at, "sshPublic", NULL, a);
    return p;
}

const struct task_body *body_read(const char *json, struct arena *a)
{
    struct task_body *b = arena_alloc(a, sizeof *b);
    json_error_t why;
    json_t *j = json_loads(json, 0, &why);
    if (!json_is_object(j)) {
        b->error = "the task's body is not a JSON object";
    } else {
        b->name = member(j, "name", a);
        b->profile = member(j, "profile", a);
        b->stage = stage_read(j, a);
        b->image = image_read(j, a);
        b->net = net_read(j, a);
        b->error = constants_read(json_object_get(j, "constants"), b, a);
    }
    json_decref(j);
    return b;
}
