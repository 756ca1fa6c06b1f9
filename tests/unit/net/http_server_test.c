// SPDX-License-Identifier: Apache-2.0
// The HTTP server: bodies, limits, keep-alive, parking from other threads, streams, vanished and slow
// clients, the end.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "base/mem.h"
#include "net/http_server.h"
#include "net_help.h"

#define PARKS 1000

// What the handler of these tests does depends on the path.
struct house {
    struct http_server *server;
    pthread_mutex_t lock;
    struct http_park *park[PARKS + 8];
    uint64_t park_id[PARKS + 8];
    struct http_stream *stream;
    atomic_int parked, handled, gone, gone_id;
};

static void handle(void *ctx, struct http_request *r)
{
    struct house *h = ctx;
    const char *path = http_path(r);
    atomic_fetch_add(&h->handled, 1);
    if (!strcmp(path, "/park")) {
        struct http_park *p = http_park(r);
        pthread_mutex_lock(&h->lock);
        int i = atomic_load(&h->parked);
        h->park[i] = p;
        h->park_id[i] = http_park_id(p);
        pthread_mutex_unlock(&h->lock);
        atomic_store(&h->parked, i + 1);
    } else if (!strcmp(path, "/stream")) {
        struct http_stream *st = http_stream_start(r, "text/event-stream");
        pthread_mutex_lock(&h->lock);
        h->stream = st;
        pthread_mutex_unlock(&h->lock);
    } else if (!strcmp(path, "/busy")) {
        atomic_store(&h->parked, -1); // tells the test that the HTTP thread is in here
        while (atomic_load(&h->parked) < 0)
            net_sleep_ms(1);
        http_reply(r, 200, NULL, NULL, 0, NULL);
    } else if (!strcmp(path, "/forget")) {
        return;
    } else {
        size_t n;
        const char *body = http_body(r, &n);
        const char *const extra[] = {"X-Method", http_method(r), "X-Peer", http_peer(r), NULL};
        http_reply(r, 200, "text/plain", n ? body : path, n ? n : strlen(path), extra);
    }
}

static void on_gone(void *ctx, uint64_t id)
{
    struct house *h = ctx;
    atomic_store(&h->gone_id, (int)id);
    atomic_fetch_add(&h->gone, 1);
}

static struct house *open_house(struct http_limits limits)
{
    struct house *h = mem_alloc(sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    struct http_config cfg = {
        .listen = "127.0.0.1:0", .limits = limits, .handle = handle, .gone = on_gone, .ctx = h};
    struct err e = ERR_NULL;
    if (http_server_new(&h->server, &cfg, &e) < 0)
        fail_msg("%s", e.text);
    return h;
}

static void close_house(struct house *h)
{
    http_server_free(h->server);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static int call(const struct house *h)
{
    int fd = net_connect(http_server_port(h->server));
    assert_true(fd >= 0);
    return fd;
}

static struct http_stream *stream_of(struct house *h)
{
    pthread_mutex_lock(&h->lock);
    struct http_stream *st = h->stream;
    pthread_mutex_unlock(&h->lock);
    return st;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void pipelined_requests_are_answered_in_order_on_one_connection(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){0});
    int fd = call(h);
    char text[8192], path[32];
    for (int i = 0; i < 50; i++) {
        snprintf(text, sizeof text, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i);
        net_puts(fd, text);
    }
    for (int i = 0; i < 50; i++) {
        assert_int_equal(net_read_one(fd, text, sizeof text), 200);
        snprintf(path, sizeof path, "\r\n\r\n/%d", i);
        assert_string_equal(strstr(text, "\r\n\r\n"), path);
    }
    assert_int_equal(http_server_connections(h->server), 1);
    close(fd);
    close_house(h);
}

static void a_request_shows_headers_queries_and_peer(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){0});
    int fd = call(h);
    char text[4096];
    net_puts(fd, "GET /park?A=1&b=x%20y&a=2&bare HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one: 2\r\n\r\n");
    WAIT_FOR(atomic_load(&h->parked) == 1);
    struct http_request *r = http_park_request(h->park[0]);
    assert_string_equal(http_query(r, "a"), "1");
    assert_string_equal(http_query(r, "B"), "x y");
    assert_string_equal(http_query(r, "bare"), "");
    assert_null(http_query(r, "c"));
    const char *name = NULL, *value = NULL;
    assert_true(http_query_at(r, 2, &name, &value));
    assert_string_equal(name, "a");
    assert_string_equal(value, "2");
    assert_false(http_query_at(r, 4, &name, &value));
    assert_string_equal(http_header(r, "X-ONE"), "1");
    assert_true(http_header_at(r, 2, &name, &value));
    assert_string_equal(value, "2");
    assert_false(http_header_at(r, 3, &name, &value));
    assert_string_equal(http_raw_target(r), "/park?A=1&b=x%20y&a=2&bare");
    assert_string_equal(http_peer(r), "127.0.0.1");
    assert_null(http_peer_certificate(r));
    http_unpark(h->park[0], 204, NULL, NULL, 0, NULL);
    assert_int_equal(net_read_one(fd, text, sizeof text), 204);
    close(fd);
    close_house(h);
}

