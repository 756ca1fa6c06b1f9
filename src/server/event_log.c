// SPDX-License-Identifier: Apache-2.0
//
// A sync travels in its own encoding (net/wire.h), so that there is one. Everything else is a few fields by their names.
#include "server/event_log.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/wire.h"

#define LINE_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII)

static void line(FILE *to, json_t *j)
{
    char *text = json_dumps(j, LINE_FLAGS);
    if (text)
        fprintf(to, "%s\n", text);
    free(text);
    json_decref(j);
}

// Unsigned numbers of 64 bits as text: JSON's integers here have a sign.
static json_t *u64(uint64_t v)
{
    char text[24];
    snprintf(text, sizeof text, "0x%" PRIx64, v);
    return json_string(text);
}

static uint64_t get_u64(const json_t *j, const char *key)
{
    const char *text = json_string_value(json_object_get(j, key));
    return text ? strtoull(text, NULL, 16) : 0;
}

static int64_t get_int(const json_t *j, const char *key)
{
    return json_integer_value(json_object_get(j, key));
}

static const char *get_text(const json_t *j, const char *key, struct arena *a)
{
    return arena_strdup(a, json_string_value(json_object_get(j, key)));
}

static bool get_bool(const json_t *j, const char *key)
{
    return json_is_true(json_object_get(j, key));
}

// ---- the first line

void event_log_head_write(FILE *to, const struct event_log_head *h)
{
    const struct server_config *c = &h->config;
    line(to, json_pack("{s:s,s:i,s:I,s:I,s:i,s:i,s:i,s:I,s:I,s:I,s:I,s:I,s:b,s:b,s:b}", "log", "ondol-events", "version", EVENT_LOG_VERSION,
                       "restore_from", (json_int_t)h->restore_from.v, "restored", (json_int_t)h->restored.v, "instances_per_task",
                       (int)c->instances_per_task, "tasks_per_account", (int)c->tasks_per_account, "jobs_per_account", (int)c->jobs_per_account,
                       "lease_ms", (json_int_t)c->lease_ms,
                       "lease_margin_ms", (json_int_t)c->lease_margin_ms, "dispatch_delay_ms", (json_int_t)c->dispatch_delay_ms,
                       "start_timeout_ms", (json_int_t)c->start_timeout_ms, "preempt_grace_ms", (json_int_t)c->preempt_grace_ms,
                       "donated_allowed", (int)c->donated_allowed, "filler_allowed", (int)c->filler_allowed, "check_plans",
                       (int)c->check_plans));
}

int event_log_head_read(const char *text, size_t n, struct event_log_head *h, struct err *e)
{
    json_t *j = json_loadb(text, n, 0, NULL);
    const char *log = json_string_value(json_object_get(j, "log"));
    int64_t version = get_int(j, "version");
    if (!log || strcmp(log, "ondol-events") != 0 || version != EVENT_LOG_VERSION) {
        json_decref(j);
        return err_set(e, -EBADMSG, log ? "is of version %" PRId64 ", this program reads version %d" : "is not a log of events", version,
                       EVENT_LOG_VERSION);
    }
    server_config_default(&h->config);
    h->restore_from = HOUSE_MS(get_int(j, "restore_from"));
    h->restored = HOUSE_MS(get_int(j, "restored"));
    h->config.instances_per_task = (int32_t)get_int(j, "instances_per_task");
    h->config.tasks_per_account = (int32_t)get_int(j, "tasks_per_account");
    h->config.jobs_per_account = (int32_t)get_int(j, "jobs_per_account");
    h->config.lease_ms = get_int(j, "lease_ms");
    h->config.lease_margin_ms = get_int(j, "lease_margin_ms");
    h->config.dispatch_delay_ms = get_int(j, "dispatch_delay_ms");
    h->config.start_timeout_ms = get_int(j, "start_timeout_ms");
    h->config.preempt_grace_ms = get_int(j, "preempt_grace_ms");
    h->config.donated_allowed = get_bool(j, "donated_allowed");
    h->config.filler_allowed = get_bool(j, "filler_allowed");
    h->config.check_plans = get_bool(j, "check_plans");
    json_decref(j);
    return 0;
}

