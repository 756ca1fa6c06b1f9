// SPDX-License-Identifier: Apache-2.0
// Whose carrier goes when too many instances have ended whose output is still read.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/leaving.h"

static void who_has_most_makes_room(void **state)
{
    (void)state;
    uint64_t owner[LEAVING_MAX];
    for (size_t i = 0; i < LEAVING_MAX; i++)
        owner[i] = 7;
    assert_int_equal(leaving_goes(owner, 0), 0);
    assert_int_equal(leaving_goes(owner, LEAVING_MAX - 1), LEAVING_MAX - 1); // there is room
    assert_int_equal(leaving_goes(owner, LEAVING_MAX), LEAVING_MAX - 1);     // the oldest
    owner[LEAVING_MAX - 1] = owner[LEAVING_MAX - 2] = 8;
    assert_int_equal(leaving_goes(owner, LEAVING_MAX), LEAVING_MAX - 3); // not of who has two
    for (size_t i = 0; i < LEAVING_MAX; i++)
        owner[i] = i;
    assert_int_equal(leaving_goes(owner, LEAVING_MAX), LEAVING_MAX - 1); // all alike
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(who_has_most_makes_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
