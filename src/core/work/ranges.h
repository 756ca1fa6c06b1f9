// SPDX-License-Identifier: Apache-2.0
//
// A set of instance ids, kept as sorted ranges that neither overlap nor touch. An array of 100,000 instances
// is one range; memory follows the number of ranges, never the number of ids. The text form is the one of the
// public API: "0-3,7", both ends included, "" for the empty set.
#ifndef ONDOL_CORE_WORK_RANGES_H
#define ONDOL_CORE_WORK_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define RANGES_ID_MAX UINT32_C(2147483647) // clients keep ids in a signed 32-bit integer

struct range {
    uint32_t lo, hi; // both included, lo <= hi <= RANGES_ID_MAX
};

struct ranges {
    union {
        struct range one; // cap 0: the only one, when n is 1; of most sets, and a queued task has one for long
        struct range *v;  // else the live ones are v[first] .. v[first + n - 1], ascending
    };
    uint32_t first, n, cap;
    uint32_t count; // ids in the set
};

#define RANGES_NULL ((struct ranges){0})

void ranges_deinit(struct ranges *r); // leaves RANGES_NULL
void ranges_clear(struct ranges *r);  // empties it, keeps the memory
void ranges_copy(struct ranges *to, const struct ranges *from);

// Reads "0-2,4-5,17" in any order; blanks around a number or a dash are allowed. `max_count` bounds the ids
// of the whole set. Returns 0; -E2BIG with more ids than that; -EINVAL for empty text, anything that is not a
// number, a reversed range, an id above RANGES_ID_MAX or an id named twice. `out` is untouched on failure.
int ranges_parse(struct ranges *out, const char *text, uint64_t max_count, struct err *e);
void ranges_format(const struct ranges *r, struct buf *out); // appends

// Ids above RANGES_ID_MAX are a caller's mistake (asserted). These give true when the set changed.
bool ranges_add(struct ranges *r, uint32_t id);
bool ranges_remove(struct ranges *r, uint32_t id);
bool ranges_add_span(struct ranges *r, uint32_t lo, uint32_t hi);
bool ranges_remove_span(struct ranges *r, uint32_t lo, uint32_t hi);

bool ranges_has(const struct ranges *r, uint32_t id);
uint64_t ranges_count(const struct ranges *r);

bool ranges_highest(const struct ranges *r, uint32_t *id); // false when it is empty

// Takes the lowest id out of the set; false when it is empty. Constant time on average, whatever the shape.
bool ranges_pop_lowest(struct ranges *r, uint32_t *id);

// The lowest id that is >= from. To walk the set:
//     for (uint32_t id = 0; ranges_next(&r, id, &id); id++)
bool ranges_next(const struct ranges *r, uint32_t from, uint32_t *id);

void ranges_union(struct ranges *into, const struct ranges *other);
void ranges_subtract(struct ranges *from, const struct ranges *other);
bool ranges_equal(const struct ranges *a, const struct ranges *b);

#endif
