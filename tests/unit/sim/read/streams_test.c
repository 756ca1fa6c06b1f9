// SPDX-License-Identifier: Apache-2.0
//
// A section of a scenario and a small file of each kind, as jobs.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/read/streams.h"

static struct scenario_board board = {.curve = {.cores = 8, .n = 1}};
static struct scenario_zones zones = {.count = 10, .boards = 2};
static struct scenario_site site = {.utc_offset_min = 60};

static struct scenario scenario_of(struct scenario_work *w)
{
    return (struct scenario){.seed = 3,
                             .length_ms = 7 * INT64_C(86400000),
                             .board = &board,
                             .n_board_models = 1,
                             .zones = &zones,
                             .n_zones = 1,
                             .site = &site,
                             .n_sites = 1,
                             .work = w,
                             .n_work = 1};
}

static struct scenario_work work_of(enum scenario_work_kind kind)
{
    return (struct scenario_work){
        .kind = kind, .activity = ACTIVITY_ONDEMAND, .days = -1, .stretch = 1, .share = 1, .accounts = 3};
}

static size_t read_all(struct scenario_work w, const char *text, const char *data, struct sim_job *out,
                       size_t most)
{
    struct scenario s = scenario_of(&w);
    struct stream_text t = {"trace", text, strlen(text)}, d = {"sizes", data, data ? strlen(data) : 0};
    struct sim_workload stream;
    struct err e = ERR_NULL;
    size_t n = 0;
    if (stream_open(&stream, &s, 0, &t, &d, -1, &e))
        fail_msg("%s", e.text);
    while (n < most && stream.next(stream.ctx, &out[n], &e) == 1)
        n++;
    sim_workload_free(&stream);
    return n;
}

static void test_batsim_jobs_of_one_name_are_a_task(void **state)
{
    (void)state;
    static const char text[] =
        "{\"jobs\": [{\"id\": \"a_0\", \"subtime\": 60, \"profile\": \"p\"}, {\"id\": \"a_1\", \"subtime\": "
        "60, \"profile\": \"q\"},"
        "{\"id\": \"b_0\", \"subtime\": 60, \"profile\": \"q\"}, {\"id\": \"c\", \"subtime\": 61, \"res\": "
        "4, \"profile\": \"r\"}],"
        "\"profiles\": {\"p\": {\"type\": \"parallel_homogeneous\", \"cpu\": 8000, \"priority\": 10, "
        "\"datasets\": [\"y\"]},"
        "\"q\": {\"type\": \"parallel_homogeneous\", \"cpu\": 2000, \"priority\": 10, \"datasets\": [\"y\"]},"
        "\"r\": {\"type\": \"delay\", \"delay\": 3, \"priority\": -5}}}";
    struct sim_job j[4];
    assert_int_equal(read_all(work_of(WORK_BATSIM), text, "{\"x\": 5, \"y\": 77}", j, 4), 3);
    assert_int_equal(j[0].instances, 2);
    assert_int_equal(j[0].work_core_ms, 16000); // 2 s of 8 cores
    assert_int_equal(j[0].activity, ACTIVITY_RESERVED);
    assert_int_equal(j[0].n_data, 1);
    assert_int_equal(j[1].instances, 1);
    assert_int_equal(j[1].work_core_ms, 4000);
    assert_int_equal(j[2].instances, 4);
    assert_true(j[2].together);
    assert_int_equal(j[2].work_core_ms, 24000);
    assert_int_equal(j[2].activity, ACTIVITY_FLEX);
}

static void test_data_sets_and_works_are_those_of_the_trace(void **state)
{
    (void)state;
    static const char text[] = "{\"t_0\": {\"start\": 1, \"end\": 3, \"datasets\": [\"x\", \"y\"]}, \"t_1\": "
                               "{\"start\": 1, \"end\": 6, "
                               "\"datasets\": [\"x\", \"y\"]}}";
    struct scenario_work w = work_of(WORK_BATSIM);
    struct scenario s = scenario_of(&w);
    struct stream_text t = {"trace", text, sizeof text - 1}, d = {"sizes", "{\"x\": 5, \"y\": 77}", 17};
    struct sim_workload stream;
    struct sim_job j;
    struct err e = ERR_NULL;
    assert_int_equal(stream_open(&stream, &s, 0, &t, &d, -1, &e), 0);
    assert_int_equal(stream.next(stream.ctx, &j, &e), 1);
    assert_int_equal(j.instances, 2);
    assert_int_equal(j.work_each_core_ms[0], 16000);
    assert_int_equal(j.work_each_core_ms[1], 40000);
    assert_int_equal(j.data[1].bytes, 77);
    assert_int_equal(j.activity, ACTIVITY_ONDEMAND); // a trace without priorities: the section's class
    assert_int_equal(stream.next(stream.ctx, &j, &e), 0);
    sim_workload_free(&stream);
}

