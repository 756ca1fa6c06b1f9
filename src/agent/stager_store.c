// SPDX-License-Identifier: Apache-2.0
//
// Results: every file that is new or has changed since the resources came, put where the server publishes it
// from. Each goes with the checksum of what was read, so that one that is written to meanwhile is sent again;
// large ones go in parts, so that a broken link costs a part.
#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/stager.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "net/base64.h"
#include "s3/xml_answer.h"
#include "core/work/pattern.h"
#include "core/work/staging.h"

#define KEY_BYTES  1024 // as the sentence below says
#define AGAIN_MOST 5    // a file that changes each time it is read

struct filter {
    regex_t re;
    bool on;
};

struct store {
    struct tree_list found, came;
    struct tree_file **chosen;
    bool *sent;
    size_t n;
    struct filter white, black;
    const char *target, *prefix;
    bool snapshot; // of a command that runs: what changes or goes while it is read is left to the next one
};

static const char *text(const struct stager *s, const char *name)
{
    const char *v = json_string_value(json_object_get(s->spec, name));
    return v ? v : "";
}

static bool filter_make(struct stager *s, const char *name, struct filter *f)
{
    const char *v = text(s, name);
    char why[80];
    if (!*v)
        return true;
    struct buf plain = BUF_INIT(1 << 20);
    struct err e = ERR_NULL;
    bool back = false;
    int code = pattern_plain(v, strlen(v), PATTERN_COST_FILES, &plain, &back, &e);
    if (back) // one name would be enough to keep this process at work for ever
        code = err_set(&e, -EINVAL, "may not have back references");
    if (code < 0) {
        buf_deinit(&plain);
        return stager_fail(s, false, "results-filter", "%s %.60s: %.90s", name, v, e.text);
    }
    int r = regcomp(&f->re, buf_str(&plain), REG_EXTENDED | REG_NOSUB);
    buf_deinit(&plain);
    if (r) {
        regerror(r, &f->re, why, sizeof why);
        return stager_fail(s, false, "results-filter", "%s %.60s: %s", name, v, why);
    }
    f->on = true;
    return true;
}

