// SPDX-License-Identifier: Apache-2.0
// The HTTP skin on a real socket: what is answered at once and what is parked, with a backend that works in
// another thread.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/api.h"
#include "base/mem.h"
#include "net/http_server.h"

// A backend whose store has no tasks and whose engine takes every event; everything is done by one thread of
// its own.
struct outside {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct job {
        void (*work)(void *, struct store_reader *);
        void *arg;
        struct submission *s;
        struct job *next;
    } * first, **last;
    bool stop;
    struct store_reader reader;
    struct api *api;
    struct http_server *http;
    int streams, syncs;
};

static void push(struct outside *o, struct job job)
{
    struct job *j = mem_alloc(sizeof *j);
    *j = job;
    pthread_mutex_lock(&o->lock);
    *o->last = j;
    o->last = &j->next;
    pthread_cond_signal(&o->wake);
    pthread_mutex_unlock(&o->lock);
}

static void run(struct outside *o, struct job *j)
{
    if (j->work) {
        j->work(j->arg, &o->reader);
        return;
    }
    struct reply_item item = {.code = 200, .uuid = "0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11"};
    struct reply reply = {.code = 200, .item = &item, .n_items = 1};
    j->s->done(j->s, &reply, 0);
    arena_deinit(&j->s->arena);
    free(j->s);
}

static void *loop(void *arg)
{
    struct outside *o = arg;
    pthread_mutex_lock(&o->lock);
    while (!o->stop || o->first) {
        struct job *j = o->first;
        if (!j) {
            pthread_cond_wait(&o->wake, &o->lock);
            continue;
        }
        o->first = j->next;
        if (!o->first)
            o->last = &o->first;
        pthread_mutex_unlock(&o->lock);
        run(o, j);
        free(j);
        pthread_mutex_lock(&o->lock);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

static house_ms b_now(void *ctx)
{
    (void)ctx;
    return HOUSE_MS(1767322800000);
}

static bool b_account(void *ctx, const char *token, struct account_view *out)
{
    (void)ctx;
    *out = (struct account_view){.id = 1, .operator= true };
    return !strcmp(token, "t");
}

static bool b_node(void *ctx, const char *token)
{
    (void)ctx;
    return !strcmp(token, "n");
}

static void b_submit(void *ctx, struct submission *s)
{
    push(ctx, (struct job){.s = s});
}

static void b_work(void *ctx, void (*fn)(void *, struct store_reader *), void *arg)
{
    push(ctx, (struct job){.work = fn, .arg = arg});
}

static void b_entropy(void *ctx, void *out, size_t n)
{
    (void)ctx;
    memset(out, 7, n);
}

static void b_subscribe(void *ctx, struct http_stream *stream, const struct account_view *who)
{
    struct outside *o = ctx;
    o->streams += (int)who->id;
    http_stream_send(stream, "data: {}\n\n", 10);
    http_stream_end(stream);
}

static void b_sync(void *ctx, struct http_park *park, struct sync_call *call)
{
    struct outside *o = ctx;
    o->syncs++;
    http_unpark(park, 200, "text/plain", mem_strdup(call->up.node), strlen(call->up.node), NULL);
    arena_deinit(&call->arena);
    free(call);
}

static int r_task(void *ctx, uint64_t account, const char *id, struct arena *a, struct row_task *row,
                  struct err *e)
{
    (void)ctx, (void)account, (void)id, (void)a, (void)row, (void)e;
    return 1;
}

static int open_all(void **state)
{
    struct outside *o = mem_alloc(sizeof *o);
    struct err e = ERR_NULL;
    o->last = &o->first;
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->wake, NULL);
    o->reader.task = r_task;
    struct api_backend be = {.ctx = o,
                             .now = b_now,
                             .account = b_account,
                             .node_token = b_node,
                             .reader = &o->reader,
                             .submit = b_submit,
                             .work = b_work,
                             .entropy = b_entropy,
                             .subscribe = b_subscribe,
                             .sync = b_sync,
                             .limits = {.instances_per_task = 2048}};
    o->api = api_new(&be);
    assert_int_equal(pthread_create(&o->thread, NULL, loop, o), 0);
    assert_int_equal(
        http_server_new(&o->http,
                        &(struct http_config){.listen = "127.0.0.1:0", .handle = api_handle, .ctx = o->api},
                        &e),
        0);
    *state = o;
    return 0;
}

static int close_all(void **state)
{
    struct outside *o = *state;
    http_server_free(o->http);
    pthread_mutex_lock(&o->lock);
    o->stop = true;
    pthread_cond_signal(&o->wake);
    pthread_mutex_unlock(&o->lock);
    pthread_join(o->thread, NULL);
    api_free(o->api);
    free(o);
    return 0;
}

// Sends the text and reads until the server closes; `out` gets the whole answer.
static void talk(struct outside *o, const char *request, char *out, size_t size)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_server_port(o->http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
    size_t n = 0;
    for (ssize_t r; n + 1 < size && (r = recv(fd, out + n, size - 1 - n, 0)) > 0;)
        n += (size_t)r;
    out[n] = '\0';
    close(fd);
}

#define HEAD(method, path, token)                                                                            \
    method " " path " HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: " token "\r\n"

static void each_way_of_answering_reaches_the_client(void **state)
{
    static const struct {
        const char *request, *first, *has;
    } row[] = {
        {HEAD("GET", "//v1/Settings/", "") "\r\n", "HTTP/1.1 200 ", "{\"storage\":null}"},
        {HEAD("GET", "/tasks/x", "wrong") "\r\n", "HTTP/1.1 401 ", "\"error\":{\"message\""},
        {HEAD("GET", "/tasks/my%20task", "Bearer t") "\r\n", "HTTP/1.1 404 ",
         "{\"message\":\"No such task: my task\"}"},
        {HEAD("POST", "/tasks", "t") "Transfer-Encoding: "
                                     "chunked\r\n\r\n37\r\n{\"Name\":\"n\",\"Profile\":\"docker-batch\","
                                     "\"InstanceCount\":1}\r\n0\r\n\r\n",
         "HTTP/1.1 200 ", "\r\nLocation: /tasks/0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11\r\n"},
        {HEAD("POST", "/tasks/x/abort",
              "t") "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 0\r\n\r\n",
         "HTTP/1.1 404 ", "No such task"},
        {HEAD("GET", "/ondol/v1/events", "t") "\r\n", "HTTP/1.1 200 ", "data: {}"},
        {HEAD("POST", "/ondol/v1/sync", "n") "Content-Length: 78\r\n\r\n"
                                             "{\"node\":\"n1\",\"nonce\":\"0000000000000001\",\"epoch\":0,"
                                             "\"have\":0,\"reports\":[]}      ",
         "HTTP/1.1 200 ", "n1"},
        {HEAD("GET", "/a/../b", "t") "\r\n", "HTTP/1.1 4", "\"message\""},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char out[8192];
        talk(*state, row[i].request, out, sizeof out);
        if (strncmp(out, row[i].first, strlen(row[i].first)) != 0 || !strstr(out, row[i].has))
            fail_msg("%s\n-> %s", row[i].request, out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_way_of_answering_reaches_the_client, open_all, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
