// SPDX-License-Identifier: Apache-2.0
//
// POST /ondol/v1/sync: a node calls home. The body is decoded here, on the thread that brought it; the answer
// belongs to the server, which parks the call until the batch is committed or the node is wanted.
#include <stdlib.h>

#include "api/handlers.h"
#include "base/mem.h"
#include "net/wire.h"

void node_sync(struct call *c)
{
    struct err e = ERR_NULL;
    c->sync = mem_alloc(sizeof *c->sync);
    if (wire_up_decode(c->body ? c->body : "", c->body_bytes, &c->sync->arena, &c->sync->up, &e))
        call_fail(c, 400, "%s", e.text);
    else
        c->kind = CALL_SYNC;
}
