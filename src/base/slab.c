// SPDX-License-Identifier: Apache-2.0
//
// Pieces double up to two megabytes.
#include "base/slab.h"

#include <stdlib.h>

#include "base/mem.h"

#define FIRST_BYTES 4096
#define MOST_BYTES  ((size_t)2 << 20)

struct slab_piece {
    struct slab_piece *next;
    size_t bytes;
    char *record;
};

static size_t line_end(size_t bytes)
{
    return (bytes + MEM_LINE_BYTES - 1) / MEM_LINE_BYTES * MEM_LINE_BYTES;
}

static void grow(struct slab *s, size_t each)
{
    struct slab_piece *p = mem_alloc(sizeof *p);
    size_t bytes = s->piece ? s->piece->bytes * 2 : FIRST_BYTES;
    bytes = bytes > MOST_BYTES ? MOST_BYTES : bytes;
    bytes = bytes < each ? each : bytes;
    *p = (struct slab_piece){s->piece, bytes, mem_lines(1, bytes)};
    s->piece = p;
    s->used = 0;
    s->room = bytes / each;
}

void *slab_new(struct slab *s, size_t bytes)
{
    size_t each = line_end(bytes);
    if (s->used == s->room)
        grow(s, each);
    return s->piece->record + each * s->used++;
}

void slab_deinit(struct slab *s)
{
    while (s->piece) {
        struct slab_piece *p = s->piece;
        s->piece = p->next;
        free(p->record);
        free(p);
    }
    *s = SLAB_NULL;
}
