// SPDX-License-Identifier: Apache-2.0
//
// The life of an instance's sandbox: checked, its groups made, its process spawned inside them, slowed,
// reaped, its groups removed. A handful run at a time, so they stand in an array that is searched.
#include "sandbox/box.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "sandbox/procs.h"
#include "sandbox/seccomp.h"
#include "sandbox/spawn.h"

// bubblewrap's outer process and its init live beside the command.
#define OWN_PROCESSES  2
#define PROBE_LIMIT_MS 10000
#define END_LIMIT_MS   5000
#define BACKGROUND     "rburn" // with an r, as the groups of instances: what a killed agent leaves is cleared

static struct box_run *find(struct box *b, uint64_t id)
{
    for (size_t i = 0; i < b->run_n; i++)
        if (b->run[i].id == id)
            return &b->run[i];
    return NULL;
}

unsigned box_take_slot(struct box *b)
{
    size_t slot = 0;
    while (slot < b->slot_cap && b->slot_taken[slot])
        slot++;
    mem_grow(&b->slot_taken, &b->slot_cap, slot + 1, sizeof *b->slot_taken);
    b->slot_taken[slot] = true;
    return (unsigned)slot;
}

// See BWRAP_UID_FIRST.
static int64_t user_of(const struct box *b, unsigned slot)
{
    return (int64_t)BWRAP_UID_FIRST + ((int64_t)(getpid() & 0x3fffff) << 6) +
           ((16u * (unsigned)b->root.number + slot) & 63);
}

static bool box_available(void *ctx, const char **why)
{
    struct box *b = ctx;
    if (why)
        *why = b->why;
    return !b->why[0];
}

static const char *box_lever(void *ctx)
{
    return lever_name(((struct box *)ctx)->lever);
}

void box_pipes_close(struct pipes *p)
{
    for (int i = 0; i < 2; i++) {
        if (p->out[i] >= 0)
            close(p->out[i]);
        if (p->err[i] >= 0)
            close(p->err[i]);
        p->out[i] = p->err[i] = -1;
    }
}

int box_pipes_open(struct pipes *p, bool capture)
{
    *p = (struct pipes){{-1, -1}, {-1, -1}};
    if (!capture)
        return 0;
    if (pipe2(p->out, O_CLOEXEC) < 0 || pipe2(p->err, O_CLOEXEC) < 0) {
        int code = -errno;
        box_pipes_close(p);
        return code;
    }
    // Only our ends: O_NONBLOCK on the other would belong to the customer's program, which does not expect
    // it.
    fcntl(p->out[0], F_SETFL, O_NONBLOCK);
    fcntl(p->err[0], F_SETFL, O_NONBLOCK);
    return 0;
}

// dup2 onto a number that is still needed would lose it, so what is handed over lies above all targets.
int box_above_targets(int fd)
{
    int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, SPAWN_KEEP_FIRST + SPAWN_KEEP_MAX);
    if (fd >= 0)
        close(fd);
    return high;
}

// v1 groups are joined through `tasks`: one thread that moves itself there does not take the lock of all
// migrations, whose wait for a quiet point of every processor `cgroup.procs` pays, milliseconds each time.
// The child has one thread.
static int open_groups(const struct box *b, const char *group, struct spawn *s)
{
    for (int i = 0; i < b->tree.n; i++) {
        const struct cgroup_dir *d = &b->tree.dir[i];
        char path[SYSFILE_PATH_MAX + 64];
        snprintf(path, sizeof path, "%s/%s%s", d->path, group, d->v2 ? "" : "/tasks");
        int fd = open(path, (d->v2 ? O_RDONLY | O_DIRECTORY : O_WRONLY) | O_CLOEXEC);
        if (fd < 0)
            return -errno;
        if (d->v2)
            s->into_cgroup = fd;
        else
            s->join[s->join_n++] = fd;
    }
    return 0;
}

void box_spawn_close(struct spawn *s)
{
    for (int i = 0; i < s->keep_n; i++)
        if (s->keep[i] >= 0)
            close(s->keep[i]);
    for (int i = 0; i < s->join_n; i++)
        close(s->join[i]);
    if (s->into_cgroup >= 0)
        close(s->into_cgroup);
    if (s->stdin_fd >= 0)
        close(s->stdin_fd);
}

