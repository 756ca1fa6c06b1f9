// SPDX-License-Identifier: Apache-2.0
// The link between an instance's machine and the relay: who gets in, and streams that neither lose a byte nor
// take more memory than they may.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/relay_mux.h"

#define TURNS 20000

static const unsigned char right[RELAY_KEY_BYTES] = "0123456789abcdef0123456789abcde";
static const unsigned char wrong[RELAY_KEY_BYTES] = "0123456789abcdef0123456789abcdX";

static bool key_of(void *ctx, const char *identity, unsigned char key[RELAY_KEY_BYTES])
{
    (void)ctx;
    memcpy(key, right, RELAY_KEY_BYTES);
    return strcmp(identity, "7.1.0.0.4") == 0;
}

struct side {
    struct relay_link link;
    struct relay_mux mux;
    uint32_t opened;
    size_t packets;
    int64_t now_ms;
};

static bool on_frame(void *ctx, const struct relay_frame *f)
{
    struct side *s = ctx;
    if (f->kind == RELAY_PACKET)
        s->packets++;
    else if (f->kind == RELAY_OPEN)
        s->opened = f->stream;
    else
        return relay_mux_frame(&s->mux, f);
    return true;
}

static void pair_up(struct side *a, struct side *b, const char *identity, const unsigned char *key)
{
    int fd[2];
    struct err e = ERR_NULL;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
    *a = *b = (struct side){0};
    assert_int_equal(relay_link_client(&a->link, fd[0], identity, key, &e), 0);
    assert_int_equal(relay_link_server(&b->link, fd[1], key_of, NULL, &e), 0);
    a->mux.link = &a->link;
    b->mux.link = &b->link;
}

static void turn(struct side *s)
{
    struct pollfd p[RELAY_STREAMS_MAX];
    size_t n = relay_mux_polls(&s->mux, p);
    poll(p, (nfds_t)n, 0);
    relay_mux_run(&s->mux, p, n, s->now_ms);
    if (relay_link_run(&s->link, on_frame, s) < 0)
        relay_mux_leave(&s->mux);
}

static void both_end(struct side *a, struct side *b)
{
    relay_mux_deinit(&a->mux);
    relay_mux_deinit(&b->mux);
    relay_link_deinit(&a->link);
    relay_link_deinit(&b->link);
}

static void only_the_right_key_of_a_known_name_gets_in(void **state)
{
    (void)state;
    static const struct {
        const char *identity;
        const unsigned char *key;
        bool in;
    } row[] = {{"7.1.0.0.4", right, true}, {"7.1.0.0.4", wrong, false}, {"8.1.0.0.4", right, false}};
    for (size_t i = 0; i < 3; i++) {
        struct side a, b;
        pair_up(&a, &b, row[i].identity, row[i].key);
        relay_link_send(&a.link, RELAY_PACKET, 0, "x", 1);
        for (int t = 0; t < TURNS && !(a.link.dead && b.link.dead) && !b.packets; t++) {
            turn(&a);
            turn(&b);
        }
        assert_int_equal(b.packets, row[i].in);
        assert_int_equal(b.link.up, row[i].in);
        if (row[i].in)
            assert_string_equal(relay_link_identity(&b.link), row[i].identity);
        both_end(&a, &b);
    }
}

// The reader stands still until the writer has been stopped by its credit; then all of it comes, and the end.
static void a_slow_reader_holds_its_stream_up_and_loses_nothing(void **state)
{
    (void)state;
    enum { ALL = 3000000 };
    struct side a, b;
    int client[2], server[2];
    unsigned char *sent = malloc(ALL), *got = malloc(ALL + 1);
    size_t in = 0, out = 0, stalled = 0;
    pair_up(&a, &b, "7.1.0.0.4", right);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, client), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, server), 0);
    for (size_t i = 0; i < ALL; i++)
        sent[i] = (unsigned char)(i * 31 + i / 251);
    assert_true(relay_mux_add(&a.mux, 1, client[1], false));
    assert_true(relay_mux_add(&b.mux, 1, server[1], false));
    for (int t = 0; t < TURNS && in <= ALL; t++) {
        ssize_t n = out < ALL ? write(client[0], sent + out, ALL - out) : 0;
        out += n > 0 ? (size_t)n : 0;
        if (out == ALL)
            shutdown(client[0], SHUT_WR);
        turn(&a);
        turn(&b);
        if (t < 2000) {
            stalled = b.mux.in;
            continue;
        }
        n = read(server[0], got + in, ALL + 1 - in);
        in += n > 0 ? (size_t)n : 0;
        if (n == 0)
            break;
    }
    assert_in_range(stalled, RELAY_WINDOW, ALL / 2); // what lay in sockets beside the window
    assert_int_equal(in, ALL);
    assert_memory_equal(sent, got, ALL);
    assert_int_equal(a.mux.n, 1); // the other direction is open still
    close(server[0]);
    for (int t = 0; t < 100; t++) {
        turn(&a);
        turn(&b);
    }
    assert_int_equal(a.mux.n + b.mux.n, 0);
    close(client[0]);
    free(sent);
    free(got);
    both_end(&a, &b);
}

