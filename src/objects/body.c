// SPDX-License-Identifier: Apache-2.0
//
// Bytes on their way out. They stay what they were when the body was opened: a file is held open, small ones
// are held in memory, and of an object in parts the files are pinned, because there may be thousands: whoever
// removes them leaves that to the last reader.
//
// A row may be replaced between reading it and holding its bytes. A file that is gone then, or a pinned
// content that a second look at the row no longer shows, is looked up again. The second look makes the pin
// good: files die only after the commit that drops their row, so a row still seen after pinning cannot have
// died before.
#include "objects/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define LOOKS 1000 // a key that changes this often while it is being opened is not ours to chase

struct segment {
    uint64_t id, start, size;
    char *data; // NULL: in a file
};

struct objects_body {
    struct objects *o;
    uint64_t content, size;
    size_t n, cap;
    struct segment *segment;
    int fd;      // of segment `open`
    size_t open; // SIZE_MAX: none
    bool pinned;
};

bool body_segment(const struct objects_body *b, size_t i, uint64_t *id, uint64_t *size, bool *is_file)
{
    if (i >= b->n)
        return false;
    *id = b->segment[i].id;
    *size = b->segment[i].size;
    *is_file = !b->segment[i].data;
    return true;
}

// ---- pins

static struct pin *find_pin(struct objects *o, uint64_t content)
{
    for (size_t i = 0; i < o->n_pins; i++)
        if (o->pin[i].content == content)
            return &o->pin[i];
    return NULL;
}

static void pin(struct objects *o, uint64_t content)
{
    pthread_mutex_lock(&o->file_lock);
    struct pin *p = find_pin(o, content);
    if (!p) {
        p = VEC_PUSH(o->pin, o->n_pins, o->cap_pins);
        *p = (struct pin){.content = content};
    }
    p->readers++;
    pthread_mutex_unlock(&o->file_lock);
}

static void unpin(struct objects *o, uint64_t content)
{
    pthread_mutex_lock(&o->file_lock);
    struct pin *p = find_pin(o, content);
    if (p && --p->readers == 0) {
        doom_files(o, &p->files);
        free(p->files.v);
        *p = o->pin[--o->n_pins];
    }
    pthread_mutex_unlock(&o->file_lock);
}

void files_die(struct objects *o, struct dead *d)
{
    pthread_mutex_lock(&o->file_lock);
    struct pin *p = find_pin(o, d->content);
    if (!p)
        doom_files(o, &d->files);
    for (size_t i = 0; p && i < d->files.n; i++)
        ids_add(&p->files, d->files.v[i]);
    pthread_mutex_unlock(&o->file_lock);
}

// ---- opening

static int open_id(struct objects *o, uint64_t id)
{
    char path[24];
    id_path(path, id);
    return openat(o->content_fd, path, O_RDONLY | O_CLOEXEC);
}

static struct segment *add(struct objects_body *b, uint64_t id, uint64_t size)
{
    struct segment *s = VEC_PUSH(b->segment, b->n, b->cap);
    *s = (struct segment){.id = id, .start = b->size, .size = size};
    b->size += size;
    return s;
}

// 0, 1 when it is gone, or an error.
static int load_small(struct view *v, struct segment *s, struct err *e)
{
    sqlite3_stmt *st = view_st(v, ST_SMALL);
    if (!st)
        return view_fail(v, e);
    sqlite3_bind_int64(st, 1, (int64_t)s->id);
    int code = view_step(v, st, e);
    if (code)
        return code;
    size_t n = (size_t)sqlite3_column_bytes(st, 0);
    if (n != s->size)
        code = err_set(e, -EILSEQ,
                       "objects: %zu bytes in the index where %llu should be (restore it from a backup)", n,
                       (unsigned long long)s->size);
    else
        s->data = memcpy(mem_alloc(n + 1), sqlite3_column_blob(st, 0), n);
    sqlite3_reset(st);
    return code;
}

static int load_segments(struct view *v, struct objects_body *b, struct err *e)
{
    sqlite3_stmt *st = view_st(v, ST_SEGMENTS);
    int code;
    if (!st)
        return view_fail(v, e);
    sqlite3_bind_int64(st, 1, (int64_t)b->content);
    while ((code = view_step(v, st, e)) == 0) {
        struct segment *s =
            add(b, (uint64_t)sqlite3_column_int64(st, 0), (uint64_t)sqlite3_column_int64(st, 2));
        if (sqlite3_column_int(st, 1) == KIND_INLINE && (code = load_small(v, s, e)) != 0)
            break;
    }
    sqlite3_reset(st);
    return code == 1 ? 0 : code;
}

struct row {
    struct objects_info info;
    int kind;
};

// 0, 1 when there is none, or an error. `a` may be NULL: without headers.
static int look(struct view *v, uint64_t bucket, struct objects_key key, struct arena *a, struct row *out,
                struct err *e)
{
    sqlite3_stmt *st = view_st(v, ST_OBJECT);
    if (!st)
        return view_fail(v, e);
    sqlite3_bind_int64(st, 1, (int64_t)bucket);
    bind_key(st, 2, key);
    int code = view_step(v, st, e);
    if (code)
        return code;
    out->info = (struct objects_info){.content = (uint64_t)sqlite3_column_int64(st, 0),
                                      .size = (uint64_t)sqlite3_column_int64(st, 2),
                                      .modified_ms = sqlite3_column_int64(st, 3)};
    out->kind = sqlite3_column_int(st, 1);
    column_etag(st, 4, out->info.etag);
    if (a)
        out->info.headers = arena_strdup(a, (const char *)sqlite3_column_text(st, 5));
    sqlite3_reset(st);
    return 0;
}

