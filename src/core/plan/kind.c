// SPDX-License-Identifier: Apache-2.0
//
// Kinds: boards of equal specification and curve at one site. Compared field by field, because what stands behind the end
// of a text is nobody's business.
#include <string.h>

#include "base/hash.h"
#include "core/plan/planner_state.h"

bool same_kind(const struct kind *k, const struct plan_board *b, uint32_t site)
{
    const struct board_spec *s = b->spec;
    const struct curve *c = b->curve;
    return k->site == site && k->spec.cores == s->cores && k->spec.memory_mb == s->memory_mb && k->spec.gpu == s->gpu && k->spec.ssd == s->ssd &&
           strcmp(k->spec.key, s->key) == 0 && strcmp(k->spec.cpu_model, s->cpu_model) == 0 && k->curve.cores == c->cores &&
           k->curve.idle_mw == c->idle_mw && k->curve.n == c->n &&
           memcmp(k->curve.p, c->p, (size_t)c->n * sizeof *c->p) == 0;
}

static uint64_t kind_hash(const struct plan_board *b, uint32_t site)
{
    const struct board_spec *s = b->spec;
    const struct curve *c = b->curve;
    uint64_t h = hash_i64(hash_i64(hash_i64(HASH_SEED, site), s->cores), s->memory_mb);
    h = hash_i64(hash_i64(h, s->gpu * 2 + s->ssd), c->idle_mw);
    h = hash_bytes(h, s->key, strlen(s->key) + 1);
    h = hash_bytes(h, s->cpu_model, strlen(s->cpu_model) + 1);
    h = hash_bytes(h, c->p, (size_t)c->n * sizeof *c->p);
    return hash_mix(hash_i64(h, c->cores)) | 1;
}

uint32_t kind_of(struct planner *p, const struct plan_board *b, uint32_t site)
{
    uint64_t hash = kind_hash(b, site), first = 0;
    idmap_get(&p->kind_at, hash, &first);
    for (uint32_t k = (uint32_t)first; k; k = p->kind[k - 1].next)
        if (same_kind(&p->kind[k - 1], b, site))
            return k - 1;
    uint32_t at = (uint32_t)p->n_kinds;
    if (p->free_kind.n)
        at = p->free_kind.v[--p->free_kind.n];
    else
        (void)VEC_PUSH(p->kind, p->n_kinds, p->cap_kinds);
    struct kind *k = &p->kind[at];
    k->spec = *b->spec;
    k->curve = *b->curve;
    k->site = site;
    k->hash = hash;
    k->next = (uint32_t)first;
    idmap_set(&p->kind_at, hash, (uint64_t)at + 1);
    for (unsigned l = 0; l < PLAN_LANES; l++)
        for (int side = 0; side < SIDES; side++)
            if (!k->lane[l].heap[side].cap)
                k->lane[l].top[side].index = PLAN_NONE;
    if (site < p->n_sites)
        list_add(&p->site[site].kinds, at);
    shape_kind_changed(p, at);
    return at;
}

// The last board of a kind left it: its place is free.
void kind_leave(struct planner *p, uint32_t kind)
{
    struct kind *k = &p->kind[kind];
    if (--k->boards)
        return;
    uint64_t first = 0;
    idmap_get(&p->kind_at, k->hash, &first);
    if (first == (uint64_t)kind + 1) {
        if (k->next)
            idmap_set(&p->kind_at, k->hash, k->next);
        else
            idmap_remove(&p->kind_at, k->hash);
    } else {
        uint32_t i = (uint32_t)first;
        while (p->kind[i - 1].next != kind + 1)
            i = p->kind[i - 1].next;
        p->kind[i - 1].next = k->next;
    }
    struct index_list *there = k->site < p->n_sites ? &p->site[k->site].kinds : &(struct index_list){0};
    for (size_t i = 0; i < there->n; i++)
        if (there->v[i] == kind)
            there->v[i--] = there->v[--there->n];
    for (unsigned l = 0; l < PLAN_LANES; l++) {
        for (int side = 0; side < SIDES; side++) {
            k->lane[l].heap[side].n = 0;
            p->lane[l].tops[side] -= k->lane[l].top[side].index != PLAN_NONE;
            k->lane[l].top[side].index = PLAN_NONE;
        }
    }
    list_add(&p->free_kind, kind);
}

