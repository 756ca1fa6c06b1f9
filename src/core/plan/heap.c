// SPDX-License-Identifier: Apache-2.0
#include "core/plan/planner_state.h"

void heap_push(struct heap *h, struct heap_entry e)
{
    if (h->n == h->cap)
        mem_grow(&h->v, &h->cap, h->n + 1, sizeof *h->v);
    size_t i = h->n++;
    while (i && heap_above(&e, &h->v[(i - 1) / 2])) {
        h->v[i] = h->v[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h->v[i] = e;
}

void heap_pop(struct heap *h)
{
    struct heap_entry last = h->v[--h->n];
    size_t i = 0;
    for (;;) {
        size_t c = 2 * i + 1;
        if (c >= h->n)
            break;
        if (c + 1 < h->n && heap_above(&h->v[c + 1], &h->v[c]))
            c++;
        if (!heap_above(&h->v[c], &last))
            break;
        h->v[i] = h->v[c];
        i = c;
    }
    if (h->n)
        h->v[i] = last;
}
