// SPDX-License-Identifier: Apache-2.0
//
// What is to happen, as a heap of four children each: half as deep as one of two, and the four lie together. The order
// is total: time, kind, index, number; the last three are one number, of 5, 28 and 31 bits (a scenario has a million
// zones of 240 boards at most). Numbers of equal kind and index only have to differ, and come in turn.
#include "sim/run.h"

#include "base/mem.h"

#define CHILDREN 4

static inline bool before(const struct happening *a, const struct happening *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

void queue_push(struct queue_of *q, struct happening h)
{
    h.order = (uint64_t)h.kind << 59 | (uint64_t)h.index << 31 | (++q->number & 0x7fffffff);
    (void)VEC_PUSH(q->v, q->n, q->cap);
    size_t i = q->n - 1;
    for (; i > 0 && before(&h, &q->v[(i - 1) / CHILDREN]); i = (i - 1) / CHILDREN)
        q->v[i] = q->v[(i - 1) / CHILDREN];
    q->v[i] = h;
}

static size_t first_child(const struct queue_of *q, size_t from)
{
    size_t to = from + CHILDREN < q->n ? from + CHILDREN : q->n, first = from;
    for (size_t i = from + 1; i < to; i++)
        first = before(&q->v[i], &q->v[first]) ? i : first;
    return first;
}

bool queue_pop_before(struct queue_of *q, int64_t at, struct happening *h)
{
    if (q->n == 0 || q->v[0].at >= at)
        return false;
    *h = q->v[0];
    struct happening last = q->v[--q->n];
    size_t i = 0;
    while (CHILDREN * i + 1 < q->n) {
        size_t child = first_child(q, CHILDREN * i + 1);
        if (!before(&q->v[child], &last))
            break;
        q->v[i] = q->v[child];
        i = child;
    }
    if (q->n > 0)
        q->v[i] = last;
    return true;
}
