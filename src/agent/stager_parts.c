// SPDX-License-Identifier: Apache-2.0
//
// A result that is too large for one request: in parts, so that a broken link costs a part.
#include <stdio.h>
#include <string.h>

#include "agent/stager.h"
#include "base/hex.h"
#include "s3/query.h"

#define PARTS_MOST 10000

static const char *between(const char *text, const char *from, const char *to, char *out, size_t room)
{
    const char *a = strstr(text, from), *b = a ? strstr(a, to) : NULL;
    if (!b || (size_t)(b - a) - strlen(from) >= room)
        return NULL;
    snprintf(out, room, "%.*s", (int)(b - a - (ptrdiff_t)strlen(from)), a + strlen(from));
    return out;
}

// A call without a file: false: it could not be made, and the stager may have failed.
static bool call(struct sending *p, const char *method, const char *query, const struct buf *body,
                 struct answer_s3 *a)
{
    char sha256[65];
    uint8_t sum[S3_SUM_BYTES_MAX];
    struct s3_sum h;
    s3_sum_init(&h, S3_SUM_SHA256);
    s3_sum_update(&h, buf_str(body), body->n);
    s3_sum_final(&h, sum);
    hex_text(sha256, sum, 32);
    struct ask_s3 ask = {.method = method,
                         .bucket = p->target,
                         .key = p->key,
                         .key_n = strlen(p->key),
                         .query = query,
                         .sha256 = sha256,
                         .fd = -1,
                         .memory = buf_str(body),
                         .n = body->n};
    return ask_s3_until(p->s, p->easy, &ask, a);
}

static bool refused(struct sending *p, struct answer_s3 *a)
{
    return stager_refused(p->s, p->key, a);
}

static bool begin_parts(struct sending *p, char *upload, size_t room)
{
    struct answer_s3 a;
    struct buf none = BUF_INIT(0), text = BUF_INIT(room - 1);
    char id[256];
    if (!call(p, "POST", "uploads=", &none, &a))
        return false;
    bool good = a.status == 200 && between(buf_str(&a.error), "<UploadId>", "</UploadId>", id, sizeof id);
    if (!good)
        refused(p, &a);
    buf_puts(&text, "uploadId=");
    if (good)
        s3_encode(&text, id, strlen(id), false);
    snprintf(upload, room, "%s", buf_str(&text));
    buf_deinit(&text);
    answer_s3_deinit(&a);
    return good;
}

// An upload that is gone may have been completed by a call whose answer was lost. Nobody else writes here.
static bool is_complete(struct sending *p, uint64_t parts)
{
    struct answer_s3 a;
    char end[24];
    struct buf none = BUF_INIT(0);
    if (!call(p, "HEAD", NULL, &none, &a))
        return false;
    snprintf(end, sizeof end, "-%llu", (unsigned long long)parts);
    const char *dash = strchr(a.etag, '-');
    bool good = a.status == 200 && dash && !strcmp(dash, end);
    answer_s3_deinit(&a);
    return good;
}

static bool complete(struct sending *p, const char *upload, const struct buf *list, uint64_t parts)
{
    struct answer_s3 a;
    if (!call(p, "POST", upload, list, &a))
        return false;
    bool good = a.status == 200 || (a.status == 404 && is_complete(p, parts)) || refused(p, &a);
    answer_s3_deinit(&a);
    return good;
}

// Its parts would lie there until somebody sweeps. One try: whatever is in the way of it was in that of all.
static void give_up(struct sending *p, const char *upload)
{
    struct answer_s3 a;
    struct ask_s3 ask = {.method = "DELETE",
                         .bucket = p->target,
                         .key = p->key,
                         .key_n = strlen(p->key),
                         .query = upload,
                         .fd = -1,
                         .memory = ""};
    ask_s3(p->s, p->easy, &ask, &a);
    answer_s3_deinit(&a);
}

enum sent stager_put_parts(struct sending *p, uint64_t size)
{
    char upload[800], query[900], etag[48];
    struct buf list = BUF_INIT(4 << 20);
    uint64_t part = STAGER_PART_BYTES, n = 0;
    enum sent r = SENT;
    while (size / part >= PARTS_MOST)
        part *= 2;
    if (!begin_parts(p, upload, sizeof upload))
        return FAILED;
    buf_puts(&list, "<CompleteMultipartUpload>");
    for (uint64_t at = 0; at < size && r == SENT; at += part) {
        snprintf(query, sizeof query, "partNumber=%llu&%s", (unsigned long long)++n, upload);
        r = stager_put(p, query, at, size - at < part ? size - at : part, etag);
        buf_putf(&list, "<Part><PartNumber>%llu</PartNumber><ETag>%s</ETag></Part>", (unsigned long long)n,
                 etag);
    }
    buf_puts(&list, "</CompleteMultipartUpload>");
    if (r == SENT && !complete(p, upload, &list, n))
        r = FAILED;
    if (r != SENT)
        give_up(p, upload);
    buf_deinit(&list);
    return r;
}
