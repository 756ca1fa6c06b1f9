// SPDX-License-Identifier: Apache-2.0
//
// What is asked of a run while its command runs: its resources again, snapshots. One errand at a time; when
// the command ends, the errand does, because then its results go.
#include <stdio.h>
#include <string.h>

#include "core/engine/agent_inside.h"

static struct stage_snapshot copy(const struct stage_snapshot *x, struct arena *a)
{
    return (struct stage_snapshot){.number = x->number,
                                   .out = {.prefix = arena_strdup(a, x->out.prefix),
                                           .whitelist = arena_strdup(a, x->out.whitelist),
                                           .blacklist = arena_strdup(a, x->out.blacklist)}};
}

void order_take(struct agent_run *r, const struct stage_orders *o, house_ms now, bool is_new)
{
    if (!o)
        return;
    int64_t before_ms = r->orders.period_ms;
    arena_deinit(&r->orders_arena);
    r->orders_arena = ARENA_NULL;
    struct stage_snapshot *v = arena_alloc(&r->orders_arena, (o->n_unique + 1) * sizeof *v);
    r->orders = *o;
    r->orders.periodic = copy(&o->periodic, &r->orders_arena);
    for (size_t i = 0; i < o->n_unique; i++)
        v[i] = copy(&o->unique[i], &r->orders_arena);
    r->orders.unique = v;
    if (is_new)
        r->resync = o->resync; // what it fetches before it starts is of now
    if (is_new || before_ms != o->period_ms)
        r->snapshot_at = house_add(now, o->period_ms);
}

static void snapshot_begin(struct agent *a, struct agent_run *r, const struct stage_snapshot *x, house_ms now,
                           struct agent_actions *out)
{
    struct agent_action *act = stage_act(a, r, ACT_STORE, out);
    const struct stage_out *as = &r->launch.stage->snapshot;
    r->errand = ERRAND_SNAPSHOT;
    r->errand_since = now;
    r->number = x->number;
    act->stage.part = ++r->parts;
    act->stage.out = (struct stage_out){.prefix = x->out.prefix ? x->out.prefix : as->prefix,
                                        .whitelist = x->out.whitelist ? x->out.whitelist : as->whitelist,
                                        .blacklist = x->out.blacklist ? x->out.blacklist : as->blacklist};
}

static const struct stage_snapshot *next_unique(const struct agent_run *r)
{
    for (size_t i = 0; i < r->orders.n_unique; i++)
        if (r->orders.unique[i].number > r->snapshots)
            return &r->orders.unique[i];
    return NULL;
}

static void tell(struct agent *a, const struct agent_run *r, int64_t files, int64_t bytes, const char *code,
                 const char *message, house_ms now)
{
    if (r->mute)
        return;
    struct report *p = outbox_add(a, REPORT_SNAPSHOT, "", r->lease, now);
    p->snapshot.number = r->number;
    p->snapshot.part = r->parts ? r->parts : 1;
    p->snapshot.files = files;
    p->snapshot.bytes = bytes;
    snprintf(p->snapshot.code, sizeof p->snapshot.code, "%s", code);
    snprintf(p->snapshot.message, sizeof p->snapshot.message, "%.159s", message);
}

static void end_errand(struct agent *a, struct agent_run *r, int64_t files, int64_t bytes, const char *code,
                       const char *message, house_ms now)
{
    if (r->errand == ERRAND_RESYNC)
        r->number = 0;
    if (r->errand == ERRAND_SNAPSHOT || code) // of resources that came again nobody needs to hear
        tell(a, r, files, bytes, code ? code : "", message ? message : "", now);
    if (r->number > r->snapshots)
        r->snapshots = r->number;
    r->errand = ERRAND_NONE;
}

void order_step(struct agent *a, struct agent_run *r, house_ms now, struct agent_actions *out)
{
    const struct stage_snapshot *x;
    if (!r->launch.stage)
        return;
    if (r->errand != ERRAND_NONE) {
        if (house_since(now, r->errand_since) > a->cfg.stage_timeout_ms)
            end_errand(a, r, 0, 0, "staging-timeout", "its files did not get any further", now);
        return;
    }
    if (r->orders.resync != r->resync) {
        r->resync = r->orders.resync;
        r->errand = ERRAND_RESYNC;
        r->errand_since = now;
        stage_act(a, r, ACT_FETCH, out);
    } else if ((x = next_unique(r))) {
        snapshot_begin(a, r, x, now, out);
    } else if (r->orders.period_ms > 0 && !house_before(now, r->snapshot_at)) {
        r->snapshot_at = house_add(now, r->orders.period_ms);
        snapshot_begin(a, r, &r->orders.periodic, now, out);
    }
}

void order_done(struct agent *a, struct agent_run *r, const struct agent_event *ev)
{
    if (r->errand != ERRAND_NONE)
        end_errand(a, r, ev->staged.files, r->errand == ERRAND_SNAPSHOT ? ev->staged.bytes : 0,
                   ev->staged.but_some ? NULL : ev->staged.code, // the end names what stays behind
                   ev->staged.but_some ? NULL : ev->staged.message, ev->now);
}

void order_cut(struct agent *a, struct agent_run *r, house_ms now)
{
    if (r->errand == ERRAND_SNAPSHOT && r->number)
        end_errand(a, r, 0, 0, "snapshot-too-late", "the command ended before its files were stored", now);
    r->errand = ERRAND_NONE;
}
