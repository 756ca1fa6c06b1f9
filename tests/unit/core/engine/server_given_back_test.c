// SPDX-License-Identifier: Apache-2.0
// What attempts have cost that end by the fleet's doing is given back. Audited by the rig.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static void sums(const struct rig *r, int64_t *neur, int64_t *given_back, int64_t *energy_mj)
{
    size_t n;
    const struct change *row = model_store_rows(r->m, CHANGE_LEDGER_WORK, &n);
    *neur = *given_back = *energy_mj = 0;
    for (size_t i = 0; i < n; i++) {
        *neur += row[i].work.cost_neur;
        *given_back -= row[i].work.board ? 0 : row[i].work.cost_neur;
        *energy_mj += row[i].work.activity == ACTIVITY_FLEX ? row[i].work.energy_mj : 0;
    }
}

static int64_t spent(const struct rig *r)
{
    struct account_info v;
    server_account(r->s, 0, &v);
    return v.spent_neur;
}

// One runs for two and a half hours, 8 cores, 100 W, told each ten minutes; the server is killed at every fourth.
static uint64_t one_ran(struct rig *r, struct rig_node *n, bool crashes)
{
    rig_zone(r, n, n->want_w); // after a restart nobody knows what it wants
    rig_poll(r, n);
    uint64_t lease = rig_assignment(r, n, 0)->lease;
    rig_started(r, n, lease);
    for (int i = 1; i <= 15; i++) {
        for (int k = 0; k < 30; k++) {
            rig_wait(r, 20000);
            rig_poll(r, n);
        }
        struct report rep = {.kind = REPORT_METER_LEASE, .lease = lease, .at = HOUSE_MS(r->now)};
        rep.meter_lease.core_ms = i * INT64_C(8) * 600000 - 7;
        rep.meter_lease.energy_mj = i * INT64_C(60000000);
        rig_report(r, n, &rep);
        if (crashes && i % 4 == 0)
            rig_reload(r);
    }
    return lease;
}

static void open_house(struct rig *r, struct rig_node *n, const struct server_config *cfg)
{
    rig_init(r, cfg);
    rig_node_init(n, "n", 1);
    rig_hello(r, n);
    (void)rig_create(r, ACTIVITY_FLEX, 1);
}

static void done(struct rig *r)
{
    if (r->fault.code)
        fail_msg("%s", r->fault.text);
    rig_deinit(r);
}

// A task of 12 s that was preempted twice cost twenty times what it cost undisturbed.
static void preempted_and_lost_attempts_cost_nothing(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    int64_t neur, given_back, energy_mj, both = 0;
    open_house(&r, &n, NULL);
    static const enum attempt_end ends[] = {ATTEMPT_PREEMPTED, ATTEMPT_LOST};
    for (size_t i = 0; i < 2; i++) {
        uint64_t lease = one_ran(&r, &n, true);
        int64_t cost = spent(&r);
        assert_in_range((uint64_t)cost, 199999000, 200000000); // 20 core-hours at 0.010 euro
        both += cost;
        rig_exited(&r, &n, lease, ends[i], -1);
        assert_int_equal(spent(&r), 0);
        sums(&r, &neur, &given_back, &energy_mj);
        assert_int_equal(neur, 0);
        assert_int_equal(given_back, both);
        assert_int_equal(energy_mj, (int64_t)(i + 1) * 900000000); // what was drawn was drawn
        rig_reload(&r);
        assert_int_equal(spent(&r), 0);
    }
    uint64_t lease = one_ran(&r, &n, false);
    int64_t cost = spent(&r);
    rig_exited(&r, &n, lease, ATTEMPT_SUCCESS, 0);
    assert_int_equal(spent(&r), cost); // which is what it costs undisturbed
    assert_in_range((uint64_t)cost, 199999000, 200000000);
    done(&r);
}

static void what_the_customer_ends_or_breaks_is_paid_for(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    open_house(&r, &n, NULL);
    uint64_t lease = one_ran(&r, &n, false);
    int64_t cost = spent(&r);
    rig_exited(&r, &n, lease, ATTEMPT_FAILURE, 1);
    assert_int_equal(spent(&r), cost);
    done(&r);
}

static void an_operator_may_charge_them_all_the_same(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    struct server_config cfg;
    server_config_default(&cfg);
    cfg.bill.lost_too = true;
    open_house(&r, &n, &cfg);
    uint64_t lease = one_ran(&r, &n, false);
    int64_t cost = spent(&r);
    assert_true(cost > 0);
    rig_exited(&r, &n, lease, ATTEMPT_PREEMPTED, -1);
    assert_int_equal(spent(&r), cost);
    done(&r);
}

// The budget is used up by an attempt that is lost then: its project is open again.
static void a_budget_is_freed(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    struct project_view p;
    struct budget_view b;
    open_house(&r, &n, NULL);
    server_project(r.s, 0, &p);
    struct event ev = {.kind = EVENT_BUDGET_PUT,
                       .budget = {.project = p.uuid,
                                  .has_total = true,
                                  .total_neur = 150000000,
                                  .has_policy = true,
                                  .policy = BUDGET_BLOCK_NEW}};
    rig_event(&r, &ev);
    uint64_t lease = one_ran(&r, &n, true);
    assert_null(rig_create(&r, ACTIVITY_FLEX, 1));
    assert_int_equal(rig_reply(&r)->item[0].code, 402);
    rig_exited(&r, &n, lease, ATTEMPT_LOST, -1);
    server_budget(r.s, 0, &b);
    assert_int_equal(b.spent_neur, 0);
    assert_non_null(rig_create(&r, ACTIVITY_FLEX, 1));
    rig_reload(&r);
    server_budget(r.s, 0, &b);
    assert_int_equal(b.spent_neur, 0);
    done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(preempted_and_lost_attempts_cost_nothing),
        cmocka_unit_test(what_the_customer_ends_or_breaks_is_paid_for),
        cmocka_unit_test(an_operator_may_charge_them_all_the_same),
        cmocka_unit_test(a_budget_is_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
