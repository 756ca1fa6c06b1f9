// SPDX-License-Identifier: Apache-2.0
// Scaling policies: their text, which is in force at what time of the week, and how many slots are wanted.
// Each row of the tables is there because some wrong formula passes without it.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "core/work/pool.h"
#include "core/work/scaling.h"

#define HOUR      INT64_C(3600000)
#define MONDAY_MS (INT64_C(20423) * SCALING_DAY_MS) // 2025-12-01

static struct scaling_policy *read_text(const char *text, struct arena *a, size_t *n)
{
    struct scaling_policy *p;
    if (!scaling_parse(text, a, &p, n))
        fail_msg("%s is refused", text);
    return p;
}

static void text_is_read_as_it_was_written(void **state)
{
    (void)state;
    static const char *const good[] = {"F0@A", "F1000000@A", "Q0,8,1,90,200000,60@W62,25200000,64800000",
                                       "Q1,1,0,0,0,0@W1,0,86400000|A;F4@A;F2@W64,0,1"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct arena a = ARENA_NULL;
        struct buf out = BUF_INIT(SCALING_TEXT_MAX);
        size_t n;
        const struct scaling_policy *p = read_text(good[i], &a, &n);
        scaling_format(p, n, &out);
        assert_string_equal(buf_str(&out), good[i]);
        buf_deinit(&out);
        arena_deinit(&a);
    }
    static const char *const bad[] = {"",
                                      "F",
                                      "F4",
                                      "F4@",
                                      "F4@A;",
                                      "F4@A|",
                                      "F-1@A",
                                      "F1000001@A",
                                      "X4@A",
                                      "F4@AA",
                                      "Q9,8,1,90,200000,60@A",
                                      "Q0,8,9,90,200000,60@A",
                                      "Q0,8,1,90,1000001,60@A",
                                      "Q0,8,1,90,200000@A",
                                      "F1@W0,0,1",
                                      "F1@W128,0,1",
                                      "F1@W1,5,5",
                                      "F1@W1,0,86400001",
                                      "F99999999999999999999@A"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct arena a = ARENA_NULL;
        struct scaling_policy *p;
        size_t n;
        if (scaling_parse(bad[i], &a, &p, &n))
            fail_msg("\"%s\" is taken", bad[i]);
        arena_deinit(&a);
    }
}

static void a_policy_is_in_force_in_its_hours(void **state)
{
    (void)state;
    struct arena a = ARENA_NULL;
    size_t n;
    // On weekdays from 7 to 18 h four, on Sunday morning two, else what comes last.
    const struct scaling_policy *p = read_text("F4@W62,25200000,64800000;F2@W1,0,43200000", &a, &n);
    static const struct {
        int64_t at_ms;
        int slots;
        int64_t next_ms; // from Monday
    } row[] = {
        {0, -1, 7 * HOUR},
        {7 * HOUR - 1, -1, 7 * HOUR},
        {7 * HOUR, 4, 18 * HOUR},
        {18 * HOUR - 1, 4, 18 * HOUR},
        {18 * HOUR, -1, 31 * HOUR},
        {(4 * 24 + 10) * HOUR, 4, (4 * 24 + 18) * HOUR}, // Friday
        {(4 * 24 + 20) * HOUR, -1, 6 * 24 * HOUR},       // Friday night: the next is Sunday's
        {(5 * 24 + 10) * HOUR, -1, 6 * 24 * HOUR},       // Saturday
        {6 * 24 * HOUR, 2, (6 * 24 + 12) * HOUR},
        {(6 * 24 + 12) * HOUR, -1, (7 * 24 + 7) * HOUR},
        {-24 * HOUR, 2, -12 * HOUR}, // the Sunday before
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        const struct scaling_policy *in = scaling_active(p, n, MONDAY_MS + row[i].at_ms);
        int slots = in ? (int)in->slots : -1;
        int64_t next = scaling_next_change(p, n, MONDAY_MS + row[i].at_ms) - MONDAY_MS;
        if (slots != row[i].slots || next != row[i].next_ms)
            fail_msg("row %zu: %d slots, next %lld h", i, slots, (long long)(next / HOUR));
    }
    // The week before 1970 has the same days: 1969-12-28 was a Sunday.
    assert_ptr_equal(scaling_active(p, n, -4 * SCALING_DAY_MS), &p[1]);
    assert_null(scaling_active(p, n, -4 * SCALING_DAY_MS - 1));
    arena_deinit(&a);
    p = read_text("F1@W127,0,3600000;F2@A;F3@A", &a, &n); // the first in the list that holds
    assert_ptr_equal(scaling_active(p, n, MONDAY_MS), &p[0]);
    assert_ptr_equal(scaling_active(p, n, MONDAY_MS + HOUR), &p[1]);
    assert_true(scaling_next_change(p + 1, 2, MONDAY_MS) == INT64_MAX);
    arena_deinit(&a);
}

