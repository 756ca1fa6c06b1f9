// SPDX-License-Identifier: Apache-2.0
//
// How long the true physics take, for `ondol bench`: nanoseconds a room and step in batch, against a loop of
// the same number of products and sums that touches no memory, in the same run; a tank and a pool by
// themselves.
#ifndef ONDOL_CLI_BENCH_WORLD_H
#define ONDOL_CLI_BENCH_WORLD_H

#include <stdio.h>

// Runs for about two seconds and writes one line for each figure to `out`. 0, or a negative errno.
int bench_world(FILE *out);

#endif
