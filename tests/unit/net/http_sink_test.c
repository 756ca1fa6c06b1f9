// SPDX-License-Identifier: Apache-2.0
// Bodies that go to a sink, requests refused at their head, answers from files and readers.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "net/http_server.h"
#include "net_help.h"

#define ROOM    10000 // bytes a sink of these tests holds
#define CLIENTS 6     // most at once

struct drain {
    struct house *house;
    struct http_flow *flow;
    pthread_mutex_t lock;
    size_t held, total;
    uint64_t sum; // of every byte times its position: finds loss, doubling and disorder
    bool full;
};

struct house {
    struct http_server *server;
    pthread_t drainer;
    pthread_mutex_t lock; // guards now
    struct drain *now[CLIENTS];
    atomic_bool halt, drains;
    atomic_int cut, handled, shorts, freed;
};

static size_t push(void *ctx, const void *data, size_t n)
{
    struct drain *d = ctx;
    pthread_mutex_lock(&d->lock);
    size_t took = ROOM - d->held < n ? ROOM - d->held : n;
    for (size_t i = 0; i < took; i++)
        d->sum += ((const unsigned char *)data)[i] * (uint64_t)(++d->total);
    d->held += took;
    d->full = took < n;
    pthread_mutex_unlock(&d->lock);
    if (took < n)
        atomic_fetch_add(&d->house->shorts, 1);
    return took;
}

