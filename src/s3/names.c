// SPDX-License-Identifier: Apache-2.0
#include "s3/names.h"

#include <ctype.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "s3/hmac.h"

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// Four runs of digits between dots: an address to somebody, whatever its numbers.
static bool looks_like_ipv4(const char *s)
{
    int runs = 0;
    for (;;) {
        size_t n = strspn(s, "0123456789");
        if (!n)
            return false;
        runs++;
        if (s[n] != '.')
            return !s[n] && runs == 4;
        s += n + 1;
    }
}

enum s3_code s3_bucket_check(const char *name, struct err *e)
{
    size_t n = strlen(name);
    if (n < 3 || n >= S3_BUCKET_BYTES)
        return s3_fail(e, S3_INVALID_BUCKET_NAME, "The name of a bucket has 3 to 63 characters, not %zu.", n);
    for (size_t i = 0; i < n; i++)
        if (!is_letter_or_digit(name[i]) && name[i] != '.' && name[i] != '-')
            return s3_fail(e, S3_INVALID_BUCKET_NAME,
                           "The name of a bucket has only the characters a-z, 0-9, '.' and '-'.");
    if (!is_letter_or_digit(name[0]) || !is_letter_or_digit(name[n - 1]))
        return s3_fail(e, S3_INVALID_BUCKET_NAME,
                       "The name of a bucket begins and ends with a letter or a digit.");
    if (strstr(name, "..") || strstr(name, ".-") || strstr(name, "-."))
        return s3_fail(e, S3_INVALID_BUCKET_NAME, "The name of a bucket has no dot beside a dot or a dash.");
    if (looks_like_ipv4(name))
        return s3_fail(e, S3_INVALID_BUCKET_NAME, "The name of a bucket is no IP address.");
    return S3_OK;
}

enum s3_code s3_key_check(const char *key, size_t n, struct err *e)
{
    if (n >= S3_KEY_BYTES)
        return s3_fail(e, S3_KEY_TOO_LONG, "The key has %zu bytes; %d are allowed.", n, S3_KEY_BYTES - 1);
    if (!n || memchr(key, '\0', n) || !utf8_valid(key, n))
        return s3_fail(e, S3_INVALID_URI, "The key is not 1 to %d bytes of UTF-8 without NUL.",
                       S3_KEY_BYTES - 1);
    return S3_OK;
}

void s3_etag_plain(char out[S3_ETAG_BYTES], const uint8_t md5[16])
{
    hex_text(out, md5, 16);
}

void s3_etag_parts(char out[S3_ETAG_BYTES], const uint8_t (*md5)[16], size_t n)
{
    uint8_t all[16];
    if (gnutls_hash_fast(GNUTLS_DIG_MD5, md5, n * 16, all) < 0)
        abort(); // hmac.c says why
    hex_text(out, all, sizeof all);
    snprintf(out + 32, S3_ETAG_BYTES - 32, "-%u", (unsigned)(n % 100000));
}

bool s3_etag_read(const char *text, char out[S3_ETAG_BYTES])
{
    size_t n = strlen(text);
    if (n >= 2 && text[0] == '"' && text[n - 1] == '"') {
        text++;
        n -= 2;
    }
    if (n < 32 || n > 38)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool good = i < 32    ? isxdigit((unsigned char)text[i])
                    : i == 32 ? text[i] == '-'
                              : isdigit((unsigned char)text[i]);
        if (!good)
            return false;
        out[i] = (char)tolower((unsigned char)text[i]);
    }
    out[n] = '\0';
    return n == 32 || (n > 33 && text[33] != '0');
}
