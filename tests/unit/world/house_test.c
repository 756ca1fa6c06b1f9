// SPDX-License-Identifier: Apache-2.0
// Rooms with neighbours: heat is stolen, none is made, and two rooms step as the exact system of both does.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/rng.h"
#include "world/house.h"
#include "world/lti.h"

static void close_to(double is, double should, double by)
{
    if (!(fabs(is - should) <= by))
        fail_msg("%.12g is not %.12g", is, should);
}

static struct room_model model_of(const char *archetype, double floor_m2, int64_t step_ms)
{
    struct room_spec s;
    struct room_model m;
    struct err e = ERR_NULL;
    room_spec_init(&s, room_archetype_find(archetype), floor_m2);
    if (room_model_init(&m, &s, step_ms, &e) < 0)
        fail_msg("%s", e.text);
    return m;
}

// Three flats in a row; the outer two heat, the middle one does not.
static void row_of_three(struct room_batch *b, const struct room_model *m, struct house *h, double w_k)
{
    room_batch_init(b, m, 3, 17);
    b->heater_w[0] = b->heater_w[2] = 400;
    assert_int_equal(house_init(h, b, 1, NULL), 0);
    for (size_t i = 0; i < 2 && w_k > 0; i++)
        assert_int_equal(
            house_add_wall(h, (struct house_room){0, i}, (struct house_room){0, i + 1}, w_k, NULL), 0);
}

static void an_unheated_flat_steals_from_both_its_neighbours(void **state)
{
    (void)state;
    struct room_model m = model_of("rt2012", 30, 60000);
    struct room_batch with, without;
    struct house a, b;
    row_of_three(&with, &m, &a, 25);
    row_of_three(&without, &m, &b, 0);
    for (int i = 0; i < 20 * 1440; i++) {
        house_step(&a, 0);
        house_step(&b, 0);
    }
    assert_true(with.air_c[1] > without.air_c[1] + 5);
    assert_true(with.air_c[0] < without.air_c[0] - 3);
    close_to(with.air_c[0], with.air_c[2], 1e-4); // the row is the same from both ends
    close_to(house_wall_j(&a, 0), -house_wall_j(&a, 1), 1e-4 * house_wall_j(&a, 0));
    // At rest the middle flat lives on what comes through its walls.
    house_forget(&a);
    house_step(&a, 0);
    double got_w = (house_wall_j(&a, 0) - house_wall_j(&a, 1)) / 60;
    close_to(got_w, 25 * 2 * (with.air_c[0] - with.air_c[1]), 0.01 * got_w);
    close_to(got_w, m.spec.vent_w_k * with.air_c[1] + m.spec.mass_out_w_k * with.mass_c[1], 0.01 * got_w);
    room_batch_deinit(&with);
    room_batch_deinit(&without);
    house_deinit(&a);
    house_deinit(&b);
}

static void walls_without_a_meter_move_the_same_heat(void **state)
{
    (void)state;
    struct room_model m = model_of("rt2012", 30, 60000);
    struct room_batch metered, bare;
    struct house a, b;
    row_of_three(&metered, &m, &a, 25);
    row_of_three(&bare, &m, &b, 25);
    b.unmetered = true;
    for (int i = 0; i < 1440; i++) {
        house_step(&a, 0);
        house_step(&b, 0);
    }
    for (size_t i = 0; i < 3; i++)
        assert_true(metered.air_c[i] == bare.air_c[i]);
    room_batch_deinit(&metered);
    room_batch_deinit(&bare);
    house_deinit(&a);
    house_deinit(&b);
}

