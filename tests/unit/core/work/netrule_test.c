// SPDX-License-Identifier: Apache-2.0
// What a task's own network rules mean, and the one form in which they travel.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "core/work/netrule.h"
#include "core/work/profile.h"

static struct net_rules rules_of(const char *text)
{
    struct net_rules r;
    if (!net_rules_read(text, &r))
        fail_msg("%s is not read", text);
    return r;
}

static void rules_have_one_form(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "in:22:",
                                       "in:8080:203.0.113.0/24,198.51.100.7/32",
                                       "in-udp:53:198.51.100.7/32,a.example.org;in:53:",
                                       "tcp:443-443:203.0.113.7/32;udp:53-53:;in:1:0.0.0.0/0",
                                       "tcp:0-65535:",
                                       "tcp:443-443:box",
                                       "udp:0-65535:box,203.0.113.7/32,a.example.org",
                                       "in:1:a.example.org",
                                       "tcp:443-443:a.example.org,b-2.example.org",
                                       "udp:1-2:203.0.113.7/32,a.example.org"};
    static const char *const bad[] = {"in:0:",
                                      "in:8080",
                                      "in:8080:203.0.113.9/24", // bits that do not count
                                      "in:8080:203.0.113.9",
                                      "in:80-81:",
                                      "in:65536:",
                                      "tcp:443:",
                                      "tcp:9-8:",
                                      "tcp:1-2:1.2.3.4/32,",
                                      "icmp:1-2:",
                                      "in-tcp:1:",
                                      "in:1:box",
                                      "tcp:1-2:203.0.113.7/32,box",
                                      "tcp:1-2:boxes",
                                      "tcp:1-2:box,",
                                      "in-udp:1-2:",
                                      "in-udp:0:",
                                      "inx:1:",
                                      "in:1:;",
                                      ";in:1:",
                                      "in:01:",
                                      "tcp:1-2:a.example.org,203.0.113.7/32", // names come last
                                      "tcp:1-2:A.example.org",
                                      "tcp:1-2:a.example.org.",
                                      "in:1:1.2.3.4/32,1.2.3.5/32,1.2.3.6/32,1.2.3.7/32,1.2.3.8/32"};
    struct net_rules r;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct buf b = BUF_INIT(4096);
        r = rules_of(good[i]);
        net_rules_write(&r, false, &b);
        assert_string_equal(buf_str(&b), good[i]);
        buf_deinit(&b);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (net_rules_read(bad[i], &r) || r.n)
            fail_msg("%s is read", bad[i]);
    r = rules_of("tcp:1-1:;in:2:");
    struct buf b = BUF_INIT(4096);
    net_rules_write(&r, true, &b);
    assert_string_equal(buf_str(&b), "in:2:");
    buf_deinit(&b);
}

// As the public API's own example has it.
static void zero_is_everywhere(void **state)
{
    (void)state;
    struct net_rules all = NET_RULES_NULL;
    struct net_rule r = {.inbound = false, .port_last = UINT16_MAX};
    struct err e = ERR_NULL;
    struct buf b = BUF_INIT(4096);
    assert_int_equal(net_rule_places(&r, "0.0.0.0", &e), 0);
    assert_true(net_rule_from(&r, 0xcb007107));
    assert_int_equal(net_rules_add(&all, &r, &e), 0);
    net_rules_write(&all, false, &b);
    assert_string_equal(buf_str(&b), "tcp:0-65535:0.0.0.0/0");
    buf_deinit(&b);
    assert_int_equal(net_rule_places(&r, "0.0.0.1", &e), 0);
    assert_false(net_rule_from(&r, 0xcb007107));
    assert_int_equal(net_rule_places(&r, "0.0.0.0/31", &e), 0);
    assert_false(net_rule_from(&r, 0xcb007107));
}

static void their_number_is_bounded(void **state)
{
    (void)state;
    struct net_rules r = NET_RULES_NULL;
    struct net_rule in = {.inbound = true, .port = 1, .port_last = 1}, out = {.port_last = UINT16_MAX};
    struct err e = ERR_NULL;
    for (int i = 0; i < NETRULE_IN_MAX; i++)
        assert_int_equal(net_rules_add(&r, &in, &e), 0);
    assert_int_equal(net_rules_add(&r, &in, &e), -E2BIG);
    while (r.n < NETRULES_MAX)
        assert_int_equal(net_rules_add(&r, &out, &e), 0);
    assert_int_equal(net_rules_add(&r, &out, &e), -E2BIG);
}

