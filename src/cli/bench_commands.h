// SPDX-License-Identifier: Apache-2.0
//
// Commands of others, run as a bench needs them: many at a time, or one whose words are read. Whatever they
// do ends in bounded time.
#ifndef ONDOL_CLI_BENCH_COMMANDS_H
#define ONDOL_CLI_BENCH_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define COMMANDS_AT_ONCE_MAX 64
#define COMMAND_OUTPUT_MAX   ((size_t)4 << 20)

struct commands_run {
    long done;     // ended with 0
    double took_s; // from the first start to the last end
};

// Runs argv (argv[0] is looked up in PATH) over and over, `at_once` at a time, until `most` were started or
// for_s have passed, and waits for those under way (60 s at most, then they are killed). Their output goes
// nowhere. `env`: "NAME=value" added to ours, NULL-ended, or NULL. -EIO when one of them did not end with 0
// (its name and status stand in `e`).
int commands_run(const char *const *argv, const char *const *env, int at_once, long most, double for_s,
                 struct commands_run *out, struct err *e);

// Runs argv once; `out` (to be freed with buf_deinit, also after an error) gets its stdout. -ETIMEDOUT after
// limit_s (it is killed), -EIO when it did not end with 0, -E2BIG when it says more than COMMAND_OUTPUT_MAX.
int command_output(const char *const *argv, const char *const *env, double limit_s, struct buf *out,
                   struct err *e);

// Whether a program is in PATH or in the folders of administrators' programs; its path goes to `path`.
bool command_find(const char *name, char *path, size_t cap);

#endif
