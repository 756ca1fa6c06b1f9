// SPDX-License-Identifier: Apache-2.0
//
// The statements and the transaction. A commit is
//     BEGIN IMMEDIATE; is the epoch still ours?; the changes; the fresh reads; counts; some sweeping; COMMIT
// and whatever fails on the way rolls all of it back. COMMIT returns after the log is on disk
// (synchronous=FULL).
//
// SQLite folds its write-ahead log into the database only while no reader needs the old pages, so a busy page
// could make the log grow for ever. The fold is tried without waiting after LOG_PAGES; past LOG_PAGES_MOST
// the writer waits for the readers (they are short) and cuts the file.
#include "store/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db.h"
#include "store/row.h"
#include "store/schema.h"

#define LOG_PAGES      1000  // 4 MB
#define LOG_PAGES_MOST 16000 // 64 MB
#define FOLD_WAIT_MS   200

static const char *const sql_texts[W_N] = {
    [W_EPOCH] = "SELECT value FROM store_state WHERE name = 'epoch'",
    [W_RAISE_EPOCH] = "UPDATE store_state SET value = value + 1 WHERE name = 'epoch'",
    [W_BODY_SET] = "INSERT INTO task_body (id, body) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET body = "
                   "excluded.body",
    [W_TASK_RENAME] = "UPDATE task SET name = $1, modified_ms = $2, keep_ms = $3 WHERE id = $4",
    [W_TASK_DELETE] = "DELETE FROM task WHERE id = $1 RETURNING account",
    [W_POOL_DELETE] = "DELETE FROM pool WHERE id = $1",
    [W_JOB_DELETE] = "DELETE FROM job WHERE id = $1",
    [W_BODY_DELETE] = "DELETE FROM task_body WHERE id = $1",
    [W_COUNT_ADD] =
        "INSERT INTO task_count (account, n) VALUES ($1, $2) ON CONFLICT (account) DO UPDATE SET n = "
        "task_count.n + excluded.n",
    [W_SECRET_DELETE] = "DELETE FROM secret WHERE account = $1 AND key = $2",
    [W_PUBLISH_DELETE] = "DELETE FROM publish WHERE lease = $1 AND part = $2",
    [W_SNAPSHOT_DELETE] = "DELETE FROM snapshot WHERE task = $1",
    [W_LEASE_DELETE] = "DELETE FROM lease WHERE id = $1",
    [W_LEASE_DELETE_TASK] = "DELETE FROM lease WHERE task = $1",
    [W_GONE_ADD] = "INSERT INTO gone (task) VALUES ($1) ON CONFLICT (task) DO NOTHING",
    [W_GONE_NEXT] = "SELECT task FROM gone ORDER BY task LIMIT 1",
    [W_GONE_DELETE] = "DELETE FROM gone WHERE task = $1",
    [W_SWEEP_OUTPUT] = "DELETE FROM output WHERE id IN (SELECT id FROM output WHERE task = $1 LIMIT $2)",
    [W_SWEEP_ATTEMPT] = "DELETE FROM attempt WHERE (task, instance, attempt) IN "
                        "(SELECT task, instance, attempt FROM attempt WHERE task = $1 LIMIT $2)",
    [W_SWEEP_RING] = "DELETE FROM output_ring WHERE (task, stream, instance) IN "
                     "(SELECT task, stream, instance FROM output_ring WHERE task = $1 LIMIT $2)",
    [W_SWEEP_CURSOR] = "DELETE FROM cursor WHERE (task, account, stream, instance) IN "
                       "(SELECT task, account, stream, instance FROM cursor WHERE task = $1 LIMIT $2)",
    [W_CHUNK_LAST] = "SELECT coalesce(max(id), 0) FROM output",
    [W_CHUNK_ADD] =
        "INSERT INTO output (id, task, stream, instance, attempt, node, epoch, seq, at_ms, n, lines, data) "
        "VALUES "
        "($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (node, epoch, seq) DO NOTHING",
    [W_CHUNK_SAME] =
        "SELECT task = $1 AND stream = $2 AND instance = $3 AND attempt = $4 AND data = $5 FROM output "
        "WHERE node = $6 AND epoch = $7 AND seq = $8",
    [W_RING_ADD] =
        "INSERT INTO output_ring (task, stream, instance, n, dropped_bytes, dropped_chunks) VALUES "
        "($1, $2, $3, $4, $5, 0) ON CONFLICT (task, stream, instance) DO UPDATE SET n = output_ring.n + "
        "excluded.n, "
        "dropped_bytes = output_ring.dropped_bytes + excluded.dropped_bytes RETURNING n",
    [W_RING_OLDEST] =
        "SELECT id, n FROM output WHERE task = $1 AND stream = $2 AND instance = $3 ORDER BY id LIMIT 1",
    [W_RING_DROP] = "UPDATE output_ring SET n = n - $1, dropped_bytes = dropped_bytes + $1, dropped_chunks = "
                    "dropped_chunks + "
                    "1 WHERE task = $2 AND stream = $3 AND instance = $4",
    [W_CHUNK_DELETE] = "DELETE FROM output WHERE id = $1",
    [W_CURSOR_GET] =
        "SELECT chunk, at, open_instance FROM cursor WHERE task = $1 AND account = $2 AND stream = $3 AND "
        "instance = $4",
    [W_CURSOR_SET] =
        "INSERT INTO cursor (task, account, stream, instance, chunk, at, open_instance) VALUES "
        "($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (task, account, stream, instance) DO UPDATE SET "
        "chunk = excluded.chunk, at = excluded.at, open_instance = excluded.open_instance",
    [W_FRESH_ALL] =
        "SELECT id, instance, data, attempt FROM output WHERE task = $1 AND stream = $2 AND id >= $3 "
        "AND " SQL_OUTPUT_STANDS " ORDER BY id",
    [W_FRESH_ONE] =
        "SELECT id, instance, data, attempt FROM output WHERE task = $1 AND stream = $2 AND id >= $3 "
        "AND instance = $4 AND " SQL_OUTPUT_STANDS " ORDER BY id",
    [W_CELL_GET] = "SELECT account, energy_mj, core_ms, ms, project, cost_neur FROM ledger_work WHERE "
                   "hour_ms = $1 AND board = $2 AND task = $3 AND activity = $4",
    [W_TOTAL_ADD] =
        "INSERT INTO ledger_total (board, account, activity, energy_mj, core_ms, ms, cost_neur) VALUES ($1, "
        "$2, $3, $4, $5, $6, $7) ON CONFLICT (board, account, activity) DO UPDATE SET energy_mj = "
        "ledger_total.energy_mj + excluded.energy_mj, core_ms = ledger_total.core_ms + excluded.core_ms, "
        "ms = ledger_total.ms + excluded.ms, cost_neur = ledger_total.cost_neur + excluded.cost_neur",
    [W_PROJECT_ADD] =
        "INSERT INTO ledger_project (project, hour_ms, cost_neur) VALUES ($1, $2, $3) ON CONFLICT (project, "
        "hour_ms) DO UPDATE SET cost_neur = ledger_project.cost_neur + excluded.cost_neur",
};

