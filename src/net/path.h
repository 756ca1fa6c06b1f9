// SPDX-License-Identifier: Apache-2.0
//
// Request targets: percent-decoding, the path as segments, the query as pairs. Pure functions on bytes.
//
//   /v1//Tasks/My%20Task/?limit=5   ->   had_v1, segments "tasks" "My Task"
//
// Clients of the public API double slashes, end in slashes, use any case and put /v1 in front or not; one
// route table serves them all (as the public API does). Words of the API are compared with route_is,
// ignoring case; segments that may be ids keep theirs.
#ifndef ONDOL_NET_PATH_H
#define ONDOL_NET_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/utf8.h"

#define ROUTE_SEGMENTS      16
#define ROUTE_SEGMENT_BYTES 512

struct route {
    bool had_v1; // a first segment "v1" in any case was taken off
    size_t n;    // segments that follow
    char segment[ROUTE_SEGMENTS]
                [ROUTE_SEGMENT_BYTES]; // decoded, UTF-8, NUL-terminated, never "", "." or ".."
};

// Splits a raw (still encoded) target; stops at '?' . Slashes written as %2F are data of their segment, not
// separators. Returns 0; -EINVAL: not beginning with '/', bad percent-encoding, %00, not UTF-8, or a segment
// "." or ".."; -ENAMETOOLONG: more segments, or a longer one, than a route holds. `out` is unspecified then.
int route_normalise(const char *target, struct route *out);
// Whether segment i exists and is `word`, in any case (ASCII).
bool route_is(const struct route *r, size_t i, const char *word);

// Decodes `n` bytes into out (n + 1 bytes suffice), NUL-terminated. '+' gives a space if `plus` (queries).
// Returns the length, or -EINVAL for a broken %XX, a NUL, or bytes that are not UTF-8.
int percent_decode(const char *in, size_t n, bool plus, char *out);

struct query_pair {
    char *name, *value; // point into the caller's arena; value "" for a bare name
};

// Decodes what follows '?' (without it) into at most `max` pairs; repeated names are kept, in order. The
// arena needs strlen(query) + 2 bytes. Returns the number of pairs, -EINVAL as percent_decode, -E2BIG for
// more than `max`.
int query_split(const char *query, char *arena, struct query_pair *pair, size_t max);

#endif
