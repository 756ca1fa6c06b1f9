// SPDX-License-Identifier: Apache-2.0
#include "core/engine/log_codec.h"

#include <string.h>

#include "core/engine/log.h"

void codec_put(struct codec *c, int64_t v)
{
    uint64_t u = (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
    for (; u >= 0x80; u >>= 7)
        buf_putc(c->out, (char)(u | 0x80));
    buf_putc(c->out, (char)u);
}

int64_t codec_get(struct codec *c)
{
    uint64_t u = 0;
    for (int shift = 0;; shift += 7) {
        if (c->p == c->end || shift > 63) {
            c->bad = true;
            return 0;
        }
        uint8_t byte = *c->p++;
        u |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    return (int64_t)(u >> 1 ^ (u & 1 ? UINT64_MAX : 0));
}

int64_t codec_number(struct codec *c, int64_t v)
{
    if (!c->out)
        return codec_get(c);
    codec_put(c, v);
    return v;
}

size_t codec_length(struct codec *c, size_t n)
{
    int64_t got = codec_number(c, (int64_t)n);
    if (c->out)
        return n;
    if (got < 0 || got > c->end - c->p) { // whatever it counts takes at least a byte each
        c->bad = true;
        return 0;
    }
    return (size_t)got;
}

void codec_bytes(struct codec *c, void *data, size_t n)
{
    if (c->out) {
        buf_put(c->out, data, n);
    } else if ((size_t)(c->end - c->p) < n) {
        c->bad = true;
    } else {
        memcpy(data, c->p, n);
        c->p += n;
    }
}

void codec_text(struct codec *c, char *t, size_t size)
{
    size_t n = codec_length(c, c->out ? strnlen(t, size - 1) : 0);
    if (n >= size || c->bad) {
        c->bad = true;
        return;
    }
    codec_bytes(c, t, n);
    if (c->out)
        return;
    memset(t + n, 0, size - n);
    c->bad = c->bad || strlen(t) != n;
}

void codec_blob(struct codec *c, const char **s, size_t *n)
{
    *n = codec_length(c, *n);
    if (c->out) {
        buf_put(c->out, *s, *n);
        return;
    }
    *s = arena_strndup(c->a, (const char *)c->p, c->bad ? 0 : *n);
    c->p += c->bad ? 0 : *n;
}

void codec_string(struct codec *c, const char **s)
{
    bool there = *s != NULL;
    size_t n = c->out && there ? strlen(*s) : 0;
    N(c, there);
    *s = there ? *s : NULL;
    if (!there)
        return;
    codec_blob(c, s, &n);
    c->bad = c->bad || strlen(*s) != n;
}

void *codec_items(struct codec *c, void *v, size_t *n, size_t size)
{
    *n = codec_length(c, *n);
    if (c->out)
        return v;
    if (*n > LOG_ITEMS_MAX) {
        c->bad = true;
        *n = 0;
    }
    return arena_alloc(c->a, *n * size);
}
