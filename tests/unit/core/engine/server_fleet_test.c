// SPDX-License-Identifier: Apache-2.0
// Nodes, wishes and meters through the engine. Every step is audited by the rig.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig_case.h"

static void send_again(struct rig *r, const struct rig_node *n, struct report *rep, size_t count)
{
    struct event ev = {.kind = EVENT_SYNC,
                       .sync = {.nonce = n->nonce, .epoch = n->epoch, .report = rep, .n_reports = count}};
    snprintf(ev.sync.node, NAME_BYTES, "%s", n->name);
    rig_event(r, &ev);
}

// ---- epochs and sequences

static void the_same_nonce_gets_the_same_epoch_and_changes_nothing(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    rig_create(r, ACTIVITY_FLEX, 1);
    uint64_t lease = case_lease(r, &n, 0), epoch = n.epoch;
    struct report rep = {
        .kind = REPORT_METER_ZONE, .name = "z-n", .meter_zone = {.asked_mj = 5000, .delivered_mj = 4000}};
    rig_report(r, &n, &rep);
    struct rig_node again = n; // an old copy of its first call comes late
    struct event ev = {.kind = EVENT_SYNC};
    rig_offer(r, &again, &ev.sync);
    rig_event(r, &ev);
    assert_int_equal(rig_desired(r, &n)->epoch, epoch);
    assert_int_equal(case_lease(r, &n, 0), lease);
    rep.meter_zone.asked_mj = 6000;
    rig_report(r, &n, &rep);
    struct zone_view z;
    server_zone(r->s, 0, &z);
    assert_int_equal(z.asked_mj, 6000); // its base was not forgotten
    case_done(r);
}

static void an_epoch_that_is_over_is_refused_and_does_nothing(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    struct rig_node old = n;
    n.nonce = 2;
    rig_hello(r, &n);
    assert_int_equal(n.epoch, 2);
    struct report rep = {
        .seq = old.seq + 1, .kind = REPORT_SETPOINT, .name = "z-n", .setpoint = {.setpoint_mc = 5000}};
    send_again(r, &old, &rep, 1);
    assert_int_equal(r->fx.n_syncs, 1);
    assert_true(server_sync_refused(r->s, r->fx.sync[0].node, old.epoch, old.nonce));
    assert_false(server_sync_refused(r->s, r->fx.sync[0].node, n.epoch, n.nonce));
    struct zone_view z;
    server_zone(r->s, 0, &z);
    assert_int_equal(z.setpoint_mc, 20000);
    struct rig_node stranger = old; // of another server's life
    snprintf(stranger.name, sizeof stranger.name, "m");
    stranger.epoch = UINT64_MAX;
    send_again(r, &stranger, &rep, 1);
    assert_true(server_sync_refused(r->s, r->fx.sync[0].node, stranger.epoch, stranger.nonce));
    case_done(r);
}

static void reports_count_once_and_in_order_whatever_the_network_does(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    struct report rep[4];
    for (int i = 0; i < 4; i++) {
        rep[i] = (struct report){
            .seq = n.seq + 1 + (uint64_t)i, .at = HOUSE_MS(r->now), .kind = REPORT_METER_ZONE, .name = "z-n"};
        rep[i].meter_zone.asked_mj = 1000 * (i + 1);
    }
    struct zone_view z;
    send_again(r, &n, &rep[1], 3); // the first is lost: nothing behind the gap counts
    server_zone(r->s, 0, &z);
    assert_int_equal(z.asked_mj, 0);
    assert_int_equal(rig_desired(r, &n)->acked, n.seq);
    send_again(r, &n, &rep[0], 2);
    send_again(r, &n, &rep[0], 4);
    send_again(r, &n, &rep[0], 1);
    server_zone(r->s, 0, &z);
    assert_int_equal(z.asked_mj, 4000);
    assert_int_equal(rig_desired(r, &n)->acked, n.seq + 4);
    rig_reload(r);
    send_again(r, &n, &rep[2], 2); // acknowledged before the crash
    server_zone(r->s, 0, &z);
    assert_int_equal(z.asked_mj, 4000);
    case_done(r);
}

// ---- lost nodes

