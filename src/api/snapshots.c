// SPDX-License-Identifier: Apache-2.0
//
// Snapshots of tasks that run, once or each time, and their resources again. The id
// of a snapshot ends with its number within the task.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/bucket_in.h"
#include "api/found.h"
#include "api/handlers.h"
#include "api/json_in.h"
#include "api/like.h"
#include "api/json_out.h"

#define INTERVAL_LEAST_S 5 // what is asked for more often is taken so often

struct asked {
    struct row_task row;
    struct snapshot_config config;
    enum task_ask what;
    int64_t period_ms;
    bool looked; // once more, because the engine did not know it
    uint32_t number;
};

static const char *or_null(const char *text)
{
    return text && *text ? text : NULL;
}

static bool read_config(struct call *c, struct snapshot_config *out)
{
    struct err e = ERR_NULL;
    const char *v[4] = {0};
    static const char *const name[] = {"whitelist", "blacklist", "bucket", "bucketPrefix"};
    for (int i = 0; i < 4 && c->in; i++)
        if (!in_string(c->in, name[i], API_NAME_CHARS, &v[i], &e)) {
            call_fail(c, 400, "%s", e.text);
            return false;
        }
    for (int i = 0; i < 2; i++)
        if (v[i] && !like_is_file_filter(v[i], &e)) {
            call_fail(c, 400, "%s: %s", name[i], e.text);
            return false;
        }
    *out = (struct snapshot_config){or_null(v[0]), or_null(v[1]), or_null(v[2]), or_null(v[3])};
    return true;
}

// Where it will go must be there, and the account's.
static bool has_place(struct call *c, const struct asked *k)
{
    struct err e = ERR_NULL;
    json_t *body = json_loads(k->row.body ? k->row.body : "{}", 0, NULL);
    bool files = json_object_get(body, "resultBucket") || json_object_get(body, "snapshotBucket");
    bool any =
        files || json_object_get(body, "resourceBuckets") || json_object_get(body, "advancedResourceBuckets");
    json_decref(body);
    if (!any || (!files && !k->config.bucket)) {
        call_fail(
            c, 400, "%s",
            any ? "A snapshot needs a task with a resultBucket or a snapshotBucket, or a bucket of its own"
                : "A snapshot needs a task that was made with a resultBucket, a snapshotBucket or "
                  "resources: the files of this one are not followed");
        return false;
    }
    int r = !k->config.bucket ? 0
            : c->be->bucket   ? c->be->bucket(c->be->ctx, c->account.id, k->config.bucket, true, &e)
                              : 1;
    if (r < 0)
        call_fail(c, 503, "%s", e.text);
    else if (r > 0)
        call_fail(c, 400, "No such bucket: %s", k->config.bucket);
    return r == 0;
}

static void submit(struct call *c, stage_fn *after)
{
    struct asked *k = c->state;
    struct submission *s = call_submission(c, EVENT_TASK_ORDER);
    struct arena *a = &s->arena;
    s->event.order.account = c->account.id;
    s->event.order.id = arena_strdup(a, k->row.uuid);
    s->event.order.what = k->what;
    s->event.order.period_ms = k->period_ms;
    s->event.order.config =
        (struct snapshot_config){arena_strdup(a, k->config.whitelist), arena_strdup(a, k->config.blacklist),
                                 arena_strdup(a, k->config.bucket), arena_strdup(a, k->config.prefix)};
    call_submit(c, s, after);
}

// What the engine does not know any more has ended: then the store says so.
static void look_again_or_fail(struct call *c, stage_fn *again)
{
    struct asked *k = c->state;
    if (c->reply->code != 404 || k->looked) {
        call_reply_error(c, c->reply);
        return;
    }
    k->looked = true;
    call_next(c, RUN_WORKER, again);
}

static bool begin(struct call *c, enum task_ask what, int over)
{
    if (!c->state)
        c->state = arena_alloc(&c->arena, sizeof(struct asked));
    struct asked *k = c->state;
    k->what = what;
    if (!found_task_there(c, &k->row))
        return false;
    if (!task_state_final(k->row.live.state))
        return true;
    call_fail(c, over, "The task %s is not running: it is %s", c->param[0],
              task_state_name(k->row.live.state));
    return false;
}

