// SPDX-License-Identifier: Apache-2.0
//
// What is judged by the head alone, before the body is asked for: who asks, whether they may, and for large
// bodies whether there will be room.
#include "s3/serve_inside.h"

#include <string.h>

#include "base/mem.h"
#include "s3/query.h"

static void read_request(struct ask *c)
{
    struct http_request *q = c->request;
    const char *target = http_raw_target(q);
    size_t path_n = strcspn(target, "?"), n = 0;
    const char *name, *value;
    while (http_header_at(q, n, &name, &value))
        n++;
    struct s3_header *h = arena_alloc(&c->a, (n + 1) * sizeof *h);
    for (size_t i = 0; i < n; i++)
        if (http_header_at(q, i, &name, &value))
            h[i] = (struct s3_header){name, value};
    c->r = (struct s3_request){.method = http_method(q),
                               .path = arena_strndup(&c->a, target, path_n),
                               .query = target[path_n] ? target + path_n + 1 : "",
                               .header = h,
                               .header_n = n,
                               .now = WALL_MS(c->now_ms)};
}

static enum s3_code who(struct ask *c, struct err *e)
{
    const char *host = http_header(c->request, "Host");
    enum s3_code code = host ? s3_virtual_bucket(host, c->s->base_host, c->virtual_bucket, e) : S3_OK;
    if (!code)
        code = s3_claim_read(&c->r, c->virtual_bucket[0] ? c->virtual_bucket : NULL, &c->claim, e);
    if (code)
        return code;
    if (c->claim.kind == S3_ANONYMOUS)
        return s3_fail(e, S3_ACCESS_DENIED, "%s", "");
    if (!c->s->cfg.account(c->s->cfg.ctx, c->claim.access_key, 0, &c->a, &c->account))
        return s3_fail(e, S3_INVALID_ACCESS_KEY_ID, "%s", "");
    size_t nth = 0;
    do {
        code = s3_claim_verify(&c->r, &c->claim, c->account.secret, &c->key, e);
    } while (code == S3_SIGNATURE_DOES_NOT_MATCH &&
             c->s->cfg.account(c->s->cfg.ctx, c->claim.access_key, ++nth, &c->a, &c->account));
    memset(c->account.secret, 0, sizeof c->account.secret);
    return code;
}

// After the signature, which covers them where they stand: from here on they are headers.
static enum s3_code adopt_metadata(struct ask *c, struct err *e)
{
    struct s3_query q;
    enum s3_code code = s3_query_read(c->r.query, &q, e);
    struct s3_header *h = arena_alloc(&c->a, (c->r.header_n + q.n + 1) * sizeof *h);
    size_t n = c->r.header_n;
    if (n)
        memcpy(h, c->r.header, n * sizeof *h);
    if (!code)
        code = s3_moved_metadata(&c->r, &q, h, &n, e);
    for (size_t i = c->r.header_n; i < n; i++)
        h[i] = (struct s3_header){arena_strdup(&c->a, h[i].name), arena_strdup(&c->a, h[i].value)};
    s3_query_deinit(&q);
    c->r.header = h;
    c->r.header_n = n;
    return code;
}

// A bucket of somebody else is there, and closed.
static enum s3_code find_bucket(struct ask *c, struct err *e)
{
    struct err why = ERR_NULL;
    if (c->route.op == S3_OP_LIST_BUCKETS || c->route.op == S3_OP_CREATE_BUCKET)
        return S3_OK;
    int code = objects_bucket(c->s->cfg.objects, c->route.bucket, &c->bucket, &why);
    if (code < 0)
        return store_code(code, &why, e);
    if (code == 1)
        return S3_NO_SUCH_BUCKET;
    return c->bucket.account == c->owner ? S3_OK : S3_ACCESS_DENIED;
}

static enum s3_code versions(const struct ask *c, struct err *e)
{
    const char *v = c->route.version_id;
    if (*v && strcmp(v, "null") != 0)
        return s3_fail(e, S3_NO_SUCH_VERSION, "%s", "");
    return S3_OK;
}

enum s3_code ask_admit(struct ask *c, bool *large, struct err *e)
{
    *large = false;
    read_request(c);
    enum s3_code code = who(c, e);
    if (!code)
        code = s3_route_read(&c->r, c->virtual_bucket, &c->route, e);
    c->owner = c->account.id;
    if (!code && c->account.lease)
        code = lease_admit(c, e);
    if (c->s->cfg.outside)
        return code;
    if (!code && (c->claim.kind == S3_V4_QUERY || c->claim.kind == S3_V2_QUERY))
        code = adopt_metadata(c, e);
    if (!code)
        code = versions(c, e);
    if (!code)
        code = find_bucket(c, e);
    if (!code && c->route.upload_id[0] && !upload_id_read(c->route.upload_id, &c->upload_id))
        code = S3_NO_SUCH_UPLOAD;
    if (!code && (c->route.op == S3_OP_PUT_OBJECT || c->route.op == S3_OP_UPLOAD_PART))
        code = put_check(c, large, e);
    if (!code)
        code = intake_start(&c->intake, c, e);
    return code;
}
