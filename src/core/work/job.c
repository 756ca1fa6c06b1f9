// SPDX-License-Identifier: Apache-2.0
#include "core/work/job.h"

const char *job_state_name(enum job_state s)
{
    static const char *const names[JOB_STATE_N] = {"Active", "Terminating", "Completed", "Deleting"};
    return (unsigned)s < JOB_STATE_N ? names[s] : "unknown";
}

// Each state only goes forward: as they are numbered.
bool job_state_may_follow(enum job_state from, enum job_state to)
{
    return (unsigned)to < JOB_STATE_N && from < to;
}
