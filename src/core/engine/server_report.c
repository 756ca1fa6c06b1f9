// SPDX-License-Identifier: Apache-2.0
//
// What a node reports, one function per kind. A report about something unknown (a lease that is long over, a
// zone that is not this node's) changes nothing: the desired state tells the node better.
#include "base/num.h"
#include "core/engine/server_data.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_pool.h"
#include "core/engine/server_state.h"
#include "core/engine/server_task.h"

#include <string.h>

#define STAGED_MOST        (INT64_C(1) << 50)     // ms or bytes of files, so that sums of them stay numbers
#define LEVEL_EXEC_MOST_MS INT64_C(1000000000000) // three decades

#define FEW 4 // names that are compared faster than one is hashed: a heater's
#define FEW_LEASES 8 // that are gone through faster than one is looked up

static bool zone_of(const struct server *s, uint32_t node, const char *name, uint32_t *zone)
{
    const struct node *n = &s->node[node];
    uint64_t at;
    for (size_t i = 0; n->n_zones <= FEW && i < n->n_zones; i++)
        if (strcmp(s->zone[n->zone[i]]->name, name) == 0) {
            *zone = n->zone[i];
            return true;
        }
    if (n->n_zones <= FEW || !strmap_get(&s->zone_by_name, name, &at) || s->zone[at]->node != node)
        return false;
    *zone = (uint32_t)at;
    return true;
}

static bool board_of(const struct server *s, uint32_t node, const char *name, uint32_t *board)
{
    const struct node *n = &s->node[node];
    uint64_t at;
    for (size_t i = 0; n->n_boards <= FEW && i < n->n_boards; i++)
        if (strcmp(s->board[n->board[i]]->name, name) == 0) {
            *board = n->board[i];
            return true;
        }
    if (n->n_boards <= FEW || !strmap_get(&s->board_by_name, name, &at) || s->board[at]->node != node)
        return false;
    *board = (uint32_t)at;
    return true;
}

// A node has few, and all of them were just renewed: they are nearer than their index.
static bool lease_of(const struct server *s, uint32_t node, uint64_t id, uint32_t *lease)
{
    uint64_t at;
    int looks = 0;
    for (uint32_t l = s->node[node].first_lease; l != NONE && looks < FEW_LEASES; looks++) {
        if (s->lease[l].id == id) {
            *lease = l;
            return true;
        }
        l = s->lease[l].next_on_node;
    }
    if (looks < FEW_LEASES)
        return false;
    if (!idmap_get(&s->lease_by_id, id, &at) || s->lease[at].node != node)
        return false;
    *lease = (uint32_t)at;
    return true;
}

// Nodes store nothing: that a heater was opened is remembered here. What is still on its way when an operator
// clears it does not open it again: the node has as long as the word lasts to hear it, and if it says `open`
// after that, or anew, the lid was open.
static void lid_told(struct server *s, uint32_t zone, uint8_t guard)
{
    struct zone *z = s->zone[zone];
    bool anew = z->guard != GUARD_LID_OPEN;
    bool word_lasts = z->lid_clear.v > 0 && house_since(s->now, z->lid_clear) < s->cfg.lease_ms;
    if (guard != GUARD_LID_OPEN || z->lid_open.v > 0 || (word_lasts && !anew))
        return;
    zone_lid(s, zone, s->now);
    server_trace(s, CHANGE_ZONE, (int64_t)z->id, -s->now.v);
}

static void report_zone(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    (void)fx;
    if (!zone_of(s, node, r->name, &at))
        return;
    struct zone *z = s->zone[at];
    zone_observe(s, z, r->at, r);
    lid_told(s, at, r->zone.guard);
    z->at = r->at;
    z->room_mc = r->zone.room_mc;
    z->guard = r->zone.guard;
    z->draw_w = r->zone.draw_w;
    z->missing_w = r->zone.missing_w;
    z->request = r->zone.request;
    if (z->why[0] || r->zone.why[0]) // most often neither: four lines of the cache each
        memcpy(z->why, r->zone.why, sizeof z->why);
    zone_look_ahead(s, z);
    zone_plan(s, at);
}

