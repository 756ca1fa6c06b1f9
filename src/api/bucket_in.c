// SPDX-License-Identifier: Apache-2.0
#include "api/bucket_in.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/json_in.h"
#include "base/hash.h"
#include "base/mem.h"

#define BUCKET_CHARS 63

struct wanted {
    const struct api_backend *be;
    const struct account_view *who;
    struct err *e; // of what is read now
    struct invalid *bad;
    struct err refused; // the first refusal
};

static int refused(const struct wanted *w, const char *name)
{
    err_set(w->e, -ENOENT, "No such bucket: %.200s", name);
    return 404;
}

// One that must be there. Somebody else's is as good as none.
static int look(const struct wanted *w, const char *name)
{
    struct err e = ERR_NULL;
    if (!w->be->bucket)
        return refused(w, name);
    int r = w->be->bucket(w->be->ctx, w->who->id, name, false, &e);
    if (r < 0) {
        err_set(w->e, r, "%.250s", e.text);
        return 503;
    }
    return r ? refused(w, name) : 0;
}

// {} and null are "no filter"; one client spells the transform without its plural.
static bool prefix_of(const json_t *o, const char *outer, const char *other, const char *inner,
                      const char **out, struct err *e)
{
    const json_t *group = in_get(o, outer);
    if (!group && other)
        group = in_get(o, other);
    *out = NULL;
    if (group && !json_is_object(group))
        return err_set(e, -EINVAL, "%s: must be an object", outer), false;
    const json_t *part = in_get(group, inner);
    if (part && !json_is_object(part))
        return err_set(e, -EINVAL, "%s.%s: must be an object", outer, inner), false;
    if (part && !in_string(part, "prefix", API_PREFIX_CHARS, out, e))
        return err_prefix(e, "%s.%s", outer, inner), false;
    if (*out && !**out)
        *out = NULL;
    return true;
}

// Without a prefix the whole object is null: the Python client takes a member that is null for one with a
// prefix.
static json_t *wrapped(const char *name, const char *prefix)
{
    return prefix ? json_pack("{s:{s:s}}", name, "prefix", prefix) : json_null();
}

static int advanced_one(const struct wanted *w, const json_t *in, size_t i, json_t *list)
{
    const char *name = NULL, *prefix = NULL, *strip = NULL;
    int64_t ttl = -1;
    if (!json_is_object(in)) {
        err_set(w->e, -EINVAL, "advancedResourceBuckets[%zu]: must be an object", i);
        return 400;
    }
    if (!in_string(in, "bucketName", API_NAME_CHARS, &name, w->e) ||
        !prefix_of(in, "filtering", NULL, "prefixFiltering", &prefix, w->e) ||
        !prefix_of(in, "resourcesTransformation", "resourceTransformation", "stripPrefix", &strip, w->e) ||
        !in_int(in, "cacheTTLSec", 0, INT32_MAX, &ttl, w->e)) {
        err_prefix(w->e, "advancedResourceBuckets[%zu]", i);
        return 400;
    }
    if (!name || !*name) {
        err_set(w->e, -EINVAL, "advancedResourceBuckets[%zu].bucketName: is required", i);
        return 400;
    }
    int code = look(w, name);
    if (!code)
        json_array_append_new(list, json_pack("{s:s,s:o,s:o,s:o}", "bucketName", name, "filtering",
                                              wrapped("prefixFiltering", prefix), "resourcesTransformation",
                                              wrapped("stripPrefix", strip), "cacheTTLSec",
                                              ttl >= 0 ? json_integer(ttl) : json_null()));
    return code;
}

static int plain_one(const struct wanted *w, const json_t *in, size_t i, json_t *list)
{
    const char *name = json_string_value(in);
    if (!name || !*name) {
        err_set(w->e, -EINVAL, "resourceBuckets[%zu]: must be the name of a bucket", i);
        return 400;
    }
    int code = look(w, name);
    if (!code)
        json_array_append_new(list, json_string(name));
    return code;
}

// Notes what is wrong (400) in `bad`; of refusals the first counts and stays in w->e.
static int note(struct wanted *w, struct invalid_list *l, int code, int first)
{
    if (code == 400)
        invalid_item(l, false, w->e);
    else if (code && !first)
        w->refused = *w->e;
    *w->e = ERR_NULL;
    return first || code == 400 ? first : code;
}

static int list_in(struct wanted *w, const json_t *given, const char *field, json_t *body,
                   int (*one)(const struct wanted *w, const json_t *in, size_t i, json_t *list))
{
    json_t *list = json_array();
    struct invalid_list l = {.in = w->bad, .list = field};
    int code = 0;
    json_object_set_new(body, field, list);
    if (json_is_string(given) && one == plain_one) // one client sends the name alone; an empty one is none
        return *json_string_value(given) ? note(w, &l, one(w, given, 0, list), 0) : 0;
    if (given && !json_is_array(given))
        err_set(w->e, -EINVAL, "%s: must be a list", field);
    else if (json_array_size(given) > API_BUCKETS)
        err_set(w->e, -E2BIG, "%s: more than %d", field, API_BUCKETS);
    if (w->e->code)
        return note(w, &l, 400, 0);
    for (size_t i = 0; i < json_array_size(given); i++)
        code = note(w, &l, one(w, json_array_get(given, i), i, list), code);
    invalid_list_end(&l);
    return code;
}

// S3's own rule in short: what is no name of a bucket cannot be made.
static bool is_bucket_name(const char *s)
{
    size_t n = strlen(s);
    bool good = n >= 3 && n <= BUCKET_CHARS && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") == n;
    return good && *s != '.' && *s != '-' && s[n - 1] != '.' && s[n - 1] != '-' && !strstr(s, "..");
}

