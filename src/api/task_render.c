// SPDX-License-Identifier: Apache-2.0
#include "api/task_render.h"

#include <string.h>

#include "api/body_view.h"
#include "api/depend_in.h"
#include "api/network_rule_in.h"
#include "api/secrets.h"
#include "api/task_body.h"

static int put(const char *text, size_t n, void *b)
{
    buf_put(b, text, n);
    return 0;
}

void out_value(struct json_out *o, const char *key, const json_t *v, const char *otherwise)
{
    out_raw(o, key, v ? "" : otherwise);
    if (v)
        json_dump_callback(v, put, o->b, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}

static void as_kept(struct json_out *o, const struct body_view *body, const char *key, const char *otherwise)
{
    body_out(o, key, body_get(body, key), otherwise);
}

// The members of the summary.
static void summary(struct json_out *o, const struct row_task *row, const struct body_view *body,
                    int64_t live_exec_ms, int64_t live_wall_ms)
{
    const struct row_task_live *l = &row->live;
    bool ranged = body_is_string(body_get(body, "advancedRanges"));
    out_string(o, "uuid", row->uuid);
    out_string(o, "name", row->name);
    out_string(o, "shortname", row->shortname && *row->shortname ? row->shortname : row->uuid);
    out_string(o, "profile", row->profile);
    as_kept(o, body, "poolUuid", "null");
    as_kept(o, body, "jobUuid", "null");
    out_fixed(o, "progress", l->progress_permille, 1);
    out_int(o, "runningInstanceCount", l->running);
    out_int(o, "runningCoreCount", l->running_cores);
    if (row->place && strstr(row->place, "gang=")) { // of a cluster, only
        out_object(o, "clusterInfo");
        out_int(o, "clusterCoresCount", l->running_cores);
        out_end_object(o);
    } else {
        out_null(o, "clusterInfo");
    }
    out_span(o, "executionTime", l->exec_ms + live_exec_ms);
    out_span(o, "wallTime", l->wall_ms + live_wall_ms);
    out_string(o, "state", task_state_name(l->state));
    out_string(o, "previousState", l->previous_state_ms >= 0 ? task_state_name(l->previous_state) : NULL);
    out_int(o, "totalInstanceCount", row->instances);
    out_int(o, "instanceCount", ranged ? 0 : row->instances);
    as_kept(o, body, "maxRetriesPerInstance", "0");
    as_kept(o, body, "advancedRanges", "null");
    out_date(o, "stateTransitionTime", l->state_ms >= 0 ? l->state_ms : row->created_ms);
    out_date(o, "previousStateTransitionTime", l->previous_state_ms);
    out_date(o, "lastModified", l->modified_ms >= 0 ? l->modified_ms : row->created_ms);
    out_date(o, "creationDate", row->created_ms);
    out_date(o, "endDate", l->end_ms);
    as_kept(o, body, "waitForPoolResourcesSynchronization", "null");
}

void task_render_summary(struct json_out *o, const char *key, const struct row_task *row)
{
    struct body_view body;
    body_view_init(&body, row->body);
    out_object(o, key);
    summary(o, row, &body, 0, 0);
    as_kept(o, &body, "projectUuid", "null"); // where the full form has it: last
    out_end_object(o);
}

// A failed task always names an error: clients print the first one unasked.
static void errors(struct json_out *o, const struct row_task_live *l)
{
    const char *text = l->errors && *l->errors ? l->errors : "[]";
    if (l->state != TASK_FAILURE || strcmp(text, "[]") != 0) {
        out_raw(o, "errors", text);
        return;
    }
    out_array(o, "errors");
    out_object(o, NULL);
    out_string(o, "code", "ONDOL-FAILED");
    out_string(o, "message", "At least one instance failed and had no retries left");
    out_string(o, "debug", "");
    out_end_object(o);
    out_end_array(o);
}

static const char *shown(const char *key, const char *value)
{
    return key && value && secret_held(key, strlen(key), value, strlen(value)) ? SECRET_MASK : value;
}

void out_forced_constants(struct json_out *o, const json_t *list)
{
    json_t *all = list ? json_deep_copy(list) : NULL;
    for (size_t i = 0; i < json_array_size(all); i++) {
        json_t *v = json_array_get(all, i);
        const char *value = json_string_value(json_object_get(v, "forcedValue"));
        if (value)
            json_object_set_new(
                v, "forcedValue",
                json_string(shown(json_string_value(json_object_get(v, "constantName")), value)));
    }
    out_value(o, "forcedConstants", all, "[]");
    json_decref(all);
}

void out_constants(struct json_out *o, const json_t *list)
{
    out_array(o, "constants");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        const char *key = json_string_value(json_object_get(v, "key"));
        out_object(o, NULL);
        out_string(o, "key", key);
        out_string(o, "value", shown(key, json_string_value(json_object_get(v, "value"))));
        out_end_object(o);
    }
    out_end_array(o);
}

