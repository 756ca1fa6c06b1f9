// SPDX-License-Identifier: Apache-2.0
// What operators say of sites, through the engine: kept over a restart, heeded by the planner and the caps.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/site_setting.h"
#include "rig_case.h"

static void set(struct rig *r, const char *site, const char *text)
{
    struct event ev = {.kind = EVENT_SITE_SET, .site = {.site = site, .setting = text}};
    rig_event(r, &ev);
}

static struct site_view view(struct rig *r, const char *site)
{
    size_t i;
    struct site_view v;
    assert_true(server_find_site(r->s, site, &i));
    server_site(r->s, i, HOUSE_MS(r->now), &v);
    return v;
}

static void a_sites_settings_outlive_a_crash(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    set(r, n.site, "country = FR\ntariff = daily 06:00 0.2, daily 22:00 0.1\ncircuits = east 200 z-n");
    rig_reload(r);
    struct site_view v = view(r, n.site);
    assert_string_equal(v.setting->country, "FR");
    assert_int_equal(v.setting->n_tariff, 2);
    assert_int_equal(v.setting->circuit[0].cap_mw, 200000);
    assert_true(v.has_tariff);
    case_done(r);
}

static void a_wrong_setting_is_refused_and_a_new_site_is_made_only_when_told_so(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    struct event ev = {
        .kind = EVENT_SITE_SET, .token = 1, .site = {.site = "new", .setting = "country = FR"}};
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 404);
    ev.site.make = true;
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 200);
    assert_string_equal(view(r, "new").setting->country, "FR");
    ev.site.setting = "country = France";
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 400);
    assert_string_equal(view(r, "new").setting->country, "FR");
    case_done(r);
}

static void a_circuits_cap_is_shared_among_its_nodes_beside_the_sites(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node n, m, o;
    rig_node_init(&n, "n", 1);
    rig_node_init(&m, "m", 1);
    rig_node_init(&o, "o", 1);
    rig_hello(r, &n);
    rig_hello(r, &m);
    rig_hello(r, &o);
    set(r, n.site, "circuits = east 200 z-n z-m");
    assert_int_equal(rig_desired(r, &n)->cap_mw, 100000);
    assert_int_equal(rig_desired(r, &m)->cap_mw, 100000);
    assert_int_equal(rig_desired(r, &o)->cap_mw, -1);
    struct event ev = {.kind = EVENT_SITE_SET, .site = {.site = n.site, .has_cap = true, .cap_mw = 150000}};
    rig_event(r, &ev);
    assert_int_equal(rig_desired(r, &n)->cap_mw, 50000); // the smaller share
    set(r, n.site, "circuits =");
    assert_int_equal(rig_desired(r, &o)->cap_mw, 50000);
    case_done(r);
}

static size_t assigned(struct rig *r, const struct rig_node *n)
{
    size_t k = 0;
    while (rig_assignment(r, n, k))
        k++;
    return k;
}

// Where the site has none; the share is reckoned anew with each call.
static void a_circuits_cap_alone_holds_when_its_node_calls_and_over_a_restart(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    set(r, n.site, "circuits = east 200 z-n");
    assert_int_equal(rig_desired(r, &n)->cap_mw, 200000);
    rig_poll(r, &n);
    assert_int_equal(rig_desired(r, &n)->cap_mw, 200000);
    rig_reload(r);
    rig_poll(r, &n);
    assert_int_equal(rig_desired(r, &n)->cap_mw, 200000);
    case_done(r);
}

static bool work_only(struct rig *r, const struct rig_node *n)
{
    return rig_desired(r, n)->zone[0].work_only;
}

