// SPDX-License-Identifier: Apache-2.0
// Money: what is reported is charged once, whatever crashes, at the price of its time; a budget and its
// user's balance are the same after a restart.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static int64_t ledger_neur(const struct rig *r)
{
    size_t n;
    int64_t sum = 0;
    const struct change *row = model_store_rows(r->m, CHANGE_LEDGER_WORK, &n);
    for (size_t i = 0; i < n; i++)
        sum += row[i].work.cost_neur;
    return sum;
}

static int64_t spent(const struct rig *r)
{
    struct account_info v;
    server_account(r->s, 0, &v);
    return v.spent_neur;
}

static struct budget_view budget(const struct rig *r)
{
    struct budget_view v;
    assert_int_equal(server_budgets(r->s), 1);
    server_budget(r->s, 0, &v);
    return v;
}

static void a_budget_is_made(struct rig *r, int64_t total_neur, enum budget_policy policy)
{
    struct project_view p;
    server_project(r->s, 0, &p);
    struct event ev = {.kind = EVENT_BUDGET_PUT};
    ev.budget.project = p.uuid;
    ev.budget.has_total = ev.budget.has_policy = true;
    ev.budget.total_neur = total_neur;
    ev.budget.policy = (uint8_t)policy;
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 200);
}

static uint64_t one_runs(struct rig *r, struct rig_node *n, char uuid[UUID_TEXT_BYTES])
{
    snprintf(uuid, UUID_TEXT_BYTES, "%s", rig_create(r, ACTIVITY_FLEX, 1));
    rig_poll(r, n);
    const struct assignment *as = rig_assignment(r, n, 0);
    assert_non_null(as);
    uint64_t lease = as->lease;
    rig_started(r, n, lease);
    return lease;
}

static void meter(struct rig *r, struct rig_node *n, uint64_t lease, int64_t core_ms)
{
    struct report rep = {.kind = REPORT_METER_LEASE, .lease = lease};
    rep.at = HOUSE_MS(r->now);
    rep.meter_lease.core_ms = core_ms;
    rep.meter_lease.energy_mj = core_ms;
    rig_report(r, n, &rep);
}

// Time passes in which the node calls home.
static void pass(struct rig *r, struct rig_node *n, int64_t ms)
{
    for (; ms > 0; ms -= 20000) {
        rig_wait(r, 20000);
        rig_poll(r, n);
    }
}

static void what_is_reported_twice_and_over_crashes_is_charged_once(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    char uuid[UUID_TEXT_BYTES];
    rig_init(&r, NULL);
    rig_node_init(&n, "n", 1);
    rig_hello(&r, &n);
    a_budget_is_made(&r, INT64_C(1) << 60, BUDGET_BLOCK_NEW);
    uint64_t lease = one_runs(&r, &n, uuid);
    int64_t core_ms = 0;
    for (int i = 0; i < 40; i++) { // three hours and more, in reports of five minutes
        pass(&r, &n, 300000);
        core_ms += 4 * 299999;
        meter(&r, &n, lease, core_ms);
        int64_t before = spent(&r);
        meter(&r, &n, lease, core_ms); // again: nothing is new
        assert_int_equal(spent(&r), before);
        if (i % 3 == 0)
            rig_reload(&r); // kill -9
        assert_int_equal(spent(&r), before);
        assert_int_equal(budget(&r).spent_neur, before);
        assert_int_equal(ledger_neur(&r), before);
    }
    // rounded down once for each of the four hours
    int64_t want = core_ms * 10000 / 3600;
    assert_in_range((uint64_t)spent(&r), (uint64_t)want - 4, (uint64_t)want);
    rig_deinit(&r);
}

static void a_new_price_holds_for_what_comes_after_it(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    char uuid[UUID_TEXT_BYTES];
    struct server_config dear;
    server_config_default(&dear);
    dear.check_plans = true;
    dear.bill.ueur_per_core_h[ACTIVITY_FLEX] *= 10;
    dear.bill.ueur_per_kwh = 250000;
    rig_init(&r, NULL);
    rig_node_init(&n, "n", 1);
    rig_hello(&r, &n);
    uint64_t lease = one_runs(&r, &n, uuid);
    pass(&r, &n, 40000);
    meter(&r, &n, lease, 36000);
    assert_int_equal(spent(&r), 100000); // 36 s of a core at 0.010 euro an hour
    rig_reload_as(&r, &dear);
    assert_int_equal(spent(&r), 100000);
    meter(&r, &n, lease, 72000); // 36 s more at 0.100, and 36 J at 0.25 euro a kWh
    assert_int_equal(spent(&r), 100000 + 1000000 + 2500);
    rig_deinit(&r);
}

static void a_budget_that_stops_all_stops_with_the_report_that_uses_it_up(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    char uuid[UUID_TEXT_BYTES], waits[UUID_TEXT_BYTES];
    rig_init(&r, NULL);
    rig_node_init(&n, "n", 1);
    rig_hello(&r, &n);
    a_budget_is_made(&r, 100000, BUDGET_STOP_AND_BLOCK_ALL);
    uint64_t lease = one_runs(&r, &n, uuid);
    snprintf(waits, sizeof waits, "%s", rig_create(&r, ACTIVITY_FLEX, 3));
    pass(&r, &n, 40000);
    meter(&r, &n, lease, 35999);
    assert_string_equal(rig_state(&r, waits), "Submitted");
    meter(&r, &n, lease, 36000);
    assert_string_equal(rig_state(&r, waits), "Cancelled");
    assert_string_equal(rig_state(&r, uuid), "PendingCancel");
    assert_null(rig_create(&r, ACTIVITY_FLEX, 1));
    assert_int_equal(rig_reply(&r)->item[0].code, 402);
    rig_reload(&r);
    assert_null(rig_create(&r, ACTIVITY_FLEX, 1));
    rig_exited(&r, &n, lease, ATTEMPT_CANCELLED, 143);
    assert_string_equal(rig_state(&r, uuid), "Cancelled");
    rig_deinit(&r);
}

static void a_budget_that_begins_in_this_hour_counts_what_the_hour_has_cost(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    char uuid[UUID_TEXT_BYTES];
    rig_init(&r, NULL);
    rig_node_init(&n, "n", 1);
    rig_hello(&r, &n);
    uint64_t lease = one_runs(&r, &n, uuid);
    pass(&r, &n, 40000);
    meter(&r, &n, lease, 36000);
    a_budget_is_made(&r, INT64_C(1) << 60, BUDGET_ALERT_ONLY);
    assert_int_equal(budget(&r).spent_neur, 100000);
    rig_reload(&r);
    assert_int_equal(budget(&r).spent_neur, 100000);
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_reported_twice_and_over_crashes_is_charged_once),
        cmocka_unit_test(a_new_price_holds_for_what_comes_after_it),
        cmocka_unit_test(a_budget_that_stops_all_stops_with_the_report_that_uses_it_up),
        cmocka_unit_test(a_budget_that_begins_in_this_hour_counts_what_the_hour_has_cost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
