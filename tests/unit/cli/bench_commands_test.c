// SPDX-License-Identifier: Apache-2.0
// Commands of others are counted, limited in time, and killed when they take too long; a Slurm that is not
// there is said to be missing in a sentence that says what to do.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_slurm.h"

#define FOREVER_S 600

static void every_run_is_counted(void **state)
{
    (void)state;
    const char *argv[] = {"true", NULL};
    struct commands_run r;
    struct err e = ERR_NULL;
    assert_int_equal(commands_run(argv, NULL, 3, 10, FOREVER_S, &r, &e), 0);
    assert_int_equal(r.done, 10);
    assert_true(r.took_s > 0);
}

static void no_more_are_started_after_the_time(void **state)
{
    (void)state;
    const char *argv[] = {"true", NULL};
    struct commands_run r;
    struct err e = ERR_NULL;
    assert_int_equal(commands_run(argv, NULL, 2, INT32_MAX, 0.2, &r, &e), 0);
    assert_true(r.done >= 1);
    assert_true(r.done < INT32_MAX);
}

static void a_failure_is_an_error_and_ends_the_round(void **state)
{
    (void)state;
    const char *argv[] = {"false", NULL};
    struct commands_run r;
    struct err e = ERR_NULL;
    assert_int_equal(commands_run(argv, NULL, 2, 1000, FOREVER_S, &r, &e), -EIO);
    assert_int_equal(r.done, 0);
    assert_non_null(strstr(e.text, "false"));
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    const char *argv[] = {"no-such-program-here", NULL};
    struct commands_run r;
    struct buf b;
    struct err e = ERR_NULL;
    assert_int_equal(commands_run(argv, NULL, 2, 10, FOREVER_S, &r, &e), -ENOENT);
    assert_int_equal(command_output(argv, NULL, 10, &b, &e), -ENOENT);
    buf_deinit(&b);
}

static void output_and_environment_arrive(void **state)
{
    (void)state;
    const char *argv[] = {"sh", "-c", "echo \"$WORD\"", NULL};
    const char *env[] = {"WORD=radiator", NULL};
    struct buf b;
    struct err e = ERR_NULL;
    assert_int_equal(command_output(argv, env, FOREVER_S, &b, &e), 0);
    assert_string_equal(buf_str(&b), "radiator\n");
    buf_deinit(&b);
}

static void a_command_that_hangs_is_killed(void **state)
{
    (void)state;
    const char *argv[] = {"sleep", "600", NULL};
    struct buf b;
    struct err e = ERR_NULL;
    assert_int_equal(command_output(argv, NULL, 0.1, &b, &e), -ETIMEDOUT);
    buf_deinit(&b);
}

static void too_much_output_is_refused(void **state)
{
    (void)state;
    const char *argv[] = {"head", "-c", "5000000", "/dev/zero", NULL};
    struct buf b;
    struct err e = ERR_NULL;
    assert_int_equal(command_output(argv, NULL, FOREVER_S, &b, &e), -E2BIG);
    buf_deinit(&b);
}

// sbatch stands in no administrator's folder, so that an empty PATH is a machine without Slurm.
static void a_missing_slurm_is_said_with_what_to_install(void **state)
{
    (void)state;
    char *path = strdup(getenv("PATH"));
    struct slurm s;
    struct err e = ERR_NULL;
    setenv("PATH", "", 1);
    assert_int_equal(slurm_start(&s, &e), -ENOENT);
    slurm_stop(&s);
    setenv("PATH", path, 1);
    free(path);
    assert_non_null(strstr(e.text, "apt install slurm-wlm munge"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_run_is_counted),
        cmocka_unit_test(no_more_are_started_after_the_time),
        cmocka_unit_test(a_failure_is_an_error_and_ends_the_round),
        cmocka_unit_test(a_program_that_is_not_there_is_an_error),
        cmocka_unit_test(output_and_environment_arrive),
        cmocka_unit_test(a_command_that_hangs_is_killed),
        cmocka_unit_test(too_much_output_is_refused),
        cmocka_unit_test(a_missing_slurm_is_said_with_what_to_install),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
