// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with a spec, told before anything is started for it: limits, the image, whether the command
// is there.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/box.h"
#include "sandbox/image_root.h"

#define ID_MAX     INT32_MAX
#define MEMORY_MIN ((int64_t)8 << 20)

static int check_list(const char *what, const char *const *list, bool pairs, struct err *e)
{
    size_t bytes = 0;
    for (size_t i = 0; list && list[i]; i++) {
        bytes += strlen(list[i]) + 1;
        if (i >= SANDBOX_ARGS_MAX || bytes > SANDBOX_TEXT_MAX)
            return err_set(e, -EINVAL, "%s: more than %d entries or %d bytes", what, SANDBOX_ARGS_MAX,
                           SANDBOX_TEXT_MAX);
        if (pairs && (list[i][0] == '=' || !strchr(list[i], '=')))
            return err_set(e, -EINVAL, "%s: entry %zu is not NAME=value", what, i);
    }
    return 0;
}

// ---- the command

// Whether somebody can tell what is at a path before the start, and whether that can be run.
struct inside {
    bool (*known)(const char *path);
    bool (*runs)(const struct sandbox_spec *spec, const char *path);
};

// The directories that are the host's own: there a command can be looked up before anything is started.
static bool is_host_path(const char *path)
{
    static const char *const dirs[] = {"/usr/", "/bin/", "/sbin/"};
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
        if (strncmp(path, dirs[i], strlen(dirs[i])) == 0)
            return true;
    return false;
}

static bool host_runs(const struct sandbox_spec *spec, const char *path)
{
    (void)spec;
    return access(path, X_OK) == 0;
}

// In an image: of /job, /tmp and what is relative nothing is known before the start.
static bool is_image_path(const char *path)
{
    return path[0] == '/' && strncmp(path, "/job", 4) != 0 && strncmp(path, "/tmp", 4) != 0 &&
           strncmp(path, "/dev", 4) != 0;
}

static bool image_runs(const struct sandbox_spec *spec, const char *path)
{
    int fd = image_root_open(spec->rootfs, path, O_PATH);
    struct stat st;
    bool is = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0111);
    if (fd >= 0)
        close(fd);
    return is;
}

// True when it is certain that the command is not there; what nobody can tell is left to the start.
static bool command_missing(const struct sandbox_spec *spec, const struct inside *in)
{
    const char *command = spec->argv[0], *path = "/bin:/usr/bin";
    if (strchr(command, '/'))
        return in->known(command) && !in->runs(spec, command);
    for (const char *const *v = spec->envp; v && *v; v++)
        if (strncmp(*v, "PATH=", 5) == 0)
            path = *v + 5;
    for (;; path++) {
        char file[SYSFILE_PATH_MAX];
        int n = (int)strcspn(path, ":");
        if (snprintf(file, sizeof file, "%.*s/%s", n, path, command) >= (int)sizeof file ||
            !in->known(file) || in->runs(spec, file))
            return false;
        path += n;
        if (!*path)
            return true;
    }
}

static int check_command(const struct sandbox_spec *spec, struct err *e)
{
    static const struct inside host = {is_host_path, host_runs}, image = {is_image_path, image_runs};
    if (command_missing(spec, spec->rootfs ? &image : &host))
        return err_set(e, -ENOENT, "command %s: not found in the image (check the name and PATH)",
                       spec->argv[0]);
    return 0;
}

// ---- the rest

static int check_image(const struct sandbox_spec *spec, struct err *e)
{
    struct stat st;
    if (spec->rootfs[0] != '/' || stat(spec->rootfs, &st) < 0 || !S_ISDIR(st.st_mode))
        return err_set(e, -ENOTSUP, "image: %.200s: is no folder of an unpacked image", spec->rootfs);
    if (spec->uid > ID_MAX || spec->gid > ID_MAX)
        return err_set(e, -EINVAL, "uid, gid: above %d", ID_MAX);
    return 0;
}

static int check_binds(const struct sandbox_spec *spec, struct err *e)
{
    if (spec->binds_n > SANDBOX_BINDS_MAX)
        return err_set(e, -EINVAL, "binds: more than %d", SANDBOX_BINDS_MAX);
    for (size_t i = 0; i < spec->binds_n; i++) {
        const char *host = spec->binds[i].host, *inside = spec->binds[i].inside;
        if (!host || !inside || host[0] != '/' || strstr(inside, "..") ||
            (strncmp(inside, "/job/", 5) != 0 && strncmp(inside, "/tmp/", 5) != 0))
            return err_set(e, -EINVAL, "bind %s: not an absolute path shown below /job/ or /tmp/",
                           inside ? inside : "");
    }
    return 0;
}

int box_resolve_user(const struct box *b, struct sandbox_spec *spec, struct err *e)
{
    struct err why = ERR_NULL;
    if (spec->rootfs || !spec->user)
        return 0;
    if (image_root_user(b->root.path, spec->user, &spec->uid, &spec->gid, &why) < 0)
        return err_set(e, -ENXIO, "%.200s (there are root, job and nobody, and numbers)", why.text);
    if (!*spec->user || (spec->uid == ROOT_UID && spec->gid == ROOT_UID))
        spec->user = NULL;
    return 0;
}

int box_check_spec(const struct sandbox_spec *spec, struct err *e)
{
    if (spec->id == 0 || !spec->argv || !spec->argv[0] || !spec->argv[0][0])
        return err_set(e, -EINVAL, "sandbox: an id and a command are needed");
    int code = check_list("argv", spec->argv, false, e);
    if (code == 0)
        code = check_list("environment", spec->envp, true, e);
    if (code == 0)
        code = check_list("last", spec->last, false, e);
    if (code == 0 && spec->last && (!spec->last[0] || !spec->last[0][0] || spec->last_ms < 1))
        return err_set(e, -EINVAL, "last: a command and 1 ms or more are needed");
    if (code == 0)
        code = check_binds(spec, e);
    if (code < 0)
        return code;
    if (spec->hostname && (!*spec->hostname || strlen(spec->hostname) > SANDBOX_HOSTNAME_MAX))
        return err_set(e, -EINVAL, "hostname: 1 to %d bytes", SANDBOX_HOSTNAME_MAX);
    if (spec->job_dir && spec->job_dir[0] != '/')
        return err_set(e, -EINVAL, "job_dir %s: not an absolute path", spec->job_dir);
    if (spec->workdir && spec->workdir[0] != '/')
        return err_set(e, -EINVAL, "workdir %s: not an absolute path", spec->workdir);
    if (spec->memory_max_bytes < 0 || (spec->memory_max_bytes > 0 && spec->memory_max_bytes < MEMORY_MIN))
        return err_set(e, -EINVAL, "memory_max_bytes %lld: below %lld", (long long)spec->memory_max_bytes,
                       (long long)MEMORY_MIN);
    if (spec->share_permille < SANDBOX_SHARE_FULL || spec->share_permille > SANDBOX_SHARE_MAX)
        return err_set(e, -EINVAL, "share_permille %d: outside of %d..%d", spec->share_permille,
                       SANDBOX_SHARE_FULL, SANDBOX_SHARE_MAX);
    if (spec->pids_max < 0 || spec->job_bytes < 0)
        return err_set(e, -EINVAL, "pids_max, job_bytes: below 0");
    if (!spec->rootfs && spec->image && strncmp(spec->image, "library/", 8) != 0)
        return err_set(e, -ENOTSUP, "image %s: only library/... is known here", spec->image);
    code = spec->rootfs ? check_image(spec, e) : 0;
    return code < 0 ? code : check_command(spec, e);
}
