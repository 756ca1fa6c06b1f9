// SPDX-License-Identifier: Apache-2.0
//
// Everything rests on one search (`place`: the first range that ends at or after an id) and one move
// (`splice`: replace k neighbouring ranges by up to two others). The live ranges start at `first`, so that
// popping instances off the front, which dispatch does for each of them, moves nothing.
#include "core/work/ranges.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void ranges_deinit(struct ranges *r)
{
    free(r->v);
    *r = RANGES_NULL;
}

void ranges_clear(struct ranges *r)
{
    r->first = r->n = 0;
    r->count = 0;
}

void ranges_copy(struct ranges *to, const struct ranges *from)
{
    if (to == from)
        return;
    ranges_clear(to);
    if (!to->cap && from->n) { // exactly what it needs: a queued task keeps one range for its whole life
        to->v = mem_array(from->n, sizeof *to->v);
        to->cap = from->n;
    }
    mem_grow(&to->v, &to->cap, from->n, sizeof *to->v);
    if (from->n > 0)
        memcpy(to->v, from->v + from->first, from->n * sizeof *to->v);
    to->n = from->n;
    to->count = from->count;
}

// Index (among the live ranges) of the first range with hi >= id; n when there is none.
static size_t place(const struct ranges *r, uint64_t id)
{
    size_t lo = 0, hi = r->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (r->v[r->first + mid].hi < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static uint64_t width(struct range x)
{
    return (uint64_t)x.hi - x.lo + 1;
}

// Replaces the `gone` ranges that start at live index i by the `n_new` (0, 1 or 2) ranges of `fresh`.
static void splice(struct ranges *r, size_t i, size_t gone, const struct range *fresh, size_t n_new)
{
    for (size_t k = 0; k < gone; k++)
        r->count -= width(r->v[r->first + i + k]);
    for (size_t k = 0; k < n_new; k++)
        r->count += width(fresh[k]);
    if (i == 0 && n_new <= gone) { // the front: give up places instead of moving the tail
        r->first += gone - n_new;
    } else {
        // Full at the end and more than half empty at the front: moving n ranges now pays for n pops before.
        if (r->first > r->n / 2 && r->first + r->n + n_new > r->cap) {
            memmove(r->v, r->v + r->first, r->n * sizeof *r->v);
            r->first = 0;
        }
        mem_grow(&r->v, &r->cap, r->first + r->n + n_new, sizeof *r->v);
        struct range *at = r->v + r->first + i;
        memmove(at + n_new, at + gone, (r->n - i - gone) * sizeof *at);
    }
    r->n = r->n - gone + n_new;
    for (size_t k = 0; k < n_new; k++)
        r->v[r->first + i + k] = fresh[k];
    if (r->n == 0)
        r->first = 0;
}

bool ranges_add_span(struct ranges *r, uint32_t lo, uint32_t hi)
{
    assert(lo <= hi && hi <= RANGES_ID_MAX);
    // A range that ends right before `lo` or starts right after `hi` is swallowed too: ranges never touch.
    size_t i = place(r, lo > 0 ? lo - 1 : 0), gone = 0;
    struct range whole = {lo, hi};
    for (; i + gone < r->n; gone++) {
        struct range x = r->v[r->first + i + gone];
        if (x.lo > (uint64_t)hi + 1)
            break;
        if (gone == 0 && x.lo <= lo && x.hi >= hi)
            return false;
        whole.lo = x.lo < whole.lo ? x.lo : whole.lo;
        whole.hi = x.hi > whole.hi ? x.hi : whole.hi;
    }
    splice(r, i, gone, &whole, 1);
    return true;
}

bool ranges_remove_span(struct ranges *r, uint32_t lo, uint32_t hi)
{
    assert(lo <= hi && hi <= RANGES_ID_MAX);
    size_t i = place(r, lo), gone = 0, n_new = 0;
    struct range rest[2];
    for (; i + gone < r->n; gone++) {
        struct range x = r->v[r->first + i + gone];
        if (x.lo > hi)
            break;
        if (x.lo < lo)
            rest[n_new++] = (struct range){x.lo, lo - 1};
        if (x.hi > hi)
            rest[n_new++] = (struct range){hi + 1, x.hi};
    }
    if (gone == 0)
        return false;
    splice(r, i, gone, rest, n_new);
    return true;
}

bool ranges_add(struct ranges *r, uint32_t id)
{
    return ranges_add_span(r, id, id);
}

bool ranges_remove(struct ranges *r, uint32_t id)
{
    return ranges_remove_span(r, id, id);
}

bool ranges_has(const struct ranges *r, uint32_t id)
{
    size_t i = place(r, id);
    return i < r->n && r->v[r->first + i].lo <= id;
}

uint64_t ranges_count(const struct ranges *r)
{
    return r->count;
}

bool ranges_pop_lowest(struct ranges *r, uint32_t *id)
{
    if (r->n == 0)
        return false;
    struct range *x = &r->v[r->first];
    *id = x->lo;
    if (x->lo == x->hi) {
        splice(r, 0, 1, NULL, 0);
    } else {
        x->lo++;
        r->count--;
    }
    return true;
}

bool ranges_next(const struct ranges *r, uint32_t from, uint32_t *id)
{
    size_t i = place(r, from);
    if (i == r->n)
        return false;
    uint32_t lo = r->v[r->first + i].lo;
    *id = lo > from ? lo : from;
    return true;
}

// One pass over both: ranges are taken in ascending order of their start and glued to the last one taken.
void ranges_union(struct ranges *into, const struct ranges *other)
{
    struct ranges sum = RANGES_NULL;
    size_t a = 0, b = 0;
    while (a < into->n || b < other->n) {
        const struct range *x = a < into->n ? &into->v[into->first + a] : NULL;
        const struct range *y = b < other->n ? &other->v[other->first + b] : NULL;
        bool take_x = x && (!y || x->lo <= y->lo);
        struct range next = take_x ? *x : *y;
        a += take_x;
        b += !take_x;
        if (sum.n > 0 && next.lo <= (uint64_t)sum.v[sum.n - 1].hi + 1) {
            if (next.hi > sum.v[sum.n - 1].hi)
                sum.v[sum.n - 1].hi = next.hi;
        } else {
            *VEC_PUSH(sum.v, sum.n, sum.cap) = next;
        }
    }
    for (size_t i = 0; i < sum.n; i++)
        sum.count += width(sum.v[i]);
    ranges_deinit(into);
    *into = sum;
}

void ranges_subtract(struct ranges *from, const struct ranges *other)
{
    struct ranges rest = RANGES_NULL;
    size_t b = 0;
    for (size_t a = 0; a < from->n; a++) {
        struct range x = from->v[from->first + a];
        uint64_t lo = x.lo; // what is left of x starts here; above x.hi when nothing is
        while (b < other->n && other->v[other->first + b].hi < x.lo)
            b++;
        for (size_t k = b; k < other->n && other->v[other->first + k].lo <= x.hi; k++) {
            struct range y = other->v[other->first + k];
            if (y.lo > lo)
                *VEC_PUSH(rest.v, rest.n, rest.cap) = (struct range){(uint32_t)lo, y.lo - 1};
            lo = (uint64_t)y.hi + 1;
        }
        if (lo <= x.hi)
            *VEC_PUSH(rest.v, rest.n, rest.cap) = (struct range){(uint32_t)lo, x.hi};
    }
    for (size_t i = 0; i < rest.n; i++)
        rest.count += width(rest.v[i]);
    ranges_deinit(from);
    *from = rest;
}

bool ranges_equal(const struct ranges *a, const struct ranges *b)
{
    return a->n == b->n && (a->n == 0 || !memcmp(a->v + a->first, b->v + b->first, a->n * sizeof *a->v));
}

void ranges_format(const struct ranges *r, struct buf *out)
{
    for (size_t i = 0; i < r->n; i++) {
        struct range x = r->v[r->first + i];
        if (i > 0)
            buf_putc(out, ',');
        buf_putf(out, "%u", (unsigned)x.lo);
        if (x.hi > x.lo)
            buf_putf(out, "-%u", (unsigned)x.hi);
    }
}

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t')
        p++;
    return p;
}

// Reads one id at *p. Negative numbers have no meaning here: the dash belongs to the range.
static int parse_id(const char **p, const char *text, uint32_t *id, struct err *e)
{
    const char *s = skip_blanks(*p);
    if (*s < '0' || *s > '9')
        return err_set(e, -EINVAL,
                       "ranges: character %zu: expected an instance id (write them like 0-2,4-5,17)",
                       (size_t)(s - text) + 1);
    uint64_t v = 0;
    for (; *s >= '0' && *s <= '9'; s++) {
        v = v * 10 + (uint64_t)(*s - '0');
        if (v > RANGES_ID_MAX)
            return err_set(e, -EINVAL, "ranges: character %zu: ids go up to %u", (size_t)(*p - text) + 1,
                           (unsigned)RANGES_ID_MAX);
    }
    *id = (uint32_t)v;
    *p = skip_blanks(s);
    return 0;
}

static int by_start(const void *a, const void *b)
{
    const struct range *x = a, *y = b;
    return (x->lo > y->lo) - (x->lo < y->lo);
}

// Sorts what was read, refuses ids named twice and glues neighbours. Sorting once keeps hostile orders at n
// log n.
static int settle(struct ranges *r, struct err *e)
{
    qsort(r->v, r->n, sizeof *r->v, by_start);
    size_t last = 0;
    for (size_t i = 1; i < r->n; i++) {
        if (r->v[i].lo <= r->v[last].hi)
            return err_set(e, -EINVAL, "ranges: id %u is named twice", (unsigned)r->v[i].lo);
        if (r->v[i].lo == r->v[last].hi + 1)
            r->v[last].hi = r->v[i].hi;
        else
            r->v[++last] = r->v[i];
    }
    r->n = last + 1;
    return 0;
}

static int parse_all(struct ranges *r, const char *text, uint64_t max_count, struct err *e)
{
    for (const char *p = text;; p++) {
        struct range x;
        int rc = parse_id(&p, text, &x.lo, e);
        x.hi = x.lo;
        if (rc == 0 && *p == '-') {
            p++;
            rc = parse_id(&p, text, &x.hi, e);
        }
        if (rc < 0)
            return rc;
        if (x.hi < x.lo)
            return err_set(e, -EINVAL, "ranges: %u-%u is reversed (write the lower id first)", (unsigned)x.lo,
                           (unsigned)x.hi);
        r->count += width(x);
        if (r->count > max_count)
            return err_set(e, -E2BIG, "ranges: more than %llu instances (the limit of one task)",
                           (unsigned long long)max_count);
        *VEC_PUSH(r->v, r->n, r->cap) = x;
        if (*p == '\0')
            return settle(r, e);
        if (*p != ',')
            return err_set(e, -EINVAL, "ranges: character %zu: expected a comma, a dash or the end",
                           (size_t)(p - text) + 1);
    }
}

int ranges_parse(struct ranges *out, const char *text, uint64_t max_count, struct err *e)
{
    struct ranges r = RANGES_NULL;
    int rc = parse_all(&r, text, max_count, e);
    if (rc < 0) {
        ranges_deinit(&r);
        return rc;
    }
    ranges_deinit(out);
    *out = r;
    return 0;
}
