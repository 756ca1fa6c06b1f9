// SPDX-License-Identifier: Apache-2.0
// The engine of a node and its work: answers twice and out of order, leases that lapse, epochs, the outbox,
// the knob.
#include "agent_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

// ---- work

static void an_assignment_is_started_reported_and_ends_once(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, NULL);
    rig_run_for(&r, 600000);
    rig_join(&r);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    struct assignment a = rig_assignment(&r, 9, "b1");
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, &a, 1);
    assert_int_equal(r.starts, 1);
    assert_string_equal(r.argv0, "work");
    assert_true(r.share[9] > 0);
    up = rig_call(&r, CALL_REPORT);
    assert_non_null(rig_find(&up, REPORT_STARTED, 9));
    a.until = house_add(r.now, 60000);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, &a, 1);
    rig_run_for(&r, 30000);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_EXITED,
                                       .exited = {.lease = 9, .exit_code = 0, .cpu_ms = r.cpu_us[9] / 1000}});
    up = rig_call(&r, CALL_REPORT);
    const struct report *end = rig_find(&up, REPORT_EXITED, 9);
    assert_non_null(end);
    assert_int_equal(end->exited.end, ATTEMPT_SUCCESS);
    assert_int_equal(end->exited.exec_ms, 30000);
    assert_int_equal(end->exited.core_ms, 8 * 30000);
    assert_true(end->exited.energy_mj > 0);
    assert_int_equal(end->exited.peak_memory_mb, 50);
    // The parent repeats the assignment before it has seen the end: it does not run again, also not after the
    // ack.
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, &a, 1);
    rig_step(&r, 30000); // idle, it tells its levels every half minute
    rig_answer(&r, CALL_PARK, &(struct sync_down){0}, &a, 1);
    assert_int_equal(r.starts, 1);
    rig_call(&r, CALL_REPORT);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, NULL, 0);
    assert_int_equal(r.kills, 0);
    rig_deinit(&r);
}

static void answers_may_come_twice_and_in_any_order(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, NULL);
    rig_run_for(&r, 600000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    house_ms before = r.now;
    struct assignment a = rig_assignment(&r, 3, "b0");
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
    rig_run_for(&r, 20000);
    a.until = house_add(r.now, 60000);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.version = r.version}, &a, 1);
    // One that was made before, without the assignment, arrives late: the work goes on.
    rig_answer(&r, CALL_PARK, &(struct sync_down){.version = 1, .house = before}, NULL, 0);
    assert_int_equal(r.starts, 1);
    assert_int_equal(r.kills, 0);
    // A newer one without it ends it.
    rig_step(&r, 1000);
    rig_answer(&r, CALL_PARK, &(struct sync_down){0}, NULL, 0);
    assert_int_equal(r.kills, 1);
    rig_deinit(&r);
}

static void work_ends_before_its_lease_does(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, NULL);
    rig_run_for(&r, 600000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    struct assignment a[2] = {rig_assignment(&r, 4, "b0"), rig_assignment(&r, 5, "b1")};
    a[1].on_lapse = LAPSE_PAUSE;
    house_ms granted = r.now;
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, a, 2);
    assert_int_equal(r.starts, 2);
    while (r.kills == 0 && house_since(r.now, granted) < 120000)
        rig_step(&r, 1000);
    assert_int_equal(r.last_kill, 4);
    assert_int_equal(house_since(r.now, granted), 55000); // 5 s before the parent's 60 s
    rig_step(&r, 10000);
    assert_int_equal(r.share[5], 0); // frozen, not killed
    assert_int_equal(r.kills, 1);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    assert_int_equal(rig_find(&up, REPORT_EXITED, 4)->exited.end, ATTEMPT_LOST);
    // Renewed, the paused one goes on.
    a[1].until = house_add(r.now, 600000);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, &a[1], 1);
    rig_step(&r, 10000);
    rig_step(&r, 10000);
    assert_true(r.share[5] > 0);
    rig_deinit(&r);
}

