// SPDX-License-Identifier: Apache-2.0
//
// The link to the server's relay: packets of the cluster's network, and connections that the server forwards.
// The link is called again when it breaks; connections of before are over then, the cluster's network goes
// on.
#include "agent/carrier.h"

#include <linux/sockios.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
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

static void leave(struct carrier *c)
{
    relay_mux_leave(&c->mux);
    datagrams_leave(c);
    relay_link_deinit(&c->link);
}

static void call_if_due(struct carrier *c, int64_t now_ms)
{
    unsigned char key[RELAY_KEY_BYTES];
    struct err e = ERR_NULL;
    if (c->pause_ms == 0 || !c->link.dead || now_ms < c->call_at_ms) // pause 0: there is nothing to call for
        return;
    c->call_at_ms = now_ms + c->pause_ms;
    c->pause_ms = c->pause_ms * 2 < PAUSE_MOST_MS ? c->pause_ms * 2 : PAUSE_MOST_MS;
    leave(c);
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

const struct net_port *relay_opened(const struct carrier *c, bool udp, uint16_t port, uint32_t from)
{
    for (size_t i = 0; i < c->n_ports; i++) {
        const struct net_port *p = &c->port[i];
        if (p->port != port || p->udp != udp)
            continue;
        bool named = p->rule && p->rule->hosts[0];
        return !named || (from && names_may_come(c, p->rule, from)) ? p : NULL;
    }
    return NULL;
}

static void on_open(struct carrier *c, const struct relay_frame *f)
{
    uint32_t from = 0;
    for (size_t i = 2; i < f->n; i++)
        from = from << 8 | f->data[i];
    const struct net_port *to = relay_opened(c, false, (uint16_t)(f->data[0] << 8 | f->data[1]), from);
    int fd = to ? dial(c, to->port) : -1;
    if (fd < 0 || !relay_mux_add(&c->mux, f->stream, fd, true))
        relay_link_send(&c->link, RELAY_RESET, f->stream, NULL, 0);
}

static bool on_frame(void *ctx, const struct relay_frame *f)
{
    struct carrier *c = ctx;
    c->pause_ms = PAUSE_MS; // it works
    if (!datagrams_frame(c, f))
        return false;
    if (f->kind == RELAY_DATAGRAM)
        return true;
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
    leave(c);
    c->call_at_ms = now_ms + c->pause_ms;
}
