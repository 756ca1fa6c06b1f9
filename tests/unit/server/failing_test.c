// SPDX-License-Identifier: Apache-2.0
// A server whose store fails: every commit of a scenario once, many at a time, for good. Whoever is refused
// was not served, whoever was served is on disk, and what the memory says is what the disk says.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>

#include "live.h"
#include "store/faulty.h"
#include "store/sqlite.h"

#define TRIES 500 // of a refused call; the server pauses 5 ms

static void start_on(struct live *f, struct store *store)
{
    struct runtime_config c;
    live_config(f, &c);
    c.park_ms = 100;
    c.refuse_ms = 5;
    c.store = store;
    live_start(f, &c);
}

// `plan` may only be touched while no runtime runs: the store's thread reads it.
static void start(struct live *f, struct fault_plan *plan)
{
    struct store inner, store;
    struct err e = ERR_NULL;
    if (!plan) {
        start_on(f, NULL);
        return;
    }
    if (store_sqlite_open(&inner, f->dir, &e) < 0)
        fail_msg("%s", e.text);
    store_faulty(&store, inner, plan);
    start_on(f, &store);
}

static int setup(void **state)
{
    *state = live_new();
    return 0;
}

static int teardown(void **state)
{
    live_free(*state);
    return 0;
}

static int status_of(struct live *f, const char *method, const char *path, const char *body)
{
    int status;
    free(live_call(f->port, TOKEN, method, path, body, &status));
    return status;
}

static bool refused(int status)
{
    return status == 507 || status == 503;
}

// As a client does it: a refused request is sent again.
static char *insist(struct live *f, const char *token, const char *method, const char *path, const char *body,
                    int *status)
{
    for (int i = 0; i < TRIES; i++) {
        char *text = live_call(f->port, token, method, path, body, status);
        if (!refused(*status))
            return text;
        free(text);
        usleep(3000);
    }
    fail_msg("%s %s is refused for ever", method, path);
    return NULL;
}

// ---- the node

static void node_call(struct live *f, struct node *n, struct report *r, size_t n_reports)
{
    int status;
    char *text = node_message(n, r, n_reports);
    char *back = insist(f, NODE_TOKEN, "POST", "/ondol/v1/sync", text, &status);
    free(text);
    assert_int_equal(status, 200);
    node_learn(n, back);
    free(back);
    assert_false(n->down.epoch_refused);
    assert_true(n->down.acked >= n->acked);
    n->acked = n->down.acked;
}

static const house_ms late = {.v = 1800000000000}; // beyond any clock of a test: requests do not lapse

static struct report report(struct node *n, enum report_kind kind, uint64_t lease)
{
    return node_report(n, kind, lease, late);
}

// After a reload the server knows no level any more: told with everything, as agents do.
static void node_tell(struct live *f, struct node *n, struct report *r, size_t n_reports)
{
    struct report all[8];
    if (n_reports)
        memcpy(all, r, n_reports * sizeof *all);
    all[n_reports] = report(n, REPORT_ZONE, 0);
    node_call(f, n, all, n_reports + 1);
    assert_int_equal(n->down.acked, n->seq);
}

static uint64_t node_lease(struct live *f, struct node *n)
{
    for (int i = 0; i < 20; i++) {
        if (n->down.n_assignments && !n->down.assignment[0].stop) {
            assert_non_null(strstr(n->down.assignment[0].body, "echo hello"));
            return n->down.assignment[0].lease;
        }
        node_tell(f, n, NULL, 0);
    }
    fail_msg("nothing is assigned");
    return 0;
}

// ---- the scenario

static const char hello[] = HELLO("1");

static void make(struct live *f, char path[64])
{
    int status;
    char *text = insist(f, TOKEN, "POST", "/tasks", hello, &status);
    assert_int_equal(status, 200);
    const char *at = strstr(text, "\"uuid\":\"");
    assert_non_null(at);
    snprintf(path, 64, "/tasks/%.36s", at + 8);
    free(text);
}