// ---- resources again

static void patched(struct call *c)
{
    if (c->reply->code == 200)
        call_empty(c);
    else
        look_again_or_fail(c, task_patch);
}

void task_patch(struct call *c)
{
    if (begin(c, ASK_RESYNC, 400))
        submit(c, patched);
}

// ---- periodic

static void period_set(struct call *c)
{
    if (c->reply->code == 200)
        call_empty(c);
    else
        look_again_or_fail(c, snapshot_periodic);
}

void snapshot_periodic(struct call *c)
{
    int64_t interval = -1;
    struct err e = ERR_NULL;
    if ((!c->in && !call_object(c)) || !begin(c, ASK_PERIODIC, 403))
        return;
    struct asked *k = c->state;
    if (!in_int(c->in, "interval", 0, INT32_MAX, &interval, &e) || interval < 0) {
        call_fail(c, 400, "%s", interval < 0 && !e.code ? "interval: is required, in seconds" : e.text);
        return;
    }
    k->period_ms = interval == 0 ? 0 : (interval < INTERVAL_LEAST_S ? INTERVAL_LEAST_S : interval) * 1000;
    if (read_config(c, &k->config) && (interval == 0 || has_place(c, k)))
        submit(c, period_set);
}

// ---- one

static void id_of(char out[96], const char *uuid, const struct row_snapshot *x)
{
    struct civil t = civil_from_ms(x->asked_ms);
    snprintf(out, 96, "snap_%s_%04d%02d%02d%02d%02d%02d_%u", uuid, t.year, t.month, t.day, t.hour, t.minute,
             t.second, (unsigned)x->number);
}

static void render(struct call *c, const struct row_snapshot *x)
{
    static const char *const status[] = {"Triggered", "InProgress", "Success", "Failure"};
    struct asked *k = c->state;
    struct json_out o = {.b = &c->out};
    char id[96];
    id_of(id, k->row.uuid, x);
    out_object(&o, NULL);
    out_string(&o, "id", id);
    out_string(&o, "taskUuid", k->row.uuid);
    out_date(&o, "triggerDate", x->asked_ms);
    if (x->changed_ms >= 0)
        out_date(&o, "lastUpdateDate", x->changed_ms);
    else
        out_null(&o, "lastUpdateDate");
    out_object(&o, "snapshotConfig");
    out_string(&o, "whitelist", x->whitelist);
    out_string(&o, "blacklist", x->blacklist);
    out_string(&o, "bucket", x->bucket);
    out_string(&o, "bucketPrefix", x->prefix);
    out_end_object(&o);
    out_string(&o, "status", status[x->status & 3]);
    out_int(&o, "sizeToUpload", x->bytes);
    out_int(&o, "transferredSize", x->moved);
    out_end_object(&o);
}

static void show(struct call *c)
{
    struct asked *k = c->state;
    struct row_snapshot x = {0};
    struct err e = ERR_NULL;
    int r = c->reader->snapshot(c->reader->ctx, k->row.id, k->number, &c->arena, &x, &e);
    if (r < 0)
        call_store_error(c, r);
    else if (r > 0)
        call_fail(c, 404, "No such snapshot of the task %s", c->param[0]);
    else
        render(c, &x);
}

static void taken(struct call *c)
{
    struct asked *k = c->state;
    if (c->reply->code != 200) {
        look_again_or_fail(c, snapshot_unique);
        return;
    }
    k->number = (uint32_t)c->reply->count;
    call_next(c, RUN_WORKER, show);
}

void snapshot_unique(struct call *c)
{
    if ((!c->in && c->body_bytes && !call_json(c)) || !begin(c, ASK_SNAPSHOT, 403))
        return;
    struct asked *k = c->state;
    if (read_config(c, &k->config) && has_place(c, k))
        submit(c, taken);
}

void snapshot_get(struct call *c)
{
    struct asked *k = c->state = arena_alloc(&c->arena, sizeof *k);
    const char *n = strrchr(c->param[1], '_');
    if (!found_task_there(c, &k->row))
        return;
    k->number = n ? (uint32_t)strtoul(n + 1, NULL, 10) : 0;
    if (k->number)
        show(c);
    else
        call_fail(c, 404, "No such snapshot of the task %s", c->param[0]);
}
