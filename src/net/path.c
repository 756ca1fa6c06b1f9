// SPDX-License-Identifier: Apache-2.0
//
// Request targets. Segments are cut before they are decoded, so that "%2F" can never move a border, and dot
// segments are looked for after, so that "%2E%2E" is as bad as "..".
#include "net/path.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"

int percent_decode(const char *in, size_t n, bool plus, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        char c = in[i];
        if (c == '%') {
            if (n - i < 3 || hex_digit(in[i + 1]) < 0 || hex_digit(in[i + 2]) < 0)
                return -EINVAL;
            c = (char)(hex_digit(in[i + 1]) * 16 + hex_digit(in[i + 2]));
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        if (!c)
            return -EINVAL;
        out[len++] = c;
    }
    out[len] = '\0';
    return utf8_valid(out, len) ? (int)len : -EINVAL;
}

static int add_segment(const char *in, size_t n, struct route *out)
{
    // Encoded text is at most three times as long as what it stands for: more cannot fit, and less is decoded
    // safely into a buffer of the encoded size.
    char wide[3 * ROUTE_SEGMENT_BYTES + 1];
    if (n >= sizeof wide)
        return -ENAMETOOLONG;
    int len = percent_decode(in, n, false, wide);
    if (len < 0)
        return len;
    if (len >= ROUTE_SEGMENT_BYTES)
        return -ENAMETOOLONG;
    if (!strcmp(wide, ".") || !strcmp(wide, ".."))
        return -EINVAL;
    if (!out->n && !out->had_v1 && !strcasecmp(wide, "v1")) {
        out->had_v1 = true;
        return 0;
    }
    if (out->n == ROUTE_SEGMENTS)
        return -ENAMETOOLONG;
    memcpy(out->segment[out->n++], wide, (size_t)len + 1);
    return 0;
}

int route_normalise(const char *target, struct route *out)
{
    out->n = 0;
    out->had_v1 = false;
    if (target[0] != '/')
        return -EINVAL;
    const char *end = target + strcspn(target, "?");
    for (const char *at = target; at < end;) {
        size_t n = strcspn(at, "/?");
        if (n) {
            int r = add_segment(at, n, out);
            if (r < 0)
                return r;
        }
        at += n + 1;
    }
    return 0;
}

bool route_is(const struct route *r, size_t i, const char *word)
{
    return i < r->n && !strcasecmp(r->segment[i], word);
}

int query_split(const char *query, char *arena, struct query_pair *pair, size_t max)
{
    size_t n = 0;
    while (*query) {
        size_t len = strcspn(query, "&");
        if (len) {
            if (n == max)
                return -E2BIG;
            const char *eq = memchr(query, '=', len);
            size_t name_len = eq ? (size_t)(eq - query) : len;
            int a = percent_decode(query, name_len, true, arena);
            if (a < 0)
                return a;
            pair[n].name = arena;
            arena += a + 1;
            pair[n].value = arena - 1; // the NUL that ends the name, when there is no '='
            if (eq) {
                int b = percent_decode(eq + 1, len - name_len - 1, true, arena);
                if (b < 0)
                    return b;
                pair[n].value = arena;
                arena += b + 1;
            }
            n++;
        }
        query += len + (query[len] == '&');
    }
    return (int)n;
}
