// SPDX-License-Identifier: Apache-2.0
//
// What the agent and a zygote say to each other. A zygote (zygote_main.c) is a small program that bubblewrap
// started inside a sandbox without the last steps; it makes the sandboxes of single instances ahead of time.
//
//   agent --PREPARE--> zygote                    "make one"
//   agent <--READY, pidfd, channel-- zygote      one is made, mounts and all; it waits on the channel
//   agent <--SOILED-- zygote                     no more can be made here: the last one left something, or
//                                                the kernel refused
//   agent --go, stdout, stderr--> sandbox        over the channel: what to run; closing it instead ends it
//   agent <--status-- sandbox                    as waitpid gave it, when the command has ended
//
// All are single packets (SOCK_SEQPACKET). Both sides are one build, so numbers are the machine's own.
#ifndef ONDOL_SANDBOX_ZYGOTE_WIRE_H
#define ONDOL_SANDBOX_ZYGOTE_WIRE_H

#include <stdint.h>

// Descriptors of a zygote as it begins.
#define ZYGOTE_SECCOMP_FD 3 // program of the instances
#define ZYGOTE_SOCKET_FD  5
#define ZYGOTE_SELF_FD    6 // its own executable

#define ZYGOTE_PREPARE 'P'
#define ZYGOTE_READY   'R'
#define ZYGOTE_SOILED  'S'

#define ZYGOTE_GO_BYTES  60000 // most of one `go`; what is longer takes the long way
#define ZYGOTE_ARGS_MAX  1024  // most entries of argv and of envp in it
#define ZYGOTE_RAM_BYTES "256m"

// A `go` is this head and then, each ended by NUL: host name, directory, argc arguments, envc "NAME=value".
struct zygote_go {
    uint32_t argc, envc;
};

#endif
