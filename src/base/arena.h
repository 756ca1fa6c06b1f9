// SPDX-License-Identifier: Apache-2.0
//
// Memory that is given back all at once: what belongs to one batch of events lives in one arena.
#ifndef ONDOL_BASE_ARENA_H
#define ONDOL_BASE_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_block *block; // newest first
    size_t used;               // bytes handed out since the last clear
};

#define ARENA_NULL ((struct arena){0})

void arena_deinit(struct arena *a);
void arena_clear(struct arena *a);                  // keeps the newest block for reuse
void *arena_alloc(struct arena *a, size_t bytes);   // zeroed, aligned for any type, never NULL
char *arena_strdup(struct arena *a, const char *s); // NULL gives NULL
char *arena_strndup(struct arena *a, const char *s, size_t n); // n bytes and a NUL
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
