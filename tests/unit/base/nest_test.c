// SPDX-License-Identifier: Apache-2.0
// How deep a text is nested, before anybody parses it.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/nest.h"

static int below(const char *text, int most)
{
    const char *at = nest_below(text, strlen(text), most);
    return at ? (int)(at - text) : -1;
}

static void the_first_bracket_too_deep_is_pointed_at(void **state)
{
    (void)state;
    assert_int_equal(below("[[[]]]", 3), -1);
    assert_int_equal(below("[[[]]]", 2), 2);
    assert_int_equal(below("{\"a\": [{}]}", 2), 7);
    assert_int_equal(below("[]", 0), 0);
    assert_int_equal(below("[[],[],[[]]]", 2), 8);
}

static void brackets_in_strings_do_not_count(void **state)
{
    (void)state;
    assert_int_equal(below("[\"[[[\"]", 1), -1);
    assert_int_equal(below("[\"\\\"[[\", [\"\\\\\"]]", 1), 9);
    assert_int_equal(below("\"[[[", 1), -1);   // never closed
    assert_int_equal(below("\"[[[\\", 1), -1); // and ends with the stroke of an escape
}

static void what_is_no_json_does_no_harm(void **state)
{
    (void)state;
    assert_int_equal(below("", 0), -1);
    assert_int_equal(below("]]]][[", 0), -1);
    assert_null(nest_below("[[[[", 2, 2)); // only the bytes that are there
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_bracket_too_deep_is_pointed_at),
        cmocka_unit_test(brackets_in_strings_do_not_count),
        cmocka_unit_test(what_is_no_json_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
