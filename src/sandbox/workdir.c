// SPDX-License-Identifier: Apache-2.0
//
// The folder in which a command begins. As containers have it, it is made when it is not there, where
// instances may write: below /job, /tmp and /dev/shm. Everything else is read-only, and what is not there is
// said before the start.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/box.h"
#include "sandbox/image_root.h"

static bool is_below(const char *path, const char *top)
{
    size_t n = strlen(top);
    return strncmp(path, top, n) == 0 && (!path[n] || path[n] == '/');
}

static bool climbs(const char *path)
{
    for (const char *p = path; (p = strstr(p, "..")); p += 2)
        if (p[-1] == '/' && (!p[2] || p[2] == '/')) // the first byte of a path is a slash
            return true;
    return false;
}

// Of the files that an instance is given, some may come from one that ran before it in the same place:
// bubblewrap, which makes folders while the host is still below it, must meet no link of theirs.
static bool has_link(const char *job_dir, const char *path)
{
    int at = open(job_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char *left = mem_strdup(path), *save = NULL;
    bool link = at < 0;
    for (char *name = strtok_r(left, "/", &save); name && !link; name = strtok_r(NULL, "/", &save)) {
        int next = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0) {
            link = errno != ENOENT;
            break;
        }
        close(at);
        at = next;
    }
    if (at >= 0)
        close(at);
    free(left);
    return link;
}

bool box_makes_workdir(const struct sandbox_spec *spec)
{
    const char *path = spec->workdir;
    if (!path || climbs(path))
        return false;
    for (size_t i = 0; i < spec->binds_n; i++)
        if (is_below(path, spec->binds[i].inside))
            return false;
    bool job = is_below(path, "/job");
    return (job || is_below(path, "/tmp") || is_below(path, "/dev/shm")) &&
           !(job && spec->job_dir && has_link(spec->job_dir, path + strlen("/job")));
}

// Whether it is a folder of what instances only read; what is mounted above that is not known before the start.
static bool is_there(const struct box *b, const struct sandbox_spec *spec, const char *path)
{
    static const char *const mounted[] = {"/job", "/tmp", "/dev", "/proc", "/sys", "/qarnot"};
    static const char *const hosts[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"};
    struct stat st;
    for (size_t i = 0; i < ARRAY_LEN(mounted); i++)
        if (is_below(path, mounted[i]))
            return true;
    for (size_t i = 0; i < ARRAY_LEN(hosts) && !spec->rootfs; i++)
        if (is_below(path, hosts[i]))
            return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    int fd = image_root_open(spec->rootfs ? spec->rootfs : b->root.path, path, O_PATH | O_DIRECTORY);
    if (fd >= 0)
        close(fd);
    return fd >= 0 || (fd != -ENOENT && fd != -ENOTDIR);
}

int box_check_workdir(const struct box *b, const struct sandbox_spec *spec, struct err *e)
{
    const char *path = spec->workdir;
    if (!path || climbs(path) || is_there(b, spec, path))
        return 0;
    return err_set(e, -ENOTDIR,
                   "workdir %.100s: is no folder %s, where nothing can be made (below /job and /tmp it can)",
                   path, spec->rootfs ? "of the image" : "here");
}