static void a_stopped_instance_ends_as_the_parent_said(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, NULL);
    rig_run_for(&r, 600000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    struct assignment a = rig_assignment(&r, 6, "b0");
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    a.stop = true;
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, &a, 1);
    assert_int_equal(r.kills, 1);
    up = rig_call(&r, CALL_REPORT);
    assert_int_equal(rig_find(&up, REPORT_EXITED, 6)->exited.end, ATTEMPT_CANCELLED);
    // One that is to be stopped before it was ever seen: no start, but an end.
    struct assignment never = rig_assignment(&r, 7, "b1");
    never.stop = true;
    never.stop_end = ATTEMPT_PREEMPTED;
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, &never, 1);
    up = rig_call(&r, CALL_REPORT);
    assert_int_equal(rig_find(&up, REPORT_EXITED, 7)->exited.end, ATTEMPT_PREEMPTED);
    assert_int_equal(r.starts, 1);
    rig_deinit(&r);
}

static void a_start_is_told_with_the_end_that_comes_soon_after(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, &(struct agent_config){.cap_mw = -1, .gather_ms = 15});
    rig_run_for(&r, 600000);
    rig_join(&r);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    struct assignment a = rig_assignment(&r, 6, "b0");
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, &a, 1);
    assert_int_equal(r.starts, 1);
    assert_int_not_equal(agent_call_due(r.agent, r.now), CALL_REPORT);
    assert_int_equal(agent_call_wait_ms(r.agent, r.now), 15);
    r.now = house_add(r.now, 10);
    assert_int_equal(agent_call_wait_ms(r.agent, r.now), 5);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = 6}});
    assert_int_equal(agent_call_wait_ms(r.agent, r.now), 0);
    up = rig_call(&r, CALL_REPORT);
    assert_true(rig_find(&up, REPORT_STARTED, 6)->seq < rig_find(&up, REPORT_EXITED, 6)->seq);
    rig_deinit(&r);
}

static void a_start_that_was_told_once_does_not_wait_again(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, &(struct agent_config){.cap_mw = -1, .gather_ms = 15});
    rig_run_for(&r, 600000);
    rig_join(&r);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    struct assignment a = rig_assignment(&r, 6, "b0");
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, &a, 1);
    r.now = house_add(r.now, 15);
    assert_int_equal(agent_call_wait_ms(r.agent, r.now), 0);
    up = rig_call(&r, CALL_REPORT);
    uint64_t seq = rig_find(&up, REPORT_STARTED, 6)->seq;
    rig_feed(&r, &(struct agent_event){.kind = AGENT_FAILED, .answer = {.call = CALL_REPORT}});
    up = rig_call(&r, CALL_REPORT);
    assert_true(rig_find(&up, REPORT_STARTED, 6)->seq == seq);
    rig_deinit(&r);
}

static void a_refused_epoch_kills_all_and_joins_again_with_another_nonce(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, NULL);
    rig_run_for(&r, 600000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    struct assignment a = rig_assignment(&r, 8, "b0");
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
    r.auto_exit_on_kill = false;
    rig_call(&r, CALL_REPORT);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.epoch_refused = true}, NULL, 0);
    assert_int_equal(r.kills, 1);
    assert_int_equal(agent_call_due(r.agent, r.now), CALL_NONE); // not before the sandbox is dead
    rig_feed(&r, &(struct agent_event){.kind = AGENT_EXITED,
                                       .exited = {.lease = 8, .exit_code = 137, .signal = 9}});
    rig_step(&r, 10000);
    assert_true(agent_nonce(r.agent) == 0xabcdef01u);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    assert_true(up.has_offer && up.epoch == 0 && up.n_reports == 0);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.epoch = 6}, NULL, 0);
    up = rig_call(&r, CALL_REPORT);
    assert_int_equal(up.report[0].seq, 1);
    assert_null(rig_find(&up, REPORT_EXITED, 8)); // nothing of the old epoch
    rig_deinit(&r);
}

