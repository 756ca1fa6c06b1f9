// SPDX-License-Identifier: Apache-2.0
//
// What comes to a simulated fleet from outside: jobs, and things that happen. Both are streams that are
// pulled one by one, so that a year or a million jobs need no more memory than one. Readers of trace formats
// and generators make them.
#ifndef ONDOL_SIM_WORKLOAD_H
#define ONDOL_SIM_WORKLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/work/activity.h"

// A data set that an instance needs on its site before it can start. The same `set` is the same bytes.
struct sim_data {
    uint64_t set;
    int64_t bytes;
};

// One arrival: a task of `instances` equal containers, or unequal ones where work_each_core_ms is given.
struct sim_job {
    uint64_t id;            // of the trace; unique within its stream
    int64_t submit_ms;      // from the start of the run, >= 0, not before the job before it
    enum activity activity; // ACTIVITY_RESERVED..ACTIVITY_DONATED
    uint32_t account;       // 0..: customers, numbered by the stream
    int32_t instances;      // 1..2048
    int32_t cores;          // most that one instance can use, 1..: a board with fewer takes longer
    int32_t cores_min;      // that a board must have; 0: any
    int32_t memory_mb;      // that a board must have; 0: any
    // What one instance has to do: core-milliseconds at the nominal (greatest) frequency of the board's
    // processor, >= 1. On a board of c cores at frequency f it takes work / (min(c, cores) * f / f_nominal).
    int64_t work_core_ms;
    const int64_t *work_each_core_ms; // one an instance, or NULL: all work_core_ms
    int64_t expected_run_ms;          // the customer's word for one instance; -1: not said
    int64_t save_ms; // how often an instance saves what it has done; 0: never, a preempted one starts anew
    bool together;   // all instances at once on one site, or none
    const struct sim_data *data; // needed by every instance
    size_t n_data;
};

// Pulls the next job. 1 and `job` filled (what it points to lives until the next call), 0 at the end, or a
// negative errno with a sentence that names file and line.
struct sim_workload {
    void *ctx;
    int (*next)(void *ctx, struct sim_job *job, struct err *e);
    void (*free)(void *ctx); // may be NULL
};

// Things that happen to the fleet, from a trace (generated ones are in the scenario). In order of time.
enum sim_happening_kind {
    SIM_SETPOINT,  // zone `index`: value is milli-degC
    SIM_MODE,      // zone `index`: value is enum zone_mode
    SIM_OUTSIDE,   // site `index`: value is milli-degC, in force until the next; replaces the weather's
                   // temperature
    SIM_BOARD_OUT, // board `index`: dark until SIM_BOARD_BACK
    SIM_BOARD_BACK,
    SIM_NODE_OUT, // zone `index`: its agent dies; its boards stand still, its heaters are cold
    SIM_NODE_BACK,
    SIM_WAN_OUT, // site `index`: cut off; heaters go on alone
    SIM_WAN_BACK,
    SIM_SENSOR_OUT,   // zone `index`: the room sensor says nothing
    SIM_SENSOR_STUCK, // zone `index`: it says what it said last
    SIM_SENSOR_BACK,
    SIM_HAPPENING_KIND_N,
};

struct sim_happening {
    int64_t at_ms; // from the start of the run
    enum sim_happening_kind kind;
    uint32_t index; // by the order of the scenario: sites as listed; zones and boards group after group
    int64_t value;
};

struct sim_script {
    void *ctx;
    int (*next)(void *ctx, struct sim_happening *h, struct err *e); // as sim_workload
    void (*free)(void *ctx);
};

static inline void sim_workload_free(struct sim_workload *w)
{
    if (w->free)
        w->free(w->ctx);
    *w = (struct sim_workload){0};
}

static inline void sim_script_free(struct sim_script *s)
{
    if (s->free)
        s->free(s->ctx);
    *s = (struct sim_script){0};
}

// Several streams as one, in order of time; ties go to the lower index. Takes the streams over. `id` of the
// jobs becomes their number in the merged stream, accounts are numbered one stream after the other
// (`accounts_max` a stream).
struct sim_workload sim_workload_merge(const struct sim_workload *w, size_t n, uint32_t accounts_max);

#endif
