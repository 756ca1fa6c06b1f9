// SPDX-License-Identifier: Apache-2.0
// The key of a cluster as OpenSSH writes it; who calls the relay.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "server/cluster_key.h"
#include "server/relay_inside.h"

// RFC 8032 7.1, TEST 1: the public key of this seed begins with d75a9801 82b10ab7.
static const unsigned char seed[CLUSTER_SEED_BYTES] = {
    0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
    0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60};

static void a_key_has_two_halves(void **state)
{
    (void)state;
    struct buf secret = BUF_INIT(4096), public = BUF_INIT(512);
    struct err e = ERR_NULL;
    assert_int_equal(cluster_key_write(seed, &secret, &public, &e), 0);
    assert_string_equal(buf_str(&public), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4X"
                                          "Lz2qYjJa8CGmj3B1Ea ondol-cluster\n");
    static const char first[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
                                "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW";
    assert_memory_equal(buf_str(&secret), first, strlen(first));
    assert_non_null(strstr(buf_str(&secret), "\n-----END OPENSSH PRIVATE KEY-----\n"));
    buf_deinit(&secret);
    buf_deinit(&public);
}

static void who_calls_stands_in_one_form(void **state)
{
    (void)state;
    static const char *const good[] = {"7.3.0.0.4", "7.3.1.170852354.2",
                                       "7.3.0.0.8.in:8080:203.0.113.0/24;in:1:"};
    static const char *const bad[] = {"",
                                      "7.3.0.0",
                                      "0.3.0.0.4",
                                      "7.0.0.0.4",
                                      "07.3.0.0.4",
                                      "7.3.0.0.4.",
                                      "7.3.0.0.4x",
                                      "7.3.0.0.8.in:8080",
                                      "7.3.0.0.8.tcp:1-1:",
                                      "7.3.0.0.8.in:1:;",
                                      "7.3.0.0.8in:1:"};
    char text[RELAY_IDENTITY_BYTES];
    struct relay_who w;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        if (!relay_who_read(good[i], &w))
            fail_msg("%s is not read", good[i]);
        relay_who_write(&w, text);
        assert_string_equal(text, good[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (relay_who_read(bad[i], &w))
            fail_msg("%s is read", bad[i]);
}

// Eight inbound rules with four long places each, and the longest numbers.
static void the_longest_identity_fits(void **state)
{
    (void)state;
    struct relay_who w = {UINT64_MAX, UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, NET_RULES_NULL}, back;
    char text[RELAY_IDENTITY_BYTES];
    struct err e = ERR_NULL;
    for (int i = 0; i < NETRULE_IN_MAX; i++) {
        struct net_rule r = {
            .inbound = true, .port = (uint16_t)(65528 + i), .port_last = (uint16_t)(65528 + i)};
        assert_int_equal(
            net_rule_places(&r, "255.255.255.250/32,255.255.255.251/32,255.255.255.252/32,255.255.255.253/32",
                            &e),
            0);
        assert_int_equal(net_rules_add(&w.rules, &r, &e), 0);
    }
    relay_who_write(&w, text);
    assert_true(relay_who_read(text, &back));
    assert_int_equal(back.rules.n, NETRULE_IN_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_two_halves),
        cmocka_unit_test(who_calls_stands_in_one_form),
        cmocka_unit_test(the_longest_identity_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
