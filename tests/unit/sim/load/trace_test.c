// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim/load/load.h"

// Ten jobs, one each ten seconds.
static void ten(void *ctx, size_t i, struct sim_job *out)
{
    (void)ctx;
    out->id = i;
    out->submit_ms = (int64_t)i * 10000;
    out->work_core_ms = 1000 + (int64_t)i;
    out->activity = i == 3 ? ACTIVITY_RESERVED : ACTIVITY_ONDEMAND;
    out->account = (uint32_t)i;
}

static const struct load_trace trace = {.n = 10, .span_ms = 100000, .get = ten};
static const struct load_frame day = {.to_ms = 86400000, .activity = ACTIVITY_FLEX, .accounts = 4};

struct tally {
    size_t n;
    int64_t last_ms, work;
    uint32_t accounts, reserved;
};

static struct tally drain(struct load_replay how, struct load_frame frame)
{
    struct sim_workload w = load_of_trace(trace, &how, &frame);
    struct tally t = {0};
    struct sim_job j;
    struct err e = ERR_NULL;
    while (w.next(w.ctx, &j, &e) == 1) {
        assert_true(j.submit_ms >= t.last_ms && j.submit_ms < frame.to_ms);
        assert_int_equal(j.id, t.n);
        t.n++;
        t.last_ms = j.submit_ms;
        t.work += j.work_core_ms;
        t.accounts |= 1u << j.account;
        t.reserved += j.activity == ACTIVITY_RESERVED;
    }
    assert_int_equal(w.next(w.ctx, &j, &e), 0); // and stays at its end
    sim_workload_free(&w);
    return t;
}

static void test_a_trace_as_it_is(void **state)
{
    (void)state;
    struct tally t = drain((struct load_replay){1, 1, false}, day);
    assert_int_equal(t.n, 10);
    assert_int_equal(t.last_ms, 90000);
    assert_int_equal(t.work, 10045);
    assert_int_equal(t.accounts, 15);
    assert_int_equal(t.reserved, 0); // the stream's class holds
    struct load_frame own = day;
    own.own_activity = true;
    assert_int_equal(drain((struct load_replay){1, 1, false}, own).reserved, 1);
}

static void test_stretched_repeated_and_cut(void **state)
{
    (void)state;
    struct load_frame late = day;
    late.from_ms = 1000000;
    late.to_ms = 1000000 + 500000;
    struct tally t = drain((struct load_replay){2, 1, true}, late); // rounds of 200 s
    assert_int_equal(t.n, 25);
    assert_int_equal(t.last_ms, 1480000);
    assert_int_equal(drain((struct load_replay){0.5, 1, false}, day).last_ms, 45000);
}

static void test_shares(void **state)
{
    (void)state;
    assert_int_equal(drain((struct load_replay){1, 3, false}, day).n, 30);
    assert_int_equal(drain((struct load_replay){1, 0, true}, day).n, 0);
    size_t many = drain((struct load_replay){1, 0.3, true}, day).n; // of 8,640
    assert_in_range(many, 2592 - 150, 2592 + 150);
    many = drain((struct load_replay){1, 2.5, true}, day).n;
    assert_in_range(many, 21600 - 150, 21600 + 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_trace_as_it_is),
        cmocka_unit_test(test_stretched_repeated_and_cut),
        cmocka_unit_test(test_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
