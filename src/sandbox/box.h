// SPDX-License-Identifier: Apache-2.0
//
// What the files of the bubblewrap sandbox share among themselves.
#ifndef ONDOL_SANDBOX_BOX_H
#define ONDOL_SANDBOX_BOX_H

#include "base/buf.h"
#include "sandbox/bwrap.h"
#include "sandbox/cgroup.h"
#include "sandbox/duty.h"
#include "sandbox/root.h"

struct box_run {
    uint64_t id;
    pid_t pid;
    int pidfd;
    unsigned slot; // makes its user and the name of its group
    char group[CGROUP_NAME_BYTES];
    struct duty duty; // of the levers that freeze; with a quota only .permille and .frozen are used
    int64_t peak_bytes;
    wall_ms start;
    bool killed;
};

struct box {
    struct cgroup_tree tree;
    struct root root;
    struct buf fixed_args;
    char bwrap[256];
    char why[320]; // empty: available
    enum lever lever;
    int cores;
    int seccomp_fd, null_fd, self_pidfd;
    struct box_run *run;
    size_t run_n, run_cap;
    bool *slot_taken;
    size_t slot_cap;
};

// bwrap_args.c
void box_fixed_args(struct box *b);                                 // fills fixed_args from root
int box_check_spec(const struct sandbox_spec *spec, struct err *e); // limits, image, command
int box_args_file(const struct box *b, const struct sandbox_spec *spec, int *args_fd, struct err *e);

// lever.c
int lever_choose(struct box *b, enum lever wanted, struct err *e);
int lever_set(const struct box *b, struct box_run *r, int permille, wall_ms now, struct err *e);
int64_t lever_tick(const struct box *b, struct box_run *r, wall_ms now); // ms or -1, as sandbox.tick
void lever_thaw_dying(const struct box *b, struct box_run *r);           // the killed may go
int64_t box_cpu_us(const struct box *b, const struct box_run *r);

#endif
