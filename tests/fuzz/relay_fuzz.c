// SPDX-License-Identifier: Apache-2.0
//
// The relay's streams against somebody who holds the key and nothing sacred: the input plays him, the
// programs behind the sockets and the passing of time. Whatever comes, each stream keeps to its window, what
// goes back is made of whole frames and never more than was credited, and no socket is left open.
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "bytes.h"
#include "net/relay_mux.h"

#define PEERS 8 // streams are numbered 0 to PEERS - 1, so that they meet

struct play {
    struct relay_link link; // never up: what is sent stays where it can be looked at
    struct relay_mux mux;
    int peer[PEERS];         // the program's end of a stream's socket; -1: none
    int64_t may_send[PEERS]; // bytes that our side has credit for
    unsigned char in[RELAY_HEAD + RELAY_FRAME_MAX];
    size_t in_n;
    int64_t now_ms;
};

static void forget(struct play *p, uint32_t id)
{
    if (p->peer[id] >= 0)
        close(p->peer[id]);
    p->peer[id] = -1;
}

static void open_stream(struct play *p, uint32_t id, bool connecting)
{
    int fd[2];
    if (relay_mux_has(&p->mux, id) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd) < 0)
        return;
    forget(p, id);
    p->peer[id] = fd[1];
    p->may_send[id] = RELAY_WINDOW;
    bool room = p->mux.n < RELAY_STREAMS_MAX;
    assert(relay_mux_add(&p->mux, id, fd[0], connecting) == room);
}

// What was sent, judged and thrown away, as if it had gone.
static void take_out(struct play *p)
{
    struct relay_frame f;
    int n;
    while (relay_link_backlog(&p->link) > 0) {
        n = relay_frame_read(p->link.out + p->link.out_at, relay_link_backlog(&p->link), &f);
        assert(n > 0 && f.stream < PEERS);
        p->link.out_at += (size_t)n;
        if (f.kind == RELAY_DATA)
            p->may_send[f.stream] -= (int64_t)f.n;
        else if (f.kind == RELAY_CREDIT)
            assert(f.n == 4);
        else
            assert((f.kind == RELAY_END || f.kind == RELAY_RESET) && f.n == 0);
        assert(p->may_send[f.stream] >= 0);
    }
}

static void look(struct play *p)
{
    assert(p->mux.n <= RELAY_STREAMS_MAX);
    for (size_t i = 0; i < p->mux.n; i++) {
        const struct relay_stream *s = p->mux.v[i];
        assert(s->credit <= RELAY_WINDOW && s->out_at <= s->out_n && s->out_n <= RELAY_WINDOW);
        assert(s->over || !(s->ended && s->heard_end && s->out_at == s->out_n));
        assert(!s->broken || (!s->over && !s->ended && s->out_n == 0));
    }
    take_out(p);
}

// False: the rules were broken, and the link would be dead.
static bool frames(struct play *p)
{
    struct relay_frame f;
    size_t at = 0;
    int n = 0;
    bool good = true;
    while (good && (n = relay_frame_read(p->in + at, p->in_n - at, &f)) > 0) {
        assert((size_t)n <= p->in_n - at && f.n <= RELAY_FRAME_MAX);
        if (f.kind == RELAY_CREDIT && f.n == 4 && relay_mux_has(&p->mux, f.stream))
            p->may_send[f.stream % PEERS] +=
                (int64_t)f.data[0] << 24 | (int64_t)f.data[1] << 16 | (int64_t)f.data[2] << 8 | f.data[3];
        if (f.kind != RELAY_PACKET && f.kind != RELAY_OPEN)
            good = relay_mux_frame(&p->mux, &f);
        at += (size_t)n;
    }
    memmove(p->in, p->in + at, p->in_n - at);
    p->in_n -= at;
    return good && n >= 0;
}

static bool put(struct play *p, const void *data, size_t n)
{
    if (n > sizeof p->in - p->in_n)
        n = sizeof p->in - p->in_n;
    if (n)
        memcpy(p->in + p->in_n, data, n);
    p->in_n += n;
    return frames(p);
}

static bool frame(struct play *p, struct bytes *b)
{
    static const unsigned char zeros[RELAY_FRAME_MAX];
    unsigned char head[RELAY_HEAD] = {(unsigned char)(RELAY_DATA + bytes_below(b, 4))};
    uint32_t id = bytes_below(b, PEERS);
    size_t n = head[0] == RELAY_CREDIT ? 4 : bytes_number(b, 2) % (RELAY_FRAME_MAX + 1), there;
    head[2] = (unsigned char)(n >> 8);
    head[3] = (unsigned char)n;
    head[7] = (unsigned char)id;
    const uint8_t *body = head[0] == RELAY_CREDIT ? bytes_run(b, 4, &there) : (there = 0, zeros);
    return put(p, head, sizeof head) && put(p, body, there) && put(p, zeros, n - there);
}

static void program(struct play *p, struct bytes *b)
{
    static char part[1 << 16];
    uint32_t id = bytes_below(b, PEERS), what = bytes_below(b, 5);
    size_t n = (size_t)bytes_number(b, 2);
    ssize_t done = 0;
    if (p->peer[id] < 0)
        return;
    if (what == 0)
        done = send(p->peer[id], part, n, MSG_NOSIGNAL | MSG_DONTWAIT);
    else if (what == 1)
        done = recv(p->peer[id], part, n, MSG_DONTWAIT);
    else if (what < 4)
        done = shutdown(p->peer[id], what == 2 ? SHUT_WR : SHUT_RD);
    else
        forget(p, id);
    (void)done;
}

static void turn(struct play *p)
{
    struct pollfd polled[RELAY_STREAMS_MAX];
    size_t n = relay_mux_polls(&p->mux, polled);
    poll(polled, (nfds_t)n, 0);
    relay_mux_run(&p->mux, polled, n, p->now_ms);
}

static void names(const uint8_t *data, size_t n)
{
    unsigned char key[RELAY_KEY_BYTES];
    char *text = mem_strndup((const char *)data, n);
    if (relay_key_read(text, key))
        assert(strlen(text) == 2 * sizeof key);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct play *p = mem_alloc(sizeof *p);
    struct bytes b = {data, n};
    bool lives = true;
    p->link.fd = -1;
    p->mux.link = &p->link;
    memset(p->peer, -1, sizeof p->peer);
    names(data, n);
    for (int i = 0; i < 200 && b.n && lives; i++) {
        size_t run;
        uint32_t id;
        const uint8_t *raw;
        switch (bytes_below(&b, 7)) {
        case 0:
            id = bytes_below(&b, PEERS);
            open_stream(p, id, bytes_below(&b, 2));
            break;
        case 1:
            raw = bytes_run(&b, bytes_one(&b), &run);
            lives = put(p, raw, run);
            break;
        case 2:
        case 3:
            lives = frame(p, &b);
            break;
        case 4:
            program(p, &b);
            break;
        case 5:
            relay_mux_leave(&p->mux);
            break;
        default:
            p->now_ms += bytes_one(&b) * 1000;
            turn(p);
        }
        look(p);
    }
    relay_mux_deinit(&p->mux);
    for (uint32_t i = 0; i < PEERS; i++)
        forget(p, i);
    relay_link_deinit(&p->link);
    free(p);
    return 0;
}
