// SPDX-License-Identifier: Apache-2.0
// From a command to an argv: quoting as a shell does it, and ${NAME} replaced without ever re-splitting a
// word.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/work/tokens.h"

static void words_are_split_as_a_shell_splits_them(void **state)
{
    (void)state;
    const struct {
        const char *text;
        const char *words[6];
    } cases[] = {
        {"", {NULL}},
        {" \t\r\n ", {NULL}},
        {"echo hello", {"echo", "hello"}},
        {"  echo   hello\tworld\n", {"echo", "hello", "world"}},
        {"sh -c \"echo $HOME; ls | wc\"", {"sh", "-c", "echo $HOME; ls | wc"}},
        {"a 'b  c' \"d  e\"", {"a", "b  c", "d  e"}},
        {"a'b'\"c\"d", {"abcd"}},
        {"'' \"\" x", {"", "", "x"}},
        {"'a\\'b", {"a\\b"}}, // a backslash in single quotes is itself
        {"\"\\\"\\\\\\$\\`\"", {"\"\\$`"}},
        {"\"\\n\\a\"", {"\\n\\a"}}, // other backslashes in double quotes stay
        {"a\\ b \\'c \\\\", {"a b", "'c", "\\"}},
        {"one\\\ntwo \"three\\\nfour\"", {"onetwo", "threefour"}},
        {"\\\n", {NULL}},
        {"a;b && c > d", {"a;b", "&&", "c", ">", "d"}},
        {"echo hello from node #${INSTANCE_ID}!", {"echo", "hello", "from", "node", "#${INSTANCE_ID}!"}},
        {"caf\xc3\xa9 \"\xe2\x82\xac 5\"", {"caf\xc3\xa9", "\xe2\x82\xac 5"}},
    };
    struct tokens t = TOKENS_NULL;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_NULL;
        assert_int_equal(tokens_split(&t, cases[i].text, 100, &e), 0);
        size_t k = 0;
        for (; k < ARRAY_LEN(cases[i].words) && cases[i].words[k]; k++) {
            if (k >= t.n)
                fail_msg("case %zu has only %zu words", i, t.n);
            assert_string_equal(t.v[k], cases[i].words[k]);
        }
        assert_int_equal(t.n, k);
        assert_null(t.v[t.n]);
    }
    tokens_deinit(&t);
}

static void unbalanced_quotes_are_the_customers_error_and_change_nothing(void **state)
{
    (void)state;
    const struct {
        const char *text, *why;
        int code;
    } cases[] = {
        {"echo 'x", "the single quote at character 6 is not closed", -EINVAL},
        {"echo a\"b\\\"", "the double quote at character 7 is not closed", -EINVAL},
        {"it's", "the single quote at character 3 is not closed", -EINVAL},
        {"echo \\", "ends with a backslash", -EINVAL},
        {"1 2 3 4 5", "more than 4 words", -E2BIG},
    };
    struct tokens t = TOKENS_NULL;
    assert_int_equal(tokens_split(&t, "keep me", 4, NULL), 0);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_NULL;
        assert_int_equal(tokens_split(&t, cases[i].text, 4, &e), cases[i].code);
        assert_non_null(strstr(e.text, cases[i].why));
        assert_int_equal(t.n, 2);
        assert_string_equal(t.v[1], "me");
    }
    assert_int_equal(tokens_split(&t, "1 2 3 4", 4, NULL), 0);
    tokens_deinit(&t);
}

struct constant {
    const char *name, *value;
};

static const char *look(void *ctx, const char *name, size_t n)
{
    for (const struct constant *c = ctx; c->name; c++)
        if (strlen(c->name) == n && !memcmp(c->name, name, n))
            return c->value;
    return NULL;
}

static const struct constant constants[] = {
    {"INSTANCE_ID", "7"},
    {"BLANKS", "a  'b\" c"},
    {"DOCKER_WORKDIR", "${DOCKER_WORKDIR}"},
    {"OUT", "result-${INSTANCE_ID}.txt"},
    {"PING", "<${PONG}>"},
    {"PONG", "[${PING}]"},
    {"EMPTY", ""},
    {"a.b-c_9", "odd"},
    {NULL, NULL},
};

