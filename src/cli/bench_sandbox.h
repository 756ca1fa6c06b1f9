// SPDX-License-Identifier: Apache-2.0
//
// How many `true` a second our sandbox starts and ends, beside bare bubblewrap with the same namespaces.
#ifndef ONDOL_CLI_BENCH_SANDBOX_H
#define ONDOL_CLI_BENCH_SANDBOX_H

#include <stddef.h>
#include <stdio.h>

// Five interleaved rounds with 2 slots and with 64; prints medians, spreads, the ratio, the rival's command
// and version. 0, or a negative errno after one line that says why nothing could be measured.
int bench_sandbox(FILE *out);

// The rival's command, NULL-ended, and its version (written to `version`, which is returned).
extern const char *const bench_bare_bwrap[];
const char *bench_bwrap_version(char *version, size_t cap);

#endif
