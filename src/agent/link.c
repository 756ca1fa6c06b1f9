// SPDX-License-Identifier: Apache-2.0
#include "agent/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/body.h"
#include "base/mem.h"
#include "net/wire.h"

#define BACKOFF_FIRST_MS 200
#define BACKOFF_MOST_MS  10000
#define LARGE_ANSWER     ((size_t)64 << 10)
#define CLOCK_ASTRAY_MS  20000 // a third of a lease
#define CALL_TIMEOUT_MS  30000 // the parent parks a call for at most 10 s

struct ask {
    struct link *link;
    enum agent_call call;
    uint64_t nonce;
};

struct link {
    struct node *node;
    struct http_client *client;
    uv_timer_t again, gather;
    char *url;
    const char *headers[5];
    int64_t backoff_ms; // 0: the last call went well
    int timers;         // still to be closed
    bool waiting, closing, gone, astray;
};

static uint64_t entropy(void)
{
    uint64_t v = 0;
    if (getrandom(&v, sizeof v, 0) != sizeof v)
        abort();
    return v;
}

static void on_gathered(uv_timer_t *t)
{
    link_poke(t->data);
}

static void on_again(uv_timer_t *t)
{
    struct link *l = t->data;
    l->waiting = false;
    link_poke(l);
}

// Says once that the parent is gone, and once that it is back.
static void fell_silent(struct link *l, const char *why)
{
    if (!l->gone) // why already names the address where there was no answer
        fprintf(stderr, "ondol: %s%s%s (heat goes on; trying again)\n",
                strncmp(why, l->url, strlen(l->url)) ? l->url : "",
                strncmp(why, l->url, strlen(l->url)) ? ": " : "", why);
    l->gone = true;
    l->backoff_ms = l->backoff_ms == 0 ? BACKOFF_FIRST_MS : l->backoff_ms * 2;
    if (l->backoff_ms > BACKOFF_MOST_MS)
        l->backoff_ms = BACKOFF_MOST_MS;
    int64_t wait = l->backoff_ms / 2 + (int64_t)(entropy() % (uint64_t)(l->backoff_ms / 2 + 1));
    l->waiting = true;
    uv_timer_start(&l->again, on_again, (uint64_t)wait, 0);
}

// Leases are until moments of the house, so both sides must agree on the time; one that does not says so,
// once.
static void compare_clocks(struct link *l, const struct sync_down *down)
{
    int64_t ahead_ms = house_since(clock_house(&l->node->opt.clock), down->house) / l->node->opt.clock.speed;
    bool astray = ahead_ms > CLOCK_ASTRAY_MS || ahead_ms < -CLOCK_ASTRAY_MS;
    if (astray && !l->astray)
        fprintf(
            stderr,
            "ondol: clock: %lld s %s the server's: work may be lost (have both set by NTP; heat goes on)\n",
            (long long)(ahead_ms < 0 ? -ahead_ms : ahead_ms) / 1000, ahead_ms < 0 ? "behind" : "ahead of");
    l->astray = astray;
}

static int answer_read(struct link *l, const struct ask *ask, const struct http_result *res, struct err *e)
{
    struct arena a = ARENA_NULL;
    struct sync_down down;
    if (res->code < 0)
        return err_set(e, res->code, "%.250s", res->err.text);
    if (res->status == 401)
        return err_set(e, -1, "answers 401: it does not know our token (give the one in its DIR/node-token)");
    if (res->status != 200)
        return err_set(e, -1, "answers %d: %.120s", res->status, res->n ? res->body : "");
    int r = wire_down_decode(res->body, res->n, &a, &down, e);
    if (r == 0) {
        const struct task_body **body = arena_alloc(&a, (down.n_assignments + 1) * sizeof *body);
        for (size_t i = 0; i < down.n_assignments; i++)
            body[i] = down.assignment[i].body ? body_read(down.assignment[i].body, &a) : NULL;
        if (l->gone)
            fprintf(stderr, "ondol: %s: answers again\n", l->url);
        l->gone = false;
        l->backoff_ms = 0;
        compare_clocks(l, &down);
        node_feed(l->node, &(struct agent_event){.kind = AGENT_ANSWER,
                                                 .entropy = entropy(),
                                                 .answer = {ask->call, ask->nonce, &down, body}});
    }
    arena_deinit(&a);
    return r;
}

static void on_done(void *ctx, const struct http_result *res)
{
    struct ask *ask = ctx;
    struct link *l = ask->link;
    struct err e = ERR_NULL;
    l->node->trim |= res->n > LARGE_ANSWER;
    if (!l->closing && answer_read(l, ask, res, &e) < 0) {
        if (!l->waiting)
            fell_silent(l, e.text);
        node_feed(l->node, &(struct agent_event){.kind = AGENT_FAILED, .answer.call = ask->call});
    }
    free(ask);
}

void link_poke(struct link *l)
{
    if (!l || l->waiting || l->closing)
        return;
    house_ms now = clock_house(&l->node->opt.clock);
    for (enum agent_call due; (due = agent_call_due(l->node->agent, now)) != CALL_NONE;) {
        struct arena a = ARENA_NULL;
        struct sync_up up;
        size_t n;
        agent_call_make(l->node->agent, due, now, &a, &up);
        char *text = wire_up_encode(&up, &n);
        struct ask *ask = mem_alloc(sizeof *ask);
        *ask = (struct ask){l, due, up.nonce};
        http_client_post(l->client, l->url, l->headers, text, n, CALL_TIMEOUT_MS, on_done, ask);
        free(text);
        arena_deinit(&a);
    }
    int64_t wait = agent_call_wait_ms(l->node->agent, now);
    if (wait > 0)
        uv_timer_start(&l->gather, on_gathered, (uint64_t)(wait / l->node->opt.clock.speed + 1), 0);
}

int link_new(struct link **ret, struct node *n, struct err *e)
{
    struct link *l = mem_alloc(sizeof *l);
    struct http_client_config cfg = {
        .tls.ca_file = n->opt.ca_file, .max_answer_bytes = WIRE_DOWN_BYTES_MAX, .max_connections = 4};
    int r = http_client_new(&l->client, n->loop, &cfg, e);
    if (r < 0) {
        free(l);
        return r;
    }
    l->node = n;
    size_t length = strlen(n->opt.server);
    while (length > 0 && n->opt.server[length - 1] == '/')
        length--;
    l->url = mem_alloc(length + sizeof WIRE_PATH);
    memcpy(l->url, n->opt.server, length);
    strcpy(l->url + length, WIRE_PATH);
    int h = 0;
    l->headers[h++] = "Content-Type";
    l->headers[h++] = "application/json";
    if (n->opt.token) {
        l->headers[h++] = "Authorization";
        l->headers[h++] = n->opt.token;
    }
    uv_timer_init(n->loop, &l->again);
    uv_timer_init(n->loop, &l->gather);
    l->again.data = l->gather.data = l;
    *ret = l;
    return 0;
}

static void on_timer_closed(uv_handle_t *h)
{
    struct link *l = h->data;
    if (--l->timers > 0)
        return;
    free(l->url);
    free(l);
}

void link_free(struct link *l)
{
    if (!l)
        return;
    l->closing = true;
    http_client_free(l->client);
    l->timers = 2;
    uv_close((uv_handle_t *)&l->again, on_timer_closed);
    uv_close((uv_handle_t *)&l->gather, on_timer_closed);
}
