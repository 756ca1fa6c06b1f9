// SPDX-License-Identifier: Apache-2.0
// A pool's node on the node's side: prepared once, then a board that runs what it is given inside, heated
// like a free one in between; what is counted adds up.
#include "agent_rig.h"

#include <stdio.h>
#include <string.h>

#define NODE 9

static struct assignment node_of(struct rig *r, int32_t slots)
{
    struct assignment a = rig_assignment(r, NODE, "b1");
    a.slots = slots;
    return a;
}

static struct assignment inside(struct rig *r, uint64_t lease)
{
    struct assignment a = rig_assignment(r, lease, "b1");
    a.within = NODE;
    return a;
}

// What is to run now; `prepare`: the node has a command.
static void answer(struct rig *r, struct sync_up *up, struct assignment *a, size_t n, bool prepare)
{
    const struct task_body *body[8];
    for (size_t i = 0; i < n; i++) {
        body[i] = a[i].slots && !prepare ? NULL : &rig_hello;
        a[i].until = house_add(r->now, 60000);
    }
    struct sync_down d = {.acked = rig_last_seq(up),
                          .house = r->now,
                          .until = house_add(r->now, 60000),
                          .version = ++r->version,
                          .epoch = 5,
                          .cap_mw = -1,
                          .filler_allowed = true,
                          .assignment = a,
                          .n_assignments = n};
    rig_feed(r,
             &(struct agent_event){
                 .kind = AGENT_ANSWER,
                 .answer = {.call = CALL_REPORT, .nonce = agent_nonce(r->agent), .down = &d, .body = body}});
}

static struct sync_up begin(struct rig *r)
{
    rig_init(r, 17, NULL);
    rig_run_for(r, 600000);
    rig_join(r);
    return rig_call(r, CALL_REPORT);
}

static void exits(struct rig *r, uint64_t lease, int code)
{
    rig_feed(r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = lease, .exit_code = code}});
    r->share[lease] = 0;
}

static void a_node_without_preparation_is_ready_at_once_and_has_no_process(void **state)
{
    (void)state;
    struct rig r;
    struct sync_up up = begin(&r);
    struct assignment a[2] = {node_of(&r, 1)};
    answer(&r, &up, a, 1, false);
    assert_int_equal(r.starts, 0);
    up = rig_call(&r, CALL_REPORT);
    const struct report *began = rig_find(&up, REPORT_STARTED, NODE), *is = rig_find(&up, REPORT_READY, NODE);
    assert_true(began && is && began < is);
    // It is cold: the board heats as if it were free, and not as the pool's.
    answer(&r, &up, a, 1, false);
    rig_run_for(&r, 20000);
    struct board_state b = agent_board(r.agent, 1);
    assert_int_equal(b.run, ACTIVITY_FILLER);
    up = rig_call(&r, CALL_REPORT);
    a[1] = inside(&r, 3);
    answer(&r, &up, a, 2, false);
    assert_int_equal(r.starts, 1);
    assert_int_equal(agent_board(r.agent, 1).run, ACTIVITY_ONDEMAND);
    rig_run_for(&r, 30000);
    exits(&r, 3, 0);
    up = rig_call(&r, CALL_REPORT);
    const struct report *end = rig_find(&up, REPORT_EXITED, 3);
    assert_non_null(end);
    assert_int_equal(end->exited.end, ATTEMPT_SUCCESS);
    assert_int_equal(end->exited.core_ms, 8 * 30000);
    assert_null(rig_find(&up, REPORT_EXITED, NODE)); // it goes on
    a[0].stop = true;
    answer(&r, &up, a, 1, false);
    up = rig_call(&r, CALL_REPORT);
    end = rig_find(&up, REPORT_EXITED, NODE);
    assert_non_null(end);
    assert_int_equal(end->exited.end, ATTEMPT_CANCELLED);
    assert_int_equal(end->exited.exec_ms, 50000);
    assert_int_equal(end->exited.core_ms, 8 * 20000); // what the run inside had is not the node's
    assert_int_equal(r.kills, 0);
    rig_deinit(&r);
}

static void nothing_runs_before_the_preparation_ended_well(void **state)
{
    (void)state;
    struct rig r;
    struct sync_up up = begin(&r);
    struct assignment a[2] = {node_of(&r, 2), inside(&r, 3)};
    answer(&r, &up, a, 2, true);
    assert_int_equal(r.starts, 1);
    assert_int_equal(r.last_start, NODE);
    up = rig_call(&r, CALL_REPORT);
    assert_non_null(rig_find(&up, REPORT_STARTED, NODE));
    assert_null(rig_find(&up, REPORT_READY, NODE));
    answer(&r, &up, a, 2, true);
    rig_run_for(&r, 20000);
    assert_int_equal(r.starts, 1);
    exits(&r, NODE, 0);
    assert_int_equal(r.starts, 2);
    assert_int_equal(r.last_start, 3);
    up = rig_call(&r, CALL_REPORT);
    assert_non_null(rig_find(&up, REPORT_READY, NODE));
    assert_null(rig_find(&up, REPORT_EXITED, NODE));
    rig_deinit(&r);
}

