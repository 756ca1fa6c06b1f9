// SPDX-License-Identifier: Apache-2.0
//
// Copies within somebody else's storage: what it can do itself, of any size.
#include "server/outside_copy.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "s3/query.h"

#define COPY_MOST ((uint64_t)5 << 30)
#define PARTS     5 // of a copy that is a little larger than that

static bool copy_ask(struct outside_copy *c, const char *method, const char *query, const char *range,
                     const char *body, struct outside_answer *a)
{
    struct s3_header h[3];
    size_t n = 0;
    if (!strcmp(method, "PUT"))
        h[n++] = (struct s3_header){"x-amz-copy-source", c->source};
    if (range)
        h[n++] = (struct s3_header){"x-amz-copy-source-range", range};
    if (c->way->at->acl && strcmp(c->bucket, c->way->at->staging) != 0 && !range && !body)
        h[n++] = (struct s3_header){"x-amz-acl", c->way->at->acl};
    struct s3_outside_ask ask = {.method = method,
                                 .bucket = c->bucket,
                                 .key = c->key,
                                 .key_n = strlen(c->key),
                                 .query = query,
                                 .header = h,
                                 .header_n = n,
                                 .lives_s = 300};
    bool good = outside_ask_until(c->way, c->easy, &ask, body, 0, a) && a->status / 100 == 2;
    c->status = a->status == 404 && strcmp(a->code, "NoSuchBucket") != 0 ? 500 : a->status;
    snprintf(c->why, sizeof c->why, "%s", a->why);
    snprintf(c->code, sizeof c->code, "%s", a->code);
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

struct upload {
    char query[900]; // "uploadId=...", encoded
    uint64_t part_n;
    struct buf done; // the document that completes it
};

static bool begin(struct outside_copy *c, struct upload *u)
{
    struct outside_answer a;
    struct buf text = BUF_INIT(sizeof u->query - 1);
    char id[256];
    bool good = copy_ask(c, "POST", "uploads=", NULL, NULL, &a) &&
                between(buf_str(&a.body), "<UploadId>", "</UploadId>", id, sizeof id);
    outside_answer_deinit(&a);
    buf_puts(&text, "uploadId=");
    if (good)
        s3_encode(&text, id, strlen(id), false);
    snprintf(u->query, sizeof u->query, "%s", buf_str(&text));
    buf_deinit(&text);
    return good;
}

static bool copy_part(struct outside_copy *c, struct upload *u, uint64_t at, uint64_t end)
{
    struct outside_answer a;
    char query[1024], range[64], etag[80];
    snprintf(query, sizeof query, "partNumber=%" PRIu64 "&%s", ++u->part_n, u->query);
    snprintf(range, sizeof range, "bytes=%" PRIu64 "-%" PRIu64, at, end - 1);
    bool good = copy_ask(c, "PUT", query, range, NULL, &a) &&
                between(buf_str(&a.body), "<ETag>", "</ETag>", etag, sizeof etag);
    outside_answer_deinit(&a);
    if (good)
        buf_putf(&u->done, "<Part><PartNumber>%" PRIu64 "</PartNumber><ETag>%s</ETag></Part>", u->part_n,
                 etag);
    return good;
}

// An upload that is gone may have been completed by a call whose answer was lost.
static bool is_complete(struct outside_copy *c, const struct upload *u, uint64_t size)
{
    struct outside_answer a;
    char parts[24];
    struct s3_outside_ask head = {
        .method = "HEAD", .bucket = c->bucket, .key = c->key, .key_n = strlen(c->key), .lives_s = 300};
    bool good = outside_ask_until(c->way, c->easy, &head, NULL, 0, &a);
    snprintf(parts, sizeof parts, "-%" PRIu64, u->part_n);
    const char *dash = strchr(a.etag, '-');
    good = good && a.length == size && dash && !strcmp(dash, parts);
    outside_answer_deinit(&a);
    return good;
}

static bool complete(struct outside_copy *c, struct upload *u, uint64_t size)
{
    struct outside_answer a;
    buf_puts(&u->done, "</CompleteMultipartUpload>");
    bool good = copy_ask(c, "POST", u->query, NULL, buf_str(&u->done), &a) ||
                (a.status == 404 && is_complete(c, u, size));
    outside_answer_deinit(&a);
    return good;
}

// Its parts would lie in the bucket for ever, and be paid for.
static void give_up(struct outside_copy *c, const struct upload *u)
{
    struct outside_answer a;
    struct s3_outside_ask ask = {.method = "DELETE",
                                 .bucket = c->bucket,
                                 .key = c->key,
                                 .key_n = strlen(c->key),
                                 .query = u->query,
                                 .lives_s = 300};
    outside_ask(c->way, c->easy, &ask, NULL, 10000, &a);
    outside_answer_deinit(&a);
}

static bool copy_parts(struct outside_copy *c, uint64_t size, uint64_t part)
{
    struct upload u = {.done = BUF_INIT(1 << 20)};
    if (!begin(c, &u))
        return false;
    buf_puts(&u.done, "<CompleteMultipartUpload>");
    bool good = true;
    for (uint64_t at = 0; good && at < size; at += part)
        good = copy_part(c, &u, at, size - at < part ? size : at + part);
    good = good && complete(c, &u, size);
    if (!good)
        give_up(c, &u);
    buf_deinit(&u.done);
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
    uint64_t most = c->way->copy_most ? c->way->copy_most : COPY_MOST;
    if (size > most)
        return copy_parts(c, size, most / PARTS);
    bool good = copy_ask(c, "PUT", NULL, NULL, NULL, &a);
    outside_answer_deinit(&a);
    return good;
}
