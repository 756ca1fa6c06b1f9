// SPDX-License-Identifier: Apache-2.0
// What a task is said to be like before it is submitted, against what would become of it. Audited by the rig.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/engine/server_state.h"
#include "rig.h"

static struct rig *rig_new(struct rig_node *n, int32_t boards)
{
    struct rig *r = malloc(sizeof *r);
    rig_init(r, NULL);
    rig_node_init(n, "n", boards);
    rig_hello(r, n);
    return r;
}

static void done(struct rig *r)
{
    if (r->fault.code)
        fail_msg("%s", r->fault.text);
    rig_deinit(r);
    free(r);
}

// The zone, set to 20 degC, tells how warm it is; above that it asks for nothing.
static void room(struct rig *r, struct rig_node *n, int32_t room_mc, int32_t target_w, int32_t max_w)
{
    struct report rep = {.kind = REPORT_ZONE};
    snprintf(rep.name, NAME_BYTES, "z-%s", n->name);
    rep.zone.room_mc = room_mc;
    rep.zone.setpoint_mc = 20000;
    rep.zone.mode = ZONE_COMFORT;
    rep.zone.request = (struct heat_request){.target_w = target_w, .max_w = max_w};
    rep.zone.model = (struct zone_model){.capacity_j_per_k = 5000000, .loss_mw_per_k = 20000, .gain_w = 0};
    rig_report(r, n, &rep);
}

static struct server_foreseen foreseen(struct rig *r, const struct task_draft *d)
{
    struct server_foreseen f;
    server_foresee(r->s, r->account, d, &f);
    return f;
}

// It was said to begin at once, and began when the room had cooled down, hours later. At 10 degC outside 0.5 K
// above the setpoint are gone in C / UA x ln(10.5 / 10) = 12,197 s.
static void a_room_that_is_too_warm_is_not_said_to_begin_at_once(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = rig_new(&n, 2);
    struct task_draft d;
    rig_draft(r, &d, 1);
    d.expected_run_ms = 60000;
    static const int32_t max_w[] = {500, 0}; // it wants none; it refuses any
    for (size_t i = 0; i < 2; i++) {
        room(r, &n, 20500, 0, max_w[i]);
        struct server_foreseen f = foreseen(r, &d);
        assert_true(f.known && f.boards_usable == 2 && f.boards_free == 2 && f.boards_warm == 2);
        assert_in_range(f.it.start_s, 11800, 12600);
        assert_int_equal(f.it.start_s, f.heat_in_s);
    }
    d.activity = ACTIVITY_ONDEMAND; // urgent work may heat to the top of the band
    room(r, &n, 20300, 0, 500);
    assert_int_equal(foreseen(r, &d).it.start_s, 0);
    room(r, &n, 21000, 0, 0); // down to 20.5
    assert_in_range(foreseen(r, &d).it.start_s, 11000, 12700);
    d.activity = ACTIVITY_FLEX;
    room(r, &n, 19500, 300, 500);
    struct server_foreseen f = foreseen(r, &d);
    assert_true(f.known && f.boards_warm == 0 && f.heat_in_s == 0 && f.it.start_s == 0);
    room(r, &n, 35000, 0, 0); // not within the days that are foreseen
    f = foreseen(r, &d);
    assert_true(!f.known && f.boards_warm == 2 && f.boards_usable == 0);
    done(r);
}

// Watts for one board's idle draw are not enough for two.
static void what_a_room_wants_is_shared(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = rig_new(&n, 2);
    struct task_draft d;
    rig_draft(r, &d, 2);
    d.expected_run_ms = 60000;
    room(r, &n, 20500, 14, 500);
    struct server_foreseen f = foreseen(r, &d);
    assert_true(f.known && f.boards_usable == 2 && f.boards_warm == 1);
    assert_int_equal(f.it.start_s, 0);
    done(r);
}

// Nine at once where there are two boards: it was taken, and said to begin at once; it can never run.
static void more_at_once_than_there_are_is_no_hardware(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = rig_new(&n, 2);
    struct task_draft d;
    size_t looks = 100;
    rig_draft(r, &d, 9);
    d.place = "gang=9";
    const char *why = server_hardware_lacks(r->s, &d, &r->a, &looks);
    assert_non_null(why);
    assert_non_null(strstr(why, "hardware constraint of this task: it needs 9 machines at once"));
    assert_non_null(strstr(why, "no site has more than 2 such"));
    assert_false(foreseen(r, &d).known);
    const char *uuid = rig_create_draft(r, &d); // as one from before the boards went
    struct buf text = BUF_INIT(1024);
    assert_true(server_why_task(r->s, rig_task(r, uuid)->id, HOUSE_MS(r->now), &text));
    if (!strstr(buf_str(&text), "2 are free; it needs 9 at once on one site, and the fleet has 2"))
        fail_msg("%s", buf_str(&text));
    buf_deinit(&text);
    d.place = "gang=2";
    assert_null(server_hardware_lacks(r->s, &d, &r->a, &looks));
    d.place = "gang=2 country=FR";
    assert_non_null(server_hardware_lacks(r->s, &d, &r->a, &looks));
    done(r);
}

// The estimate of a task on a used up budget was "possible", and POST /tasks answered 402.
static void what_would_be_refused_is_known_before(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = rig_new(&n, 2);
    struct task_draft d;
    const char *why;
    rig_draft(r, &d, 1);
    assert_int_equal(server_would_refuse(r->s, r->account, &d, &r->a, &why), 0);
    char project[UUID_TEXT_BYTES];
    uuid_format(project, r->s->project[r->s->account[0].project].uuid);
    struct event ev = {.kind = EVENT_BUDGET_PUT,
                       .budget = {.project = project,
                                  .uuid = {7},
                                  .has_total = true,
                                  .total_neur = 0,
                                  .has_policy = true,
                                  .policy = BUDGET_BLOCK_NEW}};
    rig_event(r, &ev);
    assert_int_equal(server_would_refuse(r->s, r->account, &d, &r->a, &why), 402);
    assert_non_null(strstr(why, "Not enough credits: the budget of project"));
    d.project = "00000000-0000-4000-8000-000000000000";
    assert_int_equal(server_would_refuse(r->s, r->account, &d, &r->a, &why), 400);
    assert_null(rig_create_draft(r, &d));
    done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_room_that_is_too_warm_is_not_said_to_begin_at_once),
        cmocka_unit_test(more_at_once_than_there_are_is_no_hardware),
        cmocka_unit_test(what_would_be_refused_is_known_before),
        cmocka_unit_test(what_a_room_wants_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
