// SPDX-License-Identifier: Apache-2.0
//
// procfs and cgroupfs files are a few hundred bytes and are made anew by each read, so one read(2) is the
// whole answer.
#include "sandbox/sysfile.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_in(const char *dir, const char *name, int flags)
{
    char path[SYSFILE_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return -ENAMETOOLONG;
    int fd = open(path, flags | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

ssize_t sysfile_read(const char *dir, const char *name, char *out, size_t n)
{
    int fd = open_in(dir, name, O_RDONLY);
    if (fd < 0)
        return fd;
    ssize_t got = read(fd, out, n - 1);
    if (got < 0)
        got = -errno;
    close(fd);
    out[got < 0 ? 0 : got] = '\0';
    return got;
}

int64_t sysfile_read_i64(const char *dir, const char *name, int64_t otherwise)
{
    char text[64];
    return sysfile_read(dir, name, text, sizeof text) > 0 ? strtoll(text, NULL, 10) : otherwise;
}

int sysfile_write(const char *dir, const char *name, const char *text)
{
    int fd = open_in(dir, name, O_WRONLY);
    if (fd < 0)
        return fd;
    int r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
    close(fd);
    return r;
}

bool sysfile_exists(const char *dir, const char *name)
{
    char path[SYSFILE_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    return n > 0 && (size_t)n < sizeof path && access(path, F_OK) == 0;
}

int64_t sysfile_word(const char *text, const char *word, int64_t otherwise)
{
    size_t n = strlen(word);
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, word, n) == 0 && (line[n] == ' ' || line[n] == '\t'))
            return strtoll(line + n + 1, NULL, 10);
    return otherwise;
}

// Field 22 of /proc/PID/stat, in clock ticks since boot. The name in field 2 may hold anything, ')' included,
// hence the search from the end. -1 when there is no such process.
static int64_t start_time(pid_t pid)
{
    char dir[32], text[1024];
    snprintf(dir, sizeof dir, "/proc/%d", (int)pid);
    if (sysfile_read(dir, "stat", text, sizeof text) <= 0)
        return -1;
    const char *p = strrchr(text, ')');
    for (int field = 2; p && field < 22; field++) {
        p = strchr(p, ' ');
        if (p)
            p++;
    }
    return p ? strtoll(p, NULL, 10) : -1;
}

static uint64_t pid_namespace(void)
{
    struct stat st;
    return stat("/proc/self/ns/pid", &st) == 0 ? (uint64_t)st.st_ino : 0;
}

void owner_name(char out[OWNER_NAME_BYTES], int n)
{
    snprintf(out, OWNER_NAME_BYTES, "ondol-%llu-%d-%lld-%d", (unsigned long long)pid_namespace(),
             (int)getpid(), (long long)start_time(getpid()), n);
}

bool owner_is_dead(const char *name)
{
    unsigned long long space;
    long long start;
    int pid;
    if (sscanf(name, "ondol-%llu-%d-%lld-", &space, &pid, &start) != 3 || pid <= 0)
        return false;
    return space == pid_namespace() && start_time((pid_t)pid) != start;
}

static int remove_in(int parent, const char *name, bool cgroup)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0)
            close(fd);
        return -errno;
    }
    int r = 0;
    for (struct dirent *e; (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (e->d_type == DT_DIR) {
            int inner = remove_in(fd, e->d_name, cgroup);
            r = inner ? inner : r;
        } else if (!cgroup) {
            unlinkat(fd, e->d_name, 0);
        }
    }
    closedir(d);
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 ? r : -errno;
}

int tree_remove(const char *path, bool cgroup)
{
    return remove_in(AT_FDCWD, path, cgroup);
}
