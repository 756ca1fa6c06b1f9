// SPDX-License-Identifier: Apache-2.0
//
// Bench of the store: what it costs above bare SQLite, and the reads that must be quick at 100,000 tasks.
#ifndef ONDOL_CLI_BENCH_STORE_H
#define ONDOL_CLI_BENCH_STORE_H

#include <stdio.h>

// Prints a few lines to `out`. Works in a directory of its own under TMPDIR or /tmp. Returns 0 or 1.
int bench_store(FILE *out);

#endif
