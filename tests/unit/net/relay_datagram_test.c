// SPDX-License-Identifier: Apache-2.0
// Datagrams over a link: whole or not at all, in parts when they are large, and nothing else in between.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/relay_datagram.h"

// What was sent over a link that is never up, frame by frame; the last answer that was not 0.
static int taken(struct relay_link *l, struct relay_datagrams *p, struct relay_datagram *out, int *frames)
{
    struct relay_frame f;
    int n, r = 0;
    for (*frames = 0; r == 0 && (n = relay_frame_read(l->out + l->out_at, relay_link_backlog(l), &f)) > 0;
         ++*frames) {
        l->out_at += (size_t)n;
        r = relay_datagram_take(p, &f, out);
    }
    return r;
}

static void each_comes_as_it_went(void **state)
{
    (void)state;
    static const struct {
        size_t n;
        int frames;
    } row[] = {{0, 1}, {1, 1}, {16376, 1}, {16377, 2}, {60000, 4}, {65507, 5}};
    unsigned char *bytes = mem_alloc(RELAY_DATAGRAM_MAX);
    struct relay_link *l = mem_alloc(sizeof *l);
    struct relay_datagrams p = {.data = NULL};
    for (size_t i = 0; i < RELAY_DATAGRAM_MAX; i++)
        bytes[i] = (unsigned char)(i * 31 + i / 251);
    l->fd = -1;
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct relay_datagram in = {.peer = 0x01020304,
                                    .port = 0xabcd,
                                    .from = 0xcb007107,
                                    .data = bytes,
                                    .n = row[i].n},
                              out;
        int frames;
        relay_datagram_send(&p, l, &in);
        assert_int_equal(taken(l, &p, &out, &frames), 1);
        assert_int_equal(frames, row[i].frames);
        assert_true(out.peer == in.peer && out.port == in.port && out.from == in.from && !out.gone &&
                    out.n == in.n);
        assert_memory_equal(out.data, bytes, out.n);
        assert_int_equal(relay_link_backlog(l), 0);
        relay_datagrams_deinit(&p);
    }
    struct relay_datagram gone = {.peer = 7, .gone = true}, out;
    int frames;
    relay_datagram_send(&p, l, &gone);
    assert_int_equal(taken(l, &p, &out, &frames), 1);
    assert_true(out.gone && out.peer == 7 && out.n == 0);
    relay_link_deinit(l);
    free(l);
    free(bytes);
}

// A frame of `kind` for peer 1 with the head "version, flags, port 9, no address" and n bytes behind it.
static int take(struct relay_datagrams *p, enum relay_kind kind, uint32_t peer, const unsigned char *body,
                size_t n)
{
    struct relay_datagram out;
    struct relay_frame f = {.kind = kind, .stream = peer, .data = body, .n = n};
    return relay_datagram_take(p, &f, &out);
}

