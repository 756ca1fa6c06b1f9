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

// Of '0' to 'f', one more each; 0: none.
static const uint8_t value_and_1['f' - '0' + 1] = {
    ['0' - '0'] = 1,  ['1' - '0'] = 2,  ['2' - '0'] = 3,  ['3' - '0'] = 4,  ['4' - '0'] = 5,
    ['5' - '0'] = 6,  ['6' - '0'] = 7,  ['7' - '0'] = 8,  ['8' - '0'] = 9,  ['9' - '0'] = 10,
    ['A' - '0'] = 11, ['B' - '0'] = 12, ['C' - '0'] = 13, ['D' - '0'] = 14, ['E' - '0'] = 15,
    ['F' - '0'] = 16, ['a' - '0'] = 11, ['b' - '0'] = 12, ['c' - '0'] = 13, ['d' - '0'] = 14,
    ['e' - '0'] = 15, ['f' - '0'] = 16,
};

int hex_digit(char c)
{
    unsigned at = (unsigned)(unsigned char)c - '0';
    return at < sizeof value_and_1 ? value_and_1[at] - 1 : -1;
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
