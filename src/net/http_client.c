// SPDX-License-Identifier: Apache-2.0
//
// curl's multi interface on libuv. curl says which sockets it wants watched (on_socket) and when it wants to
// be called at the latest (on_timer); libuv says when that is; curl is then told (curl_multi_socket_action)
// and its finished calls are collected.
//
//     curl --- on_socket: watch fd ---> uv_poll ---- readable/writable ---> curl_multi_socket_action --+
//     curl --- on_timer: in 20 ms ----> uv_timer --- expired -------------> curl_multi_socket_action --+--> collect
//                                                                                                      -> done()
//
// curl may call on_timer and on_socket from within any of its functions, and forbids being called back from
// there: so these two only tell libuv.
#include "net/http_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/http_fault.h"

struct call {
    struct call *prev, *next;
    struct http_client *client;
    uint64_t id;
    CURL *easy;
    struct curl_slist *headers;
    char *url;
    char detail[CURL_ERROR_SIZE];
    struct buf body;
    http_done_fn *done;
    void *ctx;
};

struct http_client {
    CURLM *multi;
    uv_loop_t *loop;
    uv_timer_t timer;
    struct http_tls tls;
    size_t max_answer_bytes;
    struct call *calls;
    uint64_t next_id;
};

struct watched {
    uv_poll_t poll; // first: its address is the watch's
    struct http_client *client;
    curl_socket_t fd;
};

static void call_end(struct call *k, struct http_result *res)
{
    struct http_client *c = k->client;
    if (k->prev)
        k->prev->next = k->next;
    else
        c->calls = k->next;
    if (k->next)
        k->next->prev = k->prev;
    curl_multi_remove_handle(c->multi, k->easy);
    curl_easy_cleanup(k->easy);
    curl_slist_free_all(k->headers);
    // Nothing of the call is left in the client now, so `done` may ask, cancel and so on.
    k->done(k->ctx, res);
    buf_deinit(&k->body);
    free(k->url);
    free(k);
}

static void cancel(struct call *k)
{
    struct http_result res = {.code = -ECANCELED};
    err_set(&res.err, -ECANCELED, "%s: the call was cancelled", k->url);
    call_end(k, &res);
}

static void collect(struct http_client *c)
{
    int left;
    for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left));) {
        if (m->msg != CURLMSG_DONE)
            continue;
        CURLcode code = m->data.result; // m is gone once the handle is removed
        struct call *k = NULL;
        curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &k);
        struct http_result res = {.code = 0};
        res.code = http_fault(code, k->url, k->detail, &res.err);
        if (!res.code) {
            long status = 0;
            curl_easy_getinfo(k->easy, CURLINFO_RESPONSE_CODE, &status);
            res.status = (int)status;
            res.body = buf_str(&k->body);
            res.n = k->body.n;
        }
        call_end(k, &res);
    }
}

static void on_timeout(uv_timer_t *t)
{
    struct http_client *c = t->data;
    int running;
    curl_multi_socket_action(c->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(c);
}

static int on_timer(CURLM *multi, long ms, void *client)
{
    (void)multi;
    struct http_client *c = client;
    if (ms < 0)
        uv_timer_stop(&c->timer);
    else // 0 too goes through the loop: curl must not be called from here
        uv_timer_start(&c->timer, on_timeout, (uint64_t)ms, 0);
    return 0;
}

static void on_ready(uv_poll_t *p, int status, int events)
{
    struct watched *w = (struct watched *)p;
    struct http_client *c = w->client;
    int what = status < 0 ? CURL_CSELECT_ERR : 0, running;
    if (events & UV_READABLE)
        what |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        what |= CURL_CSELECT_OUT;
    curl_multi_socket_action(c->multi, w->fd, what, &running);
    collect(c);
}

static void free_handle(uv_handle_t *h)
{
    free(h->data);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *client, void *watch)
{
    (void)easy;
    struct http_client *c = client;
    struct watched *w = watch;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            curl_multi_assign(c->multi, fd, NULL);
            uv_poll_stop(&w->poll);
            uv_close((uv_handle_t *)&w->poll, free_handle);
        }
        return 0;
    }
    if (!w) {
        w = mem_alloc(sizeof *w);
        w->client = c;
        w->fd = fd;
        if (uv_poll_init_socket(c->loop, &w->poll, fd) < 0) {
            free(w);
            return -1;
        }
        w->poll.data = w;
        curl_multi_assign(c->multi, fd, w);
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    return uv_poll_start(&w->poll, events, on_ready) < 0 ? -1 : 0;
}