// ---- events

static json_t *draft_json(const struct task_draft *d)
{
    struct buf b = BUF_INIT(4096);
    char uuid[33];
    constraint_format(&d->constraint, &b);
    for (int i = 0; i < 16; i++)
        snprintf(uuid + 2 * i, 3, "%02x", d->uuid[i]);
    json_t *j = json_pack("{s:i,s:s?,s:s,s:s?,s:s?,s:s?,s:i,s:s?,s:i,s:s,s:i,s:i,s:I,s:I,s:s?,s:s?,s:s?,s:I}", "refusal_code", d->refusal_code, "refusal",
                          d->refusal, "uuid", uuid, "name", d->name, "profile", d->profile, "shortname", d->shortname, "activity",
                          (int)d->activity, "ranges", d->ranges, "instances", (int)d->instances, "constraint", buf_str(&b),
                          "retries_total", (int)d->retries_total, "retries_each", (int)d->retries_each, "queue_max_ms",
                          (json_int_t)d->queue_max_ms, "expected_run_ms", (json_int_t)d->expected_run_ms, "body", d->body, "job",
                          d->job, "depends", d->depends, "keep_ms", (json_int_t)d->keep_ms);
    buf_deinit(&b);
    return j;
}

static bool draft_read(const json_t *j, struct task_draft *d, struct arena *a)
{
    const char *uuid = json_string_value(json_object_get(j, "uuid")), *constraint = json_string_value(json_object_get(j, "constraint"));
    *d = (struct task_draft){.refusal_code = (int)get_int(j, "refusal_code"),
                             .refusal = get_text(j, "refusal", a),
                             .name = get_text(j, "name", a),
                             .profile = get_text(j, "profile", a),
                             .shortname = get_text(j, "shortname", a),
                             .activity = (enum activity)get_int(j, "activity"),
                             .ranges = get_text(j, "ranges", a),
                             .instances = (int32_t)get_int(j, "instances"),
                             .retries_total = (int32_t)get_int(j, "retries_total"),
                             .retries_each = (int32_t)get_int(j, "retries_each"),
                             .queue_max_ms = get_int(j, "queue_max_ms"),
                             .expected_run_ms = get_int(j, "expected_run_ms"),
                             .body = get_text(j, "body", a),
                             .job = get_text(j, "job", a),
                             .depends = get_text(j, "depends", a),
                             .keep_ms = get_int(j, "keep_ms")};
    bool ok = uuid && strlen(uuid) == 32 && constraint && constraint_parse(constraint, &d->constraint) &&
              (int)d->activity >= 0 && d->activity < ACTIVITY_N;
    for (int i = 0; ok && i < 16; i++) {
        char two[3] = {uuid[2 * i], uuid[2 * i + 1], '\0'};
        d->uuid[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    return ok;
}

static void create_json(json_t *j, const struct event *ev)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ev->create.n; i++)
        json_array_append_new(list, draft_json(&ev->create.draft[i]));
    json_object_set_new(j, "account", u64(ev->create.account));
    json_object_set_new(j, "draft", list);
}

static bool create_read(const json_t *j, struct event *ev, struct arena *a)
{
    const json_t *list = json_object_get(j, "draft");
    struct task_draft *d = arena_alloc(a, (json_array_size(list) + 1) * sizeof *d);
    ev->create.account = get_u64(j, "account");
    ev->create.draft = d;
    ev->create.n = json_array_size(list);
    for (size_t i = 0; i < ev->create.n; i++)
        if (!draft_read(json_array_get(list, i), &d[i], a))
            return false;
    return true;
}

static void uuid_json(json_t *j, const uint8_t uuid[16])
{
    char text[33];
    for (int i = 0; i < 16; i++)
        snprintf(text + 2 * i, 3, "%02x", uuid[i]);
    json_object_set_new(j, "uuid", json_string(text));
}

