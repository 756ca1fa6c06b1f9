// SPDX-License-Identifier: Apache-2.0
//
// The text the older signature covers: method, Content-MD5, Content-Type, date, the x-amz-* headers in order,
// and the resource: bucket of the Host, raw path, and those parameters of the query that name a sub-resource.
// Source: "Signing and authenticating REST requests (AWS signature version 2)", AWS S3 documentation.
#include "s3/canon.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

// Parameters that are part of the resource.
static const char *const resource_words[] = {
    "accelerate",
    "acl",
    "analytics",
    "cors",
    "defaultObjectAcl",
    "delete",
    "inventory",
    "legal-hold",
    "lifecycle",
    "location",
    "logging",
    "metrics",
    "notification",
    "object-lock",
    "partNumber",
    "policy",
    "replication",
    "requestPayment",
    "response-cache-control",
    "response-content-disposition",
    "response-content-encoding",
    "response-content-language",
    "response-content-type",
    "response-expires",
    "restore",
    "retention",
    "select",
    "select-type",
    "storageClass",
    "tagging",
    "torrent",
    "uploadId",
    "uploads",
    "versionId",
    "versioning",
    "versions",
    "website",
};

static bool is_resource(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(resource_words); i++)
        if (!strcmp(resource_words[i], name))
            return true;
    return false;
}

// A field that presigning clients put into the query when they cannot be sure of the header.
static const char *field(const struct canon_v2 *c, const char *name)
{
    const char *value = s3_header_get(c->r, name);
    if (!value && c->presigned)
        value = s3_query_get_any(c->query, name);
    return value ? value : "";
}

struct line {
    char *name; // owned, lowercase
    const char *value;
    size_t order;
};

static int by_name(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int d = strcmp(x->name, y->name);
    return d ? d : (x->order > y->order) - (x->order < y->order);
}

static void add_amz(struct line *v, size_t *n, const char *name, const char *value)
{
    if (strncasecmp(name, "x-amz-", 6) != 0)
        return;
    char *lower = mem_strdup(name);
    for (char *p = lower; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    v[*n] = (struct line){lower, value, *n};
    (*n)++;
}

static void put_amz(struct buf *out, const struct canon_v2 *c)
{
    struct line *v = mem_array(c->r->header_n + c->query->n + 1, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; i < c->r->header_n; i++)
        add_amz(v, &n, c->r->header[i].name, c->r->header[i].value);
    for (size_t i = 0; c->presigned && i < c->query->n; i++)
        if (!s3_header_get(c->r, c->query->v[i].name)) // a header that is sent after all stands for both
            add_amz(v, &n, c->query->v[i].name, c->query->v[i].value);
    qsort(v, n, sizeof *v, by_name);
    for (size_t i = 0; i < n; i++) {
        if (i && !strcmp(v[i].name, v[i - 1].name))
            buf_putf(out, ",%s", v[i].value);
        else
            buf_putf(out, "%s%s:%s", i ? "\n" : "", v[i].name, v[i].value);
    }
    if (n)
        buf_putc(out, '\n');
    for (size_t i = 0; i < n; i++)
        free(v[i].name);
    free(v);
}

static int by_param(const void *a, const void *b)
{
    const struct s3_param *x = *(const struct s3_param *const *)a, *y = *(const struct s3_param *const *)b;
    int d = strcmp(x->name, y->name);
    return d ? d : (x > y) - (x < y);
}

static void put_resource(struct buf *out, const struct canon_v2 *c)
{
    if (c->virtual_bucket && *c->virtual_bucket)
        buf_putf(out, "/%s", c->virtual_bucket);
    buf_puts(out, c->r->path);
    if (c->end_slash)
        buf_putc(out, '/');
    const struct s3_param *v[S3_QUERY_PAIRS];
    size_t n = 0;
    for (size_t i = 0; i < c->query->n; i++)
        if (is_resource(c->query->v[i].name))
            v[n++] = &c->query->v[i];
    if (n)
        qsort(v, n, sizeof *v, by_param);
    for (size_t i = 0; i < n; i++) {
        buf_putf(out, "%c%s", i ? '&' : '?', v[i]->name);
        if (v[i]->has_value)
            buf_putf(out, "=%s", v[i]->value);
    }
}

void canon_v2_text(struct buf *out, const struct canon_v2 *c)
{
    buf_putf(out, "%s\n%s\n%s\n%s\n", c->r->method, field(c, "content-md5"), field(c, "content-type"),
             c->date);
    put_amz(out, c);
    put_resource(out, c);
}
