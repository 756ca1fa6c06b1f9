// SPDX-License-Identifier: Apache-2.0
// A run that is set aside on its board stands still, costs nothing and goes on; its memory is the newcomer's when
// that needs it.
#include "agent_rig.h"

#include <stdio.h>
#include <string.h>

#define OLD 3
#define NEW 4

struct two {
    struct rig r;
    struct assignment a[2];
    size_t n;
};

// What is to run now, as the parent says with this answer; gives what the node had to say.
static struct sync_up tell(struct two *x)
{
    struct sync_up up = rig_call(&x->r, CALL_REPORT);
    for (size_t i = 0; i < x->n; i++)
        x->a[i].until = house_add(x->r.now, 60000);
    struct sync_down d = {.acked = rig_last_seq(&up)};
    rig_answer(&x->r, CALL_REPORT, &d, x->a, x->n);
    return up;
}

static void settle(struct two *x)
{
    for (int i = 0; i < 3; i++) {
        tell(x);
        rig_run_for(&x->r, 20000);
    }
}

static void usage(struct two *x, uint64_t lease, int64_t mb)
{
    rig_feed(&x->r, &(struct agent_event){.kind = AGENT_USAGE,
                                          .usage = {.lease = lease,
                                                    .cpu_ms = x->r.cpu_us[lease] / 1000,
                                                    .memory_bytes = mb << 20,
                                                    .progress_permille = -1}});
}

// The old one has run for a while on b1 and uses so much memory.
static void begin(struct two *x, int64_t mb, const struct task_body *body)
{
    memset(x, 0, sizeof *x);
    rig_init(&x->r, 17, NULL);
    x->r.body_of_all = body;
    rig_run_for(&x->r, 600000);
    rig_join(&x->r);
    x->a[0] = rig_assignment(&x->r, OLD, "b1");
    x->a[0].activity = ACTIVITY_FLEX;
    x->n = 1;
    settle(x);
    assert_int_equal(x->r.last_start, OLD);
    assert_true(x->r.share[OLD] > 0);
    usage(x, OLD, mb);
}

static void newcomer(struct two *x, int32_t asks_mb)
{
    x->a[0].hold = true;
    x->a[1] = rig_assignment(&x->r, NEW, "b1");
    x->a[1].memory_mb = asks_mb;
    x->n = 2;
}

static int64_t exec_ms(struct two *x, uint64_t lease)
{
    for (int i = 0; i < 20; i++) {
        struct sync_up up = tell(x);
        const struct report *rep = rig_find(&up, REPORT_LEVEL, lease);
        if (rep)
            return rep->level.exec_ms;
        rig_run_for(&x->r, 10000);
    }
    fail_msg("no level of lease %d", (int)lease);
    return 0;
}

static void it_stands_still_and_goes_on(void **state)
{
    (void)state;
    struct two x;
    begin(&x, 100, &rig_hello);
    newcomer(&x, 0);
    tell(&x);
    assert_int_equal(x.r.share[OLD], 0); // before the other starts
    rig_run_for(&x.r, 30000);
    assert_int_equal(x.r.last_start, NEW);
    assert_int_equal(x.r.kills, 0);
    int64_t before = exec_ms(&x, OLD), cpu_us = x.r.cpu_us[OLD];
    rig_run_for(&x.r, 30000);
    assert_true(x.r.share[NEW] > 0 && x.r.share[OLD] == 0);
    assert_true(x.r.cpu_us[OLD] == cpu_us);
    struct sync_up up = tell(&x);
    for (int i = 0; i < 20 && !rig_find(&up, REPORT_LEVEL, OLD); i++) {
        rig_run_for(&x.r, 10000);
        up = tell(&x);
    }
    const struct report *rep = rig_find(&up, REPORT_LEVEL, OLD);
    assert_non_null(rep);
    assert_true(rep->level.exec_ms == before && rep->level.freq_mhz == 0 && rep->level.duty_permille == 0);
    rig_feed(&x.r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = NEW}});
    x.r.share[NEW] = 0;
    x.n = 1;
    x.a[0].hold = false;
    settle(&x);
    assert_true(x.r.share[OLD] > 0);
    assert_true(exec_ms(&x, OLD) > before);
    assert_int_equal(x.r.starts, 2);
    rig_deinit(&x.r);
}

