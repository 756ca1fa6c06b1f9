// SPDX-License-Identifier: Apache-2.0
// The heat-network branch: the exchanger against its log-mean temperature, where heat is injected, what a
// warmer return costs.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdbool.h>

#include "base/rng.h"
#include "world/network.h"
#include "world/water.h"

static void close_to(double is, double should, double by)
{
    if (!(fabs(is - should) <= by))
        fail_msg("%.12g is not %.12g", is, should);
}

static void the_effectiveness_is_that_of_the_textbook(void **state)
{
    (void)state;
    close_to(network_effectiveness(1, 0), 1 - exp(-1), 1e-12);
    close_to(network_effectiveness(1, 1), 0.5, 1e-9);
    close_to(network_effectiveness(3, 0.5), 0.8744, 1e-4);
    close_to(network_effectiveness(2, 1 - 1e-7), network_effectiveness(2, 1), 1e-6); // no jump at c = 1
    close_to(network_effectiveness(0, 0.5), 0, 0);
}

static void the_exchanger_passes_ua_times_its_log_mean_temperature(void **state)
{
    (void)state;
    uint64_t seed = 1955;
    struct rng r;
    rng_seed(&r, seed);
    struct network_spec s;
    network_spec_init(&s, 100e3);
    int seen[3] = {0};
    for (int i = 0; i < 20000; i++) {
        s.exchanger_w_k = 1e3 + 40e3 * rng_unit(&r);
        struct network_input in = {.outside_c = -10 + 30 * rng_unit(&r),
                                   .demand_w = 200e3 * rng_unit(&r),
                                   .hot_c = 30 + 60 * rng_unit(&r),
                                   .hot_l_min = 200 * rng_unit(&r)};
        struct network_flows f;
        network_flow(&s, &in, &f);
        seen[f.mode]++;
        close_to(f.injected_w + f.generator_w, in.demand_w, 1e-9 * in.demand_w);
        assert_true(f.injected_w >= 0 && f.generator_w >= -1e-9 * in.demand_w);
        assert_true(f.out_c <= fmax(f.supply_c, f.return_c) + 1e-6);
        close_to(in.hot_l_min / 60 * WATER_J_L_K * (in.hot_c - f.hot_return_c), f.injected_w,
                 1e-9 * in.demand_w);
        if (f.mode == NETWORK_IDLE)
            continue;
        close_to(f.injected_l_min / 60 * WATER_J_L_K * (f.out_c - f.return_c), f.injected_w,
                 1e-9 * in.demand_w);
        double a = in.hot_c - f.out_c, b = f.hot_return_c - f.return_c;
        if (a < 1e-3 || b < 1e-3) // as good as equal: a difference of roundings
            continue;
        double log_mean = fabs(a - b) < 1e-6 * a ? a : (a - b) / log(a / b);
        bool throttled = f.mode == NETWORK_SUPPLY && f.generator_w < 1e-6 * in.demand_w;
        if (throttled ? f.injected_w > s.exchanger_w_k * log_mean * (1 + 1e-6)
                      : fabs(f.injected_w / (s.exchanger_w_k * log_mean) - 1) > 1e-6)
            fail_msg("seed %d, case %d: passes %g W, UA and log mean give %g", (int)seed, i, f.injected_w,
                     s.exchanger_w_k * log_mean);
    }
    assert_true(seen[NETWORK_IDLE] > 100 && seen[NETWORK_SUPPLY] > 1000 && seen[NETWORK_PREHEAT] > 1000);
}

