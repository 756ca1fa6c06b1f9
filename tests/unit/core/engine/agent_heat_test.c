// SPDX-License-Identifier: Apache-2.0
// The engine of a node and its heat: alone, with a lost link, under a cap; and whether its joules add up.
#include "agent_rig.h"

#include "core/ledger/meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int64_t draw_mw(const struct rig *r)
{
    int64_t mw = 0;
    for (size_t b = 0; b < BOARDS; b++)
        mw += agent_board(r->agent, b).point.draw_mw;
    return mw;
}

// ---- heat alone

static void without_a_link_for_a_day_the_room_stays_within_half_a_kelvin(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 20, NULL);
    rig_run_for(&r, 12 * HOUR_MS);
    for (int i = 0; i < 24 * 6; i++) {
        rig_run_for(&r, HOUR_MS / 6);
        assert_in_range(twin_air_mc(&r.body, 0), 19500, 20500);
        if (agent_call_due(r.agent, r.now) == CALL_REPORT) { // it tries, and nobody answers
            rig_call(&r, CALL_REPORT);
            rig_feed(&r, &(struct agent_event){.kind = AGENT_FAILED, .answer = {.call = CALL_REPORT}});
        }
    }
    // Only the meters wait for a parent, told every third of their wrap: at most 459 W in thirds of 262 kJ.
    assert_in_range(agent_outbox_count(r.agent), 60, 800);
    assert_true(
        agent_at_rest(r.agent)); // and a node that is told to stop does not wait for a parent that never was
    rig_deinit(&r);
}

static void after_a_link_was_there_the_last_setpoint_goes_on_and_the_outbox_stays_small(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 18, NULL);
    rig_step(&r, 1000);
    rig_join(&r);
    struct desired_zone z = {.name = "z1", .mode = ZONE_COMFORT, .setpoint_mc = 18000};
    rig_call(&r, CALL_REPORT);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.zone = &z, .n_zones = 1, .cap_mw = 440000}, NULL, 0);
    for (int i = 0; i < 36; i++) {
        rig_run_for(&r, HOUR_MS);
        if (i >= 12)
            assert_in_range(twin_air_mc(&r.body, 0), 17500, 18500);
        if (agent_call_due(r.agent, r.now) == CALL_REPORT) {
            rig_call(&r, CALL_REPORT);
            rig_feed(&r, &(struct agent_event){.kind = AGENT_FAILED, .answer = {.call = CALL_REPORT}});
        }
    }
    // Levels wait once each; meters are told every third of their wrap, so that the parent can count.
    assert_in_range(agent_outbox_count(r.agent), 60, 800); // 36 h of at most 459 W in thirds of 262 kJ
    rig_deinit(&r);
}

static void the_cap_of_the_node_is_never_passed(void **state)
{
    (void)state;
    struct rig r;
    struct agent_config c = {.cap_mw = 300000};
    rig_init(&r, 15, &c);
    for (int i = 0; i < 200; i++) {
        rig_step(&r, 10000);
        if (i > 10) // the boards that wake draw idle for their boot
            assert_in_range(draw_mw(&r), 200000, 300000);
    }
    rig_deinit(&r);
}

static void a_lost_link_does_not_lift_the_cap(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 15, NULL);
    rig_step(&r, 1000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.cap_mw = 200000}, NULL, 0);
    for (int i = 0; i < 720; i++) { // two hours, far beyond the lease of the wish
        rig_step(&r, 10000);
        if (i > 10)
            assert_in_range(draw_mw(&r), 100000, 200000);
    }
    rig_deinit(&r);
}

// By the parent's word something else heats for less; a node that hears no word for long heats.
static void where_other_heat_is_cheaper_it_burns_nothing_but_works(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 15, NULL);
    rig_step(&r, 1000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    struct desired_zone z = {.name = "z1", .mode = ZONE_COMFORT, .setpoint_mc = 20000, .work_only = true};
    house_ms until = house_add(r.now, HOUR_MS);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.zone = &z, .n_zones = 1, .cap_mw = -1, .until = until},
               NULL, 0);
    rig_run_for(&r, HOUR_MS / 6);
    for (size_t b = 0; b < BOARDS; b++)
        assert_true(agent_board(r.agent, b).run == ACTIVITY_IDLE ||
                    agent_board(r.agent, b).run == ACTIVITY_SLEEP);
    rig_call(&r, CALL_REPORT);
    struct assignment a = rig_assignment(&r, 13, "b0");
    a.until = until;
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.zone = &z, .n_zones = 1, .cap_mw = -1, .until = until},
               &a, 1);
    rig_run_for(&r, HOUR_MS / 6);
    assert_int_equal(agent_board(r.agent, 0).run, ACTIVITY_ONDEMAND);
    assert_true(agent_board(r.agent, 1).run == ACTIVITY_IDLE ||
                agent_board(r.agent, 1).run == ACTIVITY_SLEEP);
    int64_t little = draw_mw(&r);
    rig_run_for(&r, 2 * HOUR_MS);
    assert_true(draw_mw(&r) > little + 100000);
    assert_true(agent_board(r.agent, 1).run == ACTIVITY_FILLER ||
                agent_board(r.agent, 1).run == ACTIVITY_BURN);
    rig_deinit(&r);
}

