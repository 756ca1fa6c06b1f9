// SPDX-License-Identifier: Apache-2.0
#ifndef ONDOL_API_POOLS_H
#define ONDOL_API_POOLS_H

#include "api/call.h"

// The pool of the path; false: the call has been failed (404, or the store's error). WORKER, LANE.
bool pool_find(struct call *c, struct row_pool *row);
bool pool_find_booked(struct call *c, struct row_pool *row); // likewise, in the words of carbon and credits

#endif
