// SPDX-License-Identifier: Apache-2.0
//
// The claim of AWS4-HMAC-SHA256, from the Authorization header or from the query of a presigned URL.
#include "s3/claim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "s3/canon.h"
#include "s3/condition.h"
#include "s3/hmac.h"

// The header and the query are malformed with different codes.
static enum s3_code bad(const struct s3_claim *c)
{
    return c->kind == S3_V4_QUERY ? S3_AUTHORIZATION_QUERY_ERROR : S3_AUTHORIZATION_HEADER_MALFORMED;
}

bool claim_copy(char *out, size_t room, const char *text, size_t n)
{
    if (n >= room)
        return false;
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)text[i] < ' ' || text[i] == 127)
            return false;
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

// Finds the last '/' before *end, moves *end onto it and gives the piece behind it.
static bool last_piece(const char *text, size_t *end, const char **piece, size_t *n)
{
    size_t at = *end;
    while (at && text[at - 1] != '/')
        at--;
    if (!at)
        return false;
    *piece = text + at;
    *n = *end - at;
    *end = at - 1;
    return true;
}

static bool is_word(const char *piece, size_t n, const char *word)
{
    return n == strlen(word) && !memcmp(piece, word, n);
}

// KEY/20130524/REGION/s3/aws4_request, read from the end: the key may hold slashes.
static enum s3_code read_credential(const char *text, size_t n, struct s3_claim *c, struct err *e)
{
    const char *last, *service, *region, *day;
    size_t last_n, service_n, region_n, day_n;
    if (!last_piece(text, &n, &last, &last_n) || !last_piece(text, &n, &service, &service_n) ||
        !last_piece(text, &n, &region, &region_n) || !last_piece(text, &n, &day, &day_n))
        return s3_fail(e, bad(c), "The credential is not KEY/YYYYMMDD/REGION/s3/aws4_request.");
    if (!is_word(last, last_n, "aws4_request"))
        return s3_fail(e, bad(c), "The credential does not end in aws4_request.");
    if (!is_word(service, service_n, "s3"))
        return s3_fail(e, bad(c), "The credential is for the service \"%.*s\", not for s3.", (int)service_n,
                       service);
    if (!claim_copy(c->region, sizeof c->region, region, region_n))
        return s3_fail(e, bad(c),
                       "The region of the credential has more than %d bytes, or a control character.",
                       S3_REGION_BYTES - 1);
    if (day_n != 8 || strncmp(day, c->date, 8) != 0)
        return s3_fail(e, bad(c), "The date of the credential is not the date of the request, %.8s.",
                       c->date);
    if (!n || !claim_copy(c->access_key, sizeof c->access_key, text, n))
        return s3_fail(e, bad(c), "The access key has no byte, more than %d, or a control character.",
                       S3_ACCESS_KEY_BYTES - 1);
    return S3_OK;
}

static enum s3_code read_signature(const char *text, size_t n, struct s3_claim *c, struct err *e)
{
    if (n != 64 || !hex_bytes(c->signature, 32, text))
        return s3_fail(e, bad(c), "The signature is not 64 hexadecimal digits.");
    return S3_OK;
}

static enum s3_code read_signed_headers(const struct s3_request *r, const char *text, size_t n,
                                        struct s3_claim *c, struct err *e)
{
    if (!claim_copy(c->signed_headers, sizeof c->signed_headers, text, n))
        return s3_fail(e, bad(c),
                       "The list of signed headers has more than %d bytes, or a control character.",
                       S3_SIGNED_HEADERS_BYTES - 1);
    if (!canon_is_signed(c->signed_headers, "host", 4))
        return s3_fail(e, S3_ACCESS_DENIED, "The header host must be signed.");
    for (size_t i = 0; i < r->header_n; i++) {
        const char *name = r->header[i].name;
        if (strncasecmp(name, "x-amz-", 6) != 0 || canon_is_signed(c->signed_headers, name, strlen(name)))
            continue;
        // A presigned URL says so in its query, or means UNSIGNED-PAYLOAD; the header then has no say.
        if (c->kind == S3_V4_QUERY && !strcasecmp(name, "x-amz-content-sha256"))
            continue;
        return s3_fail(e, S3_ACCESS_DENIED, "The header %s is in the request but was not signed.", name);
    }
    return S3_OK;
}

