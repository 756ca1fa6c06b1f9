// SPDX-License-Identifier: Apache-2.0
// Quotas: never more boards or cores than they say, what is above waits and comes as soon as it fits.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

static void limit(struct rig *r, enum event_kind kind, int which, int32_t most)
{
    struct account_info a;
    struct organisation_view o;
    struct event ev = {.kind = kind};
    struct quota_wish *w = kind == EVENT_ACCOUNT_PUT ? &ev.account.quota : &ev.organisation.quota;
    server_account(r->s, 0, &a);
    server_organisation(r->s, a.organisation, &o);
    if (kind == EVENT_ACCOUNT_PUT)
        ev.account.id = a.id;
    else
        ev.organisation.organisation = o.uuid;
    w->given = 1u << which;
    w->most[which] = most;
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 200);
}

static struct quota_view held(const struct rig *r, enum quota_kind k)
{
    struct account_info a;
    server_account(r->s, 0, &a);
    return a.quota[k];
}

static size_t assigned(struct rig *r, const struct rig_node *n)
{
    const struct sync_down *down = rig_desired(r, n);
    size_t at_work = 0;
    for (size_t i = 0; i < down->n_assignments; i++)
        at_work += !down->assignment[i].stop;
    return at_work;
}

static void end_one(struct rig *r, struct rig_node *n)
{
    uint64_t lease = rig_assignment(r, n, 0)->lease;
    rig_started(r, n, lease);
    rig_exited(r, n, lease, ATTEMPT_SUCCESS, 0);
    rig_poll(r, n);
}

// Time passes in which the node calls home.
static void pass(struct rig *r, struct rig_node *n, int64_t ms)
{
    for (; ms > 0; ms -= 20000) {
        rig_wait(r, ms < 20000 ? ms : 20000);
        rig_poll(r, n);
    }
}

// After a crash the node tells again how cold it is.
static void crash(struct rig *r, struct rig_node *n)
{
    rig_reload(r);
    rig_zone(r, n, n->want_w);
}

static void a_quota_of_boards_holds_and_the_rest_follows(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    rig_init(&r, NULL);
    rig_node_init(&n, "n", 6);
    rig_hello(&r, &n);
    limit(&r, EVENT_ACCOUNT_PUT, QUOTA_INSTANCES(QUOTA_FLEX), 2);
    rig_create(&r, ACTIVITY_FLEX, 3);
    rig_create(&r, ACTIVITY_FLEX, 4);
    rig_poll(&r, &n);
    assert_int_equal(assigned(&r, &n), 2);
    rig_create(&r, ACTIVITY_ONDEMAND, 1); // another type: not under this quota
    rig_poll(&r, &n);
    assert_int_equal(assigned(&r, &n), 3);
    crash(&r, &n);
    assert_int_equal(held(&r, QUOTA_FLEX).held, 2);
    limit(&r, EVENT_ACCOUNT_PUT, QUOTA_INSTANCES(QUOTA_FLEX), 4);
    rig_poll(&r, &n);
    assert_int_equal(assigned(&r, &n), 5);
    limit(&r, EVENT_ACCOUNT_PUT, QUOTA_INSTANCES(QUOTA_FLEX), 1); // what runs goes on; nothing follows
    for (int i = 0; i < 3; i++) {
        assert_true(held(&r, QUOTA_FLEX).held > 1);
        end_one(&r, &n);
    }
    limit(&r, EVENT_ACCOUNT_PUT, QUOTA_INSTANCES(QUOTA_FLEX), 0); // none
    for (int i = 0; i < 30 && assigned(&r, &n); i++)
        end_one(&r, &n);
    assert_int_equal(held(&r, QUOTA_FLEX).held, 0); // all of them ran
    assert_int_equal(held(&r, QUOTA_FLEX).held_cores, 0);
    struct engine_counts c;
    server_counts(r.s, &c);
    assert_int_equal(c.tasks_live, 0);
    rig_deinit(&r);
}

static void a_quota_of_cores_takes_no_board_that_is_too_large_for_what_is_left(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    rig_init(&r, NULL);
    rig_node_init(&n, "n", 6);
    n.cores = 8;
    rig_hello(&r, &n);
    limit(&r, EVENT_ORGANISATION_PUT, QUOTA_CORES(QUOTA_FLEX), 20); // two boards and a half
    rig_create(&r, ACTIVITY_FLEX, 5);
    rig_poll(&r, &n);
    assert_int_equal(assigned(&r, &n), 2);
    for (int i = 0; i < 5; i++) {
        assert_in_range(held(&r, QUOTA_FLEX).held_cores, 8, 20);
        end_one(&r, &n);
    }
    struct engine_counts c;
    server_counts(r.s, &c);
    assert_int_equal(c.tasks_live, 0);
    rig_deinit(&r);
}

static void who_waits_for_a_quota_is_told_so(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    struct buf why = BUF_INIT(1000);
    rig_init(&r, NULL);
    rig_node_init(&n, "n", 2);
    rig_hello(&r, &n);
    limit(&r, EVENT_ORGANISATION_PUT, QUOTA_INSTANCES(QUOTA_FLEX), 1);
    rig_create(&r, ACTIVITY_FLEX, 1);
    const struct row_task *t = rig_task(&r, rig_create(&r, ACTIVITY_FLEX, 1));
    assert_true(server_why_task(r.s, t->id, HOUSE_MS(r.now), &why));
    assert_non_null(strstr(buf_str(&why), "the organisation's quota of 1 boards at once is used"));
    buf_deinit(&why);
    rig_deinit(&r);
}

