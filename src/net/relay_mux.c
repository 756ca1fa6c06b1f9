// SPDX-License-Identifier: Apache-2.0
#include "net/relay_mux.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

// While so much waits to go over the link, sockets are not read.
#define LINK_FULL (1 << 20)

static struct relay_stream *find(const struct relay_mux *m, uint32_t id)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->v[i]->id == id && !m->v[i]->over)
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

static bool waits_to_write(const struct relay_stream *s)
{
    return s->out_at < s->out_n;
}

static void drop(struct relay_mux *m, struct relay_stream *s)
{
    const struct linger reset = {.l_onoff = 1};
    size_t i = 0;
    while (m->v[i] != s)
        i++;
    m->v[i] = m->v[--m->n];
    if (!s->heard_end || waits_to_write(s))
        setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
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
        if (!m->v[i]->over && (!m->v[i]->ended || m->v[i]->credit < RELAY_WINDOW))
            return false;
    return true;
}

bool relay_mux_waits(const struct relay_mux *m)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->v[i]->over && !waits_to_write(m->v[i]))
            return true;
    return false;
}

void relay_mux_deafen(struct relay_mux *m)
{
    m->deaf = true;
    for (size_t i = 0; i < m->n; i++)
        m->v[i]->out_at = m->v[i]->out_n = 0;
}

static void give_credit(struct relay_mux *m, const struct relay_stream *s, size_t n)
{
    unsigned char be[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16), (unsigned char)(n >> 8),
                           (unsigned char)n};
    if (!s->over)
        relay_link_send(m->link, RELAY_CREDIT, s->id, be, sizeof be);
}

// Both directions are over, and all of it is written.
static bool finish(struct relay_mux *m, struct relay_stream *s)
{
    if (!s->ended || !s->heard_end || waits_to_write(s) || s->over)
        return false;
    drop(m, s);
    return true;
}

// Its socket takes nothing more. False: the stream is gone.
static bool broke(struct relay_mux *m, struct relay_stream *s, int error)
{
    s->broken = true;
    s->failed |= error != EPIPE; // that may be said of an end as well, which is read next
    s->out_at = s->out_n = 0;
    if (!s->ended && !s->over)
        return true;
    if (s->over)
        drop(m, s);
    else
        reset(m, s);
    return false;
}

// False: the stream is gone.
static bool write_out(struct relay_mux *m, struct relay_stream *s)
{
    size_t before = s->out_at;
    while (!s->connecting && waits_to_write(s)) {
        ssize_t n = send(s->fd, s->out + s->out_at, s->out_n - s->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno != EAGAIN && errno != EINTR)
            return broke(m, s, errno);
        if (n < 0)
            break;
        s->out_at += (size_t)n;
    }
    if (s->out_at > before)
        give_credit(m, s, s->out_at - before);
    if (s->out_at == s->out_n) {
        s->out_at = s->out_n = 0;
        if (s->heard_end && !s->connecting && !s->broken)
            shutdown(s->fd, SHUT_WR);
    }
    return !finish(m, s);
}

static int error_of(const struct relay_stream *s)
{
    int error = 0;
    socklen_t n = sizeof error;
    return getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &n) < 0 ? errno : error;
}

// Bytes of a stream that is over, and its end, which are not yet with whoever is connected.
static size_t left_of(const struct relay_stream *s)
{
    int queued = 0;
    if (ioctl(s->fd, SIOCOUTQ, &queued) < 0)
        queued = 0;
    return s->out_n - s->out_at + (size_t)queued;
}

static void end_over(struct relay_mux *m, struct relay_stream *s)
{
    s->over = true;
    s->left_since_ms = -1;
    if (s->broken || left_of(s) == 0)
        drop(m, s);
}

void relay_mux_leave(struct relay_mux *m)
{
    for (size_t i = m->n; i-- > 0;)
        if (!m->v[i]->over)
            end_over(m, m->v[i]);
}

static bool on_data(struct relay_mux *m, struct relay_stream *s, const struct relay_frame *f)
{
    if (s->heard_end)
        return false;
    if (s->broken)
        return true; // it will hear so
    if (m->deaf) {
        give_credit(m, s, f->n);
        return true;
    }
    if (!s->out)
        s->out = mem_alloc(RELAY_WINDOW);
    if (s->out_at) {
        memmove(s->out, s->out + s->out_at, s->out_n - s->out_at);
        s->out_n -= s->out_at;
        s->out_at = 0;
    }
    if (f->n > RELAY_WINDOW - s->out_n)
        return false; // more than it had credit for
    memcpy(s->out + s->out_n, f->data, f->n);
    s->out_n += f->n;
    m->in += f->n;
    write_out(m, s);
    return true;
}

