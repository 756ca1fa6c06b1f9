// SPDX-License-Identifier: Apache-2.0
// Who is known to have sent datagrams: never more than there are places, whoever sends from wherever, and nobody at the
// cost of those who have fewer.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/relay_peers.h"

#define LATER_MS (1000 * RELAY_PEERS_MAX / RELAY_PEERS_NEW_PER_S) // as many may be new again

static struct relay_place at(uint32_t address, uint16_t port)
{
    struct relay_place p = {.from.s6_addr = {[10] = 0xff, [11] = 0xff}, .port = htons(port)};
    address = htonl(address);
    memcpy(p.from.s6_addr + 12, &address, 4);
    return p;
}

// The peer's number, 0: he was one too many.
static uint32_t says(struct relay_peers *p, uint32_t address, uint16_t port, int64_t now_ms, uint32_t *gone)
{
    struct relay_place place = at(address, port);
    const struct relay_peer *who = relay_peers_heard(p, &place, now_ms, gone);
    return who ? who->id : 0;
}

static void one_is_known_by_all_that_makes_his_way(void **state)
{
    (void)state;
    struct relay_peers *p = mem_alloc(sizeof *p);
    struct relay_place a = at(0xcb007107, 5000), b = a;
    uint32_t gone, first = relay_peers_heard(p, &a, 9000, &gone)->id;
    assert_int_equal(relay_peers_heard(p, &a, 9001, &gone)->id, first);
    b.forward = 1;
    assert_int_not_equal(relay_peers_heard(p, &b, 9000, &gone)->id, first);
    b = a;
    b.local.s6_addr[15] = 1;
    assert_int_not_equal(relay_peers_heard(p, &b, 9000, &gone)->id, first);
    b = a;
    b.scope = 2;
    assert_int_not_equal(relay_peers_heard(p, &b, 9000, &gone)->id, first);
    assert_int_not_equal(says(p, 0xcb007107, 5001, 9000, &gone), first);
    assert_int_not_equal(says(p, 0xcb007108, 5000, 9000, &gone), first);
    assert_int_equal(p->n, 6);
    assert_int_equal(relay_peers_of(p, first)->place.port, htons(5000));
    assert_null(relay_peers_of(p, 99));
    p->last_id = UINT32_MAX - 1; // numbers that begin again pass over those that are taken, and 0
    assert_int_equal(says(p, 1, 1, 9000, &gone), UINT32_MAX);
    assert_int_equal(says(p, 1, 2, 9000, &gone), 7);
    free(p);
}

static void who_is_silent_is_forgotten(void **state)
{
    (void)state;
    struct relay_peers *p = mem_alloc(sizeof *p);
    uint32_t gone, a = says(p, 1, 1, 5000, &gone), b = says(p, 2, 1, 5000, &gone);
    assert_int_equal(relay_peers_idle(p, 5000 + RELAY_PEER_IDLE_MS - 1), 0);
    assert_int_equal(says(p, 2, 1, 9000, &gone), b);
    relay_peers_of(p, a)->answered = true; // that does not count
    assert_int_equal(relay_peers_idle(p, 5000 + RELAY_PEER_IDLE_MS), a);
    assert_int_equal(relay_peers_idle(p, 5000 + RELAY_PEER_IDLE_MS), 0);
    assert_null(relay_peers_of(p, a));
    assert_int_equal(relay_peers_idle(p, 9000 + RELAY_PEER_IDLE_MS), b);
    assert_int_equal(p->n, 0);
    free(p);
}

static void so_many_are_new_and_no_more(void **state)
{
    (void)state;
    struct relay_peers *p = mem_alloc(sizeof *p);
    uint32_t gone, in = 0;
    for (uint16_t port = 1; port <= 1000; port++)
        in += says(p, 1, port, 5000, &gone) != 0;
    assert_int_equal(in, RELAY_PEERS_MAX);
    for (uint16_t port = 1; port <= 1000; port++) // a second, evenly
        in += says(p, 1, (uint16_t)(2000 + port), 5000 + port, &gone) != 0;
    assert_int_equal(in, RELAY_PEERS_MAX + RELAY_PEERS_NEW_PER_S);
    assert_int_equal(p->n, RELAY_PEERS_MAX);
    assert_int_not_equal(says(p, 1, 2998, 5999, &gone), 0); // who is known is not new
    free(p);
}

static void who_has_most_makes_room(void **state)
{
    (void)state;
    struct relay_peers *p = mem_alloc(sizeof *p);
    uint32_t gone, quiet = says(p, 7, 1, 900, &gone), first = 0;
    for (uint16_t i = 0; i < RELAY_PEERS_MAX - 1; i++) {
        uint32_t id = says(p, 9, (uint16_t)(100 + i), 1000 + i, &gone);
        first = first ? first : id;
    }
    assert_int_equal(p->n, RELAY_PEERS_MAX);
    int64_t now = 2000 + LATER_MS;
    relay_peers_of(p, first)->answered = true;
    uint32_t id =
        says(p, 8, 1, now, &gone); // somebody new, at the cost of the flood, of one that was not answered
    assert_int_not_equal(id, 0);
    assert_int_equal(gone, first + 1);
    for (uint16_t i = 0; i < 2 * RELAY_PEERS_MAX; i++) { // the flood goes on, at its own cost
        now += 1000 / RELAY_PEERS_NEW_PER_S;
        assert_int_not_equal(says(p, 9, (uint16_t)(5000 + i), now, &gone), 0);
        assert_int_not_equal(gone, 0);
        assert_null(relay_peers_of(p, gone));
    }
    assert_non_null(relay_peers_of(p, quiet));
    assert_non_null(relay_peers_of(p, id));
    assert_int_equal(p->n, RELAY_PEERS_MAX);
    free(p);
}

// Under borrowed addresses: those who were answered stay before those who were not.
static void who_was_answered_stays(void **state)
{
    (void)state;
    struct relay_peers *p = mem_alloc(sizeof *p);
    uint32_t gone, known = says(p, 1, 1, 900, &gone);
    int64_t now = 5000;
    relay_peers_of(p, known)->answered = true;
    struct relay_place six = {.from.s6_addr = {0x20, 1, 0xd, 0xb8}, .port = 1};
    for (uint16_t i = 0; i < 3 * RELAY_PEERS_MAX; i++, now += 1000 / RELAY_PEERS_NEW_PER_S) {
        six.from.s6_addr[7] = (uint8_t)i;
        six.from.s6_addr[15] = (uint8_t)(i >> 8); // below 64 bits it is the same house
        relay_peers_heard(p, &six, now, &gone);
        assert_int_not_equal(gone, known);
    }
    assert_int_equal(p->n, RELAY_PEERS_MAX);
    assert_non_null(relay_peers_of(p, known));
    unsigned sum = 0;
    for (size_t i = 0; i < RELAY_PEERS_SHARES; i++)
        sum += p->share[i];
    assert_int_equal(sum, RELAY_PEERS_MAX);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_known_by_all_that_makes_his_way),
        cmocka_unit_test(who_is_silent_is_forgotten),
        cmocka_unit_test(so_many_are_new_and_no_more),
        cmocka_unit_test(who_has_most_makes_room),
        cmocka_unit_test(who_was_answered_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