// What it is told of energy and cores stays as it was.
static void it_costs_nothing_meanwhile(void **state)
{
    (void)state;
    struct two x;
    begin(&x, 100, &rig_hello);
    newcomer(&x, 0);
    tell(&x);
    int64_t energy_mj = -1, core_ms = -1;
    int seen = 0;
    for (int i = 0; i < 30 && seen < 3; i++) {
        rig_run_for(&x.r, 10000);
        struct sync_up up = tell(&x);
        const struct report *rep = rig_find(&up, REPORT_METER_LEASE, OLD);
        if (!rep)
            continue;
        if (seen++ > 0)
            assert_true(rep->meter_lease.energy_mj == energy_mj && rep->meter_lease.core_ms == core_ms);
        energy_mj = rep->meter_lease.energy_mj;
        core_ms = rep->meter_lease.core_ms;
    }
    assert_int_equal(seen, 3);
    rig_deinit(&x.r);
}

// The other's board is still taken: it waits for the answer after.
static void two_never_run_on_one_board(void **state)
{
    (void)state;
    struct two x;
    begin(&x, 100, &rig_hello);
    newcomer(&x, 0);
    settle(&x);
    x.r.auto_exit_on_kill = false;
    x.a[0].hold = false; // the other is no longer listed
    x.n = 1;
    tell(&x);
    assert_int_equal(x.r.last_kill, NEW);
    assert_int_equal(x.r.share[OLD], 0);
    rig_run_for(&x.r, 20000);
    assert_int_equal(x.r.share[OLD], 0);
    rig_feed(&x.r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = NEW, .signal = 9}});
    x.r.share[NEW] = 0;
    settle(&x);
    assert_true(x.r.share[OLD] > 0);
    rig_deinit(&x.r);
}

static const struct report *ended(struct two *x, uint64_t lease, struct sync_up *up)
{
    for (int i = 0; i < 10; i++) {
        *up = rig_call(&x->r, CALL_REPORT);
        const struct report *rep = rig_find(up, REPORT_EXITED, lease);
        if (rep)
            return rep;
        struct sync_down d = {.acked = rig_last_seq(up)};
        rig_answer(&x->r, CALL_REPORT, &d, x->a, x->n);
        rig_run_for(&x->r, 10000);
    }
    return NULL;
}

static void given_up(struct two *x)
{
    struct sync_up up;
    const struct report *rep = ended(x, OLD, &up);
    assert_non_null(rep);
    assert_int_equal(rep->exited.end, ATTEMPT_PREEMPTED);
    assert_string_equal(rep->exited.code, "memory");
}

// Of 16384 MB: the rest is less than half, or less than what is asked for.
static void a_newcomer_that_needs_its_memory_waits_until_it_is_gone(void **state)
{
    (void)state;
    static const struct {
        int64_t has_mb;
        int32_t asks_mb;
        bool goes;
    } rows[] = {{9000, 0, true}, {8000, 0, false}, {9000, 7000, false}, {9000, 7500, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct two x;
        begin(&x, rows[i].has_mb, &rig_hello);
        x.r.auto_exit_on_kill = false;
        newcomer(&x, rows[i].asks_mb);
        tell(&x);
        usage(&x, OLD, rows[i].has_mb);
        rig_step(&x.r, 1000);
        assert_int_equal(x.r.last_kill, rows[i].goes ? OLD : 0);
        assert_int_equal(x.r.last_start, rows[i].goes ? OLD : NEW);
        if (rows[i].goes) {
            rig_feed(&x.r,
                     &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = OLD, .signal = 9}});
            rig_step(&x.r, 1000);
            assert_int_equal(x.r.last_start, NEW);
            given_up(&x);
        }
        rig_deinit(&x.r);
    }
}

