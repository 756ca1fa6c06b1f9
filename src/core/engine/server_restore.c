// SPDX-License-Identifier: Apache-2.0
//
// From rows back to memory. What was acknowledged is all here; what the world did meanwhile the nodes will
// tell: leases get a full new term from now, so that a node that lived through the restart keeps its work.
#include "base/mem.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_job.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"
#include "core/engine/server_user.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int missing(struct err *e, const char *what, uint64_t id)
{
    return err_set(e, -EBADMSG, "store: a row names %s %llu, which is not there", what,
                   (unsigned long long)id);
}

static int restore_zone(struct server *s, const struct row_zone *r, struct err *e)
{
    uint64_t site, node;
    if (!idmap_get(&s->site_by_id, r->site, &site))
        return missing(e, "site", r->site);
    uint32_t at = server_zone_new(s, r->id, r->name);
    struct zone *z = s->zone[at];
    zone_join_site(s, at, (uint32_t)site, r->nameplate_w);
    memcpy(z->label, r->label, strnlen(r->label, NAME_BYTES - 1));
    z->schedule = r->schedule && *r->schedule ? mem_strdup(r->schedule) : NULL;
    z->setpoint_mc = r->setpoint_mc;
    z->mode = r->mode;
    z->is_virtual = r->is_virtual;
    z->boost_until = HOUSE_MS(r->boost_until_ms);
    z->lid_open = HOUSE_MS(r->lid_open_ms);
    z->lid_clear = HOUSE_MS(r->lid_clear_ms);
    z->asked_mj = r->asked_mj;
    z->delivered_mj = r->delivered_mj;
    z->useful_mj = r->useful_mj;
    z->shadow_mj = r->shadow_mj;
    z->base_asked_mj = r->base_asked_mj;
    z->base_delivered_mj = r->base_delivered_mj;
    z->base_useful_mj = r->base_useful_mj;
    z->base_shadow_mj = r->base_shadow_mj;
    if (r->node) {
        if (!idmap_get(&s->node_by_id, r->node, &node))
            return missing(e, "node", r->node);
        node_own_zone(s, (uint32_t)node, at);
    }
    zone_plan(s, at);
    return 0;
}

static int restore_board(struct server *s, const struct row_board *r, struct err *e)
{
    uint64_t zone, node;
    if (!idmap_get(&s->zone_by_id, r->zone, &zone))
        return missing(e, "zone", r->zone);
    uint32_t at = server_board_new(s, r->id, r->name);
    struct board *b = s->board[at];
    if (!board_offer_parse(s, r->offer, b))
        return err_set(e, -EBADMSG, "store: board %s: its offer cannot be read", r->name);
    memcpy(b->heater, r->heater, strnlen(r->heater, NAME_BYTES - 1));
    board_join_zone(s, at, (uint32_t)zone);
    b->barred = r->barred & 1;
    b->node_barred = r->barred & 2; // what the heater said last stands until it says otherwise
    board_say(b->barred || !b->node_barred ? &b->barred_why : &b->node_barred_why, r->barred_why);
    b->start_failures = r->start_failures;
    b->rests_until = HOUSE_MS(r->rests_until_ms);
    if (r->node) {
        if (!idmap_get(&s->node_by_id, r->node, &node))
            return missing(e, "node", r->node);
        node_own_board(s, (uint32_t)node, at);
    }
    board_plan(s, at);
    return 0;
}

static int restore_meter(struct server *s, const struct row_meter *r, struct err *e)
{
    uint64_t at;
    if (!idmap_get(&s->board_by_id, r->board, &at))
        return missing(e, "board", r->board);
    struct board *b = s->board[at];
    b->meter_epoch = r->epoch;
    b->meter = (struct meter){.started = r->started,
                              .at = HOUSE_MS(r->at_ms),
                              .raw_mj = r->raw_mj,
                              .total_mj = r->total_mj,
                              .resets = r->resets,
                              .wraps = r->wraps,
                              .gaps = r->gaps};
    for (int a = 0; a < ACTIVITY_N; a++) {
        b->part_mj[a] = r->part_mj[a];
        b->part_ms[a] = r->part_ms[a];
        b->energy_mj[a] = r->energy_mj[a];
        b->spent_ms[a] = r->spent_ms[a];
    }
    return 0;
}

static int parse_set(struct ranges *set, const char *text, struct err *e)
{
    return text && *text ? ranges_parse(set, text, RANGES_ID_MAX, e) : 0;
}

