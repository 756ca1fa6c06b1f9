// SPDX-License-Identifier: Apache-2.0
//
// The room kernels. A step of one room is 25 products and 25 sums: the three bodies do not feel the sensor,
// and the part that is the same for all rooms under one sky (outside air times its column) is made once.
// Rooms do not touch each other, so the compiler puts two or more side by side; as no sum is reordered and
// none is fused, every width gives the same digits.
//
// A batch goes through in rows of sixteen. Where many windows of the sixteen are open, they are stepped by
// both matrices, and each takes its own; a few are stepped again, alone. All other rows are stepped in as
// long stretches as there are, as each begins with 29 coefficients.
#include "world/room.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/wide.h"

static void copy_row(double row[6], const struct lti_step *d, int to)
{
    row[0] = d->ad[to][ROOM_AIR];
    row[1] = d->ad[to][ROOM_MASS];
    row[2] = d->ad[to][ROOM_HEATER];
    row[3] = d->bd[to][ROOM_IN_HEATER];
    row[4] = d->bd[to][ROOM_IN_INTERNAL];
    row[5] = d->bd[to][ROOM_IN_SOLAR];
}

struct room_rows room_rows_of(const struct lti_step *d)
{
    struct room_rows c;
    copy_row(c.air, d, ROOM_AIR);
    copy_row(c.mass, d, ROOM_MASS);
    copy_row(c.heater, d, ROOM_HEATER);
    copy_row(c.sensor, d, ROOM_SENSOR);
    c.sensor[6] = d->ad[ROOM_SENSOR][ROOM_SENSOR];
    for (int i = 0; i < ROOM_STATES; i++)
        c.outside[i] = d->bd[i][ROOM_IN_OUTSIDE];
    return c;
}

static inline double row6(const double k[6], double sky, double air, double mass, double heater, double watts,
                          double internal, double solar)
{
    return ((k[0] * air + k[1] * mass) + (k[2] * heater + k[3] * watts)) +
           ((k[4] * internal + k[5] * solar) + sky);
}

// `sky`: what comes from outside, the same for all rooms.
static inline struct room_state step_one(const struct room_rows *c, const double sky[ROOM_STATES],
                                         struct room_state x, double watts, double internal, double solar)
{
    double a = x.air_c, m = x.mass_c, h = x.heater_c;
    return (struct room_state){
        .air_c = row6(c->air, sky[ROOM_AIR], a, m, h, watts, internal, solar),
        .mass_c = row6(c->mass, sky[ROOM_MASS], a, m, h, watts, internal, solar),
        .heater_c = row6(c->heater, sky[ROOM_HEATER], a, m, h, watts, internal, solar),
        .sensor_c =
            row6(c->sensor, sky[ROOM_SENSOR], a, m, h, watts, internal, solar) + c->sensor[6] * x.sensor_c,
    };
}

WIDE_INLINE void sky_of(double sky[ROOM_STATES], const struct room_rows *c, double outside_c)
{
    for (int i = 0; i < ROOM_STATES; i++)
        sky[i] = c->outside[i] * outside_c;
}

void room_step(const struct room_model *m, struct room_state *s, const struct room_input *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct room_rows *c = in[i].window_open ? &m->open_rows : &m->shut_rows;
        double sky[ROOM_STATES];
        sky_of(sky, c, in[i].outside_c);
        s[i] = step_one(c, sky, s[i], in[i].heater_w, in[i].internal_w, in[i].solar_w);
    }
}

// A stretch of rooms with shut windows. Coefficients are copies, which no store can change: they stay in registers.
WIDE_INLINE void step_shut_any(const struct room_batch *b, double outside_c, size_t from, size_t to)
{
    const struct room_rows c = b->model->shut_rows;
    double *air_c = b->air_c, *mass_c = b->mass_c, *heater_c = b->heater_c, *sensor_c = b->sensor_c;
    const double *heater_w = b->heater_w, *internal_w = b->internal_w, *solar_w = b->solar_w;
    double sky[ROOM_STATES];
    sky_of(sky, &c, outside_c);
    WIDE_LOOP
    for (size_t i = from; i < to; i++) {
        struct room_state x = {air_c[i], mass_c[i], heater_c[i], sensor_c[i]};
        x = step_one(&c, sky, x, heater_w[i], internal_w[i], solar_w[i]);
        air_c[i] = x.air_c;
        mass_c[i] = x.mass_c;
        heater_c[i] = x.heater_c;
        sensor_c[i] = x.sensor_c;
    }
}
WIDE(step_shut, (const struct room_batch *b, double outside_c, size_t from, size_t to),
     (b, outside_c, from, to))

