// SPDX-License-Identifier: Apache-2.0
//
// Objects and parts on their way in: from a body, or from another object.
#include "s3/serve_inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

// ---- by the head

// What of an object is kept with it and given back with it, besides x-amz-meta-*.
static const char *const kept[] = {"content-type", "cache-control", "content-disposition", "content-language",
                                   "expires"};

static bool is_meta(const char *name)
{
    return !strncasecmp(name, "x-amz-meta-", 11);
}

static void line(struct buf *out, const char *name, const char *value)
{
    for (; *name; name++)
        buf_putc(out, *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name);
    buf_putf(out, ": %s\n", value);
}

enum s3_code object_headers(struct ask *c, const char **out, struct err *e)
{
    struct buf b = BUF_INIT(64 * 1024);
    size_t meta = 0;
    for (size_t i = 0; i < c->r.header_n; i++) {
        const char *name = c->r.header[i].name, *value = c->r.header[i].value;
        if (is_meta(name))
            meta += strlen(name) - 11 + strlen(value);
        bool keep = is_meta(name);
        for (size_t k = 0; k < ARRAY_LEN(kept); k++)
            keep |= !strcasecmp(name, kept[k]);
        if (keep && *value)
            line(&b, name, value);
    }
    const char *coding = s3_header_get(&c->r, "Content-Encoding");
    if (coding) {
        char *left = arena_alloc(&c->a, strlen(coding) + 1);
        s3_content_encoding(coding, left);
        if (*left)
            line(&b, "content-encoding", left);
    }
    *out = arena_strdup(&c->a, buf_str(&b));
    buf_deinit(&b);
    return meta > META_BYTES_MAX ? s3_fail(e, S3_METADATA_TOO_LARGE, "%s", "") : S3_OK;
}

static enum s3_code length_of(const struct ask *c, uint64_t *n, struct err *e)
{
    const char *text = s3_header_get(&c->r, "x-amz-decoded-content-length");
    if (!s3_payload_is_chunked(c->claim.payload) || !text)
        text = s3_header_get(&c->r, "Content-Length");
    if (!text)
        return s3_fail(e, S3_MISSING_CONTENT_LENGTH, "%s", "");
    if (!s3_length_read(text, n))
        return s3_fail(e, S3_INVALID_ARGUMENT, "The length is no number.");
    if (*n > OBJECT_BYTES_MAX)
        return s3_fail(e, S3_ENTITY_TOO_LARGE,
                       "%llu bytes are more than %llu, the most in one request (use parts).",
                       (unsigned long long)*n, (unsigned long long)OBJECT_BYTES_MAX);
    return S3_OK;
}

void ask_if_match(struct ask *c)
{
    const char *match = s3_header_get(&c->r, "If-Match");
    if (!match)
        return;
    if (!s3_etag_read(match, c->if_match))
        snprintf(c->if_match, sizeof c->if_match, "%s", match); // * as it is; anything else matches nothing
    c->op.if_match = c->if_match;
}

static enum s3_code conditions(struct ask *c, struct err *e)
{
    const char *none = s3_header_get(&c->r, "If-None-Match");
    if (none && strcmp(none, "*") != 0)
        return s3_fail(e, S3_NOT_IMPLEMENTED, "If-None-Match of a write is * or nothing.");
    c->op.if_absent = none != NULL;
    ask_if_match(c);
    return S3_OK;
}

// What can be known before the body has come; the store judges it again with the write.
static enum s3_code foresee(struct ask *c, uint64_t n, struct err *e)
{
    struct objects *o = c->s->cfg.objects;
    struct objects_info old = {0};
    struct objects_usage used;
    struct err why = ERR_NULL;
    bool part = c->route.op == S3_OP_UPLOAD_PART;
    bool counts = c->owner && c->s->cfg.quota_bytes > 0; // what is staged counts when it is published
    int code = part ? objects_upload(o, c->bucket.id, c->upload_id, ask_key(c), &c->a, NULL, &why) : 0;
    if (code == 1)
        return S3_NO_SUCH_UPLOAD;
    if (!part && !code && (counts || c->op.if_absent))
        code = objects_get(o, c->bucket.id, ask_key(c), &c->a, &old, NULL, &why);
    if (code == 0 && c->op.if_absent && old.content)
        return S3_PRECONDITION_FAILED;
    if (code >= 0 && counts) {
        code = objects_usage(o, c->account.id, &used, &why);
        if (code == 0 && used.bytes + (int64_t)n - (int64_t)old.size > c->s->cfg.quota_bytes)
            return s3_fail(e, S3_QUOTA_EXCEEDED, "%lld of %lld bytes are used; %llu more would be too many.",
                           (long long)used.bytes, (long long)c->s->cfg.quota_bytes, (unsigned long long)n);
    }
    return code < 0 ? store_code(code, &why, e) : S3_OK;
}