// Both rooms as one linear system: eight states, the inputs of the first and the heater of the second.
static void both_as_one(struct lti_step *out, const struct room_model *m, double w_k)
{
    struct lti one, two = {.n = 2 * ROOM_STATES, .m = ROOM_INPUTS + 1};
    room_system(&one, &m->spec, false);
    for (int i = 0; i < ROOM_STATES; i++) {
        for (int j = 0; j < ROOM_STATES; j++) {
            two.a[i][j] = one.a[i][j];
            two.a[ROOM_STATES + i][ROOM_STATES + j] = one.a[i][j];
        }
        for (int j = 0; j < ROOM_INPUTS; j++)
            two.b[i][j] = one.b[i][j];
        two.b[ROOM_STATES + i][ROOM_IN_OUTSIDE] = one.b[i][ROOM_IN_OUTSIDE];
        two.b[ROOM_STATES + i][ROOM_INPUTS] = one.b[i][ROOM_IN_HEATER];
    }
    double k = w_k / m->spec.air_j_k;
    two.a[ROOM_AIR][ROOM_AIR] -= k;
    two.a[ROOM_AIR][ROOM_STATES + ROOM_AIR] += k;
    two.a[ROOM_STATES + ROOM_AIR][ROOM_STATES + ROOM_AIR] -= k;
    two.a[ROOM_STATES + ROOM_AIR][ROOM_AIR] += k;
    assert_int_equal(lti_discretise(out, &two, (double)m->step_ms / 1e3, NULL), 0);
}

// The largest distance in air temperature from the exact system over a day of changing watts.
static double worst_against_exact(int64_t step_ms, double w_k)
{
    struct room_model m = model_of("1975-1988", 20, step_ms);
    struct room_batch b;
    struct house h;
    struct lti_step exact;
    room_batch_init(&b, &m, 2, 17);
    house_init(&h, &b, 1, NULL);
    house_add_wall(&h, (struct house_room){0, 0}, (struct house_room){0, 1}, w_k, NULL);
    both_as_one(&exact, &m, w_k);
    double x[8] = {17, 17, 17, 17, 17, 17, 17, 17}, worst = 0;
    for (int64_t t = 0; t < 86400000; t += step_ms) {
        double u[ROOM_INPUTS + 1] = {[ROOM_IN_OUTSIDE] = 2, [ROOM_IN_HEATER] = t / 7200000 % 2 ? 500 : 0};
        b.heater_w[0] = u[ROOM_IN_HEATER];
        lti_advance(&exact, x, u, NULL);
        house_step(&h, 2);
        worst =
            fmax(worst, fmax(fabs(b.air_c[0] - x[ROOM_AIR]), fabs(b.air_c[1] - x[ROOM_STATES + ROOM_AIR])));
    }
    assert_true(fabs(x[0] - x[4]) > 0.3); // the two rooms do differ
    room_batch_deinit(&b);
    house_deinit(&h);
    return worst;
}

static void two_rooms_step_as_the_exact_system_of_both(void **state)
{
    (void)state;
    double minute = worst_against_exact(60000, 25), two = worst_against_exact(120000, 25);
    print_message("one minute: within %.2g K of the exact system, two: %.2g K, ten: %.2g K\n", minute, two,
                  worst_against_exact(600000, 25));
    assert_true(minute < 0.01);
    assert_true(two / minute > 3 && two / minute < 5); // second order
}

