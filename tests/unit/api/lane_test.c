// SPDX-License-Identifier: Apache-2.0
// Updates of tasks go one at a time: two that arrive together both count, though each reads, changes and
// writes the body.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "base/mem.h"
#include "house.h"

// The house's backend, but what is to be done on a worker waits until the test says so.
static struct waiting {
    void (*fn)(void *arg, struct store_reader *reader);
    void *arg;
} queue[16];
static size_t n_queue;
static int n_ended;

static void later(void *ctx, void (*fn)(void *arg, struct store_reader *reader), void *arg)
{
    (void)ctx;
    assert_true(n_queue < 16);
    queue[n_queue++] = (struct waiting){fn, arg};
}

// Runs the newest first, as an unlucky scheduler would.
static void run_newest(struct house *h)
{
    struct waiting w = queue[--n_queue];
    w.fn(w.arg, &h->reader);
}

static void finish(struct call *c)
{
    assert_int_equal(c->status, 200);
    n_ended++;
    call_free(c);
}

static void put(struct house *h, struct api *api, const char *target, const char *body)
{
    struct call *c = call_new(api);
    (void)h;
    c->method = "PUT";
    c->authorization = CUSTOMER;
    c->body = body;
    c->body_bytes = strlen(body);
    c->finish = finish;
    assert_int_equal(route_normalise(target, &c->route), 0);
    api_dispatch(api, c);
}

static void updates_that_arrive_together_all_count(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[64];
    struct api_backend be = h->be;
    be.work = later;
    struct api *api = api_new(&be);
    house_task(h, "n", 1, uuid);
    snprintf(target, sizeof target, "/tasks/%s", uuid);
    n_queue = 0;
    n_ended = 0;
    put(h, api, target, "{\"tags\":[\"t\"]}");
    put(h, api, target, "{\"labels\":{\"l\":\"1\"}}");
    put(h, api, target, "{\"resultsWhitelist\":\"w\"}");
    assert_int_equal(n_queue, 1); // the others wait in the lane
    while (n_queue)
        run_newest(h);
    assert_int_equal(n_ended, 3);
    json_t *t = expect(h, 200, "GET", target, NULL);
    assert_string_equal(text_at(t, "tags.0"), "t");
    assert_string_equal(text_at(t, "labels.l"), "1");
    assert_string_equal(text_at(t, "resultsWhitelist"), "w");
    json_decref(t);
    put(h, api, target, "{\"tags\":[]}"); // the lane is free again
    assert_int_equal(n_queue, 1);
    run_newest(h);
    assert_int_equal(n_ended, 4);
    api_free(api);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(updates_that_arrive_together_all_count, house_open, house_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
