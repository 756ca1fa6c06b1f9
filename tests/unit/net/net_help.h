// SPDX-License-Identifier: Apache-2.0
//
// For tests of src/net: raw sockets on loopback, and waiting for a condition with a limit.
#ifndef ONDOL_TESTS_NET_HELP_H
#define ONDOL_TESTS_NET_HELP_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static inline int net_connect(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    sa.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&sa, sizeof sa) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline void net_write(int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t k = send(fd, data, n, MSG_NOSIGNAL);
        if (k <= 0)
            return;
        data += k, n -= (size_t)k;
    }
}

static inline void net_puts(int fd, const char *text)
{
    net_write(fd, text, strlen(text));
}

// Reads until the end of the stream, `room` - 1 bytes, or 10 s of silence. Gives the length; -1 on that
// silence.
static inline int net_read_all(int fd, char *out, size_t room)
{
    size_t n = 0;
    while (n < room - 1) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 10000) <= 0)
            return -1;
        ssize_t k = recv(fd, out + n, room - 1 - n, 0);
        if (k <= 0)
            break;
        n += (size_t)k;
    }
    out[n] = '\0';
    return (int)n;
}

// Reads one response with a Content-Length (or a head only, for 1xx). Gives its status, or -1.
static inline int net_read_one(int fd, char *out, size_t room)
{
    size_t n = 0, want = 0;
    while (n < room - 1) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 10000) <= 0)
            return -1;
        // Byte by byte up to the end of the head, so that nothing of the next response is taken.
        ssize_t k = recv(fd, out + n, want ? want - n : 1, 0);
        if (k <= 0)
            return -1;
        n += (size_t)k;
        out[n] = '\0';
        if (!want && n >= 4 && !memcmp(out + n - 4, "\r\n\r\n", 4)) {
            const char *length = strcasestr(out, "\r\nContent-Length:");
            want = n + (length ? strtoul(length + 17, NULL, 10) : 0);
        }
        if (want && n >= want)
            break;
    }
    return n > 12 ? atoi(out + 9) : -1;
}

static inline void net_sleep_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

// Waits up to 20 s for the expression to be true.
#define WAIT_FOR(expression)                                                                                 \
    do {                                                                                                     \
        for (int wait_i = 0; wait_i < 4000 && !(expression); wait_i++)                                       \
            net_sleep_ms(5);                                                                                 \
        assert_true(expression);                                                                             \
    } while (0)

#endif
