// SPDX-License-Identifier: Apache-2.0
//
// The row of what the path names by uuid or shortname, a thing of the caller's account. False: the call has
// been failed, with 404 or the store's error. WORKER or LANE, because the store is read.
#ifndef ONDOL_API_FOUND_H
#define ONDOL_API_FOUND_H

#include "api/call.h"

bool found_task(struct call *c, struct row_task *row);
bool found_pool(struct call *c, struct row_pool *row);
bool found_job(struct call *c, struct row_job *row);

// Likewise, and nobody is deleting it: what is being deleted can be looked at, but nothing can be done to it.
bool found_task_there(struct call *c, struct row_task *row);
bool found_pool_there(struct call *c, struct row_pool *row);

// As found_task and found_pool, in the words of carbon and credits.
bool found_task_booked(struct call *c, struct row_task *row);
bool found_pool_booked(struct call *c, struct row_pool *row);

#endif
