// SPDX-License-Identifier: Apache-2.0
//
// Results of an attempt. They are put into a bucket of nobody's (account 0), whose name no request of a
// customer can say, and become visible all at once: the rows move into the customer's bucket in one
// transaction, and the bucket they came from is gone with it. Whoever still writes there finds no bucket; a
// second time finds nothing to do. No byte is copied.
#include "objects/inside.h"

#include <string.h>

#include "store/db.h"

#define NAMES_NOTHING UINT64_MAX

static sqlite3_stmt *bound(struct objects *o, enum statement which, uint64_t a, uint64_t b, int *code,
                           struct err *e)
{
    sqlite3_stmt *st = view_st(&o->writer, which);
    if (!st) {
        *code = view_fail(&o->writer, e);
        return NULL;
    }
    sqlite3_bind_int64(st, 1, (int64_t)a);
    if (b)
        sqlite3_bind_int64(st, 2, (int64_t)b);
    return st;
}

static int run(struct objects *o, enum statement which, uint64_t a, uint64_t b, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, which, a, b, &code, e);
    return st ? view_run(&o->writer, st, e) : code;
}

struct place {
    uint64_t id, account; // NAMES_NOTHING: there is no such bucket
    int64_t objects, bytes;
};

static int find(struct objects *o, const char *name, struct place *p, struct err *e)
{
    *p = (struct place){.id = NAMES_NOTHING};
    sqlite3_stmt *st = view_st(&o->writer, ST_BUCKET_BY_NAME);
    if (!st)
        return view_fail(&o->writer, e);
    db_bind_text(st, 1, name);
    int code = view_step(&o->writer, st, e);
    if (code == 0)
        *p = (struct place){(uint64_t)sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 1),
                            sqlite3_column_int64(st, 4), sqlite3_column_int64(st, 5)};
    sqlite3_reset(st);
    return code < 0 ? code : 0;
}

// Lets the bytes go of all that `which` finds, and says how many those are; `go` false: only that.
static int each_content(struct objects *o, enum statement which, uint64_t a, uint64_t b, bool go, int64_t *n,
                        int64_t *bytes, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, which, a, b, &code, e);
    *n = *bytes = 0;
    while (st && (code = view_step(&o->writer, st, e)) == 0) {
        ++*n;
        *bytes += sqlite3_column_int64(st, 2);
        if (go && (code = let_go(o, (uint64_t)sqlite3_column_int64(st, 0), sqlite3_column_int(st, 1), e)) < 0)
            break;
    }
    if (st)
        sqlite3_reset(st);
    return code < 0 ? code : 0;
}

static int move(struct objects *o, const struct place *from, const struct place *to, int64_t now_ms,
                struct err *e)
{
    int code = run(o, ST_STAGED_REPLACE, to->id, from->id, e);
    sqlite3_stmt *st = code ? NULL : bound(o, ST_STAGED_MOVE, to->id, from->id, &code, e);
    if (!st)
        return code;
    sqlite3_bind_int64(st, 3, now_ms);
    return view_run(&o->writer, st, e);
}

static int count_bucket(struct objects *o, uint64_t id, int64_t objects, int64_t bytes, struct err *e)
{
    int code = 0;
    sqlite3_stmt *st = bound(o, ST_BUCKET_COUNT, id, 0, &code, e);
    if (!st)
        return code;
    sqlite3_bind_int64(st, 2, objects);
    sqlite3_bind_int64(st, 3, bytes);
    return view_run(&o->writer, st, e);
}

// The bucket itself, once nothing is in it any more.
static int remove_place(struct objects *o, const struct place *p, struct err *e)
{
    int code = abort_uploads(o, p->id, e);
    if (!code)
        code = run(o, ST_BUCKET_REMOVE, p->id, 0, e);
    return code ? code : count_usage(o, p->account, -1, -p->objects, -p->bytes, e);
}

int apply_publish(struct objects *o, struct objects_op *op, struct err *e)
{
    struct place from, to;
    int64_t over_n, over_bytes;
    int code = find(o, op->name, &from, e);
    if (!code && from.id == NAMES_NOTHING)
        return OBJECTS_OK;
    if (!code)
        code = find(o, op->into, &to, e);
    if (!code && (to.id == NAMES_NOTHING || to.account != op->account))
        return OBJECTS_NO_BUCKET;
    if (!code)
        code = each_content(o, ST_STAGED_OVER, to.id, from.id, false, &over_n, &over_bytes, e);
    if (!code)
        code = check_quota(o, op->account, from.bytes - over_bytes, e);
    if (!code)
        code = each_content(o, ST_STAGED_OVER, to.id, from.id, true, &over_n, &over_bytes, e);
    if (!code)
        code = move(o, &from, &to, op->now_ms, e);
    if (!code)
        code = count_bucket(o, to.id, from.objects - over_n, from.bytes - over_bytes, e);
    if (!code)
        code = count_usage(o, op->account, 0, from.objects - over_n, from.bytes - over_bytes, e);
    return code ? code : remove_place(o, &from, e);
}

static int discard_one(struct objects *o, const struct place *p, struct err *e)
{
    int64_t n, bytes;
    int code = each_content(o, ST_CONTENTS, p->id, 0, true, &n, &bytes, e);
    if (!code)
        code = run(o, ST_CONTENTS_REMOVE, p->id, 0, e);
    return code ? code : remove_place(o, p, e);
}

// The next one of nobody's buckets whose name begins so.
static int find_begins(struct objects *o, const char *prefix, struct place *p, struct err *e)
{
    size_t n = strlen(prefix);
    *p = (struct place){.id = NAMES_NOTHING};
    sqlite3_stmt *st = view_st(&o->writer, ST_STAGED_FROM);
    if (!st)
        return view_fail(&o->writer, e);
    db_bind_text(st, 1, prefix);
    int code = view_step(&o->writer, st, e);
    if (code == 0 && !strncmp((const char *)sqlite3_column_text(st, 2), prefix, n))
        *p = (struct place){(uint64_t)sqlite3_column_int64(st, 0), 0, sqlite3_column_int64(st, 4),
                            sqlite3_column_int64(st, 5)};
    sqlite3_reset(st);
    return code < 0 ? code : 0;
}

int apply_discard(struct objects *o, struct objects_op *op, struct err *e)
{
    size_t n = strlen(op->name);
    bool all = n && op->name[n - 1] == '.';
    struct place p;
    int code;
    do {
        code = all ? find_begins(o, op->name, &p, e) : find(o, op->name, &p, e);
        if (code || p.id == NAMES_NOTHING)
            return code;
        code = discard_one(o, &p, e);
    } while (!code && all);
    return code;
}