static void reports_are_sent_again_unchanged_until_they_are_acked(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, NULL);
    rig_run_for(&r, 600000);
    rig_join(&r);
    struct sync_up one = rig_call(&r, CALL_REPORT);
    assert_int_equal(one.report[0].seq, 1);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_FAILED, .answer = {.call = CALL_REPORT}});
    rig_run_for(&r, 60000);
    struct sync_up two = rig_call(&r, CALL_REPORT);
    assert_true(two.n_reports >= one.n_reports);
    assert_memory_equal(one.report, two.report, one.n_reports * sizeof *one.report);
    for (size_t i = 0; i < two.n_reports; i++)
        assert_int_equal(two.report[i].seq, i + 1);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = 2}, NULL, 0);
    struct sync_up three = rig_call(&r, CALL_REPORT);
    assert_int_equal(three.report[0].seq, 3);
    rig_deinit(&r);
}

static void a_full_outbox_stops_the_reading_and_loses_nothing(void **state)
{
    (void)state;
    struct rig r;
    struct agent_config c = {.outbox_bytes_max = 1000, .cap_mw = -1};
    rig_init(&r, 17, &c);
    rig_run_for(&r, 600000);
    rig_join(&r);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    struct assignment a = rig_assignment(&r, 2, "b0");
    a.until = house_add(r.now, 10 * HOUR_MS);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, &a, 1);
    char line[101];
    memset(line, 'x', sizeof line);
    int written = 0;
    for (; r.reads_off == 0 && written < 100; written++)
        rig_feed(&r,
                 &(struct agent_event){.kind = AGENT_OUTPUT, .output = {.lease = 2, .data = line, .n = 100}});
    assert_int_equal(written, 10);
    up = rig_call(&r, CALL_REPORT);
    int got = 0;
    for (size_t i = 0; i < up.n_reports; i++)
        got += up.report[i].kind == REPORT_OUTPUT;
    assert_int_equal(got, 10);
    assert_int_equal(r.reads_on, 0);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, &a, 1);
    assert_int_equal(r.reads_on, 1);
    // Full again, and the run is stopped: what is left in its pipes is read, or its end could never be told.
    for (int i = 0; i < 10; i++)
        rig_feed(&r,
                 &(struct agent_event){.kind = AGENT_OUTPUT, .output = {.lease = 2, .data = line, .n = 100}});
    assert_int_equal(r.reads_off, 2);
    a.stop = true;
    rig_answer(&r, CALL_PARK, &(struct sync_down){0}, &a, 1);
    assert_int_equal(r.kills, 1);
    assert_int_equal(r.reads_on, 2);
    rig_deinit(&r);
}

static void what_cannot_be_launched_fails_with_its_code_and_without_a_sandbox_nothing_runs(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, NULL);
    rig_run_for(&r, 600000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    struct assignment a[2] = {rig_assignment(&r, 10, "b0"), rig_assignment(&r, 11, "nowhere")};
    static const struct constant bad[] = {{"DOCKER_CMD", "x"}, {"DOCKER_REPO", "blender/blender"}};
    const struct task_body bad_body = {.constant = bad, .n_constants = 2};
    const struct task_body *body[2] = {&bad_body, &rig_hello};
    struct sync_down d = {.epoch = 5,
                          .version = 50,
                          .house = r.now,
                          .until = r.now,
                          .cap_mw = -1,
                          .assignment = a,
                          .n_assignments = 2};
    rig_feed(&r,
             &(struct agent_event){.kind = AGENT_ANSWER,
                                   .answer = {.call = CALL_REPORT, .nonce = 42, .down = &d, .body = body}});
    struct sync_up up = rig_call(&r, CALL_REPORT);
    assert_string_equal(rig_find(&up, REPORT_EXITED, 10)->exited.code, "image-unavailable");
    assert_int_equal(rig_find(&up, REPORT_EXITED, 10)->exited.end, ATTEMPT_FAILURE);
    assert_int_equal(rig_find(&up, REPORT_EXITED, 11)->exited.end, ATTEMPT_LOST);
    assert_int_equal(r.starts, 0);
    rig_deinit(&r);
}

