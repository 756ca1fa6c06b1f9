// SPDX-License-Identifier: Apache-2.0
//
// Every call is one statement, or one read transaction around a few, so that what it gives is of one moment.
#include "store/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db.h"
#include "store/row.h"
#include "store/schema.h"

void reader_task_columns(struct buf *sql)
{
    buf_puts(sql, "SELECT ");
    row_sql_columns(sql, row_table_of(CHANGE_TASK_NEW), "");
    buf_puts(sql, ", body FROM task LEFT JOIN task_body USING (id)");
}

void reader_task(sqlite3_stmt *st, struct arena *a, struct row_task *row)
{
    const struct row_table *t = row_table_of(CHANGE_TASK_NEW);
    *row = (struct row_task){0};
    row_read(st, t, a, row);
    row->live.id = row->id;
    row->body = arena_strdup(a, (const char *)sqlite3_column_text(st, t->n));
}

#define HEAT_OF                                                                                              \
    "SELECT w.energy_mj, z.useful_mj, z.delivered_mj FROM ledger_work w LEFT JOIN board b ON b.id = "        \
    "w.board LEFT JOIN ledger_zone z ON z.hour_ms = w.hour_ms AND z.zone = b.zone "
// A deleted task is no longer the pool's for who asks, though its cells stay on the account's bill.
#define TASKS_OF_POOL "SELECT $1 UNION ALL SELECT id FROM task WHERE pool <> 0 AND pool = $1"

// The statements; columns come from the tables of row.c.
static const struct {
    int kind; // 0: the text is whole; 1: after the columns of a task with its body; 2 + k: after the columns
              // of change kind k
    const char *text;
} sql_texts[R_N] = {
    [R_TASK_UUID] = {1, " WHERE uuid = $1 AND (account = $2 OR $2 = 0)"},
    [R_TASK_SHORTNAME] = {1, " WHERE shortname = $1 COLLATE NOCASE AND account = $2 AND shortname <> uuid "
                             "ORDER BY id DESC LIMIT 1"},
    [R_TASK_ID] = {1, " WHERE id = $1"},
    [R_SNAPSHOT] = {2 + CHANGE_SNAPSHOT, " WHERE task = $1 AND number = $2"},
    [R_LEASE_TASK] = {0, "SELECT task FROM lease WHERE id = $1"},
    [R_JOB_UUID] = {2 + CHANGE_JOB, " WHERE uuid = $1 AND account = $2"},
    [R_JOB_SHORTNAME] = {2 + CHANGE_JOB,
                         " WHERE shortname = $1 COLLATE NOCASE AND account = $2 AND shortname <> uuid "
                         "ORDER BY id DESC LIMIT 1"},
    [R_JOBS] = {2 + CHANGE_JOB, " WHERE account = $1 ORDER BY id"},
    [R_POOL_UUID] = {2 + CHANGE_POOL, " WHERE uuid = $1 AND account = $2"},
    [R_POOL_SHORTNAME] = {2 + CHANGE_POOL,
                          " WHERE shortname = $1 COLLATE NOCASE AND account = $2 AND shortname <> uuid "
                          "ORDER BY id DESC LIMIT 1"},
    [R_POOL_ID] = {2 + CHANGE_POOL, " WHERE id = $1"},
    [R_POOLS] = {2 + CHANGE_POOL, " WHERE account = $1 ORDER BY id"},
    [R_TASK_HEAT] = {0, HEAT_OF "WHERE w.task = $1"},
    [R_POOL_HEAT] = {0, HEAT_OF "WHERE w.task IN (" TASKS_OF_POOL ")"},
    [R_POOL_TOTALS] =
        {0, "SELECT activity, sum(energy_mj), sum(core_ms), sum(ms), sum(cost_neur) FROM ledger_work "
            "WHERE task IN (" TASKS_OF_POOL ") GROUP BY activity"},
    [R_SECRET] = {0, "SELECT sealed FROM secret WHERE account = $1 AND key = $2"},
    // All keys that begin with $2: those from it on, until one that does not. (No LIKE: keys may hold % and
    // _.)
    [R_SECRET_KEYS] = {0, "SELECT key, sealed FROM secret WHERE account = $1 AND key >= $2 ORDER BY key"},
    [R_EPOCH] = {0, "SELECT value FROM store_state WHERE name = 'epoch'"},
    [R_COUNT_ALL] = {0, "SELECT coalesce(sum(n), 0) FROM task_count"},
    [R_COUNT_ONE] = {0, "SELECT n FROM task_count WHERE account = $1"},
    [R_ATTEMPTS] = {2 + CHANGE_ATTEMPT,
                    " WHERE task = $1 AND NOT EXISTS (SELECT 1 FROM gone WHERE gone.task = $1) "
                    "ORDER BY instance, attempt"},
    [R_IS_GONE] = {0, "SELECT 1 FROM gone WHERE task = $1"},
    [R_SIZES_ALL] =
        {0, "SELECT id, instance, n, lines FROM output WHERE task = $1 AND stream = $2 AND " SQL_OUTPUT_STANDS
            " ORDER BY id DESC"},
    [R_SIZES_ONE] =
        {0, "SELECT id, instance, n, lines FROM output WHERE task = $1 AND stream = $2 AND instance = $3 "
            "AND " SQL_OUTPUT_STANDS " ORDER BY id DESC"},
    [R_OUTPUT_ALL] =
        {0, "SELECT id, instance, data, attempt FROM output WHERE task = $1 AND stream = $2 AND id >= $3 "
            "AND " SQL_OUTPUT_STANDS " ORDER BY id"},
    [R_OUTPUT_ONE] =
        {0, "SELECT id, instance, data, attempt FROM output WHERE task = $1 AND stream = $2 AND id >= $3 "
            "AND instance = $4 AND " SQL_OUTPUT_STANDS " ORDER BY id"},
    [R_LEDGER_WORK] = {2 + CHANGE_LEDGER_WORK,
                       " WHERE hour_ms >= $1 AND hour_ms < $2 ORDER BY hour_ms, board, task, activity"},
    [R_LEDGER_ZONE] = {2 + CHANGE_LEDGER_ZONE,
                       " WHERE hour_ms >= $1 AND hour_ms < $2 ORDER BY hour_ms, zone"},
};