static void run_one(struct live *f, struct node *n)
{
    uint64_t lease = node_lease(f, n);
    struct report r = report(n, REPORT_STARTED, lease);
    node_tell(f, n, &r, 1);
    struct report said[2];
    node_report_end(n, lease, late, said);
    node_tell(f, n, said, 2);
}

static void expect_in(struct live *f, const char *path, const char *text)
{
    int status;
    char *body = live_call(f->port, TOKEN, "GET", path, NULL, &status);
    assert_int_equal(status, 200);
    if (!strstr(body, text))
        fail_msg("GET %s: no %s in %s", path, text, body);
    free(body);
}

// The moment of the answer is not the state.
static void blank_timestamps(char *text)
{
    for (char *at = text; (at = strstr(at, "imestamp\":\"")); at++)
        memset(at + 11, '-', strcspn(at + 11, "\""));
}

static char *all_of(struct live *f)
{
    int status;
    char *tasks = live_call(f->port, TOKEN, "GET", "/tasks", NULL, &status);
    assert_int_equal(status, 200);
    char *work = live_call(f->port, TOKEN, "GET", "/ondol/v1/ledger/work", NULL, &status);
    assert_int_equal(status, 200);
    char *setpoint = live_call(f->port, TOKEN, "GET", "/ondol/v1/zones/z1/setpoint", NULL, &status);
    assert_int_equal(status, 200);
    struct buf all = BUF_INIT(1 << 20);
    blank_timestamps(tasks);
    buf_putf(&all, "%s\n%s\n%s", tasks, work, setpoint);
    free(tasks);
    free(work);
    free(setpoint);
    return buf_take(&all);
}

// What the server says must be what a server says that comes to this disk afresh.
static void memory_is_as_the_disk(struct live *f)
{
    char *before = all_of(f);
    live_stop(f);
    start(f, NULL);
    char *after = all_of(f);
    size_t same = 0;
    while (before[same] && before[same] == after[same])
        same++;
    if (before[same] || after[same])
        fail_msg("memory: %.300s\ndisk: %.300s", before + (same < 100 ? 0 : same - 100),
                 after + (same < 100 ? 0 : same - 100));
    free(before);
    free(after);
}

static void scenario(struct live *f, bool lines_may_be_lost)
{
    struct node n;
    char one[64], two[64], path[96];
    int status;
    node_init(&n);
    node_call(f, &n, NULL, 0);
    make(f, one);
    run_one(f, &n);
    make(f, two);
    free(insist(f, TOKEN, "POST", strcat(strcpy(path, two), "/abort"), "", &status));
    assert_true(status == 200 || (status == 403 && lines_may_be_lost));
    free(insist(f, TOKEN, "PUT", "/ondol/v1/zones/z1/setpoint", "{\"setpoint_c\":21.5}", &status));
    assert_int_equal(status, 200);
    if (!lines_may_be_lost) // one that took effect without an answer made a task more, and that ran
        expect_in(f, one, "\"state\":\"Success\"");
    expect_in(f, "/ondol/v1/zones/z1/setpoint", "21.5");
    char *text = insist(f, TOKEN, "POST", strcat(strcpy(path, one), "/stdout"), "", &status);
    assert_int_equal(status, 200);
    if (!lines_may_be_lost)
        assert_non_null(strstr(text, "hello"));
    free(text);
    text = insist(f, TOKEN, "POST", path, "", &status);
    assert_null(strstr(text, "hello"));
    free(text);
    arena_deinit(&n.arena);
    memory_is_as_the_disk(f);
}

static void each_commit_may_fail_once(void **state)
{
    struct live *f = *state;
    for (int k = 1, done = 0; !done; k++) { // commit 0 is the start's
        struct fault_plan plan = {.countdown = k, .times = 1, .code = k % 3 ? -ENOSPC : -EIO};
        start(f, &plan);
        scenario(f, false);
        done = !plan.failed;
        live_stop(f);
        live_forget(f);
    }
}