static int prepare_put(struct writer *w, enum change_kind k, struct err *e)
{
    const struct row_table *t = row_table_of(k);
    if (!t || k == CHANGE_TASK_ENDED || k == CHANGE_SPENT)
        return 0;
    struct buf sql = BUF_INIT(16 * 1024);
    if (k == CHANGE_TASK_LIVE || k == CHANGE_TASK_WAIT)
        row_sql_update(&sql, t);
    else if (k == CHANGE_TASK_NEW || k == CHANGE_ATTEMPT)
        row_sql_insert(&sql, t);
    else
        row_sql_upsert(&sql, t);
    int r = db_prepare(w->c, &w->put[k], buf_str(&sql), e);
    buf_deinit(&sql);
    return r;
}

static int prepare(struct writer *w, struct err *e)
{
    int r = 0;
    for (int i = 0; r == 0 && i < W_N; i++)
        r = db_prepare(w->c, &w->st[i], sql_texts[i], e);
    for (int k = 0; r == 0 && k < CHANGE_KIND_N; k++)
        r = prepare_put(w, (enum change_kind)k, e);
    if (r < 0)
        return r;
    struct buf sql = BUF_INIT(16 * 1024);
    row_sql_update(&sql, row_table_still());
    r = db_prepare(w->c, &w->put_still, buf_str(&sql), e);
    buf_clear(&sql);
    row_sql_update_range(&sql, row_table_still());
    if (r == 0)
        r = db_prepare(w->c, &w->put_run, buf_str(&sql), e);
    buf_clear(&sql);
    row_sql_select(&sql, row_table_of(CHANGE_ATTEMPT));
    buf_puts(&sql, " WHERE task = $1 AND instance = $2 AND attempt = $3");
    if (r == 0)
        r = db_prepare(w->c, &w->attempt_get, buf_str(&sql), e);
    buf_deinit(&sql);
    return r;
}

