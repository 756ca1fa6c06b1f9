// SPDX-License-Identifier: Apache-2.0
//
// The link to the server's relay: packets of the cluster's network, and connections that the server forwards.
// The link is called again when it breaks; connections of before are over then, the cluster's network goes
// on.
//
// Connections begin inside the namespace, which this process may enter or its packets, not both: so a child
// that does nothing else lives there and hands sockets out.
#include "agent/carrier.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/work/netplan.h"

#define PAUSE_MS      100 // before the link is called again; doubles
#define PAUSE_MOST_MS 5000
#define SILENT_MS     30000     // of a link on which nothing is acknowledged
#define PACKETS_FULL  (1 << 20) // so many bytes wait to go: packets are lost, as on any full line
#define AT_ONCE       64

// ---- the child in the namespace

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

static void hand_out(int to, int fd)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    char yes = fd >= 0;
    struct iovec v = {&yes, 1};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
    if (yes) {
        m.msg_control = control.bytes;
        m.msg_controllen = sizeof control.bytes;
        struct cmsghdr *c = CMSG_FIRSTHDR(&m);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(c), &fd, sizeof fd);
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

// Asked for port 0 it counts. Ends when its carrier closes the socket, that is, with it.
static void dialer_main(const struct carrier *c, int socket)
{
    uint16_t port;
    if ((geteuid() != 0 && setns(c->userns, CLONE_NEWUSER) < 0) || setns(c->ns, CLONE_NEWNET) < 0)
        _exit(1);
    while (recv(socket, &port, sizeof port, 0) == sizeof port) {
        uint32_t n = port ? 0 : unsent();
        if (!port && send(socket, &n, sizeof n, MSG_NOSIGNAL) != sizeof n)
            _exit(0);
        if (!port)
            continue;
        int fd = connect_inside(port);
        hand_out(socket, fd);
        if (fd >= 0)
            close(fd);
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

// A socket that is connecting to the port, inside; -1: there is none.
static int dial(const struct carrier *c, uint16_t port)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    char yes = 0;
    int fd = -1;
    struct iovec v = {&yes, 1};
    struct msghdr m = {
        .msg_iov = &v, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    if (c->dialer < 0 || send(c->dialer, &port, sizeof port, MSG_NOSIGNAL) != sizeof port ||
        recvmsg(c->dialer, &m, MSG_CMSG_CLOEXEC) != 1 || !yes || !CMSG_FIRSTHDR(&m))
        return -1;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    return fd;
}

// ---- the link

bool relay_start(struct carrier *c)
{
    c->pause_ms = PAUSE_MS;
    return true;
}

bool relay_delivers(const struct carrier *c)
{
    int queued = 0; // what this process leaves in a socket may be lost with it
    return !c->link.dead && (!relay_mux_taken(&c->mux) || relay_link_backlog(&c->link) > 0 ||
                             (ioctl(c->link.fd, SIOCOUTQ, &queued) == 0 && queued > 0));
}

bool relay_quiet(const struct carrier *c)
{
    uint16_t none = 0;
    uint32_t n = 0;
    bool asked = send(c->dialer, &none, sizeof none, MSG_NOSIGNAL) == sizeof none &&
                 recv(c->dialer, &n, sizeof n, 0) == sizeof n;
    return !asked || n == 0;
}

static int call(const char *address)
{
    char host[256];
    const char *colon = strrchr(address, ':');
    struct addrinfo want = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    size_t n = colon ? (size_t)(colon - address) : 0;
    if (!colon || n >= sizeof host)
        return -1;
    if (address[0] == '[' && n > 2) { // [::1]:22
        address++;
        n -= 2;
    }
    memcpy(host, address, n);
    host[n] = '\0';
    if (getaddrinfo(host, colon + 1, &want, &found) != 0)
        return -1;
    int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
    unsigned silent_ms = SILENT_MS;
    if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) < 0 && errno != EINPROGRESS) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    if (fd >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silent_ms, sizeof silent_ms);
    }
    return fd;
}