static int prepare(struct reader *r, struct err *e)
{
    for (int i = 0; i < R_N; i++) {
        struct buf sql = BUF_INIT(16 * 1024);
        if (sql_texts[i].kind == 1)
            reader_task_columns(&sql);
        else if (sql_texts[i].kind >= 2)
            row_sql_select(&sql, row_table_of((enum change_kind)(sql_texts[i].kind - 2)));
        buf_puts(&sql, sql_texts[i].text);
        int code = db_prepare(r->c, &r->st[i], buf_str(&sql), e);
        buf_deinit(&sql);
        if (code < 0)
            return code;
    }
    return 0;
}

static void reader_free(void *ctx)
{
    struct reader *r = ctx;
    for (int i = 0; i < R_N; i++)
        sqlite3_finalize(r->st[i]);
    sqlite3_close(r->c);
    free(r);
}

static int reader_hold(void *ctx, struct err *e)
{
    return db_exec(((struct reader *)ctx)->c, "BEGIN", "reading", e);
}

static int reader_let_go(void *ctx, struct err *e)
{
    return db_exec(((struct reader *)ctx)->c, "ROLLBACK", "reading", e);
}

// ---- tasks

static int one_task(sqlite3_stmt *st, struct arena *a, struct row_task *row, struct err *e)
{
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        reader_task(st, a, row);
    int code = rc == SQLITE_ROW    ? 0
               : rc == SQLITE_DONE ? 1
                                   : db_fail(sqlite3_db_handle(st), rc, "reading a task", e);
    sqlite3_reset(st);
    return code;
}