static void a_reservation_holds_from_its_beginning_to_its_end(void **state)
{
    (void)state;
    struct rig r;
    struct rig_node n;
    char uuid[UUID_TEXT_BYTES];
    struct event ev = {.kind = EVENT_RESERVATION_PUT};
    rig_init(&r, NULL);
    rig_node_init(&n, "n", 3);
    rig_hello(&r, &n);
    struct board_view b;
    server_board(r.s, 0, &b);
    ev.reservation.account = r.account;
    ev.reservation.name = "night";
    ev.reservation.machine_key = b.spec->key;
    ev.reservation.boards = 2;
    ev.reservation.has_from = ev.reservation.has_to = true;
    ev.reservation.from_ms = r.now + 600000;
    ev.reservation.to_ms = r.now + 1200000;
    rig_event(&r, &ev);
    assert_int_equal(rig_reply(&r)->code, 200);
    rig_create(&r, ACTIVITY_FLEX, 3); // takes every board
    rig_poll(&r, &n);
    assert_int_equal(assigned(&r, &n), 3);
    snprintf(uuid, sizeof uuid, "%s", rig_create(&r, ACTIVITY_RESERVED, 3));
    rig_poll(&r, &n);
    assert_int_equal(assigned(&r, &n), 3);
    crash(&r, &n);
    pass(&r, &n, 599000);
    assert_int_equal(assigned(&r, &n), 3);
    rig_wait(&r, 2000); // it begins: two boards are asked back of flex
    rig_poll(&r, &n);
    assert_int_equal(assigned(&r, &n), 1);
    const struct sync_down *down = rig_desired(&r, &n);
    uint64_t stop[4];
    size_t n_stop = 0;
    for (size_t i = 0; i < down->n_assignments; i++)
        if (down->assignment[i].stop)
            stop[n_stop++] = down->assignment[i].lease;
    assert_int_equal(n_stop, 2);
    for (size_t i = 0; i < n_stop; i++)
        rig_exited(&r, &n, stop[i], ATTEMPT_PREEMPTED, 0);
    rig_poll(&r, &n);
    assert_int_equal(held(&r, QUOTA_RESERVED).held, 2); // two boards, though three instances wait
    pass(&r, &n, 600000);                               // over
    assert_string_equal(rig_state(&r, uuid), "PendingCancel");
    assert_null(rig_create(&r, ACTIVITY_RESERVED, 1));
    assert_int_equal(rig_reply(&r)->item[0].code, 403);
    rig_deinit(&r);
}

// Simulated fleets replay traces that have reserved work and say nothing of reservations.
static void where_reserved_is_for_all_it_needs_no_reservation(void **state)
{
    (void)state;
    struct server_config cfg;
    struct rig r;
    server_config_default(&cfg);
    rig_init(&r, &cfg);
    assert_null(rig_create(&r, ACTIVITY_RESERVED, 1));
    cfg.reserved_by_all = true;
    rig_reload_as(&r, &cfg);
    assert_non_null(rig_create(&r, ACTIVITY_RESERVED, 1));
    rig_deinit(&r);
}

// Rows of a program that knew no organisations: the first event after the start gives each user their own.
static void accounts_of_an_older_store_get_an_organisation_each(void **state)
{
    (void)state;
    struct server_config cfg;
    struct effects fx;
    struct err e = ERR_NULL;
    struct account_info v[2];
    struct organisation_view org;
    struct project_view p;
    server_config_default(&cfg);
    struct server *s = server_new(&cfg);
    effects_init(&fx);
    struct change row[] = {{.kind = CHANGE_META, .meta = {"next_id", 50}},
                           {.kind = CHANGE_ACCOUNT,
                            .account = {.id = 7, .email = "a@b.c", .name = "a", .scheduling = ACTIVITY_FLEX}},
                           {.kind = CHANGE_ACCOUNT,
                            .account = {.id = 8, .email = "d@e.f", .name = "d", .scheduling = ACTIVITY_FLEX}},
                           {.kind = CHANGE_TOKEN, .token_put = {7, 7, "first", "00", 1, 0, 0}},
                           {.kind = CHANGE_TASK_NEW,
                            .task = {.id = 9,
                                     .uuid = "0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11",
                                     .account = 8,
                                     .profile = "docker-batch",
                                     .activity = ACTIVITY_FLEX,
                                     .instances = 1,
                                     .ranges = "0",
                                     .queue_max_ms = -1,
                                     .body = "{}"}}};
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        assert_int_equal(server_restore(s, &row[i], &e), 0);
    server_restored(s, HOUSE_MS(RIG_START_MS));
    struct event ev = {.kind = EVENT_ACCOUNT_PUT,
                       .now = HOUSE_MS(RIG_START_MS),
                       .account = {.email = "a@b.c", .token_hash = "00"}};
    server_apply(s, &ev, &fx);
    server_settle(s, ev.now, &fx);
    for (size_t i = 0; i < 2; i++) {
        server_account(s, i, &v[i]);
        server_organisation(s, v[i].organisation, &org);
        server_project(s, v[i].project, &p);
        assert_string_equal(org.slug, i ? "user-8" : "user-7");
        assert_int_equal(p.organisation, v[i].organisation);
    }
    assert_int_not_equal(v[0].organisation, v[1].organisation);
    assert_int_equal(server_tokens(s), 1); // the one it had, and no second
    effects_deinit(&fx);
    server_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quota_of_boards_holds_and_the_rest_follows),
        cmocka_unit_test(a_quota_of_cores_takes_no_board_that_is_too_large_for_what_is_left),
        cmocka_unit_test(who_waits_for_a_quota_is_told_so),
        cmocka_unit_test(where_reserved_is_for_all_it_needs_no_reservation),
        cmocka_unit_test(accounts_of_an_older_store_get_an_organisation_each),
        cmocka_unit_test(a_reservation_holds_from_its_beginning_to_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
