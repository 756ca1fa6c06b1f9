// SPDX-License-Identifier: Apache-2.0
// Where packets of an instance may go.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "core/work/egress.h"

static uint32_t at(const char *text)
{
    struct cidr_list l = {0};
    struct err e = ERR_NULL;
    assert_int_equal(cidr_read(&l, text, &e), 0);
    assert_int_equal(l.n, 1);
    return l.v[0].net;
}

static void private_networks_and_the_machine_are_closed(void **state)
{
    (void)state;
    static const struct {
        const char *to;
        bool plain, opened, closed;
    } row[] = {
        {"203.0.113.9", true, true, true},    {"8.8.8.8", true, true, false},
        {"10.1.2.3", false, true, false},     {"10.9.2.3", false, false, false},
        {"192.168.1.1", false, false, false}, {"172.31.255.1", false, false, false},
        {"172.32.0.1", true, true, true},     {"100.64.0.1", false, false, false},
        {"127.0.0.1", false, false, false},   {"169.254.169.254", false, false, false},
        {"0.0.0.0", false, false, false},     {"255.255.255.255", false, false, false},
        {"224.0.0.1", false, false, false},   {"203.0.113.5", false, false, false}, // the machine's own
        {"10.1.0.1", false, false, false}, // likewise, in an open range
    };
    struct egress plain = {.own = {at("203.0.113.5"), at("10.1.0.1")}, .n_own = 2}, opened = plain,
                  closed = plain;
    struct err e = ERR_NULL;
    assert_int_equal(cidr_read(&opened.allow, "10.1.0.0/16, 169.254.0.0/16,127.0.0.1", &e), 0);
    assert_int_equal(cidr_read(&closed.deny, "8.0.0.0/7", &e), 0);
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        if (egress_allowed(&plain, at(row[i].to)) != row[i].plain ||
            egress_allowed(&opened, at(row[i].to)) != row[i].opened ||
            egress_allowed(&closed, at(row[i].to)) != row[i].closed)
            fail_msg("%s is judged wrongly", row[i].to);
    }
    assert_int_equal(cidr_read(&closed.deny, "0.0.0.0/0", &e), 0);
    assert_false(egress_allowed(&closed, at("203.0.113.9"))); // all of it
}

static void the_box_is_the_operators_and_never_the_machine_itself(void **state)
{
    (void)state;
    struct egress g = {.own = {at("192.168.7.1")}, .n_own = 1};
    struct err e = ERR_NULL;
    assert_int_equal(cidr_read(&g.box, "192.168.7.0/30, 127.0.0.1", &e), 0);
    assert_true(egress_box(&g, at("192.168.7.2")));
    assert_false(egress_allowed(&g, at("192.168.7.2"))); // to nobody else
    assert_false(egress_box(&g, at("192.168.7.1")));
    assert_false(egress_box(&g, at("192.168.7.9")));
    assert_false(egress_box(&g, at("203.0.113.9")));
    assert_false(egress_box(&g, at("127.0.0.1")));
    assert_int_equal(cidr_read(&g.deny, "192.168.0.0/16", &e), 0);
    assert_false(egress_box(&g, at("192.168.7.2")));
}

static void ranges_are_read_strictly(void **state)
{
    (void)state;
    static const char *const bad[] = {"10.0.0/8",     "10.0.0.0/33", "10.0.0.0/", "256.0.0.1", "1.2.3.4.5",
                                      "10.0.0.0/8;x", "::1",         "01.2.3.4",  "1..2.3"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct cidr_list l = {0};
        struct err e = ERR_NULL;
        assert_int_equal(cidr_read(&l, bad[i], &e), -EINVAL);
        assert_non_null(strstr(e.text, "is not ADDRESS or ADDRESS/BITS"));
    }
}

static void only_whole_packets_are_read(void **state)
{
    (void)state;
    unsigned char p[28] = {0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 2, 100, 8, 8, 4, 4, 0, 9, 0, 53};
    struct ip4 h;
    assert_true(ip4_read(p, 28, &h));
    assert_int_equal(h.from, at("10.0.2.100"));
    assert_int_equal(h.to, at("8.8.4.4"));
    assert_int_equal(h.to_port, 53);
    for (size_t n = 0; n < 28; n++)
        assert_false(ip4_read(p, n, &h));
    unsigned char no[IP4_REFUSAL_BYTES];
    uint32_t sum = 0;
    assert_int_equal(ip4_refusal(p, 28, no), 56);
    assert_true(ip4_read(no, 56, &h));
    assert_int_equal(h.from, at("8.8.4.4"));
    assert_int_equal(h.to, at("10.0.2.100"));
    for (size_t i = 0; i < 20; i += 2)
        sum += (uint32_t)no[i] << 8 | no[i + 1];
    assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
    assert_memory_equal(no + 28, p, 28);
    p[7] = 1; // a later fragment has no ports
    assert_true(ip4_read(p, 28, &h));
    assert_true(!h.first && h.to_port == 0);
    p[0] = 0x4f;
    assert_false(ip4_read(p, 28, &h));
    p[0] = 0x65;
    assert_false(ip4_read(p, 28, &h));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(private_networks_and_the_machine_are_closed),
        cmocka_unit_test(the_box_is_the_operators_and_never_the_machine_itself),
        cmocka_unit_test(ranges_are_read_strictly),
        cmocka_unit_test(only_whole_packets_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
