// SPDX-License-Identifier: Apache-2.0
//
// Families: boards of equal specification and curve. Kinds: those of one site. Compared field by field,
// because what stands behind the end of a text is nobody's business.
#include <string.h>

#include "base/hash.h"
#include "core/plan/planner_state.h"

static bool is_family(const struct family *f, const struct plan_board *b)
{
    const struct board_spec *s = b->spec;
    const struct curve *c = b->curve;
    return f->spec.cores == s->cores && f->spec.memory_mb == s->memory_mb && f->spec.gpu == s->gpu &&
           f->spec.ssd == s->ssd && strcmp(f->spec.key, s->key) == 0 &&
           strcmp(f->spec.cpu_model, s->cpu_model) == 0 && f->curve.cores == c->cores &&
           f->curve.idle_mw == c->idle_mw && f->curve.boot_ms == c->boot_ms && f->curve.n == c->n &&
           memcmp(f->curve.p, c->p, (size_t)c->n * sizeof *c->p) == 0;
}

bool same_kind(const struct planner *p, uint32_t kind, const struct plan_board *b, uint32_t site)
{
    return p->kind[kind].site == site && is_family(family_of_kind(p, kind), b);
}

static uint64_t family_hash(const struct plan_board *b)
{
    const struct board_spec *s = b->spec;
    const struct curve *c = b->curve;
    uint64_t h = hash_i64(hash_i64(HASH_SEED, s->cores), s->memory_mb);
    h = hash_i64(hash_i64(h, s->gpu * 2 + s->ssd), c->idle_mw);
    h = hash_bytes(h, s->key, strlen(s->key) + 1);
    h = hash_bytes(h, s->cpu_model, strlen(s->cpu_model) + 1);
    h = hash_bytes(h, c->p, (size_t)c->n * sizeof *c->p);
    return hash_mix(hash_i64(h, c->cores)) | 1;
}

static uint32_t family_of(struct planner *p, const struct plan_board *b)
{
    uint64_t hash = family_hash(b), first = 0;
    idmap_get(&p->family_at, hash, &first);
    for (uint32_t f = (uint32_t)first; f; f = p->family[f - 1].next)
        if (is_family(&p->family[f - 1], b))
            return f - 1;
    uint32_t at = (uint32_t)p->n_families;
    if (p->free_family.n)
        at = p->free_family.v[--p->free_family.n];
    else
        (void)VEC_PUSH(p->family, p->n_families, p->cap_families);
    struct family *f = &p->family[at];
    f->spec = *b->spec;
    f->curve = *b->curve;
    family_shares(f);
    f->hash = hash;
    f->next = (uint32_t)first;
    idmap_set(&p->family_at, hash, (uint64_t)at + 1);
    shapes_forget(p, true, at);
    return at;
}

// Out of the chain of its hash, whose links are at `next` in records of `size`.
static void unchain(struct idmap *map, uint64_t hash, uint32_t at, uint32_t *next, size_t size)
{
    uint64_t first = 0;
    idmap_get(map, hash, &first);
    uint32_t *mine = (uint32_t *)((char *)next + at * size);
    if (first == (uint64_t)at + 1) {
        if (*mine)
            idmap_set(map, hash, *mine);
        else
            idmap_remove(map, hash);
        return;
    }
    uint32_t *link = (uint32_t *)((char *)next + (first - 1) * size);
    while (*link != at + 1)
        link = (uint32_t *)((char *)next + (*link - 1) * size);
    *link = *mine;
}

static void family_leave(struct planner *p, uint32_t family)
{
    struct family *f = &p->family[family];
    if (--f->kinds)
        return;
    unchain(&p->family_at, f->hash, family, &p->family[0].next, sizeof *p->family);
    for (unsigned l = 0; l < PLAN_LANES; l++)
        family_clear(f, l);
    list_add(&p->free_family, family);
}

uint32_t kind_of(struct planner *p, const struct plan_board *b, uint32_t site)
{
    uint32_t family = family_of(p, b);
    uint64_t hash = hash_mix(hash_i64(hash_i64(HASH_SEED, family), site)) | 1, first = 0;
    idmap_get(&p->kind_at, hash, &first);
    for (uint32_t k = (uint32_t)first; k; k = p->kind[k - 1].next)
        if (p->kind[k - 1].family == family && p->kind[k - 1].site == site)
            return k - 1;
    uint32_t at = (uint32_t)p->n_kinds;
    if (p->free_kind.n)
        at = p->free_kind.v[--p->free_kind.n];
    else
        (void)VEC_PUSH(p->kind, p->n_kinds, p->cap_kinds);
    struct kind *k = &p->kind[at];
    k->family = family;
    k->site = site;
    k->hash = hash;
    k->next = (uint32_t)first;
    p->family[family].kinds++;
    idmap_set(&p->kind_at, hash, (uint64_t)at + 1);
    for (unsigned l = 0; l < PLAN_LANES; l++)
        k->lane[l].top[SIDE_FREE].index = k->lane[l].top[SIDE_TAKE].index = PLAN_NONE;
    k->topped = 0;
    if (site < p->n_sites)
        list_add(&p->site[site].kinds, at);
    shapes_forget(p, false, at);
    return at;
}

void kind_join(struct planner *p, uint32_t kind)
{
    p->kind[kind].boards++;
    p->family[p->kind[kind].family].boards++;
}

// When the last board left it its place is free.
void kind_leave(struct planner *p, uint32_t kind)
{
    struct kind *k = &p->kind[kind];
    p->family[k->family].boards--;
    if (--k->boards)
        return;
    unchain(&p->kind_at, k->hash, kind, &p->kind[0].next, sizeof *p->kind);
    struct index_list *there = k->site < p->n_sites ? &p->site[k->site].kinds : &(struct index_list){0};
    for (size_t i = 0; i < there->n; i++)
        if (there->v[i] == kind)
            there->v[i--] = there->v[--there->n];
    for (unsigned l = 0; l < PLAN_LANES; l++) {
        p->lane[l].takes -= k->lane[l].top[SIDE_TAKE].index != PLAN_NONE;
        for (int side = 0; side < SIDES; side++) {
            k->lane[l].heap[side].n = 0;
            k->lane[l].top[side].index = PLAN_NONE;
        }
    }
    family_leave(p, k->family);
    list_add(&p->free_kind, kind);
}
