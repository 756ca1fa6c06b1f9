// SPDX-License-Identifier: Apache-2.0
//
// What boards of rooms used, as it is booked in different ways (by the total of a room, from its log, board by board),
// adds up; and rooms that nobody looks at while they wait for sleep go to sleep.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/sim_text.h"

#define HOUSE                                                                                                \
    "[site home]\nweather = synthetic\n[zones room]\nsite = home\ncount = 12\nboards = 3\nfloor_m2 = 22\n"   \
    "spread = 0.3\npeople = home\n[work w]\nkind = backlog\nclass = flex\nshare = 0\n"

// A job every seven minutes, of a few minutes to two hours at full speed on a whole board.
static int give(void *ctx, struct sim_job *job, struct err *e)
{
    int64_t *n = ctx;
    (void)e;
    *job = (struct sim_job){.id = (uint64_t)*n,
                            .submit_ms = *n * 420000,
                            .activity = ACTIVITY_FLEX,
                            .instances = 1,
                            .cores = 64,
                            .work_core_ms = (1 + *n % 24) * 300000 * 8,
                            .expected_run_ms = -1};
    ++*n;
    return 1;
}

static void run(const char *when, bool work, struct sim_result *r)
{
    struct sim_options o = {.check_plans = true, .check_balances = true};
    int64_t given = 0;
    char text[800];
    snprintf(text, sizeof text, "[scenario]\n%s\n" HOUSE, when);
    sim_text_run(text, &o,
                 work ? (struct sim_workload){.next = give, .ctx = &given} : (struct sim_workload){0}, r);
}

static double of_series(const struct sim_series *x, enum activity a)
{
    double j = 0;
    for (size_t i = 0; i < x->n; i++)
        j += (double)x->activity_w[a][i] * (double)x->step_ms * 1e-3;
    return j;
}

static void energies_by_class_add_up_however_they_were_booked(void **state)
{
    (void)state;
    struct sim_result r;
    run("start = 2018-04-10\ndays = 3", true, &r);
    int64_t all_j = 0, delivered_j = 0;
    for (int a = 0; a < ACTIVITY_N; a++) {
        int64_t boards_j = 0;
        for (size_t z = 0; z < r.n_zones; z++)
            boards_j += r.zone[z].activity_j[a];
        double series_j = of_series(&r.series, (enum activity)a);
        print_message("%s: boards %lld J, hours %.0f J\n", activity_name((enum activity)a),
                      (long long)boards_j, series_j);
        // A joule is lost of each board; hours are in single precision.
        assert_true(fabs(series_j - (double)boards_j) <= 40 + 1e-6 * series_j);
        all_j += boards_j;
    }
    for (size_t z = 0; z < r.n_zones; z++)
        delivered_j += r.zone[z].delivered_j;
    assert_true(llabs(delivered_j - all_j) <= 12 * 3 * ACTIVITY_N);
    assert_true(r.class[ACTIVITY_FLEX].completed > 100);
    sim_result_deinit(&r);
}

// In July hardly any heat is wanted: a board that is awake waits five minutes, draws idle as long, and sleeps.
static void boards_that_wait_for_sleep_go_to_sleep_in_time(void **state)
{
    (void)state;
    struct sim_result r;
    run("start = 2018-07-03\ndays = 4", false, &r);
    int64_t idle_j = 0, sleep_j = 0, cycles = 0;
    for (size_t z = 0; z < r.n_zones; z++) {
        idle_j += r.zone[z].activity_j[ACTIVITY_IDLE];
        sleep_j += r.zone[z].activity_j[ACTIVITY_SLEEP];
        cycles += r.zone[z].power_cycles;
    }
    print_message("idle %lld J, asleep %lld J, %lld times on\n", (long long)idle_j, (long long)sleep_j,
                  (long long)cycles);
    assert_true(sleep_j > 0);
    assert_true(idle_j < (cycles + 12 * 3) * 12 * 600); // 12 W, ten minutes each
    sim_result_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energies_by_class_add_up_however_they_were_booked),
        cmocka_unit_test(boards_that_wait_for_sleep_go_to_sleep_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
