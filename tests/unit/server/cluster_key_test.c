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
    static const char *const good[] = {"7.3.0.0.4", "7.3.1.170852354.2"};
    static const char *const bad[] = {"",           "7.3.0.0",    "0.3.0.0.4",  "7.0.0.0.4",
                                      "07.3.0.0.4", "7.3.0.0.4.", "7.3.0.0.4x", "7.3.0.0.-8"};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_two_halves),
        cmocka_unit_test(who_calls_stands_in_one_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
