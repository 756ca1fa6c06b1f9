// SPDX-License-Identifier: Apache-2.0
// Bytes as hexadecimal digits and back.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/hex.h"

static void bytes_go_there_and_back(void **state)
{
    (void)state;
    uint8_t v[256], back[256];
    char text[513];
    for (int i = 0; i < 256; i++)
        v[i] = (uint8_t)i;
    hex_text(text, v, sizeof v);
    assert_int_equal(strlen(text), 512);
    assert_int_equal(strncmp(text, "000102", 6), 0);
    assert_string_equal(text + 506, "fdfeff");
    assert_true(hex_bytes(back, sizeof back, text));
    assert_memory_equal(back, v, sizeof v);
    hex_text(text, v, 0);
    assert_string_equal(text, "");
}

static void only_digits_are_digits(void **state)
{
    (void)state;
    uint8_t v[4];
    for (int c = 0; c < 256; c++) {
        const char one[] = {(char)c, 0};
        int value = hex_digit((char)c);
        assert_int_equal(value >= 0, c && strspn(one, "0123456789abcdefABCDEF") == 1);
        if (value >= 0)
            assert_int_equal("0123456789abcdef"[value], c >= 'A' && c <= 'F' ? c + 32 : c);
    }
    assert_true(hex_bytes(v, 2, "0aFfzz")); // no more than 4 are read
    assert_true(v[0] == 0x0a && v[1] == 0xff);
    assert_false(hex_bytes(v, 2, "0af"));
    assert_false(hex_bytes(v, 1, ""));
    assert_false(hex_bytes(v, 1, "g0"));
}

static void a_whole_text_is_digits_or_not(void **state)
{
    (void)state;
    assert_true(hex_is("0123456789abcdef", 16));
    assert_false(hex_is("0123456789ABCDEF", 16));
    assert_false(hex_is("0123456789abcdef0", 16));
    assert_false(hex_is("0123456789abcde", 16));
    assert_false(hex_is("0123456789abcdeg", 16));
    assert_true(hex_is("", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_there_and_back),
        cmocka_unit_test(only_digits_are_digits),
        cmocka_unit_test(a_whole_text_is_digits_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
