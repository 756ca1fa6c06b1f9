// SPDX-License-Identifier: Apache-2.0
//
// The engine's doors: new, apply, settle. One function per kind of event; see server_state.h for who has
// which.
#include "base/hash.h"
#include "base/mem.h"
#include "core/engine/server_data.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_job.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"
#include "core/plan/policy.h"

#include <stdlib.h>
#include <string.h>

void server_config_default(struct server_config *c)
{
    *c = (struct server_config){
        .instances_per_task = 2048,
        .tasks_per_account = 1000000,
        .secrets_per_account = 1000,
        .jobs_per_account = 1000,
        .pools_per_account = 1000,
        .lease_ms = 60000,
        .lease_margin_ms = 10000,
        .start_timeout_ms = 300000,
        .preempt_grace_ms = 60000,
        .rest_first_ms = 60000,
        .rest_most_ms = 3600000,
        .donated_allowed = true,
        .filler_allowed = true,
        .bill = bill_default(),
    };
}

struct server *server_new(const struct server_config *cfg)
{
    struct server *s = mem_alloc(sizeof *s);
    s->cfg = *cfg;
    s->planner =
        planner_new_with(price_table_default(),
                         plan_policy_at(s->cfg.policy) ? plan_policy_at(s->cfg.policy) : plan_policy_at(0));
    planner_makes_copies(s->planner, s->cfg.makes_copies);
    s->next_id = 1;
    s->id_written = 1;
    s->hash = HASH_SEED;
    s->restoring = true;
    return s;
}

void server_prices(struct server *s, const struct price_table *prices)
{
    const struct plan_policy *policy = planner_policy(s->planner);
    planner_free(s->planner);
    s->planner = planner_new_with(prices, policy);
    planner_makes_copies(s->planner, s->cfg.makes_copies);
}

static void free_records(struct server *s)
{
    for (size_t i = 0; i < s->n_tasks; i++)
        if (s->task[i].id && !s->task[i].holder) // a holder goes with its pool
            task_slot_free(s, (uint32_t)i);
    for (size_t i = 0; i < s->n_jobs; i++)
        if (s->job[i].id)
            job_slot_free(s, (uint32_t)i);
    for (size_t i = 0; i < s->n_pools; i++)
        if (s->pool[i].id)
            pool_slot_free(s, (uint32_t)i);
    server_users_free(s); // tasks and jobs counted in them
    for (size_t i = 0; i < s->n_sites; i++)
        site_setting_deinit(&s->site[i].setting);
    for (size_t i = 0; i < s->n_zones; i++)
        free(s->zone[i]->schedule);
    for (size_t i = 0; i < s->n_boards; i++)
        board_deinit(s, s->board[i]);
    slab_deinit(&s->zones);
    slab_deinit(&s->boards);
    for (size_t i = 0; i < s->n_nodes; i++) {
        free(s->node[i].zone);
        free(s->node[i].board);
        free(s->node[i].keeps);
    }
}

static void free_vectors(struct server *s)
{
    void *const vectors[] = {s->task,         s->free_task,     s->lease,
                             s->free_lease,   s->site,          s->zone,
                             s->board,        s->node,          s->timer,
                             s->dirty_task,   s->dirty_zone.v,  s->dirty_board.v,
                             s->dirty_node.v, s->dirty_meter.v, s->dirty_job.v,
                             s->dirty_wait.v, s->job,           s->free_job,
                             s->edge,         s->resolved,      s->expiring,
                             s->history,      s->landing,       s->publishing,
                             s->opened,       s->dirty_pool.v,  s->dirty_pool_look.v,
                             s->pool,         s->free_pool,     s->data,
                             s->free_data};
    for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
        free(vectors[i]);
}

