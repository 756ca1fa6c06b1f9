// SPDX-License-Identifier: Apache-2.0
//
// What buckets, keys and entity tags may look like.
#ifndef ONDOL_S3_NAMES_H
#define ONDOL_S3_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "s3/errors.h"

#define S3_BUCKET_BYTES 64   // 63 and NUL
#define S3_KEY_BYTES    1025 // 1024 and NUL
#define S3_ETAG_BYTES   48   // "md5-10000", without quotes, with NUL
#define S3_PARTS_MAX    10000

// 3..63 of a-z 0-9 . - beginning and ending with a letter or digit, no "..", ".-", "-.", not an IPv4 address.
enum s3_code s3_bucket_check(const char *name, struct err *e); // InvalidBucketName
// 1..1024 bytes of UTF-8 without NUL. Keys are names, not paths: "../x" and "a//b" are as good as any.
enum s3_code s3_key_check(const char *key, size_t n, struct err *e); // KeyTooLongError, InvalidURI

void s3_etag_plain(char out[S3_ETAG_BYTES], const uint8_t md5[16]);
// The tag of an object of `n` parts (1..S3_PARTS_MAX): MD5 of the parts' binary MD5s, a dash, n.
void s3_etag_parts(char out[S3_ETAG_BYTES], const uint8_t (*md5)[16], size_t n);
// Takes quotes off, if there are any. False when it is not 32 hex digits, with or without -N; out is
// lowercase.
bool s3_etag_read(const char *text, char out[S3_ETAG_BYTES]);

#endif
