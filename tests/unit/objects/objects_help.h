// SPDX-License-Identifier: Apache-2.0
//
// For tests of the object store: a store in a folder of its own, bytes that tell which object they are of,
// and looking at what lies in the folders.
#ifndef ONDOL_TESTS_OBJECTS_HELP_H
#define ONDOL_TESTS_OBJECTS_HELP_H

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "objects/objects.h"

#define ALICE 1
#define BOB   2

static inline int help_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static inline void help_folder(char dir[256])
{
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, 256, "%.200s/ondol-objects.XXXXXX", tmp && *tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
}

static inline void help_folder_end(const char *dir)
{
    nftw(dir, help_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline struct objects *help_open(const struct objects_config *cfg)
{
    struct objects *o = NULL;
    struct err e = ERR_NULL;
    if (objects_open(&o, cfg, &e) < 0)
        fail_msg("%s", e.text);
    return o;
}

// Byte i of the bytes called `seed`.
static inline unsigned char help_byte(uint64_t seed, uint64_t i)
{
    return (unsigned char)((seed * 2654435761U + i * 131 + i / 4093) >> 3);
}

static inline char *help_bytes(uint64_t seed, size_t n)
{
    char *v = mem_alloc(n + 1);
    for (size_t i = 0; i < n; i++)
        v[i] = (char)help_byte(seed, i);
    return v;
}

static inline int help_content(struct objects *o, uint64_t seed, size_t n, struct objects_content *out,
                               struct err *e)
{
    struct objects_writer *w = objects_writer_new(o);
    char *v = help_bytes(seed, n);
    int code = 0;
    for (size_t at = 0; at < n && !code; at += 10000)
        code = objects_writer_put(w, v + at, n - at < 10000 ? n - at : 10000, e);
    if (!code)
        code = objects_writer_finish(w, out, e);
    objects_writer_free(w);
    free(v);
    return code;
}

static inline struct objects_key help_key(const char *text)
{
    return (struct objects_key){text, strlen(text)};
}

// Puts the bytes `seed` with the tag "seed". Gives the store's answer.
static inline int help_put(struct objects *o, uint64_t bucket, const char *key, uint64_t seed, size_t n)
{
    struct objects_content c = OBJECTS_CONTENT_NULL;
    struct err e = ERR_NULL;
    char etag[24];
    snprintf(etag, sizeof etag, "%llu", (unsigned long long)seed);
    int code = help_content(o, seed, n, &c, &e);
    if (code < 0)
        return code;
    struct objects_op op = {.kind = OBJECTS_PUT,
                            .bucket = bucket,
                            .key = help_key(key),
                            .etag = etag,
                            .content = &c,
                            .headers = "content-type: text/plain\n",
                            .now_ms = 1000};
    code = objects_do(o, &op);
    objects_content_deinit(o, &c);
    return code;
}

static inline uint64_t help_bucket(struct objects *o, uint64_t account, const char *name)
{
    struct objects_op op = {.kind = OBJECTS_CREATE_BUCKET, .account = account, .name = name, .now_ms = 1};
    int code = objects_do(o, &op);
    assert_true(code == OBJECTS_OK || code == OBJECTS_OURS_ALREADY);
    return op.bucket;
}

static inline int help_delete(struct objects *o, uint64_t bucket, const char *key)
{
    struct objects_key k = help_key(key);
    struct objects_op op = {.kind = OBJECTS_DELETE, .bucket = bucket, .keys = &k, .n_keys = 1};
    return objects_do(o, &op);
}

// Whether `b` holds exactly the bytes of `seed`.
static inline bool help_is(struct objects_body *b, uint64_t seed, uint64_t n)
{
    char room[7001];
    uint64_t at = 0;
    ssize_t k;
    while ((k = objects_body_read(b, at, room, sizeof room)) > 0)
        for (ssize_t i = 0; i < k; i++, at++)
            if ((unsigned char)room[i] != help_byte(seed, at))
                return false;
    return k == 0 && at == n;
}

// 0: the key holds some bytes, whole, and `seed` and `n` say which; 1: there is none.
static inline int help_whole(struct objects *o, uint64_t bucket, const char *key, uint64_t *seed, uint64_t *n)
{
    struct arena a = {0};
    struct objects_info info;
    struct objects_body *b = NULL;
    struct err e = ERR_NULL;
    int code = objects_get(o, bucket, help_key(key), &a, &info, &b, &e);
    if (code < 0)
        fail_msg("%s: %s", key, e.text);
    if (code == 0) {
        *seed = strtoull(info.etag, NULL, 10);
        *n = info.size;
        if (!help_is(b, *seed, info.size))
            fail_msg("%s: the bytes are not those of version %llu", key, (unsigned long long)*seed);
    }
    objects_body_free(b);
    arena_deinit(&a);
    return code;
}

static inline int help_files_in(const char *dir, const char *sub)
{
    char path[600];
    int n = 0;
    snprintf(path, sizeof path, "%s/%s", dir, sub);
    DIR *d = opendir(path);
    for (struct dirent *x; d && (x = readdir(d));)
        n += x->d_name[0] != '.';
    if (d)
        closedir(d);
    return n;
}

// Files that hold content.
static inline int help_files(const char *dir)
{
    char sub[32];
    int n = 0;
    for (int i = 0; i < 256; i++) {
        snprintf(sub, sizeof sub, "content/%02x", i);
        n += help_files_in(dir, sub);
    }
    return n;
}

#endif