// A tank with a gas boiler beside it, and cheap nights.
static void where_other_heat_is_cheaper_boards_are_told_to_heat_by_work_only(void **state)
{
    (void)state;
    struct rig_node n, m;
    struct rig *r = case_with_node(&n, 1);
    rig_node_init(&m, "m", 1); // without other heat
    rig_hello(r, &m);
    assert_false(work_only(r, &n));
    set(r, n.site, "tariff = daily 00:00 0.05, daily 06:00 0.2\nother_heat = 0.1 z-n"); // it is midnight
    assert_false(work_only(r, &n));
    rig_wait(r, 6 * INT64_C(3600000) - 1000);
    assert_false(work_only(r, &n));
    uint64_t before = rig_desired(r, &n)->version, others = rig_desired(r, &m)->version;
    rig_wait(r, 1000);
    assert_true(work_only(r, &n));
    assert_false(work_only(r, &m));
    assert_true(rig_desired(r, &n)->version > before); // it hears of it now
    assert_int_equal(rig_desired(r, &m)->version, others);
    struct buf why = BUF_INIT(1000);
    assert_true(server_why_zone(r->s, "z-n", HOUSE_MS(r->now), &why));
    assert_non_null(
        strstr(buf_str(&why), "heat from elsewhere costs 0.1000: for now it is heated by work only"));
    buf_deinit(&why);
    rig_reload(r);
    assert_true(work_only(r, &n));
    rig_wait(r, 18 * INT64_C(3600000));
    assert_false(work_only(r, &n));
    set(r, n.site, "tariff = daily 00:00 0.2");
    assert_true(work_only(r, &n));
    set(r, n.site, "other_heat =");
    assert_false(work_only(r, &n));
    case_done(r);
}

// 0.05 euro, and 500 g a kWh at 100 euro a tonne: as much again.
static void carbon_that_has_a_price_makes_electricity_dearer(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    set(r, n.site,
        "tariff = daily 00:00 0.05\nother_heat = 0.09 z-n\ncarbon = 2025-12-01T00:00:00Z 60 500 500 300");
    assert_false(work_only(r, &n));
    set(r, n.site, "carbon_price = 100");
    assert_true(work_only(r, &n));
    rig_wait(r, 2 * INT64_C(3600000)); // 300 g
    assert_false(work_only(r, &n));
    case_done(r);
}

// Paid work goes there all the same; what is given away does not, and goes where heat is asked for in any case.
static void work_goes_where_its_electricity_is_saved_by_nobody_elses_heat(void **state)
{
    (void)state;
    struct rig_node n, m;
    struct rig *r = case_with_node(&n, 1);
    set(r, n.site, "tariff = daily 00:00 0.3\nother_heat = 0.1 z-n");
    (void)rig_create(r, ACTIVITY_DONATED, 1);
    assert_null(rig_assignment(r, &n, 0));
    rig_node_init(&m, "m", 1);
    rig_hello(r, &m);
    assert_non_null(rig_assignment(r, &m, 0));
    (void)rig_create(r, ACTIVITY_FLEX, 1);
    assert_non_null(rig_assignment(r, &n, 0));
    case_done(r);
}

static void a_circuit_that_bears_no_more_gets_no_more_work(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 2);
    set(r, n.site, "circuits = east 0 z-n");
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    assert_int_equal(assigned(r, &n), 0);
    struct buf why = BUF_INIT(4096);
    assert_true(server_why_task(r->s, rig_task(r, t)->id, HOUSE_MS(r->now), &why));
    assert_non_null(strstr(buf_str(&why), "held back by the power cap of their site or circuit"));
    buf_deinit(&why);
    set(r, n.site, "circuits = east 5000 z-n");
    assert_int_equal(assigned(r, &n), 1);
    case_done(r);
}

// The clock alone changes what holds: the engine asks to be woken for it.
static void a_tariff_changes_with_the_hour(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    set(r, n.site, "tariff = daily 06:00 0.2, daily 22:00 0.1");
    struct site_view v = view(r, n.site);
    assert_true(server_next_tick(r->s).v <= v.tariff_until.v);
    int64_t before = v.tariff_ueur_per_kwh;
    rig_wait(r, v.tariff_until.v - r->now);
    assert_int_not_equal(view(r, n.site).tariff_ueur_per_kwh, before);
    assert_true(server_next_tick(r->s).v > r->now);
    case_done(r);
}

