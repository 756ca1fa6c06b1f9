// SPDX-License-Identifier: Apache-2.0
// Request shapes that RFC 9110 and RFC 9112 say to refuse, as raw bytes over a socket; and plain ones that
// must pass.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "net/http_server.h"
#include "net/vet.h"
#include "net_help.h"

static void echo(void *ctx, struct http_request *r)
{
    (void)ctx;
    char text[512];
    int n = snprintf(text, sizeof text, "%s|%s|%s", http_method(r), http_path(r), http_body(r, NULL));
    http_reply(r, 200, "text/plain", text, (size_t)n, NULL);
}

static int start(void **state)
{
    static const struct http_config cfg = {
        .listen = "127.0.0.1:0", .handle = echo, .limits = {.idle_timeout_s = 5}};
    struct err e = ERR_NULL;
    if (http_server_new((struct http_server **)state, &cfg, &e) < 0) {
        print_error("%s\n", e.text);
        return -1;
    }
    return 0;
}

static int stop(void **state)
{
    http_server_free(*state);
    return 0;
}

struct shape {
    const char *bytes;
    size_t n;
    int status;
    const char *says; // in the body; NULL: libmicrohttpd's own page
};

#define S(literal) literal, sizeof(literal) - 1
#define HOST       "Host: a.example\r\n"

