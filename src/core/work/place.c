// SPDX-License-Identifier: Apache-2.0
#include "core/work/place.h"

#include <stdlib.h>
#include <string.h>

bool place_is_none(const struct place *p)
{
    return !*p->country && !*p->site && !p->has_near && p->gang < 2;
}

void place_format(const struct place *p, struct buf *out)
{
    const char *gap = "";
    if (*p->country) {
        buf_putf(out, "country=%s", p->country);
        gap = " ";
    }
    if (*p->site) {
        buf_putf(out, "%ssite=%s", gap, p->site);
        gap = " ";
    }
    if (p->has_near) {
        buf_putf(out, "%snear=%d,%d", gap, (int)p->lat_mdeg, (int)p->lon_mdeg);
        gap = " ";
    }
    if (p->gang > 1)
        buf_putf(out, "%sgang=%d", gap, (int)p->gang);
}

static bool is_letter(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool name(const char *v, size_t n, char *out, size_t size)
{
    if (!n || n >= size)
        return false;
    for (size_t i = 0; i < n; i++) {
        bool plain = is_letter(v[i]) || (v[i] >= 'a' && v[i] <= 'z') || (v[i] >= '0' && v[i] <= '9');
        if (!plain && (i == 0 || !strchr("._-", v[i])))
            return false;
    }
    memcpy(out, v, n);
    return true;
}

static bool whole(const char **v, const char *end, long lo, long hi, int32_t *out)
{
    char *stop;
    bool digits = *v < end && (**v == '-' || (**v >= '0' && **v <= '9'));
    long x = digits ? strtol(*v, &stop, 10) : 0;
    if (!digits || stop > end || stop == *v || x < lo || x > hi)
        return false;
    *v = stop;
    *out = (int32_t)x;
    return true;
}

static bool near(const char *v, const char *end, struct place *p)
{
    p->has_near = true;
    return whole(&v, end, -90000, 90000, &p->lat_mdeg) && *v++ == ',' &&
           whole(&v, end, -180000, 180000, &p->lon_mdeg) && v == end;
}

static bool part(const char *at, size_t n, struct place *p)
{
    const char *end = at + n, *v = memchr(at, '=', n);
    size_t key = v ? (size_t)(v++ - at) : 0;
    if (key == 7 && memcmp(at, "country", 7) == 0) {
        bool ok = end - v == 2 && is_letter(v[0]) && is_letter(v[1]);
        if (ok)
            memcpy(p->country, v, 2);
        return ok;
    }
    if (key == 4 && memcmp(at, "site", 4) == 0)
        return name(v, (size_t)(end - v), p->site, sizeof p->site);
    if (key == 4 && memcmp(at, "near", 4) == 0)
        return near(v, end, p);
    if (key == 4 && memcmp(at, "gang", 4) == 0)
        return whole(&v, end, 2, PLACE_GANG_MAX, &p->gang) && v == end;
    return false;
}

bool place_parse(const char *text, struct place *p)
{
    struct place got = {0};
    while (*text) {
        size_t n = strcspn(text, " ");
        if (!part(text, n, &got))
            return false;
        text += n + (text[n] == ' ');
    }
    *p = got;
    return true;
}
