// SPDX-License-Identifier: Apache-2.0
//
// The routes of pools but for their lists. A PUT reads the kept body, changes it and writes it whole, so
// changes go through the lane one at a time.
#include <string.h>

#include "api/found.h"
#include "api/handlers.h"
#include "api/json_in.h"
#include "api/pool.h"
#include "api/scaling_in.h"
#include "api/secrets.h"
#include "api/task_body.h"
#include "core/work/pool.h"

// The field of "policies[0].name: is required" and the sentence behind it.
static void problem(void *ctx, const struct err *e)
{
    struct call *c = ctx;
    const char *text = e->text;
    const char *colon = strstr(text, ": ");
    const char *field = colon ? arena_strndup(&c->arena, text, (size_t)(colon - text)) : "policies";
    bool unreadable =
        !strcmp(colon ? colon + 2 : text, "The input was not valid."); // what no policy can be made of
    call_problem(c, unreadable ? NULL : "Model validation error", field, colon ? colon + 2 : text);
}

// The body's policies as they are kept; NULL: the call has been failed.
static json_t *policies_of(struct call *c)
{
    const struct scaling_ear ear = {problem, c};
    if (!call_json(c))
        return NULL;
    if (!json_is_object(c->in)) {
        call_problem(c, NULL, "$", "The body must be a JSON object");
        return NULL;
    }
    return pool_policies(c->in, &ear);
}

void pool_scaling_check(struct call *c)
{
    json_t *kept = policies_of(c);
    if (kept)
        call_empty(c);
    json_decref(kept);
}

// ---- making

static void created(struct call *c)
{
    const struct reply *r = c->reply;
    if (r->code != 200 || !r->n_items) {
        call_reply_error(c, r);
        return;
    }
    buf_putf(&c->out, "{\"uuid\":\"%s\"}", r->item->uuid);
    call_header(c, "Location",
                arena_printf(&c->arena, "%s/pools/%s", c->route.had_v1 ? "/v1" : "", r->item->uuid));
}

static void hand_over(struct call *c)
{
    struct pool_draft *d = c->state;
    struct submission *s = call_submission(c, EVENT_POOL_CREATE);
    c->be->entropy(c->be->ctx, d->uuid, sizeof d->uuid);
    s->event.pool.account = c->account.id;
    s->event.pool.draft = *d;
    call_submit(c, s, created);
}

// A fleet without any board yet can tell nothing: the pool waits for what will come.
static void check_hardware(struct call *c)
{
    const struct pool_draft *d = c->state;
    size_t n = server_boards(c->engine);
    bool found = !n;
    for (size_t b = 0; b < n && !found; b++) {
        struct board_view v;
        server_board(c->engine, b, &v);
        found = constraint_holds(&d->constraint, v.spec) && v.spec->cores >= d->slots_per_node;
    }
    if (found)
        call_next(c, RUN_HERE, hand_over);
    else
        call_fail(c, 402, "No machine of the fleet satisfies the hardware constraint list of this pool");
}

static void create_from(struct call *c)
{
    struct pool_draft *d = c->state = arena_alloc(&c->arena, sizeof *d);
    const char *why;
    int code = pool_body_read(c->in, c->be, &c->account, &c->arena, d, &why);
    if (code)
        call_fail(c, code, "%s", why);
    else if (constraint_is_none(&d->constraint) && d->slots_per_node == 1)
        hand_over(c);
    else
        call_next(c, RUN_ENGINE, check_hardware);
}

void pool_create(struct call *c)
{
    if (!call_object(c))
        return;
    if (c->be->bucket_waits)
        call_next(c, RUN_WORKER, create_from);
    else
        create_from(c);
}

// A new pool from what an old one was asked to be, with what the request says laid over.
void pool_clone(struct call *c)
{
    struct row_pool row = {0};
    const char *key;
    json_t *v;
    if (!call_json(c) || !found_pool_there(c, &row))
        return;
    if (c->in && !json_is_object(c->in)) {
        call_fail(c, 400, "Invalid pool file. A pool must be a JSON object");
        return;
    }
    json_t *body = json_loads(row.body, 0, NULL), *in = c->in;
    json_t *old = json_incref(json_object_get(body, "constants")),
           *forced = json_incref(json_object_get(body, "forcedConstants"));
    json_object_foreach(in, key, v)
    {
        if (in_says_nothing(v))
            continue;
        in_drop(body, key);
        json_object_set(body, key, v);
    }
    secret_unmask(in_get(body, "constants"), old, in_get(body, "forcedConstants"), forced);
    json_decref(old);
    json_decref(forced);
    json_decref(in);
    c->in = body;
    create_from(c);
}

// ---- change and end

static struct submission *about(struct call *c, enum event_kind kind, const char *id)
{
    struct submission *s = call_submission(c, kind);
    s->event.pool.account = c->account.id;
    s->event.pool.id = arena_strdup(&s->arena, id);
    return s;
}

void pool_close(struct call *c)
{
    call_submit(c, about(c, EVENT_POOL_CLOSE, c->param[0]), call_end);
}

void pool_delete(struct call *c)
{
    call_submit(c, about(c, EVENT_POOL_DELETE, c->param[0]), call_end);
}

void pool_patch(struct call *c)
{
    call_submit(c, about(c, EVENT_POOL_RESYNC, c->param[0]), call_end);
}

static void put(struct call *c, const struct row_pool *row, json_t *body, const json_t *in)
{
    const char *why;
    struct submission *s = about(c, EVENT_POOL_PUT, row->uuid);
    int code = pool_body_update(body, in, c->be, row->account, &s->arena, &s->event.pool.draft, &why);
    if (!code) {
        call_submit(c, s, call_end);
        return;
    }
    call_fail(c, code, "%s", why); // which lies in the arena
    call_drop(s);
}

void pool_put(struct call *c)
{
    struct row_pool row = {0};
    if (!call_object(c) || !found_pool_there(c, &row))
        return;
    json_t *body = json_loads(row.body, 0, NULL);
    put(c, &row, body, c->in);
    json_decref(body);
}

void pool_scaling_put(struct call *c)
{
    struct row_pool row = {0};
    if (!found_pool_there(c, &row))
        return;
    json_t *kept = policies_of(c), *body = json_loads(row.body, 0, NULL);
    if (kept) {
        json_object_set(body, "scaling", kept);
        json_t *nothing = json_object();
        put(c, &row, body, nothing);
        json_decref(nothing);
    }
    json_decref(kept);
    json_decref(body);
}

void pool_scaling_get(struct call *c)
{
    struct row_pool row = {0};
    struct json_out o = {.b = &c->out};
    if (!found_pool(c, &row))
        return;
    json_t *body = json_loads(row.body, 0, NULL);
    if (json_object_get(body, "scaling"))
        pool_render_scaling(&o, NULL, &row, body);
    else
        buf_puts(&c->out, "{\"policies\":[],\"activePolicyName\":null}");
    json_decref(body);
}
