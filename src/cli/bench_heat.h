// SPDX-License-Identifier: Apache-2.0
// Part of `ondol bench`: what a control step of one zone costs.
#ifndef ONDOL_CLI_BENCH_HEAT_H
#define ONDOL_CLI_BENCH_HEAT_H

#include <stdio.h>

// Prints nanoseconds per zone-step of thermostats side by side, 300 and 10,000, and as an agent calls them;
// five runs each: median and spread. Returns 0.
int bench_heat(FILE *out);

#endif