static void a_silent_node_loses_its_work_at_its_lapse_and_not_before(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node n, m;
    rig_node_init(&n, "n", 1);
    rig_node_init(&m, "m", 1);
    rig_hello(r, &n);
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    rig_started(r, &n, case_lease(r, &n, 0));
    rig_wait(r, 69000);
    rig_hello(r, &m);
    assert_null(rig_assignment(r, &m, 0));
    rig_wait(r, 1000);
    assert_non_null(rig_assignment(r, &m, 0));
    assert_int_equal(rig_assignment(r, &m, 0)->attempt, 2);
    assert_int_equal(rig_task(r, t)->live.lost_attempts, 1);
    assert_false(case_board(r, "n-0").online);
    case_done(r);
}

static int64_t until_of(struct rig *r, const struct rig_node *n, uint64_t lease)
{
    const struct sync_down *d = rig_desired(r, n);
    for (size_t i = 0; i < d->n_assignments; i++)
        if (d->assignment[i].lease == lease)
            return d->assignment[i].until.v;
    fail_msg("the lease is gone");
    return 0;
}

static void being_heard_renews_all_leases_but_what_is_to_stop(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node n;
    rig_node_init(&n, "n", 2);
    rig_hello(r, &n);
    rig_create(r, ACTIVITY_FLEX, 1);
    uint64_t first = case_lease(r, &n, 0);
    assert_int_equal(until_of(r, &n, first), r->now + 60000); // from when it was granted
    rig_wait(r, 10000);
    char t[40];
    snprintf(t, sizeof t, "%s", rig_create(r, ACTIVITY_FLEX, 1));
    uint64_t second = case_lease(r, &n, 0) != first ? case_lease(r, &n, 0) : case_lease(r, &n, 1);
    rig_started(r, &n, first);
    rig_started(r, &n, second);
    int64_t heard = r->now;
    assert_int_equal(until_of(r, &n, first), heard + 60000);
    rig_wait(r, 5000);
    rig_abort(r, t);
    rig_wait(r, 5000);
    rig_poll(r, &n);
    assert_int_equal(until_of(r, &n, first), r->now + 60000);
    assert_int_equal(until_of(r, &n, second), heard + 60000); // the node may count on it
    rig_exited(r, &n, second, ATTEMPT_CANCELLED, -1);
    assert_int_equal(until_of(r, &n, first), r->now + 60000);
    case_done(r);
}

static void a_refused_offer_leaves_the_nodes_leases_under_watch(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node n, m;
    rig_node_init(&n, "n", 1);
    rig_node_init(&m, "m", 1);
    rig_hello(r, &m);
    rig_zone(r, &m, 0);
    rig_hello(r, &n);
    rig_create(r, ACTIVITY_FLEX, 1);
    assert_non_null(rig_assignment(r, &n, 0));
    struct event ev = {.kind = EVENT_SYNC};
    struct rig_node thief = n; // somebody with this node's name offers what another has
    thief.nonce = 99;
    rig_offer(r, &thief, &ev.sync);
    snprintf(ev.sync.offer.zone[0].name, NAME_BYTES, "z-m");
    snprintf(ev.sync.offer.board[0].zone, NAME_BYTES, "z-m");
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 409);
    assert_non_null(strstr(rig_reply(r)->message, "belongs to node m"));
    assert_true(case_board(r, "n-0").online);
    rig_wait(r, 70001);
    struct engine_counts c;
    server_counts(r->s, &c);
    assert_int_equal(c.leases, 0);
    case_done(r);
}

static void a_node_whose_first_offer_is_refused_leaves_no_trace(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node n;
    size_t rows;
    rig_node_init(&n, "n", 2);
    struct event ev = {.kind = EVENT_SYNC};
    rig_offer(r, &n, &ev.sync);
    snprintf(ev.sync.offer.board[1].name, NAME_BYTES, "%s", ev.sync.offer.board[0].name);
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 400);
    assert_non_null(strstr(rig_reply(r)->message, "there twice"));
    model_store_rows(r->m, CHANGE_NODE, &rows);
    assert_int_equal(rows, 0);
    assert_int_equal(server_boards(r->s), 0);
    case_done(r);
}