static void bodies_come_chunked_expected_or_plain(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){.body_bytes = 100000});
    int fd = call(h);
    static char text[200000], body[100001];
    net_puts(fd, "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    net_sleep_ms(20);
    net_puts(fd, "6\r\n world\r\n0\r\n\r\n");
    assert_int_equal(net_read_one(fd, text, sizeof text), 200);
    assert_non_null(strstr(text, "\r\n\r\nhello world"));

    net_puts(fd, "PUT /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    assert_int_equal(net_read_one(fd, text, sizeof text), 100);
    net_puts(fd, "abc");
    assert_int_equal(net_read_one(fd, text, sizeof text), 200);
    assert_non_null(strstr(text, "\r\n\r\nabc"));

    memset(body, 'x', sizeof body - 1); // exactly the limit
    net_puts(fd, "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    net_puts(fd, body);
    assert_int_equal(net_read_one(fd, text, sizeof text), 200);
    assert_string_equal(strstr(text, "\r\n\r\n") + 4, body);

    net_puts(fd, "HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n" GET("/after"));
    int n = 0;
    while (n < (int)sizeof text - 1 &&
           !strstr(text, "/after")) { // the HEAD's length is that of a body that never comes
        ssize_t k = recv(fd, text + n, sizeof text - 1 - (size_t)n, 0);
        assert_true(k > 0);
        n += (int)k;
        text[n] = '\0';
    }
    assert_non_null(strstr(text, "Content-Length: 5\r\n"));
    assert_null(strstr(text, "\r\n\r\n/head"));
    close(fd);
    close_house(h);
}

static void bodies_over_the_limit_get_413_that_names_it(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){.body_bytes = 1000});
    static char text[8192];
    static const char *const heads[] = {
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        int fd = call(h);
        net_puts(fd, heads[i]);
        if (i == 0 || i == 3) {
            char body[1002];
            memset(body, 'x', sizeof body);
            net_write(fd, body, 1001);
            net_puts(fd, i == 3 ? "\r\n0\r\n\r\n" : "");
        }
        assert_int_equal(net_read_one(fd, text, sizeof text), 413);
        assert_non_null(strstr(text, "{\"message\":\"Request body too large: limits.body_bytes is 1000\"}"));
        assert_int_equal(recv(fd, text, 1, 0), 0); // and closed
        close(fd);
    }
    // An endless one is not read to its end.
    int fd = call(h);
    net_puts(fd, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    static char chunk[4096 + 8] = "1000\r\n";
    memset(chunk + 6, 'x', 4096);
    memcpy(chunk + 6 + 4096, "\r\n", 2);
    int sent = 0;
    while (sent < 100000 && send(fd, chunk, sizeof chunk, MSG_NOSIGNAL) > 0)
        sent++;
    assert_true(sent < 10000);
    close(fd);
    assert_int_equal(atomic_load(&h->handled), 0);
    close_house(h);
}

static void heads_over_the_limit_get_431(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){.header_bytes = 2048});
    static char text[20000], filler[16000];
    static const int sizes[] = {2100, 12000};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        memset(filler, 'x', sizeof filler);
        filler[sizes[i]] = '\0';
        int fd = call(h);
        snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n", filler);
        net_puts(fd, text);
        assert_int_equal(net_read_one(fd, text, sizeof text), 431);
        if (i == 0)
            assert_non_null(strstr(text, "limits.header_bytes (2048)"));
        close(fd);
    }
    close_house(h);
}

