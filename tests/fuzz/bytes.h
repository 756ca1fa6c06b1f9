// SPDX-License-Identifier: Apache-2.0
//
// An input of a fuzzer as a row of small decisions, for targets that play with something instead of reading a
// text. Behind the end everything is 0.
#ifndef TESTS_FUZZ_BYTES_H
#define TESTS_FUZZ_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
    const uint8_t *p;
    size_t n;
};

static inline uint8_t bytes_one(struct bytes *b)
{
    if (!b->n)
        return 0;
    b->n--;
    return *b->p++;
}

static inline uint32_t bytes_below(struct bytes *b, uint32_t n) // n 1..256
{
    return bytes_one(b) % n;
}

static inline uint64_t bytes_number(struct bytes *b, int count) // big-endian
{
    uint64_t v = 0;
    while (count-- > 0)
        v = v << 8 | bytes_one(b);
    return v;
}

// At most `most` bytes of those that are left, where they lie; how many into `n`.
static inline const uint8_t *bytes_run(struct bytes *b, size_t most, size_t *n)
{
    const uint8_t *at = b->p;
    *n = most < b->n ? most : b->n;
    b->p += *n;
    b->n -= *n;
    return at;
}

#endif
