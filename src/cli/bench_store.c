// SPDX-License-Identifier: Apache-2.0
//
// Creation: 64 clients send single tasks one by one, so the server commits batches of about 64 new tasks. The
// rival inserts the same rows in the same batches with bare sqlite3_* into one table that has all the
// columns, the body among them, and the same unique index on the uuid; same log, same durability (WAL,
// synchronous=FULL). The two are interleaved, each in a fresh database, RUNS times; then the medians are
// divided.
//
// Reading: pages of 50 out of LIST_TASKS tasks of one account, in the middle of the list, and the count.
#include "cli/bench_store.h"

#include <ftw.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "store/sqlite.h"

#define RUNS       5
#define BATCH      64
#define ROWS       (BATCH * 160)
#define LIST_TASKS 100000
#define BODY_BYTES 400

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

// ---- the rows

static struct row_task make_task(uint64_t id, const char *body)
{
    struct row_task t = {.id = id,
                         .account = 1,
                         .name = "price of a basket option",
                         .profile = "docker-batch",
                         .activity = 2,
                         .instances = 1,
                         .created_ms = 1700000000000 + (int64_t)id,
                         .body = body};
    uint64_t mixed =
        id * UINT64_C(0x9e3779b97f4a7c15); // uuids are random, which is what costs in their index
    snprintf(t.uuid, sizeof t.uuid, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(mixed >> 32),
             (unsigned)(mixed >> 16) & 0xffff, (unsigned)mixed & 0xfff, (unsigned)id & 0xfff,
             (unsigned long long)id);
    t.live = (struct row_task_live){.id = id,
                                    .state_ms = t.created_ms,
                                    .previous_state_ms = -1,
                                    .modified_ms = t.created_ms,
                                    .end_ms = -1,
                                    .succeeded = "",
                                    .failed = "",
                                    .cancelled = "",
                                    .started_once = "",
                                    .progress_permille = -1,
                                    .errors = "[]"};
    return t;
}

static void make_batch(struct change c[BATCH], uint64_t first, const char *body)
{
    for (int i = 0; i < BATCH; i++) {
        c[i].kind = CHANGE_TASK_NEW;
        c[i].task = make_task(first + (uint64_t)i, body);
        c[i].task.shortname = c[i].task.uuid;
    }
}

// ---- ours

static double run_ours(const char *dir, const char *body, struct err *e)
{
    struct store s;
    uint64_t epoch;
    struct change c[BATCH];
    double spent = 0;
    if (store_sqlite_open(&s, dir, e) < 0)
        return -1;
    int r = s.lead(s.ctx, &epoch, e);
    for (uint64_t id = 1; r == 0 && id <= ROWS; id += BATCH) {
        make_batch(c, id, body);
        double start = now_s();
        r = s.commit(s.ctx, epoch, c, BATCH, NULL, 0, e);
        spent += now_s() - start;
    }
    s.free(s.ctx);
    return r < 0 ? -1 : spent;
}

// ---- bare SQLite

