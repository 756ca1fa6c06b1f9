// SPDX-License-Identifier: Apache-2.0
// Finding control groups from the files of several kinds of machine.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sandbox/cgroup_find.h"

#define BIT(c) (1u << (c))

static void whole_v2_under_systemd(void **state)
{
    (void)state;
    struct cgroup_place p[CGROUP_PLACES_MAX];
    const char *mounts = "22 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n"
                         "30 24 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 "
                         "cgroup2 rw,nsdelegate\n";
    assert_int_equal(cgroup_find(mounts, "0::/system.slice/ondol-agent.service\n", p), 1);
    assert_string_equal(p[0].path, "/sys/fs/cgroup/system.slice/ondol-agent.service");
    assert_true(p[0].v2);
    assert_false(p[0].is_root);
}

static const char hybrid[] =
    "31 30 0:27 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
    "32 30 0:28 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "33 30 0:29 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd\n"
    "34 30 0:30 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
    "35 30 0:31 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
    "36 30 0:27 / /mnt/again rw,relatime - cgroup cgroup rw,cpu,cpuacct\n";

static void hybrid_machine_gives_v2_first_and_each_hierarchy_once(void **state)
{
    (void)state;
    struct cgroup_place p[CGROUP_PLACES_MAX];
    const char *self = "9:name=systemd:/\n5:cpuset:/x\n4:memory:/some/group\n1:cpu,cpuacct:/\n0::/\n";
    assert_int_equal(cgroup_find(hybrid, self, p), 3);
    assert_string_equal(p[0].path, "/sys/fs/cgroup/unified");
    assert_true(p[0].v2 && p[0].is_root);
    assert_string_equal(p[1].path, "/sys/fs/cgroup/cpu");
    assert_int_equal(p[1].has, BIT(CG_CPU) | BIT(CG_CPUACCT));
    assert_string_equal(p[2].path, "/sys/fs/cgroup/memory/some/group");
    assert_int_equal(p[2].has, BIT(CG_MEMORY));
}

static void a_container_sees_its_group_below_the_root_of_the_mount(void **state)
{
    (void)state;
    struct cgroup_place p[CGROUP_PLACES_MAX];
    const char *mounts = "32 30 0:28 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n";
    assert_int_equal(cgroup_find(mounts, "4:memory:/docker/abc/inner\n", p), 1);
    assert_string_equal(p[0].path, "/sys/fs/cgroup/memory/inner");
    assert_int_equal(cgroup_find(mounts, "4:memory:/docker/abc\n", p), 1);
    assert_string_equal(p[0].path, "/sys/fs/cgroup/memory");
    assert_true(p[0].is_root);
    assert_int_equal(cgroup_find(mounts, "4:memory:/docker/abcdef\n", p), 0); // a neighbour
    assert_int_equal(cgroup_find(mounts, "4:memory:/../other\n", p), 0);
}

static void nothing_mounted_is_nothing_found(void **state)
{
    (void)state;
    struct cgroup_place p[CGROUP_PLACES_MAX];
    assert_int_equal(cgroup_find("", "", p), 0);
    assert_int_equal(cgroup_find("rubbish\n\n - - -\n", "rubbish\n", p), 0);
    assert_int_equal(cgroup_find(hybrid, "1:cpuset:/\n", p), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_v2_under_systemd),
        cmocka_unit_test(hybrid_machine_gives_v2_first_and_each_hierarchy_once),
        cmocka_unit_test(a_container_sees_its_group_below_the_root_of_the_mount),
        cmocka_unit_test(nothing_mounted_is_nothing_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
