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

// "Invalid job file. Invalid fields: name. name: is required"
static int invalid(struct err *e)
{
    char sentence[sizeof e->text], field[64];
    memcpy(sentence, e->text, sizeof sentence);
    size_t n = strcspn(sentence, ":[.");
    snprintf(field, sizeof field, "%.*s", (int)(n < 60 ? n : 60), sentence);
    err_set(e, -EINVAL, "Invalid job file. Invalid fields: %s. %s", field, sentence);
    return 400;
}

static bool read_names(const json_t *in, struct job_draft *d, struct err *e)
{
    if (!in_string(in, "name", API_NAME_CHARS, &d->name, e))
        return false;
    if (!d->name || !*d->name)
        return err_set(e, -EINVAL, "name: is required"), false;
    return shortname_in(in, &d->shortname, e);
}

static bool read_times(const json_t *in, struct job_draft *d, json_t *body, struct err *e)
{
    int64_t keep_ms = 0;
    char text[DATE_TEXT_BYTES];
    if (!in_span(in, "maxWallTime", &d->wall_ms, e) || !in_span(in, "completionTimeToLive", &keep_ms, e) ||
        !in_bool(in, "autoDeleteOnCompletion", &d->auto_delete, e) ||
        !in_bool(in, "useDependencies", &d->use_dependencies, e))
        return false;
    d->keep_ms = d->auto_delete ? keep_ms : 0;
    span_format(text, d->wall_ms);
    json_object_set_new(body, "maxWallTime", in_get(in, "maxWallTime") ? json_string(text) : json_null());
    span_format(text, keep_ms);
    json_object_set_new(body, "completionTimeToLive", json_string(text));
    return true;
}

static int read_all(const json_t *in, json_t *body, struct arena *a, struct job_draft *d, struct err *e)
{
    const char *pool = NULL;
    if (!read_names(in, d, e) || !read_times(in, d, body, e) || !task_tags(in, body, false, e) ||
        !in_uuid(in, "poolUuid", &pool, e))
        return invalid(e);
    if (pool) { // whether it is there is looked up before the job is made
        char *text = arena_alloc(a, UUID_TEXT_BYTES);
        uint8_t uuid[16];
        if (!uuid_parse(pool, uuid)) {
            err_set(e, -ENOENT, "No such pool: %.64s", pool);
            return 400;
        }
        uuid_format(text, uuid);
        json_object_set_new(body, "poolUuid", json_string(text));
    }
    char *text = json_dumps(body, JSON_COMPACT);
    d->body = arena_strdup(a, text);
    free(text);
    return 0;
}

int job_body_read(const json_t *in, struct arena *a, struct job_draft *d, struct err *e)
{
    json_t *body = json_object();
    *d = (struct job_draft){0};
    int code = read_all(in, body, a, d, e);
    json_decref(body);
    return code;
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
