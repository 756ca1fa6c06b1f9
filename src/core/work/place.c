// SPDX-License-Identifier: Apache-2.0
#include "core/work/place.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool place_is_none(const struct place *p)
{
    return !*p->country && !*p->site && !p->has_near && p->gang < 2 && !p->n_data;
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
    if (p->gang > 1) {
        buf_putf(out, "%sgang=%d", gap, (int)p->gang);
        gap = " ";
    }
    for (int i = 0; i < p->n_data; i++)
        buf_putf(out, "%s%016" PRIx64 ":%" PRId64,
                 i      ? ","
                 : *gap ? " data="
                        : "data=",
                 p->data[i].key, p->data[i].bytes);
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

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// "00000000000000a5:1300000000"
static bool one_set(const char **v, const char *end, struct place_data *d)
{
    *d = (struct place_data){0};
    for (int i = 0; i < 16; i++, ++*v) {
        if (*v == end || hex(**v) < 0)
            return false;
        d->key = d->key << 4 | (uint64_t)hex(**v);
    }
    if (*v == end || *(*v)++ != ':' || *v == end || !d->key)
        return false;
    const char *first = *v;
    for (; *v < end && **v >= '0' && **v <= '9' && d->bytes <= PLACE_BYTES_MAX; ++*v)
        d->bytes = d->bytes * 10 + (**v - '0');
    return *v > first && d->bytes <= PLACE_BYTES_MAX;
}

static bool sets(const char *v, const char *end, struct place *p)
{
    p->n_data = 0;
    do {
        if (p->n_data == PLACE_DATA_MAX || !one_set(&v, end, &p->data[p->n_data++]))
            return false;
    } while (v < end && *v++ == ',');
    return v == end && end[-1] != ',';
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
    if (key == 4 && memcmp(at, "data", 4) == 0)
        return sets(v, end, p);
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

bool place_chooses(const char *text)
{
    struct place p;
    if (!place_parse(text, &p))
        return true;
    p.n_data = 0;
    return !place_is_none(&p);
}
