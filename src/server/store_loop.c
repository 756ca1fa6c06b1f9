// SPDX-License-Identifier: Apache-2.0
//
// The store's thread: all batches that wait become one transaction (group commit); then, and only then, their
// answers go out. When the transaction fails, none of its batches happened: their writers are told so, and
// the engine's memory, which is ahead of the disk, is thrown away.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/shown.h"
#include "base/mem.h"
#include "server/inside.h"
#include "server/relay.h"

#define GROUP_BATCHES 64

struct group {                // everything of the batches that are committed together
    const struct change *all; // `change`, or that of the only batch that has any
    struct change *change;
    size_t n_changes, cap_changes;
    struct fresh_read *fresh;
    size_t n_fresh, cap_fresh;
};

static bool is_fresh(const struct submission *s)
{
    return s->event.kind >= EVENT_KIND_N;
}

static void collect(struct group *g, const struct batch *b)
{
    if (b->fx.n_changes && !g->n_changes) {
        g->all = b->fx.change;
        g->n_changes = b->fx.n_changes;
    } else if (b->fx.n_changes) {
        if (g->all != g->change) {
            mem_grow(&g->change, &g->cap_changes, g->n_changes, sizeof *g->change);
            memcpy(g->change, g->all, g->n_changes * sizeof *g->change);
        }
        mem_grow(&g->change, &g->cap_changes, g->n_changes + b->fx.n_changes, sizeof *g->change);
        memcpy(&g->change[g->n_changes], b->fx.change, b->fx.n_changes * sizeof *g->change);
        g->n_changes += b->fx.n_changes;
        g->all = g->change;
    }
    for (size_t i = 0; i < b->n_submissions; i++) {
        if (!is_fresh(b->submission[i]))
            continue;
        struct fresh_read *f = VEC_PUSH(g->fresh, g->n_fresh, g->cap_fresh);
        *f = b->submission[i]->fresh;
    }
}

// ---- answers

void sync_refuse(struct http_park *park, int error)
{
    struct buf body = BUF_INIT(512);
    int status = error == -ENOSPC ? 507 : 503;
    buf_putf(&body, "{\"message\":\"%s\"}",
             error == -ENOSPC ? "the server's disk is full: nothing was recorded (try again later)"
                              : "the server cannot record now (try again later)");
    size_t n = body.n;
    http_unpark(park, status, "application/json", buf_take(&body), n, NULL);
}