// Bug: from 250 on the connection was closed without a byte.
static void too_many_query_parameters_are_told_so(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){0});
    static char text[9000], query[8000];
    static const int counts[] = {200, 257, 500, 2000, 3900};
    for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
        for (int k = 0; k < counts[i]; k++)
            memcpy(query + 2 * (size_t)k, "a&", 3);
        int fd = call(h);
        snprintf(text, sizeof text, "GET /x?%s HTTP/1.1\r\nHost: a\r\n\r\n", query);
        net_puts(fd, text);
        assert_int_equal(net_read_one(fd, text, sizeof text), counts[i] <= 256 ? 200 : 400);
        if (counts[i] > 256)
            assert_non_null(strstr(text, "{\"message\":\"Bad request: more than 256 query parameters\"}"));
        close(fd);
    }
    close_house(h);
}

static void too_many_connections_are_told_which_limit(void **state)
{
    (void)state;
    static const struct {
        struct http_limits limits;
        int status;
        const char *says;
    } row[] = {
        {{.connections = 100, .connections_per_address = 4}, 429, "limits.connections_per_address is 4"},
        {{.connections = 4}, 429, "limits.connections_per_address is 4"},
        {{.connections = 4, .connections_per_address = 50}, 503, "limits.connections is 4"},
    };
    char text[4096];
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct house *h = open_house(row[i].limits);
        int fd[5];
        for (int k = 0; k < 5; k++) {
            fd[k] = call(h);
            net_puts(fd[k], GET("/"));
            assert_int_equal(net_read_one(fd[k], text, sizeof text), k < 4 ? 200 : row[i].status);
        }
        assert_non_null(strstr(text, row[i].says));
        // A place that gets free is given to the next.
        close(fd[0]);
        close(fd[4]);
        WAIT_FOR(http_server_connections(h->server) == 3);
        fd[0] = call(h);
        net_puts(fd[0], GET("/"));
        assert_int_equal(net_read_one(fd[0], text, sizeof text), 200);
        for (int k = 0; k < 4; k++)
            close(fd[k]);
        close_house(h);
    }
}

static void a_forgotten_request_gets_500(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){0});
    int fd = call(h);
    char text[4096];
    net_puts(fd, GET("/forget"));
    assert_int_equal(net_read_one(fd, text, sizeof text), 500);
    close(fd);
    close_house(h);
}

struct slice {
    struct house *h;
    int from, to;
};

static void *answer_slice(void *arg)
{
    struct slice *s = arg;
    for (int i = s->from; i < s->to; i++) {
        const char *n = http_query(http_park_request(s->h->park[i]), "n");
        http_unpark(s->h->park[i], 201, "text/plain", strdup(n), strlen(n), NULL);
    }
    return NULL;
}

static void a_thousand_parked_requests_are_woken_from_other_threads(void **state)
{
    (void)state;
    struct rlimit l;
    getrlimit(RLIMIT_NOFILE, &l);
    l.rlim_cur = l.rlim_max;
    setrlimit(RLIMIT_NOFILE, &l);
    if (l.rlim_cur != RLIM_INFINITY && l.rlim_cur < 2 * PARKS + 100) {
        print_message("skipped: the limit of open files is %lu\n", (unsigned long)l.rlim_cur);
        skip();
    }
    struct house *h = open_house((struct http_limits){0});
    static int fd[PARKS];
    char text[4096];
    for (int i = 0; i < PARKS; i++) {
        fd[i] = call(h);
        snprintf(text, sizeof text, "POST /park?n=%d HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab", i);
        net_puts(fd[i], text);
    }
    WAIT_FOR(atomic_load(&h->parked) == PARKS);
    struct slice half[2] = {{h, 0, PARKS / 2}, {h, PARKS / 2, PARKS}};
    pthread_t t[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&t[i], NULL, answer_slice, &half[i]);
    for (int i = 0; i < PARKS; i++) {
        assert_int_equal(net_read_one(fd[i], text, sizeof text), 201);
        assert_int_equal(atoi(strstr(text, "\r\n\r\n") + 4), i);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(t[i], NULL);
    // The connections are as good as new.
    for (int i = 0; i < PARKS; i += 100) {
        net_puts(fd[i], GET("/again"));
        assert_int_equal(net_read_one(fd[i], text, sizeof text), 200);
    }
    for (int i = 0; i < PARKS; i++)
        close(fd[i]);
    assert_int_equal(atomic_load(&h->gone), 0);
    close_house(h);
}

// libmicrohttpd takes 128 events at a time; its own loop waits for a 129th before it serves exactly 128.
static void as_many_requests_at_once_as_are_taken_at_a_time_do_not_wait_for_more(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){0});
    int fd[128], busy = call(h);
    char text[4096];
    for (int i = 0; i < 128; i++) {
        fd[i] = call(h);
        net_puts(fd[i], GET("/"));
        assert_int_equal(net_read_one(fd[i], text, sizeof text), 200);
    }
    net_puts(busy, GET("/busy"));
    WAIT_FOR(atomic_load(&h->parked) == -1);
    for (int i = 0; i < 128; i++)
        net_puts(fd[i], GET("/"));
    atomic_store(&h->parked, 0);
    for (int i = 0; i < 128; i++) {
        assert_int_equal(net_read_one(fd[i], text, sizeof text), 200);
        close(fd[i]);
    }
    close(busy);
    close_house(h);
}

