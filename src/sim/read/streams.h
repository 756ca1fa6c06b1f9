// SPDX-License-Identifier: Apache-2.0
//
// The generated and recorded work of a scenario as a stream: a [work] section and the text of the file it
// names become a sim_workload.
#ifndef ONDOL_SIM_READ_STREAMS_H
#define ONDOL_SIM_READ_STREAMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sim/scenario.h"
#include "sim/workload.h"

// What a file holds; all zero where a section names none.
struct stream_text {
    const char *file; // named in errors
    const char *text;
    size_t n;
};

// Work of the scenario's section `index`. `trace` and `data` (Batsim's sizes) may be forgotten after the
// call. `trace_start_unix_ms`: date of moment 0 of a Batsim trace, -1 when unknown (read/batsim.h). Errors
// are "FILE: line N: why"; `out` has no `next` then.
//
//   random    the generator (sim/load/load.h)
//   batsim    jobs that follow each other with names <task>_<k>, the same moment, class and data are
//             instances of one task; an instance has a board for itself (`cores`, or 8). The trace's class
//             holds where it has priorities.
//   wfformat  each task when its parents would have ended if nothing ever waited
int stream_open(struct sim_workload *out, const struct scenario *s, size_t index,
                const struct stream_text *trace, const struct stream_text *data, int64_t trace_start_unix_ms,
                struct err *e);

#endif
