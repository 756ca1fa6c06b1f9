// SPDX-License-Identifier: Apache-2.0
//
// Copies within somebody else's storage: what it can do itself, of any size.
#include "server/outside_copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "s3/query.h"

#define COPY_MOST ((uint64_t)5 << 30) // of one CopyObject
#define COPY_PART ((uint64_t)1 << 30)

static bool copy_ask(struct outside_copy *c, const char *method, const char *query, const char *range,
                     const char *body, struct outside_answer *a)
{
    struct s3_header h[] = {{"x-amz-copy-source", c->source}, {"x-amz-copy-source-range", range}};
    struct s3_outside_ask ask = {.method = method,
                                 .bucket = c->bucket,
                                 .key = c->key,
                                 .key_n = strlen(c->key),
                                 .query = query,
                                 .header = h,
                                 .header_n = !strcmp(method, "PUT") ? (range ? 2 : 1) : 0,
                                 .lives_s = 300};
    bool good = outside_ask_until(c->way, c->easy, &ask, body, 0, a) && a->status / 100 == 2;
    c->status = a->status;
    snprintf(c->why, sizeof c->why, "%s", a->why);
    return good;
}

static bool between(const char *text, const char *from, const char *to, char *out, size_t room)
{
    const char *a = strstr(text, from), *b = a ? strstr(a, to) : NULL;
    if (!b || (size_t)(b - a) - strlen(from) >= room)
        return false;
    snprintf(out, room, "%.*s", (int)(b - a - (ptrdiff_t)strlen(from)), a + strlen(from));
    return true;
}

static bool copy_parts(struct outside_copy *c, uint64_t size)
{
    struct outside_answer a;
    struct buf done = BUF_INIT(1 << 20);
    char id[256], escaped[800], query[1024], range[64], etag[80];
    bool good = copy_ask(c, "POST", "uploads=", NULL, NULL, &a) &&
                between(buf_str(&a.body), "<UploadId>", "</UploadId>", id, sizeof id);
    outside_answer_deinit(&a);
    if (!good)
        return false;
    struct buf text = BUF_INIT(sizeof escaped - 1);
    s3_encode(&text, id, strlen(id), false);
    snprintf(escaped, sizeof escaped, "%s", buf_str(&text));
    buf_deinit(&text);
    buf_puts(&done, "<CompleteMultipartUpload>");
    for (uint64_t at = 0, part = 1; good && at < size; at += COPY_PART, part++) {
        uint64_t end = size - at < COPY_PART ? size : at + COPY_PART;
        snprintf(query, sizeof query, "partNumber=%" PRIu64 "&uploadId=%s", part, escaped);
        snprintf(range, sizeof range, "bytes=%" PRIu64 "-%" PRIu64, at, end - 1);
        good = copy_ask(c, "PUT", query, range, NULL, &a) &&
               between(buf_str(&a.body), "<ETag>", "</ETag>", etag, sizeof etag);
        buf_putf(&done, "<Part><PartNumber>%" PRIu64 "</PartNumber><ETag>%s</ETag></Part>", part, etag);
        outside_answer_deinit(&a);
    }
    buf_puts(&done, "</CompleteMultipartUpload>");
    snprintf(query, sizeof query, "uploadId=%s", escaped);
    if (good) {
        good = copy_ask(c, "POST", query, NULL, buf_str(&done), &a);
        outside_answer_deinit(&a);
    }
    buf_deinit(&done);
    return good;
}

bool outside_copy(struct outside_copy *c, const char *from_bucket, const char *from_key, uint64_t size)
{
    struct outside_answer a;
    struct buf source = BUF_INIT(sizeof c->source - 1);
    buf_putf(&source, "%s/", from_bucket);
    s3_encode(&source, from_key, strlen(from_key), true);
    snprintf(c->source, sizeof c->source, "%s", buf_str(&source));
    buf_deinit(&source);
    if (size > COPY_MOST)
        return copy_parts(c, size);
    bool good = copy_ask(c, "PUT", NULL, NULL, NULL, &a);
    outside_answer_deinit(&a);
    return good;
}
