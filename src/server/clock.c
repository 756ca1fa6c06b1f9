// SPDX-License-Identifier: Apache-2.0
#include "server/clock.h"

#include <time.h>

#define JUMP_MS 60000

int64_t real_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

wall_ms wall_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return WALL_MS((int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000);
}

void clock_init(struct house_clock *c, house_ms house0, int64_t real0_ms, double speed)
{
    pthread_mutex_init(&c->lock, NULL);
    c->speed = speed;
    c->steady = (struct steady){0};
    c->real_ms = steady_ms(&c->steady, real_now_ms(), wall_now().v);
    c->house_ms = (double)house0.v + (double)(c->real_ms - real0_ms) * speed;
}

void clock_deinit(struct house_clock *c)
{
    pthread_mutex_destroy(&c->lock);
}

house_ms clock_house(struct house_clock *c)
{
    pthread_mutex_lock(&c->lock);
    int64_t real = steady_ms(&c->steady, real_now_ms(), wall_now().v);
    int64_t passed = real - c->real_ms;
    if (passed > 0 && (passed <= JUMP_MS || c->speed == 1.0)) // at speed 1 the calendar is the real one
        c->house_ms += (double)passed * c->speed;
    if (passed > 0)
        c->real_ms = real;
    house_ms now = HOUSE_MS((int64_t)c->house_ms);
    pthread_mutex_unlock(&c->lock);
    return now;
}

void clock_not_before(struct house_clock *c, house_ms at)
{
    pthread_mutex_lock(&c->lock);
    if (c->house_ms < (double)at.v && c->speed != 1.0)
        c->house_ms = (double)at.v;
    pthread_mutex_unlock(&c->lock);
}

int64_t clock_until(struct house_clock *c, house_ms at, int64_t most_ms)
{
    int64_t ms = house_since(at, clock_house(c));
    if (ms <= 0)
        return 0;
    double wall = (double)ms / c->speed + 1;
    return wall > (double)most_ms ? most_ms : (int64_t)wall;
}