static void a_board_that_is_offered_no_more_gets_no_work(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 2);
    n.boards = 1;
    n.nonce = 2;
    rig_hello(r, &n);
    rig_create(r, ACTIVITY_FLEX, 2);
    assert_int_equal(rig_desired(r, &n)->n_assignments, 1);
    assert_false(case_board(r, "n-1").online);
    rig_reload(r);
    assert_false(case_board(r, "n-1").online);
    case_done(r);
}

// ---- wishes

static void wishes_reach_the_node_with_a_new_version_and_survive_a_restart(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    uint64_t before = rig_desired(r, &n)->version;
    struct event ev = {.kind = EVENT_ZONE_SET,
                       .zone = {.zone = "z-n",
                                .has_setpoint = true,
                                .setpoint_mc = 21500,
                                .has_schedule = true,
                                .schedule = "mon-fri 06:00 20",
                                .has_boost = true,
                                .boost_ms = 60000}};
    rig_event(r, &ev);
    assert_int_equal(r->fx.n_wakes, 1);
    const struct sync_down *d = rig_desired(r, &n);
    assert_true(d->version > before);
    before = d->version;
    assert_int_equal(d->zone[0].setpoint_mc, 21500);
    assert_string_equal(d->zone[0].schedule, "mon-fri 06:00 20");
    assert_int_equal(d->zone[0].boost_until.v, r->now + 60000);
    rig_reload(r);
    d = rig_desired(r, &n);
    assert_true(d->version > before); // a node that has an old version hears again
    assert_int_equal(d->zone[0].setpoint_mc, 21500);
    assert_string_equal(d->zone[0].schedule, "mon-fri 06:00 20");
    case_done(r);
}

static void a_sites_cap_is_shared_among_its_nodes_by_their_watts(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node n, m;
    rig_node_init(&n, "n", 1);
    rig_node_init(&m, "m", 3);
    rig_hello(r, &n);
    rig_hello(r, &m);
    assert_int_equal(rig_desired(r, &n)->cap_mw, -1);
    struct event ev = {.kind = EVENT_SITE_SET, .site = {.site = "site", .has_cap = true, .cap_mw = 400000}};
    rig_event(r, &ev);
    assert_int_equal(rig_desired(r, &n)->cap_mw, 100000);
    assert_int_equal(rig_desired(r, &m)->cap_mw, 300000);
    case_done(r);
}

static int64_t cap_now(struct rig *r, struct rig_node *n)
{
    rig_poll(r, n);
    return rig_desired(r, n)->cap_mw;
}

static void a_cap_goes_where_heat_is_asked_for_and_what_was_given_never_adds_up_to_more(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node n, m;
    rig_node_init(&n, "n", 1);
    rig_node_init(&m, "m", 1);
    n.want_w = 300;
    m.want_w = 100;
    rig_hello(r, &n);
    rig_hello(r, &m);
    struct event ev = {.kind = EVENT_SITE_SET, .site = {.site = "site", .has_cap = true, .cap_mw = 200000}};
    rig_event(r, &ev);
    assert_int_equal(rig_desired(r, &n)->cap_mw, 150000); // too little for both: each gives up the same part
    assert_int_equal(rig_desired(r, &m)->cap_mw, 50000);
    rig_zone(r, &m, 400); // m gets cold; what it would fairly have is still n's until n calls
    assert_in_range(cap_now(r, &m), 50000, 50000);
    int64_t given = cap_now(r, &n);
    assert_in_range(given, 85000, 86000); // 200 W x 300 / 700
    assert_in_range(cap_now(r, &m), 200000 - given - 1, 200000 - given);
    ev = (struct event){.kind = EVENT_SITE_SET, .site = {.site = "site", .has_cap = true, .cap_mw = -1}};
    rig_event(r, &ev);
    assert_int_equal(cap_now(r, &n), -1);
    case_done(r);
}

