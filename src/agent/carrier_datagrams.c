// SPDX-License-Identifier: Apache-2.0
//
// Datagrams that come in (docs/design/0055-udp-inwards.md): for each peer of whom the server speaks a socket inside,
// connected to the port, so that the program there tells peers apart by their ports. The server says when one is
// forgotten, and never knows more than RELAY_PEERS_MAX.
#include "agent/carrier.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#define AT_ONCE 16 // datagrams of one peer and turn

static struct carrier_peer *find(struct carrier *c, uint32_t id)
{
    for (size_t i = 0; i < c->n_peers; i++)
        if (c->peer[i].id == id)
            return &c->peer[i];
    return NULL;
}

static void forget(struct carrier *c, struct carrier_peer *who)
{
    if (!who)
        return;
    close(who->fd);
    *who = c->peer[--c->n_peers];
}

void datagrams_leave(struct carrier *c)
{
    while (c->n_peers)
        forget(c, c->peer);
    relay_datagrams_deinit(&c->datagrams);
}

// The socket is the namespace's, whoever connects it. None is used twice: what the program answers late would find the
// next one.
static int inside(struct carrier *c, uint16_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (c->n_spare == 0)
        c->n_spare = dial_udp(c, c->spare);
    if (c->n_spare == 0)
        return -1;
    int fd = c->spare[--c->n_spare];
    if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
        return fd;
    close(fd);
    return -1;
}

// NULL: he may not come, or there is no socket to be had; his datagram is lost.
static struct carrier_peer *begin(struct carrier *c, const struct relay_datagram *d)
{
    const struct net_port *to = relay_opened(c, true, d->port, d->from);
    int fd = to ? inside(c, to->port) : -1;
    if (fd < 0)
        return NULL;
    c->peer[c->n_peers] = (struct carrier_peer){d->peer, fd};
    return &c->peer[c->n_peers++];
}

// What nobody listens to, or has no room for, is lost, as with any machine.
static bool deliver(struct carrier *c, const struct relay_datagram *d)
{
    struct carrier_peer *who = find(c, d->peer);
    if (d->gone) {
        forget(c, who);
        return true;
    }
    if (!who && c->n_peers == RELAY_PEERS_MAX)
        return false;
    if (!c->mux.deaf && (who || (who = begin(c, d))) &&
        send(who->fd, d->data, d->n, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        c->in += d->n;
    return true;
}

bool datagrams_frame(struct carrier *c, const struct relay_frame *f)
{
    struct relay_datagram d;
    int r = relay_datagram_take(&c->datagrams, f, &d);
    bool good = r >= 0 && (r == 0 || deliver(c, &d));
    if (r > 0)
        relay_datagram_done(&c->datagrams, &c->link, &d);
    return good;
}

size_t datagrams_polls(const struct carrier *c, struct pollfd *out)
{
    bool room = relay_datagram_may(&c->datagrams, &c->link);
    for (size_t i = 0; i < c->n_peers; i++)
        out[i] = (struct pollfd){.fd = room ? c->peer[i].fd : -1, .events = POLLIN};
    return c->n_peers;
}

// An error is that of a datagram before: nobody listened to it. Who is asked first changes, so that each has his share of
// the window.
void datagrams_run(struct carrier *c, const struct pollfd *polled, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        size_t i = (k + c->first_peer) % n;
        const struct carrier_peer *who = &c->peer[i];
        for (int m = 0; m < AT_ONCE && polled[i].revents && relay_datagram_may(&c->datagrams, &c->link);
             m++) {
            ssize_t got = recv(who->fd, c->packet, sizeof c->packet, MSG_DONTWAIT);
            if (got < 0)
                break;
            const struct relay_datagram d = {.peer = who->id, .data = c->packet, .n = (size_t)got};
            relay_datagram_send(&c->datagrams, &c->link, &d);
            c->out += (uint64_t)got;
        }
    }
    c->first_peer++;
}
