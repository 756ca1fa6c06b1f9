// SPDX-License-Identifier: Apache-2.0
//
// The thermostat of water against a tank that is one body of water.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/heat/store.h"

#define STEP_MS 60000

static struct store_config config(void)
{
    struct store_config c;
    store_config_default(&c, 3000, 60000, 2000 * 4186.0);
    return c;
}

static struct store_sense sense(int64_t at, double water_c, double processor_c)
{
    return (struct store_sense){.at = HOUSE_MS(at),
                                .water_mc = (int32_t)(water_c * 1000),
                                .outlet_mc = (int32_t)(water_c * 1000),
                                .processor_mc = (int32_t)(processor_c * 1000)};
}

// 1 kW drawn all the time: the water is held within a kelvin, and the heat owed is below what is given.
static void test_water_is_held(void **state)
{
    (void)state;
    struct store_config c = config();
    struct store_thermostat t;
    double water = 50;
    store_init(&t, &c);
    for (int i = 0; i < 3 * 1440; i++) {
        struct store_sense s = sense((int64_t)i * STEP_MS, water, water + 10);
        store_step(&t, &s, s.at);
        const struct heat_request *q = &t.request;
        assert_true(q->min_w >= 0 && q->min_w <= q->target_w && q->target_w <= q->max_w && q->max_w <= 3000);
        water += (q->target_w - 1000.0) * 60 / (2000 * 4186.0);
        if (i > 2 * 1440)
            assert_true(water > 59 && water < 61);
    }
    assert_true(abs(t.request.target_w - 1000) < 100);
}

static void test_hot_processors_and_outlet_cut(void **state)
{
    (void)state;
    struct store_config c = config();
    struct store_thermostat t;
    store_init(&t, &c);
    struct store_sense s = sense(STEP_MS, 50, 60);
    store_step(&t, &s, s.at);
    int32_t free_w = t.request.max_w;
    assert_int_equal(free_w, 3000);
    s = sense(2 * STEP_MS, 50, 85); // half of the last four kelvins
    store_step(&t, &s, s.at);
    assert_true(t.request.max_w > 1400 && t.request.max_w < 1600);
    s = sense(3 * STEP_MS, 76, 80);
    store_step(&t, &s, s.at);
    assert_int_equal(t.request.max_w, 0);
    s = sense(4 * STEP_MS, 72, 80); // not yet 5 K below
    store_step(&t, &s, s.at);
    assert_int_equal(t.request.max_w, 0);
    s = sense(5 * STEP_MS, 50, 60);
    store_step(&t, &s, s.at);
    assert_int_equal(t.request.max_w, 3000);
}

static void test_blind_it_gives_little(void **state)
{
    (void)state;
    struct store_config c = config();
    struct store_thermostat t;
    store_init(&t, &c);
    struct store_sense s = sense(STEP_MS, 40, 60);
    store_step(&t, &s, s.at);
    assert_int_equal(t.request.target_w, 3000);
    struct store_sense none = {.water_mc = INT32_MIN, .outlet_mc = INT32_MIN, .processor_mc = INT32_MIN};
    store_step(&t, &none, HOUSE_MS(4 * STEP_MS));
    assert_int_equal(t.request.max_w, 900);
    assert_true(t.request.target_w <= 900);
}

static void test_a_configuration_that_makes_no_sense_is_named(void **state)
{
    (void)state;
    struct store_config c = config();
    struct err e = ERR_NULL;
    assert_int_equal(store_config_check(&c, &e), 0);
    c.capacity_j_per_k = 0;
    assert_true(store_config_check(&c, &e) < 0);
    c = config();
    c.setpoint_mc = 99000;
    assert_true(store_config_check(&c, &e) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_water_is_held),
        cmocka_unit_test(test_hot_processors_and_outlet_cut),
        cmocka_unit_test(test_blind_it_gives_little),
        cmocka_unit_test(test_a_configuration_that_makes_no_sense_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