static void report_board(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    (void)fx;
    if (!board_of(s, node, r->name, &at))
        return;
    struct board *b = s->board[at];
    b->run = r->board.run;
    b->draw_mw = r->board.draw_mw;
    b->freq_mhz = r->board.freq_mhz;
    b->duty_permille = r->board.duty_permille;
    if (b->node_barred != r->board.barred) {
        b->node_barred = r->board.barred;
        board_say(&b->node_barred_why, r->board.barred_why);
        board_touch(s, at);
        board_plan(s, at);
    }
}

static void report_started(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    if (!lease_of(s, node, r->lease, &at) || s->lease[at].started.v >= 0)
        return;
    struct lease *l = &s->lease[at];
    struct task *t = &s->task[l->task];
    l->started = r->started.at.v < 0 ? HOUSE_MS(0) : r->started.at;
    l->phase = s->task[l->task].holder ? PHASE_ENVIRONMENT : PHASE_EXECUTION;
    board_rested(s, l->board);
    if (rare_of(t)->place && rare_of(t)->place->n_data)
        node_fetched(s, node, s->zone[s->board[l->board]->zone]->site, rare_of(t)->place);
    ranges_add(&task_sets(t)->started_once, l->instance);
    if (l->state == LEASE_ASSIGNED) { // else it was asked to stop before it could say that it runs
        l->state = LEASE_STARTED;
        t->n_assigned--;
        t->n_started++;
        lease_count(s, l, 1);
        if (lease_can_hold(s, at))
            board_plan(s, l->board);
    }
    struct change *c = fx_change(fx, CHANGE_LEASE);
    lease_row(s, l, &c->lease);
    task_settle(s, l->task, fx);
}

static void report_ready(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    if (lease_of(s, node, r->lease, &at) && s->task[s->lease[at].task].holder)
        pool_node_ready(s, at, fx);
}

static void report_level(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    (void)fx;
    if (!lease_of(s, node, r->lease, &at))
        return;
    struct lease *l = &s->lease[at];
    int32_t speed_before = lease_speed_permille(l);
    int64_t exec_ms_before = l->exec_ms;
    bool same_memory = l->memory_mb == r->level.memory_mb; // of a level nothing else decides whether it can
    bool could_hold = same_memory || lease_can_hold(s, at);
    l->sampled = r->at;
    l->phase = r->level.phase;
    l->freq_mhz = r->level.freq_mhz;
    l->max_freq_mhz = r->level.max_freq_mhz;
    l->duty_permille = r->level.duty_permille;
    l->cpu_permille = r->level.cpu_permille;
    l->memory_mb = r->level.memory_mb;
    l->memory_max_mb = r->level.memory_max_mb;
    l->net_in_kbps = r->level.net_in_kbps > 0 ? r->level.net_in_kbps : 0;
    l->net_out_kbps = r->level.net_out_kbps > 0 ? r->level.net_out_kbps : 0;
    l->exec_ms = int_clamp(r->level.exec_ms, 0, LEVEL_EXEC_MOST_MS);
    lease_stood(l, r->at, speed_before, exec_ms_before);
    lease_worked(s, at, speed_before, exec_ms_before);
    if (!same_memory && lease_can_hold(s, at) != could_hold)
        board_plan(s, l->board);
    lease_paced(s, at);
    int32_t progress = (int32_t)int_clamp(r->level.progress_permille, -1, 1000);
    if (l->progress_permille != progress) {
        l->progress_permille = progress;
        task_touch(s, l->task);
    }
}

static void report_output(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    if (!lease_of(s, node, r->lease, &at))
        return;
    const struct lease *l = &s->lease[at];
    struct change *c = fx_change(fx, CHANGE_OUTPUT);
    c->output = (struct row_output){.task = s->task[l->task].id,
                                    .node = s->node[node].id,
                                    .epoch = s->node[node].epoch,
                                    .seq = r->seq,
                                    .instance = l->instance,
                                    .attempt = l->attempt,
                                    .stream = r->output.stream,
                                    .at_ms = r->at.v,
                                    .data = arena_strndup(&fx->arena, r->output.data, r->output.n),
                                    .n = r->output.n};
}

