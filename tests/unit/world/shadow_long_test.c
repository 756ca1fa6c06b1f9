// SPDX-License-Identifier: Apache-2.0
// Ideal heaters in steps of five minutes beside rooms in steps of one: the same energy, and the same room.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/num.h"
#include "base/rng.h"
#include "world/house.h"
#include "world/shadow.h"

enum { N = 40, DAYS = 7, MINUTES = DAYS * 1440 };

static struct room_spec usual(void)
{
    struct room_spec s;
    room_spec_init(&s, room_archetype_find("rt2005"), 22);
    return s;
}

// The sky, people, windows and knobs of one minute: a knob every second day, windows twice a day, all at any minute.
static double minute(struct room_batch *b, double *setpoint_c, int open_until[N], int t, struct rng *r)
{
    for (int i = 0; i < N; i++) {
        if (t % 10 == 0)
            b->solar_w[i] = t % 1440 > 480 && t % 1440 < 1020 ? 150 * rng_unit(r) : 0;
        if (rng_below(r, 720) == 0)
            open_until[i] = t + 5 + (int)rng_below(r, 11);
        b->window_open[i] = t < open_until[i];
        if (rng_below(r, 360) == 0)
            b->internal_w[i] = 50 + 150 * rng_unit(r);
        if (t == 0 || rng_below(r, 2880) == 0)
            setpoint_c[i] = 16 + (double)rng_below(r, 9) * 0.5;
    }
    return 5 + 4 * num_sin(2 * NUM_PI * (t - 540) / 1440);
}

static void long_steps_ask_for_the_same_heat(void **state)
{
    (void)state;
    struct room_spec s = usual();
    struct shadow_model m;
    struct room_model rm;
    struct room_batch b;
    struct shadow_batch fine, coarse;
    struct rng r;
    int open_until[N] = {0};
    double fine_j = 0, coarse_j = 0, apart_j = 0;
    rng_seed(&r, 41);
    assert_int_equal(room_model_init(&rm, &s, 60000, NULL), 0);
    assert_int_equal(shadow_model_init(&m, &s, 60000, NULL), 0);
    struct shadow_model five;
    assert_int_equal(shadow_model_init(&five, &s, 300000, NULL), 0);
    room_batch_init(&b, &rm, N, 18);
    shadow_batch_init(&fine, &m, N, 18);
    shadow_batch_init(&coarse, &five, N, 18);
    for (int i = 0; i < N; i++)
        fine.max_w[i] = coarse.max_w[i] = 1000;
    double middle_c = 0;
    for (int t = 0; t < MINUTES; t++) {
        double outside_c = minute(&b, fine.setpoint_c, open_until, t, &r);
        for (int i = 0; i < N; i++)
            coarse.setpoint_c[i] = fine.setpoint_c[i];
        shadow_batch_look(&fine, &b, true);
        shadow_batch_step(&fine, outside_c, 1);
        shadow_batch_look(&coarse, &b, t % 5 == 2);
        middle_c = t % 5 == 2 ? outside_c : middle_c;
        if (t % 5 == 4)
            shadow_batch_step(&coarse, middle_c, 5);
        for (int i = 0; t % 60 == 59 && i < N; i++) {
            double a = fine.sum_w[i] * 60, c = coarse.sum_w[i] * 300;
            fine_j += a;
            coarse_j += c;
            apart_j += fabs(a - c);
            fine.sum_w[i] = coarse.sum_w[i] = 0;
        }
    }
    print_message("asked %.4g J, in long steps %+.3f %%; by the hour %.2f %% apart\n", fine_j,
                  100 * (coarse_j / fine_j - 1), 100 * apart_j / fine_j);
    assert_true(fabs(coarse_j / fine_j - 1) < 0.001);
    assert_true(apart_j < 0.03 * fine_j);
    room_batch_deinit(&b);
    shadow_batch_deinit(&fine);
    shadow_batch_deinit(&coarse);
}

// Two rooms at 21 and 16 degC with a wall between them, for ever: each asks for what it loses to the outside
// and the wall.
static void what_goes_through_a_wall_is_asked_for(void **state)
{
    (void)state;
    struct room_spec s = usual();
    struct shadow_model m;
    struct room_model rm;
    struct room_batch b, airs;
    struct shadow_batch x;
    struct house h;
    assert_int_equal(room_model_init(&rm, &s, 60000, NULL), 0);
    assert_int_equal(shadow_model_init(&m, &s, 300000, NULL), 0);
    assert_true(house_thin(s.air_j_k, 25, 300000));
    assert_false(house_thin(s.air_j_k, 250, 300000));
    room_batch_init(&b, &rm, 2, 18);
    shadow_batch_init(&x, &m, 2, 18);
    airs = b;
    airs.air_c = x.air_c;
    assert_int_equal(house_init(&h, &airs, 1, NULL), 0);
    h.step_ms = 300000;
    h.unmetered = true;
    h.was_c = &x.left_c;
    assert_int_equal(house_add_wall(&h, (struct house_room){0, 0}, (struct house_room){0, 1}, 25, NULL), 0);
    x.setpoint_c[0] = 21;
    x.setpoint_c[1] = 16;
    x.max_w[0] = x.max_w[1] = 1500;
    for (int t = 0; t < 60 * 288; t++) {
        house_walls(&h, t % 2 != 0);
        shadow_batch_look(&x, &b, true);
        shadow_batch_step(&x, 2, 1);
        assert_true(t < 50 * 288 || (fabs(x.air_c[0] - 21) < 1e-9 && fabs(x.air_c[1] - 16) < 1e-9));
    }
    // What comes into the air, as the wall's heat does, is heat as the heater's part for the air is, and the mass
    // follows: held airs lose what they lost before, and the wall's.
    for (int i = 0; i < 2; i++) {
        double ratio = s.mass_out_w_k / s.air_mass_w_k, out = i == 0 ? 125 : -125;
        struct room_input in = {.outside_c = 2};
        double should =
            room_holding_w(&s, &in, x.setpoint_c[i]) + out * (1 + ratio) / (1 + s.convected * ratio);
        if (!(fabs(x.watts[i] - should) < 0.01))
            fail_msg("room %d draws %g W, not %g", i, x.watts[i], should);
    }
    room_batch_deinit(&b);
    shadow_batch_deinit(&x);
    house_deinit(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_steps_ask_for_the_same_heat),
        cmocka_unit_test(what_goes_through_a_wall_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