static void as_many_slots_are_wanted(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        struct scaling_load load; // queued, running, open, idle, step_due
        int64_t want;
    } row[] = {
        {"F4@A", {9, 9, 0, 0, false}, 4},
        {"F4@A", {0, 0, 9, 0, false}, 4},
        {"Q0,10,0,90,1000000,90@A", {3, 2, 0, 0, true}, 5},  // all at once
        {"Q0,10,0,90,1000000,90@A", {3, 2, 0, 0, false}, 0}, // not yet
        {"Q0,10,2,90,1000000,90@A", {3, 2, 0, 0, true}, 7},  // two idle ones more
        {"Q0,10,2,90,1000000,90@A", {9, 9, 0, 0, true}, 10}, // not more than the most
        {"Q2,10,0,90,1000000,90@A", {0, 0, 0, 0, false}, 2}, // the least at once
        {"Q0,10,0,90,200000,90@A", {9, 0, 0, 0, true}, 2},   // a fifth of ten
        {"Q0,10,0,90,250000,90@A", {9, 0, 1, 0, true}, 4},   // 2.5 is 3
        {"Q0,10,0,90,200000,90@A", {0, 9, 8, 0, true}, 9},   // not over what is needed
        {"Q0,10,0,90,0,90@A", {9, 0, 3, 0, true}, 4},        // at least one
        {"Q0,10,0,90,200000,90@A", {0, 1, 8, 0, true}, 8},   // none has been idle long enough
        {"Q0,10,0,90,200000,90@A", {0, 1, 8, 3, false}, 5},  // three have
        {"Q0,10,0,90,200000,90@A", {0, 1, 8, 8, false}, 1},  // not below what runs
        {"Q3,10,0,90,200000,90@A", {0, 1, 8, 8, false}, 3},  // nor the least
        {"Q0,10,2,90,200000,90@A", {0, 1, 8, 8, false}, 3},  // nor the idle ones
        {"Q0,4,0,90,200000,90@A", {0, 8, 8, 0, false}, 4},   // a smaller most counts at once
        {"Q0,1000000,0,90,1000000,90@A", {INT64_MAX / 4, 0, 0, 0, true}, 1000000},
    };
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct arena a = ARENA_NULL;
        size_t n;
        int64_t got = scaling_want(read_text(row[i].policy, &a, &n), &row[i].load);
        if (got != row[i].want)
            fail_msg("row %zu, %s: %lld wanted, not %lld", i, row[i].policy, (long long)got,
                     (long long)row[i].want);
        arena_deinit(&a);
    }
    assert_int_equal(scaling_want(NULL, &row[0].load), 0);
}

static void a_pool_shows_what_its_nodes_add_up_to(void **state)
{
    (void)state;
    static const struct {
        int wanted, coming, ready;
        const char *name;
    } row[] = {{2, 0, 0, "Submitted"},       {2, 1, 0, "PartiallyDispatched"},
               {2, 2, 0, "FullyDispatched"}, {2, 1, 1, "PartiallyExecuting"},
               {2, 0, 2, "FullyExecuting"},  {2, 0, 3, "FullyExecuting"},
               {0, 0, 0, "FullyExecuting"}};
    for (size_t i = 0; i < ARRAY_LEN(row); i++)
        assert_string_equal(pool_state_name(pool_state_of(row[i].wanted, row[i].coming, row[i].ready)),
                            row[i].name);
    assert_true(pool_state_open(POOL_FULLY_EXECUTING));
    assert_false(pool_state_open(POOL_CLOSING));
    assert_string_equal(pool_state_name(POOL_PENDING_DELETE), "PendingDelete");
    assert_string_equal(pool_state_name(POOL_STATE_N), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read_as_it_was_written),
        cmocka_unit_test(a_policy_is_in_force_in_its_hours),
        cmocka_unit_test(as_many_slots_are_wanted),
        cmocka_unit_test(a_pool_shows_what_its_nodes_add_up_to),
    };
    return cmocka_run_group_tests_name("pool_scaling", tests, NULL, NULL);
}
