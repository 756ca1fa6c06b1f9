// SPDX-License-Identifier: Apache-2.0
//
// A body as it arrives: out of its aws-chunked framing if it has one, through MD5 (which becomes the entity tag), through
// SHA-256 if the signature covers the body, and through the checksum that a header announced. One of a trailer is
// checked by the decoder.
#include "s3/serve_inside.h"

#include <string.h>

static enum s3_code decoded(void *intake, const void *data, size_t n)
{
    struct intake *in = intake;
    s3_sum_update(&in->md5, data, n);
    if (in->check_sum)
        s3_sum_update(&in->sum, data, n);
    in->size += n;
    return in->out(in->ctx, data, n);
}

static enum s3_code read_md5(struct intake *in, const struct s3_request *r, struct err *e)
{
    const char *text = s3_header_get(r, "Content-MD5");
    if (!text)
        return S3_OK;
    in->check_md5 = true;
    return s3_sum_read(S3_SUM_MD5, text, in->want_md5) ? S3_OK : s3_fail(e, S3_INVALID_DIGEST, "%s", "");
}

static enum s3_code read_sum(struct intake *in, const struct ask *c, struct err *e)
{
    const struct s3_request *r = &c->r;
    if (c->route.op == S3_OP_COMPLETE_UPLOAD)
        return S3_OK; // there it speaks of the object, not of this body
    for (size_t i = 0; i < r->header_n; i++) {
        enum s3_sum_kind kind = s3_sum_by_header(r->header[i].name);
        if (kind == S3_SUM_NONE)
            continue;
        if (in->check_sum)
            return s3_fail(e, S3_INVALID_REQUEST, "There are two x-amz-checksum-* headers; give one.");
        if (!s3_sum_read(kind, r->header[i].value, in->want_sum))
            return s3_fail(e, S3_INVALID_REQUEST, "%s is not the base64 of %zu bytes.", s3_sum_header(kind),
                           s3_sum_bytes(kind));
        in->check_sum = true;
        in->sum_kind = kind;
    }
    return S3_OK;
}

static enum s3_code start_chunked(struct intake *in, const struct ask *c, struct err *e)
{
    const char *length = s3_header_get(&c->r, "x-amz-decoded-content-length");
    struct s3_chunked_config cfg = {.payload = c->claim.payload, .key = &c->key, .sink = decoded, .ctx = in,
                                    .trailer = s3_header_get(&c->r, "x-amz-trailer")};
    if (!length)
        return s3_fail(e, S3_MISSING_CONTENT_LENGTH, "x-amz-decoded-content-length is required.");
    if (!s3_length_read(length, &cfg.decoded_length))
        return s3_fail(e, S3_INVALID_ARGUMENT, "x-amz-decoded-content-length is no length.");
    if (c->claim.payload == S3_PAYLOAD_UNSIGNED_TRAILER)
        cfg.key = NULL;
    return s3_chunked_new(&in->chunked, &cfg, e);
}

enum s3_code intake_start(struct intake *in, const struct ask *c, struct err *e)
{
    enum s3_code code = read_md5(in, &c->r, e);
    if (!code)
        code = read_sum(in, c, e);
    if (!code && s3_payload_is_chunked(c->claim.payload))
        code = start_chunked(in, c, e);
    if (code)
        return code;
    in->check_sha256 = c->claim.payload == S3_PAYLOAD_SHA256;
    memcpy(in->want_sha256, c->claim.payload_sha256, sizeof in->want_sha256);
    s3_sum_init(&in->md5, S3_SUM_MD5);
    if (in->check_sha256)
        s3_sum_init(&in->sha256, S3_SUM_SHA256);
    if (in->check_sum)
        s3_sum_init(&in->sum, in->sum_kind);
    return S3_OK;
}

void intake_push(struct intake *in, const void *data, size_t n)
{
    if (in->failed)
        return; // the rest is dropped, so that the client gets to read why
    if (in->check_sha256)
        s3_sum_update(&in->sha256, data, n);
    in->failed = in->chunked ? s3_chunked_push(in->chunked, data, n, &in->e) : decoded(in, data, n);
}

static enum s3_code judge(struct intake *in, struct err *e)
{
    uint8_t got[S3_SUM_BYTES_MAX];
    s3_sum_final(&in->md5, in->got_md5);
    if (in->check_sha256) {
        s3_sum_final(&in->sha256, got);
        if (memcmp(got, in->want_sha256, 32) != 0)
            return s3_fail(e, S3_CONTENT_SHA256_MISMATCH, "%s", "");
    }
    if (in->check_md5 && memcmp(in->got_md5, in->want_md5, 16) != 0)
        return s3_fail(e, S3_BAD_DIGEST, "Content-MD5 is not the MD5 of what was received.");
    if (in->check_sum) {
        size_t n = s3_sum_final(&in->sum, got);
        if (memcmp(got, in->want_sum, n) != 0)
            return s3_fail(e, S3_BAD_DIGEST, "%s is not that of what was received.", s3_sum_header(in->sum_kind));
        s3_sum_text(in->sum_text, got, n);
    }
    return S3_OK;
}

enum s3_code intake_finish(struct intake *in, struct err *e)
{
    if (!in->failed && in->chunked)
        in->failed = s3_chunked_finish(in->chunked, &in->e);
    if (in->failed) {
        *e = in->e;
        return in->failed;
    }
    enum s3_code code = judge(in, e);
    if (!code && in->chunked && !in->check_sum)
        in->sum_kind = s3_chunked_sum(in->chunked, in->sum_text);
    return code;
}

void intake_end(struct intake *in)
{
    s3_chunked_free(in->chunked);
    in->chunked = NULL;
    s3_sum_deinit(&in->md5);
    s3_sum_deinit(&in->sha256);
    s3_sum_deinit(&in->sum);
}
