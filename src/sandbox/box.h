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
#include "sandbox/spawn.h"

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
    int guard_fd; // to its guard (guard.c), -1: it has none
    // Of one that a zygote made (zygote.c): then pidfd is not a child's, the status comes over the channel,
    // and its group has meters that did not begin with it.
    bool by_zygote;
    bool plain; // a zygote may serve the next like it
    int channel;
    int64_t cpu_before_us;
    int64_t memory_max_bytes; // as the spec said, like the next
    int pids_max;
};

enum zygote_state {
    ZYGOTE_WARMING, // a sandbox is being made
    ZYGOTE_WAITING, // it waits for its instance
    ZYGOTE_BUSY,    // an instance runs in it
    ZYGOTE_DYING,
};

struct zygote {
    enum zygote_state state;
    unsigned slot;
    pid_t pid; // of its bubblewrap, the outermost
    int pidfd, socket;
    int64_t memory_max_bytes; // of its group
    int pids_max;
    int permille;                // share in force in its group, as set_share
    int instance_pidfd, channel; // WAITING: of the sandbox that is ready
    int64_t cpu_us;              // of the group, when the last instance was over
    bool proven;                 // one instance at least went well
    wall_ms used;
};

struct box {
    struct cgroup_tree tree;
    struct root root;
    struct buf fixed_args;
    char bwrap[256];
    char why[320]; // empty: available
    enum lever lever;
    int cores;
    int seccomp_fd[2]; // [1] of those with the network
    int self_pidfd;
    struct box_run *run;
    size_t run_n, run_cap;
    bool *slot_taken;
    size_t slot_cap;
    struct zygote *zygote;
    size_t zygote_n, zygote_cap;
    size_t most_running; // at once, of late: so many zygotes are worth their memory
    bool no_zygotes;     // asked so, or they do not thrive here
    int zygote_fd;       // their program
    int guard_fd;        // the guards' program
    struct bwrap_counts counts;
};

// bwrap.c
struct pipes {
    int out[2], err[2]; // [0] ours, [1] the child's
};
int box_pipes_open(struct pipes *p, bool capture);
void box_pipes_close(struct pipes *p);
int box_above_targets(int fd); // moves it above the numbers that spawn() hands over
unsigned box_take_slot(struct box *b);
int box_null_open(void); // anew for each: what an instance sets there (flags, locks) lasts while it is open
int box_spawn_in(const struct box *b, unsigned slot, const char *group, bool network,
                 struct spawn *s); // what all have in common
void box_spawn_close(struct spawn *s);
void box_group_name(unsigned slot, char out[CGROUP_NAME_BYTES]);

int box_program_file(const char *name, const char *start, const char *end); // sealed; -1 and errno

// guard.c
int box_guard_open(struct box *b, struct err *e);
// The arguments of an instance's command, with those of its guard before them; *r has the agent's end of its
// socket. The array is the caller's, its strings are the spec's and the guard's own (in `text`). NULL: errno.
const char **box_guard_argv(const struct box *b, const struct sandbox_spec *spec, struct box_run *r,
                            struct spawn *s, char text[4][32]);
int box_guard_ask(const struct box_run *r);

// zygote.c
void box_zygotes_init(struct box *b, const struct bwrap_config *c);
bool box_zygote_start(struct box *b, const struct sandbox_spec *spec, struct box_run *r,
                      struct sandbox_run *run);
void box_zygote_ended(struct box *b, const struct box_run *r, const struct sandbox_usage *u, wall_ms now);
void box_zygote_breed(struct box *b, const struct box_run *after, wall_ms now);
int64_t box_zygotes_tick(struct box *b, wall_ms now); // ms or -1, as sandbox.tick
void box_zygotes_free(struct box *b);

#define BOX_NET_FILES 7

// bwrap_args.c
void box_fixed_args(struct box *b); // fills fixed_args from root
int box_zygote_args_file(const struct box *b, int *args_fd, struct err *e);
int box_net_files(const struct sandbox_spec *spec, struct spawn *s); // appends to what it keeps
int box_args_file(const struct box *b, const struct sandbox_spec *spec, int *args_fd, struct err *e);

// spec_check.c
int box_check_spec(const struct sandbox_spec *spec, struct err *e); // limits, image, command

// What its user is in numbers: `user` is NULL afterwards when it is who instances are anyway. -ENXIO.
int box_resolve_user(const struct box *b, struct sandbox_spec *spec, struct err *e);

// workdir.c
bool box_makes_workdir(const struct sandbox_spec *spec); // bubblewrap is to make it, if it is not there
// -ENOTDIR: it is not there, and cannot be made.
int box_check_workdir(const struct box *b, const struct sandbox_spec *spec, struct err *e);

// lever.c
int lever_choose(struct box *b, enum lever wanted, struct err *e);
int lever_set(const struct box *b, struct box_run *r, int permille, wall_ms now, struct err *e);
int64_t lever_tick(const struct box *b, struct box_run *r, wall_ms now); // ms or -1, as sandbox.tick
void lever_thaw_dying(const struct box *b, struct box_run *r);           // the killed may go
int64_t box_cpu_us(const struct box *b, const struct box_run *r);

#endif
