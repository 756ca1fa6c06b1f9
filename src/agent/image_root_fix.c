// SPDX-License-Identifier: Apache-2.0
//
// The tree is walked without following a link (fts), each folder made accessible before it is read. After
// /etc has been made a real folder, what is below it is opened relative to it.
#include "agent/image_root_fix.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/cluster_ssh.h"

#define SSH_CONFIG_MAX (64 * 1024)

static int fix_mode(const FTSENT *f)
{
    mode_t old = f->fts_statp->st_mode & 07777, new = (old & 0777) | 0444;
    if (S_ISDIR(f->fts_statp->st_mode))
        new |= 0755;
    else if (old & 0111)
        new |= 0111;
    return old == new || chmod(f->fts_accpath, new) == 0 ? 0 : -errno;
}

static int fix_one(const FTSENT *f)
{
    switch (f->fts_info) {
    case FTS_D:
    case FTS_F:
        return fix_mode(f);
    case FTS_DEFAULT: // a device, pipe or socket
        return unlink(f->fts_accpath) == 0 ? 0 : -errno;
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return -f->fts_errno;
    default:
        return 0;
    }
}

static int walk(const char *rootfs)
{
    char *roots[] = {(char *)(uintptr_t)rootfs, NULL};
    int r = 0;
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_XDEV, NULL);
    if (!tree)
        return -errno;
    errno = 0;
    for (FTSENT *f; r == 0 && (f = fts_read(tree));)
        r = fix_one(f);
    if (r == 0 && errno)
        r = -errno;
    fts_close(tree);
    return r;
}

// A folder, whatever else was there.
static int real_dir(int at, const char *name)
{
    struct stat st;
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        if (S_ISDIR(st.st_mode))
            return 0;
        if (unlinkat(at, name, 0) < 0)
            return -errno;
    }
    return mkdirat(at, name, 0755) == 0 ? 0 : -errno;
}

static int write_new(int at, const char *name, const char *text)
{
    int fd = openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    int r = fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return r;
}

static int real_file(int at, const char *name, const char *text)
{
    struct stat st;
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        if (S_ISREG(st.st_mode) && (st.st_size > 0 || !*text))
            return 0;
        if (unlinkat(at, name, S_ISDIR(st.st_mode) ? AT_REMOVEDIR : 0) < 0)
            return -errno;
    }
    return write_new(at, name, text);
}

// Before what the image itself says, since of each option the first value counts. What is no plain file, or
// too large to be a configuration, is let be.
static int add_cluster(int ssh)
{
    char *text = mem_alloc(sizeof CLUSTER_SSH_CONFIG + SSH_CONFIG_MAX);
    int fd = openat(ssh, "ssh_config", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), r = 0;
    bool none = fd < 0 && errno == ENOENT;
    struct stat st;
    strcpy(text, CLUSTER_SSH_CONFIG);
    char *own = text + strlen(text);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < SSH_CONFIG_MAX)
        r = read(fd, own, SSH_CONFIG_MAX - 1) != st.st_size ? -EIO : 0;
    else if (!none)
        r = 1;
    if (fd >= 0)
        close(fd);
    if (r == 0 && !none && unlinkat(ssh, "ssh_config", 0) < 0)
        r = -errno;
    if (r == 0)
        r = write_new(ssh, "ssh_config", text);
    free(text);
    return r < 0 ? r : 0;
}

static int know_cluster(int etc)
{
    int ssh = openat(etc, "ssh", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int r = ssh < 0 ? 0 : add_cluster(ssh);
    if (ssh >= 0)
        close(ssh);
    return r;
}

int image_root_fix(const char *rootfs, struct err *e)
{
    static const char *const dirs[] = {"proc", "dev", "tmp", "job", "etc", "sys", "run", "qarnot"};
    int r = walk(rootfs), top = open(rootfs, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), etc = -1;
    if (r == 0 && top < 0)
        r = -errno;
    for (size_t i = 0; r == 0 && i < ARRAY_LEN(dirs); i++)
        r = real_dir(top, dirs[i]);
    if (r == 0 && (etc = openat(top, "etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
        r = -errno;
    if (r == 0)
        r = real_file(etc, "resolv.conf", "");
    if (r == 0)
        r = real_file(etc, "hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost\n");
    if (r == 0)
        r = know_cluster(etc);
    if (etc >= 0)
        close(etc);
    if (top >= 0)
        close(top);
    return r < 0 ? err_set(e, r, "image: its root cannot be made ready: %s", strerror(-r)) : 0;
}
