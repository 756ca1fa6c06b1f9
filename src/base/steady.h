// SPDX-License-Identifier: Apache-2.0
//
// The calendar as a program may use it: it never goes back and never stands still. A clock that was set back
// (a wrong one after a start, corrected later) would otherwise stop everything that waits for a moment:
// reports, leases, the books.
#ifndef ONDOL_BASE_STEADY_H
#define ONDOL_BASE_STEADY_H

#include <stdbool.h>
#include <stdint.h>

struct steady {
    int64_t out_ms, passing_ms, rest_ms;
    bool begun;
};

// `real_ms`: the calendar now; `passing_ms`: a clock that is never set. Gives the calendar; where that was
// set back, it goes on from where it was at half the pace until the calendar has come up. Set forward, it
// follows at once.
int64_t steady_ms(struct steady *s, int64_t real_ms, int64_t passing_ms);

#endif
