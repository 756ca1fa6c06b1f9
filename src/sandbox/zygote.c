// SPDX-License-Identifier: Apache-2.0
//
// Zygotes seen from the agent: bred, given an instance, looked over, ended.
//
//   breed --> WARMING --READY--> WAITING --go--> BUSY --all in it is dead--> looked over --PREPARE--> WARMING
//                |                  |                                             |
//                +--SOILED, died----+--idle, other limits wanted------------------+--> DYING --reaped--> gone
//
// One zygote has one slot: one host user, one group in every hierarchy, in which it lives itself with its
// bubblewrap, so that what it forks is in the group from its first instruction. The group serves one instance
// after the other, and so only while nothing of it can mislead the next: who lives in it is counted, and its
// peak of memory, which not every kernel can set back, must have stayed below REUSE_PEAK. Processor time is
// differenced.
//
// Whatever is not plain (a mount, the network, a size for /job, limits other than the zygote's) takes the
// long way, as does everything where control groups are missing. So the long way is always there, and a
// zygote that fails costs time only.
#include "sandbox/box.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/zygote_wire.h"

#define ZYGOTES_MAX   64
#define REUSE_PEAK    ((int64_t)16 << 20) // a reported peak of memory may be wrong by this, not more
#define IDLE_MS       60000
#define SLOW_PERMILLE 500
#define DYING_LOOK_MS 50
#define SOON_MS       10 // most that a start waits for a zygote
#define END_LIMIT_MS  5000

// bubblewrap's outer process, its init and the zygote live beside the instance; the instance has an init.
#define ZYGOTE_PROCESSES 3
#define OWN_PROCESSES    (ZYGOTE_PROCESSES + 1)

// The program, linked in as it is on disk (src/sandbox/meson.build).
extern const char zygote_image_start[] __asm__("_binary_ondol_zygote_start");
extern const char zygote_image_end[] __asm__("_binary_ondol_zygote_end");

void box_zygotes_init(struct box *b, const struct bwrap_config *c)
{
    for (int k = 0; k < CG_N; k++) // stop signals need the processes of bubblewrap where procs.h expects them
        if (c->no_zygotes || b->lever == LEVER_SIGNALS || !cgroup_where(&b->tree, (enum cgroup_controller)k))
            return; // no_zygotes stays set
    b->zygote_fd = box_program_file("ondol-zygote", zygote_image_start, zygote_image_end);
    b->no_zygotes = b->zygote_fd < 0;
}

// ---- ends

static void forget_instance(struct zygote *z)
{
    if (z->instance_pidfd >= 0)
        close(z->instance_pidfd);
    if (z->channel >= 0)
        close(z->channel);
    z->instance_pidfd = z->channel = -1;
}

static void retire(struct box *b, struct zygote *z)
{
    if (z->state == ZYGOTE_DYING)
        return;
    char group[CGROUP_NAME_BYTES];
    const struct cgroup_dir *d = cgroup_where(&b->tree, CG_FREEZER);
    box_group_name(z->slot, group);
    forget_instance(z);
    close(z->socket);
    z->socket = -1;
    z->state = ZYGOTE_DYING;
    syscall(SYS_pidfd_send_signal, z->pidfd, SIGKILL, NULL, 0); // first of its namespace: all go with it
    if (d && !d->v2)
        cgroup_freeze(&b->tree, group, false); // what v1 froze cannot die
}

