// SPDX-License-Identifier: Apache-2.0
// Part of `ondol bench`: the planner alone.
#ifndef ONDOL_CLI_BENCH_PLAN_H
#define ONDOL_CLI_BENCH_PLAN_H

#include <stdio.h>

// Prints milliseconds of a full plan and the median and 99th percentile of incremental ones, in processor
// time of one thread, at 10,000 boards and 100,000 instances and at ten times that, and the share of the
// linear bound that plans of small fleets reach ("skipped" where GLPK is not installed). 0, or a negative
// errno.
int bench_plan(FILE *out);
// The same with so many thousandths of the boards and tasks, for a test that it runs.
int bench_plan_part(FILE *out, int permille);

#endif
