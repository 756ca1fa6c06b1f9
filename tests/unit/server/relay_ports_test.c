// SPDX-License-Identifier: Apache-2.0
// Which ports of the server lead into an instance whose carrier calls again. The range is one that was free a moment
// ago; when somebody else on this machine takes it meanwhile the case is tried again.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/relay_inside.h"

#define RANGE 4
#define TRIES 20

static int bound(uint16_t port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 1) == 0)
        return fd;
    close(fd);
    return -1;
}

// The first of a few ports that are free, below those that the kernel gives to anybody; 0: none found.
static uint16_t free_range(void)
{
    for (int i = 0; i < 200; i++) {
        uint16_t first = (uint16_t)(10240 + (getpid() * 31 + i * 97) % 20000);
        int n = 0;
        while (n < RANGE) {
            int fd = bound((uint16_t)(first + n));
            if (fd < 0)
                break;
            close(fd);
            n++;
        }
        if (n == RANGE)
            return first;
    }
    return 0;
}

struct place {
    struct runtime r;
    struct relay k;
    struct conn a, b;
};

static void carrier(struct place *p, struct conn *c, uint64_t lease)
{
    *c = (struct conn){.relay = &p->k, .who = {.lease = lease, .task = 1}};
    if (!net_rules_read("in:8080:;in:8081:", &c->rules))
        fail_msg("the rules are not read");
    forward_open(c);
}

static struct place *begin(uint16_t first)
{
    struct place *p = mem_alloc(sizeof *p);
    *p = (struct place){.r.cfg = {.forward_first = first, .forward_last = first + RANGE - 1}};
    p->k.r = &p->r;
    pthread_mutex_init(&p->k.lock, NULL);
    return p;
}

static void end(struct place *p)
{
    forward_shut(&p->a);
    forward_shut(&p->b);
    pthread_mutex_destroy(&p->k.lock);
    free(p->k.forward);
    free(p->k.kept);
    free(p);
}

// Of the lease the two ports, those of the other one in between; false: somebody else was there.
static bool once(uint16_t first)
{
    struct place *p = begin(first);
    carrier(p, &p->a, 7);
    bool ok = p->a.n_forwards == 2 && p->a.forward[0].port == first && p->a.forward[1].port == first + 1;
    forward_shut(&p->a); // its line was cut
    carrier(p, &p->b, 8);
    ok = ok && p->b.n_forwards == 2 && p->b.forward[0].port == first + 2 && p->b.forward[1].port == first + 3;
    carrier(p, &p->a, 7);
    ok = ok && p->a.n_forwards == 2 && p->a.forward[0].port == first && p->a.forward[1].port == first + 1;
    forward_shut(&p->a); // it is over: its ports are anybody's
    forward_forget(&p->k, 7);
    forward_shut(&p->b);
    forward_forget(&p->k, 8);
    carrier(p, &p->b, 9);
    ok = ok && p->b.n_forwards == 2 && p->b.forward[0].port == first && p->k.n_kept == 2;
    forward_shut(&p->b);
    end(p);
    return ok;
}

static void a_line_that_was_cut_keeps_its_ports(void **state)
{
    (void)state;
    uint16_t first = 0;
    for (int i = 0; i < TRIES; i++)
        if ((first = free_range()) && once(first))
            return;
    fail_msg("%d times other ports, last from %u on", TRIES, first);
}

static void one_that_is_taken_gives_way(void **state)
{
    (void)state;
    uint16_t first = free_range();
    if (!first)
        skip();
    struct place *p = begin(first);
    carrier(p, &p->a, 7);
    uint16_t had = p->a.n_forwards ? p->a.forward[0].port : 0;
    forward_shut(&p->a);
    int fd = bound(had);
    carrier(p, &p->a, 7);
    for (size_t i = 0; i < p->a.n_forwards; i++)
        assert_int_not_equal(p->a.forward[i].port, had);
    if (fd >= 0)
        close(fd);
    end(p);
}

// Ports of UDP are others than those of TCP with the same numbers, and are kept likewise.
static bool both_protocols(uint16_t first)
{
    struct place *p = begin(first);
    struct forward had[4];
    bool ok = true;
    for (int i = 0; i < 2; i++) {
        p->a = (struct conn){.relay = &p->k, .who = {.lease = 7, .task = 1}};
        assert_true(net_rules_read("in:53:;in-udp:53:;in-udp:54:", &p->a.rules));
        forward_open(&p->a);
        ok = ok && p->a.n_forwards == 3;
        for (size_t k = 0; ok && k < 3; k++)
            ok = i == 0 || p->a.forward[k].port == had[k].port;
        memcpy(had, p->a.forward, sizeof had);
        ok = ok && had[0].port == first && had[1].port == first && had[2].port == first + 1;
        forward_shut(&p->a);
    }
    assert_int_equal(p->k.n_kept, ok ? 3 : p->k.n_kept);
    for (int i = 0; i < 2; i++) { // and no two instances have the same
        struct conn *c = i ? &p->b : &p->a;
        p->k.n_kept = 0; // whatever is kept for whom
        *c = (struct conn){.relay = &p->k, .who = {.lease = (uint64_t)(20 + i), .task = 1}};
        assert_true(net_rules_read("in-udp:53:", &c->rules));
        forward_open(c);
    }
    assert_true(!p->a.n_forwards || !p->b.n_forwards || p->a.forward[0].port != p->b.forward[0].port);
    end(p);
    return ok;
}

static void udp_and_tcp_have_ports_of_their_own(void **state)
{
    (void)state;
    uint16_t first = 0;
    for (int i = 0; i < TRIES; i++)
        if ((first = free_range()) && both_protocols(first))
            return;
    fail_msg("%d times other ports, last from %u on", TRIES, first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_that_was_cut_keeps_its_ports),
        cmocka_unit_test(one_that_is_taken_gives_way),
        cmocka_unit_test(udp_and_tcp_have_ports_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
