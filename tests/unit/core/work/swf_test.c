// SPDX-License-Identifier: Apache-2.0
// Standard Workload Format: headers, unknowns, line ends, and damage that is refused with its place and
// reason.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "core/work/swf.h"

#define TAIL " -1 -1 -1 -1 -1 -1 -1 -1 -1 -1" // columns 9 to 18

static int read_text(struct swf *s, const char *text, struct err *e)
{
    return swf_read(s, text, strlen(text), 100, e);
}

static void headers_and_jobs_are_read_whatever_the_line_ends(void **state)
{
    (void)state;
    static const char *const text[] = {
        "; Version: 2.2\n;MaxNodes: 228\n; maxprocs :  3648 (16 each)\n; MaxNodes: 9\n; UnixStartTime: "
        "1664575200\n"
        "; Note: MaxJobs: 5\n;\n\n"
        "1 0 -1 1194 16 -1 -1 32 3600 2048 1 42 -1 -1 -1 -1 -1 -1\n"
        "\t2   5 -1 -1 -1 0.75 -1 8" TAIL,
        "; Version: 2.2\r\n;MaxNodes: 228\r\n; maxprocs :  3648\r\n; UnixStartTime: 1664575200\r\n\r\n"
        "1 0 -1 1194.99 16 -1 -1 32 3600 2048.5 1 42 -1 -1 -1 -1 -1 -1\r\n2 5 -1 -1 -1 -1 -1 8" TAIL "\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(text); i++) {
        struct swf s = SWF_NULL;
        struct err e = ERR_NULL;
        assert_int_equal(read_text(&s, text[i], &e), 0);
        assert_int_equal(s.head.max_nodes, 228);
        assert_int_equal(s.head.max_procs, 3648);
        assert_int_equal(s.head.unix_start_s, 1664575200);
        assert_int_equal(s.head.max_jobs, SWF_UNKNOWN);
        assert_int_equal(s.n, 2);
        struct swf_job a = s.v[0], b = s.v[1];
        assert_int_equal(a.job, 1);
        assert_int_equal(a.submit_s, 0);
        assert_int_equal(a.run_s, 1194);
        assert_int_equal(a.procs, 16);
        assert_int_equal(a.req_time_s, 3600);
        assert_int_equal(a.req_mem_kb, 2048);
        assert_int_equal(a.user, 42);
        assert_int_equal(b.submit_s, 5);
        assert_int_equal(b.run_s, SWF_UNKNOWN);
        assert_int_equal(b.procs, 8); // allocated is unknown: what was asked for
        assert_int_equal(b.user, SWF_UNKNOWN);
        swf_deinit(&s);
    }
}

