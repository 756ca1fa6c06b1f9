// SPDX-License-Identifier: Apache-2.0
// Files of sections and keys: what is taken, in which order, and how what is wrong is named.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ini/ini_lines.h"
#include "ini/ini_text.h"

struct heard {
    char text[4096];
    size_t longest;
};

static void hear(struct heard *h, const char *what)
{
    size_t n = strlen(h->text);
    snprintf(h->text + n, sizeof h->text - n, "%.60s|", what);
}

static int take(void *ctx, const struct ini_pair *p, struct err *e)
{
    char line[200];
    if (!strcmp(p->name, "wrong"))
        return err_set(e, -EDOM, "%s: is wrong", p->name);
    snprintf(line, sizeof line, "%d %s.%s=%s", p->line, p->section, p->name, p->value);
    hear(ctx, line);
    return 0;
}

static void pairs_come_in_order_with_their_lines(void **state)
{
    (void)state;
    struct heard h = {0};
    struct err e = ERR_NULL;
    const char text[] = "# first\na = 1\n\n[s t]\nb=two words ; and a remark\n; c = 3\nd : 4";
    assert_int_equal(ini_read_text("x", text, strlen(text), take, &h, &e), 0);
    assert_string_equal(h.text, "2 .a=1|5 s t.b=two words|7 s t.d=4|");
    assert_int_equal(ini_read_text("x", "", 0, take, &h, &e), 0);
}

// It once took the place of the value before it, without a word.
static void a_line_that_goes_on_with_the_value_before_it_is_refused(void **state)
{
    (void)state;
    struct heard h = {0};
    struct err e = ERR_NULL;
    const char section[] = "[s]\n  a = 1\nb = 2\n\tc = 3\nd = 4\n", bare[] = "port = 1\n listen = 2\n";
    assert_int_equal(ini_read_text("x", section, strlen(section), take, &h, &e), -EINVAL);
    assert_string_equal(h.text, "2 s.a=1|3 s.b=2|"); // the first of a section goes on with nothing
    assert_string_equal(e.text,
                        "x:4: [s] b: this line begins with a blank and so goes on with the value of b "
                        "(a key stands at the beginning of its line)");
    assert_int_equal(ini_read_text("x", bare, strlen(bare), take, &h, &e), -EINVAL);
    assert_string_equal(e.text, "x:2: port: this line begins with a blank and so goes on with the value of "
                                "port (a key stands at the beginning of its line)");
}

static void the_first_thing_that_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says, *heard;
        int code;
    } row[] = {
        {"a = 1\nwrong = 2\nb = 3\n", "x:2: wrong: is wrong", "1 .a=1|", -EDOM},
        {"a = 1\nnothing\nb = 3\n", "x:2: is neither [section] nor key = value", NULL, -EINVAL},
        {"nothing\nwrong = 3\n", "x:1: is neither [section] nor key = value", NULL, -EINVAL},
        {"wrong = 3\nnothing\n", "x:1: wrong: is wrong", "", -EDOM},
        {"[open\n", "x:1: is neither", "", -EINVAL},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct heard h = {0};
        struct err e = ERR_NULL;
        assert_int_equal(ini_read_text("x", row[i].text, strlen(row[i].text), take, &h, &e), row[i].code);
        if (!strstr(e.text, row[i].says))
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, e.text, row[i].says);
        if (row[i].heard)
            assert_string_equal(h.text, row[i].heard);
    }
}

static void what_libinih_would_misread_is_refused(void **state)
{
    (void)state;
    struct heard h = {0};
    struct err e = ERR_NULL;
    char text[1200] = "a = 1\nb = ";
    memset(text + strlen(text), 'x', 1000);
    assert_int_equal(ini_read_text("x", text, strlen(text), take, &h, &e), -EINVAL);
    assert_non_null(strstr(e.text, "x:2: a line of 1004 bytes (at most "));
    assert_int_equal(ini_read_text("x", "a = \0b\n", 7, take, &h, &e), -EINVAL);
    assert_non_null(strstr(e.text, "x:1: holds a byte 0"));
}

static int begin(void *ctx, char *line, struct err *e)
{
    (void)e;
    hear(ctx, line);
    return 0;
}

static int line(void *ctx, char *text, struct err *e)
{
    struct heard *h = ctx;
    if (!strcmp(text, "wrong"))
        return err_set(e, -EDOM, "is wrong");
    h->longest = strlen(text) > h->longest ? strlen(text) : h->longest;
    hear(h, text);
    return 0;
}

static int end(void *ctx, struct err *e)
{
    struct heard *h = ctx;
    hear(h, "end");
    return strstr(h->text, "[bad]") ? err_set(e, -ERANGE, "ends badly") : 0;
}

static int lines_of(const char *text, struct heard *h, char *path, struct err *e)
{
    strcpy(path, "/tmp/ondol_ini_XXXXXX");
    int fd = mkstemp(path);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    int r = ini_read_lines(path, &(struct ini_lines){h, begin, line, end}, e);
    unlink(path);
    return r;
}

static void long_lines_and_empty_sections_come_too(void **state)
{
    (void)state;
    struct heard h = {0};
    struct err e = ERR_NULL;
    char path[40], text[20000] = "[a]\n  [b] \n# no\n\tk = ";
    memset(text + strlen(text), 'x', 15000);
    assert_int_equal(lines_of(text, &h, path, &e), 0);
    assert_true(strncmp(h.text, "[a]|[b]|k = xxx", 15) == 0);
    assert_int_equal(h.longest, 15004);
    h = (struct heard){0};
    assert_int_equal(lines_of("[a]\n\nwrong\nx\n", &h, path, &e), -EDOM);
    assert_string_equal(h.text, "[a]|");
    assert_string_equal(e.text + strlen(path), ":3: is wrong");
    h = (struct heard){0};
    assert_int_equal(lines_of("[bad]\nx", &h, path, &e), -ERANGE);
    assert_string_equal(e.text + strlen(path), ":2: ends badly");
}

static void a_file_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    struct heard h = {0};
    struct err e = ERR_NULL;
    assert_int_equal(ini_read_file("/nowhere/x.ini", take, &h, &e), -ENOENT);
    assert_string_equal(e.text, "/nowhere/x.ini: No such file or directory");
    e = ERR_NULL;
    assert_int_equal(ini_read_lines("/nowhere/x.ini", &(struct ini_lines){&h, begin, line, end}, &e),
                     -ENOENT);
    assert_string_equal(e.text, "/nowhere/x.ini: No such file or directory");
    assert_int_equal(ini_read_file("/", take, &h, &e), -EIO);
    assert_int_equal(ini_read_file("/dev/zero", take, &h, &e), -EINVAL);
    assert_non_null(strstr(e.text, "is larger than"));
    assert_string_equal(h.text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_come_in_order_with_their_lines),
        cmocka_unit_test(a_line_that_goes_on_with_the_value_before_it_is_refused),
        cmocka_unit_test(the_first_thing_that_is_wrong_is_named),
        cmocka_unit_test(what_libinih_would_misread_is_refused),
        cmocka_unit_test(long_lines_and_empty_sections_come_too),
        cmocka_unit_test(a_file_that_cannot_be_read_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