// Called by SQLite after each commit with the length of the log in pages. Failing to fold loses nothing: the
// log is the truth.
static int fold_log(void *ctx, sqlite3 *c, const char *name, int pages)
{
    struct writer *w = ctx;
    if (pages >= LOG_PAGES_MOST) {
        sqlite3_busy_timeout(c, FOLD_WAIT_MS);
        sqlite3_wal_checkpoint_v2(c, name, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
        sqlite3_busy_timeout(c, DB_BUSY_MS);
    } else if (pages >= LOG_PAGES)
        sqlite3_wal_checkpoint_v2(c, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (pages >= LOG_PAGES)
        directory_reserve(&w->dir);
    return SQLITE_OK;
}

int writer_new(struct writer **ret, sqlite3 *c, struct err *e)
{
    struct writer *w = mem_alloc(sizeof *w);
    w->c = c;
    w->dir = DIRECTORY_NULL;
    w->ring_bytes = RING_DEFAULT_BYTES;
    sqlite3_wal_hook(c, fold_log, w);
    int r = prepare(w, e);
    if (r == 0)
        r = output_prepare(w, e);
    if (r < 0) {
        writer_free(w);
        return r;
    }
    *ret = w;
    return 0;
}

void writer_free(struct writer *w)
{
    if (!w)
        return;
    for (int i = 0; i < W_N; i++)
        sqlite3_finalize(w->st[i]);
    for (int i = 0; i < CHANGE_KIND_N; i++)
        sqlite3_finalize(w->put[i]);
    sqlite3_finalize(w->put_still);
    sqlite3_finalize(w->put_run);
    sqlite3_finalize(w->attempt_get);
    sqlite3_close(w->c);
    directory_close(&w->dir);
    free(w->name);
    free(w);
}

// ---- the transaction

static void roll_back(struct writer *w)
{
    w->n_counts = 0;
    w->run = (struct run){0};
    if (!sqlite3_get_autocommit(w->c)) // a full disk may already have rolled back by itself
        sqlite3_exec(w->c, "ROLLBACK", NULL, NULL, NULL);
}

// With the reserve given up the log can be folded into the database and cut, which may be all that was
// needed; the caller decides whether to try again.
static void make_space(struct writer *w)
{
    directory_release(&w->dir);
    sqlite3_wal_checkpoint_v2(w->c, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

static int check_epoch(struct writer *w, uint64_t epoch, struct err *e)
{
    int64_t now = 0;
    int r = db_int(w->st[W_EPOCH], "reading the epoch", &now, e);
    if (r < 0)
        return r;
    if ((uint64_t)now == epoch)
        return 0;
    return err_set(
        e, -ESTALE,
        "store: epoch %llu is not the leader's, which is %lld (another server took over: stop this one)",
        (unsigned long long)epoch, (long long)now);
}

static int write_all(struct writer *w, uint64_t epoch, const struct change *c, size_t n,
                     struct fresh_read *fresh, size_t n_fresh, struct err *e)
{
    int r = check_epoch(w, epoch, e);
    for (size_t i = 0; r == 0 && i < n; i++)
        r = write_change(w, &c[i], e);
    if (r == 0)
        r = run_flush(w, e);
    for (size_t i = 0; r == 0 && i < n_fresh; i++)
        r = output_fresh(w, &fresh[i], e);
    if (r == 0)
        r = write_finish(w, e);
    if (r == 0)
        r = db_exec(w->c, "COMMIT", "committing", e);
    return r;
}

static int writer_commit(void *ctx, uint64_t epoch, const struct change *c, size_t n,
                         struct fresh_read *fresh, size_t n_fresh, struct err *e)
{
    struct writer *w = ctx;
    struct arena a = ARENA_NULL;
    size_t *had = arena_alloc(&a, (n_fresh + 1) * sizeof *had);
    for (size_t i = 0; i < n_fresh; i++)
        had[i] = fresh[i].text->n;
    int r = db_exec(w->c, "BEGIN IMMEDIATE", "beginning a transaction", e);
    if (r == 0)
        r = write_all(w, epoch, c, n, fresh, n_fresh, e);
    if (r < 0) {
        roll_back(w);
        for (size_t i = 0; i < n_fresh; i++) { // what was read was not given
            fresh[i].text->n = had[i];
            if (fresh[i].text->v)
                fresh[i].text->v[had[i]] = '\0';
        }
        if (r == -ENOSPC)
            make_space(w);
    }
    arena_deinit(&a);
    return r;
}

static int raise_epoch(struct writer *w, uint64_t *epoch, struct err *e)
{
    int64_t now = 0;
    int r = db_run(w->st[W_RAISE_EPOCH], "raising the epoch", NULL, e);
    if (r == 0)
        r = db_int(w->st[W_EPOCH], "reading the epoch", &now, e);
    if (r == 0)
        r = output_prepare(w, e); // another leader may have added chunks
    if (r == 0)
        r = db_exec(w->c, "COMMIT", "raising the epoch", e);
    *epoch = (uint64_t)now;
    return r;
}

static int writer_lead(void *ctx, uint64_t *epoch, struct err *e)
{
    struct writer *w = ctx;
    int r = db_exec(w->c, "BEGIN IMMEDIATE", "raising the epoch", e);
    if (r == 0)
        r = raise_epoch(w, epoch, e);
    if (r < 0)
        roll_back(w);
    if (r == -ENOSPC)
        make_space(w);
    return r;
}

static void writer_free_ctx(void *ctx)
{
    writer_free(ctx);
}

struct store writer_store(struct writer *w)
{
    return (struct store){w, writer_lead, writer_load, writer_commit, writer_free_ctx};
}