static int hold_pinned(struct view *v, struct objects_body *b, uint64_t bucket, struct objects_key key,
                       struct err *e)
{
    struct row again;
    pin(b->o, b->content);
    b->pinned = true;
    int code = look(v, bucket, key, NULL, &again, e);
    if (code < 0)
        return code;
    if (code == 1 || again.info.content != b->content)
        return 1;
    code = load_segments(v, b, e);
    return code ? code : 0;
}

// 0: `b` holds the bytes of the row; 1: they are gone, the row must be read again; or an error.
static int hold(struct view *v, struct objects_body *b, const struct row *row, uint64_t bucket,
                struct objects_key key, struct err *e)
{
    b->content = row->info.content;
    switch (row->kind) {
    case KIND_EMPTY:
        return 0;
    case KIND_INLINE:
        return load_small(v, add(b, b->content, row->info.size), e);
    case KIND_FILE:
        add(b, b->content, row->info.size);
        b->fd = open_id(b->o, b->content);
        b->open = 0;
        if (b->fd >= 0 || errno == ENOENT)
            return b->fd < 0;
        return err_set(e, -errno, "objects: opening a file: %s", strerror(errno));
    default:
        return hold_pinned(v, b, bucket, key, e);
    }
}

static struct objects_body *body_new(struct objects *o)
{
    struct objects_body *b = mem_alloc(sizeof *b);
    *b = (struct objects_body){.o = o, .fd = -1, .open = SIZE_MAX};
    return b;
}

static int get(struct view *v, struct objects *o, uint64_t bucket, struct objects_key key, struct arena *a,
               struct objects_info *info, struct objects_body **body, struct err *e)
{
    struct row row;
    uint64_t gone = 0;
    for (int i = 0; i < LOOKS; i++) {
        int code = look(v, bucket, key, a, &row, e);
        if (code)
            return code;
        *info = row.info;
        if (!body)
            return 0;
        struct objects_body *b = body_new(o);
        code = hold(v, b, &row, bucket, key, e);
        if (code == 0) {
            *body = b;
            return 0;
        }
        objects_body_free(b);
        if (code < 0)
            return code;
        if (gone == row.info.content)
            return err_set(e, -EILSEQ,
                           "objects: file %016llx is missing (restore the directory from a backup)",
                           (unsigned long long)gone);
        gone = row.info.content;
    }
    return err_set(e, -EAGAIN, "objects: the key changes too fast to be read");
}

int objects_get(struct objects *o, uint64_t bucket, struct objects_key key, struct arena *a,
                struct objects_info *info, struct objects_body **body, struct err *e)
{
    struct view *v = view_take(o, e);
    if (!v)
        return -EIO;
    int code = get(v, o, bucket, key, a, info, body, e);
    view_give(o, v);
    return code;
}

// ---- reading

static size_t segment_at(const struct objects_body *b, uint64_t at)
{
    size_t lo = 0, hi = b->n;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (b->segment[mid].start <= at)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

ssize_t objects_body_read(struct objects_body *b, uint64_t at, char *out, size_t room)
{
    if (at >= b->size)
        return 0;
    size_t i = segment_at(b, at);
    const struct segment *s = &b->segment[i];
    uint64_t from = at - s->start, left = s->size - from;
    size_t n = left < room ? (size_t)left : room;
    if (s->data) {
        memcpy(out, s->data + from, n);
        return (ssize_t)n;
    }
    if (b->open != i) {
        if (b->fd >= 0)
            close(b->fd);
        b->fd = open_id(b->o, s->id);
        b->open = b->fd >= 0 ? i : SIZE_MAX;
        if (b->fd < 0)
            return -errno;
    }
    ssize_t k;
    do
        k = pread(b->fd, out, n, (off_t)from);
    while (k < 0 && errno == EINTR);
    return k > 0 ? k : k < 0 ? -errno : -EIO; // shorter than the index says
}

// Segments are parts, but for a last one without bytes, which has none.
bool objects_body_part(const struct objects_body *b, int parts, int number, uint64_t *first, uint64_t *n)
{
    size_t i = (size_t)number - 1, all = (size_t)parts;
    if (number < 1 || number > parts || (b->n != all && b->n + 1 != all))
        return false;
    *first = i < b->n ? b->segment[i].start : b->size;
    *n = i < b->n ? b->segment[i].size : 0;
    return true;
}

int objects_body_file(struct objects_body *b)
{
    return b->n == 1 && b->fd >= 0 ? fcntl(b->fd, F_DUPFD_CLOEXEC, 0) : -1;
}

void objects_body_free(struct objects_body *b)
{
    if (!b)
        return;
    if (b->fd >= 0)
        close(b->fd);
    if (b->pinned)
        unpin(b->o, b->content);
    for (size_t i = 0; i < b->n; i++)
        free(b->segment[i].data);
    free(b->segment);
    free(b);
}
