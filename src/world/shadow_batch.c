// SPDX-License-Identifier: Apache-2.0
//
// The sums are in the order of lti_advance (states first, then inputs, left to right), so that a batch gives
// the digits of shadow_step. All are stepped as if their windows were shut; those that are open again
// after, from where they were.
#include "world/shadow.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/wide.h"

enum { AIR, MASS };

#define BLOCK 256

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
    double w = (setpoint - na) / c->gain, most = max_w > 0 ? max_w : 0;
    double less = w > most ? most : w;
    w = w < 0 ? 0 : less;
    *watts = w;
    *air = na + c->gain * w;
    *mass = nm + c->mass_gain * w;
}

WIDE_INLINE void step_rooms_any(const struct coefficients *k, const struct shadow_batch *s,
                                const struct room_batch *b, size_t from, size_t to)
{
    struct coefficients c = *k;
    double *air = s->air_c, *mass = s->mass_c, *watts = s->watts;
    const double *internal = b->internal_w, *solar = b->solar_w, *setpoint = s->setpoint_c, *max_w = s->max_w;
    WIDE_LOOP
    for (size_t i = from; i < to; i++)
        step_one(&c, &air[i], &mass[i], &watts[i], internal[i], solar[i], setpoint[i], max_w[i]);
}
WIDE(step_rooms,
     (const struct coefficients *k, const struct shadow_batch *s, const struct room_batch *b, size_t from,
      size_t to),
     (k, s, b, from, to))

// The shadows of a block whose window is open, as they were before the step, close together.
struct open_shadows {
    size_t n;
    uint16_t at[BLOCK + 1];
    double state[3][BLOCK + 16], in[4][BLOCK + 16]; // air, mass, watts; internal, solar, setpoint, most watts
};

static void note_open(struct open_shadows *o, const struct shadow_batch *s, const struct room_batch *b,
                      size_t from, size_t n)
{
    const double *state[2] = {s->air_c, s->mass_c},
                 *in[4] = {b->internal_w, b->solar_w, s->setpoint_c, s->max_w};
    o->n = room_batch_open(b, from, n, o->at);
    if (o->n == 0)
        return;
    for (size_t k = 0; k < o->n; k++) {
        for (size_t a = 0; a < 2; a++)
            o->state[a][k] = state[a][from + o->at[k]];
        for (size_t a = 0; a < 4; a++)
            o->in[a][k] = in[a][from + o->at[k]];
    }
    for (size_t k = o->n; k < wide_end(o->n); k++)
        o->state[0][k] = o->state[1][k] = o->in[0][k] = o->in[1][k] = o->in[2][k] = o->in[3][k] = 0;
}

static void step_open(struct open_shadows *o, double outside_c, struct shadow_batch *s, size_t from)
{
    struct shadow_batch close = {.air_c = o->state[0],
                                 .mass_c = o->state[1],
                                 .watts = o->state[2],
                                 .setpoint_c = o->in[2],
                                 .max_w = o->in[3]};
    struct room_batch gains = {.internal_w = o->in[0], .solar_w = o->in[1]};
    struct coefficients c = coefficients_of(&s->model->open, outside_c);
    step_rooms(&c, &close, &gains, 0, wide_end(o->n));
    for (size_t k = 0; k < o->n; k++) {
        size_t i = from + o->at[k];
        s->air_c[i] = o->state[0][k];
        s->mass_c[i] = o->state[1][k];
        s->watts[i] = o->state[2][k];
    }
}

void shadow_batch_step(struct shadow_batch *s, const struct room_batch *b, double outside_c)
{
    struct coefficients shut = coefficients_of(&s->model->shut, outside_c);
    struct open_shadows opened;
    for (size_t from = 0; from < s->n; from += BLOCK) {
        size_t n = s->n - from < BLOCK ? s->n - from : BLOCK;
        note_open(&opened, s, b, from, n);
        step_rooms(&shut, s, b, from, wide_end(from + n));
        if (opened.n > 0)
            step_open(&opened, outside_c, s, from);
    }
}

void shadow_batch_init(struct shadow_batch *s, const struct shadow_model *m, size_t n, double start_c)
{
    *s = (struct shadow_batch){.model = m, .n = n};
    double **array[] = {&s->air_c, &s->mass_c, &s->watts, &s->setpoint_c, &s->max_w};
    for (size_t k = 0; k < ARRAY_LEN(array); k++)
        *array[k] = mem_lines(wide_room(n), sizeof(double));
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