enum s3_code put_check(struct ask *c, bool *large, struct err *e)
{
    uint64_t n = 0;
    enum s3_code code = length_of(c, &n, e);
    if (!code)
        code = object_headers(c, &c->op.headers, e);
    if (!code && c->route.op == S3_OP_PUT_OBJECT)
        code = conditions(c, e);
    if (!code)
        code = foresee(c, n, e);
    *large = n > OBJECTS_INLINE_BYTES;
    return code;
}

// ---- into the store

void ask_submit(struct ask *c, enum objects_op_kind kind, void (*done)(struct objects_op *op))
{
    c->op.kind = kind;
    c->op.account = c->owner;
    c->op.bucket = c->bucket.id;
    c->op.key = ask_key(c);
    c->op.upload = c->upload_id;
    c->op.now_ms = c->now_ms;
    c->op.done = done;
    c->op.user = c;
    objects_submit(c->s->cfg.objects, &c->op);
}

static void put_done(struct objects_op *op)
{
    struct ask *c = op->user;
    if (op->code != OBJECTS_OK) {
        ask_fail_store(c, op->code, &op->e);
        return;
    }
    ask_etag(c, c->etag);
    if (c->intake.sum_text[0])
        ask_header(c, s3_sum_header(c->intake.sum_kind), c->intake.sum_text);
    ask_answer(c, 200);
}

void put_received(struct ask *c, enum s3_code code, const struct err *e)
{
    if (code) {
        ask_fail(c, code, e);
        return;
    }
    s3_etag_plain(c->etag, c->intake.got_md5);
    c->op.etag = c->etag;
    c->op.content = &c->content;
    if (c->route.op == S3_OP_UPLOAD_PART) {
        c->op.part = c->route.part_number;
        ask_submit(c, OBJECTS_PUT_PART, put_done);
        return;
    }
    if (c->intake.sum_text[0])
        c->op.headers = arena_printf(&c->a, "%s%s: %s\n", c->op.headers, s3_sum_header(c->intake.sum_kind),
                                     c->intake.sum_text);
    ask_submit(c, OBJECTS_PUT, put_done);
}

void put_small(struct ask *c)
{
    struct objects_writer *w = objects_writer_new(c->s->cfg.objects);
    struct err e = ERR_NULL, text = ERR_NULL;
    enum s3_code code = S3_OK;
    int bad = objects_writer_put(w, buf_str(&c->document), c->document.n, &e);
    if (!bad)
        bad = objects_writer_finish(w, &c->content, &e);
    if (bad)
        code = store_code(bad, &e, &text);
    objects_writer_free(w);
    put_received(c, code, &text);
}

// ---- from another object

static enum s3_code find_source(struct ask *c, struct objects_info *info, struct objects_body **body,
                                struct err *e)
{
    const struct s3_route *r = &c->route;
    struct objects *o = c->s->cfg.objects;
    struct objects_bucket from;
    struct err why = ERR_NULL;
    if (r->source_version_id[0] && strcmp(r->source_version_id, "null") != 0)
        return s3_fail(e, S3_NO_SUCH_VERSION, "%s", "");
    int code = objects_bucket(o, r->source_bucket, &from, &why);
    if (code == 1)
        return s3_fail(e, S3_NO_SUCH_BUCKET, "The bucket %s of the source does not exist.", r->source_bucket);
    if (code == 0 && from.account != c->account.id)
        return S3_ACCESS_DENIED;
    if (code == 0)
        code = objects_get(o, from.id, (struct objects_key){r->source_key, r->source_key_n}, &c->a, info,
                           body, &why);
    if (code < 0)
        return store_code(code, &why, e);
    if (code == 1)
        return s3_fail(e, S3_NO_SUCH_KEY, "The source does not exist.");
    struct s3_conditions asked = s3_copy_conditions_of(&c->r);
    return s3_conditions_check(&asked, info->etag, info->modified_ms, false);
}