static void a_barred_board_gives_up_its_work_and_gets_no_more(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    struct event ev = {.kind = EVENT_BOARD_BAR, .bar = {.board = "n-0", .barred = true, .why = "fan"}};
    rig_event(r, &ev);
    assert_true(rig_assignment(r, &n, 0)->stop);
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_PREEMPTED, -1);
    assert_null(rig_assignment(r, &n, 0));
    rig_reload(r);
    rig_zone(r, &n, 150);
    assert_null(rig_assignment(r, &n, 0));
    assert_string_equal(case_board(r, "n-0").barred_why, "fan");
    struct report lid = {
        .kind = REPORT_BOARD, .name = "n-0", .board = {.barred = true, .barred_why = "lid open"}};
    rig_report(r, &n, &lid);
    ev.bar.barred = false;
    rig_event(r, &ev);
    rig_reload(r); // what the heater said stands too
    rig_zone(r, &n, 151);
    assert_null(rig_assignment(r, &n, 0));
    assert_string_equal(case_board(r, "n-0").barred_why, "lid open");
    lid.board.barred = false;
    rig_report(r, &n, &lid);
    assert_non_null(rig_assignment(r, &n, 0));
    assert_string_equal(rig_state(r, t), "FullyDispatched");
    case_done(r);
}

// ---- meters

static void meter(struct rig *r, struct rig_node *n, int64_t raw, int64_t idle)
{
    struct report rep = {.kind = REPORT_METER_BOARD, .name = "n-0", .meter_board = {.raw_mj = raw}};
    rep.meter_board.part_mj[ACTIVITY_IDLE] = idle;
    rep.meter_board.part_ms[ACTIVITY_IDLE] = idle / 12;
    rig_report(r, n, &rep);
}

static void rows_of_a_board_add_up_to_its_meter_after_every_report(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    meter(r, &n, 7000, 0);
    rig_create(r, ACTIVITY_FLEX, 1);
    rig_wait(r, 10000);
    meter(r, &n, 127000, 100000);
    assert_int_equal(case_board(r, "n-0").energy_mj[ACTIVITY_UNATTRIBUTED], 20000);
    struct report lease = {.kind = REPORT_METER_LEASE,
                           .lease = case_lease(r, &n, 0),
                           .meter_lease = {.energy_mj = 15000, .core_ms = 8000}};
    rig_report(r, &n, &lease);
    assert_int_equal(case_board(r, "n-0").energy_mj[ACTIVITY_UNATTRIBUTED], 5000);
    assert_int_equal(case_board(r, "n-0").total_mj, 120000);
    rig_reload(r);
    meter(r, &n, 127000, 100000); // nothing passed: nothing is booked again
    assert_int_equal(case_board(r, "n-0").energy_mj[ACTIVITY_UNATTRIBUTED], 5000);
    assert_int_equal(case_board(r, "n-0").energy_mj[ACTIVITY_FLEX], 15000);
    n.nonce = 2; // a new epoch counts its parts from 0 again; the meter goes on
    rig_hello(r, &n);
    rig_wait(r, 10000);
    meter(r, &n, 247000, 90000);
    assert_int_equal(case_board(r, "n-0").energy_mj[ACTIVITY_IDLE], 190000);
    assert_int_equal(case_board(r, "n-0").total_mj, 240000);
    case_done(r);
}

static void what_no_board_can_draw_is_not_billed(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *t = rig_create(r, ACTIVITY_FLEX, 1);
    rig_wait(r, 10000);
    struct report exit = {.kind = REPORT_EXITED,
                          .lease = case_lease(r, &n, 0),
                          .exited = {.energy_mj = INT64_MAX, .core_ms = INT64_MAX}};
    rig_report(r, &n, &exit);
    assert_in_range(case_board(r, "n-0").energy_mj[ACTIVITY_FLEX], 1, 2000000); // 153 W x 10 s x 1.25 + 50 J
    assert_string_equal(rig_state(r, t), "Success");
    assert_in_range(rig_task(r, t)->live.energy_mj, 1, 2000000);
    case_done(r);
}

static void a_report_from_the_future_is_booked_now_and_the_meter_goes_on(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node n;
    size_t rows;
    rig_node_init(&n, "n", 1);
    rig_hello(r, &n);
    meter(r, &n, 0, 0);
    rig_wait(r, 10000);
    struct report rep = {.kind = REPORT_METER_BOARD,
                         .at = HOUSE_MS(r->now + INT64_C(1000000000000)),
                         .name = "n-0",
                         .meter_board = {.raw_mj = 100000}};
    rig_report(r, &n, &rep);
    rig_wait(r, 10000);
    meter(r, &n, 200000, 0);
    assert_int_equal(case_board(r, "n-0").total_mj, 200000);
    const struct change *c = model_store_rows(r->m, CHANGE_LEDGER_WORK, &rows);
    for (size_t i = 0; i < rows; i++)
        assert_true(c[i].work.hour_ms <= r->now);
    case_done(r);
}

