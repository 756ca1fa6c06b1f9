// SPDX-License-Identifier: Apache-2.0
//
// The order of the walls in the second step is the reverse of that in the first: this makes the two steps together
// their own mirror image, which is what second order needs when several walls meet in a room.
#include "world/house.h"

#include <errno.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/wide.h"

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
    for (size_t i = 0; i < h->n_strips; i++) {
        free(h->strip[i].a_k_per_k);
        free(h->strip[i].b_k_per_k);
        free(h->strip[i].out_of_a_j);
    }
    free(h->strip);
    free(h->wall);
    *h = HOUSE_NULL;
}

static bool exists(const struct house *h, struct house_room r)
{
    return r.batch < h->batches && r.index < h->batch[r.batch].n;
}

static void *grown(void *old, size_t from, size_t to)
{
    double *v = mem_lines(wide_room(to), sizeof *v);
    for (size_t i = 0; i < from; i++)
        v[i] = ((double *)old)[i];
    free(old);
    return v;
}

// Whether the wall continues the strip, with gaps: within one batch a room could be on both sides, and each
// wall is a strip.
static bool continues(const struct house_strip *s, struct house_room a, struct house_room b)
{
    return s->a.batch == a.batch && s->b.batch == b.batch && a.index >= s->a.index + s->n &&
           b.index - a.index == s->b.index - s->a.index;
}

static struct house_strip *strip_for(struct house *h, struct house_room a, struct house_room b)
{
    size_t i = a.batch == b.batch ? 0 : h->n_strips;
    while (i > 0 && !continues(&h->strip[i - 1], a, b)) // mostly it is one of the last
        i--;
    i = i > 0 ? i - 1 : h->n_strips;
    if (i == h->n_strips)
        *VEC_PUSH(h->strip, h->n_strips, h->cap_strips) = (struct house_strip){
            .a = a,
            .b = b,
            .a_air_c = &h->batch[a.batch].air_c[a.index],
            .b_air_c = &h->batch[b.batch].air_c[b.index],
            .a_was_c = h->was_c ? &h->was_c[a.batch][a.index] : NULL,
            .b_was_c = h->was_c ? &h->was_c[b.batch][b.index] : NULL,
            .a_air_j_k = h->batch[a.batch].model->spec.air_j_k,
        };
    struct house_strip *s = &h->strip[i];
    size_t n = a.index - s->a.index + 1;
    if (n > s->cap) {
        size_t cap = 2 * n;
        s->a_k_per_k = grown(s->a_k_per_k, s->n, cap);
        s->b_k_per_k = grown(s->b_k_per_k, s->n, cap);
        s->out_of_a_j = grown(s->out_of_a_j, s->n, cap);
        s->cap = cap;
    }
    s->n = n;
    *VEC_PUSH(h->wall, h->n, h->cap) = (struct house_wall){i, n - 1};
    return s;
}

bool house_thin(double air_j_k, double w_k, int64_t step_ms)
{
    return w_k * (double)step_ms / 1e3 <= air_j_k / 8;
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
    double step_s = (double)h->step_ms / 1e3, moved_j_k = both * (1 - num_exp(-w_k * step_s / both));
    if (h->was_c)
        moved_j_k = w_k * step_s;
    struct house_strip *s = strip_for(h, a, b);
    s->a_k_per_k[s->n - 1] = moved_j_k / ca;
    s->b_k_per_k[s->n - 1] = moved_j_k / cb;
    return 0;
}

// The same, nobody asks what went through the walls.
WIDE_INLINE void exchange_bare_any(struct house_strip *s, size_t n)
{
    double *a_air_c = s->a_air_c, *b_air_c = s->b_air_c;
    const double *a_k_per_k = s->a_k_per_k, *b_k_per_k = s->b_k_per_k;
    WIDE_LOOP
    for (size_t i = 0; i < n; i++) {
        double difference = a_air_c[i] - b_air_c[i];
        a_air_c[i] -= difference * a_k_per_k[i];
        b_air_c[i] += difference * b_k_per_k[i];
    }
}
WIDE(exchange_bare, (struct house_strip * s, size_t n), (s, n))

WIDE_INLINE void exchange_any(struct house_strip *s, size_t n)
{
    double *a_air_c = s->a_air_c, *b_air_c = s->b_air_c, *out_of_a_j = s->out_of_a_j,
           a_air_j_k = s->a_air_j_k;
    const double *a_k_per_k = s->a_k_per_k, *b_k_per_k = s->b_k_per_k;
    WIDE_LOOP
    for (size_t i = 0; i < n; i++) {
        double difference = a_air_c[i] - b_air_c[i], fall = difference * a_k_per_k[i];
        a_air_c[i] -= fall;
        b_air_c[i] += difference * b_k_per_k[i];
        out_of_a_j[i] += fall * a_air_j_k;
    }
}
WIDE(exchange, (struct house_strip * s, size_t n), (s, n))

WIDE_INLINE void exchange_held_any(struct house_strip *s, size_t n)
{
    const double *a_was_c = s->a_was_c, *b_was_c = s->b_was_c, *a_k_per_k = s->a_k_per_k,
                 *b_k_per_k = s->b_k_per_k;
    double *a_air_c = s->a_air_c, *b_air_c = s->b_air_c;
    WIDE_LOOP
    for (size_t i = 0; i < n; i++) {
        double difference = a_was_c[i] - b_was_c[i];
        a_air_c[i] -= difference * a_k_per_k[i];
        b_air_c[i] += difference * b_k_per_k[i];
    }
}
WIDE(exchange_held, (struct house_strip * s, size_t n), (s, n))

void house_walls(struct house *h, bool backwards)
{
    for (size_t i = 0; i < h->n_strips; i++) {
        struct house_strip *s = &h->strip[backwards ? h->n_strips - 1 - i : i];
        if (h->was_c)
            exchange_held(s, s->n == 1 ? 1 : wide_end(s->n));
        else if (s->n == 1) // it may be within one batch
            exchange_any(s, 1);
        else if (h->unmetered)
            exchange_bare(s, wide_end(s->n));
        else
            exchange(s, wide_end(s->n));
    }
}

void house_walls_before(struct house *h)
{
    if (!h->odd)
        house_walls(h, false);
}

void house_walls_after(struct house *h)
{
    if (h->odd)
        house_walls(h, true);
    h->odd = !h->odd;
}

double house_wall_j(const struct house *h, size_t wall)
{
    return h->strip[h->wall[wall].strip].out_of_a_j[h->wall[wall].at];
}

void house_step(struct house *h, double outside_c)
{
    house_walls_before(h);
    for (size_t i = 0; i < h->batches; i++)
        room_batch_step(&h->batch[i], outside_c);
    house_walls_after(h);
}

void house_forget(struct house *h)
{
    for (size_t i = 0; i < h->n_strips; i++)
        for (size_t k = 0; k < h->strip[i].n; k++)
            h->strip[i].out_of_a_j[k] = 0;
}