static bool leaves(const char *rules, uint32_t to, uint8_t protocol, bool first, uint16_t port)
{
    struct net_rules r = rules_of(rules);
    struct ip4 p = {.to = to, .protocol = protocol, .first = first, .to_port = port};
    return net_rules_may_leave(&r, &p, 0);
}

#define TCP  6
#define UDP  17
#define ICMP 1

static void outbound_rules_are_all_that_is_open(void **state)
{
    (void)state;
    static const uint32_t there = 0xcb007107, beside = 0xcb007207; // 203.0.113.7, 203.0.114.7
    static const char rule[] = "tcp:80-443:203.0.113.0/24;udp:53-53:";
    assert_true(leaves("", there, ICMP, true, 0)); // no rule, nothing narrowed
    assert_true(leaves("in:80:", there, UDP, true, 9));
    assert_true(leaves(rule, there, TCP, true, 80));
    assert_true(leaves(rule, there, TCP, true, 443));
    assert_false(leaves(rule, there, TCP, true, 444));
    assert_false(leaves(rule, there, TCP, true, 79));
    assert_false(leaves(rule, beside, TCP, true, 80));
    assert_false(leaves(rule, there, UDP, true, 80));
    assert_true(leaves(rule, beside, UDP, true, 53));
    assert_false(leaves(rule, there, ICMP, true, 0));
    assert_true(leaves(rule, there, TCP, false, 0));   // a later fragment: its first was judged
    assert_false(leaves(rule, beside, TCP, false, 0)); // nor there
}

static bool is_name(const char *text)
{
    struct net_rule r = {.inbound = false};
    struct err e = ERR_NULL;
    return net_rule_places(&r, text, &e) == 0 && r.hosts[0];
}

