// SPDX-License-Identifier: Apache-2.0
//
// One change at a time, by a table of kind -> function. Most kinds are "put the whole row"; tasks, attempts,
// output and what is gone have their own rules.
//
// Deleting a task is bounded work: SWEEP_ROWS rows of each kind at once; what is left over is remembered in
// `gone` and swept by the commits that follow, SWEEP_ROWS each. A chunk is about 10 kB, so one sweep of 256
// is some 2.5 MB of pages.
#include <errno.h>

#include "base/mem.h"
#include "store/db.h"
#include "store/row.h"
#include "store/writer.h"

#define SWEEP_ROWS 256

static int put_row(struct writer *w, const struct change *c, int *changed, struct err *e)
{
    const struct row_table *t = row_table_of(c->kind);
    sqlite3_stmt *st = w->put[c->kind];
    row_bind(st, t, row_of_const(c));
    return db_run(st, t->name, changed, e);
}

static int write_row(struct writer *w, const struct change *c, struct err *e)
{
    return put_row(w, c, NULL, e);
}

static int flush_counts(struct writer *w, struct err *e)
{
    int r = 0;
    for (int i = 0; r == 0 && i < w->n_counts; i++) {
        DB_INTS(w->st[W_COUNT_ADD], (int64_t)w->count[i].account, w->count[i].more);
        r = db_run(w->st[W_COUNT_ADD], "counting tasks", NULL, e);
    }
    w->n_counts = 0;
    return r;
}

static int count_task(struct writer *w, uint64_t account, int more, struct err *e)
{
    int i = 0;
    while (i < w->n_counts && w->count[i].account != account)
        i++;
    if (i == (int)ARRAY_LEN(w->count)) {
        int r = flush_counts(w, e);
        if (r < 0)
            return r;
        i = 0;
    }
    if (i == w->n_counts) {
        w->count[i].account = account;
        w->count[i].more = 0;
        w->n_counts++;
    }
    w->count[i].more += more;
    return 0;
}

static int set_body(struct writer *w, uint64_t id, const char *body, struct err *e)
{
    sqlite3_bind_int64(w->st[W_BODY_SET], 1, (int64_t)id);
    db_bind_text(w->st[W_BODY_SET], 2, body);
    return db_run(w->st[W_BODY_SET], "task_body", NULL, e);
}

static int update_live(struct writer *w, const struct row_task_live *live, struct err *e)
{
    sqlite3_stmt *st = w->put[CHANGE_TASK_LIVE];
    int changed;
    row_bind_update(st, row_table_of(CHANGE_TASK_LIVE), live);
    int r = db_run(st, "task", &changed, e);
    if (r == 0 && changed == 0)
        return err_set(e, -ENOENT, "store: task %llu moved but is not there (internal error)",
                       (unsigned long long)live->id);
    return r;
}

// Written a second time, a task keeps what never changes and takes the rest.
static int write_task(struct writer *w, const struct change *c, struct err *e)
{
    const struct row_task *task = &c->task;
    int added;
    int r = put_row(w, c, &added, e);
    if (r == 0 && added)
        r = count_task(w, task->account, 1, e);
    if (r == 0 && !added) {
        struct row_task_live live = task->live;
        live.id = task->id;
        r = row_still(&live) ? run_add(w, &live, e) : update_live(w, &live, e);
        if (r == 0)
            r = run_flush(w, e);
    }
    return r < 0 ? r : set_body(w, task->id, task->body, e);
}

static int write_live(struct writer *w, const struct change *c, struct err *e)
{
    return update_live(w, &c->live, e);
}

static int write_wait(struct writer *w, const struct change *c, struct err *e)
{
    sqlite3_stmt *st = w->put[CHANGE_TASK_WAIT];
    int changed;
    row_bind_update(st, row_table_of(CHANGE_TASK_WAIT), &c->wait);
    int r = db_run(st, "task", &changed, e);
    if (r == 0 && changed == 0)
        return err_set(e, -ENOENT, "store: task %llu waits and is not there (internal error)",
                       (unsigned long long)c->wait.id);
    return r;
}

static int write_job_gone(struct writer *w, const struct change *c, struct err *e)
{
    DB_INTS(w->st[W_JOB_DELETE], (int64_t)c->gone);
    return db_run(w->st[W_JOB_DELETE], "job", NULL, e);
}

static int write_body(struct writer *w, const struct change *c, struct err *e)
{
    sqlite3_stmt *st = w->st[W_TASK_RENAME];
    db_bind_text(st, 1, c->body.name);
    sqlite3_bind_int64(st, 2, c->body.modified_ms);
    sqlite3_bind_int64(st, 3, c->body.keep_ms);
    sqlite3_bind_int64(st, 4, (int64_t)c->body.id);
    int changed;
    int r = db_run(st, "task", &changed, e);
    if (r == 0 && changed == 0)
        return err_set(e, -ENOENT, "store: task %llu has a new body but is not there (internal error)",
                       (unsigned long long)c->body.id);
    return r < 0 ? r : set_body(w, c->body.id, c->body.body, e);
}

