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

// All ranges, live ones from `first` on.
static struct range *all(struct ranges *r)
{
    return r->cap ? r->v : &r->one;
}

static const struct range *live(const struct ranges *r)
{
    return (r->cap ? r->v : &r->one) + r->first;
}

static void room_for(struct ranges *r, size_t need)
{
    if (need <= r->cap || (need == 1 && !r->cap))
        return;
    assert(need <= UINT32_MAX / 2); // more ranges than half the ids cannot be
    struct range *v = r->cap ? r->v : NULL, one = r->one;
    size_t cap = r->cap;
    mem_grow(&v, &cap, need, sizeof *v);
    if (!r->cap)
        v[0] = one;
    r->v = v;
    r->cap = (uint32_t)cap;
}

static void append(struct ranges *r, struct range x)
{
    room_for(r, (size_t)r->n + 1);
    all(r)[r->n++] = x;
}

void ranges_deinit(struct ranges *r)
{
    if (r->cap)
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
    room_for(to, from->n);
    if (from->n > 0)
        memcpy(all(to), live(from), from->n * sizeof to->one);
    to->n = from->n;
    to->count = from->count;
}

// Index (among the live ranges) of the first range with hi >= id; n when there is none.
static size_t place(const struct ranges *r, uint64_t id)
{
    size_t lo = 0, hi = r->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (live(r)[mid].hi < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static uint32_t width(struct range x)
{
    return x.hi - x.lo + 1; // ids end at half the range of the type
}

// Replaces the `gone` ranges that start at live index i by the `n_new` (0, 1 or 2) ranges of `fresh`.
static void splice(struct ranges *r, size_t i, size_t gone, const struct range *fresh, size_t n_new)
{
    for (size_t k = 0; k < gone; k++)
        r->count -= width(live(r)[i + k]);
    for (size_t k = 0; k < n_new; k++)
        r->count += width(fresh[k]);
    if (i == 0 && n_new <= gone) { // the front: give up places instead of moving the tail
        r->first += (uint32_t)(gone - n_new);
    } else {
        // Full at the end and more than half empty at the front: moving n ranges now pays for n pops before.
        if (r->first > r->n / 2 && r->first + r->n + n_new > r->cap) {
            memmove(all(r), live(r), r->n * sizeof r->one);
            r->first = 0;
        }
        room_for(r, (size_t)r->first + r->n + n_new);
        struct range *at = all(r) + r->first + i;
        memmove(at + n_new, at + gone, (r->n - i - gone) * sizeof *at);
    }
    r->n = (uint32_t)(r->n - gone + n_new);
    for (size_t k = 0; k < n_new; k++)
        all(r)[r->first + i + k] = fresh[k];
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
        struct range x = live(r)[i + gone];
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
        struct range x = live(r)[i + gone];
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
    return i < r->n && live(r)[i].lo <= id;
}

uint64_t ranges_count(const struct ranges *r)
{
    return r->count;
}

bool ranges_highest(const struct ranges *r, uint32_t *id)
{
    if (r->n > 0)
        *id = live(r)[r->n - 1].hi;
    return r->n > 0;
}

bool ranges_pop_lowest(struct ranges *r, uint32_t *id)
{
    if (r->n == 0)
        return false;
    struct range *x = all(r) + r->first;
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
    uint32_t lo = live(r)[i].lo;
    *id = lo > from ? lo : from;
    return true;
}

// One pass over both: ranges are taken in ascending order of their start and glued to the last one taken.
void ranges_union(struct ranges *into, const struct ranges *other)
{
    struct ranges sum = RANGES_NULL;
    size_t a = 0, b = 0;
    while (a < into->n || b < other->n) {
        const struct range *x = a < into->n ? live(into) + a : NULL;
        const struct range *y = b < other->n ? live(other) + b : NULL;
        bool take_x = x && (!y || x->lo <= y->lo);
        struct range next = take_x ? *x : *y;
        a += take_x;
        b += !take_x;
        struct range *last = sum.n ? all(&sum) + sum.n - 1 : NULL;
        if (!last || next.lo > (uint64_t)last->hi + 1)
            append(&sum, next);
        else if (next.hi > last->hi)
            last->hi = next.hi;
    }
    for (size_t i = 0; i < sum.n; i++)
        sum.count += width(live(&sum)[i]);
    ranges_deinit(into);
    *into = sum;
}

void ranges_subtract(struct ranges *from, const struct ranges *other)
{
    struct ranges rest = RANGES_NULL;
    size_t b = 0;
    for (size_t a = 0; a < from->n; a++) {
        struct range x = live(from)[a];
        uint64_t lo = x.lo; // what is left of x starts here; above x.hi when nothing is
        while (b < other->n && live(other)[b].hi < x.lo)
            b++;
        for (size_t k = b; k < other->n && live(other)[k].lo <= x.hi; k++) {
            struct range y = live(other)[k];
            if (y.lo > lo)
                append(&rest, (struct range){(uint32_t)lo, y.lo - 1});
            lo = (uint64_t)y.hi + 1;
        }
        if (lo <= x.hi)
            append(&rest, (struct range){(uint32_t)lo, x.hi});
    }
    for (size_t i = 0; i < rest.n; i++)
        rest.count += width(live(&rest)[i]);
    ranges_deinit(from);
    *from = rest;
}

bool ranges_equal(const struct ranges *a, const struct ranges *b)
{
    return a->n == b->n && (a->n == 0 || !memcmp(live(a), live(b), a->n * sizeof a->one));
}

void ranges_format(const struct ranges *r, struct buf *out)
{
    for (size_t i = 0; i < r->n; i++) {
        struct range x = live(r)[i];
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
    struct range *v = all(r);
    qsort(v, r->n, sizeof *v, by_start);
    uint32_t last = 0;
    for (uint32_t i = 1; i < r->n; i++) {
        if (v[i].lo <= v[last].hi)
            return err_set(e, -EINVAL, "ranges: id %u is named twice", (unsigned)v[i].lo);
        if (v[i].lo == v[last].hi + 1)
            v[last].hi = v[i].hi;
        else
            v[++last] = v[i];
    }
    r->n = last + 1;
    return 0;
}

static int parse_all(struct ranges *r, const char *text, uint64_t max_count, struct err *e)
{
    uint64_t count = 0; // an id may be named again and again before that is seen
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
        count += width(x);
        if (count > max_count)
            return err_set(e, -E2BIG, "ranges: more than %llu instances (the limit of one task)",
                           (unsigned long long)max_count);
        append(r, x);
        if (*p == '\0') {
            int rc2 = settle(r, e);
            r->count = rc2 < 0 ? 0 : (uint32_t)count;
            return rc2;
        }
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