static void it_goes_when_both_together_come_near_all_of_the_memory(void **state)
{
    (void)state;
    struct two x;
    begin(&x, 4000, &rig_hello);
    newcomer(&x, 0);
    tell(&x);
    rig_step(&x.r, 1000);
    usage(&x, OLD, 4000);
    usage(&x, NEW, 10000);
    rig_feed(&x.r, &(struct agent_event){.kind = AGENT_KNOB, .knob = {.zone = 9}}); // any event
    assert_int_equal(x.r.kills, 0);
    usage(&x, NEW, 11000);
    rig_feed(&x.r, &(struct agent_event){.kind = AGENT_KNOB, .knob = {.zone = 9}});
    assert_int_equal(x.r.last_kill, OLD);
    given_up(&x);
    rig_deinit(&x.r);
}

// The kernel may be faster: that is no failure of the task.
static void killed_for_its_memory_is_no_failure(void **state)
{
    (void)state;
    struct two x;
    begin(&x, 100, &rig_hello);
    newcomer(&x, 0);
    settle(&x);
    rig_feed(&x.r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = OLD, .signal = 9}});
    given_up(&x);
    rig_deinit(&x.r);
}

static void aborted_meanwhile_it_is_killed(void **state)
{
    (void)state;
    struct two x;
    begin(&x, 100, &rig_hello);
    newcomer(&x, 0);
    settle(&x);
    x.a[0].stop = true;
    x.a[0].hold = false;
    tell(&x);
    assert_int_equal(x.r.last_kill, OLD);
    rig_run_for(&x.r, 10000);
    struct sync_up up;
    const struct report *rep = ended(&x, OLD, &up);
    assert_non_null(rep);
    assert_int_equal(rep->exited.end, ATTEMPT_CANCELLED);
    assert_true(x.r.share[NEW] > 0);
    rig_deinit(&x.r);
}

// The time for which it may run at most is not used up meanwhile.
static void standing_still_is_no_execution_time(void **state)
{
    (void)state;
    static const struct constant at_most[] = {{"DOCKER_CMD", "work"},
                                              {"USE_SIMULATION_MAXIMUM_EXECUTION_TIME", "true"},
                                              {"SIMULATION_MAXIMUM_EXECUTION_TIME", "10m"}};
    static const struct task_body body = {
        .name = "t", .profile = "docker-batch", .constant = at_most, .n_constants = 3};
    struct two x;
    begin(&x, 100, &body);
    newcomer(&x, 0);
    x.r.body_of_all = &rig_hello;
    for (int i = 0; i < 40; i++) {
        tell(&x);
        rig_run_for(&x.r, 20000);
    }
    rig_feed(&x.r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = NEW}});
    x.r.share[NEW] = 0;
    x.n = 1;
    x.a[0].hold = false;
    settle(&x);
    settle(&x);
    assert_int_equal(x.r.kills, 0);
    for (int i = 0; i < 10; i++)
        settle(&x);
    assert_int_equal(x.r.kills, 1);
    rig_deinit(&x.r);
}

static void its_lease_ends_as_any_other(void **state)
{
    (void)state;
    struct two x;
    begin(&x, 100, &rig_hello);
    newcomer(&x, 0);
    settle(&x);
    (void)rig_call(&x.r, CALL_REPORT); // nobody answers
    rig_run_for(&x.r, 120000);
    assert_int_equal(x.r.kills, 2);
    assert_int_equal(agent_board(x.r.agent, 1).lease, 0);
    rig_deinit(&x.r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stands_still_and_goes_on),
        cmocka_unit_test(it_costs_nothing_meanwhile),
        cmocka_unit_test(two_never_run_on_one_board),
        cmocka_unit_test(a_newcomer_that_needs_its_memory_waits_until_it_is_gone),
        cmocka_unit_test(it_goes_when_both_together_come_near_all_of_the_memory),
        cmocka_unit_test(killed_for_its_memory_is_no_failure),
        cmocka_unit_test(aborted_meanwhile_it_is_killed),
        cmocka_unit_test(standing_still_is_no_execution_time),
        cmocka_unit_test(its_lease_ends_as_any_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