// Returns 1 when something is left.
static int sweep_task(struct writer *w, uint64_t task, struct err *e)
{
    static const enum writer_sql sweeps[] = {W_SWEEP_OUTPUT, W_SWEEP_ATTEMPT, W_SWEEP_RING, W_SWEEP_CURSOR};
    int left = 0;
    for (size_t i = 0; i < ARRAY_LEN(sweeps); i++) {
        int changed;
        DB_INTS(w->st[sweeps[i]], (int64_t)task, SWEEP_ROWS);
        int r = db_run(w->st[sweeps[i]], "sweeping a deleted task", &changed, e);
        if (r < 0)
            return r;
        left |= changed == SWEEP_ROWS;
    }
    return left;
}

static int write_task_gone(struct writer *w, const struct change *c, struct err *e)
{
    int64_t id = (int64_t)c->gone, account;
    DB_INTS(w->st[W_TASK_DELETE], id);
    int r = db_int(w->st[W_TASK_DELETE], "deleting a task", &account, e);
    if (r != 0)
        return r < 0 ? r : 0; // gone already: the same as once
    r = count_task(w, (uint64_t)account, -1, e);
    DB_INTS(w->st[W_BODY_DELETE], id);
    if (r == 0)
        r = db_run(w->st[W_BODY_DELETE], "deleting a task", NULL, e);
    DB_INTS(w->st[W_LEASE_DELETE_TASK], id);
    if (r == 0)
        r = db_run(w->st[W_LEASE_DELETE_TASK], "deleting a task", NULL, e);
    DB_INTS(w->st[W_SNAPSHOT_DELETE], id);
    if (r == 0)
        r = db_run(w->st[W_SNAPSHOT_DELETE], "deleting a task", NULL, e);
    if (r == 0)
        r = sweep_task(w, c->gone, e);
    if (r != 1)
        return r;
    DB_INTS(w->st[W_GONE_ADD], id);
    return db_run(w->st[W_GONE_ADD], "deleting a task", NULL, e);
}

// Its nodes' attempts and output go as a task's do.
static int write_pool_gone(struct writer *w, const struct change *c, struct err *e)
{
    int64_t id = (int64_t)c->gone;
    DB_INTS(w->st[W_POOL_DELETE], id);
    int r = db_run(w->st[W_POOL_DELETE], "pool", NULL, e);
    DB_INTS(w->st[W_LEASE_DELETE_TASK], id);
    if (r == 0)
        r = db_run(w->st[W_LEASE_DELETE_TASK], "deleting a pool", NULL, e);
    if (r == 0)
        r = sweep_task(w, c->gone, e);
    if (r != 1)
        return r;
    DB_INTS(w->st[W_GONE_ADD], id);
    return db_run(w->st[W_GONE_ADD], "deleting a pool", NULL, e);
}

static int write_lease_gone(struct writer *w, const struct change *c, struct err *e)
{
    DB_INTS(w->st[W_LEASE_DELETE], (int64_t)c->gone);
    return db_run(w->st[W_LEASE_DELETE], "lease", NULL, e);
}

static int write_publish_gone(struct writer *w, const struct change *c, struct err *e)
{
    DB_INTS(w->st[W_PUBLISH_DELETE], (int64_t)c->publish.lease, c->publish.part);
    return db_run(w->st[W_PUBLISH_DELETE], "publish", NULL, e);
}

static int write_secret_gone(struct writer *w, const struct change *c, struct err *e)
{
    sqlite3_stmt *st = w->st[W_SECRET_DELETE];
    sqlite3_bind_int64(st, 1, (int64_t)c->secret.account);
    db_bind_text(st, 2, c->secret.key);
    return db_run(st, "secret", NULL, e);
}

// An attempt is history: written once. Again with the same content it is the same; with another it is a lie
// to the bill.
static int write_attempt(struct writer *w, const struct change *c, struct err *e)
{
    const struct row_attempt *row = &c->attempt;
    int added;
    int r = put_row(w, c, &added, e);
    if (r < 0 || added)
        return r;
    sqlite3_stmt *st = w->attempt_get;
    DB_INTS(st, (int64_t)row->task, row->instance, row->attempt);
    bool same = sqlite3_step(st) == SQLITE_ROW && row_same(st, row_table_of(CHANGE_ATTEMPT), row);
    sqlite3_reset(st);
    if (same)
        return 0;
    return err_set(
        e, -EEXIST,
        "store: attempt %u of instance %u of task %llu is there with another content (internal error)",
        row->attempt, row->instance, (unsigned long long)row->task);
}

