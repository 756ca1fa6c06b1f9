// SPDX-License-Identifier: Apache-2.0
// What the engine learns of how long work runs, and that it says so. Every step is audited by the rig.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/engine/server_state.h"
#include "rig.h"

static struct rig *rig_new(struct rig_node *n)
{
    struct rig *r = malloc(sizeof *r);
    rig_init(r, NULL);
    rig_node_init(n, "n", 1);
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

// The next instance runs, says how fast, and ends well after so many seconds of work at full speed.
static void one_ran(struct rig *r, struct rig_node *n, int64_t run_s)
{
    uint64_t lease = rig_assignment(r, n, 0)->lease;
    rig_started(r, n, lease);
    struct report rep = {.kind = REPORT_EXITED,
                         .lease = lease,
                         .exited = {.end = ATTEMPT_SUCCESS,
                                    .signal = -1,
                                    .wall_ms = 1000,
                                    .exec_ms = 900,
                                    .work_mhz_s = run_s * curve_max_work_mhz(curve_default())}};
    rig_report(r, n, &rep);
}

// Starts the next instance; what it says of its end when it has run for a minute at half speed and used so
// much of that.
static void says_using(struct rig *r, struct rig_node *n, const char *uuid, int32_t permille,
                       const char *part)
{
    uint64_t lease = rig_assignment(r, n, 0)->lease;
    rig_started(r, n, lease);
    struct report rep = {.kind = REPORT_LEVEL,
                         .lease = lease,
                         .level = {.freq_mhz = 2000,
                                   .max_freq_mhz = 4000,
                                   .duty_permille = 1000,
                                   .cpu_permille = permille,
                                   .exec_ms = 60000,
                                   .progress_permille = -1}};
    rig_report(r, n, &rep);
    const struct row_task *t = rig_task(r, uuid);
    struct buf text = BUF_INIT(4096);
    assert_true(server_why_task(r->s, t->id, HOUSE_MS(r->now), &text));
    if (part ? !strstr(buf_str(&text), part) : strstr(buf_str(&text), "expected") != NULL)
        fail_msg("\"%s\" does not say \"%s\"", buf_str(&text), part ? part : "nothing of it");
    buf_deinit(&text);
    rig_exited(r, n, lease, ATTEMPT_FAILURE, 1); // which teaches nothing
}

static void says(struct rig *r, struct rig_node *n, const char *uuid, const char *part)
{
    says_using(r, n, uuid, 1000, part);
}

static void a_task_learns_from_its_instances(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = rig_new(&n);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 10);
    one_ran(r, &n, 600);
    one_ran(r, &n, 620);
    says(r, &n, uuid, NULL); // two say nothing yet
    one_ran(r, &n, 640);
    says(r, &n, uuid, "expected to end in about 20 min"); // (620 - 30) s at half speed
    done(r);
}

static void the_customers_word_stands_until_then(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = rig_new(&n);
    struct task_draft d;
    rig_draft(r, &d, 10);
    d.expected_run_ms = 330000;
    const char *uuid = rig_create_draft(r, &d);
    says(r, &n, uuid, "in about 10 min"); // (330 - 30) s at half speed
    for (int i = 0; i < 3; i++)
        one_ran(r, &n, 90);
    says(r, &n, uuid, "in about 2 min");
    done(r);
}

static void the_next_task_of_a_profile_is_expected_to_be_like_the_last(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = rig_new(&n);
    (void)rig_create(r, ACTIVITY_FLEX, 3);
    for (int i = 0; i < 3; i++)
        one_ran(r, &n, 630);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 2);
    says(r, &n, uuid, "in about 20 min");
    done(r);
}

static struct server_foreseen foreseen(struct rig *r, struct task_draft *d)
{
    struct server_foreseen f;
    server_foresee(r->s, r->account, d, &f);
    return f;
}

