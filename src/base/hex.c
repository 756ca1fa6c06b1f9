// SPDX-License-Identifier: Apache-2.0
#include "base/hex.h"

#include <string.h>

void hex_text(char *out, const void *bytes, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    const uint8_t *v = bytes;
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digit[v[i] >> 4];
        out[2 * i + 1] = digit[v[i] & 15];
    }
    out[2 * n] = '\0';
}

int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_bytes(uint8_t *out, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++) {
        int high = hex_digit(text[2 * i]); // a NUL is no digit, so that nothing behind it is read
        int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);
        if (low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool hex_is(const char *text, size_t n)
{
    return strlen(text) == n && strspn(text, "0123456789abcdef") == n;
}
