// SPDX-License-Identifier: Apache-2.0
//
// Building the tree costs a few milliseconds once; assembling /etc file by file in each sandbox costs a mount
// each.
#include "sandbox/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/cluster_ssh.h"

static const char *const system_dirs[] = {"bin", "sbin", "lib", "lib32", "lib64", "libx32"};
static const char *const empty_dirs[] = {
    "usr",  "proc", "dev", "tmp", "job", "etc", "etc/ssl", "etc/ssl/certs", "etc/alternatives", "home",
    "root", "run",  "mnt", "opt", "sys", "var", "var/lib", "qarnot",        "etc/ssh",
};
static const struct {
    const char *name, *text;
} own_files[] = {
    {"etc/passwd", "root:x:0:0:root:/root:/usr/sbin/nologin\n"
                   "job:x:1000:1000:job:/job:/bin/sh\n"
                   "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"},
    {"etc/group", "root:x:0:\njob:x:1000:\nnogroup:x:65534:\n"},
    {"etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost\n127.0.1.1 ondol\n"},
    {"etc/nsswitch.conf", "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
                          "networks: files\nprotocols: files\nservices: files\n"},
    {"etc/resolv.conf", ""},
    {"etc/ssh/ssh_config", CLUSTER_SSH_CONFIG},
};
static const char *const host_files[] = {
    "etc/ld.so.cache", "etc/ssl/certs/ca-certificates.crt", "etc/ssl/openssl.cnf", "etc/services",
    "etc/protocols",
};

static int write_file(int root, const char *name, const char *text)
{
    int fd = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return -errno;
    int r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
    close(fd);
    return r;
}

// A file that the host lacks is left out.
static int copy_file(int root, const char *name)
{
    char from[SYSFILE_PATH_MAX];
    snprintf(from, sizeof from, "/%s", name);
    int in = open(from, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        return 0;
    int out = openat(root, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), r = out < 0 ? -errno : 0;
    ssize_t n = 1;
    while (r == 0 && n > 0)
        if ((n = sendfile(out, in, NULL, 1 << 20)) < 0)
            r = -errno;
    close(in);
    if (out >= 0)
        close(out);
    return r;
}

// Debian chooses between awks, editors and compilers by links here.
static void copy_alternatives(int root)
{
    DIR *d = opendir("/etc/alternatives");
    for (struct dirent *e; d && (e = readdir(d));) {
        char target[PATH_MAX], name[PATH_MAX];
        ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof target - 1);
        if (n <= 0)
            continue;
        target[n] = '\0';
        if (snprintf(name, sizeof name, "etc/alternatives/%s", e->d_name) < (int)sizeof name &&
            symlinkat(target, root, name) < 0)
            continue;
    }
    if (d)
        closedir(d);
}

static int link_system_dir(int root, const char *name)
{
    char host[64], target[PATH_MAX];
    struct stat st;
    snprintf(host, sizeof host, "/%s", name);
    if (lstat(host, &st) < 0)
        return 0;
    if (!S_ISLNK(st.st_mode))
        return mkdirat(root, name, 0755) < 0 ? -errno : 0; // root_arguments binds it
    ssize_t n = readlink(host, target, sizeof target - 1);
    if (n <= 0)
        return -errno;
    target[n] = '\0';
    return symlinkat(target, root, name) < 0 ? -errno : 0;
}

static int fill(int root)
{
    int r = 0;
    for (size_t i = 0; i < ARRAY_LEN(empty_dirs) && r == 0; i++)
        r = mkdirat(root, empty_dirs[i], 0755) < 0 ? -errno : 0;
    for (size_t i = 0; i < ARRAY_LEN(system_dirs) && r == 0; i++)
        r = link_system_dir(root, system_dirs[i]);
    for (size_t i = 0; i < ARRAY_LEN(own_files) && r == 0; i++)
        r = write_file(root, own_files[i].name, own_files[i].text);
    for (size_t i = 0; i < ARRAY_LEN(host_files) && r == 0; i++)
        r = copy_file(root, host_files[i]);
    if (r == 0)
        r = symlinkat("/tmp", root, "var/tmp") < 0 ? -errno : 0;
    copy_alternatives(root);
    return r;
}

// In a directory that everybody may write, such as /tmp, a name says nothing about who made it: owners are
// compared.
static void remove_leftovers(const char *parent)
{
    DIR *d = opendir(parent);
    for (struct dirent *e; d && (e = readdir(d));) {
        char path[2 * SYSFILE_PATH_MAX];
        struct stat st;
        if (!owner_is_dead(e->d_name) || fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            st.st_uid != geteuid() || !S_ISDIR(st.st_mode))
            continue;
        snprintf(path, sizeof path, "%s/%s", parent, e->d_name);
        tree_remove(path, false);
    }
    if (d)
        closedir(d);
}

static int make_in(struct root *r, const char *parent)
{
    char name[OWNER_NAME_BYTES];
    if (access(parent, W_OK | X_OK) < 0)
        return -errno;
    remove_leftovers(parent);
    for (int n = 0; n < 10000; n++) {
        owner_name(name, n);
        if (snprintf(r->path, sizeof r->path, "%s/%s", parent, name) >= (int)sizeof r->path)
            return -ENAMETOOLONG;
        r->number = n;
        if (mkdir(r->path, 0755) == 0)
            return 0;
        if (errno != EEXIST)
            return -errno;
    }
    return -EEXIST;
}

int root_init(struct root *r, const char *parent, struct err *e)
{
    *r = ROOT_NULL;
    const char *runtime = geteuid() == 0 ? "/run" : getenv("XDG_RUNTIME_DIR");
    int code = parent ? make_in(r, parent) : runtime && *runtime ? make_in(r, runtime) : -ENOENT;
    if (code < 0 && !parent)
        code = make_in(r, "/tmp");
    if (code == 0) {
        mode_t mask = umask(022);
        int fd = open(r->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        code = fd < 0 ? -errno : fchmod(fd, 0755) < 0 ? -errno : fill(fd);
        if (fd >= 0)
            close(fd);
        umask(mask);
    }
    if (code < 0) {
        err_set(e, code, "sandbox: %s: the root of the sandboxes cannot be made: %s",
                parent ? parent : "/tmp", strerror(-code));
        root_deinit(r);
    }
    return code;
}

void root_deinit(struct root *r)
{
    if (r->path[0])
        tree_remove(r->path, false);
    *r = ROOT_NULL;
}

static void bind_ro(struct buf *out, const char *from, const char *to)
{
    buf_put(out, "--ro-bind", sizeof "--ro-bind");
    buf_put(out, from, strlen(from) + 1);
    buf_put(out, to, strlen(to) + 1);
}

void root_arguments(const struct root *r, struct buf *out)
{
    bind_ro(out, r->path, "/");
    bind_ro(out, "/usr", "/usr");
    for (size_t i = 0; i < ARRAY_LEN(system_dirs); i++) {
        char host[64];
        struct stat st;
        snprintf(host, sizeof host, "/%s", system_dirs[i]);
        if (lstat(host, &st) == 0 && S_ISDIR(st.st_mode))
            bind_ro(out, host, host);
    }
}
