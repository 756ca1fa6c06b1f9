// SPDX-License-Identifier: Apache-2.0
//
// Meters into the ledger. Two independent sides: the device's meter says how much a board drew; the parts say
// what for (leases by CPU time times curve, idle, filler, burn, sleep by state times time). What the parts do
// not explain is booked as `unattributed`, so that the rows of a board always add up to its meter
// (docs/design/0013-independent-parts.md).
#include "base/num.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_state.h"
#include "core/engine/server_user.h"

#include <string.h>

#define FIGURE_MAX (INT64_C(1) << 50) // no figure of an epoch gets there; sums of many of them still fit

static int64_t grown(int64_t now, int64_t before)
{
    if (now > FIGURE_MAX)
        now = FIGURE_MAX;
    return now > before ? now - before : 0; // a cumulative figure never shrinks within its epoch
}

// What the parts do not explain is `unattributed`: after every booking the rows of a board add up to its
// meter.
static void balance(struct server *s, struct board *b, house_ms at)
{
    int64_t explained = 0;
    for (int a = 0; a <= ACTIVITY_UNATTRIBUTED; a++)
        explained += b->energy_mj[a];
    int64_t rest = b->meter.total_mj - explained;
    if (!rest)
        return;
    b->energy_mj[ACTIVITY_UNATTRIBUTED] += rest;
    ledger_board_cell(&s->ledger, at, b->id, &b->cells, ACTIVITY_UNATTRIBUTED)->energy_mj += rest;
}

// Most that a board can have drawn since `from`, as in meter.h.
static int64_t possible_mj(const struct server *s, const struct board *b, house_ms from)
{
    int64_t ms = int_clamp(house_since(s->now, from), 0, INT64_C(1) << 40);
    return (int64_t)((__int128)curve_max_mw(&b->make->curve) * ms / 1000 * 5 / 4) + 50000;
}

void server_meter_lease(struct server *s, uint32_t lease, house_ms at, int64_t energy_mj, int64_t core_ms)
{
    struct lease *l = &s->lease[lease];
    struct board *b = s->board[l->board];
    int64_t most_mj = possible_mj(s, b, l->granted);
    if (energy_mj > most_mj)
        energy_mj = most_mj; // what no board can draw is not billed
    int64_t most_core_ms = l->cores * (house_since(s->now, l->granted) + s->cfg.lease_margin_ms);
    if (core_ms > most_core_ms)
        core_ms = most_core_ms;
    int64_t energy = grown(energy_mj, l->energy_mj), cores = grown(core_ms, l->core_ms);
    if (!energy && !cores)
        return;
    l->energy_mj += energy;
    l->core_ms += cores;
    const struct task *t = &s->task[l->task];
    b->energy_mj[l->activity] += energy;
    struct ledger_work *c =
        ledger_task_cell(&s->ledger, at, b->id, l->activity, t->id, s->account[t->account].id);
    struct ledger_billed *billed = ledger_billed(&s->ledger, c);
    int64_t before = bill_neur(&s->cfg.bill, l->activity, billed->core_ms, c->energy_mj);
    c->energy_mj += energy;
    billed->core_ms += cores;
    int64_t cost = bill_neur(&s->cfg.bill, l->activity, billed->core_ms, c->energy_mj) - before;
    billed->cost_neur += cost;
    l->cost_neur += cost;
    billed->project = t->project != NONE ? s->project[t->project].id : 0;
    server_charge(s, t->account, t->project, c->hour_ms, cost);
    balance(s, b, at);
    meter_touch(s, l->board);
}

// In the hour of now, as a row of its own: cells of past hours are only in the store, and what was drawn and
// used stays as it was booked.
void server_give_back(struct server *s, uint32_t lease)
{
    struct lease *l = &s->lease[lease];
    const struct task *t = &s->task[l->task];
    if (!l->cost_neur)
        return;
    struct ledger_work *c =
        ledger_task_cell(&s->ledger, s->now, 0, (enum activity)l->activity, t->id, s->account[t->account].id);
    struct ledger_billed *billed = ledger_billed(&s->ledger, c);
    billed->cost_neur -= l->cost_neur;
    billed->project = t->project != NONE ? s->project[t->project].id : 0;
    server_charge(s, t->account, t->project, c->hour_ms, -l->cost_neur);
    l->cost_neur = 0;
}

// The activities that are no task's: idle, sleep, filler, burn, and donated work of the node's own.
static void book_part(struct server *s, struct board *b, enum activity a, const struct report *r)
{
    int64_t energy = grown(r->meter_board.part_mj[a], b->part_mj[a]);
    int64_t ms = grown(r->meter_board.part_ms[a], b->part_ms[a]);
    b->part_mj[a] += energy;
    b->part_ms[a] += ms;
    b->spent_ms[a] += ms;
    if (!energy && !ms)
        return;
    struct ledger_work *c = ledger_board_cell(&s->ledger, r->at, b->id, &b->cells, a);
    c->ms += ms;
    if (!activity_is_task(a)) { // a task's energy is booked under the task, from its lease's meter
        c->energy_mj += energy;
        b->energy_mj[a] += energy;
    }
}

