// SPDX-License-Identifier: Apache-2.0
//
// The claim of the older signature: "AWS KEY:BASE64" in the header, or AWSAccessKeyId, Expires and Signature
// in the query.
#include "s3/claim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/base64.h"
#include "s3/condition.h"

#define V2_BASE64 28 // of 20 bytes

static bool read_signature(const char *text, size_t n, struct s3_claim *c)
{
    uint8_t raw[V2_BASE64 / 4 * 3];
    size_t raw_n;
    if (n != V2_BASE64 || !base64_decode(raw, &raw_n, text, n) || raw_n != 20)
        return false;
    memcpy(c->signature, raw, raw_n);
    return true;
}

static bool read_key(const char *text, size_t n, struct s3_claim *c)
{
    return n && claim_copy(c->access_key, sizeof c->access_key, text, n);
}

static bool read_date(const char *text, int64_t *ms)
{
    return s3_amz_date_read(text, ms) || s3_http_date_read(text, ms);
}

enum s3_code claim_v2_header(const struct s3_request *r, const char *text, struct s3_claim *out,
                             struct err *e)
{
    out->kind = S3_V2_HEADER;
    const char *colon = strrchr(text, ':');
    if (!colon || !read_key(text, (size_t)(colon - text), out) ||
        !read_signature(colon + 1, strlen(colon + 1), out))
        return s3_fail(
            e, S3_AUTHORIZATION_HEADER_MALFORMED,
            "The authorization header is not AWS KEY:SIGNATURE, with a key of up to %d bytes and the base64 "
            "of 20 bytes.",
            S3_ACCESS_KEY_BYTES - 1);
    const char *date = s3_header_get(r, "x-amz-date");
    int64_t ms;
    if (!date)
        date = s3_header_get(r, "date");
    if (!date || !read_date(date, &ms))
        return s3_fail(e, S3_ACCESS_DENIED,
                       "The request has neither a readable x-amz-date nor a readable Date.");
    int64_t off_ms = wall_since(r->now, WALL_MS(ms));
    return off_ms > S3_SKEW_MS || off_ms < -S3_SKEW_MS ? S3_REQUEST_TIME_TOO_SKEWED : S3_OK;
}

enum s3_code claim_v2_query(const struct s3_request *r, const struct s3_query *q, struct s3_claim *out,
                            struct err *e)
{
    out->kind = S3_V2_QUERY;
    const char *key = s3_query_get(q, "AWSAccessKeyId"), *signature = s3_query_get(q, "Signature");
    const char *expires = s3_query_get(q, "Expires");
    if (!key || !signature || !expires)
        return s3_fail(e, S3_ACCESS_DENIED, "A presigned URL needs AWSAccessKeyId, Expires and Signature.");
    if (!read_key(key, strlen(key), out))
        return s3_fail(e, S3_ACCESS_DENIED,
                       "AWSAccessKeyId has no byte, more than %d, or a control character.",
                       S3_ACCESS_KEY_BYTES - 1);
    if (!read_signature(signature, strlen(signature), out))
        return s3_fail(e, S3_ACCESS_DENIED, "Signature is not the base64 of 20 bytes.");
    char *end;
    errno = 0;
    long long s = strtoll(expires, &end, 10);
    if (expires[0] < '0' || expires[0] > '9' || *end || errno)
        return s3_fail(e, S3_ACCESS_DENIED, "Expires is not a number of seconds since 1970.");
    return s < r->now.v / 1000 ? S3_REQUEST_EXPIRED : S3_OK;
}

const char *claim_v2_date(const struct s3_request *r, const struct s3_query *q, const struct s3_claim *claim)
{
    const char *date = NULL;
    if (claim->kind == S3_V2_QUERY)
        date = s3_query_get(q, "Expires");
    else if (!s3_header_get(r, "x-amz-date"))
        date = s3_header_get(r, "date");
    return date ? date : "";
}
