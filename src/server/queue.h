// SPDX-License-Identifier: Apache-2.0
//
// A bounded queue of pointers between threads. Putting waits while it is full; taking gives everything there
// is at once, so that the one behind it works in batches as large as its own slowness makes them.
#ifndef ONDOL_SERVER_QUEUE_H
#define ONDOL_SERVER_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled, drained;
    void **v; // ring of `cap`
    size_t first, n, cap;
    bool closed, poked;
};

void queue_init(struct queue *q, size_t cap);
void queue_deinit(struct queue *q);
bool queue_put(struct queue *q, void *item);     // false when closed: the item is still the caller's
bool queue_try_put(struct queue *q, void *item); // false when closed or full
// Waits up to `wait_ms` (-1: for ever) for the first item, then takes up to `max` in order. 0: nothing came,
// or closed and empty.
size_t queue_take(struct queue *q, void **out, size_t max, int64_t wait_ms);
void queue_poke(struct queue *q);   // whoever waits to take comes back, maybe with nothing
void queue_close(struct queue *q);  // what is in it can still be taken
bool queue_closed(struct queue *q); // closed and empty

#endif
