// SPDX-License-Identifier: Apache-2.0
//
// The store's life: its folders, its lock, its numbers. A number is the count of openings in its upper half
// and a counter in its lower one, so that none is given twice whatever was forgotten in a crash.
#include "objects/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/db.h"

#define FANOUT 256

uint64_t next_id(struct objects *o)
{
    uint32_t n = atomic_fetch_add(&o->next, 1) + 1;
    if (n == 0)
        abort(); // four thousand million contents in one run; the next run has as many
    return o->generation << 32 | n;
}

void id_name(char out[20], uint64_t id)
{
    snprintf(out, 20, "%016" PRIx64, id);
}

void id_path(char out[24], uint64_t id)
{
    snprintf(out, 24, "%02x/%016" PRIx64, (unsigned)(id % FANOUT), id);
}

int fault_at(struct objects *o, const char *step, struct err *e)
{
    int code = o->cfg.fault ? o->cfg.fault(o->cfg.fault_ctx, step) : 0;
    return code ? err_set(e, code, "objects: %s: %s", step, strerror(-code)) : 0;
}

void ids_add(struct id_list *l, uint64_t id)
{
    *VEC_PUSH(l->v, l->n, l->cap) = id;
}

static int folder(int at, const char *name, const char *shown, int *fd, struct err *e)
{
    if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
        return err_set(e, -errno, "objects: %s: %s (the folder must be writable)", shown, strerror(errno));
    if (!fd)
        return 0;
    *fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *fd < 0 ? err_set(e, -errno, "objects: %s: %s", shown, strerror(errno)) : 0;
}

static int folders(struct objects *o, struct err *e)
{
    int code = folder(AT_FDCWD, o->dir, o->dir, &o->top_fd, e), top = o->top_fd;
    if (!code) {
        o->lock_fd = openat(top, "objects.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        if (o->lock_fd < 0)
            code = err_set(e, -errno, "objects: %s/objects.lock: %s", o->dir, strerror(errno));
        else if (flock(o->lock_fd, LOCK_EX | LOCK_NB) < 0)
            code =
                err_set(e, -EBUSY,
                        "objects: %s: another server has it (stop that one, or name another folder)", o->dir);
    }
    if (!code)
        code = folder(top, "incoming", "incoming", &o->incoming_fd, e);
    if (!code)
        code = folder(top, "content", "content", &o->content_fd, e);
    char name[8];
    for (int i = 0; i < FANOUT && !code; i++) {
        snprintf(name, sizeof name, "%02x", i);
        code = folder(o->content_fd, name, name, NULL, e);
    }
    // The folders themselves must not be lost: everything later relies on them.
    if (!code && (fsync(o->content_fd) < 0 || fsync(top) < 0))
        code = err_set(e, -errno, "objects: %s: %s", o->dir, strerror(errno));
    return code;
}

static int index_open(struct objects *o, struct err *e)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/objects.db", o->dir);
    sqlite3 *db = NULL;
    int code = db_open(&db, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
    if (!code)
        code = schema_make(db, e);
    if (!code)
        code = db_exec(
            db, "PRAGMA synchronous = FULL; UPDATE meta SET value = value + 1 WHERE key = 'generation'",
            "objects.db: counting this start", e);
    sqlite3_stmt *st = NULL;
    int64_t generation = 0;
    if (!code)
        code = db_prepare(db, &st, "SELECT value FROM meta WHERE key = 'generation'", e);
    if (!code)
        code = db_int(st, "objects.db: counting this start", &generation, e);
    sqlite3_finalize(st);
    sqlite3_close(db);
    o->generation = (uint64_t)generation;
    return code;
}

int objects_open(struct objects **ret, const struct objects_config *cfg, struct err *e)
{
    struct objects *o = mem_alloc(sizeof *o);
    o->cfg = *cfg;
    o->dir = mem_strdup(cfg->dir);
    o->lock_fd = o->top_fd = o->incoming_fd = o->content_fd = -1;
    o->last = &o->first;
    pthread_mutex_init(&o->queue_lock, NULL);
    pthread_mutex_init(&o->view_lock, NULL);
    pthread_mutex_init(&o->file_lock, NULL);
    pthread_cond_init(&o->queue_filled, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&o->file_work, &attr);
    pthread_condattr_destroy(&attr);
    int code = folders(o, e);
    if (!code)
        code = index_open(o, e);
    if (code == -ENOSPC && reserve_release(o))
        code = index_open(o, e);
    reserve_make(o);
    if (!code)
        code = commit_start(o, e);
    if (!code)
        code = janitor_start(o, e);
    if (code < 0) {
        objects_close(o);
        return code;
    }
    *ret = o;
    return 0;
}

void objects_close(struct objects *o)
{
    if (!o)
        return;
    janitor_stop(o); // it may be waiting for the committer
    commit_stop(o);
    if (o->content_fd >= 0)
        janitor_last(o);
    while (o->views) {
        struct view *v = o->views;
        o->views = v->next;
        view_close(v);
        free(v);
    }
    for (size_t i = 0; i < o->n_pins; i++)
        free(o->pin[i].files.v);
    free(o->pin);
    free(o->doomed.v);
    free(o->dying.v);
    int fds[] = {o->top_fd, o->incoming_fd, o->content_fd, o->lock_fd};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    pthread_cond_destroy(&o->queue_filled);
    pthread_cond_destroy(&o->file_work);
    pthread_mutex_destroy(&o->queue_lock);
    pthread_mutex_destroy(&o->view_lock);
    pthread_mutex_destroy(&o->file_lock);
    free(o->dir);
    free(o);
}
