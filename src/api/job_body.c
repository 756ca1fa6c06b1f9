// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/job.h"
#include "api/json_in.h"
#include "api/shortname.h"
#include "api/task_lists.h"
#include "api/task_render.h"
#include "base/when.h"
#include "core/work/job.h"

static void read_names(const json_t *in, struct job_draft *d, struct invalid *bad)
{
    struct err e = ERR_NULL;
    if (invalid_unless(in_string(in, "name", API_NAME_CHARS, &d->name, &e), bad, &e) &&
        (!d->name || !*d->name)) {
        err_set(&e, -EINVAL, "name: is required");
        invalid_add(bad, NULL, &e);
    }
    invalid_unless(shortname_in(in, &d->shortname, &e), bad, &e);
}

static void read_times(const json_t *in, struct job_draft *d, json_t *body, struct invalid *bad)
{
    int64_t keep_ms = 0;
    char text[DATE_TEXT_BYTES];
    struct err e = ERR_NULL;
    invalid_unless(in_span(in, "maxWallTime", &d->wall_ms, &e), bad, &e);
    invalid_unless(in_span(in, "completionTimeToLive", &keep_ms, &e), bad, &e);
    invalid_unless(in_bool(in, "autoDeleteOnCompletion", &d->auto_delete, &e), bad, &e);
    invalid_unless(in_bool(in, "useDependencies", &d->use_dependencies, &e), bad, &e);
    d->keep_ms = d->auto_delete ? keep_ms : 0;
    span_format(text, d->wall_ms);
    json_object_set_new(body, "maxWallTime", in_get(in, "maxWallTime") ? json_string(text) : json_null());
    span_format(text, keep_ms);
    json_object_set_new(body, "completionTimeToLive", json_string(text));
}

// Whether it is there is looked up before the job is made. NULL, or the sentence.
static const char *read_pool(const char *pool, json_t *body, struct arena *a)
{
    char text[UUID_TEXT_BYTES];
    uint8_t uuid[16];
    if (pool && !uuid_parse(pool, uuid))
        return arena_printf(a, "No such pool: %.64s", pool);
    if (pool) {
        uuid_format(text, uuid);
        json_object_set_new(body, "poolUuid", json_string(text));
    }
    return NULL;
}

int job_body_read(const json_t *in, struct arena *a, struct job_draft *d, const char **why)
{
    json_t *body = json_object();
    struct invalid bad = INVALID_INIT("job");
    struct err e = ERR_NULL;
    const char *pool = NULL;
    *d = (struct job_draft){0};
    read_names(in, d, &bad);
    read_times(in, d, body, &bad);
    task_tags(in, body, false, &bad);
    invalid_unless(in_uuid(in, "poolUuid", &pool, &e), &bad, &e);
    *why = invalid_message(&bad, a);
    if (!*why)
        *why = read_pool(pool, body, a);
    char *text = json_dumps(body, JSON_COMPACT);
    d->body = arena_strdup(a, text);
    free(text);
    invalid_deinit(&bad);
    json_decref(body);
    return *why ? 400 : 0;
}

void job_render(struct json_out *o, const char *key, const struct row_job *row)
{
    json_t *body = json_loads(row->body ? row->body : "{}", 0, NULL);
    out_object(o, key);
    out_string(o, "uuid", row->uuid);
    out_string(o, "name", row->name);
    out_string(o, "shortname", row->shortname && *row->shortname ? row->shortname : row->uuid);
    out_value(o, "poolUuid", json_object_get(body, "poolUuid"), "null");
    out_string(o, "state", job_state_name((enum job_state)row->state));
    out_string(o, "previousState",
               row->previous_state_ms >= 0 ? job_state_name((enum job_state)row->previous_state) : NULL);
    out_bool(o, "useDependencies", row->use_dependencies);
    out_date(o, "stateTransitionTime", row->state_ms);
    out_date(o, "previousStateTransitionTime", row->previous_state_ms);
    out_date(o, "creationDate", row->created_ms);
    out_date(o, "lastModified", row->modified_ms);
    out_value(o, "maxWallTime", json_object_get(body, "maxWallTime"), "null");
    out_value(o, "tags", json_object_get(body, "tags"), "[]");
    out_bool(o, "autoDeleteOnCompletion", row->auto_delete);
    out_value(o, "completionTimeToLive", json_object_get(body, "completionTimeToLive"), "\"00:00:00\"");
    out_end_object(o);
    json_decref(body);
}
