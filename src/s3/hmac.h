// SPDX-License-Identifier: Apache-2.0
//
// The three primitives of the signatures, and hexadecimal.
#ifndef ONDOL_S3_HMAC_H
#define ONDOL_S3_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void s3_sha256(uint8_t out[32], const void *data, size_t n);
void s3_hmac_sha256(uint8_t out[32], const void *key, size_t key_n, const void *data, size_t n);
void s3_hmac_sha1(uint8_t out[20], const void *key, size_t key_n, const void *data, size_t n);
bool s3_same(const void *a, const void *b, size_t n); // in a time that tells nothing of where they differ


#endif
