// SPDX-License-Identifier: Apache-2.0
#include "store/sqlite.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/db.h"
#include "store/reader.h"
#include "store/schema.h"
#include "store/writer.h"

// The log's own folding is in writer.c. 8 MB of pages are enough for the upper levels of every index at a
// million tasks.
static const char writer_pragmas[] =
    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -8000; PRAGMA journal_size_limit = 67108864;";

static int use_log(sqlite3 *c, struct err *e)
{
    sqlite3_stmt *st = NULL;
    int r = db_prepare(c, &st, "PRAGMA journal_mode = WAL", e);
    if (r < 0)
        return r;
    int rc = sqlite3_step(st);
    const char *mode = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
    if (rc != SQLITE_ROW)
        r = db_fail(c, rc, "opening the write-ahead log", e);
    else if (!mode || strcmp(mode, "wal") != 0)
        r = err_set(e, -ENOTSUP,
                    "store: this file system cannot hold a write-ahead log (use a local disk for the data "
                    "directory)");
    sqlite3_finalize(st);
    return r;
}

static int open_database(sqlite3 **ret, const char *dir, struct err *e)
{
    char *path = directory_file(dir, "ondol.db");
    int r = db_open(ret, path, SQLITE_OPEN_READWRITE, e);
    free(path);
    if (r < 0)
        return r;
    r = use_log(*ret, e);
    if (r == 0)
        r = db_exec(*ret, writer_pragmas, "setting up the database", e);
    if (r == 0)
        r = schema_migrate(*ret, e);
    if (r < 0)
        sqlite3_close(*ret);
    return r;
}

int store_sqlite_open(struct store *ret, const char *dir, struct err *e)
{
    struct directory d;
    int r = directory_open(&d, dir, e);
    if (r < 0)
        return r;
    sqlite3 *c = NULL;
    r = open_database(&c, dir, e);
    if (r < 0 && directory_release(&d)) // a full disk has no room for the log's index: give up the reserve
        r = open_database(&c, dir, e);
    struct writer *w = NULL;
    if (r == 0)
        r = writer_new(&w, c, e);
    if (r < 0) {
        directory_close(&d);
        return r;
    }
    w->dir = d;
    directory_reserve(&w->dir);
    *ret = writer_store(w);
    return 0;
}

int store_sqlite_reader(struct store_reader *ret, const char *dir, struct err *e)
{
    char *path = directory_file(dir, "ondol.db");
    sqlite3 *c = NULL;
    int r = db_open(&c, path, SQLITE_OPEN_READONLY, e);
    free(path);
    return r < 0 ? r : reader_new(ret, c, e);
}

void store_sqlite_ring(struct store *s, size_t bytes)
{
    struct writer *w = s->ctx;
    w->ring_bytes = bytes ? bytes : 1;
}
