// SPDX-License-Identifier: Apache-2.0
//
// Buckets, what is in them, and taking things out.
#include "s3/serve_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/base64.h"

// 1,000 keys of 1,024 bytes, each byte a control character or percent-encoded, and what stands around them.
#define DOCUMENT_BYTES ((size_t)16 << 20)

void do_buckets(struct ask *c)
{
    struct objects_bucket *b;
    struct err e = ERR_NULL;
    size_t n;
    int code = objects_buckets(c->s->cfg.objects, c->account.id, &c->a, &b, &n, &e);
    if (code) {
        ask_fail_store(c, code, &e);
        return;
    }
    struct s3_bucket_entry *v = arena_alloc(&c->a, (n + 1) * sizeof *v);
    for (size_t i = 0; i < n; i++)
        v[i] = (struct s3_bucket_entry){b[i].name, b[i].created_ms};
    struct s3_owner owner = ask_owner(c);
    struct buf xml = BUF_INIT(DOCUMENT_BYTES);
    s3_xml_buckets(&xml, &owner, v, n);
    ask_answer_xml(c, 200, &xml);
}

static void bucket_made(struct objects_op *op)
{
    struct ask *c = op->user;
    if (op->code != OBJECTS_OK && op->code != OBJECTS_OURS_ALREADY) {
        ask_fail_store(c, op->code, &op->e);
        return;
    }
    ask_headerf(c, "Location", "/%s", c->route.bucket);
    ask_answer(c, 200);
}

void do_create_bucket(struct ask *c)
{
    char place[S3_REGION_BYTES];
    struct err e = ERR_NULL;
    enum s3_code code = s3_xml_read_create_bucket(buf_str(&c->document), c->document.n, place, &e);
    if (code) {
        ask_fail(c, code, &e);
        return;
    }
    c->op.name = c->route.bucket;
    ask_submit(c, OBJECTS_CREATE_BUCKET, bucket_made);
}

void do_bucket_facts(struct ask *c)
{
    struct s3_owner owner = ask_owner(c);
    struct buf xml = BUF_INIT(8192);
    switch (c->route.op) {
    case S3_OP_GET_BUCKET_ACL:
        s3_xml_acl(&xml, &owner);
        break;
    case S3_OP_GET_BUCKET_LOCATION:
        s3_xml_location(&xml, "");
        break;
    case S3_OP_GET_BUCKET_VERSIONING:
        s3_xml_versioning(&xml);
        break;
    case S3_OP_GET_BUCKET_ABSENT:
        ask_fail(c, c->route.absent, NULL);
        return;
    default: // two numbers that a client reads here
        ask_headerf(c, "X-RGW-Object-Count", "%" PRIu64, c->bucket.objects);
        ask_headerf(c, "X-RGW-Bytes-Used", "%" PRIu64, c->bucket.bytes);
        ask_header(c, "x-amz-bucket-region", "us-east-1");
        ask_answer(c, 200);
        return;
    }
    ask_answer_xml(c, 200, &xml);
}

static void gone(struct objects_op *op)
{
    struct ask *c = op->user;
    if (op->code != OBJECTS_OK)
        ask_fail_store(c, op->code, &op->e);
    else
        ask_answer(c, 204);
}

void do_delete_bucket(struct ask *c)
{
    ask_submit(c, OBJECTS_DELETE_BUCKET, gone);
}

void do_delete_object(struct ask *c)
{
    struct objects_key *key = arena_alloc(&c->a, sizeof *key);
    *key = ask_key(c);
    c->op.keys = key;
    c->op.n_keys = 1;
    ask_if_match(c);
    ask_submit(c, OBJECTS_DELETE, gone);
}

// ---- many at once

static bool has_version(const struct s3_delete_key *k)
{
    return k->version_id[0] && strcmp(k->version_id, "null") != 0;
}

static void many_gone(struct objects_op *op)
{
    struct ask *c = op->user;
    struct s3_delete asked = {0};
    struct err e = ERR_NULL;
    if (op->code != OBJECTS_OK) {
        ask_fail_store(c, op->code, &op->e);
        return;
    }
    struct buf xml = BUF_INIT(DOCUMENT_BYTES);
    s3_xml_deleted_begin(&xml);
    s3_xml_read_delete(buf_str(&c->document), c->document.n, &asked, &e); // it was read before
    for (size_t i = 0; i < asked.n; i++)
        s3_xml_deleted(&xml, asked.v[i].key, asked.v[i].version_id,
                       has_version(&asked.v[i]) ? S3_NO_SUCH_VERSION : S3_OK, NULL, asked.quiet);
    s3_xml_deleted_end(&xml);
    s3_delete_deinit(&asked);
    ask_answer_xml(c, 200, &xml);
}

