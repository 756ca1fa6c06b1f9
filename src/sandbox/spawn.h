// SPDX-License-Identifier: Apache-2.0
//
// Makes the one process that stands for a sandbox: the first of a pid namespace of its own, killed by the
// kernel when the agent ends, in its control groups before its first instruction, with two or three
// descriptors and nothing else.
//
// Why a pid namespace around bubblewrap, which makes one itself: bubblewrap's outer process waits outside of
// the inner namespace, and between its clone and the moment the inner side asks to die with its parent a
// killed agent would leave an orphan that runs the stranger's code. As the first process of an outer
// namespace it takes everything below with it, at any moment, and it cannot be waited for before all of that
// is dead. So kill is one signal and the end is one event.
#ifndef ONDOL_SANDBOX_SPAWN_H
#define ONDOL_SANDBOX_SPAWN_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "port/sandbox.h"

#define SPAWN_KEEP_FIRST 3 // keep[i] becomes descriptor 3+i of the new process
#define SPAWN_KEEP_MAX   12
#define SPAWN_JOIN_MAX   8

struct spawn {
    const char *exe;
    char *const *argv; // NULL-terminated; the environment is empty
    int stdin_fd, stdout_fd, stderr_fd;
    int keep[SPAWN_KEEP_MAX];
    int keep_n;
    int join[SPAWN_JOIN_MAX]; // open `tasks` files of v1 groups to write "0" to
    int join_n;
    int into_cgroup;     // directory of a v2 group to be born in, or -1
    int64_t as_uid;      // root only: user and group to become; negative: stay
    int64_t address_max; // RLIMIT_AS, 0: leave
    int64_t process_max; // RLIMIT_NPROC, 0: leave
    int parent_pidfd;    // of the agent
    const struct sandbox_net *net; // NULL: the network namespace is the agent's
};

// The pid, with *pidfd (close-on-exec) the caller's. Or negative errno. Returns once the program has been
// executed.
pid_t spawn(const struct spawn *s, int *pidfd, struct err *e);

#endif