int http_client_new(struct http_client **ret, uv_loop_t *loop, const struct http_client_config *cfg,
                    struct err *e)
{
    CURLM *multi = curl_multi_init();
    if (!multi)
        return err_set(e, -ENOMEM, "HTTP client: libcurl did not start (is there memory?)");
    struct http_client *c = mem_alloc(sizeof *c);
    c->multi = multi;
    c->loop = loop;
    c->max_answer_bytes = cfg->max_answer_bytes ? cfg->max_answer_bytes : 16 << 20;
    c->tls.ca_file = mem_strdup(cfg->tls.ca_file);
    c->tls.cert_file = mem_strdup(cfg->tls.cert_file);
    c->tls.key_file = mem_strdup(cfg->tls.key_file);
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    long per_host = cfg->max_connections ? cfg->max_connections : 4;
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, c);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, c);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, per_host);
    *ret = c;
    return 0;
}

void http_client_free(struct http_client *c)
{
    if (!c)
        return;
    while (c->calls)
        cancel(c->calls);
    // Closing the kept connections makes curl take its sockets out of on_socket's watch.
    curl_multi_cleanup(c->multi);
    free((char *)(uintptr_t)c->tls.ca_file);
    free((char *)(uintptr_t)c->tls.cert_file);
    free((char *)(uintptr_t)c->tls.key_file);
    uv_close((uv_handle_t *)&c->timer, free_handle); // timer.data is the client itself
}

static size_t take(char *data, size_t one, size_t n, void *call)
{
    (void)one;
    struct call *k = call;
    buf_put(&k->body, data, n);
    return k->body.failed ? 0 : n;
}

uint64_t http_client_ask(struct http_client *c, const struct http_ask *ask, http_done_fn *done, void *ctx)
{
    struct call *k = mem_alloc(sizeof *k);
    *k = (struct call){.client = c,
                       .id = ++c->next_id,
                       .easy = curl_easy_init(),
                       .url = mem_strdup(ask->url),
                       .body = BUF_INIT(c->max_answer_bytes),
                       .done = done,
                       .ctx = ctx};
    if (!k->easy)
        abort();
    k->next = c->calls;
    if (k->next)
        k->next->prev = k;
    c->calls = k;
    k->headers = http_options(k->easy, ask, &c->tls);
    curl_easy_setopt(k->easy, CURLOPT_PRIVATE, k);
    curl_easy_setopt(k->easy, CURLOPT_ERRORBUFFER, k->detail);
    curl_easy_setopt(k->easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(k->easy, CURLOPT_WRITEDATA, k);
    curl_multi_add_handle(c->multi, k->easy); // sets the timer to 0: the call begins in the loop
    return k->id;
}

uint64_t http_client_post(struct http_client *c, const char *url, const char *const *headers,
                          const void *body, size_t n, long timeout_ms, http_done_fn *done, void *ctx)
{
    struct http_ask ask = {
        .method = "POST", .url = url, .headers = headers, .body = body, .n = n, .timeout_ms = timeout_ms};
    return http_client_ask(c, &ask, done, ctx);
}

void http_client_cancel(struct http_client *c, uint64_t id)
{
    for (struct call *k = c->calls; k; k = k->next)
        if (k->id == id) {
            cancel(k);
            return;
        }
}