static void each_commit_may_take_effect_and_be_told_as_failed(void **state)
{
    struct live *f = *state;
    for (int k = 1, done = 0; !done; k++) {
        struct fault_plan plan = {.countdown = k, .times = 1, .code = -EIO, .took_effect = true};
        start(f, &plan);
        scenario(f, true);
        done = !plan.failed;
        live_stop(f);
        live_forget(f);
    }
}

// ---- many at a time

struct crowd {
    struct live *f;
    pthread_t thread;
    int made, refused, other;
};

static void *crowd_main(void *arg)
{
    struct crowd *c = arg;
    for (int i = 0; i < 60; i++) {
        int status = status_of(c->f, "POST", "/tasks", hello);
        if (status == 200)
            c->made++;
        else if (refused(status))
            c->refused++;
        else
            c->other++;
        status = status_of(c->f, "GET", "/ondol/v1/zones", NULL);
        if (status != 200)
            c->other++;
    }
    return NULL;
}

static int count_tasks(struct live *f)
{
    int status, n = 0;
    char *text = live_call(f->port, TOKEN, "GET", "/tasks", NULL, &status);
    for (const char *at = text; (at = strstr(at, "\"name\":\"hello\"")); at++)
        n++;
    free(text);
    return n;
}

static void a_crowd_gets_one_true_answer_each_while_commits_fail(void **state)
{
    struct live *f = *state;
    struct fault_plan plan = {.countdown = 30, .times = 12, .code = -ENOSPC};
    struct crowd c[4] = {{0}};
    struct node n;
    int made = 0;
    start(f, &plan);
    node_init(&n);
    node_call(f, &n, NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        c[i].f = f;
        assert_int_equal(pthread_create(&c[i].thread, NULL, crowd_main, &c[i]), 0);
    }
    for (int i = 0; i < 20; i++)
        node_call(f, &n, NULL, 0); // parked, woken, refused and sent again
    for (size_t i = 0; i < ARRAY_LEN(c); i++) {
        pthread_join(c[i].thread, NULL);
        assert_int_equal(c[i].other, 0);
        made += c[i].made;
    }
    assert_int_equal(count_tasks(f), made);
    arena_deinit(&n.arena);
    memory_is_as_the_disk(f);
    assert_int_equal(plan.failed, 12);
}

// ---- for good

static void what_was_refused_is_never_seen_and_the_rest_can_be_read(void **state)
{
    struct live *f = *state;
    struct fault_plan plan = {0};
    struct node n;
    int status;
    char path[64];
    start(f, NULL);
    node_init(&n);
    node_call(f, &n, NULL, 0);
    assert_int_equal(status_of(f, "PUT", "/ondol/v1/zones/z1/setpoint", "{\"setpoint_c\":21}"), 200);
    make(f, path);
    live_stop(f);
    plan = (struct fault_plan){.countdown = 1, .times = -1, .code = -ENOSPC};
    start(f, &plan);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(status_of(f, "PUT", "/ondol/v1/zones/z1/setpoint", "{\"setpoint_c\":25}"), 507);
        expect_in(f, "/ondol/v1/zones/z1/setpoint", "21");
        expect_in(f, path, "Submitted");
        char *text = live_call(
            f->port, NODE_TOKEN, "POST", "/ondol/v1/sync",
            "{\"node\":\"n9\",\"nonce\":\"0000000000000001\",\"epoch\":0,\"have\":0,\"reports\":[]}",
            &status);
        assert_true(status == 507 || status == 400);
        free(text);
        usleep(2000);
    }
    assert_false(runtime_deposed(f->r));
    live_stop(f); // while it fails
    assert_true(plan.failed >= 2);
    arena_deinit(&n.arena);
}

