// SPDX-License-Identifier: Apache-2.0
//
// What each write does to the index, inside the committer's transaction. Everything that can be refused is
// looked at before the first row is touched.
#include "objects/inside.h"

#include <stdio.h>
#include <string.h>

#include "store/db.h"

// A statement with its integers bound; NULL with `e` set.
static sqlite3_stmt *bound(struct objects *o, enum statement which, const int64_t *v, int n, int *code,
                           struct err *e)
{
    sqlite3_stmt *st = view_st(&o->writer, which);
    if (!st)
        *code = view_fail(&o->writer, e);
    for (int i = 0; st && i < n; i++)
        sqlite3_bind_int64(st, i + 1, v[i]);
    return st;
}

static int run(struct objects *o, enum statement which, const int64_t *v, int n, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, which, v, n, &code, e);
    return st ? view_run(&o->writer, st, e) : code;
}

#define RUN(o, which, e, ...)                                                                                \
    run((o), (which), (const int64_t[]){__VA_ARGS__},                                                        \
        (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (e))

int bucket_owner(struct objects *o, uint64_t bucket, uint64_t *account, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, ST_BUCKET_BY_ID, &(int64_t){(int64_t)bucket}, 1, &code, e);
    if (!st)
        return code;
    code = view_step(&o->writer, st, e);
    if (code == 0)
        *account = (uint64_t)sqlite3_column_int64(st, 1);
    sqlite3_reset(st);
    return code == 1 ? OBJECTS_NO_BUCKET : code;
}

int old_object(struct objects *o, uint64_t bucket, struct objects_key key, struct old *out, struct err *e)
{
    int code = 0;
    *out = (struct old){0};
    sqlite3_stmt *st = bound(o, ST_OBJECT, &(int64_t){(int64_t)bucket}, 1, &code, e);
    if (!st)
        return code;
    bind_key(st, 2, key);
    code = view_step(&o->writer, st, e);
    if (code == 0) {
        *out = (struct old){.there = true,
                            .content = (uint64_t)sqlite3_column_int64(st, 0),
                            .kind = sqlite3_column_int(st, 1),
                            .size = (uint64_t)sqlite3_column_int64(st, 2)};
        column_etag(st, 4, out->etag);
    }
    sqlite3_reset(st);
    return code < 0 ? code : 0;
}

static int let_segments_go(struct objects *o, uint64_t content, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, ST_SEGMENTS, &(int64_t){(int64_t)content}, 1, &code, e);
    if (!st)
        return code;
    struct dead *d = dying_add(o, content);
    while ((code = view_step(&o->writer, st, e)) == 0) {
        int64_t id = sqlite3_column_int64(st, 0);
        if (sqlite3_column_int(st, 1) == KIND_FILE)
            ids_add(&d->files, (uint64_t)id);
        else if ((code = RUN(o, ST_SMALL_REMOVE, e, id)) < 0)
            break;
    }
    sqlite3_reset(st);
    return code < 0 ? code : RUN(o, ST_SEGMENTS_REMOVE, e, (int64_t)content);
}

int let_go(struct objects *o, uint64_t content, int kind, struct err *e)
{
    if (kind == KIND_INLINE)
        return RUN(o, ST_SMALL_REMOVE, e, (int64_t)content);
    if (kind == KIND_SEGMENTS)
        return let_segments_go(o, content, e);
    if (kind == KIND_FILE)
        ids_add(&dying_add(o, content)->files, content);
    return 0;
}

int segment_kind(const struct objects_segment *s)
{
    return s->data ? KIND_INLINE : KIND_FILE;
}

int put_segment(struct objects *o, const struct objects_segment *s, struct err *e)
{
    if (!s->data)
        return 0;
    int code = 0;
    sqlite3_stmt *st = bound(o, ST_SMALL_PUT, &(int64_t){(int64_t)s->id}, 1, &code, e);
    if (!st)
        return code;
    sqlite3_bind_blob64(st, 2, s->data, s->size, SQLITE_STATIC);
    return view_run(&o->writer, st, e);
}

static int put_segments(struct objects *o, uint64_t content, const struct objects_content *c, struct err *e)
{
    int code = 0;
    for (size_t i = 0; i < c->n_segments && !code; i++) {
        const struct objects_segment *s = &c->segment[i];
        code = put_segment(o, s, e);
        if (!code)
            code = RUN(o, ST_SEGMENT_PUT, e, (int64_t)content, (int64_t)i, (int64_t)s->id, segment_kind(s),
                       (int64_t)s->size);
    }
    return code;
}

