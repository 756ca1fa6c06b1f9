// SPDX-License-Identifier: Apache-2.0
//
// The processes below one process, seen from the host: what is left when a machine has no control groups for
// us.
#ifndef ONDOL_SANDBOX_PROCS_H
#define ONDOL_SANDBOX_PROCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PROCS_MAX 4096 // processes of one sandbox that are looked at; more are stopped in later beats

// True where the kernel lists children (/proc/PID/task/TID/children).
bool procs_supported(void);

// Fills `out` with every living descendant of `root`, `root` itself not included; parents come before their
// children.
size_t procs_below(pid_t root, pid_t *out, size_t max);

// Sends SIGSTOP or SIGCONT to what runs in a sandbox whose outermost process is `root`. `root` and its child,
// the sandbox's own two, go on: they must notice the end. Returns how many signals were sent.
size_t procs_stop(pid_t root, bool stop);

// CPU time of root and all below, reaped children included, in microseconds. The kernel's clock tick is the
// grain (10 ms).
int64_t procs_cpu_us(pid_t root);
int64_t procs_memory(pid_t root); // resident bytes; shared pages count once per process

#endif
