// SPDX-License-Identifier: Apache-2.0
//
// Tasks that wait: how fast they are taken in, what of them is there after a kill -9, what memory they take,
// how fast they are cancelled; each beside Slurm, round by round, when `slurm` is not NULL.
#ifndef ONDOL_CLI_BENCH_SUBMIT_H
#define ONDOL_CLI_BENCH_SUBMIT_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/bench_server.h"
#include "cli/bench_slurm.h"

#define BENCH_TASKS 100000 // that bench_submissions leaves queued

// Starts a Slurm, or writes a line that says why there is none. slurm_stop in any case.
bool bench_slurm(struct slurm *s, const char *bench, FILE *out);

// On a server without tasks. The server is killed and comes back; its tasks are ended after.
int bench_kept(struct bench_server *s, struct slurm *slurm, FILE *out, struct err *e);

int bench_submissions(struct bench_server *s, struct slurm *slurm, FILE *out, struct err *e);

// Ends BENCH_TASKS queued tasks, then smaller lots of them.
int bench_cancelling(struct bench_server *s, struct slurm *slurm, FILE *out, struct err *e);

#endif
