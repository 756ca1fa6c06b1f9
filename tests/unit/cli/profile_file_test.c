// SPDX-License-Identifier: Apache-2.0
// The file of profiles: what is in it, what it makes of the built-in ones, file and line of what is wrong.
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

#include "base/mem.h"
#include "cli/profile_file.h"
#include "core/work/profile.h"

static int read_text(const char *text, struct arena *a, struct profile_list *out, struct err *e)
{
    char path[] = "/tmp/ondol-profiles.XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    int r = profile_file_read(path, a, out, e);
    unlink(path);
    return r;
}

static bool constant_of(const struct profile *p, const char *name, struct profile_constant *out)
{
    size_t found = 0;
    struct profile_constant c;
    for (size_t i = 0; profile_constant_at(p, i, &c); i++)
        if (!strcmp(c.name, name)) {
            *out = c;
            found++;
        }
    assert_true(found <= 1);
    return found == 1;
}

static void a_profile_stands_on_a_built_in_one(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = ERR_NULL;
    struct profile_list l = {0};
    struct profile_constant c;
    assert_int_equal(
        read_text("# ours\n[profile render]\nbase = docker-network\ndescription = Frames\n"
                  "default.DOCKER_REPO = library/render\nforced.LICENCE = 203.0.113.7\n"
                  "about.LICENCE = where licences are\n\n[profile mesh]\nbase = docker-cluster\n",
                  &a, &l, &e),
        0);
    assert_int_equal(l.n, 2);
    const struct profile *p = profile_find(&l, "Render");
    assert_non_null(p);
    assert_int_equal(profile_features_of(p), PROFILE_OUTSIDE);
    assert_string_equal(p->description, "Frames");
    assert_true(constant_of(p, "DOCKER_REPO", &c));
    assert_string_equal(c.value, "library/render");
    assert_string_equal(c.description, "image repository"); // the built-in's
    assert_false(c.forced);
    assert_true(constant_of(p, "LICENCE", &c) && c.forced);
    assert_string_equal(c.description, "where licences are");
    assert_false(constant_of(p, "DOCKER_CMD_MASTER", &c));
    assert_null(profile_find(&l, "mesh")); // the server has no relay
    assert_null(profile_find(&l, "docker-cluster"));
    l.relay = true;
    assert_true(constant_of(profile_find(&l, "mesh"), "DOCKER_CMD_MASTER", &c));
    arena_deinit(&a);
}

static void what_is_wrong_is_said_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } row[] = {
        {"base = docker-batch\n", ":1: base = docker-batch: stands before the first [profile NAME]"},
        {"[render]\n", ":1: [render]: is not [profile NAME]"},
        {"[profile docker-batch]\n", ":1: [profile docker-batch]: a name has 1 to 63"},
        {"[profile a]\nbase = docker-gpu\n", ":2: base: docker-gpu is no built-in profile"},
        {"[profile a]\n[profile b]\nbase = docker-batch\n", ":2: [profile a]: has no base"},
        {"[profile a]\n\n", ":2: [profile a]: has no base"},
        {"[profile a]\nbase = docker-batch\n[profile A]\n", ":3: [profile A]: is there twice"},
        {"[profile a]\nbase = docker-batch\ncolour = red\n", ":3: colour: is no key of a profile"},
        {"[profile a]\nbase = docker-batch\ndefault.9 = x\n", ":3: default.9: 9 is not a name of a constant"},
        {"[profile a]\nbase = docker-batch\ndefault.X = 1\nforced.X = 2\n", ":4: forced.X: X has a value"},
        {"[profile a]\nbase = docker-batch\nabout.X = 1\n", "about.X: there is no default.X or forced.X"},
        {"[profile a]\nbase = docker-batch\nnothing\n", ":3: nothing: is not key = value"},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct arena a = {0};
        struct err e = ERR_NULL;
        struct profile_list l = {0};
        assert_int_equal(read_text(row[i].text, &a, &l, &e), -EINVAL);
        if (!strstr(e.text, row[i].says))
            fail_msg("case %zu says: %s", i, e.text);
        assert_int_equal(l.n, 0);
        arena_deinit(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_stands_on_a_built_in_one),
        cmocka_unit_test(what_is_wrong_is_said_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