static int target_in(const struct wanted *w, const json_t *in, const char *field, const char *alias,
                     json_t *body)
{
    const char *name = NULL;
    if (!in_string(in, field, API_NAME_CHARS, &name, w->e))
        return 400;
    if ((!name || !*name) && alias && !in_string(in, alias, API_NAME_CHARS, &name, w->e))
        return 400;
    bool named = name && *name;
    if (named && !w->be->bucket)
        return refused(w, name);
    if (named && !is_bucket_name(name)) {
        err_set(
            w->e, -ENOENT,
            "No such bucket: %.200s, and none can be made: a bucket's name has 3 to %d characters of a-z, "
            "0-9, \".\" and \"-\", and begins and ends with a letter or digit",
            name, BUCKET_CHARS);
        return 404;
    }
    json_object_set_new(body, field, named ? json_string(name) : NULL);
    return 0;
}

static int resources_in(struct wanted *w, const json_t *in, json_t *body)
{
    const json_t *plain = in_get(in, "resourceBuckets"), *full = in_get(in, "advancedResourceBuckets");
    struct invalid_list l = {.in = w->bad, .list = "resourceBuckets"};
    if (json_array_size(plain) && json_array_size(full)) {
        err_set(w->e, -EINVAL, "resourceBuckets: give either resourceBuckets or advancedResourceBuckets");
        return note(w, &l, 400, 0);
    }
    int code = list_in(w, plain, "resourceBuckets", body, plain_one);
    int next = list_in(w, full, "advancedResourceBuckets", body, advanced_one);
    return code ? code : next;
}

int buckets_in(const json_t *in, json_t *body, const struct api_backend *be, const struct account_view *who,
               struct invalid *bad, struct err *e)
{
    struct wanted w = {.be = be, .who = who, .e = e, .bad = bad};
    struct invalid_list l = {.in = bad, .list = "resultBucket"};
    int code = resources_in(&w, in, body);
    code = note(&w, &l, target_in(&w, in, "resultBucket", "resultsBucket", body), code);
    code = note(&w, &l, target_in(&w, in, "snapshotBucket", NULL, body), code);
    *e = w.refused;
    return code;
}

int buckets_of_pool(const json_t *in, json_t *body, const struct api_backend *be,
                    const struct account_view *who, struct invalid *bad, struct err *e)
{
    struct wanted w = {.be = be, .who = who, .e = e, .bad = bad};
    int code = resources_in(&w, in, body);
    *e = w.refused;
    return code;
}

static void add_data(struct place *p, struct place_data d)
{
    int at = p->n_data < PLACE_DATA_MAX ? p->n_data++ : PLACE_DATA_MAX;
    for (; at > 0 && p->data[at - 1].bytes < d.bytes; at--)
        if (at < PLACE_DATA_MAX)
            p->data[at] = p->data[at - 1];
    if (at < PLACE_DATA_MAX)
        p->data[at] = d;
}

void buckets_as_data(const json_t *body, const struct api_backend *be, const struct account_view *who,
                     struct place *p)
{
    static const char *const fields[] = {"resourceBuckets", "advancedResourceBuckets"};
    for (size_t f = 0; f < ARRAY_LEN(fields) && be->bucket_bytes; f++) {
        size_t i;
        const json_t *one;
        json_array_foreach(json_object_get(body, fields[f]), i, one)
        {
            const json_t *name = json_is_string(one) ? one : json_object_get(one, "bucketName");
            const json_t *ttl = json_object_get(one, "cacheTTLSec");
            const char *prefix = json_string_value(json_object_get(
                json_object_get(json_object_get(one, "filtering"), "prefixFiltering"), "prefix"));
            int64_t bytes = be->bucket_bytes(be->ctx, who->id, json_string_value(name));
            if (bytes <= 0 || (json_is_integer(ttl) && json_integer_value(ttl) == 0))
                continue;
            uint64_t key = hash_bytes(hash_i64(HASH_SEED, (int64_t)who->id), json_string_value(name),
                                      json_string_length(name) + 1);
            key = hash_mix(prefix ? hash_bytes(key, prefix, strlen(prefix)) : key);
            add_data(p,
                     (struct place_data){key ? key : 1, bytes < PLACE_BYTES_MAX ? bytes : PLACE_BYTES_MAX});
        }
    }
}

bool buckets_to_make(const char *body)
{
    return strstr(body, "\"resultBucket\"") || strstr(body, "\"snapshotBucket\"");
}

int buckets_make(const char *text, const struct api_backend *be, const struct account_view *who,
                 struct bucket_made *made, struct err *e)
{
    static const char *const fields[] = {"resultBucket", "snapshotBucket"};
    json_t *body = json_loads(text, 0, NULL);
    int code = 0;
    for (size_t i = 0; i < ARRAY_LEN(fields) && !code; i++) {
        const char *name = json_string_value(json_object_get(body, fields[i]));
        struct err why = ERR_NULL;
        if (!name || strcmp(name, made->name) == 0)
            continue;
        int r = be->bucket(be->ctx, who->id, name, true, &why);
        if (r == 0)
            snprintf(made->name, sizeof made->name, "%s", name);
        if (r < 0)
            err_set(e, r, "%.250s", why.text), code = r == -EDQUOT ? 403 : 503;
        else if (r > 0)
            err_set(e, -ENOENT, "No such bucket: %.200s", name), code = 404;
    }
    json_decref(body);
    return code;
}
