// SPDX-License-Identifier: Apache-2.0
//
// A share of a core made by freezing and thawing. Not a fixed on/off pattern but an account, so that the
// share holds for any number of threads, for threads that sleep, and for beats that come late:
//
//   credit += share * elapsed - CPU time really used
//
//   credit (core-time)
//    +burst ___........................   a sleeper saves up at most 100 ms worth
//           runs  \        / frozen
//   resume --------\------/----------     2 ms of core-time: one running spell is at least that
//        0 ---------\    /-------------   freeze at or below
//    -debt ..........\../...............  late beats are forgiven past 2 s worth
//
// Pure: the caller reads the clock and the CPU time, and does the freezing.
#ifndef ONDOL_SANDBOX_DUTY_H
#define ONDOL_SANDBOX_DUTY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/when.h"

struct duty {
    int permille;      // of one core; 0: frozen for good; negative: never frozen
    int64_t credit_us; // core-time
    int64_t used_us;   // CPU time at `then`
    wall_ms then;
    bool frozen;
};

#define DUTY_NULL ((struct duty){.permille = -1})

void duty_set(struct duty *d, int permille, int64_t used_us, wall_ms now);

// Brings the account up to `now` and decides d->frozen. Returns in how many ms (1..1000) to call again at the
// latest, or -1 when no call is needed. `cores`: most the sandbox can use at once.
int64_t duty_tick(struct duty *d, int64_t used_us, wall_ms now, int cores);

#endif
