// SPDX-License-Identifier: Apache-2.0
// What an instance runs: words without a shell, names replaced once, the documented variables, clear
// refusals.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "core/work/launch.h"
#include "core/work/profile.h"

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
    assert_null(l.net);
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
    assert_int_equal(l.net->features, PROFILE_OUTSIDE);
    assert_null(l.hosts);
    arena_deinit(&a);
}

// Bug: "forceExportInEnvironment": false was taken, shown again and without any effect.
static void a_constant_that_is_not_exported_still_fills_in_names(void **state)
{
    (void)state;
    const struct constant c[] = {{"DOCKER_CMD", "echo ${X}", false},
                                 {"X", "seen", true},
                                 {"Y", "<${X}>", false},
                                 {"PATH", "/mine", true}};
    const struct task_body b = {.profile = "docker-batch", .constant = c, .n_constants = ARRAY_LEN(c)};
    struct arena a = ARENA_NULL;
    struct launch l;
    struct err e = ERR_NULL;
    const char *code;
    assert_int_equal(launch_make(&b, 0, 1, &a, &l, &code, &e), 0);
    assert_string_equal(l.argv[1], "seen");
    assert_null(env(&l, "X"));
    assert_string_equal(env(&l, "Y"), "<seen>");
    assert_string_not_equal(env(&l, "PATH"), "/mine");
    arena_deinit(&a);
}

static void a_cluster_has_a_master_and_workers(void **state)
{
    (void)state;
    const struct constant c[] = {{"DOCKER_CMD_MASTER", "lead"}, {"DOCKER_CMD_WORKER", "follow"}};
    const struct net_plan net = {.relay = ":1", .identity = "x", .key = "y", .members = "0-1,7"};
    const struct task_body b = {
        .profile = "docker-cluster", .constant = c, .n_constants = ARRAY_LEN(c), .net = &net};
    struct arena a = ARENA_NULL;
    struct launch l;
    struct err e = ERR_NULL;
    const char *code;
    assert_int_equal(launch_make(&b, 0, 2, &a, &l, &code, &e), 0);
    assert_string_equal(l.argv[0], "lead");
    assert_int_equal(launch_make(&b, 1, 2, &a, &l, &code, &e), 0);
    assert_string_equal(l.argv[0], "follow");
    assert_int_equal(launch_make(&b, 7, 3, &a, &l, &code, &e), 0);
    assert_string_equal(l.hostname, "instance-7");
    assert_int_equal(l.address, 0x0a2f0003);
    assert_string_equal(l.hosts, "127.0.0.1 localhost\n::1 localhost ip6-localhost\n10.47.0.1 instance-0\n"
                                 "10.47.0.2 instance-1\n10.47.0.3 instance-7 instance-7\n");
    assert_string_equal(l.machines, "instance-0 slots=1\ninstance-1 slots=1\ninstance-7 slots=1\n");
    assert_int_equal(launch_make(&b, 2, 3, &a, &l, &code, &e), -EINVAL);
    assert_string_equal(e.text, "cluster: instance 2 is none of it");
    arena_deinit(&a);
}

static void a_profile_says_in_its_name_what_it_gives(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int features; // -1: no such name
    } row[] = {
        {"docker-batch", 0},
        {"Docker-Network", PROFILE_OUTSIDE},
        {"docker-batch-ssh", PROFILE_SSH},
        {"docker-network-ssh", PROFILE_OUTSIDE | PROFILE_SSH},
        {"docker-cluster", PROFILE_CLUSTER},
        {"docker-cluster-network-ssh", PROFILE_CLUSTER | PROFILE_OUTSIDE | PROFILE_SSH},
        {"docker-network-network", -1},
        {"docker-batch-network", -1},
        {"docker-", -1},
        {"network", -1},
        {"", -1},
        {NULL, -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        unsigned f = 99;
        assert_int_equal(profile_features(row[i].name, &f), row[i].features >= 0);
        assert_int_equal(f, row[i].features >= 0 ? row[i].features : 0);
    }
}

static void a_shutdown_command_is_split_and_one_that_does_nothing_is_none(void **state)
{
    (void)state;
    static const char *const nothing[] = {"", "  ", "/bin/true", "true"};
    for (size_t i = 0; i <= ARRAY_LEN(nothing); i++) {
        const char *said = i < ARRAY_LEN(nothing) ? nothing[i] : "sh -c 'save ${INSTANCE_ID} \"$1\"' x";
        const struct constant c[] = {{"DOCKER_CMD", "work"}, {"DOCKER_SHUTDOWN_CMD", said}};
        const struct task_body b = {.constant = c, .n_constants = 2};
        struct arena a = ARENA_NULL;
        struct launch l;
        struct err e = ERR_NULL;
        const char *code;
        assert_int_equal(launch_make(&b, 3, 4, &a, &l, &code, &e), 0);
        if (i < ARRAY_LEN(nothing)) {
            assert_null(l.last);
        } else {
            assert_string_equal(l.last[0], "sh");
            assert_string_equal(l.last[2], "save 3 \"$1\"");
            assert_string_equal(l.last[3], "x");
            assert_null(l.last[4]);
        }
        arena_deinit(&a);
    }
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
        {{{"DOCKER_CMD", "x"}, {"DOCKER_SHUTDOWN_CMD", "'x"}}, "bad-command", "DOCKER_SHUTDOWN_CMD"},
        {{{"DOCKER_CMD", "x"}, {"DOCKER_SHUTDOWN_CMD", "'' x"}}, "bad-command", "its first word is empty"},
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
        cmocka_unit_test(a_constant_that_is_not_exported_still_fills_in_names),
        cmocka_unit_test(a_cluster_has_a_master_and_workers),
        cmocka_unit_test(a_profile_says_in_its_name_what_it_gives),
        cmocka_unit_test(a_shutdown_command_is_split_and_one_that_does_nothing_is_none),
        cmocka_unit_test(what_cannot_run_is_refused_with_a_code),
        cmocka_unit_test(names_that_multiply_do_not_grow_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
