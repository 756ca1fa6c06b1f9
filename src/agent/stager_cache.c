// SPDX-License-Identifier: Apache-2.0
//
// Objects that came for an earlier run, for as long as their bucket's cacheTTLSec. They lie beside the
// folders of runs, in memory, and go with the agent. A copy is only ever looked for by a run whose key has
// just listed the object, and by its checksum of then: so nobody sees a byte that the storage would not have
// given, and none that is not current. Its name is a hash of bucket, key, checksum and size; its time is that
// of its last use. What is oldest goes when there is no room; nobody waits for anything here, and nothing
// here can fail a run.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "agent/stager.h"
#include "base/hex.h"
#include "base/mem.h"

#define ROOM_PART  16 // of the file system, at most
#define PIECE      ((size_t)1 << 18)
#define FILES_MOST 4096

void cache_name(char out[65], const char *bucket, const struct remote *r)
{
    struct s3_sum h;
    uint8_t sum[S3_SUM_BYTES_MAX];
    s3_sum_init(&h, S3_SUM_SHA256);
    s3_sum_update(&h, bucket, strlen(bucket) + 1);
    s3_sum_update(&h, r->key, r->key_n);
    s3_sum_update(&h, r->etag, strlen(r->etag) + 1);
    s3_sum_update(&h, &r->size, sizeof r->size);
    s3_sum_final(&h, sum);
    hex_text(out, sum, 32);
}

static bool too_old(const struct stat *st, int64_t ttl_s)
{
    return time(NULL) - st->st_mtime > ttl_s;
}

bool cache_read(struct stager *s, const char *name, const struct remote *r, int64_t ttl_s,
                bool (*sink)(void *ctx, const char *data, size_t n), void *ctx)
{
    struct stat st;
    uint64_t at = 0;
    int fd =
        s->cache_fd < 0 || ttl_s <= 0 ? -1 : openat(s->cache_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != r->size || too_old(&st, ttl_s)) {
        close(fd);
        cache_drop(s, name);
        return false;
    }
    char *piece = mem_alloc(PIECE);
    for (ssize_t n;
         at < r->size && (n = pread(fd, piece, PIECE, (off_t)at)) > 0 && sink(ctx, piece, (size_t)n);)
        at += (uint64_t)n;
    free(piece);
    close(fd);
    return at == r->size;
}

void cache_drop(struct stager *s, const char *name)
{
    if (s->cache_fd >= 0)
        unlinkat(s->cache_fd, name, 0);
}

// ---- room

struct kept {
    char name[65];
    int64_t bytes;
    time_t at;
};

static int older(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    return x->at < y->at ? -1 : x->at > y->at;
}

static int64_t room_of(const struct stager *s)
{
    struct statvfs v;
    if (fstatvfs(s->cache_fd, &v) < 0)
        return 0;
    int64_t part = (int64_t)(v.f_blocks * v.f_frsize) / ROOM_PART;
    return part < STAGER_CACHE_MOST ? part : STAGER_CACHE_MOST;
}

static size_t look(const struct stager *s, struct kept **out, int64_t *sum)
{
    size_t n = 0, cap = 0;
    int fd = openat(s->cache_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    *out = NULL;
    *sum = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        struct stat st;
        if (e->d_name[0] == '.' || strlen(e->d_name) > 64 || fstatat(s->cache_fd, e->d_name, &st, 0) < 0)
            continue;
        struct kept *k = VEC_PUSH(*out, n, cap);
        *k = (struct kept){.bytes = st.st_size, .at = st.st_mtime};
        snprintf(k->name, sizeof k->name, "%s", e->d_name);
        *sum += st.st_size;
    }
    if (d)
        closedir(d);
    else if (fd >= 0)
        close(fd);
    return n;
}

// Several stagers may look at once: each then drops the same ones, or a few too many.
static bool make_room(struct stager *s, int64_t bytes)
{
    struct kept *v;
    int64_t sum, room = room_of(s);
    size_t n = look(s, &v, &sum), i = 0;
    if (n)
        qsort(v, n, sizeof *v, older);
    for (; bytes <= room / 4 && i < n && (sum + bytes > room || n - i >= FILES_MOST); i++) {
        cache_drop(s, v[i].name);
        sum -= v[i].bytes;
    }
    free(v);
    return bytes <= room / 4 && sum + bytes <= room;
}

static bool copy(int from, int to, uint64_t n)
{
    char *piece = mem_alloc(PIECE);
    uint64_t at = 0;
    for (ssize_t k; at < n && (k = pread(from, piece, PIECE, (off_t)at)) > 0;) {
        if (write(to, piece, (size_t)k) != k)
            break;
        at += (uint64_t)k;
    }
    free(piece);
    return at == n;
}

void cache_keep(struct stager *s, const char *name, int fd, uint64_t n, int64_t ttl_s)
{
    char fresh[96];
    if (s->cache_fd < 0 || ttl_s <= 0)
        return;
    pthread_mutex_lock(&s->lock); // one at a time counts the room
    bool fits = make_room(s, (int64_t)n);
    pthread_mutex_unlock(&s->lock);
    snprintf(fresh, sizeof fresh, "%.48s.%d", name, (int)getpid());
    int to =
        fits ? openat(s->cache_fd, fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (to < 0)
        return;
    bool good = copy(fd, to, n);
    close(to);
    if (!good || renameat(s->cache_fd, fresh, s->cache_fd, name) < 0)
        unlinkat(s->cache_fd, fresh, 0);
}