static void a_parked_client_that_vanishes_is_noticed(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){0});
    int stays = call(h), goes = call(h);
    char text[4096];
    net_puts(stays, GET("/park"));
    WAIT_FOR(atomic_load(&h->parked) == 1);
    net_puts(goes, "POST /park HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    WAIT_FOR(atomic_load(&h->parked) == 2);
    close(goes);
    WAIT_FOR(atomic_load(&h->gone) == 1);
    assert_int_equal(atomic_load(&h->gone_id), h->park_id[1]);
    assert_string_equal(http_body(http_park_request(h->park[1]), NULL), "hello");
    http_unpark(h->park[1], 200, NULL, strdup("x"), 1, NULL);
    http_unpark(h->park[0], 200, NULL, strdup("y"), 1, NULL);
    assert_int_equal(net_read_one(stays, text, sizeof text), 200);
    assert_int_equal(atomic_load(&h->gone), 1);
    close(stays);
    WAIT_FOR(http_server_connections(h->server) == 0);
    close_house(h);
}

static void the_end_answers_what_is_parked(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){0});
    int fd[20];
    char text[4096];
    for (int i = 0; i < 20; i++) {
        fd[i] = call(h);
        net_puts(fd[i], GET("/park"));
    }
    int idle = call(h), stream = call(h);
    net_puts(stream, GET("/stream"));
    WAIT_FOR(atomic_load(&h->parked) == 20 && stream_of(h));
    assert_true(http_stream_send(h->stream, "data", 4));
    http_server_free(h->server);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(net_read_one(fd[i], text, sizeof text), 503);
        assert_non_null(strstr(text, "the server is stopping"));
        close(fd[i]);
    }
    assert_true(net_read_all(stream, text, sizeof text) > 0);
    assert_non_null(strstr(text, "4\r\ndata\r\n0\r\n\r\n")); // a proper end
    close(stream);
    close(idle);
    // Late answers find nobody and leak nothing.
    for (int i = 0; i < 20; i++) {
        assert_string_equal(http_path(http_park_request(h->park[i])), "/park");
        http_unpark(h->park[i], 200, NULL, strdup("late"), 4, NULL);
    }
    assert_false(http_stream_send(h->stream, "late", 4));
    http_stream_end(h->stream);
    h->server = NULL;
    close_house(h);
}

static void idle_and_trickling_clients_are_cut(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){.idle_timeout_s = 1});
    char text[4096];
    int silent = call(h), kept = call(h), trickle = call(h), parked = call(h);
    net_puts(silent, "GET / HT");
    net_puts(kept, GET("/"));
    net_puts(parked, GET("/park"));
    assert_int_equal(net_read_one(kept, text, sizeof text), 200);
    bool cut = false;
    for (int i = 0; i < 200 && !cut;
         i++) { // one byte every 100 ms never lets the library's own timeout expire
        const char *bytes = "GET / HTTP/1.1\r\nX: ";
        net_write(trickle, i < 18 ? bytes + i : "x", 1);
        net_sleep_ms(100);
        struct pollfd p = {.fd = trickle, .events = POLLIN};
        cut = poll(&p, 1, 0) > 0;
    }
    assert_true(cut);
    assert_true(net_read_all(silent, text, sizeof text) <= 0);
    assert_int_equal(net_read_all(kept, text, sizeof text), 0);
    // A parked request is not idle, however long it takes.
    assert_int_equal(atomic_load(&h->parked), 1);
    http_unpark(h->park[0], 200, NULL, strdup("z"), 1, NULL);
    assert_int_equal(net_read_one(parked, text, sizeof text), 200);
    close(silent), close(kept), close(trickle), close(parked);
    close_house(h);
}