static void names_become_their_values_once(void **state)
{
    (void)state;
    const char *cases[][2] = {
        {"node #${INSTANCE_ID}!", "node #7!"},
        {"${INSTANCE_ID}${INSTANCE_ID}", "77"},
        {"${BLANKS}", "a  'b\" c"},
        {"${UNKNOWN} stays", "${UNKNOWN} stays"},
        {"${DOCKER_WORKDIR}", "${DOCKER_WORKDIR}"},
        {"${OUT}", "result-7.txt"},
        {"${PING}", "<[${PING}]>"},
        {"x${EMPTY}y", "xy"},
        {"${a.b-c_9}", "odd"},
        {"$INSTANCE_ID $$ $ ${", "$INSTANCE_ID $$ $ ${"},
        {"${INSTANCE_ID", "${INSTANCE_ID"},
        {"${}", "${}"},
        {"${INSTANCE_ID }", "${INSTANCE_ID }"},
        {"${INSTANCE_ID:-3}", "${INSTANCE_ID:-3}"},
        {"$${INSTANCE_ID}", "$7"},
        {"${${INSTANCE_ID}}", "${7}"},
        {"", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct buf b = BUF_INIT(4096);
        struct err e = ERR_NULL;
        assert_int_equal(tokens_expand(&b, cases[i][0], look, (void *)constants, &e), 0);
        assert_string_equal(buf_str(&b), cases[i][1]);
        buf_deinit(&b);
    }
}

static void value_never_makes_another_word(void **state)
{
    (void)state;
    struct tokens t = TOKENS_NULL;
    assert_int_equal(tokens_split(&t, "echo ${BLANKS} '${INSTANCE_ID}'", 10, NULL), 0);
    assert_int_equal(t.n, 3);
    const char *want[] = {"echo", "a  'b\" c",
                          "7"}; // single quotes are gone by then: the platform expands inside too
    for (size_t i = 0; i < t.n; i++) {
        struct buf b = BUF_INIT(4096);
        assert_int_equal(tokens_expand(&b, t.v[i], look, (void *)constants, NULL), 0);
        assert_string_equal(buf_str(&b), want[i]);
        buf_deinit(&b);
    }
    tokens_deinit(&t);
}

static void values_nest_eight_deep_and_no_further(void **state)
{
    (void)state;
    static const struct constant chain[] = {
        {"c0", "(${c1})"}, {"c1", "${c2}"}, {"c2", "${c3}"}, {"c3", "${c4}"}, {"c4", "${c5}"},
        {"c5", "${c6}"},   {"c6", "${c7}"}, {"c7", "${c8}"}, {"c8", "deep"},  {NULL, NULL},
    };
    struct buf b = BUF_INIT(4096);
    assert_int_equal(tokens_expand(&b, "${c1} ${c0}", look, (void *)chain, NULL), 0);
    assert_string_equal(buf_str(&b), "deep (${c8})");
    buf_deinit(&b);
}

static void explosive_values_are_stopped(void **state)
{
    (void)state;
    char wide[5][4 * 400 + 8];
    struct constant bomb[] = {{"a", wide[0]}, {"b", wide[1]}, {"c", wide[2]}, {"d", wide[3]},
                              {"e", wide[4]}, {"f", ""},      {NULL, NULL}};
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 400; k++)
            snprintf(wide[i] + 4 * k, 5, "${%c}", 'b' + i);
    struct err e = ERR_NULL;
    struct buf b = BUF_INIT(4096); // nothing is ever written: the lookups must be what ends it
    assert_int_equal(tokens_expand(&b, "${a}", look, bomb, &e), -E2BIG);
    assert_non_null(strstr(e.text, "more than 4096 ${...}"));
    buf_deinit(&b);

    struct buf small = BUF_INIT(8);
    assert_int_equal(tokens_expand(&small, "12345678${INSTANCE_ID}", look, (void *)constants, &e), -E2BIG);
    assert_non_null(strstr(e.text, "longer than 8 bytes"));
    buf_deinit(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_split_as_a_shell_splits_them),
        cmocka_unit_test(unbalanced_quotes_are_the_customers_error_and_change_nothing),
        cmocka_unit_test(names_become_their_values_once),
        cmocka_unit_test(value_never_makes_another_word),
        cmocka_unit_test(values_nest_eight_deep_and_no_further),
        cmocka_unit_test(explosive_values_are_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
