// SPDX-License-Identifier: Apache-2.0
//
// GnuTLS does the work. Its functions fail only when the library is unfit for use (no memory, an algorithm
// forbidden on this machine); going on with bytes that were never written would be the worst answer, so that
// ends the process.
#include "s3/hmac.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdlib.h>

void s3_sha256(uint8_t out[32], const void *data, size_t n)
{
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, n, out) < 0)
        abort();
}

void s3_hmac_sha256(uint8_t out[32], const void *key, size_t key_n, const void *data, size_t n)
{
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key_n, data, n, out) < 0)
        abort();
}

void s3_hmac_sha1(uint8_t out[20], const void *key, size_t key_n, const void *data, size_t n)
{
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA1, key, key_n, data, n, out) < 0)
        abort();
}

bool s3_same(const void *a, const void *b, size_t n)
{
    return gnutls_memcmp(a, b, n) == 0;
}

