// SPDX-License-Identifier: Apache-2.0
//
// Checksums of bodies, as x-amz-checksum-* headers and trailers carry them (base64 of the big-endian value),
// and MD5 for ETags and Content-MD5. Streaming, constant memory.
#ifndef ONDOL_S3_CHECKSUM_H
#define ONDOL_S3_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum s3_sum_kind {
    S3_SUM_NONE,
    S3_SUM_CRC32,
    S3_SUM_CRC32C,
    S3_SUM_CRC64NVME,
    S3_SUM_SHA1,
    S3_SUM_SHA256,
    S3_SUM_MD5
};

#define S3_SUM_BYTES_MAX 32
#define S3_SUM_TEXT      48 // base64 of the longest, with NUL

struct s3_sum {
    enum s3_sum_kind kind;
    uint64_t crc;
    void *hash; // owned; NULL for the CRCs
};

void s3_sum_init(struct s3_sum *s, enum s3_sum_kind kind); // S3_SUM_NONE is allowed and counts nothing
void s3_sum_update(struct s3_sum *s, const void *data, size_t n);
// Writes the big-endian value and frees; returns its length (0 for S3_SUM_NONE). Once.
size_t s3_sum_final(struct s3_sum *s, uint8_t out[S3_SUM_BYTES_MAX]);
void s3_sum_deinit(struct s3_sum *s); // for one that is not finished; harmless after s3_sum_final

size_t s3_sum_bytes(enum s3_sum_kind kind);
const char *s3_sum_header(enum s3_sum_kind kind);    // "x-amz-checksum-crc32"; NULL for NONE and MD5
const char *s3_sum_element(enum s3_sum_kind kind);   // "ChecksumCRC32"; NULL for NONE and MD5
enum s3_sum_kind s3_sum_by_header(const char *name); // in any case; S3_SUM_NONE if it is none of them
void s3_sum_text(char out[S3_SUM_TEXT], const uint8_t *v, size_t n); // base64
// Reads base64 of exactly the length of `kind`.
bool s3_sum_read(enum s3_sum_kind kind, const char *text, uint8_t out[S3_SUM_BYTES_MAX]);

uint32_t s3_crc32c(uint32_t crc, const void *data, size_t n); // start with 0
uint64_t s3_crc64nvme(uint64_t crc, const void *data, size_t n);

#endif
