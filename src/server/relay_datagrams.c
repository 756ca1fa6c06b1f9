// SPDX-License-Identifier: Apache-2.0
//
// Ports of the server that lead into an instance by UDP (docs/design/0055-udp-inwards.md). What cannot go on at once is lost and
// counted, as on any full line: streams of the same link wait for nobody's datagrams.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "server/relay_inside.h"

#define AT_ONCE       64           // datagrams of one port and turn,
#define AT_ONCE_BYTES (256 * 1024) // and their bytes
#define TELL_MS       200

// Room for what the kernel says of a datagram: to which address it came (two forms), how many it dropped.
union said {
    struct cmsghdr head;
    char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(struct in6_pktinfo)) +
               CMSG_SPACE(sizeof(uint32_t))];
};

bool datagrams_ready(int fd)
{
    int on = 1, family = AF_INET;
    socklen_t n = sizeof family;
    getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &n);
    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on); // of the other family it is refused
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    return family == AF_INET6;
}

static struct in6_addr mapped(struct in_addr a)
{
    struct in6_addr m = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(m.s6_addr + 12, &a, sizeof a);
    return m;
}

static void place_of(const struct sockaddr_storage *from, struct relay_place *at)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    memcpy(&in, from, sizeof in);
    memcpy(&in6, from, sizeof in6);
    at->from = from->ss_family == AF_INET ? mapped(in.sin_addr) : in6.sin6_addr;
    at->port = from->ss_family == AF_INET ? in.sin_port : in6.sin6_port;
    at->scope = from->ss_family == AF_INET ? 0 : in6.sin6_scope_id;
}

// To which of our addresses it came, from which the answer has to go; and what was lost before it.
static void heed(struct msghdr *m, struct relay_place *at, struct forward *f)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        struct in_pktinfo in;
        struct in6_pktinfo in6;
        uint32_t dropped;
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            memcpy(&in, CMSG_DATA(c), sizeof in);
            at->local = mapped(in.ipi_spec_dst);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            memcpy(&in6, CMSG_DATA(c), sizeof in6);
            at->local = in6.ipi6_addr;
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            memcpy(&dropped, CMSG_DATA(c), sizeof dropped);
            f->count.lost += (uint32_t)(dropped - f->dropped);
            f->dropped = dropped;
        }
    }
}

static void peer_gone(struct conn *c, uint32_t id)
{
    const struct relay_datagram d = {.peer = id, .gone = true};
    if (id)
        relay_datagram_send(&c->datagrams, &c->link, &d);
}

static void hand_on(struct conn *c, struct forward *f, const struct relay_place *at, struct relay_datagram *d,
                    int64_t now)
{
    uint32_t gone;
    if (!c->peers)
        c->peers = mem_alloc(sizeof *c->peers);
    const struct relay_peer *who = relay_peers_heard(c->peers, at, now, &gone);
    peer_gone(c, gone);
    if (!who) {
        f->count.lost++;
        return;
    }
    d->peer = who->id;
    d->port = f->to.port;
    relay_datagram_send(&c->datagrams, &c->link, d);
    f->count.in++;
}

void datagrams_accept(struct conn *c, struct forward *f, int64_t now)
{
    unsigned char bytes[1 << 16];
    size_t all = 0;
    for (int i = 0; i < AT_ONCE && all < AT_ONCE_BYTES && relay_datagram_may(&c->datagrams, &c->link); i++) {
        struct sockaddr_storage from = {0};
        union said said;
        struct iovec v = {bytes, sizeof bytes};
        struct msghdr m = {.msg_name = &from,
                           .msg_namelen = sizeof from,
                           .msg_iov = &v,
                           .msg_iovlen = 1,
                           .msg_control = said.bytes,
                           .msg_controllen = sizeof said.bytes};
        struct relay_place at = {.forward = (uint16_t)(f - c->forward)};
        uint32_t address = 0;
        ssize_t n = recvmsg(f->fd, &m, MSG_DONTWAIT);
        if (n < 0)
            return;
        all += (size_t)n;
        heed(&m, &at, f);
        if ((m.msg_flags & MSG_TRUNC) || n > RELAY_DATAGRAM_MAX) {
            f->count.lost++;
            continue;
        }
        if (!forward_may_come(c->relay, f, &from, &address))
            continue;
        place_of(&from, &at);
        struct relay_datagram d = {.from = forward_is_named(f) ? address : 0, .data = bytes, .n = (size_t)n};
        hand_on(c, f, &at, &d, now);
    }
}

// On a socket of IPv4 addresses are told in the form of IPv4.
static void answer(struct forward *f, const struct relay_place *to, const struct relay_datagram *d)
{
    union said said = {0};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = to->port};
    struct sockaddr_in6 in6 = {
        .sin6_family = AF_INET6, .sin6_port = to->port, .sin6_addr = to->from, .sin6_scope_id = to->scope};
    struct iovec v = {(void *)(uintptr_t)d->data, d->n};
    struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = said.bytes};
    struct cmsghdr *c = &said.head;
    if (f->v6) {
        struct in6_pktinfo our = {.ipi6_addr = to->local, .ipi6_ifindex = to->scope};
        *c = (struct cmsghdr){
            .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof our)};
        memcpy(CMSG_DATA(c), &our, sizeof our);
        m.msg_name = &in6;
        m.msg_namelen = sizeof in6;
        m.msg_controllen = CMSG_SPACE(sizeof our);
    } else {
        struct in_pktinfo our = {0};
        memcpy(&our.ipi_spec_dst, to->local.s6_addr + 12, sizeof our.ipi_spec_dst);
        memcpy(&in.sin_addr, to->from.s6_addr + 12, sizeof in.sin_addr);
        *c = (struct cmsghdr){
            .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof our)};
        memcpy(CMSG_DATA(c), &our, sizeof our);
        m.msg_name = &in;
        m.msg_namelen = sizeof in;
        m.msg_controllen = CMSG_SPACE(sizeof our);
    }
    if (sendmsg(f->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
        f->count.lost++;
    else
        f->count.out++;
}

bool datagrams_frame(struct conn *c, const struct relay_frame *frame)
{
    struct relay_datagram d;
    int r = relay_datagram_take(&c->datagrams, frame, &d);
    struct relay_peer *who = r > 0 && c->peers ? relay_peers_of(c->peers, d.peer) : NULL;
    if (r > 0 && d.gone)
        return false;
    if (who && who->place.forward < c->n_forwards) {
        who->answered = true;
        answer(&c->forward[who->place.forward], &who->place, &d);
    }
    if (r > 0)
        relay_datagram_done(&c->datagrams, &c->link, &d);
    return r >= 0;
}

void datagrams_turn(struct conn *c, int64_t now)
{
    if (!c->peers || now - c->told_ms < TELL_MS)
        return;
    c->told_ms = now;
    for (uint32_t id; (id = relay_peers_idle(c->peers, now)) != 0;)
        peer_gone(c, id);
    for (size_t i = 0; i < c->n_forwards; i++)
        if (c->forward[i].to.udp)
            forward_tell(c, &c->forward[i]);
}

void datagrams_shut(struct conn *c)
{
    free(c->peers);
    c->peers = NULL;
    relay_datagrams_deinit(&c->datagrams);
}
