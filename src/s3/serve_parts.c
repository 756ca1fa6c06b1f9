// SPDX-License-Identifier: Apache-2.0
//
// Multipart uploads. An upload's id is its number in hexadecimal: it opens nothing without the account's
// signature, its bucket and its key.
#include "s3/serve_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/mem.h"
#include "s3/query.h"

#define DOCUMENT_BYTES ((size_t)4 << 20)

bool upload_id_read(const char *text, uint64_t *id)
{
    if (!hex_is(text, 16))
        return false;
    *id = strtoull(text, NULL, 16);
    return true;
}

static void created(struct objects_op *op)
{
    struct ask *c = op->user;
    struct buf xml = BUF_INIT(16384);
    char id[20];
    if (op->code != OBJECTS_OK) {
        ask_fail_store(c, op->code, &op->e);
        return;
    }
    snprintf(id, sizeof id, "%016" PRIx64, op->upload);
    s3_xml_upload_created(&xml, c->route.bucket, c->route.key, id);
    ask_answer_xml(c, 200, &xml);
}

void do_create_upload(struct ask *c)
{
    struct err e = ERR_NULL;
    enum s3_code code = object_headers(c, &c->op.headers, &e);
    if (code)
        ask_fail(c, code, &e);
    else
        ask_submit(c, OBJECTS_START_UPLOAD, created);
}

void do_list_parts(struct ask *c)
{
    struct objects *o = c->s->cfg.objects;
    struct objects_part_info *part;
    struct err e = ERR_NULL;
    size_t n;
    bool truncated;
    int code = objects_upload(o, c->bucket.id, c->upload_id, ask_key(c), &c->a, NULL, &e);
    if (code == 0)
        code = objects_parts(o, c->upload_id, c->route.part_marker, (size_t)c->route.max, &c->a, &part, &n,
                             &truncated, &e);
    if (code) {
        ask_fail_store(c, code == 1 ? OBJECTS_NO_UPLOAD : code, &e);
        return;
    }
    struct s3_part_entry *v = arena_alloc(&c->a, (n + 1) * sizeof *v);
    for (size_t i = 0; i < n; i++)
        v[i] = (struct s3_part_entry){part[i].number, part[i].etag, part[i].size, part[i].modified_ms};
    struct s3_owner owner = ask_owner(c);
    struct buf xml = BUF_INIT(DOCUMENT_BYTES);
    s3_xml_parts(&xml, &c->route, &owner, v, n, truncated);
    ask_answer_xml(c, 200, &xml);
}

static void location(const struct ask *c, struct buf *out)
{
    const char *host = http_header(c->request, "Host");
    buf_putf(out, "%s://%s/", c->s->tls ? "https" : "http", host ? host : "localhost");
    if (!c->route.virtual_host)
        buf_putf(out, "%s/", c->route.bucket);
    s3_encode(out, c->route.key, c->route.key_n, true);
}

static void completed(struct objects_op *op)
{
    struct ask *c = op->user;
    if (op->code != OBJECTS_OK) {
        ask_fail_store(c, op->code, &op->e);
        return;
    }
    struct buf xml = BUF_INIT(32768), url = BUF_INIT(8192);
    location(c, &url);
    s3_xml_upload_completed(&xml, buf_str(&url), c->route.bucket, c->route.key, c->etag, S3_SUM_NONE, NULL);
    buf_deinit(&url);
    ask_answer_xml(c, 200, &xml);
}

// The tag of the whole: it follows from the tags of the parts, which the store compares with what it has.
static bool whole_etag(const struct s3_complete *asked, char out[S3_ETAG_BYTES])
{
    uint8_t(*md5)[16] = mem_array(asked->n + 1, sizeof *md5);
    bool good = true;
    for (size_t i = 0; i < asked->n && good; i++) {
        const char *etag = asked->v[i].etag;
        good = strlen(etag) == 32 && hex_bytes(md5[i], 16, etag);
    }
    if (good)
        s3_etag_parts(out, (const uint8_t(*)[16])md5, asked->n);
    free(md5);
    return good;
}

void do_complete(struct ask *c)
{
    struct s3_complete asked = {0};
    struct err e = ERR_NULL;
    enum s3_code code = s3_xml_read_complete(buf_str(&c->document), c->document.n, &asked, &e);
    if (!code && !whole_etag(&asked, c->etag))
        code = S3_INVALID_PART;
    struct objects_part *part = arena_alloc(&c->a, (asked.n + 1) * sizeof *part);
    for (size_t i = 0; i < asked.n; i++) {
        part[i].number = asked.v[i].number;
        snprintf(part[i].etag, sizeof part[i].etag, "%s", asked.v[i].etag);
    }
    c->op.parts = part;
    c->op.n_parts = asked.n;
    c->op.etag = c->etag;
    c->op.if_absent = s3_header_get(&c->r, "If-None-Match") != NULL;
    s3_complete_deinit(&asked);
    if (code)
        ask_fail(c, code, &e);
    else
        ask_submit(c, OBJECTS_COMPLETE, completed);
}

static void aborted(struct objects_op *op)
{
    struct ask *c = op->user;
    if (op->code != OBJECTS_OK)
        ask_fail_store(c, op->code, &op->e);
    else
        ask_answer(c, 204);
}

void do_abort(struct ask *c)
{
    ask_submit(c, OBJECTS_ABORT, aborted);
}
