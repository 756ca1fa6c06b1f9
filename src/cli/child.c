// SPDX-License-Identifier: Apache-2.0
#include "cli/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"

static sigset_t held(void)
{
    sigset_t s;
    sigemptyset(&s);
    sigaddset(&s, SIGTERM);
    sigaddset(&s, SIGINT);
    sigaddset(&s, SIGCHLD);
    return s;
}

void signals_hold(void)
{
    sigset_t s = held();
    sigprocmask(SIG_BLOCK, &s, NULL);
}

int signals_wait(int timeout_ms)
{
    sigset_t s = held();
    struct timespec t = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
    int sig;
    do {
        sig = sigtimedwait(&s, NULL, timeout_ms < 0 ? &(struct timespec){3600, 0} : &t);
    } while (sig < 0 && (errno == EINTR || timeout_ms < 0));
    return sig > 0 ? sig : 0;
}

void beside_self(const char *name, char *out, size_t cap)
{
    ssize_t n = readlink("/proc/self/exe", out, cap - 1);
    char *slash = n > 0 ? (out[n] = '\0', strrchr(out, '/')) : NULL;
    size_t room = slash ? cap - (size_t)(slash + 1 - out) : 0;
    if (room > strlen(name)) {
        strcpy(slash + 1, name);
        if (access(out, X_OK) == 0)
            return;
    }
    strncpy(out, name, cap - 1);
    out[cap - 1] = '\0';
}

static char **environment(const char *const *extra)
{
    size_t n = 0, have = 0;
    char **env = NULL;
    size_t cap = 0;
    for (; environ[have]; have++)
        *VEC_PUSH(env, n, cap) = environ[have];
    for (; extra && *extra; extra++)
        *VEC_PUSH(env, n, cap) = (char *)(uintptr_t)*extra; // exec does not write there
    *VEC_PUSH(env, n, cap) = NULL;
    return env;
}

static _Noreturn void become(const char *const *argv, char **env, int log, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127); // it ended before the line above
    dup2(log >= 0 ? log : STDERR_FILENO, STDOUT_FILENO);
    if (log >= 0)
        dup2(log, STDERR_FILENO);
    execvpe(argv[0], (char *const *)(uintptr_t)argv, env);
    _exit(127);
}

pid_t child_start(const char *const *argv, const char *const *env, const char *log, struct err *e)
{
    int fd = -1;
    if (log && (fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) < 0)
        return err_set(e, -errno, "%s: %s", log, strerror(errno));
    char **all = environment(env);
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become(argv, all, fd, parent);
    int code = errno;
    free(all);
    if (fd >= 0)
        close(fd);
    if (pid < 0)
        return err_set(e, -code, "%s: could not be started: %s", argv[0], strerror(code));
    return pid;
}

bool child_alive(pid_t *pid)
{
    int status;
    if (*pid <= 0)
        return false;
    if (waitpid(*pid, &status, WNOHANG) == 0)
        return true;
    *pid = 0;
    return false;
}

void children_stop(pid_t *pid, size_t n, int grace_ms)
{
    for (size_t i = 0; i < n; i++)
        if (pid[i] > 0)
            kill(pid[i], SIGTERM);
    for (int waited = 0; waited < grace_ms; waited += 20) {
        size_t left = 0;
        for (size_t i = 0; i < n; i++)
            left += child_alive(&pid[i]);
        if (left == 0)
            return;
        nanosleep(&(struct timespec){0, 20000000}, NULL);
    }
    for (size_t i = 0; i < n; i++) {
        if (pid[i] <= 0)
            continue;
        kill(pid[i], SIGKILL);
        waitpid(pid[i], NULL, 0);
        pid[i] = 0;
    }
}
