// SPDX-License-Identifier: Apache-2.0
//
// Records of one size that stay where they are, side by side in large pieces: a table of pointers to them is in the
// order of memory, and a million cost some thousand calls for memory.
#ifndef ONDOL_BASE_SLAB_H
#define ONDOL_BASE_SLAB_H

#include <stddef.h>

struct slab {
    struct slab_piece *piece; // newest first
    size_t used, room;        // records of the newest
};

#define SLAB_NULL ((struct slab){0})

// Zeroed, from the beginning of a cache line on; `bytes` is the same in all calls of a slab. Given back with all
// others only.
void *slab_new(struct slab *s, size_t bytes);
void slab_deinit(struct slab *s);

#endif
