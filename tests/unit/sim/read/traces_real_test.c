// SPDX-License-Identifier: Apache-2.0
//
// Workloads and workflows of others, whole. Looks for them under $ONDOL_DATA or beside the source tree; where
// they are not, the test is skipped.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "device/slurp.h"
#include "sim/read/batsim.h"
#include "sim/read/workflow.h"

#define SKIP 77

static char *text_of(const char *name, size_t *n, struct err *e)
{
    const char *data = getenv("ONDOL_DATA");
    char path[4096], *text;
    snprintf(path, sizeof path, "%s/workloads/%s", data ? data : ONDOL_SOURCE_ROOT "/../shared/data", name);
    return slurp(path, 1 << 24, &text, n, e) ? NULL : text;
}

static void test_recorded_workflows_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t tasks;
    } v[] = {{"workflows/1000genome-chameleon-2ch-100k-001.json.gz", 52},
             {"workflows/blast-chameleon-small-001.json.gz", 43},
             {"workflows/sarek-dirt02-001.json.gz", 26},
             {"workflows/srasearch-chameleon-10a-001.json.gz", 22}};
    for (size_t i = 0; i < 4; i++) {
        struct workflow w;
        struct err e = ERR_NULL;
        size_t n;
        char *text = text_of(v[i].name, &n, &e);
        if (!text || workflow_read(&w, text, n, &e))
            fail_msg("%s: %s", v[i].name, e.text);
        assert_int_equal(w.n, v[i].tasks);
        assert_true(w.critical_s > 0 &&
                    w.critical_s <= w.makespan_s); // the run cannot have been shorter than its longest chain
        workflow_deinit(&w);
        free(text);
    }
}

static void test_workloads_of_batsim_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t jobs;
    } v[] = {{"batsim/example_workload_hpc_seed1_jobs250.json.gz", 250},
             {"batsim/test_batsim_paper_workload_seed1.json.gz", 800},
             {"batsim/test_delays.json.gz", 10}};
    for (size_t i = 0; i < 3; i++) {
        struct batsim_jobs j;
        struct err e = ERR_NULL;
        size_t n;
        char *text = text_of(v[i].name, &n, &e);
        if (!text || batsim_jobs_read(&j, NULL, -1, text, n, &e))
            fail_msg("%s: %s", v[i].name, e.text);
        assert_int_equal(j.n, v[i].jobs);
        for (size_t k = 0; k < j.n; k++)
            assert_true(j.v[k].run_s > 0 && j.v[k].mflop < 0 && j.v[k].wall_ms > 0);
        batsim_jobs_deinit(&j);
        free(text);
    }
}

int main(void)
{
    struct err e = ERR_NULL;
    size_t n;
    char *text = text_of("batsim/test_delays.json.gz", &n, &e);
    if (!text) {
        printf("skipped: %s (set ONDOL_DATA)\n", e.text);
        return SKIP;
    }
    free(text);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_workflows_are_read),
        cmocka_unit_test(test_workloads_of_batsim_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
