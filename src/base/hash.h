// SPDX-License-Identifier: Apache-2.0
//
// Hashes that are the same on every machine: FNV-1a with a final mix. For tables and traces, not for secrets.
#ifndef ONDOL_BASE_HASH_H
#define ONDOL_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define HASH_SEED UINT64_C(0xcbf29ce484222325)

uint64_t hash_bytes(uint64_t h, const void *data, size_t n); // start with HASH_SEED, chain for several pieces
uint64_t hash_i64(uint64_t h, int64_t v);                    // little endian whatever the machine
uint64_t hash_mix(uint64_t h); // spreads the bits; use before taking a few of them

#endif
