// SPDX-License-Identifier: Apache-2.0
// The bench of the physics runs and prints a positive figure on each of its lines. How large is not asserted.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/bench_world.h"

static void every_line_has_a_figure(void **state)
{
    (void)state;
    FILE *f = tmpfile();
    assert_non_null(f);
    assert_int_equal(bench_world(f), 0);
    rewind(f);
    char line[256];
    int lines = 0;
    while (fgets(line, sizeof line, f)) {
        double ns = 0;
        const char *unit = strstr(line, " ns/");
        assert_true(strncmp(line, "world: ", 7) == 0 && unit && strstr(unit, "-step"));
        assert_int_equal(sscanf(unit - 6, "%lf", &ns), 1);
        assert_true(ns > 0);
        lines++;
    }
    assert_int_equal(lines, 8);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_line_has_a_figure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
