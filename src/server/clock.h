// SPDX-License-Identifier: Apache-2.0
//
// The house's clock: house = house0 + (real - real0) x speed. At speed 1 it is the time of day. It never goes
// back, and when the real clock jumps forward by more than a minute it waits instead of skipping
// (docs/design/0001-two-clocks.md).
#ifndef ONDOL_SERVER_CLOCK_H
#define ONDOL_SERVER_CLOCK_H

#include <pthread.h>

#include "base/steady.h"
#include "base/when.h"

struct house_clock {
    pthread_mutex_t lock;
    double speed;
    struct steady steady;
    int64_t real_ms; // at the last look, ms since 1970, never going back
    double house_ms; // then
};

void clock_init(struct house_clock *c, house_ms house0, int64_t real0_ms, double speed);
void clock_deinit(struct house_clock *c);
house_ms clock_house(struct house_clock *c); // any thread
// At speed 1 the calendar wins and this does nothing.
void clock_not_before(struct house_clock *c, house_ms at);
// Wall milliseconds from now until `at`; 0 when it is past, at most `most_ms`.
int64_t clock_until(struct house_clock *c, house_ms at, int64_t most_ms);

int64_t real_now_ms(void); // CLOCK_REALTIME
wall_ms wall_now(void);    // CLOCK_MONOTONIC

#endif