static void a_sandbox_that_does_not_die_bars_its_board(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, NULL);
    rig_run_for(&r, 600000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    struct assignment a = rig_assignment(&r, 12, "b2");
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
    r.auto_exit_on_kill = false;
    rig_run_for(&r, 700000);
    assert_true(r.kills > 5); // asked again and again
    assert_true(agent_board(r.agent, 2).barred);
    rig_deinit(&r);
}

static void clear_lid(struct rig *r, int64_t at_ms)
{
    struct desired_zone z = {
        .name = "z1", .mode = ZONE_COMFORT, .setpoint_mc = 20000, .lid_clear = HOUSE_MS(at_ms)};
    struct assignment a = rig_assignment(r, 1, "b1");
    rig_answer(r, CALL_PARK, &(struct sync_down){.zone = &z, .n_zones = 1}, &a, 1);
    rig_step(r, 10000);
}

static bool is_opened(const struct rig *r)
{
    return agent_thermostat(r->agent, 0)->guard == GUARD_LID_OPEN && agent_board(r->agent, 0).barred;
}

static void an_opened_heater_stays_off_until_an_operator_clears_it_with_its_lid_closed(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, NULL);
    rig_step(&r, 10000);
    rig_join(&r);
    clear_lid(&r, 0);
    assert_int_equal(r.starts, 1);
    r.lid_open = true;
    rig_step(&r, 10000);
    assert_true(is_opened(&r));
    assert_int_equal(r.kills, 1);
    assert_int_equal(agent_thermostat(r.agent, 0)->request.max_w, 0);
    clear_lid(&r, 5); // while it is open: not obeyed, and spent
    assert_true(is_opened(&r));
    r.lid_open = false;
    rig_run_for(&r, 60000);
    assert_true(is_opened(&r)); // closing it is not looking at it
    clear_lid(&r, 5);
    assert_true(is_opened(&r));
    clear_lid(&r, 6);
    assert_false(is_opened(&r));
    rig_step(&r, 10000);
    assert_true(agent_thermostat(r.agent, 0)->request.target_w > 0);
    r.lid_open = true; // opened again: the old word does not count for it
    rig_step(&r, 10000);
    r.lid_open = false;
    rig_step(&r, 10000);
    clear_lid(&r, 6);
    assert_true(is_opened(&r));
    rig_deinit(&r);
}

static void the_knob_counts_until_the_parent_has_heard_of_it(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 19, NULL);
    rig_step(&r, 10000);
    rig_join(&r);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, NULL, 0);
    rig_feed(&r,
             &(struct agent_event){.kind = AGENT_KNOB, .knob = {.setpoint_mc = 22000, .mode = ZONE_COMFORT}});
    rig_step(&r, 1000);
    assert_int_equal(agent_thermostat(r.agent, 0)->wish.setpoint_mc, 22000);
    struct desired_zone z = {.name = "z1", .mode = ZONE_COMFORT, .setpoint_mc = 20000};
    rig_answer(&r, CALL_PARK, &(struct sync_down){.zone = &z, .n_zones = 1, .acked = rig_last_seq(&up)}, NULL,
               0); // made before
    rig_step(&r, 10000);
    assert_int_equal(agent_thermostat(r.agent, 0)->wish.setpoint_mc, 22000);
    up = rig_call(&r, CALL_REPORT);
    z.setpoint_mc = 21000; // the parent heard, and somebody set it elsewhere
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.zone = &z, .n_zones = 1, .acked = rig_last_seq(&up)},
               NULL, 0);
    rig_step(&r, 10000);
    assert_int_equal(agent_thermostat(r.agent, 0)->wish.setpoint_mc, 21000);
    rig_deinit(&r);
}