static const struct shape bad[] = {
    {S("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400, "Bad request: two Host headers"},
    {S("GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n"), 400, "two Host headers"},
    {S("GET / HTTP/1.1\r\nAccept: */*\r\n\r\n"), 400, "no Host header"},
    {S("GET / HTTP/1.1\r\n\r\n"), 400, "no Host header"},
    {S("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400, "an empty Host header"},
    {S("GET / HTTP/1.1\r\nHost: user@a\r\n\r\n"), 400, "no host and port"},
    {S("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400, "no host and port"},
    {S("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400, "no host and port"},
    {S("GET / HTTP/1.1\r\nHost: a:80x\r\n\r\n"), 400, "no host and port"},
    {S("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n"), 400, "two Host headers"},
    {S("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 2\r\n\r\nab"), 400,
     "two Content-Length headers"},
    {S("POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc"), 400,
     "two Content-Length headers"},
    {S("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400,
     "both Transfer-Encoding and Content-Length"},
    {S("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"), 400,
     "both Transfer-Encoding and Content-Length"},
    {S("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n"), 400, "other than chunked"},
    {S("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), 400,
     "other than chunked"},
    {S("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"), 400, "other than chunked"},
    {S("POST / HTTP/1.1\r\n" HOST
       "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n"),
     400, "two Transfer-Encoding headers"},
    {S("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400,
     "Transfer-Encoding in HTTP/1.0"},
    {S("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"), 400, "NUL"},
    {S("GET / HTTP/1.1\r\n" HOST "X: a\0\0b: c\r\n\r\n"), 400, "Bad request"},
    {S("GET / HTTP/1.1\r\n" HOST "X: a\0\0Y\0 c\r\nZ: d\r\n\r\n"), 400, "Bad request"},
    {S("GET / HTTP/1.1\r\nX: a\0\0\0\0\r\n" HOST "\r\n"), 400, "Bad request"},
    {S("GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n"), 400, "control character in a header value"},
    {S("GET / HTTP/1.1\r\n" HOST "X: a\x01"
       "b\r\n\r\n"),
     400, "control character in a header value"},
    {S("GET / HTTP/1.1\r\n" HOST "X: a\x7F\r\n\r\n"), 400, "control character in a header value"},
    {S("GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n"), 400, "no token"},
    {S("GET / HTTP/1.1\r\n" HOST "X\t: a\r\n\r\n"), 400, "no token"},
    {S("GET / HTTP/1.1\r\n" HOST ": a\r\n\r\n"), 400, "no token"},
    {S("GET / HTTP/1.1\r\n" HOST "X(y): a\r\n\r\n"), 400, "no token"},
    {S("GET / HTTP/1.1\r\n" HOST "X: a\r\n folded\r\n\r\n"), 400, "folded"},
    {S("GET / HTTP/1.1\r\n" HOST "X: a\r\n\tY: b\r\n\r\n"), 400, "folded"},
    {S("GET / HTTP/1.1\r\n X: a\r\n" HOST "\r\n"), 400, "folded"},
    {S("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"), 400, "LF without CR"},
    {S("GET / HTTP/1.1\n" HOST "\r\n"), 400, "LF without CR"},
    {S("GET / HTTP/1.1\r\n" HOST "\n"), 400, "LF without CR"},
    {S("G(T / HTTP/1.1\r\n" HOST "\r\n"), 400, "method that is no token"},
    {S("GE\tT / HTTP/1.1\r\n" HOST "\r\n"), 400, "method that is no token"},
    {S("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400, "one space between"},
    {S("GET /  HTTP/1.1\r\n" HOST "\r\n"), 400, "space in the request target"},
    {S("GET /a b HTTP/1.1\r\n" HOST "\r\n"), 400, "space in the request target"},
    {S("GET / HTTP/1.1 \r\n" HOST "\r\n"), 400, NULL},
    {S("GET tasks HTTP/1.1\r\n" HOST "\r\n"), 400, "does not begin with '/'"},
    {S("GET ?x=1 HTTP/1.1\r\n" HOST "\r\n"), 400, "does not begin with '/'"},
    {S("GET http://b.example/ HTTP/1.1\r\n" HOST "\r\n"), 400, "names another host"},
    {S("GET http://u@a.example/ HTTP/1.1\r\n" HOST "\r\n"), 400, "names another host"},
    {S("GET ftp://a.example/ HTTP/1.1\r\n" HOST "\r\n"), 400, "does not begin with '/'"},
    {S("GET a.example:80 HTTP/1.1\r\n" HOST "\r\n"), 400, "does not begin with '/'"},
    {S("CONNECT a.example:80 HTTP/1.1\r\n" HOST "\r\n"), 400, "this is no proxy"},
    {S("GET * HTTP/1.1\r\n" HOST "\r\n"), 400, "for OPTIONS only"},
    {S("GET /a#b HTTP/1.1\r\n" HOST "\r\n"), 400, "fragment"},
    {S("GET /\x01 HTTP/1.1\r\n" HOST "\r\n"), 400, "control character or non-ASCII"},
    {S("GET /\xC3\xA9 HTTP/1.1\r\n" HOST "\r\n"), 400, "control character or non-ASCII"},
    {S("GET /a\0b HTTP/1.1\r\n" HOST "\r\n"), 400, "Bad request"},
    {S("GET /%00 HTTP/1.1\r\n" HOST "\r\n"), 400, "the path has"},
    {S("GET /%zz HTTP/1.1\r\n" HOST "\r\n"), 400, "the path has"},
    {S("GET /a%2 HTTP/1.1\r\n" HOST "\r\n"), 400, "the path has"},
    {S("GET /%FF HTTP/1.1\r\n" HOST "\r\n"), 400, "the path has"},
    {S("GET /%C0%AF HTTP/1.1\r\n" HOST "\r\n"), 400, "the path has"},
    {S("GET /?a=%00 HTTP/1.1\r\n" HOST "\r\n"), 400, "the query has"},
    {S("GET /?a=%4 HTTP/1.1\r\n" HOST "\r\n"), 400, "the query has"},
    {S("GET / HTTP/1.1\r\n" HOST "Expect: tea\r\n\r\n"), 417, "Expect"},
    // libmicrohttpd's own refusals.
    {S("POST / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n"), 400, NULL},
    {S("POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n\r\na"), 400, NULL},
    {S("POST / HTTP/1.1\r\n" HOST "Content-Length: 1x\r\n\r\na"), 400, NULL},
    {S("POST / HTTP/1.1\r\n" HOST "Content-Length: 2, 2\r\n\r\nab"), 400, NULL},
    {S("POST / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n"), 400, NULL},
    {S("POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n\r\n"), 413, NULL},
    {S("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), 400, NULL},
    {S("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-1\r\na\r\n"), 400, NULL},
    {S("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n"), 400, NULL},
    {S("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n"), 400, NULL},
    {S("POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n"), 413, NULL},
    {S("GET / HTTP/1.1\r\n" HOST "nocolon\r\n\r\n"), 400, NULL},
    {S("GET / HTTP/2.0\r\n" HOST "\r\n"), 505, NULL},
};

static void each_bad_shape_is_refused_and_the_connection_closed(void **state)
{
    static char reply[8192];
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int fd = net_connect(http_server_port(*state));
        net_write(fd, bad[i].bytes, bad[i].n);
        // What comes behind a refused head must never be taken for a request.
        net_puts(fd, "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
        int n = net_read_all(fd, reply, sizeof reply);
        close(fd);
        const char *body = n > 0 ? strstr(reply, "\r\n\r\n") : NULL;
        bool good = n > 12 && atoi(reply + 9) == bad[i].status && body && !strstr(reply, "smuggled");
        if (good && bad[i].says)
            good = strstr(body, bad[i].says) && strstr(reply, "application/json") &&
                   !strncmp(body, "\r\n\r\n{\"message\":\"Bad request: ", 29);
        if (!good)
            fail_msg("shape %zu: %.60s\nwanted %d %s, got %d bytes: %s", i, bad[i].bytes, bad[i].status,
                     bad[i].says ? bad[i].says : "", n, n > 0 ? reply : "");
    }
}

static const struct {
    const char *bytes, *says;
} good[] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", "GET|/|"},
    {"\r\nGET / HTTP/1.1\r\n" HOST "\r\n", "GET|/|"},
    {"GET / HTTP/1.0\r\n\r\n", "GET|/|"},
    {"GET / HTTP/1.1\r\nHost:a.example:8080 \r\nX:\r\nY: \ta \t\r\n\r\n", "GET|/|"},
    {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", "GET|/|"},
    {"GET http://a.example/x?y HTTP/1.1\r\n" HOST "\r\n", "GET|/x|"},
    {"OPTIONS * HTTP/1.1\r\n" HOST "\r\n", "OPTIONS|*|"},
    {"GET /a%20b/%C3%A9?c=d&e=%20+&&f HTTP/1.1\r\n" HOST "\r\n", "GET|/a b/\xC3\xA9|"},
    {"GET /a? HTTP/1.1\r\n" HOST "\r\n", "GET|/a|"},
    {"M-SEARCH //v1//x/ HTTP/1.1\r\n" HOST "\r\n", "M-SEARCH|//v1//x/|"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc", "POST|/|abc"},
    {"POST / HTTP/1.1\r\n" HOST
     "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n",
     "POST|/|"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Type: application/json\r\n\r\n", "POST|/|"},
    {"POST / HTTP/1.1\r\n" HOST
     "Transfer-Encoding: Chunked\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\nT: v\r\n\r\n",
     "POST|/|abc"},
};

static void plain_shapes_pass(void **state)
{
    static char reply[8192];
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        int fd = net_connect(http_server_port(*state));
        net_puts(fd, good[i].bytes);
        int status = net_read_one(fd, reply, sizeof reply);
        close(fd);
        const char *body = status > 0 ? strstr(reply, "\r\n\r\n") : NULL;
        if (status != 200 || !body || strcmp(body + 4, good[i].says))
            fail_msg("shape %zu: %s\nwanted %s, got %d: %s", i, good[i].bytes, good[i].says, status,
                     status > 0 ? reply : "");
    }
}

// The same shapes cut into single bytes: what libmicrohttpd reads in pieces must look the same to the
// vetting.
static void bad_shapes_are_refused_byte_by_byte_too(void **state)
{
    static char reply[8192];
    for (size_t i = 0; i < ARRAY_LEN(bad); i += 5) {
        int fd = net_connect(http_server_port(*state));
        for (size_t k = 0; k < bad[i].n; k++)
            net_write(fd, bad[i].bytes + k, 1);
        int n = net_read_all(fd, reply, sizeof reply);
        close(fd);
        if (n < 12 || atoi(reply + 9) != bad[i].status)
            fail_msg("shape %zu: %.60s\nwanted %d, got %s", i, bad[i].bytes, bad[i].status,
                     n > 0 ? reply : "");
    }
}

static void more_than_64_fields_are_too_many(void **state)
{
    char request[4096] = "GET / HTTP/1.1\r\nHost: a\r\n", reply[8192];
    for (int i = 0; i < VET_FIELDS; i++)
        strcat(request, "X: y\r\n");
    strcat(request, "\r\n");
    int fd = net_connect(http_server_port(*state));
    net_puts(fd, request);
    assert_int_equal(net_read_one(fd, reply, sizeof reply), 431);
    assert_non_null(strstr(reply, "64 fields"));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_bad_shape_is_refused_and_the_connection_closed),
        cmocka_unit_test(plain_shapes_pass),
        cmocka_unit_test(bad_shapes_are_refused_byte_by_byte_too),
        cmocka_unit_test(more_than_64_fields_are_too_many),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
