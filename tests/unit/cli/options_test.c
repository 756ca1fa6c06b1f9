// SPDX-License-Identifier: Apache-2.0
// Options of commands and of their files, tables, and the note of house time.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/config_file.h"
#include "cli/house_mark.h"
#include "cli/options.h"
#include "server/runtime.h"
#include "cli/table.h"

struct values {
    bool flag;
    const char *text, *listen, *day;
    long count;
    double speed;
};

static const struct option_row rows[] = {
    {"flag", OPTION_FLAG, NULL, offsetof(struct values, flag), 0, 0, "a flag"},
    {"text", OPTION_TEXT, "T", offsetof(struct values, text), 0, 0, "a text"},
    {"listen", OPTION_LISTEN, "A", offsetof(struct values, listen), 0, 0, "an address"},
    {"day", OPTION_DATE, "D", offsetof(struct values, day), 0, 0, "a day"},
    {"count", OPTION_INT, "N", offsetof(struct values, count), 1, 10, "a count"},
    {"speed", OPTION_REAL, "X", offsetof(struct values, speed), 0.5, 2, "a speed"},
    {0},
};
static const struct options options = {"test", "ID", 1, 2, "A test.", rows};

#define ARGS 16

static int parse(char kept[ARGS][32], struct values *v, struct option_args *args, int argc,
                 const char *const *argv)
{
    char *copy[ARGS];
    *v = (struct values){0};
    *args = (struct option_args){0};
    for (int i = 0; i < argc; i++) // values point into it
        copy[i] = strcpy(kept[i], argv[i]);
    copy[argc] = NULL;
    return options_parse(&options, v, args, argc, copy);
}

static void values_and_arguments_are_found_in_any_order(void **state)
{
    (void)state;
    struct values v;
    struct option_args args;
    char kept[ARGS][32];
    const char *argv[] = {"test", "one",      "--count=3", "--flag", "--speed",   "1.5",
                          "two",  "--listen", "[::1]:0",   "--day",  "2012-02-04"};
    assert_int_equal(parse(kept, &v, &args, 11, argv), -1);
    assert_true(v.flag);
    assert_int_equal(v.count, 3);
    assert_true(v.speed == 1.5);
    assert_string_equal(v.listen, "[::1]:0");
    assert_string_equal(v.day, "2012-02-04");
    assert_int_equal(args.n, 2);
    assert_string_equal(args.v[0], "one");
    assert_string_equal(args.v[1], "two");
}

static void what_is_wrong_is_a_usage_error(void **state)
{
    (void)state;
    static const char *const wrong[][3] = {
        {"test", "one", "--count=0"},   {"test", "one", "--count=11"},       {"test", "one", "--count=1.5"},
        {"test", "one", "--count="},    {"test", "one", "--speed=nan"},      {"test", "one", "--listen=8080"},
        {"test", "one", "--listen=:1"}, {"test", "one", "--listen=a:65536"}, {"test", "one", "--day=4 Feb"},
        {"test", "one", "--text="},     {"test", "one", "--nothing"},        {"test", "one", "--count"},
        {"test", "--flag", "--flag"},
    };
    struct values v;
    struct option_args args;
    char kept[ARGS][32];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(parse(kept, &v, &args, 3, wrong[i]), CLI_USAGE);
}

static void a_file_is_read_before_its_drop_ins_and_names_the_line_that_is_wrong(void **state)
{
    (void)state;
    char dir[] = "/tmp/ondol-options.XXXXXX", path[64], part[96];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/a.conf", dir);
    snprintf(part, sizeof part, "%s.d", path);
    assert_int_equal(mkdir(part, 0700), 0);
    snprintf(part, sizeof part, "%s.d/1.conf", path);
    FILE *f = fopen(path, "w");
    fputs("; comment\ncount = 2\nflag = yes\ntext = a b\n", f);
    fclose(f);
    f = fopen(part, "w");
    fputs("count = 4\n", f);
    fclose(f);
    struct values v = {0};
    struct arena a = ARENA_NULL;
    struct err e = ERR_NULL;
    assert_int_equal(config_file_read(&options, &v, path, &a, &e), 0);
    assert_int_equal(v.count, 4);
    assert_true(v.flag);
    assert_string_equal(v.text, "a b");
    f = fopen(part, "w");
    fputs("count = 4\nspeed = 9\n", f);
    fclose(f);
    assert_int_equal(config_file_read(&options, &v, path, &a, &e), -EINVAL);
    assert_non_null(strstr(e.text, "/a.conf.d/1.conf:2: "));
    assert_non_null(strstr(e.text, "from 0.5 to 2"));
    unlink(part);
    f = fopen(path, "w");
    fputs("[section]\ncount = 1\n", f);
    fclose(f);
    assert_int_equal(config_file_read(&options, &v, path, &a, &e), -EINVAL);
    unlink(path);
    assert_int_equal(config_file_read(&options, &v, path, &a, &e), -ENOENT);
    arena_deinit(&a);
    snprintf(part, sizeof part, "%s.d", path);
    rmdir(part);
    rmdir(dir);
}

static void a_table_has_straight_columns_and_no_control_characters(void **state)
{
    (void)state;
    struct table t;
    char text[512] = "";
    FILE *f = fmemopen(text, sizeof text, "w");
    table_init(&t, "NAME >WATTS WHAT_IT_IS");
    table_put(&t, TABLE_RED,
              "k\xc3\xbc"
              "che");
    table_put(&t, TABLE_PLAIN, "%d", 12345678);
    table_put(&t, TABLE_PLAIN, "a\033[2J");
    table_print(&t, f, false);
    fclose(f);
    table_deinit(&t);
    assert_string_equal(text, "NAME      WATTS  WHAT IT IS\nk\xc3\xbc"
                              "che  12345678  a?[2J\n");
}

static void house_time_never_goes_back(void **state)
{
    (void)state;
    char dir[] = "/tmp/ondol-mark.XXXXXX", path[64];
    struct err e = ERR_NULL;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(house_mark_start(dir, 1000).v, 1000);
    assert_int_equal(house_mark_move(dir, HOUSE_MS(5000000), 900, false, &e), 0);
    assert_true(house_mark_start(dir, 2000).v > 5000000 + 900 * 1000); // killed a second later
    assert_int_equal(house_mark_move(dir, HOUSE_MS(7000000), 900, true, &e), 0);
    assert_int_equal(house_mark_start(dir, 2000).v, 7000001);
    assert_int_equal(house_mark_start(dir, 8000000).v, 8000000); // the calendar went on
    snprintf(path, sizeof path, "%s/house-time", dir);
    unlink(path);
    rmdir(dir);
}

static void every_interface_is_called_by_the_loopback(void **state)
{
    (void)state;
    char url[64];
    listen_url(url, sizeof url, "127.0.0.1:0", 8080, false);
    assert_string_equal(url, "http://127.0.0.1:8080");
    listen_url(url, sizeof url, "0.0.0.0:443", 443, true);
    assert_string_equal(url, "https://127.0.0.1:443");
    listen_url(url, sizeof url, "[::]:80", 80, false);
    assert_string_equal(url, "http://[::1]:80");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_arguments_are_found_in_any_order),
        cmocka_unit_test(what_is_wrong_is_a_usage_error),
        cmocka_unit_test(a_file_is_read_before_its_drop_ins_and_names_the_line_that_is_wrong),
        cmocka_unit_test(a_table_has_straight_columns_and_no_control_characters),
        cmocka_unit_test(house_time_never_goes_back),
        cmocka_unit_test(every_interface_is_called_by_the_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