static void ledger_cells_go_on_where_they_were_after_a_reload_and_late_reports_are_booked_whole(void **state)
{
    (void)state;
    struct rig *r = case_new();
    struct rig_node n;
    size_t rows;
    rig_node_init(&n, "n", 1);
    rig_hello(r, &n);
    meter(r, &n, 0, 0);
    rig_wait(r, 10000);
    meter(r, &n, 100000, 100000);
    rig_reload(r);
    rig_wait(r, 10000);
    meter(r, &n, 200000, 200000);
    const struct change *c = model_store_rows(r->m, CHANGE_LEDGER_WORK, &rows);
    assert_int_equal(rows, 1);
    assert_int_equal(c[0].work.energy_mj, 200000);
    int64_t then = r->now;
    rig_wait(r, 2 * 3600000); // the link was down: what was measured then comes now
    rig_hello(r, &n);
    struct report late = {.kind = REPORT_METER_BOARD,
                          .at = HOUSE_MS(then + 5000),
                          .name = "n-0",
                          .meter_board = {.raw_mj = 250000, .part_mj = {[ACTIVITY_IDLE] = 250000}}};
    rig_report(r, &n, &late);
    assert_int_equal(case_board(r, "n-0").total_mj, 250000); // the audit compares it with the rows
    c = model_store_rows(r->m, CHANGE_LEDGER_WORK, &rows);
    assert_int_equal(rows, 2);
    case_done(r);
}

static const struct reply *clear_lid(struct rig *r, const char *heater)
{
    struct event ev = {.kind = EVENT_LID_CLEAR, .lid = {.heater = heater, .by = "op@example.org"}};
    rig_event(r, &ev);
    return rig_reply(r);
}

static void a_lid_is_cleared_when_it_was_opened_and_the_word_ends_with_a_lease(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    char heater[NAME_BYTES];
    snprintf(heater, sizeof heater, "%s", case_board(r, "n-0").heater);
    assert_int_equal(clear_lid(r, "nowhere")->code, 404);
    assert_int_equal(clear_lid(r, heater)->code, 409); // nobody opened it
    assert_non_null(strstr(rig_reply(r)->message, "there is nothing to clear"));
    struct report rep = {
        .kind = REPORT_ZONE, .name = "z-n", .zone = {.guard = GUARD_LID_OPEN, .mode = ZONE_COMFORT}};
    rig_report(r, &n, &rep);
    assert_int_equal(rig_desired(r, &n)->zone[0].lid_clear.v, 0);
    assert_int_equal(clear_lid(r, heater)->code, 200);
    assert_int_equal(r->fx.n_notes, 1);
    assert_string_equal(r->fx.note[0].kind, "lid-clear");
    assert_non_null(strstr(r->fx.note[0].json, "\"by\":\"op@example.org\""));
    assert_int_equal(r->fx.n_wakes, 1);
    assert_int_equal(rig_desired(r, &n)->zone[0].lid_clear.v, r->now);
    rig_wait(r, r->cfg.lease_ms);
    assert_int_equal(rig_desired(r, &n)->zone[0].lid_clear.v, 0);
    rig_wait(r, r->cfg.lease_margin_ms);
    assert_int_equal(clear_lid(r, heater)->code,
                     409); // its node is not heard any more: nobody knows how it stands
    case_done(r);
}

static void says_guard(struct rig *r, struct rig_node *n, enum zone_guard guard)
{
    struct report rep = {.kind = REPORT_ZONE,
                         .name = "z-n",
                         .zone = {.guard = guard,
                                  .mode = ZONE_COMFORT,
                                  .request = {.target_w = guard ? 0 : 400, .max_w = guard ? 0 : 400}}};
    rig_report(r, n, &rep);
}

