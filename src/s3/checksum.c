// SPDX-License-Identifier: Apache-2.0
#include "s3/checksum.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

#include "base/mem.h"
#include "net/base64.h"

static const struct kind {
    const char *header, *element;
    size_t bytes;
    gnutls_digest_algorithm_t digest; // GNUTLS_DIG_UNKNOWN: a CRC
} kinds[] = {
    [S3_SUM_NONE] = {NULL, NULL, 0, GNUTLS_DIG_UNKNOWN},
    [S3_SUM_CRC32] = {"x-amz-checksum-crc32", "ChecksumCRC32", 4, GNUTLS_DIG_UNKNOWN},
    [S3_SUM_CRC32C] = {"x-amz-checksum-crc32c", "ChecksumCRC32C", 4, GNUTLS_DIG_UNKNOWN},
    [S3_SUM_CRC64NVME] = {"x-amz-checksum-crc64nvme", "ChecksumCRC64NVME", 8, GNUTLS_DIG_UNKNOWN},
    [S3_SUM_SHA1] = {"x-amz-checksum-sha1", "ChecksumSHA1", 20, GNUTLS_DIG_SHA1},
    [S3_SUM_SHA256] = {"x-amz-checksum-sha256", "ChecksumSHA256", 32, GNUTLS_DIG_SHA256},
    [S3_SUM_MD5] = {NULL, NULL, 16, GNUTLS_DIG_MD5},
};

void s3_sum_init(struct s3_sum *s, enum s3_sum_kind kind)
{
    *s = (struct s3_sum){.kind = kind};
    if (kinds[kind].digest == GNUTLS_DIG_UNKNOWN)
        return;
    gnutls_hash_hd_t h;
    if (gnutls_hash_init(&h, kinds[kind].digest) < 0)
        abort(); // hmac.c says why
    s->hash = h;
}

static uint64_t zlib_crc32(uint64_t crc, const void *data, size_t n)
{
    return crc32_z((uLong)crc, data, n);
}

void s3_sum_update(struct s3_sum *s, const void *data, size_t n)
{
    if (!n)
        return;
    if (s->kind == S3_SUM_CRC32)
        s->crc = zlib_crc32(s->crc, data, n);
    else if (s->kind == S3_SUM_CRC32C)
        s->crc = s3_crc32c((uint32_t)s->crc, data, n);
    else if (s->kind == S3_SUM_CRC64NVME)
        s->crc = s3_crc64nvme(s->crc, data, n);
    else if (s->hash && gnutls_hash(s->hash, data, n) < 0)
        abort();
}

size_t s3_sum_final(struct s3_sum *s, uint8_t out[S3_SUM_BYTES_MAX])
{
    size_t n = kinds[s->kind].bytes;
    if (s->hash)
        gnutls_hash_deinit(s->hash, out);
    else
        for (size_t i = 0; i < n; i++)
            out[i] = (uint8_t)(s->crc >> (8 * (n - 1 - i)));
    *s = (struct s3_sum){0};
    return n;
}

void s3_sum_deinit(struct s3_sum *s)
{
    if (s->hash)
        gnutls_hash_deinit(s->hash, NULL);
    *s = (struct s3_sum){0};
}

size_t s3_sum_bytes(enum s3_sum_kind kind)
{
    return kinds[kind].bytes;
}

const char *s3_sum_header(enum s3_sum_kind kind)
{
    return kinds[kind].header;
}

const char *s3_sum_element(enum s3_sum_kind kind)
{
    return kinds[kind].element;
}

enum s3_sum_kind s3_sum_by_header(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (kinds[i].header && !strcasecmp(kinds[i].header, name))
            return (enum s3_sum_kind)i;
    return S3_SUM_NONE;
}

void s3_sum_text(char out[S3_SUM_TEXT], const uint8_t *v, size_t n)
{
    base64_encode(out, v, n);
    out[BASE64_BYTES(n)] = '\0';
}

bool s3_sum_read(enum s3_sum_kind kind, const char *text, uint8_t out[S3_SUM_BYTES_MAX])
{
    uint8_t raw[S3_SUM_TEXT];
    size_t n = strlen(text), raw_n;
    if (n != BASE64_BYTES(kinds[kind].bytes) || !n || !base64_decode(raw, &raw_n, text, n) ||
        raw_n != kinds[kind].bytes)
        return false;
    memcpy(out, raw, raw_n);
    return true;
}
