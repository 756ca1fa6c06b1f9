// SPDX-License-Identifier: Apache-2.0
// Tasks that leave their watts unused: the room must not pay for them. What the meter sees missing is made by
// the boards beside them; what nobody can make is said.
#include "agent_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int64_t zone_draw_mw(const struct rig *r)
{
    return r->sense.draw_mw;
}

// A renewed lease every 20 s, and the latest zone level that the agent sends.
static struct report run_with(struct rig *r, struct assignment *a, size_t n, int64_t ms)
{
    struct report level = {0};
    for (; ms > 0; ms -= 20000) {
        rig_run_for(r, 20000);
        if (agent_call_due(r->agent, r->now) != CALL_REPORT)
            continue;
        struct sync_up up = rig_call(r, CALL_REPORT);
        for (size_t i = 0; i < up.n_reports; i++)
            if (up.report[i].kind == REPORT_ZONE)
                level = up.report[i];
        for (size_t i = 0; i < n; i++)
            a[i].until = house_add(r->now, 60000);
        rig_answer(r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, a, n);
        arena_clear(&r->arena);
    }
    return level;
}

// Setpoints that two boards of three can hold in this January.
static void wish(struct rig *r, int32_t setpoint_mc)
{
    rig_feed(r, &(struct agent_event){.kind = AGENT_KNOB, .knob = {0, setpoint_mc, ZONE_COMFORT}});
}

static void begin(struct rig *r, struct assignment *a, size_t n, int32_t use_permille)
{
    rig_run_for(r, 300000);
    rig_join(r);
    struct sync_up up = rig_call(r, CALL_REPORT);
    for (size_t i = 0; i < n; i++) {
        char board[8];
        snprintf(board, sizeof board, "b%zu", i);
        a[i] = rig_assignment(r, i + 1, board);
        r->use_permille[i + 1] = use_permille;
    }
    rig_answer(r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, a, n);
    assert_int_equal(r->starts, n);
}

static void the_boards_beside_a_sleeping_task_make_its_watts(void **state)
{
    (void)state;
    for (int heaters = 1; heaters <= 2; heaters++) {
        struct rig r;
        struct assignment a;
        rig_open(&r, 10, NULL, heaters, true);
        wish(&r, 10000);
        begin(&r, &a, 1, 20);
        run_with(&r, &a, 1, 1200000);
        int64_t asked = 0, drawn = 0;
        for (int i = 0; i < 60; i++) {
            run_with(&r, &a, 1, 60000);
            asked += agent_thermostat(r.agent, 0)->request.target_w;
            drawn += zone_draw_mw(&r) / 1000;
        }
        assert_in_range(drawn, asked * 97 / 100, asked * 103 / 100);
        assert_in_range(asked / 60, 100, 300);
        assert_true(agent_board(r.agent, 2).run == ACTIVITY_FILLER);
        rig_deinit(&r);
    }
}

static void a_room_whose_tasks_sleep_keeps_its_setpoint(void **state)
{
    (void)state;
    struct rig r;
    struct assignment a;
    rig_init(&r, 13, NULL);
    wish(&r, 13000);
    begin(&r, &a, 1, 20);
    for (int i = 0; i < 6; i++) {
        run_with(&r, &a, 1, HOUR_MS);
        assert_in_range(twin_air_mc(&r.body, 0), 12500, 13500);
    }
    rig_deinit(&r);
}

static void when_all_boards_are_held_by_sleepers_the_zone_says_what_is_short(void **state)
{
    (void)state;
    struct rig r;
    struct assignment a[BOARDS];
    rig_open(&r, 17, NULL, 1, false); // else what is short would be burnt
    begin(&r, a, BOARDS, 30);
    struct report level = run_with(&r, a, BOARDS, 1200000);
    int use = -1, shortage = -1;
    const char *text = strstr(level.zone.why, "; its tasks use only ");
    assert_non_null(text);
    assert_int_equal(sscanf(text, "; its tasks use only %d %% of their share, %d W short", &use, &shortage),
                     2);
    assert_in_range(use, 2, 5);
    int target = level.zone.request.target_w;
    assert_in_range(shortage, target - level.zone.draw_w - 20, target - level.zone.draw_w + 20);
    rig_run_for(&r, 20000);
    struct sync_up up =
        rig_call(&r, CALL_REPORT); // the boards' levels are what they draw, not what the curve says
    for (size_t i = 0; i < up.n_reports; i++)
        if (up.report[i].kind == REPORT_BOARD)
            assert_true(up.report[i].board.draw_mw < 25000);
    rig_answer(&r, CALL_REPORT, &(struct sync_down){.acked = rig_last_seq(&up)}, a, BOARDS);
    // They wake up: nothing is short any more, and the heat is what is asked for.
    for (int i = 1; i <= BOARDS; i++)
        r.use_permille[i] = 0;
    level = run_with(&r, a, BOARDS, 1200000);
    assert_null(strstr(level.zone.why, "its tasks"));
    assert_true(zone_draw_mw(&r) / 1000 >= agent_thermostat(r.agent, 0)->request.target_w * 95 / 100);
    rig_deinit(&r);
}

// All at once they take their whole share: the fuse holds in that very moment, not a control step later.
static void sleepers_that_wake_do_not_blow_the_fuse(void **state)
{
    (void)state;
    struct rig r;
    struct assignment a[BOARDS];
    struct agent_config c = {.cap_mw = 200000};
    rig_init(&r, 16, &c);
    begin(&r, a, 2, 20);
    run_with(&r, a, 2, 1200000);
    for (int round = 0; round < 6; round++) {
        for (int i = 1; i <= 2; i++)
            r.use_permille[i] = round % 2 ? 20 : 0;
        for (int i = 0; i < 60; i++) {
            rig_step(&r, 1000);
            assert_true(zone_draw_mw(&r) <= 200000);
        }
        run_with(&r, a, 2, 120000);
    }
    rig_deinit(&r);
}

static void a_busy_task_is_not_taken_for_a_sleeper(void **state)
{
    (void)state;
    struct rig r;
    struct assignment a[BOARDS];
    rig_init(&r, 17, NULL);
    begin(&r, a, BOARDS, 0);
    struct report level = run_with(&r, a, BOARDS, 1200000);
    assert_null(strstr(level.zone.why, "its tasks"));
    int64_t sum = 0;
    for (size_t i = 0; i < BOARDS; i++)
        sum += agent_board(r.agent, i).point.draw_mw;
    assert_true(sum <= (int64_t)agent_thermostat(r.agent, 0)->request.target_w *
                           1030); // the meters' error is half a percent
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_boards_beside_a_sleeping_task_make_its_watts),
        cmocka_unit_test(a_room_whose_tasks_sleep_keeps_its_setpoint),
        cmocka_unit_test(when_all_boards_are_held_by_sleepers_the_zone_says_what_is_short),
        cmocka_unit_test(sleepers_that_wake_do_not_blow_the_fuse),
        cmocka_unit_test(a_busy_task_is_not_taken_for_a_sleeper),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
