// SPDX-License-Identifier: Apache-2.0
// TLS both ways between our server and our blocking client: trusted, untrusted, with and without a client
// certificate.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "net/http_call.h"
#include "net/http_server.h"
#include "net_help.h"
#include "certs.h"

struct yard {
    char dir[64], file[8][128];
};

static char *name(struct yard *y, int i, const char *leaf)
{
    snprintf(y->file[i], sizeof y->file[i], "%s/%s", y->dir, leaf);
    return y->file[i];
}

static int make_certificates(void **state)
{
    struct yard *y = mem_alloc(sizeof *y);
    snprintf(y->dir, sizeof y->dir, "/tmp/ondol-tls-XXXXXX");
    if (!mkdtemp(y->dir))
        return -1;
    struct cert ca = cert_make(y->dir, "house", NULL), other = cert_make(y->dir, "stranger", NULL);
    struct cert server = cert_make(y->dir, "server", &ca), heater = cert_make(y->dir, "heater-7", &ca);
    struct cert thief = cert_make(y->dir, "thief", &other);
    cert_drop(&ca), cert_drop(&other), cert_drop(&server), cert_drop(&heater), cert_drop(&thief);
    *state = y;
    return 0;
}

static int drop_certificates(void **state)
{
    struct yard *y = *state;
    static const char *const who[] = {"house", "stranger", "server", "heater-7", "thief"};
    for (size_t i = 0; i < ARRAY_LEN(who); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s.crt", y->dir, who[i]);
        unlink(path);
        snprintf(path, sizeof path, "%s/%s.key", y->dir, who[i]);
        unlink(path);
    }
    int r = rmdir(y->dir);
    free(y);
    return r;
}

static void who_are_you(void *ctx, struct http_request *r)
{
    (void)ctx;
    const char *who = http_peer_certificate(r);
    who = who ? who : "nobody";
    http_reply(r, 200, "text/plain", who, strlen(who), NULL);
}

static struct http_server *serve(struct yard *y, bool mutual)
{
    struct http_config cfg = {.listen = "127.0.0.1:0",
                              .handle = who_are_you,
                              .tls_cert_file = name(y, 0, "server.crt"),
                              .tls_key_file = name(y, 1, "server.key"),
                              .tls_client_ca_file = mutual ? name(y, 2, "house.crt") : NULL};
    struct err e = ERR_NULL;
    struct http_server *s = NULL;
    if (http_server_new(&s, &cfg, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

// Calls and gives the status or the negative code; the body or the error's text goes to `said`.
static int call(const struct http_server *s, const char *scheme, const struct http_tls *tls, char said[320])
{
    char url[64];
    snprintf(url, sizeof url, "%s://127.0.0.1:%d/", scheme, http_server_port(s));
    struct http_ask ask = {.method = "GET", .url = url, .timeout_ms = 20000};
    struct http_answer a;
    struct err e = ERR_NULL;
    int r = http_call(&a, &ask, tls, 1000, &e);
    snprintf(said, 320, "%s", r < 0 ? e.text : buf_str(&a.body));
    if (r == 0) {
        r = a.status;
        http_answer_deinit(&a);
    }
    return r;
}

static void a_trusted_server_is_talked_to_and_an_untrusted_is_not(void **state)
{
    struct yard *y = *state;
    struct http_server *s = serve(y, false);
    char said[320];
    struct http_tls house = {.ca_file = name(y, 3, "house.crt")},
                    stranger = {.ca_file = name(y, 4, "stranger.crt")};
    assert_int_equal(call(s, "https", &house, said), 200);
    assert_string_equal(said, "nobody");
    assert_int_equal(call(s, "https", &stranger, said), -EPROTO);
    assert_non_null(strstr(said, "certificate is not trusted"));
    assert_int_equal(call(s, "https", NULL, said), -EPROTO);
    struct http_tls anybody = {.trusts_anybody = true};
    assert_int_equal(call(s, "https", &anybody, said), 200);
    assert_true(call(s, "http", NULL, said) < 0);
    http_server_free(s);
}

static void a_client_is_known_by_its_certificate(void **state)
{
    struct yard *y = *state;
    struct http_server *s = serve(y, true);
    char said[320];
    struct http_tls heater = {name(y, 3, "house.crt"), name(y, 4, "heater-7.crt"),
                              name(y, 5, "heater-7.key")};
    assert_int_equal(call(s, "https", &heater, said), 200);
    assert_string_equal(said, "heater-7");
    struct http_tls nobody = {.ca_file = y->file[3]};
    assert_int_equal(call(s, "https", &nobody, said), 403);
    assert_non_null(strstr(said, "client certificate"));
    // GnuTLS clients do not even show a certificate that none of the authorities asked for has signed.
    struct http_tls thief = {y->file[3], name(y, 6, "thief.crt"), name(y, 7, "thief.key")};
    assert_int_equal(call(s, "https", &thief, said), 403);
    http_server_free(s);
}

static void a_silent_handshake_is_cut(void **state)
{
    struct yard *y = *state;
    struct http_config cfg = {.listen = "127.0.0.1:0",
                              .handle = who_are_you,
                              .tls_cert_file = name(y, 0, "server.crt"),
                              .tls_key_file = name(y, 1, "server.key"),
                              .limits = {.idle_timeout_s = 1}};
    struct err e = ERR_NULL;
    struct http_server *s = NULL;
    assert_int_equal(http_server_new(&s, &cfg, &e), 0);
    int fd = net_connect(http_server_port(s));
    char text[64];
    assert_true(net_read_all(fd, text, sizeof text) >= 0); // it ends, perhaps with an alert
    close(fd);
    http_server_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trusted_server_is_talked_to_and_an_untrusted_is_not),
        cmocka_unit_test(a_client_is_known_by_its_certificate),
        cmocka_unit_test(a_silent_handshake_is_cut),
    };
    return cmocka_run_group_tests(tests, make_certificates, drop_certificates);
}
