// SPDX-License-Identifier: Apache-2.0
//
// From a spec to bubblewrap's arguments. All but the command travel in a memory file (--args): an environment
// may be larger than a command line and holds secrets, which `ps` would show to everybody on the host.
// bubblewrap itself runs with an empty environment: LD_PRELOAD of a customer must take effect inside, never
// in the program that builds the inside.
#include "sandbox/box.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

#define ARGS_MAX_BYTES ((size_t)4 << 20)
#define JOB_BYTES      ((int64_t)256 << 20)
#define QARNOT_BYTES   ((int64_t)64 << 10)
#define MEMORY_MIN     ((int64_t)8 << 20)
#define JOB_USER       1000 // who an instance takes itself for outside of an image

static void arg(struct buf *out, const char *text)
{
    buf_put(out, text, strlen(text) + 1);
}

static void arg_i64(struct buf *out, int64_t value)
{
    buf_putf(out, "%lld", (long long)value);
    buf_putc(out, '\0');
}

static void put_fixed(struct buf *out, const struct root *root, const struct sandbox_spec *in_image)
{
    static const char *const fixed[] = {
        "--unshare-pid",     "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--new-session",
        "--die-with-parent", "--cap-drop",    "ALL",           "--clearenv",
    };
    arg(out, "--unshare-user");
    arg(out, "--uid");
    arg_i64(out, in_image ? (int64_t)in_image->uid : JOB_USER);
    arg(out, "--gid");
    arg_i64(out, in_image ? (int64_t)in_image->gid : JOB_USER);
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        arg(out, fixed[i]);
    if (in_image) {
        arg(out, "--ro-bind");
        arg(out, in_image->rootfs);
        arg(out, "/");
    } else {
        root_arguments(root, out);
    }
    static const char *const mounts[] = {"--proc", "/proc", "--dev", "/dev"};
    for (size_t i = 0; i < ARRAY_LEN(mounts); i++)
        arg(out, mounts[i]);
}

void box_fixed_args(struct box *b)
{
    put_fixed(&b->fixed_args, &b->root, NULL);
}

static void ram_disk(struct buf *out, const char *mode, int64_t bytes, const char *at)
{
    arg(out, "--perms");
    arg(out, mode);
    arg(out, "--size");
    arg_i64(out, bytes);
    arg(out, "--tmpfs");
    arg(out, at);
}

// Everything below /dev but shm is read-only: bubblewrap makes /dev on a RAM disk without a limit.
static void put_mounts(struct buf *out, const struct sandbox_spec *spec)
{
    int64_t bytes = spec->job_bytes > 0 ? spec->job_bytes : JOB_BYTES;
    ram_disk(out, "1777", bytes, "/dev/shm");
    arg(out, "--remount-ro");
    arg(out, "/dev");
    ram_disk(out, "1777", bytes, "/tmp");
    if (spec->job_dir) {
        arg(out, "--bind");
        arg(out, spec->job_dir);
        arg(out, "/job");
    } else {
        ram_disk(out, "0755", bytes, "/job");
    }
    for (size_t i = 0; i < spec->binds_n; i++) {
        arg(out, "--ro-bind");
        arg(out, spec->binds[i].host);
        arg(out, spec->binds[i].inside);
    }
}

// Files that the network brings, each from a descriptor of its own, in this order.
static const struct {
    const char *at, *mode;
} net_places[BOX_NET_FILES] = {
    {"/etc/resolv.conf", "0444"},
    {"/etc/hosts", "0444"},
    {"/job/mpihosts", "0444"},
    {"/qarnot/utils/setup_cluster", "0555"},
    {"/qarnot/ssh/id_ed25519", "0400"},
    {"/qarnot/ssh/id_ed25519.pub", "0444"},
};

static void net_texts(const struct sandbox_spec *spec, const char *text[BOX_NET_FILES])
{
    static const struct sandbox_net none;
    const struct sandbox_net *n = spec->net ? spec->net : &none;
    const char *const from[BOX_NET_FILES] = {n->resolver, n->hosts,      n->machines,
                                             n->setup,    n->ssh_secret, n->ssh_public};
    memcpy(text, from, sizeof from);
}

static void put_net_files(struct buf *out, const struct sandbox_spec *spec)
{
    const char *text[BOX_NET_FILES];
    int fd = SPAWN_KEEP_FIRST + 2;
    net_texts(spec, text);
    if (spec->net && spec->net->setup)
        ram_disk(out, "0755", QARNOT_BYTES, "/qarnot");
    for (size_t i = 0; i < BOX_NET_FILES; i++) {
        if (!text[i])
            continue;
        arg(out, "--perms");
        arg(out, net_places[i].mode);
        arg(out, "--ro-bind-data");
        arg_i64(out, fd++);
        arg(out, net_places[i].at);
    }
    if (spec->net && spec->net->setup) {
        arg(out, "--remount-ro");
        arg(out, "/qarnot");
    }
}

