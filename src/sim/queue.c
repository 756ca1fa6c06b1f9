// SPDX-License-Identifier: Apache-2.0
//
// What is to happen, as two heaps: of what comes soon, which has a few entries, and of the rest (each node's next sign
// of life, each week plan's next entry), which moves over once it is near. So a board that boots for a minute does not
// pass through hundreds that wait for days. The order is total: time, kind, index, number.
#include "sim/run.h"

#include <stdlib.h>

#include "base/mem.h"

#define SOON_MS 900000

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

static void push(struct happenings *q, const struct happening *h)
{
    (void)VEC_PUSH(q->v, q->n, q->cap);
    size_t i = q->n - 1;
    for (; i > 0 && before(h, &q->v[(i - 1) / 2]); i = (i - 1) / 2)
        q->v[i] = q->v[(i - 1) / 2];
    q->v[i] = *h;
}

static void pop(struct happenings *q, struct happening *h)
{
    *h = q->v[0];
    const struct happening last = q->v[--q->n];
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
}

// All of `soon` is before `until`, and nothing of `later` is.
static void come_near(struct queue_of *q, int64_t until)
{
    struct happening h;
    q->until = until;
    while (q->later.n > 0 && q->later.v[0].at < until) {
        pop(&q->later, &h);
        push(&q->soon, &h);
    }
}

void queue_push(struct queue_of *q, struct happening h)
{
    h.number = ++q->number;
    push(h.at < q->until ? &q->soon : &q->later, &h);
}

const struct happening *queue_first(const struct queue_of *q)
{
    return q->soon.n > 0 ? &q->soon.v[0] : q->later.n > 0 ? &q->later.v[0] : NULL;
}

bool queue_pop_before(struct queue_of *q, int64_t at, struct happening *h)
{
    if (at > q->until)
        come_near(q, at + SOON_MS);
    if (q->soon.n == 0 || q->soon.v[0].at >= at)
        return false;
    pop(&q->soon, h);
    return true;
}

void queue_free(struct queue_of *q)
{
    free(q->soon.v);
    free(q->later.v);
}