static bool on_credit(struct relay_mux *m, struct relay_stream *s, const struct relay_frame *f)
{
    if (f->n != 4)
        return false;
    size_t more = (size_t)f->data[0] << 24 | (size_t)f->data[1] << 16 | (size_t)f->data[2] << 8 | f->data[3];
    if (more > RELAY_WINDOW - s->credit)
        return false;
    s->credit += more;
    m->taken += more;
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
        return on_credit(m, s, f);
    case RELAY_END:
        s->heard_end = true;
        write_out(m, s);
        return true;
    case RELAY_RESET:
        end_over(m, s);
        return true;
    default:
        return false;
    }
}

// What comes from the socket of a stream that is over is read and thrown away: a socket that is closed with
// unread bytes says RESET, and takes back what it had been given to send.
static bool reads(const struct relay_stream *s)
{
    return !s->connecting && !s->ended && (s->credit > 0 || s->over);
}

size_t relay_mux_polls(const struct relay_mux *m, struct pollfd *out)
{
    bool full = relay_link_backlog(m->link) > LINK_FULL;
    for (size_t i = 0; i < m->n; i++) {
        const struct relay_stream *s = m->v[i];
        bool write = s->connecting || waits_to_write(s);
        short events = (short)((reads(s) && (!full || s->over) ? POLLIN : 0) | (write ? POLLOUT : 0));
        out[i] = (struct pollfd){.fd = events ? s->fd : -1, .events = events}; // no POLLHUP for ever
    }
    return m->n;
}

static bool at_end(struct relay_mux *m, struct relay_stream *s)
{
    if (!s->failed && !s->over)
        relay_link_send(m->link, RELAY_END, s->id, NULL, 0);
    s->ended = true;
    if (s->broken) {
        reset(m, s);
        return false;
    }
    return !finish(m, s);
}

static bool read_in(struct relay_mux *m, struct relay_stream *s)
{
    unsigned char part[RELAY_FRAME_MAX];
    size_t room = s->credit < sizeof part && !s->over ? s->credit : sizeof part;
    ssize_t n = recv(s->fd, part, room, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n < 0) {
        s->ended = s->failed = true;
        return broke(m, s, errno);
    }
    if (n == 0)
        return at_end(m, s);
    if (s->over)
        return true;
    s->credit -= (size_t)n;
    m->out += (uint64_t)n;
    relay_link_send(m->link, RELAY_DATA, s->id, part, (size_t)n);
    return true;
}

static bool connected(struct relay_mux *m, struct relay_stream *s)
{
    int error = error_of(s);
    s->connecting = false;
    s->ended = error != 0;
    return !error || broke(m, s, error);
}

static void run_one(struct relay_mux *m, struct relay_stream *s, short got)
{
    int error;
    if (s->connecting && (got & (POLLOUT | POLLERR | POLLHUP)) && !connected(m, s))
        return;
    if ((got & POLLERR) && (error = error_of(s)) != 0 && !broke(m, s, error))
        return;
    if ((got & POLLOUT) && !write_out(m, s))
        return;
    if ((got & (POLLIN | POLLHUP | POLLERR)) && reads(s))
        read_in(m, s);
}

static void look_after(struct relay_mux *m, struct relay_stream *s, int64_t now_ms)
{
    size_t left = left_of(s);
    if (left != s->left || s->left_since_ms < 0)
        s->left_since_ms = now_ms;
    s->left = left;
    if (now_ms - s->left_since_ms >= RELAY_IDLE_MS)
        s->heard_end = false; // the rest is lost, and he shall know
    else if (left > 0 && error_of(s) == 0)
        return;
    drop(m, s);
}

// Streams come and go meanwhile: they are found again by their sockets, which only close here.
void relay_mux_run(struct relay_mux *m, const struct pollfd *polled, size_t n, int64_t now_ms)
{
    for (size_t i = 0; i < n; i++) {
        struct relay_stream *s = NULL;
        for (size_t k = 0; k < m->n && polled[i].revents; k++)
            s = m->v[k]->fd == polled[i].fd ? m->v[k] : s;
        if (s)
            run_one(m, s, polled[i].revents);
    }
    for (size_t i = m->n; i-- > 0;)
        if (m->v[i]->over)
            look_after(m, m->v[i], now_ms);
}
