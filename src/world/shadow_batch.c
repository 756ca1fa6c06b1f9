// SPDX-License-Identifier: Apache-2.0
//
// The sums are in the order of lti_advance (states first, then inputs, left to right), so that a batch gives
// the digits of shadow_step. Windows as in room_step.c.
#include "world/shadow.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/wide.h"

struct stepped {
    double air_c, mass_c, watts;
};

// Without heat; `walls_k`: what walls have moved since the last step, which left the air at `a`.
static inline struct stepped unheated(const struct shadow_rows *c, double outside_c, double a, double walls_k,
                                      double m, double internal, double solar)
{
    double na = 0.0 + c->air[0] * a + c->air[1] * m + c->in[0][0] * outside_c + c->in[0][1] * internal +
                c->in[0][2] * solar + c->wall * walls_k;
    double nm = 0.0 + c->mass[0] * a + c->mass[1] * m + c->in[1][0] * outside_c + c->in[1][1] * internal +
                c->in[1][2] * solar + c->mass_wall * walls_k;
    return (struct stepped){na, nm, 0};
}

static inline struct stepped heated(const struct shadow_rows *c, struct stepped x, double setpoint,
                                    double max_w)
{
    double w = (setpoint - x.air_c) * c->per_gain, most = max_w > 0 ? max_w : 0;
    double less = w > most ? most : w;
    w = w < 0 ? 0 : less;
    return (struct stepped){x.air_c + c->gain * w, x.mass_c + c->mass_gain * w, w};
}

static inline double between(double share, double shut, double open)
{
    return (1 - share) * shut + share * open;
}

// A stretch of rooms whose windows were shut. Coefficients are copies, which no store can change: they stay in
// registers.
WIDE_INLINE void step_shut_any(const struct shadow_batch *s, double outside_c, size_t from, size_t to)
{
    const struct shadow_rows c = s->model->shut_rows;
    double *air_c = s->air_c, *left_c = s->left_c, *mass_c = s->mass_c, *watts = s->watts, *sum_w = s->sum_w;
    const double *internal = s->internal_w, *solar = s->solar_w, *aim = s->aim_c, *max_w = s->max_w;
    WIDE_LOOP
    for (size_t i = from; i < to; i++) {
        struct stepped x =
            unheated(&c, outside_c, left_c[i], air_c[i] - left_c[i], mass_c[i], internal[i], solar[i]);
        x = heated(&c, x, aim[i], max_w[i]);
        air_c[i] = left_c[i] = x.air_c;
        mass_c[i] = x.mass_c;
        watts[i] = x.watts;
        sum_w[i] += x.watts;
    }
}
WIDE(step_shut, (const struct shadow_batch *s, double outside_c, size_t from, size_t to),
     (s, outside_c, from, to))

// A row where some were open, for `per_look` of the step each time they were seen so.
WIDE_INLINE void step_mixed_any(const struct shadow_batch *s, double outside_c, double per_look, size_t from)
{
    const struct shadow_rows *shut = &s->model->shut_rows, *open = &s->model->open_rows;
    double *air_c = s->air_c, *left_c = s->left_c, *mass_c = s->mass_c, *watts = s->watts, *sum_w = s->sum_w;
    const double *internal = s->internal_w, *solar = s->solar_w, *aim = s->aim_c, *max_w = s->max_w;
    uint8_t *opened = s->opened;
    WIDE_LOOP
    for (size_t i = from; i < from + WIDE_ROW; i++) {
        double share = opened[i] * per_look, walls_k = air_c[i] - left_c[i];
        struct shadow_rows gains = {.gain = between(share, shut->gain, open->gain),
                                    .mass_gain = between(share, shut->mass_gain, open->mass_gain)};
        gains.per_gain = 1 / gains.gain;
        struct stepped x = unheated(shut, outside_c, left_c[i], walls_k, mass_c[i], internal[i], solar[i]),
                       o = unheated(open, outside_c, left_c[i], walls_k, mass_c[i], internal[i], solar[i]);
        x.air_c = between(share, x.air_c, o.air_c);
        x.mass_c = between(share, x.mass_c, o.mass_c);
        x = heated(&gains, x, aim[i], max_w[i]);
        air_c[i] = left_c[i] = x.air_c;
        mass_c[i] = x.mass_c;
        watts[i] = x.watts;
        sum_w[i] += x.watts;
        opened[i] = 0;
    }
}
WIDE(step_mixed, (const struct shadow_batch *s, double outside_c, double per_look, size_t from),
     (s, outside_c, per_look, from))

