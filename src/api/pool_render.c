// SPDX-License-Identifier: Apache-2.0
#include "api/pool.h"

#include <string.h>

#include "api/network_rule_in.h"
#include "api/task_body.h"
#include "core/work/pool.h"

#define CACHE_TTL_S "7776000"

void pool_as_task(const struct row_pool *p, struct row_task *row)
{
    *row = (struct row_task){.id = p->id,
                             .shortname = p->shortname,
                             .account = p->account,
                             .name = p->name,
                             .profile = p->profile,
                             .activity = p->activity,
                             .instances = p->wanted,
                             .created_ms = p->created_ms,
                             .ranges = "",
                             .body = p->body};
    memcpy(row->uuid, p->uuid, sizeof row->uuid);
    bool over = p->state == POOL_CLOSED || p->state == POOL_FAILURE;
    row->live = (struct row_task_live){.id = p->id,
                                       .state = over ? TASK_SUCCESS : TASK_FULLY_EXECUTING,
                                       .state_ms = p->state_ms,
                                       .end_ms = over ? p->state_ms : -1,
                                       .started_once = p->started_once,
                                       .running = p->running,
                                       .running_cores = p->running_cores,
                                       .exec_ms = p->exec_ms,
                                       .wall_ms = p->wall_ms};
}

static void of_body(struct json_out *o, const json_t *body, const char *key, const char *otherwise)
{
    out_value(o, key, json_object_get(body, key), otherwise);
}

static void summary(struct json_out *o, const struct row_pool *p, const json_t *body,
                    const struct task_extra *x)
{
    int64_t exec_ms = p->exec_ms, all_ms = p->wall_ms + (x ? task_live_wall_ms(x) : 0);
    bool over = p->state == POOL_CLOSED || p->state == POOL_FAILURE;
    for (size_t i = 0; x && i < x->n_live; i++)
        exec_ms += x->live[i].view.exec_ms;
    out_string(o, "uuid", p->uuid);
    out_string(o, "name", p->name);
    out_string(o, "shortname", p->shortname && *p->shortname ? p->shortname : p->uuid);
    out_string(o, "profile", p->profile);
    out_string(o, "state", pool_state_name((enum pool_state)p->state));
    out_string(o, "previousState",
               p->previous_state_ms >= 0 ? pool_state_name((enum pool_state)p->previous_state) : NULL);
    of_body(o, body, "instanceCount", "0");
    out_int(o, "targetRunningInstanceCount", over ? 0 : p->wanted);
    out_date(o, "stateTransitionTime", p->state_ms);
    out_date(o, "previousStateTransitionTime", p->previous_state_ms);
    out_date(o, "creationDate", p->created_ms);
    out_date(o, "lastModified", p->modified_ms);
    out_date(o, "endDate", over ? p->state_ms : -1);
    out_int(o, "runningInstanceCount", p->running);
    out_int(o, "runningCoreCount", p->running_cores);
    out_int(o, "queuedOrRunningTaskInstancesCount", p->busy);
    out_span(o, "executionTime", exec_ms);
    out_span(o, "wallTime", all_ms);
    of_body(o, body, "taskDefaultWaitForPoolResourcesSynchronization", "false");
}

void pool_render_summary(struct json_out *o, const char *key, const struct row_pool *p,
                         const struct task_extra *x)
{
    json_t *body = json_loads(p->body ? p->body : "{}", 0, NULL);
    out_object(o, key);
    summary(o, p, body, x);
    of_body(o, body, "projectUuid", "null");
    out_end_object(o);
    json_decref(body);
}

void pool_render_scaling(struct json_out *o, const char *key, const struct row_pool *p, const json_t *body)
{
    const json_t *list = json_object_get(json_object_get(body, "scaling"), "policies");
    if (!list) {
        out_null(o, key);
        return;
    }
    const json_t *active = p->policy >= 0 ? json_array_get(list, (size_t)p->policy) : NULL;
    out_object(o, key);
    out_value(o, "policies", list, "[]");
    out_value(o, "activePolicyName", json_object_get(active, "name"), "null");
    out_end_object(o);
}

static void errors(struct json_out *o, const struct row_pool *p)
{
    out_raw(o, "errors", p->errors && *p->errors ? p->errors : "[]");
}

static void details(struct json_out *o, const struct row_pool *p, const json_t *body,
                    const struct task_extra *x)
{
    int64_t capacity = (int64_t)p->wanted * p->slots_per_node;
    int64_t use = capacity > 0 ? p->busy * 1000 / capacity : 0;
    struct row_task as_task;
    pool_as_task(p, &as_task);
    errors(o, p);
    of_body(o, body, "elasticProperty", "{}");
    pool_render_scaling(o, "scaling", p, body);
    of_body(o, body, "preparationTask", "null");
    out_constants(o, json_object_get(body, "constants"));
    out_forced_constants(o, json_object_get(body, "forcedConstants"));
    of_body(o, body, "secretsAccessRights", "{\"bySecret\":[],\"byPrefix\":[]}");
    of_body(o, body, "tags", "[]");
    of_body(o, body, "resourceBuckets", "[]");
    of_body(o, body, "advancedResourceBuckets", "[]");
    task_render_status(o, &as_task, x);
    out_int(o, "totalSlotCapacity", capacity);
    out_fixed(o, "poolUsage", use < 1000 ? use : 1000, 3);
    of_body(o, body, "hardwareConstraints", "[]");
    of_body(o, body, "schedulingType", "\"flex\"");
    of_body(o, body, "targetedReservedMachineKey", "null");
    of_body(o, body, "targetedReservationName", "null");
    of_body(o, body, "autoDeleteOnCompletion", "false");
    of_body(o, body, "completionTimeToLive", "\"00:00:00\"");
    of_body(o, body, "labels", "{}");
    of_body(o, body, "privileges", "{\"exportApiAndStorageCredentialsInEnvironment\":false}");
    of_body(o, body, "defaultRetrySettings", "{\"maxTotalRetries\":null,\"maxPerInstanceRetries\":null}");
    of_body(o, body, "defaultResourcesCacheTTLSec", CACHE_TTL_S);
    of_body(o, body, "maxTimeQueueSeconds", "null");
    if (json_object_get(body, "multiSlotsSettings"))
        of_body(o, body, "multiSlotsSettings", "{}");
    network_rules_out(o, json_object_get(body, "forcedNetworkRules"));
    of_body(o, body, "projectUuid", "null");
}

void pool_render(struct json_out *o, const char *key, const struct row_pool *p, const struct task_extra *x)
{
    json_t *body = json_loads(p->body ? p->body : "{}", 0, NULL);
    out_object(o, key);
    summary(o, p, body, x);
    details(o, p, body, x);
    out_end_object(o);
    json_decref(body);
}