void do_delete_objects(struct ask *c)
{
    struct s3_delete asked = {0};
    struct err e = ERR_NULL;
    enum s3_code code = s3_xml_read_delete(buf_str(&c->document), c->document.n, &asked, &e);
    if (code) {
        ask_fail(c, code, &e);
        return;
    }
    struct objects_key *key = arena_alloc(&c->a, (asked.n + 1) * sizeof *key);
    for (size_t i = 0; i < asked.n; i++)
        if (!has_version(&asked.v[i])) {
            char *v = arena_strdup(&c->a, asked.v[i].key);
            key[c->op.n_keys++] = (struct objects_key){v, strlen(v)};
        }
    c->op.keys = key;
    s3_delete_deinit(&asked);
    ask_submit(c, OBJECTS_DELETE, many_gone);
}

// ---- lists

// A continuation token is the last name of the page before.
static const char *token(struct ask *c, const char *last)
{
    size_t n = strlen(last);
    char *out = arena_alloc(&c->a, BASE64_BYTES(n) + 1);
    base64_encode(out, last, n);
    return out;
}

static bool token_read(const char *text, struct arena *a, const char **last)
{
    size_t n = strlen(text), out_n;
    char *out = arena_alloc(a, n + 4);
    if (!n || !base64_decode(out, &out_n, text, n) || memchr(out, 0, out_n))
        return false;
    *last = arena_strndup(a, out, out_n);
    return true;
}

static void write_list(struct ask *c, const struct objects_listing *got)
{
    const struct s3_route *r = &c->route;
    struct s3_owner owner = ask_owner(c);
    struct buf xml = BUF_INIT(DOCUMENT_BYTES);
    const char *next = !got->truncated                  ? NULL
                       : r->op == S3_OP_LIST_OBJECTS_V2 ? token(c, got->last)
                                                        : got->last;
    s3_xml_list_begin(&xml, &(struct s3_list_facts){.route = r,
                                                    .truncated = got->truncated,
                                                    .next = next,
                                                    .count = got->n_entries + got->n_prefixes});
    for (size_t i = 0; i < got->n_entries; i++) {
        const struct objects_entry *x = &got->entry[i];
        struct s3_object_entry o = {x->key.v, x->key.n, x->etag, x->size, x->modified_ms};
        s3_xml_list_entry(&xml, r, &o, &owner);
    }
    for (size_t i = 0; i < got->n_prefixes; i++)
        s3_xml_list_prefix(&xml, r, got->prefix[i].v, got->prefix[i].n);
    s3_xml_list_end(&xml, r);
    ask_answer_xml(c, 200, &xml);
}

static struct objects_list question(const struct ask *c)
{
    const struct s3_route *r = &c->route;
    return (struct objects_list){.bucket = c->bucket.id,
                                 .prefix = r->prefix,
                                 .delimiter = r->delimiter,
                                 .after = r->marker,
                                 .max = (size_t)r->max};
}

void do_list(struct ask *c)
{
    struct objects_listing got;
    struct objects_list l = question(c);
    struct err e = ERR_NULL;
    if (c->route.op == S3_OP_LIST_OBJECTS_V2 && c->route.has_continuation &&
        !token_read(c->route.continuation, &c->a, &l.after)) {
        s3_fail(&e, S3_INVALID_ARGUMENT, "The continuation token is not one of this server's.");
        ask_fail(c, S3_INVALID_ARGUMENT, &e);
        return;
    }
    int code = objects_list(c->s->cfg.objects, &l, &c->a, &got, &e);
    if (code)
        ask_fail_store(c, code, &e);
    else
        write_list(c, &got);
}

void do_list_uploads(struct ask *c)
{
    struct objects_listing got;
    struct objects_list l = question(c);
    struct err e = ERR_NULL;
    upload_id_read(c->route.id_marker, &l.after_upload); // of another form: from the key on
    int code = objects_uploads(c->s->cfg.objects, &l, &c->a, &got, &e);
    if (code) {
        ask_fail_store(c, code, &e);
        return;
    }
    struct s3_upload_entry *v = arena_alloc(&c->a, (got.n_entries + 1) * sizeof *v);
    const char **prefix = arena_alloc(&c->a, (got.n_prefixes + 1) * sizeof *prefix);
    for (size_t i = 0; i < got.n_entries; i++)
        v[i] = (struct s3_upload_entry){got.entry[i].key.v,
                                        arena_printf(&c->a, "%016" PRIx64, got.entry[i].upload),
                                        got.entry[i].modified_ms};
    for (size_t i = 0; i < got.n_prefixes; i++)
        prefix[i] = got.prefix[i].v;
    struct s3_owner owner = ask_owner(c);
    struct s3_list_facts f = {.route = &c->route,
                              .truncated = got.truncated,
                              .next = got.last,
                              .next_id = arena_printf(&c->a, "%016" PRIx64, got.last_upload)};
    struct buf xml = BUF_INIT(DOCUMENT_BYTES);
    s3_xml_uploads(&xml, &f, &owner, v, got.n_entries, prefix, got.n_prefixes);
    ask_answer_xml(c, 200, &xml);
}