void shadow_batch_step(struct shadow_batch *s, double outside_c, int looks)
{
    double per_look = 1.0 / looks;
    for (size_t from = 0, end = wide_end(s->n); from < end;) {
        size_t to = from;
        while (to < end && !wide_row_some(s->opened + to))
            to += WIDE_ROW;
        if (to > from)
            step_shut(s, outside_c, from, to);
        for (; to < end && wide_row_some(s->opened + to); to += WIDE_ROW)
            step_mixed(s, outside_c, per_look, to);
        from = to;
    }
}

WIDE_INLINE void look_any(uint8_t *opened, const uint8_t *window_open, size_t n)
{
    WIDE_LOOP
    for (size_t i = 0; i < n; i++)
        opened[i] = (uint8_t)(opened[i] + window_open[i]);
}
WIDE(look, (uint8_t * opened, const uint8_t *window_open, size_t n), (opened, window_open, n))

void shadow_batch_look(struct shadow_batch *s, const struct room_batch *b, bool middle)
{
    if (middle) {
        memcpy(s->aim_c, s->setpoint_c, s->n * sizeof *s->aim_c);
        memcpy(s->internal_w, b->internal_w, s->n * sizeof *s->internal_w);
        memcpy(s->solar_w, b->solar_w, s->n * sizeof *s->solar_w);
    }
    look(s->opened, b->window_open, wide_end(s->n));
}

void shadow_batch_init(struct shadow_batch *s, const struct shadow_model *m, size_t n, double start_c)
{
    *s = (struct shadow_batch){.model = m, .n = n};
    double **array[] = {&s->air_c,      &s->left_c, &s->mass_c, &s->watts,      &s->sum_w,
                        &s->setpoint_c, &s->max_w,  &s->aim_c,  &s->internal_w, &s->solar_w};
    for (size_t k = 0; k < ARRAY_LEN(array); k++)
        *array[k] = mem_lines(wide_room(n), sizeof(double));
    s->opened = mem_lines(wide_room(n), 1);
    for (size_t i = 0; i < n; i++)
        s->air_c[i] = s->left_c[i] = s->mass_c[i] = start_c;
}

struct shadow_batch shadow_batch_part(const struct shadow_batch *whole, const struct shadow_model *m,
                                      size_t from, size_t n)
{
    return (struct shadow_batch){.model = m,
                                 .n = n,
                                 .air_c = whole->air_c + from,
                                 .left_c = whole->left_c + from,
                                 .mass_c = whole->mass_c + from,
                                 .watts = whole->watts + from,
                                 .sum_w = whole->sum_w + from,
                                 .setpoint_c = whole->setpoint_c + from,
                                 .max_w = whole->max_w + from,
                                 .aim_c = whole->aim_c + from,
                                 .internal_w = whole->internal_w + from,
                                 .solar_w = whole->solar_w + from,
                                 .opened = whole->opened + from};
}

void shadow_batch_deinit(struct shadow_batch *s)
{
    free(s->air_c);
    free(s->left_c);
    free(s->mass_c);
    free(s->watts);
    free(s->sum_w);
    free(s->setpoint_c);
    free(s->max_w);
    free(s->aim_c);
    free(s->internal_w);
    free(s->solar_w);
    free(s->opened);
    *s = SHADOW_BATCH_NULL;
}
