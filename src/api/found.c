// SPDX-License-Identifier: Apache-2.0
#include "api/found.h"

#include "core/work/pool.h"

// `r` is what the store's reader gave.
static bool there(struct call *c, int r, const char *kind)
{
    if (r < 0)
        call_store_error(c, r);
    else if (r > 0)
        call_fail(c, 404, "No such %s: %s", kind, c->param[0]);
    return r == 0;
}

bool found_task(struct call *c, struct row_task *row)
{
    struct err e = ERR_NULL;
    return there(c, c->reader->task(c->reader->ctx, c->account.id, c->param[0], &c->arena, row, &e), "task");
}

bool found_pool(struct call *c, struct row_pool *row)
{
    struct err e = ERR_NULL;
    return there(c, c->reader->pool(c->reader->ctx, c->account.id, c->param[0], &c->arena, row, &e), "pool");
}

bool found_job(struct call *c, struct row_job *row)
{
    struct err e = ERR_NULL;
    return there(c, c->reader->job(c->reader->ctx, c->account.id, c->param[0], &c->arena, row, &e), "job");
}

bool found_task_there(struct call *c, struct row_task *row)
{
    return found_task(c, row) && there(c, row->live.state == TASK_PENDING_DELETE, "task");
}

bool found_pool_there(struct call *c, struct row_pool *row)
{
    return found_pool(c, row) && there(c, row->state == POOL_PENDING_DELETE, "pool");
}

static bool booked(struct call *c, bool found, const char *sentence)
{
    if (!found && c->status == 404)
        call_fail(c, 404, "%s", sentence);
    return found;
}

bool found_task_booked(struct call *c, struct row_task *row)
{
    return booked(c, found_task(c, row), "Task not found");
}

bool found_pool_booked(struct call *c, struct row_pool *row)
{
    return booked(c, found_pool(c, row), "Pool not found");
}