// A row where some are open.
WIDE_INLINE void step_mixed_any(const struct room_batch *b, double outside_c, size_t from)
{
    const struct room_rows *shut = &b->model->shut_rows, *open = &b->model->open_rows;
    double *air_c = b->air_c, *mass_c = b->mass_c, *heater_c = b->heater_c, *sensor_c = b->sensor_c;
    const double *heater_w = b->heater_w, *internal_w = b->internal_w, *solar_w = b->solar_w;
    double shut_sky[ROOM_STATES], open_sky[ROOM_STATES];
    int64_t is_open[WIDE_ROW];
    sky_of(shut_sky, shut, outside_c);
    sky_of(open_sky, open, outside_c);
    wide_row_masks(is_open, b->window_open + from);
    WIDE_LOOP
    for (size_t i = from; i < from + WIDE_ROW; i++) {
        struct room_state x = {air_c[i], mass_c[i], heater_c[i], sensor_c[i]};
        struct room_state s = step_one(shut, shut_sky, x, heater_w[i], internal_w[i], solar_w[i]),
                          o = step_one(open, open_sky, x, heater_w[i], internal_w[i], solar_w[i]);
        int64_t mask = is_open[i - from];
        air_c[i] = wide_pick(mask, o.air_c, s.air_c);
        mass_c[i] = wide_pick(mask, o.mass_c, s.mass_c);
        heater_c[i] = wide_pick(mask, o.heater_c, s.heater_c);
        sensor_c[i] = wide_pick(mask, o.sensor_c, s.sensor_c);
    }
}
WIDE(step_mixed, (const struct room_batch *b, double outside_c, size_t from), (b, outside_c, from))

// Rooms with open windows that are stepped by themselves, after the others have been stepped as if theirs were shut.
#define ALONE_MAX 64
#define ALONE_ROW 4 // of a row; with more of them both steps of all sixteen cost less

struct alone {
    size_t n;
    struct {
        size_t i;
        struct room_state was;
    } v[ALONE_MAX];
};

// Puts the row's rooms with open windows aside; false where they are too many.
static bool row_alone(const struct room_batch *b, size_t from, struct alone *a)
{
    uint32_t bits = wide_row_bits(b->window_open + from);
    size_t n = a->n;
    for (; bits && n < a->n + ALONE_ROW && n < ALONE_MAX; bits &= bits - 1) {
        size_t i = from + (size_t)__builtin_ctz(bits);
        a->v[n].i = i;
        a->v[n++].was = (struct room_state){b->air_c[i], b->mass_c[i], b->heater_c[i], b->sensor_c[i]};
    }
    a->n = bits ? a->n : n;
    return bits == 0;
}

static void step_alone(struct room_batch *b, double outside_c, const struct alone *a)
{
    double sky[ROOM_STATES];
    const struct room_rows *open = &b->model->open_rows;
    sky_of(sky, open, outside_c);
    for (size_t k = 0; k < a->n; k++) {
        size_t i = a->v[k].i;
        struct room_state x =
            step_one(open, sky, a->v[k].was, b->heater_w[i], b->internal_w[i], b->solar_w[i]);
        b->air_c[i] = x.air_c;
        b->mass_c[i] = x.mass_c;
        b->heater_c[i] = x.heater_c;
        b->sensor_c[i] = x.sensor_c;
    }
}

void room_batch_step(struct room_batch *b, double outside_c)
{
    struct alone alone;
    alone.n = 0;
    size_t from = 0, end = wide_end(b->n);
    for (size_t row = 0; row < end; row += WIDE_ROW) {
        if (!wide_row_some(b->window_open + row) || row_alone(b, row, &alone))
            continue;
        if (row > from)
            step_shut(b, outside_c, from, row);
        step_mixed(b, outside_c, row);
        from = row + WIDE_ROW;
    }
    if (end > from)
        step_shut(b, outside_c, from, end);
    if (alone.n > 0)
        step_alone(b, outside_c, &alone);
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

void room_batch_borrow(struct room_batch *b, double *heater_w)
{
    if (!b->borrows)
        free(b->heater_w);
    b->heater_w = heater_w;
    b->borrows = true;
}

struct room_batch room_batch_part(const struct room_batch *whole, const struct room_model *m, size_t from,
                                  size_t n)
{
    return (struct room_batch){.model = m,
                               .n = n,
                               .air_c = whole->air_c + from,
                               .mass_c = whole->mass_c + from,
                               .heater_c = whole->heater_c + from,
                               .sensor_c = whole->sensor_c + from,
                               .heater_w = whole->heater_w + from,
                               .internal_w = whole->internal_w + from,
                               .solar_w = whole->solar_w + from,
                               .window_open = whole->window_open + from};
}

void room_batch_deinit(struct room_batch *b)
{
    free(b->air_c);
    free(b->mass_c);
    free(b->heater_c);
    free(b->sensor_c);
    if (!b->borrows)
        free(b->heater_w);
    free(b->internal_w);
    free(b->solar_w);
    free(b->window_open);
    *b = ROOM_BATCH_NULL;
}
