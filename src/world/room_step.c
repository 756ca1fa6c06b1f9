// SPDX-License-Identifier: Apache-2.0
//
// The room kernels. A step of one room is 25 products and 25 sums: the three bodies do not feel the sensor,
// and the part that is the same for all rooms under one sky (outside air times its column) is made once.
// Rooms do not touch each other, so the compiler puts two or more side by side; as no sum is reordered and
// none is fused, every width gives the same digits.
//
// A batch goes through in blocks of 256. The loop over a block has no branch: it steps all rooms as if their
// windows were shut. Those that are open are noted before, close together, and stepped again after, from
// where they were, by their own matrices.
#include "world/room.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/wide.h"

#define BLOCK 256

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

WIDE_INLINE void step_block_any(const struct coefficients *k, const struct room_batch *b, size_t from,
                                size_t to)
{
    struct coefficients c = *k; // a local that nothing points at: stays in registers or in place on the stack
    double *air_c = b->air_c, *mass_c = b->mass_c, *heater_c = b->heater_c, *sensor_c = b->sensor_c;
    const double *heater_w = b->heater_w, *internal_w = b->internal_w, *solar_w = b->solar_w;
    WIDE_LOOP
    for (size_t i = from; i < to; i++) {
        struct room_state x = {air_c[i], mass_c[i], heater_c[i], sensor_c[i]};
        x = step_one(&c, x, heater_w[i], internal_w[i], solar_w[i]);
        air_c[i] = x.air_c;
        mass_c[i] = x.mass_c;
        heater_c[i] = x.heater_c;
        sensor_c[i] = x.sensor_c;
    }
}
WIDE(step_block, (const struct coefficients *k, const struct room_batch *b, size_t from, size_t to),
     (k, b, from, to))

// The rooms of a block whose window is open, as they were before the step, close together.
struct open_rooms {
    size_t n;
    uint16_t at[BLOCK + 1];
    double value[7][BLOCK + 16]; // as in struct room_batch
};

size_t room_batch_open(const struct room_batch *b, size_t from, size_t n, uint16_t *at)
{
    const uint8_t *open = b->window_open + from;
    size_t k = 0;
    for (size_t i = 0; i < n; i += 8) { // the array goes on beyond the last with zeros
        uint64_t eight;
        memcpy(&eight, open + i, sizeof eight);
        for (size_t j = i; eight != 0 && j < i + 8; j++) {
            at[k] = (uint16_t)j;
            k += open[j];
        }
    }
    return k;
}

static void note_open(struct open_rooms *o, const struct room_batch *b, size_t from, size_t n)
{
    const double *in[7] = {b->air_c,    b->mass_c,     b->heater_c, b->sensor_c,
                           b->heater_w, b->internal_w, b->solar_w};
    o->n = room_batch_open(b, from, n, o->at);
    if (o->n == 0)
        return;
    for (size_t a = 0; a < 7; a++) {
        for (size_t k = 0; k < o->n; k++)
            o->value[a][k] = in[a][from + o->at[k]];
        for (size_t k = o->n; k < wide_end(o->n); k++)
            o->value[a][k] = 0;
    }
}

static void step_open(struct open_rooms *o, double outside_c, struct room_batch *b, size_t from)
{
    double *out[4] = {b->air_c, b->mass_c, b->heater_c, b->sensor_c};
    struct room_batch close = {.air_c = o->value[0],
                               .mass_c = o->value[1],
                               .heater_c = o->value[2],
                               .sensor_c = o->value[3],
                               .heater_w = o->value[4],
                               .internal_w = o->value[5],
                               .solar_w = o->value[6]};
    struct coefficients c = coefficients_of(&b->model->open, outside_c);
    step_block(&c, &close, 0, wide_end(o->n));
    for (size_t a = 0; a < 4; a++)
        for (size_t k = 0; k < o->n; k++)
            out[a][from + o->at[k]] = o->value[a][k];
}

void room_batch_step(struct room_batch *b, double outside_c)
{
    struct coefficients shut = coefficients_of(&b->model->shut, outside_c);
    struct open_rooms opened;
    for (size_t from = 0; from < b->n; from += BLOCK) {
        size_t n = b->n - from < BLOCK ? b->n - from : BLOCK;
        note_open(&opened, b, from, n);
        step_block(&shut, b, from, wide_end(from + n));
        if (opened.n > 0)
            step_open(&opened, outside_c, b, from);
    }
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