static void shutting_down_reports_the_work_as_preempted(void **state)
{
    (void)state;
    struct rig r;
    rig_init(&r, 17, NULL);
    rig_run_for(&r, 600000);
    rig_join(&r);
    rig_call(&r, CALL_REPORT);
    struct assignment a = rig_assignment(&r, 15, "b0");
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_SHUTDOWN});
    assert_false(agent_at_rest(r.agent));
    struct sync_up up = rig_call(&r, CALL_REPORT);
    assert_int_equal(rig_find(&up, REPORT_EXITED, 15)->exited.end, ATTEMPT_PREEMPTED);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, NULL, 0);
    assert_true(agent_at_rest(r.agent));
    rig_deinit(&r);
}

// Nodes store nothing: whether it was opened in its last life the parent tells it, and until then it draws
// nothing.
static void a_heater_that_was_opened_before_a_restart_starts_nothing(void **state)
{
    (void)state;
    struct rig r;
    bool lid = true;
    struct agent_config cfg = {.cap_mw = -1, .lid = &lid};
    rig_init(&r, 17, &cfg);
    rig_run_for(&r, 60000);
    assert_false(activity_is_task(agent_board(r.agent, 0).run) ||
                 agent_board(r.agent, 0).run == ACTIVITY_FILLER ||
                 agent_board(r.agent, 0).run == ACTIVITY_BURN);
    rig_join(&r);
    struct desired_zone z = {.name = "z1", .mode = ZONE_COMFORT, .setpoint_mc = 20000, .lid_open = true};
    struct assignment a = rig_assignment(&r, 1, "b1");
    rig_answer(&r, CALL_PARK, &(struct sync_down){.zone = &z, .n_zones = 1}, &a, 1);
    assert_true(is_opened(&r)); // at once: nothing of the answer is started
    rig_run_for(&r, 600000);
    assert_int_equal(r.starts, 0);
    assert_int_equal(agent_thermostat(r.agent, 0)->request.max_w, 0);
    z.lid_clear = HOUSE_MS(5);
    rig_answer(&r, CALL_PARK, &(struct sync_down){.zone = &z, .n_zones = 1}, &a, 1);
    rig_run_for(&r, 20000);
    assert_false(is_opened(&r));
    assert_true(agent_thermostat(r.agent, 0)->request.target_w > 0);
    rig_answer(&r, CALL_PARK, &(struct sync_down){.zone = &z, .n_zones = 1}, &a,
               1); // which is older than that
    rig_run_for(&r, 20000);
    assert_false(is_opened(&r));
    rig_deinit(&r);
}

static int64_t drawn_uj(const struct rig *r)
{
    int64_t uj = 0;
    for (int k = 0; k < ACTIVITY_N; k++)
        if (k != ACTIVITY_IDLE && k != ACTIVITY_SLEEP)
            uj += agent_board(r->agent, 0).part_uj[k];
    return uj;
}

// Nobody answers: after five minutes it heats, its contact says that it is shut.
static void a_heater_that_can_ask_nobody_heats_after_a_while(void **state)
{
    (void)state;
    struct rig r;
    bool lid = true;
    struct agent_config cfg = {.cap_mw = -1, .lid = &lid};
    rig_init(&r, 17, &cfg);
    rig_run_for(&r, 280000);
    assert_int_equal(drawn_uj(&r), 0);
    rig_run_for(&r, 200000);
    assert_true(drawn_uj(&r) > 0);
    rig_deinit(&r);
    rig_init(&r, 17, NULL); // it could not tell, so nobody can know: it does not wait
    rig_run_for(&r, 100000);
    assert_true(drawn_uj(&r) > 0);
    rig_deinit(&r);
}

