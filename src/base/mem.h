// SPDX-License-Identifier: Apache-2.0
//
// Memory. Out of memory ends the process: everything acknowledged is in the store, so dying is the honest
// answer. What strangers can make grow is bounded by the limits of the callers, never by hoping that malloc
// fails.
#ifndef ONDOL_BASE_MEM_H
#define ONDOL_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t bytes);              // zeroed; never NULL, aborts when there is no memory
void *mem_array(size_t n, size_t elem);     // zeroed; aborts on overflow too
#define MEM_LINE_BYTES ((size_t)64) // of a processor's cache

// As mem_array, from the beginning of a cache line on: for loops in the widest registers, each load of which
// would cross a line else. Given back with free().
void *mem_lines(size_t n, size_t elem);
char *mem_strdup(const char *s);            // NULL gives NULL
char *mem_strndup(const char *s, size_t n); // copies n bytes and adds NUL

// Grows `*v` (elements of `elem` bytes, capacity in `*cap`) so that at least `need` elements fit; new space
// is zeroed. Doubles, from 1 MiB on grows by an eighth: appending n elements costs O(n).
void mem_grow(void *v_ptr, size_t *cap, size_t need, size_t elem);

#define MEM_LARGE_BYTES ((size_t)1 << 20) // from there on a table grows by an eighth

// What only fetches must be part of who calls it: gcc takes a function that does nothing else for one without effect,
// and leaves out calls of it.
#define MEM_FETCHES static inline __attribute__((always_inline))

// Brings n bytes near the processor, who goes on meanwhile. Reads nothing: any address will do. n at least 1.
MEM_FETCHES void mem_fetch(const void *from, size_t n)
{
    const char *at = from;
    for (size_t i = 0; i < n; i += MEM_LINE_BYTES)
        __builtin_prefetch(at + i);
    __builtin_prefetch(at + n - 1); // what does not begin with a line
}

// Appends one zeroed element to the array `v` with count `n` and capacity `cap` and gives its address.
#define VEC_PUSH(v, n, cap)                                                                                  \
    ((n) < (cap) ? (void)0 : mem_grow(&(v), &(cap), (n) + 1, sizeof *(v)), &(v)[(n)++])

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
