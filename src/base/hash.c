// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#define PRIME UINT64_C(0x100000001b3) // of FNV-1a

uint64_t hash_bytes(uint64_t h, const void *data, size_t n)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * PRIME;
    return h;
}

// Bytes that are zero only multiply: those at the upper end, of which most numbers have some, all at once.
uint64_t hash_i64(uint64_t h, int64_t v)
{
    static const uint64_t power[9] = {1,
                                      PRIME,
                                      PRIME * PRIME,
                                      PRIME * PRIME * PRIME,
                                      PRIME * PRIME * PRIME * PRIME,
                                      PRIME * PRIME * PRIME * PRIME * PRIME,
                                      PRIME * PRIME * PRIME * PRIME * PRIME * PRIME,
                                      PRIME * PRIME * PRIME * PRIME * PRIME * PRIME * PRIME,
                                      PRIME * PRIME * PRIME * PRIME * PRIME * PRIME * PRIME * PRIME};
    int bytes = 0;
    for (uint64_t u = (uint64_t)v; u != 0; u >>= 8, bytes++)
        h = (h ^ (u & 0xff)) * PRIME;
    return h * power[8 - bytes];
}

uint64_t hash_mix(uint64_t h)
{
    h ^= h >> 33;
    h *= UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    h *= UINT64_C(0xc4ceb9fe1a85ec53);
    return h ^ (h >> 33);
}
