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
    static const char *const text[] = {
        "",
        "country=FR",
        "site=balard-2.b",
        "near=-90000,180000",
        "gang=4",
        "data=00000000000000a5:0",
        "gang=2 data=00000000000000a5:1300000000,ffffffffffffffff:1000000000000000",
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
        "country=fr",
        "country=FRA",
        "country=",
        "site=",
        "site=a/b",
        "site=.a",
        "near=1",
        "near=1,2,3",
        "near=90001,0",
        "gang=1",
        "gang=100001",
        "gang=4x",
        "data=",
        "data=a5:1",
        "data=00000000000000A5:1",
        "data=0000000000000000:1",
        "data=00000000000000a5",
        "data=00000000000000a5:",
        "data=00000000000000a5:-1",
        "data=00000000000000a5:1000000000000001",
        "data=00000000000000a5:1,",
        "data=00000000000000a5:99999999999999999999999999",
        "data=00000000000000a1:1,00000000000000a2:1,00000000000000a3:1,00000000000000a4:1,00000000000000a5:1",
        "colour=blue",
        "FR",
        " country=FR",
        "near=,1",
        "near=1, 2"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct place p;
        if (place_parse(text[i], &p))
            fail_msg("\"%s\" is taken for a place", text[i]);
    }
}

static void data_alone_choose_no_place(void **state)
{
    (void)state;
    assert_false(place_chooses("data=00000000000000a5:1"));
    assert_true(place_chooses("gang=2 data=00000000000000a5:1"));
    assert_true(place_chooses("site=a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_place_reads_back_as_it_was_written),
        cmocka_unit_test(what_is_no_place_is_refused),
        cmocka_unit_test(data_alone_choose_no_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
