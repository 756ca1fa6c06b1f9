// SPDX-License-Identifier: Apache-2.0
#include "net/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(char *out, const void *data, size_t n)
{
    const uint8_t *p = data;
    for (; n >= 3; n -= 3, p += 3, out += 4) {
        out[0] = alphabet[p[0] >> 2];
        out[1] = alphabet[(p[0] & 3) << 4 | p[1] >> 4];
        out[2] = alphabet[(p[1] & 15) << 2 | p[2] >> 6];
        out[3] = alphabet[p[2] & 63];
    }
    if (n == 0)
        return;
    uint8_t second = n == 2 ? p[1] : 0;
    out[0] = alphabet[p[0] >> 2];
    out[1] = alphabet[(p[0] & 3) << 4 | second >> 4];
    out[2] = n == 2 ? alphabet[(second & 15) << 2] : '=';
    out[3] = '=';
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(void *out, size_t *out_n, const char *text, size_t n)
{
    if (n % 4)
        return false;
    size_t pad =
        n == 0 ? 0 : (size_t)(text[n - 1] == '=') + (size_t)(text[n - 1] == '=' && text[n - 2] == '=');
    uint8_t *to = out;
    uint32_t bits = 0;
    for (size_t i = 0; i < n; i++) {
        int v = i + pad >= n ? 0 : value_of(text[i]);
        if (v < 0)
            return false;
        bits = bits << 6 | (uint32_t)v;
        if (i % 4 < 3)
            continue;
        size_t keep = i + 1 == n ? 3 - pad : 3;
        for (size_t k = 0; k < 3; k++) {
            uint8_t byte = (uint8_t)(bits >> (16 - 8 * k));
            if (k < keep)
                *to++ = byte;
            else if (byte) // bits under the padding: the same bytes would have two spellings
                return false;
        }
        bits = 0;
    }
    *out_n = (size_t)(to - (uint8_t *)out);
    return true;
}
