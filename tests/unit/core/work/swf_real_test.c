// SPDX-License-Identifier: Apache-2.0
// A month of a real cluster (SURF, October 2022): every one of its jobs is read. Looks for the trace under
// $ONDOL_DATA or beside the source tree; where it is not, the test is skipped.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/buf.h"
#include "core/work/swf.h"

#define SKIP 77

static void every_job_of_the_month_is_read(void **state)
{
    struct buf *text = *state;
    struct swf s = SWF_NULL;
    struct err e = ERR_NULL;
    if (swf_read(&s, text->v, text->n, 1000000, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(s.n, 68648);
    assert_int_equal(s.head.max_jobs, 68648);
    assert_int_equal(s.head.max_nodes, 228);
    assert_int_equal(s.head.unix_start_s, 1664575200);
    int64_t core_s = 0;
    for (size_t i = 0; i < s.n; i++) {
        assert_int_equal(s.v[i].procs, 16);
        assert_true(s.v[i].run_s >= 0 && s.v[i].submit_s >= 0 && s.v[i].submit_s < 31 * 86400);
        assert_true(i == 0 || s.v[i - 1].submit_s <= s.v[i].submit_s);
        core_s += s.v[i].run_s * s.v[i].procs;
    }
    // No more than the peak of 228 nodes of 16 cores could do in the month and a tail of running jobs.
    assert_true(core_s > 0 && core_s < INT64_C(228) * 16 * 40 * 86400);
    swf_deinit(&s);
}

static int read_gz(const char *path, struct buf *out)
{
    gzFile f = gzopen(path, "rb");
    if (!f)
        return -1;
    char chunk[65536];
    int n;
    while ((n = gzread(f, chunk, sizeof chunk)) > 0)
        buf_put(out, chunk, (size_t)n);
    gzclose(f);
    return n < 0 || out->failed ? -1 : 0;
}

int main(void)
{
    const char *data = getenv("ONDOL_DATA");
    char path[4096];
    snprintf(path, sizeof path, "%s/workloads/SURF-2022-10.swf.gz",
             data ? data : ONDOL_SOURCE_ROOT "/../shared/data");
    struct buf text = BUF_INIT(64 << 20);
    if (read_gz(path, &text) != 0) {
        printf("skipped: no trace at %s (set ONDOL_DATA)\n", path);
        buf_deinit(&text);
        return SKIP;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_job_of_the_month_is_read, &text),
    };
    int rc = cmocka_run_group_tests(tests, NULL, NULL);
    buf_deinit(&text);
    return rc;
}
