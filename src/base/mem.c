// SPDX-License-Identifier: Apache-2.0
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

// From here on an array grows by an eighth. Such blocks are mapped apart and grow without a copy, and the
// zeroed rest is resident: half of a table of a hundred thousand records would lie idle.

void *mem_alloc(size_t bytes)
{
    void *p = calloc(1, bytes ? bytes : 1);
    if (!p)
        abort();
    return p;
}

void *mem_array(size_t n, size_t elem)
{
    if (elem && n > SIZE_MAX / elem)
        abort();
    return mem_alloc(n * elem);
}

void *mem_lines(size_t n, size_t elem)
{
    if (elem && n > (SIZE_MAX - MEM_LINE_BYTES) / elem)
        abort();
    size_t bytes = (n * elem + MEM_LINE_BYTES) / MEM_LINE_BYTES * MEM_LINE_BYTES;
    void *p = aligned_alloc(MEM_LINE_BYTES, bytes);
    if (!p)
        abort();
    return memset(p, 0, bytes);
}

char *mem_strndup(const char *s, size_t n)
{
    char *p = mem_alloc(n + 1);
    if (n)
        memcpy(p, s, n);
    return p;
}

char *mem_strdup(const char *s)
{
    return s ? mem_strndup(s, strlen(s)) : NULL;
}

void mem_grow(void *v_ptr, size_t *cap, size_t need, size_t elem)
{
    if (need <= *cap)
        return;
    size_t want = *cap ? *cap : 8;
    while (want < need) {
        size_t more = elem && want > MEM_LARGE_BYTES / elem ? want / 8 + 1 : want;
        if (want > SIZE_MAX - more)
            abort();
        want += more;
    }
    if (elem && want > SIZE_MAX / elem)
        abort();
    void *old;
    memcpy(&old, v_ptr, sizeof old); // v_ptr is the address of a pointer of any type
    char *grown = realloc(old, want * elem);
    if (!grown)
        abort();
    memset(grown + *cap * elem, 0, (want - *cap) * elem);
    memcpy(v_ptr, &grown, sizeof grown);
    *cap = want;
}
