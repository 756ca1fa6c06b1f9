// SPDX-License-Identifier: Apache-2.0
//
// Multipart uploads. A part is a content of its own; completing makes the parts the segments of an object, by
// rows only: no byte is copied whatever its size.
#include "objects/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db.h"

static sqlite3_stmt *bound(struct objects *o, enum statement which, int64_t a, int64_t b, int *code,
                           struct err *e)
{
    sqlite3_stmt *st = view_st(&o->writer, which);
    if (!st) {
        *code = view_fail(&o->writer, e);
        return NULL;
    }
    sqlite3_bind_int64(st, 1, a);
    if (sqlite3_bind_parameter_count(st) > 1)
        sqlite3_bind_int64(st, 2, b);
    return st;
}

static int run(struct objects *o, enum statement which, int64_t a, int64_t b, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, which, a, b, &code, e);
    return st ? view_run(&o->writer, st, e) : code;
}

// Whether the upload is there, under this bucket and key (any key when it is NULL). `headers` is to be freed.
static int find_upload(struct objects *o, const struct objects_op *op, char **headers, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, ST_UPLOAD, (int64_t)op->upload, 0, &code, e);
    if (!st)
        return code;
    code = view_step(&o->writer, st, e);
    if (code == 0 && (sqlite3_column_int64(st, 0) != (int64_t)op->bucket ||
                      (op->key.v && ((size_t)sqlite3_column_bytes(st, 1) != op->key.n ||
                                     memcmp(sqlite3_column_blob(st, 1), op->key.v, op->key.n) != 0))))
        code = 1;
    if (code == 0 && headers)
        *headers = mem_strdup((const char *)sqlite3_column_text(st, 2));
    sqlite3_reset(st);
    return code == 1 ? OBJECTS_NO_UPLOAD : code;
}

int apply_start_upload(struct objects *o, struct objects_op *op, struct err *e)
{
    uint64_t account;
    int code = bucket_owner(o, op->bucket, &account, e);
    if (code)
        return code;
    op->upload = next_id(o);
    sqlite3_stmt *st = bound(o, ST_UPLOAD_ADD, (int64_t)op->upload, (int64_t)op->bucket, &code, e);
    if (!st)
        return code;
    bind_key(st, 3, op->key);
    sqlite3_bind_int64(st, 4, op->now_ms);
    db_bind_text(st, 5, op->headers ? op->headers : "");
    return view_run(&o->writer, st, e);
}

struct part {
    bool there;
    uint64_t content, size;
    int kind;
    char etag[OBJECTS_ETAG_BYTES];
};

static int find_part(struct objects *o, uint64_t upload, int number, struct part *out, struct err *e)
{
    int code = 0;
    *out = (struct part){0};
    sqlite3_stmt *st = bound(o, ST_PART, (int64_t)upload, number, &code, e);
    if (!st)
        return code;
    code = view_step(&o->writer, st, e);
    if (code == 0) {
        *out = (struct part){.there = true,
                             .content = (uint64_t)sqlite3_column_int64(st, 0),
                             .kind = sqlite3_column_int(st, 1),
                             .size = (uint64_t)sqlite3_column_int64(st, 2)};
        column_etag(st, 4, out->etag);
    }
    sqlite3_reset(st);
    return code < 0 ? code : 0;
}

int apply_put_part(struct objects *o, struct objects_op *op, struct err *e)
{
    const struct objects_content *c = op->content;
    struct part old;
    uint64_t account;
    if (c->n_segments > 1)
        return err_set(e, -EINVAL, "objects: a part of %zu pieces", c->n_segments);
    int code = bucket_owner(o, op->bucket, &account, e);
    if (!code)
        code = find_upload(o, op, NULL, e);
    if (!code)
        code = find_part(o, op->upload, op->part, &old, e);
    int64_t more = code ? 0 : (int64_t)c->size - (int64_t)old.size;
    if (!code)
        code = check_quota(o, account, more, e);
    if (!code && old.there)
        code = let_go(o, old.content, old.kind, e);
    if (!code && c->n_segments)
        code = put_segment(o, c->segment, e);
    sqlite3_stmt *st = code ? NULL : bound(o, ST_PART_PUT, (int64_t)op->upload, op->part, &code, e);
    if (!st)
        return code;
    sqlite3_bind_int64(st, 3, c->n_segments ? (int64_t)c->segment[0].id : 0);
    sqlite3_bind_int64(st, 4, c->n_segments ? segment_kind(c->segment) : KIND_EMPTY);
    sqlite3_bind_int64(st, 5, (int64_t)c->size);
    sqlite3_bind_int64(st, 6, op->now_ms);
    db_bind_text(st, 7, op->etag ? op->etag : "");
    code = view_run(&o->writer, st, e);
    return code ? code : count_usage(o, account, 0, 0, more, e);
}

