// SPDX-License-Identifier: Apache-2.0
// Part of `ondol bench`: the simulator.
#ifndef ONDOL_CLI_BENCH_SIM_H
#define ONDOL_CLI_BENCH_SIM_H

#include <stdio.h>

// Prints processor seconds of a year of `balard` with 68,000 jobs (the SURF trace where $ONDOL_DATA has it),
// of a day of 100,000 boards with the memory it takes, and how the cost of a board and minute goes from 1,000
// to 1,000,000 boards. 0, or a negative errno.
int bench_sim(FILE *out);
// The same with so many thousandths of the time and the boards, for a test that it runs.
int bench_sim_part(FILE *out, int permille);

#endif
