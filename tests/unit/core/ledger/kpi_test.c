// SPDX-License-Identifier: Apache-2.0
//
// Worked examples. A fleet of PUE 1.001 and ERE 0.05 is the one whose claims are public: its ERF follows.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/num.h"
#include "base/rng.h"
#include "core/ledger/kpi.h"

static void close_to(double got, double want, double by)
{
    if (!(got >= want - by && got <= want + by))
        fail_msg("%.9g, not %.9g within %g", got, want, by);
}

// A thousand kWh of computers.
static const struct kpi_meters claimed = {
    .dc_j = INT64_C(3603600000), .it_j = INT64_C(3600000000), .reuse_j = INT64_C(3423600000)};

static void test_pue_1_001_and_ere_0_05_are_erf_0_95(void **state)
{
    (void)state;
    struct kpi k;
    struct err e = ERR_NULL;
    assert_int_equal(kpi_of(&claimed, &k, &e), 0);
    close_to(k.pue, 1.001, 1e-12);
    close_to(k.ere, 0.05, 1e-12);
    close_to(k.erf, 0.951 / 1.001, 1e-12);
    close_to(k.wue, 0, 0);
    struct kpi_meters wet = claimed;
    wet.water_l = 1800;
    assert_int_equal(kpi_of(&wet, &k, &e), 0);
    close_to(k.wue, 1.8, 1e-12);
}

static void test_the_identity_holds_for_any_meters(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 11);
    for (int i = 0; i < 10000; i++) {
        struct kpi_meters m = {.it_j = 1 + (int64_t)rng_below(&r, 1000000000000)};
        m.dc_j = m.it_j + (int64_t)rng_below(&r, 1000000000000);
        m.reuse_j = (int64_t)rng_below(&r, (uint64_t)m.dc_j + 1);
        struct kpi k;
        struct err e = ERR_NULL;
        assert_int_equal(kpi_of(&m, &k, &e), 0);
        close_to(k.ere / k.pue, 1 - k.erf, 1e-12);
    }
}

static void test_meters_that_cannot_be(void **state)
{
    (void)state;
    struct kpi k;
    struct err e = ERR_NULL;
    assert_int_equal(kpi_of(&(struct kpi_meters){.dc_j = 1, .it_j = 2}, &k, &e), -EINVAL);
    assert_int_equal(kpi_of(&(struct kpi_meters){.dc_j = 1, .it_j = 1, .reuse_j = -1}, &k, &e), -EINVAL);
    assert_int_equal(kpi_of(&(struct kpi_meters){.dc_j = 1}, &k, &e), -EDOM);
}

static const struct kpi_heat no_grid = {"none", 1, 0};

// S_E = 1 - PUE / (PUE_ref + f / eta), in whole percent, for three efficiencies and a heat pump.
static void test_energy_saved_against_four_data_centres(void **state)
{
    (void)state;
    static const struct {
        double pue, eta;
        int percent;
    } row[] = {{1.36, 0.85, 60}, {1.36, 0.90, 59}, {1.36, 0.95, 58}, {1.36, 1, 57}, {1.36, 3, 40},
               {1.57, 0.85, 63}, {1.57, 0.90, 62}, {1.57, 1, 60},    {1.57, 3, 47}, {1.8, 0.9, 65},
               {2.0, 0.9, 67},   {2.0, 3, 57},     {1.98, 0.9, 67}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct kpi_centre c = {"c", row[i].pue};
        struct kpi_heat h = {"h", row[i].eta, 0};
        close_to(100 * kpi_save(&claimed, 0, &c, &kpi_grids[0], &h).energy, row[i].percent, 0.51);
    }
}

// Against gas, the fleet on the same grid as the data centre; then the fleet on a coal grid and the data
// centre on the EU's.
static void test_carbon_saved_and_carbon_lost(void **state)
{
    (void)state;
    static const struct {
        double here_g, there_g, pue;
        int percent;
    } row[] = {{52, 52, 1.36, 83},    {52, 52, 1.57, 84},   {240, 240, 1.36, 58}, {240, 240, 1.57, 61},
               {360, 360, 1.36, 51},  {650, 650, 1.57, 48}, {52, 240, 1.36, 91},  {360, 240, 1.36, 36},
               {650, 240, 1.36, -15}, {650, 240, 1.57, -6}};
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        struct kpi_centre c = {"c", row[i].pue};
        struct kpi_grid g = {"g", row[i].there_g, row[i].there_g};
        struct kpi_saving s = kpi_save(&claimed, 1001 * row[i].here_g, &c, &g, &kpi_heats[0]);
        close_to(100 * s.carbon, row[i].percent, 0.6);
        close_to(s.equivalent_g, s.footprint_g + s.saved_compute_g + s.saved_heat_g, 1e-6);
    }
}

