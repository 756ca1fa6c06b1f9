// SPDX-License-Identifier: Apache-2.0
//
// The router: finds the row of a request, asks who it is, and walks the call through its stages.
//
// A call belongs to exactly one thread at a time. Whatever hands it on (work, query, submit, the lane) does
// so as its last act, because the call may be answered and gone before that function returns.
#include "api/api.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/call.h"
#include "api/json_in.h"
#include "base/mem.h"

struct api {
    struct api_backend be;
    pthread_mutex_t lock; // guards the lane
    bool lane_busy;
    struct call *lane_first, *lane_last;
};

struct api *api_new(const struct api_backend *backend)
{
    struct api *api = mem_alloc(sizeof *api);
    api->be = *backend;
    pthread_mutex_init(&api->lock, NULL);
    return api;
}

void api_free(struct api *api)
{
    if (!api)
        return;
    pthread_mutex_destroy(&api->lock);
    free(api);
}

struct call *call_new(struct api *api)
{
    struct call *c = mem_alloc(sizeof *c);
    c->api = api;
    c->be = &api->be;
    c->status = 200;
    c->type = "application/json; charset=utf-8";
    c->out = BUF_INIT(CALL_OUT_MAX);
    return c;
}

void call_free(struct call *c)
{
    if (c->state && c->state_free)
        c->state_free(c->state);
    if (c->sync)
        arena_deinit(&c->sync->arena);
    free(c->sync);
    json_decref(c->in);
    buf_deinit(&c->out);
    arena_deinit(&c->arena);
    free(c);
}

// ---- the walk

static void step(struct call *c);

static void on_worker(void *arg, struct store_reader *reader)
{
    struct call *c = arg;
    stage_fn *fn = c->next;
    c->next = NULL;
    c->reader = reader;
    fn(c);
    c->reader = NULL;
    step(c);
}

static void on_engine(void *arg, const struct server *engine, house_ms now)
{
    struct call *c = arg;
    stage_fn *fn = c->next;
    c->next = NULL;
    c->engine_stage = fn;
    c->engine = engine;
    c->now = now;
    fn(c);
    c->engine = NULL;
}

// Nothing of what an engine stage made may get out when the state that it saw was not recorded: a read looks
// once more, at the state that is; a write is refused.
static void past_gate(void *arg, int error)
{
    struct call *c = arg;
    if (error &&
        c->committed) { // it is done, only the new state cannot be told: an error would have it sent again
        call_empty(c);
        c->next = NULL;
    } else if (error) {
        bool read = !c->submission && c->engine_stage && !c->asked_again;
        if (c->submission) {
            arena_deinit(&c->submission->arena);
            free(c->submission);
            c->submission = NULL;
        }
        call_store_error(c, error);
        memset(c->header, 0, sizeof c->header);
        if (read) {
            buf_clear(&c->out);
            c->asked_again = true;
            c->status = 200;
            call_next(c, RUN_ENGINE, c->engine_stage);
        }
    }
    step(c);
}

static void on_committed(struct submission *s, const struct reply *reply, int error)
{
    struct call *c = s->user;
    if (error) {
        call_store_error(c, error);
    } else {
        c->committed = true;
        c->reply = reply;
        c->after_submit(c);
        c->reply = NULL;
    }
    step(c);
}

static void lane_enter(struct call *c)
{
    struct api *api = c->api;
    c->in_lane = true;
    pthread_mutex_lock(&api->lock);
    bool first = !api->lane_busy;
    api->lane_busy = true;
    if (!first) {
        if (api->lane_last)
            api->lane_last->lane_next = c;
        else
            api->lane_first = c;
        api->lane_last = c;
    }
    pthread_mutex_unlock(&api->lock);
    if (first)
        api->be.work(api->be.ctx, on_worker, c);
}

static void lane_leave(struct api *api)
{
    pthread_mutex_lock(&api->lock);
    struct call *c = api->lane_first;
    if (c) {
        api->lane_first = c->lane_next;
        if (!api->lane_first)
            api->lane_last = NULL;
    } else {
        api->lane_busy = false;
    }
    pthread_mutex_unlock(&api->lock);
    if (c)
        api->be.work(api->be.ctx, on_worker, c);
}

static void end(struct call *c)
{
    struct api *api = c->api;
    bool lane = c->in_lane;
    if (c->out.failed)
        call_fail(c, 413, "The answer is longer than %zu bytes (ask for less: use POST .../paginate)",
                  CALL_OUT_MAX);
    c->finish(c);
    if (lane)
        lane_leave(api);
}

static void leave(struct call *c)
{
    if (!c->left && c->leave)
        c->leave(c);
    c->left = true;
}

static void step(struct call *c)
{
    const struct api_backend *be = c->be;
    while (c->next && c->next_where == RUN_HERE) {
        stage_fn *fn = c->next;
        c->next = NULL;
        fn(c);
    }
    if (c->submission) {
        struct submission *s = c->submission;
        c->submission = NULL;
        leave(c);
        be->submit(be->ctx, s);
    } else if (!c->next) {
        end(c);
    } else if (c->next_where == RUN_ENGINE) {
        leave(c);
        be->query(be->ctx, on_engine, past_gate, c);
    } else {
        leave(c);
        if (c->next_where == RUN_LANE && !c->in_lane)
            lane_enter(c);
        else
            be->work(be->ctx, on_worker, c);
    }
}

