// SPDX-License-Identifier: Apache-2.0
// Carbon facts and credits of a task, from rows of the ledger that are written here by hand.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "house.h"

static uint64_t made(struct house *h, char uuid[UUID_TEXT_BYTES])
{
    struct arena a = ARENA_NULL;
    struct row_task row;
    struct err e = ERR_NULL;
    house_task(h, "t", 1, uuid);
    assert_int_equal(h->reader.task(h->reader.ctx, h->customer_id, uuid, &a, &row, &e), 0);
    uint64_t id = row.id;
    arena_deinit(&a);
    return id;
}

static void commit(struct house *h, struct change c)
{
    struct err e = ERR_NULL;
    assert_int_equal(h->store.commit(h->store.ctx, h->store_epoch, &c, 1, NULL, 0, &e), 0);
}

// Two hours on a board: 2 kWh of flex work. In the first hour all of it was asked for, in the second a
// quarter.
static void use(struct house *h, uint64_t task)
{
    const int64_t kwh = INT64_C(3600000000), hour = 3600000; // mJ, ms
    commit(h, (struct change){.kind = CHANGE_BOARD,
                              .board = {.id = 901, .zone = 902, .name = "b", .heater = "h", .offer = "{}"}});
    for (int i = 0; i < 2; i++) {
        commit(h, (struct change){
                      .kind = CHANGE_LEDGER_WORK,
                      .work = {.hour_ms = i * hour,
                               .board = 901,
                               .task = task,
                               .account = h->customer_id,
                               .activity = ACTIVITY_FLEX,
                               .energy_mj = kwh,
                               .core_ms = 8 * hour,
                               .ms = hour,
                               .cost_neur = bill_neur(&h->be.limits.bill, ACTIVITY_FLEX, 8 * hour, kwh)}});
        commit(h, (struct change){.kind = CHANGE_LEDGER_ZONE,
                                  .heat = {.hour_ms = i * hour,
                                           .zone = 902,
                                           .asked_mj = 2 * kwh,
                                           .delivered_mj = 2 * kwh,
                                           .useful_mj = i ? kwh / 2 : 2 * kwh}});
    }
}

static double real_at(const json_t *v, const char *name)
{
    const json_t *x = json_object_get(v, name);
    if (!json_is_number(x))
        fail_msg("%s is no number", name);
    return json_number_value(x);
}

static void near(const json_t *v, const char *sdk, const char *spec, double want, double within)
{
    assert_true(real_at(v, sdk) == real_at(v, spec));
    if (real_at(v, sdk) < want - within || real_at(v, sdk) > want + within)
        fail_msg("%s: %g, not %g", sdk, real_at(v, sdk), want);
}

static void carbon_facts_are_the_ledgers_and_their_invariants_hold(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[200];
    use(h, made(h, uuid));
    snprintf(target, sizeof target, "/carbon/v1/tasks/%s/carbon-facts", uuid);
    json_t *v = expect(h, 200, "GET", target, NULL);
    near(v, "total_energy_it_Wh", "totalEnergyITWh", 2000, 1e-3);
    near(v, "total_consumed_energy_Wh", "totalConsumedEnergyWh", 2002, 1e-3);
    near(v, "total_reused_energy_Wh", "totalReuseEnergyWh", 1250, 1e-3);
    near(v, "PUE", "pue", 1.001, 1e-6);
    near(v, "ERF", "erf", 1250 / 2002.0, 1e-6);
    near(v, "ERE", "ere", (1 - 1250 / 2002.0) * 1.001, 2e-6);
    near(v, "WUE", "wue", 0, 0);
    near(v, "qarnot_carbon_footprint", "carbonFootprintC02Eq", 104, 0.5); // 2.002 kWh of 52 g
    // 2 kWh at PUE 1.36 and 52 g; 1.25 kWh of heat from gas at 90 % and 227 g.
    near(v, "saved_carbon_footprint_compute", "savedCarbonFootprintComputeC02Eq", 2 * 1.36 * 52 - 104.1, 0.6);
    near(v, "saved_carbon_footprint_heat", "savedCarbonFootprintHeatC02Eq", 1.25 / 0.9 * 227, 0.6);
    double saved = real_at(v, "saved_carbon_footprint_compute_heat"),
           eq = real_at(v, "equivalent_DC_carbon_footprint");
    near(v, "saved_carbon_footprint_compute_heat", "savedCarbonFootprintComputeHeatC02Eq",
         real_at(v, "saved_carbon_footprint_compute") + real_at(v, "saved_carbon_footprint_heat"), 1e-9);
    near(v, "equivalent_DC_carbon_footprint", "equivalentDCCarbonFootprintC02Eq",
         real_at(v, "qarnot_carbon_footprint") + saved, 1e-9);
    assert_true(real_at(v, "saved_carbon_footprint_percent") == (double)(int)(100 * saved / eq + 0.5));
    json_decref(v);
    snprintf(target, sizeof target, "/carbon/v1/tasks/%s/carbon-facts?comparisonDatacenter=world%%20survey",
             uuid);
    v = expect(h, 200, "GET", target, NULL);
    assert_string_equal(text_at(v, "equivalent_datacenter_name"), "world survey, PUE 1.57");
    assert_true(real_at(v, "equivalent_DC_carbon_footprint") > eq);
    json_decref(v);
    snprintf(target, sizeof target, "/carbon/v1/tasks/%s/carbon-facts?comparisonDatacenter=moon", uuid);
    json_decref(expect(h, 400, "GET", target, NULL));
}

static void a_task_that_drew_nothing_has_zeros_and_no_ratios(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[200];
    made(h, uuid);
    snprintf(target, sizeof target, "/v1/carbon/v1/tasks/%s/carbon-facts", uuid);
    json_t *v = expect(h, 200, "GET", target, NULL);
    near(v, "total_consumed_energy_Wh", "totalConsumedEnergyWh", 0, 0);
    near(v, "equivalent_DC_carbon_footprint", "equivalentDCCarbonFootprintC02Eq", 0, 0);
    assert_true(json_is_null(json_object_get(v, "PUE")) && json_is_null(json_object_get(v, "erf")));
    json_decref(v);
}

static void credits_are_core_seconds_by_class_and_only_the_owners(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[200];
    use(h, made(h, uuid));
    snprintf(target, sizeof target, "/credits/v1/tasks/%s/credits", uuid);
    json_t *v = expect(h, 200, "GET", target, NULL);
    double flex = (double)bill_default().ueur_per_core_h[ACTIVITY_FLEX] / 1e6;
    assert_true(flex > 0 && real_at(v, "credits") > 16 * flex - 1e-6 &&
                real_at(v, "credits") < 16 * flex + 1e-6);
    json_decref(v);
    struct answer a = house_ask(h, "GET", target, STRANGER, "*/*", NULL);
    assert_int_equal(a.status, 404);
    answer_free(&a);
    expect_message(h, 404, "Task not found", "GET", "/credits/v1/tasks/nothing/credits", NULL);
    expect_message(h, 404, "Task not found", "GET", "/carbon/v1/tasks/nothing/carbon-facts", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(carbon_facts_are_the_ledgers_and_their_invariants_hold, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(a_task_that_drew_nothing_has_zeros_and_no_ratios, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(credits_are_core_seconds_by_class_and_only_the_owners, house_open,
                                        house_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
