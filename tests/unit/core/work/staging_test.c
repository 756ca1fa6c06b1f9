// SPDX-License-Identifier: Apache-2.0
// Keys of objects as paths below /job, and how far files are, in words.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "core/work/staging.h"

static void keys_become_paths_below_job(void **state)
{
    (void)state;
    static const struct {
        const char *key, *strip, *path; // path NULL: a folder, or nothing left
    } cases[] = {
        {"a.txt", "", "a.txt"},
        {"in/a.txt", "in/", "a.txt"},
        {"in/a.txt", NULL, "in/a.txt"},
        {"in/a.txt", "out/", "in/a.txt"}, // it does not stand there
        {"in/a.txt", "in", "a.txt"},
        {"/abs", "", "abs"},
        {"a//b/./c", "", "a/b/c"},
        {"..a/b..", "", "..a/b.."},
        {"folder/", "", NULL},
        {"in/", "in/", NULL},
        {"in", "in", NULL},
        {".", "", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char path[STAGING_PATH_MAX + 1];
        struct err e = ERR_NULL;
        int r = staging_path(cases[i].key, strlen(cases[i].key), cases[i].strip, path, &e);
        assert_int_equal(r, cases[i].path ? 0 : 1);
        if (cases[i].path)
            assert_string_equal(path, cases[i].path);
    }
}

static void no_key_leads_out_of_job(void **state)
{
    (void)state;
    static const char *const keys[] = {"..", "../x", "a/../b", "a/..", "in/../../etc/passwd"};
    char path[STAGING_PATH_MAX + 1], deep[300] = "", part[400];
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct err e = ERR_NULL;
        assert_true(staging_path(keys[i], strlen(keys[i]), "in/", path, &e) < 0);
        assert_non_null(strstr(e.text, "leads out of /job"));
    }
    struct err e = ERR_NULL;
    assert_true(staging_path("a\0b", 3, "", path, &e) < 0);
    for (int i = 0; i <= STAGING_DEPTH; i++)
        strcat(deep, "d/");
    strcat(deep, "f");
    assert_true(staging_path(deep, strlen(deep), "", path, &e) < 0);
    memset(part, 'x', sizeof part);
    assert_true(staging_path(part, 256, "", path, &e) < 0);
    assert_int_equal(staging_path(part, 255, "", path, &e), 0);
}

static void a_board_takes_half_its_memory_and_a_little_at_least(void **state)
{
    (void)state;
    assert_int_equal(staging_room(8192), INT64_C(4) << 30);
    assert_int_equal(staging_room(100), INT64_C(256) << 20);
}

static void how_far_files_are_is_said_in_one_unit(void **state)
{
    (void)state;
    char text[120];
    staging_text(3, 12, 1234567890, 5000000000, text, sizeof text);
    assert_string_equal(text, "3 of 12 files, 1.2 of 5.0 GB");
    staging_text(0, 1, 0, 999, text, sizeof text);
    assert_string_equal(text, "0 of 1 file, 0 of 999 bytes");
    staging_text(0, 0, 0, 0, text, sizeof text);
    assert_string_equal(text, "0 of 0 files, 0 of 0 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_become_paths_below_job),
        cmocka_unit_test(no_key_leads_out_of_job),
        cmocka_unit_test(a_board_takes_half_its_memory_and_a_little_at_least),
        cmocka_unit_test(how_far_files_are_is_said_in_one_unit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
