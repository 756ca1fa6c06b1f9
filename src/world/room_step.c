// SPDX-License-Identifier: Apache-2.0
//
// The room kernels. A step of one room is 25 products and 25 sums: the three bodies do not feel the sensor,
// and the part that is the same for all rooms under one sky (outside air times its column) is made once.
// Rooms do not touch each other, so the compiler puts two or more side by side; as no sum is reordered and
// none is fused, every width gives the same digits.
//
// A batch goes through in rows of eight, a register of the widest. Where a window of the eight is open, they
// are stepped by both matrices, and each takes its own.
#include "world/room.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/wide.h"

// One row of the step per body: from air, mass, metal; from the heater's watts, internal and solar gains.
struct coefficients {
    double air[6], mass[6], heater[6], sensor[7]; // sensor[6]: from the sensor itself
    double sky[ROOM_STATES];                      // outside air times its column
};

static void copy_row(double row[6], const struct lti_step *d, int to)
{
    row[0] = d->ad[to][ROOM_AIR];
    row[1] = d->ad[to][ROOM_MASS];
    row[2] = d->ad[to][ROOM_HEATER];
    row[3] = d->bd[to][ROOM_IN_HEATER];
    row[4] = d->bd[to][ROOM_IN_INTERNAL];
    row[5] = d->bd[to][ROOM_IN_SOLAR];
}

static struct coefficients coefficients_of(const struct lti_step *d, double outside_c)
{
    struct coefficients c;
    copy_row(c.air, d, ROOM_AIR);
    copy_row(c.mass, d, ROOM_MASS);
    copy_row(c.heater, d, ROOM_HEATER);
    copy_row(c.sensor, d, ROOM_SENSOR);
    c.sensor[6] = d->ad[ROOM_SENSOR][ROOM_SENSOR];
    for (int i = 0; i < ROOM_STATES; i++)
        c.sky[i] = d->bd[i][ROOM_IN_OUTSIDE] * outside_c;
    return c;
}

static inline double row6(const double k[6], double sky, double air, double mass, double heater, double watts,
                          double internal, double solar)
{
    return ((k[0] * air + k[1] * mass) + (k[2] * heater + k[3] * watts)) +
           ((k[4] * internal + k[5] * solar) + sky);
}

static inline struct room_state step_one(const struct coefficients *c, struct room_state x, double watts,
                                         double internal, double solar)
{
    double a = x.air_c, m = x.mass_c, h = x.heater_c;
    return (struct room_state){
        .air_c = row6(c->air, c->sky[ROOM_AIR], a, m, h, watts, internal, solar),
        .mass_c = row6(c->mass, c->sky[ROOM_MASS], a, m, h, watts, internal, solar),
        .heater_c = row6(c->heater, c->sky[ROOM_HEATER], a, m, h, watts, internal, solar),
        .sensor_c =
            row6(c->sensor, c->sky[ROOM_SENSOR], a, m, h, watts, internal, solar) + c->sensor[6] * x.sensor_c,
    };
}

void room_step(const struct room_model *m, struct room_state *s, const struct room_input *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct coefficients c = coefficients_of(in[i].window_open ? &m->open : &m->shut, in[i].outside_c);
        s[i] = step_one(&c, s[i], in[i].heater_w, in[i].internal_w, in[i].solar_w);
    }
}

// By which matrices rooms step, under the sky of a step.
struct matrices {
    struct coefficients shut, open;
};

WIDE_INLINE void step_rows_any(const struct matrices *k, const struct room_batch *b, size_t to)
{
    const struct coefficients shut = k->shut, open = k->open; // locals that nothing points at
    double *air_c = b->air_c, *mass_c = b->mass_c, *heater_c = b->heater_c, *sensor_c = b->sensor_c;
    const double *heater_w = b->heater_w, *internal_w = b->internal_w, *solar_w = b->solar_w;
    const uint8_t *window = b->window_open;
    for (size_t from = 0; from < to; from += WIDE_ROW) {
        if (!wide_row_some(window + from)) {
            WIDE_LOOP
            for (size_t i = from; i < from + WIDE_ROW; i++) {
                struct room_state x = {air_c[i], mass_c[i], heater_c[i], sensor_c[i]};
                x = step_one(&shut, x, heater_w[i], internal_w[i], solar_w[i]);
                air_c[i] = x.air_c;
                mass_c[i] = x.mass_c;
                heater_c[i] = x.heater_c;
                sensor_c[i] = x.sensor_c;
            }
            continue;
        }
        int64_t is_open[WIDE_ROW];
        wide_row_masks(is_open, window + from);
        WIDE_LOOP
        for (size_t i = from; i < from + WIDE_ROW; i++) {
            struct room_state x = {air_c[i], mass_c[i], heater_c[i], sensor_c[i]};
            struct room_state s = step_one(&shut, x, heater_w[i], internal_w[i], solar_w[i]),
                              o = step_one(&open, x, heater_w[i], internal_w[i], solar_w[i]);
            int64_t mask = is_open[i - from];
            air_c[i] = wide_pick(mask, o.air_c, s.air_c);
            mass_c[i] = wide_pick(mask, o.mass_c, s.mass_c);
            heater_c[i] = wide_pick(mask, o.heater_c, s.heater_c);
            sensor_c[i] = wide_pick(mask, o.sensor_c, s.sensor_c);
        }
    }
}
WIDE(step_rows, (const struct matrices *k, const struct room_batch *b, size_t to), (k, b, to))

void room_batch_step(struct room_batch *b, double outside_c)
{
    const struct matrices k = {.shut = coefficients_of(&b->model->shut, outside_c),
                               .open = coefficients_of(&b->model->open, outside_c)};
    step_rows(&k, b, wide_end(b->n));
}

void room_batch_init(struct room_batch *b, const struct room_model *m, size_t n, double start_c)
{
    *b = (struct room_batch){.model = m, .n = n};
    double **array[] = {&b->air_c,    &b->mass_c,     &b->heater_c, &b->sensor_c,
                        &b->heater_w, &b->internal_w, &b->solar_w};
    for (size_t k = 0; k < ARRAY_LEN(array); k++) {
        *array[k] = mem_lines(wide_room(n), sizeof(double));
        for (size_t i = 0; k < ROOM_STATES && i < n; i++)
            (*array[k])[i] = start_c;
    }
    b->window_open = mem_lines(wide_room(n), 1);
}

void room_batch_deinit(struct room_batch *b)
{
    free(b->air_c);
    free(b->mass_c);
    free(b->heater_c);
    free(b->sensor_c);
    free(b->heater_w);
    free(b->internal_w);
    free(b->solar_w);
    free(b->window_open);
    *b = ROOM_BATCH_NULL;
}
