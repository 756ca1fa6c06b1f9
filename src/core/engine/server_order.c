// SPDX-License-Identifier: Apache-2.0
//
// What is asked of a task while it runs: snapshots, now or each time, and its resources again. It travels
// down with the assignments of the task's leases; each told once by each instance that runs.
//
//   snapshot:  Triggered --an instance staged its files--> InProgress --no instance is left that has to tell,
//              and all that was staged is in the bucket--> Success, or Failure when one of them could not
#include "base/mem.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#include <stdlib.h>
#include <string.h>

static void snapshot_deinit(struct snapshot *x)
{
    free(x->whitelist);
    free(x->blacklist);
    free(x->bucket);
    free(x->prefix);
}

void orders_free(struct task *t)
{
    struct orders *o = rare_of(t)->orders;
    if (!o)
        return;
    for (size_t i = 0; i < o->n_open; i++)
        snapshot_deinit(&o->open[i]);
    snapshot_deinit(&o->periodic);
    free(o->open);
    free(o);
    task_rare(t)->orders = NULL;
}

static struct orders *orders_of(struct task *t)
{
    struct task_rare *r = task_rare(t);
    if (!r->orders)
        r->orders = mem_alloc(sizeof *r->orders);
    return r->orders;
}

static void write_snapshot(const struct task *t, const struct snapshot *x, struct effects *fx)
{
    bool standing = x == &rare_of(t)->orders->periodic;
    struct arena *a = &fx->arena;
    fx_change(fx, CHANGE_SNAPSHOT)->snapshot =
        (struct row_snapshot){.task = t->id,
                              .number = x->number,
                              .status = x->status,
                              .asked_ms = x->asked_ms,
                              .changed_ms = x->changed_ms,
                              .bytes = x->bytes,
                              .moved = x->moved,
                              .period_ms = standing ? rare_of(t)->orders->period_ms : 0,
                              .resync = standing ? rare_of(t)->orders->resync : 0,
                              .whitelist = arena_strdup(a, x->whitelist),
                              .blacklist = arena_strdup(a, x->blacklist),
                              .bucket = arena_strdup(a, x->bucket),
                              .prefix = arena_strdup(a, x->prefix)};
}

void orders_restore(struct server *s, const struct row_snapshot *row)
{
    uint32_t slot;
    if (!server_task_slot(s, row->task, &slot))
        return;
    struct orders *o = orders_of(&s->task[slot]);
    struct snapshot x = {.number = row->number,
                         .status = row->status,
                         .asked_ms = row->asked_ms,
                         .changed_ms = row->changed_ms,
                         .bytes = row->bytes,
                         .moved = row->moved,
                         .whitelist = mem_strdup(row->whitelist),
                         .blacklist = mem_strdup(row->blacklist),
                         .bucket = mem_strdup(row->bucket),
                         .prefix = mem_strdup(row->prefix)};
    o->last = row->number > o->last ? row->number : o->last;
    if (row->number == 0) {
        o->periodic = x;
        o->period_ms = row->period_ms;
        o->resync = (uint32_t)row->resync;
    } else if (row->status == SNAPSHOT_TRIGGERED || row->status == SNAPSHOT_IN_PROGRESS) {
        struct snapshot *to = VEC_PUSH(o->open, o->n_open, o->cap_open);
        *to = x;
    } else {
        snapshot_deinit(&x);
    }
}

// ---- down

static struct stage_snapshot down(const struct snapshot *x, struct arena *a)
{
    return (struct stage_snapshot){.number = x->number,
                                   .out = {.prefix = arena_strdup(a, x->prefix),
                                           .whitelist = arena_strdup(a, x->whitelist),
                                           .blacklist = arena_strdup(a, x->blacklist)}};
}

