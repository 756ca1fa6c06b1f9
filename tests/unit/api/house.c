// SPDX-License-Identifier: Apache-2.0
#include "house.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/shown.h"
#include "base/mem.h"
#include "store/memory.h"

#define START_MS INT64_C(1767322800000) // 2026-01-02T03:00:00Z

// ---- the backend

static house_ms b_now(void *ctx)
{
    return ((struct house *)ctx)->now;
}

static bool b_account(void *ctx, const char *token, struct account_view *out)
{
    struct house *h = ctx;
    static const char *const tokens[] = {OPERATOR, CUSTOMER, STRANGER};
    const uint64_t ids[] = {h->operator_id, h->customer_id, h->stranger_id};
    for (int i = 0; i < 3; i++) {
        if (strcmp(token, tokens[i]) != 0)
            continue;
        *out = (struct account_view){
            .id = ids[i], .max_tasks = 1000, .scheduling = ACTIVITY_FLEX, .operator= i == 0 };
        snprintf(out->email, sizeof out->email, "%.8s@example.org", token);
        return true;
    }
    return false;
}

static void b_token_hash(void *ctx, const char *token, char hex[65])
{
    (void)ctx;
    snprintf(hex, 65, "digest of %.50s", token);
}

static int b_seal(void *ctx, const char *bound, const char *value, struct buf *out, struct err *e)
{
    return vault_seal(&((struct house *)ctx)->vault, bound, value, out, e);
}

static int b_unseal(void *ctx, const char *bound, const char *sealed, struct buf *out, struct err *e)
{
    return vault_unseal(&((struct house *)ctx)->vault, bound, sealed, out, e);
}

static bool b_node_token(void *ctx, const char *token)
{
    (void)ctx;
    return !strcmp(token, NODES);
}

static int commit(struct house *h, struct fresh_read *fresh, size_t n_fresh)
{
    struct err e = ERR_NULL;
    if (h->fail_with)
        return h->fail_with;
    shown_changing(h->shown, h->fx.change, h->fx.n_changes);
    int r = h->store.commit(h->store.ctx, h->store_epoch, h->fx.change, h->fx.n_changes, fresh, n_fresh, &e);
    shown_changed(h->shown, h->fx.change, h->fx.n_changes);
    if (r)
        fail_msg("commit: %s", e.text);
    return 0;
}

static void apply(struct house *h, struct event *ev)
{
    ev->token = ++h->next_token;
    ev->seq = ev->token;
    ev->now = h->now;
    effects_clear(&h->fx);
    server_apply(h->engine, ev, &h->fx);
    server_settle(h->engine, h->now, &h->fx);
}

static const struct reply *reply_of(struct house *h, uint64_t token)
{
    for (size_t i = 0; i < h->fx.n_replies; i++)
        if (h->fx.reply[i].token == token)
            return &h->fx.reply[i];
    return NULL;
}

static void b_submit(void *ctx, struct submission *s)
{
    struct house *h = ctx;
    h->submissions++;
    if (h->before_apply) {
        void (*f)(struct house *) = h->before_apply;
        h->before_apply = NULL;
        f(h);
    }
    if (h->fail_with) { // the server would forget what was applied; here it is not applied
        s->done(s, NULL, h->fail_with);
    } else if (s->event.kind == EVENT_KIND_N) {
        effects_clear(&h->fx);
        int r = commit(h, &s->fresh, 1);
        s->done(s, NULL, r);
    } else {
        apply(h, &s->event);
        int r = commit(h, NULL, 0);
        s->done(s, reply_of(h, s->event.token), r);
    }
    arena_deinit(&s->arena);
    free(s);
}

static void b_work(void *ctx, void (*fn)(void *arg, struct store_reader *reader), void *arg)
{
    struct house *h = ctx;
    h->works++;
    fn(arg, &h->reader);
}

