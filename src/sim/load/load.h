// SPDX-License-Identifier: Apache-2.0
//
// Where simulated jobs come from: a trace that was read (batsim, workflow), a generator after the
// published statistics of heaters that compute, a backlog that never ends. Each gives a stream
// (sim/workload.h) that is the same for the same seed.
#ifndef ONDOL_SIM_LOAD_LOAD_H
#define ONDOL_SIM_LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/work/activity.h"
#include "sim/workload.h"

#define LOAD_INSTANCES_MAX 2048               // of one job
#define LOAD_WORK_MAX      (INT64_C(1) << 50) // core-ms of one instance: 35,000 core-years

// What is the same for every kind. Times are from the start of the run.
struct load_frame {
    uint64_t seed;
    int64_t from_ms, to_ms; // arrivals begin and end
    enum activity activity;
    bool own_activity; // keep the trace's where it says one
    uint32_t accounts; // customers, >= 1; a trace's users are folded into so many
    int64_t save_ms;   // 0: never
    int32_t memory_mb; // that a board must have; 0: any
};

// ---- a trace ----

// Jobs of a trace by index, in order of submission from 0; `get` fills all of `out` that the trace knows.
struct load_trace {
    void *ctx;
    size_t n;
    int64_t span_ms; // after so long a trace that repeats begins again; above the last submission
    void (*get)(void *ctx, size_t i, struct sim_job *out);
    void (*free)(void *ctx);
};

struct load_replay {
    double stretch; // of the times of arrival, > 0
    double share;   // of the jobs that is taken; 2.5: each twice and every second a third time
    bool repeat;
};

// Takes the trace over. Which jobs a share takes depends on the seed only.
struct sim_workload load_of_trace(struct load_trace trace, const struct load_replay *replay,
                                  const struct load_frame *frame);

// ---- the generator ----

// Tasks arrive as a Poisson stream whose rate follows the hour of the day and the day of the week; their
// number of instances, run times and data sets follow the quantiles of May 2019 (load_random.c).
struct load_random {
    int64_t local_ms;   // local time at the start of the run, milliseconds since 1970
    double work_cores;  // mean work that arrives: core-seconds at nominal frequency a second
    int32_t cores;      // that an instance uses
    double data_bytes;  // median of what an instance needs; 0: none
    uint32_t data_sets; // different ones in use at a time, 4 or more
};

struct sim_workload load_random(const struct load_random *r, const struct load_frame *frame);

// Means of the generator's distributions, for scaling and for tests: seconds of an instance, instances of a
// task.
double load_random_mean_run_s(void);
double load_random_mean_width(void);
double load_random_rate(int weekday, int hour); // relative, mean 1 over a week; weekday 0 = Sunday

#endif
