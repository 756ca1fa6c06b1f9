// SPDX-License-Identifier: Apache-2.0
#include "lane.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/when.h"

#define ANSWER_MAX ((size_t)64 << 20)

bool lane_open(struct lane *l, int port)
{
    lane_close(l);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    l->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (l->fd < 0)
        return false;
    if (connect(l->fd, (struct sockaddr *)&to, sizeof to) < 0) {
        lane_close(l);
        return false;
    }
    int one = 1;
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    l->in.max = l->out.max = ANSWER_MAX;
    return true;
}

void lane_close(struct lane *l)
{
    if (l->fd > 0)
        close(l->fd);
    l->fd = -1;
    l->busy = false;
    l->sent = l->head = l->length = 0;
    buf_clear(&l->out);
    buf_clear(&l->in);
}

void lane_deinit(struct lane *l)
{
    lane_close(l);
    buf_deinit(&l->out);
    buf_deinit(&l->in);
}

void lane_send(struct lane *l, const char *method, const char *path, const char *token, const char *body,
               size_t n)
{
    buf_clear(&l->out);
    buf_putf(&l->out,
             "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: %s\r\nContent-Type: application/json\r\n",
             method, path, token);
    if (body || strcmp(method, "GET") != 0)
        buf_putf(&l->out, "Content-Length: %zu\r\n", n);
    buf_puts(&l->out, "\r\n");
    if (n)
        buf_put(&l->out, body, n);
    l->sent = 0;
    l->busy = true;
    (void)lane_move(l);
}

short lane_events(const struct lane *l)
{
    return (short)(POLLIN | (l->busy && l->sent < l->out.n ? POLLOUT : 0));
}

static bool push(struct lane *l)
{
    while (l->sent < l->out.n) {
        ssize_t n = send(l->fd, l->out.v + l->sent, l->out.n - l->sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        l->sent += (size_t)n;
    }
    return true;
}

static void read_head(struct lane *l)
{
    const char *end = l->in.n ? strstr(l->in.v, "\r\n\r\n") : NULL;
    if (!end)
        return;
    l->head = (size_t)(end - l->in.v) + 4;
    l->status = l->in.n > 12 ? atoi(l->in.v + 9) : 0;
    l->length = 0;
    for (const char *at = l->in.v; at < end; at = strstr(at, "\r\n") + 2)
        if (!strncasecmp(at, "Content-Length:", 15))
            l->length = strtoul(at + 15, NULL, 10);
}

static bool complete(struct lane *l)
{
    if (!l->head)
        read_head(l);
    return l->head && l->in.n >= l->head + l->length;
}

enum lane_news lane_move(struct lane *l)
{
    char chunk[65536];
    if (l->fd < 0)
        return LANE_BROKEN;
    bool alive = push(l); // a broken way out may still have an answer on the way in
    while (!complete(l)) {
        ssize_t n = recv(l->fd, chunk, sizeof chunk, MSG_DONTWAIT);
        if (n > 0) {
            buf_put(&l->in, chunk, (size_t)n);
            continue;
        }
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return alive ? LANE_WAITS : LANE_BROKEN;
        return LANE_BROKEN;
    }
    return l->busy ? LANE_ANSWERED : LANE_BROKEN;
}

const char *lane_body(const struct lane *l, size_t *n)
{
    if (n)
        *n = l->length;
    return l->in.v + l->head;
}

void lane_next(struct lane *l)
{
    buf_drop_front(&l->in, l->head + l->length);
    l->head = l->length = 0;
    l->busy = false;
}

bool lane_call(struct lane *l, const char *method, const char *path, const char *token, const char *body,
               int timeout_ms)
{
    lane_send(l, method, path, token, body, body ? strlen(body) : 0);
    for (int waited = 0; waited <= timeout_ms;) {
        enum lane_news news = lane_move(l);
        if (news != LANE_WAITS)
            return news == LANE_ANSWERED;
        struct pollfd p = {.fd = l->fd, .events = lane_events(l)};
        if (poll(&p, 1, 50) == 0)
            waited += 50;
    }
    return false;
}