const struct stage_orders *orders_down(const struct task *t, const struct lease *l, struct arena *a)
{
    const struct orders *o = rare_of(t)->orders;
    if (!o)
        return NULL;
    struct stage_orders *out = arena_alloc(a, sizeof *out);
    struct stage_snapshot *v = arena_alloc(a, (o->n_open + 1) * sizeof *v);
    *out = (struct stage_orders){.resync = o->resync, .period_ms = o->period_ms, .unique = v};
    out->periodic = down(&o->periodic, a);
    for (size_t i = 0; i < o->n_open; i++)
        if (o->open[i].number > l->snapshots)
            v[out->n_unique++] = down(&o->open[i], a);
    return out;
}

static void wake_all(struct server *s, const struct task *t)
{
    for (uint32_t l = t->first_lease; l != NONE; l = s->lease[l].next)
        node_wake(s, s->lease[l].node);
}

// ---- asked

static void take_config(struct snapshot *x, const struct snapshot_config *c)
{
    snapshot_deinit(x);
    x->whitelist = mem_strdup(c->whitelist);
    x->blacklist = mem_strdup(c->blacklist);
    x->bucket = mem_strdup(c->bucket);
    x->prefix = mem_strdup(c->prefix);
}

static int ask_snapshot(struct server *s, struct task *t, const struct event *ev, struct effects *fx,
                        const char **why)
{
    struct orders *o = orders_of(t);
    if (o->n_open >= STAGE_ORDERS_MAX) {
        *why = arena_printf(&fx->arena, "%d snapshots of this task are on their way: wait for one",
                            STAGE_ORDERS_MAX);
        return 403;
    }
    struct snapshot *x = VEC_PUSH(o->open, o->n_open, o->cap_open);
    *x = (struct snapshot){.number = ++o->last, .asked_ms = s->now.v, .changed_ms = -1};
    take_config(x, &ev->order.config);
    write_snapshot(t, x, fx);
    return 0;
}

static void ask_standing(struct server *s, struct task *t, const struct event *ev, struct effects *fx)
{
    struct orders *o = orders_of(t);
    if (ev->order.what == ASK_RESYNC) {
        o->resync++;
    } else {
        o->period_ms = ev->order.period_ms;
        take_config(&o->periodic, &ev->order.config);
    }
    o->periodic.asked_ms = s->now.v;
    write_snapshot(t, &o->periodic, fx);
}

void order_resync(struct server *s, uint32_t slot, struct effects *fx)
{
    struct task *t = &s->task[slot];
    if (task_ended(t) || t->aborting || t->deleting || !t->n_started)
        return;
    ask_standing(s, t, &(struct event){.order.what = ASK_RESYNC}, fx);
    server_trace(s, CHANGE_SNAPSHOT, (int64_t)t->id, ASK_RESYNC);
    wake_all(s, t);
}

void server_task_order(struct server *s, const struct event *ev, struct effects *fx)
{
    uint32_t slot;
    const char *why = NULL;
    int code = 0;
    if (!server_find_task(s, ev->order.account, ev->order.id, &slot) || s->task[slot].deleting) {
        fx_reply(fx, ev->token, 404, NULL)->message =
            arena_printf(&fx->arena, "No such task: %s", ev->order.id);
        return;
    }
    struct task *t = &s->task[slot];
    bool later = ev->order.what == ASK_PERIODIC; // may be asked before it runs
    if (task_ended(t) || t->aborting || (!later && !t->n_started)) {
        code = ev->order.what == ASK_RESYNC ? 400 : 403;
        why = arena_printf(&fx->arena, "The task %s is not running: it is %s", ev->order.id,
                           task_state_name(t->state));
    } else if (ev->order.what == ASK_SNAPSHOT) {
        code = ask_snapshot(s, t, ev, fx, &why);
    } else {
        ask_standing(s, t, ev, fx);
    }
    struct reply *r = fx_reply(fx, ev->token, code ? code : 200, why);
    r->id = t->id;
    r->count = !code && rare_of(t)->orders ? rare_of(t)->orders->last : 0;
    if (code)
        return;
    server_trace(s, CHANGE_SNAPSHOT, (int64_t)t->id, ev->order.what);
    wake_all(s, t);
}