static void water_of_68_degrees_goes_to_a_supply_of_65(void **state)
{
    (void)state;
    struct network_spec s;
    network_spec_init(&s, 100e3);
    struct network_input in = {.outside_c = -5,
                               .demand_w = 100e3,
                               .hot_c = 68,
                               .hot_l_min = 100e3 / 30 / WATER_J_L_K * 60}; // the peak, at equal flows
    struct network_flows f;
    network_flow(&s, &in, &f);
    assert_int_equal(f.mode, NETWORK_SUPPLY);
    close_to(f.supply_c, 65, 1e-12);
    close_to(f.out_c, 65, 1e-6);
    close_to(f.injected_w, 100e3, 1); // all of the demand
    close_to(f.hot_return_c, 38, 1e-3);
    close_to(f.loss_w, 0, 0);
    close_to(f.displaced_w, 100e3 / 0.98, 2);
    in.hot_l_min /= 2; // half the hot water: half the litres, still at supply temperature
    network_flow(&s, &in, &f);
    assert_int_equal(f.mode, NETWORK_SUPPLY);
    close_to(f.out_c, 65, 1e-6);
    assert_true(f.injected_w > 49e3 && f.injected_w < 56e3);
    in.demand_w = 30e3; // nobody asks for more than this: the rest stays in the boilers' circuit
    network_flow(&s, &in, &f);
    close_to(f.injected_w, 30e3, 1e-3);
    close_to(f.generator_w, 0, 1e-3);
}

static void cooler_water_preheats_the_return_and_is_charged_for_it(void **state)
{
    (void)state;
    struct network_spec s;
    network_spec_init(&s, 100e3);
    struct network_input in = {.outside_c = -5, .demand_w = 100e3, .hot_c = 55, .hot_l_min = 30};
    struct network_flows f;
    network_flow(&s, &in, &f);
    assert_int_equal(f.mode, NETWORK_PREHEAT);
    assert_true(f.out_c > 36 && f.out_c < 55);
    close_to(f.generator_in_c, f.out_c, 0);
    double efficiency = 0.98 - 0.002 * (f.out_c - 35);
    close_to(f.fuel_w, f.generator_w / efficiency, 1e-6);
    close_to(f.loss_w, f.generator_w * (1 / efficiency - 1 / 0.98), 1e-6);
    assert_true(f.loss_w > 500);
    close_to(f.displaced_w, f.injected_w / 0.98 - f.loss_w, 1e-6);
    s.efficiency_per_k = 0;
    network_flow(&s, &in, &f);
    close_to(f.loss_w, 0, 1e-9);
}

static void nothing_hot_nothing_asked_or_nothing_flowing_is_idle(void **state)
{
    (void)state;
    struct network_spec s;
    network_spec_init(&s, 100e3);
    const struct network_input idle[] = {
        {.outside_c = 0, .demand_w = 50e3, .hot_c = 34, .hot_l_min = 50},
        {.outside_c = 0, .demand_w = 0, .hot_c = 70, .hot_l_min = 50},
        {.outside_c = 0, .demand_w = 50e3, .hot_c = 70, .hot_l_min = 0},
    };
    for (int i = 0; i < 3; i++) {
        struct network_flows f;
        network_flow(&s, &idle[i], &f);
        assert_int_equal(f.mode, NETWORK_IDLE);
        close_to(f.injected_w, 0, 0);
        close_to(f.hot_return_c, idle[i].hot_c, 0);
        close_to(f.generator_w, idle[i].demand_w, 0);
    }
}

static void the_supply_is_hotter_when_it_is_cold_outside(void **state)
{
    (void)state;
    struct network_spec s;
    network_spec_init(&s, 100e3);
    close_to(network_supply_c(&s, -20), 65, 1e-12);
    close_to(network_supply_c(&s, 5), 62.5, 1e-12);
    close_to(network_supply_c(&s, 30), 60, 1e-12);
    s.return_c = 64;
    struct err e = ERR_NULL;
    assert_int_equal(network_check(&s, &e), -EINVAL);
    assert_string_equal(e.text, "network: return_c is 64 (5 to 59)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_effectiveness_is_that_of_the_textbook),
        cmocka_unit_test(the_exchanger_passes_ua_times_its_log_mean_temperature),
        cmocka_unit_test(water_of_68_degrees_goes_to_a_supply_of_65),
        cmocka_unit_test(cooler_water_preheats_the_return_and_is_charged_for_it),
        cmocka_unit_test(nothing_hot_nothing_asked_or_nothing_flowing_is_idle),
        cmocka_unit_test(the_supply_is_hotter_when_it_is_cold_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