static bool untouched(const struct row_task_live *l)
{
    const char *const set[] = {l->succeeded, l->failed, l->cancelled, l->started_once};
    for (size_t i = 0; i < ARRAY_LEN(set); i++)
        if (set[i] && *set[i])
            return false;
    return !l->wall_ms && !l->exec_ms && !l->core_ms && !l->energy_mj;
}

static int restore_job(struct server *s, const struct row_job *r, struct err *e)
{
    uint8_t uuid[16];
    uint64_t account;
    if (!idmap_get(&s->account_by_id, r->account, &account))
        return missing(e, "account", r->account);
    if (!uuid_parse(r->uuid, uuid))
        return err_set(e, -EBADMSG, "store: job %llu: %s is no uuid", (unsigned long long)r->id, r->uuid);
    uint32_t slot = job_slot_new(s, r->id, uuid);
    struct job *j = &s->job[slot];
    j->account = (uint32_t)account;
    s->account[account].jobs++;
    j->name = mem_strdup(r->name ? r->name : "");
    j->body = mem_strdup(r->body ? r->body : "{}");
    j->state = r->state;
    j->previous_state = r->previous_state;
    j->use_dependencies = r->use_dependencies;
    j->auto_delete = r->auto_delete;
    j->swept = r->swept;
    j->created_ms = r->created_ms;
    j->state_ms = r->state_ms;
    j->previous_state_ms = r->previous_state_ms;
    j->modified_ms = r->modified_ms;
    j->wall_ms = r->wall_ms;
    j->keep_ms = r->keep_ms;
    if (r->shortname && j->state != JOB_DELETING && strcasecmp(r->shortname, r->uuid) != 0)
        job_set_shortname(s, slot, r->shortname);
    job_timers(s, slot);
    return 0;
}

// Those it waits for are older, so they are here already; one that is not was deleted with its job.
static int restore_membership(struct server *s, uint32_t slot, const struct row_task *r, struct err *e)
{
    uint64_t job;
    if (!idmap_get(&s->job_by_id, r->job, &job))
        return missing(e, "job", r->job);
    task_join(s, slot, (uint32_t)job);
    struct membership *m = s->task[slot].in_job;
    m->ready_ms = r->ready_ms;
    if (r->depends && !depends_parse(r->depends, &m->depends))
        return err_set(e, -EBADMSG, "store: task %s: what it waits for cannot be read", r->uuid);
    depend_link(s, slot);
    return 0;
}

static int restore_ended(struct server *s, const struct row_task_ended *r, struct err *e)
{
    uint8_t uuid[16];
    uint64_t job;
    if (!uuid_parse(r->uuid, uuid))
        return err_set(e, -EBADMSG, "store: task %llu: %s is no uuid", (unsigned long long)r->id, r->uuid);
    if (r->keep_ms > 0)
        expire_add(s, r->id, r->job, uuid, HOUSE_MS(r->end_ms + r->keep_ms));
    if (r->job && idmap_get(&s->job_by_id, r->job, &job) && s->job[job].state == JOB_ACTIVE &&
        s->job[job].use_dependencies)
        idmap_set(&s->job[job].ended, uuid_key(uuid), depend_end_of((enum task_state)r->state));
    return 0;
}

static void restore_state(struct task *t, const struct row_task *r)
{
    const struct row_task_live *live = &r->live;
    t->activity = r->activity;
    t->instances = r->instances;
    t->created_ms = r->created_ms;
    t->state = live->state;
    t->previous_state = live->previous_state;
    t->state_ms = live->state_ms;
    t->previous_state_ms = live->previous_state_ms;
    t->modified_ms = live->modified_ms;
    t->retries_used = live->retries_used;
    if (live->lost_attempts || live->preempted_attempts || live->results_count) {
        struct task_rare *few = task_rare(t);
        few->lost = live->lost_attempts;
        few->preempted = live->preempted_attempts;
        few->results = live->results_count;
    }
    task_set_limits(t, r->queue_max_ms, r->keep_ms);
    t->aborting = live->state == TASK_PENDING_CANCEL;
    t->deleting = live->state == TASK_PENDING_DELETE;
    t->retries_total = r->retries_total;
    t->retries_each = r->retries_each;
    if (live->errors && strcmp(live->errors, "[]") != 0)
        task_rare(t)->errors = mem_strdup(live->errors);
}

