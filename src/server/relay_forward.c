// SPDX-License-Identifier: Apache-2.0
//
// Ports of the server that lead to port 22 of an instance: one for each instance that has an *-ssh profile,
// from when its carrier calls until its lease ends. Whoever may come in (an address of --forward-allow) still
// has to prove himself to the sshd inside; the server hands bytes on and has no part in that.
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

static int try_port(const struct runtime *r, int port, uint16_t *got)
{
    char address[300];
    int real, fd;
    struct err e = ERR_NULL;
    const char *on = r->cfg.forward_address ? r->cfg.forward_address : "127.0.0.1";
    snprintf(address, sizeof address, "%s:%d", on, port);
    fd = relay_listen_on(address, &real, &e);
    *got = (uint16_t)real;
    return fd;
}

static void note(struct relay *k, const struct conn *c, bool there)
{
    pthread_mutex_lock(&k->lock);
    for (size_t i = 0; i < k->n_forwards; i++)
        if (k->forward[i].lease == c->who.lease)
            k->forward[i--] = k->forward[--k->n_forwards];
    if (there)
        *VEC_PUSH(k->forward, k->n_forwards, k->cap_forwards) =
            (struct forward_row){c->who.task, c->who.lease, c->who.instance, c->forward_port};
    pthread_mutex_unlock(&k->lock);
}

void forward_open(struct conn *c)
{
    const struct runtime_config *cfg = &c->relay->r->cfg;
    if (!(c->who.features & PROFILE_SSH))
        return;
    if (!cfg->forward_first && c->relay->n_forwards < (size_t)cfg->forward_last)
        c->forward_fd = try_port(c->relay->r, 0, &c->forward_port);
    for (int port = cfg->forward_first; port && port <= cfg->forward_last && c->forward_fd < 0; port++)
        c->forward_fd = try_port(c->relay->r, port, &c->forward_port);
    if (c->forward_fd < 0)
        fprintf(stderr, "ondol: relay: no port is left to be forwarded (--forward-ports)\n");
    else
        note(c->relay, c, true);
}

void forward_close(struct conn *c)
{
    if (c->forward_fd >= 0) {
        close(c->forward_fd);
        note(c->relay, c, false);
    }
    c->forward_fd = -1;
    relay_mux_deinit(&c->mux);
}

static bool may_come(const struct relay *k, const struct sockaddr_storage *from)
{
    struct sockaddr_in in;
    if (k->everybody)
        return true;
    if (from->ss_family != AF_INET)
        return false;
    memcpy(&in, from, sizeof in);
    return cidr_has(&k->allow, ntohl(in.sin_addr.s_addr));
}

void forward_accept(struct conn *c)
{
    struct sockaddr_storage from;
    socklen_t n = sizeof from;
    const unsigned char port[2] = {PROFILE_SSH_PORT >> 8, PROFILE_SSH_PORT & 255};
    int fd = accept4(c->forward_fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0)
        return;
    if (!may_come(c->relay, &from)) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    uint32_t id = ++c->next_stream;
    if (relay_mux_add(&c->mux, id, fd, false))
        relay_link_send(&c->link, RELAY_OPEN, id, port, sizeof port);
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
            out[n++] = (struct forward_view){k->forward[i].instance, PROFILE_SSH_PORT, k->forward[i].port,
                                             r->cfg.forward_host ? r->cfg.forward_host : "127.0.0.1",
                                             r->cfg.forward_address ? r->cfg.forward_address : "127.0.0.1"};
    pthread_mutex_unlock(&k->lock);
    return n;
}
