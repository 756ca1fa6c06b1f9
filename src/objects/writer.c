// SPDX-License-Identifier: Apache-2.0
//
// Bytes on their way in. What stays small never sees a file; the rest goes to incoming, where nobody looks
// for it, until all of it is on disk.
#include "objects/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

// The kernel is asked to begin writing this often, so that the sync at the end finds little left to do.
#define PUSH_BYTES ((uint64_t)8 << 20)

struct objects_writer {
    struct objects *o;
    uint64_t id, size, pushed;
    char *small; // until it is too much
    size_t cap;
    int fd; // -1: still small
    struct err failed;
};

struct objects_writer *objects_writer_new(struct objects *o)
{
    struct objects_writer *w = mem_alloc(sizeof *w);
    *w = (struct objects_writer){.o = o, .id = next_id(o), .fd = -1};
    return w;
}

static int broken(struct objects_writer *w, int code, const char *step, struct err *e)
{
    w->failed = ERR_NULL;
    err_set(&w->failed, code, "objects: %s: %s%s", step, strerror(-code),
            code == -ENOSPC || code == -EDQUOT ? " (free some space; nothing of this is kept)" : "");
    if (code == -EDQUOT)
        w->failed.code = -ENOSPC;
    *e = w->failed;
    return e->code;
}

static int write_all(struct objects_writer *w, const char *data, size_t n, struct err *e)
{
    int code = fault_at(w->o, "write", e);
    if (code)
        return broken(w, code, "write", e);
    while (n) {
        ssize_t k = write(w->fd, data, n);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0)
            return broken(w, -errno, "write", e);
        data += k;
        n -= (size_t)k;
    }
    return 0;
}

