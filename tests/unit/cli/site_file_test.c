// SPDX-License-Identifier: Apache-2.0
// The file of sites: what is in it, and file and line of what is wrong.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/site_file.h"

static int read_text(const char *text, struct arena *a, const struct runtime_site **s, size_t *n,
                     struct err *e)
{
    char path[] = "/tmp/ondol-sites.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    int r = site_file_read(path, a, s, n, e);
    unlink(path);
    return r;
}

static void sites_come_with_what_is_said_of_them(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = ERR_NULL;
    const struct runtime_site *s = NULL;
    size_t n = 0;
    assert_int_equal(read_text("# ours\n[balard]\ncap_w = 6000\ncountry = FR\ntariff=daily 06:00 0.2\n\n"
                               "[fjord]\nutc_offset_min = 60\ncap_w = none\n; nothing more\n",
                               &a, &s, &n, &e),
                     0);
    assert_int_equal(n, 2);
    assert_string_equal(s[0].name, "balard");
    assert_int_equal(s[0].cap_mw, 6000000);
    assert_string_equal(s[0].setting, "country = FR\ntariff=daily 06:00 0.2\n");
    assert_false(s[0].has_utc_offset);
    assert_true(s[1].has_cap && s[1].cap_mw == -1);
    assert_int_equal(s[1].utc_offset_min, 60);
    assert_null(s[1].setting);
    arena_deinit(&a);
}

static void what_is_wrong_is_told_with_its_line(void **state)
{
    (void)state;
    static const char *const row[][2] = {
        {"country = FR\n", ":1: country = FR: stands before the first [NAME]"},
        {"\n[a b]\n", ":2: [a b]: is not [NAME of a site]"},
        {"[]\n", ":1: []: is not"},
        {"[a\n", ":1: [a: is not"},
        {"[a]\n[a]\n", ":2: [a]: is there twice"},
        {"[a]\ncap_w = lots\n", ":2: cap_w: must be a whole number from 0 to 1000000000"},
        {"[a]\nutc_offset_min = 900\n", ":2: utc_offset_min: must be"},
        {"[a]\ncountry = France\n", ":2: country: must be two letters"},
        {"[a]\ncolour = blue\n", ":2: colour: is not known"},
        {"[a]\nblue\n", ":2: blue: is not known"},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct arena a = {0};
        struct err e = ERR_NULL;
        const struct runtime_site *s = NULL;
        size_t n = 0;
        assert_int_equal(read_text(row[i][0], &a, &s, &n, &e), -22);
        if (!strstr(e.text, row[i][1]))
            fail_msg("\"%s\" does not say \"%s\"", e.text, row[i][1]);
        arena_deinit(&a);
    }
    struct arena a = {0};
    struct err e = ERR_NULL;
    const struct runtime_site *s;
    size_t n;
    assert_int_equal(site_file_read("/nowhere/at/all", &a, &s, &n, &e), -2);
}

// Found by reading: every line of a section was kept with all lines before it.
static void a_long_section_takes_no_more_than_its_text(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = ERR_NULL;
    const struct runtime_site *s = NULL;
    size_t n = 0, room = 200000, at = 0;
    char *text = malloc(room);
    at += (size_t)sprintf(text, "[a]\n");
    while (at + 20 < room)
        at += (size_t)sprintf(text + at, "latency_ms = 12\n");
    assert_int_equal(read_text(text, &a, &s, &n, &e), 0);
    assert_int_equal(strlen(s[0].setting), at - 4);
    assert_true(a.used < 2 * room);
    arena_deinit(&a);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sites_come_with_what_is_said_of_them),
        cmocka_unit_test(what_is_wrong_is_told_with_its_line),
        cmocka_unit_test(a_long_section_takes_no_more_than_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
