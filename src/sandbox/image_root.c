// SPDX-License-Identifier: Apache-2.0
#include "sandbox/image_root.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ID_MAX     INT32_MAX
#define LINE_BYTES 1024
#define LINES_MAX  10000

int image_root_open(const char *rootfs, const char *path, int flags)
{
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
    int top = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (top < 0)
        return -errno;
    int fd = (int)syscall(SYS_openat2, top, path, &how, sizeof how);
    int code = fd < 0 ? -errno : fd;
    close(top);
    return code;
}

static bool is_number(const char *s, uint32_t *out)
{
    char *end;
    if (*s < '0' || *s > '9')
        return false;
    unsigned long v = strtoul(s, &end, 10);
    *out = (uint32_t)v;
    return !*end && v <= ID_MAX;
}

// Field `i` of a line with colons; its length in *n.
static const char *field(const char *line, int i, size_t *n)
{
    while (i-- > 0 && line) {
        line = strchr(line, ':');
        line = line ? line + 1 : NULL;
    }
    *n = line ? strcspn(line, ":\n") : 0;
    return line;
}

// Looks in /etc/passwd or /etc/group for the line of a name or, when `name` is a number, of that id. The id
// and, in passwd, the group of that line.
static bool look_up(const char *rootfs, const char *file, const char *name, uint32_t *id, uint32_t *group)
{
    char line[LINE_BYTES];
    int fd = image_root_open(rootfs, file, O_RDONLY | O_NONBLOCK);
    struct stat st;
    FILE *f = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
    bool found = false;
    for (int i = 0; f && !found && i < LINES_MAX && fgets(line, sizeof line, f); i++) {
        size_t name_n, id_n, group_n;
        const char *is = field(line, 0, &name_n), *number = field(line, 2, &id_n),
                   *g = field(line, 3, &group_n);
        uint32_t v = number ? (uint32_t)strtoul(number, NULL, 10) : 0, asked;
        if (!number || id_n == 0 || v > ID_MAX)
            continue;
        found = (name_n == strlen(name) && memcmp(is, name, name_n) == 0) ||
                (is_number(name, &asked) && asked == v);
        if (found) {
            *id = v;
            if (group && g && group_n)
                *group = (uint32_t)strtoul(g, NULL, 10) & ID_MAX;
        }
    }
    if (f)
        fclose(f);
    else if (fd >= 0)
        close(fd);
    return found;
}

int image_root_user(const char *rootfs, const char *user, uint32_t *uid, uint32_t *gid, struct err *e)
{
    char name[256], *group;
    *uid = *gid = 0;
    if (!user || !*user)
        return 0;
    if (strlen(user) >= sizeof name)
        return err_set(e, -ENOENT, "user: a name of more than %zu characters", sizeof name - 1);
    strcpy(name, user);
    group = strchr(name, ':');
    if (group)
        *group++ = '\0';
    uint32_t own = 0;
    if (!look_up(rootfs, "/etc/passwd", name, uid, &own) && !is_number(name, uid))
        return err_set(e, -ENOENT, "user %.100s: there is none of that name", name);
    *gid = own;
    if (group && *group && !look_up(rootfs, "/etc/group", group, gid, NULL) && !is_number(group, gid))
        return err_set(e, -ENOENT, "group %.100s: there is none of that name", group);
    return 0;
}
