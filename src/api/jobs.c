// SPDX-License-Identifier: Apache-2.0
//
// The routes of jobs. Deleting one by force is a walk: the job is marked, which stops what runs and lets
// nothing new in; then its final tasks, which only the store knows, are named to the engine some at a time
// until there are none. Who asked is answered when they are all gone; a walk that was cut short is taken up
// by the next DELETE.
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/found.h"
#include "api/handlers.h"
#include "api/job.h"
#include "api/json_in.h"
#include "api/small_list.h"
#include "core/work/job.h"
#include "core/work/pool.h"

#define SWEEP_TASKS 200 // in one commit, which every other answer waits for

static void created(struct call *c)
{
    const struct reply *r = c->reply;
    if (r->code != 200 || !r->n_items) {
        call_reply_error(c, r);
        return;
    }
    buf_putf(&c->out, "{\"uuid\":\"%s\"}", r->item->uuid);
    call_header(c, "Location",
                arena_printf(&c->arena, "%s/jobs/%s", c->route.had_v1 ? "/v1" : "", r->item->uuid));
}

static void make(struct call *c)
{
    const char *why;
    struct submission *s = call_submission(c, EVENT_JOB_CREATE);
    struct job_draft *d = &s->event.job.draft;
    int code = job_body_read(c->in, &c->arena, d, &why);
    if (code) {
        arena_deinit(&s->arena);
        free(s);
        call_fail(c, code, "%s", why);
        return;
    }
    c->be->entropy(c->be->ctx, d->uuid, sizeof d->uuid);
    s->event.job.account = c->account.id;
    call_submit(c, s, created);
}

// A pool that is not there is 400, never 404: clients take that for a bucket.
static void check_pool(struct call *c)
{
    const char *pool = json_string_value(in_get(c->in, "poolUuid"));
    struct row_pool row = {0};
    struct err e = ERR_NULL;
    int r = c->reader->pool(c->reader->ctx, c->account.id, pool, &c->arena, &row, &e);
    if (r < 0)
        call_store_error(c, r);
    else if (r > 0 || row.state == POOL_PENDING_DELETE)
        call_fail(c, 400, "No such pool: %s", pool);
    else if (!pool_state_open((enum pool_state)row.state))
        call_fail(c, 400, "The pool %s takes no more tasks: it is %s", pool,
                  pool_state_name((enum pool_state)row.state));
    else
        make(c);
}

void job_create(struct call *c)
{
    const char *pool = NULL;
    struct err e = ERR_NULL;
    if (!call_object(c))
        return;
    if (in_uuid(c->in, "poolUuid", &pool, &e) && pool)
        call_next(c, RUN_WORKER, check_pool);
    else
        make(c);
}

void job_get(struct call *c)
{
    struct row_job row = {0};
    struct json_out o = {.b = &c->out};
    if (found_job(c, &row))
        job_render(&o, NULL, &row);
}

static struct submission *about(struct call *c, enum event_kind kind, const char *id)
{
    struct submission *s = call_submission(c, kind);
    s->event.job.account = c->account.id;
    s->event.job.id = arena_strdup(&s->arena, id);
    return s;
}

void job_terminate(struct call *c)
{
    call_submit(c, about(c, EVENT_JOB_TERMINATE, c->param[0]), call_end);
}

// ---- deleting

struct sweeping {
    char uuid[UUID_TEXT_BYTES]; // the shortname may be another's by now
    uint64_t job;
    uint64_t *task;
    size_t n;
};

static int note_task(void *ctx, const struct row_task *row)
{
    struct sweeping *k = ctx;
    k->task[k->n++] = row->id;
    return 0;
}

static void sweep(struct call *c);

static void swept(struct call *c)
{
    struct sweeping *k = c->state;
    if (c->reply->code == 404 || (c->reply->code == 200 && !k->n)) // gone, or to go with its last instance
        call_empty(c);
    else if (c->reply->code != 200)
        call_reply_error(c, c->reply);
    else
        call_next(c, RUN_WORKER, sweep);
}

static void sweep(struct call *c)
{
    struct sweeping *k = c->state;
    struct task_page p = {.account = c->account.id, .job = k->job, .limit = SWEEP_TASKS, .final_only = true};
    struct arena scratch = ARENA_NULL;
    struct err e = ERR_NULL;
    const char *token;
    k->n = 0;
    int r = c->reader->tasks(c->reader->ctx, &p, &scratch, note_task, k, &token, &e);
    arena_deinit(&scratch);
    if (r < 0) {
        call_store_error(c, r);
        return;
    }
    struct submission *s = about(c, EVENT_JOB_SWEEP, k->uuid);
    s->event.job.task = k->task;
    s->event.job.n_tasks = k->n;
    call_submit(c, s, swept);
}

static void marked(struct call *c)
{
    struct sweeping *k = c->state;
    if (c->reply->code != 200 || !k->task) {
        call_end(c);
        return;
    }
    k->job = c->reply->id;
    call_next(c, RUN_WORKER, sweep);
}

void job_delete(struct call *c)
{
    struct row_job row = {0};
    const char *force = call_query(c, "force");
    if (!found_job(c, &row))
        return;
    struct sweeping *k = c->state = arena_alloc(&c->arena, sizeof *k);
    *k = (struct sweeping){0};
    memcpy(k->uuid, row.uuid, sizeof k->uuid);
    struct submission *s = about(c, EVENT_JOB_DELETE, row.uuid);
    s->event.job.force =
        row.state == JOB_DELETING || (force && (!strcasecmp(force, "true") || !strcmp(force, "1")));
    if (s->event.job.force)
        k->task = arena_alloc(&c->arena, SWEEP_TASKS * sizeof *k->task);
    call_submit(c, s, marked);
}

// ---- lists

static struct small_item *items(struct call *c, size_t *n)
{
    struct row_job *row;
    struct err e = ERR_NULL;
    int r = c->reader->jobs(c->reader->ctx, c->account.id, &c->arena, &row, n, &e);
    if (r < 0) {
        call_store_error(c, r);
        return NULL;
    }
    struct small_item *v = arena_alloc(&c->arena, (*n + 1) * sizeof *v);
    struct buf text = BUF_INIT(CALL_OUT_MAX);
    for (size_t i = 0; i < *n; i++) {
        struct json_out o = {.b = &text};
        buf_clear(&text);
        job_render(&o, NULL, &row[i]);
        v[i] = (struct small_item){.id = row[i].id,
                                   .name = row[i].name,
                                   .state = job_state_name((enum job_state)row[i].state),
                                   .json = arena_strdup(&c->arena, buf_str(&text))};
    }
    buf_deinit(&text);
    return v;
}

void pool_jobs(struct call *c)
{
    struct row_pool pool = {0};
    size_t n, kept = 0;
    if (!found_pool(c, &pool))
        return;
    struct small_item *v = items(c, &n);
    for (size_t i = 0; v && i < n; i++) {
        json_t *j = json_loads(v[i].json, 0, NULL);
        const char *in = json_string_value(json_object_get(j, "poolUuid"));
        if (in && !strcmp(in, pool.uuid))
            v[kept++] = v[i];
        json_decref(j);
    }
    if (v)
        small_list(c, v, kept);
}

void job_list(struct call *c)
{
    size_t n;
    struct small_item *v = items(c, &n);
    if (v)
        small_list(c, v, n);
}

void job_paginate(struct call *c)
{
    size_t n;
    struct small_item *v = items(c, &n);
    if (v)
        small_paginate(c, v, n);
}

void job_search(struct call *c)
{
    size_t n;
    struct small_item *v = items(c, &n);
    if (v)
        small_search(c, v, n);
}
