// SPDX-License-Identifier: Apache-2.0
//
// Resources: each comes into a file that nobody sees, from where the last try ended, and takes its place when
// it is whole and its checksum is right. Run again while the command runs, it brings what is new or has
// changed and leaves the rest alone.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "agent/stager.h"
#include "base/hex.h"
#include "base/mem.h"

struct fetch {
    struct remote_list remote;
    struct tree_list have; // what came before
    struct tree_list came; // one for each remote
    bool *wanted;
    bool again; // the command runs
    const json_t *in;
};

// ---- one file

struct incoming {
    int fd;
    struct s3_sum md5;
    uint64_t size;
    int error;
    struct stager *s;
};

static bool on_data(void *ctx, const char *data, size_t n)
{
    struct incoming *f = ctx;
    for (size_t done = 0; done < n;) {
        ssize_t k = write(f->fd, data + done, n - done);
        if (k < 0 && errno == EINTR)
            continue;
        if (k < 0) {
            f->error = errno;
            return false;
        }
        done += (size_t)k;
    }
    s3_sum_update(&f->md5, data, n);
    f->size += n;
    f->s->bytes += (int64_t)n;
    return true;
}

static bool refused(struct stager *s, const struct remote *r, const char *code, const char *why)
{
    return stager_fail(s, false, code, "resource %.70s: %.80s", r->path, why);
}

static bool begin_again(struct incoming *f)
{
    f->s->bytes -= (int64_t)f->size;
    f->size = 0;
    s3_sum_deinit(&f->md5);
    s3_sum_init(&f->md5, S3_SUM_MD5);
    return ftruncate(f->fd, 0) == 0 && lseek(f->fd, 0, SEEK_SET) == 0;
}

// All bytes of the object as it was listed, over as many tries as it takes.
static bool bring(struct stager *s, CURL *easy, const char *bucket, const struct remote *r,
                  struct incoming *f)
{
    for (int try = 0; f->size < r->size || !try; try++) {
        char range[64], match[64];
        struct answer_s3 a;
        uint64_t before = f->size;
        snprintf(range, sizeof range, "bytes=%llu-", (unsigned long long)f->size);
        snprintf(match, sizeof match, "\"%s\"", r->etag);
        const char *extra[] = {"If-Match", match, f->size ? "Range" : NULL, range, NULL};
        struct ask_s3 ask = {.method = "GET",
                             .bucket = bucket,
                             .key = r->key,
                             .key_n = r->key_n,
                             .extra = extra,
                             .fd = -1,
                             .sink = on_data,
                             .ctx = f};
        if (stager_failed(s))
            return false;
        ask_s3(s, easy, &ask, &a);
        bool passes = answer_s3_passes(s, &a);
        const char *code = answer_s3_code(s, &a, "resources-missing");
        int status = a.status;
        char why[200];
        snprintf(why, sizeof why, "%s", a.why);
        answer_s3_deinit(&a);
        if (f->error)
            return stager_fail(s, f->error != ENOSPC, f->error == ENOSPC ? "resources-too-large" : "staging",
                               "resource %.80s: %s", r->path, strerror(f->error));
        if (!passes && status != 200 && status != 206)
            return refused(s, r, code, status == 412 ? "it was changed while the task started" : why);
        if (status == 200 && before && !begin_again(f)) // it does not know ranges
            return stager_fail(s, true, "staging", "%s", strerror(errno));
        if (f->size < r->size)
            stager_pause(f->size > before ? 0 : try);
    }
    return true;
}

static bool check(struct stager *s, const struct remote *r, struct incoming *f, char md5[33])
{
    uint8_t sum[S3_SUM_BYTES_MAX];
    s3_sum_final(&f->md5, sum);
    hex_text(md5, sum, 16);
    if (f->size != r->size || (!strchr(r->etag, '-') && strcmp(md5, r->etag) != 0))
        return stager_fail(s, false, "resources-damaged",
                           "resource %.70s: what came is not what the storage has (checksum)", r->path);
    return true;
}

static bool place(struct stager *s, const char *name, const struct remote *r, struct tree_file *out, int fd,
                  bool again)
{
    const char *last;
    struct tree_file soon = {.path = r->path, .size = r->size}; // when it was changed is not known yet
    memcpy(soon.md5, out->md5, sizeof soon.md5);
    if (again && !manifest_add(s, &soon))
        return false;
    int parent = tree_parent(s->job_fd, r->path, true, &last);
    if (parent < 0 || renameat(s->incoming_fd, name, parent, last) < 0) {
        int code = errno;
        if (parent >= 0)
            close(parent);
        return stager_fail(s, false, "resources-name", "resource %.90s: %s", r->path,
                           code == ENOTDIR || code == EISDIR || code == ENOTEMPTY || code == ELOOP
                               ? "a file and a folder have this name"
                               : strerror(code));
    }
    close(parent);
    char md5[33], etag[48];
    memcpy(md5, out->md5, sizeof md5);
    memcpy(etag, r->etag, sizeof etag);
    tree_stat(r->path, fd, out); // after the rename, which is a change too
    memcpy(out->md5, md5, sizeof md5);
    memcpy(out->etag, etag, sizeof etag);
    return true;
}

