// SPDX-License-Identifier: Apache-2.0
//
// GET /ondol/v1/events: what happens, as server-sent events. The server writes them once their batch is
// committed; operators see all, others their own tasks.
#include "api/handlers.h"

void events_stream(struct call *c)
{
    c->kind = CALL_STREAM;
}
