// SPDX-License-Identifier: Apache-2.0
// How long something that keeps failing is left alone.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/plan/backoff.h"

static void it_doubles_up_to_the_most(void **state)
{
    (void)state;
    static const int64_t want_s[] = {0, 60, 120, 240, 480, 960, 1920, 3600, 3600};
    for (int32_t i = 0; i < 9; i++)
        assert_int_equal(backoff_ms(i, 60000, 3600000), want_s[i] * 1000);
    assert_int_equal(backoff_ms(INT32_MAX, 60000, 3600000), 3600000);
}

static void odd_arguments_are_safe(void **state)
{
    (void)state;
    assert_int_equal(backoff_ms(-1, 5, 10), 0);
    assert_int_equal(backoff_ms(3, 0, 10), 0);
    assert_int_equal(backoff_ms(3, -7, 10), 0);
    assert_int_equal(backoff_ms(1, 50, 10), 10); // the most is the most
    assert_int_equal(backoff_ms(3, 50, 0), 0);
    assert_int_equal(backoff_ms(100, 3, INT64_MAX), INT64_MAX); // and nothing overflows
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_doubles_up_to_the_most),
        cmocka_unit_test(odd_arguments_are_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