// Uuids are stored in lower case; clients send any.
static int by_uuid(struct reader *r, uint64_t account, const char *name, struct arena *a,
                   struct row_task *row, struct err *e)
{
    char uuid[UUID_TEXT_BYTES] = "";
    for (int i = 0; i < UUID_TEXT_BYTES - 1; i++)
        uuid[i] = name[i] >= 'A' && name[i] <= 'F' ? (char)(name[i] - 'A' + 'a') : name[i];
    sqlite3_bind_text(r->st[R_TASK_UUID], 1, uuid, -1, SQLITE_STATIC);
    sqlite3_bind_int64(r->st[R_TASK_UUID], 2, (int64_t)account);
    int code = one_task(r->st[R_TASK_UUID], a, row, e);
    sqlite3_clear_bindings(r->st[R_TASK_UUID]);
    return code;
}

static int reader_task_named(void *ctx, uint64_t account, const char *name, struct arena *a,
                             struct row_task *row, struct err *e)
{
    struct reader *r = ctx;
    if (strlen(name) == UUID_TEXT_BYTES - 1) {
        int code = by_uuid(r, account, name, a, row, e);
        if (code != 1)
            return code;
    }
    sqlite3_stmt *st = r->st[R_TASK_SHORTNAME];
    sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 2, (int64_t)account);
    int code = one_task(st, a, row, e);
    sqlite3_clear_bindings(st);
    return code;
}

static int one_job(sqlite3_stmt *st, uint64_t account, const char *name, struct arena *a, struct row_job *row,
                   struct err *e)
{
    sqlite3_bind_text(st, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 2, (int64_t)account);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        row_read(st, row_table_of(CHANGE_JOB), a, row);
    int code = rc == SQLITE_ROW    ? 0
               : rc == SQLITE_DONE ? 1
                                   : db_fail(sqlite3_db_handle(st), rc, "reading a job", e);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return code;
}

static int reader_job(void *ctx, uint64_t account, const char *name, struct arena *a, struct row_job *row,
                      struct err *e)
{
    struct reader *r = ctx;
    uint8_t uuid[16];
    if (uuid_parse(name, uuid)) {
        char text[UUID_TEXT_BYTES];
        for (int i = 0; i < UUID_TEXT_BYTES; i++)
            text[i] = name[i] >= 'A' && name[i] <= 'F' ? (char)(name[i] - 'A' + 'a') : name[i];
        return one_job(r->st[R_JOB_UUID], account, text, a, row, e);
    }
    return one_job(r->st[R_JOB_SHORTNAME], account, name, a, row, e);
}

static int reader_jobs(void *ctx, uint64_t account, struct arena *a, struct row_job **rows, size_t *n,
                       struct err *e)
{
    struct reader *r = ctx;
    sqlite3_stmt *st = r->st[R_JOBS];
    struct row_job *v = NULL;
    size_t cap = 0;
    int rc;
    *n = 0;
    DB_INTS(st, (int64_t)account);
    while ((rc = sqlite3_step(st)) == SQLITE_ROW)
        row_read(st, row_table_of(CHANGE_JOB), a, VEC_PUSH(v, *n, cap));
    int code = rc == SQLITE_DONE ? 0 : db_fail(r->c, rc, "reading jobs", e);
    sqlite3_reset(st);
    *rows = arena_alloc(a, (*n + 1) * sizeof **rows);
    if (*n)
        memcpy(*rows, v, *n * sizeof **rows);
    free(v);
    return code;
}

static int one_pool(sqlite3_stmt *st, struct arena *a, struct row_pool *row, struct err *e)
{
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        row_read(st, row_table_of(CHANGE_POOL), a, row);
    int code = rc == SQLITE_ROW    ? 0
               : rc == SQLITE_DONE ? 1
                                   : db_fail(sqlite3_db_handle(st), rc, "reading a pool", e);
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
    return code;
}

