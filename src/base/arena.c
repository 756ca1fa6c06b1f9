// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct arena_block {
    struct arena_block *older;
    size_t used, size;
    _Alignas(16) char data[];
};

#define BLOCK_BYTES ((size_t)16 * 1024)

void arena_deinit(struct arena *a)
{
    while (a->block) {
        struct arena_block *older = a->block->older;
        free(a->block);
        a->block = older;
    }
    a->used = 0;
}

void arena_clear(struct arena *a)
{
    if (!a->block)
        return;
    struct arena_block *keep = a->block;
    a->block = keep->older;
    arena_deinit(a);
    if (keep->size > 16 * BLOCK_BYTES) { // one huge batch must not pin its memory for ever
        free(keep);
        return;
    }
    keep->older = NULL;
    keep->used = 0;
    a->block = keep;
}

void *arena_alloc(struct arena *a, size_t bytes)
{
    if (bytes > SIZE_MAX / 2)
        abort();
    bytes = (bytes + 15) & ~(size_t)15;
    if (!a->block || bytes > a->block->size - a->block->used) {
        size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
        struct arena_block *b = mem_alloc(sizeof *b + size);
        b->size = size;
        b->older = a->block;
        a->block = b;
    }
    void *p = a->block->data + a->block->used;
    a->block->used += bytes;
    a->used += bytes;
    memset(p, 0, bytes);
    return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *p = arena_alloc(a, n + 1);
    if (n)
        memcpy(p, s, n);
    return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    char small[256]; // most are
    va_start(ap, fmt);
    va_copy(again, ap);
    int len = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    char *p = arena_alloc(a, len < 0 ? 1 : (size_t)len + 1);
    if (len >= 0 && (size_t)len < sizeof small)
        memcpy(p, small, (size_t)len + 1);
    else if (len >= 0)
        vsnprintf(p, (size_t)len + 1, fmt, again);
    va_end(again);
    return p;
}
