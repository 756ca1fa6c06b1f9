// SPDX-License-Identifier: Apache-2.0
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void buf_deinit(struct buf *b)
{
    free(b->v);
    *b = BUF_INIT(b->max);
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
    if (b->v)
        b->v[0] = '\0';
}

static bool buf_room(struct buf *b, size_t n)
{
    if (b->failed || n > b->max - b->n) {
        b->failed = true;
        return false;
    }
    if (b->n + n >= b->cap)
        mem_grow(&b->v, &b->cap, b->n + n + 1, 1);
    return true;
}

void buf_put(struct buf *b, const void *data, size_t n)
{
    if (!buf_room(b, n))
        return;
    if (n)
        memcpy(b->v + b->n, data, n);
    b->n += n;
    b->v[b->n] = '\0';
}

char *buf_more(struct buf *b, size_t n)
{
    if (!buf_room(b, n))
        return NULL;
    char *at = b->v + b->n;
    b->n += n;
    at[n] = '\0';
    return at;
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_putu(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t n = sizeof digits;
    do
        digits[--n] = (char)('0' + v % 10);
    while (v /= 10);
    buf_put(b, digits + n, sizeof digits - n);
}

void buf_putc(struct buf *b, char c)
{
    if (!buf_room(b, 1))
        return;
    b->v[b->n++] = c;
    b->v[b->n] = '\0';
}

void buf_putf(struct buf *b, const char *fmt, ...)
{
    va_list ap, again;
    size_t room = b->failed || b->cap <= b->n ? 0 : b->cap - b->n;
    va_start(ap, fmt);
    va_copy(again, ap);
    int len = vsnprintf(room ? b->v + b->n : NULL, room, fmt, ap); // mostly it fits
    va_end(ap);
    if (len >= 0 && (size_t)len < room && (size_t)len <= b->max - b->n) {
        b->n += (size_t)len;
    } else {
        if (room)
            b->v[b->n] = '\0';
        if (len >= 0 && buf_room(b, (size_t)len)) {
            vsnprintf(b->v + b->n, (size_t)len + 1, fmt, again);
            b->n += (size_t)len;
        }
    }
    va_end(again);
}

const char *buf_str(const struct buf *b)
{
    return b->v ? b->v : "";
}

char *buf_take(struct buf *b)
{
    char *s = b->v ? b->v : mem_alloc(1);
    *b = BUF_INIT(b->max);
    return s;
}

void buf_drop_front(struct buf *b, size_t n)
{
    if (n >= b->n) {
        b->n = 0;
    } else {
        memmove(b->v, b->v + n, b->n - n);
        b->n -= n;
    }
    if (b->v)
        b->v[b->n] = '\0';
}
