// SPDX-License-Identifier: Apache-2.0
// How long a command may run, as customers write it.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "core/work/time_limit.h"

static void times_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *use, *text;
        int64_t s; // -1: refused
    } cases[] = {
        {NULL, "1h", 0},
        {"false", "nonsense", 0},
        {"", NULL, 0},
        {"true", NULL, 28800},
        {"True", "", 28800},
        {"1", "90", 90},
        {"yes", "90s", 90},
        {"true", "1h30m", 5400},
        {"true", "2d", 172800},
        {"true", "08:00:00", 28800},
        {"true", "1.00:00:01", 86401},
        {"true", "366d", 31622400},
        {"true", "1", 1},
        {"true", "0", -1},
        {"true", "0h", -1},
        {"true", "h", -1},
        {"true", "8 h", -1},
        {"true", "8x", -1},
        {"true", "-1", -1},
        {"true", "367d", -1},
        {"true", "366d1s", -1},
        {"true", "1234567890", -1},
        {"true", "8h:", -1},
        {"true", "999999999d999999999d", -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_NULL;
        int64_t ms = 7;
        int code = time_limit(cases[i].use, cases[i].text, &ms, &e);
        bool good = cases[i].s < 0 ? code == -EINVAL && ms == 0 && strstr(e.text, TIME_LIMIT_NAME)
                                   : code == 0 && ms == cases[i].s * 1000;
        if (!good)
            fail_msg("%s: %d, %lld ms %s", cases[i].text, code, (long long)ms, e.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(times_are_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
