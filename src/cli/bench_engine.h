// SPDX-License-Identifier: Apache-2.0
// Part of `ondol bench`: the server's engine and its planner, without disk or network.
#ifndef ONDOL_CLI_BENCH_ENGINE_H
#define ONDOL_CLI_BENCH_ENGINE_H

#include <stdio.h>

// Prints events per second, memory per queued task, full and incremental plans, and the time to cancel
// 100,000 tasks; five runs each: median, least and most. Returns 0.
int bench_engine(FILE *out);
// The same with so many thousandths of the work, for a test that it runs.
int bench_engine_part(FILE *out, int permille);

#endif