static void report_exited(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    if (!lease_of(s, node, r->lease, &at))
        return;
    enum attempt_end end = r->exited.end < ATTEMPT_END_N ? (enum attempt_end)r->exited.end : ATTEMPT_FAILURE;
    if (s->lease[at].state == LEASE_STOPPING && (end == ATTEMPT_PREEMPTED || end == ATTEMPT_CANCELLED))
        end = (enum attempt_end)s->lease[at].stop_end; // it obeyed: the one who asked knows what for
    if (r->exited.end == ATTEMPT_SUCCESS || r->exited.end == ATTEMPT_FAILURE) {
        struct task *t = &s->task[s->lease[at].task];
        if (s->lease[at].started.v >= 0 || r->exited.wall_ms > 0)
            ranges_add(&task_sets(t)->started_once, s->lease[at].instance);
    }
    lease_end(s, at, end,
              &(struct attempt_figures){.wall_ms = r->exited.wall_ms,
                                        .exec_ms = r->exited.exec_ms,
                                        .core_ms = r->exited.core_ms,
                                        .work_mhz_s = r->exited.work_mhz_s,
                                        .energy_mj = r->exited.energy_mj,
                                        .exit_code = r->exited.exit_code,
                                        .signal = r->exited.signal,
                                        .peak_memory_mb = r->exited.peak_memory_mb,
                                        .clock_permille = (int32_t)int_clamp(r->exited.clock_permille, 0, 1000),
                                        .seq = r->seq,
                                        .results = r->exited.results,
                                        .fetch_ms = int_clamp(r->exited.fetch_ms, 0, STAGED_MOST),
                                        .fetch_bytes = int_clamp(r->exited.fetch_bytes, 0, STAGED_MOST),
                                        .store_ms = int_clamp(r->exited.store_ms, 0, STAGED_MOST),
                                        .store_bytes = int_clamp(r->exited.store_bytes, 0, STAGED_MOST),
                                        .names = r->exited.names,
                                        .code = r->exited.code,
                                        .message = r->exited.message},
              fx);
}

static void report_meter_board(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    (void)fx;
    if (board_of(s, node, r->name, &at))
        server_meter_board(s, at, s->node[node].epoch, r);
}

static void report_meter_lease(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    if (!lease_of(s, node, r->lease, &at))
        return;
    server_meter_lease(s, at, r->at, r->meter_lease.energy_mj, r->meter_lease.core_ms);
    struct change *c = fx_change(fx, CHANGE_LEASE);
    lease_row(s, &s->lease[at], &c->lease);
}

static void report_meter_zone(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    (void)fx;
    if (zone_of(s, node, r->name, &at))
        server_meter_zone(s, at, r);
}

static void report_setpoint(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    if (!zone_of(s, node, r->name, &at) || r->setpoint.mode >= ZONE_MODE_N)
        return;
    struct zone *z = s->zone[at];
    z->setpoint_mc = r->setpoint.setpoint_mc;
    z->mode = r->setpoint.mode;
    zone_touch(s, at);
    node_wake(s, node);
    fx_note(fx, "setpoint",
            arena_printf(&fx->arena, "{\"zone\":\"%s\",\"setpoint_mc\":%d,\"by\":\"occupant\"}", z->name,
                         (int)z->setpoint_mc));
}

static void report_snapshot(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    if (lease_of(s, node, r->lease, &at))
        lease_snapshot(s, at, r, fx);
}

static void report_staging(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    uint32_t at;
    if (lease_of(s, node, r->lease, &at))
        lease_staging(s, at, r, fx);
}

typedef void reporter(struct server *s, uint32_t node, const struct report *r, struct effects *fx);

static reporter *const reporters[REPORT_KIND_N] = {
    [REPORT_ZONE] = report_zone,
    [REPORT_BOARD] = report_board,
    [REPORT_STARTED] = report_started,
    [REPORT_LEVEL] = report_level,
    [REPORT_OUTPUT] = report_output,
    [REPORT_EXITED] = report_exited,
    [REPORT_METER_BOARD] = report_meter_board,
    [REPORT_METER_LEASE] = report_meter_lease,
    [REPORT_METER_ZONE] = report_meter_zone,
    [REPORT_SETPOINT] = report_setpoint,
    [REPORT_READY] = report_ready,
    [REPORT_SNAPSHOT] = report_snapshot,
    [REPORT_STAGING] = report_staging,
};

void server_report(struct server *s, uint32_t node, const struct report *r, struct effects *fx)
{
    if ((unsigned)r->kind >= REPORT_KIND_N || !reporters[r->kind])
        return;
    if (!house_before(s->now, r->at)) {
        reporters[r->kind](s, node, r, fx);
        return;
    }
    struct report past = *r; // a node whose clock runs ahead must not write into hours to come
    past.at = s->now;
    reporters[r->kind](s, node, &past, fx);
}
