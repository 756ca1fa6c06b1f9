// SPDX-License-Identifier: Apache-2.0
//
// Creation of tasks, for the handlers that make the request themselves.
#ifndef ONDOL_API_TASK_CREATE_H
#define ONDOL_API_TASK_CREATE_H

#include "api/call.h"

// Goes on as POST /tasks does with the body c->in. HERE or WORKER.
void task_create_from(struct call *c);

#endif
