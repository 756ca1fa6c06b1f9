// SPDX-License-Identifier: Apache-2.0
//
// The files of one instance's group, in both spellings:
//
//                v1                                       v2
//   quota        cpu.cfs_quota_us / cpu.cfs_period_us     cpu.max "quota period"
//   freeze       freezer.state FROZEN / THAWED            cgroup.freeze 1 / 0
//   CPU time     cpuacct.usage (ns)                       cpu.stat usage_usec
//   memory       memory.limit_in_bytes, usage, max_usage  memory.max, current, peak
//   processes    pids.max                                 pids.max
#include "sandbox/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int group_path(const struct cgroup_dir *d, const char *name, char out[SYSFILE_PATH_MAX])
{
    int n = snprintf(out, SYSFILE_PATH_MAX, "%s/%s", d->path, name);
    return n > 0 && n < SYSFILE_PATH_MAX ? 0 : -ENAMETOOLONG;
}

int cgroup_set(const struct cgroup_tree *t, const char *name, enum cgroup_controller c, const char *v1_file,
               const char *v2_file, const char *text)
{
    const struct cgroup_dir *d = cgroup_where(t, c);
    char group[SYSFILE_PATH_MAX];
    if (!d)
        return -ENODEV;
    int r = group_path(d, name, group);
    return r ? r : sysfile_write(group, d->v2 ? v2_file : v1_file, text);
}

int cgroup_limit(const struct cgroup_tree *t, const char *name, int64_t memory_max_bytes, int pids_max,
                 struct err *e)
{
    char text[32];
    if (memory_max_bytes > 0 && cgroup_where(t, CG_MEMORY)) {
        snprintf(text, sizeof text, "%lld", (long long)memory_max_bytes);
        int r = cgroup_set(t, name, CG_MEMORY, "memory.limit_in_bytes", "memory.max", text);
        if (r < 0)
            return err_set(e, r, "memory limit of %s bytes: the kernel refuses it: %s", text, strerror(-r));
        // No swapping: what an instance holds must never reach a disk. Absent where the kernel does not count
        // swap.
        bool v2 = cgroup_where(t, CG_MEMORY)->v2;
        cgroup_set(t, name, CG_MEMORY, "memory.memsw.limit_in_bytes", "memory.swap.max", v2 ? "0" : text);
    }
    if (pids_max > 0 && cgroup_where(t, CG_PIDS)) {
        snprintf(text, sizeof text, "%d", pids_max);
        int r = cgroup_set(t, name, CG_PIDS, "pids.max", "pids.max", text);
        if (r < 0)
            return err_set(e, r, "limit of %s processes: the kernel refuses it: %s", text, strerror(-r));
    }
    return 0;
}

// 100 ms is the kernel's own period. The least quota is 1 ms, so a share below 10 permille needs a longer
// period; the longest is 1 s, which makes 1 permille the smallest share.
int cgroup_quota(const struct cgroup_tree *t, const char *name, int permille)
{
    const struct cgroup_dir *d = cgroup_where(t, CG_CPU);
    if (!d)
        return -ENODEV;
    char text[64];
    long period_us = permille >= 0 && permille < 10 ? 1000000 : 100000;
    long long quota_us = (long long)permille * period_us / 1000;
    if (d->v2) {
        if (permille < 0)
            return cgroup_set(t, name, CG_CPU, NULL, "cpu.max", "max 100000");
        snprintf(text, sizeof text, "%lld %ld", quota_us, period_us);
        return cgroup_set(t, name, CG_CPU, NULL, "cpu.max", text);
    }
    if (permille < 0)
        return cgroup_set(t, name, CG_CPU, "cpu.cfs_quota_us", NULL, "-1");
    char group[SYSFILE_PATH_MAX];
    int r = group_path(d, name, group);
    if (r == 0 && sysfile_read_i64(group, "cpu.cfs_period_us", 0) != period_us) {
        sysfile_write(group, "cpu.cfs_quota_us",
                      "-1"); // else the old quota may be too small for the new period
        snprintf(text, sizeof text, "%ld", period_us);
        r = sysfile_write(group, "cpu.cfs_period_us", text);
    }
    snprintf(text, sizeof text, "%lld", quota_us);
    if (r == 0)
        r = sysfile_write(group, "cpu.cfs_quota_us", text);
    if (r == -EINVAL) // more than the group above us may have, and so no limit of ours
        r = sysfile_write(group, "cpu.cfs_quota_us", "-1");
    return r;
}

int cgroup_freeze(const struct cgroup_tree *t, const char *name, bool frozen)
{
    const struct cgroup_dir *d = cgroup_where(t, CG_FREEZER);
    const char *v1 = frozen ? "FROZEN" : "THAWED", *v2 = frozen ? "1" : "0";
    return cgroup_set(t, name, CG_FREEZER, "freezer.state", "cgroup.freeze", d && d->v2 ? v2 : v1);
}

int64_t cgroup_cpu_us(const struct cgroup_tree *t, const char *name)
{
    const struct cgroup_dir *d = cgroup_where(t, CG_CPUACCT);
    char group[SYSFILE_PATH_MAX], text[1024];
    if (!d || group_path(d, name, group) < 0)
        return -1;
    if (d->v2)
        return sysfile_read(group, "cpu.stat", text, sizeof text) > 0 ? sysfile_word(text, "usage_usec", -1)
                                                                      : -1;
    int64_t ns = sysfile_read_i64(group, "cpuacct.usage", -1);
    return ns < 0 ? -1 : ns / 1000;
}

static int64_t memory_file(const struct cgroup_tree *t, const char *name, const char *v1_file,
                           const char *v2_file)
{
    const struct cgroup_dir *d = cgroup_where(t, CG_MEMORY);
    char group[SYSFILE_PATH_MAX];
    if (!d || group_path(d, name, group) < 0)
        return -1;
    return sysfile_read_i64(group, d->v2 ? v2_file : v1_file, -1);
}

int64_t cgroup_memory(const struct cgroup_tree *t, const char *name)
{
    return memory_file(t, name, "memory.usage_in_bytes", "memory.current");
}

int64_t cgroup_memory_peak(const struct cgroup_tree *t, const char *name)
{
    return memory_file(t, name, "memory.max_usage_in_bytes", "memory.peak");
}
