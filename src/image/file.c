// SPDX-License-Identifier: Apache-2.0
#include "image/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define WALK_FDS 16

char *file_read(const char *path, size_t most)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    char *v = NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (size_t)st.st_size <= most) {
        v = mem_alloc((size_t)st.st_size + 1);
        if (read(fd, v, (size_t)st.st_size) != st.st_size) {
            free(v);
            v = NULL;
        }
    } else {
        errno = EFBIG;
    }
    close(fd);
    return v;
}

static int write_all(int fd, const char *data, size_t n)
{
    while (n > 0) {
        ssize_t w = write(fd, data, n);
        if (w < 0 && errno != EINTR)
            return -errno;
        data += w > 0 ? w : 0;
        n -= w > 0 ? (size_t)w : 0;
    }
    return 0;
}

int file_replace(const char *dir, const char *name, const char *data, size_t n, struct err *e)
{
    char next[300];
    int top = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1, r = top < 0 ? -errno : 0;
    snprintf(next, sizeof next, "%s.new", name);
    if (r == 0 && (fd = openat(top, next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
        r = -errno;
    if (r == 0)
        r = write_all(fd, data, n);
    if (r == 0 && (fsync(fd) < 0 || renameat(top, next, top, name) < 0 || fsync(top) < 0))
        r = -errno;
    if (fd >= 0)
        close(fd);
    if (top >= 0)
        close(top);
    return r < 0 ? err_set(e, r == -EDQUOT ? -ENOSPC : r, "%s/%s: %s", dir, name, strerror(-r)) : 0;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st, (void)at;
    if (kind == FTW_DP ? rmdir(path) < 0 : unlink(path) < 0)
        return 0; // the rest goes all the same
    return 0;
}

void file_remove_tree(const char *path)
{
    nftw(path, remove_one, WALK_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
