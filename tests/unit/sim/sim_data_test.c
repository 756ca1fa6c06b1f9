// SPDX-License-Identifier: Apache-2.0
//
// Data sets in the simulator: copies that policies order are made, cross links and are waited for, and what
// the policies promise of it comes true on one small workload.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sim/sim.h"

enum { SITES = 6, SETS = 4, MINUTE = 60000 };
static const int64_t GB = 1000000000;

// Sites of two rooms with three boards each, that want heat; 80 s for a gigabyte.
static void text_of(char *out, size_t room, const char *policy)
{
    size_t n = (size_t)snprintf(out, room, "[scenario]\nstart = 2018-01-15\ndays = 1\npolicy = %s\n", policy);
    for (int i = 0; i < SITES; i++)
        n += (size_t)snprintf(
            out + n, room - n,
            "[site s%d]\nweather = synthetic\nwan_mbit_s = 100\nwan_latency_ms = 10\nlan_mbit_s = "
            "0\ncache_gb = %d\n[zones z%d]\nsite = s%d\ncount = 2\nboards = 3\nfloor_m2 = "
            "30\n",
            i, 100 + i, i, i);
    snprintf(out + n, room - n, "[work w]\nkind = swf\n");
}

struct stream {
    const struct sim_job *job;
    size_t n, at;
};

static int give(void *ctx, struct sim_job *job, struct err *e)
{
    struct stream *s = ctx;
    (void)e;
    if (s->at == s->n)
        return 0;
    *job = s->job[s->at++];
    return 1;
}

static void run(const char *policy, const struct sim_job *job, size_t n, struct sim_result *r)
{
    char text[4096];
    struct scenario s;
    struct err e = ERR_NULL;
    struct stream stream = {job, n, 0};
    struct sim_options o = {.check_plans = true};
    struct sim_inputs in = {.work = {&stream, give, NULL}};
    text_of(text, sizeof text, policy);
    if (scenario_read(&s, "x.ini", text, strlen(text), &e) < 0)
        fail_msg("%s", e.text);
    in.site = mem_array(s.n_sites, sizeof *in.site);
    in.zones = mem_array(s.n_zones, sizeof *in.zones);
    for (size_t i = 0; i < s.n_sites; i++)
        weather_synthetic_paris(&in.site[i].weather, 2018, 3 + i);
    if (sim_run(&s, &in, &o, r, &e) < 0)
        fail_msg("%s: %s", policy, e.text);
    for (size_t i = 0; i < s.n_sites; i++)
        weather_deinit(&in.site[i].weather);
    free(in.site);
    free(in.zones);
    scenario_deinit(&s);
}

static int64_t transfers(const struct sim_result *r)
{
    int64_t n = 0;
    for (size_t i = 0; i < r->n_sites; i++)
        n += r->site[i].transfers;
    return n;
}

// Two tasks of four instances each quarter of an hour, that read one set of a gigabyte each: the first set
// half of the time.
static size_t mixed(struct sim_job *job, struct sim_data *data, size_t most)
{
    for (uint64_t d = 0; d < SETS; d++)
        data[d] = (struct sim_data){.set = d + 1, .bytes = GB};
    for (size_t i = 0; i < most; i++)
        job[i] = (struct sim_job){.id = i,
                                  .submit_ms = (int64_t)(60 + i / 2 * 15) * MINUTE,
                                  .activity = ACTIVITY_FLEX,
                                  .instances = 4,
                                  .cores = 8,
                                  .work_core_ms = 8 * 300000,
                                  .expected_run_ms = -1,
                                  .data = &data[i % 2 ? i / 2 % SETS : 0],
                                  .n_data = 1};
    return most;
}

