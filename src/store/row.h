// SPDX-License-Identifier: Apache-2.0
//
// Rows and columns: one table of (column, type, place in the struct) per row of core/engine/change.h. The SQL
// that writes a row, the binding of its values and the reading back are all made from it, so that they cannot
// disagree.
#ifndef ONDOL_STORE_ROW_H
#define ONDOL_STORE_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/buf.h"
#include "core/engine/change.h"

enum col_type { COL_U64, COL_I64, COL_U32, COL_I32, COL_U8, COL_TEXT, COL_UUID };

struct col {
    const char *name;
    enum col_type type;
    size_t at; // offset in the row's struct
};

struct row_table {
    const char *name;
    const struct col *col;
    int n, n_keys; // the first n_keys columns are the primary key
};

// The table of a kind. A task's table leaves the body out: it lives in task_body. CHANGE_TASK_LIVE has the
// moving columns of the table task. NULL for kinds that are not whole rows (bodies, output, what is gone).
const struct row_table *row_table_of(enum change_kind k);

// The moving columns of a task of which no attempt has ended, all that such a task changes. An UPDATE
// rewrites every index that has one of its columns, changed or not; without the figures of attempts most
// updates of a task touch one index.
const struct row_table *row_table_still(void);
bool row_still(const struct row_task_live *r); // what attempts leave is all nothing, and so was it before

// The row of a change: all rows of the union begin at the same place.
void *row_of(struct change *c);
const void *row_of_const(const struct change *c);

void row_sql_columns(struct buf *sql, const struct row_table *t, const char *prefix); // "p.a, p.b"
void row_sql_insert(struct buf *sql, const struct row_table *t); // a second insert of the key does nothing
void row_sql_upsert(struct buf *sql, const struct row_table *t); // ... replaces the row
// Updates all but the key, where the key matches.
void row_sql_update(struct buf *sql, const struct row_table *t);
// The same for all rows whose key, of one column, is from the last but one to the last parameter.
void row_sql_update_range(struct buf *sql, const struct row_table *t);
void row_sql_select(struct buf *sql, const struct row_table *t); // all columns, without a condition

// Binds the columns to $1.. in the order of the table (row_sql_update: the key comes last). Texts must
// outlive the run.
void row_bind(sqlite3_stmt *st, const struct row_table *t, const void *row);
void row_bind_update(sqlite3_stmt *st, const struct row_table *t, const void *row);

// Reads the current result row. Texts are copied to `a`; with NULL they point into the statement until its
// next step.
void row_read(sqlite3_stmt *st, const struct row_table *t, struct arena *a, void *row);
bool row_alike(const struct row_table *t, const void *a, const void *b); // but for the key
bool row_same(sqlite3_stmt *st, const struct row_table *t, const void *row);

#endif
