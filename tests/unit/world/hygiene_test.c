// SPDX-License-Identifier: Apache-2.0
// The hygiene monitor: what is a dose, what is safe, what is an alarm, whatever the steps.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/rng.h"
#include "world/hygiene.h"

static const int64_t MINUTE = 60000, HOUR = 3600000;

static struct hygiene monitor(void)
{
    struct hygiene h;
    hygiene_init(&h, 0, HOUR, 3);
    return h;
}

static void hold(struct hygiene *h, int64_t ms, int32_t outlet_mc)
{
    hygiene_step(h, ms, outlet_mc, 52000);
}

static void each_of_the_three_pairs_is_one_dose(void **state)
{
    (void)state;
    static const struct {
        int32_t mc;
        int64_t minutes;
    } pair[] = {{60000, 60}, {65000, 4}, {70000, 2}, {85000, 2}};
    for (size_t i = 0; i < sizeof pair / sizeof *pair; i++) {
        struct hygiene h = monitor();
        hold(&h, pair[i].minutes * MINUTE - 1, pair[i].mc);
        assert_int_equal(h.doses, 0);
        assert_int_equal(hygiene_left_ms(&h, pair[i].mc), 1);
        hold(&h, 1, pair[i].mc);
        assert_int_equal(h.doses, 1);
        assert_int_equal(h.last_dose_ms, pair[i].minutes * MINUTE);
    }
    struct hygiene h = monitor();
    hold(&h, 10 * HOUR, 59999);
    assert_int_equal(h.doses, 0);
    assert_int_equal(hygiene_left_ms(&h, 59999), INT64_MAX);
}

static void an_outlet_at_55_all_day_needs_no_dose(void **state)
{
    (void)state;
    struct hygiene h = monitor();
    hold(&h, 96 * HOUR, 55000);
    assert_false(h.alarm);
    assert_int_equal(h.days, 4);
    assert_int_equal(h.days_by_outlet, 4);
    assert_int_equal(h.outlet_low_ms, 0);
    hold(&h, MINUTE, 54999); // and a single low minute is an alarm at once, for the last dose is days old
    assert_true(h.alarm);
    hold(&h, 24 * HOUR, 55000);
    assert_false(h.alarm);
    assert_int_equal(h.alarms, 1);
    assert_int_equal(h.alarm_ms, 24 * HOUR + MINUTE);
}

static void a_dose_a_day_keeps_a_lukewarm_tank_safe_and_a_missed_one_is_an_alarm(void **state)
{
    (void)state;
    struct hygiene h = monitor();
    for (int day = 0; day < 5; day++) {
        hold(&h, 22 * HOUR, 50000);
        hold(&h, 2 * HOUR, 61000); // two doses
        assert_false(h.alarm);
    }
    assert_int_equal(h.doses, 10);
    assert_int_equal(h.alarm_ms, 0);
    assert_int_equal(hygiene_deadline_ms(&h), h.now_ms + 24 * HOUR);
    hold(&h, 30 * HOUR, 50000);
    assert_true(h.alarm);
    assert_int_equal(h.alarm_ms, 6 * HOUR);
    assert_int_equal(h.longest_gap_ms, 30 * HOUR);
    assert_int_equal(hygiene_deadline_ms(&h), h.now_ms);
    hold(&h, HOUR, 60000);
    assert_false(h.alarm);
    assert_int_equal(h.alarm_ms, 7 * HOUR);
    hold(&h, 40 * HOUR, 50000);
    assert_int_equal(h.days_by_outlet, 0);
    assert_true(h.days_failed >= 1);
    assert_int_equal(h.days, h.days_by_dose + h.days_failed);
}

static void crumbs_of_many_days_make_no_dose(void **state)
{
    (void)state;
    struct hygiene h = monitor();
    for (int day = 0; day < 10; day++) {
        hold(&h, 12 * HOUR, 50000);
        hold(&h, 30 * MINUTE, 60000);
        hold(&h, 11 * HOUR + 30 * MINUTE, 50000);
    }
    assert_int_equal(h.doses, 0);
    assert_int_equal(h.days_failed, 10);
    assert_true(h.alarm);
}

static void the_day_begins_at_its_local_hour(void **state)
{
    (void)state;
    struct hygiene h = monitor(); // 3:00 at UTC+1 is 2:00 UTC
    hold(&h, 2 * HOUR - 1, 50000);
    assert_int_equal(h.days, 0);
    hold(&h, 1, 50000);
    assert_int_equal(h.days, 1);
    hold(&h, 24 * HOUR, 50000);
    assert_int_equal(h.days, 2);
}

static void counts_do_not_depend_on_the_steps(void **state)
{
    (void)state;
    uint64_t seed = 2005;
    struct rng r;
    rng_seed(&r, seed);
    struct hygiene coarse = monitor(), fine = coarse;
    for (int i = 0; i < 4000; i++) {
        int32_t outlet = 45000 + (int32_t)rng_below(&r, 17000), loop = outlet - 5000;
        int64_t dt = 1 + (int64_t)rng_below(&r, 2 * (uint64_t)HOUR);
        hygiene_step(&coarse, dt, outlet, loop);
        for (int64_t left = dt; left > 0;) {
            int64_t part = 1 + (int64_t)rng_below(&r, 20 * (uint64_t)MINUTE);
            part = part < left ? part : left;
            hygiene_step(&fine, part, outlet, loop);
            left -= part;
        }
        if (memcmp(&coarse, &fine, sizeof coarse) != 0)
            fail_msg("seed %d: step %d differs", (int)seed, i);
    }
    assert_true(coarse.doses > 10 && coarse.alarms > 3 && coarse.loop_low_ms > 0 && coarse.days > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_of_the_three_pairs_is_one_dose),
        cmocka_unit_test(an_outlet_at_55_all_day_needs_no_dose),
        cmocka_unit_test(a_dose_a_day_keeps_a_lukewarm_tank_safe_and_a_missed_one_is_an_alarm),
        cmocka_unit_test(crumbs_of_many_days_make_no_dose),
        cmocka_unit_test(the_day_begins_at_its_local_hour),
        cmocka_unit_test(counts_do_not_depend_on_the_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
