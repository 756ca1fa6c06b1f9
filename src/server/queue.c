// SPDX-License-Identifier: Apache-2.0
#include "server/queue.h"

#include <stdlib.h>
#include <time.h>

#include "base/mem.h"

void queue_init(struct queue *q, size_t cap)
{
    pthread_condattr_t a;
    pthread_condattr_init(&a);
    pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->filled, &a);
    pthread_cond_init(&q->drained, &a);
    pthread_condattr_destroy(&a);
    q->v = mem_array(cap, sizeof *q->v);
    q->cap = cap;
    q->first = q->n = 0;
    q->closed = q->poked = false;
}

void queue_deinit(struct queue *q)
{
    pthread_mutex_destroy(&q->lock);
    pthread_cond_destroy(&q->filled);
    pthread_cond_destroy(&q->drained);
    free(q->v);
    q->v = NULL;
}

static void put(struct queue *q, void *item)
{
    q->v[(q->first + q->n++) % q->cap] = item;
    pthread_cond_signal(&q->filled);
}

bool queue_put(struct queue *q, void *item)
{
    pthread_mutex_lock(&q->lock);
    while (q->n == q->cap && !q->closed)
        pthread_cond_wait(&q->drained, &q->lock);
    bool open = !q->closed;
    if (open)
        put(q, item);
    pthread_mutex_unlock(&q->lock);
    return open;
}

bool queue_try_put(struct queue *q, void *item)
{
    pthread_mutex_lock(&q->lock);
    bool room = !q->closed && q->n < q->cap;
    if (room)
        put(q, item);
    pthread_mutex_unlock(&q->lock);
    return room;
}

size_t queue_take(struct queue *q, void **out, size_t max, int64_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    if (wait_ms > 0) {
        until.tv_sec += wait_ms / 1000;
        until.tv_nsec += wait_ms % 1000 * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
    }
    pthread_mutex_lock(&q->lock);
    int timed_out = 0;
    while (!q->n && !q->closed && !q->poked && wait_ms != 0 && !timed_out) {
        if (wait_ms < 0)
            pthread_cond_wait(&q->filled, &q->lock);
        else
            timed_out = pthread_cond_timedwait(&q->filled, &q->lock, &until);
    }
    q->poked = false;
    size_t n = 0;
    while (n < max && q->n) {
        out[n++] = q->v[q->first];
        q->first = (q->first + 1) % q->cap;
        q->n--;
    }
    if (n)
        pthread_cond_broadcast(&q->drained);
    pthread_mutex_unlock(&q->lock);
    return n;
}

void queue_poke(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->poked = true;
    pthread_cond_signal(&q->filled);
    pthread_mutex_unlock(&q->lock);
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->filled);
    pthread_cond_broadcast(&q->drained);
    pthread_mutex_unlock(&q->lock);
}

bool queue_closed(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    bool closed = q->closed && !q->n;
    pthread_mutex_unlock(&q->lock);
    return closed;
}
