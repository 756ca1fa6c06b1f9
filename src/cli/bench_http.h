// SPDX-License-Identifier: Apache-2.0
//
// The server over HTTP: durable submissions, lists, cancelling, memory.
#ifndef ONDOL_CLI_BENCH_HTTP_H
#define ONDOL_CLI_BENCH_HTTP_H

#include <stdio.h>

// Each against a server of its own process on a folder under TMPDIR or /tmp. 0, or 1 after a line that says
// why not.
int bench_http(FILE *out);

// Tasks through server, agent and sandbox: `true` with 2 and with 64 boards, submit to first instruction.
int bench_run(FILE *out);

#endif