// From the cache, or else from the storage.
static bool get(struct stager *s, CURL *easy, const struct fetch *f, const struct remote *r,
                struct incoming *in, char md5[33])
{
    const json_t *from = json_array_get(f->in, r->bucket);
    const char *bucket = json_string_value(json_object_get(from, "bucket"));
    int64_t ttl_s = json_integer_value(json_object_get(from, "ttl_s"));
    char kept[65];
    cache_name(kept, bucket, r);
    bool cached = cache_read(s, kept, r, ttl_s, on_data, in);
    if (cached)
        s->kept_bytes += (int64_t)r->size;
    else if (in->size && !begin_again(in))
        return stager_fail(s, true, "staging", "%s", strerror(errno));
    bool good = (cached || bring(s, easy, bucket, r, in)) && check(s, r, in, md5);
    if (good && !cached)
        cache_keep(s, kept, in->fd, in->size, ttl_s);
    if (!good && cached)
        cache_drop(s, kept);
    return good;
}

static bool one(struct stager *s, CURL *easy, size_t i, void *ctx)
{
    struct fetch *f = ctx;
    const struct remote *r = &f->remote.v[i];
    char name[32];
    if (!f->wanted[i])
        return true;
    snprintf(name, sizeof name, "%zu", i);
    struct incoming in = {.s = s};
    // Objects have no mode, and customers have programs among them: DOCKER_CMD is /job/run in a public sample.
    in.fd = openat(s->incoming_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0777);
    if (in.fd < 0)
        return stager_fail(s, true, "staging", "%s", strerror(errno));
    s3_sum_init(&in.md5, S3_SUM_MD5);
    bool good =
        get(s, easy, f, r, &in, f->came.v[i].md5) && place(s, name, r, &f->came.v[i], in.fd, f->again);
    s3_sum_deinit(&in.md5);
    close(in.fd);
    if (!good)
        unlinkat(s->incoming_fd, name, 0);
    s->files += good;
    return good;
}

// ---- all of them

static bool fits(struct stager *s, int64_t need)
{
    int64_t room = json_integer_value(json_object_get(s->spec, "room"));
    struct statvfs v;
    if (fstatvfs(s->top_fd, &v) == 0 && (int64_t)(v.f_bavail * v.f_frsize) < room)
        room = (int64_t)(v.f_bavail * v.f_frsize);
    return need <= room ||
           stager_fail(s, false, "resources-too-large", "resources need %lld bytes, board has %lld",
                       (long long)need, (long long)room);
}

// What came before and is still the same object is not brought again.
static void choose(struct stager *s, struct fetch *f)
{
    f->wanted = mem_array(f->remote.n + 1, sizeof *f->wanted);
    for (size_t i = 0; i < f->remote.n; i++) {
        struct tree_file *t = VEC_PUSH(f->came.v, f->came.n, f->came.cap);
        uint64_t at;
        bool same = strmap_get(&f->have.by_path, f->remote.v[i].path, &at) &&
                    !strcmp(f->have.v[at].etag, f->remote.v[i].etag);
        *t = same ? f->have.v[at] : (struct tree_file){.path = f->remote.v[i].path};
        f->wanted[i] = !same;
        s->files_n += !same;
        s->bytes_n += same ? 0 : (int64_t)f->remote.v[i].size;
    }
}

// Of what came before, all that is not in the buckets any more stays, and is still no result.
static void keep_old(struct fetch *f)
{
    for (size_t i = 0; i < f->have.n; i++)
        if (!strmap_get(&f->remote.by_path, f->have.v[i].path, NULL)) { // also those noted twice
            struct tree_file *t = VEC_PUSH(f->came.v, f->came.n, f->came.cap);
            *t = f->have.v[i];
        }
}

void stager_fetch(struct stager *s)
{
    struct fetch f = {.in = json_object_get(s->spec, "in")};
    CURL *easy = curl_easy_init();
    f.again = faccessat(s->top_fd, "manifest", F_OK, 0) == 0;
    bool good = easy && manifest_read(s, &f.have) && list_resources(s, easy, &f.remote);
    curl_easy_cleanup(easy);
    if (good) {
        choose(s, &f);
        good = fits(s, s->bytes_n) && stager_each(s, f.remote.n, one, &f);
    }
    if (good) {
        keep_old(&f);
        manifest_write(s, &f.came);
    }
    free(f.wanted);
    free(f.came.v);
    tree_list_deinit(&f.have);
    remote_list_deinit(&f.remote);
}
