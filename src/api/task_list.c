// SPDX-License-Identifier: Apache-2.0
//
// Lists of tasks: whole (the newest API_LIST_MAX; the header "Ondol-Truncated: 10000" says that older ones were
// left out), by pages, by search.
//
// Without a filter a page is one look into the store's index and the total is the store's count. With one,
// tasks are rendered and judged one by one, the page is filled and the rest only counted. A page token is
// "<matches before>.<store's token>", so that the total needs no look back.
#include <errno.h>
#include <stdlib.h>

#include "api/found.h"
#include "api/handlers.h"
#include "api/json_in.h"
#include "api/list_in.h"
#include "api/task_views.h"
#include "base/mem.h"

#define SCAN_CHUNK 500

struct listing {
    struct views views;
    struct filter *filter;
    struct task_page page;
    size_t want;
    bool full;                // TaskOutput, else TaskSummary
    bool paged;               // the answer is a page with a total, else a bare array
    bool render, in_attempts; // what the filter needs: a rendered task, with its finished attempts
    const char *token;        // as sent
    int64_t before, matched, total;
    const char *next; // store's token after the page; NULL: nothing follows
    // the running scan
    struct call *call;
    struct arena scratch;
    int error;
    struct err overrun; // of the filter
};

static void listing_free(void *state)
{
    struct listing *k = state;
    views_deinit(&k->views);
    filter_free(k->filter);
    arena_deinit(&k->scratch);
}

static struct listing *listing_new(struct call *c, bool full, bool paged)
{
    struct listing *k = c->state = arena_alloc(&c->arena, sizeof *k);
    c->state_free = listing_free;
    k->full = full;
    k->paged = paged;
    k->call = c;
    k->page.account = c->account.id;
    k->page.descending = true;
    k->want = API_LIST_MAX;
    return k;
}

// What most filters ask about is in the row or in a list of the body, and is judged without rendering the
// task.
static const char *const in_row[] = {
    "uuid",    "name",     "shortname", "profile", "state",  "totalInstanceCount", "creationDate",
    "endDate", "poolUuid", "jobUuid",   "tags",    "labels", "stateTransitionTime"};
static const char *const in_render[] = {"uuid",
                                        "name",
                                        "shortname",
                                        "profile",
                                        "state",
                                        "totalInstanceCount",
                                        "creationDate",
                                        "endDate",
                                        "poolUuid",
                                        "jobUuid",
                                        "tags",
                                        "labels",
                                        "stateTransitionTime",
                                        "instanceCount",
                                        "progress",
                                        "runningInstanceCount",
                                        "previousState",
                                        "lastModified",
                                        "constants",
                                        "errors",
                                        "schedulingType",
                                        "hardwareConstraints",
                                        "advancedRanges"};

static void filter_set(struct listing *k, struct filter *f)
{
    k->filter = f;
    k->render = f && filter_needs_more(f, in_row, ARRAY_LEN(in_row));
    k->in_attempts = f && filter_needs_more(f, in_render, ARRAY_LEN(in_render));
}

// ---- gathering

