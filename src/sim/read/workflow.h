// SPDX-License-Identifier: Apache-2.0
//
// Reader of WfFormat, the JSON of recorded scientific workflows (schema 1.4 and 1.5): a graph of tasks with
// the files between them, what each run took and on which machine.
#ifndef ONDOL_SIM_READ_WORKFLOW_H
#define ONDOL_SIM_READ_WORKFLOW_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

#define WORKFLOW_TASKS_MAX 200000
#define WORKFLOW_FILES_MAX 2000000

struct workflow_task {
    const char *id;
    double run_s;         // measured
    int32_t cores;        // it could use; 1 where the file does not say
    int64_t memory_bytes; // most it had; 0: not said
    int64_t in_bytes;     // sum of the files it reads that no task writes: they come from outside
    uint32_t level;       // longest chain of parents above it; 0: none
    double ready_s;       // when its parents have ended if nothing ever waits, from the start of the workflow
    uint32_t parent, n_parents; // in parent_at
};

struct workflow {
    struct arena text;
    const char *name;
    struct workflow_task *v; // parents before children; else in the order of the file
    size_t n;
    uint32_t *parent_at; // indexes in v
    size_t n_parents, cap_parents;
    double makespan_s; // of the recorded run; -1: not said
    double critical_s; // longest chain of run times
};

#define WORKFLOW_NULL ((struct workflow){0})

// -EINVAL with "line N: member: why": unknown parents, cycles, tasks without a run time, numbers out of
// range. `out` is WORKFLOW_NULL then.
int workflow_read(struct workflow *out, const char *text, size_t n, struct err *e);
void workflow_deinit(struct workflow *w);

#endif
