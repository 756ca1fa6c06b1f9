// SPDX-License-Identifier: Apache-2.0
//
// SQLite's "memdb" file system holds files in memory that all connections of the process can open by name.
// The name is the address of the writer, so that any number of stores live side by side.
#include "store/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "store/db.h"
#include "store/reader.h"
#include "store/schema.h"
#include "store/writer.h"

#define FLAGS     (SQLITE_OPEN_URI | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)
#define NAME_SIZE 64

// To make the tables step by step costs ten times as much as to copy them: the first store of the process
// leaves an empty one behind for the others.
static sqlite3 *empty;
static pthread_mutex_t empty_lock = PTHREAD_MUTEX_INITIALIZER;

static int copy(sqlite3 *to, sqlite3 *from, struct err *e)
{
    sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
    if (b)
        sqlite3_backup_step(b, -1);
    int rc = b ? sqlite3_backup_finish(b) : sqlite3_errcode(to);
    return rc == SQLITE_OK ? 0 : db_fail(to, rc, "copying an empty store", e);
}

static int make_tables(sqlite3 *c, struct err *e)
{
    int r = 0;
    pthread_mutex_lock(&empty_lock);
    if (!empty) {
        r = db_open(&empty, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, e);
        if (r == 0)
            r = schema_migrate(empty, e);
        if (r < 0) {
            sqlite3_close(empty);
            empty = NULL;
        }
    }
    if (r == 0)
        r = copy(c, empty, e);
    pthread_mutex_unlock(&empty_lock);
    return r;
}

int store_memory_open(struct store *ret, struct err *e)
{
    char *name = mem_alloc(NAME_SIZE);
    snprintf(name, NAME_SIZE, "file:/ondol-%p?vfs=memdb", (void *)name);
    sqlite3 *c = NULL;
    struct writer *w = NULL;
    int r = db_open(&c, name, FLAGS, e);
    if (r == 0) {
        r = make_tables(c, e);
        if (r == 0)
            r = writer_new(&w, c, e);
        else
            sqlite3_close(c);
    }
    if (r < 0) {
        free(name);
        return r;
    }
    w->name = name;
    *ret = writer_store(w);
    return 0;
}

int store_memory_reader(struct store_reader *ret, const struct store *of, struct err *e)
{
    const struct writer *w = of->ctx;
    sqlite3 *c = NULL;
    int r = db_open(&c, w->name, FLAGS, e);
    if (r == 0)
        r = db_exec(c, "PRAGMA query_only = 1", "opening a reader", e);
    if (r < 0) {
        sqlite3_close(c);
        return r;
    }
    return reader_new(ret, c, e);
}
