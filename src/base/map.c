// SPDX-License-Identifier: Apache-2.0
//
// Linear probing, at most 3/4 full; removal shifts later members of the run back, so there are no tombstones.
#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

void idmap_deinit(struct idmap *m)
{
    free(m->slot);
    *m = IDMAP_NULL;
}

// One that was large once and holds little now begins small again: else each clearing costs what the largest did.
void idmap_clear(struct idmap *m)
{
    if (m->cap > 64 && m->n * 16 < m->cap) {
        idmap_deinit(m);
        return;
    }
    if (m->n > 0)
        memset(m->slot, 0, m->cap * sizeof *m->slot);
    m->n = 0;
}

static size_t idmap_find(const struct idmap *m, uint64_t key)
{
    size_t i = hash_mix(key) & (m->cap - 1);
    while (m->slot[i].key && m->slot[i].key != key)
        i = (i + 1) & (m->cap - 1);
    return i;
}

void idmap_set(struct idmap *m, uint64_t key, uint64_t value)
{
    if ((m->n + 1) * 4 > m->cap * 3) {
        struct idmap bigger = {.cap = m->cap ? m->cap * 2 : 16, .n = m->n};
        bigger.slot = mem_array(bigger.cap, sizeof *bigger.slot);
        for (size_t i = 0; i < m->cap; i++)
            if (m->slot[i].key)
                bigger.slot[idmap_find(&bigger, m->slot[i].key)] = m->slot[i];
        free(m->slot);
        *m = bigger;
    }
    size_t i = idmap_find(m, key);
    m->n += !m->slot[i].key;
    m->slot[i] = (struct idmap_slot){key, value};
}

bool idmap_get(const struct idmap *m, uint64_t key, uint64_t *value)
{
    if (!m->cap || !key)
        return false;
    size_t i = idmap_find(m, key);
    if (!m->slot[i].key)
        return false;
    if (value)
        *value = m->slot[i].value;
    return true;
}

bool idmap_remove(struct idmap *m, uint64_t key)
{
    if (!idmap_get(m, key, NULL))
        return false;
    size_t mask = m->cap - 1, hole = idmap_find(m, key);
    for (size_t i = (hole + 1) & mask; m->slot[i].key; i = (i + 1) & mask) {
        size_t home = hash_mix(m->slot[i].key) & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) { // its home lies at or before the hole
            m->slot[hole] = m->slot[i];
            hole = i;
        }
    }
    m->slot[hole] = (struct idmap_slot){0};
    m->n--;
    return true;
}

void keyset_deinit(struct keyset *m)
{
    free(m->place);
    *m = KEYSET_NULL;
}

static uint64_t key_at(const struct keyset *m, struct keyset_of of, size_t i)
{
    return of.key(of.ctx, m->place[i] - 1);
}

// The place of the key, or the empty one where it would go.
static size_t keyset_place(const struct keyset *m, struct keyset_of of, uint64_t key)
{
    size_t i = hash_mix(key) & (m->cap - 1);
    while (m->place[i] && key_at(m, of, i) != key)
        i = (i + 1) & (m->cap - 1);
    return i;
}

void keyset_add(struct keyset *m, struct keyset_of of, uint32_t index)
{
    if ((m->n + 1) * 4 > m->cap * 3) {
        struct keyset bigger = {.cap = m->cap ? m->cap * 2 : 16, .n = m->n};
        bigger.place = mem_array(bigger.cap, sizeof *bigger.place);
        for (size_t i = 0; i < m->cap; i++)
            if (m->place[i])
                bigger.place[keyset_place(&bigger, of, key_at(m, of, i))] = m->place[i];
        free(m->place);
        *m = bigger;
    }
    m->place[keyset_place(m, of, of.key(of.ctx, index))] = index + 1;
    m->n++;
}

bool keyset_find(const struct keyset *m, struct keyset_of of, uint64_t key, uint32_t *index)
{
    if (!m->cap || !key)
        return false;
    size_t i = keyset_place(m, of, key);
    if (!m->place[i])
        return false;
    if (index)
        *index = m->place[i] - 1;
    return true;
}

bool keyset_remove(struct keyset *m, struct keyset_of of, uint64_t key)
{
    if (!keyset_find(m, of, key, NULL))
        return false;
    size_t mask = m->cap - 1, hole = keyset_place(m, of, key);
    for (size_t i = (hole + 1) & mask; m->place[i]; i = (i + 1) & mask) {
        size_t home = hash_mix(key_at(m, of, i)) & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->place[hole] = m->place[i];
            hole = i;
        }
    }
    m->place[hole] = 0;
    m->n--;
    return true;
}

void strmap_deinit(struct strmap *m)
{
    for (size_t i = 0; i < m->cap; i++)
        free(m->slot[i].key);
    free(m->slot);
    *m = STRMAP_NULL;
}

static uint64_t key_hash(const char *key)
{
    return hash_mix(hash_bytes(HASH_SEED, key, strlen(key)));
}

static size_t strmap_find(const struct strmap *m, const char *key, uint64_t hash)
{
    size_t i = hash & (m->cap - 1);
    while (m->slot[i].key && (m->slot[i].hash != hash || strcmp(m->slot[i].key, key) != 0))
        i = (i + 1) & (m->cap - 1);
    return i;
}

void strmap_set(struct strmap *m, const char *key, uint64_t value)
{
    if ((m->n + 1) * 4 > m->cap * 3) {
        struct strmap bigger = {.cap = m->cap ? m->cap * 2 : 16, .n = m->n};
        bigger.slot = mem_array(bigger.cap, sizeof *bigger.slot);
        for (size_t i = 0; i < m->cap; i++)
            if (m->slot[i].key)
                bigger.slot[strmap_find(&bigger, m->slot[i].key, m->slot[i].hash)] = m->slot[i];
        free(m->slot);
        *m = bigger;
    }
    uint64_t hash = key_hash(key);
    size_t i = strmap_find(m, key, hash);
    if (!m->slot[i].key) {
        m->slot[i].key = mem_strdup(key);
        m->slot[i].hash = hash;
        m->n++;
    }
    m->slot[i].value = value;
}

bool strmap_get(const struct strmap *m, const char *key, uint64_t *value)
{
    if (!m->cap)
        return false;
    size_t i = strmap_find(m, key, key_hash(key));
    if (!m->slot[i].key)
        return false;
    if (value)
        *value = m->slot[i].value;
    return true;
}

bool strmap_remove(struct strmap *m, const char *key)
{
    if (!m->cap)
        return false;
    size_t mask = m->cap - 1, hole = strmap_find(m, key, key_hash(key));
    if (!m->slot[hole].key)
        return false;
    free(m->slot[hole].key);
    for (size_t i = (hole + 1) & mask; m->slot[i].key; i = (i + 1) & mask) {
        size_t home = m->slot[i].hash & mask;
        if (((i - home) & mask) >= ((i - hole) & mask)) {
            m->slot[hole] = m->slot[i];
            hole = i;
        }
    }
    m->slot[hole] = (struct strmap_slot){0};
    m->n--;
    return true;
}