static void storage(struct json_out *o, const struct body_view *body)
{
    as_kept(o, body, "resourceBuckets", "[]");
    as_kept(o, body, "advancedResourceBuckets", "[]");
    as_kept(o, body, "resultBucket", "null");
    body_out(o, "resultsBucket", body_get(body, "resultBucket"), "null"); // both names are in use
    as_kept(o, body, "resultsBucketPrefix", "null");
    as_kept(o, body, "resultsCacheTTLSec", "null");
    body_out(o, "ResultsCacheTTLSec", body_get(body, "resultsCacheTTLSec"), "null");
}

static void network_rules(struct json_out *o, struct body_value kept)
{
    json_t *list = kept.v ? json_loadb(kept.v, kept.n, 0, NULL) : NULL;
    network_rules_out(o, list);
    json_decref(list);
}

static void settings(struct json_out *o, const struct row_task *row, const struct body_view *body)
{
    static const char *const as_is[] = {"snapshotWhitelist",          "snapshotBlacklist", "snapshotBucket",
                                        "snapshotBucketPrefix",       "resultsWhitelist",  "resultsBlacklist",
                                        "uploadResultsOnCancellation"};
    as_kept(o, body, "secretsAccessRights", "{\"bySecret\":[],\"byPrefix\":[]}");
    as_kept(o, body, "tags", "[]");
    for (size_t i = 0; i < sizeof as_is / sizeof *as_is; i++)
        as_kept(o, body, as_is[i], "null");
    depends_out(o, row->depends);
    as_kept(o, body, "autoDeleteOnCompletion", "false");
    as_kept(o, body, "completionTimeToLive", "\"00:00:00\"");
    as_kept(o, body, "hardwareConstraints", "[]");
    if (body_get(body, "placement").v) // ours: strict clients do not know it
        as_kept(o, body, "placement", "null");
    as_kept(o, body, "labels", "{}");
    as_kept(o, body, "schedulingType", "\"flex\"");
    as_kept(o, body, "targetedReservedMachineKey", "null");
    as_kept(o, body, "targetedReservationName", "null");
    as_kept(o, body, "privileges", "{\"exportApiAndStorageCredentialsInEnvironment\":false}");
    as_kept(o, body, "retrySettings", "{\"maxTotalRetries\":null,\"maxPerInstanceRetries\":null}");
    struct body_value ttl = body_get(body, "defaultResourcesCacheTTLSec");
    body_out(o, "defaultResourcesCacheTTLSec", body_is_integer(ttl) ? ttl : (struct body_value){0},
             "7776000");
    as_kept(o, body, "maxTimeQueueSeconds", "null");
    network_rules(o, body_get(body, "forcedNetworkRules"));
    as_kept(o, body, "projectUuid", "null");
}

void task_render(struct json_out *o, const char *key, const struct row_task *row, const struct task_extra *x)
{
    struct body_view body;
    int64_t live_exec_ms = 0;
    for (size_t i = 0; i < x->n_live; i++)
        live_exec_ms += x->live[i].view.exec_ms;
    body_view_init(&body, row->body);
    out_object(o, key);
    summary(o, row, &body, live_exec_ms, task_live_wall_ms(x));
    errors(o, &row->live);
    storage(o, &body);
    task_render_completed(o, row, &body, x);
    task_render_status(o, row, x);
    out_int(o, "snapshotInterval", x->snapshot_ms / 1000);
    out_int(o, "resultsCount", row->live.results_count);
    body_out_constants(o, body_get(&body, "constants"));
    body_out_forced(o, body_get(&body, "forcedConstants"));
    settings(o, row, &body);
    out_end_object(o);
}