// A room of 24 degC that wants 20: a board with a task draws, by the host's leave; those without sleep.
static void low_power_mode_keeps_a_task_at_work_in_a_room_that_wants_no_heat(void **state)
{
    (void)state;
    for (int32_t keep = 0; keep <= 500; keep += 500) {
        struct rig r;
        struct agent_config cfg = {.cap_mw = -1, .keep_permille = keep};
        rig_init(&r, 24, &cfg);
        rig_run_for(&r, 600000);
        rig_join(&r);
        rig_call(&r, CALL_REPORT);
        struct assignment a = rig_assignment(&r, 12, "b2");
        a.until = house_add(r.now, HOUR_MS);
        rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
        rig_run_for(&r, 900000);
        const struct thermostat *t = agent_thermostat(r.agent, 0);
        char why[256];
        thermostat_why(t, r.now, 0, why, sizeof why);
        assert_int_equal(t->request.target_w, 0);
        assert_int_equal(t->request.keep_w > 0, keep > 0);
        assert_int_equal(strstr(why, "low-power mode") != NULL, keep > 0);
        assert_int_equal(agent_board(r.agent, 2).point.work_mhz > 0, keep > 0);
        assert_true(agent_board(r.agent, 2).point.draw_mw <= 1000 * (t->request.keep_w / 2 + 1));
        assert_int_equal(agent_board(r.agent, 0).run, ACTIVITY_SLEEP);
        assert_int_equal(agent_board(r.agent, 1).run, ACTIVITY_SLEEP);
        rig_deinit(&r);
    }
}

static const struct constant saves[] = {{"DOCKER_CMD", "work"}, {"DOCKER_SHUTDOWN_CMD", "save it"}};
static const struct task_body saving = {.profile = "docker-batch", .constant = saves, .n_constants = 2};

// One that runs and has a last command, on b0, asked to end by its parent.
static struct assignment asked_to_end(struct rig *r, enum attempt_end end)
{
    rig_init(r, 17, NULL);
    rig_run_for(r, 600000);
    rig_join(r);
    rig_call(r, CALL_REPORT);
    r->auto_exit_on_kill = false;
    struct assignment a = rig_assignment(r, 7, "b0");
    a.until = house_add(r->now, HOUR_MS);
    r->body_of_all = &saving;
    rig_answer(r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
    rig_run_for(r, 20000);
    rig_step(r, 4000); // the next control step is 6 s from now, before its time is over
    a.stop = true;
    a.stop_end = (uint8_t)end;
    rig_answer(r, CALL_PARK, &(struct sync_down){0}, &a, 1);
    return a;
}

static void a_run_with_a_last_command_has_time_for_it_and_no_more(void **state)
{
    (void)state;
    struct rig r;
    asked_to_end(&r, ATTEMPT_CANCELLED);
    assert_int_equal(r.ends, 1);
    assert_int_equal(r.kills, 0);
    assert_true(r.share[7] > 0);
    rig_run_for(&r, 10000);
    assert_int_equal(r.kills, 1);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = 7, .exit_code = 137, .signal = 9}});
    struct sync_up up = rig_call(&r, CALL_REPORT);
    const struct report *end = rig_find(&up, REPORT_EXITED, 7);
    assert_non_null(end);
    assert_int_equal(end->exited.end, ATTEMPT_CANCELLED);
    rig_deinit(&r);
}

static void a_run_whose_last_command_ended_is_not_killed(void **state)
{
    (void)state;
    struct rig r;
    asked_to_end(&r, ATTEMPT_PREEMPTED);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = 7, .exit_code = 137, .signal = 9}});
    rig_run_for(&r, 60000);
    assert_int_equal(r.kills, 0);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    const struct report *end = rig_find(&up, REPORT_EXITED, 7);
    assert_non_null(end);
    assert_int_equal(end->exited.end, ATTEMPT_PREEMPTED);
    rig_deinit(&r);
}

