// SPDX-License-Identifier: Apache-2.0
//
// What simulated nodes tell the engine: what somebody decides by (docs/design/0057-fewer-events.md).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/run.h"
#include "sim/sim_text.h"

#define DAYS 3

struct job {
    enum activity activity;
    int32_t tasks, given; // fifteen instances in so many tasks
};

static int give(void *ctx, struct sim_job *job, struct err *e)
{
    struct job *j = ctx;
    (void)e;
    if (j->given == j->tasks)
        return 0;
    *job = (struct sim_job){.id = (uint64_t)j->given++,
                            .submit_ms = 3600000,
                            .activity = j->activity,
                            .instances = 15 / j->tasks,
                            .cores = 64,
                            .work_core_ms = INT64_C(86400000) * 64,
                            .expected_run_ms = -1};
    return 1;
}

// Cold days; instances that take longer than the run.
static void run(const char *policy, enum activity a, int32_t tasks, struct sim_result *r)
{
    struct sim_options o = {.check_plans = true};
    struct job j = {.activity = a, .tasks = tasks};
    char text[600];
    snprintf(
        text, sizeof text,
        "[scenario]\nstart = 2018-01-10\ndays = %d\npolicy = %s\n[site home]\nweather = synthetic\n[zones "
        "room]\nsite = home\ncount = 5\nboards = 3\nfloor_m2 = 22\n[work w]\nkind = backlog\nshare = 0\n",
        DAYS, policy);
    sim_text_run(text, &o, (struct sim_workload){.next = give, .ctx = &j}, r);
}

static bool same(struct heat_watts a, struct heat_watts b)
{
    return a.target_w == b.target_w && a.max_w == b.max_w && a.min_w == b.min_w;
}

static void what_is_borne_is_for_urgent_work_only(void **state)
{
    (void)state;
    struct heat_watts q = {.target_w = 200, .max_w = 400, .min_w = 50}, idle = {.target_w = 9, .max_w = 400};
    assert_true(same(decisive(true, q, 12), q));
    assert_true(same(decisive(true, idle, 12), idle));
    assert_true(same(decisive(false, q, 12), (struct heat_watts){.target_w = 200, .min_w = 50}));
    assert_true(same(decisive(false, idle, 12), (struct heat_watts){0}));
    q.max_w = 100; // as much as it can take
    assert_true(same(decisive(false, q, 12), (struct heat_watts){.target_w = 100, .min_w = 50}));
    idle.min_w = 5; // owed: worth something also without work
    assert_true(same(decisive(false, idle, 12), (struct heat_watts){.target_w = 9, .min_w = 5}));
}

// Fifteen boards at work for three days, and nothing waits: every ten minutes that were 6,480 calls. How long its
// siblings have run by now is asked of an array only.
static void levels_become_rare(void **state)
{
    (void)state;
    struct sim_result array, single;
    run("market", ACTIVITY_FLEX, 1, &array);
    run("market", ACTIVITY_FLEX, 15, &single);
    print_message("%lld calls, %lld started; of single ones %lld, %lld\n", (long long)array.totals.syncs,
                  (long long)array.class[ACTIVITY_FLEX].started, (long long)single.totals.syncs,
                  (long long)single.class[ACTIVITY_FLEX].started);
    assert_true(array.class[ACTIVITY_FLEX].started >= 15 && single.class[ACTIVITY_FLEX].started >= 15);
    assert_true(array.totals.syncs > 15 * 10 && array.totals.syncs < 15 * 20 * DAYS);
    assert_true(single.totals.syncs + 50 < array.totals.syncs);
    sim_result_deinit(&array);
    sim_result_deinit(&single);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_borne_is_for_urgent_work_only),
        cmocka_unit_test(levels_become_rare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
