// SPDX-License-Identifier: Apache-2.0
// The hot-water tank: plug flow by volume, stratification, loop, backup, energy to 1e-9 in every step.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/when.h"
#include "world/tank.h"
#include "world/water.h"

static struct tank_spec bare_spec(double litres, int nodes)
{
    struct tank_spec s;
    tank_spec_init(&s, litres);
    s.nodes = nodes;
    s.backup_node = nodes / 3;
    s.loss_w_k = s.conduct_w_mk = 0;
    return s;
}

static struct tank tank_of(const struct tank_spec *s, double start_c)
{
    struct tank t;
    struct err e = ERR_NULL;
    if (tank_init(&t, s, start_c, &e) < 0)
        fail_msg("%s", e.text);
    return t;
}

static void close_to(double is, double should, double by)
{
    if (!(fabs(is - should) <= by))
        fail_msg("%.12g is not %.12g", is, should);
}

static void four_kilowatts_warm_six_litres_a_minute_by_9_6_kelvin(void **state)
{
    (void)state;
    struct tank_spec s = bare_spec(1000, 10);
    struct tank t = tank_of(&s, 40);
    struct tank_flows f;
    tank_step(&t, &(struct tank_input){.boiler_w = 4000, .boiler_l_min = 6, .cold_c = 10}, 60000, &f);
    close_to(f.boiler_in_c, 40, 1e-12);
    close_to(f.boiler_out_c - f.boiler_in_c, 9.6, 0.05);
    close_to(tank_stored_j(&t, 40), 240000, 1e-3);
    close_to(t.t[0], 40 + 240000 / (100 * WATER_J_L_K), 1e-9); // all of it lies in the top layer
    close_to(tank_bottom_c(&t), 40, 1e-12);
}

static void whole_layers_of_cold_water_push_the_warm_out_unmixed(void **state)
{
    (void)state;
    struct tank_spec s = bare_spec(300, 10);
    struct tank t = tank_of(&s, 60);
    struct tank_flows f;
    tank_step(&t, &(struct tank_input){.draw_l = 120, .cold_c = 10}, 60000,
              &f); // four layers of thirty litres
    for (int i = 0; i < 10; i++)
        close_to(t.t[i], i < 6 ? 60 : 10, 1e-9);
    close_to(f.outlet_c, 60, 1e-9);
    close_to(f.draw_j, 120 * 50 * WATER_J_L_K, 1e-3);
    tank_step(&t, &(struct tank_input){.draw_l = 240, .cold_c = 10}, 60000, &f); // 180 warm and 60 cold
    close_to(f.outlet_c, (180 * 60 + 60 * 10) / 240.0, 1e-9);
    for (int i = 0; i < 10; i++)
        close_to(t.t[i], 10, 1e-9);
}

static void a_part_of_a_layer_and_many_tanks_full_are_counted_by_volume_too(void **state)
{
    (void)state;
    struct tank_spec s = bare_spec(300, 10);
    struct tank t = tank_of(&s, 60);
    struct tank_flows f;
    tank_step(&t, &(struct tank_input){.draw_l = 45, .cold_c = 10}, 60000, &f);
    close_to(t.t[9], 10, 1e-9);
    close_to(t.t[8], 35, 1e-9);
    close_to(t.t[7], 60, 1e-9);
    t = tank_of(&s, 60);
    tank_step(&t, &(struct tank_input){.draw_l = 1234.5, .cold_c = 10}, 60000, &f);
    close_to(f.outlet_c, 10 + 300 * 50 / 1234.5, 1e-9);
    close_to(t.t[0], 10, 1e-9);
}

static void a_third_of_a_tank_drawn_in_small_sips_still_comes_out_hot(void **state)
{
    (void)state;
    struct tank_spec s = bare_spec(300, 20);
    struct tank t = tank_of(&s, 60);
    struct tank_flows f;
    for (int i = 0; i < 50; i++) // 2 l at a time
        tank_step(&t, &(struct tank_input){.draw_l = 2, .cold_c = 10}, 60000, &f);
    close_to(f.outlet_c, 60, 0.01);
    assert_true(tank_bottom_c(&t) < 10.5);
}