static void who_must_not_wait_does_not_wait_for_a_last_command(void **state)
{
    (void)state;
    struct rig r;
    asked_to_end(&r, ATTEMPT_PREEMPTED);
    rig_call(&r, CALL_REPORT);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){0}, NULL, 0); // the parent does not know it any more
    assert_int_equal(r.kills, 1);
    rig_deinit(&r);
    asked_to_end(&r, ATTEMPT_PREEMPTED); // a person's hand is in the heater
    r.lid_open = true;
    rig_step(&r, 6000);
    assert_int_equal(r.kills, 1);
    rig_deinit(&r);
}

// What it prints counts like what the command prints: its pipes are read without regard only once it is killed.
static void a_last_command_that_floods_its_output_is_not_read_beyond_the_outbox(void **state)
{
    (void)state;
    struct rig r;
    static const char text[8192] = "x";
    asked_to_end(&r, ATTEMPT_CANCELLED);
    struct agent_event ev = {.kind = AGENT_OUTPUT, .output = {.lease = 7, .data = text, .n = sizeof text}};
    int written = 0;
    for (; r.reads_off == 0 && written < 1000; written++)
        rig_feed(&r, &ev);
    assert_int_equal(written, 128); // 1 MiB
    assert_int_equal(r.reads_on, 0);
    rig_run_for(&r, 10000);
    assert_int_equal(r.kills, 1);
    assert_int_equal(r.reads_on, 1);
    rig_deinit(&r);
}

static void a_shutdown_leaves_time_for_last_commands_once(void **state)
{
    (void)state;
    struct rig r;
    asked_to_end(&r, ATTEMPT_PREEMPTED);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_SHUTDOWN});
    assert_int_equal(r.kills, 0); // it is ending already
    assert_int_equal(r.ends, 1);
    rig_run_for(&r, 10000);
    assert_int_equal(r.kills, 1);
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(low_power_mode_keeps_a_task_at_work_in_a_room_that_wants_no_heat),
        cmocka_unit_test(an_assignment_is_started_reported_and_ends_once),
        cmocka_unit_test(answers_may_come_twice_and_in_any_order),
        cmocka_unit_test(work_ends_before_its_lease_does),
        cmocka_unit_test(a_stopped_instance_ends_as_the_parent_said),
        cmocka_unit_test(a_start_is_told_with_the_end_that_comes_soon_after),
        cmocka_unit_test(a_start_that_was_told_once_does_not_wait_again),
        cmocka_unit_test(a_refused_epoch_kills_all_and_joins_again_with_another_nonce),
        cmocka_unit_test(reports_are_sent_again_unchanged_until_they_are_acked),
        cmocka_unit_test(a_full_outbox_stops_the_reading_and_loses_nothing),
        cmocka_unit_test(what_cannot_be_launched_fails_with_its_code_and_without_a_sandbox_nothing_runs),
        cmocka_unit_test(a_sandbox_that_does_not_die_bars_its_board),
        cmocka_unit_test(an_opened_heater_stays_off_until_an_operator_clears_it_with_its_lid_closed),
        cmocka_unit_test(a_heater_that_was_opened_before_a_restart_starts_nothing),
        cmocka_unit_test(a_heater_that_can_ask_nobody_heats_after_a_while),
        cmocka_unit_test(the_knob_counts_until_the_parent_has_heard_of_it),
        cmocka_unit_test(a_run_with_a_last_command_has_time_for_it_and_no_more),
        cmocka_unit_test(a_run_whose_last_command_ended_is_not_killed),
        cmocka_unit_test(who_must_not_wait_does_not_wait_for_a_last_command),
        cmocka_unit_test(a_last_command_that_floods_its_output_is_not_read_beyond_the_outbox),
        cmocka_unit_test(a_shutdown_leaves_time_for_last_commands_once),
        cmocka_unit_test(shutting_down_reports_the_work_as_preempted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