static void names_are_those_of_hosts(void **state)
{
    (void)state;
    char label[80] = "", name[330] = "";
    struct net_rule r = {.inbound = true};
    struct err e = ERR_NULL;
    assert_true(is_name("Data.Example.ORG."));
    assert_true(is_name("3.a-b.example"));
    static const char *const bad[] = {
        "here",        "203.0.113.7.9", "a..example",    ".example", "-a.example",          "a-.example",
        "a_b.example", "a.example/24",  "*.example.org", "a.b.c.9",  "caf\xc3\xa9.example", "a.example.-b"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (is_name(bad[i]))
            fail_msg("%s is taken for a name", bad[i]);
    memset(label, 'a', 63);
    snprintf(name, sizeof name, "%s.example", label);
    assert_true(is_name(name));
    snprintf(name, sizeof name, "a%s.example", label);
    assert_false(is_name(name));
    snprintf(name, sizeof name, "%s.%s.%s.%s", label, label, label, label); // 255
    assert_false(is_name(name));
    snprintf(name, sizeof name, "%s.%s.%s, %s.b", label, label, label, label);
    assert_int_equal(net_rule_places(&(struct net_rule){.udp = true}, name, &e), -E2BIG); // together
    assert_int_equal(net_rule_places(&r, "203.0.113.7, data.example.org", &e), 0);
    assert_string_equal(r.hosts, "data.example.org");
    assert_true(net_rule_from(&r, 0xcb007107));
    assert_false(net_rule_from(&r, 0xcb007108)); // by its name it may still
}

static void a_name_opens_only_what_it_was_answered(void **state)
{
    (void)state;
    struct net_rules r = rules_of("tcp:443-443:a.example.org;in:80:;tcp:80-80:b.example.org,a.example.org");
    struct ip4 p = {.to = 0xcb007107, .protocol = TCP, .first = true, .to_port = 443};
    assert_true(net_rules_have_names(&r));
    assert_int_equal(net_rules_naming(&r, "a.example.org"), 5);
    assert_int_equal(net_rules_naming(&r, "b.example.org"), 4);
    assert_int_equal(net_rules_naming(&r, "example.org"), 0);
    assert_int_equal(net_rules_naming(&r, "b.example.org,a.example.org"), 0);
    assert_int_equal(net_rules_naming(&r, ""), 0);
    assert_false(net_rules_may_leave(&r, &p, 0));
    assert_true(net_rules_may_leave(&r, &p, 5));
    assert_false(net_rules_may_leave(&r, &p, 4)); // the other rule's port
    p.to_port = 80;
    assert_true(net_rules_may_leave(&r, &p, 4));
    p.protocol = UDP;
    assert_false(net_rules_may_leave(&r, &p, 5));
    r = rules_of("tcp:443-443:203.0.113.7/32;in:80:a.example.org");
    assert_false(net_rules_have_names(&r));
    assert_int_equal(net_rules_naming(&r, "a.example.org"), 0);
}

static void inbound_rules_open_ports(void **state)
{
    (void)state;
    struct net_port open[NET_PORTS_MAX];
    struct net_rules r = rules_of("in:8080:203.0.113.0/24;tcp:1-1:;in:22:127.0.0.1/32;in:8080:");
    assert_int_equal(net_rules_open(&r, PROFILE_SSH, open), 2); // of two for one port the first counts
    assert_int_equal(open[0].port, 8080);
    assert_true(net_rule_from(open[0].rule, 0xcb0071ff));
    assert_false(net_rule_from(open[0].rule, 0xcb007200));
    assert_int_equal(open[1].port, 22);
    assert_non_null(open[1].rule); // the task's own stands before the profile's
    assert_int_equal(net_rules_features(&r), PROFILE_FORWARD | PROFILE_OUTSIDE);
    r = rules_of("");
    assert_int_equal(net_rules_open(&r, PROFILE_SSH, open), 1);
    assert_null(open[0].rule);
    assert_int_equal(net_rules_open(&r, PROFILE_OUTSIDE, open), 0);
    assert_int_equal(net_rules_features(&r), 0);
}

static void a_port_of_udp_is_not_that_of_tcp(void **state)
{
    (void)state;
    struct net_port open[NET_PORTS_MAX];
    struct net_rules r = rules_of("in-udp:22:203.0.113.0/24;in-udp:22:;in:53:;in-udp:53:");
    assert_int_equal(net_rules_open(&r, PROFILE_SSH, open), 4);
    assert_true(open[0].udp && open[0].port == 22 && open[0].rule->n_places == 1);
    assert_true(!open[1].udp && open[1].port == 53 && open[2].udp && open[2].port == 53);
    assert_true(!open[3].udp && open[3].port == 22 && !open[3].rule); // the profile's, for everybody
    assert_int_equal(net_rules_features(&r), PROFILE_FORWARD);
    assert_true(leaves("in-udp:53:", 0xcb007107, UDP, true, 9)); // it narrows nothing that goes out
}

// It opens the box, as far as its ports, and not everywhere else.
static void a_rule_to_the_box_opens_that(void **state)
{
    (void)state;
    struct net_rules r = rules_of("tcp:80-443:box;in:80:");
    struct ip4 p = {.to = 0xc0a80702, .protocol = TCP, .first = true, .to_port = 443};
    assert_true(net_rules_to_box(&r, &p));
    assert_false(net_rules_may_leave(&r, &p, 0));
    p.to_port = 444;
    assert_false(net_rules_to_box(&r, &p));
    p.first = false;
    assert_true(net_rules_to_box(&r, &p));
    p.protocol = UDP;
    assert_false(net_rules_to_box(&r, &p));
    r = rules_of("tcp:0-65535:box,203.0.113.7/32");
    p = (struct ip4){.to = 0xcb007107, .protocol = TCP, .first = true, .to_port = 1};
    assert_true(net_rules_may_leave(&r, &p, 0));
    r = rules_of("tcp:0-65535:");
    assert_false(net_rules_to_box(&r, &p));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_have_one_form),      cmocka_unit_test(zero_is_everywhere),
        cmocka_unit_test(their_number_is_bounded),  cmocka_unit_test(outbound_rules_are_all_that_is_open),
        cmocka_unit_test(names_are_those_of_hosts), cmocka_unit_test(a_name_opens_only_what_it_was_answered),
        cmocka_unit_test(inbound_rules_open_ports), cmocka_unit_test(a_port_of_udp_is_not_that_of_tcp),
        cmocka_unit_test(a_rule_to_the_box_opens_that),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
