// SPDX-License-Identifier: Apache-2.0
// Part of `ondol bench`: what an idle agent costs its machine.
#ifndef ONDOL_CLI_BENCH_AGENT_H
#define ONDOL_CLI_BENCH_AGENT_H

#include <stdio.h>

// Starts the ondol-agent beside this program with 1 and with 15 virtual heaters, at the clock's own speed and
// with nobody to call, and prints the private memory (MB) and the processor time (percent of a core) of each
// over 30 s. 0, or a negative errno when it cannot be started.
int bench_agent(FILE *out);

#endif