static void damage_is_named_by_line_and_column(void **state)
{
    (void)state;
    const struct {
        const char *text, *why;
    } cases[] = {
        {"1 0 -1 x 16 -1 -1 16" TAIL, "line 1: column 4 (run time): not a number"},
        {"; a\n\n1 0 -1 10s 16 -1 -1 16" TAIL, "line 3: column 4 (run time): not a number"},
        {"1 0 -1 -2 16 -1 -1 16" TAIL, "line 1: column 4 (run time): negative (only -1, unknown, may be)"},
        {"1 -1 -1 5 16 -1 -1 16" TAIL, "line 1: column 2 (submit time): unknown (a job needs it)"},
        {"1.5 0 -1 5 16 -1 -1 16" TAIL, "line 1: column 1 (job number): not a whole number"},
        {"1 0 -1 5 99999999999999999999 -1 -1 16" TAIL, "line 1: column 5 (allocated processors): too large"},
        {"1 0 -1 4398046511105 1 -1 -1 16" TAIL,
         "line 1: column 4 (run time): too large (the limit is 2^42)"},
        {"1 0 -1 5 - -1 -1 16" TAIL, "line 1: column 5 (allocated processors): not a number"},
        {"1 0 -1 1e3 1 -1 -1 16" TAIL, "line 1: column 4 (run time): not a number"},
        {"1 0 -1 5 16 -1 -1 16", "line 1: 8 columns (a job has 18)"},
        {"1 0 -1 5 16 -1 -1 16" TAIL " 7", "line 1: more than 18 columns"},
        {"1 0 -1 5 16 -1 -1 16" TAIL " ; done", "line 1: more than 18 columns"},
        {"hello", "line 1: column 1 (job number): not a number"},
    };
    struct swf s = SWF_NULL;
    assert_int_equal(read_text(&s, "1 0 -1 5 16 -1 -1 16" TAIL, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_NULL;
        assert_int_equal(read_text(&s, cases[i].text, &e), -EINVAL);
        if (!strstr(e.text, cases[i].why))
            fail_msg("case %zu says: %s", i, e.text);
        assert_int_equal(s.n, 1); // untouched
    }
    swf_deinit(&s);
}

static void nul_bytes_and_empty_input_are_harmless(void **state)
{
    (void)state;
    struct swf s = SWF_NULL;
    struct err e = ERR_NULL;
    assert_int_equal(swf_read(&s, NULL, 0, 10, &e), 0);
    assert_int_equal(s.n, 0);
    assert_int_equal(swf_read(&s, "1\0 0", 4, 10, &e), -EINVAL);
    assert_int_equal(swf_read(&s, ";\0\n", 3, 10, &e), 0);
    swf_deinit(&s);
}

static void more_jobs_than_the_limit_are_refused(void **state)
{
    (void)state;
    const char *two = "1 0 -1 5 16 -1 -1 16" TAIL "\n2 0 -1 5 16 -1 -1 16" TAIL "\n";
    struct swf s = SWF_NULL;
    struct err e = ERR_NULL;
    assert_int_equal(swf_read(&s, two, strlen(two), 1, &e), -E2BIG);
    assert_string_equal(e.text, "line 2: more than 1 jobs (give a shorter trace)");
    assert_int_equal(swf_read(&s, two, strlen(two), 2, &e), 0);
    swf_deinit(&s);
}

static void jobs_come_sorted_by_submit_time_and_ties_keep_their_order(void **state)
{
    (void)state;
    const char *text = "1 30 -1 5 1 -1 -1 1" TAIL "\n2 10 -1 5 1 -1 -1 1" TAIL "\n3 30 -1 5 1 -1 -1 1" TAIL
                       "\n4 20 -1 5 1 -1 -1 1" TAIL "\n5 10 -1 5 1 -1 -1 1" TAIL "\n";
    const int64_t want[] = {2, 5, 4, 1, 3};
    struct swf s = SWF_NULL;
    assert_int_equal(read_text(&s, text, NULL), 0);
    assert_int_equal(s.n, 5);
    for (size_t i = 0; i < s.n; i++)
        assert_int_equal(s.v[i].job, want[i]);
    swf_deinit(&s);
}

static void reader_goes_on_after_a_bad_line(void **state)
{
    (void)state;
    const char *text = "1 0 -1 5 1 -1 -1 1" TAIL "\nbroken\n3 9 -1 5 1 -1 -1 1" TAIL;
    struct swf_reader r;
    struct swf_job job;
    swf_reader_init(&r, text, strlen(text));
    assert_int_equal(swf_next(&r, &job, NULL), 1);
    assert_int_equal(swf_next(&r, &job, NULL), -EINVAL);
    assert_int_equal(swf_next(&r, &job, NULL), 1);
    assert_int_equal(job.job, 3);
    assert_int_equal(r.line, 3);
    assert_int_equal(swf_next(&r, &job, NULL), 0);
    assert_int_equal(swf_next(&r, &job, NULL), 0);
}

// Flips, drops and doubles bytes of a good trace. Under the sanitizers any reading past the end shows; the
// buffer is exactly as long as the text for that reason.
static void random_damage_never_reads_outside(void **state)
{
    (void)state;
    const char *good = "; MaxNodes: 7\n1 0 -1 5 16 0.5 -1 16" TAIL "\r\n2 1 -1 5 16 -1 -1 16" TAIL "\n";
    for (uint64_t seed = 1; seed <= 5000; seed++) {
        struct rng rng;
        rng_seed(&rng, seed);
        size_t n = 1 + rng_below(&rng, strlen(good));
        char *bytes = mem_alloc(n);
        memcpy(bytes, good, n);
        for (uint64_t k = rng_below(&rng, 5); k > 0; k--)
            bytes[rng_below(&rng, n)] = "09-.; \n\r\t\0x\xff"[rng_below(&rng, 12)];
        struct swf s = SWF_NULL;
        struct err e = ERR_NULL;
        int rc = swf_read(&s, bytes, n, 100, &e);
        if (rc != 0 && (rc != -EINVAL || strncmp(e.text, "line ", 5) != 0))
            fail_msg("gave %d, %s (seed %llu)", rc, e.text, (unsigned long long)seed);
        swf_deinit(&s);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_and_jobs_are_read_whatever_the_line_ends),
        cmocka_unit_test(damage_is_named_by_line_and_column),
        cmocka_unit_test(nul_bytes_and_empty_input_are_harmless),
        cmocka_unit_test(more_jobs_than_the_limit_are_refused),
        cmocka_unit_test(jobs_come_sorted_by_submit_time_and_ties_keep_their_order),
        cmocka_unit_test(reader_goes_on_after_a_bad_line),
        cmocka_unit_test(random_damage_never_reads_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
