// SPDX-License-Identifier: Apache-2.0
//
// The writing side of the SQL store, shared by the one on disk (sqlite.c) and the one in memory (memory.c):
// one connection, its prepared statements, and what a transaction carries along. Private to src/store.
#ifndef ONDOL_STORE_WRITER_H
#define ONDOL_STORE_WRITER_H

#include <sqlite3.h>

#include "port/store.h"
#include "store/directory.h"

#define RING_DEFAULT_BYTES ((size_t)1024 * 1024) // kept per (task, instance, stream)

enum writer_sql {
    W_EPOCH,
    W_RAISE_EPOCH,
    // tasks
    W_BODY_SET,
    W_TASK_RENAME,
    W_TASK_DELETE,
    W_JOB_DELETE,
    W_POOL_DELETE,
    W_BODY_DELETE,
    W_COUNT_ADD,
    W_LEASE_DELETE,
    W_SECRET_DELETE,
    W_PUBLISH_DELETE,
    W_SNAPSHOT_DELETE,
    W_LEASE_DELETE_TASK,
    // what may be too much for one transaction
    W_GONE_ADD,
    W_GONE_NEXT,
    W_GONE_DELETE,
    W_SWEEP_OUTPUT,
    W_SWEEP_ATTEMPT,
    W_SWEEP_RING,
    W_SWEEP_CURSOR,
    // output
    W_CHUNK_LAST,
    W_CHUNK_ADD,
    W_CHUNK_SAME,
    W_RING_ADD,
    W_RING_OLDEST,
    W_RING_DROP,
    W_CHUNK_DELETE,
    W_CURSOR_GET,
    W_CURSOR_SET,
    W_FRESH_ALL,
    W_FRESH_ONE,
    // the ledger
    W_CELL_GET,
    W_TOTAL_ADD,
    W_PROJECT_ADD,
    W_N,
};

struct run { // of tasks lo..hi that all move like `first`; first NULL: none
    const struct row_task_live *first;
    uint64_t lo, hi;
};

struct writer {
    sqlite3 *c;
    char *name; // memory: the URI that readers open; NULL on disk
    struct directory dir;
    size_t ring_bytes;
    int64_t next_chunk; // id of the next output chunk
    sqlite3_stmt *st[W_N];
    sqlite3_stmt *put_still;          // the moving columns of a task of which no attempt has ended
    sqlite3_stmt *put_run;            // the same of all tasks from one id to another
    struct run run;                   // not written yet
    sqlite3_stmt *put[CHANGE_KIND_N]; // the whole row of a kind; see writer_prepare
    sqlite3_stmt *attempt_get;        // of (task, instance, attempt), to compare
    struct {
        uint64_t account;
        int64_t more;
    } count[32]; // tasks made less tasks deleted in this transaction
    int n_counts;
};

// Takes over a connection whose schema is current; closes it on failure.
int writer_new(struct writer **ret, sqlite3 *c, struct err *e);
void writer_free(struct writer *w);
struct store writer_store(struct writer *w);

// write.c: one change inside the transaction.
int write_change(struct writer *w, const struct change *c, struct err *e);
int write_finish(struct writer *w, struct err *e); // counts, and some sweeping; before COMMIT

// run.c: what moves alike is written together. Flushed before any other change.
int run_add(struct writer *w, const struct row_task_live *live, struct err *e); // `live` lives until the flush
int run_flush(struct writer *w, struct err *e);

// output.c
int output_prepare(struct writer *w, struct err *e); // finds next_chunk
int output_add(struct writer *w, const struct row_output *row, struct err *e);
int output_fresh(struct writer *w, struct fresh_read *f, struct err *e);

// load.c
int writer_load(void *ctx, const struct store_visitor *v, struct err *e);

#endif