static void b_query(void *ctx, void (*fn)(void *arg, const struct server *engine, house_ms now),
                    void (*after)(void *arg, int error), void *arg)
{
    struct house *h = ctx;
    h->queries++;
    fn(arg, h->engine, h->now);
    after(arg, h->fail_with ? h->fail_with : h->fail_queries_with);
}

static void b_entropy(void *ctx, void *out, size_t n)
{
    struct house *h = ctx;
    for (size_t i = 0; i < n; i++)
        ((uint8_t *)out)[i] = (uint8_t)rng_next(&h->rng);
}

// ---- life

static uint64_t account(struct house *h, const char *email)
{
    struct event ev = {.kind = EVENT_ACCOUNT_PUT};
    ev.account.email = email;
    ev.account.name = email;
    ev.account.token_hash = email; // only compared
    ev.account.has_max_tasks = true;
    ev.account.max_tasks = 1000;
    apply(h, &ev);
    const struct reply *r = reply_of(h, ev.token);
    assert_non_null(r);
    uint64_t id = r->id;
    commit(h, NULL, 0);
    return id;
}

static size_t b_forwards(void *ctx, uint64_t task, struct forward_view *out, size_t most)
{
    struct house *h = ctx;
    (void)task;
    if (!h->forward.forwarder_port || !most)
        return 0;
    out[0] = h->forward;
    return 1;
}

int house_open(void **state)
{
    struct house *h = mem_alloc(sizeof *h);
    struct err e = ERR_NULL;
    struct server_config cfg;
    server_config_default(&cfg);
    cfg.check_plans = true;
    h->now = HOUSE_MS(START_MS);
    rng_seed(&h->rng, 7);
    effects_init(&h->fx);
    assert_int_equal(store_memory_open(&h->store, &e), 0);
    assert_int_equal(h->store.lead(h->store.ctx, &h->store_epoch, &e), 0);
    assert_int_equal(store_memory_reader(&h->reader, &h->store, &e), 0);
    h->shown = shown_new(INT64_MAX / 4);
    h->engine = server_new(&cfg);
    server_restored(h->engine, h->now);
    h->operator_id = account(h, "operator@example.org");
    h->customer_id = account(h, "customer@example.org");
    h->stranger_id = account(h, "stranger@example.org");
    h->be = (struct api_backend){.ctx = h,
                                 .now = b_now,
                                 .account = b_account,
                                 .token_hash = b_token_hash,
                                 .node_token = b_node_token,
                                 .seal = b_seal,
                                 .unseal = b_unseal,
                                 .reader = &h->reader,
                                 .submit = b_submit,
                                 .work = b_work,
                                 .query = b_query,
                                 .entropy = b_entropy,
                                 .carbon = {52, 1, 0},
                                 .limits = cfg,
                                 .shown = h->shown,
                                 .epoch = h->store_epoch,
                                 .profiles = {.relay = true},
                                 .forwards = b_forwards,
                                 .email = "house@example.org"};
    h->api = api_new(&h->be);
    *state = h;
    return 0;
}

int house_close(void **state)
{
    struct house *h = *state;
    api_free(h->api);
    shown_free(h->shown);
    server_free(h->engine);
    effects_deinit(&h->fx);
    h->reader.free(h->reader.ctx);
    h->store.free(h->store.ctx);
    free(h);
    return 0;
}

// ---- requests

struct asking {
    struct answer *out;
    bool ended;
};

static void finish(struct call *c)
{
    struct asking *k = c->skin;
    struct answer *a = k->out;
    a->status = c->status;
    a->kind = c->kind;
    a->type = mem_strdup(c->type ? c->type : "");
    a->body = mem_strdup(buf_str(&c->out));
    a->json = json_loads(a->body, JSON_DECODE_ANY, NULL);
    for (int i = 0; c->header[i]; i += 2)
        if (!strcmp(c->header[i], "Location"))
            a->location = mem_strdup(c->header[i + 1]);
        else if (!strcmp(c->header[i], "Allow"))
            a->allow = mem_strdup(c->header[i + 1]);
        else if (!strcmp(c->header[i], "Ondol-Truncated"))
            a->truncated = mem_strdup(c->header[i + 1]);
    k->ended = true;
    call_free(c);
}

