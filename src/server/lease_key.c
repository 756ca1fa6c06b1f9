// SPDX-License-Identifier: Apache-2.0
//
// What an attempt may do in the storage. Its key is the number of its lease, its secret is derived from the
// server's own key; both go to the node with the task. Nothing is kept: who holds a lease may read what its
// task names, and when the row of the lease is gone the key opens nothing any more.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "server/inside.h"

static int secret_of(struct runtime *r, const char *access_key, char out[65], struct err *e)
{
    return vault_derive(&r->vault, access_key, out, e);
}

int lease_key_grant(struct runtime *r, uint64_t lease, json_t *body, struct err *e)
{
    char key[64], secret[65];
    snprintf(key, sizeof key, S3_LEASE_KEY "%llu", (unsigned long long)lease);
    int code = secret_of(r, key, secret, e);
    if (code < 0)
        return code;
    json_object_set_new(
        body, "ondolStorage",
        json_pack("{s:s,s:s,s:s}", "url", r->storage_url, "accessKey", key, "secret", secret));
    explicit_bzero(secret, sizeof secret);
    pthread_mutex_lock(&r->staged_lock);
    idmap_set(&r->staged, lease, 1);
    pthread_mutex_unlock(&r->staged_lock);
    return 0;
}

static void grant(struct s3_account *out, struct s3_grant *v, struct arena *a, const char *bucket,
                  const char *prefix)
{
    if (bucket)
        v[out->n_grants++] =
            (struct s3_grant){arena_strdup(a, bucket), arena_strdup(a, prefix ? prefix : "")};
    out->grant = v;
}

// Adds what the body of a task or pool names to what is granted already.
static void grants_of(const char *body, struct arena *a, struct s3_account *out)
{
    json_t *o = json_loads(body ? body : "{}", 0, NULL);
    const json_t *plain = json_object_get(o, "resourceBuckets"),
                 *full = json_object_get(o, "advancedResourceBuckets");
    size_t n = out->n_grants + json_array_size(plain) + json_array_size(full);
    struct s3_grant *v = arena_alloc(a, (n + 1) * sizeof *v);
    for (size_t i = 0; i < out->n_grants; i++)
        v[i] = out->grant[i];
    for (size_t i = 0; i < json_array_size(plain); i++)
        grant(out, v, a, json_string_value(json_array_get(plain, i)), NULL);
    for (size_t i = 0; i < json_array_size(full); i++) {
        const json_t *b = json_array_get(full, i);
        const json_t *only = json_object_get(json_object_get(b, "filtering"), "prefixFiltering");
        grant(out, v, a, json_string_value(json_object_get(b, "bucketName")),
              json_string_value(json_object_get(only, "prefix")));
    }
    json_decref(o);
}

// A task's own and those of its pool; of a pool's node, the pool's. False: it is in the store no more.
static bool grants_read(struct store_reader *reader, uint64_t task, struct arena *a, struct s3_account *out)
{
    struct row_task row = {0};
    struct row_pool pool = {0};
    struct err e = ERR_NULL;
    bool is_task = reader->task_by_id(reader->ctx, task, a, &row, &e) == 0;
    uint64_t of = is_task ? row.pool : task;
    if (of && reader->pool_by_id(reader->ctx, of, a, &pool, &e) != 0)
        return false;
    out->id = is_task ? row.account : pool.account;
    if (is_task)
        grants_of(row.body, a, out);
    if (of)
        grants_of(pool.body, a, out);
    return true;
}

bool lease_key_account(struct runtime *r, const char *access_key, struct arena *a, struct s3_account *out)
{
    char *end;
    const char *digits = access_key + strlen(S3_LEASE_KEY);
    struct store_reader *reader = &r->lease_reader;
    struct err e = ERR_NULL;
    uint64_t task;
    errno = 0;
    out->lease = strtoull(digits, &end, 10);
    if (*digits < '1' || *digits > '9' || *end || errno || secret_of(r, access_key, out->secret, &e) < 0)
        return false;
    if (reader->lease_task(reader->ctx, out->lease, &task, &e) != 0 || !grants_read(reader, task, a, out))
        return false;
    snprintf(out->name, sizeof out->name, "lease %llu", (unsigned long long)out->lease);
    return true;
}
