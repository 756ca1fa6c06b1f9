// SPDX-License-Identifier: Apache-2.0
//
// What is to happen, as a heap. The order is total: time, kind, index, number.
#include "sim/run.h"

#include "base/mem.h"

static bool before(const struct happening *a, const struct happening *b)
{
    if (a->at != b->at)
        return a->at < b->at;
    if (a->kind != b->kind)
        return a->kind < b->kind;
    if (a->index != b->index)
        return a->index < b->index;
    return a->number < b->number;
}

void queue_push(struct queue_of *q, struct happening h)
{
    h.number = ++q->number;
    (void)VEC_PUSH(q->v, q->n, q->cap);
    size_t i = q->n - 1;
    for (; i > 0 && before(&h, &q->v[(i - 1) / 2]); i = (i - 1) / 2)
        q->v[i] = q->v[(i - 1) / 2];
    q->v[i] = h;
}

bool queue_pop_before(struct queue_of *q, int64_t at, struct happening *h)
{
    if (q->n == 0 || q->v[0].at >= at)
        return false;
    *h = q->v[0];
    struct happening last = q->v[--q->n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < q->n; i = child) {
        if (child + 1 < q->n && before(&q->v[child + 1], &q->v[child]))
            child++;
        if (!before(&q->v[child], &last))
            break;
        q->v[i] = q->v[child];
    }
    if (q->n > 0)
        q->v[i] = last;
    return true;
}
