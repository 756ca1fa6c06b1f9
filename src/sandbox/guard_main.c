// SPDX-License-Identifier: Apache-2.0
//
// The guard: a static program, the command of a sandbox whose instance has a last command
// (sandbox_spec.last). It is an ordinary process of the instance: its user, its filter of system calls, no
// capability; what it holds more than others is one end of a socket, on which it only listens.
//
//   guard OWN_FD SOCKET_FD LAST_MS N last[0] .. last[N-1] command...
//
//   command runs --ends by itself--> last runs --ends, or LAST_MS are over--> guard ends as the command did
//        |                                                                        |
//        +--a word on the socket--> last runs beside it --ends, LAST_MS over------+
//
// With the guard ends the sandbox: bubblewrap's init waits for it, and the kernel kills whoever is left. So
// the guard forces nothing and nobody inside can make it force anything; an instance that stops its own guard
// loses its last command and is killed by the agent in the time that it would have had.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sandbox/guard.h"

// While the sandbox is frozen nobody in it does anything, and the clock goes on: of each step only so much
// counts as the last command's time.
#define STEP_US 100000

// A handler, so that the signal ends ppoll.
static void on_child(int signal)
{
    (void)signal;
}

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

// As bubblewrap starts and reports a command: what is not found ends with code 1 and a line.
static pid_t begin(char **argv, const sigset_t *mask)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    execvp(argv[0], argv);
    dprintf(2, "bwrap: execvp %s: %s\n", argv[0], strerror(errno));
    _exit(1);
}

// Bit 0: the command has ended, with *status; bit 1: the last command has.
static unsigned reap(pid_t command, pid_t last, int *status)
{
    unsigned over = 0;
    int how;
    for (pid_t pid; (pid = waitpid(-1, &how, WNOHANG)) > 0;) {
        if (pid == command)
            *status = how;
        over |= pid == command ? 1u : pid == last ? 2u : 0u;
    }
    return over;
}

// Until a child ends, a word comes (true) or the time is over; -1: however long. A closed socket is no
// word and not looked at again.
static bool wait_for_word(int *fd, int64_t us, const sigset_t *mask)
{
    char word;
    struct pollfd p = {.fd = *fd, .events = POLLIN};
    const struct timespec t = {us / 1000000, us % 1000000 * 1000};
    if (ppoll(&p, 1, us < 0 ? NULL : &t, mask) != 1)
        return false;
    ssize_t n = read(*fd, &word, 1);
    *fd = -1; // one word is all there is
    return n == 1;
}

static int run(char **command, char **last, int fd, int64_t last_ms)
{
    sigset_t chld, mask;
    const struct sigaction on = {.sa_handler = on_child};
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    sigprocmask(SIG_BLOCK, &chld, &mask);
    sigaction(SIGCHLD, &on, NULL);
    int status = SIGKILL; // of a command that outlives its last command
    int64_t left_us = -1; // that the last command has; -1: it was not begun
    pid_t second = -1, first = begin(command, &mask);
    if (first < 0)
        return 1;
    for (bool word = false;;) {
        unsigned over = reap(first, second, &status);
        if (second < 0 && (word || over & 1)) {
            left_us = last_ms * 1000;
            second = begin(last, &mask);
        }
        if (over & 2 || (left_us >= 0 && (second < 0 || left_us <= 0)))
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        int64_t step_us = left_us < STEP_US ? left_us : STEP_US, at_us = now_us();
        word = wait_for_word(&fd, step_us, &mask);
        int64_t took_us = now_us() - at_us;
        if (left_us >= 0)
            left_us -= took_us < step_us ? took_us : step_us;
    }
}

int main(int argc, char **argv)
{
    if (argc < GUARD_HEAD + 2)
        return 1;
    int own_fd = atoi(argv[1]), fd = atoi(argv[2]), n = atoi(argv[4]);
    if (n < 1 || n >= argc - GUARD_HEAD)
        return 1;
    char **last = malloc(((size_t)n + 1) * sizeof *last);
    if (!last)
        return 1;
    memcpy(last, argv + GUARD_HEAD, (size_t)n * sizeof *last);
    last[n] = NULL;
    close(own_fd);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return run(argv + GUARD_HEAD + n, last, fd, atoll(argv[3]));
}
