// SPDX-License-Identifier: Apache-2.0
//
// A whole server in this process, asked over real HTTP, and a node that the test plays with the sync
// messages. For test files, after <cmocka.h>.
#ifndef ONDOL_TESTS_LIVE_H
#define ONDOL_TESTS_LIVE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/http_call.h"
#include "net/wire.h"
#include "server/runtime.h"

#define TOKEN      "test-token-0123456789"
#define NODE_TOKEN "node-token-0123456789"

struct live {
    char dir[64];
    struct runtime *r;
    int port;
};

// What all servers of the tests have in common; times and the store are the test's.
static inline void live_config(const struct live *f, struct runtime_config *c)
{
    runtime_config_default(c, 1);
    c->data_dir = f->dir;
    c->listen = "127.0.0.1:0";
    c->token = TOKEN;
    c->node_token = NODE_TOKEN;
    c->email = "me@example.org";
}

static inline void live_start(struct live *f, const struct runtime_config *c)
{
    struct err e = ERR_NULL;
    if (runtime_start(&f->r, c, &e) < 0)
        fail_msg("%s", e.text);
    f->port = runtime_port(f->r);
}

static inline void live_stop(struct live *f)
{
    runtime_stop(f->r);
    f->r = NULL;
}

static inline void live_forget(struct live *f)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s/*", f->dir);
    assert_int_equal(system(command), 0);
}

static inline struct live *live_new(void)
{
    struct live *f = mem_alloc(sizeof *f);
    snprintf(f->dir, sizeof f->dir, "/tmp/ondol-live-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    return f;
}

static inline void live_free(struct live *f)
{
    runtime_stop(f->r);
    live_forget(f);
    rmdir(f->dir);
    free(f);
}

// The answer's text (free it); status 0: none came, and the text says why.
static inline char *live_call(int port, const char *token, const char *method, const char *path,
                              const char *body, int *status)
{
    char url[1024];
    struct err e = ERR_NULL;
    struct http_answer a;
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    const char *headers[] = {"Authorization", token, "Content-Type", "application/json", NULL};
    struct http_ask ask = {.method = method,
                           .url = url,
                           .headers = headers,
                           .body = body,
                           .n = body ? strlen(body) : 0,
                           .timeout_ms = 30000};
    *status = 0;
    if (http_call(&a, &ask, &(struct http_tls){0}, (size_t)16 << 20, &e) < 0)
        return mem_strdup(e.text);
    *status = a.status;
    char *text = mem_strdup(buf_str(&a.body));
    http_answer_deinit(&a);
    return text;
}

// ---- the node: "n1" with zone "z1" and board "b1"

struct node {
    struct sync_up up;
    struct offer_zone zone;
    struct offer_board board;
    struct arena arena;
    struct sync_down down;
    uint64_t seq, acked;
};

static inline void node_init(struct node *n)
{
    *n = (struct node){.up = {.node = "n1", .nonce = 77, .has_offer = true}};
    n->zone = (struct offer_zone){.name = "z1",
                                  .site = "s1",
                                  .label = "room 1",
                                  .nameplate_w = 500,
                                  .setpoint_mc = 20000,
                                  .mode = ZONE_COMFORT,
                                  .is_virtual = true};
    n->board =
        (struct offer_board){.name = "b1",
                             .heater = "h1",
                             .zone = "z1",
                             .curve = *curve_default(),
                             .sandbox = true,
                             .spec = {.cores = 8, .memory_mb = 16384, .key = "8c-16g", .cpu_model = "Ryzen"}};
    n->up.offer = (struct offer){.zone = &n->zone, .n_zones = 1, .board = &n->board, .n_boards = 1};
}

// Its next message (free it).
static inline char *node_message(struct node *n, struct report *r, size_t n_reports)
{
    size_t size;
    n->up.report = r;
    n->up.n_reports = n_reports;
    return wire_up_encode(&n->up, &size);
}

static inline void node_learn(struct node *n, const char *answer)
{
    struct err e = ERR_NULL;
    arena_deinit(&n->arena);
    if (wire_down_decode(answer, strlen(answer), &n->arena, &n->down, &e) < 0)
        fail_msg("%s", e.text);
    n->up.epoch = n->down.epoch;
    n->up.have = n->down.version;
    n->up.has_offer = false;
}

static inline struct report node_report(struct node *n, enum report_kind kind, uint64_t lease, house_ms at)
{
    struct report r = {.seq = ++n->seq, .at = at, .kind = kind, .lease = lease};
    if (kind == REPORT_STARTED)
        r.started.at = at;
    if (kind == REPORT_ZONE) { // it is cold and wants heat
        snprintf(r.name, sizeof r.name, "z1");
        r.zone.room_mc = 18000;
        r.zone.setpoint_mc = 20000;
        r.zone.mode = ZONE_COMFORT;
        r.zone.request = (struct heat_request){.target_w = 300,
                                               .min_w = 100,
                                               .max_w = 450,
                                               .up_j = 1000,
                                               .down_j = 10,
                                               .t_up_s = 3600,
                                               .t_down_s = 60,
                                               .valid_until = house_add(at, 90000)};
        snprintf(r.zone.why, sizeof r.zone.why, "18.0 degC for 20.0: heating");
    }
    return r;
}

// What it says of a run that printed "hello" and succeeded.
static inline void node_report_end(struct node *n, uint64_t lease, house_ms at, struct report said[2])
{
    said[0] = node_report(n, REPORT_OUTPUT, lease, at);
    said[0].output.data = "hello\n";
    said[0].output.n = 6;
    said[1] = node_report(n, REPORT_EXITED, lease, at);
    said[1].exited.end = ATTEMPT_SUCCESS;
    said[1].exited.wall_ms = said[1].exited.exec_ms = 10;
    said[1].exited.core_ms = 80;
    said[1].exited.energy_mj = 1000;
}

// The body of a task of so many instances; INSTANCES is a text.
#define HELLO(INSTANCES)                                                                                     \
    "{\"name\":\"hello\",\"profile\":\"docker-batch\",\"poolUuid\":null,\"jobUuid\":null,\"constants\":[{"   \
    "\"key\":"                                                                                               \
    "\"DOCKER_CMD\",\"value\":\"echo hello\"}],\"constraints\":[],\"instanceCount\":" INSTANCES              \
    ",\"tags\":[]}"

#endif