static int open_file(struct stager *s, const char *path, struct stat *st)
{
    const char *name;
    int parent = tree_parent(s->job_fd, path, false, &name);
    if (parent < 0)
        return -1;
    int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), saved = errno;
    if (fd < 0 && saved == EACCES && fchmodat(parent, name, 0600, 0) == 0) // its own user took the right away
        fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    close(parent);
    if (fd >= 0 && (fstat(fd, st) < 0 || !S_ISREG(st->st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

// Of `n` bytes from `at`; false: they cannot all be read.
static bool sum_file(int fd, uint64_t at, uint64_t n, enum s3_sum_kind kind, char *hex)
{
    enum { ROOM = 1 << 18 };
    struct s3_sum sum;
    uint8_t out[S3_SUM_BYTES_MAX];
    char *room = mem_alloc(ROOM);
    s3_sum_init(&sum, kind);
    while (n > 0) {
        ssize_t k = pread(fd, room, n < ROOM ? (size_t)n : ROOM, (off_t)at);
        if (k <= 0)
            break;
        s3_sum_update(&sum, room, (size_t)k);
        at += (uint64_t)k;
        n -= (uint64_t)k;
    }
    free(room);
    hex_text(hex, out, s3_sum_final(&sum, out));
    return n == 0;
}

// The same as a header says it.
static bool md5_file(int fd, uint64_t at, uint64_t n, char out[BASE64_BYTES(16) + 1])
{
    char hex[2 * S3_SUM_BYTES_MAX + 1];
    uint8_t sum[16];
    bool good = sum_file(fd, at, n, S3_SUM_MD5, hex);
    for (size_t i = 0; i < sizeof sum; i++)
        sscanf(hex + 2 * i, "%2hhx", &sum[i]);
    base64_encode(out, sum, sizeof sum);
    out[BASE64_BYTES(16)] = '\0';
    return good;
}

// A file that was only touched has another time and the same bytes.
static bool changed(struct stager *s, const struct store *x, const struct tree_file *f)
{
    uint64_t at;
    struct stat st;
    char md5[2 * S3_SUM_BYTES_MAX + 1];
    if (!strmap_get(&x->came.by_path, f->path, &at))
        return true;
    const struct tree_file *was = &x->came.v[at];
    if (was->size != f->size)
        return true;
    if (was->ctime_ns == f->ctime_ns && was->ino == f->ino)
        return false;
    int fd = open_file(s, f->path, &st);
    if (fd < 0)
        return true;
    bool same = sum_file(fd, 0, f->size, S3_SUM_MD5, md5) && !strcmp(md5, was->md5);
    close(fd);
    return !same;
}

static bool passes(const struct store *x, const char *path)
{
    return (!x->white.on || regexec(&x->white.re, path, 0, NULL, 0) == 0) &&
           (!x->black.on || regexec(&x->black.re, path, 0, NULL, 0) != 0);
}

static const char *cannot_be_a_key(const struct store *x, const char *path)
{
    return strlen(x->prefix) + strlen(path) > KEY_BYTES ? "its key has more than 1024 bytes"
           : !utf8_valid(path, strlen(path))            ? "its name is not UTF-8"
                                                        : NULL;
}

// The others are results all the same.
static void leave_out(struct stager *s, const char *path, const char *why)
{
    struct buf shown = BUF_INIT(400);
    const unsigned char *p = (const unsigned char *)path;
    for (; *p && shown.n < 80; p++)
        buf_putf(&shown, *p < ' ' || *p >= 0x7f ? "\\x%02x" : "%c", *p);
    stager_leave_out(s, "results-name", "result %s%s: %s; it is not stored", buf_str(&shown), *p ? "..." : "",
                     why);
    buf_deinit(&shown);
}

static bool choose(struct stager *s, struct store *x)
{
    x->chosen = mem_array(x->found.n + 1, sizeof *x->chosen);
    x->sent = mem_array(x->found.n + 1, sizeof *x->sent);
    for (size_t i = 0; i < x->found.n; i++) {
        struct tree_file *f = &x->found.v[i];
        if (!passes(x, f->path) || !changed(s, x, f))
            continue;
        const char *lack = cannot_be_a_key(x, f->path);
        if (lack) {
            leave_out(s, f->path, lack);
            continue;
        }
        x->chosen[x->n++] = f;
        s->files_n++;
        s->bytes_n += (int64_t)f->size;
    }
    return true;
}

// ---- to the storage

// Another board may fare better when the storage knows this run's key no more. Over the quota they all are.
bool stager_refused(struct stager *s, const char *key, const struct answer_s3 *a)
{
    bool elsewhere = a->status == 403 && (!s->patience_ms || a->is_door) && !s3_refusal_is_quota(a->code);
    const char *code = a->status == 507 ? "results-disk-full" : answer_s3_code(s, a, "results-refused");
    return key ? stager_fail(s, elsewhere, code, "result %.60s: %.90s", key, a->why)
               : stager_fail(s, elsewhere, code, "%.120s", a->why);
}

// One body: the whole file, or a part of it.
enum sent stager_put(struct sending *p, const char *query, uint64_t at, uint64_t n, char etag[48])
{
    struct answer_s3 a;
    char sha256[2 * S3_SUM_BYTES_MAX + 1] = "", md5[BASE64_BYTES(16) + 1] = "";
    if (p->s->patience_ms ? !md5_file(p->fd, at, n, md5) : !sum_file(p->fd, at, n, S3_SUM_SHA256, sha256))
        return CHANGED;
    struct ask_s3 ask = {.method = "PUT",
                         .bucket = p->target,
                         .key = p->key,
                         .key_n = strlen(p->key),
                         .query = query,
                         .sha256 = sha256,
                         .md5 = *md5 ? md5 : NULL,
                         .fd = p->fd,
                         .offset = at,
                         .n = n,
                         .counts = true};
    struct stat st;
    for (int try = 0; !stager_failed(p->s); try++) {
        ask_s3(p->s, p->easy, &ask, &a);
        bool again = answer_s3_passes(p->s, &a), good = a.status == 200;
        bool differs = a.status == 400 && (strstr(buf_str(&a.error), "XAmzContentSHA256Mismatch") ||
                                           strstr(buf_str(&a.error), "BadDigest"));
        if (again && fstat(p->fd, &st) == 0 && (uint64_t)st.st_size < at + n)
            differs = true, again = false; // it became shorter under the hands
        snprintf(etag, 48, "%s", a.etag);
        if (!again && !good && !differs)
            stager_refused(p->s, p->key, &a);
        answer_s3_deinit(&a);
        if (!again)
            return good ? SENT : differs ? CHANGED : FAILED;
        stager_pause(try);
    }
    return FAILED;
}

static bool one(struct stager *s, CURL *easy, size_t i, void *ctx)
{
    struct store *x = ctx;
    const char *path = x->chosen[i]->path;
    char key[KEY_BYTES + 1], etag[48];
    snprintf(key, sizeof key, "%s%s", x->prefix, path);
    for (int try = 0; try < AGAIN_MOST; try++) {
        struct stat st;
        struct sending p = {s, easy, x->target, key, open_file(s, path, &st)};
        if (p.fd < 0 && x->snapshot)
            return true;
        if (p.fd < 0)
            return stager_fail(s, false, "results-unreadable", "result %.90s: %s", path, strerror(errno));
        uint64_t size = (uint64_t)st.st_size;
        enum sent r =
            size > 2 * STAGER_PART_BYTES ? stager_put_parts(&p, size) : stager_put(&p, NULL, 0, size, etag);
        close(p.fd);
        s->files += r == SENT;
        x->sent[i] = r == SENT;
        if (r != CHANGED)
            return r == SENT;
    }
    return x->snapshot || // it is written to all the time: the next snapshot, or the end, has it
           stager_fail(s, false, "results-unreadable", "result %.90s: changes while it is read", path);
}

static bool open_target(struct stager *s, const struct store *x)
{
    struct answer_s3 a;
    CURL *easy = curl_easy_init();
    struct ask_s3 ask = {.method = "PUT", .bucket = x->target, .fd = -1, .memory = ""};
    bool good = easy && ask_s3_until(s, easy, &ask, &a);
    if (good && a.status != 200)
        good = stager_refused(s, NULL, &a);
    if (easy)
        answer_s3_deinit(&a);
    curl_easy_cleanup(easy);
    return good;
}

// What they are called, for those who ask what the task has left; as much as is kept of it.
static void tell_names(const struct store *x)
{
    size_t told = 0;
    for (size_t i = 0; i < x->n; i++) {
        if (!x->sent[i])
            continue;
        struct buf line = BUF_INIT(4 * KEY_BYTES);
        const char *parts[] = {x->prefix, x->chosen[i]->path};
        for (size_t k = 0; k < ARRAY_LEN(parts); k++)
            for (const unsigned char *p = (const unsigned char *)parts[k]; *p; p++)
                buf_putf(&line, *p < ' ' || *p == 0x7f || *p == '%' ? "%%%02X" : "%c", *p);
        told += line.n + 1;
        if (told <= STAGE_NAMES_MAX)
            printf("N %s\n", buf_str(&line));
        buf_deinit(&line);
    }
}

void stager_store(struct stager *s)
{
    struct store x = {.target = text(s, "target"), .prefix = text(s, "prefix")};
    x.snapshot = json_is_true(json_object_get(s->spec, "snapshot"));
    bool good = filter_make(s, "whitelist", &x.white) && filter_make(s, "blacklist", &x.black) &&
                manifest_read(s, &x.came) && tree_walk(s, s->job_fd, &x.found) && choose(s, &x);
    if (good && x.n && open_target(s, &x))
        good = stager_each(s, x.n, one, &x);
    if (good && !x.snapshot)
        tell_names(&x);
    if (x.white.on)
        regfree(&x.white.re);
    if (x.black.on)
        regfree(&x.black.re);
    free(x.chosen);
    free(x.sent);
    tree_list_deinit(&x.found);
    tree_list_deinit(&x.came);
}
