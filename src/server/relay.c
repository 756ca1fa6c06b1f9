// SPDX-License-Identifier: Apache-2.0
#include "server/relay_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/work/netplan.h"
#include "core/work/profile.h"
#include "store/sqlite.h"

#define PROVE_MS      10000                   // until a caller must have proved who it is
#define LEAVE_MS      (RELAY_LEAVE_MS + 5000) // somewhat longer than a carrier stays
#define TURN_MS       1000                    // between looks at what is due
#define PACKETS_FULL  (1 << 20)               // so many bytes wait to go to a member: its packets are lost
#define CALLS_AT_ONCE 64

// ---- connections

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

// What came over its link is still delivered; it itself is nobody any more.
static void conn_lose(struct relay *k, struct conn *c, int64_t now)
{
    uint64_t is;
    forward_shut(c);
    if (c->who.address && idmap_get(&k->member, relay_member_key(&c->who), &is) &&
        is == (uint64_t)(uintptr_t)c)
        idmap_remove(&k->member, relay_member_key(&c->who));
    relay_link_deinit(&c->link);
    relay_mux_leave(&c->mux);
    c->who = (struct relay_who){0};
    c->lost_ms = now + RELAY_LEAVE_MS;
}

static void conn_end(struct relay *k, size_t i)
{
    struct conn *c = k->v[i];
    if (!c->lost_ms)
        conn_lose(k, c, 0);
    relay_mux_deinit(&c->mux);
    datagrams_shut(c);
    free(c);
    k->v[i] = k->v[--k->n];
}

static void conn_after(struct relay *k, size_t i, int64_t now)
{
    struct conn *c = k->v[i];
    if (c->link.dead && !c->lost_ms)
        conn_lose(k, c, now);
    if (c->lost_ms && (c->mux.n == 0 || now >= c->lost_ms))
        conn_end(k, i);
}

// Strangers may take only so much: the one who has not proved himself for longest makes room.
static void make_room(struct relay *k)
{
    struct conn *oldest = NULL;
    size_t n = 0;
    for (size_t i = 0; i < k->n; i++) {
        struct conn *c = k->v[i];
        if (c->who.lease || c->link.dead)
            continue;
        n++;
        if (!oldest || c->called_ms < oldest->called_ms)
            oldest = c;
    }
    if (n >= RELAY_STRANGERS_MAX)
        oldest->link.dead = true;
}

// False: nobody more calls.
static bool on_call(struct relay *k)
{
    struct err e = ERR_NULL;
    int fd = accept4(k->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), on = 1;
    if (fd < 0)
        return false;
    if (k->n == RELAY_CONNS_MAX) {
        close(fd);
        return false;
    }
    make_room(k);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    struct conn *c = mem_alloc(sizeof *c);
    *c = (struct conn){.relay = k, .called_ms = now_ms()};
    c->mux.link = &c->link;
    if (relay_link_server(&c->link, fd, relay_key_of_who, k, &e) < 0) {
        free(c);
        return true;
    }
    k->v[k->n++] = c;
    return true;
}

// It has proved to hold the key of its identity; whether its lease still lasts the store says.
static bool admit(struct relay *k, struct conn *c)
{
    struct err e = ERR_NULL;
    struct relay_who w;
    uint64_t task;
    const char *identity = relay_link_identity(&c->link);
    if (!identity || !relay_who_read(identity, &w) ||
        k->reader.lease_task(k->reader.ctx, w.lease, &task, &e) != 0 || task != w.task ||
        ((w.features & PROFILE_FORWARD) && task_rules(&k->reader, task, &c->rules, &e) < 0))
        return false;
    for (size_t i = 0; i < k->n; i++) // it calls again before its old link was seen to break
        if (k->v[i] != c && k->v[i]->who.lease == w.lease) {
            k->v[i]->link.dead = true;
            forward_shut(k->v[i]);
        }
    c->who = w;
    c->task = w.task;
    if (w.address) {
        idmap_set(&k->member, relay_member_key(&w), (uint64_t)(uintptr_t)c);
        relay_came_back(&k->ended, &w);
    }
    forward_open(c);
    return true;
}

static void refuse(struct conn *c, const struct relay_frame *f)
{
    unsigned char answer[IP4_REFUSAL_BYTES];
    size_t n = ip4_refusal(f->data, f->n, answer);
    if (n && relay_link_backlog(&c->link) < PACKETS_FULL)
        relay_link_send(&c->link, RELAY_PACKET, 0, answer, n);
}

