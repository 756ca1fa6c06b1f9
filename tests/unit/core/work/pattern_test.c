// SPDX-License-Identifier: Apache-2.0
// Regular expressions as customers write them, against what the C library then finds.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <regex.h>
#include <string.h>

#include "base/mem.h"
#include "core/work/pattern.h"

// 1: found; 0: not; negative: it is no expression.
static int finds(const char *pattern, const char *text)
{
    struct buf plain = BUF_INIT(1 << 20);
    struct err e = ERR_NULL;
    regex_t re;
    int r = pattern_plain(pattern, strlen(pattern), PATTERN_COST_FILES, &plain, NULL, &e);
    if (r == 0 && regcomp(&re, buf_str(&plain), REG_EXTENDED | REG_NOSUB) == 0) {
        r = regexec(&re, text, 0, NULL, 0) == 0;
        regfree(&re);
    } else {
        r = -1;
    }
    buf_deinit(&plain);
    return r;
}

static void what_other_languages_write_means_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *yes, *no;
    } row[] = {
        {"\\.\\d+$", "out.17", "out.d"},
        {"^\\D+$", "abc", "a1"},
        {"[\\d_]+\\.txt", "a/1_2.txt", "a/d.txt"},
        {"^[\\w\\-]+$", "a-b_9", "a b"},
        {"^[^\\s\\]]+$", "ab", "a b"},
        {"^[\\]x]$", "]", "y"},
        {"^[]x]$", "]", "y"},
        {"^[^]x]$", "y", "]"},
        {"^[a\\.\\/]+$", "a./", "b"},
        {"^[[:digit:]x]$", "7", "y"},
        {"^(?:ab)+$", "abab", "aba"},
        {"^a.*?b$", "axxb", "axx"},
        {"^a+?$", "aaa", "b"},
        {"^a{2}?$", "aa", ""},
        {"(?:a|b)\\.(png|jpe?g)$", "x/a.jpg", "x/c.jpg"},
        {"_c.h5", "mesh_c.h5", "mesh.h5"},
        {"\\bend\\b", "the end.", "bending"},
        {"", "anything", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        if (finds(row[i].pattern, row[i].yes) != 1)
            fail_msg("%s is not found in %s", row[i].pattern, row[i].yes);
        if (row[i].no && finds(row[i].pattern, row[i].no) != 0)
            fail_msg("%s is found in '%s'", row[i].pattern, row[i].no);
    }
    static const char *const none[] = {"(", "a(?=b)", "[a", "a{2,1}", "^(?!x)"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        if (finds(none[i], "ab") >= 0)
            fail_msg("%s is an expression", none[i]);
}

static void repeats_of_repeats_are_bounded_and_long_lists_pass(void **state)
{
    (void)state;
    struct err e = ERR_NULL;
    struct buf plain = BUF_INIT(1 << 20), list = BUF_INIT(1 << 20);
    static const char bomb[] = "((((a{99}){99}){99}){99})";
    assert_int_equal(pattern_plain(bomb, strlen(bomb), PATTERN_COST_FILES, &plain, NULL, &e), -E2BIG);
    assert_non_null(strstr(e.text, "repeats too much"));
    for (int i = 0; i < 500; i++)
        buf_puts(&list, "abc|"); // 2,000 characters, as long as a task's may be
    buf_deinit(&plain);
    assert_int_equal(pattern_plain(buf_str(&list), list.n, PATTERN_COST_FILES, &plain, NULL, &e), 0);
    bool back = false;
    buf_deinit(&plain);
    assert_int_equal(pattern_plain("(a)\\1x", 6, 512, &plain, &back, &e), 0);
    assert_true(back);
    buf_deinit(&plain);
    buf_deinit(&list);
}

// Each took seconds or hundreds of megabytes to compile, in the thread that answers the API.
static void what_may_be_missing_costs_more_than_what_is_there(void **state)
{
    (void)state;
    static const char *const dear[] = {"(a?){8000}",       "a{0,4000}",   "((a*|b*)*){500}",
                                       "(()()()()){1000}", "(|||){1000}", "((a|b|c|d?){16}){100}"};
    static const char *const cheap[] = {"(a{8}){255}", "a{0,255}", "^([^/]*/)*(a|b)?c*\\.(png|jpe?g|)$", "||||"};
    for (size_t i = 0; i < ARRAY_LEN(dear); i++) {
        struct err e = ERR_NULL;
        struct buf plain = BUF_INIT(1 << 20);
        if (pattern_plain(dear[i], strlen(dear[i]), PATTERN_COST_FILES, &plain, NULL, &e) != -E2BIG)
            fail_msg("%s is taken", dear[i]);
        buf_deinit(&plain);
    }
    for (size_t i = 0; i < ARRAY_LEN(cheap); i++)
        if (finds(cheap[i], "") < 0)
            fail_msg("%s is refused", cheap[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_other_languages_write_means_the_same),
        cmocka_unit_test(repeats_of_repeats_are_bounded_and_long_lists_pass),
        cmocka_unit_test(what_may_be_missing_costs_more_than_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
