// SPDX-License-Identifier: Apache-2.0
//
// Child processes that end with their parent, and the signals a command waits for.
#ifndef ONDOL_CLI_CHILD_H
#define ONDOL_CLI_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

// SIGTERM, SIGINT and SIGCHLD are kept for signals_wait from here on. To be called before the first thread is
// started.
void signals_hold(void);
// Waits up to timeout_ms (-1: for ever) for one of them and returns its number, 0 when none came.
int signals_wait(int timeout_ms);

// The path of a program that was built or installed beside this one ("ondol-agent"); else its bare name, for
// the PATH.
void beside_self(const char *name, char *out, size_t cap);

// Starts it with argv (argv[0] is the program) and `env` ("NAME=value" added to ours, NULL-ended, or NULL).
// Its stdout goes to our stderr, or both to `log` when that is not NULL. It is killed when this thread ends.
// Gives the pid or a negative errno.
pid_t child_start(const char *const *argv, const char *const *env, const char *log, struct err *e);

// SIGTERM, up to grace_ms of waiting, then SIGKILL. For all of them at once; pids of 0 are passed over and
// become 0.
void children_stop(pid_t *pid, size_t n, int grace_ms);

// Whether it still runs; reaps it when not (then *pid is 0).
bool child_alive(pid_t *pid);

#endif