static void free_indexes(struct server *s)
{
    keyset_deinit(&s->task_by_id);
    keyset_deinit(&s->task_by_uuid);
    struct idmap *const ids[] = {&s->account_by_id,  &s->lease_by_id, &s->site_by_id,   &s->zone_by_id,
                                 &s->board_by_id,    &s->node_by_id,  &s->job_by_id,    &s->job_by_uuid,
                                 &s->expiring_by_id, &s->pool_by_id,  &s->pool_by_uuid, &s->data_by_key,
                                 &s->kept_boards,    &s->make_by_hash};
    for (size_t i = 0; i < ARRAY_LEN(ids); i++)
        idmap_deinit(ids[i]);
    struct strmap *const names[] = {
        &s->account_by_email, &s->shortname,     &s->site_by_name, &s->zone_by_name, &s->board_by_name,
        &s->node_by_name,     &s->job_shortname, &s->secret,       &s->history_at,   &s->pool_shortname};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        strmap_deinit(names[i]);
}

void server_free(struct server *s)
{
    if (!s)
        return;
    free_records(s);
    free_vectors(s);
    free_indexes(s);
    planner_free(s->planner);
    plan_deinit(&s->plan);
    ledger_deinit(&s->ledger);
    free(s);
}

static void tick(struct server *s, struct effects *fx)
{
    struct timer t;
    while (timer_pop_due(s, s->now, &t)) {
        switch ((enum timer_kind)t.kind) {
        case TIMER_NODE:
            server_node_timer(s, t.id, fx);
            break;
        case TIMER_LEASE:
            lease_timer(s, t.id, fx);
            break;
        case TIMER_MOVE:
            server_move_timer(s, t.id, fx);
            break;
        case TIMER_QUEUE_MAX:
            server_queue_max(s, t.id, fx);
            break;
        case TIMER_HELD_BACK:
            server_release_held(s, t.id);
            break;
        case TIMER_BOARD:
            server_board_timer(s, t.id);
            break;
        case TIMER_TASK_EXPIRE:
            server_task_expire(s, t.id, fx);
            break;
        case TIMER_JOB_WALL:
            server_job_wall(s, t.id, fx);
            break;
        case TIMER_JOB_EXPIRE:
            server_job_expire(s, t.id);
            break;
        case TIMER_POOL:
            server_pool_timer(s, t.id);
            break;
        case TIMER_RESERVATION:
            server_reservation_timer(s, t.id, fx);
            break;
        case TIMER_HOLD:
            lease_hold_timer(s, t.id, fx);
            break;
        case TIMER_LOST:
            lost_timer(s, t.id);
            break;
        case TIMER_SITE:
            server_site_timer(s, t.id);
            break;
        }
    }
}

typedef void handler(struct server *s, const struct event *ev, struct effects *fx);

static handler *const handlers[EVENT_KIND_N] = {
    [EVENT_ACCOUNT_PUT] = server_account_put,
    [EVENT_ORGANISATION_PUT] = server_organisation_put,
    [EVENT_PROJECT_PUT] = server_project_put,
    [EVENT_TOKEN_PUT] = server_token_put,
    [EVENT_BUDGET_PUT] = server_budget_put,
    [EVENT_RESERVATION_PUT] = server_reservation_put,
    [EVENT_TASKS_CREATE] = server_tasks_create,
    [EVENT_TASK_PUT] = server_task_put,
    [EVENT_TASK_ABORT] = server_task_abort,
    [EVENT_TASKS_ABORT] = server_tasks_abort,
    [EVENT_TASK_DELETE] = server_task_delete,
    [EVENT_SYNC] = server_sync_up,
    [EVENT_ZONE_SET] = server_zone_set,
    [EVENT_SITE_SET] = server_site_set,
    [EVENT_BOARD_BAR] = server_board_bar,
    [EVENT_LID_CLEAR] = server_lid_clear,
    [EVENT_SECRET] = server_secret,
    [EVENT_JOB_CREATE] = server_job_create,
    [EVENT_JOB_TERMINATE] = server_job_terminate,
    [EVENT_JOB_DELETE] = server_job_delete,
    [EVENT_JOB_SWEEP] = server_job_sweep,
    [EVENT_POOL_CREATE] = server_pool_create,
    [EVENT_POOL_PUT] = server_pool_put,
    [EVENT_POOL_CLOSE] = server_pool_close,
    [EVENT_POOL_DELETE] = server_pool_delete,
    [EVENT_POOL_RESYNC] = server_pool_resync,
    [EVENT_TASK_ORDER] = server_task_order,
    [EVENT_PUBLISHED] = server_published,
    [EVENT_REPLICA] = server_replica,
    [EVENT_ZONES_WANT] = server_zones_want,
};

