// SPDX-License-Identifier: Apache-2.0
//
// Whoever reads slowly from instances that have ended has ten minutes, in which a customer may end any number of
// instances: together they take so much memory and so many places, and no more. Who has most of it makes room, so that
// nobody's last words go because of somebody else's.
#include "server/relay_inside.h"

static size_t left_of(const struct conn *c)
{
    return c->lost_ms || c->leave_ms ? c->mux.n : 0;
}

static size_t left_of_task(const struct relay *k, uint64_t task)
{
    size_t n = 0;
    for (size_t i = 0; i < k->n; i++)
        n += k->v[i]->task == task ? left_of(k->v[i]) : 0;
    return n;
}

size_t relay_room_wanted(const struct relay *k)
{
    size_t all = 0, most = 0, who = k->n;
    for (size_t i = 0; i < k->n; i++)
        all += left_of(k->v[i]);
    for (size_t i = 0; i < k->n && all > RELAY_LEFT_MAX; i++) {
        const struct conn *c = k->v[i];
        size_t n = left_of(c) ? left_of_task(k, c->task) : 0;
        if (n > most || (n && n == most && c->called_ms < k->v[who]->called_ms)) {
            most = n;
            who = i;
        }
    }
    return who;
}
