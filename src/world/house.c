// SPDX-License-Identifier: Apache-2.0
//
// The order of the walls in the second half is the reverse of that in the first: this makes the whole step
// its own mirror image, which is what second order needs when several walls meet in a room.
#include "world/house.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

int house_init(struct house *h, struct room_batch *batches, size_t n, struct err *e)
{
    *h = HOUSE_NULL;
    if (n == 0)
        return err_set(e, -EINVAL, "house: no batch of rooms (at least 1)");
    for (size_t i = 1; i < n; i++)
        if (batches[i].model->step_ms != batches[0].model->step_ms)
            return err_set(e, -EINVAL,
                           "house: batch %zu steps by %lld ms, the first by %lld (they must be equal)", i,
                           (long long)batches[i].model->step_ms, (long long)batches[0].model->step_ms);
    *h = (struct house){.batch = batches, .batches = n, .step_ms = batches[0].model->step_ms};
    return 0;
}

void house_deinit(struct house *h)
{
    free(h->wall);
    *h = HOUSE_NULL;
}

static bool exists(const struct house *h, struct house_room r)
{
    return r.batch < h->batches && r.index < h->batch[r.batch].n;
}

int house_add_wall(struct house *h, struct house_room a, struct house_room b, double w_k, struct err *e)
{
    if (!exists(h, a) || !exists(h, b))
        return err_set(e, -EINVAL, "wall: room %zu of batch %zu or room %zu of batch %zu is not in the house",
                       a.index, a.batch, b.index, b.batch);
    if (a.batch == b.batch && a.index == b.index)
        return err_set(e, -EINVAL, "wall: room %zu of batch %zu on both sides (two rooms)", a.index, a.batch);
    if (!(w_k >= 0.01 && w_k <= 1e6))
        return err_set(e, -EINVAL, "wall: w_k is %g (0.01 to 1e6)", w_k);
    struct room_batch *ba = &h->batch[a.batch], *bb = &h->batch[b.batch];
    double ca = ba->model->spec.air_j_k, cb = bb->model->spec.air_j_k, both = ca * cb / (ca + cb);
    double half_s = (double)h->step_ms / 2e3, moved_j_k = both * (1 - num_exp(-w_k * half_s / both));
    *VEC_PUSH(h->wall, h->n, h->cap) = (struct house_wall){
        .a_air_c = &ba->air_c[a.index],
        .b_air_c = &bb->air_c[b.index],
        .a_k_per_k = moved_j_k / ca,
        .b_k_per_k = moved_j_k / cb,
        .a_air_j_k = ca,
    };
    return 0;
}

static inline void exchange(struct house_wall *w)
{
    double difference = *w->a_air_c - *w->b_air_c, fall = difference * w->a_k_per_k;
    *w->a_air_c -= fall;
    *w->b_air_c += difference * w->b_k_per_k;
    w->out_of_a_j += fall * w->a_air_j_k;
}

void house_walls(struct house *h, bool backwards)
{
    for (size_t i = 0; i < h->n; i++)
        exchange(&h->wall[backwards ? h->n - 1 - i : i]);
}

void house_step(struct house *h, double outside_c)
{
    house_walls(h, false);
    for (size_t i = 0; i < h->batches; i++)
        room_batch_step(&h->batch[i], outside_c);
    house_walls(h, true);
}

void house_forget(struct house *h)
{
    for (size_t i = 0; i < h->n; i++)
        h->wall[i].out_of_a_j = 0;
}
