// SPDX-License-Identifier: Apache-2.0
// What stands still because its room takes no heat is not executing: nothing of that time is metered.
#include "agent_rig.h"

// A minute of work, and twenty more; in those the room, of 15 degC, is wanted no warmer than 10, or stays cold.
static struct sync_up ran(struct rig *r, bool too_warm)
{
    rig_init(r, 15, NULL);
    rig_run_for(r, 600000);
    rig_join(r);
    rig_call(r, CALL_REPORT);
    struct assignment a = rig_assignment(r, 9, "b1");
    a.until = house_add(r->now, HOUR_MS);
    rig_answer(r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
    rig_run_for(r, 60000);
    if (too_warm)
        rig_feed(r, &(struct agent_event){.kind = AGENT_KNOB, .knob = {0, 10000, ZONE_COMFORT}});
    rig_run_for(r, 1200000);
    rig_feed(r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = 9, .exit_code = 0}});
    return rig_call(r, CALL_REPORT);
}

// At 0 MHz for 2.4 hours an instance's executionTime ran on, and its bill with it.
static void a_board_that_stands_still_is_no_execution(void **state)
{
    (void)state;
    struct rig r;
    struct sync_up up = ran(&r, true);
    assert_int_equal(r.share[9], 0);
    const struct report *end = rig_find(&up, REPORT_EXITED, 9);
    assert_non_null(end);
    assert_in_range(end->exited.exec_ms, 60000, 80000); // until it was seen
    assert_int_equal(end->exited.core_ms, 8 * end->exited.exec_ms);
    assert_in_range(end->exited.energy_mj, 1, 160 * 80000);
    assert_true(end->exited.wall_ms >= 1260000); // the time that it took all the same
    const struct report *level = rig_find(&up, REPORT_LEVEL, 9);
    assert_true(!level || level->level.cpu_permille == 0);
    rig_deinit(&r);
}

static void a_board_that_runs_is(void **state)
{
    (void)state;
    struct rig r;
    struct sync_up up = ran(&r, false);
    const struct report *end = rig_find(&up, REPORT_EXITED, 9);
    assert_non_null(end);
    assert_int_equal(end->exited.exec_ms, 1260000);
    assert_int_equal(end->exited.core_ms, 8 * 1260000);
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_that_stands_still_is_no_execution),
        cmocka_unit_test(a_board_that_runs_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
