// SPDX-License-Identifier: Apache-2.0
//
// Final tasks that delete themselves (autoDeleteOnCompletion with completionTimeToLive). They are only in the
// store; what is kept of them here is a timer and what their job must forget with them.
#include "base/mem.h"
#include "core/engine/server_job.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#include <string.h>

void expire_add(struct server *s, uint64_t task, uint64_t job, const uint8_t uuid[16], house_ms at)
{
    struct expiring *x = VEC_PUSH(s->expiring, s->n_expiring, s->cap_expiring);
    *x = (struct expiring){.id = task, .job = job};
    memcpy(x->uuid, uuid, 16);
    idmap_set(&s->expiring_by_id, task, s->n_expiring - 1);
    timer_add(s, TIMER_TASK_EXPIRE, task, at);
}

void expire_drop(struct server *s, uint64_t task)
{
    uint64_t at;
    if (!idmap_get(&s->expiring_by_id, task, &at))
        return;
    idmap_remove(&s->expiring_by_id, task);
    s->expiring[at] = s->expiring[--s->n_expiring];
    if (at < s->n_expiring)
        idmap_set(&s->expiring_by_id, s->expiring[at].id, at);
}

void server_task_expire(struct server *s, uint64_t task, struct effects *fx)
{
    uint64_t at;
    if (!idmap_get(&s->expiring_by_id, task, &at)) // it was deleted before
        return;
    depend_forget(s, s->expiring[at].job, s->expiring[at].uuid);
    expire_drop(s, task);
    fx_change(fx, CHANGE_TASK_GONE)->gone = task;
    server_trace(s, CHANGE_TASK_GONE, (int64_t)task, 2);
}
