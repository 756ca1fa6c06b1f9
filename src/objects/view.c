// SPDX-License-Identifier: Apache-2.0
//
// Connections to the index and the reads of one row. Readers are many: each takes a connection for the moment
// of its read and puts it back.
#include "objects/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db.h"

int view_open(struct objects *o, struct view *v, struct err *e)
{
    char path[4096];
    *v = (struct view){0};
    snprintf(path, sizeof path, "%s/objects.db", o->dir);
    int code = db_open(&v->db, path, SQLITE_OPEN_READWRITE, e);
    // 16 MiB of cache; the log is folded into the database every 64 MiB.
    if (!code)
        code =
            db_exec(v->db,
                    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4096; PRAGMA cache_size = -16384;"
                    " PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 134217728",
                    "objects.db: opening", e);
    return code;
}

void view_close(struct view *v)
{
    for (int i = 0; i < STATEMENTS; i++)
        sqlite3_finalize(v->st[i]);
    sqlite3_close(v->db);
}

struct view *view_take(struct objects *o, struct err *e)
{
    pthread_mutex_lock(&o->view_lock);
    struct view *v = o->views;
    if (v)
        o->views = v->next;
    pthread_mutex_unlock(&o->view_lock);
    if (v)
        return v;
    v = mem_alloc(sizeof *v);
    if (view_open(o, v, e) == 0)
        return v;
    view_close(v);
    free(v);
    return NULL;
}

void view_give(struct objects *o, struct view *v)
{
    pthread_mutex_lock(&o->view_lock);
    v->next = o->views;
    o->views = v;
    pthread_mutex_unlock(&o->view_lock);
}

sqlite3_stmt *view_st(struct view *v, enum statement which)
{
    if (!v->st[which]) {
        if (sqlite3_prepare_v3(v->db, statement_sql[which], -1, SQLITE_PREPARE_PERSISTENT, &v->st[which],
                               NULL))
            return NULL;
    } else {
        sqlite3_reset(v->st[which]);
        sqlite3_clear_bindings(v->st[which]);
    }
    return v->st[which];
}

int view_fail(struct view *v, struct err *e)
{
    return db_fail(v->db, sqlite3_extended_errcode(v->db), "objects.db", e);
}

int view_step(struct view *v, sqlite3_stmt *st, struct err *e)
{
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        return 0;
    int code = rc == SQLITE_DONE ? 1 : view_fail(v, e);
    sqlite3_reset(st);
    return code;
}

int view_run(struct view *v, sqlite3_stmt *st, struct err *e)
{
    int code = view_step(v, st, e);
    sqlite3_reset(st);
    return code < 0 ? code : 0;
}

void bind_key(sqlite3_stmt *st, int at, struct objects_key key)
{
    sqlite3_bind_blob(st, at, key.n ? key.v : "", (int)key.n, SQLITE_STATIC);
}

void column_etag(sqlite3_stmt *st, int at, char out[OBJECTS_ETAG_BYTES])
{
    const char *text = (const char *)sqlite3_column_text(st, at);
    snprintf(out, OBJECTS_ETAG_BYTES, "%s", text ? text : "");
}

static void bucket_row(sqlite3_stmt *st, struct objects_bucket *b)
{
    b->id = (uint64_t)sqlite3_column_int64(st, 0);
    b->account = (uint64_t)sqlite3_column_int64(st, 1);
    snprintf(b->name, sizeof b->name, "%s", (const char *)sqlite3_column_text(st, 2));
    b->created_ms = sqlite3_column_int64(st, 3);
    b->objects = (uint64_t)sqlite3_column_int64(st, 4);
    b->bytes = (uint64_t)sqlite3_column_int64(st, 5);
}

int objects_bucket(struct objects *o, const char *name, struct objects_bucket *out, struct err *e)
{
    struct view *v = view_take(o, e);
    if (!v)
        return -EIO;
    sqlite3_stmt *st = view_st(v, ST_BUCKET_BY_NAME);
    int code = st ? 0 : view_fail(v, e);
    if (st) {
        db_bind_text(st, 1, name);
        code = view_step(v, st, e);
        if (code == 0)
            bucket_row(st, out);
        sqlite3_reset(st);
    }
    view_give(o, v);
    return code;
}

