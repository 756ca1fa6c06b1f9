// SPDX-License-Identifier: Apache-2.0
// What an instance runs: words without a shell, names replaced once, the documented variables, clear
// refusals.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "core/work/launch.h"

static const char *env(const struct launch *l, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; l->envp[i]; i++)
        if (strncmp(l->envp[i], name, n) == 0 && l->envp[i][n] == '=')
            return l->envp[i] + n + 1;
    return NULL;
}

static void hello_world_is_split_and_filled_in_without_a_shell(void **state)
{
    (void)state;
    const struct constant c[] = {
        {"DOCKER_CMD", "echo hello world from node #${INSTANCE_ID}! \"${WHAT} ${NOT_KNOWN}\""},
        {"WHAT", "a  b of ${INSTANCE_COUNT}"},
        {"DOCKER_WORKDIR", "${DOCKER_WORKDIR}"}};
    const struct task_body b = {.profile = "docker-batch", .constant = c, .n_constants = ARRAY_LEN(c)};
    struct arena a = ARENA_NULL;
    struct launch l;
    struct err e = ERR_NULL;
    const char *code;
    assert_int_equal(launch_make(&b, 3, 4, &a, &l, &code, &e), 0);
    static const char *const want[] = {
        "echo", "hello", "world", "from", "node", "#3!", "a  b of 4 ${NOT_KNOWN}"};
    for (size_t i = 0; i < ARRAY_LEN(want); i++)
        assert_string_equal(l.argv[i], want[i]);
    assert_null(l.argv[ARRAY_LEN(want)]);
    assert_string_equal(l.workdir, "/job");
    assert_string_equal(l.image.repo, "library/ubuntu");
    assert_false(l.network);
    assert_string_equal(env(&l, "FRAME_ID"), "3");
    assert_string_equal(env(&l, "QSIZE"), "4");
    assert_string_equal(env(&l, "WHAT"), "a  b of 4");
    assert_string_equal(env(&l, "TMP_PATH"), "/tmp");
    assert_string_equal(env(&l, "QARNOT_RESULTS_DIRECTORY"), "/job");
    assert_non_null(env(&l, "PATH"));
    arena_deinit(&a);
}

static void own_variables_win_and_later_constants_too(void **state)
{
    (void)state;
    const struct constant c[] = {
        {"DOCKER_CMD", "true"}, {"INSTANCE_ID", "99"}, {"PATH", "/bin"}, {"X", "1"}, {"X", "2"}};
    const struct task_body b = {.profile = "docker-network", .constant = c, .n_constants = ARRAY_LEN(c)};
    struct arena a = ARENA_NULL;
    struct launch l;
    struct err e = ERR_NULL;
    const char *code;
    assert_int_equal(launch_make(&b, 0, 1, &a, &l, &code, &e), 0);
    assert_string_equal(env(&l, "INSTANCE_ID"), "0");
    assert_string_equal(env(&l, "PATH"), "/bin");
    assert_string_equal(env(&l, "X"), "2");
    assert_true(l.network);
    arena_deinit(&a);
}

static void a_cluster_has_a_master_and_workers(void **state)
{
    (void)state;
    const struct constant c[] = {{"DOCKER_CMD_MASTER", "lead"}, {"DOCKER_CMD_WORKER", "follow"}};
    const struct task_body b = {.profile = "docker-cluster", .constant = c, .n_constants = ARRAY_LEN(c)};
    struct arena a = ARENA_NULL;
    struct launch l;
    struct err e = ERR_NULL;
    const char *code;
    assert_int_equal(launch_make(&b, 0, 2, &a, &l, &code, &e), 0);
    assert_string_equal(l.argv[0], "lead");
    assert_int_equal(launch_make(&b, 1, 2, &a, &l, &code, &e), 0);
    assert_string_equal(l.argv[0], "follow");
    arena_deinit(&a);
}

static void what_cannot_run_is_refused_with_a_code(void **state)
{
    (void)state;
    static const struct {
        struct constant c[2];
        const char *code, *says;
    } row[] = {
        {{{"DOCKER_CMD", ""}, {"A", ""}}, "bad-command", "DOCKER_CMD: it is empty"},
        {{{"DOCKER_CMD", "echo 'x"}, {"A", ""}}, "bad-command", "DOCKER_CMD"},
        {{{"DOCKER_CMD", "x"}, {"DOCKER_REPO", "blender/blender"}}, "image-unavailable", "blender/blender"},
        {{{"DOCKER_CMD", "x"}, {"DOCKER_WORKDIR", "here"}}, "bad-workdir", "is not an absolute path"},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        const struct task_body b = {.constant = row[i].c, .n_constants = 2};
        struct arena a = ARENA_NULL;
        struct launch l;
        struct err e = ERR_NULL;
        const char *code;
        assert_true(launch_make(&b, 0, 1, &a, &l, &code, &e) < 0);
        assert_string_equal(code, row[i].code);
        assert_non_null(strstr(e.text, row[i].says));
        arena_deinit(&a);
    }
    const struct task_body unreadable = {.error = "it is not JSON"};
    struct arena a = ARENA_NULL;
    struct launch l;
    struct err e = ERR_NULL;
    const char *code;
    assert_true(launch_make(&unreadable, 0, 1, &a, &l, &code, &e) < 0);
    assert_string_equal(code, "bad-task");
    arena_deinit(&a);
}

static void names_that_multiply_do_not_grow_without_end(void **state)
{
    (void)state;
    const struct constant c[] = {{"DOCKER_CMD", "x ${A}"},
                                 {"A", "${B}${B}${B}${B}${B}${B}${B}${B}${B}${B}${B}${B}"},
                                 {"B", "${C}${C}${C}${C}${C}${C}${C}${C}${C}${C}${C}${C}"},
                                 {"C", "${D}${D}${D}${D}${D}${D}${D}${D}${D}${D}${D}${D}"},
                                 {"D", "${E}${E}${E}${E}${E}${E}${E}${E}${E}${E}${E}${E}"},
                                 {"E", "0123456789"}};
    const struct task_body b = {.constant = c, .n_constants = ARRAY_LEN(c)};
    struct arena a = ARENA_NULL;
    struct launch l;
    struct err e = ERR_NULL;
    const char *code;
    assert_true(launch_make(&b, 0, 1, &a, &l, &code, &e) < 0);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hello_world_is_split_and_filled_in_without_a_shell),
        cmocka_unit_test(own_variables_win_and_later_constants_too),
        cmocka_unit_test(a_cluster_has_a_master_and_workers),
        cmocka_unit_test(what_cannot_run_is_refused_with_a_code),
        cmocka_unit_test(names_that_multiply_do_not_grow_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