const char *claim_payload_text(const struct s3_request *r, const struct s3_query *q,
                               const struct s3_claim *claim)
{
    const char *text = NULL;
    if (claim->kind == S3_V4_QUERY)
        text = s3_query_get(q, "X-Amz-Content-Sha256");
    if (!text &&
        (claim->kind == S3_V4_HEADER || canon_is_signed(claim->signed_headers, "x-amz-content-sha256", 20)))
        text = s3_header_get(r, "x-amz-content-sha256");
    return text || claim->kind == S3_V4_HEADER ? text : S3_UNSIGNED_PAYLOAD;
}

static enum s3_code read_payload(const char *text, struct s3_claim *c, struct err *e)
{
    static const struct {
        const char *text;
        enum s3_payload payload;
    } words[] = {
        {S3_UNSIGNED_PAYLOAD, S3_PAYLOAD_UNSIGNED},
        {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", S3_PAYLOAD_CHUNKED},
        {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", S3_PAYLOAD_CHUNKED_TRAILER},
        {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", S3_PAYLOAD_UNSIGNED_TRAILER},
    };
    if (!text)
        return s3_fail(e, S3_MISSING_SECURITY_HEADER, "The header x-amz-content-sha256 is missing.");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(text, words[i].text)) {
            c->payload = words[i].payload;
            return S3_OK;
        }
    if (!strncmp(text, "STREAMING-", 10))
        return s3_fail(e, S3_NOT_IMPLEMENTED, "The payload %.64s is not implemented.", text);
    c->payload = S3_PAYLOAD_SHA256;
    if (strlen(text) != 64 || !hex_bytes(c->payload_sha256, 32, text))
        return s3_fail(
            e, S3_INVALID_ARGUMENT,
            "x-amz-content-sha256 is neither UNSIGNED-PAYLOAD, STREAMING-..., nor 64 hexadecimal digits.");
    return S3_OK;
}

// Takes x-amz-date, or Date in its stead.
static enum s3_code read_header_date(const struct s3_request *r, struct s3_claim *c, struct err *e)
{
    const char *amz = s3_header_get(r, "x-amz-date"), *date = s3_header_get(r, "date");
    int64_t ms;
    if (amz ? !s3_amz_date_read(amz, &ms) : !date || !s3_http_date_read(date, &ms))
        return s3_fail(e, S3_ACCESS_DENIED,
                       "The request has no x-amz-date of the form 20130524T000000Z, and no Date.");
    s3_amz_date(c->date, WALL_MS(ms));
    int64_t off_ms = wall_since(r->now, WALL_MS(ms));
    return off_ms > S3_SKEW_MS || off_ms < -S3_SKEW_MS ? S3_REQUEST_TIME_TOO_SKEWED : S3_OK;
}

// Name=value, name=value, in any order.
static enum s3_code read_fields(const struct s3_request *r, const char *text, struct s3_claim *c,
                                struct err *e)
{
    unsigned seen = 0;
    while (*text) {
        text += strspn(text, ", \t");
        size_t whole = strcspn(text, ","), n = whole;
        if (!n)
            break;
        while (text[n - 1] == ' ' || text[n - 1] == '\t')
            n--;
        const char *eq = memchr(text, '=', n);
        size_t name_n = eq ? (size_t)(eq - text) : 0, value_n = eq ? n - name_n - 1 : 0;
        enum s3_code code;
        unsigned bit;
        if (is_word(text, name_n, "Credential"))
            bit = 1, code = read_credential(eq + 1, value_n, c, e);
        else if (is_word(text, name_n, "SignedHeaders"))
            bit = 2, code = read_signed_headers(r, eq + 1, value_n, c, e);
        else if (is_word(text, name_n, "Signature"))
            bit = 4, code = read_signature(eq + 1, value_n, c, e);
        else
            return s3_fail(e, bad(c),
                           "The authorization header has a field that is not one of Credential, "
                           "SignedHeaders, Signature.");
        if (code)
            return code;
        if (seen & bit)
            return s3_fail(e, bad(c), "The authorization header has a field twice.");
        seen |= bit;
        text += whole;
    }
    return seen == 7 ? S3_OK
                     : s3_fail(e, bad(c),
                               "The authorization header needs Credential, SignedHeaders and Signature.");
}

enum s3_code claim_v4_header(const struct s3_request *r, const char *text, struct s3_claim *out,
                             struct err *e)
{
    out->kind = S3_V4_HEADER;
    // The skew is told last: somebody without any right learns nothing new from it, but a broken header is
    // the nearer cause.
    enum s3_code skew = read_header_date(r, out, e);
    if (skew && skew != S3_REQUEST_TIME_TOO_SKEWED)
        return skew;
    enum s3_code code = read_fields(r, text, out, e);
    if (!code)
        code = read_payload(claim_payload_text(r, NULL, out), out, e);
    return code ? code : skew;
}

static enum s3_code read_expiry(const struct s3_request *r, const char *text, int64_t begin_ms, struct err *e)
{
    char *end;
    errno = 0;
    long long s = strtoll(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || s < 1 || s > S3_PRESIGN_S_MAX)
        return s3_fail(e, S3_AUTHORIZATION_QUERY_ERROR, "X-Amz-Expires must be 1..%d seconds.",
                       S3_PRESIGN_S_MAX);
    if (wall_since(WALL_MS(begin_ms), r->now) > S3_SKEW_MS)
        return s3_fail(e, S3_ACCESS_DENIED, "Request is not yet valid.");
    return wall_since(r->now, WALL_MS(begin_ms)) > s * 1000 ? S3_REQUEST_EXPIRED : S3_OK;
}

enum s3_code claim_v4_query(const struct s3_request *r, const struct s3_query *q, struct s3_claim *out,
                            struct err *e)
{
    enum { ALGORITHM, CREDENTIAL, DATE, EXPIRES, SIGNED_HEADERS, SIGNATURE, COUNT };
    static const char *const names[COUNT] = {"X-Amz-Algorithm", "X-Amz-Credential",    "X-Amz-Date",
                                             "X-Amz-Expires",   "X-Amz-SignedHeaders", "X-Amz-Signature"};
    out->kind = S3_V4_QUERY;
    const char *v[COUNT] = {0};
    for (size_t i = 0; i < q->n; i++)
        for (size_t k = 0; k < COUNT; k++)
            if (!strcmp(q->v[i].name, names[k])) {
                if (v[k])
                    return s3_fail(e, bad(out), "The query has %s twice.", names[k]);
                v[k] = q->v[i].value;
            }
    for (size_t k = 0; k < COUNT; k++)
        if (!v[k])
            return s3_fail(e, bad(out), "The query has no %s.", names[k]);
    int64_t begin_ms;
    if (strcmp(v[ALGORITHM], V4_ALGORITHM) != 0)
        return s3_fail(e, bad(out), "X-Amz-Algorithm must be %s.", V4_ALGORITHM);
    if (!s3_amz_date_read(v[DATE], &begin_ms))
        return s3_fail(e, bad(out), "X-Amz-Date must be of the form 20130524T000000Z.");
    s3_amz_date(out->date, WALL_MS(begin_ms));
    enum s3_code code = read_credential(v[CREDENTIAL], strlen(v[CREDENTIAL]), out, e);
    if (!code)
        code = read_signed_headers(r, v[SIGNED_HEADERS], strlen(v[SIGNED_HEADERS]), out, e);
    if (!code)
        code = read_signature(v[SIGNATURE], strlen(v[SIGNATURE]), out, e);
    if (!code)
        code = read_payload(claim_payload_text(r, q, out), out, e);
    return code ? code : read_expiry(r, v[EXPIRES], begin_ms, e);
}
