// SPDX-License-Identifier: Apache-2.0
//
// The thread that writes the index. It takes all that waits, does it in one transaction and syncs once: while
// that sync lasts the next group gathers, so the busier the store the larger the groups. Only after the
// commit are files let go and answers given. When a group fails, each of its writes is tried alone, so that
// only what cannot be done is refused.
#include "objects/inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define GROUP_MAX 1024 // most writes in one transaction

struct dead *dying_add(struct objects *o, uint64_t content)
{
    struct dead *d = VEC_PUSH(o->dying.v, o->dying.n, o->dying.cap);
    d->content = content;
    return d;
}

static void spare_all(struct objects *o)
{
    for (size_t i = 0; i < o->dying.n; i++) {
        free(o->dying.v[i].files.v);
        o->dying.v[i] = (struct dead){0};
    }
    o->dying.n = 0;
}

static int run(struct view *v, enum statement which, struct err *e)
{
    sqlite3_stmt *st = view_st(v, which);
    return st ? view_run(v, st, e) : view_fail(v, e);
}

static bool frees(const struct objects_op *op)
{
    return op->kind == OBJECTS_DELETE || op->kind == OBJECTS_DELETE_BUCKET || op->kind == OBJECTS_ABORT ||
           op->kind == OBJECTS_PUBLISH || op->kind == OBJECTS_DISCARD;
}

// A full disk: makes room for those of the group that take something away. The log is folded into the index,
// so that it begins anew.
static bool make_room(struct objects *o, const struct objects_op *first, size_t n)
{
    bool any = false;
    for (size_t i = 0; i < n; i++, first = first->next)
        any |= frees(first);
    if (any) {
        reserve_release(o);
        sqlite3_wal_checkpoint_v2(o->writer.db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    return any;
}

static int refuse_growth(struct objects *o, const struct objects_op *op, struct err *e)
{
    if (frees(op) || reserve_allows_growth(o))
        return 0;
    return err_set(e, -ENOSPC, "objects: the disk is full (free some space; nothing of this was written)");
}

static int transact(struct objects *o, struct objects_op *first, size_t n, struct err *e)
{
    struct view *v = &o->writer;
    int code = run(v, ST_BEGIN, e);
    struct objects_op *op = first;
    for (size_t i = 0; i < n && !code; i++, op = op->next) {
        op->code = refuse_growth(o, op, e);
        if (op->code == 0)
            op->code = apply_op(o, op, e);
        code = op->code < 0 ? op->code : 0;
    }
    if (!code)
        code = fault_at(o, "commit", e);
    if (!code)
        code = run(v, ST_COMMIT, e);
    if (code < 0) {
        struct err ignored;
        if (!sqlite3_get_autocommit(v->db))
            run(v, ST_ROLLBACK, &ignored);
        spare_all(o);
        return code;
    }
    op = first;
    for (size_t i = 0; i < n; i++, op = op->next)
        if (op->code == OBJECTS_OK && op->content)
            op->content->kept = true;
    for (size_t i = 0; i < o->dying.n; i++)
        files_die(o, &o->dying.v[i]);
    spare_all(o);
    return 0;
}

static void group(struct objects *o, struct objects_op *first, size_t n)
{
    struct err e = ERR_NULL;
    int code = transact(o, first, n, &e);
    bool again = n > 1 && code < 0;
    if (code == -ENOSPC)
        again |= make_room(o, first, n);
    struct objects_op *op = first, *next;
    for (size_t i = 0; i < n; i++, op = next) {
        next = op->next;
        if (again) {
            e = ERR_NULL;
            op->code = transact(o, op, 1, &e) < 0 ? e.code : op->code;
            op->e = e;
        } else if (code < 0) {
            op->code = code;
            op->e = e;
        }
        op->done(op);
    }
}

// With queue_lock held.
static size_t take(struct objects *o, struct objects_op **first)
{
    size_t n = 0;
    struct objects_op **end = &o->first;
    while (*end && n < GROUP_MAX) {
        end = &(*end)->next;
        n++;
    }
    *first = o->first;
    o->first = *end;
    *end = NULL;
    if (!o->first)
        o->last = &o->first;
    return n;
}

static void *committer(void *objects)
{
    struct objects *o = objects;
    pthread_mutex_lock(&o->queue_lock);
    for (;;) {
        while (!o->first && !o->closing)
            pthread_cond_wait(&o->queue_filled, &o->queue_lock);
        if (!o->first)
            break;
        struct objects_op *first;
        size_t n = take(o, &first);
        pthread_mutex_unlock(&o->queue_lock);
        group(o, first, n);
        pthread_mutex_lock(&o->queue_lock);
    }
    pthread_mutex_unlock(&o->queue_lock);
    return NULL;
}

void objects_submit(struct objects *o, struct objects_op *op)
{
    op->next = NULL;
    op->code = 0;
    pthread_mutex_lock(&o->queue_lock);
    *o->last = op;
    o->last = &op->next;
    pthread_cond_signal(&o->queue_filled);
    pthread_mutex_unlock(&o->queue_lock);
}

struct waiting {
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool done;
};

static void wake(struct objects_op *op)
{
    struct waiting *w = op->user;
    pthread_mutex_lock(&w->lock);
    w->done = true;
    pthread_cond_signal(&w->over);
    pthread_mutex_unlock(&w->lock);
}

int objects_do(struct objects *o, struct objects_op *op)
{
    struct waiting w = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    op->done = wake;
    op->user = &w;
    objects_submit(o, op);
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.over, &w.lock);
    pthread_mutex_unlock(&w.lock);
    pthread_mutex_destroy(&w.lock);
    pthread_cond_destroy(&w.over);
    return op->code;
}

int commit_start(struct objects *o, struct err *e)
{
    int code = view_open(o, &o->writer, e);
    if (code < 0)
        return code;
    code = pthread_create(&o->committer, NULL, committer, o);
    o->committing = code == 0;
    return code ? err_set(e, -code, "objects: no thread: %s (raise the limit of processes)", strerror(code))
                : 0;
}

void commit_stop(struct objects *o)
{
    if (o->committing) {
        pthread_mutex_lock(&o->queue_lock);
        o->closing = true;
        pthread_cond_signal(&o->queue_filled);
        pthread_mutex_unlock(&o->queue_lock);
        pthread_join(o->committer, NULL);
        o->committing = false;
    }
    view_close(&o->writer);
    o->writer = (struct view){0};
}
