// SPDX-License-Identifier: Apache-2.0
// Work that lasts less than the beat of levels is seen all the same: a first sample when it has run for a moment,
// of house time, and a last one when its command is over and its results are on their way.
#include "agent_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUN 3

static const struct constant command[] = {{"DOCKER_CMD", "work"}};
static const struct stage_plan plan = {
    .url = "http://s", .access_key = "k", .secret = "s", .has_out = true, .out = {"p/", NULL, NULL}};

// One run, with files to store when `p` is there, begun and told so.
static void begins(struct rig *r, const struct stage_plan *p, int64_t report_ms)
{
    static struct task_body body;
    body = (struct task_body){.constant = command, .n_constants = 1, .stage = p};
    struct agent_config cfg = {.cap_mw = -1, .report_ms = report_ms};
    rig_init(r, 17, &cfg);
    rig_run_for(r, 600000);
    rig_join(r);
    r->body_of_all = &body;
    struct sync_up up = rig_call(r, CALL_REPORT);
    struct assignment a = rig_assignment(r, RUN, "b0");
    a.until = house_add(r->now, HOUR_MS);
    struct sync_down d = {.acked = rig_last_seq(&up), .until = a.until};
    rig_answer(r, CALL_REPORT, &d, &a, 1);
    if (p) {
        rig_feed(r, &(struct agent_event){.kind = AGENT_STAGED, .staged = {.lease = RUN}});
        assert_int_equal(r->starts, 1);
    }
    up = rig_call(r, CALL_REPORT);
    assert_non_null(rig_find(&up, REPORT_STARTED, RUN));
    d = (struct sync_down){.acked = rig_last_seq(&up), .until = a.until};
    rig_answer(r, CALL_REPORT, &d, &a, 1);
    rig_call(r, CALL_PARK); // nothing to say
}

static void assert_silent(struct rig *r)
{
    assert_int_equal(agent_call_due(r->agent, r->now), CALL_NONE); // the other call is parked
}

static void acks(struct rig *r, const struct sync_up *up)
{
    struct assignment a = rig_assignment(r, RUN, "b0");
    a.until = house_add(r->now, HOUR_MS);
    struct sync_down d = {.acked = rig_last_seq(up), .until = a.until};
    rig_answer(r, CALL_REPORT, &d, &a, 1);
}

static void it_is_seen_after_a_second_and_then_at_the_usual_beat(void **state)
{
    (void)state;
    struct rig r;
    begins(&r, NULL, 0);
    r.progress_permille = 250;
    rig_step(&r, 999);
    assert_silent(&r);
    rig_step(&r, 1);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    const struct report *l = rig_find(&up, REPORT_LEVEL, RUN);
    assert_non_null(l);
    assert_int_equal(up.n_reports, 1);
    assert_int_equal(l->level.progress_permille, 250);
    assert_int_equal(l->level.exec_ms, 1000);
    assert_true(l->level.cpu_permille > 900);
    assert_true(l->level.freq_mhz > 0);
    acks(&r, &up);
    for (int i = 0; i < 8; i++) {
        rig_step(&r, 1000);
        assert_silent(&r);
    }
    rig_step(&r, 2000);
    up = rig_call(&r, CALL_REPORT);
    assert_non_null(rig_find(&up, REPORT_LEVEL, RUN));
    rig_deinit(&r);
}

static void a_house_whose_time_flies_is_not_asked_more_often(void **state)
{
    (void)state;
    struct rig r;
    begins(&r, NULL, 30000); // 60 house seconds a second
    rig_step(&r, 2999);
    assert_silent(&r);
    rig_step(&r, 1);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    assert_non_null(rig_find(&up, REPORT_LEVEL, RUN));
    rig_deinit(&r);
}

static void what_was_not_told_in_time_is_told_as_it_is_now(void **state)
{
    (void)state;
    struct rig r;
    begins(&r, NULL, 0);
    r.progress_permille = 100;
    rig_step(&r, 1000);
    rig_step(&r, 5000); // nobody called; the sample waits
    r.progress_permille = 600;
    rig_step(&r, 4000);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    assert_int_equal(rig_find(&up, REPORT_LEVEL, RUN)->level.progress_permille, 600);
    assert_int_equal(rig_find(&up, REPORT_LEVEL, RUN)->level.exec_ms, 10000);
    rig_deinit(&r);
    begins(&r, NULL, 0);
    rig_step(&r, 1000);
    rig_feed(&r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = RUN, .exit_code = 0}});
    up = rig_call(&r, CALL_REPORT);
    assert_non_null(rig_find(&up, REPORT_EXITED, RUN));
    assert_null(rig_find(&up, REPORT_LEVEL, RUN)); // it is over
    rig_deinit(&r);
}

static void how_it_ended_stands_while_its_results_are_stored(void **state)
{
    (void)state;
    struct rig r;
    begins(&r, &plan, 0);
    rig_step(&r, 400);
    r.use_permille[RUN] = 500;
    rig_step(&r, 400);
    assert_silent(&r);
    // as the agent's loop says it: what is known of it at its end, then its end
    rig_feed(&r, &(struct agent_event){.kind = AGENT_USAGE,
                                       .usage = {.lease = RUN,
                                                 .cpu_ms = r.cpu_us[RUN] / 1000,
                                                 .peak_bytes = 70 << 20,
                                                 .progress_permille = 1000}});
    rig_feed(&r, &(struct agent_event){.kind = AGENT_EXITED, .exited = {.lease = RUN, .exit_code = 0}});
    assert_int_equal(r.stores, 1);
    struct sync_up up = rig_call(&r, CALL_REPORT);
    const struct report *l = rig_find(&up, REPORT_LEVEL, RUN), *s = rig_find(&up, REPORT_STAGING, RUN);
    assert_non_null(l);
    assert_non_null(s);
    assert_true(l < s); // so that it is seen as uploading
    assert_int_equal(l->level.progress_permille, 1000);
    assert_int_equal(l->level.memory_mb, 70);
    assert_int_equal(l->level.exec_ms, 800);
    assert_in_range(l->level.cpu_permille, 740, 760); // all of its share, then half
    rig_deinit(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_seen_after_a_second_and_then_at_the_usual_beat),
        cmocka_unit_test(a_house_whose_time_flies_is_not_asked_more_often),
        cmocka_unit_test(what_was_not_told_in_time_is_told_as_it_is_now),
        cmocka_unit_test(how_it_ended_stands_while_its_results_are_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
