// SPDX-License-Identifier: Apache-2.0
//
// The watcher: a thread with an epoll of its own. libmicrohttpd does not poll a suspended connection, so a
// client that went away while parked would be seen only when answered; here its socket is watched for the
// other side's end (EPOLLRDHUP, once) from park to answer. Twice a second it also cuts the connections that
// are late.
//
// Events carry the id of the park, never a pointer: an event may still be on its way when the request is
// over.
#include "net/http_inside.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define SWEEP_MS 500
#define EVENTS   64

bool watch_open(struct http_request *r)
{
    struct http_server *s = r->server;
    pthread_mutex_lock(&s->lock);
    bool open = !s->stopping;
    if (open) {
        r->id = ++s->next_id;
        r->prev = NULL; // it may have been open before
        r->next = s->open;
        if (r->next)
            r->next->prev = r;
        s->open = r;
        s->n_open++;
        idmap_set(&s->parks, r->id, (uintptr_t)r);
        struct epoll_event ev = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.u64 = r->id};
        epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, r->conn->fd, &ev);
    }
    pthread_mutex_unlock(&s->lock);
    return open;
}

void watch_close(struct http_request *r)
{
    struct http_server *s = r->server;
    pthread_mutex_lock(&s->lock);
    epoll_ctl(s->epoll_fd, EPOLL_CTL_DEL, r->conn->fd, NULL);
    idmap_remove(&s->parks, r->id);
    if (r->prev)
        r->prev->next = r->next;
    else
        s->open = r->next;
    if (r->next)
        r->next->prev = r->prev;
    if (--s->n_open == 0)
        pthread_cond_signal(&s->quiet);
    pthread_mutex_unlock(&s->lock);
}

static void vanished(struct http_server *s, uint64_t id)
{
    uint64_t found = 0;
    pthread_mutex_lock(&s->lock);
    struct http_request *r =
        idmap_get(&s->parks, id, &found) ? (struct http_request *)(uintptr_t)found : NULL;
    if (r)
        request_ref(r);
    pthread_mutex_unlock(&s->lock);
    if (!r)
        return;
    park_vanished(r);
    request_unref(r);
}

static void *watch(void *server)
{
    struct http_server *s = server;
    for (;;) {
        struct epoll_event ev[EVENTS];
        int n = epoll_wait(s->epoll_fd, ev, EVENTS, SWEEP_MS);
        for (int i = 0; i < n; i++) {
            if (ev[i].data.u64 == 0) // the wake-up of watch_stop
                return NULL;
            vanished(s, ev[i].data.u64);
        }
        conns_cut_late(s);
    }
}

int watch_start(struct http_server *s, struct err *e)
{
    s->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event ev = {.events = EPOLLIN, .data.u64 = 0};
    if (s->epoll_fd < 0 || s->wake_fd < 0 || epoll_ctl(s->epoll_fd, EPOLL_CTL_ADD, s->wake_fd, &ev) < 0)
        return err_set(e, -errno, "HTTP server: no epoll or eventfd: %s (raise the limit of open files)",
                       strerror(errno));
    int r = pthread_create(&s->watcher, NULL, watch, s);
    if (r)
        return err_set(e, -r, "HTTP server: no thread: %s (raise the limit of processes)", strerror(r));
    s->watching = true;
    return 0;
}

void watch_stop(struct http_server *s)
{
    if (s->watching) {
        eventfd_write(s->wake_fd, 1);
        pthread_join(s->watcher, NULL);
    }
    if (s->epoll_fd >= 0)
        close(s->epoll_fd);
    if (s->wake_fd >= 0)
        close(s->wake_fd);
}
