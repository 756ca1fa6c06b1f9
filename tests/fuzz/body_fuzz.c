// SPDX-License-Identifier: Apache-2.0
//
// Bodies of the API: requests one after the other, each "METHOD TARGET", its body in the lines after, and a
// line "%" before the next. They reach the real engine, whose every state is audited; nothing is kept in the
// store, so that this is far quicker than `request`, which has lists and nodes too. The caller is an
// operator. Whatever is asked, the answer is one that clients can read and none is a 5xx.
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "audit.h"
#include "base/mem.h"
#include "base/rng.h"
#include "store/memory.h"

#define START_MS     INT64_C(1767322800000) // 2026-01-02T03:00:00Z
#define REQUESTS     12
#define TARGET_BYTES 2048

struct home {
    struct server *engine;
    struct effects fx;
    struct api_backend be;
    struct api *api;
    struct rng rng;
    struct store_reader *reader; // of an empty store
    house_ms now;
    uint64_t next_token, account;
};

static house_ms b_now(void *ctx)
{
    return ((struct home *)ctx)->now;
}

static bool b_account(void *ctx, const char *token, struct account_view *out)
{
    struct home *h = ctx;
    (void)token;
    *out = (struct account_view){
        .id = h->account, .email = "a@b.c", .max_tasks = 100, .scheduling = ACTIVITY_FLEX, .operator= true };
    return true;
}

static void b_token_hash(void *ctx, const char *token, char hex[65])
{
    (void)ctx;
    snprintf(hex, 65, "digest of %.50s", token);
}

static int b_seal(void *ctx, const char *bound, const char *value, struct buf *out, struct err *e)
{
    (void)ctx, (void)bound, (void)e;
    buf_puts(out, value);
    return 0;
}

static bool b_node_token(void *ctx, const char *token)
{
    (void)ctx, (void)token;
    return false;
}

static void settle(struct home *h)
{
    struct err e = ERR_NULL;
    server_settle(h->engine, h->now, &h->fx);
    if (audit_server(h->engine, h->now, &h->fx, NULL, &e) < 0) {
        fprintf(stderr, "%s\n", e.text);
        abort();
    }
}

static const struct reply *apply(struct home *h, struct event *ev)
{
    ev->token = ev->seq = ++h->next_token;
    ev->now = h->now;
    effects_clear(&h->fx);
    server_apply(h->engine, ev, &h->fx);
    settle(h);
    for (size_t i = 0; i < h->fx.n_replies; i++)
        if (h->fx.reply[i].token == ev->token)
            return &h->fx.reply[i];
    return NULL;
}

static void b_submit(void *ctx, struct submission *s)
{
    s->done(s, s->event.kind == EVENT_KIND_N ? NULL : apply(ctx, &s->event), 0);
    arena_deinit(&s->arena);
    free(s);
}

static void b_work(void *ctx, void (*fn)(void *arg, struct store_reader *reader), void *arg)
{
    fn(arg, ((struct home *)ctx)->reader);
}

static void b_query(void *ctx, void (*fn)(void *arg, const struct server *engine, house_ms now),
                    void (*after)(void *arg, int error), void *arg)
{
    struct home *h = ctx;
    fn(arg, h->engine, h->now);
    after(arg, 0);
}

static void b_entropy(void *ctx, void *out, size_t n)
{
    struct home *h = ctx;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)rng_next(&h->rng);
}

static struct store_reader *empty_store(void)
{
    static struct store store;
    static struct store_reader reader;
    struct err e = ERR_NULL;
    if (!reader.ctx && (store_memory_open(&store, &e) < 0 || store_memory_reader(&reader, &store, &e) < 0))
        abort();
    return &reader;
}

