// SPDX-License-Identifier: Apache-2.0
#include "sim/load/load.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

#define HOUR_S      3600
#define FIRST_HOURS 6

struct backlog {
    struct load_backlog what;
    struct load_frame frame;
    uint64_t given;
    double each; // core-seconds of a task
};

static int next(void *ctx, struct sim_job *out, struct err *e)
{
    struct backlog *b = ctx;
    (void)e;
    // The task is due in the hour before which the work given so far would be done.
    double hour = floor((double)b->given * b->each / (b->what.work_cores * HOUR_S)) - (FIRST_HOURS - 1);
    int64_t at = b->frame.from_ms + (int64_t)(hour > 0 ? hour : 0) * HOUR_S * 1000;
    if (!(b->what.work_cores > 0) || at >= b->frame.to_ms)
        return 0;
    *out = (struct sim_job){
        .id = b->given,
        .submit_ms = at,
        .activity = b->frame.activity,
        .account = (uint32_t)(b->given % b->frame.accounts),
        .instances = b->what.instances,
        .cores = b->what.cores,
        .memory_mb = b->frame.memory_mb,
        .work_core_ms = int_clamp(num_round(b->what.run_s * 1000 * b->what.cores), 1, LOAD_WORK_MAX),
        .expected_run_ms = num_round(b->what.run_s * 1000),
        .save_ms = b->frame.save_ms,
    };
    b->given++;
    return 1;
}

struct sim_workload load_backlog(const struct load_backlog *what, const struct load_frame *frame)
{
    struct backlog *b = mem_alloc(sizeof *b);
    *b = (struct backlog){.what = *what, .frame = *frame};
    b->each = num_max(what->run_s * what->cores * what->instances, 1e-3);
    return (struct sim_workload){b, next, free};
}
