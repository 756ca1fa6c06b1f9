// SPDX-License-Identifier: Apache-2.0
// The clients: calls side by side on one loop, kept connections, cancelling, limits, what goes wrong; the
// blocking call.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "net/http_call.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net_help.h"

// Parks that nobody answers; written on the server's thread, answered when that has ended.
struct waiting {
    struct http_park *park[16];
    size_t n;
};

static void handle(void *ctx, struct http_request *r)
{
    struct waiting *w = ctx;
    const char *path = http_path(r), *wish = http_header(r, "X-Wish");
    size_t n;
    const char *body = http_body(r, &n);
    if (!strcmp(path, "/never")) {
        assert_true(w->n < ARRAY_LEN(w->park));
        w->park[w->n++] = http_park(r); // the test cancels or times out
        return;
    }
    const char *const extra[] = {"Location", "/elsewhere", NULL};
    char text[1000];
    if (!strcmp(path, "/echo")) {
        http_reply(r, 200, "application/json", body, n, NULL);
    } else if (!strcmp(path, "/moved")) {
        http_reply(r, 302, "text/plain", "m", 1, extra);
    } else if (!strcmp(path, "/big")) {
        static char big[100000];
        http_reply(r, 200, "text/plain", big, sizeof big, NULL);
    } else {
        const char *type = http_header(r, "Content-Length");
        snprintf(text, sizeof text, "%s %s wish=%s length=%s", http_method(r), path, wish ? wish : "-",
                 type ? type : "-");
        http_reply(r, 404, "text/plain", text, strlen(text), NULL);
    }
}

static struct waiting waiting;

static int start(void **state)
{
    static const struct http_config cfg = {.listen = "127.0.0.1:0", .handle = handle, .ctx = &waiting};
    struct err e = ERR_NULL;
    return http_server_new((struct http_server **)state, &cfg, &e);
}

static int stop(void **state)
{
    http_server_free(*state);
    for (size_t i = 0; i < waiting.n; i++)
        http_unpark(waiting.park[i], 200, NULL, NULL, 0, NULL);
    return 0;
}

static const char *url_of(struct http_server *s, const char *path, char out[128])
{
    snprintf(out, 128, "http://127.0.0.1:%d%s", http_server_port(s), path);
    return out;
}

struct seen {
    int calls, code, status;
    char body[400], text[320];
    struct http_client *client;
    uint64_t other;
};

static void note(void *ctx, const struct http_result *res)
{
    struct seen *s = ctx;
    s->calls++;
    s->code = res->code;
    s->status = res->status;
    snprintf(s->body, sizeof s->body, "%s", res->body ? res->body : "");
    snprintf(s->text, sizeof s->text, "%s", res->err.text);
}

struct desk {
    uv_loop_t loop;
    struct http_client *client;
};

static void desk_open(struct desk *d, struct http_client_config cfg)
{
    struct err e = ERR_NULL;
    assert_int_equal(uv_loop_init(&d->loop), 0);
    assert_int_equal(http_client_new(&d->client, &d->loop, &cfg, &e), 0);
}

static void desk_close(struct desk *d)
{
    http_client_free(d->client);
    assert_int_equal(uv_run(&d->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&d->loop), 0); // nothing was left open
}

static void run_until(struct desk *d, const int *count, int want)
{
    while (*count < want)
        uv_run(&d->loop, UV_RUN_ONCE);
}

static void calls_share_connections_and_each_gets_its_answer(void **state)
{
    struct desk d;
    desk_open(&d, (struct http_client_config){.max_connections = 2});
    char url[128], body[32];
    const char *const headers[] = {"Content-Type", "application/json", NULL};
    static struct seen s[50];
    int before = http_server_connections(*state);
    for (int round = 0; round < 3; round++) {
        memset(s, 0, sizeof s);
        for (int i = 0; i < 50; i++) {
            snprintf(body, sizeof body, "{\"n\":%d}", i);
            assert_true(http_client_post(d.client, url_of(*state, "/echo", url), headers, body, strlen(body),
                                         20000, note, &s[i]) > 0);
        }
        assert_int_equal(s[0].calls, 0); // never from inside
        for (int i = 0; i < 50; i++) {
            run_until(&d, &s[i].calls, 1);
            snprintf(body, sizeof body, "{\"n\":%d}", i);
            assert_int_equal(s[i].code, 0);
            assert_int_equal(s[i].status, 200);
            assert_string_equal(s[i].body, body);
        }
        assert_true(http_server_connections(*state) - before <= 2);
    }
    desk_close(&d);
}

