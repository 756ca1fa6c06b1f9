// SPDX-License-Identifier: Apache-2.0
#include "api/task_views.h"

#include <stdlib.h>
#include <string.h>

#include "api/found.h"
#include "base/mem.h"
#include "core/work/netplan.h"
#include "core/work/profile.h"
#include "core/work/ranges.h"

void views_clear(struct views *v)
{
    v->n = v->n_live = 0;
}

void views_deinit(struct views *v)
{
    free(v->v);
    free(v->live);
    *v = (struct views){0};
}

struct task_view *views_add(struct views *v, const struct row_task *row)
{
    struct task_view *t = VEC_PUSH(v->v, v->n, v->cap);
    *t = (struct task_view){.row = *row};
    return t;
}

bool views_find(struct call *c, struct views *v)
{
    struct row_task row = {0};
    bool found = found_task(c, &row);
    if (found)
        views_add(v, &row);
    return found;
}

static bool any_text(const char *text)
{
    return text && *text;
}

// Whether an attempt of it may have ended: each that did left a trace in the row.
static bool tried(const struct row_task_live *l)
{
    return any_text(l->started_once) || any_text(l->succeeded) || any_text(l->failed) ||
           any_text(l->cancelled) || l->retries_used || l->lost_attempts || l->preempted_attempts ||
           l->exec_ms || l->wall_ms;
}

// Its standing order. None can be of a task that names no bucket; one that has ended follows none.
static int read_period(struct call *c, struct task_view *t, struct err *e)
{
    struct row_snapshot orders = {0};
    if (task_state_final(t->row.live.state) || !t->row.body || !strstr(t->row.body, "Bucket"))
        return 0;
    int r = c->reader->snapshot(c->reader->ctx, t->row.id, 0, &c->arena, &orders, e);
    t->snapshot_ms = r == 0 ? orders.period_ms : 0;
    return r < 0 ? r : 0;
}

static int read_attempts(struct call *c, struct views *v, struct err *e)
{
    int r = 0;
    for (size_t i = 0; i < v->n && r == 0; i++) {
        struct task_view *t = &v->v[i];
        if (tried(&t->row.live))
            r = c->reader->attempts(c->reader->ctx, t->row.id, &c->arena, &t->attempt, &t->n_attempts, e);
        if (r == 0)
            r = read_period(c, t, e);
    }
    return r;
}

bool views_attempts(struct call *c, struct views *v)
{
    struct err e = ERR_NULL;
    bool many = v->n > 1;
    int r = many ? c->reader->hold(c->reader->ctx, &e) : 0;
    if (r == 0) {
        r = read_attempts(c, v, &e);
        if (many && c->reader->let_go(c->reader->ctx, &e) < 0 && r == 0)
            r = e.code;
    }
    if (r < 0)
        call_store_error(c, r);
    return r >= 0;
}

bool views_any_live(const struct views *v)
{
    for (size_t i = 0; i < v->n; i++)
        if (!task_state_final(v->v[i].row.live.state))
            return true;
    return false;
}

struct copying {
    struct views *v;
    uint64_t task;
};

static void copy(void *ctx, const struct live_view *view)
{
    struct copying *k = ctx;
    struct live_copy *l = VEC_PUSH(k->v->live, k->v->n_live, k->v->cap_live);
    *l = (struct live_copy){0};
    l->task = k->task;
    l->view = *view;
    if (view->spec)
        l->spec = *view->spec;
    l->spec.cores = view->cores;
    if (!l->view.memory_max_mb) // before the first report of its levels
        l->view.memory_max_mb = l->spec.memory_mb;
    uuid_of_name(l->site_uuid, "site", view->site);
    l->view.spec = NULL;
    l->view.board = l->view.site = NULL;
}

// Where in its cluster what runs of it is.
static void addresses(struct views *v, const struct task_view *t)
{
    struct ranges members = RANGES_NULL;
    if (ranges_parse(&members, t->row.ranges ? t->row.ranges : "", NETPLAN_MEMBERS_MAX, NULL) == 0)
        for (size_t k = t->first_live; k < t->first_live + t->n_live; k++)
            v->live[k].address = netplan_address(netplan_rank(&members, v->live[k].view.instance));
    ranges_deinit(&members);
}

static bool may_have_rules(const struct row_task *row)
{
    return row->body && strstr(row->body, "\"forcedNetworkRules\"");
}

// The ports that lead into what runs of it. A pool may have rules that its tasks do not name.
static void forwards(struct call *c, struct views *v, struct task_view *t)
{
    const struct profile *p =
        t->n_live && c->be->forwards ? profile_find(&c->be->profiles, t->row.profile) : NULL;
    t->forward = NULL;
    t->n_forwards = 0;
    if (p && (profile_features_of(p) & PROFILE_CLUSTER))
        addresses(v, t);
    if (!p || (!(profile_features_of(p) & PROFILE_SSH) && !t->row.pool && !may_have_rules(&t->row)))
        return;
    struct forward_view *f = arena_alloc(&c->arena, FORWARDS_MAX * sizeof *f);
    t->n_forwards = c->be->forwards(c->be->ctx, t->row.id, f, FORWARDS_MAX);
    t->forward = f;
}

void views_live(struct call *c, struct views *v)
{
    v->n_live = 0;
    for (size_t i = 0; i < v->n; i++) {
        struct task_view *t = &v->v[i];
        struct copying k = {.v = v, .task = t->row.id};
        t->first_live = v->n_live;
        if (!task_state_final(t->row.live.state))
            server_live(c->engine, t->row.id, copy, &k);
        t->n_live = v->n_live - t->first_live;
        forwards(c, v, t);
    }
}

void views_render(struct json_out *o, const struct views *v, size_t i, house_ms now, const char *storage_url)
{
    const struct task_view *t = &v->v[i];
    struct task_extra x = {.attempt = t->attempt,
                           .n_attempts = t->n_attempts,
                           .live = v->live ? v->live + t->first_live : NULL,
                           .n_live = t->n_live,
                           .forward = t->forward,
                           .n_forwards = t->n_forwards,
                           .now = now,
                           .snapshot_ms = t->snapshot_ms,
                           .storage_url = storage_url};
    task_render(o, NULL, &t->row, &x);
}
