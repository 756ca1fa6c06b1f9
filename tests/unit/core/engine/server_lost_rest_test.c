// SPDX-License-Identifier: Apache-2.0
// An instance whose attempts are lost rests before the next, twice as long each time, so that a storage that is
// away for a minute does not use up all attempts of it.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig_case.h"

static uint64_t loses(struct rig *r, struct rig_node *n, size_t i)
{
    uint64_t lease = case_lease(r, n, i);
    rig_started(r, n, lease);
    struct report rep = {
        .kind = REPORT_EXITED,
        .lease = lease,
        .exited = {.end = ATTEMPT_LOST, .exit_code = -1, .signal = -1, .code = "results-refused"}};
    rig_report(r, n, &rep);
    return lease;
}

static void wait(struct rig *r, struct rig_node *n, int64_t ms)
{
    for (int64_t step = 10000; ms > 0; ms -= step) {
        rig_wait(r, ms < step ? ms : step);
        rig_poll(r, n);
    }
}

static void assert_why(struct rig *r, const char *uuid, const char *text)
{
    struct buf why = BUF_INIT(4096);
    assert_true(server_why_task(r->s, rig_task(r, uuid)->id, HOUSE_MS(r->now), &why));
    if (!strstr(buf_str(&why), text))
        fail_msg("\"%s\" is not in \"%s\"", text, buf_str(&why));
    buf_deinit(&why);
}

static void the_rest_doubles_up_to_ten_minutes(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 1);
    for (int64_t i = 0, rest = 1000; i < 13; i++, rest *= 2) {
        rest = rest < 600000 ? rest : 600000;
        loses(r, &n, 0);
        assert_string_equal(rig_state(r, uuid), "Submitted");
        wait(r, &n, rest - 1);
        assert_null(rig_assignment(r, &n, 0));
        wait(r, &n, 1);
        assert_non_null(rig_assignment(r, &n, 0));
    }
    rig_exited(r, &n, case_lease(r, &n, 0), ATTEMPT_SUCCESS, 0);
    assert_string_equal(rig_state(r, uuid), "Success");
    case_done(r);
}

static void an_abort_ends_what_rests(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 2);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 2);
    loses(r, &n, 0);
    loses(r, &n, 0);
    rig_abort(r, uuid);
    assert_string_equal(rig_state(r, uuid), "Cancelled");
    wait(r, &n, 10000); // its timer finds nothing
    assert_null(rig_assignment(r, &n, 0));
    const char *gone = rig_create(r, ACTIVITY_FLEX, 1);
    loses(r, &n, 0);
    rig_delete(r, gone);
    assert_string_equal(rig_state(r, gone), "gone");
    wait(r, &n, 10000);
    case_done(r);
}

static void a_restart_forgets_nothing_of_it(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 1);
    for (int64_t i = 0, rest = 1000; i < 5; i++, rest *= 2) {
        loses(r, &n, 0);
        wait(r, &n, i < 4 ? rest : 6000);
    }
    int64_t ends = r->now + 10000; // of 16 s
    rig_reload(r);
    rig_zone(r, &n, n.want_w);
    assert_null(rig_assignment(r, &n, 0));
    assert_why(r, uuid, "1 instance waits, because attempts were lost 5 times; it is tried again in 10 s");
    wait(r, &n, ends - 1 - r->now);
    assert_null(rig_assignment(r, &n, 0));
    wait(r, &n, 1);
    assert_non_null(rig_assignment(r, &n, 0));
    rig_reload(r); // it runs: its rest is over
    rig_zone(r, &n, n.want_w);
    assert_non_null(rig_assignment(r, &n, 0));
    case_done(r);
}

static void the_other_instances_go_on(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    const char *uuid = rig_create(r, ACTIVITY_FLEX, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(rig_assignment(r, &n, 0)->instance, i);
        loses(r, &n, 0);
        rig_wait(r, 1);
    }
    assert_null(rig_assignment(r, &n, 0));
    assert_why(r, uuid,
               "3 instances wait, because attempts were lost 3 times; the first is tried again in 1 s");
    wait(r, &n, 997); // the first has rested; it runs, the other two come next
    assert_int_equal(rig_assignment(r, &n, 0)->instance, 0);
    assert_why(r, uuid, "1 on their way to a board; 2 instances wait");
    wait(r, &n, 2);
    assert_why(r, uuid, "1 on their way to a board; 2 instances waiting: ");
    case_done(r);
}

#define NOWHERE 99

// Which of the assignments runs in a node of a pool.
static size_t inside(struct rig *r, const struct rig_node *n)
{
    const struct sync_down *d = rig_desired(r, n);
    for (size_t i = 0; i < d->n_assignments; i++)
        if (d->assignment[i].within)
            return i;
    return NOWHERE;
}

static void a_task_of_a_pool_rests_too(void **state)
{
    (void)state;
    struct rig_node n;
    struct rig *r = case_with_node(&n, 1);
    struct event ev = {.kind = EVENT_POOL_CREATE,
                       .pool = {.account = r->account,
                                .draft = {.name = "p",
                                          .profile = "docker-batch",
                                          .body = "{}",
                                          .scaling = "F1@A",
                                          .slots_per_node = 1,
                                          .activity = ACTIVITY_FLEX,
                                          .queue_max_ms = -1,
                                          .uuid = {0x55, [15] = 1}}}};
    rig_event(r, &ev);
    assert_int_equal(rig_reply(r)->code, 200);
    char pool[UUID_TEXT_BYTES];
    snprintf(pool, sizeof pool, "%s", rig_reply(r)->item[0].uuid);
    uint64_t node = case_lease(r, &n, 0);
    rig_started(r, &n, node);
    rig_report(r, &n, &(struct report){.kind = REPORT_READY, .lease = node});
    struct task_draft d;
    rig_draft(r, &d, 1);
    d.pool = pool;
    assert_non_null(rig_create_draft(r, &d));
    loses(r, &n, inside(r, &n));
    assert_int_equal(inside(r, &n), NOWHERE); // though the node has a free slot
    wait(r, &n, 999);
    assert_int_equal(inside(r, &n), NOWHERE);
    wait(r, &n, 1);
    assert_int_not_equal(inside(r, &n), NOWHERE);
    case_done(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rest_doubles_up_to_ten_minutes), cmocka_unit_test(an_abort_ends_what_rests),
        cmocka_unit_test(a_restart_forgets_nothing_of_it),    cmocka_unit_test(the_other_instances_go_on),
        cmocka_unit_test(a_task_of_a_pool_rests_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