// Bug: an agent that was started again had forgotten that its heater was opened, and heated.
static void an_opened_lid_is_remembered_over_restarts_of_node_and_server(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    char heater[NAME_BYTES];
    snprintf(heater, sizeof heater, "%s", case_board(r, "n-0").heater);
    says_guard(r, &n, GUARD_LID_OPEN);
    assert_true(rig_desired(r, &n)->zone[0].lid_open);
    n.nonce++; // the agent is started again, and the first it says is that all is well
    n.epoch = n.seq = n.have = 0;
    rig_hello(r, &n);
    says_guard(r, &n, GUARD_NONE);
    assert_true(rig_desired(r, &n)->zone[0].lid_open);
    rig_reload(r);
    assert_true(rig_desired(r, &n)->zone[0].lid_open);
    rig_create(r, ACTIVITY_ONDEMAND, 1);
    rig_zone(r, &n, 400);
    assert_null(rig_assignment(r, &n, 0)); // no work meanwhile
    assert_int_equal(clear_lid(r, heater)->code, 200);
    assert_false(rig_desired(r, &n)->zone[0].lid_open);
    rig_poll(r, &n);
    assert_non_null(rig_assignment(r, &n, 0));
    rig_reload(r);
    assert_false(rig_desired(r, &n)->zone[0].lid_open);
    case_done(r);
}

// What is on its way when it is cleared does not open it again; what is opened again does.
static void a_cleared_lid_is_not_opened_by_an_old_word(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    char heater[NAME_BYTES];
    snprintf(heater, sizeof heater, "%s", case_board(r, "n-0").heater);
    says_guard(r, &n, GUARD_LID_OPEN);
    assert_int_equal(clear_lid(r, heater)->code, 200);
    says_guard(r, &n, GUARD_LID_OPEN); // it has not heard yet
    assert_false(rig_desired(r, &n)->zone[0].lid_open);
    says_guard(r, &n, GUARD_NONE);
    says_guard(r, &n, GUARD_LID_OPEN); // anew
    assert_true(rig_desired(r, &n)->zone[0].lid_open);
    assert_int_equal(clear_lid(r, heater)->code, 200);
    for (int64_t ms = 0; ms < r->cfg.lease_ms; ms += 20000) { // it stays open by its own contact
        rig_wait(r, 20000);
        says_guard(r, &n, GUARD_LID_OPEN);
    }
    assert_true(rig_desired(r, &n)->zone[0].lid_open);
    case_done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_nonce_gets_the_same_epoch_and_changes_nothing),
        cmocka_unit_test(an_epoch_that_is_over_is_refused_and_does_nothing),
        cmocka_unit_test(reports_count_once_and_in_order_whatever_the_network_does),
        cmocka_unit_test(a_silent_node_loses_its_work_at_its_lapse_and_not_before),
        cmocka_unit_test(being_heard_renews_all_leases_but_what_is_to_stop),
        cmocka_unit_test(a_refused_offer_leaves_the_nodes_leases_under_watch),
        cmocka_unit_test(a_node_whose_first_offer_is_refused_leaves_no_trace),
        cmocka_unit_test(a_board_that_is_offered_no_more_gets_no_work),
        cmocka_unit_test(wishes_reach_the_node_with_a_new_version_and_survive_a_restart),
        cmocka_unit_test(a_sites_cap_is_shared_among_its_nodes_by_their_watts),
        cmocka_unit_test(a_cap_goes_where_heat_is_asked_for_and_what_was_given_never_adds_up_to_more),
        cmocka_unit_test(a_barred_board_gives_up_its_work_and_gets_no_more),
        cmocka_unit_test(rows_of_a_board_add_up_to_its_meter_after_every_report),
        cmocka_unit_test(what_no_board_can_draw_is_not_billed),
        cmocka_unit_test(a_report_from_the_future_is_booked_now_and_the_meter_goes_on),
        cmocka_unit_test(ledger_cells_go_on_where_they_were_after_a_reload_and_late_reports_are_booked_whole),
        cmocka_unit_test(a_lid_is_cleared_when_it_was_opened_and_the_word_ends_with_a_lease),
        cmocka_unit_test(an_opened_lid_is_remembered_over_restarts_of_node_and_server),
        cmocka_unit_test(a_cleared_lid_is_not_opened_by_an_old_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
