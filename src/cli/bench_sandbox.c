// SPDX-License-Identifier: Apache-2.0
//
// Both sides are driven by the same loop: `slots` at a time, the next starts when one has ended (poll on
// pidfds), output goes nowhere. Ours does more: a group per instance in every hierarchy, limits for memory
// and processes, a user of its own, seccomp, /job and /dev/shm, and it waits until everything in it is dead.
// The rival has what isolation needs least. Ours makes plain sandboxes ahead of time
// (docs/design/0018-zygotes.md); how many is said.
#include "cli/bench_sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "sandbox/bwrap.h"

#define ROUNDS    5
#define PER_ROUND 200
#define SLOTS_MAX 64

const char *const bench_bare_bwrap[] = {
    "bwrap",
    "--unshare-user",
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-uts",
    "--unshare-net",
    "--unshare-cgroup",
    "--new-session",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
    "--ro-bind",
    "/usr",
    "/usr",
    "--symlink",
    "usr/bin",
    "/bin",
    "--symlink",
    "usr/lib",
    "/lib",
    "--symlink",
    "usr/lib64",
    "/lib64",
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    "--tmpfs",
    "/tmp",
    "--tmpfs",
    "/job",
    "--chdir",
    "/job",
    "/usr/bin/true",
    NULL,
};

struct side {
    const struct sandbox *ours; // NULL: the rival
    int null_fd;
    int pidfd[SLOTS_MAX];
    pid_t pid[SLOTS_MAX];
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int start_rival(struct side *s, int slot)
{
    posix_spawn_file_actions_t fa;
    posix_spawn_file_actions_init(&fa);
    for (int fd = 0; fd < 3; fd++)
        posix_spawn_file_actions_adddup2(&fa, s->null_fd, fd);
    int r = posix_spawnp(&s->pid[slot], bench_bare_bwrap[0], &fa, NULL, (char *const *)bench_bare_bwrap,
                         (char *const[]){NULL});
    posix_spawn_file_actions_destroy(&fa);
    if (r)
        return -r;
    s->pidfd[slot] = (int)syscall(SYS_pidfd_open, s->pid[slot], 0);
    return s->pidfd[slot] < 0 ? -errno : 0;
}

static int start(struct side *s, int slot)
{
    if (!s->ours)
        return start_rival(s, slot);
    const struct sandbox_spec spec = {
        .id = (uint64_t)slot + 1,
        .argv = (const char *const[]){"/usr/bin/true", NULL},
        .memory_max_bytes = INT64_C(256) << 20,
        .pids_max = 64,
    };
    struct sandbox_run run;
    int code = s->ours->start(s->ours->ctx, &spec, WALL_MS(0), &run, NULL);
    s->pidfd[slot] = code < 0 ? -1 : run.pidfd;
    return code;
}

// 0 when `true` said 0.
static int end(struct side *s, int slot)
{
    int status = -1;
    close(s->pidfd[slot]);
    s->pidfd[slot] = -1;
    if (!s->ours) {
        waitpid(s->pid[slot], &status, 0);
        return status;
    }
    struct sandbox_result r;
    return s->ours->reap(s->ours->ctx, (uint64_t)slot + 1, WALL_MS(0), &r) == 1 ? r.code : -1;
}

// Runs PER_ROUND of them; microseconds for all, or negative when one failed.
static int64_t round_of(struct side *s, int slots)
{
    struct pollfd p[SLOTS_MAX];
    int started = 0, ended = 0;
    bool failed = false;
    int64_t from = now_us();
    for (int i = 0; i < slots; i++)
        s->pidfd[i] = -1;
    while (ended < (failed ? started : PER_ROUND)) {
        for (int i = 0; i < slots && started < PER_ROUND && !failed; i++)
            if (s->pidfd[i] < 0) {
                failed = start(s, i) < 0;
                started += !failed;
            }
        for (int i = 0; i < slots; i++)
            p[i] = (struct pollfd){.fd = s->pidfd[i], .events = POLLIN};
        poll(p, (nfds_t)slots, -1);
        for (int i = 0; i < slots; i++)
            if (p[i].fd >= 0 && p[i].revents) {
                failed |= end(s, i) != 0;
                ended++;
            }
    }
    return failed ? -1 : now_us() - from;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int compare(FILE *out, struct side *ours, struct side *other, int slots)
{
    double rate[2][ROUNDS];
    for (int r = 0; r < ROUNDS; r++)
        for (int who = 0; who < 2; who++) {
            int64_t us = round_of(who ? other : ours, slots);
            if (us <= 0) {
                fprintf(out, "sandbox: a `true` failed in %s\n", who ? "bare bwrap" : "our sandbox");
                return -EIO;
            }
            rate[who][r] = 1e6 * PER_ROUND / (double)us;
        }
    for (int who = 0; who < 2; who++)
        qsort(rate[who], ROUNDS, sizeof rate[who][0], by_size);
    double a = rate[0][ROUNDS / 2], b = rate[1][ROUNDS / 2];
    fprintf(
        out,
        "sandbox, %2d slots: %4.0f true/s (%.0f..%.0f); bare bwrap %4.0f/s (%.0f..%.0f); %.2fx its time\n",
        slots, a, rate[0][0], rate[0][ROUNDS - 1], b, rate[1][0], rate[1][ROUNDS - 1], b / a);
    return 0;
}

const char *bench_bwrap_version(char *version, size_t cap)
{
    snprintf(version, cap, "bubblewrap of unknown version");
    FILE *p = popen("bwrap --version", "re");
    if (p) {
        if (!fgets(version, (int)cap, p))
            version[0] = '\0';
        pclose(p);
    }
    version[strcspn(version, "\n")] = '\0';
    return version;
}

static void print_rival(FILE *out)
{
    char version[128];
    fprintf(out, "sandbox, rival: %s:", bench_bwrap_version(version, sizeof version));
    for (size_t i = 0; bench_bare_bwrap[i]; i++)
        fprintf(out, " %s", bench_bare_bwrap[i]);
    fprintf(out, "\n");
}

int bench_sandbox(FILE *out)
{
    struct sandbox s;
    const char *why;
    bwrap_sandbox_init(&s, NULL);
    int code = s.available(s.ctx, &why) ? 0 : -ENODEV;
    if (code < 0) {
        fprintf(out, "sandbox: not measured: %s\n", why);
    } else {
        struct side ours = {.ours = &s}, other = {.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC)};
        print_rival(out);
        fprintf(out, "sandbox, ours: lever %s, %d runs a round, %d rounds, median (least..most)\n",
                s.lever(s.ctx), PER_ROUND, ROUNDS);
        code = compare(out, &ours, &other, 2);
        if (code == 0)
            code = compare(out, &ours, &other, SLOTS_MAX);
        struct bwrap_counts n = bwrap_sandbox_counts(&s);
        fprintf(out, "sandbox, ours: %llu of %llu made ahead by %llu zygotes, the others from nothing\n",
                (unsigned long long)n.by_zygote, (unsigned long long)(n.by_zygote + n.from_nothing),
                (unsigned long long)n.zygotes);
        if (other.null_fd >= 0)
            close(other.null_fd);
    }
    s.free(s.ctx);
    return code;
}
