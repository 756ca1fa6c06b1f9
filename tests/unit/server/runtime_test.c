// SPDX-License-Identifier: Apache-2.0
// The server as a whole, over real HTTP: a client, and a node that this test plays with the sync messages.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/http_call.h"
#include "net/wire.h"
#include "server/runtime.h"

#define TOKEN "test-token-0123456789"
#define NODE_TOKEN "node-token-0123456789"

struct fixture {
    char dir[64];
    struct runtime *r;
};

static void start(struct fixture *f)
{
    struct runtime_config c;
    struct err e = ERR_NULL;
    runtime_config_default(&c, 1);
    c.data_dir = f->dir;
    c.listen = "127.0.0.1:0";
    c.token = TOKEN;
    c.node_token = NODE_TOKEN;
    c.email = "me@example.org";
    c.park_ms = 300;
    c.engine.check_plans = true;
    if (runtime_start(&f->r, &c, &e) < 0)
        fail_msg("%s", e.text);
}

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    snprintf(f->dir, sizeof f->dir, "/tmp/ondol-runtime-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    start(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];
    runtime_stop(f->r);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

static json_t *call_as(struct fixture *f, const char *token, const char *method, const char *path, const char *body, int *status)
{
    char url[256];
    struct err e = ERR_NULL;
    struct http_answer a;
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", runtime_port(f->r), path);
    const char *headers[] = {"Authorization", token, "Content-Type", "application/json", NULL};
    struct http_ask ask = {.method = method, .url = url, .headers = headers, .body = body, .n = body ? strlen(body) : 0,
                           .timeout_ms = 20000};
    if (http_call(&a, &ask, &(struct http_tls){0}, (size_t)16 << 20, &e) < 0)
        fail_msg("%s %s: %s", method, path, e.text);
    *status = a.status;
    json_t *j = json_loadb(buf_str(&a.body), a.body.n, JSON_DECODE_ANY, NULL);
    http_answer_deinit(&a);
    return j;
}

static json_t *call(struct fixture *f, const char *method, const char *path, const char *body, int *status)
{
    return call_as(f, TOKEN, method, path, body, status);
}

// ---- the node

struct node {
    struct sync_up up;
    struct offer_zone zone;
    struct offer_board board;
    struct arena arena;
    struct sync_down down;
    uint64_t seq;
};

static void node_init(struct node *n)
{
    *n = (struct node){.up = {.node = "n1", .nonce = 77, .has_offer = true}};
    n->zone = (struct offer_zone){.name = "z1", .site = "s1", .label = "room 1", .nameplate_w = 500, .setpoint_mc = 20000,
                                  .mode = ZONE_COMFORT, .is_virtual = true};
    n->board = (struct offer_board){.name = "b1", .heater = "h1", .zone = "z1", .curve = *curve_default(), .sandbox = true,
                                    .spec = {.cores = 8, .memory_mb = 16384, .key = "8c-16g", .cpu_model = "Ryzen"}};
    n->up.offer = (struct offer){.zone = &n->zone, .n_zones = 1, .board = &n->board, .n_boards = 1};
}

static int node_call(struct fixture *f, struct node *n, struct report *r, size_t n_reports)
{
    size_t size;
    int status;
    struct err e = ERR_NULL;
    n->up.report = r;
    n->up.n_reports = n_reports;
    char *text = wire_up_encode(&n->up, &size);
    json_t *j = call_as(f, NODE_TOKEN, "POST", "/ondol/v1/sync", text, &status);
    free(text);
    if (status == 200) {
        char *back = json_dumps(j, 0);
        arena_deinit(&n->arena);
        if (wire_down_decode(back, strlen(back), &n->arena, &n->down, &e) < 0)
            fail_msg("%s", e.text);
        free(back);
        n->up.epoch = n->down.epoch;
        n->up.have = n->down.version;
        n->up.has_offer = false;
    }
    json_decref(j);
    return status;
}

static struct report zone_report(struct fixture *f, struct node *n)
{
    struct report r = {.seq = ++n->seq, .at = runtime_now(f->r), .kind = REPORT_ZONE, .name = "z1"};
    r.zone.room_mc = 18000;
    r.zone.setpoint_mc = 20000;
    r.zone.mode = ZONE_COMFORT;
    r.zone.request = (struct heat_request){.target_w = 300, .min_w = 100, .max_w = 450, .up_j = 1000, .down_j = 10,
                                           .t_up_s = 3600, .t_down_s = 60, .valid_until = house_add(r.at, 90000)};
    snprintf(r.zone.why, sizeof r.zone.why, "18.0 degC for 20.0: heating");
    return r;
}

static const char hello[] =
    "{\"name\":\"hello\",\"profile\":\"docker-batch\",\"poolUuid\":null,\"jobUuid\":null,\"constants\":[{\"key\":\"DOCKER_CMD\","
    "\"value\":\"echo hello\"}],\"constraints\":[],\"instanceCount\":2,\"tags\":[]}";

static void create(struct fixture *f, char uuid[40])
{
    int status;
    json_t *j = call(f, "POST", "/tasks", hello, &status);
    assert_int_equal(status, 200);
    snprintf(uuid, 40, "%s", json_string_value(json_object_get(j, "uuid")));
    assert_int_equal(strlen(uuid), 36);
    json_decref(j);
}

static void assert_task_state(struct fixture *f, const char *uuid, const char *want)
{
    char path[80];
    int status;
    snprintf(path, sizeof path, "/tasks/%s", uuid);
    json_t *j = call(f, "GET", path, NULL, &status);
    assert_int_equal(status, 200);
    assert_string_equal(json_string_value(json_object_get(j, "state")), want);
    json_decref(j);
}

static void a_task_is_dispatched_runs_speaks_and_succeeds(void **state)
{
    struct fixture *f = *state;
    struct node n;
    char uuid[40], path[100];
    int status;
    node_init(&n);
    assert_int_equal(node_call(f, &n, NULL, 0), 200);
    assert_int_equal(n.down.epoch, 1);
    create(f, uuid);
    assert_task_state(f, uuid, "Submitted"); // no zone asks for heat yet
    struct report r = zone_report(f, &n);
    assert_int_equal(node_call(f, &n, &r, 1), 200);
    assert_int_equal(n.down.acked, 1);
    for (int instance = 0; instance < 2; instance++) {
        assert_int_equal(n.down.n_assignments, 1);
        struct assignment a = n.down.assignment[0];
        assert_int_equal(a.instance, instance);
        assert_string_equal(a.task_uuid, uuid);
        assert_non_null(strstr(a.body, "echo hello"));
        struct report started = {.seq = ++n.seq, .at = runtime_now(f->r), .kind = REPORT_STARTED, .lease = a.lease,
                                 .started = {runtime_now(f->r)}};
        assert_int_equal(node_call(f, &n, &started, 1), 200);
        assert_task_state(f, uuid, instance ? "FullyExecuting" : "PartiallyExecuting");
        struct report out = {.seq = ++n.seq, .at = runtime_now(f->r), .kind = REPORT_OUTPUT, .lease = a.lease,
                             .output = {.stream = 0, .data = "hello\n", .n = 6}};
        struct report end = {.seq = ++n.seq, .at = runtime_now(f->r), .kind = REPORT_EXITED, .lease = a.lease};
        end.exited.end = ATTEMPT_SUCCESS;
        end.exited.wall_ms = 10;
        end.exited.exec_ms = 10;
        end.exited.core_ms = 80;
        end.exited.energy_mj = 1000;
        struct report both[] = {out, end};
        assert_int_equal(node_call(f, &n, both, 2), 200);
        assert_int_equal(n.down.acked, n.seq);
    }
    assert_int_equal(n.down.n_assignments, 0);
    assert_task_state(f, uuid, "Success");
    snprintf(path, sizeof path, "/tasks/%s/stdout", uuid);
    json_t *j = call(f, "GET", path, NULL, &status);
    assert_int_equal(status, 200);
    json_decref(j);
    arena_deinit(&n.arena);
}

static void nothing_acknowledged_is_lost_by_a_restart(void **state)
{
    struct fixture *f = *state;
    struct node n;
    char uuid[40], other[40];
    node_init(&n);
    assert_int_equal(node_call(f, &n, NULL, 0), 200);
    struct report r = zone_report(f, &n);
    create(f, uuid);
    assert_int_equal(node_call(f, &n, &r, 1), 200);
    assert_int_equal(n.down.n_assignments, 1);
    uint64_t lease = n.down.assignment[0].lease;
    runtime_stop(f->r);
    start(f);
    assert_task_state(f, uuid, "PartiallyDispatched");
    struct report started = {.seq = ++n.seq, .at = runtime_now(f->r), .kind = REPORT_STARTED, .lease = lease,
                             .started = {runtime_now(f->r)}};
    assert_int_equal(node_call(f, &n, &started, 1), 200); // the node's epoch is still good
    assert_false(n.down.epoch_refused);
    assert_int_equal(n.down.acked, n.seq);
    assert_task_state(f, uuid, "PartiallyExecuting");
    create(f, other);
    assert_string_not_equal(uuid, other);
    arena_deinit(&n.arena);
}

static void a_node_with_a_wrong_epoch_or_token_is_refused(void **state)
{
    struct fixture *f = *state;
    struct node n;
    int status;
    node_init(&n);
    json_t *j = call_as(f, "wrong", "POST", "/ondol/v1/sync", "{}", &status);
    assert_int_equal(status, 401);
    json_decref(j);
    assert_int_equal(node_call(f, &n, NULL, 0), 200);
    n.up.epoch = 9;
    assert_int_equal(node_call(f, &n, NULL, 0), 200);
    assert_true(n.down.epoch_refused);
    arena_deinit(&n.arena);
}

static void a_silent_call_is_parked_and_a_setpoint_wakes_it(void **state)
{
    struct fixture *f = *state;
    struct node n;
    int status;
    node_init(&n);
    assert_int_equal(node_call(f, &n, NULL, 0), 200);
    uint64_t version = n.down.version;
    assert_int_equal(node_call(f, &n, NULL, 0), 200); // parked for park_ms, then answered with nothing new
    assert_int_equal(n.down.version, version);
    json_t *j = call(f, "PUT", "/ondol/v1/zones/z1/setpoint", "{\"setpoint_c\":21.5}", &status);
    assert_int_equal(status, 200);
    json_decref(j);
    assert_int_equal(node_call(f, &n, NULL, 0), 200);
    assert_true(n.down.version > version);
    assert_int_equal(n.down.zone[0].setpoint_mc, 21500);
    arena_deinit(&n.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_task_is_dispatched_runs_speaks_and_succeeds, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_acknowledged_is_lost_by_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(a_node_with_a_wrong_epoch_or_token_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_silent_call_is_parked_and_a_setpoint_wakes_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
