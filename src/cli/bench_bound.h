// SPDX-License-Identifier: Apache-2.0
// Part of `ondol bench`: how good plans are.
#ifndef ONDOL_CLI_BENCH_BOUND_H
#define ONDOL_CLI_BENCH_BOUND_H

#include <stdio.h>

// Prints the worth of plans of `fleets` small random fleets as a share of the linear bound, or that it was
// skipped where libglpk is not installed. It is loaded only here: no program of ours needs it.
void bench_bound(FILE *out, int fleets);

#endif
