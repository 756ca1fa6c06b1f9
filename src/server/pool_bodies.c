// SPDX-License-Identifier: Apache-2.0
//
// What a pool gives to what runs on its nodes: profile, constants, secrets and resources, as far as a task
// does not say them itself; and what its nodes run before any task, as the body of a task of its own.
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/inside.h"

static json_t *list_of(json_t *body, const char *name)
{
    json_t *list = json_object_get(body, name);
    if (!json_is_array(list)) {
        list = json_array();
        json_object_set_new(body, name, list);
    }
    return list;
}

static json_t *named(const json_t *list, const char *key)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *k = json_string_value(json_object_get(json_array_get(list, i), "key"));
        if (k && !strcmp(k, key))
            return json_array_get(list, i);
    }
    return NULL;
}

static void put(json_t *constants, const char *key, json_t *value)
{
    json_t *old = named(constants, key);
    if (old)
        json_object_set(old, "value", value);
    else
        json_array_append_new(constants, json_pack("{s:s,s:O}", "key", key, "value", value));
}

// The pool's first, so that the task's own speak last.
static void merge_constants(json_t *task, const json_t *pool)
{
    json_t *own = list_of(task, "constants"), *all = json_array();
    const json_t *const from[] = {json_object_get(pool, "constants"), own};
    for (size_t f = 0; f < 2; f++)
        for (size_t i = 0; i < json_array_size(from[f]); i++) {
            const json_t *c = json_array_get(from[f], i);
            const char *key = json_string_value(json_object_get(c, "key"));
            if (key && json_object_get(c, "value"))
                put(all, key, json_object_get(c, "value"));
        }
    json_object_set_new(task, "constants", all);
}

static void merge_rights(json_t *task, const json_t *pool)
{
    static const char *const lists[] = {"bySecret", "byPrefix"};
    const json_t *theirs = json_object_get(pool, "secretsAccessRights");
    if (!theirs)
        return;
    json_t *own = json_object_get(task, "secretsAccessRights");
    if (!json_is_object(own)) {
        own = json_object();
        json_object_set_new(task, "secretsAccessRights", own);
    }
    for (size_t i = 0; i < 2; i++)
        json_array_extend(list_of(own, lists[i]), json_object_get(theirs, lists[i]));
}

// The pool's first, so that the task's own speak last.
static void merge_forced(json_t *task, const json_t *pool)
{
    static const char *const lists[] = {"forcedConstants", "forcedNetworkRules"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        json_t *all = json_array();
        json_array_extend(all, json_object_get(pool, lists[i]));
        json_array_extend(all, json_object_get(task, lists[i]));
        if (i == 0 || json_array_size(all))
            json_object_set(task, lists[i], all);
        json_decref(all);
    }
}

// In one form: buckets of the first list, then those of the other.
static void take_buckets(json_t *all, const json_t *from)
{
    const json_t *plain = json_object_get(from, "resourceBuckets");
    for (size_t i = 0; i < json_array_size(plain); i++)
        json_array_append_new(all, json_pack("{s:O}", "bucketName", json_array_get(plain, i)));
    json_array_extend(all, json_object_get(from, "advancedResourceBuckets"));
}

// The pool's come first, so that of two files for one path the task's own counts.
static void merge_buckets(json_t *task, const json_t *pool)
{
    json_t *all = json_array();
    take_buckets(all, pool);
    if (json_array_size(all)) {
        take_buckets(all, task);
        json_object_del(task, "resourceBuckets");
        json_object_set(task, "advancedResourceBuckets", all);
    }
    json_decref(all);
}

// What the pool's nodes may, its tasks may too.
static void merge_privileges(json_t *task, const json_t *pool)
{
    if (credentials_wanted(pool))
        json_object_set(task, "privileges", json_object_get(pool, "privileges"));
}

static int give(json_t *body, struct arena *a, const char **out)
{
    char *text = json_dumps(body, JSON_COMPACT);
    *out = arena_strdup(a, text);
    free(text);
    return 0;
}

int body_in_pool(const struct row_pool *pool, const char *task, struct arena *a, const char **out,
                 struct err *e)
{
    json_t *body = json_loads(task ? task : "{}", 0, NULL), *from = json_loads(pool->body, 0, NULL);
    int r = body && from ? 0 : err_set(e, -EBADMSG, "store: the body of a task or its pool is not JSON");
    if (r == 0) {
        if (!json_object_get(body, "profile"))
            json_object_set_new(body, "profile", json_string(pool->profile));
        merge_constants(body, from);
        merge_rights(body, from);
        merge_buckets(body, from);
        merge_forced(body, from);
        merge_privileges(body, from);
        give(body, a, out);
    }
    json_decref(body);
    json_decref(from);
    return r;
}

static const char *constant(const json_t *body, const char *key)
{
    const char *v =
        json_string_value(json_object_get(named(json_object_get(body, "constants"), key), "value"));
    return v ? v : "";
}

// The preparation; or the command of the constants, which is the older way to name one and needs both.
static const char *preparation_of(const json_t *pool)
{
    const char *command =
        json_string_value(json_object_get(json_object_get(pool, "preparationTask"), "commandLine"));
    if (command && *command)
        return command;
    bool runs = strcasecmp(constant(pool, "RUN_USER_POOL_PREPARATION_CMD"), "true") == 0;
    return runs ? constant(pool, "USER_POOL_PREPARATION_CMD") : "";
}

int body_of_node(const struct row_pool *pool, struct arena *a, const char **out, struct err *e)
{
    json_t *from = json_loads(pool->body, 0, NULL);
    *out = NULL;
    if (!from)
        return err_set(e, -EBADMSG, "store: the body of pool %s is not JSON", pool->uuid);
    const char *command = preparation_of(from);
    if (*command) {
        json_t *body = json_pack("{s:s,s:s}", "name", "preparation", "profile", pool->profile);
        merge_constants(body, from);
        merge_rights(body, from);
        merge_buckets(body, from);
        merge_forced(body, from);
        merge_privileges(body, from);
        json_t *text = json_string(command);
        put(json_object_get(body, "constants"), "DOCKER_CMD", text);
        json_array_append_new(json_object_get(body, "forcedConstants"), // the last one stands
                              json_pack("{s:s,s:O}", "constantName", "DOCKER_CMD", "forcedValue", text));
        json_decref(text);
        give(body, a, out);
        json_decref(body);
    }
    json_decref(from);
    return 0;
}