// ---- joules

static void the_parts_add_up_to_the_meters_within_a_percent(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, NULL);
    rig_run_for(&r, 600000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    struct assignment a[2] = {rig_assignment(&r, 13, "b0"), rig_assignment(&r, 14, "b1")};
    a[0].until = a[1].until = house_add(r.now, 100 * HOUR_MS);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, a, 2);
    rig_run_for(&r, 5 * HOUR_MS);
    int64_t parts = 0, meters = 0, paid = 0;
    for (size_t i = 0; i < BOARDS; i++) {
        struct board_state b = agent_board(r.agent, i);
        for (int k = 0; k < ACTIVITY_N; k++)
            parts += b.part_uj[k] / 1000;
        paid += b.part_uj[ACTIVITY_ONDEMAND] / 1000;
        meters += twin_true_mj(&r.body, i);
    }
    assert_true(paid > parts / 4);
    assert_true(llabs(parts - meters) * 100 < meters);
    struct zone_meter_view z = agent_zone_meter(r.agent, 0);
    assert_true(z.useful_mj <= z.asked_mj && z.useful_mj <= z.delivered_mj && z.useful_mj > 0);
    assert_true(llabs(z.delivered_mj - meters) * 100 < meters);
    rig_deinit(&r);
}

// Every board of the room is held by a task that sleeps nearly all the time: the rest is burnt beside it.
static void tasks_that_sleep_leave_no_room_cold(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 19, NULL);
    rig_step(&r, 1000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    struct assignment a[BOARDS] = {rig_assignment(&r, 13, "b0"), rig_assignment(&r, 14, "b1"),
                                   rig_assignment(&r, 15, "b2")};
    for (size_t i = 0; i < BOARDS; i++) {
        a[i].until = house_add(r.now, 100 * HOUR_MS);
        r.use_permille[13 + i] = 5;
    }
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.cap_mw = -1}, a, BOARDS);
    rig_run_for(&r, 14 * HOUR_MS);
    for (int i = 0; i < 10; i++) {
        rig_run_for(&r, HOUR_MS);
        assert_in_range(twin_air_mc(&r.body, 0), 19500, 20500);
    }
    int64_t parts = 0, meters = 0, burnt = 0, paid = 0;
    for (size_t i = 0; i < BOARDS; i++) {
        struct board_state b = agent_board(r.agent, i);
        for (int k = 0; k < ACTIVITY_N; k++)
            parts += b.part_uj[k] / 1000;
        burnt += b.part_uj[ACTIVITY_BURN] / 1000;
        paid += b.part_uj[ACTIVITY_ONDEMAND] / 1000;
        meters += twin_true_mj(&r.body, i);
    }
    assert_true(burnt > parts / 2); // and the customer's is what the boards draw idle, and the little it used
    assert_true(paid < parts / 2 && paid > 0);
    assert_true(llabs(parts - meters) * 100 < meters);
    rig_deinit(&r);
}

// A parent counts a board from the first reading that it gets, a zone from its first joule: what was drawn
// before it answered was in one book only. Seen as a zone with five percent more than its boards.
static void what_is_drawn_before_the_parent_answers_is_in_both_books(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 15, NULL);
    rig_run_for(&r, HOUR_MS);
    rig_join(&r);
    rig_run_for(&r, HOUR_MS / 2);
    struct meter m[BOARDS] = {0};
    int64_t delivered_mj = 0, boards_mj = 0, delta;
    for (int calls = 0; calls < 3; calls++) {
        struct sync_up up = rig_call(&r, CALL_REPORT);
        for (size_t i = 0; i < up.n_reports; i++) {
            const struct report *p = &up.report[i];
            if (p->kind == REPORT_METER_ZONE)
                delivered_mj = p->meter_zone.delivered_mj;
            if (p->kind == REPORT_METER_BOARD)
                meter_read(&m[p->name[1] - '0'], p->at, p->meter_board.raw_mj, p->meter_board.wrap_mj, 459000,
                           &delta);
        }
        rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, NULL, 0);
        rig_step(&r, 30000);
    }
    for (int i = 0; i < BOARDS; i++)
        boards_mj += m[i].total_mj;
    print_message("zone %lld mJ, boards %lld mJ\n", (long long)delivered_mj, (long long)boards_mj);
    assert_true(delivered_mj > 0);
    assert_true(boards_mj - delivered_mj < delivered_mj / 1000 &&
                delivered_mj - boards_mj < delivered_mj / 1000);
    rig_deinit(&r);
}