int count_usage(struct objects *o, uint64_t account, int64_t buckets, int64_t objects, int64_t bytes,
                struct err *e)
{
    return RUN(o, ST_USAGE_ADD, e, (int64_t)account, buckets, objects, bytes);
}

static int usage(struct objects *o, uint64_t account, struct objects_usage *out, struct err *e)
{
    int code = 0;
    *out = (struct objects_usage){0};
    sqlite3_stmt *st = bound(o, ST_USAGE, &(int64_t){(int64_t)account}, 1, &code, e);
    if (!st)
        return code;
    code = view_step(&o->writer, st, e);
    if (code == 0)
        *out = (struct objects_usage){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
                                      sqlite3_column_int64(st, 2)};
    sqlite3_reset(st);
    return code < 0 ? code : 0;
}

int check_quota(struct objects *o, uint64_t account, int64_t more, struct err *e)
{
    struct objects_usage u;
    if (o->cfg.quota_bytes <= 0 || more <= 0 || !account) // 0: staged, counted when it is published
        return OBJECTS_OK;
    int code = usage(o, account, &u, e);
    return code < 0 ? code : u.bytes + more > o->cfg.quota_bytes ? OBJECTS_QUOTA : OBJECTS_OK;
}

int check_conditions(const struct objects_op *op, const struct old *old)
{
    if (op->if_absent && old->there)
        return OBJECTS_PRECONDITION;
    if (op->if_match && !old->there)
        return OBJECTS_NO_KEY;
    if (op->if_match && strcmp(op->if_match, "*") != 0 && strcmp(op->if_match, old->etag) != 0)
        return OBJECTS_PRECONDITION;
    return OBJECTS_OK;
}

// The row of a key, in place of `old`. The old bytes have been let go.
int put_row(struct objects *o, const struct objects_op *op, uint64_t content, int kind, uint64_t size,
            const char *headers, const struct old *old, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, ST_OBJECT_PUT, &(int64_t){(int64_t)op->bucket}, 1, &code, e);
    if (!st)
        return code;
    bind_key(st, 2, op->key);
    sqlite3_bind_int64(st, 3, (int64_t)content);
    sqlite3_bind_int64(st, 4, kind);
    sqlite3_bind_int64(st, 5, (int64_t)size);
    sqlite3_bind_int64(st, 6, op->now_ms);
    db_bind_text(st, 7, op->etag ? op->etag : "");
    db_bind_text(st, 8, headers ? headers : "");
    code = view_run(&o->writer, st, e);
    return code ? code
                : RUN(o, ST_BUCKET_COUNT, e, (int64_t)op->bucket, !old->there,
                      (int64_t)size - (int64_t)old->size);
}

static int apply_put(struct objects *o, struct objects_op *op, struct err *e)
{
    const struct objects_content *c = op->content;
    struct old old;
    uint64_t account;
    int code = bucket_owner(o, op->bucket, &account, e);
    if (!code)
        code = old_object(o, op->bucket, op->key, &old, e);
    if (!code)
        code = check_conditions(op, &old);
    int64_t more = code ? 0 : (int64_t)c->size - (int64_t)old.size;
    if (!code)
        code = check_quota(o, account, more, e);
    if (!code && old.there)
        code = let_go(o, old.content, old.kind, e);
    if (code)
        return code;
    uint64_t content = c->n_segments == 1 ? c->segment[0].id : next_id(o);
    int kind = c->n_segments == 0   ? KIND_EMPTY
               : c->n_segments == 1 ? segment_kind(c->segment)
                                    : KIND_SEGMENTS;
    code = kind == KIND_SEGMENTS ? put_segments(o, content, c, e)
           : kind == KIND_EMPTY  ? 0
                                 : put_segment(o, c->segment, e);
    if (!code)
        code = put_row(o, op, content, kind, c->size, op->headers, &old, e);
    return code ? code : count_usage(o, account, 0, !old.there, more, e);
}

static int delete_one(struct objects *o, uint64_t bucket, struct objects_key key, uint64_t account,
                      struct err *e)
{
    struct old old;
    int code = old_object(o, bucket, key, &old, e);
    if (code || !old.there)
        return code;
    code = let_go(o, old.content, old.kind, e);
    sqlite3_stmt *st = code ? NULL : bound(o, ST_OBJECT_REMOVE, &(int64_t){(int64_t)bucket}, 1, &code, e);
    if (!st)
        return code;
    bind_key(st, 2, key);
    code = view_run(&o->writer, st, e);
    if (!code)
        code = RUN(o, ST_BUCKET_COUNT, e, (int64_t)bucket, -1, -(int64_t)old.size);
    return code ? code : count_usage(o, account, 0, -1, -(int64_t)old.size, e);
}