static void energy_is_neither_made_nor_lost_by_a_block_of_flats(void **state)
{
    (void)state;
    uint64_t seed = 15;
    struct rng r;
    rng_seed(&r, seed);
    struct room_model small = model_of("1948-1974", 12, 600000), large = model_of("rt2005", 60, 600000);
    struct room_batch b[2];
    struct house h;
    room_batch_init(&b[0], &small, 40, 18);
    room_batch_init(&b[1], &large, 20, 18);
    assert_int_equal(house_init(&h, b, 2, NULL), 0);
    for (int i = 0; i < 150; i++) { // walls anywhere, some very thin
        struct house_room p = {rng_below(&r, 2), 0}, q = {rng_below(&r, 2), 0};
        p.index = rng_below(&r, b[p.batch].n);
        q.index = rng_below(&r, b[q.batch].n);
        if (p.batch != q.batch || p.index != q.index)
            assert_int_equal(house_add_wall(&h, p, q, rng_below(&r, 10) ? 50 * rng_unit(&r) + 1 : 1e5, NULL),
                             0);
    }
    for (size_t i = 0; i < 40; i++)
        b[0].air_c[i] = 5 + 25 * rng_unit(&r);
    for (int step = 0; step < 1000; step++) {
        // Walls only: what the airs hold together does not change, and no air leaves the range of all.
        double before = 0, after = 0, low = 99, high = -99;
        for (int k = 0; k < 2; k++)
            for (size_t i = 0; i < b[k].n; i++) {
                before += b[k].air_c[i] * b[k].model->spec.air_j_k;
                low = fmin(low, b[k].air_c[i]);
                high = fmax(high, b[k].air_c[i]);
            }
        house_forget(&h);
        h.batches = 0;
        house_step(&h, 0);
        h.batches = 2;
        double moved = 100;
        for (size_t i = 0; i < h.n; i++)
            moved += fabs(house_wall_j(&h, i));
        for (int k = 0; k < 2; k++)
            for (size_t i = 0; i < b[k].n; i++) {
                after += b[k].air_c[i] * b[k].model->spec.air_j_k;
                assert_true(b[k].air_c[i] >= low - 1e-9 && b[k].air_c[i] <= high + 1e-9);
            }
        if (!(fabs(after - before) < 1e-9 * moved))
            fail_msg("seed %d, step %d: %g J of %g J moved are missing", (int)seed, step, after - before,
                     moved);
        b[step % 2].heater_w[(size_t)step % b[step % 2].n] = 500 * rng_unit(&r);
        house_step(&h, -5);
    }
    room_batch_deinit(&b[0]);
    room_batch_deinit(&b[1]);
    house_deinit(&h);
}

static void a_house_without_walls_is_its_batch(void **state)
{
    (void)state;
    struct room_model m = model_of("passive", 40, 60000);
    struct room_batch a, b;
    struct house h;
    room_batch_init(&a, &m, 7, 19);
    room_batch_init(&b, &m, 7, 19);
    house_init(&h, &a, 1, NULL);
    for (int i = 0; i < 1000; i++) {
        a.heater_w[3] = b.heater_w[3] = i % 300;
        house_step(&h, 1);
        room_batch_step(&b, 1);
    }
    assert_memory_equal(a.air_c, b.air_c, 7 * sizeof(double));
    room_batch_deinit(&a);
    room_batch_deinit(&b);
    house_deinit(&h);
}

// Three sizes in the arrays of one batch, walls between them.
static void parts_of_a_batch_are_as_batches_by_themselves(void **state)
{
    (void)state;
    enum { SIZES = 3, N = 11 };
    struct rng r;
    rng_seed(&r, 8);
    struct room_model m[SIZES];
    struct room_batch whole, part[SIZES], own[SIZES];
    struct house parts, each;
    room_batch_init(&whole, NULL, 2 * 16 + N, 0);
    for (int k = 0; k < SIZES; k++) {
        m[k] = model_of("rt2005", 15 + 5 * k, 60000);
        part[k] = room_batch_part(&whole, &m[k], (size_t)k * 16, N);
        room_batch_init(&own[k], &m[k], N, 0);
        for (int i = 0; i < N; i++) {
            part[k].air_c[i] = own[k].air_c[i] = 10 + 10 * rng_unit(&r);
            part[k].window_open[i] = own[k].window_open[i] = rng_below(&r, 9) == 0;
        }
    }
    assert_int_equal(house_init(&parts, part, SIZES, NULL), 0);
    assert_int_equal(house_init(&each, own, SIZES, NULL), 0);
    for (size_t i = 0; i < 2 * N; i++) {
        struct house_room a = {i % 2, i / 2}, b = {2, i / 2};
        assert_int_equal(house_add_wall(&parts, a, b, 25, NULL), 0);
        assert_int_equal(house_add_wall(&each, a, b, 25, NULL), 0);
    }
    parts.unmetered = true;
    for (int step = 0; step < 200; step++) {
        house_walls_before(&parts);
        for (int k = 0; k < SIZES; k++)
            room_batch_step(&part[k], step % 20 - 5);
        house_walls_after(&parts);
        house_step(&each, step % 20 - 5);
    }
    for (int k = 0; k < SIZES; k++) {
        assert_memory_equal(part[k].air_c, own[k].air_c, N * sizeof(double));
        assert_memory_equal(part[k].sensor_c, own[k].sensor_c, N * sizeof(double));
        room_batch_deinit(&own[k]);
    }
    room_batch_deinit(&whole);
    house_deinit(&parts);
    house_deinit(&each);
}

