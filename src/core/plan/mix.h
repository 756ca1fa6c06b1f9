// SPDX-License-Identifier: Apache-2.0
//
// Low-power mode: the cheapest mix of slow and sleeping boards that still does so much work. A warm season
// wants no heat, and a board that is awake pays its idle watts whatever it does, so a few boards at their
// most efficient frequency and the rest asleep beat all of them slowed down alike.
#ifndef ONDOL_CORE_PLAN_MIX_H
#define ONDOL_CORE_PLAN_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/heat/curve.h"

#define MIX_SLEEP (-1)

// One board: its curve, and what it is told: a point of the curve to run at, or MIX_SLEEP.
struct mix_board {
    const struct curve *curve;
    int32_t point;
};

struct mix {
    int64_t work_mhz, draw_mw; // of all boards together
    bool exact;                // no other choice of points draws less for at least the work asked for
};

// Fills `point` of each board, so that together they do at least `work_mhz` (core-MHz) for the fewest watts.
// Asked for more than all can do, all run at their last point. Exact for up to MIX_EXACT_MAX boards, beyond
// that at most one board's step above the least (the bound of the relaxed problem).
#define MIX_EXACT_MAX 128
struct mix power_mix(struct mix_board *board, size_t n, int64_t work_mhz);

// What a mix draws that keeps so much of all that the boards can do, in whole watts rounded up, and how many
// boards are awake in it. Fills `point`.
int32_t power_mix_keep_w(struct mix_board *board, size_t n, int32_t keep_permille, int32_t *awake);

#endif