static void put_environment(struct buf *out, const char *const *envp)
{
    for (; envp && *envp; envp++) {
        const char *eq = strchr(*envp, '=');
        arg(out, "--setenv");
        buf_put(out, *envp, (size_t)(eq - *envp));
        buf_putc(out, '\0');
        arg(out, eq + 1);
    }
}

// Takes `out`.
static int args_file(struct buf *out, int *args_fd)
{
    int fd = out->failed ? -1 : memfd_create("ondol-args", MFD_CLOEXEC);
    int code = out->failed ? -E2BIG : fd < 0 ? -errno : 0;
    if (code == 0 && (write(fd, out->v, out->n) != (ssize_t)out->n || lseek(fd, 0, SEEK_SET) < 0))
        code = -EIO;
    buf_deinit(out);
    if (code < 0 && fd >= 0)
        close(fd);
    *args_fd = code < 0 ? -1 : fd;
    return code;
}

// The files' descriptors, behind those that every sandbox has.
int box_net_files(const struct sandbox_spec *spec, struct spawn *s)
{
    const char *text[BOX_NET_FILES];
    net_texts(spec, text);
    for (size_t i = 0; i < BOX_NET_FILES; i++) {
        int fd;
        struct buf b = BUF_INIT(ARGS_MAX_BYTES);
        if (!text[i])
            continue;
        buf_puts(&b, text[i]);
        int code = args_file(&b, &fd);
        if (code < 0)
            return code;
        s->keep[s->keep_n++] = box_above_targets(fd);
        if (s->keep[s->keep_n - 1] < 0)
            return -errno;
    }
    return 0;
}

// What a zygote does not make anew for each instance (zygote_main.c), and the capabilities it needs for the
// rest.
int box_zygote_args_file(const struct box *b, int *args_fd, struct err *e)
{
    static const char *const more[] = {"--unshare-net", "--cap-add",    "CAP_SYS_ADMIN", "--cap-add",
                                       "CAP_SETPCAP",   "--remount-ro", "/dev"};
    struct buf out = BUF_INIT(ARGS_MAX_BYTES);
    buf_put(&out, b->fixed_args.v, b->fixed_args.n);
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        arg(&out, more[i]);
    int code = args_file(&out, args_fd);
    return code < 0 ? err_set(e, code, "sandbox: arguments of a zygote: %s", strerror(-code)) : 0;
}

int box_args_file(const struct box *b, const struct sandbox_spec *spec, int *args_fd, struct err *e)
{
    struct buf out = BUF_INIT(ARGS_MAX_BYTES);
    if (spec->rootfs)
        put_fixed(&out, &b->root, spec);
    else
        buf_put(&out, b->fixed_args.v, b->fixed_args.n);
    arg(&out, "--seccomp");
    arg(&out, "3");
    if (!spec->net)
        arg(&out, "--unshare-net");
    arg(&out, "--hostname");
    arg(&out, spec->hostname ? spec->hostname : "ondol");
    put_mounts(&out, spec);
    put_net_files(&out, spec);
    arg(&out, "--chdir");
    arg(&out, spec->workdir ? spec->workdir : "/job");
    put_environment(&out, spec->envp);
    int code = args_file(&out, args_fd);
    return code < 0 ? err_set(e, code, "sandbox: arguments of instance %llu: %s",
                              (unsigned long long)spec->id, strerror(-code))
                    : 0;
}

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

// The directories that are the host's own: there a command can be looked up before anything is started.
static bool is_host_path(const char *path)
{
    static const char *const dirs[] = {"/usr/", "/bin/", "/sbin/"};
    for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
        if (strncmp(path, dirs[i], strlen(dirs[i])) == 0)
            return true;
    return false;
}

// True when it is certain that the command is not in the image; paths in /job and the like are left to the
// start.
static bool command_missing(const struct sandbox_spec *spec)
{
    const char *command = spec->argv[0], *path = "/bin:/usr/bin";
    if (strchr(command, '/'))
        return is_host_path(command) && access(command, X_OK) < 0;
    for (const char *const *v = spec->envp; v && *v; v++)
        if (strncmp(*v, "PATH=", 5) == 0)
            path = *v + 5;
    for (;; path++) {
        char file[SYSFILE_PATH_MAX];
        int n = (int)strcspn(path, ":");
        if (snprintf(file, sizeof file, "%.*s/%s", n, path, command) >= (int)sizeof file ||
            !is_host_path(file) || access(file, X_OK) == 0)
            return false;
        path += n;
        if (!*path)
            return true;
    }
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
    if (spec->rootfs)
        return box_check_image(spec, e);
    if (spec->image && strncmp(spec->image, "library/", 8) != 0)
        return err_set(e, -ENOTSUP, "image %s: only library/... is known here", spec->image);
    if (command_missing(spec))
        return err_set(e, -ENOENT, "command %s: not found in the image (check the name and PATH)",
                       spec->argv[0]);
    return 0;
}
