// SPDX-License-Identifier: Apache-2.0
#include "server/outside_undo.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define OLD     "~old/"
#define MARK    OUTSIDE_UNDO_MARK
#define ALIVE_S 300

static struct s3_outside_ask ask_for(const char *method, const char *bucket, const char *key)
{
    return (struct s3_outside_ask){
        .method = method, .bucket = bucket, .key = key, .key_n = strlen(key), .lives_s = ALIVE_S};
}

static void move(struct s3_listing *to, struct s3_listed *one)
{
    *VEC_PUSH(to->v, to->n, to->cap) = *one;
    one->key = NULL;
}

static void note(struct outside_staged *s, const char *key)
{
    struct s3_listed *to = VEC_PUSH(s->undo.v, s->undo.n, s->undo.cap);
    *to = (struct s3_listed){.key = mem_strdup(key)};
}

void outside_staged_sort(struct outside_staged *s, struct s3_listing *from)
{
    size_t n = strlen(s->name);
    for (size_t i = 0; i < from->n; i++) {
        const char *rest = from->v[i].key + n;
        if (strncmp(from->v[i].key, s->name, n) != 0)
            continue;
        s->marked |= !strcmp(rest, MARK);
        if (*rest == '/')
            move(&s->files, &from->v[i]);
        else if (*rest == '~')
            move(&s->undo, &from->v[i]);
    }
}

void outside_staged_deinit(struct outside_staged *s)
{
    s3_listing_deinit(&s->files);
    s3_listing_deinit(&s->undo);
}

static const char *key_of(const struct outside_staged *s, const struct s3_listed *file)
{
    return file->key + strlen(s->name) + 1;
}

static bool put_aside(struct outside_staged *s, struct outside_copy *c, const char *key)
{
    struct outside_answer a;
    char old[2048];
    struct s3_outside_ask head = ask_for("HEAD", c->bucket, key);
    struct outside_copy back = {.way = s->way, .easy = s->easy, .bucket = s->staging, .key = old};
    bool good = outside_ask_until(s->way, s->easy, &head, NULL, 404, &a);
    bool there = good && a.status != 404;
    uint64_t size = a.length;
    c->status = a.status;
    snprintf(c->why, sizeof c->why, "%s", a.why);
    outside_answer_deinit(&a);
    if (!there)
        return good;
    snprintf(old, sizeof old, "%s" OLD "%s", s->name, key);
    good = outside_copy(&back, c->bucket, key, size) || !strcmp(back.code, "NoSuchKey"); // it went meanwhile
    if (good)
        note(s, old);
    c->status = back.status == 404 ? 500 : back.status; // 404 would be the bucket
    snprintf(c->why, sizeof c->why, "%s", back.why);
    snprintf(c->code, sizeof c->code, "%s", back.code);
    return good;
}

static bool put_mark(struct outside_staged *s, struct outside_copy *c)
{
    struct outside_answer a;
    char key[64];
    snprintf(key, sizeof key, "%s" MARK, s->name);
    struct s3_outside_ask put = ask_for("PUT", s->staging, key);
    bool good = outside_ask_until(s->way, s->easy, &put, c->bucket, 0, &a);
    c->status = a.status == 404 ? 500 : a.status;
    snprintf(c->why, sizeof c->why, "%s", a.why);
    snprintf(c->code, sizeof c->code, "%s", a.code);
    outside_answer_deinit(&a);
    if (good)
        note(s, key);
    s->marked = good;
    return good;
}

bool outside_undo_prepare(struct outside_staged *s, struct outside_copy *c)
{
    if (s->marked || s->files.n < 2)
        return true;
    for (size_t i = 0; i < s->files.n; i++)
        if (*s->way->stop || !put_aside(s, c, key_of(s, &s->files.v[i])))
            return false;
    return put_mark(s, c);
}

// Whether the bucket has under this key what was staged. ETags of parts that were put together differ from
// one copy to the next.
static bool is_ours(const struct outside_staged *s, const struct s3_listed *file, const char *bucket,
                    bool *ours)
{
    struct outside_answer a;
    struct s3_outside_ask head = ask_for("HEAD", bucket, key_of(s, file));
    bool good = outside_ask_until(s->way, s->easy, &head, NULL, 404, &a);
    bool parts = strchr(file->etag, '-') || strchr(a.etag, '-');
    *ours = good && a.status != 404 && (parts ? a.length == file->size : !strcmp(a.etag, file->etag));
    outside_answer_deinit(&a);
    return good;
}

static bool was_there(const struct outside_staged *s, const char *old)
{
    for (size_t i = 0; i < s->undo.n; i++)
        if (!strcmp(s->undo.v[i].key, old))
            return true;
    return false;
}

static bool take_back(const struct outside_staged *s, const struct s3_listed *file, const char *bucket)
{
    struct outside_answer a;
    char old[2048];
    bool ours;
    const char *key = key_of(s, file);
    if (!is_ours(s, file, bucket, &ours))
        return false;
    if (!ours)
        return true;
    snprintf(old, sizeof old, "%s" OLD "%s", s->name, key);
    if (was_there(s, old)) {
        struct s3_outside_ask head = ask_for("HEAD", s->staging, old);
        struct outside_copy back = {.way = s->way, .easy = s->easy, .bucket = bucket, .key = key};
        bool good = outside_ask_until(s->way, s->easy, &head, NULL, 0, &a);
        uint64_t size = a.length;
        outside_answer_deinit(&a);
        return good && outside_copy(&back, s->staging, old, size);
    }
    struct s3_outside_ask gone = ask_for("DELETE", bucket, key);
    bool good = outside_ask_until(s->way, s->easy, &gone, NULL, 404, &a);
    outside_answer_deinit(&a);
    return good;
}

bool outside_undo(struct outside_staged *s, const char *bucket)
{
    bool good = true;
    for (size_t i = 0; s->marked && i < s->files.n && good; i++)
        good = !*s->way->stop && take_back(s, &s->files.v[i], bucket);
    return good;
}

bool outside_undo_bucket(const struct outside_staged *s, char out[S3_OUTSIDE_BUCKET_BYTES])
{
    struct outside_answer a;
    char key[64];
    snprintf(key, sizeof key, "%s" MARK, s->name);
    struct s3_outside_ask get = ask_for("GET", s->staging, key);
    bool good = outside_ask_until(s->way, s->easy, &get, NULL, 0, &a) && a.body.n > 0 &&
                a.body.n < S3_OUTSIDE_BUCKET_BYTES;
    snprintf(out, S3_OUTSIDE_BUCKET_BYTES, "%s", good ? buf_str(&a.body) : "");
    outside_answer_deinit(&a);
    return good;
}

bool outside_undo_read(const char *key, uint64_t *lease, uint32_t *part)
{
    char same[64];
    if (sscanf(key, "%" SCNu64 ".%" SCNu32, lease, part) != 2)
        return false;
    snprintf(same, sizeof same, "%" PRIu64 ".%" PRIu32 MARK, *lease, *part);
    return strcmp(same, key) == 0;
}

bool outside_undo_is_in(const struct s3_listing *all)
{
    uint64_t lease;
    uint32_t part;
    for (size_t i = 0; i < all->n; i++)
        if (outside_undo_read(all->v[i].key, &lease, &part))
            return true;
    return false;
}