static void who_sends_more_than_his_credit_is_cut_off(void **state)
{
    (void)state;
    struct side a, b;
    int server[2];
    static const unsigned char part[RELAY_FRAME_MAX];
    pair_up(&a, &b, "7.1.0.0.4", right);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, server), 0);
    assert_true(relay_mux_add(&b.mux, 1, server[1], true)); // connecting: nothing is written yet
    for (size_t n = 0; n <= RELAY_WINDOW; n += sizeof part)
        relay_link_send(&a.link, RELAY_DATA, 1, part, sizeof part);
    for (int t = 0; t < TURNS && !b.link.dead; t++) {
        relay_link_run(&a.link, on_frame, &a);
        relay_link_run(&b.link, on_frame, &b);
    }
    assert_true(b.link.dead);
    close(server[0]);
    both_end(&a, &b);
}

static void frames_are_read_strictly(void **state)
{
    (void)state;
    unsigned char f[RELAY_HEAD + 4] = {RELAY_DATA, 0, 0, 4, 0, 0, 1, 2, 'a', 'b', 'c', 'd'};
    struct relay_frame out;
    assert_int_equal(relay_frame_read(f, sizeof f, &out), sizeof f);
    assert_int_equal(out.stream, 258);
    assert_int_equal(out.n, 4);
    for (size_t n = 0; n < sizeof f; n++)
        assert_int_equal(relay_frame_read(f, n, &out), 0);
    f[0] = RELAY_KIND_N;
    assert_int_equal(relay_frame_read(f, sizeof f, &out), -1);
    f[0] = RELAY_DATA;
    f[2] = 0x41; // longer than any
    assert_int_equal(relay_frame_read(f, sizeof f, &out), -1);
}

// A connection: fd[0] a client's, with little room, fd[1] a stream's.
static void connection(int fd[2])
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM, 0), little = 4096;
    assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &n), 0);
    fd[0] = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd[0], SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    assert_int_equal(connect(fd[0], (struct sockaddr *)&a, sizeof a), 0);
    fd[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    assert_true(fd[1] >= 0);
    fcntl(fd[0], F_SETFL, O_NONBLOCK);
    close(listener);
}

enum { HALF = RELAY_WINDOW / 2 };

// What the client reads to the end, which is 0, or -errno; the sides have their turns meanwhile.
static int read_all(int client, struct side *a, struct side *b, size_t *got)
{
    static char part[HALF];
    for (*got = 0;;) {
        struct pollfd p = {.fd = client, .events = POLLIN};
        turn(a);
        turn(b);
        if (poll(&p, 1, 1) <= 0)
            continue;
        ssize_t n = recv(client, part, sizeof part, 0);
        if (n <= 0)
            return n == 0 ? 0 : -errno;
        *got += (size_t)n;
    }
}

// More than lies in sockets, before he reads.
static void say_much(int client, struct side *b)
{
    static const unsigned char zeros[HALF];
    size_t said = 0;
    for (int t = 0; t < TURNS && said < 100 * HALF; t++) {
        ssize_t n = send(client, zeros, sizeof zeros, MSG_NOSIGNAL);
        said += n > 0 ? (size_t)n : 0;
        turn(b);
    }
    assert_in_range(said, 100 * HALF, 101 * HALF);
}

// The client says something meanwhile: at a socket that is closed that would take all back.
static void what_came_before_the_link_broke_is_delivered(void **state)
{
    (void)state;
    static const unsigned char zeros[HALF];
    for (int whole = 0; whole < 2; whole++) {
        struct side a, b;
        int fd[2];
        size_t got;
        pair_up(&a, &b, "7.1.0.0.4", right);
        connection(fd);
        assert_true(relay_mux_add(&b.mux, 1, fd[1], false));
        for (size_t n = 0; n < HALF; n += RELAY_FRAME_MAX)
            relay_link_send(&a.link, RELAY_DATA, 1, zeros, RELAY_FRAME_MAX);
        if (whole)
            relay_link_send(&a.link, RELAY_END, 1, NULL, 0);
        while (b.mux.in < HALF || (whole && !b.mux.v[0]->heard_end)) {
            turn(&a);
            turn(&b);
        }
        relay_link_deinit(&a.link);
        while (!b.link.dead)
            turn(&b);
        assert_int_equal(b.mux.n, 1);
        assert_false(relay_mux_has(&b.mux, 1)); // its number may come again
        say_much(fd[0], &b);
        assert_int_equal(read_all(fd[0], &a, &b, &got), whole ? 0 : -ECONNRESET);
        assert_int_equal(got, HALF);
        close(fd[0]);
        for (int t = 0; t < TURNS && b.mux.n; t++)
            turn(&b);
        assert_int_equal(b.mux.n, 0);
        both_end(&a, &b);
    }
}