// Takes a dead one away. False: it lives yet, or its group does not go.
static bool bury(struct box *b, size_t i)
{
    struct zygote *z = &b->zygote[i];
    siginfo_t info = {0};
    char group[CGROUP_NAME_BYTES];
    box_group_name(z->slot, group);
    if (z->pidfd >= 0) {
        if (waitid(P_PIDFD, (id_t)z->pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
            return false;
        close(z->pidfd);
        z->pidfd = -1;
    }
    if (cgroup_remove(&b->tree, group) < 0)
        return false;
    b->slot_taken[z->slot] = false;
    *z = b->zygote[--b->zygote_n];
    return true;
}

static void bury_all(struct box *b)
{
    for (size_t i = b->zygote_n; i-- > 0;)
        if (b->zygote[i].state == ZYGOTE_DYING)
            bury(b, i);
}

// One that fails before it served anybody will fail again: the machine does not allow it.
static void give_up(struct box *b, struct zygote *z)
{
    b->no_zygotes |= !z->proven;
    b->counts.soiled++;
    retire(b, z);
}

// ---- births

static bool ask(struct zygote *z)
{
    z->state = ZYGOTE_WARMING;
    return send(z->socket, &(char){ZYGOTE_PREPARE}, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

static int spawn_zygote(struct box *b, struct zygote *z, const char *group, int theirs)
{
    static char *const argv[] = {"bwrap", "--args", "4", "--", "/proc/self/fd/6", NULL};
    struct spawn s = {.exe = b->bwrap,
                      .argv = argv,
                      .keep = {-1, -1, -1, -1},
                      .keep_n = 4,
                      .into_cgroup = -1,
                      .stdin_fd = -1};
    struct err e = ERR_NULL;
    int args_fd, code = box_zygote_args_file(b, &args_fd, &e);
    if (code == 0) {
        s.keep[1] = box_above_targets(args_fd);
        s.keep[2] = box_above_targets(fcntl(theirs, F_DUPFD_CLOEXEC, 0));
        s.keep[3] = box_above_targets(fcntl(b->zygote_fd, F_DUPFD_CLOEXEC, 0));
        code = box_spawn_in(b, z->slot, group, false, &s);
        s.stdout_fd = s.stderr_fd = s.stdin_fd;
    }
    if (code == 0 && (s.keep[1] < 0 || s.keep[2] < 0 || s.keep[3] < 0))
        code = -EMFILE;
    if (code == 0)
        code = z->pid = spawn(&s, &z->pidfd, &e);
    box_spawn_close(&s);
    return code < 0 ? code : 0;
}

static int birth(struct box *b, struct zygote *z)
{
    struct err e = ERR_NULL;
    char group[CGROUP_NAME_BYTES];
    int pair[2];
    box_group_name(z->slot, group);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    z->socket = pair[0];
    int code = cgroup_make(&b->tree, group, &e);
    if (code == 0)
        code = cgroup_limit(&b->tree, group, z->memory_max_bytes,
                            z->pids_max > 0 ? z->pids_max + OWN_PROCESSES : 0, &e);
    if (code == 0)
        code = spawn_zygote(b, z, group, pair[1]);
    close(pair[1]);
    if (code < 0) {
        close(z->socket);
        b->slot_taken[z->slot] = cgroup_remove(&b->tree, group) < 0;
    }
    return code;
}

static bool plain_limits(const struct zygote *z, int64_t memory_max_bytes, int pids_max)
{
    return z->memory_max_bytes == memory_max_bytes && z->pids_max == pids_max;
}

// After an instance that had none: as many zygotes as there were instances at once are worth having.
void box_zygote_breed(struct box *b, const struct box_run *after, wall_ms now)
{
    size_t most = b->most_running < ZYGOTES_MAX ? b->most_running : ZYGOTES_MAX;
    bury_all(b);
    if (b->no_zygotes || !after->plain)
        return;
    for (size_t i = 0; i < b->zygote_n && b->zygote_n >= most; i++) // one of other limits makes room
        if (b->zygote[i].state == ZYGOTE_WAITING &&
            !plain_limits(&b->zygote[i], after->memory_max_bytes, after->pids_max))
            retire(b, &b->zygote[i]);
    if (b->zygote_n >= most)
        return;
    struct zygote z = {.slot = box_take_slot(b),
                       .memory_max_bytes = after->memory_max_bytes,
                       .pids_max = after->pids_max,
                       .permille = SANDBOX_SHARE_FULL,
                       .pidfd = -1,
                       .instance_pidfd = -1,
                       .channel = -1,
                       .used = now};
    if (birth(b, &z) < 0 || !ask(&z)) {
        b->no_zygotes = true;
        return;
    }
    b->counts.zygotes++;
    *VEC_PUSH(b->zygote, b->zygote_n, b->zygote_cap) = z;
}

// ---- an instance

// What a zygote says, if it said something.
static void listen_to(struct box *b, struct zygote *z)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control;
    char word = 0;
    struct iovec v = {&word, 1};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(z->socket, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    const struct cmsghdr *c = n == 1 ? CMSG_FIRSTHDR(&m) : NULL;
    if (word != ZYGOTE_READY || !c || c->cmsg_type != SCM_RIGHTS ||
        c->cmsg_len != CMSG_LEN(2 * sizeof(int))) {
        give_up(b, z);
        return;
    }
    int fd[2];
    memcpy(fd, CMSG_DATA(c), sizeof fd);
    z->instance_pidfd = fd[0];
    z->channel = fd[1];
    z->state = ZYGOTE_WAITING;
}

static void put(struct buf *out, const char *word)
{
    buf_put(out, word, strlen(word) + 1);
}

// Of a name given twice bubblewrap keeps the first place and the last value, and it sets PWD itself. NULL:
// not this one.
static const char *entry_in_force(const char *const *all, const char *const *entry)
{
    size_t n = strcspn(*entry, "=") + 1;
    const char *last = *entry;
    if (strncmp(*entry, "PWD=", 4) == 0)
        return NULL;
    for (; all < entry; all++)
        if (strncmp(*entry, *all, n) == 0)
            return NULL;
    for (; *entry; entry++)
        if (strncmp(last, *entry, n) == 0)
            last = *entry;
    return last;
}

static bool write_go(const struct sandbox_spec *spec, struct buf *out)
{
    const char *dir = spec->workdir ? spec->workdir : "/job";
    struct zygote_go go = {.envc = 1};
    while (spec->argv[go.argc])
        go.argc++;
    for (const char *const *v = spec->envp; v && *v; v++)
        go.envc += entry_in_force(spec->envp, v) != NULL;
    if (go.argc > ZYGOTE_ARGS_MAX || go.envc > ZYGOTE_ARGS_MAX)
        return false;
    buf_put(out, &go, sizeof go);
    put(out, spec->hostname ? spec->hostname : "ondol");
    put(out, dir);
    for (size_t i = 0; i < go.argc; i++)
        put(out, spec->argv[i]);
    for (const char *const *v = spec->envp; v && *v; v++)
        if (entry_in_force(spec->envp, v))
            put(out, entry_in_force(spec->envp, v));
    buf_puts(out, "PWD=");
    put(out, dir);
    return !out->failed;
}

static bool send_go(const struct zygote *z, const struct buf *go, const int out[2])
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(2 * sizeof(int))];
    } control = {0};
    struct iovec v = {go->v, go->n};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(2 * sizeof(int));
    memcpy(CMSG_DATA(c), out, 2 * sizeof(int));
    return sendmsg(z->channel, &m, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)go->n;
}

// One that waits; else one that is just making the next, a millisecond's work and less than the long way.
static struct zygote *find_ready(struct box *b, const struct sandbox_spec *spec)
{
    struct zygote *soon = NULL;
    for (size_t i = 0; i < b->zygote_n; i++) {
        struct zygote *z = &b->zygote[i];
        if (!plain_limits(z, spec->memory_max_bytes, spec->pids_max))
            continue;
        if (z->state == ZYGOTE_WARMING)
            listen_to(b, z);
        if (z->state == ZYGOTE_WAITING)
            return z;
        if (z->state == ZYGOTE_WARMING && z->proven && !soon)
            soon = z;
    }
    if (!soon || poll(&(struct pollfd){.fd = soon->socket, .events = POLLIN}, 1, SOON_MS) != 1)
        return NULL;
    listen_to(b, soon);
    return soon->state == ZYGOTE_WAITING ? soon : NULL;
}

static pid_t pid_of(int pidfd)
{
    char dir[32], name[16], info[512];
    snprintf(dir, sizeof dir, "/proc/self/fdinfo");
    snprintf(name, sizeof name, "%d", pidfd);
    const char *p = sysfile_read(dir, name, info, sizeof info) > 0 ? strstr(info, "\nPid:") : NULL;
    return p ? (pid_t)strtol(p + 5, NULL, 10) : 0;
}

static bool hand_over(struct box *b, struct zygote *z, const struct sandbox_spec *spec, const struct buf *go,
                      struct box_run *r, struct sandbox_run *run)
{
    struct pipes p;
    int pidfd = fcntl(z->instance_pidfd, F_DUPFD_CLOEXEC, 0);
    if (pidfd < 0 || box_pipes_open(&p, spec->capture) < 0) {
        if (pidfd >= 0)
            close(pidfd);
        return false;
    }
    int null_fd = spec->capture ? -1 : box_null_open();
    const int out[2] = {spec->capture ? p.out[1] : null_fd, spec->capture ? p.err[1] : null_fd};
    bool sent = lever_set(b, r, spec->share_permille ? spec->share_permille : SANDBOX_SHARE_FULL, r->start,
                          NULL) == 0 &&
                send_go(z, go, out);
    if (null_fd >= 0)
        close(null_fd);
    if (!sent) {
        box_pipes_close(&p);
        close(pidfd);
        return false;
    }
    *run = (struct sandbox_run){.pid = r->pid, .pidfd = pidfd, .stdout_fd = p.out[0], .stderr_fd = p.err[0]};
    p.out[0] = p.err[0] = -1;
    box_pipes_close(&p);
    return true;
}

static bool is_plain(const struct sandbox_spec *spec)
{
    return !spec->net && !spec->last && spec->binds_n == 0 && spec->job_bytes == 0 && !spec->job_dir && !spec->rootfs &&
           !spec->user;
}

bool box_zygote_start(struct box *b, const struct sandbox_spec *spec, struct box_run *r,
                      struct sandbox_run *run)
{
    r->plain = is_plain(spec);
    bury_all(b);
    struct zygote *z = b->no_zygotes || !r->plain ? NULL : find_ready(b, spec);
    if (!z)
        return false;
    struct buf go = BUF_INIT(ZYGOTE_GO_BYTES);
    bool started = false;
    if (write_go(spec, &go)) {
        box_group_name(z->slot, r->group);
        r->slot = z->slot;
        r->pidfd = z->instance_pidfd;
        r->pid = pid_of(z->instance_pidfd);
        r->channel = z->channel;
        r->cpu_before_us = z->cpu_us;
        r->duty.permille = z->permille;
        r->by_zygote = started = hand_over(b, z, spec, &go, r, run);
        if (started) {
            z->instance_pidfd = z->channel = -1; // the run's now
            z->state = ZYGOTE_BUSY;
            z->used = r->start;
        } else {
            give_up(b, z);
            r->cpu_before_us = 0;
            r->pidfd = r->channel = -1;
            r->duty = DUTY_NULL;
        }
    }
    buf_deinit(&go);
    return started;
}

// ---- after an instance

// Who is in the group: as many as a zygote has without an instance, or somebody is left.
static bool alone(const struct box *b, const char *group)
{
    char dir[SYSFILE_PATH_MAX + CGROUP_NAME_BYTES], text[512];
    int lines = 0;
    snprintf(dir, sizeof dir, "%s/%s", cgroup_where(&b->tree, CG_PIDS)->path, group);
    ssize_t n = sysfile_read(dir, "cgroup.procs", text, sizeof text);
    for (ssize_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    return lines == ZYGOTE_PROCESSES;
}

void box_zygote_ended(struct box *b, const struct box_run *r, const struct sandbox_usage *u, wall_ms now)
{
    struct zygote *z = NULL;
    for (size_t i = 0; i < b->zygote_n; i++)
        if (b->zygote[i].slot == r->slot)
            z = &b->zygote[i];
    if (!z || z->state != ZYGOTE_BUSY)
        return;
    z->used = now;
    z->proven = true;
    z->permille = r->duty.permille;
    z->cpu_us = r->cpu_before_us + u->cpu_ms * 1000;
    // What slowed it would slow the making of the next.
    if (z->permille >= 0 && z->permille < SLOW_PERMILLE &&
        cgroup_quota(&b->tree, r->group, SANDBOX_SHARE_FULL) == 0)
        z->permille = SANDBOX_SHARE_FULL;
    if (!cgroup_where(&b->tree, CG_MEMORY)->v2)
        cgroup_set(&b->tree, r->group, CG_MEMORY, "memory.max_usage_in_bytes", "", "0");
    bool clean = !r->duty.frozen && u->memory_peak_bytes <= REUSE_PEAK && alone(b, r->group);
    if (b->no_zygotes)
        retire(b, z);
    else if (!clean || !ask(z))
        give_up(b, z);
}

// Ends those that had nothing to do for a minute. What it gives keeps the caller looking.
int64_t box_zygotes_tick(struct box *b, wall_ms now)
{
    int64_t wait_ms = -1;
    bury_all(b);
    for (size_t i = 0; i < b->zygote_n; i++) {
        struct zygote *z = &b->zygote[i];
        int64_t idle_ms = wall_since(now, z->used);
        if (z->state == ZYGOTE_WARMING)
            listen_to(b, z);
        if (z->state == ZYGOTE_WAITING && idle_ms >= IDLE_MS)
            retire(b, z);
        int64_t w = z->state == ZYGOTE_DYING ? DYING_LOOK_MS
                    : idle_ms < IDLE_MS      ? IDLE_MS - idle_ms
                                             : IDLE_MS;
        if (wait_ms < 0 || w < wait_ms)
            wait_ms = w;
    }
    if (b->zygote_n == 0)
        b->most_running = b->run_n;
    return wait_ms < 0 && b->run_n > 0 && !b->no_zygotes ? IDLE_MS : wait_ms;
}

void box_zygotes_free(struct box *b)
{
    for (size_t i = 0; i < b->zygote_n; i++)
        retire(b, &b->zygote[i]);
    for (size_t i = b->zygote_n; i-- > 0;) {
        if (b->zygote[i].pidfd >= 0)
            poll(&(struct pollfd){.fd = b->zygote[i].pidfd, .events = POLLIN}, 1, END_LIMIT_MS);
        bury(b, i);
    }
    free(b->zygote);
}
