// SPDX-License-Identifier: Apache-2.0
//
// Hash maps with open addressing. Nothing may depend on their order: to walk in a stable order, keep a
// vector.
//   idmap:  uint64_t (not 0)      -> uint64_t
//   strmap: copy of a C string    -> uint64_t
//   keyset: uint64_t (not 0)      -> index of the record that holds this key; four bytes a place instead of sixteen
#ifndef ONDOL_BASE_MAP_H
#define ONDOL_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap {
    struct idmap_slot {
        uint64_t key, value; // key 0: empty
    } * slot;
    size_t n, cap; // cap is 0 or a power of two
};

#define IDMAP_NULL ((struct idmap){0})
void idmap_deinit(struct idmap *m);
void idmap_clear(struct idmap *m); // empties it; the memory stays
void idmap_set(struct idmap *m, uint64_t key, uint64_t value); // in place of what was there; key not 0
// False: it is not there, and `value` (may be NULL) is as it was.
bool idmap_get(const struct idmap *m, uint64_t key, uint64_t *value);
bool idmap_remove(struct idmap *m, uint64_t key); // false when it was not there

struct strmap {
    struct strmap_slot {
        char *key; // NULL: empty
        uint64_t hash, value;
    } * slot;
    size_t n, cap;
};

#define STRMAP_NULL ((struct strmap){0})
void strmap_deinit(struct strmap *m);
void strmap_set(struct strmap *m, const char *key, uint64_t value); // likewise; the key is copied
bool strmap_get(const struct strmap *m, const char *key, uint64_t *value); // likewise
bool strmap_remove(struct strmap *m, const char *key);

// The key stands in the record only; `of` says where. A record's key may not change while its index is in the
// set.
struct keyset {
    uint32_t *place; // index + 1; 0: empty
    size_t n, cap;
};
struct keyset_of {
    uint64_t (*key)(const void *ctx, uint32_t index);
    const void *ctx;
};

#define KEYSET_NULL ((struct keyset){0})
void keyset_deinit(struct keyset *m);
// Its key may not be there yet; index < UINT32_MAX.
void keyset_add(struct keyset *m, struct keyset_of of, uint32_t index);
// `index` may be NULL.
bool keyset_find(const struct keyset *m, struct keyset_of of, uint64_t key, uint32_t *index);
bool keyset_remove(struct keyset *m, struct keyset_of of, uint64_t key); // false when it was not there

#endif
