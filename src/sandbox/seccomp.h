// SPDX-License-Identifier: Apache-2.0
//
// The system calls that an instance may not make.
//
// A deny list, not an allow list. The customers' programs are unknown: solvers, renderers, interpreters, MPI
// libraries; an allow list that fits them all is nearly everything, and each entry that it lacks is a task
// that dies of a riddle. Namespaces, dropped capabilities, no-new-privileges and an identity that owns
// nothing already stop what a call could reach; the list takes away the doors into parts of the kernel that
// computing does not need and where holes were found again and again: new namespaces, mounts, keyrings, bpf,
// perf, userfaultfd, io_uring, ptrace, modules. They answer EPERM.
//
//   clone     EPERM when a flag asks for a new namespace
//   clone3    ENOSYS: its flags are behind a pointer that a filter cannot follow; the C library then falls
//             back to clone
//   ioctl     EPERM for TIOCSTI and TIOCLINUX (typing into somebody's terminal)
//   socket    EPERM for every family but unix, inet, inet6, netlink: vsock, for one, reaches the host of a
//             virtual machine past any network namespace
//   setsockopt ENODEV for joining a multicast group, without the network: the kernel reports a membership to the
//             empty network when the process is long gone, and the next instance would see it
//   other instruction sets (32 bit on 64): the process is killed, since the numbers would mean other calls
#ifndef ONDOL_SANDBOX_SECCOMP_H
#define ONDOL_SANDBOX_SECCOMP_H

#include <stdbool.h>

#include "base/err.h"

// A sealed memory file with the program, for instances with or without the network, made once and read by
// every start. The caller closes it. Or negative errno.
int seccomp_program(bool network, struct err *e);

#endif
