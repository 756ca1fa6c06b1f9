// SPDX-License-Identifier: Apache-2.0
// Lines against the plain way: look for the largest of all.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "core/plan/planner_state.h"

#define MOST 4000

struct model {
    struct heap_entry v[MOST];
    size_t n;
};

static struct heap_entry take_first(struct model *m)
{
    size_t best = 0;
    for (size_t i = 1; i < m->n; i++)
        if (m->v[i].key > m->v[best].key ||
            (m->v[i].key == m->v[best].key && m->v[i].index < m->v[best].index))
            best = i;
    struct heap_entry e = m->v[best];
    memmove(&m->v[best], &m->v[best + 1], (m->n - best - 1) * sizeof *m->v);
    m->n--;
    return e;
}

// Keys of few or many digits, indexes in order or not.
static void add(struct line *l, struct model *m, struct rng *r, size_t n)
{
    struct heap_entry v[1600];
    uint64_t how = rng_below(r, 4);
    for (size_t i = 0; i < n; i++) {
        int64_t key = how == 0   ? (int64_t)rng_below(r, 7) - 3
                      : how == 1 ? (int64_t)rng_below(r, 1 << 20) - (1 << 19)
                      : how == 2 ? (int64_t)(rng_next(r) >> 24) - (INT64_C(1) << 39)
                                 : (int64_t)rng_next(r);
        uint32_t index = rng_below(r, 8) ? (uint32_t)i * 3 : (uint32_t)rng_below(r, 1000);
        v[i] = (struct heap_entry){.key = key, .index = index};
        m->v[m->n++] = v[i];
    }
    if (n == 1)
        line_push(l, v[0]);
    else
        line_push_many(l, v, n);
}

static void they_come_in_order_however_they_were_put(void **state)
{
    (void)state;
    struct model *m = mem_alloc(sizeof *m);
    for (uint64_t seed = 1; seed <= 40; seed++) {
        struct line l = {0};
        struct rng r;
        rng_seed(&r, seed);
        m->n = 0;
        for (int round = 0; round < 12; round++) {
            size_t n = rng_below(&r, 3)   ? 1 + (size_t)rng_below(&r, 5)
                       : rng_below(&r, 2) ? (size_t)rng_below(&r, 600)
                                          : 1024 + (size_t)rng_below(&r, 576); // which are sorted first
            if (n && m->n + n <= MOST)
                add(&l, m, &r, n);
            for (uint64_t k = rng_below(&r, 200); k && m->n; k--) {
                const struct heap_entry *e = line_front(&l);
                struct heap_entry want = take_first(m);
                if (!e || e->key != want.key || e->index != want.index)
                    fail_msg("seed %d, round %d", (int)seed, round);
                line_pop(&l, e);
            }
            assert_int_equal(line_length(&l), m->n);
        }
        line_free(&l);
    }
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(they_come_in_order_however_they_were_put)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
