// SPDX-License-Identifier: Apache-2.0
//
// The book of joules: totals by activity of everything, a board, a task or an account, and its cells (one
// hour of one board and activity, one hour of one zone). Who is no operator sees what its own tasks used.
//
//   /ondol/v1/ledger?board=&task=&account=&from=&to=     totals
//   /ondol/v1/ledger/work?from=&to=                      cells; "next_from" is not null when there are more
#include <stdlib.h>
#include <string.h>

#include "api/handlers.h"
#include "api/json_out.h"
#include "core/work/activity.h"

#define ALWAYS INT64_MAX

struct question {
    uint64_t account, board, task; // 0: all
    int64_t from_ms, to_ms;
    bool has_time;
    struct totals_row sum[10];
    struct json_out o; // of cells
    int64_t rows, next_from, hour;
    bool more;
};

// A date or milliseconds since 1970.
static bool read_time(struct call *c, const char *name, int64_t *out, bool *given)
{
    const char *text = call_query(c, name);
    if (!text || !*text)
        return true;
    *given = true;
    if (date_parse(text, out))
        return true;
    return call_query_int(c, name, 0, INT64_MAX, out);
}

static struct question *ask(struct call *c)
{
    struct question *q = c->state = arena_alloc(&c->arena, sizeof *q);
    int64_t account = 0;
    q->to_ms = ALWAYS;
    q->o.b = &c->out;
    if (!read_time(c, "from", &q->from_ms, &q->has_time) || !read_time(c, "to", &q->to_ms, &q->has_time) ||
        !call_query_int(c, "account", 1, INT64_MAX, &account))
        return NULL;
    if (!c->account.operator&& account &&(uint64_t) account != c->account.id) {
        call_fail(c, 403, "Only operators may look into the ledger of another account");
        return NULL;
    }
    q->account = c->account.operator? (uint64_t)account : c->account.id;
    return q;
}

// ---- totals

static int add_cell(void *ctx, const struct row_ledger_work *row)
{
    struct question *q = ctx;
    if ((q->account && row->account != q->account) || (q->board && row->board != q->board) ||
        (q->task && row->task != q->task) || row->activity >= ACTIVITY_N)
        return 0;
    q->sum[row->activity].energy_mj += row->energy_mj;
    q->sum[row->activity].core_ms += row->core_ms;
    q->sum[row->activity].ms += row->ms;
    q->sum[row->activity].cost_neur += row->cost_neur;
    return 0;
}

static void totals(struct call *c)
{
    struct question *q = c->state;
    struct err e = ERR_NULL;
    int r;
    for (int i = 0; i < 10; i++)
        q->sum[i].activity = (uint8_t)i;
    if (q->has_time)
        r = c->reader->ledger_work(c->reader->ctx, q->from_ms, q->to_ms, add_cell, q, &e);
    else
        r = c->reader->totals(c->reader->ctx, q->account, q->board, q->task, q->sum, &e);
    if (r < 0) {
        call_store_error(c, r);
        return;
    }
    int64_t energy = 0, core = 0;
    out_object(&q->o, NULL);
    out_array(&q->o, "by_activity");
    for (int i = 0; i < ACTIVITY_N; i++) {
        energy += q->sum[i].energy_mj;
        core += q->sum[i].core_ms;
        out_object(&q->o, NULL);
        out_string(&q->o, "activity", activity_name(i));
        out_int(&q->o, "energy_mj", q->sum[i].energy_mj);
        out_fixed(&q->o, "energy_wh", q->sum[i].energy_mj / 36, 5); // 1 Wh is 3,600,000 mJ
        out_int(&q->o, "core_ms", q->sum[i].core_ms);
        out_int(&q->o, "ms", q->sum[i].ms);
        out_fixed(&q->o, "cost_eur", q->sum[i].cost_neur, 9);
        out_end_object(&q->o);
    }
    out_end_array(&q->o);
    out_int(&q->o, "energy_mj", energy);
    out_fixed(&q->o, "energy_wh", energy / 36, 5);
    out_int(&q->o, "core_ms", core);
    out_end_object(&q->o);
}