// From one instance of a task to another of the same; from nobody else's address.
static void on_packet(struct conn *c, const struct relay_frame *f)
{
    struct ip4 h;
    uint64_t to;
    if (!c->who.address || !ip4_read(f->data, f->n, &h) || h.from != c->who.address ||
        h.to >> (32 - NETPLAN_PREFIX) != NETPLAN_NET >> (32 - NETPLAN_PREFIX))
        return;
    const struct relay_who there = {.task = c->who.task, .address = h.to};
    if (!idmap_get(&c->relay->member, relay_member_key(&there), &to)) {
        if (relay_has_ended(&c->relay->ended, &c->relay->reader, &there, now_ms()))
            refuse(c, f);
        return;
    }
    struct conn *other = (struct conn *)(uintptr_t)to;
    if (!other->link.dead && relay_link_backlog(&other->link) < PACKETS_FULL)
        relay_link_send(&other->link, RELAY_PACKET, 0, f->data, f->n);
}

static bool on_frame(void *ctx, const struct relay_frame *f)
{
    struct conn *c = ctx;
    if (!c->who.lease && !admit(c->relay, c))
        return false;
    if (!datagrams_frame(c, f))
        return false;
    if (f->kind == RELAY_DATAGRAM)
        return true;
    if (f->kind == RELAY_PACKET) {
        on_packet(c, f);
        return true;
    }
    return f->kind != RELAY_OPEN && relay_mux_frame(&c->mux, f);
}

// Its lease is over, and something may still be on its way.
static bool stays(const struct conn *c, int64_t now)
{
    return now < c->leave_ms && (c->who.address || c->mux.n > 0);
}

// True: it lives on.
static bool conn_run(struct conn *c, const struct pollfd *p, size_t n, int64_t now)
{
    relay_mux_run(&c->mux, p + 1 + NET_PORTS_MAX, n - 1 - NET_PORTS_MAX, now);
    if (c->lost_ms)
        return true;
    for (size_t i = 0; i < c->n_forwards; i++)
        if (p[1 + i].revents && c->forward[i].to.udp)
            datagrams_accept(c, &c->forward[i], now);
        else if (p[1 + i].revents && c->mux.n < RELAY_STREAMS_MAX)
            forward_accept(c, &c->forward[i]);
    datagrams_turn(c, now);
    if (relay_link_run(&c->link, on_frame, c) < 0)
        return false;
    if (c->link.up && !c->who.lease && !admit(c->relay, c))
        return false;
    return c->leave_ms ? stays(c, now) : c->who.lease || now - c->called_ms < PROVE_MS;
}

static size_t conn_polls(const struct conn *c, struct pollfd *out)
{
    out[0] = (struct pollfd){.fd = c->link.fd, .events = c->lost_ms ? 0 : relay_link_events(&c->link)};
    for (size_t i = 0; i < NET_PORTS_MAX; i++) {
        bool more = i < c->n_forwards && (c->forward[i].to.udp ? relay_datagram_may(&c->datagrams, &c->link)
                                                               : c->mux.n < RELAY_STREAMS_MAX);
        out[1 + i] = (struct pollfd){.fd = more ? c->forward[i].fd : -1, .events = POLLIN};
    }
    return 1 + NET_PORTS_MAX + relay_mux_polls(&c->mux, out + 1 + NET_PORTS_MAX);
}

// ---- the thread

// Its lease is over. Ports are closed at once; what it sent last, to others of its cluster or to those who
// are connected to it, may still be on its way.
static void leave(struct conn *c)
{
    forward_shut(c);
    c->leave_ms = now_ms() + LEAVE_MS;
}

static bool take_orders(struct relay *k)
{
    uint64_t ignored;
    ssize_t n = read(k->wake_fd, &ignored, sizeof ignored);
    (void)n;
    pthread_mutex_lock(&k->lock);
    bool stop = k->stop;
    uint64_t *gone = k->gone;
    size_t n_gone = k->n_gone;
    k->gone = NULL;
    k->n_gone = k->cap_gone = 0;
    pthread_mutex_unlock(&k->lock); // to close a port takes it again
    for (size_t g = 0; g < n_gone; g++) {
        for (size_t i = 0; i < k->n; i++)
            if (k->v[i]->who.lease == gone[g])
                leave(k->v[i]);
        forward_forget(k, gone[g]);
    }
    free(gone);
    return !stop;
}