struct answer house_ask(struct house *h, const char *method, const char *target, const char *token,
                        const char *accept, const char *body)
{
    struct answer a = {0};
    struct asking k = {.out = &a};
    struct call *c = call_new(h->api);
    struct query_pair pair[16];
    char arena[4096];
    const char *query = strchr(target, '?');
    int n = query ? query_split(query + 1, arena, pair, 16) : 0;
    for (int i = 0; i < n; i++) {
        c->query_name[i] = pair[i].name;
        c->query_value[i] = pair[i].value;
    }
    c->n_query = (size_t)n;
    c->method = method;
    c->authorization = token;
    c->accept = accept;
    c->body = body ? body : "";
    c->body_bytes = strlen(c->body);
    c->finish = finish;
    c->skin = &k;
    assert_int_equal(route_normalise(target, &c->route), 0);
    api_dispatch(h->api, c);
    assert_true(k.ended);
    return a;
}

struct answer ask(struct house *h, const char *method, const char *target, const char *body)
{
    return house_ask(h, method, target, CUSTOMER, "*/*", body);
}

struct answer ask_operator(struct house *h, const char *method, const char *target, const char *body)
{
    return house_ask(h, method, target, OPERATOR, "*/*", body);
}

void answer_free(struct answer *a)
{
    free(a->type);
    free(a->body);
    free(a->location);
    free(a->allow);
    free(a->truncated);
    json_decref(a->json);
}

static json_t *json_of(struct answer a, int status, const char *method, const char *target)
{
    if (a.status != status)
        fail_msg("%s %s: %d instead of %d: %s", method, target, a.status, status, a.body);
    json_t *json = json_incref(a.json);
    answer_free(&a);
    return json;
}

json_t *expect(struct house *h, int status, const char *method, const char *target, const char *body)
{
    return json_of(ask(h, method, target, body), status, method, target);
}

json_t *expect_operator(struct house *h, int status, const char *method, const char *target, const char *body)
{
    return json_of(ask_operator(h, method, target, body), status, method, target);
}

void expect_message(struct house *h, int status, const char *message, const char *method, const char *target,
                    const char *body)
{
    json_t *json = expect(h, status, method, target, body);
    assert_string_equal(text_at(json, "message"), message);
    json_decref(json);
}

json_t *json_at(const json_t *v, const char *path)
{
    char name[128];
    while (v && *path) {
        size_t n = strcspn(path, ".");
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        v = json_is_array(v) ? json_array_get(v, strtoul(name, NULL, 10)) : json_object_get(v, name);
        path += n + (path[n] == '.');
    }
    return (json_t *)v;
}

void expect_text(struct house *h, const char *target, const char *at, const char *value)
{
    json_t *j = expect(h, 200, "GET", target, NULL);
    assert_string_equal(text_at(j, at), value);
    json_decref(j);
}

void expect_int(struct house *h, const char *target, const char *at, int64_t value)
{
    json_t *j = expect(h, 200, "GET", target, NULL);
    assert_int_equal(int_at(j, at), value);
    json_decref(j);
}

const char *path(const char *fmt, const char *a)
{
    static char out[8][1024];
    static int next;
    next = (next + 1) % 8;
    snprintf(out[next], sizeof out[next], fmt, a);
    return out[next];
}

const char *expect_made(struct house *h, const char *target, const char *body)
{
    static char uuid[16][UUID_TEXT_BYTES];
    static int next;
    json_t *j = expect(h, 200, "POST", target, body);
    next = (next + 1) % 16;
    snprintf(uuid[next], UUID_TEXT_BYTES, "%s", text_at(j, "uuid"));
    json_decref(j);
    return uuid[next];
}

