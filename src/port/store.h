// SPDX-License-Identifier: Apache-2.0
//
// State on disk, as a struct of functions. One test file runs on every store (tests/unit/store).
//
// Writing: one thread, one batch at a time, one transaction a batch. The batch carries the epoch of the
// leadership; a store whose epoch is newer refuses it with -ESTALE (docs/design/0004-fenced-leadership.md).
// When commit returns 0 the batch is on disk. -ENOSPC: nothing of the batch is there. Reading: any number of
// readers, each used by one thread at a time; they see committed state only.
#ifndef ONDOL_PORT_STORE_H
#define ONDOL_PORT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "core/engine/change.h"

// A POST of stdout or stderr: what is new since the account's last look at (task, stream, instance). The text
// is read and the cursor moved inside the batch's transaction, so that no line is given twice or lost.
struct fresh_read {
    uint64_t account, task;
    uint8_t stream;
    int64_t instance; // -1: aggregate, with "%2d> " before every line
    size_t max_bytes;
    struct buf *text; // out; the caller's
};

// At load every live row is handed to `row`, in the order: meta, accounts, secrets, sites, nodes, zones,
// boards, meters, pools, jobs, final tasks that delete themselves or are in an Active job with dependencies
// (CHANGE_TASK_ENDED), tasks that are not final (by id; body NULL is allowed), their attempts that did not
// succeed, their leases and those of pools, their snapshots, what is to be published, ledger cells since
// `ledger_from_ms`. The row is valid during the call only.
struct store_visitor {
    void *ctx;
    int (*row)(void *ctx, const struct change *c, struct err *e);
    int64_t ledger_from_ms;
};

struct store {
    void *ctx;
    // Becomes the leader: raises the epoch in the store and gives it.
    int (*lead)(void *ctx, uint64_t *epoch, struct err *e);
    int (*load)(void *ctx, const struct store_visitor *v, struct err *e);
    int (*commit)(void *ctx, uint64_t epoch, const struct change *c, size_t n, struct fresh_read *fresh,
                  size_t n_fresh, struct err *e);
    void (*free)(void *ctx);
};

// ---- reading

enum task_order { ORDER_CREATION, ORDER_NAME, ORDER_STATE, ORDER_EXECUTION };

struct task_page {
    uint64_t account; // 0: all accounts (operator)
    uint64_t job;     // 0: of any job or none
    uint64_t pool;    // 0: likewise
    enum task_order order;
    bool descending;
    const char *after; // opaque token of the previous page's last row; NULL: from the start
    size_t limit;
    bool final_only, live_only;
};

struct totals_row {
    uint8_t activity;
    int64_t energy_mj, core_ms, ms, cost_neur;
};

struct store_reader {
    void *ctx;
    // What is read between the two is of one moment, and looks less often whether something was committed.
    // Not for long: the log of the store cannot be cut meanwhile.
    int (*hold)(void *ctx, struct err *e);
    int (*let_go)(void *ctx, struct err *e);
    // 0 found, 1 not there, negative error. Rows and strings live in `a`.
    int (*task)(void *ctx, uint64_t account, const char *uuid_or_shortname, struct arena *a,
                struct row_task *row, struct err *e);
    // Whose lease it is, while it lasts.
    int (*lease_task)(void *ctx, uint64_t lease, uint64_t *task, struct err *e);
    // A snapshot of a task; number 0: its standing orders.
    int (*snapshot)(void *ctx, uint64_t task, uint32_t number, struct arena *a, struct row_snapshot *row,
                    struct err *e);
    int (*task_by_id)(void *ctx, uint64_t id, struct arena *a, struct row_task *row, struct err *e);
    // Calls `each` in order; each returns 0 to go on, 1 to stop after this row. `token` (in `a`) continues
    // after the last row given; NULL when there are no more.
    int (*tasks)(void *ctx, const struct task_page *page, struct arena *a,
                 int (*each)(void *each_ctx, const struct row_task *row), void *each_ctx, const char **token,
                 struct err *e);
    int (*job)(void *ctx, uint64_t account, const char *uuid_or_shortname, struct arena *a,
               struct row_job *row, struct err *e);
    // In the order of ids.
    int (*jobs)(void *ctx, uint64_t account, struct arena *a, struct row_job **rows, size_t *n,
                struct err *e);
    int (*pool)(void *ctx, uint64_t account, const char *uuid_or_shortname, struct arena *a,
                struct row_pool *row, struct err *e);
    int (*pool_by_id)(void *ctx, uint64_t id, struct arena *a, struct row_pool *row, struct err *e);
    // In the order of ids.
    int (*pools)(void *ctx, uint64_t account, struct arena *a, struct row_pool **rows, size_t *n,
                 struct err *e);
    // A sealed secret, in `a`: 0 found, 1 not there, negative error.
    int (*secret)(void *ctx, uint64_t account, const char *key, struct arena *a, const char **sealed,
                  struct err *e);
    // All whose key begins with `prefix`, by key; each returns 0 to go on.
    int (*secrets)(void *ctx, uint64_t account, const char *prefix,
                   int (*each)(void *, const char *key, const char *sealed), void *each_ctx, struct err *e);
    // Of the leadership.
    int (*epoch)(void *ctx, uint64_t *epoch, struct err *e);
    int (*task_count)(void *ctx, uint64_t account, int64_t *count, struct err *e);
    // In the order of instance and attempt.
    int (*attempts)(void *ctx, uint64_t task, struct arena *a, struct row_attempt **rows, size_t *n,
                    struct err *e);
    // Everything kept of a stream, oldest first; instance -1: aggregate with "%2d> " before every line.
    int (*output)(void *ctx, uint64_t task, uint8_t stream, int64_t instance, struct buf *text,
                  struct err *e);
    // 0 for account, board or task: of all.
    int (*totals)(void *ctx, uint64_t account, uint64_t board, uint64_t task, struct totals_row out[10],
                  struct err *e);
    // Joules of a task and how much of them its zones had asked for, by the hour: energy x useful /
    // delivered.
    int (*task_heat)(void *ctx, uint64_t task, int64_t *it_mj, int64_t *useful_mj, struct err *e);
    // The same two of a pool: what its nodes used and what its tasks did on them.
    int (*pool_totals)(void *ctx, uint64_t pool, struct totals_row out[10], struct err *e);
    int (*pool_heat)(void *ctx, uint64_t pool, int64_t *it_mj, int64_t *useful_mj, struct err *e);
    int (*ledger_work)(void *ctx, int64_t from_ms, int64_t to_ms,
                       int (*each)(void *, const struct row_ledger_work *), void *each_ctx, struct err *e);
    int (*ledger_zone)(void *ctx, int64_t from_ms, int64_t to_ms,
                       int (*each)(void *, const struct row_ledger_zone *), void *each_ctx, struct err *e);
    void (*free)(void *ctx);
};

#endif
