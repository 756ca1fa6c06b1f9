// SPDX-License-Identifier: Apache-2.0
//
// posix_spawn and pidfds: starting one costs the same however large the bench has grown, and one poll waits
// for all.
#include "cli/bench_commands.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/bench_server.h"

#define LINGER_S 60

static char **environment(const char *const *extra)
{
    char **all = NULL;
    size_t n = 0, cap = 0;
    for (size_t i = 0; environ[i]; i++)
        *VEC_PUSH(all, n, cap) = environ[i];
    for (; extra && *extra; extra++)
        *VEC_PUSH(all, n, cap) = (char *)(uintptr_t)*extra; // exec does not write there
    *VEC_PUSH(all, n, cap) = NULL;
    return all;
}

// A pid with its pidfd, or a negative errno. stdout goes to out_fd, or nowhere when that is negative.
static pid_t start(const char *const *argv, char **env, int out_fd, int *pidfd)
{
    posix_spawn_file_actions_t to;
    pid_t pid = -1;
    posix_spawn_file_actions_init(&to);
    posix_spawn_file_actions_addopen(&to, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&to, 2, "/dev/null", O_WRONLY, 0);
    if (out_fd >= 0)
        posix_spawn_file_actions_adddup2(&to, out_fd, 1);
    else
        posix_spawn_file_actions_addopen(&to, 1, "/dev/null", O_WRONLY, 0);
    int r = posix_spawnp(&pid, argv[0], &to, NULL, (char *const *)(uintptr_t)argv, env);
    posix_spawn_file_actions_destroy(&to);
    if (r)
        return -r;
    *pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (*pidfd >= 0)
        return pid;
    r = -errno;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return r;
}

static int ended(pid_t pid, int pidfd)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (pidfd >= 0)
        close(pidfd);
    return status;
}

struct slots {
    pid_t pid[COMMANDS_AT_ONCE_MAX];
    struct pollfd p[COMMANDS_AT_ONCE_MAX];
    int n, running;
};

static int fill(struct slots *s, const char *const *argv, char **env, long *left, struct err *e)
{
    for (int i = 0; i<s->n && * left> 0; i++) {
        if (s->pid[i])
            continue;
        pid_t pid = start(argv, env, -1, &s->p[i].fd);
        if (pid < 0)
            return err_set(e, (int)pid, "%s: could not be started: %s", argv[0], strerror(-pid));
        s->pid[i] = pid;
        s->running++;
        --*left;
    }
    return 0;
}

static int collect(struct slots *s, const char *name, long *done, struct err *e)
{
    int bad = 0;
    for (int i = 0; i < s->n; i++) {
        if (!s->pid[i] || !s->p[i].revents)
            continue;
        int status = ended(s->pid[i], s->p[i].fd);
        s->pid[i] = 0;
        s->p[i].fd = -1;
        s->p[i].revents = 0;
        s->running--;
        if (status == 0)
            ++*done;
        else
            bad = err_set(e, -EIO, "%s: ended with status %d", name, status);
    }
    return bad;
}

int commands_run(const char *const *argv, const char *const *env, int at_once, long most, double for_s,
                 struct commands_run *out, struct err *e)
{
    struct slots s = {.n = at_once < COMMANDS_AT_ONCE_MAX ? at_once : COMMANDS_AT_ONCE_MAX};
    char **all = environment(env);
    double began = bench_now_s();
    long left = most;
    int bad = 0;
    *out = (struct commands_run){0};
    for (int i = 0; i < s.n; i++)
        s.p[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    do {
        if (bad || bench_now_s() - began >= for_s)
            left = 0;
        int r = fill(&s, argv, all, &left, e);
        bad = bad ? bad : r;
        int ready = s.running ? poll(s.p, (nfds_t)s.n, 1000) : 0;
        r = ready > 0 ? collect(&s, argv[0], &out->done, e) : 0;
        bad = bad ? bad : r;
        for (int i = 0; i < s.n && bench_now_s() - began > for_s + LINGER_S; i++)
            if (s.pid[i])
                kill(s.pid[i], SIGKILL);
    } while (s.running || (left && !bad));
    out->took_s = bench_now_s() - began;
    free(all);
    return bad;
}

int command_output(const char *const *argv, const char *const *env, double limit_s, struct buf *out,
                   struct err *e)
{
    *out = BUF_INIT(COMMAND_OUTPUT_MAX);
    int fd[2], pidfd = -1, status = -1;
    if (pipe2(fd, O_CLOEXEC) < 0)
        return err_set(e, -errno, "%s: no pipe: %s", argv[0], strerror(errno));
    char **all = environment(env);
    pid_t pid = start(argv, all, fd[1], &pidfd);
    free(all);
    close(fd[1]);
    bool late = false;
    for (double until = bench_now_s() + limit_s; pid > 0;) {
        char part[4096];
        double left_s = until - bench_now_s();
        late = left_s <= 0 ||
               poll(&(struct pollfd){.fd = fd[0], .events = POLLIN}, 1, (int)(left_s * 1000) + 1) == 0;
        ssize_t n = late ? 0 : read(fd[0], part, sizeof part);
        if (n <= 0)
            break;
        buf_put(out, part, (size_t)n);
    }
    close(fd[0]);
    if (pid > 0 && late)
        kill(pid, SIGKILL);
    if (pid > 0)
        status = ended(pid, pidfd);
    if (pid < 0)
        return err_set(e, (int)pid, "%s: could not be started: %s", argv[0], strerror(-pid));
    if (late)
        return err_set(e, -ETIMEDOUT, "%s: not done after %.0f s", argv[0], limit_s);
    if (out->failed)
        return err_set(e, -E2BIG, "%s: says more than %zu bytes", argv[0], COMMAND_OUTPUT_MAX);
    return status == 0 ? 0 : err_set(e, -EIO, "%s: ended with status %d", argv[0], status);
}

static bool found_in(const char *dirs, const char *name, char *path, size_t cap)
{
    while (*dirs) {
        int n = (int)strcspn(dirs, ":");
        if (n > 0 && snprintf(path, cap, "%.*s/%s", n, dirs, name) < (int)cap && access(path, X_OK) == 0)
            return true;
        dirs += n + (dirs[n] == ':');
    }
    return false;
}

bool command_find(const char *name, char *path, size_t cap)
{
    const char *dirs = getenv("PATH");
    return (dirs && found_in(dirs, name, path, cap)) ||
           found_in("/usr/sbin:/sbin:/usr/local/sbin", name, path, cap);
}