// It used to say for half a minute that a heater at full power draws what it drew before.
static void a_heater_that_wakes_is_told_of_within_ten_seconds(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 15, NULL);
    rig_step(&r, 1000);
    rig_join(&r);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    const struct report *z = rig_find(&up, REPORT_ZONE, 0);
    assert_non_null(z);
    assert_true(z->zone.draw_w < 50);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, NULL, 0);
    for (int i = 0; i < 9; i++) {
        rig_step(&r, 1000);
        assert_int_not_equal(agent_call_due(r.agent, r.now), CALL_REPORT);
    }
    rig_step(&r, 1000);
    up = rig_call(&r, CALL_REPORT);
    z = rig_find(&up, REPORT_ZONE, 0);
    assert_non_null(z);
    assert_true(z->zone.draw_w > 400);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, NULL, 0);
    rig_step(&r, 11000); // and then it is known
    assert_int_not_equal(agent_call_due(r.agent, r.now), CALL_REPORT);
    rig_deinit(&r);
}

// A report may leave just before the next tick, and the next one with fresh readings.
static void a_report_between_two_ticks_costs_no_joules(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 15, NULL);
    rig_step(&r, 1000); // the parent counts from the first reading
    struct meter m[BOARDS] = {0};
    int64_t true_mj = 0, drawn_mj = 0, delta;
    for (int i = 0; i < BOARDS; i++)
        true_mj -= twin_true_mj(&r.body, i);
    rig_run_for(&r, HOUR_MS / 2);
    rig_join(&r);
    for (int calls = 0; calls < 20; calls++) {
        struct sync_up up = rig_call(&r, CALL_REPORT);
        for (size_t i = 0; i < up.n_reports; i++) {
            const struct report *p = &up.report[i];
            if (p->kind == REPORT_METER_BOARD)
                meter_read(&m[p->name[1] - '0'], p->at, p->meter_board.raw_mj, p->meter_board.wrap_mj,
                           curve_max_mw(curve_default()), &delta);
        }
        rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, NULL, 0);
        if (calls % 2)
            rig_step(&r, 31000);
        else
            r.now = house_add(r.now, 31000); // no tick: the next report has an old reading
    }
    for (int i = 0; i < BOARDS; i++) {
        true_mj += twin_true_mj(&r.body, i);
        drawn_mj += m[i].total_mj;
        assert_int_equal(m[i].refused, 0);
    }
    assert_in_range(drawn_mj, true_mj * 9 / 10, true_mj); // less the last reading's age
    rig_deinit(&r);
}

// A task in a cold room, for a minute of work; returns what its end says.
static struct exited_clock {
    int32_t freq_mhz, clock_permille;
} clock_of(const char *no_boost)
{
    struct rig r;
    const int32_t base_mhz[BOARDS] = {3000, 3000, 3000};
    struct agent_config cfg = {.cap_mw = -1, .base_mhz = base_mhz};
    const struct constant c[] = {{"DOCKER_CMD", "work"}, {"QARNOT_DISABLE_CPU_BOOST", no_boost}};
    const struct task_body body = {.profile = "docker-batch", .constant = c, .n_constants = 2};
    rig_init(&r, 12, &cfg);
    r.body_of_all = &body;
    rig_run_for(&r, 600000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    struct assignment a = rig_assignment(&r, 9, "b1");
    a.until = house_add(r.now, HOUR_MS);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
    rig_run_for(&r, 60000);
    struct exited_clock k = {.freq_mhz = agent_board(r.agent, 1).point.freq_mhz};
    rig_feed(&r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = 9}});
    struct sync_up up = rig_call(&r, CALL_REPORT);
    const struct report *end = rig_find(&up, REPORT_EXITED, 9);
    assert_non_null(end);
    k.clock_permille = end->exited.clock_permille;
    rig_deinit(&r);
    return k;
}

static void a_task_that_wants_no_boost_has_the_base_clock_at_most(void **state)
{
    (void)state;
    static const char *const yes[] = {"true", "True", "1"}, *const no[] = {"", "false", "0"};
    int32_t top = curve_default()->p[curve_default()->n - 1].freq_mhz;
    for (size_t i = 0; i < 3; i++) {
        struct exited_clock with = clock_of(no[i]), without = clock_of(yes[i]);
        assert_in_range(with.freq_mhz, 3001, top);
        assert_in_range(with.clock_permille, 3001 * 1000 / top, 1000);
        assert_in_range(without.freq_mhz, 2900, 3000); // what is left of its watts the other boards burn
        assert_in_range(without.clock_permille, 2900 * 1000 / top, 3000 * 1000 / top);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_link_for_a_day_the_room_stays_within_half_a_kelvin),
        cmocka_unit_test(after_a_link_was_there_the_last_setpoint_goes_on_and_the_outbox_stays_small),
        cmocka_unit_test(the_cap_of_the_node_is_never_passed),
        cmocka_unit_test(a_lost_link_does_not_lift_the_cap),
        cmocka_unit_test(where_other_heat_is_cheaper_it_burns_nothing_but_works),
        cmocka_unit_test(what_is_drawn_before_the_parent_answers_is_in_both_books),
        cmocka_unit_test(a_heater_that_wakes_is_told_of_within_ten_seconds),
        cmocka_unit_test(a_report_between_two_ticks_costs_no_joules),
        cmocka_unit_test(a_task_that_wants_no_boost_has_the_base_clock_at_most),
        cmocka_unit_test(tasks_that_sleep_leave_no_room_cold),
        cmocka_unit_test(the_parts_add_up_to_the_meters_within_a_percent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
