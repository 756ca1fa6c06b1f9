// SPDX-License-Identifier: Apache-2.0
// A port of UDP of the server: who gets through it to the carrier, and how answers find back. Real sockets on one side,
// on the other a link on which everything stays where it can be read.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/relay_inside.h"

#define WAIT_MS 20000
#define NOW     9000

struct place {
    struct runtime r;
    struct relay k;
    struct conn c;
};

static struct place *begin(const char *rules, const char *on)
{
    struct place *p = mem_alloc(sizeof *p);
    p->r.cfg = (struct runtime_config){.forward_last = 8, .forward_address = on};
    p->k = (struct relay){.r = &p->r, .everybody = true};
    pthread_mutex_init(&p->k.lock, NULL);
    p->c = (struct conn){.relay = &p->k, .who = {.lease = 7, .task = 1}, .link = {.fd = -1, .up = true}};
    assert_true(net_rules_read(rules, &p->c.rules));
    forward_open(&p->c);
    return p;
}

static void end(struct place *p)
{
    forward_shut(&p->c);
    relay_link_deinit(&p->c.link);
    pthread_mutex_destroy(&p->k.lock);
    free(p->k.forward);
    free(p->k.kept);
    free(p);
}

// Somebody at 127.0.0.X who calls the port, by IPv4; at one of our addresses among many, where there are, from which
// alone he takes answers.
static int caller(const struct place *p, size_t forward, int x)
{
    bool many = strcmp(p->r.cfg.forward_address, "127.0.0.1") != 0;
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000000 + (uint32_t)x)};
    struct sockaddr_in there = {.sin_family = AF_INET,
                                .sin_port = htons(p->c.forward[forward].port),
                                .sin_addr.s_addr = htonl(many ? 0x7f00004d : INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&me, sizeof me), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof there), 0);
    return fd;
}

static void come(struct place *p, size_t forward, int64_t now)
{
    struct pollfd f = {.fd = p->c.forward[forward].fd, .events = POLLIN};
    assert_int_equal(poll(&f, 1, WAIT_MS), 1);
    datagrams_accept(&p->c, &p->c.forward[forward], now);
}

// The next that went to the carrier; false: there is none.
static bool went(struct place *p, struct relay_datagram *d)
{
    struct relay_link *l = &p->c.link;
    struct relay_frame f;
    struct relay_datagrams none = {.data = NULL};
    int n = relay_frame_read(l->out + l->out_at, relay_link_backlog(l), &f);
    if (n <= 0)
        return false;
    l->out_at += (size_t)n;
    assert_int_equal(relay_datagram_take(&none, &f, d), 1);
    return true;
}

static bool answers(struct place *p, uint32_t peer, const char *word)
{
    unsigned char body[64] = {RELAY_DATAGRAM_VERSION};
    size_t n = strlen(word);
    memcpy(body + RELAY_DATAGRAM_HEAD, word, n);
    return datagrams_frame(
        &p->c, &(struct relay_frame){
                   .kind = RELAY_DATAGRAM, .stream = peer, .data = body, .n = RELAY_DATAGRAM_HEAD + n});
}

static void hears(int fd, const char *word)
{
    char got[64] = "";
    struct pollfd f = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&f, 1, WAIT_MS), 1);
    assert_int_equal(recv(fd, got, sizeof got - 1, 0), strlen(word));
    assert_string_equal(got, word);
}

static void answers_find_back(void **state)
{
    (void)state;
    static const char *const on[] = {"127.0.0.1", "0.0.0.0", "[::]"}; // wherever he was spoken to, from there
    for (size_t i = 0; i < ARRAY_LEN(on); i++) {
        struct place *p = begin("in-udp:5353:;in-udp:5354:", on[i]);
        struct relay_datagram d;
        if (p->c.n_forwards != 2) { // no IPv6 here
            end(p);
            continue;
        }
        int a = caller(p, 0, 1), b = caller(p, 0, 2), c = caller(p, 1, 2);
        uint32_t id[3];
        static const char *const word[] = {"one", "", "three"};
        const int fd[] = {a, b, c};
        for (int k = 0; k < 3; k++) {
            assert_int_equal(send(fd[k], word[k], strlen(word[k]), 0), strlen(word[k]));
            come(p, k == 2, 1000);
            assert_true(went(p, &d));
            assert_int_equal(d.port, k == 2 ? 5354 : 5353);
            assert_true(d.n == strlen(word[k]) && memcmp(d.data, word[k], d.n) == 0 && d.from == 0);
            id[k] = d.peer;
        }
        assert_true(id[0] != id[1] && id[1] != id[2]);
        assert_true(answers(p, id[2], "to c") && answers(p, id[1], "to b") && answers(p, id[0], "to a"));
        hears(a, "to a");
        hears(b, "to b");
        hears(c, "to c");
        assert_true(answers(p, 99, "to nobody"));
        assert_int_equal(p->c.forward[0].count.in, 2);
        assert_int_equal(p->c.forward[0].count.out, 2);
        close(a);
        close(b);
        close(c);
        end(p);
    }
}

