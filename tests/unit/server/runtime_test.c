// SPDX-License-Identifier: Apache-2.0
// The server as a whole, over real HTTP: a client, and a node that this test plays with the sync messages.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>

#include "live.h"

static void start(struct live *f)
{
    struct runtime_config c;
    live_config(f, &c);
    c.park_ms = 300;
    c.engine.check_plans = true;
    live_start(f, &c);
}

static int setup(void **state)
{
    *state = live_new();
    start(*state);
    return 0;
}

static int teardown(void **state)
{
    live_free(*state);
    return 0;
}

static json_t *call_as(struct live *f, const char *token, const char *method, const char *path,
                       const char *body, int *status)
{
    char *text = live_call(f->port, token, method, path, body, status);
    if (!*status)
        fail_msg("%s %s: %s", method, path, text);
    json_t *j = json_loads(text, JSON_DECODE_ANY, NULL);
    free(text);
    return j;
}

static json_t *call(struct live *f, const char *method, const char *path, const char *body, int *status)
{
    return call_as(f, TOKEN, method, path, body, status);
}

// ---- the node

static int node_call(struct live *f, struct node *n, struct report *r, size_t n_reports)
{
    int status;
    char *text = node_message(n, r, n_reports);
    char *back = live_call(f->port, NODE_TOKEN, "POST", "/ondol/v1/sync", text, &status);
    free(text);
    if (status == 200)
        node_learn(n, back);
    free(back);
    return status;
}

static struct report report(struct live *f, struct node *n, enum report_kind kind, uint64_t lease)
{
    return node_report(n, kind, lease, runtime_now(f->r));
}

static const char hello[] = HELLO("2");

static void create(struct live *f, char uuid[40])
{
    int status;
    json_t *j = call(f, "POST", "/tasks", hello, &status);
    assert_int_equal(status, 200);
    snprintf(uuid, 40, "%s", json_string_value(json_object_get(j, "uuid")));
    assert_int_equal(strlen(uuid), 36);
    json_decref(j);
}

static void assert_task_state(struct live *f, const char *uuid, const char *want)
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
    struct live *f = *state;
    struct node n;
    char uuid[40], path[100];
    int status;
    node_init(&n);
    assert_int_equal(node_call(f, &n, NULL, 0), 200);
    assert_int_equal(n.down.epoch, 1);
    create(f, uuid);
    assert_task_state(f, uuid, "Submitted"); // no zone asks for heat yet
    struct report r = report(f, &n, REPORT_ZONE, 0);
    assert_int_equal(node_call(f, &n, &r, 1), 200);
    assert_int_equal(n.down.acked, 1);
    for (int instance = 0; instance < 2; instance++) {
        assert_int_equal(n.down.n_assignments, 1);
        struct assignment a = n.down.assignment[0];
        assert_int_equal(a.instance, instance);
        assert_string_equal(a.task_uuid, uuid);
        assert_non_null(strstr(a.body, "echo hello"));
        struct report started = report(f, &n, REPORT_STARTED, a.lease);
        assert_int_equal(node_call(f, &n, &started, 1), 200);
        assert_task_state(f, uuid, instance ? "FullyExecuting" : "PartiallyExecuting");
        struct report both[2];
        node_report_end(&n, a.lease, runtime_now(f->r), both);
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
    struct live *f = *state;
    struct node n;
    char uuid[40], other[40];
    node_init(&n);
    assert_int_equal(node_call(f, &n, NULL, 0), 200);
    struct report r = report(f, &n, REPORT_ZONE, 0);
    create(f, uuid);
    assert_int_equal(node_call(f, &n, &r, 1), 200);
    assert_int_equal(n.down.n_assignments, 1);
    uint64_t lease = n.down.assignment[0].lease;
    live_stop(f);
    start(f);
    assert_task_state(f, uuid, "PartiallyDispatched");
    struct report started = report(f, &n, REPORT_STARTED, lease);
    assert_int_equal(node_call(f, &n, &started, 1), 200); // the node's epoch is still good
    assert_false(n.down.epoch_refused);
    assert_int_equal(n.down.acked, n.seq);
    assert_task_state(f, uuid, "PartiallyExecuting");
    create(f, other);
    assert_string_not_equal(uuid, other);
    arena_deinit(&n.arena);
}

// A start once made the first account anew, and took from it whatever an operator had said of it.
static void what_was_said_of_accounts_outlives_a_restart(void **state)
{
    struct live *f = *state;
    int status;
    json_t *lab =
        call(f, "POST", "/ondol/v1/accounts", "{\"email\":\"lab@example.org\",\"research\":true}", &status);
    assert_int_equal(status, 200);
    json_t *me =
        call(f, "PUT", "/ondol/v1/accounts/me%40example.org", "{\"research\":true,\"name\":\"Me\"}", &status);
    assert_int_equal(status, 200);
    json_decref(me);
    live_stop(f);
    start(f);
    me = call(f, "GET", "/ondol/v1/accounts/me%40example.org", NULL, &status);
    assert_true(json_is_true(json_object_get(me, "research")) &&
                json_is_true(json_object_get(me, "operator")));
    assert_string_equal(json_string_value(json_object_get(me, "name")), "Me");
    json_decref(me);
    const char *token = json_string_value(json_object_get(lab, "token"));
    json_decref(call_as(f, token, "GET", "/tasks", NULL, &status));
    assert_int_equal(status, 200);
    json_decref(call_as(f, token, "GET", "/ondol/v1/accounts", NULL, &status)); // it is no operator's
    assert_int_equal(status, 403);
    json_t *changed = call(f, "PUT", "/ondol/v1/accounts/lab%40example.org", "{\"new_token\":true}", &status);
    json_decref(call_as(f, token, "GET", "/tasks", NULL, &status)); // the old one ended
    assert_int_equal(status, 401);
    json_decref(changed);
    json_decref(lab);
}

static void a_node_with_a_wrong_epoch_or_token_is_refused(void **state)
{
    struct live *f = *state;
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
    struct live *f = *state;
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
        cmocka_unit_test_setup_teardown(what_was_said_of_accounts_outlives_a_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(a_node_with_a_wrong_epoch_or_token_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_silent_call_is_parked_and_a_setpoint_wakes_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