// Lets go of the parts that are still rows of the upload, and ends it.
static int end_upload(struct objects *o, uint64_t upload, int64_t *freed, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, ST_PARTS, (int64_t)upload, -1, &code, e);
    if (!st)
        return code;
    *freed = 0;
    while ((code = view_step(&o->writer, st, e)) == 0) {
        *freed += sqlite3_column_int64(st, 3);
        code = let_go(o, (uint64_t)sqlite3_column_int64(st, 1), sqlite3_column_int(st, 2), e);
        if (code < 0)
            break;
    }
    sqlite3_reset(st);
    if (code >= 0)
        code = run(o, ST_PARTS_REMOVE, (int64_t)upload, 0, e);
    return code ? code : run(o, ST_UPLOAD_REMOVE, (int64_t)upload, 0, e);
}

int apply_abort(struct objects *o, struct objects_op *op, struct err *e)
{
    uint64_t account;
    int64_t freed;
    int code = bucket_owner(o, op->bucket, &account, e);
    if (!code)
        code = find_upload(o, op, NULL, e);
    if (!code)
        code = end_upload(o, op->upload, &freed, e);
    return code ? code : count_usage(o, account, 0, 0, -freed, e);
}

static int check_parts(struct objects *o, const struct objects_op *op, struct part *part, uint64_t *total,
                       struct err *e)
{
    int code = 0;
    *total = 0;
    for (size_t i = 0; i < op->n_parts && !code; i++) {
        code = find_part(o, op->upload, op->parts[i].number, &part[i], e);
        if (code)
            return code;
        if (!part[i].there || strcmp(part[i].etag, op->parts[i].etag) != 0)
            return OBJECTS_NO_PART;
        if (i + 1 < op->n_parts && part[i].size < o->cfg.part_bytes_min)
            return OBJECTS_PART_SMALL;
        *total += part[i].size;
    }
    return op->n_parts ? code : OBJECTS_NO_PART;
}

static int add_segment(struct objects *o, uint64_t content, int64_t n, const struct part *p, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, ST_SEGMENT_PUT, (int64_t)content, n, &code, e);
    if (!st)
        return code;
    sqlite3_bind_int64(st, 3, (int64_t)p->content);
    sqlite3_bind_int64(st, 4, p->kind);
    sqlite3_bind_int64(st, 5, (int64_t)p->size);
    return view_run(&o->writer, st, e);
}

// The parts become the bytes of the object; their rows are gone after.
static int become_object(struct objects *o, const struct objects_op *op, const struct part *part,
                         uint64_t *content, int *kind, struct err *e)
{
    int code = 0;
    *content = op->n_parts == 1 ? part[0].content : next_id(o);
    *kind = op->n_parts == 1 ? part[0].kind : KIND_SEGMENTS;
    for (size_t i = 0; i < op->n_parts && !code; i++) {
        code = run(o, ST_PART_REMOVE, (int64_t)op->upload, op->parts[i].number, e);
        if (!code && op->n_parts > 1 && part[i].size)
            code = add_segment(o, *content, (int64_t)i, &part[i], e);
    }
    return code;
}

static int complete(struct objects *o, struct objects_op *op, struct part *part, const char *headers,
                    struct err *e)
{
    struct old old;
    uint64_t account, total, content;
    int64_t freed;
    int kind;
    int code = bucket_owner(o, op->bucket, &account, e);
    if (!code)
        code = check_parts(o, op, part, &total, e);
    if (!code)
        code = old_object(o, op->bucket, op->key, &old, e);
    if (!code)
        code = check_conditions(op, &old);
    if (!code && old.there)
        code = let_go(o, old.content, old.kind, e);
    if (!code)
        code = become_object(o, op, part, &content, &kind, e);
    if (!code)
        code = end_upload(o, op->upload, &freed, e);
    if (!code)
        code = put_row(o, op, content, kind, total, headers, &old, e);
    return code ? code : count_usage(o, account, 0, !old.there, -freed - (int64_t)old.size, e);
}

// A client that missed the answer asks again: when the object is the one it would make, it is told so.
static int completed_before(struct objects *o, struct objects_op *op, struct err *e)
{
    struct old old;
    int code = old_object(o, op->bucket, op->key, &old, e);
    if (code)
        return code;
    return old.there && op->etag && strcmp(old.etag, op->etag) == 0 ? OBJECTS_OK : OBJECTS_NO_UPLOAD;
}

int apply_complete(struct objects *o, struct objects_op *op, struct err *e)
{
    char *headers = NULL;
    int code = find_upload(o, op, &headers, e);
    if (code == OBJECTS_NO_UPLOAD)
        return completed_before(o, op, e);
    if (code)
        return code;
    struct part *part = mem_array(op->n_parts + 1, sizeof *part);
    code = complete(o, op, part, headers, e);
    free(part);
    free(headers);
    return code;
}
