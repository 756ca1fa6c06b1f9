// SPDX-License-Identifier: Apache-2.0
//
// An aws-chunked body. First byte: payload and trailer; second: the decoded length; third: the size of the
// pieces. In one piece and in many the answer and the bytes are the same, and nothing passes whose length is
// not the one announced. A body of signed chunks made here of the same bytes passes, and does not with any
// one of them changed.
#include "base/hex.h"
#include "fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "s3/chunked.h"
#include "s3/hmac.h"

static const char *const trailers[] = {NULL,
                                       "x-amz-checksum-crc32",
                                       "x-amz-checksum-crc32c",
                                       "x-amz-checksum-crc64nvme",
                                       "x-amz-checksum-sha1",
                                       "x-amz-checksum-sha256",
                                       "x-amz-meta-a",
                                       ""};
static const char zeros[] = "0000000000000000000000000000000000000000000000000000000000000000";

static enum s3_code keep(void *ctx, const void *data, size_t n)
{
    buf_put(ctx, data, n);
    return S3_OK;
}

static enum s3_code decode(struct s3_chunked_config cfg, const void *body, size_t n, size_t piece,
                           struct buf *out)
{
    struct s3_chunked *c;
    cfg.sink = keep;
    cfg.ctx = out;
    enum s3_code code = s3_chunked_new(&c, &cfg, NULL);
    if (code)
        return code;
    // Every piece in memory of its own, so that a read past its end is seen.
    for (size_t at = 0; at < n; at += piece) {
        size_t take = n - at < piece ? n - at : piece;
        char *copy = malloc(take);
        memcpy(copy, (const char *)body + at, take);
        code = s3_chunked_push(c, copy, take, NULL);
        free(copy);
        if (code)
            break;
    }
    enum s3_code last = s3_chunked_finish(c, NULL);
    assert(!code || last == code);
    s3_chunked_free(c);
    return last;
}

static void put_signed(struct buf *b, char seed[65], const struct s3_chunk_key *k, const void *data, size_t n)
{
    uint8_t hash[32], mac[32];
    char hex[65], text[1024];
    s3_sha256(hash, data, n);
    hex_text(hex, hash, 32);
    int len = snprintf(text, sizeof text, "AWS4-HMAC-SHA256-PAYLOAD\n%s\n%s\n%s\n%s\n%s", k->date, k->scope,
                       seed, S3_EMPTY_SHA256, hex);
    s3_hmac_sha256(mac, k->key, 32, text, (size_t)len);
    hex_text(seed, mac, 32);
    buf_putf(b, "%zx;chunk-signature=%s\r\n", n, seed);
    buf_put(b, data, n);
    buf_puts(b, "\r\n");
}

static void ours(const struct s3_chunk_key *key, const uint8_t *data, size_t n, size_t piece)
{
    struct buf body = BUF_INIT(1 << 22), out = BUF_INIT(1 << 22);
    char seed[65];
    size_t size = 1 + piece * 3;
    memcpy(seed, key->seed, 65);
    for (size_t at = 0; at < n; at += size)
        put_signed(&body, seed, key, data + at, n - at < size ? n - at : size);
    put_signed(&body, seed, key, "", 0);
    struct s3_chunked_config cfg = {.payload = S3_PAYLOAD_CHUNKED, .key = key, .decoded_length = n};
    assert(decode(cfg, body.v, body.n, piece, &out) == S3_OK);
    assert(out.n == n && (!n || !memcmp(out.v, data, n)));
    buf_clear(&out);
    size_t at = n ? (data[0] * 256u + data[n - 1]) % body.n : 0;
    body.v[at] ^= 0x10;
    enum s3_code code = decode(cfg, body.v, body.n, piece, &out);
    // Only in the last CR can a change be forgiven; a size may be written in capitals no other way.
    assert(code != S3_OK || (out.n == n && (!n || !memcmp(out.v, data, n))));
    buf_deinit(&body);
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 3 || n > 1 << 16)
        return 0;
    struct s3_chunk_key key = {
        .key = "key", .date = "20130524T000000Z", .scope = "20130524/r/s3/aws4_request"};
    memcpy(key.seed, zeros, 65);
    struct s3_chunked_config cfg = {.payload = (enum s3_payload)(S3_PAYLOAD_CHUNKED + data[0] % 3),
                                    .key = &key,
                                    .trailer = trailers[data[0] / 3 % 8],
                                    .decoded_length = data[1]};
    size_t piece = data[2] ? data[2] : 1;
    struct buf whole = BUF_INIT(1 << 20), pieces = BUF_INIT(1 << 20);
    enum s3_code a = decode(cfg, data + 3, n - 3, n, &whole),
                 b = decode(cfg, data + 3, n - 3, piece, &pieces);
    assert(a == b && whole.n == pieces.n && (!whole.n || !memcmp(whole.v, pieces.v, whole.n)));
    assert(whole.n <= cfg.decoded_length && (a != S3_OK || whole.n == cfg.decoded_length));
    buf_deinit(&whole);
    buf_deinit(&pieces);
    ours(&key, data + 3, n - 3, piece);
    return 0;
}
