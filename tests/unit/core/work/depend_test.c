// SPDX-License-Identifier: Apache-2.0
// Dependencies: when they are fulfilled, and their text.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/work/depend.h"

#define UUID_A "0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11"
#define UUID_B "7d1c8f3e-52c4-4a44-8f0d-1f7a2f0e9a55"

static void each_end_fulfils_what_wants_it(void **state)
{
    (void)state;
    for (unsigned wants = 0; wants < 8; wants++) {
        for (int end = DEPEND_OPEN; end <= DEPEND_GONE; end++) {
            struct depend d = {.wants = (uint8_t)wants, .end = (uint8_t)end};
            unsigned good = wants ? wants : 7; // nothing said: any
            enum depend_state is = end == DEPEND_OPEN                            ? DEPEND_WAITING
                                   : end != DEPEND_GONE && good >> (end - 1) & 1 ? DEPEND_FULFILLED
                                                                                 : DEPEND_NOT_FULFILLED;
            assert_int_equal(depend_state(&d), is);
        }
    }
}

static void a_simple_one_wants_success(void **state)
{
    (void)state;
    static const enum depend_state is[] = {DEPEND_WAITING, DEPEND_FULFILLED, DEPEND_NOT_FULFILLED,
                                           DEPEND_NOT_FULFILLED, DEPEND_NOT_FULFILLED};
    for (int end = DEPEND_OPEN; end <= DEPEND_GONE; end++)
        assert_int_equal(depend_state(&(struct depend){.simple = true, .end = (uint8_t)end}), is[end]);
}

static void one_that_failed_decides_and_one_that_is_open_delays(void **state)
{
    (void)state;
    struct depends d = DEPENDS_NULL;
    assert_int_equal(depends_state(&d), DEPEND_FULFILLED);
    depends_add(&d)->end = DEPEND_SUCCESS;
    assert_int_equal(depends_state(&d), DEPEND_FULFILLED);
    depends_add(&d)->end = DEPEND_OPEN;
    assert_int_equal(depends_state(&d), DEPEND_WAITING);
    depends_add(&d)->end = DEPEND_FAILURE;
    d.v[2].simple = true;
    assert_int_equal(depends_state(&d), DEPEND_NOT_FULFILLED);
    depends_deinit(&d);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const char text[] = "s" UUID_A "0?,a" UUID_B "6f";
    struct depends d;
    struct buf b = BUF_INIT(1000);
    assert_true(depends_parse(text, &d));
    assert_int_equal(d.n, 2);
    assert_true(d.v[0].simple && !d.v[1].simple);
    assert_int_equal(d.v[1].wants, DEPEND_BIT(DEPEND_FAILURE) | DEPEND_BIT(DEPEND_CANCELLED));
    assert_int_equal(d.v[1].end, DEPEND_FAILURE);
    depends_format(&d, &b);
    assert_string_equal(buf_str(&b), text);
    depends_deinit(&d);
    assert_true(depends_parse("", &d));
    assert_int_equal(d.n, 0);
    buf_deinit(&b);
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "s",  "s" UUID_A,       "x" UUID_A "0?",   "s" UUID_A "8?",     "s" UUID_A "0y",
        ",",  "s" UUID_A "0?,", "s" UUID_A "0?;s", "s0b5f6f0e-7a51-0?", "s" UUID_A "0",
        "s ", "s" UUID_A "0?s", "a" UUID_A "??"};
    struct depends d;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(depends_parse(bad[i], &d));
        assert_null(d.v);
    }
    assert_false(depends_parse(NULL, &d));
}

static void more_than_the_most_is_refused(void **state)
{
    (void)state;
    struct depends d = DEPENDS_NULL, back;
    struct buf b = BUF_INIT(1 << 20);
    for (int i = 0; i <= DEPENDS_MAX; i++)
        depends_add(&d)->uuid[0] = (uint8_t)i;
    depends_format(&d, &b);
    assert_false(depends_parse(buf_str(&b), &back));
    d.n--;
    buf_clear(&b);
    depends_format(&d, &b);
    assert_true(depends_parse(buf_str(&b), &back));
    depends_deinit(&back);
    depends_deinit(&d);
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_end_fulfils_what_wants_it),
        cmocka_unit_test(a_simple_one_wants_success),
        cmocka_unit_test(one_that_failed_decides_and_one_that_is_open_delays),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(more_than_the_most_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
