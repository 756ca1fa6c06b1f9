// SPDX-License-Identifier: Apache-2.0
//
// Ports of the server that lead into an instance, from when its carrier calls until its lease ends: to port
// 22 of one that has an *-ssh profile, and to those that inbound rules of its task name. Whoever may come in
// (an address of --forward-allow, and of the rule) still has to prove himself to what listens inside; the
// server hands bytes on and has no part in that. Ports of UDP are opened and closed here too; what goes through them is
// relay_datagrams.c.
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/work/profile.h"
#include "server/relay_inside.h"

// What a client has not taken yet waits in the instance, where the writer feels it, rather than here.
#define UNSENT_BYTES (64 * 1024)

static int try_port(const struct runtime *r, bool udp, int port, uint16_t *got)
{
    char address[300];
    int real, fd;
    struct err e = ERR_NULL;
    const char *on = r->cfg.forward_address ? r->cfg.forward_address : "127.0.0.1";
    snprintf(address, sizeof address, "%s:%d", on, port);
    fd = relay_listen_on(address, udp, &real, &e);
    *got = (uint16_t)real;
    return fd;
}

static bool is_of(const struct conn *c, const struct forward_row *row)
{
    for (size_t i = 0; i < c->n_forwards; i++)
        if (row->lease == c->who.lease && row->port == c->forward[i].port && row->udp == c->forward[i].to.udp)
            return true;
    return false;
}

// Its own ports only: a carrier that has called again has others already.
static void forget(struct relay *k, const struct conn *c)
{
    pthread_mutex_lock(&k->lock);
    for (size_t i = k->n_forwards; i-- > 0;)
        if (is_of(c, &k->forward[i]))
            k->forward[i] = k->forward[--k->n_forwards];
    pthread_mutex_unlock(&k->lock);
}

static void note(struct relay *k, const struct conn *c, const struct forward *f)
{
    struct forward_row row = {.task = c->who.task,
                              .lease = c->who.lease,
                              .instance = c->who.instance,
                              .to = f->to.port,
                              .port = f->port,
                              .udp = f->to.udp,
                              .n_from = f->to.rule ? f->to.rule->n_places : 0};
    if (row.n_from)
        memcpy(row.from, f->to.rule->place, sizeof row.from);
    pthread_mutex_lock(&k->lock);
    *VEC_PUSH(k->forward, k->n_forwards, k->cap_forwards) = row;
    pthread_mutex_unlock(&k->lock);
}

static bool is_for(const struct forward_kept *x, uint64_t lease, const struct net_port *to)
{
    return x->lease == lease && x->to == to->port && x->udp == to->udp;
}

static uint16_t kept_port(const struct relay *k, uint64_t lease, const struct net_port *to)
{
    for (size_t i = 0; i < k->n_kept; i++)
        if (is_for(&k->kept[i], lease, to))
            return k->kept[i].port;
    return 0;
}

static bool is_kept(const struct relay *k, bool udp, int port)
{
    for (size_t i = 0; i < k->n_kept; i++)
        if (k->kept[i].port == port && k->kept[i].udp == udp)
            return true;
    return false;
}

static void unkeep(struct relay *k, size_t i)
{
    memmove(k->kept + i, k->kept + i + 1, (--k->n_kept - i) * sizeof *k->kept);
}

static void keep(struct relay *k, uint64_t lease, const struct net_port *to, uint16_t port)
{
    for (size_t i = 0; i < k->n_kept; i++)
        if (is_for(&k->kept[i], lease, to)) {
            unkeep(k, i);
            break;
        }
    if (k->n_kept == RELAY_KEPT_MAX)
        unkeep(k, 0);
    *VEC_PUSH(k->kept, k->n_kept, k->cap_kept) = (struct forward_kept){lease, to->port, port, to->udp};
}

void forward_forget(struct relay *k, uint64_t lease)
{
    for (size_t i = k->n_kept; i-- > 0;)
        if (k->kept[i].lease == lease)
            unkeep(k, i);
}

// The one it had, since whoever was connected will come there again; else one that nobody had; else any.
static int some_port(const struct relay *k, uint64_t lease, const struct net_port *to, uint16_t *got)
{
    const struct runtime_config *cfg = &k->r->cfg;
    uint16_t mine = kept_port(k, lease, to);
    bool room = cfg->forward_first || k->n_forwards < (size_t)cfg->forward_last;
    int fd = mine && room ? try_port(k->r, to->udp, mine, got) : -1;
    if (!cfg->forward_first && room && fd < 0)
        fd = try_port(k->r, to->udp, 0, got);
    for (int others = 0; cfg->forward_first && others < 2; others++)
        for (int port = cfg->forward_first; port <= cfg->forward_last && fd < 0; port++)
            if (is_kept(k, to->udp, port) == (others > 0))
                fd = try_port(k->r, to->udp, port, got);
    return fd;
}

