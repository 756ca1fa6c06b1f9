// SPDX-License-Identifier: Apache-2.0
//
// When work would begin and end, and what it would draw, if nothing else came: instances go one after another
// to the board that is free first (list scheduling), those ahead of them in the queue first. Boards run at
// the speed that the heat wanted of them allows.
#ifndef ONDOL_CORE_PLAN_FORESEE_H
#define ONDOL_CORE_PLAN_FORESEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct foresee_board {
    int64_t free_in_s;      // from now; 0: now
    int32_t speed_permille; // of full speed, above 0
    int32_t draw_mw;        // at that speed
    int32_t cores;
    uint32_t site;
};

struct foresee_work {
    int64_t ahead, ahead_run_s; // instances that go first, and how long one runs at full speed
    int64_t instances, run_s;   // at full speed
    bool together;              // all at once on one site, or none
};

struct foreseen {
    int64_t start_s, end_s; // the first begins, the last has ended; from now
    int64_t core_ms;        // of all instances, as they are billed
    int64_t energy_mj;
    int64_t at_once; // most boards that it holds at the same time, at most
};

// More instances than this in all are spread over the boards in one stroke, by what each gets done in a time.
#define FORESEE_EACH_MAX 100000

// False when there is no board, or no site with enough of them for instances that run together. Changes the
// order of `board`. O((ahead + instances) log n).
bool foresee(struct foresee_board *board, size_t n, const struct foresee_work *w, struct foreseen *out);

#endif