static void a_warm_tank_cools_by_its_jacket_as_the_exponential_says(void **state)
{
    (void)state;
    struct tank_spec s = bare_spec(500, 15);
    s.loss_w_k = 2.5;
    struct tank t = tank_of(&s, 60);
    struct tank_flows f;
    double lost_j = 0;
    for (int i = 0; i < 48 * 60; i++) {
        tank_step(&t, &(struct tank_input){.ambient_c = 18}, 60000, &f);
        lost_j += f.jacket_j;
    }
    double left_k = 42 * exp(-2.5 * 48 * 3600 / (500 * WATER_J_L_K));
    close_to(t.t[7], 18 + left_k, 0.001);
    close_to(lost_j, 500 * WATER_J_L_K * (60 - t.t[7]), 1);
}

static void heat_creeps_down_through_the_boundary_at_the_rate_of_the_conduction(void **state)
{
    (void)state;
    struct tank_spec s = bare_spec(200, 2);
    s.height_m = 1;
    s.conduct_w_mk = 1;
    struct tank t = tank_of(&s, 60);
    t.t[1] = 20;
    struct tank_flows f;
    tank_step(&t, &(struct tank_input){0}, 1000, &f);
    close_to((t.t[1] - 20) * 100 * WATER_J_L_K, 1 * 0.2 / 0.5 * 40, 0.01); // lambda A / dx dT, one second
    for (int i = 0; i < 2000; i++)
        tank_step(&t, &(struct tank_input){0}, 3600000, &f);
    close_to(t.t[0], 40, 0.01);
    close_to(t.t[1], 40, 0.01);
}

static void a_coil_in_the_lowest_layer_warms_all_above_it(void **state)
{
    (void)state;
    struct tank_spec s = bare_spec(300, 15);
    struct tank t = tank_of(&s, 30);
    t.t[0] = 50;
    struct tank_flows f;
    for (int i = 0; i < 60; i++)
        tank_step(&t, &(struct tank_input){.boiler_w = 5000}, 60000, &f);
    double rise = 3600.0 * 5000 / (280 * WATER_J_L_K);
    close_to(t.t[0], 50, 1e-9); // not reached yet
    for (int i = 1; i < 15; i++)
        close_to(t.t[i], 30 + rise, 1e-6);
}

static void a_boiler_warmer_than_the_tank_builds_a_hot_layer_at_the_top(void **state)
{
    (void)state;
    struct tank_spec s = bare_spec(600, 20);
    struct tank t = tank_of(&s, 15);
    struct tank_flows f;
    for (int i = 0; i < 120; i++) // 60 l/h raised by 40 K
        tank_step(&t, &(struct tank_input){.boiler_w = 40 * WATER_J_L_K / 60, .boiler_l_min = 1}, 60000, &f);
    close_to(t.t[0], 55, 1);
    close_to(tank_bottom_c(&t), 15, 0.01);
    close_to(f.boiler_out_c, 55, 0.01);
}

static void lukewarm_water_of_the_boiler_goes_in_at_its_own_height(void **state)
{
    (void)state;
    struct tank_spec s = bare_spec(300, 15);
    struct tank t = tank_of(&s, 60);
    for (int i = 8; i < 15; i++)
        t.t[i] = 10;
    struct tank_flows f;
    for (int i = 0; i < 60; i++)
        tank_step(&t, &(struct tank_input){.boiler_w = 20 * WATER_J_L_K / 60, .boiler_l_min = 1}, 60000, &f);
    close_to(t.t[7], 60, 1e-9);
    assert_true(t.t[8] > 25 && t.t[8] <= 30.001);
    close_to(tank_bottom_c(&t), 10, 1);
}