static int reader_pool(void *ctx, uint64_t account, const char *name, struct arena *a, struct row_pool *row,
                       struct err *e)
{
    struct reader *r = ctx;
    uint8_t uuid[16];
    char text[UUID_TEXT_BYTES];
    bool is_uuid = uuid_parse(name, uuid);
    sqlite3_stmt *st = r->st[is_uuid ? R_POOL_UUID : R_POOL_SHORTNAME];
    for (int i = 0; is_uuid && i < UUID_TEXT_BYTES; i++)
        text[i] = name[i] >= 'A' && name[i] <= 'F' ? (char)(name[i] - 'A' + 'a') : name[i];
    sqlite3_bind_text(st, 1, is_uuid ? text : name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(st, 2, (int64_t)account);
    return one_pool(st, a, row, e);
}

static int reader_pool_by_id(void *ctx, uint64_t id, struct arena *a, struct row_pool *row, struct err *e)
{
    struct reader *r = ctx;
    DB_INTS(r->st[R_POOL_ID], (int64_t)id);
    return one_pool(r->st[R_POOL_ID], a, row, e);
}

static int reader_pools(void *ctx, uint64_t account, struct arena *a, struct row_pool **rows, size_t *n,
                        struct err *e)
{
    struct reader *r = ctx;
    sqlite3_stmt *st = r->st[R_POOLS];
    struct row_pool *v = NULL;
    size_t cap = 0;
    int rc;
    *n = 0;
    DB_INTS(st, (int64_t)account);
    while ((rc = sqlite3_step(st)) == SQLITE_ROW)
        row_read(st, row_table_of(CHANGE_POOL), a, VEC_PUSH(v, *n, cap));
    int code = rc == SQLITE_DONE ? 0 : db_fail(r->c, rc, "reading pools", e);
    sqlite3_reset(st);
    *rows = arena_alloc(a, (*n + 1) * sizeof **rows);
    if (*n)
        memcpy(*rows, v, *n * sizeof **rows);
    free(v);
    return code;
}

static int reader_task_by_id(void *ctx, uint64_t id, struct arena *a, struct row_task *row, struct err *e)
{
    struct reader *r = ctx;
    DB_INTS(r->st[R_TASK_ID], (int64_t)id);
    return one_task(r->st[R_TASK_ID], a, row, e);
}

static int reader_lease_task(void *ctx, uint64_t lease, uint64_t *task, struct err *e)
{
    sqlite3_stmt *st = ((struct reader *)ctx)->st[R_LEASE_TASK];
    int64_t id = 0;
    DB_INTS(st, (int64_t)lease);
    int code = db_int(st, "reading a lease", &id, e);
    *task = (uint64_t)id;
    return code;
}

static int reader_snapshot(void *ctx, uint64_t task, uint32_t number, struct arena *a,
                           struct row_snapshot *row, struct err *e)
{
    sqlite3_stmt *st = ((struct reader *)ctx)->st[R_SNAPSHOT];
    DB_INTS(st, (int64_t)task, number);
    int rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        row_read(st, row_table_of(CHANGE_SNAPSHOT), a, row);
    int code = rc == SQLITE_ROW    ? 0
               : rc == SQLITE_DONE ? 1
                                   : db_fail(sqlite3_db_handle(st), rc, "reading a snapshot", e);
    sqlite3_reset(st);
    return code;
}

static int reader_epoch(void *ctx, uint64_t *epoch, struct err *e)
{
    int64_t now = 0;
    int code = db_int(((struct reader *)ctx)->st[R_EPOCH], "reading the epoch", &now, e);
    *epoch = (uint64_t)now;
    return code < 0 ? code : 0;
}

static int reader_task_count(void *ctx, uint64_t account, int64_t *count, struct err *e)
{
    struct reader *r = ctx;
    sqlite3_stmt *st = r->st[account ? R_COUNT_ONE : R_COUNT_ALL];
    *count = 0;
    if (account)
        DB_INTS(st, (int64_t)account);
    int code = db_int(st, "counting tasks", count, e);
    return code < 0 ? code : 0;
}

static int reader_attempts(void *ctx, uint64_t task, struct arena *a, struct row_attempt **rows, size_t *n,
                           struct err *e)
{
    struct reader *r = ctx;
    sqlite3_stmt *st = r->st[R_ATTEMPTS];
    struct row_attempt *v = NULL;
    size_t cap = 0;
    int rc;
    *n = 0;
    *rows = NULL;
    DB_INTS(st, (int64_t)task);
    while ((rc = sqlite3_step(st)) == SQLITE_ROW)
        row_read(st, row_table_of(CHANGE_ATTEMPT), a, VEC_PUSH(v, *n, cap));
    int code = rc == SQLITE_DONE ? 0 : db_fail(r->c, rc, "reading attempts", e);
    sqlite3_reset(st);
    if (code == 0 && *n) {
        *rows = arena_alloc(a, *n * sizeof **rows);
        memcpy(*rows, v, *n * sizeof **rows);
    }
    free(v);
    return code;
}

// ---- secrets

static int reader_secret(void *ctx, uint64_t account, const char *key, struct arena *a, const char **sealed,
                         struct err *e)
{
    sqlite3_stmt *st = ((struct reader *)ctx)->st[R_SECRET];
    sqlite3_bind_int64(st, 1, (int64_t)account);
    db_bind_text(st, 2, key);
    int rc = sqlite3_step(st);
    int code = rc == SQLITE_ROW    ? 0
               : rc == SQLITE_DONE ? 1
                                   : db_fail(sqlite3_db_handle(st), rc, "reading a secret", e);
    *sealed = code == 0 ? arena_strdup(a, (const char *)sqlite3_column_text(st, 0)) : NULL;
    sqlite3_reset(st);
    return code;
}

static int reader_secrets(void *ctx, uint64_t account, const char *prefix,
                          int (*each)(void *, const char *key, const char *sealed), void *each_ctx,
                          struct err *e)
{
    sqlite3_stmt *st = ((struct reader *)ctx)->st[R_SECRET_KEYS];
    size_t n = strlen(prefix);
    int rc, stop = 0;
    sqlite3_bind_int64(st, 1, (int64_t)account);
    db_bind_text(st, 2, prefix);
    while (!stop && (rc = sqlite3_step(st)) == SQLITE_ROW) {
        const char *key = (const char *)sqlite3_column_text(st, 0);
        if (strncmp(key, prefix, n) != 0) {
            rc = SQLITE_DONE;
            break;
        }
        stop = each(each_ctx, key, (const char *)sqlite3_column_text(st, 1));
    }
    int code = stop || rc == SQLITE_DONE ? 0 : db_fail(sqlite3_db_handle(st), rc, "reading secrets", e);
    sqlite3_reset(st);
    return code;
}

int reader_new(struct store_reader *ret, sqlite3 *c, struct err *e)
{
    int code = schema_check(c, e);
    if (code < 0) {
        sqlite3_close(c);
        return code;
    }
    struct reader *r = mem_alloc(sizeof *r);
    r->c = c;
    code = prepare(r, e);
    if (code < 0) {
        reader_free(r);
        return code;
    }
    *ret = (struct store_reader){
        .ctx = r,
        .hold = reader_hold,
        .let_go = reader_let_go,
        .task = reader_task_named,
        .lease_task = reader_lease_task,
        .snapshot = reader_snapshot,
        .task_by_id = reader_task_by_id,
        .tasks = reader_tasks,
        .job = reader_job,
        .jobs = reader_jobs,
        .pool = reader_pool,
        .pool_by_id = reader_pool_by_id,
        .pools = reader_pools,
        .pool_totals = reader_pool_totals,
        .pool_heat = reader_pool_heat,
        .epoch = reader_epoch,
        .task_count = reader_task_count,
        .secret = reader_secret,
        .secrets = reader_secrets,
        .attempts = reader_attempts,
        .output = reader_output,
        .totals = reader_totals,
        .task_heat = reader_task_heat,
        .ledger_work = reader_ledger_work,
        .ledger_zone = reader_ledger_zone,
        .free = reader_free,
    };
    return 0;
}