void box_group_name(unsigned slot, char out[CGROUP_NAME_BYTES])
{
    snprintf(out, CGROUP_NAME_BYTES, "r%u", slot);
}

int box_program_file(const char *name, const char *start, const char *end)
{
    size_t n = (size_t)(end - start);
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd >= 0 && (write(fd, start, n) != (ssize_t)n ||
                    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

int box_null_open(void)
{
    return box_above_targets(open("/dev/null", O_RDWR | O_CLOEXEC));
}

// The seccomp program goes first, opened anew for an offset of its own: who gets it reads it to its end.
int box_spawn_in(const struct box *b, unsigned slot, const char *group, bool network, struct spawn *s)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", b->seccomp_fd[network]);
    s->keep[0] = box_above_targets(open(path, O_RDONLY | O_CLOEXEC));
    s->stdin_fd = box_null_open();
    s->parent_pidfd = b->self_pidfd;
    s->as_uid = geteuid() == 0 ? user_of(b, slot) : -1;
    return s->keep[0] < 0 || s->stdin_fd < 0 ? -errno : open_groups(b, group, s);
}

// A last command comes beside the instance's own, with its guard; what it starts in turn counts.
static int own_processes(const struct sandbox_spec *spec)
{
    return OWN_PROCESSES + (spec->last ? 2 : 0);
}

static int fill_spawn(struct box *b, const struct sandbox_spec *spec, struct box_run *r, struct pipes *p,
                      struct spawn *s, struct err *e)
{
    s->keep_n = 2;
    static_assert(2 + BOX_NET_FILES + 2 <= SPAWN_KEEP_MAX,
                  "these, files of the network, and those of the guard");
    int args_fd, code = box_args_file(b, spec, &args_fd, e);
    if (code < 0)
        return code;
    s->keep[1] = box_above_targets(args_fd);
    code = s->keep[1] < 0 ? -errno : box_pipes_open(p, spec->capture);
    if (code == 0)
        code = box_spawn_in(b, r->slot, r->group, spec->net != NULL, s);
    s->net = spec->net;
    if (code == 0)
        code = box_net_files(spec, s);
    if (code < 0)
        return err_set(e, code, "sandbox: %s", strerror(-code));
    s->stdout_fd = spec->capture ? p->out[1] : s->stdin_fd;
    s->stderr_fd = spec->capture ? p->err[1] : s->stdin_fd;
    if (!cgroup_where(&b->tree, CG_MEMORY))
        s->address_max = spec->memory_max_bytes;
    if (spec->pids_max > 0 && !cgroup_where(&b->tree, CG_PIDS))
        s->process_max = spec->pids_max + own_processes(spec);
    return 0;
}

static int launch(struct box *b, const struct sandbox_spec *spec, struct box_run *r, struct sandbox_run *run,
                  struct err *e)
{
    struct spawn s = {.exe = b->bwrap, .keep = {-1, -1, -1, -1}, .into_cgroup = -1, .stdin_fd = -1};
    struct pipes p = {{-1, -1}, {-1, -1}};
    char guard_text[4][32];
    const char **argv = NULL;
    int code = fill_spawn(b, spec, r, &p, &s, e);
    if (code == 0 && !(argv = box_guard_argv(b, spec, r, &s, guard_text)))
        code = err_set(e, -errno, "sandbox: no descriptors for its last command: %s", strerror(errno));
    s.argv = (char *const *)argv;
    if (code == 0) {
        r->pid = spawn(&s, &r->pidfd, e);
        code = r->pid < 0 ? r->pid : 0;
    }
    if (code == 0) {
        *run = (struct sandbox_run){.pid = r->pid, .stdout_fd = p.out[0], .stderr_fd = p.err[0]};
        run->pidfd = fcntl(r->pidfd, F_DUPFD_CLOEXEC, 0);
        p.out[0] = p.err[0] = -1;
    }
    box_pipes_close(&p);
    box_spawn_close(&s);
    if (code < 0 && r->guard_fd >= 0)
        close(r->guard_fd);
    free(argv);
    return code;
}

static int start_from_nothing(struct box *b, const struct sandbox_spec *spec, struct box_run *r,
                              struct sandbox_run *run, struct err *e)
{
    box_group_name(r->slot, r->group);
    int code = cgroup_make(&b->tree, r->group, e);
    if (code == 0)
        code = cgroup_limit(&b->tree, r->group, spec->memory_max_bytes,
                            spec->pids_max > 0 ? spec->pids_max + own_processes(spec) : 0, e);
    if (code == 0)
        code = launch(b, spec, r, run, e);
    if (code == 0 &&
        spec->share_permille) // it is known to be good; one that cannot be set is told by set_share
        lever_set(b, r, spec->share_permille, r->start, NULL);
    if (code < 0)
        b->slot_taken[r->slot] = cgroup_remove(&b->tree, r->group) < 0;
    return code;
}

static int box_start(void *ctx, const struct sandbox_spec *given, wall_ms now, struct sandbox_run *run,
                     struct err *e)
{
    struct box *b = ctx;
    struct sandbox_spec with_user = *given, *spec = &with_user;
    if (b->why[0])
        return err_set(e, -ENODEV, "%s", b->why);
    int code = box_check_spec(spec, e);
    if (code == 0)
        code = box_resolve_user(b, spec, e);
    if (code == 0)
        code = box_check_workdir(b, spec, e);
    if (code < 0)
        return code;
    if (find(b, spec->id))
        return err_set(e, -EEXIST, "sandbox: instance %llu runs already", (unsigned long long)spec->id);
    struct box_run r = {.id = spec->id,
                        .start = now,
                        .duty = DUTY_NULL,
                        .pidfd = -1,
                        .channel = -1,
                        .guard_fd = -1,
                        .memory_max_bytes = spec->memory_max_bytes,
                        .pids_max = spec->pids_max};
    if (!box_zygote_start(b, spec, &r, run)) {
        r.slot = box_take_slot(b);
        code = start_from_nothing(b, spec, &r, run, e);
    }
    if (code < 0)
        return code;
    *(r.by_zygote ? &b->counts.by_zygote : &b->counts.from_nothing) += 1;
    *VEC_PUSH(b->run, b->run_n, b->run_cap) = r;
    if (b->most_running < b->run_n)
        b->most_running = b->run_n;
    return 0;
}

static int box_set_share(void *ctx, uint64_t id, int permille, wall_ms now, struct err *e)
{
    struct box_run *r = find(ctx, id);
    return r ? lever_set(ctx, r, permille, now, e)
             : err_set(e, -ENOENT, "sandbox: no instance %llu", (unsigned long long)id);
}

static int64_t box_tick(void *ctx, wall_ms now)
{
    struct box *b = ctx;
    int64_t wait_ms = -1;
    for (size_t i = 0; i < b->run_n; i++) {
        int64_t w = lever_tick(b, &b->run[i], now);
        if (w >= 0 && (wait_ms < 0 || w < wait_ms))
            wait_ms = w;
    }
    int64_t w = box_zygotes_tick(b, now);
    return wait_ms < 0 || (w >= 0 && w < wait_ms) ? w : wait_ms;
}

static void measure(const struct box *b, struct box_run *r, struct sandbox_usage *u)
{
    u->cpu_ms = box_cpu_us(b, r) / 1000;
    u->memory_bytes = cgroup_memory(&b->tree, r->group);
    if (u->memory_bytes < 0)
        u->memory_bytes = procs_memory(r->pid);
    int64_t peak = cgroup_memory_peak(&b->tree, r->group);
    if (peak < u->memory_bytes)
        peak = u->memory_bytes;
    if (r->peak_bytes < peak)
        r->peak_bytes = peak;
    u->memory_peak_bytes = r->peak_bytes;
}

static int box_usage(void *ctx, uint64_t id, struct sandbox_usage *u)
{
    struct box_run *r = find(ctx, id);
    if (!r)
        return -ENOENT;
    measure(ctx, r, u);
    return 0;
}

static int box_end(void *ctx, uint64_t id)
{
    const struct box_run *r = find(ctx, id);
    return r ? box_guard_ask(r) : -ENOENT;
}

static int box_kill(void *ctx, uint64_t id)
{
    struct box_run *r = find(ctx, id);
    if (!r)
        return -ENOENT;
    r->killed = true;
    syscall(SYS_pidfd_send_signal, r->pidfd, SIGKILL, NULL,
            0); // first of its namespace: all below go with it
    lever_thaw_dying(ctx, r);
    return 0;
}

// 1 with the status, as waitpid gives it; 0: it lives.
static int ended(const struct box_run *r, int *status)
{
    siginfo_t info = {0};
    if (!r->by_zygote) {
        if (waitid(P_PIDFD, (id_t)r->pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
            return 0;
        *status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
        return 1;
    }
    if (poll(&(struct pollfd){.fd = r->pidfd, .events = POLLIN}, 1, 0) != 1)
        return 0;
    if (recv(r->channel, status, sizeof *status, MSG_DONTWAIT) != sizeof *status)
        *status = SIGKILL; // its init was killed before it could say
    return 1;
}

static int box_reap(void *ctx, uint64_t id, wall_ms now, struct sandbox_result *result)
{
    struct box *b = ctx;
    struct box_run *r = find(b, id);
    int status;
    if (!r)
        return -ENOENT;
    if (!ended(r, &status))
        return 0;
    struct sandbox_result out = {.killed = r->killed, .wall_ms = wall_since(now, r->start)};
    measure(b, r, &out.usage); // before the wait: without control groups, the zombie is what remembers
    out.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    out.signal = out.code > 128 && out.code <= 192 ? out.code - 128 : 0;
    struct box_run over = *r;
    *r = b->run[--b->run_n];
    if (over.guard_fd >= 0)
        close(over.guard_fd);
    if (over.by_zygote) {
        close(over.channel);
        close(over.pidfd);
        box_zygote_ended(b, &over, &out.usage, now);
    } else {
        siginfo_t info;
        waitid(P_PIDFD, (id_t)over.pidfd, &info, WEXITED | WNOHANG);
        close(over.pidfd);
        // A group that will not go keeps its number until the end: its meters and limits must not become
        // another's.
        b->slot_taken[over.slot] = cgroup_remove(&b->tree, over.group) < 0;
        box_zygote_breed(b, &over, now);
    }
    *result = out;
    return 1;
}

static void box_free(void *ctx)
{
    struct box *b = ctx;
    struct sandbox_result ignored;
    b->no_zygotes = true; // whoever ends now is not followed
    for (size_t i = 0; i < b->run_n; i++)
        box_kill(b, b->run[i].id);
    while (b->run_n > 0) {
        struct box_run *r = &b->run[0];
        poll(&(struct pollfd){.fd = r->pidfd, .events = POLLIN}, 1, END_LIMIT_MS);
        if (box_reap(b, r->id, r->start, &ignored) != 1) { // not even SIGKILL: a device that hangs
            close(r->pidfd);
            if (r->channel >= 0)
                close(r->channel);
            if (r->guard_fd >= 0)
                close(r->guard_fd);
            *r = b->run[--b->run_n];
        }
    }
    box_zygotes_free(b);
    cgroup_remove(&b->tree, BACKGROUND);
    cgroup_tree_deinit(&b->tree);
    root_deinit(&b->root);
    buf_deinit(&b->fixed_args);
    int fds[] = {b->seccomp_fd[0], b->seccomp_fd[1], b->self_pidfd, b->zygote_fd, b->guard_fd};
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(b->run);
    free(b->slot_taken);
    free(b);
}

static int find_bwrap(struct box *b, const char *given, struct err *e)
{
    static const char *const places[] = {"/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"};
    for (size_t i = 0; i < (given ? 1 : ARRAY_LEN(places)); i++) {
        const char *path = given ? given : places[i];
        if (access(path, X_OK) == 0 && snprintf(b->bwrap, sizeof b->bwrap, "%s", path) < (int)sizeof b->bwrap)
            return 0;
    }
    return err_set(e, -ENOENT, "sandbox: %s: no such program (install the package bubblewrap)",
                   given ? given : "bwrap");
}

// Whether this machine lets us is asked by doing it: settings that forbid it have many names.
static int probe(struct box *b, struct err *e)
{
    struct sandbox_run run;
    struct sandbox_result result = {.code = -1};
    const struct sandbox_spec spec = {
        .id = 1, .argv = (const char *const[]){"/usr/bin/true", NULL}, .capture = true};
    int code = box_start(b, &spec, WALL_MS(0), &run, e);
    if (code < 0)
        return code;
    poll(&(struct pollfd){.fd = run.pidfd, .events = POLLIN}, 1, PROBE_LIMIT_MS);
    char text[200];
    ssize_t n = read(run.stderr_fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (box_reap(b, 1, WALL_MS(0), &result) != 1) {
        box_kill(b, 1);
        poll(&(struct pollfd){.fd = run.pidfd, .events = POLLIN}, 1, END_LIMIT_MS);
        box_reap(b, 1, WALL_MS(0), &result);
        snprintf(text, sizeof text, "`true` did not end within %d ms", PROBE_LIMIT_MS);
        result.code = -1;
    }
    close(run.pidfd);
    close(run.stdout_fd);
    close(run.stderr_fd);
    return result.code == 0 ? 0
                            : err_set(e, -EPERM, "sandbox: none can be made here: %s (allow user namespaces)",
                                      text[0] ? text : "`true` failed");
}

static int prepare(struct box *b, const struct bwrap_config *c, struct err *e)
{
    int code = find_bwrap(b, c->bwrap, e);
    if (code < 0)
        return code;
    b->self_pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (b->self_pidfd < 0)
        return err_set(e, -errno, "sandbox: a pidfd cannot be opened: %s", strerror(errno));
    for (int network = 0; network < 2; network++)
        if ((b->seccomp_fd[network] = seccomp_program(network, e)) < 0)
            return b->seccomp_fd[network];
    if ((code = root_init(&b->root, c->root_parent, e)) < 0)
        return code;
    box_fixed_args(b);
    if ((code = box_guard_open(b, e)) < 0)
        return code;
    bool v1_only = c->lever == LEVER_V1_QUOTA || c->lever == LEVER_V1_FREEZE;
    cgroup_tree_init(&b->tree, c->no_cgroups ? 0 : (1u << CG_N) - 1, v1_only);
    if ((code = lever_choose(b, c->lever, e)) < 0)
        return code;
    if ((code = probe(b, e)) < 0)
        return code;
    b->counts = (struct bwrap_counts){0};
    box_zygotes_init(b, c);
    return 0;
}

// Among siblings a group has its weight whatever the classes of its threads: the idle class counts only within.
void bwrap_sandbox_background(struct sandbox *s, pid_t pid)
{
    struct box *b = s->ctx;
    struct err e = ERR_NULL;
    char text[16];
    snprintf(text, sizeof text, "%d", (int)pid);
    cgroup_remove(&b->tree, BACKGROUND); // of the one before
    if (!cgroup_where(&b->tree, CG_CPU) || cgroup_make(&b->tree, BACKGROUND, &e) < 0)
        return;
    if (cgroup_set(&b->tree, BACKGROUND, CG_CPU, "cpu.shares", "cpu.idle",
                   cgroup_where(&b->tree, CG_CPU)->v2 ? "1" : "2") < 0)
        cgroup_set(&b->tree, BACKGROUND, CG_CPU, "cpu.shares", "cpu.weight", "1"); // before Linux 5.15
    cgroup_set(&b->tree, BACKGROUND, CG_CPU, "cgroup.procs", "cgroup.procs", text);
}

struct bwrap_counts bwrap_sandbox_counts(const struct sandbox *s)
{
    return ((const struct box *)s->ctx)->counts;
}

void bwrap_sandbox_init(struct sandbox *s, const struct bwrap_config *config)
{
    static const struct bwrap_config plain = {0};
    struct box *b = mem_alloc(sizeof *b);
    struct err e = ERR_NULL;
    *s = (struct sandbox){
        b,         box_available, box_lever, box_start, box_set_share, box_tick,
        box_usage, box_end,       box_kill,  box_reap,  box_free,
    };
    b->fixed_args = BUF_INIT(16384);
    b->seccomp_fd[0] = b->seccomp_fd[1] = b->self_pidfd = b->zygote_fd = b->guard_fd = -1;
    b->no_zygotes = true; // until it is known that sandboxes can be made at all
    b->cores = (int)int_clamp(sysconf(_SC_NPROCESSORS_ONLN), 1, 4096);
    if (prepare(b, config ? config : &plain, &e) < 0)
        snprintf(b->why, sizeof b->why, "%s", e.text);
}
