// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/bench_sim.h"

static void test_a_small_part_runs_and_says_all_lines(void **state)
{
    (void)state;
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    setenv("ONDOL_SCENARIOS", ONDOL_SCENARIOS_HERE, 1);
    unsetenv("ONDOL_DATA");
    assert_int_equal(bench_sim_part(f, 1), 0);
    fclose(f);
    int lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
        lines++;
    assert_int_equal(lines, 12);
    assert_non_null(strstr(text, "sim, balard for"));
    assert_non_null(strstr(text, "sim, cost by size of the fleet, 6 h:"));
    assert_non_null(strstr(text, "sim, cost by size of the fleet, 24 h:"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_a_small_part_runs_and_says_all_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
