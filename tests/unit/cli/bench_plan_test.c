// SPDX-License-Identifier: Apache-2.0
// The bench of the planner runs through and says its lines. How fast is reported by `ondol bench`, never
// asserted; that no plan is better than the bound is.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/bench_plan.h"

static void each_size_and_the_bound_have_a_line(void **state)
{
    (void)state;
    FILE *f = tmpfile();
    assert_non_null(f);
    assert_int_equal(bench_plan_part(f, 2), 0);
    rewind(f);
    char line[512];
    int sizes = 0, bounds = 0;
    while (fgets(line, sizeof line, f)) {
        print_message("%s", line);
        const char *percent = strstr(line, "capped: ");
        sizes += strstr(line, "(99th percentile, ") != NULL;
        bounds += strncmp(line, "plan: share of the linear bound", 31) == 0;
        if (percent)
            assert_true(strtod(percent + 8, NULL) > 50 && strtod(percent + 8, NULL) <= 100);
    }
    assert_int_equal(sizes, 4);
    assert_int_equal(bounds, 1);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_size_and_the_bound_have_a_line)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
