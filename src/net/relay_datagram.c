// SPDX-License-Identifier: Apache-2.0
#include "net/relay_datagram.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PART_MAX  (RELAY_FRAME_MAX - RELAY_DATAGRAM_HEAD)
#define TELL_FROM (RELAY_DATAGRAM_WINDOW / 8)

enum { MORE = 1, GONE = 2, TAKEN = 4 };

static size_t cost(const struct relay_datagram *d)
{
    return d->gone ? 0 : d->n + RELAY_DATAGRAM_COST;
}

static void head_write(unsigned char *to, int flags, uint16_t port, uint32_t from)
{
    const unsigned char head[RELAY_DATAGRAM_HEAD] = {RELAY_DATAGRAM_VERSION,      (unsigned char)flags,
                                                     (unsigned char)(port >> 8),  (unsigned char)port,
                                                     (unsigned char)(from >> 24), (unsigned char)(from >> 16),
                                                     (unsigned char)(from >> 8),  (unsigned char)from};
    memcpy(to, head, sizeof head);
}

bool relay_datagram_may(const struct relay_datagrams *s, const struct relay_link *l)
{
    return l->up && !l->dead && s->away < RELAY_DATAGRAM_WINDOW;
}

void relay_datagram_send(struct relay_datagrams *s, struct relay_link *l, const struct relay_datagram *d)
{
    unsigned char part[RELAY_FRAME_MAX];
    size_t at = 0;
    do {
        size_t n = d->n - at < PART_MAX ? d->n - at : PART_MAX;
        head_write(part, (at + n < d->n ? MORE : 0) | (d->gone ? GONE : 0), d->port, d->from);
        if (n)
            memcpy(part + RELAY_DATAGRAM_HEAD, d->data + at, n);
        relay_link_send(l, RELAY_DATAGRAM, d->peer, part, RELAY_DATAGRAM_HEAD + n);
        at += n;
    } while (at < d->n);
    s->away += cost(d);
}

static bool head_read(const struct relay_frame *f, struct relay_datagram *out, int *flags)
{
    const unsigned char *b = f->data;
    if (f->n < RELAY_DATAGRAM_HEAD || b[0] != RELAY_DATAGRAM_VERSION || b[1] > TAKEN)
        return false;
    *flags = b[1];
    *out = (struct relay_datagram){
        .peer = f->stream,
        .port = (uint16_t)(b[2] << 8 | b[3]),
        .from = (uint32_t)b[4] << 24 | (uint32_t)b[5] << 16 | (uint32_t)b[6] << 8 | b[7],
        .gone = b[1] & GONE,
        .data = b + RELAY_DATAGRAM_HEAD,
        .n = f->n - RELAY_DATAGRAM_HEAD,
    };
    return b[1] <= MORE || ((b[1] == GONE || b[1] == TAKEN) && out->n == 0);
}

static bool goes_on(const struct relay_datagram *head, const struct relay_datagram *d)
{
    return d->peer == head->peer && d->port == head->port && d->from == head->from;
}

static void forget(struct relay_datagrams *s)
{
    free(s->data);
    s->data = NULL;
    s->n = 0;
}

void relay_datagrams_deinit(struct relay_datagrams *s)
{
    forget(s);
    *s = (struct relay_datagrams){.data = NULL};
}

static int on_taken(struct relay_datagrams *s, const struct relay_datagram *d)
{
    if (d->from > s->away)
        return -1;
    s->away -= d->from;
    return 0;
}

// A part of one that is in parts, the first or a later.
static int put(struct relay_datagrams *s, struct relay_datagram *out, bool more)
{
    if (!s->data) {
        s->data = mem_alloc(RELAY_DATAGRAM_MAX);
        s->head = *out;
    }
    if (out->n > RELAY_DATAGRAM_MAX - s->n)
        return -1;
    memcpy(s->data + s->n, out->data, out->n);
    s->n += out->n;
    if (more)
        return 0;
    *out = s->head;
    out->data = s->data;
    out->n = s->n;
    return 1;
}

// An empty part that is not the last would cost nobody anything, and never end.
int relay_datagram_take(struct relay_datagrams *s, const struct relay_frame *f, struct relay_datagram *out)
{
    int flags = 0;
    if (f->kind != RELAY_DATAGRAM)
        return s->data ? -1 : 0;
    if (!head_read(f, out, &flags) || (flags == MORE && out->n == 0))
        return -1;
    if (s->data && (flags > MORE || !goes_on(&s->head, out)))
        return -1;
    if (flags == TAKEN)
        return on_taken(s, out);
    return s->data || flags == MORE ? put(s, out, flags == MORE) : 1;
}

void relay_datagram_done(struct relay_datagrams *s, struct relay_link *l, const struct relay_datagram *d)
{
    unsigned char head[RELAY_DATAGRAM_HEAD];
    s->taken += cost(d);
    forget(s);
    if (s->taken < TELL_FROM)
        return;
    head_write(head, TAKEN, 0, (uint32_t)s->taken);
    relay_link_send(l, RELAY_DATAGRAM, 0, head, sizeof head);
    s->taken = 0;
}