// Its other name, and where it may run.
static int restore_wishes(struct server *s, uint32_t slot, const struct row_task *r, struct err *e)
{
    struct task *t = &s->task[slot];
    if (r->shortname && !t->deleting && strcasecmp(r->shortname, r->uuid) != 0)
        task_set_shortname(s, slot, r->shortname);
    if (r->hardware && *r->hardware) {
        t->constraint = mem_alloc(sizeof *t->constraint);
        if (!constraint_parse(r->hardware, t->constraint))
            return err_set(e, -EBADMSG, "store: task %s: hardware \"%s\" cannot be read", r->uuid,
                           r->hardware);
    }
    if (r->place && task_set_place(s, slot, r->place, e) < 0)
        return err_prefix(e, "store: task %s", r->uuid);
    return 0;
}

// What it waits for beside a board: its delay, its job, its pool, and for how long.
static int restore_waiting(struct server *s, uint32_t slot, const struct row_task *r, struct err *e)
{
    struct task *t = &s->task[slot];
    uint64_t pool;
    if (s->cfg.dispatch_delay_ms > 0) { // begins again where it was: over at once when that time has passed
        t->held_back = true;
        timer_add(s, TIMER_HELD_BACK, t->id, HOUSE_MS(t->created_ms + s->cfg.dispatch_delay_ms));
    }
    if (r->job && restore_membership(s, slot, r, e) < 0)
        return e->code;
    if (r->pool && !idmap_get(&s->pool_by_id, r->pool, &pool))
        return missing(e, "pool", r->pool);
    if (r->pool)
        pool_join(s, slot, (uint32_t)pool);
    if (r->queue_max_ms >= 0 && !task_waits(t))
        timer_add(s, TIMER_QUEUE_MAX, t->id,
                  HOUSE_MS((r->ready_ms ? r->ready_ms : t->created_ms) + r->queue_max_ms));
    return 0;
}

static int restore_instances(struct task *t, const struct row_task *r, struct err *e)
{
    struct ranges pending = RANGES_NULL;
    if (parse_set(&pending, r->ranges, e) < 0)
        return err_prefix(e, "store: task %s: ranges", r->uuid);
    ranges_copy(&t->pending, &pending); // without the room to grow
    ranges_deinit(&pending);
    if (untouched(&r->live))
        return 0;
    struct task_sets *sets = task_sets(t);
    sets->exec_ms = r->live.exec_ms;
    sets->wall_ms = r->live.wall_ms;
    sets->core_ms = r->live.core_ms;
    sets->energy_mj = r->live.energy_mj;
    if (parse_set(&sets->succeeded, r->live.succeeded, e) < 0 ||
        parse_set(&sets->failed, r->live.failed, e) < 0 ||
        parse_set(&sets->cancelled, r->live.cancelled, e) < 0 ||
        parse_set(&sets->started_once, r->live.started_once, e) < 0)
        return err_prefix(e, "store: task %s: ranges of ended instances", r->uuid);
    ranges_subtract(&t->pending, &sets->succeeded);
    ranges_subtract(&t->pending, &sets->failed);
    ranges_subtract(&t->pending, &sets->cancelled);
    return 0;
}

static int restore_task(struct server *s, const struct row_task *r, struct err *e)
{
    uint8_t uuid[16];
    uint64_t account;
    if (!idmap_get(&s->account_by_id, r->account, &account))
        return missing(e, "account", r->account);
    if (!uuid_parse(r->uuid, uuid))
        return err_set(e, -EBADMSG, "store: task %llu: %s is no uuid", (unsigned long long)r->id, r->uuid);
    uint32_t slot = task_slot_new(s, r->id, uuid);
    struct task *t = &s->task[slot];
    t->account = (uint32_t)account;
    s->account[account].live_tasks++;
    if (task_restore_owner(s, t, r, e) < 0)
        return e->code;
    restore_state(t, r);
    task_expect(s, slot, r->profile, -1);
    if (restore_wishes(s, slot, r, e) < 0 || restore_waiting(s, slot, r, e) < 0)
        return e->code;
    return restore_instances(t, r, e);
}