void call_next(struct call *c, enum call_where where, stage_fn *fn)
{
    c->next_where = where;
    c->next = fn;
}

struct submission *call_submission(struct call *c, enum event_kind kind)
{
    struct submission *s = mem_alloc(sizeof *s);
    s->event.kind = kind;
    s->event.now = c->be->now(c->be->ctx);
    s->done = on_committed;
    s->user = c;
    return s;
}

void call_drop(struct submission *s)
{
    arena_deinit(&s->arena);
    free(s);
}

void call_submit(struct call *c, struct submission *s, stage_fn *after)
{
    c->submission = s;
    c->after_submit = after;
}

// ---- the way in

// "/tasks/{id}/stdout" against the segments; fills c->param on success.
static bool matches(struct call *c, const char *pattern)
{
    size_t i = 0, n_param = 0;
    for (const char *at = pattern; *at; i++) {
        at += *at == '/';
        size_t n = strcspn(at, "/");
        if (!n)
            break;
        if (n > 4 && !strncmp(at + n - 4, "...}", 4))
            return true;
        if (i >= c->route.n)
            return false;
        const char *seg = c->route.segment[i];
        if (*at == '{')
            c->param[n_param++] = seg;
        else if (strncasecmp(seg, at, n) != 0 || seg[n])
            return false;
        at += n;
    }
    return i == c->route.n;
}

// The whole path, as it was understood: a customer of a part that this server lacks sees which.
static void no_such_resource(struct call *c)
{
    struct buf path = BUF_INIT(1000);
    for (size_t i = 0; i < c->route.n && !path.failed; i++)
        buf_putf(&path, "/%s", c->route.segment[i]);
    call_fail(c, 404, "No such resource: %s", path.n ? buf_str(&path) : "/");
    buf_deinit(&path);
}

static void wrong_method(struct call *c)
{
    const char *allow = "";
    for (size_t i = 0; i < api_n_routes; i++) {
        const char *m = api_routes[i].method;
        if (matches(c, api_routes[i].pattern))
            allow = arena_printf(&c->arena, "%s%s%s%s", allow, *allow ? ", " : "",
                                 strcmp(m, "GET") ? "" : "HEAD, ", m);
    }
    call_fail(c, 405, "The method %s is not for this resource (it has %s)", c->method, allow);
    call_header(c, "Allow", allow);
}

void api_dispatch(struct api *api, struct call *c)
{
    c->reader = api->be.reader;
    if (c->route.n && route_is(&c->route, 0, "pool"))
        memcpy(c->route.segment[0], "pools", sizeof "pools");
    const char *method = strcmp(c->method, "HEAD") ? c->method : "GET";
    const struct api_route *found = NULL;
    bool path_known = false;
    for (size_t i = 0; i < api_n_routes && !found; i++) {
        if (!matches(c, api_routes[i].pattern))
            continue;
        path_known = true;
        if (!strcmp(api_routes[i].method, method))
            found = &api_routes[i];
    }
    if (!path_known)
        no_such_resource(c);
    else if (!found)
        wrong_method(c);
    else if (call_authorize(c, found->auth))
        call_next(c, found->where, found->handle);
    step(c);
}

// ---- what stages read

const char *call_query(const struct call *c, const char *name)
{
    for (size_t i = 0; i < c->n_query; i++)
        if (!strcasecmp(c->query_name[i], name))
            return c->query_value[i];
    return NULL;
}

bool call_query_int(struct call *c, const char *name, int64_t lo, int64_t hi, int64_t *out)
{
    const char *text = call_query(c, name);
    if (!text || !*text)
        return true;
    char *end_of = NULL;
    long long v = strtoll(text, &end_of, 10);
    if (*end_of || v < lo || v > hi) {
        call_fail(c, 400, "%s: must be a whole number from %lld to %lld", name, (long long)lo, (long long)hi);
        return false;
    }
    *out = v;
    return true;
}

bool call_json(struct call *c)
{
    if (c->in || strspn(c->body ? c->body : "", " \t\r\n") == c->body_bytes)
        return true;
    struct err e = ERR_NULL;
    c->in = in_parse(c->body, c->body_bytes, &e);
    if (!c->in) {
        call_fail(c, 400, "%s", e.text);
        return false;
    }
    return true;
}

bool call_object(struct call *c)
{
    if (!call_json(c))
        return false;
    if (json_is_object(c->in))
        return true;
    call_fail(c, 400, "The body must be a JSON object");
    return false;
}

void call_empty(struct call *c)
{
    c->status = 200;
    c->type = NULL;
    buf_clear(&c->out);
}

void call_header(struct call *c, const char *name, const char *value)
{
    for (size_t i = 0; i + 2 < ARRAY_LEN(c->header); i += 2) {
        if (!c->header[i]) {
            c->header[i] = name;
            c->header[i + 1] = value;
            return;
        }
    }
}
