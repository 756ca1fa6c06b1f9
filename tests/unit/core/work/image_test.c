// SPDX-License-Identifier: Apache-2.0
// Names of images as the tools of the field take them, and what an image adds to a task's command.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "core/work/image.h"

static void names_are_understood_as_everywhere(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *repo, *tag, *full;
    } row[] = {
        {"alpine", "", "library/alpine", "latest", "library/alpine:latest"},
        {"alpine:3.18", "", "library/alpine", "3.18", "library/alpine:3.18"},
        {"a/b", "", "a/b", "latest", "a/b:latest"},
        {"localhost/b:x", "localhost", "b", "x", "localhost/b:x"},
        {"r.example:5000/a/b_c.d--e:V_1.2-x", "r.example:5000", "a/b_c.d--e", "V_1.2-x",
         "r.example:5000/a/b_c.d--e:V_1.2-x"},
        {"[::1]:5000/a", "[::1]:5000", "a", "latest", "[::1]:5000/a:latest"},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct image_name n;
        struct err e = ERR_NULL;
        char text[IMAGE_NAME_BYTES];
        assert_int_equal(image_name_parse(row[i].text, &n, &e), 0);
        assert_string_equal(n.host, row[i].host);
        assert_string_equal(n.repo, row[i].repo);
        assert_string_equal(n.tag, row[i].tag);
        image_name_text(&n, text);
        assert_string_equal(text, row[i].full);
        assert_int_equal(image_name_parse(text, &n, &e), 0); // and back
        assert_string_equal(n.repo, row[i].repo);
    }
}

// Archives of skopeo and podman call mine/solver:3 docker.io/mine/solver:3; no task that names it found it.
static void docker_hub_is_the_host_of_names_without_one(void **state)
{
    (void)state;
    static const struct {
        const char *text, *plain;
    } row[] = {{"docker.io/mine/solver:3", "mine/solver:3"},
               {"docker.io/library/alpine", "library/alpine:latest"},
               {"registry-1.docker.io/alpine:1", "library/alpine:1"},
               {"index.docker.io/a/b", "a/b:latest"},
               {"r.example/docker.io/a", "r.example/docker.io/a:latest"},
               {"docker.io.example/a", "docker.io.example/a:latest"},
               {"a/b", "a/b:latest"}};
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct image_name n;
        struct err e = ERR_NULL;
        char text[IMAGE_NAME_BYTES];
        assert_int_equal(image_name_parse(row[i].text, &n, &e), 0);
        image_name_plain(&n);
        image_name_text(&n, text);
        assert_string_equal(text, row[i].plain);
    }
}

static void names_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",     "A",      "a b",   "-a",     "a/",       "/a",         "a//b", "a..b",      "../a", "a:",
        "a:-x", "a:b/c:", "a:b c", "--help", "ho$t.x/a", "a@sha256:0", "a\nb", "a/\"b\":c", "x.y/"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct image_name n;
        struct err e = ERR_NULL;
        if (image_name_parse(bad[i], &n, &e) != -EINVAL)
            fail_msg("\"%s\" is taken", bad[i]);
        assert_non_null(strstr(e.text, "image: "));
    }
    char tooLong[400];
    struct image_name n;
    struct err e = ERR_NULL;
    memset(tooLong, 'a', sizeof tooLong - 1);
    tooLong[sizeof tooLong - 1] = '\0';
    assert_int_equal(image_name_parse(tooLong, &n, &e), -EINVAL);
}