int objects_buckets(struct objects *o, uint64_t account, struct arena *a, struct objects_bucket **out,
                    size_t *n, struct err *e)
{
    struct view *v = view_take(o, e);
    if (!v)
        return -EIO;
    sqlite3_stmt *st = view_st(v, ST_BUCKETS);
    int code = st ? 0 : view_fail(v, e);
    struct objects_bucket *row = NULL;
    size_t rows = 0, cap = 0;
    if (st) {
        sqlite3_bind_int64(st, 1, (int64_t)account);
        while ((code = view_step(v, st, e)) == 0)
            bucket_row(st, VEC_PUSH(row, rows, cap));
    }
    view_give(o, v);
    if (code == 1) {
        *out = arena_alloc(a, (rows + 1) * sizeof **out);
        if (rows)
            memcpy(*out, row, rows * sizeof *row);
        *n = rows;
        code = 0;
    }
    free(row);
    return code;
}

int objects_usage(struct objects *o, uint64_t account, struct objects_usage *out, struct err *e)
{
    struct view *v = view_take(o, e);
    *out = (struct objects_usage){0};
    if (!v)
        return -EIO;
    sqlite3_stmt *st = view_st(v, ST_USAGE);
    int code = st ? 0 : view_fail(v, e);
    if (st) {
        sqlite3_bind_int64(st, 1, (int64_t)account);
        code = view_step(v, st, e);
        if (code == 0)
            *out = (struct objects_usage){sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1),
                                          sqlite3_column_int64(st, 2)};
        sqlite3_reset(st);
    }
    view_give(o, v);
    return code < 0 ? code : 0;
}

int objects_upload(struct objects *o, uint64_t bucket, uint64_t upload, struct objects_key key,
                   struct arena *a, const char **headers, struct err *e)
{
    struct view *v = view_take(o, e);
    if (!v)
        return -EIO;
    sqlite3_stmt *st = view_st(v, ST_UPLOAD);
    int code = st ? 0 : view_fail(v, e);
    if (st) {
        sqlite3_bind_int64(st, 1, (int64_t)upload);
        code = view_step(v, st, e);
        if (code == 0 &&
            (sqlite3_column_int64(st, 0) != (int64_t)bucket || (size_t)sqlite3_column_bytes(st, 1) != key.n ||
             memcmp(sqlite3_column_blob(st, 1), key.v, key.n) != 0))
            code = 1;
        if (code == 0 && headers)
            *headers = arena_strdup(a, (const char *)sqlite3_column_text(st, 2));
        sqlite3_reset(st);
    }
    view_give(o, v);
    return code;
}

int objects_parts(struct objects *o, uint64_t upload, int after, size_t max, struct arena *a,
                  struct objects_part_info **out, size_t *n, bool *truncated, struct err *e)
{
    struct view *v = view_take(o, e);
    if (!v)
        return -EIO;
    sqlite3_stmt *st = view_st(v, ST_PARTS);
    int code = st ? 0 : view_fail(v, e);
    *out = arena_alloc(a, (max + 1) * sizeof **out);
    *n = 0;
    *truncated = false;
    if (st) {
        sqlite3_bind_int64(st, 1, (int64_t)upload);
        sqlite3_bind_int64(st, 2, after);
        while ((code = view_step(v, st, e)) == 0) {
            if (*n == max) {
                *truncated = true;
                break;
            }
            struct objects_part_info *p = &(*out)[(*n)++];
            p->number = sqlite3_column_int(st, 0);
            p->size = (uint64_t)sqlite3_column_int64(st, 3);
            p->modified_ms = sqlite3_column_int64(st, 4);
            column_etag(st, 5, p->etag);
        }
        sqlite3_reset(st);
    }
    view_give(o, v);
    return code < 0 ? code : 0;
}