static void policies_move_what_they_say(void **state)
{
    (void)state;
    static const char *const policy[] = {"market",     "qstd",        "locality",
                                         "replicate3", "replicate10", "full-replicate"};
    enum { MARKET, QSTD, LOCALITY, THREE, TEN, FULL, N };
    struct sim_data data[SETS];
    struct sim_job job[120];
    struct sim_result r[N];
    double wait[N];
    int64_t moved[N];
    size_t n = mixed(job, data, 120);
    for (int i = 0; i < N; i++) {
        run(policy[i], job, n, &r[i]);
        moved[i] = r[i].totals.moved_bytes / GB;
        wait[i] = r[i].class[ACTIVITY_FLEX].wait.mean_s;
        assert_int_equal(r[i].totals.violations, 0);
        assert_int_equal(r[i].class[ACTIVITY_FLEX].completed, 4 * n);
        assert_true(r[i].totals.moved_bytes == transfers(&r[i]) * GB); // each set once to each site, whole
        print_message("%-15s %3d GB, mean wait %6.1f s, %d of %d ended\n", policy[i], (int)moved[i], wait[i],
                      (int)r[i].class[ACTIVITY_FLEX].completed, (int)(4 * n));
        sim_result_deinit(&r[i]);
    }
    assert_int_equal(moved[FULL], SETS * SITES);
    assert_int_equal(moved[TEN], SETS * SITES); // there are six disks
    assert_true(moved[THREE] >= 3 * SETS);
    assert_true(moved[LOCALITY] <= moved[QSTD]);
    assert_true(moved[LOCALITY] <= moved[THREE]);
    assert_true(10 * moved[MARKET] <= 12 * moved[QSTD]); // what it fetches ahead costs no more than that
    for (int i = QSTD; i < FULL; i++)
        assert_true(wait[FULL] <= wait[i]);
    assert_true(wait[TEN] <= wait[QSTD]);
    assert_true(wait[MARKET] <= wait[QSTD]);
}

// One instance at a time, so that a copy at one site would do: a set that is used all day is fetched ahead to
// the others, one that is used twice is not. When all six boards of a site are wanted at once later, nobody
// waits.
static void what_is_used_much_is_fetched_ahead(void **state)
{
    (void)state;
    struct sim_data data[2] = {{.set = 1, .bytes = GB}, {.set = 2, .bytes = GB}};
    struct sim_job job[43];
    struct sim_result r;
    for (size_t i = 0; i < 43; i++)
        job[i] = (struct sim_job){.id = i,
                                  .submit_ms = (int64_t)(60 + i * 20) * MINUTE,
                                  .activity = ACTIVITY_FLEX,
                                  .instances = i == 42 ? 24 : 1,
                                  .cores = 8,
                                  .work_core_ms = 8 * 300000,
                                  .expected_run_ms = -1,
                                  .data = &data[i % 20 == 1],
                                  .n_data = 1};
    run("market", job, 42, &r);
    assert_int_equal(transfers(&r), SITES + 1);
    assert_int_equal(r.class[ACTIVITY_FLEX].completed, 42);
    sim_result_deinit(&r);
    run("market", job, 43, &r);
    assert_int_equal(transfers(&r), SITES + 1);
    assert_int_equal(r.class[ACTIVITY_FLEX].completed, 42 + 24);
    sim_result_deinit(&r);
}

// Its events were those of before: it stood there with its data for ever.
static void a_board_that_sleeps_or_wakes_while_its_data_come_starts_its_work(void **state)
{
    (void)state;
    struct sim_data data = {.set = 1, .bytes = 5 * GB}; // long enough for its room to become warm
    struct sim_job job[8];
    struct sim_result r;
    for (size_t i = 0; i < 8; i++)
        job[i] = (struct sim_job){.id = i,
                                  .submit_ms = (int64_t)(60 + i * 120) * MINUTE,
                                  .activity = ACTIVITY_FLEX,
                                  .instances = 36,
                                  .cores = 8,
                                  .work_core_ms = 8 * 60000,
                                  .expected_run_ms = -1,
                                  .data = &data,
                                  .n_data = 1};
    run("qstd", job, 8, &r);
    assert_int_equal(r.class[ACTIVITY_FLEX].completed, 8 * 36);
    sim_result_deinit(&r);
}

// Two gigabytes to one site at once share its link; alone each takes 80 s.
static void copies_share_a_link(void **state)
{
    (void)state;
    struct sim_data data[2] = {{.set = 1, .bytes = GB}, {.set = 2, .bytes = GB}};
    for (size_t n = 1; n <= 2; n++) {
        struct sim_job job = {.submit_ms = 3600000,
                              .activity = ACTIVITY_FLEX,
                              .instances = 1,
                              .cores = 8,
                              .work_core_ms = 8 * 300000,
                              .expected_run_ms = -1,
                              .data = data,
                              .n_data = n};
        struct sim_result r;
        run("market", &job, 1, &r);
        double wait = r.class[ACTIVITY_FLEX].wait.max_s;
        if (wait < (double)n * 80 || wait > (double)n * 80 + 75) // and a boot
            fail_msg("%zu GB: waited %g s", n, wait);
        sim_result_deinit(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_move_what_they_say),
        cmocka_unit_test(what_is_used_much_is_fetched_ahead),
        cmocka_unit_test(a_board_that_sleeps_or_wakes_while_its_data_come_starts_its_work),
        cmocka_unit_test(copies_share_a_link),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