const char *text_at(const json_t *v, const char *path)
{
    const char *text = json_string_value(json_at(v, path));
    if (!text)
        fail_msg("no text at %s", path);
    return text;
}

int64_t int_at(const json_t *v, const char *path)
{
    json_t *n = json_at(v, path);
    if (!json_is_integer(n))
        fail_msg("no integer at %s", path);
    return json_integer_value(n);
}

// ---- the node

static void sync_up(struct house *h, struct report *report, size_t n, const struct offer *offer)
{
    struct event ev = {.kind = EVENT_SYNC};
    snprintf(ev.sync.node, sizeof ev.sync.node, "n1");
    ev.sync.nonce = 99;
    ev.sync.epoch = offer ? 0 : h->node_epoch;
    ev.sync.has_offer = offer != NULL;
    if (offer)
        ev.sync.offer = *offer;
    for (size_t i = 0; i < n; i++) {
        report[i].seq = ++h->node_seq;
        report[i].at = h->now;
    }
    ev.sync.report = report;
    ev.sync.n_reports = n;
    apply(h, &ev);
    assert_int_equal(h->fx.n_syncs, 1);
    h->node_id = h->fx.sync[0].node;
    commit(h, NULL, 0);
}

static void desired(struct house *h, struct arena *a, struct sync_down *down)
{
    server_desired(h->engine, h->node_id, 0, h->now, a, down);
    h->node_epoch = down->epoch;
}

void house_boards(struct house *h, int n)
{
    struct offer_zone zone = {.name = "z1",
                              .site = "s1",
                              .label = "room 1",
                              .nameplate_w = 500 * n,
                              .setpoint_mc = 20000,
                              .mode = ZONE_COMFORT};
    struct offer_board *board = mem_array((size_t)n, sizeof *board);
    struct report *report = mem_array((size_t)n + 1, sizeof *report);
    for (int i = 0; i < n; i++) {
        struct offer_board *b = &board[i];
        snprintf(b->name, sizeof b->name, "b%d", i + 1);
        snprintf(b->heater, sizeof b->heater, "h%d", i / 2 + 1);
        snprintf(b->zone, sizeof b->zone, "z1");
        b->spec = (struct board_spec){.cores = 8,
                                      .memory_mb = 16384,
                                      .ssd = true,
                                      .key = "8c-16g-amd-ryzen1700",
                                      .cpu_model = "AMD Ryzen 7 1700"};
        b->curve = *curve_default();
        b->sandbox = true;
        struct report *r = &report[i + 1];
        r->kind = REPORT_BOARD;
        snprintf(r->name, sizeof r->name, "b%d", i + 1);
        r->board.run = ACTIVITY_IDLE;
        r->board.draw_mw = 12500;
    }
    report[0].kind = REPORT_ZONE;
    snprintf(report[0].name, sizeof report[0].name, "z1");
    report[0].zone.room_mc = 17250;
    report[0].zone.setpoint_mc = 20000;
    report[0].zone.mode = ZONE_COMFORT;
    report[0].zone.draw_w = 40;
    snprintf(report[0].zone.why, sizeof report[0].zone.why, "17.2 degC for 20.0: at full power");
    report[0].zone.request = (struct heat_request){.target_w = 500 * n,
                                                   .min_w = 100,
                                                   .max_w = 500 * n,
                                                   .up_j = 1000000,
                                                   .down_j = 0,
                                                   .t_up_s = 36000,
                                                   .t_down_s = 0,
                                                   .valid_until = house_add(h->now, 86400000)};
    sync_up(h, NULL, 0, &(struct offer){.zone = &zone, .n_zones = 1, .board = board, .n_boards = (size_t)n});
    struct arena a = ARENA_NULL;
    struct sync_down down;
    desired(h, &a, &down);
    arena_deinit(&a);
    sync_up(h, report, (size_t)n + 1, NULL);
    free(board);
    free(report);
}