// ---- where tasks may run

static const char *placed(struct rig *r, const char *place, int32_t instances)
{
    struct task_draft d;
    rig_draft(r, &d, instances);
    d.place = place;
    return rig_create_draft(r, &d);
}

static void a_task_stays_in_the_country_and_on_the_site_it_asks_for(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node fr, no;
    rig_node_init(&fr, "fr", 1);
    rig_node_init(&no, "no", 1);
    snprintf(no.site, sizeof no.site, "fjord");
    rig_hello(r, &fr);
    rig_hello(r, &no);
    set(r, fr.site, "country = FR");
    set(r, no.site, "country = NO");
    placed(r, "country=NO", 1);
    assert_int_equal(assigned(r, &fr), 0);
    assert_int_equal(assigned(r, &no), 1);
    const char *t = placed(r, "country=NO", 1);
    rig_reload(r); // it knows that after a crash too
    rig_zone(r, &fr, 400);
    rig_zone(r, &no, 400);
    assert_int_equal(assigned(r, &fr), 0);
    struct buf why = BUF_INIT(4096);
    assert_true(server_why_task(r->s, rig_task(r, t)->id, HOUSE_MS(r->now), &why));
    assert_non_null(strstr(buf_str(&why), "1 stand where this task may not run"));
    buf_deinit(&why);
    placed(r, "site=fjord", 1);
    assert_int_equal(assigned(r, &fr), 0);
    set(r, fr.site, "country = NO"); // the border has moved
    assert_int_equal(assigned(r, &fr), 1);
    case_done(r);
}

static void a_site_that_is_not_there_is_refused(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    struct task_draft d;
    rig_draft(r, &d, 1);
    d.place = "site=nowhere";
    struct event ev = {.kind = EVENT_TASKS_CREATE, .create = {.account = r->account, .draft = &d, .n = 1}};
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->item[0].code, 400);
    assert_string_equal(rig_reply(r)->item[0].message, "placement: no such site: nowhere");
    d.place = "gang=1";
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->item[0].code, 400);
    case_done(r);
}

static void a_gang_starts_whole_on_one_site_or_not_at_all(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node two, three;
    rig_node_init(&two, "two", 2);
    rig_node_init(&three, "three", 3);
    two.want_w = three.want_w = 400;
    snprintf(three.site, sizeof three.site, "large");
    rig_hello(r, &two);
    placed(r, "gang=3", 3);
    assert_int_equal(assigned(r, &two), 0);
    rig_hello(r, &three);
    assert_int_equal(assigned(r, &three), 3);
    assert_int_equal(assigned(r, &two), 0);
    case_done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sites_settings_outlive_a_crash),
        cmocka_unit_test(a_wrong_setting_is_refused_and_a_new_site_is_made_only_when_told_so),
        cmocka_unit_test(a_circuits_cap_is_shared_among_its_nodes_beside_the_sites),
        cmocka_unit_test(a_circuits_cap_alone_holds_when_its_node_calls_and_over_a_restart),
        cmocka_unit_test(where_other_heat_is_cheaper_boards_are_told_to_heat_by_work_only),
        cmocka_unit_test(carbon_that_has_a_price_makes_electricity_dearer),
        cmocka_unit_test(work_goes_where_its_electricity_is_saved_by_nobody_elses_heat),
        cmocka_unit_test(a_circuit_that_bears_no_more_gets_no_more_work),
        cmocka_unit_test(a_tariff_changes_with_the_hour),
        cmocka_unit_test(a_task_stays_in_the_country_and_on_the_site_it_asks_for),
        cmocka_unit_test(a_site_that_is_not_there_is_refused),
        cmocka_unit_test(a_gang_starts_whole_on_one_site_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
