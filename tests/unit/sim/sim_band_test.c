// SPDX-License-Identifier: Apache-2.0
//
// Urgent work in simulated rooms that want little heat: it runs within their bands, other work does not, and
// no room is pushed above (docs/design/0052-band.md).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/sim_text.h"

// Mild days: the rooms' need is a tenth of what their heaters have.
#define HOUSE                                                                                                \
    "[scenario]\nstart = 2018-04-20\ndays = 1.5\n[site home]\nweather = synthetic\n[zones room]\nsite = "    \
    "home\ncount = 5\nboards = 3\nfloor_m2 = 22\n"

// Twenty jobs at noon of the first day, each ten minutes at full speed on a whole board.
struct burst {
    enum activity activity;
    int given;
};

static int give(void *ctx, struct sim_job *job, struct err *e)
{
    struct burst *b = ctx;
    (void)e;
    if (b->given == 20)
        return 0;
    *job = (struct sim_job){.id = (uint64_t)b->given,
                            .submit_ms = 12 * 3600000,
                            .activity = b->activity,
                            .instances = 1,
                            .cores = 64,
                            .work_core_ms = 600 * 8000,
                            .expected_run_ms = -1};
    b->given++;
    return 1;
}

static void run(enum activity a, struct sim_result *r)
{
    struct sim_options o = {.check_plans = true, .check_balances = true};
    struct burst b = {.activity = a};
    char text[600];
    snprintf(text, sizeof text, HOUSE "[work w]\nkind = backlog\nclass = %s\nshare = 0\n", activity_name(a));
    sim_text_run(text, &o, (struct sim_workload){.next = give, .ctx = &b}, r);
}

// It used to wait with all other work until the rooms wanted heat, half a day.
static void a_burst_of_urgent_work_is_done_in_rooms_that_are_content(void **state)
{
    (void)state;
    double flex_rmse_k = 0;
    for (int a = ACTIVITY_FLEX; a >= ACTIVITY_RESERVED; a--) {
        struct sim_result r;
        run((enum activity)a, &r);
        print_message("%s: %lld done, wait p95 %.0f s, slowdown %.2f, rmse %.3f K, hot %.4f K h/day\n",
                      activity_name((enum activity)a), (long long)r.class[a].completed, r.class[a].wait.p95_s,
                      r.class[a].wait.mean_slowdown, r.totals.zone_rmse_k, r.totals.hot_kh_zone_day);
        assert_int_equal(r.class[a].completed, 20);
        assert_int_equal(r.totals.violations, 0); // and thermostats are told of what it lifts, and of its end
        assert_true(r.totals.hot_kh_zone_day < 0.01);
        if (a == ACTIVITY_FLEX) {
            assert_true(r.class[a].wait.p95_s > 6 * 3600);
            flex_rmse_k = r.totals.zone_rmse_k;
        } else {
            assert_true(r.class[a].wait.p95_s < 1800 && r.class[a].wait.mean_slowdown < 3);
            assert_true(r.totals.zone_rmse_k < flex_rmse_k + 0.1);
        }
        sim_result_deinit(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_of_urgent_work_is_done_in_rooms_that_are_content),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
