// SPDX-License-Identifier: Apache-2.0
//
// The sums are in the order of lti_advance (states first, then inputs, left to right), so that a batch gives
// the digits of shadow_step. Windows as in room_step.c.
#include "world/shadow.h"

#include <stdlib.h>

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

struct stepped {
    double air_c, mass_c, watts;
};

static inline struct stepped step_one(const struct coefficients *c, double a, double m, double internal,
                                      double solar, double setpoint, double max_w)
{
    double na = 0.0 + c->air[0] * a + c->air[1] * m + c->in[AIR][0] * c->outside_c +
                c->in[AIR][1] * internal + c->in[AIR][2] * solar;
    double nm = 0.0 + c->mass[0] * a + c->mass[1] * m + c->in[MASS][0] * c->outside_c +
                c->in[MASS][1] * internal + c->in[MASS][2] * solar;
    double w = (setpoint - na) / c->gain, most = max_w > 0 ? max_w : 0;
    double less = w > most ? most : w;
    w = w < 0 ? 0 : less;
    return (struct stepped){na + c->gain * w, nm + c->mass_gain * w, w};
}

struct matrices {
    struct coefficients shut, open;
};

WIDE_INLINE void step_rows_any(const struct matrices *k, const struct shadow_batch *s,
                               const struct room_batch *b, size_t to)
{
    const struct coefficients shut = k->shut, open = k->open;
    double *air_c = s->air_c, *mass_c = s->mass_c, *watts = s->watts;
    const double *internal = b->internal_w, *solar = b->solar_w, *setpoint = s->setpoint_c, *max_w = s->max_w;
    const uint8_t *window = b->window_open;
    for (size_t from = 0; from < to; from += WIDE_ROW) {
        if (!wide_row_some(window + from)) {
            WIDE_LOOP
            for (size_t i = from; i < from + WIDE_ROW; i++) {
                struct stepped x =
                    step_one(&shut, air_c[i], mass_c[i], internal[i], solar[i], setpoint[i], max_w[i]);
                air_c[i] = x.air_c;
                mass_c[i] = x.mass_c;
                watts[i] = x.watts;
            }
            continue;
        }
        int64_t is_open[WIDE_ROW];
        wide_row_masks(is_open, window + from);
        WIDE_LOOP
        for (size_t i = from; i < from + WIDE_ROW; i++) {
            struct stepped x = step_one(&shut, air_c[i], mass_c[i], internal[i], solar[i], setpoint[i],
                                        max_w[i]),
                           o = step_one(&open, air_c[i], mass_c[i], internal[i], solar[i], setpoint[i],
                                        max_w[i]);
            int64_t mask = is_open[i - from];
            air_c[i] = wide_pick(mask, o.air_c, x.air_c);
            mass_c[i] = wide_pick(mask, o.mass_c, x.mass_c);
            watts[i] = wide_pick(mask, o.watts, x.watts);
        }
    }
}
WIDE(step_rows,
     (const struct matrices *k, const struct shadow_batch *s, const struct room_batch *b, size_t to),
     (k, s, b, to))

void shadow_batch_step(struct shadow_batch *s, const struct room_batch *b, double outside_c)
{
    const struct matrices k = {.shut = coefficients_of(&s->model->shut, outside_c),
                               .open = coefficients_of(&s->model->open, outside_c)};
    step_rows(&k, s, b, wide_end(s->n));
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
