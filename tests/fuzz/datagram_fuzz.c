// SPDX-License-Identifier: Apache-2.0
//
// Datagrams of a link, against somebody who holds the key and against the whole world outside: the input is frames that
// a peer of the link sends, and callers who say something, fall silent or are answered as time passes. Whatever comes,
// no datagram is larger than UDP has them, no more callers are known than there are places, each number is one
// caller's, and what is sent over a link comes out of it as it was.
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "bytes.h"
#include "net/relay_datagram.h"
#include "net/relay_peers.h"

struct play {
    struct relay_datagrams datagrams;
    struct relay_link link; // never up: what is sent stays there
    struct relay_peers peers;
    int64_t now_ms;
};

// True: the link lives on.
static bool frame(struct play *p, struct bytes *b)
{
    static unsigned char body[RELAY_FRAME_MAX];
    struct relay_datagram d;
    size_t there, n = (size_t)bytes_number(b, 2) % (RELAY_FRAME_MAX + 1);
    struct relay_frame f = {.kind = bytes_one(b) % 8 ? RELAY_DATAGRAM : RELAY_DATA,
                            .stream = bytes_below(b, 4),
                            .data = body,
                            .n = n};
    memset(body, 7, sizeof body);
    const uint8_t *head = bytes_run(b, RELAY_DATAGRAM_HEAD, &there);
    if (there)
        memcpy(body, head, there);
    int r = relay_datagram_take(&p->datagrams, &f, &d);
    if (r > 0) {
        assert(d.n <= RELAY_DATAGRAM_MAX && d.peer == f.stream && (!d.gone || d.n == 0));
        for (size_t i = 0; i < d.n; i++)
            assert(d.data[i] == 7 || there == 0 || n < RELAY_DATAGRAM_HEAD);
        relay_datagram_done(&p->datagrams, &p->link, &d);
        assert(!p->datagrams.data && p->datagrams.taken < RELAY_DATAGRAM_WINDOW / 8);
        p->link.out_at = p->link.out_n = 0;
    }
    return r >= 0;
}

// As the other side would have it.
static void there_and_back(struct bytes *b)
{
    static unsigned char bytes[RELAY_DATAGRAM_MAX];
    struct relay_link *l = mem_alloc(sizeof *l);
    struct relay_datagrams mine = {.data = NULL};
    struct relay_frame f;
    struct relay_datagram out,
        in = {.peer = bytes_one(b), .port = bytes_one(b), .from = bytes_one(b), .data = bytes};
    int r = 0;
    in.n = (size_t)bytes_number(b, 2) % (RELAY_DATAGRAM_MAX + 1);
    for (size_t i = 0; i < in.n; i += 509)
        bytes[i] = (unsigned char)(i / 509 + in.peer);
    l->fd = -1;
    relay_datagram_send(&mine, l, &in);
    for (int n; r == 0 && (n = relay_frame_read(l->out + l->out_at, relay_link_backlog(l), &f)) > 0;) {
        l->out_at += (size_t)n;
        r = relay_datagram_take(&mine, &f, &out);
    }
    assert(r == 1 && relay_link_backlog(l) == 0 && out.peer == in.peer && out.port == in.port &&
           out.from == in.from);
    assert(out.n == in.n && memcmp(out.data, bytes, in.n) == 0);
    relay_datagrams_deinit(&mine);
    relay_link_deinit(l);
    free(l);
}

static void caller(struct play *p, struct bytes *b)
{
    uint32_t gone;
    int run = 1 + bytes_one(b);
    struct relay_place at = {.port = bytes_one(b), .forward = bytes_below(b, 3), .scope = bytes_below(b, 2)};
    at.from.s6_addr[bytes_below(b, 16)] = bytes_one(b);
    if (bytes_below(b, 2))
        at.from.s6_addr[10] = at.from.s6_addr[11] = 0xff;
    for (int i = 0; i < run; i++, at.port++) { // from as many ports
        struct relay_peer *who = relay_peers_heard(&p->peers, &at, p->now_ms, &gone);
        assert(!gone || (who && !relay_peers_of(&p->peers, gone)));
        assert(!who || (who->id && relay_peers_of(&p->peers, who->id) == who && who->said_ms == p->now_ms));
    }
}

static void look(struct play *p)
{
    unsigned shares = 0;
    assert(p->peers.n <= RELAY_PEERS_MAX);
    for (size_t i = 0; i < RELAY_PEERS_SHARES; i++)
        shares += p->peers.share[i];
    assert(shares == p->peers.n);
    for (size_t i = 0; i < p->peers.n; i++)
        assert(relay_peers_of(&p->peers, p->peers.v[i].id) == &p->peers.v[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct play *p = mem_alloc(sizeof *p);
    struct bytes b = {data, n};
    bool lives = true;
    p->now_ms = 1000000;
    p->link.fd = -1;
    for (int i = 0; i < 200 && b.n && lives; i++) {
        size_t who;
        switch (bytes_below(&b, 6)) {
        case 0:
        case 1:
            lives = frame(p, &b);
            break;
        case 2:
            p->datagrams.away += bytes_number(&b, 2); // as if it had sent so much
            there_and_back(&b);
            break;
        case 3:
            caller(p, &b);
            break;
        case 4:
            who = bytes_one(&b);
            if (who < p->peers.n)
                p->peers.v[who].answered = true;
            break;
        default:
            p->now_ms += (int64_t)bytes_number(&b, 2) * bytes_below(&b, 8);
            while (relay_peers_idle(&p->peers, p->now_ms))
                continue;
        }
        look(p);
    }
    relay_datagrams_deinit(&p->datagrams);
    relay_link_deinit(&p->link);
    free(p);
    return 0;
}
