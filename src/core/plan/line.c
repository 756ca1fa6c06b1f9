// SPDX-License-Identifier: Apache-2.0
//
// Entries in order that are taken from the front: a row that is sorted, and beside it a heap of those that
// came later. A heap alone costs a walk through memory for each that is taken.
#include "core/plan/planner_state.h"

#include <stdlib.h>
#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

#define FEW 1024 // that a heap takes with less work than it is to sort and merge them

size_t line_length(const struct line *l)
{
    return l->n - l->first + l->late.n;
}

void line_push(struct line *l, struct heap_entry e)
{
    if (l->first == l->n)
        l->first = l->n = 0;
    if (l->n && l->v[l->n - 1].key <= e.key) {
        heap_push(&l->late, e);
        return;
    }
    if (l->n == l->cap && l->first > l->n / 2) { // the front is empty: no more room is needed
        memmove(l->v, l->v + l->first, (l->n - l->first) * sizeof *l->v);
        l->n -= l->first;
        l->first = 0;
    }
    if (l->n == l->cap)
        mem_grow(&l->v, &l->cap, l->n + 1, sizeof *l->v);
    l->v[l->n++] = e;
}

const struct heap_entry *line_front(const struct line *l)
{
    const struct heap_entry *row = l->first < l->n ? &l->v[l->first] : NULL;
    const struct heap_entry *late = l->late.n ? &l->late.v[0] : NULL;
    if (!row || !late)
        return row ? row : late;
    return heap_above(late, row) ? late : row;
}

void line_pop(struct line *l, const struct heap_entry *front)
{
    if (l->late.n && front == &l->late.v[0])
        heap_pop(&l->late);
    else
        l->first++;
}

void line_clear(struct line *l)
{
    l->first = l->n = l->late.n = 0;
}

void line_free(struct line *l)
{
    free(l->v);
    free(l->late.v);
    *l = (struct line){0};
}

// ---- many at once

// One digit of the numbers that are smaller for those that come first; stable.
static void pass(const struct heap_entry *from, struct heap_entry *to, size_t n, int64_t most, int shift)
{
    uint32_t at[DIGITS] = {0};
    for (size_t i = 0; i < n; i++)
        at[((uint64_t)most - (uint64_t)from[i].key) >> shift & (DIGITS - 1)]++;
    uint32_t sum = 0;
    for (int d = 0; d < DIGITS; d++) {
        uint32_t here = at[d];
        at[d] = sum;
        sum += here;
    }
    for (size_t i = 0; i < n; i++)
        to[at[((uint64_t)most - (uint64_t)from[i].key) >> shift & (DIGITS - 1)]++] = from[i];
}

static int comes_first(const void *a, const void *b)
{
    const struct heap_entry *x = a, *y = b;
    return x->key != y->key ? (x->key > y->key ? -1 : 1) : (x->index > y->index) - (x->index < y->index);
}

// By digits of the key where the indexes are in order already, as they nearly always are.
static void sort(struct heap_entry *v, size_t n)
{
    int64_t most = v[0].key, least = v[0].key;
    bool in_order = true;
    for (size_t i = 1; i < n; i++) {
        most = v[i].key > most ? v[i].key : most;
        least = v[i].key < least ? v[i].key : least;
        in_order = in_order && v[i].index > v[i - 1].index;
    }
    uint64_t span = (uint64_t)most - (uint64_t)least;
    if (!in_order || span >> (4 * DIGIT_BITS) || n > UINT32_MAX) {
        qsort(v, n, sizeof *v, comes_first);
        return;
    }
    struct heap_entry *other = mem_array(n, sizeof *other), *from = v, *to = other;
    for (int shift = 0; shift < 64 && span >> shift; shift += DIGIT_BITS) {
        pass(from, to, n, most, shift);
        struct heap_entry *was = from;
        from = to;
        to = was;
    }
    if (from != v)
        memcpy(v, from, n * sizeof *v);
    free(other);
}

static void merge(struct line *l, const struct heap_entry *v, size_t n)
{
    size_t old = l->n - l->first;
    struct heap_entry *both = mem_array(old + n, sizeof *both);
    for (size_t i = 0, k = 0; i + k < old + n;) {
        bool row = i < old && (k == n || comes_first(&l->v[l->first + i], &v[k]) <= 0);
        both[i + k] = row ? l->v[l->first + i] : v[k];
        i += row;
        k += !row;
    }
    free(l->v);
    l->v = both;
    l->first = 0;
    l->n = l->cap = old + n;
}

void line_push_many(struct line *l, struct heap_entry *v, size_t n)
{
    if (n < FEW || n < line_length(l) / 8) {
        for (size_t i = 0; i < n; i++)
            heap_push(&l->late, v[i]);
        return;
    }
    sort(v, n);
    merge(l, v, n);
}
