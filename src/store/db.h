// SPDX-License-Identifier: Apache-2.0
//
// The few words of SQLite that the store speaks: connections, statements, and errors as sentences. SQL texts
// use $1, $2, ... in the order of first appearance, so that a parameter's number is its index here and its
// name in PostgreSQL.
#ifndef ONDOL_STORE_DB_H
#define ONDOL_STORE_DB_H

#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/arena.h"
#include "base/err.h"

#define DB_BUSY_MS 5000 // how long to wait for locks of others

// Opens `path` (a file or a "file:" URI) with SQLITE_OPEN_* flags.
int db_open(sqlite3 **ret, const char *path, int flags, struct err *e);

// Turns a result code into a negative errno and a sentence: SQLITE_FULL -ENOSPC, constraint -EEXIST, busy
// -EBUSY, not a database -EILSEQ, anything else -EIO.
int db_fail(sqlite3 *c, int rc, const char *what, struct err *e);

int db_exec(sqlite3 *c, const char *sql, const char *what, struct err *e);
int db_prepare(sqlite3 *c, sqlite3_stmt **ret, const char *sql, struct err *e);

// Runs a statement that gives no rows and resets it. `changed` (may be NULL): rows that it touched.
int db_run(sqlite3_stmt *st, const char *what, int *changed, struct err *e);

// Runs a statement that gives one integer. Returns 0, 1 when there was no row, or an error.
int db_int(sqlite3_stmt *st, const char *what, int64_t *value, struct err *e);

void db_bind_ints(sqlite3_stmt *st, const int64_t *v, int n);
// DB_INTS(st, a, b, ...) binds integers to $1, $2, ...
#define DB_INTS(st, ...)                                                                                     \
    db_bind_ints((st), (const int64_t[]){__VA_ARGS__},                                                       \
                 (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))
// The text must outlive the run; NULL binds null.
void db_bind_text(sqlite3_stmt *st, int at, const char *text);

#endif
