// SPDX-License-Identifier: Apache-2.0
//
// From a spec to bubblewrap's arguments. All but the command travel in a memory file (--args): an environment
// may be larger than a command line and holds secrets, which `ps` would show to everybody on the host.
// bubblewrap itself runs with an empty environment: LD_PRELOAD of a customer must take effect inside, never
// in the program that builds the inside.
#include "sandbox/box.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

#define ARGS_MAX_BYTES ((size_t)4 << 20)
#define JOB_BYTES      ((int64_t)256 << 20)
#define QARNOT_BYTES   ((int64_t)64 << 10)

static void arg(struct buf *out, const char *text)
{
    buf_put(out, text, strlen(text) + 1);
}

static void arg_i64(struct buf *out, int64_t value)
{
    buf_putf(out, "%lld", (long long)value);
    buf_putc(out, '\0');
}

// `other`: what is not as in most, an image or a user; NULL: nothing.
static void put_fixed(struct buf *out, const struct root *root, const struct sandbox_spec *other)
{
    static const char *const fixed[] = {
        "--unshare-pid",     "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--new-session",
        "--die-with-parent", "--cap-drop",    "ALL",           "--clearenv",
    };
    arg(out, "--unshare-user");
    arg(out, "--uid");
    arg_i64(out, other ? (int64_t)other->uid : ROOT_UID);
    arg(out, "--gid");
    arg_i64(out, other ? (int64_t)other->gid : ROOT_UID);
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++)
        arg(out, fixed[i]);
    if (other && other->rootfs) {
        arg(out, "--ro-bind");
        arg(out, other->rootfs);
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
    {"/job/utils/setup_cluster", "0555"}, // the other place where commands look for it
};

// Whether the customer's files have something at /job/utils that a file of ours there would hide or break.
static bool has_own_utils(const struct sandbox_spec *spec)
{
    char path[PATH_MAX];
    struct stat st;
    if (!spec->job_dir)
        return false;
    int n = snprintf(path, sizeof path, "%s/utils", spec->job_dir);
    if (n < 0 || (size_t)n >= sizeof path - sizeof "/setup_cluster" ||
        (lstat(path, &st) == 0 && !S_ISDIR(st.st_mode)))
        return true;
    strcat(path, "/setup_cluster");
    return lstat(path, &st) == 0;
}

static void net_texts(const struct sandbox_spec *spec, const char *text[BOX_NET_FILES])
{
    static const struct sandbox_net none;
    const struct sandbox_net *n = spec->net ? spec->net : &none;
    const char *const from[BOX_NET_FILES] = {n->resolver,
                                             n->hosts,
                                             n->machines,
                                             n->setup,
                                             n->ssh_secret,
                                             n->ssh_public,
                                             n->setup && !has_own_utils(spec) ? n->setup : NULL};
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
    if (spec->rootfs || spec->user)
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
    if (box_makes_workdir(spec)) {
        arg(&out, "--dir");
        arg(&out, spec->workdir);
    }
    arg(&out, "--chdir");
    arg(&out, spec->workdir ? spec->workdir : "/job");
    put_environment(&out, spec->envp);
    int code = args_file(&out, args_fd);
    return code < 0 ? err_set(e, code, "sandbox: arguments of instance %llu: %s",
                              (unsigned long long)spec->id, strerror(-code))
                    : 0;
}
