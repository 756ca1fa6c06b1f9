// SPDX-License-Identifier: Apache-2.0
// What the writer of JSON writes is what a reader of JSON reads.
#include "api/json_out.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

static json_t *read_back(struct buf *b)
{
    json_error_t why;
    json_t *v = json_loadb(buf_str(b), b->n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!v)
        fail_msg("%s: %s", buf_str(b), why.text);
    return v;
}

static void every_character_comes_back(void **state)
{
    (void)state;
    for (int ch = 1; ch < 128; ch++) {
        char text[] = {'a', (char)ch, (char)ch, 'b', '\0'};
        struct buf b = BUF_INIT(64);
        json_text(&b, text, 4);
        json_t *v = read_back(&b);
        assert_string_equal(json_string_value(v), text);
        json_decref(v);
        buf_deinit(&b);
    }
    static const char *const text[] = {"", "\xC3\xA9", "x\xE2\x82\xAC", "\xF0\x9F\x94\xA5y", "a\"\xC3\xA9\\"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        struct buf b = BUF_INIT(64);
        json_text(&b, text[i], strlen(text[i]));
        json_t *v = read_back(&b);
        assert_string_equal(json_string_value(v), text[i]);
        json_decref(v);
        buf_deinit(&b);
    }
}

static void bytes_that_are_no_text_become_the_replacement_character(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(64);
    json_text(&b, "a\x80\xC3", 3);
    assert_string_equal(buf_str(&b), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"");
    buf_deinit(&b);
}

static void whole_numbers_have_all_their_digits(void **state)
{
    (void)state;
    static const int64_t v[] = {0, 7, -7, 10, 99, 100, -100, 1234567890123, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        struct buf b = BUF_INIT(64);
        struct json_out o = {.b = &b};
        char want[32];
        snprintf(want, sizeof want, "%" PRId64, v[i]);
        out_int(&o, NULL, v[i]);
        assert_string_equal(buf_str(&b), want);
        buf_deinit(&b);
    }
}

static void same_as_dumped(const char *text)
{
    struct buf b = BUF_INIT(1 << 16);
    json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(v);
    json_tree(&b, v);
    char *dumped = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(buf_str(&b), dumped);
    free(dumped);
    json_decref(v);
    buf_deinit(&b);
}

static void a_tree_is_written_as_the_library_does(void **state)
{
    (void)state;
    static const char *const text[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-7",
        "9223372036854775807",
        "-9223372036854775808",
        "1.5",
        "1e300",
        "\"\"",
        "\"plain\"",
        "\"\\u0001\\b\\f\\n\\r\\t\\/\\\\\\\"\"",
        "\"\x7F \xC3\xA9\"",
        "{\"a\":[1,{\"b\":[]},\"c\"],\"d \xC3\xA9\\n\":{\"e\":null,\"f\":{}},\"g\":-0.25}"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        same_as_dumped(text[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_written_as_the_library_does),
        cmocka_unit_test(every_character_comes_back),
        cmocka_unit_test(bytes_that_are_no_text_become_the_replacement_character),
        cmocka_unit_test(whole_numbers_have_all_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