void server_apply(struct server *s, const struct event *ev, struct effects *fx)
{
    if (house_before(s->now, ev->now)) // the house's clock never goes back
        s->now = ev->now;
    s->counts.events++;
    server_trace(s, ev->kind, (int64_t)ev->seq, s->now.v);
    tick(s, fx);
    if (handlers[ev->kind])
        handlers[ev->kind](s, ev, fx);
    server_resolve(s, fx);
}

static void write_tasks(struct server *s, struct effects *fx)
{
    for (size_t i = 0; i < s->n_dirty; i++) {
        struct task *t = &s->task[s->dirty_task[i]];
        if (!t->id || !t->dirty)
            continue;
        t->dirty = false;
        if (!fx->no_rows)
            task_live_row(s, t, &fx->arena, &fx_change(fx, CHANGE_TASK_LIVE)->live);
        if (task_ended(t)) { // it leaves memory with the commit that ends it
            if (rare_of(t)->keep_ms > 0)
                expire_add(s, t->id, t->in_job ? s->job[t->in_job->job].id : 0, t->uuid,
                           house_add(s->now, rare_of(t)->keep_ms));
            task_slot_free(s, s->dirty_task[i]);
        }
    }
    s->n_dirty = 0;
}

static void write_nodes(struct server *s, struct effects *fx)
{
    for (size_t i = 0; i < s->dirty_node.n; i++) {
        struct node *n = &s->node[s->dirty_node.v[i]];
        n->listed = false;
        if (n->dirty && !fx->no_rows)
            fx_change(fx, CHANGE_NODE)->node = (struct row_node){.id = n->id,
                                                                 .name = arena_strdup(&fx->arena, n->name),
                                                                 .nonce = n->nonce,
                                                                 .epoch = n->epoch,
                                                                 .seq = n->seq,
                                                                 .seen_ms = n->seen.v};
        n->dirty = false;
        if (n->woken) {
            n->woken = false;
            struct node_wake *w = VEC_PUSH(fx->wake, fx->n_wakes, fx->cap_wakes);
            *w = (struct node_wake){n->id, s->dirty_node.v[i] + 1};
        }
    }
    s->dirty_node.n = 0;
}

static void write_fleet(struct server *s, struct effects *fx)
{
    for (size_t i = 0; i < s->dirty_zone.n; i++) {
        struct zone *z = s->zone[s->dirty_zone.v[i]];
        z->dirty = false;
        if (!fx->no_rows)
            zone_row(s, z, &fx->arena, &fx_change(fx, CHANGE_ZONE)->zone);
    }
    s->dirty_zone.n = 0;
    for (size_t i = 0; i < s->dirty_board.n; i++) {
        struct board *b = s->board[s->dirty_board.v[i]];
        b->dirty = false;
        if (!fx->no_rows)
            board_row(s, b, &fx->arena, &fx_change(fx, CHANGE_BOARD)->board);
    }
    s->dirty_board.n = 0;
}

void server_settle(struct server *s, house_ms now, struct effects *fx)
{
    if (house_before(s->now, now))
        s->now = now;
    server_budgets_settle(s, fx);
    server_pools_work(s, fx);
    server_resolve(s, fx); // a pool that fails ends its tasks
    quota_settle(s);
    server_carry_out(s, s->now, fx);
    server_waits_settle(s, fx);
    write_tasks(s, fx);
    server_jobs_settle(s, fx);
    server_pools_settle(s, fx);
    write_fleet(s, fx);
    write_nodes(s, fx);
    server_ledger_rows(s, fx);
    if (s->next_id != s->id_written) {
        fx_change(fx, CHANGE_META)->meta = (struct row_meta){.name = "next_id", .value = (int64_t)s->next_id};
        s->id_written = s->next_id;
    }
}

house_ms server_next_tick(const struct server *s)
{
    house_ms plan = planner_look_again(s->planner);
    return s->n_timers && house_before(s->timer[0].at, plan) ? s->timer[0].at : plan;
}

uint64_t server_hash(const struct server *s)
{
    return s->hash;
}
