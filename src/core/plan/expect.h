// SPDX-License-Identifier: Apache-2.0
//
// How long an instance is expected to run, from what those before it took: the median of the last few, in
// seconds at full speed on the board they ran on, so that a slow room does not count as long work. The median
// bears up to four wild ones of nine (a crash at once, a board that hung).
#ifndef ONDOL_CORE_PLAN_EXPECT_H
#define ONDOL_CORE_PLAN_EXPECT_H

#include <stdint.h>

#include "core/plan/plan.h"

#define EXPECT_KEPT  9
#define EXPECT_LEAST 3 // fewer say nothing yet

struct expect {
    uint8_t n, next;
    int32_t last_s[EXPECT_KEPT];
    int32_t median_s; // of them: asked for far more often than there is one more
};

void expect_add(struct expect *e, int64_t run_s); // 0 or more; at most INT32_MAX counts
int32_t expect_run_s(const struct expect *e);     // -1: not known yet

// What an instance needs in all and still, seconds at full speed. known_s: as expected of its like, -1: not
// known; prior_s: what is taken for typical then; done_s: what it, or the longest of its siblings, has done
// without an end. Of a wide spread of lengths, what has lasted for t lasts about as long again (the median of
// a distribution without a scale: p(t) ~ 1/t^2), and so does what has outlived its expectation.
int64_t expect_whole_s(int64_t known_s, int64_t prior_s, int64_t done_s);
int64_t expect_left_s(int64_t known_s, int64_t prior_s, int64_t done_s);

enum plan_run plan_run_of(int64_t run_s); // 0 or more
int64_t plan_run_typical_s(enum plan_run run);

#endif
