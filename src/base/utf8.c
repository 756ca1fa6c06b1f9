// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <string.h>

// The second byte carries all the special cases: E0 and F0 would allow overlong forms, ED the surrogates, F4
// what lies above U+10FFFF.
size_t utf8_step(const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80)
        return 1;
    size_t len = s[0] >= 0xC2 && s[0] <= 0xDF   ? 2
                 : s[0] >= 0xE0 && s[0] <= 0xEF ? 3
                 : s[0] >= 0xF0 && s[0] <= 0xF4 ? 4
                                                : 0;
    if (!len || len > n)
        return 0;
    unsigned char lo = s[0] == 0xE0 ? 0xA0 : s[0] == 0xF0 ? 0x90 : 0x80;
    unsigned char hi = s[0] == 0xED ? 0x9F : s[0] == 0xF4 ? 0x8F : 0xBF;
    if (s[1] < lo || s[1] > hi)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

bool utf8_valid(const char *s, size_t n)
{
    for (size_t at = 0; at < n;) {
        size_t step = utf8_step(s + at, n - at);
        if (!step)
            return false;
        at += step;
    }
    return true;
}

static bool is_control(const char *s, size_t step)
{
    unsigned char c = (unsigned char)s[0];
    return c < 32 || c == 127 || (step == 2 && c == 0xc2 && (unsigned char)s[1] < 0xa0);
}

void utf8_printable(char *out, size_t size, const char *s)
{
    static const char hex[] = "0123456789abcdef";
    size_t n = strlen(s), used = 0;
    for (size_t at = 0; at < n;) {
        size_t step = utf8_step(s + at, n - at);
        bool whole = step > 0 && !is_control(s + at, step);
        size_t bytes = step > 0 ? step : 1, need = whole ? bytes : 4 * bytes;
        if (used + need >= size)
            break;
        for (size_t i = 0; i < bytes; i++) {
            unsigned char c = (unsigned char)s[at + i];
            const char coded[] = {'\\', 'x', hex[c >> 4], hex[c & 15]};
            memcpy(out + used, whole ? s + at + i : coded, whole ? 1 : sizeof coded);
            used += whole ? 1 : sizeof coded;
        }
        at += bytes;
    }
    out[used] = '\0';
}