static void a_preparation_that_fails_ends_the_node(void **state)
{
    (void)state;
    struct rig r;
    struct sync_up up = begin(&r);
    struct assignment a[2] = {node_of(&r, 1)};
    answer(&r, &up, a, 1, true);
    exits(&r, NODE, 3);
    up = rig_call(&r, CALL_REPORT);
    const struct report *end = rig_find(&up, REPORT_EXITED, NODE);
    assert_non_null(end);
    assert_int_equal(end->exited.end, ATTEMPT_FAILURE);
    assert_string_equal(end->exited.message, "the preparation command ended with exit code 3");
    a[0] = inside(&r, 4); // into a node that is over
    answer(&r, &up, a, 1, true);
    up = rig_call(&r, CALL_REPORT);
    end = rig_find(&up, REPORT_EXITED, 4);
    assert_non_null(end);
    assert_int_equal(end->exited.end, ATTEMPT_LOST);
    assert_string_equal(end->exited.code, "no-node");
    assert_int_equal(r.starts, 1);
    rig_deinit(&r);
}

static void slots_share_the_board_and_what_is_counted_adds_up(void **state)
{
    (void)state;
    struct rig r;
    struct sync_up up = begin(&r);
    struct assignment a[4] = {node_of(&r, 2)};
    answer(&r, &up, a, 1, false);
    up = rig_call(&r, CALL_REPORT);
    a[1] = inside(&r, 3);
    a[2] = inside(&r, 4);
    a[3] = inside(&r, 5);
    answer(&r, &up, a, 4, false);
    assert_int_equal(r.starts, 2); // the third waits for a slot
    rig_run_for(&r, 20000);
    assert_int_equal(r.share[3], r.share[4]);
    exits(&r, 4, 0);
    assert_int_equal(r.starts, 3);
    r.share[4] = 0;
    rig_run_for(&r, 10000);
    exits(&r, 5, 0);
    rig_run_for(&r, 10000);
    exits(&r, 3, 0);
    up = rig_call(&r, CALL_REPORT);
    a[0].stop = true;
    answer(&r, &up, a, 1, false);
    struct sync_up last = rig_call(&r, CALL_REPORT);
    const struct report *three = rig_find(&up, REPORT_EXITED, 3), *four = rig_find(&up, REPORT_EXITED, 4),
                        *five = rig_find(&up, REPORT_EXITED, 5), *node = rig_find(&last, REPORT_EXITED, NODE);
    assert_true(three && four && five && node);
    assert_int_equal(three->exited.core_ms, 4 * 40000);
    assert_int_equal(four->exited.core_ms, 4 * 20000);
    assert_int_equal(five->exited.core_ms, 4 * 10000);
    assert_int_equal(node->exited.exec_ms, 40000);
    int64_t cores =
        three->exited.core_ms + four->exited.core_ms + five->exited.core_ms + node->exited.core_ms;
    assert_int_equal(cores, 8 * 40000);
    // The joules of the runs and the node's own are those of the board's class.
    int64_t joules =
        three->exited.energy_mj + four->exited.energy_mj + five->exited.energy_mj + node->exited.energy_mj;
    int64_t part_mj = agent_board(r.agent, 1).part_uj[ACTIVITY_ONDEMAND] / 1000;
    assert_true(joules > 0 && joules <= part_mj && part_mj - joules <= 4);
    assert_true(node->exited.energy_mj > 0); // half of the board's idle draw while one slot was empty
    rig_deinit(&r);
}

static void a_node_that_is_stopped_takes_along_what_runs_in_it(void **state)
{
    (void)state;
    struct rig r;
    struct sync_up up = begin(&r);
    struct assignment a[3] = {node_of(&r, 2)};
    answer(&r, &up, a, 1, false);
    up = rig_call(&r, CALL_REPORT);
    a[1] = inside(&r, 3);
    a[2] = inside(&r, 4);
    answer(&r, &up, a, 3, false);
    r.auto_exit_on_kill = false;
    a[0].stop = true;
    a[0].stop_end = ATTEMPT_PREEMPTED;
    up = rig_call(&r, CALL_REPORT);
    answer(&r, &up, a, 3, false);
    assert_int_equal(r.kills, 2);
    // The board is nobody's until both are dead: the next one waits.
    struct assignment other = rig_assignment(&r, 7, "b1");
    exits(&r, 3, 137);
    up = rig_call(&r, CALL_REPORT);
    assert_null(rig_find(&up, REPORT_EXITED, NODE));
    answer(&r, &up, &other, 1, false);
    assert_int_equal(r.starts, 2);
    exits(&r, 4, 137);
    up = rig_call(&r, CALL_REPORT);
    const struct report *node = rig_find(&up, REPORT_EXITED, NODE), *four = rig_find(&up, REPORT_EXITED, 4);
    assert_true(node && four && four < node);
    assert_int_equal(node->exited.end, ATTEMPT_PREEMPTED);
    assert_int_equal(r.starts, 3);
    assert_int_equal(r.last_start, 7);
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_without_preparation_is_ready_at_once_and_has_no_process),
        cmocka_unit_test(nothing_runs_before_the_preparation_ended_well),
        cmocka_unit_test(a_preparation_that_fails_ends_the_node),
        cmocka_unit_test(slots_share_the_board_and_what_is_counted_adds_up),
        cmocka_unit_test(a_node_that_is_stopped_takes_along_what_runs_in_it),
    };
    return cmocka_run_group_tests_name("agent_pool", tests, NULL, NULL);
}