static void what_breaks_the_rules_is_seen(void **state)
{
    (void)state;
    enum { HEAD = RELAY_DATAGRAM_HEAD, FULL = RELAY_FRAME_MAX };
    static unsigned char v0[FULL] = {0, 0, 0, 9}, v2[FULL] = {2, 0, 0, 9}, plain[FULL] = {1, 0, 0, 9},
                         more[FULL] = {1, 1, 0, 9}, other[FULL] = {1, 0, 0, 8}, strange[FULL] = {1, 8, 0, 9},
                         gone[FULL] = {1, 2, 0, 9};
    static const struct {
        const unsigned char *body;
        size_t n;
        int is;
    } first[] = {{v0, HEAD, -1},       {v2, HEAD, -1},   {plain, HEAD - 1, -1}, {strange, HEAD, -1},
                 {gone, HEAD + 1, -1}, {more, HEAD, -1}, {plain, HEAD, 1},      {gone, HEAD, 1},
                 {more, HEAD + 1, 0},  {plain, FULL, 1}};
    struct relay_datagrams p = {.data = NULL};
    for (size_t i = 0; i < ARRAY_LEN(first); i++) {
        assert_int_equal(take(&p, RELAY_DATAGRAM, 1, first[i].body, first[i].n), first[i].is);
        relay_datagrams_deinit(&p);
    }
    static const struct {
        enum relay_kind kind;
        uint32_t peer;
        const unsigned char *body;
        int is;
    } then[] = {{RELAY_DATA, 1, plain, -1},     {RELAY_PACKET, 0, plain, -1},  {RELAY_DATAGRAM, 2, plain, -1},
                {RELAY_DATAGRAM, 1, other, -1}, {RELAY_DATAGRAM, 1, gone, -1}, {RELAY_DATAGRAM, 1, plain, 1},
                {RELAY_DATAGRAM, 1, more, -1}}; // empty, and not the last
    for (size_t i = 0; i < ARRAY_LEN(then); i++) {
        assert_int_equal(take(&p, RELAY_DATAGRAM, 1, more, HEAD + 1), 0);
        assert_int_equal(take(&p, then[i].kind, then[i].peer, then[i].body, HEAD), then[i].is);
        relay_datagrams_deinit(&p);
    }
    for (int i = 0; i < 4; i++)
        assert_int_equal(take(&p, RELAY_DATAGRAM, 1, more, FULL), 0);
    assert_int_equal(take(&p, RELAY_DATAGRAM, 1, plain, FULL), -1); // more than UDP has
    relay_datagrams_deinit(&p);
    assert_int_equal(take(&p, RELAY_DATA, 1, plain, 3), 0); // none of ours, with none under way
}

// Two ends: what is under way is bounded, and every one of a size gets through in the end.
static void no_more_than_a_window_is_under_way(void **state)
{
    (void)state;
    static const size_t size[] = {0, 1, 1400, 65507};
    static unsigned char bytes[RELAY_DATAGRAM_MAX];
    struct relay_link *l = mem_alloc(2 * sizeof *l); // there, and back
    for (size_t i = 0; i < ARRAY_LEN(size); i++) {
        struct relay_datagrams a = {.data = NULL}, b = a;
        struct relay_datagram in = {.peer = 1, .data = bytes, .n = size[i]}, out;
        size_t went = 0, came = 0, most = 0;
        l[0] = l[1] = (struct relay_link){.fd = -1, .up = true};
        for (int turn = 0; turn < 50; turn++) {
            for (; relay_datagram_may(&a, &l[0]); went++)
                relay_datagram_send(&a, &l[0], &in);
            most = relay_link_backlog(&l[0]) > most ? relay_link_backlog(&l[0]) : most;
            int frames;
            while (taken(&l[0], &b, &out, &frames) == 1) {
                relay_datagram_done(&b, &l[1], &out);
                came++;
            }
            assert_int_equal(taken(&l[1], &a, &out, &frames), 0);
        }
        assert_int_equal(came, went);
        assert_true(went * (size[i] + RELAY_DATAGRAM_COST) > (size_t)40 * RELAY_DATAGRAM_WINDOW / 2);
        assert_in_range(most, 1000, RELAY_DATAGRAM_WINDOW + RELAY_DATAGRAM_MAX + 100);
        assert_false(a.away > RELAY_DATAGRAM_WINDOW / 4);
        relay_datagrams_deinit(&a);
        relay_datagrams_deinit(&b);
        relay_link_deinit(&l[0]);
        relay_link_deinit(&l[1]);
    }
    free(l);
    unsigned char lie[RELAY_DATAGRAM_HEAD] = {1, 4, 0, 0, 0, 0, 0, 1};
    struct relay_datagrams p = {.data = NULL};
    assert_int_equal(take(&p, RELAY_DATAGRAM, 0, lie, sizeof lie), -1); // more than is away
    p.away = 1;
    assert_int_equal(take(&p, RELAY_DATAGRAM, 0, lie, sizeof lie), 0);
    assert_int_equal(p.away, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_comes_as_it_went),
        cmocka_unit_test(what_breaks_the_rules_is_seen),
        cmocka_unit_test(no_more_than_a_window_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
