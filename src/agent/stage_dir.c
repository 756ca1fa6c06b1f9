// SPDX-License-Identifier: Apache-2.0
#include "agent/stage_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/sysfile.h"

#define FIRST_NAME 100000 // apart from the roots of sandboxes, which may lie beside

// As root, sandboxes have other users, who must pass through.
static mode_t pass_mode(void)
{
    return geteuid() == 0 ? 0711 : 0700;
}

void stage_dir_remove(const char *dir)
{
    umount2(dir, MNT_DETACH | UMOUNT_NOFOLLOW); // fails where nothing is mounted, which is as good
    tree_remove(dir, false);
}

void stage_root_remove(const char *root)
{
    DIR *d = opendir(root);
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[2 * STAGE_DIR_BYTES + 256];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", root, e->d_name);
        stage_dir_remove(path);
    }
    if (d)
        closedir(d);
    rmdir(root);
}

static void remove_leftovers(const char *parent)
{
    DIR *d = opendir(parent);
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[2 * STAGE_DIR_BYTES + 256];
        struct stat st;
        const char *n = strrchr(e->d_name, '-');
        if (!owner_is_dead(e->d_name) || !n || atoi(n + 1) < FIRST_NAME ||
            fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_uid != geteuid() ||
            !S_ISDIR(st.st_mode))
            continue;
        snprintf(path, sizeof path, "%s/%s", parent, e->d_name);
        stage_root_remove(path);
    }
    if (d)
        closedir(d);
}

static int make_inside(const char *dir, const char *name, mode_t mode)
{
    char path[STAGE_DIR_BYTES + 16];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return mkdir(path, 0700) < 0 || chmod(path, mode) < 0 ? -errno : 0;
}

static int make_root(const char *parent, char root[STAGE_DIR_BYTES])
{
    char name[OWNER_NAME_BYTES];
    if (access(parent, W_OK | X_OK) < 0)
        return -errno;
    remove_leftovers(parent);
    for (int n = FIRST_NAME; n < FIRST_NAME + 1000; n++) {
        owner_name(name, n);
        snprintf(root, STAGE_DIR_BYTES, "%s/%s", parent, name);
        if (mkdir(root, 0700) == 0) {
            int code = make_inside(root, "cache", 0700);
            return code ? code : chmod(root, pass_mode()) < 0 ? -errno : 0;
        }
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
}

int stage_root(char root[STAGE_DIR_BYTES], struct err *e)
{
    static const char *const parents[] = {"/dev/shm", "/run", "/tmp"};
    int code = -ENOENT;
    for (size_t i = 0; i < ARRAY_LEN(parents); i++)
        if ((code = make_root(parents[i], root)) == 0)
            return 0;
    root[0] = '\0';
    return err_set(e, code, "files of tasks: no folder can be made in /dev/shm, /run or /tmp: %s",
                   strerror(-code));
}

int stage_dir_make(const char *root, int64_t most_bytes, char dir[STAGE_DIR_BYTES], struct err *e)
{
    uint64_t r[2];
    char options[64];
    if (getrandom(r, sizeof r, 0) != sizeof r)
        return err_set(e, -EIO, "entropy: the kernel gives none");
    snprintf(dir, STAGE_DIR_BYTES, "%.150s/%016llx%016llx", root, (unsigned long long)r[0],
             (unsigned long long)r[1]);
    int code = mkdir(dir, 0700) < 0 ? -errno : 0;
    snprintf(options, sizeof options, "mode=0700,size=%lld", (long long)most_bytes);
    if (!code)
        (void)!mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, options); // without the right to: a folder
    if (!code && chmod(dir, pass_mode()) < 0)
        code = -errno;
    if (!code)
        code = make_inside(dir, "incoming", 0700);
    if (!code)
        code = make_inside(dir, "job", geteuid() == 0 ? 0777 : 0700);
    if (code) {
        stage_dir_remove(dir);
        return err_set(e, code, "files of a task: %s: %s", dir, strerror(-code));
    }
    return 0;
}
