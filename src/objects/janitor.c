// SPDX-License-Identifier: Apache-2.0
//
// The janitor: a thread that removes files (which takes long for large ones, and the committer must not
// wait), and looks now and then for what nobody removed: files of earlier runs that the index does not know,
// left by a crash between a rename and its commit or between a commit and its removals, and multipart uploads
// that were given up.
#include "objects/inside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

#define TEND_S 600
#define FULL_S 1 // between two looks whether the disk has room again

void doom_files(struct objects *o, const struct id_list *files)
{
    for (size_t i = 0; i < files->n; i++)
        ids_add(&o->doomed, files->v[i]);
    if (files->n)
        pthread_cond_signal(&o->file_work);
}

static void unlink_id(struct objects *o, uint64_t id)
{
    char path[24];
    id_path(path, id);
    unlinkat(o->content_fd, path, 0);
}

static DIR *open_folder(int at, const char *name)
{
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d && fd >= 0)
        close(fd);
    return d;
}

// Whatever lies there is of an earlier run: it was never answered for.
static void empty_incoming(struct objects *o)
{
    DIR *d = open_folder(o->incoming_fd, ".");
    for (struct dirent *x; d && (x = readdir(d));)
        if (x->d_name[0] != '.')
            unlinkat(o->incoming_fd, x->d_name, 0);
    if (d)
        closedir(d);
}

static bool is_doomed(struct objects *o, uint64_t id)
{
    bool found = false;
    pthread_mutex_lock(&o->file_lock);
    for (size_t i = 0; i < o->n_pins && !found; i++)
        for (size_t k = 0; k < o->pin[i].files.n && !found; k++)
            found = o->pin[i].files.v[k] == id;
    pthread_mutex_unlock(&o->file_lock);
    return found;
}

static bool is_known(struct view *v, uint64_t id)
{
    struct err e;
    sqlite3_stmt *st = view_st(v, ST_FILE_KNOWN);
    if (!st)
        return true;
    sqlite3_bind_int64(st, 1, (int64_t)id);
    bool known = view_step(v, st, &e) != 0 || sqlite3_column_int(st, 0) != 0;
    sqlite3_reset(st);
    return known;
}

static bool ends(struct objects *o)
{
    pthread_mutex_lock(&o->file_lock);
    bool yes = o->janitor_ends;
    pthread_mutex_unlock(&o->file_lock);
    return yes;
}

static void sweep_folder(struct objects *o, struct view *v, const char *name)
{
    DIR *d = open_folder(o->content_fd, name);
    for (struct dirent *x; d && (x = readdir(d));) {
        char *end;
        uint64_t id = strtoull(x->d_name, &end, 16);
        // Those of this run may be on their way into the index.
        if (*end || end != x->d_name + 16 || id >> 32 == o->generation)
            continue;
        if (!is_known(v, id) && !is_doomed(o, id))
            unlink_id(o, id);
    }
    if (d)
        closedir(d);
}

static void sweep(struct objects *o)
{
    struct err e;
    struct view *v = view_take(o, &e);
    char name[8];
    for (int i = 0; v && i < 256 && !ends(o); i++) {
        snprintf(name, sizeof name, "%02x", i);
        sweep_folder(o, v, name);
    }
    if (v)
        view_give(o, v);
}

static int64_t now_ms(const struct objects *o)
{
    struct timespec t;
    if (o->cfg.now_ms)
        return o->cfg.now_ms();
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// One upload that is too old; false: there is none.
static bool abort_one(struct objects *o)
{
    struct err e;
    char key[2048];
    struct objects_op op = {.kind = OBJECTS_ABORT};
    struct view *v = view_take(o, &e);
    sqlite3_stmt *st = v ? view_st(v, ST_UPLOADS_OLD) : NULL;
    bool found = false;
    if (st) {
        sqlite3_bind_int64(st, 1, now_ms(o) - o->cfg.upload_keep_ms);
        found = view_step(v, st, &e) == 0 && (size_t)sqlite3_column_bytes(st, 2) <= sizeof key;
        if (found) {
            op.upload = (uint64_t)sqlite3_column_int64(st, 0);
            op.bucket = (uint64_t)sqlite3_column_int64(st, 1);
            op.key = (struct objects_key){key, (size_t)sqlite3_column_bytes(st, 2)};
            memcpy(key, sqlite3_column_blob(st, 2), op.key.n);
        }
        sqlite3_reset(st);
    }
    if (v)
        view_give(o, v);
    return found && objects_do(o, &op) == OBJECTS_OK;
}

void objects_tend(struct objects *o)
{
    sweep(o);
    while (o->cfg.upload_keep_ms > 0 && !ends(o) && abort_one(o))
        ;
}

// With file_lock held; lets go of it meanwhile.
static void remove_doomed(struct objects *o)
{
    struct id_list taken = o->doomed;
    o->doomed = (struct id_list){0};
    pthread_mutex_unlock(&o->file_lock);
    for (size_t i = 0; i < taken.n; i++)
        unlink_id(o, taken.v[i]);
    free(taken.v);
    pthread_mutex_lock(&o->file_lock);
}

static void *tend(void *objects)
{
    struct objects *o = objects;
    struct timespec until;
    objects_tend(o);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += TEND_S;
    pthread_mutex_lock(&o->file_lock);
    while (!o->janitor_ends) {
        struct timespec soon;
        clock_gettime(CLOCK_MONOTONIC, &soon);
        soon.tv_sec += FULL_S;
        bool full = !atomic_load(&o->has_reserve);
        if (o->doomed.n) {
            remove_doomed(o);
            reserve_make(o);
        } else if (full && soon.tv_sec < until.tv_sec) {
            pthread_cond_timedwait(&o->file_work, &o->file_lock, &soon);
            reserve_make(o);
        } else if (pthread_cond_timedwait(&o->file_work, &o->file_lock, &until) == ETIMEDOUT) {
            pthread_mutex_unlock(&o->file_lock);
            while (o->cfg.upload_keep_ms > 0 && !ends(o) && abort_one(o))
                ;
            clock_gettime(CLOCK_MONOTONIC, &until);
            until.tv_sec += TEND_S;
            pthread_mutex_lock(&o->file_lock);
        }
    }
    pthread_mutex_unlock(&o->file_lock);
    return NULL;
}

int janitor_start(struct objects *o, struct err *e)
{
    empty_incoming(o);
    int code = pthread_create(&o->janitor, NULL, tend, o);
    o->tending = code == 0;
    return code ? err_set(e, -code, "objects: no thread: %s (raise the limit of processes)", strerror(code))
                : 0;
}

void janitor_stop(struct objects *o)
{
    if (!o->tending)
        return;
    pthread_mutex_lock(&o->file_lock);
    o->janitor_ends = true;
    pthread_cond_signal(&o->file_work);
    pthread_mutex_unlock(&o->file_lock);
    pthread_join(o->janitor, NULL);
    o->tending = false;
}

void janitor_last(struct objects *o)
{
    pthread_mutex_lock(&o->file_lock);
    remove_doomed(o);
    pthread_mutex_unlock(&o->file_lock);
}
