// SPDX-License-Identifier: Apache-2.0
#include "served.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/runtime.h"

// The child: serves until SIGTERM.
static int serve(const struct served *s, int to)
{
    struct runtime_config c;
    struct runtime *r;
    struct err e = ERR_NULL;
    sigset_t end;
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, NULL);
    runtime_config_default(&c, 1);
    c.data_dir = s->dir;
    c.listen = "127.0.0.1:0";
    c.token = SERVED_TOKEN;
    c.node_token = SERVED_NODE_TOKEN;
    c.email = "me@example.org";
    c.park_ms = s->park_ms ? s->park_ms : 200;
    c.engine.lease_ms = 3600000; // slow machines are no lost nodes
    c.engine.start_timeout_ms = 3600000;
    c.engine.preempt_grace_ms = 3600000;
    if (runtime_start(&r, &c, &e) < 0) {
        fprintf(stderr, "server: %s\n", e.text);
        return 1;
    }
    dprintf(to, "ready at http://127.0.0.1:%d\n", runtime_port(r));
    int signal_number;
    sigwait(&end, &signal_number);
    runtime_stop(r);
    return 0;
}

static void child(const struct served *s, int to)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (s->log) {
        int fd = open(s->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (fd >= 0)
            dup2(fd, 2);
    }
    if (!s->program)
        exit(serve(s, to)); // not _exit: leaks are judged there
    dup2(to, 1);
    execvp(s->program[0], s->program);
    dprintf(2, "%s: %s\n", s->program[0], strerror(errno));
    _exit(127);
}

static bool await_ready(struct served *s)
{
    char text[4096];
    size_t n = 0;
    for (;;) {
        struct pollfd p = {.fd = s->pipe, .events = POLLIN};
        ssize_t got = poll(&p, 1, 60000) == 1 ? read(s->pipe, text + n, sizeof text - 1 - n) : 0;
        if (got <= 0)
            return false;
        n += (size_t)got;
        text[n] = '\0';
        const char *at = strstr(text, "ready at http://127.0.0.1:");
        if (at && strchr(at, '\n')) {
            s->port = atoi(at + strlen("ready at http://127.0.0.1:"));
            return true;
        }
    }
}

bool served_start(struct served *s)
{
    int fd[2];
    if (pipe2(fd, O_CLOEXEC) < 0)
        return false;
    fflush(NULL);
    s->pid = fork();
    if (s->pid == 0)
        child(s, fd[1]);
    close(fd[1]);
    s->pipe = fd[0];
    if (s->pid > 0 && await_ready(s))
        return true;
    fprintf(stderr, "the server did not start\n");
    if (s->pid > 0)
        served_kill(s);
    return false;
}

void served_kill(struct served *s)
{
    kill(s->pid, SIGKILL);
    waitpid(s->pid, NULL, 0);
    close(s->pipe);
}

int served_end(struct served *s)
{
    int status = 0;
    kill(s->pid, SIGTERM);
    waitpid(s->pid, &status, 0);
    close(s->pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