// An attempt of a task that goes on: the next one gets the next number.
static int restore_attempt(struct server *s, const struct row_attempt *r, struct err *e)
{
    uint32_t slot;
    (void)e;
    if (!server_task_slot(s, r->task, &slot))
        return 0;
    if (r->end == ATTEMPT_SUCCESS) {
        uint64_t board;
        bool known = r->board && strmap_get(&s->board_by_name, r->board, &board);
        task_learn(s, slot, known ? s->board[board] : NULL, r->work_mhz_s, r->exec_ms);
        return 0;
    }
    struct retried x = task_retried(&s->task[slot], r->instance);
    if (r->attempt > x.attempts)
        x.attempts = r->attempt;
    x.failures += r->end == ATTEMPT_FAILURE;
    x.lost += r->end == ATTEMPT_LOST ? lost_points(r->code) : 0;
    task_set_retried(&s->task[slot], r->instance, x);
    if (r->end == ATTEMPT_LOST)
        lost_begin_rest(s, slot, r->instance, HOUSE_MS(r->ended_ms));
    return 0;
}

// The lease of the node in which one of a pool's task runs: it holds the board, and is older.
static int node_of_lease(const struct server *s, uint32_t task, uint32_t board, bool beneath,
                         uint32_t *within, struct err *e)
{
    const struct task *t = &s->task[task];
    uint32_t held = beneath ? s->board[board]->beneath : s->board[board]->lease;
    bool inside = t->pool != NONE && !t->holder;
    if (!inside && held != NONE)
        return err_set(e, -EBADMSG, "store: two leases on board %s", s->board[board]->name);
    if (inside && (held == NONE || s->lease[held].task != s->pool[t->pool].holder))
        return err_set(e, -EBADMSG, "store: a task of a pool runs on board %s, which is no node of it",
                       s->board[board]->name);
    *within = inside ? held : NONE;
    return 0;
}

static int restore_lease(struct server *s, const struct row_lease *r, struct err *e)
{
    uint32_t task;
    uint64_t node, board;
    if (!server_task_slot(s, r->task, &task))
        return missing(e, "task", r->task);
    if (!idmap_get(&s->node_by_id, r->node, &node))
        return missing(e, "node", r->node);
    if (!idmap_get(&s->board_by_id, r->board, &board))
        return missing(e, "board", r->board);
    uint32_t within = NONE;
    int bad = node_of_lease(s, task, (uint32_t)board, r->state & LEASE_BENEATH, &within, e);
    if (bad)
        return bad;
    uint32_t slot = lease_slot_new(s, r->id);
    struct lease *l = &s->lease[slot];
    struct task *t = &s->task[task];
    l->task = task;
    l->node = (uint32_t)node;
    l->board = (uint32_t)board;
    l->instance = r->instance;
    l->attempt = r->attempt;
    l->activity = r->activity;
    l->state = r->state & 7;
    l->ready = r->state & LEASE_READY;
    l->stop_end = r->state >> 4 & 7;
    l->beneath = r->state & LEASE_BENEATH;
    l->within = within;
    l->cores = s->board[board]->make->spec.cores;
    if (within != NONE) {
        l->cores /= s->pool[t->pool].slots_per_node;
        l->cores += l->cores == 0;
    }
    l->granted = HOUSE_MS(r->granted_ms);
    l->started = HOUSE_MS(r->started_ms);
    l->energy_mj = r->energy_mj;
    l->core_ms = r->core_ms;
    l->cost_neur = r->cost_neur;
    l->snapshots = r->snapshots;
    lease_link(s, slot);
    quota_hold(s, l, 1);
    ranges_remove(&t->pending, l->instance);
    t->n_started += lease_under_way(l);
    t->n_assigned += !lease_under_way(l);
    if (l->state == LEASE_STARTED)
        lease_count(s, l, 1);
    return 0;
}

static void restore_node(struct server *s, const struct row_node *row)
{
    uint32_t at = server_node_new(s, row->id, row->name); // which may move the nodes
    struct node *n = &s->node[at];
    n->nonce = row->nonce;
    n->epoch = row->epoch;
    n->seq = row->seq;
}

// Boards come before the cells.
static void restore_work(struct server *s, const struct row_ledger_work *row)
{
    house_ms hour = HOUSE_MS(row->hour_ms);
    enum activity activity = (enum activity)row->activity;
    struct ledger_work *w;
    if (row->task) {
        w = ledger_task_cell(&s->ledger, hour, row->board, activity, row->task, row->account);
        struct ledger_billed *b = ledger_billed(&s->ledger, w);
        b->core_ms = row->core_ms;
        b->project = row->project;
        b->cost_neur = row->cost_neur;
    } else {
        w = ledger_board_cell(&s->ledger, hour, row->board, server_board_cells(s, row->board), activity);
    }
    w->energy_mj = row->energy_mj;
    w->ms = row->ms;
    w->dirty = false;
}