static bool uuid_read(const json_t *j, uint8_t uuid[16])
{
    const char *text = json_string_value(json_object_get(j, "uuid"));
    bool ok = text && strlen(text) == 32;
    for (int i = 0; ok && i < 16; i++) {
        char two[3] = {text[2 * i], text[2 * i + 1], '\0'};
        uuid[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    return ok;
}

static void job_create_json(json_t *j, const struct event *ev)
{
    const struct job_draft *d = &ev->job.draft;
    json_object_set_new(j, "account", u64(ev->job.account));
    uuid_json(j, d->uuid);
    json_object_update_new(j, json_pack("{s:s?,s:s?,s:b,s:b,s:I,s:I,s:s?}", "name", d->name, "shortname", d->shortname,
                                        "use_dependencies", (int)d->use_dependencies, "auto_delete", (int)d->auto_delete,
                                        "wall_ms", (json_int_t)d->wall_ms, "keep_ms", (json_int_t)d->keep_ms, "body", d->body));
}

static bool job_create_read(const json_t *j, struct event *ev, struct arena *a)
{
    struct job_draft *d = &ev->job.draft;
    ev->job.account = get_u64(j, "account");
    d->name = get_text(j, "name", a);
    d->shortname = get_text(j, "shortname", a);
    d->use_dependencies = get_bool(j, "use_dependencies");
    d->auto_delete = get_bool(j, "auto_delete");
    d->wall_ms = get_int(j, "wall_ms");
    d->keep_ms = get_int(j, "keep_ms");
    d->body = get_text(j, "body", a);
    return uuid_read(j, d->uuid) && d->name && d->body;
}

static void job_json(json_t *j, const struct event *ev)
{
    json_t *list = json_array();
    for (size_t i = 0; i < ev->job.n_tasks; i++)
        json_array_append_new(list, u64(ev->job.task[i]));
    json_object_set_new(j, "account", u64(ev->job.account));
    json_object_update_new(j, json_pack("{s:s?,s:b,s:o}", "id", ev->job.id, "force", (int)ev->job.force, "task", list));
}

static bool job_read(const json_t *j, struct event *ev, struct arena *a)
{
    const json_t *list = json_object_get(j, "task");
    size_t n = json_array_size(list);
    uint64_t *task = arena_alloc(a, (n + 1) * sizeof *task);
    for (size_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        task[i] = text ? strtoull(text, NULL, 16) : 0;
    }
    ev->job.account = get_u64(j, "account");
    ev->job.id = get_text(j, "id", a);
    ev->job.force = get_bool(j, "force");
    ev->job.task = task;
    ev->job.n_tasks = n;
    return ev->job.id != NULL;
}

static void sync_json(json_t *j, const struct event *ev)
{
    size_t n;
    char *text = wire_up_encode(&ev->sync, &n);
    json_object_set_new(j, "sync", json_loadb(text, n, 0, NULL));
    free(text);
}

static bool sync_read(const json_t *j, struct event *ev, struct arena *a, struct err *e)
{
    char *text = json_dumps(json_object_get(j, "sync"), JSON_COMPACT);
    bool ok = text && wire_up_decode(text, strlen(text), a, &ev->sync, e) == 0;
    free(text);
    return ok;
}

static json_t *event_json(const struct event *ev)
{
    json_t *j = json_object();
    switch (ev->kind) {
    case EVENT_ACCOUNT_PUT:
        json_object_set_new(j, "id", u64(ev->account.id));
        json_object_update_new(j, json_pack("{s:s?,s:s?,s:s?,s:i,s:b,s:b,s:b,s:b}", "email", ev->account.email, "name", ev->account.name,
                                            "token_hash", ev->account.token_hash, "max_tasks", (int)ev->account.max_tasks, "research",
                                            (int)ev->account.research, "only_new", (int)ev->account.only_new, "has_max_tasks",
                                            (int)ev->account.has_max_tasks, "has_research", (int)ev->account.has_research));
        break;
    case EVENT_TASKS_CREATE:
        create_json(j, ev);
        break;
    case EVENT_TASK_PUT:
    case EVENT_TASK_ABORT:
    case EVENT_TASK_DELETE:
        json_object_update_new(j, json_pack("{s:s?,s:s?,s:s?}", "id", ev->task.id, "name", ev->task.name, "body", ev->task.body));
        json_object_set_new(j, "account", u64(ev->task.account));
        json_object_set_new(j, "final_id", u64(ev->task.final_id));
        json_object_set_new(j, "final_job", u64(ev->task.final_job));
        json_object_set_new(j, "keep_ms", json_integer(ev->task.keep_ms));
        break;
    case EVENT_TASKS_ABORT:
        json_object_set_new(j, "account", u64(ev->tasks.account));
        break;
    case EVENT_SYNC:
        sync_json(j, ev);
        break;
    case EVENT_ZONE_SET:
        json_object_update_new(j, json_pack("{s:s,s:b,s:b,s:b,s:b,s:i,s:i,s:s?,s:I}", "zone", ev->zone.zone, "has_setpoint",
                                            (int)ev->zone.has_setpoint, "has_mode", (int)ev->zone.has_mode, "has_schedule",
                                            (int)ev->zone.has_schedule, "has_boost", (int)ev->zone.has_boost, "setpoint_mc",
                                            (int)ev->zone.setpoint_mc, "mode", (int)ev->zone.mode, "schedule", ev->zone.schedule,
                                            "boost_ms", (json_int_t)ev->zone.boost_ms));
        break;
    case EVENT_SITE_SET:
        json_object_update_new(j, json_pack("{s:s,s:b,s:b,s:I,s:i}", "site", ev->site.site, "has_cap", (int)ev->site.has_cap,
                                            "has_utc_offset", (int)ev->site.has_utc_offset, "cap_mw", (json_int_t)ev->site.cap_mw,
                                            "utc_offset_min", (int)ev->site.utc_offset_min));
        break;
    case EVENT_BOARD_BAR:
        json_object_update_new(j, json_pack("{s:s,s:b,s:s?}", "board", ev->bar.board, "barred", (int)ev->bar.barred, "why", ev->bar.why));
        break;
    case EVENT_JOB_CREATE:
        job_create_json(j, ev);
        break;
    case EVENT_JOB_TERMINATE:
    case EVENT_JOB_DELETE:
    case EVENT_JOB_SWEEP:
        job_json(j, ev);
        break;
    case EVENT_TICK:
    case EVENT_KIND_N:
        break;
    }
    return j;
}

static bool event_read(const json_t *j, struct event *ev, struct arena *a, struct err *e)
{
    switch (ev->kind) {
    case EVENT_ACCOUNT_PUT:
        ev->account.id = get_u64(j, "id");
        ev->account.email = get_text(j, "email", a);
        ev->account.name = get_text(j, "name", a);
        ev->account.token_hash = get_text(j, "token_hash", a);
        ev->account.max_tasks = (int32_t)get_int(j, "max_tasks");
        ev->account.research = get_bool(j, "research");
        ev->account.only_new = get_bool(j, "only_new");
        ev->account.has_max_tasks = get_bool(j, "has_max_tasks");
        ev->account.has_research = get_bool(j, "has_research");
        return true;
    case EVENT_TASKS_CREATE:
        return create_read(j, ev, a);
    case EVENT_TASK_PUT:
    case EVENT_TASK_ABORT:
    case EVENT_TASK_DELETE:
        ev->task.account = get_u64(j, "account");
        ev->task.final_id = get_u64(j, "final_id");
        ev->task.final_job = get_u64(j, "final_job");
        ev->task.keep_ms = get_int(j, "keep_ms");
        ev->task.id = get_text(j, "id", a);
        ev->task.name = get_text(j, "name", a);
        ev->task.body = get_text(j, "body", a);
        return ev->task.id != NULL;
    case EVENT_TASKS_ABORT:
        ev->tasks.account = get_u64(j, "account");
        return true;
    case EVENT_SYNC:
        return sync_read(j, ev, a, e);
    case EVENT_ZONE_SET:
        ev->zone.zone = get_text(j, "zone", a);
        ev->zone.has_setpoint = get_bool(j, "has_setpoint");
        ev->zone.has_mode = get_bool(j, "has_mode");
        ev->zone.has_schedule = get_bool(j, "has_schedule");
        ev->zone.has_boost = get_bool(j, "has_boost");
        ev->zone.setpoint_mc = (int32_t)get_int(j, "setpoint_mc");
        ev->zone.mode = (uint8_t)get_int(j, "mode");
        ev->zone.schedule = get_text(j, "schedule", a);
        ev->zone.boost_ms = get_int(j, "boost_ms");
        return ev->zone.zone != NULL;
    case EVENT_SITE_SET:
        ev->site.site = get_text(j, "site", a);
        ev->site.has_cap = get_bool(j, "has_cap");
        ev->site.has_utc_offset = get_bool(j, "has_utc_offset");
        ev->site.cap_mw = get_int(j, "cap_mw");
        ev->site.utc_offset_min = (int32_t)get_int(j, "utc_offset_min");
        return ev->site.site != NULL;
    case EVENT_BOARD_BAR:
        ev->bar.board = get_text(j, "board", a);
        ev->bar.barred = get_bool(j, "barred");
        ev->bar.why = get_text(j, "why", a);
        return ev->bar.board != NULL;
    case EVENT_JOB_CREATE:
        return job_create_read(j, ev, a);
    case EVENT_JOB_TERMINATE:
    case EVENT_JOB_DELETE:
    case EVENT_JOB_SWEEP:
        return job_read(j, ev, a);
    case EVENT_TICK:
    case EVENT_KIND_N:
        break;
    }
    return true;
}

// ---- lines

void event_log_write(FILE *to, const struct event *ev)
{
    json_t *j = event_json(ev);
    json_object_set_new(j, "kind", json_string(event_kind_name(ev->kind)));
    json_object_set_new(j, "seq", u64(ev->seq));
    json_object_set_new(j, "token", u64(ev->token));
    json_object_set_new(j, "now", json_integer(ev->now.v));
    line(to, j);
}

void event_log_settle(FILE *to, house_ms now)
{
    fprintf(to, "{\"kind\":\"settle\",\"now\":%" PRId64 "}\n", now.v);
}

void event_log_end(FILE *to, uint64_t hash)
{
    fprintf(to, "{\"kind\":\"end\",\"hash\":\"0x%" PRIx64 "\"}\n", hash);
}

void event_log_reload(FILE *to)
{
    fputs("{\"kind\":\"reload\"}\n", to);
}

static int line_read(const json_t *j, struct arena *a, enum event_log_line *what, struct event *ev, house_ms *now, uint64_t *hash,
                     struct err *e)
{
    const char *kind = json_string_value(json_object_get(j, "kind"));
    *now = HOUSE_MS(get_int(j, "now"));
    *hash = get_u64(j, "hash");
    *what = EVENT_LOG_EVENT;
    if (!kind)
        return err_set(e, -EBADMSG, "is not an event");
    if (!strcmp(kind, "settle"))
        *what = EVENT_LOG_SETTLE;
    else if (!strcmp(kind, "end"))
        *what = EVENT_LOG_END;
    else if (!strcmp(kind, "reload"))
        *what = EVENT_LOG_RELOAD;
    if (*what != EVENT_LOG_EVENT)
        return 0;
    memset(ev, 0, sizeof *ev);
    int k = 0;
    while (k < EVENT_KIND_N && strcmp(event_kind_name((enum event_kind)k), kind) != 0)
        k++;
    if (k == EVENT_KIND_N)
        return err_set(e, -EBADMSG, "%.40s: there is no such event", kind);
    ev->kind = (enum event_kind)k;
    ev->seq = get_u64(j, "seq");
    ev->token = get_u64(j, "token");
    ev->now = *now;
    struct err why = ERR_NULL;
    if (event_read(j, ev, a, &why))
        return 0;
    return err_set(e, -EBADMSG, "%s: %s", kind, why.code ? why.text : "a field is missing or wrong");
}

int event_log_read(const char *text, size_t n, struct arena *a, enum event_log_line *what, struct event *ev, house_ms *now,
                   uint64_t *hash, struct err *e)
{
    json_t *j = json_loadb(text, n, 0, NULL);
    int bad = j ? line_read(j, a, what, ev, now, hash, e) : err_set(e, -EBADMSG, "is not JSON (was it cut?)");
    json_decref(j);
    return bad;
}
