// SPDX-License-Identifier: Apache-2.0
//
// Our own signatures. The same canonical forms as for verifying: what we send, we would accept.
#include "s3/sign.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "base/mem.h"
#include "s3/canon.h"
#include "s3/hmac.h"

// Rewritten on the way by libraries and proxies, so never signed.
static const char *const unsigned_names[] = {
    "accept-encoding",   "authorization", "connection", "expect", "keep-alive", "te",
    "transfer-encoding", "upgrade",       "user-agent",
};

static bool is_signable(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(unsigned_names); i++)
        if (!strcasecmp(name, unsigned_names[i]))
            return false;
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

// "host;x-amz-date": lowercase, in order, each once.
static void put_names(struct buf *out, const struct s3_request *r)
{
    const char **v = mem_array(r->header_n + 1, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; i < r->header_n; i++)
        if (is_signable(r->header[i].name))
            v[n++] = r->header[i].name;
    qsort(v, n, sizeof *v, by_text);
    for (size_t i = 0; i < n; i++) {
        if (i && !strcasecmp(v[i], v[i - 1]))
            continue;
        if (i)
            buf_putc(out, ';');
        for (const char *p = v[i]; *p; p++)
            buf_putc(out, (char)tolower((unsigned char)*p));
    }
    free(v);
}

// Writes the 64 digits of the signature.
static enum s3_code signature(const struct s3_signer *s, const struct canon_v4 *c, const char *date,
                              const char *scope, char out[65], struct err *e)
{
    struct buf request = BUF_INIT(CANON_BYTES_MAX), text = BUF_INIT(1024);
    enum s3_code code = canon_v4_request(&request, c, e);
    if (!code) {
        uint8_t key[32], mac[32];
        canon_v4_text(&text, date, scope, &request);
        canon_v4_key(key, s->secret, date, s->region);
        s3_hmac_sha256(mac, key, sizeof key, buf_str(&text), text.n);
        hex_text(out, mac, sizeof mac);
        explicit_bzero(key, sizeof key);
    }
    buf_deinit(&request);
    buf_deinit(&text);
    return code;
}

static enum s3_code check(const struct s3_signer *s, const struct s3_request *r, struct err *e)
{
    if (!s3_header_get(r, "host"))
        return s3_fail(e, S3_INVALID_ARGUMENT, "A request without Host cannot be signed.");
    if (strlen(s->secret) > S3_SECRET_BYTES_MAX || strlen(s->region) >= S3_REGION_BYTES)
        return s3_fail(e, S3_INVALID_ARGUMENT, "The secret has at most %d bytes and the region at most %d.",
                       S3_SECRET_BYTES_MAX, S3_REGION_BYTES - 1);
    return S3_OK;
}

enum s3_code s3_sign_header(const struct s3_signer *s, const struct s3_request *r, struct buf *out,
                            struct err *e)
{
    char date[17], scope[S3_REGION_BYTES + 32], digits[65];
    const char *payload = s3_header_get(r, "x-amz-content-sha256"), *given = s3_header_get(r, "x-amz-date");
    s3_amz_date(date, r->now);
    enum s3_code code = check(s, r, e);
    if (code)
        return code;
    if (!payload || !given || strcmp(given, date) != 0)
        return s3_fail(e, S3_INVALID_ARGUMENT,
                       "To be signed a request needs X-Amz-Date of its time and "
                       "X-Amz-Content-Sha256.");
    struct s3_query q;
    struct buf names = BUF_INIT(S3_SIGNED_HEADERS_BYTES);
    code = s3_query_read(r->query, &q, e);
    if (!code) {
        put_names(&names, r);
        canon_v4_scope(scope, sizeof scope, date, s->region);
        struct canon_v4 c = {.r = r, .query = &q, .signed_headers = buf_str(&names), .payload = payload};
        code = signature(s, &c, date, scope, digits, e);
    }
    if (!code)
        buf_putf(out, V4_ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s", s->access_key, scope,
                 buf_str(&names), digits);
    s3_query_deinit(&q);
    buf_deinit(&names);
    return code;
}

static void put_param(struct buf *out, const char *name, const char *value)
{
    buf_putf(out, "&%s=", name);
    s3_encode(out, value, strlen(value), false);
}

enum s3_code s3_presign(const struct s3_signer *s, const struct s3_request *r, int64_t expires_s,
                        struct buf *out, struct err *e)
{
    char date[17], scope[S3_REGION_BYTES + 32], digits[65], seconds[24];
    enum s3_code code = check(s, r, e);
    if (code)
        return code;
    if (expires_s < 1 || expires_s > S3_PRESIGN_S_MAX)
        return s3_fail(e, S3_INVALID_ARGUMENT, "A presigned URL lives 1..%d seconds.", S3_PRESIGN_S_MAX);
    s3_amz_date(date, r->now);
    canon_v4_scope(scope, sizeof scope, date, s->region);
    snprintf(seconds, sizeof seconds, "%lld", (long long)expires_s);
    struct buf names = BUF_INIT(S3_SIGNED_HEADERS_BYTES), credential = BUF_INIT(1024),
               query = BUF_INIT(CANON_BYTES_MAX);
    put_names(&names, r);
    buf_putf(&credential, "%s/%s", s->access_key, scope);
    buf_putf(&query, "%s%sX-Amz-Algorithm=" V4_ALGORITHM, r->query, *r->query ? "&" : "");
    put_param(&query, "X-Amz-Credential", buf_str(&credential));
    put_param(&query, "X-Amz-Date", date);
    put_param(&query, "X-Amz-Expires", seconds);
    put_param(&query, "X-Amz-SignedHeaders", buf_str(&names));
    struct s3_query q;
    code = s3_query_read(buf_str(&query), &q, e);
    if (!code) {
        struct canon_v4 c = {
            .r = r, .query = &q, .signed_headers = buf_str(&names), .payload = S3_UNSIGNED_PAYLOAD};
        code = signature(s, &c, date, scope, digits, e);
    }
    if (!code)
        buf_putf(out, "%s&X-Amz-Signature=%s", buf_str(&query), digits);
    s3_query_deinit(&q);
    buf_deinit(&names);
    buf_deinit(&credential);
    buf_deinit(&query);
    return code;
}
