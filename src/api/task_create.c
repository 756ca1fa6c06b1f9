// SPDX-License-Identifier: Apache-2.0
//
// POST /tasks: an object makes one task, an array many, each of which succeeds or fails alone.
//
//   read and check -> shortnames and pools against the store -> hardware against the fleet
//                  -> buckets that are missing -> EVENT_TASKS_CREATE -> answer
//
// The three middle stages are passed only by requests that need them. What is refused on the way stays in its
// place with its code, so that the answer keeps the order of the request.
#include <string.h>

#include "api/bucket_in.h"
#include "api/call.h"
#include "api/constraint_in.h"
#include "api/handlers.h"
#include "api/json_in.h"
#include "api/json_out.h"
#include "api/task_body.h"
#include "api/task_create.h"
#include "api/task_image.h"
#include "api/task_pool.h"

#define BODY_HERE_BYTES ((size_t)64 * 1024)

struct creation {
    struct task_draft *draft;
    size_t n;
    bool bulk, shortnames, pools, constraints, buckets;
};

static void refuse(struct task_draft *d, int code, const char *sentence)
{
    d->refusal_code = code;
    d->refusal = sentence;
}

static void single(struct call *c, const struct reply_item *item)
{
    if (item->code != 200) {
        call_fail(c, item->code, "%s", item->message ? item->message : "The task was refused");
        return;
    }
    buf_putf(&c->out, "{\"uuid\":\"%s\"}", item->uuid);
    call_header(c, "Location",
                arena_printf(&c->arena, "%s/tasks/%s", c->route.had_v1 ? "/v1" : "", item->uuid));
}

static void many(struct call *c, const struct reply_item *item, size_t n)
{
    struct json_out o = {.b = &c->out};
    size_t good = 0;
    bool same = true;
    out_array(&o, NULL);
    for (size_t i = 0; i < n; i++) {
        good += item[i].code == 200;
        same &= item[i].code == item[0].code;
        out_object(&o, NULL);
        out_int(&o, "statusCode", item[i].code);
        out_string(&o, "uuid", item[i].code == 200 ? item[i].uuid : NULL);
        out_string(&o, "message", item[i].message);
        out_end_object(&o);
    }
    out_end_array(&o);
    c->status = good == n ? 200 : good == 0 && same ? item[0].code : 207;
}

static void answer(struct call *c)
{
    const struct creation *k = c->state;
    if (c->reply->n_items == k->n)
        task_images_begin(c->be, c->account.id, k->draft, k->n);
    if (c->reply->n_items != k->n)
        call_reply_error(c, c->reply);
    else if (k->bulk)
        many(c, c->reply->item, c->reply->n_items);
    else
        single(c, c->reply->item);
}

// A refused single task changes nothing, so nothing need be committed for it.
static void hand_over(struct call *c)
{
    struct creation *k = c->state;
    if (!k->bulk && k->draft[0].refusal_code) {
        call_fail(c, k->draft[0].refusal_code, "%s", k->draft[0].refusal);
        return;
    }
    for (size_t i = 0; i < k->n; i++)
        c->be->entropy(c->be->ctx, k->draft[i].uuid, sizeof k->draft[i].uuid);
    struct submission *s = call_submission(c, EVENT_TASKS_CREATE);
    s->event.create.account = c->account.id;
    s->event.create.draft = k->draft;
    s->event.create.n = k->n;
    call_submit(c, s, answer);
}

// Buckets for results are made when they are missing; before the task is, so that it never runs without one.
static void make_buckets(struct call *c)
{
    struct creation *k = c->state;
    struct bucket_made made = {""};
    for (size_t i = 0; i < k->n; i++) {
        struct task_draft *d = &k->draft[i];
        struct err e = ERR_NULL;
        int code = !d->refusal_code && buckets_to_make(d->body)
                       ? buckets_make(d->body, c->be, &c->account, &made, &e)
                       : 0;
        if (code)
            refuse(d, code, arena_strdup(&c->arena, e.text));
    }
    hand_over(c);
}

// The engine's thread is lent for this many comparisons (some milliseconds). A request that would need more
// keeps the rest of its tasks, which wait for a machine like any other.
#define HARDWARE_LOOKS 100000

static bool same_demand(const struct task_draft *a, const struct task_draft *b)
{
    return constraint_equal(&a->constraint, &b->constraint) && !a->place == !b->place &&
           (!a->place || strcmp(a->place, b->place) == 0);
}

