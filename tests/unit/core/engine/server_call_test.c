// SPDX-License-Identifier: Apache-2.0
// What a call of a node costs little for: makes that boards share, its place among the nodes as the answer said it, its
// few leases. None of it may be believed further than it is true.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig_case.h"

static void boards_of_one_make_share_it_and_another_offer_leaves_the_others_theirs(void **state)
{
    (void)state;
    struct rig_node a, b;
    struct rig *r = case_with_node(&a, 2);
    rig_node_init(&b, "b", 2);
    rig_hello(r, &b);
    assert_ptr_equal(case_board(r, "n-0").spec, case_board(r, "n-1").spec);
    assert_ptr_equal(case_board(r, "n-0").spec, case_board(r, "b-1").spec);
    a.nonce = 2; // it comes back with other processors
    a.cores = 16;
    rig_hello(r, &a);
    assert_int_equal(case_board(r, "n-0").spec->cores, 16);
    assert_int_equal(case_board(r, "b-0").spec->cores, 8);
    assert_ptr_equal(case_board(r, "n-0").spec, case_board(r, "n-1").spec);
    for (int32_t cores = 1; cores <= 40; cores++) { // a make that nobody is of any more is given back
        b.nonce++;
        b.cores = cores;
        rig_hello(r, &b);
        assert_int_equal(case_board(r, "b-1").spec->cores, cores);
    }
    rig_reload(r);
    assert_int_equal(case_board(r, "n-1").spec->cores, 16);
    assert_int_equal(case_board(r, "b-0").spec->cores, 40);
    case_done(r);
}

// Work goes by the make that holds now.
static void a_board_that_comes_back_smaller_gets_no_work_that_it_cannot_hold(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_new();
    rig_node_init(&n, "n", 1);
    n.cores = 16;
    rig_hello(r, &n);
    n.nonce = 2;
    n.cores = 8;
    rig_hello(r, &n);
    struct task_draft d;
    rig_draft(r, &d, 1);
    d.constraint.cores_min = 16;
    assert_non_null(rig_create_draft(r, &d));
    assert_null(rig_assignment(r, &n, 0));
    n.nonce = 3;
    n.cores = 16;
    rig_hello(r, &n);
    assert_non_null(rig_assignment(r, &n, 0));
    case_done(r);
}

static void call_as(struct rig *r, struct rig_node *n, uint32_t known, struct report *rep)
{
    struct event ev = {.kind = EVENT_SYNC, .sync = {.nonce = n->nonce, .epoch = n->epoch, .known = known}};
    snprintf(ev.sync.node, NAME_BYTES, "%s", n->name);
    if (rep) {
        rep->seq = ++n->seq;
        rep->at = HOUSE_MS(r->now);
        ev.sync.report = rep;
        ev.sync.n_reports = 1;
    }
    rig_event(r, &ev);
}

static void a_place_is_believed_for_the_name_that_stands_there_only(void **state)
{
    (void)state;
    struct rig_node n, m;
    struct rig *r = case_with_node(&n, 1);
    rig_node_init(&m, "m", 1);
    rig_hello(r, &m);
    call_as(r, &n, 0, NULL);
    uint32_t at = r->fx.sync[0].at;
    uint64_t id = r->fx.sync[0].node;
    assert_int_not_equal(at, 0);
    const uint32_t known[] = {at, at + 1, at - 1, 0, 1000000, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        struct report rep = {
            .kind = REPORT_METER_ZONE, .name = "z-n", .meter_zone = {.asked_mj = 1000 * (int64_t)(i + 1)}};
        call_as(r, &n, known[i], &rep);
        assert_int_equal(r->fx.n_syncs, 1);
        assert_int_equal(r->fx.sync[0].node, id);
        assert_int_equal(r->fx.sync[0].at, at);
        struct zone_view z;
        server_zone(r->s, 0, &z);
        assert_int_equal(z.asked_mj, rep.meter_zone.asked_mj);
    }
    struct rig_node stranger = n;
    snprintf(stranger.name, sizeof stranger.name, "x");
    call_as(r, &stranger, at, NULL);
    assert_int_equal(r->fx.sync[0].node, 0);
    assert_int_equal(r->fx.sync[0].at, 0);
    case_done(r);
}

enum { MANY = 12 }; // more than are gone through one by one

struct heard {
    size_t n;
    bool board[MANY];
};

// By its board's number.
static void count_ours(void *ctx, const struct live_view *v)
{
    struct heard *h = ctx;
    if (v->board[0] != 'n')
        return;
    size_t at = (size_t)atoi(v->board + 2);
    assert_true(at < MANY && !h->board[at]);
    assert_int_equal(v->freq_mhz, 1000 + (int32_t)at);
    h->board[at] = true;
    h->n++;
}

// And nobody speaks for another node's.
static void each_of_many_leases_hears_its_own_level(void **state)
{
    (void)state;
    struct rig_node n, m;
    struct rig *r = case_with_node(&n, MANY);
    const char *task = rig_create(r, ACTIVITY_FLEX, 64);
    rig_node_init(&m, "m", 1);
    rig_hello(r, &m);
    for (size_t i = 0; i < MANY; i++)
        rig_started(r, &n, case_lease(r, &n, i));
    for (size_t i = 0; i < MANY; i++) {
        const struct assignment *a = rig_assignment(r, &n, i);
        struct report rep = {
            .kind = REPORT_LEVEL,
            .lease = a->lease,
            .level = {.freq_mhz = 1000 + atoi(a->board + 2), .max_freq_mhz = 3000, .progress_permille = -1}};
        rig_report(r, &n, &rep);
        rep.level.freq_mhz = 7;
        rig_report(r, &m, &rep);
    }
    struct heard h = {0};
    server_live(r->s, rig_task(r, task)->id, count_ours, &h);
    assert_int_equal(h.n, MANY);
    case_done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boards_of_one_make_share_it_and_another_offer_leaves_the_others_theirs),
        cmocka_unit_test(a_board_that_comes_back_smaller_gets_no_work_that_it_cannot_hold),
        cmocka_unit_test(a_place_is_believed_for_the_name_that_stands_there_only),
        cmocka_unit_test(each_of_many_leases_hears_its_own_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