// The parts begin again with the node's epoch; the meter is the device's own and goes on.
void server_meter_epoch(struct server *s, uint32_t board, uint64_t epoch)
{
    struct board *b = s->board[board];
    b->meter_epoch = epoch;
    memset(b->part_mj, 0, sizeof b->part_mj);
    memset(b->part_ms, 0, sizeof b->part_ms);
    meter_touch(s, board);
}

void server_meter_board(struct server *s, uint32_t board, uint64_t epoch, const struct report *r)
{
    struct board *b = s->board[board];
    int64_t delta;
    if (b->meter_epoch != epoch)
        server_meter_epoch(s, board, epoch);
    meter_read(&b->meter, r->at, r->meter_board.raw_mj, r->meter_board.wrap_mj, curve_max_mw(&b->make->curve),
               &delta);
    for (int a = 0; a < ACTIVITY_UNATTRIBUTED; a++)
        book_part(s, b, (enum activity)a, r);
    balance(s, b, r->at);
    meter_touch(s, board);
}

void server_meter_zone(struct server *s, uint32_t zone, const struct report *r)
{
    struct zone *z = s->zone[zone];
    int64_t asked = grown(r->meter_zone.asked_mj, z->base_asked_mj);
    int64_t delivered = grown(r->meter_zone.delivered_mj, z->base_delivered_mj);
    int64_t useful = grown(r->meter_zone.useful_mj, z->base_useful_mj);
    int64_t shadow = grown(r->meter_zone.shadow_mj, z->base_shadow_mj);
    z->shadow_mc = r->meter_zone.shadow_mc;
    if (!asked && !delivered && !useful && !shadow)
        return;
    z->base_asked_mj += asked;
    z->base_delivered_mj += delivered;
    z->base_useful_mj += useful;
    z->base_shadow_mj += shadow;
    z->asked_mj += asked;
    z->delivered_mj += delivered;
    z->useful_mj += useful;
    z->shadow_mj += shadow;
    struct ledger_zone *c = ledger_zone_cell(&s->ledger, r->at, z->id);
    c->asked_mj += asked;
    c->delivered_mj += delivered;
    c->useful_mj += useful;
    c->shadow_mj += shadow;
    zone_touch(s, zone);
}

static void meter_row(const struct board *b, struct row_meter *row)
{
    *row = (struct row_meter){.board = b->id,
                              .epoch = b->meter_epoch,
                              .raw_mj = b->meter.raw_mj,
                              .at_ms = b->meter.at.v,
                              .total_mj = b->meter.total_mj,
                              .resets = b->meter.resets,
                              .wraps = b->meter.wraps,
                              .gaps = b->meter.gaps,
                              .started = b->meter.started};
    for (int a = 0; a < ACTIVITY_N; a++) {
        row->part_mj[a] = b->part_mj[a];
        row->part_ms[a] = b->part_ms[a];
        row->energy_mj[a] = b->energy_mj[a];
        row->spent_ms[a] = b->spent_ms[a];
    }
}

static void work_row(const struct ledger *l, const struct ledger_work *w, struct row_ledger_work *row)
{
    const struct ledger_billed *b = ledger_billed(l, w);
    *row = (struct row_ledger_work){.hour_ms = w->hour_ms,
                                    .board = w->board,
                                    .activity = w->activity,
                                    .energy_mj = w->energy_mj,
                                    .ms = w->ms};
    if (!b)
        return;
    row->task = b->task;
    row->account = b->account;
    row->core_ms = b->core_ms;
    row->project = b->project;
    row->cost_neur = b->cost_neur;
}

static void heat_row(const struct ledger_zone *z, struct row_ledger_zone *row)
{
    *row = (struct row_ledger_zone){.hour_ms = z->hour_ms,
                                    .zone = z->zone,
                                    .asked_mj = z->asked_mj,
                                    .delivered_mj = z->delivered_mj,
                                    .useful_mj = z->useful_mj,
                                    .shadow_mj = z->shadow_mj};
}

struct ledger_chain *server_board_cells(const struct server *s, uint64_t board_id)
{
    uint64_t at;
    return idmap_get(&s->board_by_id, board_id, &at) ? &s->board[at]->cells : NULL;
}

static struct ledger_chain *cells_of(void *ctx, uint64_t board)
{
    return server_board_cells(ctx, board);
}

void server_ledger_rows(struct server *s, struct effects *fx)
{
    for (size_t i = 0; i < s->dirty_meter.n; i++) {
        struct board *b = s->board[s->dirty_meter.v[i]];
        b->meter_dirty = false;
        if (!fx->no_rows)
            meter_row(b, &fx_change(fx, CHANGE_METER)->meter);
    }
    s->dirty_meter.n = 0;
    for (const struct ledger_work *w; (w = ledger_take_work(&s->ledger)) != NULL;)
        if (!fx->no_rows)
            work_row(&s->ledger, w, &fx_change(fx, CHANGE_LEDGER_WORK)->work);
    for (const struct ledger_zone *z; (z = ledger_take_zone(&s->ledger)) != NULL;)
        if (!fx->no_rows)
            heat_row(z, &fx_change(fx, CHANGE_LEDGER_ZONE)->heat);
    ledger_forget(&s->ledger, s->now, (struct ledger_chains){cells_of, s});
}
