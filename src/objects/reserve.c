// SPDX-License-Identifier: Apache-2.0
//
// A little disk put aside. Taking objects away needs room too: the index writes what it removes to its log
// first. When the disk is full the reserve is given up for that, and made again when there is space. Until
// then nothing may grow into the room it left, or the next deletion would find none.
#include "objects/inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define RESERVE_NAME  "objects.reserve"
#define RESERVE_BYTES (4 << 20)
#define FREE_PAGES    64 // of 16 KiB: the index can take as much without growing

static uint64_t space(const struct objects *o)
{
    struct statvfs s;
    return fstatvfs(o->content_fd, &s) < 0 ? 0 : (uint64_t)s.f_bavail * s.f_frsize;
}

// Only what leaves as much again: otherwise the reserve itself would fill the disk.
void reserve_make(struct objects *o)
{
    if (atomic_load(&o->has_reserve) || space(o) < 2 * (uint64_t)RESERVE_BYTES)
        return;
    int fd = openat(o->top_fd, RESERVE_NAME, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool made = fd >= 0 && posix_fallocate(fd, 0, RESERVE_BYTES) == 0;
    if (fd >= 0)
        close(fd);
    if (!made)
        unlinkat(o->top_fd, RESERVE_NAME, 0);
    atomic_store(&o->has_reserve, made);
}

bool reserve_release(struct objects *o)
{
    atomic_store(&o->has_reserve, false);
    return unlinkat(o->top_fd, RESERVE_NAME, 0) == 0;
}

static int64_t free_pages(struct view *v)
{
    sqlite3_stmt *st = NULL;
    int64_t n = 0;
    if (sqlite3_prepare_v2(v->db, "PRAGMA freelist_count", -1, &st, NULL) == SQLITE_OK &&
        sqlite3_step(st) == SQLITE_ROW)
        n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n;
}

bool reserve_allows_growth(struct objects *o)
{
    return atomic_load(&o->has_reserve) || space(o) >= RESERVE_BYTES || free_pages(&o->writer) >= FREE_PAGES;
}
