// SPDX-License-Identifier: Apache-2.0
// What is UTF-8, and texts of strangers as they may stand on a terminal.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"

static void what_a_terminal_would_obey_is_spelt_out(void **state)
{
    (void)state;
    static const char *const row[][2] = {
        {"", ""},
        {"plain, é, 温突, \\", "plain, é, 温突, \\"},
        {"\x1b]0;owned\x07", "\\x1b]0;owned\\x07"},
        {"a\nb\tc\rd\x7f", "a\\x0ab\\x09c\\x0dd\\x7f"},
        {"\xc2\x9b"
         "31m \xc2\xa0|",
         "\\xc2\\x9b31m \xc2\xa0|"}, // CSI as one character; a hard blank is none
        {"\x9b"
         "31m \xff \xe6\xb8",
         "\\x9b31m \\xff \\xe6\\xb8"}, // no UTF-8
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char out[100];
        utf8_printable(out, sizeof out, row[i][0]);
        assert_string_equal(out, row[i][1]);
    }
}

static void it_is_cut_between_characters(void **state)
{
    (void)state;
    char out[8];
    utf8_printable(out, 5, "ab\x1b");
    assert_string_equal(out, "ab");
    utf8_printable(out, 7, "ab\x1b");
    assert_string_equal(out, "ab\\x1b");
    utf8_printable(out, 4, "abé");
    assert_string_equal(out, "ab");
    utf8_printable(out, 1, "ab");
    assert_string_equal(out, "");
}

static void what_is_no_utf8_is_told_from_it(void **state)
{
    (void)state;
    static const char *const bad[] = {"\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe6\xb8"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(utf8_valid(bad[i], strlen(bad[i])));
    assert_true(utf8_valid("é温\xf4\x8f\xbf\xbf", 9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_terminal_would_obey_is_spelt_out),
        cmocka_unit_test(it_is_cut_between_characters),
        cmocka_unit_test(what_is_no_utf8_is_told_from_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
