// SPDX-License-Identifier: Apache-2.0
#ifndef ONDOL_API_TASK_POOL_H
#define ONDOL_API_TASK_POOL_H

#include "api/call.h"

// A new task that names a pool, or a job that has one, takes from it what it does not say itself: profile,
// retries, class. 0; 400 with the sentence of the refusal in `e`; negative: the store's error. WORKER.
int task_enter_pool(struct call *c, struct task_draft *d, struct err *e);

#endif
