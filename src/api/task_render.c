// SPDX-License-Identifier: Apache-2.0
#include "api/task_render.h"

#include <string.h>

#include "api/depend_in.h"
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

static void out_string_of(struct json_out *o, const json_t *body, const char *key)
{
    out_value(o, key, json_object_get(body, key), "null");
}

// The members of the summary. `body` may be NULL: then they come from the row alone.
static void summary(struct json_out *o, const struct row_task *row, const json_t *body, int64_t live_exec_ms)
{
    const struct row_task_live *l = &row->live;
    bool ranged = json_is_string(json_object_get(body, "advancedRanges"));
    out_string(o, "uuid", row->uuid);
    out_string(o, "name", row->name);
    out_string(o, "shortname", row->shortname && *row->shortname ? row->shortname : row->uuid);
    out_string(o, "profile", row->profile);
    out_string_of(o, body, "poolUuid");
    out_string_of(o, body, "jobUuid");
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
    out_span(o, "wallTime", l->wall_ms);
    out_string(o, "state", task_state_name(l->state));
    out_string(o, "previousState", l->previous_state_ms >= 0 ? task_state_name(l->previous_state) : NULL);
    out_int(o, "totalInstanceCount", row->instances);
    out_int(o, "instanceCount", ranged ? 0 : row->instances);
    out_value(o, "maxRetriesPerInstance", json_object_get(body, "maxRetriesPerInstance"), "0");
    out_string_of(o, body, "advancedRanges");
    out_date(o, "stateTransitionTime", l->state_ms >= 0 ? l->state_ms : row->created_ms);
    out_date(o, "previousStateTransitionTime", l->previous_state_ms);
    out_date(o, "lastModified", l->modified_ms >= 0 ? l->modified_ms : row->created_ms);
    out_date(o, "creationDate", row->created_ms);
    out_date(o, "endDate", l->end_ms);
    out_string_of(o, body, "waitForPoolResourcesSynchronization");
}

void task_render_summary(struct json_out *o, const char *key, const struct row_task *row)
{
    json_t *body = row->body ? json_loads(row->body, 0, NULL) : NULL;
    out_object(o, key);
    summary(o, row, body, 0);
    out_end_object(o);
    json_decref(body);
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

void out_constants(struct json_out *o, const json_t *list)
{
    out_array(o, "constants");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        const char *key = json_string_value(json_object_get(v, "key"));
        bool secret = key && !strncmp(key, SECRET_PREFIX, strlen(SECRET_PREFIX));
        out_object(o, NULL);
        out_string(o, "key", key);
        out_string(o, "value", secret ? SECRET_MASK : json_string_value(json_object_get(v, "value")));
        out_end_object(o);
    }
    out_end_array(o);
}

static void storage(struct json_out *o, const json_t *body)
{
    out_value(o, "resourceBuckets", json_object_get(body, "resourceBuckets"), "[]");
    out_value(o, "advancedResourceBuckets", json_object_get(body, "advancedResourceBuckets"), "[]");
    out_string_of(o, body, "resultBucket");
    out_value(o, "resultsBucket", json_object_get(body, "resultBucket"), "null"); // both names are in use
    out_string_of(o, body, "resultsBucketPrefix");
    out_string_of(o, body, "resultsCacheTTLSec");
    out_value(o, "ResultsCacheTTLSec", json_object_get(body, "resultsCacheTTLSec"), "null");
}

static void settings(struct json_out *o, const struct row_task *row, const json_t *body)
{
    static const char *const as_is[] = {"snapshotWhitelist",          "snapshotBlacklist", "snapshotBucket",
                                        "snapshotBucketPrefix",       "resultsWhitelist",  "resultsBlacklist",
                                        "uploadResultsOnCancellation"};
    out_value(o, "secretsAccessRights", json_object_get(body, "secretsAccessRights"),
              "{\"bySecret\":[],\"byPrefix\":[]}");
    out_value(o, "tags", json_object_get(body, "tags"), "[]");
    for (size_t i = 0; i < sizeof as_is / sizeof *as_is; i++)
        out_string_of(o, body, as_is[i]);
    depends_out(o, row->depends);
    out_value(o, "autoDeleteOnCompletion", json_object_get(body, "autoDeleteOnCompletion"), "false");
    out_value(o, "completionTimeToLive", json_object_get(body, "completionTimeToLive"), "\"00:00:00\"");
    out_value(o, "hardwareConstraints", json_object_get(body, "hardwareConstraints"), "[]");
    if (json_object_get(body, "placement")) // ours: strict clients do not know it
        out_value(o, "placement", json_object_get(body, "placement"), "null");
    out_value(o, "labels", json_object_get(body, "labels"), "{}");
    out_value(o, "schedulingType", json_object_get(body, "schedulingType"), "\"flex\"");
    out_string_of(o, body, "targetedReservedMachineKey");
    out_string_of(o, body, "targetedReservationName");
    out_value(o, "privileges", json_object_get(body, "privileges"),
              "{\"exportApiAndStorageCredentialsInEnvironment\":false}");
    out_value(o, "retrySettings", json_object_get(body, "retrySettings"),
              "{\"maxTotalRetries\":null,\"maxPerInstanceRetries\":null}");
    json_t *ttl = json_object_get(body, "defaultResourcesCacheTTLSec");
    out_value(o, "defaultResourcesCacheTTLSec", json_is_integer(ttl) ? ttl : NULL, "7776000");
    out_string_of(o, body, "maxTimeQueueSeconds");
    out_raw(o, "forcedNetworkRules", "[]");
    out_string_of(o, body, "projectUuid");
}

void task_render(struct json_out *o, const char *key, const struct row_task *row, const struct task_extra *x)
{
    json_t *body = row->body ? json_loads(row->body, 0, NULL) : NULL;
    int64_t live_exec_ms = 0;
    for (size_t i = 0; i < x->n_live; i++)
        live_exec_ms += x->live[i].view.exec_ms;
    out_object(o, key);
    summary(o, row, body, live_exec_ms);
    errors(o, &row->live);
    storage(o, body);
    task_render_completed(o, row, body, x);
    task_render_status(o, row, x);
    out_int(o, "snapshotInterval", 0);
    out_int(o, "resultsCount", row->live.results_count);
    out_constants(o, json_object_get(body, "constants"));
    out_value(o, "forcedConstants", json_object_get(body, "forcedConstants"), "[]");
    settings(o, row, body);
    out_end_object(o);
    json_decref(body);
}
