// SPDX-License-Identifier: Apache-2.0
//
// A Slurm of the bench's own, to measure beside ours: munged with a key of its own, slurmctld, and one slurmd
// of 64 processors, all in one temporary folder, run as the calling user, on loopback ports that were free.
// No system service and no file outside the folder is touched.
//
// Its configuration is what its guide for high throughput recommends, and no more work than needed: no
// accounting, no control groups, no prolog, a scheduling pass at once after each change. Three partitions:
// `all` (64 at a time), `two` (2 at a time), `closed` (jobs queue and never start, as tasks do where there is
// no board).
#ifndef ONDOL_CLI_BENCH_SLURM_H
#define ONDOL_CLI_BENCH_SLURM_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "cli/bench_commands.h"

#define SLURM_AT_ONCE 8 // sbatch processes at a time; more of them are not faster on two processors
#define SLURM_INSTALL "apt install slurm-wlm munge"
#define SLURM_SUBMIT  "sbatch -p closed -o /dev/null --wrap true"
#define SLURM_DURABLE "acknowledges before it is on disk (state is saved within 5 s)"

struct slurm {
    char dir[256], version[64];
    char conf[320], conf_env[340],
        job[320];         // slurm.conf, SLURM_CONF=..., output of the one job that is looked at
    char program[4][256]; // munged, slurmctld, slurmd, sbatch
    pid_t pid[3];         // munged, slurmctld, slurmd
};

// 0 and Slurm runs (with its node idle), or -ENOENT when it is not installed, or what went wrong; slurm_stop
// in any case.
int slurm_start(struct slurm *s, struct err *e);
void slurm_stop(struct slurm *s);

// Submits jobs to `closed`, one `sbatch` each, for for_s or until there are `most`.
int slurm_submit(struct slurm *s, long most, double for_s, struct commands_run *out, struct err *e);
int slurm_cancel(struct slurm *s, double limit_s, double *took_s, struct err *e); // all jobs, by scancel
int slurm_queued(struct slurm *s, long *n, struct err *e);                        // jobs that squeue lists
int slurm_last_id(struct slurm *s, long *id, struct err *e); // submits one more job and gives its id

// An array of n times `true` in a partition, from sbatch until squeue lists none.
int slurm_array(struct slurm *s, const char *partition, int n, double limit_s, double *took_s, struct err *e);

// One job on the idle node: milliseconds from sbatch to what the job says the time is.
int slurm_first_instruction(struct slurm *s, double *ms, struct err *e);

int slurm_crash(struct slurm *s, struct err *e); // kill -9 of slurmctld, and a start on what it left
double slurm_rss_kb(const struct slurm *s);      // resident memory of slurmctld

#endif