static void *send_numbers(void *arg)
{
    struct house *h = arg;
    char text[32];
    for (int i = 0; i < 2000; i++) {
        snprintf(text, sizeof text, "%d\n", i);
        if (!http_stream_send(h->stream, text, strlen(text)))
            break;
        if (i % 50 == 0)
            net_sleep_ms(1);
    }
    http_stream_end(h->stream);
    return NULL;
}

static void a_stream_brings_everything_in_order_and_ends(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){0});
    int fd = call(h);
    static char text[100000];
    net_puts(fd, GET("/stream"));
    WAIT_FOR(stream_of(h));
    pthread_t t;
    pthread_create(&t, NULL, send_numbers, h);
    int n = 0;
    while (!strstr(n > 8 ? text + n - 8 : text, "\r\n0\r\n\r\n")) {
        ssize_t k = recv(fd, text + n, sizeof text - 1 - (size_t)n, 0);
        assert_true(k > 0);
        n += (int)k;
        text[n] = '\0';
    }
    pthread_join(t, NULL);
    assert_non_null(strstr(text, "text/event-stream"));
    // Undo the chunks, then read the numbers.
    char *at = strstr(text, "\r\n\r\n") + 4, *out = text;
    for (size_t size; (size = strtoul(at, &at, 16)) > 0; at += 2) {
        memmove(out, at + 2, size);
        out += size;
        at += 2 + size;
    }
    *out = '\0';
    char *number = text;
    for (int i = 0; i < 2000; i++)
        assert_int_equal(strtol(number, &number, 10), i);
    net_puts(fd, GET("/after"));
    assert_int_equal(net_read_one(fd, text, sizeof text), 200);
    close(fd);
    close_house(h);
}

static void a_slow_reader_is_cut_and_does_not_fill_memory(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){0});
    int fd = call(h);
    static char part[16384];
    net_puts(fd, GET("/stream"));
    WAIT_FOR(stream_of(h));
    size_t sent = 0;
    while (http_stream_send(h->stream, part, sizeof part)) {
        sent += sizeof part;
        assert_true(sent < 100u << 20); // the sockets' buffers and the queue are far below this
        if (sent % (1 << 18) == 0)
            net_sleep_ms(1);
    }
    assert_false(http_stream_send(h->stream, "x", 1));
    // The connection is closed although the client has read nothing yet.
    WAIT_FOR(http_server_connections(h->server) == 0);
    http_stream_end(h->stream);
    close(fd);
    close_house(h);
}

static void a_stream_whose_client_left_says_so_without_being_fed(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){0});
    int fd = call(h);
    net_puts(fd, GET("/stream"));
    WAIT_FOR(stream_of(h));
    assert_true(http_stream_send(h->stream, "x", 1));
    net_sleep_ms(20);
    close(fd);
    WAIT_FOR(http_server_connections(h->server) == 0);
    assert_false(http_stream_send(h->stream, "x", 1));
    http_stream_end(h->stream);
    close_house(h);
}

static atomic_int stop_calling;

static void *answer_all(void *arg)
{
    struct house *h = arg;
    for (int i = 0; i < 300; i++) {
        while (atomic_load(&h->parked) <= i && !atomic_load(&stop_calling))
            net_sleep_ms(1);
        if (atomic_load(&h->parked) <= i)
            break;
        http_unpark(h->park[i], 200, NULL, strdup("ok"), 2, NULL);
    }
    return NULL;
}

// Clients that leave at any moment, answers from another thread, and the end of the server in the middle of
// it.
static void nothing_breaks_when_all_of_it_happens_at_once(void **state)
{
    (void)state;
    struct house *h = open_house((struct http_limits){0});
    atomic_store(&stop_calling, 0);
    pthread_t t;
    pthread_create(&t, NULL, answer_all, h);
    for (int i = 0; i < 300; i++) {
        int fd = call(h);
        net_puts(fd, i % 3 ? GET("/park") : GET("/park") GET("/plain"));
        if (i % 2)
            net_sleep_ms(1);
        close(fd);
    }
    http_server_free(h->server);
    h->server = NULL;
    atomic_store(&stop_calling, 1);
    pthread_join(t, NULL);
    close_house(h);
}

