// SPDX-License-Identifier: Apache-2.0
//
// The port's sandbox made of real processes by bubblewrap: user, pid, mount, ipc, uts, net and cgroup
// namespaces, a root that is the machine's own /usr read-only, RAM disks for /job, /tmp and /dev/shm, no
// capability, no new privileges, the seccomp list of sandbox/seccomp.h, an environment that holds what the
// spec says.
//
// When the agent is root each running instance has a host user of its own, which owns nothing and whom no
// other instance can signal: BWRAP_UID_FIRST + 64 * pid of the agent + a number below 64, so that the agents
// of one machine share none. (Past 64 at a time, or 16 and several sandbox objects in one process, users
// repeat; the namespaces still part them.) Otherwise it has the agent's user. Inside, it is user 1000
// ("job").
//
// Plain instances (no bind, no network, no size of /job) are served by zygotes where every control group is
// there: docs/design/0018-zygotes.md. It shows in the time they take and nowhere else.
//
// With `network` the instance shares the host's network: it reaches loopback services and abstract sockets of
// the host.
//
// Limits where the control group is missing: memory_max_bytes becomes RLIMIT_AS (per process, address space,
// so a program that reserves much and touches little fails early), pids_max becomes RLIMIT_NPROC of the
// sandbox's own user.
#ifndef ONDOL_SANDBOX_BWRAP_H
#define ONDOL_SANDBOX_BWRAP_H

#include "port/sandbox.h"

// Above the ranges that Debian, systemd and container managers hand out. A pid has at most 22 bits: all end
// below 2^31.
#define BWRAP_UID_FIRST 1879048192 // 0x70000000

enum lever {
    LEVER_AUTO,
    LEVER_V2_QUOTA,
    LEVER_V1_QUOTA,
    LEVER_V2_FREEZE,
    LEVER_V1_FREEZE,
    LEVER_SIGNALS,
    LEVER_N
};

struct bwrap_config {
    const char *bwrap;       // the program; NULL: searched in /usr/bin, /usr/local/bin, /bin
    const char *root_parent; // where the sandboxes' root is made; NULL: see root.h
    enum lever lever;        // LEVER_AUTO: the best there is, in the order of the enum
    bool no_cgroups;         // neither limits nor levers by control groups
    bool no_zygotes;         // every sandbox is made by bubblewrap from nothing
};

struct bwrap_counts {
    uint64_t from_nothing, by_zygote; // instances started so far
    uint64_t zygotes;                 // started so far
    uint64_t soiled;                  // given up because their last instance left something
};

// Never fails: where no sandbox can be made, available() says why and start refuses. Runs `true` once to find
// out (some 10 ms). `config` may be NULL. End with s->free(s->ctx).
void bwrap_sandbox_init(struct sandbox *s, const struct bwrap_config *config);

struct bwrap_counts bwrap_sandbox_counts(const struct sandbox *s);

// Gives a process of the agent's own only the processor time that nobody in a sandbox wants, where control
// groups can say so. One at a time; the process must be gone before free().
void bwrap_sandbox_background(struct sandbox *s, pid_t pid);

const char *lever_name(enum lever l); // as sandbox.lever() gives it; "none" for LEVER_AUTO

#endif
