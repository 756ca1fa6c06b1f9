// SPDX-License-Identifier: Apache-2.0
//
// Buckets: the object store and its S3 endpoint, beside the API in the same process. The engine knows nothing
// of them.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "objects/objects.h"
#include "s3/names.h"
#include "s3/serve.h"
#include "server/inside.h"
#include "store/sqlite.h"

#define UPLOAD_KEEP_MS ((int64_t)7 * 24 * 3600 * 1000)
#define PART_BYTES_MIN ((uint64_t)5 << 20)

static bool account_of_key(void *ctx, const char *access_key, size_t nth, struct arena *a,
                           struct s3_account *out)
{
    struct account_view who;
    *out = (struct s3_account){0};
    if (!strncmp(access_key, S3_LEASE_KEY, strlen(S3_LEASE_KEY)))
        return nth == 0 && lease_key_account(ctx, access_key, a, out);
    if (((struct runtime *)ctx)->outside)
        return false; // customers have nothing to ask here
    if (!accounts_secret(ctx, access_key, nth, &who, out->secret, sizeof out->secret))
        return false;
    out->id = who.id;
    snprintf(out->name, sizeof out->name, "%s", who.email);
    return true;
}

static char *address(const struct runtime_config *cfg, int port)
{
    char url[256];
    if (cfg->s3_url)
        return mem_strdup(cfg->s3_url);
    listen_url(url, sizeof url, cfg->s3_listen, port, cfg->tls_cert_file != NULL);
    return mem_strdup(url);
}

static int lease_is_there(void *ctx, uint64_t lease)
{
    struct runtime *r = ctx;
    struct err e = ERR_NULL;
    uint64_t task;
    return r->sweep_reader.lease_task(r->sweep_reader.ctx, lease, &task, &e);
}

static int open_own(struct runtime *r, const struct runtime_config *cfg, struct err *e)
{
    char dir[4096];
    snprintf(dir, sizeof dir, "%s/objects", r->data_dir);
    struct objects_config store = {.dir = cfg->s3_dir ? cfg->s3_dir : dir,
                                   .quota_bytes = cfg->s3_quota_bytes,
                                   .quota_buckets = cfg->s3_quota_buckets,
                                   .part_bytes_min = PART_BYTES_MIN,
                                   .upload_keep_ms = UPLOAD_KEEP_MS};
    return objects_open(&r->objects, &store, e);
}

static int open_outside(struct runtime *r, const struct runtime_config *cfg, struct err *e)
{
    struct outside_config outside = {.at = cfg->outside,
                                     .ca_file = cfg->outside_ca_file,
                                     .patience_ms = cfg->outside_patience_ms,
                                     .published = publish_told,
                                     .lease_is_there = lease_is_there,
                                     .ctx = r};
    int code = store_sqlite_reader(&r->sweep_reader, r->data_dir, e);
    return code < 0 ? code : outside_start(&r->outside, &outside, e);
}

int storage_start(struct runtime *r, const struct runtime_config *cfg, struct err *e)
{
    if (!cfg->s3_listen && cfg->outside.url)
        return err_set(e, -EINVAL, "objects: needs s3-listen too, where nodes ask for their files");
    if (!cfg->s3_listen)
        return 0;
    int code = cfg->outside.url ? open_outside(r, cfg, e) : open_own(r, cfg, e);
    if (code < 0 || (code = store_sqlite_reader(&r->lease_reader, r->data_dir, e)) < 0)
        return code;
    struct s3_serve_config serve = {.objects = r->objects,
                                    .outside = r->outside ? outside_at(r->outside) : NULL,
                                    .quota_bytes = cfg->s3_quota_bytes,
                                    .listen = cfg->s3_listen,
                                    .limits = {.connections = cfg->limits.connections,
                                               .connections_per_address = cfg->limits.connections_per_address,
                                               .idle_timeout_s = cfg->limits.idle_timeout_s},
                                    .tls_cert_file = cfg->tls_cert_file,
                                    .tls_key_file = cfg->tls_key_file,
                                    .base_host = cfg->s3_host,
                                    .account = account_of_key,
                                    .ctx = r};
    code = s3_serve_start(&r->s3, &serve, e);
    if (code < 0)
        return err_prefix(e, "storage");
    r->door_url = address(cfg, s3_serve_port(r->s3));
    r->storage_url = mem_strdup(r->outside ? cfg->outside.url : r->door_url);
    publish_again(r);
    return r->outside ? 0 : publish_sweep(r, e);
}

bool storage_usage(void *ctx, uint64_t account, struct storage_view *out)
{
    struct runtime *r = ctx;
    struct objects_usage used;
    struct err e;
    if (!r->objects || objects_usage(r->objects, account, &used, &e) < 0)
        return false;
    *out = (struct storage_view){.buckets = used.buckets,
                                 .bytes = used.bytes,
                                 .buckets_max = r->cfg.s3_quota_buckets,
                                 .bytes_max = r->cfg.s3_quota_bytes};
    return true;
}

int64_t storage_bucket_bytes(void *ctx, uint64_t account, const char *name)
{
    struct runtime *r = ctx;
    struct objects_bucket b;
    struct err e;
    if (objects_bucket(r->objects, name, &b, &e) != 0 || b.account != account)
        return -1;
    return b.bytes < INT64_MAX ? (int64_t)b.bytes : INT64_MAX;
}

int storage_bucket(void *ctx, uint64_t account, const char *name, bool make, struct err *e)
{
    struct runtime *r = ctx;
    struct objects_bucket b;
    if (r->outside)
        return outside_bucket(r->outside, account, name, make, e);
    int code = objects_bucket(r->objects, name, &b, e);
    if (code <= 0)
        return code < 0 ? code : b.account != account;
    if (!make || s3_bucket_check(name, e) != S3_OK)
        return 1;
    struct objects_op op = {
        .kind = OBJECTS_CREATE_BUCKET, .account = account, .name = name, .now_ms = real_now_ms()};
    code = objects_do(r->objects, &op);
    if (code == OBJECTS_TOO_MANY_BUCKETS)
        return err_set(e, -EDQUOT, "Maximum number of buckets reached (%lld)",
                       (long long)r->cfg.s3_quota_buckets);
    if (code < 0)
        return err_set(e, code, "%.250s", op.e.text);
    return code != OBJECTS_OK && code != OBJECTS_OURS_ALREADY;
}

void storage_stop(struct runtime *r)
{
    s3_serve_stop(r->s3);
    r->s3 = NULL;
}

void storage_close(struct runtime *r)
{
    objects_close(r->objects);
    outside_stop(r->outside);
    r->outside = NULL;
    if (r->sweep_reader.free)
        r->sweep_reader.free(r->sweep_reader.ctx);
    r->sweep_reader = (struct store_reader){0};
    if (r->lease_reader.free)
        r->lease_reader.free(r->lease_reader.ctx);
    r->lease_reader = (struct store_reader){0};
    r->objects = NULL;
}