static void methods_headers_and_statuses_pass_unchanged(void **state)
{
    struct desk d;
    desk_open(&d, (struct http_client_config){0});
    char url[128];
    const char *const headers[] = {"X-Wish", "warm", NULL};
    struct seen s = {0};
    struct http_ask ask = {.method = "GET", .url = url_of(*state, "/x", url), .headers = headers};
    http_client_ask(d.client, &ask, note, &s);
    run_until(&d, &s.calls, 1);
    assert_int_equal(s.status, 404);
    assert_string_equal(s.body, "GET /x wish=warm length=-");
    ask = (struct http_ask){.method = "DELETE", .url = url};
    http_client_ask(d.client, &ask, note, &s);
    run_until(&d, &s.calls, 2);
    assert_string_equal(s.body, "DELETE /x wish=- length=-");
    http_client_post(d.client, url, NULL, NULL, 0, 0, note, &s);
    run_until(&d, &s.calls, 3);
    assert_string_equal(s.body, "POST /x wish=- length=0");
    http_client_post(d.client, url_of(*state, "/moved", url), NULL, NULL, 0, 0, note, &s);
    run_until(&d, &s.calls, 4);
    assert_int_equal(s.status, 302); // not followed
    desk_close(&d);
}

static void failures_have_a_code_and_a_sentence(void **state)
{
    struct desk d;
    desk_open(&d, (struct http_client_config){.max_answer_bytes = 1000});
    char url[128];
    struct seen s = {0};
    http_client_post(d.client, url_of(*state, "/big", url), NULL, NULL, 0, 20000, note, &s);
    run_until(&d, &s.calls, 1);
    assert_int_equal(s.code, -EFBIG);
    http_client_post(d.client, url_of(*state, "/never", url), NULL, NULL, 0, 50, note, &s);
    run_until(&d, &s.calls, 2);
    assert_int_equal(s.code, -ETIMEDOUT);
    assert_non_null(strstr(s.text, "no answer in time"));
    int fd =
        socket(AF_INET, SOCK_STREAM, 0); // a port that is taken, so nobody else's, but where nobody listens
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof sa;
    assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    getsockname(fd, (struct sockaddr *)&sa, &n);
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", ntohs(sa.sin_port));
    http_client_post(d.client, url, NULL, NULL, 0, 20000, note, &s);
    run_until(&d, &s.calls, 3);
    assert_int_equal(s.code, -ECONNREFUSED);
    assert_non_null(strstr(s.text, "is the server running there?"));
    close(fd);
    http_client_post(d.client, "file:///etc/passwd", NULL, NULL, 0, 20000, note, &s);
    run_until(&d, &s.calls, 4);
    assert_int_equal(s.code, -EINVAL);
    desk_close(&d);
}

static void cancelled_calls_end_at_once_with_canceled(void **state)
{
    struct desk d;
    desk_open(&d, (struct http_client_config){0});
    char url[128];
    struct seen s[3] = {{0}};
    uint64_t id[3];
    for (int i = 0; i < 3; i++)
        id[i] = http_client_post(d.client, url_of(*state, "/never", url), NULL, NULL, 0, 0, note, &s[i]);
    http_client_cancel(d.client, id[0]); // before the loop has begun it
    assert_int_equal(s[0].code, -ECANCELED);
    for (int i = 0; i < 5; i++)
        uv_run(&d.loop, UV_RUN_NOWAIT);
    http_client_cancel(d.client, id[1]);
    assert_int_equal(s[1].code, -ECANCELED);
    http_client_cancel(d.client, id[1]); // again: nothing
    assert_int_equal(s[1].calls, 1);
    assert_int_equal(s[2].calls, 0);
    desk_close(&d); // cancels the third
    assert_int_equal(s[2].calls, 1);
    assert_int_equal(s[2].code, -ECANCELED);
}

