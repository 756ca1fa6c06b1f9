// SPDX-License-Identifier: Apache-2.0
#include "core/engine/event.h"

const char *event_kind_name(enum event_kind k)
{
    static const char *const names[EVENT_KIND_N] = {
        [EVENT_TICK] = "tick",
        [EVENT_ACCOUNT_PUT] = "account-put",
        [EVENT_ORGANISATION_PUT] = "organisation-put",
        [EVENT_PROJECT_PUT] = "project-put",
        [EVENT_TOKEN_PUT] = "token-put",
        [EVENT_BUDGET_PUT] = "budget-put",
        [EVENT_RESERVATION_PUT] = "reservation-put",
        [EVENT_SECRET] = "secret",
        [EVENT_TASKS_CREATE] = "tasks-create",
        [EVENT_TASK_PUT] = "task-put",
        [EVENT_TASK_ABORT] = "task-abort",
        [EVENT_TASKS_ABORT] = "tasks-abort",
        [EVENT_TASK_DELETE] = "task-delete",
        [EVENT_SYNC] = "sync",
        [EVENT_ZONE_SET] = "zone-set",
        [EVENT_SITE_SET] = "site-set",
        [EVENT_BOARD_BAR] = "board-bar",
        [EVENT_LID_CLEAR] = "lid-clear",
        [EVENT_JOB_CREATE] = "job-create",
        [EVENT_JOB_TERMINATE] = "job-terminate",
        [EVENT_JOB_DELETE] = "job-delete",
        [EVENT_JOB_SWEEP] = "job-sweep",
        [EVENT_POOL_CREATE] = "pool-create",
        [EVENT_POOL_PUT] = "pool-put",
        [EVENT_POOL_CLOSE] = "pool-close",
        [EVENT_POOL_DELETE] = "pool-delete",
        [EVENT_POOL_RESYNC] = "pool-resync",
        [EVENT_TASK_ORDER] = "task-order",
        [EVENT_PUBLISHED] = "published",
        [EVENT_REPLICA] = "replica",
        [EVENT_ZONES_WANT] = "zones-want",
    };
    return (unsigned)k < EVENT_KIND_N ? names[k] : "none";
}
