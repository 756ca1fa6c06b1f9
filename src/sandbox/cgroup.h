// SPDX-License-Identifier: Apache-2.0
//
// Control groups of either version, or both at once as on a hybrid machine.
//
//   the process's own group (delegated to us, or the root of a container)
//     +-- ondol-<who made it>        one per sandbox object and hierarchy: `struct cgroup_dir`
//           +-- r0, r1, ...          one per running instance, in every hierarchy that we use
//
// Nothing outside the process's own group is touched, nothing is mounted. Directories of dead makers are
// removed when a tree is made. A controller that appears in both versions is taken from v2.
#ifndef ONDOL_SANDBOX_CGROUP_H
#define ONDOL_SANDBOX_CGROUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "sandbox/sysfile.h"

enum cgroup_controller { CG_CPU, CG_CPUACCT, CG_MEMORY, CG_PIDS, CG_FREEZER, CG_N };

struct cgroup_dir {
    char path[SYSFILE_PATH_MAX]; // our own directory in this hierarchy
    bool v2;
    unsigned has; // bit per controller that is taken from here
};

struct cgroup_tree {
    struct cgroup_dir dir[CG_N + 1];
    int n;
};

#define CGROUP_TREE_NULL  ((struct cgroup_tree){0})
#define CGROUP_NAME_BYTES 16

// Finds what this machine and this user allow; never fails, the tree may be empty. `may_use` is a bit per
// controller (tests leave some out); `v1_only` leaves out v2.
void cgroup_tree_init(struct cgroup_tree *t, unsigned may_use, bool v1_only);
void cgroup_tree_deinit(struct cgroup_tree *t);

const struct cgroup_dir *cgroup_where(const struct cgroup_tree *t, enum cgroup_controller c); // NULL: nowhere

// Makes and removes the group of one instance in every hierarchy. remove: 0, or -EBUSY while something lives
// in it.
int cgroup_make(const struct cgroup_tree *t, const char *name, struct err *e);
int cgroup_remove(const struct cgroup_tree *t, const char *name);

// Writes `text` to the file of the instance's group that belongs to the version in use. -ENODEV: no such
// controller.
int cgroup_set(const struct cgroup_tree *t, const char *name, enum cgroup_controller c, const char *v1_file,
               const char *v2_file, const char *text);

// 0 leaves a limit out. Limits whose controller is absent are for the caller to replace.
int cgroup_limit(const struct cgroup_tree *t, const char *name, int64_t memory_max_bytes, int pids_max,
                 struct err *e);

// permille of one core, or negative: no quota.
int cgroup_quota(const struct cgroup_tree *t, const char *name, int permille);
int cgroup_freeze(const struct cgroup_tree *t, const char *name, bool frozen);

// -1 when the machine does not say.
int64_t cgroup_cpu_us(const struct cgroup_tree *t, const char *name);
int64_t cgroup_memory(const struct cgroup_tree *t, const char *name);
int64_t cgroup_memory_peak(const struct cgroup_tree *t, const char *name);

#endif
