// SPDX-License-Identifier: Apache-2.0
//
// Answers. A call is answered once, on whatever thread, and is gone after.
#include "s3/serve_inside.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define XML_TYPE "application/xml"

void ask_header(struct ask *c, const char *name, const char *value)
{
    if (!value || !*value || c->n_headers >= CALL_HEADERS_MAX)
        return;
    c->header[2 * c->n_headers] = name;
    c->header[2 * c->n_headers + 1] = value;
    c->n_headers++;
}

void ask_headerf(struct ask *c, const char *name, const char *fmt, ...)
{
    char text[2048];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    ask_header(c, name, arena_strdup(&c->a, text));
}

void ask_etag(struct ask *c, const char *etag)
{
    ask_headerf(c, "ETag", "\"%s\"", etag);
}

struct s3_owner ask_owner(const struct ask *c)
{
    return (struct s3_owner){c->account.name, c->account.name};
}

// Takes `body`, from malloc.
static void send(struct ask *c, int status, const char *type, char *body, size_t n)
{
    ask_header(c, "x-amz-request-id", c->id);
    if (c->park) {
        http_unpark(c->park, status, type, body, n, c->header);
    } else {
        http_reply(c->request, status, type, body, n, c->header);
        free(body);
    }
    ask_free(c);
}

void ask_answer(struct ask *c, int status)
{
    send(c, status, NULL, NULL, 0);
}

void ask_answer_xml(struct ask *c, int status, struct buf *xml)
{
    if (xml->failed) {
        buf_deinit(xml);
        ask_fail(c, S3_INTERNAL_ERROR, NULL);
        return;
    }
    size_t n = xml->n;
    send(c, status, XML_TYPE, buf_take(xml), n);
}

void ask_answer_content(struct ask *c, int status, const char *type, const struct http_content *content)
{
    ask_header(c, "x-amz-request-id", c->id);
    if (c->park)
        http_unpark_content(c->park, status, type, content, c->header);
    else
        http_reply_content(c->request, status, type, content, c->header);
    ask_free(c);
}

static void error_xml(const struct ask *c, enum s3_code code, const struct err *e, struct buf *out)
{
    *out = BUF_INIT(64 * 1024);
    if (code != S3_NOT_MODIFIED)
        s3_xml_error(out, &(struct s3_error_facts){.code = code,
                                                   .text = e && e->code ? e->text : "",
                                                   .bucket = c->route.bucket[0] ? c->route.bucket : NULL,
                                                   .key = c->route.key[0] ? c->route.key : NULL,
                                                   .resource = http_path(c->request),
                                                   .request_id = c->id,
                                                   .host_id = "ondol"});
}

void ask_fail(struct ask *c, enum s3_code code, const struct err *e)
{
    struct buf xml;
    error_xml(c, code, e, &xml);
    size_t n = xml.n;
    send(c, s3_code_status(code), n ? XML_TYPE : NULL, n ? buf_take(&xml) : NULL, n);
    buf_deinit(&xml);
}

void ask_refuse(struct ask *c, enum s3_code code, const struct err *e)
{
    struct buf xml;
    error_xml(c, code, e, &xml);
    ask_header(c, "x-amz-request-id", c->id);
    http_refuse(c->request, s3_code_status(code), XML_TYPE, xml.v, xml.n, c->header);
    buf_deinit(&xml);
    ask_free(c);
}

enum s3_code store_code(int code, const struct err *e, struct err *out)
{
    static const enum s3_code of[] = {
        [OBJECTS_NO_BUCKET] = S3_NO_SUCH_BUCKET,
        [OBJECTS_NO_KEY] = S3_NO_SUCH_KEY,
        [OBJECTS_NO_UPLOAD] = S3_NO_SUCH_UPLOAD,
        [OBJECTS_NO_PART] = S3_INVALID_PART,
        [OBJECTS_PART_SMALL] = S3_ENTITY_TOO_SMALL,
        [OBJECTS_TAKEN] = S3_BUCKET_ALREADY_EXISTS,
        [OBJECTS_NOT_EMPTY] = S3_BUCKET_NOT_EMPTY,
        [OBJECTS_QUOTA] = S3_QUOTA_EXCEEDED,
        [OBJECTS_TOO_MANY_BUCKETS] = S3_TOO_MANY_BUCKETS,
        [OBJECTS_PRECONDITION] = S3_PRECONDITION_FAILED,
    };
    if (code == -ENOSPC)
        return s3_fail(out, S3_SERVICE_UNAVAILABLE, "The server's disk is full: nothing was changed.");
    if (code < 0)
        fprintf(stderr, "ondol: storage: %s\n", e->text); // the client cannot do anything about it, the operator can
    if (code < 0 || (size_t)code >= ARRAY_LEN(of))
        return s3_fail(out, S3_INTERNAL_ERROR, "%s", "");
    return of[code];
}

void ask_fail_store(struct ask *c, int code, const struct err *e)
{
    struct err text = ERR_NULL;
    enum s3_code s3 = store_code(code, e, &text);
    ask_fail(c, s3, &text);
}
