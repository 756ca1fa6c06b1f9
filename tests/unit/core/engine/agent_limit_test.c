// SPDX-License-Identifier: Apache-2.0
// A command that runs for as long as its task allows is ended, with its last command, and that is its failure.
#include "agent_rig.h"

#include "core/work/launch.h"

static const struct constant capped[] = {{"DOCKER_CMD", "work"},
                                         {"DOCKER_SHUTDOWN_CMD", "save it"},
                                         {"USE_SIMULATION_MAXIMUM_EXECUTION_TIME", "true"},
                                         {"SIMULATION_MAXIMUM_EXECUTION_TIME", "10m"}};
static const struct task_body body = {.profile = "docker-batch", .constant = capped, .n_constants = 4};

static void begin(struct rig *r, const struct task_body *b)
{
    rig_init(r, 17, NULL);
    rig_run_for(r, 600000);
    rig_join(r);
    rig_call(r, CALL_REPORT);
    r->auto_exit_on_kill = false;
    struct assignment a = rig_assignment(r, 7, "b0");
    a.until = house_add(r->now, 5 * HOUR_MS);
    r->body_of_all = b;
    rig_answer(r, CALL_REPORT, &(struct sync_down){0}, &a, 1);
}

static void its_time_over_it_is_ended_and_has_failed(void **state)
{
    (void)state;
    struct rig r;
    begin(&r, &body);
    rig_run_for(&r, 590000);
    assert_int_equal(r.starts, 1);
    assert_int_equal(r.ends, 0);
    rig_run_for(&r, 40000);
    assert_int_equal(r.ends, 1); // the last command has its time
    rig_feed(&r, &(struct agent_event){.kind = AGENT_EXITED,
                                       .exited = {.lease = 7, .exit_code = 137, .signal = 9}});
    struct sync_up up = rig_call(&r, CALL_REPORT);
    const struct report *end = rig_find(&up, REPORT_EXITED, 7);
    assert_non_null(end);
    assert_int_equal(end->exited.end, ATTEMPT_FAILURE);
    assert_string_equal(end->exited.code, "execution-time");
    rig_deinit(&r);
}

// What stands still because its room takes no heat does not use up its time.
static void time_in_which_it_stands_still_does_not_count(void **state)
{
    (void)state;
    struct rig r;
    begin(&r, &body);
    rig_run_for(&r, 300000);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_KNOB, .knob = {0, 8000, ZONE_COMFORT}});
    rig_run_for(&r, 1200000);
    assert_int_equal(r.share[7], 0);
    assert_int_equal(r.ends, 0);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_KNOB, .knob = {0, 24000, ZONE_COMFORT}});
    rig_run_for(&r, 200000);
    assert_int_equal(r.ends, 0);
    rig_run_for(&r, 400000);
    assert_int_equal(r.ends, 1);
    rig_deinit(&r);
}

static void without_the_word_there_is_no_limit(void **state)
{
    (void)state;
    static const struct task_body free_of_it = {
        .profile = "docker-batch", .constant = capped, .n_constants = 2};
    struct rig r;
    begin(&r, &free_of_it);
    rig_run_for(&r, 4 * HOUR_MS);
    assert_int_equal(r.starts, 1);
    assert_int_equal(r.ends + r.kills, 0);
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_time_over_it_is_ended_and_has_failed),
        cmocka_unit_test(time_in_which_it_stands_still_does_not_count),
        cmocka_unit_test(without_the_word_there_is_no_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
