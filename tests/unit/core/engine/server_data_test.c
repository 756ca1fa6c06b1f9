// SPDX-License-Identifier: Apache-2.0
// Data sets: copies are ordered and told, or learned from what ran where. Every step is audited by the rig.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rig.h"

#define ONE "data=00000000000000aa:700000000"
#define TWO "data=00000000000000bb:700000000"

struct street {
    struct rig r;
    struct rig_node a, b; // a board each, on sites of their own; `a` comes first where nothing else decides
};

static void open_street(struct street *x, bool makes_copies)
{
    struct server_config cfg;
    server_config_default(&cfg);
    cfg.check_plans = true;
    cfg.lease_ms = 1000 * 60000; // nobody calls home here without a reason
    cfg.makes_copies = makes_copies;
    rig_init(&x->r, &cfg);
    rig_node_init(&x->a, "a", 1);
    rig_node_init(&x->b, "b", 1);
    strcpy(x->a.site, "one");
    strcpy(x->b.site, "two");
    rig_hello(&x->r, &x->a);
}

static void done(struct street *x)
{
    if (x->r.fault.code)
        fail_msg("%s", x->r.fault.text);
    rig_deinit(&x->r);
}

static void create(struct street *x, const char *place)
{
    struct task_draft d;
    rig_draft(&x->r, &d, 1);
    d.place = place;
    assert_non_null(rig_create_draft(&x->r, &d));
}

// What waits starts on this node, and ends if `ends`. Gives the lease.
static uint64_t runs_on(struct street *x, struct rig_node *n, bool ends)
{
    const struct assignment *a = rig_assignment(&x->r, n, 0);
    if (!a)
        fail_msg("nothing was assigned to %s", n->name);
    uint64_t lease = a->lease;
    rig_started(&x->r, n, lease);
    if (ends)
        rig_exited(&x->r, n, lease, ATTEMPT_SUCCESS, 0);
    return lease;
}

static void replica(struct street *x, const char *site, uint64_t key, bool there)
{
    struct event ev = {.kind = EVENT_REPLICA, .replica = {.site = site, .key = key, .there = there}};
    rig_event(&x->r, &ev);
}

static void a_copy_is_ordered_once_and_work_starts_when_it_is_there(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, true);
    create(&x, ONE);
    assert_int_equal(x.r.fx.n_copies, 1);
    assert_true(x.r.fx.copy[0].key == 0xaa && x.r.fx.copy[0].bytes == 700000000);
    assert_string_equal(x.r.fx.copy[0].site, "one");
    assert_false(x.r.fx.copy[0].ahead);
    rig_wait(&x.r, 1000);
    assert_int_equal(x.r.fx.n_copies, 0);
    assert_null(rig_assignment(&x.r, &x.a, 0));
    replica(&x, "nowhere", 0xaa, true);
    assert_int_equal(rig_reply(&x.r)->code, 404);
    replica(&x, "one", 0xcc, true); // nobody's
    assert_int_equal(rig_reply(&x.r)->code, 200);
    assert_null(rig_assignment(&x.r, &x.a, 0));
    replica(&x, "one", 0xaa, true);
    runs_on(&x, &x.a, true);
    done(&x);
}

static void a_copy_that_will_not_come_is_ordered_again(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, true);
    create(&x, ONE);
    replica(&x, "one", 0xaa, false);
    assert_int_equal(x.r.fx.n_copies, 1);
    replica(&x, "one", 0xaa, true);
    runs_on(&x, &x.a, true);
    replica(&x, "one", 0xaa, false); // it had to make room
    create(&x, ONE);
    assert_int_equal(x.r.fx.n_copies, 1);
    done(&x);
}

static void where_nobody_copies_data_come_with_the_work(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, false);
    create(&x, ONE ","
                   "00000000000000bb:1");
    assert_int_equal(x.r.fx.n_copies, 0);
    runs_on(&x, &x.a, true);
    done(&x);
}

// `b` fetches these, one after the other, while `a` is busy.
static void b_fetches(struct street *x, const char *one, const char *two)
{
    rig_hello(&x->r, &x->b);
    create(x, NULL);
    uint64_t busy = runs_on(x, &x->a, false);
    create(x, one);
    runs_on(x, &x->b, true);
    if (two) {
        create(x, two);
        runs_on(x, &x->b, true);
    }
    rig_exited(&x->r, &x->a, busy, ATTEMPT_SUCCESS, 0);
}

static void work_goes_where_its_data_were_fetched(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, false);
    b_fetches(&x, ONE, NULL);
    create(&x, ONE);
    runs_on(&x, &x.b, true);
    create(&x, TWO);
    runs_on(&x, &x.a, true);
    create(&x, NULL);
    runs_on(&x, &x.a, true);
    done(&x);
}

static void a_node_that_starts_anew_has_nothing(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, false);
    b_fetches(&x, ONE, NULL);
    x.b.nonce++; // another life
    rig_hello(&x.r, &x.b);
    create(&x, ONE);
    runs_on(&x, &x.a, true);
    done(&x);
}

static void a_node_keeps_a_gibibyte_of_what_came_last(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, false);
    b_fetches(&x, ONE, TWO);
    create(&x, TWO);
    runs_on(&x, &x.b, true);
    create(&x, ONE);
    runs_on(&x, &x.a, true);
    done(&x);
}

// Tasks that each name a set of their own, from this number on, and are aborted; one batch.
static void flood(struct street *x, int from, int n)
{
    struct task_draft d[64];
    char place[64][40];
    for (int k = 0; k < n; k += 64) {
        for (int i = 0; i < 64; i++) {
            rig_draft(&x->r, &d[i], 1);
            snprintf(place[i], sizeof place[i], "data=%016x:5", from + k + i);
            d[i].place = place[i];
        }
        struct event ev = {.kind = EVENT_TASKS_CREATE,
                           .create = {.account = x->r.account, .draft = d, .n = 64}};
        rig_apply(&x->r, &ev);
    }
    struct event ev = {.kind = EVENT_TASKS_ABORT, .tasks = {.account = x->r.account}};
    rig_apply(&x->r, &ev);
    rig_settle(&x->r);
}

static void sets_nobody_names_any_more_make_room_oldest_first(void **state)
{
    (void)state;
    struct street x;
    open_street(&x, true);
    create(&x, ONE);
    replica(&x, "one", 0xaa, true);
    runs_on(&x, &x.a, true);
    rig_wait(&x.r, 60000);
    flood(&x, 0x1000, 2048 - 64);
    replica(&x, "one", 0x1700, true);
    flood(&x, 0x8000, 128);
    create(&x, ONE);
    assert_int_equal(x.r.fx.n_copies, 1); // where it was is forgotten
    create(&x, "data=0000000000001700:5");
    assert_int_equal(x.r.fx.n_copies, 0);
    done(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_copy_is_ordered_once_and_work_starts_when_it_is_there),
        cmocka_unit_test(a_copy_that_will_not_come_is_ordered_again),
        cmocka_unit_test(where_nobody_copies_data_come_with_the_work),
        cmocka_unit_test(work_goes_where_its_data_were_fetched),
        cmocka_unit_test(a_node_that_starts_anew_has_nothing),
        cmocka_unit_test(a_node_keeps_a_gibibyte_of_what_came_last),
        cmocka_unit_test(sets_nobody_names_any_more_make_room_oldest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