static void a_deposed_server_writes_no_more_and_says_so(void **state)
{
    struct live *f = *state;
    struct fault_plan plan = {.countdown = 1, .times = 1, .code = -ESTALE};
    start(f, &plan);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(status_of(f, "POST", "/tasks", hello), 503);
        assert_int_equal(status_of(f, "GET", "/tasks", NULL), 200);
        usleep(3000);
    }
    assert_true(runtime_deposed(f->r));
    live_stop(f);
    assert_int_equal(plan.commits, 2); // the start's and the one refused: nothing was tried after
}

static void *stop_late(void *arg)
{
    struct live *f = arg;
    usleep(20000);
    live_stop(f);
    return NULL;
}

// A store whose second load takes its time, and the engine's thread with it.
struct slow {
    struct store inner;
    int loads;
};

static int slow_lead(void *ctx, uint64_t *epoch, struct err *e)
{
    struct slow *s = ctx;
    return s->inner.lead(s->inner.ctx, epoch, e);
}

static int slow_load(void *ctx, const struct store_visitor *v, struct err *e)
{
    struct slow *s = ctx;
    if (s->loads++)
        usleep(1600000); // longer than the HTTP server waits for its last answers
    return s->inner.load(s->inner.ctx, v, e);
}

static int slow_commit(void *ctx, uint64_t epoch, const struct change *c, size_t n, struct fresh_read *fresh,
                       size_t n_fresh, struct err *e)
{
    struct slow *s = ctx;
    return s->inner.commit(s->inner.ctx, epoch, c, n, fresh, n_fresh, e);
}

static void slow_free(void *ctx)
{
    struct slow *s = ctx;
    s->inner.free(s->inner.ctx);
}

static void *ask_metrics(void *arg)
{
    struct live *f = arg;
    int status;
    free(live_call(f->port, TOKEN, "GET", "/metrics", NULL, &status));
    return NULL;
}

// The figures of open connections are of the HTTP server, which ends before the engine that is asked for
// them.
static void metrics_asked_for_at_the_end_read_no_freed_server(void **state)
{
    struct live *f = *state;
    struct fault_plan plan = {.countdown = 1, .times = 1, .code = -EIO};
    struct store inner, store;
    struct err e = ERR_NULL;
    struct slow slow = {.loads = 0};
    pthread_t asker;
    assert_int_equal(store_sqlite_open(&inner, f->dir, &e), 0);
    store_faulty(&slow.inner, inner, &plan);
    store = (struct store){&slow, slow_lead, slow_load, slow_commit, slow_free};
    start_on(f, &store);
    assert_int_equal(status_of(f, "POST", "/tasks", hello), 503);
    assert_int_equal(pthread_create(&asker, NULL, ask_metrics, f), 0);
    usleep(100000);
    live_stop(f);
    pthread_join(asker, NULL);
    assert_int_equal(slow.loads, 2);
}

static void a_server_that_ends_while_it_fails_answers_everyone(void **state)
{
    struct live *f = *state;
    for (int round = 0; round < 5; round++) {
        struct fault_plan plan = {.countdown = 5 + round, .times = -1, .code = -EIO};
        pthread_t ender;
        start(f, &plan);
        int port = f->port;
        assert_int_equal(pthread_create(&ender, NULL, stop_late, f), 0);
        for (int status = 200; status;) // 0 once the port is closed
            free(live_call(port, TOKEN, "POST", "/tasks", hello, &status));
        pthread_join(ender, NULL);
        live_forget(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_commit_may_fail_once, setup, teardown),
        cmocka_unit_test_setup_teardown(each_commit_may_take_effect_and_be_told_as_failed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_crowd_gets_one_true_answer_each_while_commits_fail, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_was_refused_is_never_seen_and_the_rest_can_be_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_deposed_server_writes_no_more_and_says_so, setup, teardown),
        cmocka_unit_test_setup_teardown(metrics_asked_for_at_the_end_read_no_freed_server, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_ends_while_it_fails_answers_everyone, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
