// SPDX-License-Identifier: Apache-2.0
//
// What makes room for better work is set aside, keeps what it has done and goes on; also where boards, agents and
// links fail meanwhile the books agree.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sim/sim.h"

#define ROOMS                                                                                                \
    "start = 2018-01-15\ndays = 1\n[site home]\nweather = -5\n"                                              \
    "[zones room]\nsite = home\ncount = 4\nboards = 3\nfloor_m2 = 22\nsetpoint = 21\n"                       \
    "[work w]\nkind = backlog\nshare = 1\nclass = flex\ninstances = 4\nrun_s = 14400\n"

#define FAULT(kind)                                                                                          \
    "[fault " kind "]\nkind = " kind "\nsite = home\nper_day = 12\nmedian_s = 600\np90_s = 3600\n"
#define FAULTS FAULT("board") FAULT("agent") FAULT("wan")

// Four boards' worth of short onDemand work every half hour.
static int give_short(void *ctx, struct sim_job *job, struct err *e)
{
    int64_t *given = ctx;
    (void)e;
    *job = (struct sim_job){.id = (uint64_t)*given,
                            .submit_ms = *given * 1800000 + 90000,
                            .activity = ACTIVITY_ONDEMAND,
                            .instances = 4,
                            .cores = 16,
                            .work_core_ms = 120 * 8000,
                            .expected_run_ms = 120000};
    return ++*given <= 40;
}

static void run(const char *text, struct sim_result *r)
{
    struct scenario s = {0};
    struct sim_inputs in = {0};
    struct sim_options o = {.check_plans = true, .check_balances = true};
    struct err e = ERR_NULL;
    int64_t given = 0;
    if (scenario_read(&s, "x.ini", text, strlen(text), &e) < 0)
        fail_msg("%s", e.text);
    in.site = mem_array(s.n_sites, sizeof *in.site);
    in.zones = mem_array(s.n_zones, sizeof *in.zones);
    in.work = (struct sim_workload){.ctx = &given, .next = give_short};
    if (sim_run(&s, &in, &o, r, &e) < 0)
        fail_msg("%s", e.text);
    free(in.site);
    free(in.zones);
    scenario_deinit(&s);
}

static void well(const struct sim_result *r)
{
    const struct sim_class_result *c = &r->class[ACTIVITY_FLEX];
    assert_int_equal(r->totals.violations, 0);
    assert_true(r->totals.energy_error < 1e-9);
    assert_true(c->submitted == c->completed + c->waiting + c->running);
}

static void test_nothing_is_lost_to_those_who_come_first(void **state)
{
    (void)state;
    struct sim_result with, without;
    run("[scenario]\n" ROOMS, &with);
    run("[scenario]\nhold = no\n" ROOMS, &without);
    const struct sim_class_result *a = &with.class[ACTIVITY_FLEX], *b = &without.class[ACTIVITY_FLEX];
    well(&with);
    well(&without);
    assert_true(llabs(with.totals.unattributed_j) <
                100); // the engine's ledger explains every joule but roundings
    assert_true(a->held > 50 && a->held_ms > 50 * 60000);
    assert_true(b->held == 0 && b->preempted > 50);
    assert_true(a->wasted_core_ms * 10 < b->wasted_core_ms);
    assert_true(a->completed > b->completed);
    assert_true(with.class[ACTIVITY_ONDEMAND].wait.p95_s <= without.class[ACTIVITY_ONDEMAND].wait.p95_s + 60);
    // What they did and what they had done is all that their boards did: no work twice, none from nothing.
    assert_true(a->work_core_ms == a->completed * 14400 * 8000);
    sim_result_deinit(&with);
    sim_result_deinit(&without);
}

static void test_the_books_agree_where_things_fail(void **state)
{
    (void)state;
    struct sim_result r;
    run("[scenario]\n" ROOMS FAULTS, &r);
    well(&r);
    assert_true(r.class[ACTIVITY_FLEX].held > 20 && r.class[ACTIVITY_FLEX].lost > 5);
    sim_result_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_lost_to_those_who_come_first),
        cmocka_unit_test(test_the_books_agree_where_things_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
