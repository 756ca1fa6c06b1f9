// SPDX-License-Identifier: Apache-2.0
#include "agent/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

house_ms clock_house(struct house_clock *c)
{
    int64_t real_ms = steady_ms(&c->steady, read_ms(CLOCK_REALTIME), read_ms(CLOCK_MONOTONIC));
    return HOUSE_MS(c->house_epoch_ms + (real_ms - c->wall_epoch_ms) * c->speed);
}

wall_ms clock_wall(void)
{
    return WALL_MS(read_ms(CLOCK_MONOTONIC));
}