static int apply_delete(struct objects *o, struct objects_op *op, struct err *e)
{
    uint64_t account;
    int code = bucket_owner(o, op->bucket, &account, e);
    if (!code && op->if_match && op->n_keys == 1) {
        struct old old;
        code = old_object(o, op->bucket, op->keys[0], &old, e);
        if (!code)
            code = check_conditions(op, &old);
    }
    for (size_t i = 0; i < op->n_keys && !code; i++)
        code = delete_one(o, op->bucket, op->keys[i], account, e);
    return code;
}

static int apply_create_bucket(struct objects *o, struct objects_op *op, struct err *e)
{
    struct objects_usage u;
    int code = 0;
    sqlite3_stmt *st = bound(o, ST_BUCKET_BY_NAME, NULL, 0, &code, e);
    if (!st)
        return code;
    db_bind_text(st, 1, op->name);
    code = view_step(&o->writer, st, e);
    bool ours = code == 0 && (uint64_t)sqlite3_column_int64(st, 1) == op->account;
    if (code == 0)
        op->bucket = (uint64_t)sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    if (code == 0)
        return ours ? OBJECTS_OURS_ALREADY : OBJECTS_TAKEN;
    if (code > 0)
        code = usage(o, op->account, &u, e);
    if (code < 0)
        return code;
    if (o->cfg.quota_buckets > 0 && op->account && u.buckets >= o->cfg.quota_buckets)
        return OBJECTS_TOO_MANY_BUCKETS;
    st = bound(o, ST_BUCKET_ADD, NULL, 0, &code, e);
    if (!st)
        return code;
    db_bind_text(st, 1, op->name);
    sqlite3_bind_int64(st, 2, (int64_t)op->account);
    sqlite3_bind_int64(st, 3, op->now_ms);
    code = view_run(&o->writer, st, e);
    op->bucket = (uint64_t)sqlite3_last_insert_rowid(o->writer.db);
    return code ? code : count_usage(o, op->account, 1, 0, 0, e);
}

// One integer, or -1 when there is no row.
static int first_of(struct objects *o, enum statement which, int64_t arg, int64_t *out, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, which, &arg, 1, &code, e);
    if (!st)
        return code;
    code = view_step(&o->writer, st, e);
    *out = code == 0 ? sqlite3_column_int64(st, 0) : -1;
    sqlite3_reset(st);
    return code < 0 ? code : 0;
}

int abort_uploads(struct objects *o, uint64_t bucket, struct err *e)
{
    int64_t upload = -1;
    int code = 0;
    while (!code && (code = first_of(o, ST_UPLOAD_OF_BUCKET, (int64_t)bucket, &upload, e)) == 0 &&
           upload >= 0) {
        struct objects_op abort = {.bucket = bucket, .upload = (uint64_t)upload, .key = {NULL, 0}};
        code = apply_abort(o, &abort, e);
    }
    return code;
}

static int apply_delete_bucket(struct objects *o, struct objects_op *op, struct err *e)
{
    uint64_t account;
    int64_t any = -1;
    int code = bucket_owner(o, op->bucket, &account, e);
    if (!code)
        code = first_of(o, ST_OBJECT_ANY, (int64_t)op->bucket, &any, e);
    if (!code && any >= 0)
        return OBJECTS_NOT_EMPTY;
    if (!code)
        code = abort_uploads(o, op->bucket, e);
    if (!code)
        code = RUN(o, ST_BUCKET_REMOVE, e, (int64_t)op->bucket);
    return code ? code : count_usage(o, account, -1, 0, 0, e);
}

int apply_op(struct objects *o, struct objects_op *op, struct err *e)
{
    static int (*const by_kind[OBJECTS_OP_KINDS])(struct objects * o, struct objects_op * op,
                                                  struct err * e) = {
        [OBJECTS_CREATE_BUCKET] = apply_create_bucket,
        [OBJECTS_DELETE_BUCKET] = apply_delete_bucket,
        [OBJECTS_PUT] = apply_put,
        [OBJECTS_DELETE] = apply_delete,
        [OBJECTS_START_UPLOAD] = apply_start_upload,
        [OBJECTS_PUT_PART] = apply_put_part,
        [OBJECTS_COMPLETE] = apply_complete,
        [OBJECTS_ABORT] = apply_abort,
        [OBJECTS_PUBLISH] = apply_publish,
        [OBJECTS_DISCARD] = apply_discard,
    };
    int code = fault_at(o, "apply", e);
    return code ? code : by_kind[op->kind](o, op, e);
}
