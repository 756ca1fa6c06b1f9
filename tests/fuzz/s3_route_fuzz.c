// SPDX-License-Identifier: Apache-2.0
//
// A method and a target, then a line each: Host, x-amz-copy-source, Range, a condition, a date. Whatever is
// routed has names that keep the rules, numbers in their limits and no control character on its way into a
// header of the answer.
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "s3/condition.h"
#include "s3/route.h"

static char *line_of(char **rest)
{
    static char nothing[1];
    char *line = *rest;
    if (!line)
        return nothing;
    char *end = strchr(line, '\n');
    *rest = end ? end + 1 : NULL;
    if (end)
        *end = '\0';
    return line;
}

static void no_control(const char *s)
{
    for (; *s; s++)
        assert((unsigned char)*s >= ' ' && *s != 127);
}

static void route(const struct s3_request *r, const char *bucket)
{
    static struct s3_route out;
    struct err e = ERR_NULL;
    if (s3_route_read(r, bucket, &out, &e))
        return;
    assert(out.op > S3_OP_NONE && out.op < S3_OP_COUNT);
    assert(!out.bucket[0] || !s3_bucket_check(out.bucket, NULL));
    assert(out.key_n == strlen(out.key) && (!out.key_n || !s3_key_check(out.key, out.key_n, NULL)));
    assert(!out.key_n || out.bucket[0]);
    assert(out.max >= 0 && out.max <= S3_LIST_MAX && out.part_number >= 0 && out.part_number <= S3_PARTS_MAX);
    bool copies = out.op == S3_OP_COPY_OBJECT || out.op == S3_OP_UPLOAD_PART_COPY;
    if (copies)
        assert(!s3_bucket_check(out.source_bucket, NULL) &&
               !s3_key_check(out.source_key, out.source_key_n, NULL));
    if (out.op == S3_OP_UPLOAD_PART)
        assert(out.part_number >= 1);
    no_control(out.content_type);
    no_control(out.content_disposition);
    no_control(out.cache_control);
}

static void range(const char *text, uint64_t size)
{
    struct s3_range out;
    if (!s3_range_read(text, size, &out) && !out.whole)
        assert(out.first <= out.last && out.last < size);
    if (!s3_copy_range_read(text, size, &out, NULL) && !out.whole)
        assert(out.first <= out.last && out.last < size);
}

static void date(const char *text)
{
    int64_t ms, again;
    char out[S3_HTTP_DATE_BYTES];
    if (!s3_http_date_read(text, &ms))
        return;
    s3_http_date(out, ms);
    assert(s3_http_date_read(out, &again) && again == ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    char *text = mem_strndup((const char *)data, n), *rest = text;
    char *target = line_of(&rest);
    char *space = strchr(target, ' ');
    struct s3_header h[2] = {{"Host", line_of(&rest)}, {"x-amz-copy-source", line_of(&rest)}};
    struct s3_request r = {
        .method = space ? target : "GET", .path = target, .query = "", .header = h, .header_n = 2};
    if (space) {
        *space = '\0';
        r.path = space + 1;
    }
    char *query = strchr(r.path, '?');
    if (query) {
        *query = '\0';
        r.query = query + 1;
    }
    char bucket[S3_BUCKET_BYTES];
    if (!*h[1].value)
        r.header_n = 1;
    if (!s3_virtual_bucket(h[0].value, "s3.example.org", bucket, NULL))
        route(&r, bucket);
    const char *range_text = line_of(&rest), *condition = line_of(&rest);
    range(range_text, n);
    range(range_text, 0);
    range(range_text, UINT64_MAX);
    struct s3_conditions c = {condition, condition, condition, condition};
    (void)s3_conditions_check(&c, "0123", 0, n & 1);
    c.if_match = c.if_none_match = NULL;
    (void)s3_conditions_check(&c, NULL, 0, n & 1);
    date(line_of(&rest));
    char etag[S3_ETAG_BYTES];
    if (s3_etag_read(condition, etag))
        assert(strlen(etag) >= 32 && strlen(etag) < S3_ETAG_BYTES);
    free(text);
    return 0;
}
