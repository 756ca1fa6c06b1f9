// SPDX-License-Identifier: Apache-2.0
#include "net/relay_mux.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

// While so much waits to go over the link, sockets are not read.
#define LINK_FULL (1 << 20)

static struct relay_stream *find(const struct relay_mux *m, uint32_t id)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->v[i]->id == id)
            return m->v[i];
    return NULL;
}

bool relay_mux_has(const struct relay_mux *m, uint32_t id)
{
    return find(m, id) != NULL;
}

bool relay_mux_add(struct relay_mux *m, uint32_t id, int fd, bool connecting)
{
    if (m->n == RELAY_STREAMS_MAX) {
        close(fd);
        return false;
    }
    struct relay_stream *s = mem_alloc(sizeof *s);
    *s = (struct relay_stream){.id = id, .fd = fd, .connecting = connecting, .credit = RELAY_WINDOW};
    m->v[m->n++] = s;
    return true;
}

static void drop(struct relay_mux *m, struct relay_stream *s)
{
    size_t i = 0;
    while (m->v[i] != s)
        i++;
    m->v[i] = m->v[--m->n];
    close(s->fd);
    free(s->out);
    free(s);
}

static void reset(struct relay_mux *m, struct relay_stream *s)
{
    relay_link_send(m->link, RELAY_RESET, s->id, NULL, 0);
    drop(m, s);
}

void relay_mux_deinit(struct relay_mux *m)
{
    while (m->n)
        drop(m, m->v[0]);
}

bool relay_mux_taken(const struct relay_mux *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->v[i]->credit < RELAY_WINDOW || m->v[i]->out_at < m->v[i]->out_n)
            return false;
    return true;
}

static void give_credit(struct relay_mux *m, const struct relay_stream *s, size_t n)
{
    unsigned char be[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8),
                           (unsigned char)n};
    relay_link_send(m->link, RELAY_CREDIT, s->id, be, sizeof be);
}

// Both directions are over, and all of it is written.
static bool finish(struct relay_mux *m, struct relay_stream *s)
{
    if (!s->ended || !s->heard_end || s->out_at < s->out_n)
        return false;
    drop(m, s);
    return true;
}

// False: the stream is gone.
static bool write_out(struct relay_mux *m, struct relay_stream *s)
{
    size_t before = s->out_at;
    while (!s->connecting && s->out_at < s->out_n) {
        ssize_t n = send(s->fd, s->out + s->out_at, s->out_n - s->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            reset(m, s);
            return false;
        }
        if (n < 0)
            break;
        s->out_at += (size_t)n;
    }
    if (s->out_at > before)
        give_credit(m, s, s->out_at - before);
    if (s->out_at == s->out_n) {
        s->out_at = s->out_n = 0;
        if (s->heard_end && !s->connecting)
            shutdown(s->fd, SHUT_WR);
    }
    return !finish(m, s);
}

static bool on_data(struct relay_mux *m, struct relay_stream *s, const struct relay_frame *f)
{
    if (!s->out)
        s->out = mem_alloc(RELAY_WINDOW);
    if (s->out_at) {
        memmove(s->out, s->out + s->out_at, s->out_n - s->out_at);
        s->out_n -= s->out_at;
        s->out_at = 0;
    }
    if (f->n > RELAY_WINDOW - s->out_n || s->heard_end)
        return false; // more than it had credit for, or after its end
    memcpy(s->out + s->out_n, f->data, f->n);
    s->out_n += f->n;
    m->in += f->n;
    write_out(m, s);
    return true;
}

static bool on_credit(struct relay_stream *s, const struct relay_frame *f)
{
    if (f->n != 4)
        return false;
    size_t more = (size_t)f->data[0] << 24 | (size_t)f->data[1] << 16 | (size_t)f->data[2] << 8 | f->data[3];
    if (more > RELAY_WINDOW - s->credit)
        return false;
    s->credit += more;
    return true;
}

bool relay_mux_frame(struct relay_mux *m, const struct relay_frame *f)
{
    struct relay_stream *s = find(m, f->stream);
    if (!s)
        return true;
    switch (f->kind) {
    case RELAY_DATA:
        return on_data(m, s, f);
    case RELAY_CREDIT:
        return on_credit(s, f);
    case RELAY_END:
        s->heard_end = true;
        write_out(m, s);
        return true;
    case RELAY_RESET:
        drop(m, s);
        return true;
    default:
        return false;
    }
}

size_t relay_mux_polls(const struct relay_mux *m, struct pollfd *out)
{
    bool full = relay_link_backlog(m->link) > LINK_FULL;
    for (size_t i = 0; i < m->n; i++) {
        const struct relay_stream *s = m->v[i];
        bool read = !s->connecting && !s->ended && s->credit > 0 && !full;
        bool write = s->connecting || s->out_at < s->out_n;
        short events = (short)((read ? POLLIN : 0) | (write ? POLLOUT : 0));
        out[i] = (struct pollfd){.fd = events ? s->fd : -1, .events = events}; // no POLLHUP for ever
    }
    return m->n;
}

static bool read_in(struct relay_mux *m, struct relay_stream *s)
{
    unsigned char part[RELAY_FRAME_MAX];
    size_t room = s->credit < sizeof part ? s->credit : sizeof part;
    ssize_t n = recv(s->fd, part, room, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n < 0) {
        reset(m, s);
        return false;
    }
    if (n == 0) {
        s->ended = true;
        relay_link_send(m->link, RELAY_END, s->id, NULL, 0);
        return !finish(m, s);
    }
    s->credit -= (size_t)n;
    m->out += (uint64_t)n;
    relay_link_send(m->link, RELAY_DATA, s->id, part, (size_t)n);
    return true;
}

static bool connected(struct relay_mux *m, struct relay_stream *s)
{
    int error = 0;
    socklen_t n = sizeof error;
    if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 || error) {
        reset(m, s);
        return false;
    }
    s->connecting = false;
    return true;
}

static void run_one(struct relay_mux *m, struct relay_stream *s, short got)
{
    if (s->connecting && (got & (POLLOUT | POLLERR | POLLHUP)) && !connected(m, s))
        return;
    if ((got & (POLLOUT | POLLERR)) && !write_out(m, s))
        return;
    if ((got & (POLLIN | POLLHUP | POLLERR)) && !s->ended && !s->connecting && s->credit > 0 &&
        !read_in(m, s))
        return;
    if (got & POLLERR)
        reset(m, s);
}

// Streams come and go meanwhile: they are found again by their sockets, which only close here.
void relay_mux_run(struct relay_mux *m, const struct pollfd *polled, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct relay_stream *s = NULL;
        for (size_t k = 0; k < m->n && polled[i].revents; k++)
            s = m->v[k]->fd == polled[i].fd ? m->v[k] : s;
        if (s)
            run_one(m, s, polled[i].revents);
    }
}
