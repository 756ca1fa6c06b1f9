// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db.h"
#include "store/sqlite.h"

int store_sqlite_copy(const char *dir, const char *to_dir, struct err *e)
{
    char from[4096], to[4096];
    sqlite3 *c = NULL;
    sqlite3_stmt *st = NULL;
    if (mkdir(to_dir, 0700) < 0 && errno != EEXIST)
        return err_set(e, -errno, "%s: %s", to_dir, strerror(errno));
    snprintf(from, sizeof from, "%s/ondol.db", dir);
    snprintf(to, sizeof to, "%s/ondol.db", to_dir);
    if (unlink(to) < 0 && errno != ENOENT)
        return err_set(e, -errno, "%s: %s", to, strerror(errno));
    int bad = db_open(&c, from, SQLITE_OPEN_READWRITE, e);
    if (!bad)
        bad = db_prepare(c, &st, "VACUUM INTO $1", e);
    if (!bad && sqlite3_bind_text(st, 1, to, -1, SQLITE_STATIC) == SQLITE_OK)
        bad = db_run(st, "copying the store", NULL, e);
    sqlite3_finalize(st);
    sqlite3_close(c);
    return bad;
}
