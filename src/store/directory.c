// SPDX-License-Identifier: Apache-2.0
#include "store/directory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/mem.h"

#define RESERVE_BYTES (1024 * 1024)
// Only put aside what leaves as much again: otherwise the reserve itself would fill the disk.
#define SPACE_FOR_RESERVE (4 * RESERVE_BYTES)

char *directory_file(const char *dir, const char *name)
{
    size_t n = strlen(dir) + strlen(name) + 2;
    char *path = mem_alloc(n);
    snprintf(path, n, "%s/%s", dir, name);
    return path;
}

static int take_lock(struct directory *d, struct err *e)
{
    char *path = directory_file(d->path, "ondol.lock");
    d->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int code = 0;
    if (d->lock < 0)
        code = err_set(e, -errno, "data directory %s: cannot open ondol.lock: %s (check its owner and mode)",
                       d->path, strerror(errno));
    else if (flock(d->lock, LOCK_EX | LOCK_NB) < 0)
        code = err_set(
            e, -EBUSY,
            "data directory %s: another server holds it (stop that one, or name another directory)", d->path);
    free(path);
    return code;
}

// SQLite gives its log and index the mode of the database, so the database must exist with the right one
// first. The directory is synced because SQLite syncs it for its own files only.
static int make_database_file(struct directory *d, struct err *e)
{
    char *path = directory_file(d->path, "ondol.db");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600),
        at = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int code = 0;
    if (fd < 0 || at < 0 || fsync(at) < 0)
        code = err_set(e, -errno,
                       "data directory %s: cannot make ondol.db: %s (check its owner, mode and space)",
                       d->path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (at >= 0)
        close(at);
    free(path);
    return code;
}

int directory_open(struct directory *d, const char *path, struct err *e)
{
    *d = DIRECTORY_NULL;
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_set(e, -errno, "data directory %s: %s (make its parent, or name another)", path,
                       strerror(errno));
    d->path = mem_strdup(path);
    int code = take_lock(d, e);
    if (code == 0)
        code = make_database_file(d, e);
    if (code < 0) {
        directory_close(d);
        return code;
    }
    char *reserve = directory_file(path, "ondol.reserve");
    d->has_reserve = access(reserve, F_OK) == 0;
    free(reserve);
    return 0;
}

void directory_close(struct directory *d)
{
    if (d->lock >= 0)
        close(d->lock);
    free(d->path);
    *d = DIRECTORY_NULL;
}

void directory_reserve(struct directory *d)
{
    struct statvfs space;
    if (!d->path || d->has_reserve || statvfs(d->path, &space) < 0 ||
        (uint64_t)space.f_bavail * space.f_frsize < SPACE_FOR_RESERVE)
        return;
    char *path = directory_file(d->path, "ondol.reserve");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd >= 0) {
        d->has_reserve = posix_fallocate(fd, 0, RESERVE_BYTES) == 0;
        close(fd);
        if (!d->has_reserve)
            unlink(path);
    }
    free(path);
}

bool directory_release(struct directory *d)
{
    if (!d->path || !d->has_reserve)
        return false;
    char *path = directory_file(d->path, "ondol.reserve");
    d->has_reserve = false;
    bool gone = unlink(path) == 0;
    free(path);
    return gone;
}
