// SPDX-License-Identifier: Apache-2.0
//
// Whether the claimed key's secret made the signature. What is compared is always the whole MAC, in constant
// time.
#include "s3/sign.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "s3/canon.h"
#include "s3/claim.h"
#include "s3/hmac.h"

static enum s3_code verify_as(const struct canon_v4 *c, const struct s3_claim *claim, const char *secret,
                              struct s3_chunk_key *key, struct err *e)
{
    struct buf request = BUF_INIT(CANON_BYTES_MAX), text = BUF_INIT(1024);
    enum s3_code code = canon_v4_request(&request, c, e);
    if (!code) {
        struct s3_chunk_key k = {0};
        uint8_t mac[32];
        canon_v4_scope(k.scope, sizeof k.scope, claim->date, claim->region);
        canon_v4_text(&text, claim->date, k.scope, &request);
        canon_v4_key(k.key, secret, claim->date, claim->region);
        s3_hmac_sha256(mac, k.key, sizeof k.key, buf_str(&text), text.n);
        if (!s3_same(mac, claim->signature, sizeof mac)) {
            code = S3_SIGNATURE_DOES_NOT_MATCH;
        } else if (key) {
            hex_text(k.seed, mac, sizeof mac);
            memcpy(k.date, claim->date, sizeof k.date);
            *key = k;
        }
        explicit_bzero(&k, sizeof k);
    }
    buf_deinit(&request);
    buf_deinit(&text);
    return code;
}

static bool is_all_utf8(const struct s3_request *r)
{
    for (size_t i = 0; i < r->header_n; i++)
        if (!utf8_valid(r->header[i].value, strlen(r->header[i].value)))
            return false;
    return true;
}

// The client of Node signs the text of a header and sends it as ISO 8859-1.
static enum s3_code verify_v4(const struct s3_request *r, const struct s3_query *q,
                              const struct s3_claim *claim, const char *secret, struct s3_chunk_key *key,
                              struct err *e)
{
    struct canon_v4 c = {.r = r, .query = q, .signed_headers = claim->signed_headers};
    c.payload = claim_payload_text(r, q, claim);
    c.leave_out = claim->kind == S3_V4_QUERY ? "X-Amz-Signature" : NULL;
    enum s3_code code = verify_as(&c, claim, secret, key, e);
    if (code != S3_SIGNATURE_DOES_NOT_MATCH || is_all_utf8(r))
        return code;
    c.latin1 = true;
    return verify_as(&c, claim, secret, key, e);
}

// The MAC of what `c` says; false when that is too much.
static bool is_v2_mac(const struct canon_v2 *c, const char *secret, const uint8_t *given)
{
    struct buf text = BUF_INIT(CANON_BYTES_MAX);
    uint8_t mac[20];
    canon_v2_text(&text, c);
    s3_hmac_sha1(mac, secret, strlen(secret), buf_str(&text), text.n);
    bool same = !text.failed && s3_same(mac, given, sizeof mac);
    buf_deinit(&text);
    return same;
}

// botocore signs "/bucket/" when it sends "/bucket", others sign what they send: both are the bucket.
static enum s3_code verify_v2(const struct s3_request *r, const struct s3_query *q,
                              const struct s3_claim *claim, const char *secret)
{
    struct canon_v2 c = {.r = r, .query = q, .virtual_bucket = claim->virtual_bucket};
    c.presigned = claim->kind == S3_V2_QUERY;
    c.date = claim_v2_date(r, q, claim);
    if (is_v2_mac(&c, secret, claim->signature))
        return S3_OK;
    bool is_virtual = claim->virtual_bucket && *claim->virtual_bucket;
    c.end_slash = !is_virtual && r->path[0] == '/' && r->path[1] && !strchr(r->path + 1, '/');
    return c.end_slash && is_v2_mac(&c, secret, claim->signature) ? S3_OK : S3_SIGNATURE_DOES_NOT_MATCH;
}

enum s3_code s3_claim_verify(const struct s3_request *r, const struct s3_claim *claim, const char *secret,
                             struct s3_chunk_key *key, struct err *e)
{
    if (claim->kind == S3_ANONYMOUS || strlen(secret) > S3_SECRET_BYTES_MAX)
        return S3_ACCESS_DENIED;
    struct s3_query q;
    enum s3_code code = s3_query_read(r->query, &q, e);
    if (!code && (claim->kind == S3_V4_HEADER || claim->kind == S3_V4_QUERY))
        code = verify_v4(r, &q, claim, secret, key, e);
    else if (!code)
        code = verify_v2(r, &q, claim, secret);
    s3_query_deinit(&q);
    return code;
}