static void find_task(struct call *c)
{
    struct question *q = c->state;
    const char *task = call_query(c, "task");
    struct row_task row;
    struct err e = ERR_NULL;
    int r = 1;
    if (task && *task) {
        r = c->reader->task(c->reader->ctx, c->account.id, task, &c->arena, &row, &e);
        if (r == 1 && c->account.operator)
            r = c->reader->task(c->reader->ctx, 0, task, &c->arena, &row, &e);
        if (r < 0) {
            call_store_error(c, r);
            return;
        }
        if (r > 0) {
            call_fail(c, 404, "No such task: %s", task);
            return;
        }
        q->task = row.id;
    }
    totals(c);
}

static void find_board(struct call *c)
{
    struct question *q = c->state;
    const char *board = call_query(c, "board");
    struct board_view v;
    size_t i;
    if (!server_find_board(c->engine, board, &i)) {
        call_fail(c, 404, "No such board: %s", board);
        return;
    }
    server_board(c->engine, i, &v);
    q->board = v.id;
    call_next(c, RUN_WORKER, find_task);
}

void ledger_totals(struct call *c)
{
    if (!ask(c))
        return;
    const char *board = call_query(c, "board");
    if (board && *board && !c->account.operator)
        call_fail(c, 403, "Only operators may look into the ledger of a board");
    else if (board && *board)
        call_next(c, RUN_ENGINE, find_board);
    else
        call_next(c, RUN_WORKER, find_task);
}

// ---- cells: whole hours, so that the next question begins where this one ended

static int stop_at_limit(struct question *q, int64_t hour_ms)
{
    if (q->rows >= API_LEDGER_ROWS && hour_ms != q->hour) {
        q->more = true;
        q->next_from = hour_ms;
        return 1;
    }
    q->hour = hour_ms;
    q->rows++;
    return 0;
}

static int work_cell(void *ctx, const struct row_ledger_work *row)
{
    struct question *q = ctx;
    if (q->account && row->account != q->account)
        return 0;
    if (stop_at_limit(q, row->hour_ms))
        return 1;
    out_object(&q->o, NULL);
    out_date(&q->o, "hour", row->hour_ms);
    out_int(&q->o, "board", (int64_t)row->board);
    out_int(&q->o, "task", (int64_t)row->task);
    out_int(&q->o, "account", (int64_t)row->account);
    out_string(&q->o, "activity", activity_name(row->activity));
    out_int(&q->o, "energy_mj", row->energy_mj);
    out_int(&q->o, "core_ms", row->core_ms);
    out_int(&q->o, "ms", row->ms);
    out_fixed(&q->o, "cost_eur", row->cost_neur, 9);
    out_end_object(&q->o);
    return 0;
}

static int zone_cell(void *ctx, const struct row_ledger_zone *row)
{
    struct question *q = ctx;
    if (stop_at_limit(q, row->hour_ms))
        return 1;
    out_object(&q->o, NULL);
    out_date(&q->o, "hour", row->hour_ms);
    out_int(&q->o, "zone", (int64_t)row->zone);
    out_int(&q->o, "asked_mj", row->asked_mj);
    out_int(&q->o, "delivered_mj", row->delivered_mj);
    out_int(&q->o, "useful_mj", row->useful_mj);
    out_int(&q->o, "shadow_mj", row->shadow_mj);
    out_end_object(&q->o);
    return 0;
}

static void cells(struct call *c, bool zones)
{
    struct question *q = ask(c);
    struct err e = ERR_NULL;
    int r;
    if (!q)
        return;
    out_object(&q->o, NULL);
    out_array(&q->o, "cells");
    if (zones)
        r = c->reader->ledger_zone(c->reader->ctx, q->from_ms, q->to_ms, zone_cell, q, &e);
    else
        r = c->reader->ledger_work(c->reader->ctx, q->from_ms, q->to_ms, work_cell, q, &e);
    if (r < 0) {
        call_store_error(c, r);
        return;
    }
    out_end_array(&q->o);
    if (q->more)
        out_date(&q->o, "next_from", q->next_from);
    else
        out_null(&q->o, "next_from");
    out_end_object(&q->o);
}

void ledger_work(struct call *c)
{
    cells(c, false);
}

void ledger_zones(struct call *c)
{
    cells(c, true);
}
