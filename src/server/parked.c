// SPDX-License-Identifier: Apache-2.0
//
// Syncs that wait for news, one per node: a newer call of the node answers the older. All in the engine's
// thread.
#include <string.h>

#include "base/mem.h"
#include "server/inside.h"

void answer_add(struct runtime *r, struct batch *b, struct http_park *park, uint64_t node, uint64_t epoch,
                uint64_t nonce)
{
    struct sync_answer *a = VEC_PUSH(b->answer, b->n_answers, b->cap_answers);
    *a = (struct sync_answer){.park = park, .code = 200};
    house_ms now = clock_house(&r->clock);
    if (server_sync_refused(r->engine, node, epoch, nonce))
        a->down = (struct sync_down){.epoch_refused = true, .house = now, .cap_mw = -1};
    else
        server_desired(r->engine, node, 0, now, &b->fx.arena, &a->down);
}

static void answer(struct runtime *r, struct batch *b, size_t i)
{
    struct parked p = r->parked[i];
    r->parked[i] = r->parked[--r->n_parked];
    answer_add(r, b, p.park, p.node, p.epoch, p.nonce);
}

void parked_wake(struct runtime *r, struct batch *b, uint64_t node)
{
    for (size_t i = r->n_parked; i-- > 0;)
        if (r->parked[i].node == node)
            answer(r, b, i);
}

void parked_add(struct runtime *r, struct batch *b, struct http_park *park, uint64_t node,
                const struct sync_up *up)
{
    parked_wake(r, b, node);
    struct parked *p = VEC_PUSH(r->parked, r->n_parked, r->cap_parked);
    *p = (struct parked){.park = park,
                         .park_id = http_park_id(park),
                         .node = node,
                         .epoch = up->epoch,
                         .nonce = up->nonce,
                         .have = up->have,
                         .deadline = wall_add(wall_now(), r->cfg.park_ms)};
}

void parked_late(struct runtime *r, struct batch *b, wall_ms now)
{
    for (size_t i = r->n_parked; i-- > 0;)
        if (wall_since(now, r->parked[i].deadline) >= 0)
            answer(r, b, i);
}

// The client is not there any more; its park still has to be answered once to be freed.
void parked_gone(struct runtime *r, uint64_t park_id)
{
    for (size_t i = 0; i < r->n_parked; i++) {
        if (r->parked[i].park_id != park_id)
            continue;
        http_unpark(r->parked[i].park, 503, NULL, NULL, 0, NULL);
        r->parked[i] = r->parked[--r->n_parked];
        return;
    }
}

void parked_all(struct runtime *r, struct batch *b)
{
    while (r->n_parked)
        answer(r, b, r->n_parked - 1);
}

void parked_refuse(struct runtime *r, int error)
{
    for (size_t i = 0; i < r->n_parked; i++)
        sync_refuse(r->parked[i].park, error);
    r->n_parked = 0;
}

int64_t parked_wait_ms(const struct runtime *r, wall_ms now, int64_t most_ms)
{
    for (size_t i = 0; i < r->n_parked; i++) {
        int64_t left = wall_since(r->parked[i].deadline, now);
        if (left < most_ms)
            most_ms = left;
    }
    return most_ms > 0 ? most_ms : 0;
}
