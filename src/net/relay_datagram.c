// SPDX-License-Identifier: Apache-2.0
#include "net/relay_datagram.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PART_MAX (RELAY_FRAME_MAX - RELAY_DATAGRAM_HEAD)

enum { MORE = 1, GONE = 2 };

void relay_datagram_send(struct relay_link *l, const struct relay_datagram *d)
{
    unsigned char part[RELAY_FRAME_MAX] = {RELAY_DATAGRAM_VERSION,         0,
                                           (unsigned char)(d->port >> 8),  (unsigned char)d->port,
                                           (unsigned char)(d->from >> 24), (unsigned char)(d->from >> 16),
                                           (unsigned char)(d->from >> 8),  (unsigned char)d->from};
    size_t at = 0;
    do {
        size_t n = d->n - at < PART_MAX ? d->n - at : PART_MAX;
        part[1] = (unsigned char)((at + n < d->n ? MORE : 0) | (d->gone ? GONE : 0));
        if (n)
            memcpy(part + RELAY_DATAGRAM_HEAD, d->data + at, n);
        relay_link_send(l, RELAY_DATAGRAM, d->peer, part, RELAY_DATAGRAM_HEAD + n);
        at += n;
    } while (at < d->n);
}

static bool head_read(const struct relay_frame *f, struct relay_datagram *out, bool *more)
{
    const unsigned char *b = f->data;
    if (f->n < RELAY_DATAGRAM_HEAD || b[0] != RELAY_DATAGRAM_VERSION || (b[1] & ~(MORE | GONE)))
        return false;
    *more = b[1] & MORE;
    *out = (struct relay_datagram){
        .peer = f->stream,
        .port = (uint16_t)(b[2] << 8 | b[3]),
        .from = (uint32_t)b[4] << 24 | (uint32_t)b[5] << 16 | (uint32_t)b[6] << 8 | b[7],
        .gone = b[1] & GONE,
        .data = b + RELAY_DATAGRAM_HEAD,
        .n = f->n - RELAY_DATAGRAM_HEAD,
    };
    return !out->gone || (!*more && out->n == 0);
}

static bool goes_on(const struct relay_datagram *head, const struct relay_datagram *d)
{
    return d->peer == head->peer && d->port == head->port && d->from == head->from && !d->gone;
}

void relay_parts_deinit(struct relay_parts *p)
{
    free(p->data);
    *p = (struct relay_parts){.data = NULL};
}

// An empty part that is not the last would cost nobody anything, and never end.
int relay_datagram_take(struct relay_parts *p, const struct relay_frame *f, struct relay_datagram *out)
{
    bool more = false, under_way = p->data && p->n < p->head.n;
    if (!under_way)
        relay_parts_deinit(p);
    if (f->kind != RELAY_DATAGRAM)
        return under_way ? -1 : 0;
    if (!head_read(f, out, &more) || (more && out->n == 0) || (under_way && !goes_on(&p->head, out)))
        return -1;
    if (!under_way && !more)
        return 1;
    if (!under_way) {
        p->data = mem_alloc(RELAY_DATAGRAM_MAX);
        p->head = *out;
        p->head.n = SIZE_MAX; // of which nobody knows yet
    }
    if (out->n > RELAY_DATAGRAM_MAX - p->n)
        return -1;
    memcpy(p->data + p->n, out->data, out->n);
    p->n += out->n;
    if (more)
        return 0;
    p->head.n = p->n;
    *out = p->head;
    out->data = p->data;
    return 1;
}
