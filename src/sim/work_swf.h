// SPDX-License-Identifier: Apache-2.0
//
// A trace in the Standard Workload Format as a stream of jobs: each line is one instance of its processors,
// whose work is processors times run time. Lines without a run time or a processor are passed over.
#ifndef ONDOL_SIM_WORK_SWF_H
#define ONDOL_SIM_WORK_SWF_H

#include "sim/scenario.h"
#include "sim/workload.h"

// `text` of n bytes is taken over (freed with the stream). -EINVAL with "file: line N: why".
int work_swf(struct sim_workload *out, const struct scenario_work *w, int64_t length_ms, char *text, size_t n,
             struct err *e);

#endif