// Six rooms in a row with thick and thin walls between them, after three hours of heat in the first.
static void row_after(double air_c[6], int64_t step_ms, int64_t after_ms)
{
    struct room_model m = model_of("1975-1988", 20, step_ms);
    struct room_batch b;
    struct house h;
    room_batch_init(&b, &m, 6, 17);
    b.heater_w[0] = 1000;
    assert_int_equal(house_init(&h, &b, 1, NULL), 0);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(house_add_wall(&h, (struct house_room){0, i}, (struct house_room){0, i + 1},
                                        i % 2 ? 120 : 30, NULL),
                         0);
    for (int64_t t = 0; t < after_ms; t += step_ms)
        house_step(&h, 2);
    memcpy(air_c, b.air_c, 6 * sizeof *air_c);
    room_batch_deinit(&b);
    house_deinit(&h);
}

static double row_off(int64_t step_ms, int64_t after_ms)
{
    double fine[6], air_c[6], off = 0;
    row_after(fine, 1000, after_ms);
    row_after(air_c, step_ms, after_ms);
    for (int i = 0; i < 6; i++)
        off = fmax(off, fabs(air_c[i] - fine[i]));
    return off;
}

// Also where the walls have done their half of two steps only: after an odd number of them.
static void walls_that_take_turns_before_and_after_are_of_second_order(void **state)
{
    (void)state;
    for (int odd = 0; odd < 2; odd++) { // 93 and 31 steps, or 90 and 30
        int64_t after_ms = 3 * 3600000 + odd * 360000;
        double two = row_off(120000, after_ms), six = row_off(360000, after_ms);
        print_message("steps of 2 and 6 minutes: %.2g, %.2g K from steps of a second\n", two, six);
        assert_true(two < 0.005);
        assert_true(six / two > 7 && six / two < 11);
    }
}

static void walls_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct room_model m = model_of("passive", 40, 60000), slow = model_of("passive", 40, 120000);
    struct room_batch b[2];
    struct house h;
    struct err e = ERR_NULL;
    room_batch_init(&b[0], &m, 2, 19);
    room_batch_init(&b[1], &slow, 2, 19);
    assert_int_equal(house_init(&h, b, 2, &e), -EINVAL);
    assert_string_equal(e.text, "house: batch 1 steps by 120000 ms, the first by 60000 (they must be equal)");
    assert_int_equal(house_init(&h, b, 1, &e), 0);
    assert_int_equal(house_add_wall(&h, (struct house_room){0, 0}, (struct house_room){0, 2}, 5, &e),
                     -EINVAL);
    assert_int_equal(house_add_wall(&h, (struct house_room){0, 1}, (struct house_room){0, 1}, 5, &e),
                     -EINVAL);
    assert_int_equal(house_add_wall(&h, (struct house_room){0, 0}, (struct house_room){0, 1}, NAN, &e),
                     -EINVAL);
    assert_non_null(strstr(e.text, "w_k"));
    assert_int_equal(h.n, 0);
    room_batch_deinit(&b[0]);
    room_batch_deinit(&b[1]);
    house_deinit(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unheated_flat_steals_from_both_its_neighbours),
        cmocka_unit_test(walls_without_a_meter_move_the_same_heat),
        cmocka_unit_test(two_rooms_step_as_the_exact_system_of_both),
        cmocka_unit_test(energy_is_neither_made_nor_lost_by_a_block_of_flats),
        cmocka_unit_test(a_house_without_walls_is_its_batch),
        cmocka_unit_test(parts_of_a_batch_are_as_batches_by_themselves),
        cmocka_unit_test(walls_that_take_turns_before_and_after_are_of_second_order),
        cmocka_unit_test(walls_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
