// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/bench_server.h"

int bench_dial(int port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) {
        int bad = -errno;
        if (fd >= 0)
            close(fd);
        return bad;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

int bench_line_open(struct bench_line *l, int port, size_t answer_max, struct err *e)
{
    *l = (struct bench_line){.fd = bench_dial(port), .answer = BUF_INIT(answer_max)};
    return l->fd < 0 ? err_set(e, l->fd, "bench: no connection: %s", strerror(-l->fd)) : 0;
}

void bench_line_close(struct bench_line *l)
{
    if (l->fd > 0)
        close(l->fd);
    l->fd = -1;
    buf_deinit(&l->answer);
}

int bench_line_send(struct bench_line *l, const char *request, size_t n, struct err *e)
{
    buf_clear(&l->answer);
    l->whole = 0;
    while (n) {
        ssize_t k = send(l->fd, request, n, MSG_NOSIGNAL);
        if (k <= 0)
            return err_set(e, -EIO, "bench: a request could not be sent: %s", strerror(errno));
        request += k;
        n -= (size_t)k;
    }
    return 0;
}

// 1: it is whole, 0: it is not, -1: it is none with a length.
static int head(struct bench_line *l)
{
    static const char length[] = "content-length:";
    const char *text = buf_str(&l->answer), *end = strstr(text, "\r\n\r\n"), *line = text;
    if (!end)
        return 0;
    if (strncmp(text, "HTTP/1.1 ", 9) != 0)
        return -1;
    do {
        line = strchr(line, '\n') + 1;
        if (line > end)
            return -1;
    } while (strncasecmp(line, length, sizeof length - 1) != 0);
    l->status = atoi(text + 9);
    l->whole = (size_t)(end + 4 - text) + strtoul(line + sizeof length - 1, NULL, 10);
    return 1;
}

int bench_line_step(struct bench_line *l, struct err *e)
{
    char part[1 << 16];
    ssize_t n = recv(l->fd, part, sizeof part, 0);
    if (n <= 0)
        return err_set(e, -EPROTO, "bench: the server closed a connection");
    buf_put(&l->answer, part, (size_t)n);
    if (l->answer.failed || (!l->whole && head(l) < 0) || (l->whole && l->answer.n > l->whole))
        return err_set(e, -EPROTO, "bench: the answer is %.120s", buf_str(&l->answer));
    return l->whole && l->answer.n == l->whole;
}

int bench_line_ask(struct bench_line *l, const char *request, size_t n, double *ms, struct err *e)
{
    double began = bench_now_s();
    int got = bench_line_send(l, request, n, e);
    while (got == 0)
        got = bench_line_step(l, e);
    *ms = (bench_now_s() - began) * 1000;
    if (got < 0)
        return got;
    return l->status == 200 ? 0 : err_set(e, -EPROTO, "bench: the answer is %.120s", buf_str(&l->answer));
}

const char *bench_line_body(const struct bench_line *l)
{
    return strstr(buf_str(&l->answer), "\r\n\r\n") + 4;
}

void bench_request(struct buf *out, const char *method, const char *target, const char *body, size_t n)
{
    buf_putf(out, "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: " BENCH_TOKEN "\r\n", method, target);
    if (body)
        buf_putf(out, "Content-Type: application/json\r\nContent-Length: %zu\r\n", n);
    buf_puts(out, "\r\n");
    if (body)
        buf_put(out, body, n);
}