static int to_file(struct objects_writer *w, struct err *e)
{
    char name[20];
    id_name(name, w->id);
    int code = fault_at(w->o, "create", e);
    if (!code) {
        w->fd = openat(w->o->incoming_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        code = w->fd < 0 ? -errno : 0;
    }
    if (code)
        return broken(w, code, "create", e);
    return w->size ? write_all(w, w->small, w->size, e) : 0;
}

int objects_writer_put(struct objects_writer *w, const void *data, size_t n, struct err *e)
{
    if (w->failed.code) {
        *e = w->failed;
        return e->code;
    }
    if (n == 0)
        return 0;
    if (w->fd < 0 && w->size + n <= OBJECTS_INLINE_BYTES) {
        if (w->size + n > w->cap) { // the first piece is all there is, mostly
            w->cap = w->size ? OBJECTS_INLINE_BYTES : n;
            w->small = realloc(w->small, w->cap);
            if (!w->small)
                abort();
        }
        memcpy(w->small + w->size, data, n);
        w->size += n;
        return 0;
    }
    int code = w->fd < 0 ? to_file(w, e) : 0;
    if (!code)
        code = write_all(w, data, n, e);
    if (code)
        return code;
    w->size += n;
    if (w->size - w->pushed >= PUSH_BYTES) {
        sync_file_range(w->fd, (off_t)w->pushed, (off_t)(w->size - w->pushed), SYNC_FILE_RANGE_WRITE);
        w->pushed = w->size;
    }
    return 0;
}

static int sync_folder(struct objects *o, const char *path)
{
    char folder[4] = {path[0], path[1], 0};
    int fd = openat(o->content_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = fd < 0 || fsync(fd) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return code;
}

static int settle(struct objects_writer *w, struct err *e)
{
    char name[20], path[24];
    id_name(name, w->id);
    id_path(path, w->id);
    int code = fault_at(w->o, "sync", e);
    if (!code && fsync(w->fd) < 0)
        code = -errno;
    if (code)
        return broken(w, code, "sync", e);
    code = fault_at(w->o, "rename", e);
    if (!code && renameat(w->o->incoming_fd, name, w->o->content_fd, path) < 0)
        code = -errno;
    if (code)
        return broken(w, code, "rename", e);
    code = fault_at(w->o, "sync folder", e);
    if (!code)
        code = sync_folder(w->o, path);
    if (code) {
        unlinkat(w->o->content_fd, path, 0);
        return broken(w, code, "sync folder", e);
    }
    close(w->fd);
    w->fd = -1;
    return 0;
}

int objects_writer_finish(struct objects_writer *w, struct objects_content *out, struct err *e)
{
    *out = OBJECTS_CONTENT_NULL;
    if (w->failed.code) {
        *e = w->failed;
        return e->code;
    }
    if (w->size == 0)
        return 0;
    int code = w->fd >= 0 ? settle(w, e) : 0;
    if (code)
        return code;
    out->size = w->size;
    out->n_segments = 1;
    out->segment = mem_alloc(sizeof *out->segment);
    *out->segment = (struct objects_segment){.id = w->id, .size = w->size};
    if (w->size <= OBJECTS_INLINE_BYTES && w->small) {
        out->segment->data = w->small;
        w->small = NULL;
    }
    return 0;
}

void objects_writer_free(struct objects_writer *w)
{
    if (!w)
        return;
    if (w->fd >= 0) {
        char name[20];
        id_name(name, w->id);
        unlinkat(w->o->incoming_fd, name, 0);
        close(w->fd);
    }
    free(w->small);
    free(w);
}

void objects_content_deinit(struct objects *o, struct objects_content *c)
{
    for (size_t i = 0; i < c->n_segments; i++) {
        char path[24];
        id_path(path, c->segment[i].id);
        if (!c->kept && !c->segment[i].data)
            unlinkat(o->content_fd, path, 0);
        free(c->segment[i].data);
    }
    free(c->segment);
    *c = OBJECTS_CONTENT_NULL;
}

// ---- the same bytes once more

static int copy_segment(struct objects *o, struct objects_body *b, uint64_t at, uint64_t n,
                        struct objects_segment *out, struct err *e)
{
    enum { ROOM = 1 << 20 };
    struct objects_writer *w = objects_writer_new(o);
    struct objects_content c;
    char *room = mem_alloc(ROOM);
    int code = 0;
    while (n && !code) {
        ssize_t k = objects_body_read(b, at, room, n < ROOM ? (size_t)n : ROOM);
        code = k > 0 ? objects_writer_put(w, room, (size_t)k, e)
                     : err_set(e, -EIO, "objects: bytes cannot be read");
        at += code ? 0 : (uint64_t)k;
        n -= code ? 0 : (uint64_t)k;
    }
    if (!code)
        code = objects_writer_finish(w, &c, e);
    if (!code) {
        *out = c.segment[0];
        free(c.segment);
    }
    free(room);
    objects_writer_free(w);
    return code;
}

// A second name of a file that never changes: no byte moves.
static bool link_segment(struct objects *o, uint64_t id, uint64_t size, struct objects_segment *out)
{
    char from[24], to[24];
    uint64_t twin = next_id(o);
    id_path(from, id);
    id_path(to, twin);
    if (linkat(o->content_fd, from, o->content_fd, to, 0) < 0)
        return false; // removed meanwhile (whoever reads it still can), or it has too many names
    if (sync_folder(o, to) < 0) {
        unlinkat(o->content_fd, to, 0);
        return false;
    }
    *out = (struct objects_segment){.id = twin, .size = size};
    return true;
}

int objects_body_clone(struct objects *o, struct objects_body *b, struct objects_content *out, struct err *e)
{
    uint64_t at = 0, id, size;
    size_t n = 0, cap = 0;
    int code = 0;
    bool is_file;
    *out = OBJECTS_CONTENT_NULL;
    while (!code && body_segment(b, n, &id, &size, &is_file)) {
        struct objects_segment got;
        if (!is_file || !link_segment(o, id, size, &got))
            code = copy_segment(o, b, at, size, &got, e);
        if (!code) {
            *VEC_PUSH(out->segment, n, cap) = got;
            out->n_segments = n;
        }
        at += size;
    }
    out->size = at;
    if (code)
        objects_content_deinit(o, out);
    return code;
}