static void the_loop_comes_back_colder_by_what_its_pipes_lose(void **state)
{
    (void)state;
    struct tank_spec s = bare_spec(1000, 15);
    s.loop_l_min = 5;
    s.loop_w_k = 20; // 100 m at 8 W/m and 40 K
    struct tank t = tank_of(&s, 60);
    struct tank_flows f;
    tank_step(&t, &(struct tank_input){.ambient_c = 20}, 60000, &f);
    double units = 20 / (5.0 / 60 * WATER_J_L_K);
    close_to(f.loop_return_c, 20 + 40 * exp(-units), 1e-9);
    close_to(f.loop_j / 60, 778, 1); // a little below 20 W/K x 40 K: the pipe cools along its way
    s.boiler = TANK_BOILER_LOOP_RETURN;
    t = tank_of(&s, 60);
    tank_step(&t, &(struct tank_input){.ambient_c = 20, .boiler_w = f.loop_j / 60}, 60000, &f);
    close_to(f.boiler_out_c, 60, 1e-9); // just what the loop lost
    close_to(tank_stored_j(&t, 60), 0, 1e-3);
    assert_true(f.boiler_in_c < 58);
}

static void the_backup_heats_the_upper_part_to_its_set_point_and_no_further(void **state)
{
    (void)state;
    struct tank_spec s = bare_spec(300, 15);
    s.backup_w = 6000;
    s.backup_band_k = 3;
    struct tank t = tank_of(&s, 20);
    struct tank_flows f;
    double j = 0;
    struct tank_input in = {.backup_set_c = 60};
    for (int i = 0; i < 300; i++) {
        tank_step(&t, &in, 60000, &f);
        j += f.backup_j;
    }
    for (int i = 0; i < 15; i++)
        close_to(t.t[i], i <= 5 ? 60 : 20, 1e-6); // the element sits in layer 5
    close_to(j, 120 * 40 * WATER_J_L_K, 1);
    t.t[5] = 58; // within the band: stays off
    tank_step(&t, &in, 60000, &f);
    close_to(f.backup_j, 0, 0);
    t.t[5] = 56.9;
    tank_step(&t, &in, 60000, &f);
    assert_true(f.backup_j > 0);
    t = tank_of(&s, 20);
    tank_step(&t, &in, 3600000, &f); // an hour in one step does not shoot past
    assert_true(t.t[0] <= 60 + 1e-9);
    in.backup_set_c = 0;
    tank_step(&t, &in, 60000, &f);
    close_to(f.backup_j, 0, 0);
}

static void energy_adds_up_in_every_step_of_random_tanks(void **state)
{
    (void)state;
    uint64_t seed = 814;
    struct rng r;
    rng_seed(&r, seed);
    double worst = 0;
    for (int k = 0; k < 200; k++) {
        struct tank_spec s;
        tank_spec_init(&s, 50 + 5000 * rng_unit(&r));
        s.nodes = 2 + (int)rng_below(&r, 19);
        s.backup_node = (int)rng_below(&r, (uint64_t)s.nodes);
        s.loop_l_min = rng_below(&r, 2) ? 20 * rng_unit(&r) : 0;
        s.loop_w_k = 40 * rng_unit(&r);
        s.boiler = s.loop_l_min > 0 && rng_below(&r, 2) ? TANK_BOILER_LOOP_RETURN : TANK_BOILER_BOTTOM;
        struct tank t = tank_of(&s, 10 + 60 * rng_unit(&r));
        int64_t step = rng_below(&r, 2) ? 60000 : 1 + (int64_t)rng_below(&r, 3600000);
        for (int i = 0; i < 500; i++) {
            struct tank_input in = {
                .draw_l = rng_below(&r, 3) ? 0 : s.litres * (rng_below(&r, 20) ? 0.1 : 3) * rng_unit(&r),
                .cold_c = 5 + 15 * rng_unit(&r),
                .ambient_c = 10 + 15 * rng_unit(&r),
                .boiler_w = tank_bottom_c(&t) < 60 ? 5 * s.litres * rng_unit(&r) : 0,
                .boiler_l_min = rng_below(&r, 4) ? 0.02 * s.litres * rng_unit(&r) : 0,
                .backup_set_c = rng_below(&r, 2) ? 60 : 0,
            };
            struct tank_flows f;
            tank_step(&t, &in, step, &f);
            double error = tank_energy_error(&f);
            if (!(error < 1e-9))
                fail_msg("seed %d, tank %d, step %d: misses %g of its energy", (int)seed, k, i, error);
            worst = fmax(worst, error);
            for (int n = 1; n < s.nodes; n++)
                if (!(t.t[n] <= t.t[n - 1] + 1e-9))
                    fail_msg("seed %d, tank %d, step %d: layer %d lies warm below", (int)seed, k, i, n);
        }
    }
    print_message("worst step misses %.2g of its energy\n", worst);
}

