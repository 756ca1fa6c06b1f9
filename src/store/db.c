// SPDX-License-Identifier: Apache-2.0
#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int db_open(sqlite3 **ret, const char *path, int flags, struct err *e)
{
    sqlite3 *c = NULL;
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS,
                   0); // else each allocation takes a lock to be counted; refused but at first
    int rc = sqlite3_open_v2(path, &c, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc != SQLITE_OK) {
        int code = db_fail(c, rc, path, e);
        sqlite3_close(c);
        return code;
    }
    sqlite3_busy_timeout(c, DB_BUSY_MS);
    *ret = c;
    return 0;
}

int db_fail(sqlite3 *c, int rc, const char *what, struct err *e)
{
    const char *why = c ? sqlite3_errmsg(c) : sqlite3_errstr(rc);
    // The wal-index and truncation report a full disk as an I/O error; only the system's number tells.
    if ((rc & 0xff) == SQLITE_FULL ||
        ((rc & 0xff) != SQLITE_CONSTRAINT && c && sqlite3_system_errno(c) == ENOSPC))
        return err_set(e, -ENOSPC,
                       "store: %s: the disk is full (free some space; nothing of this was written)", what);
    switch (rc & 0xff) {
    case SQLITE_CONSTRAINT:
        return err_set(e, -EEXIST, "store: %s: %s (internal error: a row was written against its rules)",
                       what, why);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, -EBUSY, "store: %s: %s (another program holds the database: stop it)", what, why);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return err_set(e, -EILSEQ, "store: %s: %s (restore the directory from a backup)", what, why);
    case SQLITE_CANTOPEN:
        return err_set(e, -ENOENT, "store: %s: %s (check that the directory is there and writable)", what,
                       why);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return err_set(e, -EACCES, "store: %s: %s (check owner and mode of the directory)", what, why);
    default:
        return err_set(e, -EIO, "store: %s: %s (SQLite code %d)", what, why, rc);
    }
}

int db_exec(sqlite3 *c, const char *sql, const char *what, struct err *e)
{
    int rc = sqlite3_exec(c, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? 0 : db_fail(c, rc, what, e);
}

int db_prepare(sqlite3 *c, sqlite3_stmt **ret, const char *sql, struct err *e)
{
    int rc = sqlite3_prepare_v3(c, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);
    if (rc != SQLITE_OK)
        return db_fail(c, rc, sql, e);
    for (int i = 1; i <= sqlite3_bind_parameter_count(*ret); i++) {
        const char *name = sqlite3_bind_parameter_name(*ret, i);
        assert(name && atoi(name + 1) == i); // $n first appears as the n-th
        (void)name;
    }
    return 0;
}

int db_run(sqlite3_stmt *st, const char *what, int *changed, struct err *e)
{
    sqlite3 *c = sqlite3_db_handle(st);
    int rc = sqlite3_step(st);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW) {
        int code = db_fail(c, rc, what, e);
        sqlite3_reset(st);
        return code;
    }
    if (changed)
        *changed = sqlite3_changes(c);
    sqlite3_reset(st);
    return 0;
}

int db_int(sqlite3_stmt *st, const char *what, int64_t *value, struct err *e)
{
    int rc = sqlite3_step(st);
    int code = rc == SQLITE_ROW ? 0 : rc == SQLITE_DONE ? 1 : db_fail(sqlite3_db_handle(st), rc, what, e);
    if (code == 0)
        *value = sqlite3_column_int64(st, 0);
    sqlite3_reset(st);
    return code;
}

void db_bind_ints(sqlite3_stmt *st, const int64_t *v, int n)
{
    for (int i = 0; i < n; i++)
        sqlite3_bind_int64(st, i + 1, v[i]);
}

void db_bind_text(sqlite3_stmt *st, int at, const char *text)
{
    sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
}