// Every text of it: what is rendered of a row may be any.
static void copy_row(struct arena *a, struct row_task *row)
{
    const char **text[] = {
        &row->shortname,      &row->name,        &row->profile,        &row->ranges,
        &row->hardware,       &row->place,       &row->depends,        &row->body,
        &row->live.succeeded, &row->live.failed, &row->live.cancelled, &row->live.started_once,
        &row->live.errors,
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        *text[i] = arena_strdup(a, *text[i]);
}

static void set_text(json_t *o, const struct filter *f, const char *name, const char *value)
{
    if (value && filter_mentions(f, name))
        json_object_set_new(o, name, json_string(value));
}

static void set_date(json_t *o, const struct filter *f, const char *name, int64_t ms)
{
    char text[DATE_TEXT_BYTES];
    date_format(text, HOUSE_MS(ms));
    set_text(o, f, name, text);
}

// Only what the filter mentions of the fields in_row.
static json_t *brief(const struct filter *f, const struct row_task *row)
{
    json_t *o = json_object(), *body = NULL;
    set_text(o, f, "uuid", row->uuid);
    set_text(o, f, "name", row->name);
    set_text(o, f, "shortname", row->shortname && *row->shortname ? row->shortname : row->uuid);
    set_text(o, f, "profile", row->profile);
    set_text(o, f, "state", task_state_name(row->live.state));
    if (filter_mentions(f, "totalInstanceCount"))
        json_object_set_new(o, "totalInstanceCount", json_integer(row->instances));
    set_date(o, f, "creationDate", row->created_ms);
    set_date(o, f, "endDate", row->live.end_ms);
    set_date(o, f, "stateTransitionTime", row->live.state_ms >= 0 ? row->live.state_ms : row->created_ms);
    static const char *const of_body[] = {"tags", "labels", "poolUuid", "jobUuid"};
    for (int i = 0; i < 4; i++) {
        const char *name = of_body[i];
        if (!filter_mentions(f, name))
            continue;
        if (!body)
            body = json_loads(row->body ? row->body : "{}", 0, NULL);
        json_t *v = json_object_get(body, name);
        json_object_set_new(o, name,
                            v        ? json_incref(v)
                            : i == 0 ? json_array()
                            : i == 1 ? json_object()
                                     : json_null());
    }
    json_decref(body);
    return o;
}

static json_t *rendered(struct listing *k, const struct row_task *row)
{
    struct call *c = k->call;
    struct buf text = BUF_INIT(CALL_OUT_MAX);
    struct json_out o = {.b = &text};
    struct task_extra x = {.now = c->be->now(c->be->ctx)};
    if (k->in_attempts) {
        struct row_attempt *attempt = NULL;
        struct err e = ERR_NULL;
        int r = c->reader->attempts(c->reader->ctx, row->id, &k->scratch, &attempt, &x.n_attempts, &e);
        x.attempt = attempt;
        if (r < 0)
            k->error = r;
    }
    task_render(&o, NULL, row, &x);
    json_t *task = text.failed ? NULL : json_loadb(buf_str(&text), text.n, 0, NULL);
    buf_deinit(&text);
    return task;
}

static bool judge(struct listing *k, const struct row_task *row)
{
    json_t *task = k->render ? rendered(k, row) : brief(k->filter, row);
    bool holds = task && filter_holds(k->filter, task);
    json_decref(task);
    if (filter_overran(k->filter, &k->overrun))
        k->error = -E2BIG;
    return holds;
}

// Stops when the page is full, so that the store's token marks that very row.
static int take(void *ctx, const struct row_task *row)
{
    struct listing *k = ctx;
    if (k->filter && !judge(k, row))
        return k->error != 0;
    k->matched++;
    if (k->views.n == k->want)
        return 0; // only counted
    struct row_task *kept = &views_add(&k->views, row)->row;
    if (k->filter) // else it was read into the call's own memory
        copy_row(&k->call->arena, kept);
    return k->views.n == k->want;
}

static bool scan_failed(struct call *c, int code)
{
    if (code == -EINVAL)
        call_problem(c, NULL, "token", "The token is not one of this list");
    else
        call_store_error(c, code);
    return true;
}

static bool gather(struct call *c)
{
    struct listing *k = c->state;
    const char *after = k->page.after;
    bool noted = false;
    for (;;) {
        struct task_page p = k->page;
        struct err e = ERR_NULL;
        const char *token = NULL;
        size_t missing = k->want - k->views.n;
        p.after = after;
        p.limit = k->filter || missing > SCAN_CHUNK ? SCAN_CHUNK : missing;
        arena_clear(&k->scratch);
        struct arena *a = k->filter ? &k->scratch : &c->arena;
        int r = c->reader->tasks(c->reader->ctx, &p, a, take, k, &token, &e);
        if (k->overrun.code) {
            call_problem(c, NULL, "filter", k->overrun.text);
            return false;
        }
        if (r < 0 || k->error)
            return !scan_failed(c, r < 0 ? r : k->error);
        after = arena_strdup(&c->arena, token);
        bool full = k->views.n == k->want;
        if (full && !noted) {
            k->next = after;
            noted = true;
        }
        if (!after || (full && (!k->filter || !k->paged)))
            return true;
    }
}

static bool count(struct call *c)
{
    struct listing *k = c->state;
    k->total = k->before + k->matched;
    if (k->filter || !k->paged)
        return true;
    struct err e = ERR_NULL;
    int r = c->reader->task_count(c->reader->ctx, c->account.id, &k->total, &e);
    if (r < 0)
        return !scan_failed(c, r == -EINVAL ? -EIO : r);
    return true;
}

// ---- answering

static void render(struct call *c)
{
    struct listing *k = c->state;
    struct json_out o = {.b = &c->out};
    house_ms now = c->be->now(c->be->ctx);
    if (k->paged)
        out_object(&o, NULL);
    out_array(&o, k->paged ? "data" : NULL);
    for (size_t i = 0; i < k->views.n && !c->out.failed; i++) {
        if (k->full)
            views_render(&o, &k->views, i, now, NULL); // names of results: ask for the task
        else
            task_render_summary(&o, NULL, &k->views.v[i].row);
    }
    out_end_array(&o);
    if (!k->paged && k->next)
        call_header(c, "Ondol-Truncated", arena_printf(&c->arena, "%zu", k->views.n));
    if (!k->paged)
        return;
    int64_t given = k->before + (int64_t)k->views.n;
    bool more = k->next && (!k->filter || k->total > given);
    out_string(&o, "token", k->token);
    out_string(&o, "nextToken", more ? arena_printf(&c->arena, "%lld.%s", (long long)given, k->next) : NULL);
    out_bool(&o, "isTruncated", more);
    out_int(&o, "count", (int64_t)k->views.n);
    out_int(&o, "total", k->total);
    out_end_object(&o);
}

static void running(struct call *c)
{
    struct listing *k = c->state;
    views_live(c, &k->views);
    call_next(c, RUN_WORKER, render);
}

static void go(struct call *c)
{
    struct listing *k = c->state;
    if (!gather(c) || !count(c) || (k->full && !views_attempts(c, &k->views)))
        return;
    if (k->full && views_any_live(&k->views))
        call_next(c, RUN_ENGINE, running);
    else
        render(c);
}

// ---- the routes

static void list(struct call *c, bool full)
{
    struct filter *f;
    struct listing *k = listing_new(c, full, false);
    if (!list_in_tags(c, &f))
        return;
    filter_set(k, f);
    go(c);
}

static bool read_filter(struct call *c, struct listing *k)
{
    struct filter *f;
    bool good = list_in_filter(c, &f);
    filter_set(k, f);
    return good;
}

static bool read_token(struct call *c, struct listing *k)
{
    struct err e = ERR_NULL;
    if (in_string(c->in, "token", 8192, &k->token, &e)) {
        if (!k->token || !*k->token)
            return true;
        char *dot;
        k->before = strtoll(k->token, &dot, 10);
        k->page.after = dot + 1;
        if (dot != k->token && *dot == '.' && k->before >= 0)
            return true;
    }
    call_problem(c, NULL, "token", "The token is not one of this list");
    return false;
}

static void paginate(struct call *c, bool full)
{
    if (!list_in_body(c))
        return;
    struct listing *k = listing_new(c, full, true);
    k->want = API_PAGE_DEFAULT;
    bool filter = read_filter(c, k), count = list_in_count(c, API_PAGE_MAX, &k->want);
    bool order = list_in_order(c, ORDER_EXECUTION + 1, &k->page.order, &k->page.descending);
    if (order && read_token(c, k) && filter && count)
        go(c);
}

void task_list_full(struct call *c)
{
    list(c, true);
}

void task_list_summaries(struct call *c)
{
    list(c, false);
}

void task_paginate_full(struct call *c)
{
    paginate(c, true);
}

void task_paginate_summaries(struct call *c)
{
    paginate(c, false);
}

// "select" trims fields for who asks; giving all of them is compatible.
void task_search(struct call *c)
{
    if (!call_object(c))
        return;
    struct listing *k = listing_new(c, true, false);
    bool filter = read_filter(c, k);
    if (list_in_count(c, API_LIST_MAX, &k->want) && filter)
        go(c);
}

void pool_tasks(struct call *c)
{
    struct row_pool row = {0};
    if (!found_pool(c, &row))
        return;
    listing_new(c, true, false)->page.pool = row.id;
    go(c);
}

void job_tasks(struct call *c)
{
    struct row_job row = {0};
    if (!found_job(c, &row))
        return;
    listing_new(c, true, false)->page.job = row.id;
    go(c);
}
