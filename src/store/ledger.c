// SPDX-License-Identifier: Apache-2.0
//
// The book of joules, read: cells in order, and sums.
#include <string.h>

#include "store/db.h"
#include "store/reader.h"
#include "store/row.h"

int reader_ledger_work(void *ctx, int64_t from_ms, int64_t to_ms,
                       int (*each)(void *, const struct row_ledger_work *), void *each_ctx, struct err *e)
{
    struct reader *r = ctx;
    sqlite3_stmt *st = r->st[R_LEDGER_WORK];
    DB_INTS(st, from_ms, to_ms);
    int rc, stop = 0;
    while (!stop && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct row_ledger_work row;
        row_read(st, row_table_of(CHANGE_LEDGER_WORK), NULL, &row);
        stop = each(each_ctx, &row);
    }
    int code = stop || rc == SQLITE_DONE ? 0 : db_fail(r->c, rc, "reading the ledger", e);
    sqlite3_reset(st);
    return code;
}

int reader_ledger_zone(void *ctx, int64_t from_ms, int64_t to_ms,
                       int (*each)(void *, const struct row_ledger_zone *), void *each_ctx, struct err *e)
{
    struct reader *r = ctx;
    sqlite3_stmt *st = r->st[R_LEDGER_ZONE];
    DB_INTS(st, from_ms, to_ms);
    int rc, stop = 0;
    while (!stop && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        struct row_ledger_zone row;
        row_read(st, row_table_of(CHANGE_LEDGER_ZONE), NULL, &row);
        stop = each(each_ctx, &row);
    }
    int code = stop || rc == SQLITE_DONE ? 0 : db_fail(r->c, rc, "reading the ledger", e);
    sqlite3_reset(st);
    return code;
}

static int sum(sqlite3_stmt *st, struct totals_row out[10], struct err *e)
{
    int rc;
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        int64_t activity = sqlite3_column_int64(st, 0);
        if (activity < 0 || activity >= 10)
            continue;
        out[activity].energy_mj = sqlite3_column_int64(st, 1);
        out[activity].core_ms = sqlite3_column_int64(st, 2);
        out[activity].ms = sqlite3_column_int64(st, 3);
        out[activity].cost_neur = sqlite3_column_int64(st, 4);
    }
    return rc == SQLITE_DONE ? 0 : db_fail(sqlite3_db_handle(st), rc, "adding up the ledger", e);
}

// One task's cells are few and found by their index; everything else comes from the totals.
int reader_totals(void *ctx, uint64_t account, uint64_t board, uint64_t task, struct totals_row out[10],
                  struct err *e)
{
    struct reader *r = ctx;
    const struct {
        const char *column;
        uint64_t value;
    } by[] = {{"task", task}, {"account", account}, {"board", board}};
    struct buf sql = BUF_INIT(1024);
    int64_t value[3];
    int n = 0;
    buf_puts(&sql, "SELECT activity, sum(energy_mj), sum(core_ms), sum(ms), sum(cost_neur) FROM ");
    buf_puts(&sql, task ? "ledger_work" : "ledger_total");
    for (int i = 0; i < 3; i++)
        if (by[i].value) {
            buf_putf(&sql, "%s %s = $%d", n ? " AND" : " WHERE", by[i].column, n + 1);
            value[n++] = (int64_t)by[i].value;
        }
    buf_puts(&sql, " GROUP BY activity");
    memset(out, 0, 10 * sizeof *out);
    for (int i = 0; i < 10; i++)
        out[i].activity = (uint8_t)i;
    sqlite3_stmt *st = NULL;
    int code = db_prepare(r->c, &st, buf_str(&sql), e);
    buf_deinit(&sql);
    if (code < 0)
        return code;
    db_bind_ints(st, value, n);
    code = sum(st, out, e);
    sqlite3_finalize(st);
    return code;
}

// An hour in which the zone's book has nothing (the board drew after the zone's last word) counts as not
// asked for.
int reader_task_heat(void *ctx, uint64_t task, int64_t *it_mj, int64_t *useful_mj, struct err *e)
{
    struct reader *r = ctx;
    sqlite3_stmt *st = r->st[R_TASK_HEAT];
    int rc;
    *it_mj = *useful_mj = 0;
    DB_INTS(st, (int64_t)task);
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        int64_t energy = sqlite3_column_int64(st, 0), useful = sqlite3_column_int64(st, 1),
                given = sqlite3_column_int64(st, 2);
        *it_mj += energy;
        if (given > 0)
            *useful_mj += (int64_t)((__int128)energy * (useful < given ? useful : given) / given);
    }
    int code = rc == SQLITE_DONE ? 0 : db_fail(r->c, rc, "adding up a task's heat", e);
    sqlite3_reset(st);
    return code;
}
