// SPDX-License-Identifier: Apache-2.0
//
// The reading side of the SQL store. Private to src/store.
#ifndef ONDOL_STORE_READER_H
#define ONDOL_STORE_READER_H

#include <sqlite3.h>

#include "port/store.h"

enum reader_sql {
    R_TASK_UUID,
    R_TASK_SHORTNAME,
    R_TASK_ID,
    R_LEASE_TASK,
    R_SNAPSHOT,
    R_JOB_UUID,
    R_JOB_SHORTNAME,
    R_JOBS,
    R_POOL_UUID,
    R_POOL_SHORTNAME,
    R_POOL_ID,
    R_POOLS,
    R_TASK_HEAT,
    R_POOL_HEAT,
    R_POOL_TOTALS,
    R_SECRET,
    R_SECRET_KEYS,
    R_EPOCH,
    R_COUNT_ALL,
    R_COUNT_ONE,
    R_ATTEMPTS,
    R_IS_GONE,
    R_SIZES_ALL,
    R_SIZES_ONE,
    R_OUTPUT_ALL,
    R_OUTPUT_ONE,
    R_LEDGER_WORK,
    R_LEDGER_ZONE,
    R_N,
};

struct reader {
    sqlite3 *c;
    sqlite3_stmt *st[R_N];
};

// Takes over the connection; closes it on failure.
int reader_new(struct store_reader *ret, sqlite3 *c, struct err *e);

// Reads the task of the current result row: columns of row_table_of(CHANGE_TASK_NEW), then the body.
void reader_task(sqlite3_stmt *st, struct arena *a, struct row_task *row);
void reader_task_columns(struct buf *sql); // "SELECT ... , body FROM task LEFT JOIN task_body USING (id)"

// page.c, tail.c, ledger.c
int reader_tasks(void *ctx, const struct task_page *page, struct arena *a,
                 int (*each)(void *each_ctx, const struct row_task *row), void *each_ctx, const char **token,
                 struct err *e);
int reader_output(void *ctx, uint64_t task, uint8_t stream, int64_t instance, struct buf *text,
                  struct err *e);
int reader_totals(void *ctx, uint64_t account, uint64_t board, uint64_t task, struct totals_row out[10],
                  struct err *e);
int reader_ledger_work(void *ctx, int64_t from_ms, int64_t to_ms,
                       int (*each)(void *, const struct row_ledger_work *), void *each_ctx, struct err *e);
int reader_task_heat(void *ctx, uint64_t task, int64_t *it_mj, int64_t *useful_mj, struct err *e);
int reader_pool_totals(void *ctx, uint64_t pool, struct totals_row out[10], struct err *e);
int reader_pool_heat(void *ctx, uint64_t pool, int64_t *it_mj, int64_t *useful_mj, struct err *e);
int reader_ledger_zone(void *ctx, int64_t from_ms, int64_t to_ms,
                       int (*each)(void *, const struct row_ledger_zone *), void *each_ctx, struct err *e);

#endif