static void bad_tanks_are_refused_by_the_name_of_their_field(void **state)
{
    (void)state;
    struct tank t;
    struct tank_spec s = bare_spec(300, 15);
    struct err e = ERR_NULL;
    s.nodes = 21;
    assert_int_equal(tank_init(&t, &s, 50, &e), -EINVAL);
    assert_string_equal(e.text, "tank: nodes is 21 (2 to 20)");
    s = bare_spec(NAN, 15);
    assert_int_equal(tank_init(&t, &s, 50, &e), -EINVAL);
    assert_non_null(strstr(e.text, "litres"));
    s = bare_spec(300, 15);
    s.boiler = TANK_BOILER_LOOP_RETURN;
    assert_int_equal(tank_init(&t, &s, 50, &e), -EINVAL);
    assert_non_null(strstr(e.text, "loop_l_min"));
}

static void the_mains_are_coldest_in_february_and_warmest_in_august(void **state)
{
    (void)state;
    struct water_mains m = WATER_MAINS_PARIS;
    close_to(water_mains_c(&m, civil_to_ms(2019, 8, 15, 0, 0, 0)), 18, 0.01);
    close_to(water_mains_c(&m, civil_to_ms(2019, 2, 13, 0, 0, 0)), 7, 0.05);
    close_to(water_mains_c(&m, civil_to_ms(2020, 12, 31, 23, 59, 0)),
             water_mains_c(&m, civil_to_ms(2021, 1, 1, 0, 0, 0)), 0.1);
}

static void a_store_relaxes_exactly_whatever_its_step(void **state)
{
    (void)state;
    for (double h = 1e-6; h < 1e7; h *= 3) {
        struct water_relaxed r = water_relax(20, 5e4, 1000, 25, h);
        double x = 25 * h / 5e4, want = 20 - 40 * expm1(-x);
        close_to(r.end_c, want, 1e-11);
        close_to(5e4 * (r.end_c - 20), (1000 - 25 * (r.mean_c - 20)) * h, 1e-9 * (1 + 1000 * h));
    }
    struct water_relaxed r = water_relax(20, 5e4, 1000, 0, 100);
    close_to(r.end_c, 22, 1e-12);
    close_to(r.mean_c, 21, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_kilowatts_warm_six_litres_a_minute_by_9_6_kelvin),
        cmocka_unit_test(whole_layers_of_cold_water_push_the_warm_out_unmixed),
        cmocka_unit_test(a_part_of_a_layer_and_many_tanks_full_are_counted_by_volume_too),
        cmocka_unit_test(a_third_of_a_tank_drawn_in_small_sips_still_comes_out_hot),
        cmocka_unit_test(a_warm_tank_cools_by_its_jacket_as_the_exponential_says),
        cmocka_unit_test(heat_creeps_down_through_the_boundary_at_the_rate_of_the_conduction),
        cmocka_unit_test(a_coil_in_the_lowest_layer_warms_all_above_it),
        cmocka_unit_test(a_boiler_warmer_than_the_tank_builds_a_hot_layer_at_the_top),
        cmocka_unit_test(lukewarm_water_of_the_boiler_goes_in_at_its_own_height),
        cmocka_unit_test(the_loop_comes_back_colder_by_what_its_pipes_lose),
        cmocka_unit_test(the_backup_heats_the_upper_part_to_its_set_point_and_no_further),
        cmocka_unit_test(energy_adds_up_in_every_step_of_random_tanks),
        cmocka_unit_test(bad_tanks_are_refused_by_the_name_of_their_field),
        cmocka_unit_test(the_mains_are_coldest_in_february_and_warmest_in_august),
        cmocka_unit_test(a_store_relaxes_exactly_whatever_its_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
