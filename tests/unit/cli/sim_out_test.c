// SPDX-License-Identifier: Apache-2.0
//
// Results on stdout: all of it, or an error.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/sim_out.h"

#define ZONES 200000 // their JSON is larger than any one buffer

static FILE *file;
static int before;

static void stdout_to_file(void)
{
    file = tmpfile();
    fflush(stdout);
    before = dup(STDOUT_FILENO);
    dup2(fileno(file), STDOUT_FILENO);
}

// How many bytes came, and the last of them.
static size_t stdout_back(char *last, size_t n)
{
    fflush(stdout);
    dup2(before, STDOUT_FILENO);
    close(before);
    fseek(file, 0, SEEK_END);
    size_t all = (size_t)ftell(file), tail = all < n - 1 ? all : n - 1;
    fseek(file, -(long)tail, SEEK_END);
    last[fread(last, 1, tail, file)] = 0;
    fclose(file);
    return all;
}

static void test_json_of_a_large_fleet_is_whole(void **state)
{
    (void)state;
    struct err e = ERR_NULL;
    char last[8];
    struct sim_result r = {.policy = "market", .length_ms = 3600000, .n_zones = ZONES};
    r.zone = mem_array(ZONES, sizeof *r.zone);
    stdout_to_file();
    int bad = sim_out_json(&r, &e);
    size_t n = stdout_back(last, sizeof last);
    assert_int_equal(bad, 0);
    assert_true(n > PAGE_BYTES_MAX);
    assert_string_equal(last + strlen(last) - 2, "}\n");
    sim_result_deinit(&r);
}

static void test_what_did_not_fit_is_an_error(void **state)
{
    (void)state;
    struct err e = ERR_NULL;
    struct buf b = BUF_INIT(4);
    char last[8];
    buf_puts(&b, "abc");
    buf_puts(&b, "defg");
    stdout_to_file();
    int bad = sim_out_print(&b, &e);
    assert_int_equal(stdout_back(last, sizeof last), 0);
    assert_int_equal(bad, -EFBIG);
    assert_string_equal(e.text, "output: would have more than 4 bytes");
    assert_int_equal(sim_out_code(-EPIPE, &e), CLI_GONE);
    assert_int_equal(sim_out_code(0, &e), CLI_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_of_a_large_fleet_is_whole),
        cmocka_unit_test(test_what_did_not_fit_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
