// SPDX-License-Identifier: Apache-2.0
//
// Where the kernel mounted its control groups and which of them this process is in, from mountinfo and cgroup
// of /proc/self. Pure text work, so that other machines' files can be tested.
#ifndef ONDOL_SANDBOX_CGROUP_FIND_H
#define ONDOL_SANDBOX_CGROUP_FIND_H

#include "sandbox/cgroup.h"

struct cgroup_place {
    char path[SYSFILE_PATH_MAX]; // directory of the process's own group
    bool v2;
    bool is_root; // of what is mounted here: v2 then allows processes beside children with controllers
    unsigned has; // v1: bit per controller mounted here. v2: 0, the files say
};

#define CGROUP_PLACES_MAX (CG_N + 1)

// Returns how many places were found, v2 first.
int cgroup_find(const char *mountinfo, const char *self_cgroup, struct cgroup_place out[CGROUP_PLACES_MAX]);

#endif
