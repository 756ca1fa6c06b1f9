// SPDX-License-Identifier: Apache-2.0
//
// The sums are in the order of lti_advance (states first, then inputs, left to right), so that a batch gives
// the digits of shadow_step. All are stepped as if their windows were shut; the few that are open again
// after, from where they were.
#include "world/shadow.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/wide.h"

enum { AIR, MASS };

struct coefficients {
    double air[2], mass[2]; // from air, mass
    double in[2][3];        // into each, from outside, internal, solar
    double gain, mass_gain; // of the heater
    double outside_c;
};

static struct coefficients coefficients_of(const struct lti_step *d, double outside_c)
{
    struct coefficients c = {
        .gain = d->bd[AIR][ROOM_IN_HEATER], .mass_gain = d->bd[MASS][ROOM_IN_HEATER], .outside_c = outside_c};
    for (int j = 0; j < 2; j++) {
        c.air[j] = d->ad[AIR][j];
        c.mass[j] = d->ad[MASS][j];
    }
    for (int i = 0; i < 2; i++) {
        c.in[i][0] = d->bd[i][ROOM_IN_OUTSIDE];
        c.in[i][1] = d->bd[i][ROOM_IN_INTERNAL];
        c.in[i][2] = d->bd[i][ROOM_IN_SOLAR];
    }
    return c;
}

static inline void step_one(const struct coefficients *c, double *air, double *mass, double *watts,
                            double internal, double solar, double setpoint, double max_w)
{
    double a = *air, m = *mass;
    double na = 0.0 + c->air[0] * a + c->air[1] * m + c->in[AIR][0] * c->outside_c +
                c->in[AIR][1] * internal + c->in[AIR][2] * solar;
    double nm = 0.0 + c->mass[0] * a + c->mass[1] * m + c->in[MASS][0] * c->outside_c +
                c->in[MASS][1] * internal + c->in[MASS][2] * solar;
    double w = (setpoint - na) / c->gain, most = wide_pick(wide_mask(max_w > 0), max_w, 0);
    double less = wide_pick(wide_mask(w > most), most, w);
    w = wide_pick(wide_mask(w < 0), 0, less);
    *watts = w;
    *air = na + c->gain * w;
    *mass = nm + c->mass_gain * w;
}

WIDE_INLINE void step_shut_any(const struct coefficients *k, const struct shadow_batch *s, const struct room_batch *b,
                               size_t from, size_t to)
{
    struct coefficients c = *k;
    double *air = s->air_c, *mass = s->mass_c, *watts = s->watts;
    const double *internal = b->internal_w, *solar = b->solar_w, *setpoint = s->setpoint_c, *max_w = s->max_w;
    WIDE_LOOP
    for (size_t i = from; i < to; i++)
        step_one(&c, &air[i], &mass[i], &watts[i], internal[i], solar[i], setpoint[i], max_w[i]);
}
WIDE(step_shut,
     (const struct coefficients *k, const struct shadow_batch *s, const struct room_batch *b, size_t from, size_t to),
     (k, s, b, from, to))

// The next open window from `i` on; their bytes are 0 or 1.
static size_t next_open(const struct room_batch *b, size_t i, size_t end)
{
    const uint8_t *window = i < end ? memchr(b->window_open + i, 1, end - i) : NULL;
    return window ? (size_t)(window - b->window_open) : end;
}

void shadow_batch_step(struct shadow_batch *s, const struct room_batch *b, double outside_c)
{
    enum { BLOCK = 256 };
    struct coefficients shut = coefficients_of(&s->model->shut, outside_c),
                        open = coefficients_of(&s->model->open, outside_c);
    size_t at[BLOCK];
    double air[BLOCK], mass[BLOCK];
    for (size_t from = 0; from < s->n; from += BLOCK) {
        size_t n = s->n - from < BLOCK ? s->n - from : BLOCK, n_open = 0;
        for (size_t i = next_open(b, from, from + n); i < from + n; i = next_open(b, i + 1, from + n)) {
            at[n_open] = i;
            air[n_open] = s->air_c[i];
            mass[n_open++] = s->mass_c[i];
        }
        step_shut(&shut, s, b, from, wide_end(from + n));
        for (size_t k = 0; k < n_open; k++) {
            size_t i = at[k];
            step_one(&open, &air[k], &mass[k], &s->watts[i], b->internal_w[i], b->solar_w[i],
                     s->setpoint_c[i], s->max_w[i]);
            s->air_c[i] = air[k];
            s->mass_c[i] = mass[k];
        }
    }
}

void shadow_batch_init(struct shadow_batch *s, const struct shadow_model *m, size_t n, double start_c)
{
    *s = (struct shadow_batch){.model = m, .n = n};
    double **array[] = {&s->air_c, &s->mass_c, &s->watts, &s->setpoint_c, &s->max_w};
    for (size_t k = 0; k < ARRAY_LEN(array); k++)
        *array[k] = mem_array(wide_room(n), sizeof(double));
    for (size_t i = 0; i < n; i++)
        s->air_c[i] = s->mass_c[i] = start_c;
}

void shadow_batch_deinit(struct shadow_batch *s)
{
    free(s->air_c);
    free(s->mass_c);
    free(s->watts);
    free(s->setpoint_c);
    free(s->max_w);
    *s = SHADOW_BATCH_NULL;
}