static const char bare_schema[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000;"
    "CREATE TABLE task (id INTEGER PRIMARY KEY, uuid TEXT, shortname TEXT, account INT, name TEXT, profile "
    "TEXT, activity INT,"
    "instances INT, created_ms INT, state INT, previous_state INT, state_ms INT, previous_state_ms INT, "
    "modified_ms INT,"
    "end_ms INT, succeeded TEXT, failed TEXT, cancelled TEXT, started_once TEXT, running INT, running_cores "
    "INT, exec_ms INT,"
    "wall_ms INT, core_ms INT, energy_mj INT, retries_used INT, lost_attempts INT, preempted_attempts INT,"
    "progress_permille INT, results_count INT, errors TEXT, body TEXT) STRICT;"
    "CREATE UNIQUE INDEX task_uuid ON task (uuid);";
static const char bare_insert[] =
    "INSERT INTO task VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

static int bare_row(sqlite3_stmt *st, const struct row_task *t)
{
    const struct row_task_live *l = &t->live;
    const char *text[32] = {
        [1] = t->uuid, t->shortname, [4] = t->name,   t->profile,       [15] = l->succeeded,
        l->failed,     l->cancelled, l->started_once, [30] = l->errors, t->body};
    const int64_t number[32] = {[0] = (int64_t)t->id,
                                [3] = (int64_t)t->account,
                                [6] = t->activity,
                                t->instances,
                                t->created_ms,
                                l->state,
                                l->previous_state,
                                l->state_ms,
                                l->previous_state_ms,
                                l->modified_ms,
                                l->end_ms,
                                [19] = l->running,
                                l->running_cores,
                                l->exec_ms,
                                l->wall_ms,
                                l->core_ms,
                                l->energy_mj,
                                l->retries_used,
                                l->lost_attempts,
                                l->preempted_attempts,
                                l->progress_permille,
                                l->results_count};
    for (int i = 0; i < 32; i++) {
        if (text[i])
            sqlite3_bind_text(st, i + 1, text[i], -1, SQLITE_STATIC);
        else
            sqlite3_bind_int64(st, i + 1, number[i]);
    }
    int rc = sqlite3_step(st);
    sqlite3_reset(st);
    return rc;
}

static double run_bare(const char *dir, const char *body)
{
    char path[300];
    snprintf(path, sizeof path, "%s/bare.db", dir);
    mkdir(dir, 0700);
    sqlite3 *c = NULL;
    sqlite3_stmt *st = NULL;
    struct change batch[BATCH];
    double spent = 0;
    bool ok = sqlite3_open(path, &c) == SQLITE_OK &&
              sqlite3_exec(c, bare_schema, NULL, NULL, NULL) == SQLITE_OK &&
              sqlite3_prepare_v2(c, bare_insert, -1, &st, NULL) == SQLITE_OK;
    for (uint64_t id = 1; ok && id <= ROWS; id += BATCH) {
        make_batch(batch, id, body);
        double start = now_s();
        ok = sqlite3_exec(c, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
        for (int i = 0; ok && i < BATCH; i++)
            ok = bare_row(st, &batch[i].task) == SQLITE_DONE;
        ok = ok && sqlite3_exec(c, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
        spent += now_s() - start;
    }
    sqlite3_finalize(st);
    sqlite3_close(c);
    return ok ? spent : -1;
}

// ---- figures

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int creation(FILE *out, const char *dir, const char *body)
{
    double ours[RUNS], bare[RUNS];
    struct err e = ERR_NULL;
    char path[280];
    for (int i = 0; i < RUNS; i++) {
        snprintf(path, sizeof path, "%s/ours-%d", dir, i);
        ours[i] = run_ours(path, body, &e) / ROWS * 1e6;
        snprintf(path, sizeof path, "%s/bare-%d", dir, i);
        bare[i] = run_bare(path, body) / ROWS * 1e6;
        if (ours[i] < 0 || bare[i] < 0) {
            fprintf(out, "store: bench failed: %s\n", ours[i] < 0 ? e.text : "bare SQLite");
            return 1;
        }
    }
    qsort(ours, RUNS, sizeof *ours, by_size);
    qsort(bare, RUNS, sizeof *bare, by_size);
    fprintf(out, "store: a new task in batches of %d: %.1f us a row (%.1f-%.1f), durable (WAL, FULL)\n",
            BATCH, ours[RUNS / 2], ours[0], ours[RUNS - 1]);
    fprintf(out,
            "  bare SQLite %s, one table, unique index on uuid, same batches, durable: %.1f us a row "
            "(%.1f-%.1f); ratio %.2f\n",
            sqlite3_libversion(), bare[RUNS / 2], bare[0], bare[RUNS - 1], ours[RUNS / 2] / bare[RUNS / 2]);
    return 0;
}

static int skip_row(void *ctx, const struct row_task *row)
{
    uint64_t *bytes = ctx;
    *bytes += strlen(row->body);
    return 0;
}

static int fill(const char *dir, const char *body, struct err *e)
{
    static const char *const names[] = {"render", "price of a basket option", "fold", "mesh 12"};
    struct store s;
    uint64_t epoch;
    struct change c[BATCH];
    int r = store_sqlite_open(&s, dir, e);
    if (r < 0)
        return r;
    r = s.lead(s.ctx, &epoch, e);
    for (uint64_t id = 1; r == 0 && id <= LIST_TASKS; id += BATCH) {
        make_batch(c, id, body);
        for (int i = 0; i < BATCH; i++) {
            c[i].task.name = names[(id + (uint64_t)i) % 4];
            c[i].task.live.state = (uint8_t)((id + (uint64_t)i) * 7 % 11);
            c[i].task.live.exec_ms = (int64_t)((id + (uint64_t)i) * 7919 % 100000);
        }
        r = s.commit(s.ctx, epoch, c, BATCH, NULL, 0, e);
    }
    s.free(s.ctx);
    return r;
}

// Median time of the pages 1, 101, 201, ... of a list.
static double page_ms(struct store_reader *r, struct task_page p, struct err *e)
{
    double took[64];
    int n = 0;
    struct arena a = ARENA_NULL;
    char *after = NULL;
    uint64_t bytes = 0;
    for (int i = 0; n < 20; i++) {
        const char *token = NULL;
        p.limit = i % 2 ? 2000 : 50; // every other page only moves on
        p.after = after;
        double start = now_s();
        if (r->tasks(r->ctx, &p, &a, skip_row, &bytes, &token, e) < 0 || !token)
            break;
        if (i % 2 == 0)
            took[n++] = (now_s() - start) * 1e3;
        free(after);
        after = mem_strdup(token);
        arena_clear(&a);
    }
    free(after);
    arena_deinit(&a);
    qsort(took, (size_t)n, sizeof *took, by_size);
    return n ? took[n / 2] : -1;
}

static int lists(FILE *out, const char *dir, const char *body)
{
    static const char *const order[] = {"creation", "name", "state", "execution"};
    struct err e = ERR_NULL;
    struct store_reader r;
    char path[280];
    snprintf(path, sizeof path, "%s/list", dir);
    if (fill(path, body, &e) < 0 || store_sqlite_reader(&r, path, &e) < 0) {
        fprintf(out, "store: bench failed: %s\n", e.text);
        return 1;
    }
    fprintf(out, "store: a page of 50 in the middle of %d tasks, ms:", LIST_TASKS);
    for (int o = ORDER_CREATION; o <= ORDER_EXECUTION; o++)
        fprintf(out, " by %s %.2f;", order[o],
                page_ms(&r, (struct task_page){.account = 1, .order = (enum task_order)o, .descending = true},
                        &e));
    fprintf(out, " live only %.2f;", page_ms(&r, (struct task_page){.account = 1, .live_only = true}, &e));
    int64_t count = 0;
    double start = now_s();
    for (int i = 0; i < 100; i++)
        r.task_count(r.ctx, 1, &count, &e);
    fprintf(out, " count of %lld %.4f\n", (long long)count, (now_s() - start) * 10);
    r.free(r.ctx);
    return 0;
}

int bench_store(FILE *out)
{
    char dir[256], body[BODY_BYTES + 1];
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%.200s/ondol-bench-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir)) {
        fprintf(out, "store: bench failed: no directory under %s\n", tmp ? tmp : "/tmp");
        return 1;
    }
    memset(body, 'b', BODY_BYTES);
    body[BODY_BYTES] = '\0';
    int r = creation(out, dir, body);
    if (r == 0)
        r = lists(out, dir, body);
    nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return r;
}
