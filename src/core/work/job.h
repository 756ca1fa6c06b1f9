// SPDX-License-Identifier: Apache-2.0
//
// A job is a folder of tasks that may wait for one another and that ends as a whole:
//
//   Active -- terminate, wall time over --> Terminating -- no task left --> Completed -- delete --> gone
//      \_________ delete by force _________________\_______________________________> Deleting --> gone
//
// Only an Active job takes tasks.
#ifndef ONDOL_CORE_WORK_JOB_H
#define ONDOL_CORE_WORK_JOB_H

#include <stdbool.h>

enum job_state { JOB_ACTIVE, JOB_TERMINATING, JOB_COMPLETED, JOB_DELETING, JOB_STATE_N };

const char *job_state_name(enum job_state s); // "Active", ...
bool job_state_may_follow(enum job_state from, enum job_state to);

#endif