static void only_whom_the_rule_lets_and_by_name_the_carrier_judges(void **state)
{
    (void)state;
    struct place *p = begin("in-udp:53:127.0.0.3/32;in-udp:54:a.example.org", "127.0.0.1");
    struct relay_datagram d;
    int bad = caller(p, 0, 2), good = caller(p, 0, 3), named = caller(p, 1, 4);
    assert_int_equal(send(bad, "x", 1, 0), 1);
    come(p, 0, NOW);
    assert_false(went(p, &d));
    assert_int_equal(send(good, "y", 1, 0), 1);
    come(p, 0, NOW);
    assert_true(went(p, &d) && d.data[0] == 'y' && d.from == 0);
    assert_int_equal(send(named, "z", 1, 0), 1);
    come(p, 1, NOW);
    assert_true(went(p, &d) && d.from == 0x7f000004);
    close(bad);
    close(good);
    close(named);
    end(p);
}

static void who_is_silent_is_forgotten_and_the_carrier_told(void **state)
{
    (void)state;
    struct place *p = begin("in-udp:53:", "127.0.0.1");
    struct relay_datagram d;
    int a = caller(p, 0, 1);
    char none;
    assert_int_equal(send(a, "x", 1, 0), 1);
    come(p, 0, 1000);
    assert_true(went(p, &d));
    uint32_t id = d.peer;
    datagrams_turn(&p->c, 999 + RELAY_PEER_IDLE_MS);
    assert_false(went(p, &d));
    datagrams_turn(&p->c, 2000 + RELAY_PEER_IDLE_MS);
    assert_true(went(p, &d) && d.gone && d.peer == id);
    assert_true(answers(p, id, "late"));
    assert_int_equal(recv(a, &none, 1, MSG_DONTWAIT), -1);
    assert_int_equal(p->k.forward[0].count.in, 1); // as who asks is told
    close(a);
    end(p);
}

// A link on which too much waits: nothing is read, so the kernel drops, and says how many; and no stream waits for it.
static void what_has_no_room_is_lost_and_counted(void **state)
{
    (void)state;
    enum { MANY = 40 };
    static unsigned char much[60000];
    struct place *p = begin("in-udp:53:", "127.0.0.1");
    int a = caller(p, 0, 1);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(send(a, much, sizeof much, 0), sizeof much);
    come(p, 0, NOW);
    size_t held = relay_link_backlog(&p->c.link);
    assert_in_range(held, sizeof much, RELAY_DATAGRAM_WINDOW + RELAY_DATAGRAM_MAX + 100);
    p->c.link.out_at = p->c.link.out_n = 0; // it went
    datagrams_accept(&p->c, &p->c.forward[0], NOW);
    assert_int_equal(relay_link_backlog(&p->c.link), 0); // but was not taken
    p->c.datagrams.away = 0;
    datagrams_accept(&p->c, &p->c.forward[0], NOW);
    assert_int_equal(send(a, "x", 1, 0), 1);
    come(p, 0, NOW);
    const struct forward_count *n = &p->c.forward[0].count;
    assert_int_equal(n->in + n->lost, MANY + 1);
    assert_true(n->lost > 0);
    for (size_t i = 0; i < 2 * RELAY_PEERS_MAX; i++) // of one moment, from as many ports
    {
        int fd = caller(p, 0, 5);
        assert_int_equal(send(fd, "y", 1, 0), 1);
        come(p, 0, NOW);
        close(fd);
        p->c.link.out_at = p->c.link.out_n = 0;
        p->c.datagrams.away = 0;
    }
    assert_int_equal(p->c.peers->n, RELAY_PEERS_MAX);
    assert_int_equal(n->in + n->lost, MANY + 1 + 2 * RELAY_PEERS_MAX);
    close(a);
    end(p);
}

static void a_carrier_that_breaks_the_rules_is_seen(void **state)
{
    (void)state;
    struct place *p = begin("in-udp:53:", "127.0.0.1");
    static const unsigned char gone[RELAY_DATAGRAM_HEAD] = {RELAY_DATAGRAM_VERSION, 2};
    assert_false(datagrams_frame(
        &p->c, &(struct relay_frame){.kind = RELAY_DATAGRAM, .stream = 1, .data = gone, .n = sizeof gone}));
    assert_false(datagrams_frame(
        &p->c, &(struct relay_frame){.kind = RELAY_DATAGRAM, .stream = 1, .data = gone, .n = 3}));
    assert_true(
        datagrams_frame(&p->c, &(struct relay_frame){.kind = RELAY_DATA, .stream = 1, .data = gone, .n = 3}));
    end(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_find_back),
        cmocka_unit_test(only_whom_the_rule_lets_and_by_name_the_carrier_judges),
        cmocka_unit_test(who_is_silent_is_forgotten_and_the_carrier_told),
        cmocka_unit_test(what_has_no_room_is_lost_and_counted),
        cmocka_unit_test(a_carrier_that_breaks_the_rules_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
