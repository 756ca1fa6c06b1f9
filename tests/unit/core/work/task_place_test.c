// SPDX-License-Identifier: Apache-2.0
// Where tasks may run, as text and back.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/work/place.h"

static void a_place_reads_back_as_it_was_written(void **state)
{
    (void)state;
    static const char *const text[] = {"",
                                       "country=FR",
                                       "site=balard-2.b",
                                       "near=-90000,180000",
                                       "gang=4",
                                       "country=FR site=balard near=48857,-2352 gang=100000"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct place p;
        struct buf b = BUF_INIT(256);
        assert_true(place_parse(text[i], &p));
        assert_int_equal(place_is_none(&p), i == 0);
        place_format(&p, &b);
        assert_string_equal(buf_str(&b), text[i]);
        buf_deinit(&b);
    }
}

static void what_is_no_place_is_refused(void **state)
{
    (void)state;
    static const char *const text[] = {
        "country=fr",  "country=FRA", "country=",     "site=",   "site=a/b",    "site=.a",
        "near=1",      "near=1,2,3",  "near=90001,0", "gang=1",  "gang=100001", "gang=4x",
        "colour=blue", "FR",          " country=FR",  "near=,1", "near=1, 2"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct place p;
        if (place_parse(text[i], &p))
            fail_msg("\"%s\" is taken for a place", text[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_reads_back_as_it_was_written),
        cmocka_unit_test(what_is_no_place_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
