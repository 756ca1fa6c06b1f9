// SPDX-License-Identifier: Apache-2.0
// The bench of the engine runs through and says its five lines. How fast is reported by `ondol bench`, never
// asserted.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/bench_engine.h"

static void five_lines_come_out(void **state)
{
    (void)state;
    FILE *f = tmpfile();
    assert_non_null(f);
    assert_int_equal(bench_engine_part(f, 20), 0);
    rewind(f);
    char line[256];
    int n = 0;
    while (fgets(line, sizeof line, f)) {
        n++;
        print_message("%s", line);
        assert_non_null(strstr(line, "(target "));
    }
    assert_int_equal(n, 5);
    fclose(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(five_lines_come_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
