// SPDX-License-Identifier: Apache-2.0
#include "s3/xml_answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "s3/query.h"
#include "s3/xml_reader.h"

#define OBJECT "ListBucketResult/Contents"
#define BUCKET "ListAllMyBucketsResult/Buckets/Bucket"

static void copy(char *to, size_t cap, const char *text, size_t n)
{
    text = xml_trim(text, &n);
    snprintf(to, cap, "%.*s", (int)(n < cap ? n : cap - 1), text);
}

static enum s3_code object_begin(struct xml_reader *r, const char *path)
{
    struct s3_listing *l = r->out;
    if (!strcmp(path, OBJECT) || !strcmp(path, BUCKET))
        *VEC_PUSH(l->v, l->n, l->cap) = (struct s3_listed){0};
    return S3_OK;
}

static enum s3_code key_in(struct xml_reader *r, struct s3_listed *o, const char *text, size_t n)
{
    size_t got;
    free(o->key);
    o->key = mem_alloc(n + 1);
    return s3_decode(text, n, true, o->key, &got) ? S3_OK : xml_malformed(r, "a key is not percent-encoded");
}

static enum s3_code field(struct xml_reader *r, const char *name, const char *text, size_t n)
{
    struct s3_listing *l = r->out;
    struct s3_listed *o = &l->v[l->n - 1];
    char number[32], *end;
    if (!strcmp(name, "/Key"))
        return key_in(r, o, text, n);
    if (!strcmp(name, "/Name")) {
        free(o->key);
        o->key = mem_strndup(text, n);
    } else if (!strcmp(name, "/Size")) {
        copy(number, sizeof number, text, n);
        o->size = strtoull(number, &end, 10);
        if (!*number || *end)
            return xml_malformed(r, "a size is no number");
    } else if (!strcmp(name, "/ETag")) {
        text = xml_trim(text, &n);
        bool quoted = n >= 2 && text[0] == '"' && text[n - 1] == '"';
        copy(o->etag, sizeof o->etag, text + quoted, n - 2 * (size_t)quoted);
    } else if (!strcmp(name, "/LastModified") || !strcmp(name, "/CreationDate")) {
        copy(o->date, sizeof o->date, text, n);
    }
    return S3_OK;
}

static enum s3_code object_end(struct xml_reader *r, const char *path, const char *text, size_t n)
{
    struct s3_listing *l = r->out;
    for (int k = 0; k < 2; k++) {
        const char *item = k ? BUCKET : OBJECT;
        size_t item_n = strlen(item);
        if (!strncmp(path, item, item_n) && path[item_n] == '/')
            return field(r, path + item_n, text, n);
        if (!strcmp(path, item) && !l->v[l->n - 1].key)
            return xml_malformed(r, "an entry has no name");
    }
    text = xml_trim(text, &n);
    if (!strcmp(path, "ListBucketResult/IsTruncated"))
        l->truncated = n == 4 && !memcmp(text, "true", 4);
    if (!strcmp(path, "ListBucketResult/NextContinuationToken")) {
        free(l->next);
        l->next = mem_strndup(text, n);
    }
    return S3_OK;
}

static enum s3_code read_as(const char *root, const char *data, size_t n, struct s3_listing *out,
                            struct err *e)
{
    const struct xml_doc doc = {root, object_begin, object_end};
    free(out->next);
    out->next = NULL;
    out->truncated = false;
    return xml_read(&doc, data, n, out, e);
}

enum s3_code s3_xml_read_objects(const char *data, size_t n, struct s3_listing *out, struct err *e)
{
    return read_as("ListBucketResult", data, n, out, e);
}

enum s3_code s3_xml_read_buckets(const char *data, size_t n, struct s3_listing *out, struct err *e)
{
    return read_as("ListAllMyBucketsResult", data, n, out, e);
}

void s3_listing_deinit(struct s3_listing *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->v[i].key);
    free(l->v);
    free(l->next);
    *l = S3_LISTING_NULL;
}

static enum s3_code error_end(struct xml_reader *r, const char *path, const char *text, size_t n)
{
    struct s3_refusal *o = r->out;
    if (!strcmp(path, "Error/Code"))
        copy(o->code, sizeof o->code, text, n);
    if (!strcmp(path, "Error/Message"))
        copy(o->message, sizeof o->message, text, n);
    return S3_OK;
}

void s3_xml_read_error(const char *data, size_t n, struct s3_refusal *out)
{
    static const struct xml_doc doc = {"Error", NULL, error_end};
    *out = (struct s3_refusal){{0}};
    xml_read(&doc, data, n, out, NULL);
}

bool s3_refusal_is_quota(const char *code)
{
    return strstr(code, "QuotaExceeded") != NULL; // some put their own name in front of it
}
