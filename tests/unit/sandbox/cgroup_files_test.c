// SPDX-License-Identifier: Apache-2.0
// What is written to and read from a group's files, in both spellings, with plain files standing for the
// kernel's: so v2 is tested on a machine whose controllers are v1, and the other way round.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/cgroup.h"

static void put(const char *dir, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/r0/%s", dir, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

// The kernel's files hold what was last written; plain ones are emptied first.
static const char *after(const char *dir, const char *name, char text[64])
{
    char group[128];
    snprintf(group, sizeof group, "%s/r0", dir);
    assert_true(sysfile_read(group, name, text, 64) >= 0);
    put(dir, name, "");
    return text;
}

static void make(struct cgroup_tree *t, bool v2, char dir[32])
{
    strcpy(dir, "/tmp/ondol-cg-XXXXXX");
    assert_non_null(mkdtemp(dir));
    char path[64];
    snprintf(path, sizeof path, "%s/r0", dir);
    assert_int_equal(mkdir(path, 0755), 0);
    *t = (struct cgroup_tree){.n = 1};
    t->dir[0] = (struct cgroup_dir){.v2 = v2, .has = (1u << CG_N) - 1};
    snprintf(t->dir[0].path, sizeof t->dir[0].path, "%s", dir);
}

static void version_two(void **state)
{
    (void)state;
    struct cgroup_tree t;
    struct err e = ERR_NULL;
    char dir[32], text[64];
    make(&t, true, dir);
    static const char *const files[] = {"cpu.max", "memory.max", "memory.swap.max", "pids.max",
                                        "cgroup.freeze"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        put(dir, files[i], "");
    static const struct {
        int permille;
        const char *text;
    } quota[] = {{44, "4400 100000"}, {2000, "200000 100000"}, {10, "1000 100000"},
                 {9, "9000 1000000"}, {1, "1000 1000000"},     {-1, "max 100000"}};
    for (size_t i = 0; i < ARRAY_LEN(quota); i++) {
        assert_int_equal(cgroup_quota(&t, "r0", quota[i].permille), 0);
        assert_string_equal(after(dir, "cpu.max", text), quota[i].text);
    }
    assert_int_equal(cgroup_limit(&t, "r0", INT64_C(8) << 30, 66, &e), 0);
    assert_string_equal(after(dir, "memory.max", text), "8589934592");
    assert_string_equal(after(dir, "memory.swap.max", text), "0");
    assert_string_equal(after(dir, "pids.max", text), "66");
    assert_int_equal(cgroup_freeze(&t, "r0", true), 0);
    assert_string_equal(after(dir, "cgroup.freeze", text), "1");
    assert_int_equal(cgroup_freeze(&t, "r0", false), 0);
    assert_string_equal(after(dir, "cgroup.freeze", text), "0");
    put(dir, "cpu.stat", "nr_usage_usec 5\nusage_usec 123456\nuser_usec 1\n");
    assert_int_equal(cgroup_cpu_us(&t, "r0"), 123456);
    put(dir, "memory.current", "777\n");
    assert_int_equal(cgroup_memory(&t, "r0"), 777);
    assert_int_equal(cgroup_memory_peak(&t, "r0"), -1); // kernels before 5.19 keep none
    put(dir, "memory.peak", "888\n");
    assert_int_equal(cgroup_memory_peak(&t, "r0"), 888);
    tree_remove(dir, false);
}

static void version_one(void **state)
{
    (void)state;
    struct cgroup_tree t;
    struct err e = ERR_NULL;
    char dir[32], text[64];
    make(&t, false, dir);
    static const char *const files[] = {"cpu.cfs_quota_us", "memory.limit_in_bytes", "pids.max",
                                        "freezer.state"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        put(dir, files[i], "");
    put(dir, "cpu.cfs_period_us", "100000\n");
    assert_int_equal(cgroup_quota(&t, "r0", 44), 0);
    assert_string_equal(after(dir, "cpu.cfs_quota_us", text), "4400");
    assert_int_equal(cgroup_quota(&t, "r0", -1), 0);
    assert_string_equal(after(dir, "cpu.cfs_quota_us", text), "-1");
    put(dir, "cpu.cfs_period_us", "");
    assert_int_equal(cgroup_quota(&t, "r0", 5), 0);
    assert_string_equal(after(dir, "cpu.cfs_period_us", text), "1000000");
    assert_int_equal(cgroup_limit(&t, "r0", 0, 0, &e), 0); // no limit asked for, none written
    assert_string_equal(after(dir, "memory.limit_in_bytes", text), "");
    assert_int_equal(cgroup_limit(&t, "r0", 1 << 26, 0, &e),
                     0); // without swap accounting its file is missing
    assert_string_equal(after(dir, "memory.limit_in_bytes", text), "67108864");
    assert_int_equal(cgroup_freeze(&t, "r0", true), 0);
    assert_string_equal(after(dir, "freezer.state", text), "FROZEN");
    put(dir, "cpuacct.usage", "123456789\n");
    assert_int_equal(cgroup_cpu_us(&t, "r0"), 123456);
    tree_remove(dir, false);
}

static void nothing_there_says_so(void **state)
{
    (void)state;
    struct cgroup_tree t = CGROUP_TREE_NULL;
    struct err e = ERR_NULL;
    assert_int_equal(cgroup_quota(&t, "r0", 100), -ENODEV);
    assert_int_equal(cgroup_freeze(&t, "r0", true), -ENODEV);
    assert_int_equal(cgroup_cpu_us(&t, "r0"), -1);
    assert_int_equal(cgroup_memory(&t, "r0"), -1);
    assert_int_equal(cgroup_limit(&t, "r0", 1 << 26, 5, &e), 0); // the caller replaces them
    struct cgroup_tree u;
    char dir[32];
    make(&u, true, dir);
    assert_int_equal(cgroup_limit(&u, "gone", 1 << 26, 0, &e), -ENOENT);
    assert_non_null(strstr(e.text, "memory limit"));
    assert_int_equal(cgroup_make(&u, "r0", &e), -EEXIST); // somebody's meters
    tree_remove(dir, false);
}

static void makers_are_known_dead_or_alive(void **state)
{
    (void)state;
    char name[OWNER_NAME_BYTES];
    owner_name(name, 3);
    assert_false(owner_is_dead(name));
    unsigned long long space;
    long long start;
    int pid;
    assert_int_equal(sscanf(name, "ondol-%llu-%d-%lld-3", &space, &pid, &start), 3);
    assert_int_equal(pid, getpid());
    snprintf(name, sizeof name, "ondol-%llu-%d-%lld-0", space, pid,
             start + 1); // the number is ours, the process another
    assert_true(owner_is_dead(name));
    snprintf(name, sizeof name, "ondol-%llu-%d-%lld-0.leaf", space, 0x3fffffff, start);
    assert_true(owner_is_dead(name));
    snprintf(name, sizeof name, "ondol-%llu-%d-%lld-0", space + 1, 0x3fffffff, start); // out of our sight
    assert_false(owner_is_dead(name));
    assert_false(owner_is_dead("ondol"));
    assert_false(owner_is_dead("system.slice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(version_two),
        cmocka_unit_test(version_one),
        cmocka_unit_test(nothing_there_says_so),
        cmocka_unit_test(makers_are_known_dead_or_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