void forward_open(struct conn *c)
{
    struct net_port open[NET_PORTS_MAX];
    size_t n = net_rules_open(&c->rules, c->who.features, open);
    for (size_t i = 0; i < n; i++) {
        struct forward *f = &c->forward[c->n_forwards];
        *f = (struct forward){.to = open[i]};
        f->fd = some_port(c->relay, c->who.lease, &f->to, &f->port);
        if (f->fd < 0) {
            fprintf(stderr, "ondol: relay: no port is left to be forwarded (--forward-ports)\n");
            continue;
        }
        keep(c->relay, c->who.lease, &f->to, f->port);
        if (f->to.udp)
            f->v6 = datagrams_ready(f->fd);
        note(c->relay, c, f);
        c->n_forwards++;
    }
}

void forward_shut(struct conn *c)
{
    for (size_t i = 0; i < c->n_forwards; i++)
        close(c->forward[i].fd);
    if (c->n_forwards)
        forget(c->relay, c);
    c->n_forwards = 0;
    datagrams_shut(c);
}

// An address of IPv4 on a socket of IPv6 is still one.
static bool ipv4_of(const struct sockaddr_storage *from, uint32_t *out)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (from->ss_family == AF_INET) {
        memcpy(&in, from, sizeof in);
        *out = ntohl(in.sin_addr.s_addr);
        return true;
    }
    memcpy(&in6, from, sizeof in6);
    if (from->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        return false;
    memcpy(out, in6.sin6_addr.s6_addr + 12, sizeof *out);
    *out = ntohl(*out);
    return true;
}

bool forward_is_named(const struct forward *f)
{
    return f->to.rule && f->to.rule->hosts[0];
}

bool forward_may_come(const struct relay *k, const struct forward *f, const struct sockaddr_storage *from,
                      uint32_t *address)
{
    bool narrow = f->to.rule && (f->to.rule->n_places || forward_is_named(f));
    if (k->everybody && !narrow)
        return true;
    return ipv4_of(from, address) && (k->everybody || cidr_has(&k->allow, *address)) &&
           (!narrow || forward_is_named(f) || net_rule_from(f->to.rule, *address));
}

void forward_accept(struct conn *c, const struct forward *f)
{
    struct sockaddr_storage from;
    socklen_t n = sizeof from;
    uint32_t address = 0;
    int fd = accept4(f->fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    const int unsent = UNSENT_BYTES;
    if (fd < 0)
        return;
    if (!forward_may_come(c->relay, f, &from, &address)) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    const unsigned char open[6] = {(unsigned char)(f->to.port >> 8), (unsigned char)f->to.port,
                                   (unsigned char)(address >> 24),   (unsigned char)(address >> 16),
                                   (unsigned char)(address >> 8),    (unsigned char)address};
    uint32_t id = ++c->next_stream;
    if (relay_mux_add(&c->mux, id, fd, false))
        relay_link_send(&c->link, RELAY_OPEN, id, open, forward_is_named(f) ? 6 : 2);
}

void forward_tell(struct conn *c, const struct forward *f)
{
    struct relay *k = c->relay;
    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->n_forwards; i++)
        if (k->forward[i].lease == c->who.lease && k->forward[i].udp && k->forward[i].port == f->port)
            k->forward[i].count = f->count;
    pthread_mutex_unlock(&k->lock);
}

static struct forward_view view_of(const struct runtime *r, const struct forward_row *f)
{
    const char *host = r->cfg.forward_host, *on = r->cfg.forward_address;
    struct forward_view v = {.instance = f->instance,
                             .application_port = f->to,
                             .forwarder_port = f->port,
                             .udp = f->udp,
                             .count = f->count,
                             .host = host ? host : "127.0.0.1",
                             .bind_address = on ? on : "127.0.0.1",
                             .allowed = r->cfg.forward_allow,
                             .n_from = f->n_from};
    memcpy(v.from, f->from, sizeof v.from);
    return v;
}

size_t relay_forwards(void *runtime, uint64_t task, struct forward_view *out, size_t most)
{
    const struct runtime *r = runtime;
    struct relay *k = r->relay;
    size_t n = 0;
    if (!k)
        return 0;
    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->n_forwards && n < most; i++)
        if (k->forward[i].task == task)
            out[n++] = view_of(r, &k->forward[i]);
    pthread_mutex_unlock(&k->lock);
    return n;
}
