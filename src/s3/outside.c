// SPDX-License-Identifier: Apache-2.0
#include "s3/outside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "s3/names.h"
#include "s3/query.h"

#define ACCOUNT   "{account}"
#define HEADERS   8
#define PATH_SIZE 8192

static int wrong(struct err *e, const char *option, const char *value, const char *why)
{
    return err_set(e, -EINVAL, "%s: \"%.100s\": %s", option, value ? value : "", why);
}

static bool is_url(const char *s)
{
    const char *host = !s                           ? NULL
                       : !strncmp(s, "https://", 8) ? s + 8
                       : !strncmp(s, "http://", 7)  ? s + 7
                                                    : NULL;
    return host && *host && !host[strcspn(host, "/?#@ \t")];
}

// An account's number must end where it ends: else those of account 1 could be taken for those of account 11.
static int check_prefix(const char *prefix, struct err *e)
{
    const char *at = prefix ? strstr(prefix, ACCOUNT) : NULL, *after = at ? at + strlen(ACCOUNT) : "";
    if (!at || strstr(after, ACCOUNT))
        return wrong(e, "objects-prefix", prefix,
                     "needs {account} once, so that accounts have buckets of their own");
    if (!*after || strchr("0123456789", *after))
        return wrong(e, "objects-prefix", prefix, "needs a character that is no digit after {account}");
    if (strlen(prefix) > 40 || strspn(after, "abcdefghijklmnopqrstuvwxyz0123456789.-:") != strlen(after) ||
        strspn(prefix, "abcdefghijklmnopqrstuvwxyz0123456789.-") != (size_t)(at - prefix))
        return wrong(e, "objects-prefix", prefix, "may have at most 40 of a-z 0-9 . - (and : at its end)");
    return 0;
}

// Whether `name` could be a bucket of some account.
static bool is_an_accounts(const char *prefix, const char *name)
{
    size_t n = strcspn(prefix, "{");
    return !strncmp(name, prefix, n) && name[n] >= '0' && name[n] <= '9';
}

static int check_acl(const char *acl, struct err *e)
{
    static const char *const canned[] = {"private",           "public-read",
                                         "public-read-write", "authenticated-read",
                                         "bucket-owner-read", "bucket-owner-full-control"};
    for (size_t i = 0; acl && i < ARRAY_LEN(canned); i++)
        if (!strcmp(acl, canned[i]))
            return 0;
    return acl ? wrong(e, "objects-acl", acl,
                       "is none of the canned ones of S3, such as bucket-owner-full-control")
               : 0;
}

int s3_outside_check(const struct s3_outside *o, struct err *e)
{
    struct err why = ERR_NULL;
    if (!is_url(o->url))
        return wrong(e, "objects", o->url, "is no http:// or https:// address of a host and port");
    if (!o->access_key || !*o->access_key || strlen(o->access_key) >= S3_ACCESS_KEY_BYTES)
        return wrong(e, "objects-key", o->access_key, "is no access key of 1 to 255 characters");
    if (!o->secret || !*o->secret || strlen(o->secret) > S3_SECRET_BYTES_MAX)
        return err_set(e, -EINVAL, "objects-secret-file: holds no secret of 1 to %d characters",
                       S3_SECRET_BYTES_MAX);
    if (!o->region || !*o->region || strlen(o->region) >= S3_REGION_BYTES)
        return wrong(e, "objects-region", o->region, "is no region of 1 to 63 characters");
    int code = check_prefix(o->prefix, e);
    if (!code && s3_bucket_check(o->staging ? o->staging : "", &why) != S3_OK)
        code = wrong(e, "objects-staging", o->staging, "is no name of a bucket");
    if (!code)
        code = check_acl(o->acl, e);
    if (!code && is_an_accounts(o->prefix, o->staging))
        code =
            wrong(e, "objects-staging", o->staging, "could be the bucket of an account, by objects-prefix");
    return code;
}

bool s3_outside_bucket(const struct s3_outside *o, uint64_t account, const char *name,
                       char out[S3_OUTSIDE_BUCKET_BYTES])
{
    char prefix[80];
    size_t before = strcspn(o->prefix, "{");
    const char *after = o->prefix + before + strlen(ACCOUNT);
    snprintf(prefix, sizeof prefix, "%.*s%" PRIu64 "%s", (int)before, o->prefix, account, after);
    bool whole = !strncmp(name, prefix, strlen(prefix)) && name[strlen(prefix)];
    int n = snprintf(out, S3_OUTSIDE_BUCKET_BYTES, "%s%s", whole ? "" : prefix, name);
    if (n <= 0 || n >= S3_OUTSIDE_BUCKET_BYTES || !*name)
        return false;
    struct err e = ERR_NULL;
    const char *bucket = strchr(out, ':');
    return s3_bucket_check(bucket ? bucket + 1 : out, &e) == S3_OK;
}

static void put_path(const struct s3_outside *o, const struct s3_outside_ask *ask, struct buf *path)
{
    if (!o->virtual_host) {
        buf_putc(path, '/');
        s3_encode(path, ask->bucket, strlen(ask->bucket), false);
    }
    if (!ask->key && o->virtual_host)
        buf_putc(path, '/');
    if (ask->key) {
        buf_putc(path, '/');
        s3_encode(path, ask->key, ask->key_n, true);
    }
}

enum s3_code s3_outside_url(const struct s3_outside *o, const struct s3_outside_ask *ask, wall_ms now,
                            struct buf *out, struct err *e)
{
    char host[400];
    struct s3_header header[HEADERS + 1];
    const char *at = strstr(o->url, "://") + 3;
    struct buf path = BUF_INIT(PATH_SIZE), query = BUF_INIT(S3_OUTSIDE_URL_BYTES);
    if (ask->header_n > HEADERS)
        return s3_fail(e, S3_INVALID_ARGUMENT, "More than %d headers cannot be signed.", HEADERS);
    snprintf(host, sizeof host, "%s%s%s", o->virtual_host ? ask->bucket : "", o->virtual_host ? "." : "", at);
    header[0] = (struct s3_header){"Host", host};
    for (size_t i = 0; i < ask->header_n; i++)
        header[i + 1] = ask->header[i];
    put_path(o, ask, &path);
    struct s3_request r = {.method = ask->method,
                           .path = buf_str(&path),
                           .query = ask->query ? ask->query : "",
                           .header = header,
                           .header_n = ask->header_n + 1,
                           .now = now};
    enum s3_code code = path.failed ? s3_fail(e, S3_KEY_TOO_LONG, "%s", "")
                                    : s3_presign(&(struct s3_signer){o->access_key, o->secret, o->region}, &r,
                                                 ask->lives_s, &query, e);
    if (!code)
        buf_putf(out, "%.*s%s%s?%s", (int)(at - o->url), o->url, host, buf_str(&path), buf_str(&query));
    buf_deinit(&path);
    buf_deinit(&query);
    return code;
}
