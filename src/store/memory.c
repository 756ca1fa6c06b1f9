// SPDX-License-Identifier: Apache-2.0
//
// SQLite's "memdb" file system holds files in memory that all connections of the process can open by name.
// The name is the address of the writer, so that any number of stores live side by side.
#include "store/memory.h"

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

int store_memory_open(struct store *ret, struct err *e)
{
    char *name = mem_alloc(NAME_SIZE);
    snprintf(name, NAME_SIZE, "file:/ondol-%p?vfs=memdb", (void *)name);
    sqlite3 *c = NULL;
    struct writer *w = NULL;
    int r = db_open(&c, name, FLAGS, e);
    if (r == 0) {
        r = schema_migrate(c, e);
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
