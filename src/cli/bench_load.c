// SPDX-License-Identifier: Apache-2.0
//
// As little of a client as can be, so that what is measured is the server: it looks at the status and the
// length of an answer and at nothing else.
#include "cli/bench_load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/bench_line.h"
#include "cli/bench_server.h"

#define ANSWER_MAX 8192

struct line {
    int fd;
    size_t n;
    char answer[ANSWER_MAX + 1];
};

// 1: a whole answer with status 200; 0: more is to come; -1: something else.
static int whole(struct line *l)
{
    l->answer[l->n] = '\0';
    char *end = strstr(l->answer, "\r\n\r\n"), *length = strcasestr(l->answer, "content-length:");
    if (!end)
        return l->n < ANSWER_MAX ? 0 : -1;
    if (strncmp(l->answer, "HTTP/1.1 200", 12) != 0 || !length || length > end)
        return -1;
    size_t want = (size_t)(end + 4 - l->answer) + strtoul(length + 15, NULL, 10);
    return l->n < want ? 0 : l->n == want ? 1 : -1;
}

static int step(struct line *l, struct err *e)
{
    ssize_t n = read(l->fd, l->answer + l->n, ANSWER_MAX - l->n);
    if (n <= 0)
        return err_set(e, -EPROTO, "bench: the server closed a connection");
    l->n += (size_t)n;
    int got = whole(l);
    if (got < 0)
        return err_set(e, -EPROTO, "bench: the answer is %.120s", l->answer);
    return got;
}

static int run(struct line *line, int epoll, int connections, const char *request, size_t bytes,
               long n_requests, struct err *e)
{
    long sent = 0, done = 0;
    for (int i = 0; i < connections && sent < n_requests; i++, sent++)
        if (write(line[i].fd, request, bytes) != (ssize_t)bytes)
            return err_set(e, -EIO, "bench: a request could not be sent");
    while (done < n_requests) {
        struct epoll_event ready[64];
        int n = epoll_wait(epoll, ready, 64, 10000);
        if (n <= 0)
            return err_set(e, -ETIMEDOUT, "bench: no answer within 10 s");
        for (int i = 0; i < n; i++) {
            struct line *l = ready[i].data.ptr;
            int got = step(l, e);
            if (got < 0)
                return got;
            if (got == 0)
                continue;
            done++;
            l->n = 0;
            if (sent < n_requests && (sent++, write(l->fd, request, bytes) != (ssize_t)bytes))
                return err_set(e, -EIO, "bench: a request could not be sent");
        }
    }
    return 0;
}

int bench_load(int port, int connections, const char *request, size_t bytes, long n_requests, double *took_s,
               struct err *e)
{
    struct line *line = mem_array((size_t)connections, sizeof *line);
    int epoll = epoll_create1(EPOLL_CLOEXEC), bad = 0, open = 0;
    for (; open < connections && !bad; open++) {
        line[open].fd = bench_dial(port);
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &line[open]};
        if (line[open].fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, line[open].fd, &ev) < 0)
            bad = err_set(e, -errno, "bench: connection %d: %s", open + 1, strerror(errno));
    }
    double began = bench_now_s();
    if (!bad)
        bad = run(line, epoll, connections, request, bytes, n_requests, e);
    *took_s = bench_now_s() - began;
    for (int i = 0; i < open; i++)
        if (line[i].fd >= 0)
            close(line[i].fd);
    close(epoll);
    free(line);
    return bad;
}
