// SPDX-License-Identifier: Apache-2.0
//
// Makes: boards of equal specification and power curve share one record, which does not change. A fleet has a handful
// of them, or as many as somebody makes up.
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "core/engine/server_fleet.h"

// Field by field, as what stands behind the end of a text is nobody's business.
static bool is_make(const struct board_make *m, const struct board_spec *s, const struct curve *c)
{
    return m->spec.cores == s->cores && m->spec.memory_mb == s->memory_mb && m->spec.gpu == s->gpu &&
           m->spec.ssd == s->ssd && m->curve.cores == c->cores && m->curve.idle_mw == c->idle_mw &&
           m->curve.sleep_mw == c->sleep_mw && m->curve.boot_ms == c->boot_ms && m->curve.n == c->n &&
           memcmp(m->curve.p, c->p, (size_t)c->n * sizeof *c->p) == 0 && strcmp(m->spec.key, s->key) == 0 &&
           strcmp(m->spec.cpu_model, s->cpu_model) == 0 && strcmp(m->curve.model, c->model) == 0;
}

static uint64_t make_hash(const struct board_spec *s, const struct curve *c)
{
    uint64_t h = hash_i64(hash_i64(HASH_SEED, s->cores), s->memory_mb);
    h = hash_i64(hash_i64(h, s->gpu * 2 + s->ssd), c->cores);
    h = hash_i64(hash_i64(hash_i64(h, c->idle_mw), c->sleep_mw), c->boot_ms);
    h = hash_bytes(h, c->p, (size_t)c->n * sizeof *c->p);
    h = hash_bytes(h, s->key, strlen(s->key) + 1);
    h = hash_bytes(h, s->cpu_model, strlen(s->cpu_model) + 1);
    return hash_mix(hash_bytes(h, c->model, strlen(c->model) + 1)) | 1; // 0 is no key
}

// Makes of one hash are a chain.
static struct board_make *make_find(const struct server *s, uint64_t hash, const struct board_spec *spec,
                                    const struct curve *curve)
{
    uint64_t first = 0;
    idmap_get(&s->make_by_hash, hash, &first);
    struct board_make *m = (struct board_make *)(uintptr_t)first;
    while (m && !is_make(m, spec, curve))
        m = m->next;
    return m;
}

static struct board_make *make_new(struct server *s, uint64_t hash, const struct board_spec *spec,
                                   const struct curve *curve)
{
    uint64_t first = 0;
    idmap_get(&s->make_by_hash, hash, &first);
    struct board_make *m = mem_alloc(sizeof *m);
    *m = (struct board_make){
        .spec = *spec, .curve = *curve, .hash = hash, .next = (struct board_make *)(uintptr_t)first};
    idmap_set(&s->make_by_hash, hash, (uint64_t)(uintptr_t)m);
    return m;
}

static void make_leave(struct server *s, struct board_make *m)
{
    if (!m || --m->boards)
        return;
    uint64_t first = 0;
    idmap_get(&s->make_by_hash, m->hash, &first);
    if ((struct board_make *)(uintptr_t)first != m) {
        struct board_make *before = (struct board_make *)(uintptr_t)first;
        while (before->next != m)
            before = before->next;
        before->next = m->next;
    } else if (m->next) {
        idmap_set(&s->make_by_hash, m->hash, (uint64_t)(uintptr_t)m->next);
    } else {
        idmap_remove(&s->make_by_hash, m->hash);
    }
    free(m);
}

void board_is_of(struct server *s, struct board *b, const struct board_spec *spec, const struct curve *curve)
{
    if (b->make && is_make(b->make, spec, curve))
        return;
    uint64_t hash = make_hash(spec, curve);
    struct board_make *m = make_find(s, hash, spec, curve), *was = b->make;
    if (!m)
        m = make_new(s, hash, spec, curve);
    m->boards++;
    b->make = m;
    make_leave(s, was); // after: so that another make never stands where this one stood
}

void board_deinit(struct server *s, struct board *b)
{
    make_leave(s, b->make);
    free(b->barred_why);
    free(b->node_barred_why);
    free(b->sandbox_lack);
}

void board_say(char **to, const char *text)
{
    free(*to);
    *to = text && *text ? mem_strndup(text, strnlen(text, BOARD_WHY_BYTES - 1)) : NULL;
}