static void drain_end(struct drain *d)
{
    struct house *h = d->house;
    pthread_mutex_lock(&h->lock);
    for (int i = 0; i < CLIENTS; i++)
        if (h->now[i] == d)
            h->now[i] = NULL;
    pthread_mutex_unlock(&h->lock);
    http_flow_free(d->flow);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

static void cut(void *ctx)
{
    struct drain *d = ctx;
    atomic_fetch_add(&d->house->cut, 1);
    drain_end(d);
}

static void empty(struct drain *d)
{
    pthread_mutex_lock(&d->lock);
    bool full = d->full;
    d->held = 0;
    d->full = false;
    pthread_mutex_unlock(&d->lock);
    if (full)
        http_flow_more(d->flow);
}

// Empties the sinks in a thread of its own.
static void *drain_loop(void *house)
{
    struct house *h = house;
    while (!atomic_load(&h->halt)) {
        pthread_mutex_lock(&h->lock);
        for (int i = 0; i < CLIENTS && atomic_load(&h->drains); i++)
            if (h->now[i])
                empty(h->now[i]);
        pthread_mutex_unlock(&h->lock);
        sched_yield();
    }
    return NULL;
}

static void head(void *ctx, struct http_request *r)
{
    struct house *h = ctx;
    const char *path = http_path(r);
    if (!strcmp(path, "/sink")) {
        struct drain *d = mem_alloc(sizeof *d);
        d->house = h;
        pthread_mutex_init(&d->lock, NULL);
        struct http_sink sink = {.push = push, .cut = cut, .ctx = d};
        d->flow = http_sink(r, &sink);
        pthread_mutex_lock(&h->lock);
        for (int i = 0; i < CLIENTS && d; i++)
            if (!h->now[i]) {
                h->now[i] = d;
                d = NULL;
            }
        pthread_mutex_unlock(&h->lock);
    } else if (!strcmp(path, "/refused")) {
        const char *const extra[] = {"X-Why", "quota", NULL};
        http_refuse(r, 403, "application/xml", "<no/>", 5, extra);
    }
}

static ssize_t read_letters(void *ctx, uint64_t at, char *out, size_t room)
{
    (void)ctx;
    size_t n = room < 1000 ? room : 1000;
    for (size_t i = 0; i < n; i++)
        out[i] = (char)('a' + (at + i) % 26);
    return (ssize_t)n;
}

static void freed(void *ctx)
{
    atomic_fetch_add(&((struct house *)ctx)->freed, 1);
}

static void handle(void *ctx, struct http_request *r)
{
    struct house *h = ctx;
    struct drain *d = http_sink_ctx(r);
    atomic_fetch_add(&h->handled, 1);
    if (d) {
        char text[64];
        int n = snprintf(text, sizeof text, "%zu %llu", d->total, (unsigned long long)d->sum);
        drain_end(d);
        http_reply(r, 200, NULL, text, (size_t)n, NULL);
    } else if (!strcmp(http_path(r), "/reader")) {
        struct http_content c = {.n = 100000, .read = read_letters, .free = freed, .ctx = h};
        http_unpark_content(http_park(r), 200, "text/plain", &c, NULL);
    } else if (!strcmp(http_path(r), "/file")) {
        char path[] = "/tmp/ondol-content.XXXXXX";
        int fd = mkstemp(path);
        unlink(path);
        assert_int_equal(write(fd, "0123456789", 10), 10);
        struct http_content c = {.n = 4, .fd = fd, .offset = 3};
        const char *const extra[] = {"Content-Range", "bytes 3-6/10", NULL};
        http_reply_content(r, 206, "text/plain", &c, extra);
    } else {
        http_reply(r, 200, NULL, "kept", 4, NULL);
    }
}

static struct house *open_house(void)
{
    struct house *h = mem_alloc(sizeof *h);
    pthread_mutex_init(&h->lock, NULL);
    atomic_store(&h->drains, true);
    struct http_config cfg = {.listen = "127.0.0.1:0", .handle = handle, .head = head, .ctx = h};
    struct err e = ERR_NULL;
    if (http_server_new(&h->server, &cfg, &e) < 0)
        fail_msg("%s", e.text);
    assert_int_equal(pthread_create(&h->drainer, NULL, drain_loop, h), 0);
    return h;
}

static void close_house(struct house *h)
{
    http_server_free(h->server);
    atomic_store(&h->halt, true);
    pthread_join(h->drainer, NULL);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

static int call(const struct house *h)
{
    int fd = net_connect(http_server_port(h->server));
    assert_true(fd >= 0);
    return fd;
}

static void a_body_far_larger_than_the_sink_arrives_whole(void **state)
{
    (void)state;
    struct house *h = open_house();
    static char body[3000000], text[4096], want[64];
    uint64_t sum = 0;
    for (size_t i = 0; i < sizeof body; i++) {
        body[i] = (char)(i * 7 + i / 251);
        sum += (unsigned char)body[i] * (uint64_t)(i + 1);
    }
    snprintf(want, sizeof want, "%zu %llu", sizeof body, (unsigned long long)sum);
    int fd = call(h);
    for (int i = 0; i < 2; i++) { // the second one on the same connection
        net_puts(fd,
                 "PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\nExpect: 100-continue\r\n\r\n");
        assert_int_equal(net_read_one(fd, text, sizeof text), 100);
        net_write(fd, body, sizeof body);
        assert_int_equal(net_read_one(fd, text, sizeof text), 200);
        assert_string_equal(strstr(text, "\r\n\r\n") + 4, want);
    }
    assert_true(atomic_load(&h->shorts) > 1); // it was held back indeed
    assert_int_equal(atomic_load(&h->cut), 0);
    close(fd);
    close_house(h);
}

struct client {
    struct house *h;
    bool good;
};

static void *send_some(void *arg)
{
    struct client *c = arg;
    char text[4096], *body = mem_alloc(400000);
    c->good = true;
    int fd = net_connect(http_server_port(c->h->server));
    for (int i = 0; i < 5 && c->good; i++) {
        net_puts(fd, "PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 400000\r\n\r\n");
        net_write(fd, body, 400000);
        c->good =
            net_read_one(fd, text, sizeof text) == 200 && !strcmp(strstr(text, "\r\n\r\n") + 4, "400000 0");
    }
    close(fd);
    free(body);
    return NULL;
}

// A request that was held back before keeps nothing of its former neighbours.
static void connections_are_held_back_side_by_side(void **state)
{
    (void)state;
    struct house *h = open_house();
    pthread_t t[CLIENTS];
    struct client c[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        c[i] = (struct client){.h = h};
        assert_int_equal(pthread_create(&t[i], NULL, send_some, &c[i]), 0);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(t[i], NULL);
        assert_true(c[i].good);
    }
    close_house(h);
}

static void an_empty_body_reaches_the_handler_too(void **state)
{
    (void)state;
    struct house *h = open_house();
    char text[4096];
    int fd = call(h);
    net_puts(fd, "PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(net_read_one(fd, text, sizeof text), 200);
    assert_string_equal(strstr(text, "\r\n\r\n") + 4, "0 0");
    close(fd);
    close_house(h);
}

static void a_client_gone_in_mid_body_cuts_the_sink(void **state)
{
    (void)state;
    struct house *h = open_house();
    int fd = call(h);
    net_puts(fd, "PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
    net_sleep_ms(20);
    close(fd);
    WAIT_FOR(atomic_load(&h->cut) == 1);
    assert_int_equal(atomic_load(&h->handled), 0);
    close_house(h);
}

static void a_server_that_stops_cuts_a_connection_it_holds_back(void **state)
{
    (void)state;
    struct house *h = open_house();
    static char body[100000];
    atomic_store(&h->drains, false);
    int fd = call(h);
    net_puts(fd, "PUT /sink HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    net_write(fd, body, sizeof body);
    WAIT_FOR(atomic_load(&h->shorts) == 1);
    http_server_free(h->server);
    assert_int_equal(atomic_load(&h->cut), 1);
    assert_int_equal(atomic_load(&h->handled), 0);
    h->server = NULL;
    close(fd);
    close_house(h);
}

static void who_waits_for_100_is_refused_before_sending(void **state)
{
    (void)state;
    struct house *h = open_house();
    char text[4096];
    int fd = call(h);
    net_puts(fd,
             "PUT /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(net_read_one(fd, text, sizeof text), 403);
    assert_non_null(strstr(text, "X-Why: quota\r\n"));
    assert_non_null(strstr(text, "\r\n\r\n<no/>"));
    assert_int_equal(net_read_all(fd, text, sizeof text), 0); // and closed
    close(fd);
    close_house(h);
}

static void who_sends_at_once_reads_the_refusal_and_goes_on(void **state)
{
    (void)state;
    struct house *h = open_house();
    static char body[2000000];
    char text[4096];
    int fd = call(h);
    net_puts(fd, "PUT /refused HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n");
    net_write(fd, body, sizeof body);
    assert_int_equal(net_read_one(fd, text, sizeof text), 403);
    net_puts(fd, "GET /refused HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(net_read_one(fd, text, sizeof text), 403);
    net_puts(fd, "POST /kept HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    assert_int_equal(net_read_one(fd, text, sizeof text), 200);
    assert_int_equal(atomic_load(&h->handled), 1);
    close(fd);
    close_house(h);
}

// boto3 of 2025 and later: over TLS it found the connection closed while it wrote, and never read the refusal.
static void who_expects_100_and_sends_chunks_without_waiting_reads_the_refusal(void **state)
{
    (void)state;
    struct house *h = open_house();
    char text[4096];
    int fd = call(h), status;
    net_puts(fd, "PUT /refused HTTP/1.1\r\nHost: a\r\n"
                 "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
    usleep(50000); // by now it was refused and closed
    net_puts(fd, "3\r\nabc\r\n0\r\n\r\n");
    while ((status = net_read_one(fd, text, sizeof text)) == 100)
        continue;
    assert_int_equal(status, 403);
    net_puts(fd, "GET /refused HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(net_read_one(fd, text, sizeof text), 403);
    close(fd);
    close_house(h);
}

static void answers_come_from_files_and_readers(void **state)
{
    (void)state;
    struct house *h = open_house();
    static char text[200000];
    int fd = call(h);
    net_puts(fd, "GET /file HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(net_read_one(fd, text, sizeof text), 206);
    assert_string_equal(strstr(text, "\r\n\r\n") + 4, "3456");
    net_puts(fd, "GET /reader HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(net_read_one(fd, text, sizeof text), 200);
    const char *body = strstr(text, "\r\n\r\n") + 4;
    assert_int_equal(strlen(body), 100000);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(body[i], 'a' + i % 26);
    WAIT_FOR(atomic_load(&h->freed) == 1);
    net_puts(fd, "HEAD /reader HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_true(net_read_all(fd, text, sizeof text) > 0);
    assert_non_null(strstr(text, "Content-Length: 100000\r\n"));
    assert_string_equal(strstr(text, "\r\n\r\n"), "\r\n\r\n");
    close(fd);
    close_house(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_far_larger_than_the_sink_arrives_whole),
        cmocka_unit_test(connections_are_held_back_side_by_side),
        cmocka_unit_test(an_empty_body_reaches_the_handler_too),
        cmocka_unit_test(a_client_gone_in_mid_body_cuts_the_sink),
        cmocka_unit_test(a_server_that_stops_cuts_a_connection_it_holds_back),
        cmocka_unit_test(who_waits_for_100_is_refused_before_sending),
        cmocka_unit_test(who_sends_at_once_reads_the_refusal_and_goes_on),
        cmocka_unit_test(who_expects_100_and_sends_chunks_without_waiting_reads_the_refusal),
        cmocka_unit_test(answers_come_from_files_and_readers),
    };
    return cmocka_run_group_tests_name("http_sink", tests, NULL, NULL);
}