static void test_a_workflow_comes_level_by_level(void **state)
{
    (void)state;
    static const char text[] = "{\"workflow\": {\"specification\": {\"tasks\": [{\"id\": \"b\", \"parents\": "
                               "[\"a\"]}, {\"id\": \"a\", \"inputFiles\": "
                               "[\"f\"]}], \"files\": [{\"id\": \"f\", \"sizeInBytes\": 9}]}, \"execution\": "
                               "{\"tasks\": [{\"id\": \"a\", "
                               "\"runtimeInSeconds\": 2.5, \"coreCount\": 4}, {\"id\": \"b\", "
                               "\"runtimeInSeconds\": 1, \"memoryInBytes\": 2e6}]}}}";
    struct sim_job j[3];
    assert_int_equal(read_all(work_of(WORK_WFFORMAT), text, NULL, j, 3), 2);
    assert_int_equal(j[0].submit_ms, 0);
    assert_int_equal(j[0].work_core_ms, 10000);
    assert_int_equal(j[0].cores, 4);
    assert_int_equal(j[0].n_data, 1);
    assert_int_equal(j[1].submit_ms, 2500);
    assert_int_equal(j[1].memory_mb, 2);
}

// 0.25 of 160 cores.
static void test_generated_work_is_a_share_of_the_boards(void **state)
{
    (void)state;
    struct scenario_work w = work_of(WORK_RANDOM);
    struct scenario s = scenario_of(&w);
    struct sim_workload stream;
    struct sim_job j;
    struct err e = ERR_NULL;
    double work = 0;
    w.share = 0.25;
    s.length_ms *= 100;
    assert_int_equal(stream_open(&stream, &s, 0, &(struct stream_text){0}, &(struct stream_text){0}, -1, &e),
                     0);
    while (stream.next(stream.ctx, &j, &e) == 1)
        for (int32_t i = 0; i < j.instances; i++)
            work += (double)j.work_each_core_ms[i];
    sim_workload_free(&stream);
    work /= (double)s.length_ms;
    if (work < 30 || work > 50)
        fail_msg("%g cores of work, not 40", work);
}

static void test_errors_name_the_file(void **state)
{
    (void)state;
    static const struct {
        enum scenario_work_kind kind;
        const char *text, *data, *says;
    } v[] = {
        {WORK_BATSIM, "{", "", "trace: line 1: not JSON"},
        {WORK_BATSIM, "{}", "[", "sizes: line 1: not JSON"},
        {WORK_WFFORMAT, "{}", "", "trace: line 1: \"workflow\" is missing"},
    };
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        struct scenario_work w = work_of(v[i].kind);
        struct scenario s = scenario_of(&w);
        struct stream_text t = {"trace", v[i].text, strlen(v[i].text)},
                           d = {"sizes", v[i].data, strlen(v[i].data)};
        struct sim_workload stream;
        struct err e = ERR_NULL;
        assert_int_equal(stream_open(&stream, &s, 0, &t, &d, -1, &e), -EINVAL);
        if (strncmp(e.text, v[i].says, strlen(v[i].says)) != 0)
            fail_msg("\"%s\", not \"%s\"", e.text, v[i].says);
        assert_null(stream.next);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batsim_jobs_of_one_name_are_a_task),
        cmocka_unit_test(test_data_sets_and_works_are_those_of_the_trace),
        cmocka_unit_test(test_a_workflow_comes_level_by_level),
        cmocka_unit_test(test_generated_work_is_a_share_of_the_boards),
        cmocka_unit_test(test_errors_name_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