static void who_takes_nothing_of_what_is_left_is_given_up(void **state)
{
    (void)state;
    static const unsigned char zeros[RELAY_FRAME_MAX];
    struct side a, b;
    int fd[2];
    pair_up(&a, &b, "7.1.0.0.4", right);
    connection(fd);
    assert_true(relay_mux_add(&b.mux, 1, fd[1], false));
    for (size_t n = 0; n < HALF; n += RELAY_FRAME_MAX)
        relay_link_send(&a.link, RELAY_DATA, 1, zeros, RELAY_FRAME_MAX);
    while (b.mux.in < HALF) {
        turn(&a);
        turn(&b);
    }
    relay_mux_leave(&b.mux);
    for (b.now_ms = 1000; b.mux.n && b.now_ms < 4 * RELAY_IDLE_MS; b.now_ms += 1000)
        turn(&b);
    assert_in_range(b.now_ms, RELAY_IDLE_MS, 2 * RELAY_IDLE_MS);
    close(fd[0]);
    both_end(&a, &b);
}

// Its program closed it with something unread, which is a reset; what it had written before is the client's.
static void what_a_socket_got_before_it_broke_is_sent(void **state)
{
    (void)state;
    enum { SOME = 2 * RELAY_FRAME_MAX };
    static const unsigned char zeros[SOME];
    struct side a, b;
    int program[2], client[2];
    size_t got;
    pair_up(&a, &b, "7.1.0.0.4", right);
    connection(program);
    connection(client);
    assert_int_equal(send(program[1], "unread", 6, 0), 6);
    assert_int_equal(send(program[0], zeros, SOME, 0), SOME);
    close(program[0]);
    assert_true(relay_mux_add(&a.mux, 1, program[1], false));
    assert_true(relay_mux_add(&b.mux, 1, client[1], false));
    relay_link_send(&b.link, RELAY_DATA, 1, "late", 4);
    assert_int_equal(read_all(client[0], &a, &b, &got), -ECONNRESET);
    assert_int_equal(got, SOME);
    assert_int_equal(a.mux.n + b.mux.n, 0);
    close(client[0]);
    both_end(&a, &b);
}

// A window that was credited all at once, and bytes that nobody had read yet, once looked like the end.
static void nothing_is_taken_before_the_end_was_read(void **state)
{
    (void)state;
    struct side a, b;
    int program[2], client[2];
    char part[8];
    pair_up(&a, &b, "7.1.0.0.4", right);
    connection(program);
    connection(client);
    assert_true(relay_mux_add(&a.mux, 1, program[1], false));
    assert_true(relay_mux_add(&b.mux, 1, client[1], false));
    assert_int_equal(send(program[0], "unread", 6, 0), 6);
    assert_false(relay_mux_taken(&a.mux));
    while (recv(client[0], part, sizeof part, 0) != 6) {
        assert_false(relay_mux_taken(&a.mux));
        turn(&a);
        turn(&b);
    }
    assert_false(relay_mux_taken(&a.mux));
    close(program[0]);
    while (!relay_mux_taken(&a.mux)) {
        turn(&a);
        turn(&b);
    }
    assert_int_equal(a.mux.n, 1); // the client may go on to speak
    assert_true(a.mux.v[0]->ended);
    close(client[0]);
    both_end(&a, &b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_right_key_of_a_known_name_gets_in),
        cmocka_unit_test(a_slow_reader_holds_its_stream_up_and_loses_nothing),
        cmocka_unit_test(who_sends_more_than_his_credit_is_cut_off),
        cmocka_unit_test(frames_are_read_strictly),
        cmocka_unit_test(what_came_before_the_link_broke_is_delivered),
        cmocka_unit_test(who_takes_nothing_of_what_is_left_is_given_up),
        cmocka_unit_test(what_a_socket_got_before_it_broke_is_sent),
        cmocka_unit_test(nothing_is_taken_before_the_end_was_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