// Connections that begin in this turn stand behind those that were asked about.
static void *relay_main(void *arg)
{
    struct relay *k = arg;
    struct pollfd *p = NULL;
    size_t cap = 0, *count = NULL, cap_count = 0;
    while (take_orders(k)) {
        size_t at = 2, n = k->n;
        bool look = false;
        mem_grow(&p, &cap, 2 + n * (1 + NET_PORTS_MAX + RELAY_STREAMS_MAX), sizeof *p);
        mem_grow(&count, &cap_count, n + 1, sizeof *count);
        p[0] = (struct pollfd){.fd = k->wake_fd, .events = POLLIN};
        p[1] = (struct pollfd){.fd = k->n < RELAY_CONNS_MAX ? k->listen_fd : -1, .events = POLLIN};
        for (size_t i = 0; i < n; i++)
            at += count[i] = conn_polls(k->v[i], p + at);
        for (size_t i = 0; i < n; i++)
            look |= relay_mux_waits(&k->v[i]->mux);
        poll(p, (nfds_t)at, look ? RELAY_LOOK_MS : TURN_MS);
        int64_t now = now_ms();
        at = 2;
        for (size_t i = 0; i < n; i++) {
            if (!conn_run(k->v[i], p + at, count[i], now))
                k->v[i]->link.dead = true;
            at += count[i];
        }
        for (int calls = 0; p[1].revents && calls < CALLS_AT_ONCE && on_call(k); calls++)
            continue;
        for (size_t i = k->n; i-- > 0;)
            conn_after(k, i, now);
        for (size_t i; (i = relay_room_wanted(k)) < k->n;)
            conn_end(k, i);
    }
    free(p);
    free(count);
    return NULL;
}

void relay_wake(struct relay *k)
{
    uint64_t one = 1;
    ssize_t n = write(k->wake_fd, &one, sizeof one);
    (void)n;
}

void relay_lease_gone(struct runtime *r, uint64_t lease)
{
    struct relay *k = r->relay;
    if (!k)
        return;
    pthread_mutex_lock(&k->lock);
    bool waited = k->n_gone > 0;
    *VEC_PUSH(k->gone, k->n_gone, k->cap_gone) = lease;
    pthread_mutex_unlock(&k->lock);
    if (!waited)
        relay_wake(k);
}

// ---- start and end

int relay_start(struct runtime *r, struct err *e)
{
    if (!r->cfg.relay_listen)
        return 0;
    struct relay *k = mem_alloc(sizeof *k);
    *k = (struct relay){.r = r, .listen_fd = -1, .wake_fd = -1, .everybody = !r->cfg.forward_allow};
    pthread_mutex_init(&k->lock, NULL);
    r->relay = k;
    int code = r->cfg.forward_allow ? cidr_read(&k->allow, r->cfg.forward_allow, e) : 0;
    if (code < 0)
        return err_prefix(e, "forward-allow");
    if ((code = store_sqlite_reader(&k->reader, r->data_dir, e)) < 0)
        return code;
    k->listen_fd = relay_listen_on(r->cfg.relay_listen, false, &k->port, e);
    if (k->listen_fd < 0)
        return err_prefix(e, "relay-listen");
    k->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    k->runs = k->wake_fd >= 0 && pthread_create(&k->thread, NULL, relay_main, k) == 0;
    return k->runs ? 0 : err_set(e, -EAGAIN, "server: the system gives no more threads");
}

void relay_stop(struct runtime *r)
{
    struct relay *k = r->relay;
    if (!k)
        return;
    if (k->runs) {
        pthread_mutex_lock(&k->lock);
        k->stop = true;
        pthread_mutex_unlock(&k->lock);
        relay_wake(k);
        pthread_join(k->thread, NULL);
    }
    while (k->n)
        conn_end(k, k->n - 1);
    if (k->listen_fd >= 0)
        close(k->listen_fd);
    if (k->wake_fd >= 0)
        close(k->wake_fd);
    if (k->reader.free)
        k->reader.free(k->reader.ctx);
    idmap_deinit(&k->member);
    relay_ended_deinit(&k->ended);
    pthread_mutex_destroy(&k->lock);
    free(k->gone);
    free(k->forward);
    free(k->kept);
    free(k);
    r->relay = NULL;
}