static void cancel_other(void *ctx, const struct http_result *res)
{
    struct seen *s = ctx;
    note(s, res);
    http_client_cancel(s->client, s->other);
}

static void a_callback_may_cancel_another_call(void **state)
{
    struct desk d;
    desk_open(&d, (struct http_client_config){0});
    char url[128];
    struct seen first = {.client = d.client}, second = {0};
    http_client_post(d.client, url_of(*state, "/echo", url), NULL, "x", 1, 0, cancel_other, &first);
    first.other = http_client_post(d.client, url_of(*state, "/never", url), NULL, NULL, 0, 0, note, &second);
    run_until(&d, &first.calls, 1);
    assert_int_equal(second.code, -ECANCELED);
    desk_close(&d);
}

static struct http_server *serve_at(int port)
{
    char listen[32];
    snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
    struct http_config cfg = {.listen = listen, .handle = handle, .ctx = &waiting};
    struct http_server *s = NULL;
    struct err e = ERR_NULL;
    if (http_server_new(&s, &cfg, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

static void a_server_that_was_started_again_is_found_again(void **state)
{
    (void)state;
    struct desk d;
    desk_open(&d, (struct http_client_config){0});
    struct http_server *server = serve_at(0);
    int port = http_server_port(server);
    struct seen s = {0};
    char url[128];
    for (int i = 1; i <= 5; i++) {
        http_client_post(d.client, url_of(server, "/echo", url), NULL, "x", 1, 20000, note, &s);
        run_until(&d, &s.calls, i);
        assert_int_equal(s.code, 0);
        assert_int_equal(s.status, 200);
        http_server_free(server);
        server = serve_at(port);
    }
    http_server_free(server);
    desk_close(&d);
}

static void a_proxy_is_not_asked_about_this_machine(void **state)
{
    char url[128];
    struct http_answer a;
    struct err e = ERR_NULL;
    struct http_ask ask = {.method = "PUT", .url = url_of(*state, "/echo", url), .body = "x", .n = 1};
    setenv("http_proxy", "http://192.0.2.1:1", 1);
    int r = http_call(&a, &ask, NULL, 100, &e);
    unsetenv("http_proxy");
    assert_int_equal(r, 0);
    http_answer_deinit(&a);
}

static void the_blocking_call_asks_waits_and_bounds(void **state)
{
    char url[128];
    struct http_answer a;
    struct err e = ERR_NULL;
    struct http_ask ask = {.method = "PUT", .url = url_of(*state, "/echo", url), .body = "a\0b", .n = 3};
    assert_int_equal(http_call(&a, &ask, NULL, 100, &e), 0);
    assert_int_equal(a.status, 200);
    assert_int_equal(a.body.n, 3);
    assert_memory_equal(a.body.v, "a\0b", 3);
    assert_string_equal(a.content_type, "application/json");
    http_answer_deinit(&a);
    ask = (struct http_ask){.method = "HEAD", .url = url};
    assert_int_equal(http_call(&a, &ask, NULL, 100, &e), 0);
    assert_int_equal(a.body.n, 0);
    http_answer_deinit(&a);
    ask = (struct http_ask){.method = "GET", .url = url_of(*state, "/big", url)};
    assert_int_equal(http_call(&a, &ask, NULL, 1000, &e), -EFBIG);
    ask = (struct http_ask){.method = "GET", .url = url_of(*state, "/never", url), .timeout_ms = 30};
    assert_int_equal(http_call(&a, &ask, NULL, 1000, &e), -ETIMEDOUT);
    ask = (struct http_ask){.method = "GET", .url = "ftp://127.0.0.1/"};
    assert_int_equal(http_call(&a, &ask, NULL, 1000, &e), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_share_connections_and_each_gets_its_answer),
        cmocka_unit_test(methods_headers_and_statuses_pass_unchanged),
        cmocka_unit_test(failures_have_a_code_and_a_sentence),
        cmocka_unit_test(cancelled_calls_end_at_once_with_canceled),
        cmocka_unit_test(a_callback_may_cancel_another_call),
        cmocka_unit_test(a_server_that_was_started_again_is_found_again),
        cmocka_unit_test(a_proxy_is_not_asked_about_this_machine),
        cmocka_unit_test(the_blocking_call_asks_waits_and_bounds),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
