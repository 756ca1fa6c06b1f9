// SPDX-License-Identifier: Apache-2.0
//
// What is in the buckets: listed page by page, by prefix, as paths below /job.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/stager.h"
#include "base/mem.h"
#include "core/work/staging.h"
#include "s3/query.h"
#include "s3/xml_reader.h"

#define PAGES_MAX 10000 // of a thousand

struct page {
    struct stager *s;
    struct remote_list *out;
    const char *strip;
    size_t bucket;
    struct remote at; // the one being read
    bool truncated, bad;
    char *next;
};

void remote_list_deinit(struct remote_list *l)
{
    arena_deinit(&l->arena);
    strmap_deinit(&l->by_path);
    free(l->v);
    *l = (struct remote_list){0};
}

// Of two objects for one path the later one counts.
static bool take(struct page *p)
{
    char path[STAGING_PATH_MAX + 1];
    struct err e = ERR_NULL;
    uint64_t at;
    int r = staging_path(p->at.key, p->at.key_n, p->strip, path, &e);
    if (r < 0)
        return stager_fail(p->s, false, "resources-name", "resource %.120s", e.text);
    if (r == 1)
        return true;
    p->at.bucket = p->bucket;
    p->at.path = arena_strdup(&p->out->arena, path);
    if (strmap_get(&p->out->by_path, path, &at)) {
        p->out->v[at] = p->at;
        return true;
    }
    strmap_set(&p->out->by_path, path, p->out->n);
    struct remote *to = VEC_PUSH(p->out->v, p->out->n, p->out->cap);
    *to = p->at;
    return true;
}

static enum s3_code on_begin(struct xml_reader *r, const char *path)
{
    struct page *p = r->out;
    if (!strcmp(path, "ListBucketResult/Contents"))
        p->at = (struct remote){.key = ""};
    return S3_OK;
}

static void read_key(struct page *p, const char *text, size_t n)
{
    char *key = arena_alloc(&p->out->arena, n + 1);
    p->bad |= !s3_decode(text, n, true, key, &p->at.key_n); // some stores write a space as +
    p->at.key = key;
}

static enum s3_code on_end(struct xml_reader *r, const char *path, const char *text, size_t n)
{
    struct page *p = r->out;
    if (!strcmp(path, "ListBucketResult/Contents/Key")) {
        read_key(p, text, n);
    } else if (!strcmp(path, "ListBucketResult/Contents/Size")) {
        p->at.size = strtoull(text, NULL, 10);
    } else if (!strcmp(path, "ListBucketResult/Contents/ETag")) {
        size_t k = 0;
        for (size_t i = 0; i < n && k + 1 < sizeof p->at.etag; i++)
            if (text[i] != '"')
                p->at.etag[k++] = text[i];
        p->at.etag[k] = '\0';
    } else if (!strcmp(path, "ListBucketResult/Contents")) {
        p->bad |= !take(p);
    } else if (!strcmp(path, "ListBucketResult/IsTruncated")) {
        p->truncated = n == 4 && !memcmp(text, "true", 4);
    } else if (!strcmp(path, "ListBucketResult/NextContinuationToken")) {
        p->next = arena_strndup(&p->out->arena, text, n);
    }
    return p->bad ? S3_INVALID_REQUEST : S3_OK;
}

static void param(struct buf *query, const char *name, const char *value)
{
    buf_putf(query, "%s%s=", query->n ? "&" : "", name);
    s3_encode(query, value, strlen(value), false);
}

static bool read_page(struct stager *s, CURL *easy, const char *bucket, const char *prefix, struct page *p)
{
    static const struct xml_doc doc = {"ListBucketResult", on_begin, on_end};
    struct buf query = BUF_INIT(16384);
    struct answer_s3 a;
    struct err e = ERR_NULL;
    if (p->next)
        param(&query, "continuation-token", p->next);
    param(&query, "encoding-type", "url");
    param(&query, "list-type", "2");
    param(&query, "prefix", prefix);
    p->next = NULL;
    p->truncated = false;
    struct ask_s3 ask = {.method = "GET", .bucket = bucket, .query = buf_str(&query), .fd = -1};
    bool good = ask_s3_until(s, easy, &ask, &a);
    if (good && a.status != 200)
        good =
            stager_fail(s, false, answer_s3_code(s, &a, "resources-missing"), "bucket %s: %s", bucket, a.why);
    if (good && xml_read(&doc, buf_str(&a.error), a.error.n, p, &e) != S3_OK)
        good = stager_fail(s, false, "resources-unreadable", "bucket %s: its list cannot be read: %.80s",
                           bucket, e.text);
    answer_s3_deinit(&a);
    buf_deinit(&query);
    return good;
}

bool list_resources(struct stager *s, CURL *easy, struct remote_list *out)
{
    const json_t *in = json_object_get(s->spec, "in");
    for (size_t i = 0; i < json_array_size(in); i++) {
        const json_t *b = json_array_get(in, i);
        const char *prefix = json_string_value(json_object_get(b, "prefix"));
        struct page p = {.s = s, .out = out, .bucket = i};
        p.strip = json_string_value(json_object_get(b, "strip"));
        int pages = 0;
        do {
            if (!read_page(s, easy, json_string_value(json_object_get(b, "bucket")), prefix ? prefix : "",
                           &p))
                return false;
        } while (p.truncated && p.next && ++pages < PAGES_MAX);
    }
    return true;
}
