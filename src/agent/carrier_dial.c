// SPDX-License-Identifier: Apache-2.0
//
// Sockets inside the namespace, which the carrier may enter or its packets, not both: so a child that does nothing
// else lives there and hands sockets out.
#include "agent/carrier.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define UDP (1U << 16) // instead of a port: DIAL_SPARE sockets

union control {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(DIAL_SPARE * sizeof(int))];
};

static int connect_inside(uint16_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS) {
        close(fd);
        fd = -1;
    }
    return fd;
}

// As many sockets as were asked for, or as there are to be had; how many.
static size_t make(uint32_t what, int fd[DIAL_SPARE])
{
    size_t n = 0;
    if (what != UDP) {
        fd[0] = connect_inside((uint16_t)what);
        return fd[0] >= 0;
    }
    while (n < DIAL_SPARE && (fd[n] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) >= 0)
        n++;
    return n;
}

static void hand_out(int to, const int *fd, size_t n)
{
    union control control = {0};
    char yes = n > 0;
    struct iovec v = {&yes, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    if (yes) {
        m.msg_control = control.bytes;
        m.msg_controllen = CMSG_SPACE(n * sizeof *fd);
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(n * sizeof *fd);
        memcpy(CMSG_DATA(c), fd, n * sizeof *fd);
    }
    if (sendmsg(to, &m, MSG_NOSIGNAL) != 1)
        _exit(0);
}

// How many TCP sockets of the table have something that was not acknowledged, their end included.
static uint32_t unsent_of(const char *table)
{
    FILE *f = fopen(table, "re");
    char line[256];
    uint32_t n = 0;
    while (f && fgets(line, sizeof line, f)) {
        unsigned state;
        unsigned long queued;
        if (sscanf(line, " %*u: %*[0-9A-F]:%*x %*[0-9A-F]:%*x %x %lx:", &state, &queued) == 2 &&
            state != TCP_LISTEN)
            n += queued > 0 || state == TCP_FIN_WAIT1 || state == TCP_LAST_ACK || state == TCP_CLOSING;
    }
    if (f)
        fclose(f);
    return n;
}

// Who listens at :: speaks IPv4 by sockets of IPv6.
static uint32_t unsent(void)
{
    return unsent_of("/proc/self/net/tcp") + unsent_of("/proc/self/net/tcp6");
}

// Asked for 0 it counts. Ends when its carrier closes the socket, that is, with it.
static void dialer_main(const struct carrier *c, int socket)
{
    uint32_t what;
    if ((geteuid() != 0 && setns(c->userns, CLONE_NEWUSER) < 0) || setns(c->ns, CLONE_NEWNET) < 0)
        _exit(1);
    while (recv(socket, &what, sizeof what, 0) == sizeof what) {
        uint32_t n = what ? 0 : unsent();
        if (!what && send(socket, &n, sizeof n, MSG_NOSIGNAL) != sizeof n)
            _exit(0);
        if (!what)
            continue;
        int fd[DIAL_SPARE];
        size_t made = make(what, fd);
        hand_out(socket, fd, made);
        while (made > 0)
            close(fd[--made]);
    }
    _exit(0);
}

bool dialer_start(struct carrier *c)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return carrier_fail(c, "socketpair: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        for (int fd = 0; fd < 64; fd++)
            if (fd != pair[1] && fd != c->ns && fd != c->userns)
                close(fd);
        dialer_main(c, pair[1]);
    }
    close(pair[1]);
    c->dialer = pair[0];
    return pid > 0 || carrier_fail(c, "fork: %s", strerror(errno));
}

// How many sockets came; no more than DIAL_SPARE do.
static size_t ask(const struct carrier *c, uint32_t what, int *fd)
{
    union control control = {0};
    char yes = 0;
    struct iovec v = {&yes, 1};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    if (c->dialer < 0 || send(c->dialer, &what, sizeof what, MSG_NOSIGNAL) != sizeof what ||
        recvmsg(c->dialer, &m, MSG_CMSG_CLOEXEC) != 1 || !yes || !CMSG_FIRSTHDR(&m))
        return 0;
    size_t bytes = CMSG_FIRSTHDR(&m)->cmsg_len - CMSG_LEN(0);
    memcpy(fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), bytes);
    return bytes / sizeof *fd;
}

int dial(const struct carrier *c, uint16_t port)
{
    int fd[DIAL_SPARE];
    return ask(c, port, fd) ? fd[0] : -1;
}

size_t dial_udp(const struct carrier *c, int fd[DIAL_SPARE])
{
    return ask(c, UDP, fd);
}

bool relay_quiet(const struct carrier *c)
{
    uint32_t none = 0, n = 0;
    bool asked = send(c->dialer, &none, sizeof none, MSG_NOSIGNAL) == sizeof none &&
                 recv(c->dialer, &n, sizeof n, 0) == sizeof n;
    return !asked || n == 0;
}
