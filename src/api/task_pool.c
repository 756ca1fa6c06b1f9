// SPDX-License-Identifier: Apache-2.0
//
// What a task has of its pool. Constants are not among it: they are laid under
// the task's when an instance begins (server/pool_bodies.c), so that a change of the pool's concerns what
// begins after it.
#include "api/task_pool.h"

#include <errno.h>
#include <stdlib.h>

#include "api/constraint_in.h"
#include "core/work/pool.h"

// The pool of the draft's job, if that has one. 0, or the store's error.
static int pool_of_job(struct call *c, struct task_draft *d, struct err *e)
{
    struct row_job job = {0};
    int r = c->reader->job(c->reader->ctx, c->account.id, d->job, &c->arena, &job, e);
    if (r != 0)
        return r < 0 ? r : 0; // the engine says that there is no such job
    json_t *body = json_loads(job.body ? job.body : "{}", 0, NULL);
    d->pool = arena_strdup(&c->arena, json_string_value(json_object_get(body, "poolUuid")));
    json_decref(body);
    return 0;
}

static bool has_retries(const json_t *body)
{
    const json_t *own = json_object_get(body, "retrySettings");
    return json_integer_value(json_object_get(body, "maxRetriesPerInstance")) > 0 ||
           json_is_integer(json_object_get(own, "maxTotalRetries")) ||
           json_is_integer(json_object_get(own, "maxPerInstanceRetries"));
}

static void take_retries(struct task_draft *d, json_t *body, const json_t *pool)
{
    json_t *theirs = json_object_get(pool, "defaultRetrySettings");
    int64_t total = json_integer_value(json_object_get(theirs, "maxTotalRetries")),
            each = json_integer_value(json_object_get(theirs, "maxPerInstanceRetries"));
    if (has_retries(body) || (!total && !each))
        return;
    d->retries_total = (int32_t)(total ? total : -1);
    d->retries_each = (int32_t)(each ? each : -1);
    json_object_set(body, "retrySettings", theirs);
}

static int enter(struct call *c, struct task_draft *d, const struct row_pool *row, struct err *e)
{
    if (!pool_state_open((enum pool_state)row->state))
        return err_set(e, -EINVAL, "The pool %s takes no more tasks: it is %s", row->uuid,
                       pool_state_name((enum pool_state)row->state)),
               400;
    if (!constraint_is_none(&d->constraint))
        return err_set(
                   e, -EINVAL,
                   "Invalid task file. Invalid fields: hardwareConstraints. hardwareConstraints: they are "
                   "the pool's when a task runs in one"),
               400;
    json_t *body = json_loads(d->body, 0, NULL), *pool = json_loads(row->body, 0, NULL);
    d->profile = row->profile;
    d->activity = (enum activity)row->activity;
    d->pool = arena_strdup(&c->arena, row->uuid);
    take_retries(d, body, pool);
    json_object_set_new(body, "poolUuid", json_string(row->uuid));
    json_object_set_new(body, "schedulingType", json_incref(json_object_get(pool, "schedulingType")));
    json_object_del(body, "profile");
    char *text = json_dumps(body, JSON_COMPACT);
    d->body = arena_strdup(&c->arena, text);
    free(text);
    json_decref(body);
    json_decref(pool);
    return 0;
}

int task_enter_pool(struct call *c, struct task_draft *d, struct err *e)
{
    struct row_pool row = {0};
    int r = !d->pool && d->job ? pool_of_job(c, d, e) : 0;
    if (r < 0)
        return r;
    if (!d->pool && d->profile)
        return 0;
    if (!d->pool)
        return err_set(e, -EINVAL,
                       "Invalid task file. Invalid fields: profile. profile: is required outside a pool (GET "
                       "/profiles lists them)"),
               400;
    r = c->reader->pool(c->reader->ctx, c->account.id, d->pool, &c->arena, &row, e);
    if (r > 0 || (r == 0 && row.state == POOL_PENDING_DELETE))
        return err_set(e, -EINVAL, "No such pool: %.64s", d->pool), 400;
    return r < 0 ? r : enter(c, d, &row, e);
}