static void check_hardware(struct call *c, struct creation *k)
{
    size_t looks = HARDWARE_LOOKS;
    const struct task_draft *last = NULL; // the tasks of one request mostly ask for the same
    const char *lack = NULL;
    for (size_t i = 0; i < k->n; i++) {
        struct task_draft *d = &k->draft[i];
        if (d->refusal_code)
            continue;
        if (!last || !same_demand(last, d))
            lack = server_hardware_lacks(c->engine, d, &c->arena, &looks);
        last = d;
        if (lack)
            refuse(d, 402, lack);
    }
}

// What the engine would refuse leaves no bucket behind.
static void check_before_buckets(struct call *c, struct creation *k)
{
    for (size_t i = 0; i < k->n; i++) {
        struct task_draft *d = &k->draft[i], as = *d;
        const char *why;
        if (d->refusal_code || !buckets_to_make(d->body))
            continue;
        int code = server_would_refuse(c->engine, c->account.id, &as, &c->arena, &why);
        if (code)
            refuse(d, code, why);
    }
}

static void ask_engine(struct call *c)
{
    struct creation *k = c->state;
    if (k->constraints)
        check_hardware(c, k);
    if (k->buckets)
        check_before_buckets(c, k);
    call_next(c, k->buckets ? RUN_WORKER : RUN_HERE, k->buckets ? make_buckets : hand_over);
}

static void go_on(struct call *c)
{
    const struct creation *k = c->state;
    if (k->buckets || k->constraints)
        call_next(c, RUN_ENGINE, ask_engine);
    else
        hand_over(c);
}

static bool check_pools(struct call *c, struct creation *k)
{
    for (size_t i = 0; i < k->n; i++) {
        struct task_draft *d = &k->draft[i];
        struct err e = ERR_NULL;
        int code = d->refusal_code || (!d->pool && !d->job) ? 0 : task_enter_pool(c, d, &e);
        if (code < 0) {
            call_store_error(c, code);
            return false;
        }
        if (code)
            refuse(d, code, arena_strdup(&c->arena, e.text));
    }
    return true;
}

// The engine guards the shortnames of the tasks in its memory; the finished ones are only in the store. A
// deleted task gives its shortname back at once, though it is there until its instances have ended.
static void check_shortnames(struct call *c)
{
    struct creation *k = c->state;
    if (k->pools && !check_pools(c, k))
        return;
    for (size_t i = 0; i < k->n; i++) {
        struct task_draft *d = &k->draft[i];
        struct row_task row;
        if (d->refusal_code || !d->shortname)
            continue;
        struct err e = ERR_NULL;
        int r = c->reader->task(c->reader->ctx, c->account.id, d->shortname, &c->arena, &row, &e);
        if (r < 0) {
            call_store_error(c, r);
            return;
        }
        if (r == 0 && row.live.state != TASK_PENDING_DELETE)
            refuse(d, 400,
                   arena_printf(
                       &c->arena,
                       "Invalid task file. Invalid fields: shortname-uniqueness. shortname: %s is taken",
                       d->shortname));
    }
    go_on(c);
}

static void parse(struct call *c)
{
    if (!call_json(c))
        return;
    if (c->be->bucket_waits)
        call_next(c, RUN_WORKER, task_create_from);
    else
        task_create_from(c);
}

// Thousands of tasks in one body take a large part of a second to read: not on the thread that all others
// wait for.
void task_create(struct call *c)
{
    if (c->body_bytes > BODY_HERE_BYTES)
        call_next(c, RUN_WORKER, parse);
    else
        parse(c);
}

void task_create_from(struct call *c)
{
    struct creation *k = c->state = arena_alloc(&c->arena, sizeof *k);
    k->bulk = json_is_array(c->in);
    k->n = k->bulk ? json_array_size(c->in) : 1;
    if (!c->in) {
        call_fail(c, 400, "Invalid task file. The body is empty");
        return;
    }
    if (k->n > API_BULK) {
        call_fail(c, 400, "Invalid task file. More than %d tasks in one request", API_BULK);
        return;
    }
    if (!k->n) {
        buf_puts(&c->out, "[]");
        return;
    }
    k->draft = arena_alloc(&c->arena, k->n * sizeof *k->draft);
    for (size_t i = 0; i < k->n; i++) {
        struct task_draft *d = &k->draft[i];
        const char *why;
        const json_t *in = k->bulk ? json_array_get(c->in, i) : c->in;
        int code = task_body_read(in, c->be, &c->account, &c->arena, d, &why);
        if (code)
            refuse(d, code, why);
        k->shortnames |= !code && d->shortname;
        k->pools |= !code && (d->pool || d->job);
        k->constraints |= !code && (!constraint_is_none(&d->constraint) || d->place);
        k->buckets |= !code && buckets_to_make(d->body);
    }
    if (k->shortnames || k->pools)
        call_next(c, RUN_WORKER, check_shortnames);
    else
        go_on(c);
}