static void test_a_french_convector_displaced_is_67_percent(void **state)
{
    (void)state;
    struct kpi_saving s = kpi_save(&claimed, 1001 * 52, &kpi_centres[1], &kpi_grids[0], &kpi_heats[1]);
    close_to(100 * s.carbon, 67, 0.6);
}

static void test_five_times_less_wasted_is_ere_0_31(void **state)
{
    (void)state;
    close_to(kpi_save(&claimed, 0, &kpi_centres[1], &kpi_grids[0], &no_grid).wasted_ratio, 31.4, 0.01);
    struct kpi_meters year = claimed; // summer in it
    year.reuse_j = year.dc_j - (int64_t)(0.314 * (double)year.it_j);
    close_to(kpi_save(&year, 0, &kpi_centres[1], &kpi_grids[0], &no_grid).wasted_ratio, 5, 1e-6);
}

// The object of the public API: 1042 g, of a data centre's 3600; saved 1402 by computing and 1156 by heating.
static void test_rounded_grams_add_up(void **state)
{
    (void)state;
    struct kpi_saving s = {.footprint_g = 1042.3, .saved_compute_g = 1401.6, .saved_heat_g = 1155.9};
    struct kpi_grams g = kpi_round(&s);
    assert_int_equal(g.footprint_mg, 1042300);
    assert_int_equal(g.saved_mg, 2557500);
    assert_int_equal(g.equivalent_mg, 3599800);
    assert_int_equal(g.percent, 71);
    struct rng r;
    rng_seed(&r, 5);
    for (int i = 0; i < 10000; i++) {
        s = (struct kpi_saving){.footprint_g = rng_unit(&r) * 1e4,
                                .saved_compute_g = rng_unit(&r) * 1e4 - 5e3,
                                .saved_heat_g = rng_unit(&r) * 1e4};
        g = kpi_round(&s);
        assert_int_equal(g.equivalent_mg, g.footprint_mg + g.saved_compute_mg + g.saved_heat_mg);
    }
}

// Bug: a task of half a watt-hour had no footprint, saved nothing and was 0 percent better.
static void test_a_task_of_half_a_watt_hour_has_a_footprint(void **state)
{
    (void)state;
    struct kpi_meters m = {.dc_j = 1987, .it_j = 1987, .reuse_j = 1987};
    struct kpi_saving s = kpi_save(&m, 1987 / 3.6e6 * 52, &kpi_centres[0], &kpi_grids[0], &kpi_heats[0]);
    struct kpi_grams g = kpi_round(&s);
    assert_int_equal(g.footprint_mg, 29);
    assert_int_equal(g.equivalent_mg, 178);
    assert_int_equal(g.percent, 84);
    m = (struct kpi_meters){.dc_j = 1, .it_j = 1, .reuse_j = 1}; // nothing left of the milligrams
    s = kpi_save(&m, 1 / 3.6e6 * 52, &kpi_centres[0], &kpi_grids[0], &kpi_heats[0]);
    assert_int_equal(kpi_round(&s).percent, 84);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pue_1_001_and_ere_0_05_are_erf_0_95),
        cmocka_unit_test(test_the_identity_holds_for_any_meters),
        cmocka_unit_test(test_meters_that_cannot_be),
        cmocka_unit_test(test_energy_saved_against_four_data_centres),
        cmocka_unit_test(test_carbon_saved_and_carbon_lost),
        cmocka_unit_test(test_a_french_convector_displaced_is_67_percent),
        cmocka_unit_test(test_five_times_less_wasted_is_ere_0_31),
        cmocka_unit_test(test_rounded_grams_add_up),
        cmocka_unit_test(test_a_task_of_half_a_watt_hour_has_a_footprint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