// One report for each assignment that is not told to stop.
static void report_all(struct house *h,
                       void (*fill)(struct report *r, const struct assignment *as, void *arg), void *arg)
{
    struct arena a = ARENA_NULL;
    struct sync_down down;
    desired(h, &a, &down);
    struct report *report = mem_array(down.n_assignments + 1, sizeof *report);
    for (size_t i = 0; i < down.n_assignments; i++) {
        report[i].lease = down.assignment[i].lease;
        fill(&report[i], &down.assignment[i], arg);
    }
    sync_up(h, report, down.n_assignments, NULL);
    free(report);
    arena_deinit(&a);
}

static void fill_started(struct report *r, const struct assignment *as, void *arg)
{
    (void)as;
    r->kind = REPORT_STARTED;
    r->started.at = ((struct house *)arg)->now;
}

static void fill_level(struct report *r, const struct assignment *as, void *arg)
{
    (void)as;
    (void)arg;
    r->kind = REPORT_LEVEL;
    r->level.phase = PHASE_EXECUTION;
    r->level.progress_permille = 400;
    r->level.freq_mhz = 3000;
    r->level.max_freq_mhz = 3200;
    r->level.duty_permille = 1000;
    r->level.cpu_permille = 487;
    r->level.memory_mb = 512;
    r->level.memory_max_mb = 8192;
    r->level.exec_ms = 4000;
}

static void fill_output(struct report *r, const struct assignment *as, void *arg)
{
    (void)as;
    r->kind = REPORT_OUTPUT;
    r->output.stream = 0;
    r->output.data = arg;
    r->output.n = strlen(arg);
}

// Heard of pools' nodes only.
static void fill_ready(struct report *r, const struct assignment *as, void *arg)
{
    (void)as;
    (void)arg;
    r->kind = REPORT_READY;
}

static void fill_exited(struct report *r, const struct assignment *as, void *arg)
{
    int code = *(int *)arg;
    r->kind = REPORT_EXITED;
    if (as->slots && !as->stop) { // a pool's node goes on
        r->kind = REPORT_READY;
        return;
    }
    r->exited.end = as->stop ? as->stop_end : code ? ATTEMPT_FAILURE : ATTEMPT_SUCCESS;
    r->exited.exit_code = code;
    r->exited.signal = -1;
    r->exited.wall_ms = 9500;
    r->exited.exec_ms = 8000;
    r->exited.core_ms = 64000;
    r->exited.work_mhz_s = 8 * 1600 * 8; // half of the time of its processors
    r->exited.energy_mj = 520000;
    r->exited.peak_memory_mb = 64;
    r->exited.clock_permille = 800;
    r->exited.fetch_ms = 900; // of the 1,500 that it did not run
    r->exited.store_ms = 500;
}

void house_start_all(struct house *h)
{
    report_all(h, fill_started, h);
    report_all(h, fill_level, h);
    report_all(h, fill_ready, h);
}

void house_print_all(struct house *h, const char *text)
{
    report_all(h, fill_output, (void *)text);
}

void house_end_all(struct house *h, int exit_code)
{
    report_all(h, fill_exited, &exit_code);
}

void house_later(struct house *h, int64_t ms)
{
    struct event ev = {.kind = EVENT_TICK};
    h->now = house_add(h->now, ms);
    apply(h, &ev);
    commit(h, NULL, 0);
}

void house_task(struct house *h, const char *name, int instances, char out[UUID_TEXT_BYTES])
{
    char body[512];
    snprintf(body, sizeof body,
             "{\"name\":\"%s\",\"profile\":\"docker-batch\",\"instanceCount\":%d,"
             "\"constants\":[{\"key\":\"DOCKER_CMD\",\"value\":\"echo hello\"}]}",
             name, instances);
    json_t *json = expect(h, 200, "POST", "/tasks", body);
    snprintf(out, UUID_TEXT_BYTES, "%s", text_at(json, "uuid"));
    json_decref(json);
}