static void call_if_due(struct carrier *c, int64_t now_ms)
{
    unsigned char key[RELAY_KEY_BYTES];
    struct err e = ERR_NULL;
    if (c->pause_ms == 0 || !c->link.dead || now_ms < c->call_at_ms) // pause 0: there is nothing to call for
        return;
    c->call_at_ms = now_ms + c->pause_ms;
    c->pause_ms = c->pause_ms * 2 < PAUSE_MOST_MS ? c->pause_ms * 2 : PAUSE_MOST_MS;
    relay_mux_leave(&c->mux);
    relay_link_deinit(&c->link);
    int fd = relay_key_read(carrier_text(c, "key"), key) ? call(carrier_text(c, "relay")) : -1;
    if (fd >= 0)
        relay_link_client(&c->link, fd, carrier_text(c, "identity"), key, &e);
    explicit_bzero(key, sizeof key);
}

static void on_packet(struct carrier *c, const struct relay_frame *f)
{
    struct ip4 h;
    if (c->cluster < 0 || !ip4_read(f->data, f->n, &h) || h.to != c->address)
        return;
    if (write(c->cluster, f->data, f->n) > 0)
        c->in += f->n;
}

// What leads to the port of the frame; NULL: nothing, or not for who calls. The server has judged him by his address
// unless the rule names hosts: then it says what that is.
static const struct net_port *opened(const struct carrier *c, const struct relay_frame *f)
{
    uint32_t from = 0;
    for (size_t i = 2; i < f->n; i++)
        from = from << 8 | f->data[i];
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct net_port *p = &c->port[i];
        if (p->port != (f->data[0] << 8 | f->data[1]))
            continue;
        bool named = p->rule && p->rule->hosts[0];
        return !named || (f->n == 6 && names_may_come(c, p->rule, from)) ? p : NULL;
    }
    return NULL;
}

static void on_open(struct carrier *c, const struct relay_frame *f)
{
    const struct net_port *to = opened(c, f);
    int fd = to ? dial(c, to->port) : -1;
    if (fd < 0 || !relay_mux_add(&c->mux, f->stream, fd, true))
        relay_link_send(&c->link, RELAY_RESET, f->stream, NULL, 0);
}

static bool on_frame(void *ctx, const struct relay_frame *f)
{
    struct carrier *c = ctx;
    c->pause_ms = PAUSE_MS; // it works
    if (f->kind == RELAY_PACKET) {
        on_packet(c, f);
        return true;
    }
    if (f->kind != RELAY_OPEN)
        return relay_mux_frame(&c->mux, f);
    if ((f->n != 2 && f->n != 6) || relay_mux_has(&c->mux, f->stream))
        return false;
    on_open(c, f);
    return true;
}

void relay_from_instance(struct carrier *c)
{
    for (int i = 0; i < AT_ONCE; i++) {
        struct ip4 h;
        ssize_t n = read(c->cluster, c->packet, sizeof c->packet);
        if (n <= 0)
            return;
        if (!c->link.up || !ip4_read(c->packet, (size_t)n, &h) || h.from != c->address ||
            h.to >> (32 - NETPLAN_PREFIX) != NETPLAN_NET >> (32 - NETPLAN_PREFIX) || n > RELAY_FRAME_MAX ||
            relay_link_backlog(&c->link) > PACKETS_FULL)
            continue;
        relay_link_send(&c->link, RELAY_PACKET, 0, c->packet, (size_t)n);
        c->out += (uint64_t)n;
    }
}

size_t relay_polls(struct carrier *c, struct pollfd *out, int64_t now_ms)
{
    call_if_due(c, now_ms);
    bool there = !c->link.dead;
    out[0] =
        (struct pollfd){.fd = there ? c->link.fd : -1, .events = there ? relay_link_events(&c->link) : 0};
    return 1 + relay_mux_polls(&c->mux, out + 1);
}

void relay_run(struct carrier *c, const struct pollfd *polled, size_t n, int64_t now_ms)
{
    relay_mux_run(&c->mux, polled + 1, n - 1, now_ms);
    if (c->link.fd < 0 || relay_link_run(&c->link, on_frame, c) == 0)
        return;
    relay_mux_leave(&c->mux);
    relay_link_deinit(&c->link);
    c->call_at_ms = now_ms + c->pause_ms;
}