static void restore_heat(struct server *s, const struct row_ledger_zone *row)
{
    struct ledger_zone *z = ledger_zone_cell(&s->ledger, HOUSE_MS(row->hour_ms), row->zone);
    z->asked_mj = row->asked_mj;
    z->delivered_mj = row->delivered_mj;
    z->useful_mj = row->useful_mj;
    z->shadow_mj = row->shadow_mj;
    z->dirty = false;
}

void server_restore_from(struct server *s, house_ms now)
{
    ledger_deinit(&s->ledger);
    ledger_init(&s->ledger, now);
}

int server_restore(struct server *s, const struct change *row, struct err *e)
{
    switch (row->kind) {
    case CHANGE_META:
        if (strcmp(row->meta.name, "next_id") == 0)
            s->next_id = s->id_written = (uint64_t)row->meta.value;
        return 0;
    case CHANGE_ORGANISATION:
    case CHANGE_PROJECT:
    case CHANGE_ACCOUNT:
    case CHANGE_TOKEN:
    case CHANGE_BUDGET:
    case CHANGE_RESERVATION:
    case CHANGE_SPENT:
        return server_user_restore(s, row, e);
    case CHANGE_SECRET:
        return server_secret_restore(s, &row->secret, e);
    case CHANGE_SITE:
        return server_site_restore(s, &row->site, e);
    case CHANGE_NODE:
        restore_node(s, &row->node);
        return 0;
    case CHANGE_ZONE:
        return restore_zone(s, &row->zone, e);
    case CHANGE_BOARD:
        return restore_board(s, &row->board, e);
    case CHANGE_METER:
        return restore_meter(s, &row->meter, e);
    case CHANGE_TASK_NEW:
        return restore_task(s, &row->task, e);
    case CHANGE_JOB:
        return restore_job(s, &row->job, e);
    case CHANGE_POOL:
        return server_pool_restore(s, &row->pool, e);
    case CHANGE_TASK_ENDED:
        return restore_ended(s, &row->ended, e);
    case CHANGE_ATTEMPT:
        return restore_attempt(s, &row->attempt, e);
    case CHANGE_LEASE:
        return restore_lease(s, &row->lease, e);
    case CHANGE_SNAPSHOT:
        orders_restore(s, &row->snapshot);
        return 0;
    case CHANGE_PUBLISH:
        publish_restore(s, &row->publish);
        return 0;
    case CHANGE_LEDGER_WORK:
        restore_work(s, &row->work);
        return 0;
    case CHANGE_LEDGER_ZONE:
        restore_heat(s, &row->heat);
        return 0;
    default:
        return err_set(e, -EBADMSG, "store: a row of kind %d at load", (int)row->kind);
    }
}

void server_restored(struct server *s, house_ms now)
{
    s->now = now;
    for (uint32_t i = 0; i < s->n_sites; i++) // when they were loaded nobody knew what time it is
        site_plan(s, i);
    s->restoring = false;
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        struct node *n = &s->node[i];
        n->version = server_first_version(now);
        n->seen = now;
        n->online = n->first_lease != NONE; // holds its leases for one term; its boards wait for its call
        if (n->online) {
            s->counts.nodes_online++;
            s->counts.boards_online += n->n_boards;
        }
        n->timed = true;
        timer_add(s, TIMER_NODE, n->id, house_add(now, s->cfg.lease_ms + s->cfg.lease_margin_ms));
    }
    for (uint32_t i = 0; i < s->n_leases; i++) {
        struct lease *l = &s->lease[i];
        if (!l->id)
            continue;
        l->until = house_add(now, s->cfg.lease_ms);
        l->since = l->idle_since = now;
        if (l->state == LEASE_HELD)
            lease_hold_watch(s, l);
        timer_add(s, TIMER_LEASE, l->id, house_add(now, s->cfg.preempt_grace_ms));
    }
    for (uint32_t i = 0; i < s->n_boards; i++) {
        board_plan(s, i);
        if (board_rests(s, s->board[i]))
            timer_add(s, TIMER_BOARD, s->board[i]->id, s->board[i]->rests_until);
    }
    for (uint32_t i = 0; i < s->n_pools; i++)
        if (s->pool[i].id)
            pool_look(s, i);
    for (uint32_t i = 0; i < s->n_tasks; i++)
        if (s->task[i].id) {
            lost_restored(s, i);
            task_plan(s, i);
        }
}