// ---- told

static struct snapshot *open_snapshot(struct task *t, uint32_t number)
{
    for (size_t i = 0; rare_of(t)->orders && number && i < rare_of(t)->orders->n_open; i++)
        if (rare_of(t)->orders->open[i].number == number)
            return &rare_of(t)->orders->open[i];
    return NULL;
}

void lease_snapshot(struct server *s, uint32_t lease, const struct report *r, struct effects *fx)
{
    struct lease *l = &s->lease[lease];
    struct task *t = &s->task[l->task];
    struct snapshot *x = open_snapshot(t, r->snapshot.number);
    bool well = !*r->snapshot.code;
    if (!rare_of(t)->orders || !r->snapshot.part)
        return; // it was never asked
    if (x) {
        x->changed_ms = s->now.v;
        x->status = SNAPSHOT_IN_PROGRESS;
        x->failed |= !well;
        x->bytes += r->snapshot.bytes > 0 ? r->snapshot.bytes : 0;
        x->moved += well && r->snapshot.bytes > 0 ? r->snapshot.bytes : 0;
    }
    if (r->snapshot.number > l->snapshots) {
        l->snapshots = r->snapshot.number;
        struct change *c = fx_change(fx, CHANGE_LEASE);
        lease_row(s, l, &c->lease);
    }
    if (well && r->snapshot.files > 0 && !t->deleting) {
        const struct snapshot *as = x ? x : &rare_of(t)->orders->periodic;
        publish_begin(s, lease,
                      &(struct publish_what){
                          .part = r->snapshot.part, .snapshot = r->snapshot.number, .bucket = as->bucket},
                      fx);
        if (x)
            x->publishing++;
    } else if (!well && !x) {
        bool in = strncmp(r->snapshot.code, "resources", 9) == 0; // asked for again
        task_error(t, r->snapshot.code, r->snapshot.message, in ? "resources" : "snapshot");
        task_touch(s, l->task);
    }
    if (x)
        write_snapshot(t, x, fx);
    orders_settle(s, l->task, fx);
}

void snapshot_publishing(struct task *t, uint32_t number)
{
    struct snapshot *x = open_snapshot(t, number);
    if (x)
        x->publishing++;
}

void snapshot_published(struct server *s, uint32_t task, uint32_t number, bool well, struct effects *fx)
{
    struct task *t = &s->task[task];
    struct snapshot *x = open_snapshot(t, number);
    if (!x)
        return;
    x->publishing--;
    x->failed |= !well;
    x->changed_ms = s->now.v;
    orders_settle(s, task, fx);
}

static bool awaited(const struct server *s, const struct task *t, const struct snapshot *x)
{
    for (uint32_t l = t->first_lease; l != NONE; l = s->lease[l].next)
        if (lease_under_way(&s->lease[l]) && !s->lease[l].uploading && s->lease[l].snapshots < x->number &&
            s->lease[l].started.v <= x->asked_ms)
            return true;
    return x->publishing > 0;
}

void orders_settle(struct server *s, uint32_t task, struct effects *fx)
{
    struct task *t = &s->task[task];
    struct orders *o = rare_of(t)->orders;
    size_t kept = 0;
    for (size_t i = 0; o && i < o->n_open; i++) {
        struct snapshot *x = &o->open[i];
        if (awaited(s, t, x)) {
            o->open[kept++] = *x;
            continue;
        }
        // Nobody told anything: every instance had ended before it could.
        x->status = x->failed || x->status == SNAPSHOT_TRIGGERED ? SNAPSHOT_FAILURE : SNAPSHOT_SUCCESS;
        x->changed_ms = s->now.v;
        write_snapshot(t, x, fx);
        snapshot_deinit(x);
    }
    if (o)
        o->n_open = kept;
}
