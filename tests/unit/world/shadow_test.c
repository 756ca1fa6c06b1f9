// SPDX-License-Identifier: Apache-2.0
// The ideal heater beside the real one: it reaches and holds, never above its power, and asks for what the
// room loses.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "world/shadow.h"

static void init(struct shadow_model *m, struct room_spec *s, const char *name, double floor_m2,
                 int64_t step_ms)
{
    struct err e = ERR_NULL;
    room_spec_init(s, room_archetype_find(name), floor_m2);
    if (shadow_model_init(m, s, step_ms, &e) < 0)
        fail_msg("%s", e.text);
}

static void each_step_ends_at_the_setpoint_where_the_power_suffices(void **state)
{
    (void)state;
    const int64_t steps[] = {1000, 60000, 900000};
    for (int k = 0; k < 3; k++) {
        struct shadow_model m;
        struct room_spec s;
        init(&m, &s, "rt2012", 30, steps[k]);
        struct shadow x = shadow_at(20);
        struct rng r;
        rng_seed(&r, 6);
        int held = 0;
        for (int i = 0; i < 2000; i++) {
            struct room_input in = {.outside_c = -5 + 10 * rng_unit(&r), .internal_w = 100 * rng_unit(&r)};
            double w = shadow_step(&m, &x, &in, 20, 1500);
            assert_true(w >= 0 && w <= 1500);
            if (w > 0 && w < 1500) {
                assert_true(fabs(x.air_c - 20) < 1e-9);
                held++;
            }
        }
        assert_true(held > 1900);
    }
}

static void at_rest_it_asks_for_what_holds_the_room(void **state)
{
    (void)state;
    struct shadow_model m;
    struct room_spec s;
    init(&m, &s, "1975-1988", 20, 60000);
    struct room_input in = {.outside_c = 2, .internal_w = 80, .solar_w = 50};
    struct shadow x = shadow_at(19);
    double w = 0;
    for (int i = 0; i < 60 * 24 * 60; i++)
        w = shadow_step(&m, &x, &in, 19, 2000);
    assert_true(fabs(w - room_holding_w(&s, &in, 19)) < 1e-6);
    // Energy: a last hour at these watts.
    double before = x.energy_j;
    for (int i = 0; i < 60; i++)
        shadow_step(&m, &x, &in, 19, 2000);
    assert_true(fabs(x.energy_j - before - w * 3600) < 1e-3);
}

static void too_small_it_gives_all_and_off_it_gives_nothing(void **state)
{
    (void)state;
    struct shadow_model m;
    struct room_spec s;
    init(&m, &s, "1948-1974", 20, 60000);
    struct room_input in = {.outside_c = -5};
    struct shadow x = shadow_at(18);
    for (int i = 0; i < 10000; i++)
        assert_true(shadow_step(&m, &x, &in, 26, 500) == 500);
    assert_true(x.air_c < 15);
    assert_true(shadow_step(&m, &x, &in, 26, 0) == 0);
    assert_true(shadow_step(&m, &x, &in, 26, -1) == 0);
    assert_true(shadow_step(&m, &x, &in, x.air_c - 3, 500) == 0); // too warm already
}

static void an_open_window_is_heated_against(void **state)
{
    (void)state;
    struct shadow_model m;
    struct room_spec s;
    init(&m, &s, "rt2012", 30, 60000);
    struct room_input in = {.outside_c = 5};
    struct shadow x = shadow_at(20);
    double shut = shadow_step(&m, &x, &in, 20, 5000);
    in.window_open = true;
    double open = shadow_step(&m, &x, &in, 20, 5000);
    assert_true(fabs(x.air_c - 20) < 1e-9);
    assert_true(open > shut + 0.8 * (s.vent_open_w_k - s.vent_w_k) * 15);
}

static void the_real_heater_reaches_the_same_room_at_the_same_watts(void **state)
{
    (void)state;
    struct shadow_model m;
    struct room_model real;
    struct room_spec s;
    init(&m, &s, "rt2005", 25, 60000);
    assert_int_equal(room_model_init(&real, &s, 60000, NULL), 0);
    struct room_input in = {.outside_c = 0, .heater_w = 400, .internal_w = 50};
    struct room_state x = room_state_at(18);
    struct shadow y = shadow_at(18);
    double late = 0;
    for (int i = 0; i < 60 * 24 * 90; i++) {
        room_step(&real, &x, &in, 1);
        shadow_step(&m, &y, &in, 100, 400);
        if (i == 30)
            late = y.air_c - x.air_c; // the metal must warm first
    }
    assert_true(late > 0.1);
    assert_true(fabs(x.air_c - y.air_c) < 1e-6 && fabs(x.mass_c - y.mass_c) < 1e-6);
}

static void what_is_no_room_is_refused(void **state)
{
    (void)state;
    struct shadow_model m;
    struct room_spec s;
    struct err e = ERR_NULL;
    room_spec_init(&s, room_archetype_find("office"), 0);
    s.air_j_k = 0;
    assert_int_equal(shadow_model_init(&m, &s, 1000, &e), -EINVAL);
    assert_non_null(strstr(e.text, "air_j_k"));
}

// A batch gives the digits of single steps, with windows open and shut.
static void a_batch_is_the_same_as_one_by_one(void **state)
{
    (void)state;
    enum { N = 300 };
    struct shadow_model m;
    struct room_model rm;
    struct room_spec s;
    struct room_batch b;
    struct shadow_batch x;
    struct shadow one[N];
    struct rng r;
    init(&m, &s, "rt2012", 30, 60000);
    assert_int_equal(room_model_init(&rm, &s, 60000, NULL), 0);
    room_batch_init(&b, &rm, N, 18);
    shadow_batch_init(&x, &m, N, 18);
    rng_seed(&r, 9);
    for (int i = 0; i < N; i++)
        one[i] = shadow_at(18);
    for (int step = 0; step < 200; step++) {
        double outside = -5 + 20 * rng_unit(&r);
        for (int i = 0; i < N; i++) {
            b.internal_w[i] = 200 * rng_unit(&r);
            b.solar_w[i] = 300 * rng_unit(&r);
            b.window_open[i] = rng_below(&r, 20) == 0;
            x.setpoint_c[i] = 16 + 10 * rng_unit(&r);
            x.max_w[i] = 500;
        }
        shadow_batch_look(&x, &b, true);
        shadow_batch_step(&x, outside, 1);
        for (int i = 0; i < N; i++) {
            struct room_input in = {.outside_c = outside,
                                    .internal_w = b.internal_w[i],
                                    .solar_w = b.solar_w[i],
                                    .window_open = b.window_open[i]};
            double w = shadow_step(&m, &one[i], &in, x.setpoint_c[i], x.max_w[i]);
            assert_memory_equal(&w, &x.watts[i], sizeof w);
            assert_memory_equal(&one[i].air_c, &x.air_c[i], sizeof w);
            assert_memory_equal(&one[i].mass_c, &x.mass_c[i], sizeof w);
        }
    }
    shadow_batch_deinit(&x);
    room_batch_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_step_ends_at_the_setpoint_where_the_power_suffices),
        cmocka_unit_test(at_rest_it_asks_for_what_holds_the_room),
        cmocka_unit_test(too_small_it_gives_all_and_off_it_gives_nothing),
        cmocka_unit_test(an_open_window_is_heated_against),
        cmocka_unit_test(the_real_heater_reaches_the_same_room_at_the_same_watts),
        cmocka_unit_test(what_is_no_room_is_refused),
        cmocka_unit_test(a_batch_is_the_same_as_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