static void copy_done(struct objects_op *op)
{
    struct ask *c = op->user;
    if (op->code != OBJECTS_OK) {
        ask_fail_store(c, op->code, &op->e);
        return;
    }
    struct buf xml = BUF_INIT(4096);
    s3_xml_copy(&xml, op->kind == OBJECTS_PUT_PART, c->etag, c->now_ms);
    ask_answer_xml(c, 200, &xml);
}

static bool replaces_headers(const struct ask *c)
{
    const char *directive = s3_header_get(&c->r, "x-amz-metadata-directive");
    return directive && !strcasecmp(directive, "REPLACE");
}

static enum s3_code copy(struct ask *c, struct objects_body **body, struct err *e)
{
    struct objects_info info;
    struct err why = ERR_NULL;
    bool replace = replaces_headers(c);
    bool itself = !strcmp(c->route.source_bucket, c->route.bucket) &&
                  c->route.source_key_n == c->route.key_n &&
                  !memcmp(c->route.source_key, c->route.key, c->route.key_n);
    if (itself && !replace)
        return s3_fail(e, S3_INVALID_REQUEST, "A copy onto itself must replace the metadata.");
    enum s3_code code = find_source(c, &info, body, e);
    if (!code && replace)
        code = object_headers(c, &c->op.headers, e);
    else if (!code)
        c->op.headers = info.headers;
    if (code)
        return code;
    snprintf(c->etag, sizeof c->etag, "%s", info.etag);
    c->op.etag = c->etag;
    c->op.content = &c->content;
    int bad = objects_body_clone(c->s->cfg.objects, *body, &c->content, &why);
    return bad ? store_code(bad, &why, e) : S3_OK;
}

void do_copy(struct ask *c)
{
    struct objects_body *body = NULL;
    struct err e = ERR_NULL;
    enum s3_code code = copy(c, &body, &e);
    objects_body_free(body);
    if (code)
        ask_fail(c, code, &e);
    else
        ask_submit(c, OBJECTS_PUT, copy_done);
}

// The bytes are read, because their MD5 is needed.
static enum s3_code copy_range(struct ask *c, struct objects_body *body, uint64_t at, uint64_t n,
                               struct err *e)
{
    enum { ROOM = 1 << 20 };
    struct objects_writer *w = objects_writer_new(c->s->cfg.objects);
    struct s3_sum md5;
    struct err why = ERR_NULL;
    uint8_t sum[S3_SUM_BYTES_MAX];
    char *room = mem_alloc(ROOM);
    int bad = 0;
    s3_sum_init(&md5, S3_SUM_MD5);
    while (n && !bad) {
        ssize_t k = objects_body_read(body, at, room, n < ROOM ? (size_t)n : ROOM);
        if (k <= 0) {
            bad = err_set(&why, -EIO, "objects: the source of a copy cannot be read");
            break;
        }
        s3_sum_update(&md5, room, (size_t)k);
        bad = objects_writer_put(w, room, (size_t)k, &why);
        at += (uint64_t)k;
        n -= (uint64_t)k;
    }
    if (!bad)
        bad = objects_writer_finish(w, &c->content, &why);
    s3_sum_final(&md5, sum);
    s3_etag_plain(c->etag, sum);
    objects_writer_free(w);
    free(room);
    return bad ? store_code(bad, &why, e) : S3_OK;
}

static enum s3_code part_copy(struct ask *c, struct objects_body **body, struct err *e)
{
    struct objects_info info;
    struct s3_range range = {.whole = true};
    enum s3_code code = find_source(c, &info, body, e);
    const char *text = s3_header_get(&c->r, "x-amz-copy-source-range");
    if (!code && text)
        code = s3_copy_range_read(text, info.size, &range, e);
    uint64_t n = range.whole ? info.size : range.last - range.first + 1;
    if (!code && n > OBJECT_BYTES_MAX)
        code = s3_fail(e, S3_ENTITY_TOO_LARGE, "%s", "");
    c->op.etag = c->etag;
    c->op.content = &c->content;
    c->op.part = c->route.part_number;
    return code ? code : copy_range(c, *body, range.whole ? 0 : range.first, n, e);
}

void do_part_copy(struct ask *c)
{
    struct objects_body *body = NULL;
    struct err e = ERR_NULL;
    enum s3_code code = part_copy(c, &body, &e);
    objects_body_free(body);
    if (code)
        ask_fail(c, code, &e);
    else
        ask_submit(c, OBJECTS_PUT_PART, copy_done);
}