static void what_a_task_would_be_like_stands_on_what_is_known(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = rig_new(&n);
    struct task_draft d;
    rig_draft(r, &d, 2);
    struct server_foreseen f = foreseen(r, &d);
    assert_int_equal(f.run_from, RUN_GUESSED);
    assert_int_equal(f.run_s, 3600);
    d.expected_run_ms = 60000;
    f = foreseen(r, &d);
    assert_int_equal(f.run_from, RUN_SAID);
    assert_true(f.known && f.boards_usable == 1 && f.boards_free == 1 && f.ahead == 0);
    assert_int_equal(f.it.start_s, 0);
    assert_int_equal(f.it.end_s, 2 * ((60000 + f.speed_permille - 1) / f.speed_permille));
    d.expected_run_ms = -1;
    (void)rig_create(r, ACTIVITY_FLEX, 5);
    for (int i = 0; i < 3; i++)
        one_ran(r, &n, 630);
    f = foreseen(r, &d);
    assert_int_equal(f.run_from, RUN_LEARNED);
    assert_int_equal(f.run_s, 630);
    assert_int_equal(f.boards_free, 0); // the fourth is there
    assert_int_equal(f.ahead, 1);       // and the fifth waits
    d.activity = ACTIVITY_RESERVED;
    f = foreseen(r, &d);
    assert_int_equal(f.boards_free, 1); // they give way
    assert_int_equal(f.ahead, 0);
    d.constraint.cores_min = 1000;
    f = foreseen(r, &d);
    assert_true(!f.known && f.boards == 1 && f.boards_fitting == 0);
    done(r);
}

// Of eight cores it uses one: in a minute at half speed it did 3.75 s of 620.
static void what_a_task_uses_of_its_board_counts(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = rig_new(&n);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 10);
    for (int i = 0; i < 3; i++)
        one_ran(r, &n, 620);
    says_using(r, &n, uuid, 125, "in about 165 min"); // 616.25 s x 8 at half speed
    done(r);
}

static void keep(void *ctx, const struct live_view *v)
{
    *(struct live_view *)ctx = *v;
}

// A node tells levels each ten seconds; an instance had no frequency at all before.
static void an_instance_that_has_told_nothing_yet_has_its_boards_frequency(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = rig_new(&n);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 1);
    uint64_t lease = rig_assignment(r, &n, 0)->lease;
    struct live_view v = {0};
    rig_started(r, &n, lease);
    assert_int_equal(server_live(r->s, rig_task(r, uuid)->id, keep, &v), 1);
    const struct curve *c = curve_default();
    assert_int_equal(v.max_freq_mhz, c->p[c->n - 1].freq_mhz);
    struct report rep = {.kind = REPORT_LEVEL, .lease = lease, .level = {.freq_mhz = 7, .max_freq_mhz = 9}};
    rig_report(r, &n, &rep);
    server_live(r->s, rig_task(r, uuid)->id, keep, &v);
    assert_int_equal(v.max_freq_mhz, 9);
    assert_int_equal(v.freq_mhz, 7);
    done(r);
}

// The planner hears what stopping the work would destroy, from a minute on and then in steps.
static void the_planner_is_told_what_would_be_lost(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = rig_new(&n);
    rig_create(r, ACTIVITY_FLEX, 1);
    uint64_t lease = rig_assignment(r, &n, 0)->lease;
    rig_started(r, &n, lease);
    static const struct {
        int64_t exec_ms;
        int32_t least_s, most_s;
    } told[] = {{50000, 0, 0}, {65000, 60, 65}, {1200000, 900, 1200}, {36000000, 28000, 36000}};
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        struct report rep = {.kind = REPORT_LEVEL,
                             .lease = lease,
                             .level = {.freq_mhz = 4000,
                                       .max_freq_mhz = 4000,
                                       .duty_permille = 1000,
                                       .cpu_permille = 1000,
                                       .exec_ms = told[i].exec_ms,
                                       .progress_permille = -1}};
        rig_report(r, &n, &rep);
        int32_t lost_s = planner_board_at(r->s->planner, 0)->lost_s;
        assert_true(lost_s >= told[i].least_s && lost_s <= told[i].most_s);
    }
    done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_planner_is_told_what_would_be_lost),
        cmocka_unit_test(a_task_learns_from_its_instances),
        cmocka_unit_test(an_instance_that_has_told_nothing_yet_has_its_boards_frequency),
        cmocka_unit_test(the_customers_word_stands_until_then),
        cmocka_unit_test(what_a_task_would_be_like_stands_on_what_is_known),
        cmocka_unit_test(what_a_task_uses_of_its_board_counts),
        cmocka_unit_test(the_next_task_of_a_profile_is_expected_to_be_like_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
