// SPDX-License-Identifier: Apache-2.0
//
// Beats are whole milliseconds. While it runs, the next beat is when the credit would be gone if every core
// were busy; while it is frozen, when the credit reaches `resume`.
#include "sandbox/duty.h"

#include "base/num.h"

#define RESUME_US   2000
#define BURST_MS    100
#define DEBT_MS     2000
#define BEAT_MAX_MS 1000

void duty_set(struct duty *d, int permille, int64_t used_us, wall_ms now)
{
    if (d->permille <= 0) // a new account; else the credit, good or bad, goes on
        *d = (struct duty){.used_us = used_us, .then = now, .frozen = d->frozen};
    d->permille = permille;
}

int64_t duty_tick(struct duty *d, int64_t used_us, wall_ms now, int cores)
{
    if (d->permille < 0 || d->permille >= cores * 1000) {
        d->frozen = false;
        return -1;
    }
    if (d->permille == 0) {
        d->frozen = true;
        return -1;
    }
    int64_t elapsed_ms = int_clamp(wall_since(now, d->then), 0, DEBT_MS); // 1 permille of 1 ms is 1 us
    d->credit_us += d->permille * elapsed_ms - (used_us - d->used_us);
    d->credit_us =
        int_clamp(d->credit_us, -(int64_t)d->permille * DEBT_MS, RESUME_US + (int64_t)d->permille * BURST_MS);
    d->used_us = used_us;
    d->then = now;
    if (d->credit_us <= 0)
        d->frozen = true;
    else if (d->credit_us >= RESUME_US)
        d->frozen = false;
    int64_t wait_ms = d->frozen ? (RESUME_US - d->credit_us + d->permille - 1) / d->permille
                                : d->credit_us / (1000 * (int64_t)cores);
    return int_clamp(wait_ms, 1, BEAT_MAX_MS);
}