// Adds a cell to the totals of its board and account, and to its project's; `sign` -1 takes it away.
static int add_to_totals(struct writer *w, const struct row_ledger_work *row, int sign, struct err *e)
{
    DB_INTS(w->st[W_TOTAL_ADD], (int64_t)row->board, (int64_t)row->account, row->activity,
            sign * row->energy_mj, sign * row->core_ms, sign * row->ms, sign * row->cost_neur);
    int r = db_run(w->st[W_TOTAL_ADD], "ledger_total", NULL, e);
    if (r < 0 || !row->project || !row->cost_neur)
        return r;
    DB_INTS(w->st[W_PROJECT_ADD], (int64_t)row->project, row->hour_ms, sign * row->cost_neur);
    return db_run(w->st[W_PROJECT_ADD], "ledger_project", NULL, e);
}

// A cell is absolute, the totals are sums: they move by what the cell is more than it was.
static int write_cell(struct writer *w, const struct change *c, struct err *e)
{
    const struct row_ledger_work *row = &c->work;
    sqlite3_stmt *st = w->st[W_CELL_GET];
    DB_INTS(st, row->hour_ms, (int64_t)row->board, (int64_t)row->task, row->activity);
    int rc = sqlite3_step(st);
    struct row_ledger_work was = {
        .hour_ms = row->hour_ms, .board = row->board, .task = row->task, .activity = row->activity};
    if (rc == SQLITE_ROW) {
        was.account = (uint64_t)sqlite3_column_int64(st, 0);
        was.energy_mj = sqlite3_column_int64(st, 1);
        was.core_ms = sqlite3_column_int64(st, 2);
        was.ms = sqlite3_column_int64(st, 3);
        was.project = (uint64_t)sqlite3_column_int64(st, 4);
        was.cost_neur = sqlite3_column_int64(st, 5);
    }
    int r = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : db_fail(w->c, rc, "ledger_work", e);
    sqlite3_reset(st);
    if (r == 0 && rc == SQLITE_ROW)
        r = add_to_totals(w, &was, -1, e);
    if (r == 0)
        r = add_to_totals(w, row, 1, e);
    return r < 0 ? r : put_row(w, c, NULL, e);
}

static int write_output(struct writer *w, const struct change *c, struct err *e)
{
    return output_add(w, &c->output, e);
}

int write_change(struct writer *w, const struct change *c, struct err *e)
{
    static int (*const by_kind[CHANGE_KIND_N])(struct writer *, const struct change *, struct err *) = {
        [CHANGE_META] = write_row,
        [CHANGE_ORGANISATION] = write_row,
        [CHANGE_PROJECT] = write_row,
        [CHANGE_ACCOUNT] = write_row,
        [CHANGE_TOKEN] = write_row,
        [CHANGE_BUDGET] = write_row,
        [CHANGE_RESERVATION] = write_row,
        [CHANGE_TASK_NEW] = write_task,
        [CHANGE_TASK_LIVE] = write_live,
        [CHANGE_TASK_BODY] = write_body,
        [CHANGE_TASK_GONE] = write_task_gone,
        [CHANGE_TASK_WAIT] = write_wait,
        [CHANGE_JOB] = write_row,
        [CHANGE_JOB_GONE] = write_job_gone,
        [CHANGE_POOL] = write_row,
        [CHANGE_POOL_GONE] = write_pool_gone,
        [CHANGE_LEASE] = write_row,
        [CHANGE_LEASE_GONE] = write_lease_gone,
        [CHANGE_ATTEMPT] = write_attempt,
        [CHANGE_PUBLISH] = write_row,
        [CHANGE_SNAPSHOT] = write_row,
        [CHANGE_PUBLISH_GONE] = write_publish_gone,
        [CHANGE_OUTPUT] = write_output,
        [CHANGE_NODE] = write_row,
        [CHANGE_SITE] = write_row,
        [CHANGE_ZONE] = write_row,
        [CHANGE_BOARD] = write_row,
        [CHANGE_LEDGER_WORK] = write_cell,
        [CHANGE_LEDGER_ZONE] = write_row,
        [CHANGE_METER] = write_row,
        [CHANGE_SECRET] = write_row,
        [CHANGE_SECRET_GONE] = write_secret_gone,
    };
    if ((unsigned)c->kind >= CHANGE_KIND_N || !by_kind[c->kind])
        return err_set(e, -EINVAL, "store: change of kind %d is not known (internal error)", (int)c->kind);
    if (c->kind == CHANGE_TASK_LIVE && row_still(&c->live))
        return run_add(w, &c->live, e);
    int r = run_flush(w, e);
    return r < 0 ? r : by_kind[c->kind](w, c, e);
}

int write_finish(struct writer *w, struct err *e)
{
    int r = run_flush(w, e);
    int64_t task = 0;
    if (r == 0)
        r = flush_counts(w, e);
    if (r == 0)
        r = db_int(w->st[W_GONE_NEXT], "sweeping deleted tasks", &task, e);
    if (r != 0)
        return r < 0 ? r : 0;
    r = sweep_task(w, (uint64_t)task, e);
    if (r != 0)
        return r < 0 ? r : 0;
    DB_INTS(w->st[W_GONE_DELETE], task);
    return db_run(w->st[W_GONE_DELETE], "sweeping deleted tasks", NULL, e);
}