static void bad_settings_are_explained(void **state)
{
    (void)state;
    static const struct {
        struct http_config cfg;
        const char *says;
    } row[] = {
        {{.listen = "nonsense"},
         "listen nonsense: not an address and port (write 127.0.0.1:8080 or [::1]:8080)"},
        {{.listen = "127.0.0.1:70000"}, "listen 127.0.0.1:70000: not an address"},
        {{.listen = "[::1:80"}, "not an address"},
        {{.listen = "127.0.0.1:0", .tls_cert_file = "/nowhere"}, "certificate and key go together"},
        {{.listen = "127.0.0.1:0", .tls_cert_file = "/nowhere", .tls_key_file = "/nowhere"},
         "TLS file /nowhere: No such file or directory"},
        {{.listen = "127.0.0.1:0", .tls_cert_file = "/dev/null", .tls_key_file = "/dev/null"},
         "empty or over 1 MiB"},
        {{.listen = "127.0.0.1:0", .limits = {.header_bytes = 10}},
         "limits.header_bytes: 10 is not within 1024..65536"},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct http_server *s = NULL;
        struct err e = ERR_NULL;
        assert_true(http_server_new(&s, &row[i].cfg, &e) < 0);
        assert_null(s);
        if (!strstr(e.text, row[i].says))
            fail_msg("row %zu: %s", i, e.text);
    }
    struct house *h = open_house((struct http_limits){0});
    char taken[64];
    snprintf(taken, sizeof taken, "127.0.0.1:%d", http_server_port(h->server));
    struct http_config cfg = {.listen = taken, .handle = handle};
    struct http_server *s = NULL;
    struct err e = ERR_NULL;
    assert_int_equal(http_server_new(&s, &cfg, &e), -EADDRINUSE);
    close_house(h);
}

static void ipv6_is_listened_on_where_there_is_any(void **state)
{
    (void)state;
    struct house h = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct http_config cfg = {.listen = "[::1]:0", .handle = handle, .ctx = &h};
    struct err e = ERR_NULL;
    int r = http_server_new(&h.server, &cfg, &e);
    if (r == -EADDRNOTAVAIL || r == -EAFNOSUPPORT) {
        print_message("skipped: %s\n", e.text);
        skip();
    }
    assert_int_equal(r, 0);
    struct sockaddr_in6 sa = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    sa.sin6_port = htons((uint16_t)http_server_port(h.server));
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
    char text[4096];
    net_puts(fd, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
    assert_int_equal(net_read_one(fd, text, sizeof text), 200);
    assert_non_null(strstr(text, "X-Peer: ::1\r\n"));
    close(fd);
    http_server_free(h.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelined_requests_are_answered_in_order_on_one_connection),
        cmocka_unit_test(a_request_shows_headers_queries_and_peer),
        cmocka_unit_test(bodies_come_chunked_expected_or_plain),
        cmocka_unit_test(bodies_over_the_limit_get_413_that_names_it),
        cmocka_unit_test(heads_over_the_limit_get_431),
        cmocka_unit_test(too_many_query_parameters_are_told_so),
        cmocka_unit_test(too_many_connections_are_told_which_limit),
        cmocka_unit_test(a_forgotten_request_gets_500),
        cmocka_unit_test(a_thousand_parked_requests_are_woken_from_other_threads),
        cmocka_unit_test(as_many_requests_at_once_as_are_taken_at_a_time_do_not_wait_for_more),
        cmocka_unit_test(a_parked_client_that_vanishes_is_noticed),
        cmocka_unit_test(the_end_answers_what_is_parked),
        cmocka_unit_test(idle_and_trickling_clients_are_cut),
        cmocka_unit_test(a_stream_brings_everything_in_order_and_ends),
        cmocka_unit_test(a_slow_reader_is_cut_and_does_not_fill_memory),
        cmocka_unit_test(a_stream_whose_client_left_says_so_without_being_fed),
        cmocka_unit_test(nothing_breaks_when_all_of_it_happens_at_once),
        cmocka_unit_test(bad_settings_are_explained),
        cmocka_unit_test(ipv6_is_listened_on_where_there_is_any),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
