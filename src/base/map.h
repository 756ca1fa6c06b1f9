// SPDX-License-Identifier: Apache-2.0
//
// Hash maps with open addressing. Nothing may depend on their order: to walk in a stable order, keep a vector.
//   idmap:  uint64_t (not 0)      -> uint64_t
//   strmap: copy of a C string    -> uint64_t
#ifndef ONDOL_BASE_MAP_H
#define ONDOL_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap {
    struct idmap_slot {
        uint64_t key, value; // key 0: empty
    } *slot;
    size_t n, cap; // cap is 0 or a power of two
};

#define IDMAP_NULL ((struct idmap){0})
void idmap_deinit(struct idmap *m);
void idmap_set(struct idmap *m, uint64_t key, uint64_t value);
bool idmap_get(const struct idmap *m, uint64_t key, uint64_t *value); // value may be NULL; untouched when absent
bool idmap_remove(struct idmap *m, uint64_t key);                     // false when it was not there

struct strmap {
    struct strmap_slot {
        char *key; // NULL: empty
        uint64_t hash, value;
    } *slot;
    size_t n, cap;
};

#define STRMAP_NULL ((struct strmap){0})
void strmap_deinit(struct strmap *m);
void strmap_set(struct strmap *m, const char *key, uint64_t value);
bool strmap_get(const struct strmap *m, const char *key, uint64_t *value);
bool strmap_remove(struct strmap *m, const char *key);

#endif
