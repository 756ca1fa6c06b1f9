// SPDX-License-Identifier: Apache-2.0
//
// The sums are in the order of lti_advance (states first, then inputs, left to right), so that a batch gives
// the digits of shadow_step. Windows as in room_step.c.
#include "world/shadow.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/wide.h"

struct stepped {
    double air_c, mass_c, watts;
};

static inline struct stepped step_one(const struct shadow_rows *c, double outside_c, double a, double m,
                                      double internal, double solar, double setpoint, double max_w)
{
    double na = 0.0 + c->air[0] * a + c->air[1] * m + c->in[0][0] * outside_c + c->in[0][1] * internal +
                c->in[0][2] * solar;
    double nm = 0.0 + c->mass[0] * a + c->mass[1] * m + c->in[1][0] * outside_c + c->in[1][1] * internal +
                c->in[1][2] * solar;
    double w = (setpoint - na) * c->per_gain, most = max_w > 0 ? max_w : 0;
    double less = w > most ? most : w;
    w = w < 0 ? 0 : less;
    return (struct stepped){na + c->gain * w, nm + c->mass_gain * w, w};
}

WIDE_INLINE void step_rows_any(const struct shadow_batch *s, const struct room_batch *b, double outside_c,
                               size_t to)
{
    const struct shadow_rows *shut = &s->model->shut_rows, *open = &s->model->open_rows;
    double *air_c = s->air_c, *mass_c = s->mass_c, *watts = s->watts, *sum_w = s->sum_w;
    const double *internal = b->internal_w, *solar = b->solar_w, *setpoint = s->setpoint_c, *max_w = s->max_w;
    const uint8_t *window = b->window_open;
    for (size_t from = 0; from < to; from += WIDE_ROW) {
        if (!wide_row_some(window + from)) {
            WIDE_LOOP
            for (size_t i = from; i < from + WIDE_ROW; i++) {
                struct stepped x = step_one(shut, outside_c, air_c[i], mass_c[i], internal[i], solar[i],
                                            setpoint[i], max_w[i]);
                air_c[i] = x.air_c;
                mass_c[i] = x.mass_c;
                watts[i] = x.watts;
                sum_w[i] += x.watts;
            }
            continue;
        }
        int64_t is_open[WIDE_ROW];
        wide_row_masks(is_open, window + from);
        WIDE_LOOP
        for (size_t i = from; i < from + WIDE_ROW; i++) {
            struct stepped x = step_one(shut, outside_c, air_c[i], mass_c[i], internal[i], solar[i],
                                        setpoint[i], max_w[i]),
                           o = step_one(open, outside_c, air_c[i], mass_c[i], internal[i], solar[i],
                                        setpoint[i], max_w[i]);
            int64_t mask = is_open[i - from];
            air_c[i] = wide_pick(mask, o.air_c, x.air_c);
            mass_c[i] = wide_pick(mask, o.mass_c, x.mass_c);
            double w = wide_pick(mask, o.watts, x.watts);
            watts[i] = w;
            sum_w[i] += w;
        }
    }
}
WIDE(step_rows, (const struct shadow_batch *s, const struct room_batch *b, double outside_c, size_t to),
     (s, b, outside_c, to))

void shadow_batch_step(struct shadow_batch *s, const struct room_batch *b, double outside_c)
{
    step_rows(s, b, outside_c, wide_end(s->n));
}

void shadow_batch_init(struct shadow_batch *s, const struct shadow_model *m, size_t n, double start_c)
{
    *s = (struct shadow_batch){.model = m, .n = n};
    double **array[] = {&s->air_c, &s->mass_c, &s->watts, &s->sum_w, &s->setpoint_c, &s->max_w};
    for (size_t k = 0; k < ARRAY_LEN(array); k++)
        *array[k] = mem_lines(wide_room(n), sizeof(double));
    for (size_t i = 0; i < n; i++)
        s->air_c[i] = s->mass_c[i] = start_c;
}

struct shadow_batch shadow_batch_part(const struct shadow_batch *whole, const struct shadow_model *m,
                                      size_t from, size_t n)
{
    return (struct shadow_batch){.model = m,
                                 .n = n,
                                 .air_c = whole->air_c + from,
                                 .mass_c = whole->mass_c + from,
                                 .watts = whole->watts + from,
                                 .sum_w = whole->sum_w + from,
                                 .setpoint_c = whole->setpoint_c + from,
                                 .max_w = whole->max_w + from};
}

void shadow_batch_deinit(struct shadow_batch *s)
{
    free(s->air_c);
    free(s->mass_c);
    free(s->watts);
    free(s->sum_w);
    free(s->setpoint_c);
    free(s->max_w);
    *s = SHADOW_BATCH_NULL;
}