static void constants_make_a_name(void **state)
{
    (void)state;
    static const struct {
        const char *server, *repo, *tag, *full;
    } row[] = {
        {NULL, "a/b", NULL, "a/b:latest"},
        {"", "ubuntu", "", "library/ubuntu:latest"},
        {"https://r.example", "a/b", "1", "r.example/a/b:1"},
        {"http://r.example:5000/v2/", "a", "1", "r.example:5000/library/a:1"},
        {"r.example", "s.example/a", "1", "s.example/a:1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct image_name n;
        struct err e = ERR_NULL;
        char text[IMAGE_NAME_BYTES];
        assert_int_equal(image_name_make(row[i].server, row[i].repo, row[i].tag, &n, &e), 0);
        image_name_text(&n, text);
        assert_string_equal(text, row[i].full);
    }
    struct image_name n;
    struct err e = ERR_NULL;
    assert_int_equal(image_name_make("http://", "a b", "1", &n, &e), -EINVAL);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool has(const char *const *v, const char *what)
{
    for (; *v; v++)
        if (!strcmp(*v, what))
            return true;
    return false;
}

static void an_image_stands_under_the_task(void **state)
{
    (void)state;
    const struct launch l = {.argv = LIST("a", "b"), .envp = LIST("X=task", "Y=1")};
    const struct image_config c = {.env = LIST("X=image", "Z=old", "Z=new", "PATH=/bin", "=odd", "odd"),
                                   .entrypoint = LIST("/run", "it"),
                                   .cmd = LIST("never"),
                                   .workdir = "/w",
                                   .user = "u"};
    struct arena a = ARENA_NULL;
    struct launch out;
    struct err e = ERR_NULL;
    const char *code;
    assert_int_equal(launch_in_image(&l, &c, &a, &out, &code, &e), 0);
    static const char *const argv[] = {"/run", "it", "a", "b"};
    for (size_t i = 0; i < ARRAY_LEN(argv); i++)
        assert_string_equal(out.argv[i], argv[i]);
    assert_null(out.argv[ARRAY_LEN(argv)]);
    assert_true(has(out.envp, "X=task") && has(out.envp, "Y=1") && has(out.envp, "Z=new") &&
                has(out.envp, "PATH=/bin") && has(out.envp, "HOME=/job"));
    assert_false(has(out.envp, "X=image") || has(out.envp, "Z=old") || has(out.envp, "odd") ||
                 has(out.envp, "=odd"));
    assert_string_equal(out.workdir, "/w");
    assert_string_equal(out.image.user, "u");
    arena_deinit(&a);
}

static void what_the_task_says_counts(void **state)
{
    (void)state;
    const struct launch l = {
        .argv = (const char *const[]){NULL}, .envp = LIST("PATH=/x"), .workdir = "/job", .image.user = "7"};
    const struct image_config c = {.cmd = LIST("sh"), .workdir = "relative", .user = "u"}, empty = {0};
    struct arena a = ARENA_NULL;
    struct launch out;
    struct err e = ERR_NULL;
    const char *code;
    assert_int_equal(launch_in_image(&l, &c, &a, &out, &code, &e), 0);
    assert_string_equal(out.argv[0], "sh");
    assert_string_equal(out.workdir, "/job");
    assert_string_equal(out.image.user, "7");
    assert_true(has(out.envp, "PATH=/x"));
    assert_int_equal(launch_in_image(&l, &empty, &a, &out, &code, &e), -EINVAL);
    assert_string_equal(code, "bad-command");
    arena_deinit(&a);
}

static void a_task_in_an_image_leaves_open_what_the_image_says(void **state)
{
    (void)state;
    const struct constant c[] = {
        {"DOCKER_REPO", "acme/${N}"}, {"N", "x"}, {"DOCKER_WORKDIR", ""}, {"DOCKER_TAG", "1"}};
    const struct image_wish wish = {"sha256:0"};
    struct task_body b = {.constant = c, .n_constants = ARRAY_LEN(c), .image = &wish};
    struct arena a = ARENA_NULL;
    struct launch l;
    struct err e = ERR_NULL;
    const char *code;
    assert_int_equal(launch_make(&b, 0, 1, &a, &l, &code, &e), 0);
    assert_null(l.argv[0]);
    assert_null(l.workdir);
    assert_string_equal(l.image.repo, "acme/x");
    assert_string_equal(l.image.tag, "1");
    assert_string_equal(l.image.digest, "sha256:0");
    assert_null(l.image.login);
    b.n_constants = 2;
    assert_int_equal(launch_make(&b, 0, 1, &a, &l, &code, &e), 0);
    assert_string_equal(l.workdir, "/job");
    b.image = NULL; // the server did not say so: an older one, or none that keeps images
    assert_true(launch_make(&b, 0, 1, &a, &l, &code, &e) < 0);
    assert_string_equal(code, "image-unavailable");
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_understood_as_everywhere),
        cmocka_unit_test(docker_hub_is_the_host_of_names_without_one),
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(constants_make_a_name),
        cmocka_unit_test(an_image_stands_under_the_task),
        cmocka_unit_test(what_the_task_says_counts),
        cmocka_unit_test(a_task_in_an_image_leaves_open_what_the_image_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
