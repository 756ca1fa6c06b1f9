// SPDX-License-Identifier: Apache-2.0
// The boiler's water side: junctions, the cap that falls as the return warms, the cut-outs, energy.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "world/boiler.h"
#include "world/water.h"

static const int64_t MINUTE = 60000;

static void close_to(double is, double should, double by)
{
    if (!(fabs(is - should) <= by))
        fail_msg("%.12g is not %.12g", is, should);
}

static void a_processor_of_105_watts_on_65_degrees_is_at_76_to_86(void **state)
{
    (void)state;
    for (double r_th = 0.1; r_th < 0.21; r_th += 0.1) {
        struct boiler_spec s;
        boiler_spec_init(&s, 1);
        s.r_th_k_w = r_th;
        s.tjmax_c = 100;
        s.loss_w_k = 0;
        struct boiler b;
        assert_int_equal(boiler_init(&b, &s, 65, NULL), 0);
        struct boiler_input in = {105, 65 - 105 * 60 / WATER_J_L_K, 1, 20}; // so that the outlet is 65
        struct boiler_flows f;
        for (int i = 0; i < 100; i++)
            boiler_step(&b, &in, MINUTE, &f);
        close_to(f.outlet_c, 65, 1e-6);
        close_to(f.junction_c, 65 + 105 * r_th, 1e-6);
        assert_true(f.junction_c > 75 && f.junction_c < 87);
    }
}

static void the_cap_falls_in_a_line_as_the_return_warms_and_holds_the_junctions(void **state)
{
    (void)state;
    struct boiler_spec s;
    boiler_spec_init(&s, 40);
    s.outlet_max_c = 90; // so that the junctions decide
    double flow = 10, before = 1e9, drop = 0;
    for (double back = 60; back <= 90; back += 5) {
        double cap = boiler_cap_w(&s, back, flow);
        assert_true(cap <= before && cap >= 0);
        if (back > 75 && back < 90 && drop > 0 && cap > 0)
            close_to(before - cap, drop, 1e-6);
        drop = back >= 75 ? before - cap : 0;
        before = cap;
        if (cap > 0 && cap < 40 * 105) {
            double outlet = back + cap / (flow / 60 * WATER_J_L_K);
            close_to(outlet + cap / 40 * 0.15, 95 - 8, 1e-9);
        }
    }
    close_to(boiler_cap_w(&s, 20, flow), 40 * 105, 1e-9);
    close_to(boiler_cap_w(&s, 87, flow), 0, 1e-9);
    close_to(boiler_cap_w(&s, 20, 1), 0, 0); // too little flow
    s.outlet_max_c = 75;                     // with half the flow the outlet decides: 5 K
    close_to(boiler_cap_w(&s, 70, 5), 5 * 5 * WATER_J_L_K / 60, 1e-6);
}

static void a_warming_return_caps_the_watts_and_the_junctions_never_pass(void **state)
{
    (void)state;
    struct boiler_spec s;
    boiler_spec_init(&s, 40);
    struct boiler b;
    assert_int_equal(boiler_init(&b, &s, 30, NULL), 0);
    double before = 1e9;
    for (int i = 0; i < 600; i++) {
        struct boiler_flows f;
        struct boiler_input in = {4200, 30 + 0.1 * i, 8, 18};
        boiler_step(&b, &in, MINUTE, &f);
        assert_true(f.junction_c < s.tjmax_c - 5);
        assert_true(f.outlet_c < s.outlet_max_c + 1 || in.return_c > s.outlet_max_c - 1);
        assert_true(f.given_w <= before + 1e-9);
        assert_true((f.given_w < 4200 - 1e-9) == (f.state != BOILER_OK));
        before = f.given_w;
    }
    close_to(before, 0, 0); // the return is at 90 degC by then
}

static void an_outlet_above_75_cuts_the_watts_until_it_is_5_kelvin_below(void **state)
{
    (void)state;
    struct boiler_spec s;
    boiler_spec_init(&s, 10);
    struct boiler b;
    assert_int_equal(boiler_init(&b, &s, 76, NULL), 0);
    struct boiler_input in = {500, 50, 1, 20};
    struct boiler_flows f;
    boiler_step(&b, &in, 10000, &f);
    assert_int_equal(f.state, BOILER_HOT);
    close_to(f.electric_j, 0, 0);
    b.water_c = 72;
    boiler_step(&b, &in, 1000, &f);
    assert_int_equal(f.state, BOILER_HOT); // still within the 5 K
    b.water_c = 69;
    boiler_step(&b, &in, 1000, &f);
    assert_int_equal(f.state, BOILER_OK);
    close_to(f.given_w, 500, 1e-9);
}

static void without_flow_nothing_is_computed(void **state)
{
    (void)state;
    struct boiler_spec s;
    boiler_spec_init(&s, 10);
    struct boiler b;
    assert_int_equal(boiler_init(&b, &s, 60, NULL), 0);
    struct boiler_flows f;
    boiler_step(&b, &(struct boiler_input){1000, 50, 0.4, 20}, MINUTE, &f);
    assert_int_equal(f.state, BOILER_NO_FLOW);
    close_to(f.electric_j, 0, 0);
}

static void energy_adds_up_in_every_step_of_random_boilers(void **state)
{
    (void)state;
    uint64_t seed = 77;
    struct rng r;
    rng_seed(&r, seed);
    for (int k = 0; k < 100; k++) {
        struct boiler_spec s;
        boiler_spec_init(&s, 1 + (int)rng_below(&r, 200));
        s.loss_w_k = rng_below(&r, 4) ? s.loss_w_k : 0;
        struct boiler b;
        assert_int_equal(boiler_init(&b, &s, 10 + 60 * rng_unit(&r), NULL), 0);
        for (int i = 0; i < 500; i++) {
            struct boiler_input in = {130 * s.processors * rng_unit(&r), 5 + 75 * rng_unit(&r),
                                      rng_below(&r, 10) ? s.processors * 0.3 * rng_unit(&r) : 0, 20};
            struct boiler_flows f;
            boiler_step(&b, &in, 1 + (int64_t)rng_below(&r, i % 2 ? 60000 : 3600000), &f);
            if (!(boiler_energy_error(&f) < 1e-9))
                fail_msg("seed %d, boiler %d, step %d: misses %g", (int)seed, k, i, boiler_energy_error(&f));
        }
    }
}

static void bad_boilers_are_refused_by_the_name_of_their_field(void **state)
{
    (void)state;
    struct boiler_spec s;
    boiler_spec_init(&s, 0);
    struct boiler b;
    struct err e = ERR_NULL;
    assert_int_equal(boiler_init(&b, &s, 20, &e), -EINVAL);
    assert_string_equal(e.text, "boiler: processors is 0 (1 to 100000)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_processor_of_105_watts_on_65_degrees_is_at_76_to_86),
        cmocka_unit_test(the_cap_falls_in_a_line_as_the_return_warms_and_holds_the_junctions),
        cmocka_unit_test(a_warming_return_caps_the_watts_and_the_junctions_never_pass),
        cmocka_unit_test(an_outlet_above_75_cuts_the_watts_until_it_is_5_kelvin_below),
        cmocka_unit_test(without_flow_nothing_is_computed),
        cmocka_unit_test(energy_adds_up_in_every_step_of_random_boilers),
        cmocka_unit_test(bad_boilers_are_refused_by_the_name_of_their_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