static void send_refusal(const struct sync_answer *a)
{
    struct buf body = BUF_INIT(2048);
    buf_puts(&body, "{\"message\":\"");
    for (const char *p = a->message ? a->message : ""; *p; p++)
        if (*p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
            buf_putc(&body, *p);
    buf_puts(&body, "\"}");
    size_t n = body.n;
    http_unpark(a->park, a->code, "application/json", buf_take(&body), n, NULL);
}

// 0, 1 when it is no longer there, negative error. NULL: a pool's node with nothing to prepare.
static int read_body(struct runtime *r, const struct assignment *x, struct arena *arena, const char **body,
                     uint64_t *account, struct err *e)
{
    struct store_reader *reader = &r->body_reader;
    struct row_task task = {0};
    struct row_pool pool = {0};
    int code = x->pool ? reader->pool_by_id(reader->ctx, x->pool, arena, &pool, e) : 0;
    *account = pool.account;
    if (code != 0 || x->slots)
        return code ? code : body_of_node(&pool, arena, body, e);
    code = reader->task_by_id(reader->ctx, x->task, arena, &task, e);
    *account = task.account;
    *body = task.body;
    return code || !x->pool ? code : body_in_pool(&pool, task.body, arena, body, e);
}

// The bodies of what a node is to begin. A body that cannot be read now is no reason to stop anything: the
// node asks again.
static int fill_bodies(struct runtime *r, struct sync_answer *a, struct arena *arena)
{
    struct err e = ERR_NULL;
    for (size_t i = 0; i < a->down.n_assignments; i++) {
        struct assignment *x = &a->down.assignment[i];
        const char *body = NULL;
        uint64_t account = 0;
        if (!x->need_body)
            continue;
        int code = read_body(r, x, arena, &body, &account, &e);
        if (code < 0) {
            fprintf(stderr, "ondol: store: no body for a node: %s\n", e.text);
            return code;
        }
        // A secret that does not open concerns this task only: its instance starts with what there is and
        // says so itself.
        if (code == 0 && body && body_open(r, account, x, body, arena, &x->body, &e) < 0)
            fprintf(stderr, "ondol: task %s: %s\n", x->task_uuid, e.text);
        x->stop |= code > 0; // it was deleted meanwhile; the next answer does not have it
    }
    return 0;
}

static void send_answer(struct runtime *r, struct sync_answer *a, struct arena *arena)
{
    if (a->code != 200) {
        send_refusal(a);
        return;
    }
    int code = fill_bodies(r, a, arena);
    if (code < 0) {
        sync_refuse(a->park, code);
        return;
    }
    size_t n;
    char *text = wire_down_encode(&a->down, &n);
    http_unpark(a->park, 200, "application/json", text, n, NULL);
}

static const struct reply *reply_of(const struct batch *b, uint64_t token)
{
    for (size_t i = 0; i < b->fx.n_replies; i++)
        if (b->fx.reply[i].token == token)
            return &b->fx.reply[i];
    return NULL;
}

// What others than the engine want to know of what was committed.
static void note_rows(struct runtime *r, const struct batch *b)
{
    bool people = false;
    for (size_t i = 0; i < b->fx.n_changes; i++) {
        const struct change *c = &b->fx.change[i];
        accounts_note(r, c);
        people |= c->kind == CHANGE_ACCOUNT || c->kind == CHANGE_TOKEN;
        if ((r->objects || r->outside) && (c->kind == CHANGE_PUBLISH || c->kind == CHANGE_LEASE_GONE))
            publish_note(r, c);
        if (c->kind == CHANGE_LEASE_GONE)
            relay_lease_gone(r, c->gone);
    }
    if (people)
        streams_recheck(r);
}

static void let_out(struct runtime *r, struct batch *b)
{
    note_rows(r, b);
    size_t next_reply = 0;
    for (size_t i = 0; i < b->n_submissions; i++) {
        struct submission *s = b->submission[i];
        const struct reply *reply = NULL;
        if (!is_fresh(s)) { // replies come in the order of the submissions, but for syncs between them
            while (next_reply < b->fx.n_replies && b->fx.reply[next_reply].token != i + 1)
                next_reply++;
            reply = next_reply < b->fx.n_replies ? &b->fx.reply[next_reply] : reply_of(b, i + 1);
        }
        s->done(s, reply, !is_fresh(s) && !reply ? -EIO : 0);
    }
    for (size_t i = 0; i < b->n_answers; i++)
        send_answer(r, &b->answer[i], &b->fx.arena);
    for (size_t i = 0; i < b->n_queries; i++)
        b->query[i].after(b->query[i].arg, 0);
    for (size_t i = 0; i < b->fx.n_notes; i++) {
        if (strcmp(b->fx.note[i].kind, "plan-check") == 0) // a bug of ours: never silently
            fprintf(stderr, "ondol: plan: %s was not carried out (please report it)\n", b->fx.note[i].json);
        streams_send(r, &b->fx.note[i]);
    }
}

static void turn_away(struct batch *b, int error)
{
    for (size_t i = 0; i < b->n_submissions; i++)
        b->submission[i]->done(b->submission[i], NULL, error);
    for (size_t i = 0; i < b->n_answers; i++)
        sync_refuse(b->answer[i].park, error);
    for (size_t i = 0; i < b->n_queries; i++)
        b->query[i].after(b->query[i].arg, error); // it saw what did not happen
}

// Made by a memory that has been or will be thrown away: what to answer then, else 0.
static int outdated(struct runtime *r, const struct batch *b)
{
    pthread_mutex_lock(&r->fail_lock);
    int code = b->generation == r->generation && r->recording == RECORDING ? 0 : r->fail_code;
    pthread_mutex_unlock(&r->fail_lock);
    return code;
}

static void fail(struct runtime *r, int code, const struct err *e)
{
    pthread_mutex_lock(&r->fail_lock);
    if (!r->told_failed) // a disk with room for some batches and not for others would say it every second
        fprintf(stderr, "ondol: nothing is recorded now: %s\n", e->text);
    r->told_failed = true;
    r->recording = code == -ESTALE ? DEPOSED : FAILED;
    r->fail_code = code;
    pthread_mutex_unlock(&r->fail_lock);
    queue_poke(&r->items);
}

static void commit_group(struct runtime *r, struct batch **b, size_t n, struct group *g)
{
    struct err e = ERR_NULL;
    g->n_changes = g->n_fresh = 0;
    g->all = NULL;
    for (size_t i = 0; i < n; i++)
        collect(g, b[i]);
    int code = 0;
    shown_changing(r->shown, g->all, g->n_changes);
    if (g->n_changes || g->n_fresh)
        code = r->store.commit(r->store.ctx, r->epoch, g->all, g->n_changes, g->fresh, g->n_fresh, &e);
    shown_changed(r->shown, g->all, g->n_changes);
    if (code < 0)
        fail(r, code, &e);
    for (size_t i = 0; i < n; i++) {
        if (code < 0)
            turn_away(b[i], code);
        else
            let_out(r, b[i]);
        batch_free(b[i]);
    }
}

void *store_main(void *arg)
{
    struct runtime *r = arg;
    struct group g = {0};
    void *taken[GROUP_BATCHES];
    for (;;) {
        size_t n = queue_take(&r->batches, taken, GROUP_BATCHES, -1), kept = 0;
        if (!n && queue_closed(&r->batches))
            break;
        struct batch *group[GROUP_BATCHES];
        for (size_t i = 0; i < n; i++) {
            struct batch *b = taken[i];
            int code = outdated(r, b);
            if (code) {
                turn_away(b, code);
                batch_free(b);
            } else {
                group[kept++] = b;
            }
        }
        if (kept)
            commit_group(r, group, kept, &g);
    }
    free(g.change);
    free(g.fresh);
    return NULL;
}

void *work_main(void *arg)
{
    struct runtime *r = arg;
    void *taken[16];
    for (;;) {
        size_t n = queue_take(&r->jobs, taken, 16, -1);
        if (!n && queue_closed(&r->jobs))
            return NULL;
        for (size_t i = 0; i < n; i++) {
            struct job *j = taken[i];
            j->fn(j->arg, &r->work_reader);
            free(j);
        }
    }
}
