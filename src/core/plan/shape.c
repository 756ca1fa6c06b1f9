// SPDX-License-Identifier: Apache-2.0
//
// Shapes: tasks that are alike in all that decides where they may run. A shape lives while a task has it, so
// that shapes that strangers invent cost nothing once their tasks are gone.
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "core/plan/planner_state.h"

static bool may_run(const struct planner *p, const struct shape *s, uint32_t index)
{
    if (s->anywhere)
        return constraint_holds(&s->constraint, &p->family[index].spec);
    const struct kind *k = &p->kind[index];
    return k->site < p->n_sites && constraint_holds(&s->constraint, &p->family[k->family].spec) &&
           place_holds(p, s, k->site);
}

bool shape_suits(struct planner *p, struct shape *s, uint32_t index)
{
    if (s->fits_epoch != p->place_epoch && !s->anywhere)
        s->n_fits = 0; // a site has moved, or the border has
    s->fits_epoch = p->place_epoch;
    while (s->n_fits <= index) {
        bool *fits = VEC_PUSH(s->fits, s->n_fits, s->cap_fits);
        *fits = may_run(p, s, (uint32_t)s->n_fits - 1);
    }
    return s->fits[index];
}

bool shape_fits(struct planner *p, struct shape *s, uint32_t kind)
{
    return shape_suits(p, s, s->anywhere ? p->kind[kind].family : kind);
}

void shapes_forget(struct planner *p, bool anywhere, uint32_t index)
{
    for (size_t i = 0; i < p->n_shapes; i++)
        if (p->shape[i].anywhere == anywhere && index < p->shape[i].n_fits)
            p->shape[i].fits[index] = may_run(p, &p->shape[i], index);
}

static bool same_constraint(const struct constraint *a, const struct constraint *b)
{
    return a->cores_min == b->cores_min && a->cores_max == b->cores_max &&
           a->memory_mb_min == b->memory_mb_min && a->memory_mb_max == b->memory_mb_max &&
           a->mb_per_core_min == b->mb_per_core_min && a->mb_per_core_max == b->mb_per_core_max &&
           a->gpu == b->gpu && a->ssd == b->ssd && strcmp(a->key, b->key) == 0 &&
           strcmp(a->cpu_model, b->cpu_model) == 0;
}

static bool same_where(const struct plan_where *a, const struct plan_where *b)
{
    return strncmp(a->country, b->country, sizeof a->country) == 0 && a->site == b->site &&
           a->has_near == b->has_near &&
           (!a->has_near || (a->lat_mdeg == b->lat_mdeg && a->lon_mdeg == b->lon_mdeg));
}

static int32_t gang_of(const struct plan_task *t)
{
    return t->gang > 1 ? t->gang : 1;
}

bool shape_is_of(const struct shape *s, const struct plan_task *t)
{
    return s->ask.activity == t->activity && s->ask.run == t->run && s->gang == gang_of(t) &&
           same_where(&s->where, &t->where) && s->n_data == t->n_data &&
           memcmp(s->data, t->data, t->n_data * sizeof *t->data) == 0 &&
           same_constraint(&s->constraint, &t->constraint);
}

static uint64_t hash_of(const struct plan_task *t)
{
    uint64_t h = hash_i64(hash_i64(constraint_hash(&t->constraint), t->activity), t->run);
    h = hash_i64(hash_i64(h, gang_of(t)), t->where.site);
    h = hash_bytes(hash_i64(h, t->n_data), t->data, t->n_data * sizeof *t->data);
    h = hash_bytes(h, t->where.country, strnlen(t->where.country, sizeof t->where.country));
    if (t->where.has_near)
        h = hash_i64(hash_i64(h, t->where.lat_mdeg), t->where.lon_mdeg);
    return hash_mix(h) | 1;
}

uint32_t shape_of(struct planner *p, const struct plan_task *t)
{
    uint64_t hash = hash_of(t), first = 0;
    idmap_get(&p->shape_at, hash, &first);
    for (uint32_t s = (uint32_t)first; s; s = p->shape[s - 1].next)
        if (shape_is_of(&p->shape[s - 1], t))
            return s - 1;
    uint32_t at = (uint32_t)p->n_shapes;
    if (p->free_shape.n)
        at = p->free_shape.v[--p->free_shape.n];
    else
        (void)VEC_PUSH(p->shape, p->n_shapes, p->cap_shapes);
    p->shape[at] =
        (struct shape){.ask = {.activity = t->activity, .run = t->run},
                       .constraint = t->constraint,
                       .where = t->where,
                       .anywhere = !t->where.site && !*t->where.country && !t->where.has_near &&
                                   !(t->n_data && (p->policy->fetches_first || p->policy->near_data)),
                       .n_data = t->n_data,
                       .gang = gang_of(t),
                       .hash = hash,
                       .next = (uint32_t)first,
                       .since = HOUSE_MS(INT64_MAX),
                       .epoch = UINT32_MAX};
    memcpy(p->shape[at].data, t->data, t->n_data * sizeof *t->data);
    idmap_set(&p->shape_at, hash, (uint64_t)at + 1);
    return at;
}

void shape_leave(struct planner *p, uint32_t shape)
{
    struct shape *s = &p->shape[shape];
    if (--s->members)
        return;
    uint64_t first = 0;
    idmap_get(&p->shape_at, s->hash, &first);
    if (first == (uint64_t)shape + 1) {
        if (s->next)
            idmap_set(&p->shape_at, s->hash, s->next);
        else
            idmap_remove(&p->shape_at, s->hash);
    } else {
        uint32_t i = (uint32_t)first;
        while (p->shape[i - 1].next != shape + 1)
            i = p->shape[i - 1].next;
        p->shape[i - 1].next = s->next;
    }
    free(s->fits);
    for (int side = 0; side < SIDES; side++) {
        free(s->best[side].v);
        free(s->turn[side].v);
    }
    *s = (struct shape){0};
    list_add(&p->free_shape, shape);
}
