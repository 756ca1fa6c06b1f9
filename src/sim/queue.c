// SPDX-License-Identifier: Apache-2.0
//
// What is to happen, as two heaps: of what comes soon, which has a few entries, and of the rest (each node's next sign
// of life, each week plan's next entry), which moves over once it is near. So a board that boots for a minute does not
// pass through hundreds that wait for days. What is known to happen in the minute that begins lies in a row, so that
// it is seen ahead. Each entry has four children: half as deep as with two, and the four lie
// together. The order is total: time, kind, index, number; the last three are one number, of 5, 28 and 31 bits (a
// scenario has a million zones of 240 boards at most). Numbers of equal kind and index only have to differ, and come in
// turn.
#include "sim/run.h"

#include <stdlib.h>

#include "base/mem.h"

#define CHILDREN 4
#define SOON_MS  900000

static inline bool before(const struct happening *a, const struct happening *b)
{
    return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void push(struct happenings *q, const struct happening *h)
{
    (void)VEC_PUSH(q->v, q->n, q->cap);
    size_t i = q->n - 1;
    for (; i > 0 && before(h, &q->v[(i - 1) / CHILDREN]); i = (i - 1) / CHILDREN)
        q->v[i] = q->v[(i - 1) / CHILDREN];
    q->v[i] = *h;
}

static size_t first_child(const struct happenings *q, size_t from)
{
    size_t to = from + CHILDREN < q->n ? from + CHILDREN : q->n, first = from;
    for (size_t i = from + 1; i < to; i++)
        first = before(&q->v[i], &q->v[first]) ? i : first;
    return first;
}

static void pop(struct happenings *q, struct happening *h)
{
    *h = q->v[0];
    const struct happening last = q->v[--q->n];
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
    h.order = (uint64_t)h.kind << 59 | (uint64_t)h.index << 31 | (++q->number & 0x7fffffff);
    push(h.at < q->until ? &q->soon : &q->later, &h);
}

static const struct happening *due(const struct queue_of *q)
{
    return q->taken < q->due.n ? &q->due.v[q->taken] : NULL;
}

const struct happening *queue_first(const struct queue_of *q)
{
    const struct happening *a = due(q), *b = q->soon.n > 0    ? &q->soon.v[0]
                                             : q->later.n > 0 ? &q->later.v[0]
                                                              : NULL;
    return !a || (b && before(b, a)) ? b : a;
}

const struct happening *queue_ahead(const struct queue_of *q, size_t k)
{
    return k < q->due.n - q->taken ? &q->due.v[q->taken + k] : NULL;
}

// All that is known now to happen before `until`.
static void fall_due(struct queue_of *q, int64_t until)
{
    q->due.n = q->taken = 0;
    while (q->soon.n > 0 && q->soon.v[0].at < until)
        pop(&q->soon, VEC_PUSH(q->due.v, q->due.n, q->due.cap));
}

bool queue_pop_before(struct queue_of *q, int64_t at, struct happening *h)
{
    if (at > q->until)
        come_near(q, at + SOON_MS);
    if (!due(q))
        fall_due(q, at);
    const struct happening *first = due(q);
    bool is_due = first && !(q->soon.n > 0 && before(&q->soon.v[0], first));
    if (!is_due)
        first = q->soon.n > 0 ? &q->soon.v[0] : NULL;
    if (!first || first->at >= at)
        return false;
    if (is_due)
        *h = q->due.v[q->taken++];
    else
        pop(&q->soon, h);
    return true;
}

void queue_free(struct queue_of *q)
{
    free(q->soon.v);
    free(q->later.v);
    free(q->due.v);
}