// A node with zone z1 of site s1, heater h1 and boards b1 and b2 has called home.
static void furnish(struct home *h)
{
    struct offer_zone zone = {.name = "z1",
                              .site = "s1",
                              .label = "room 1",
                              .nameplate_w = 1000,
                              .setpoint_mc = 20000,
                              .mode = ZONE_COMFORT};
    struct offer_board board[2];
    for (int i = 0; i < 2; i++) {
        board[i] = (struct offer_board){.heater = "h1",
                                        .zone = "z1",
                                        .spec = {.cores = 8, .memory_mb = 16384, .ssd = true},
                                        .sandbox = true};
        snprintf(board[i].name, NAME_BYTES, "b%d", i + 1);
        snprintf(board[i].spec.key, sizeof board[i].spec.key, "8c");
        board[i].curve = *curve_default();
    }
    struct event ev = {
        .kind = EVENT_SYNC,
        .sync = {.node = "n1",
                 .nonce = 99,
                 .has_offer = true,
                 .offer = {.zone = &zone, .n_zones = 1, .board = board, .n_boards = ARRAY_LEN(board)}}};
    apply(h, &ev);
}

static void open_home(struct home *h)
{
    struct server_config cfg;
    server_config_default(&cfg);
    cfg.check_plans = true;
    *h = (struct home){.now = HOUSE_MS(START_MS), .reader = empty_store()};
    rng_seed(&h->rng, 7);
    effects_init(&h->fx);
    h->engine = server_new(&cfg);
    server_restored(h->engine, h->now);
    struct event ev = {.kind = EVENT_ACCOUNT_PUT,
                       .account = {.email = "a@b.c", .name = "a", .token_hash = "00"}};
    h->account = apply(h, &ev)->id;
    furnish(h);
    h->be = (struct api_backend){.ctx = h,
                                 .now = b_now,
                                 .account = b_account,
                                 .token_hash = b_token_hash,
                                 .node_token = b_node_token,
                                 .seal = b_seal,
                                 .reader = h->reader,
                                 .submit = b_submit,
                                 .work = b_work,
                                 .query = b_query,
                                 .entropy = b_entropy,
                                 .carbon = {52, 1, 0},
                                 .limits = cfg,
                                 .profiles = {.relay = true},
                                 .email = "a@b.c"};
    h->api = api_new(&h->be);
}

// ---- requests

static void finish(struct call *c)
{
    bool json = c->type && (!strncmp(c->type, "application/json", 16) ||
                            !strncmp(c->type, "application/problem+json", 24));
    json_t *said = json_loadb(buf_str(&c->out), c->out.n, JSON_DECODE_ANY, NULL);
    bool bad = c->status < 200 || c->status > 499 || (c->status >= 400 && (!json || !said)) ||
               (json && c->out.n && !said);
    if (getenv("BODY_SHOW") || bad)
        fprintf(stderr, "%s: %d %s\n", c->method, c->status, buf_str(&c->out));
    if (bad)
        abort();
    json_decref(said);
    *(bool *)c->skin = true;
    call_free(c);
}

// "METHOD TARGET", and the body in the lines after.
static void request(struct home *h, char *text)
{
    bool ended = false;
    struct route route;
    char *body = strchr(text, '\n'), *target = strchr(text, ' ');
    if (body)
        *body++ = '\0';
    if (!target || (body && target >= body) || strchr(target, '?'))
        return;
    *target++ = '\0';
    if (strlen(target) > TARGET_BYTES || strstr(target, "/sync") || strstr(target, "/events") ||
        route_normalise(target, &route) < 0) // these need a connection to answer on
        return;
    struct call *c = call_new(h->api);
    c->method = text;
    c->route = route;
    c->authorization = "x";
    c->accept = "*/*";
    c->body = body ? body : "";
    c->body_bytes = strlen(c->body);
    c->finish = finish;
    c->skin = &ended;
    api_dispatch(h->api, c);
    if (!ended)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct home h;
    char *text = mem_strndup((const char *)data, n), *rest = text;
    open_home(&h);
    for (int i = 0; i < REQUESTS && rest; i++) {
        char *end = strstr(rest, "\n%\n"), *one = rest;
        rest = end ? end + 3 : NULL;
        if (end)
            *end = '\0';
        h.now = house_add(h.now, 1000);
        request(&h, one);
    }
    api_free(h.api);
    server_free(h.engine);
    effects_deinit(&h.fx);
    free(text);
    return 0;
}
