// SPDX-License-Identifier: Apache-2.0
// Cumulative meters as they come: wrapping, reset, silent, impossible.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/ledger/meter.h"

#define MAX_MW 100000 // 100 W

static enum meter_answer read_at(struct meter *m, int64_t ms, int64_t raw, int64_t wrap, int64_t *delta)
{
    return meter_read(m, HOUSE_MS(ms), raw, wrap, MAX_MW, delta);
}

static void the_first_reading_is_a_base_and_the_next_adds_what_passed(void **state)
{
    (void)state;
    struct meter m = {0};
    int64_t d;
    assert_int_equal(read_at(&m, 1000, 5000, 0, &d), METER_FIRST);
    assert_int_equal(d, 0);
    assert_int_equal(read_at(&m, 11000, 605000, 0, &d), METER_OK);
    assert_int_equal(d, 600000);
    assert_int_equal(m.total_mj, 600000);
}

static void a_counter_that_wraps_goes_on_behind_its_end(void **state)
{
    (void)state;
    struct meter m = {0};
    int64_t d;
    read_at(&m, 0, 999000, 1000000, &d);
    assert_int_equal(read_at(&m, 10000, 9000, 1000000, &d), METER_WRAPPED);
    assert_int_equal(d, 10000);
    assert_int_equal(m.wraps, 1);
}

static void a_counter_that_was_reset_adds_what_it_shows_since(void **state)
{
    (void)state;
    struct meter m = {0};
    int64_t d;
    read_at(&m, 0, 900000000, 0, &d);
    assert_int_equal(read_at(&m, 10000, 7000, 0, &d), METER_RESET);
    assert_int_equal(d, 7000);
    assert_int_equal(m.resets, 1);
    // A wrap that is impossible (too much would have passed) is a reset too.
    read_at(&m, 20000, 500000, 0, &d);
    assert_int_equal(read_at(&m, 30000, 100, 1000000000, &d), METER_RESET);
    assert_int_equal(d, 100);
}

static void a_long_silence_is_a_gap_and_loses_nothing(void **state)
{
    (void)state;
    struct meter m = {0};
    int64_t d;
    read_at(&m, 0, 0, 0, &d);
    assert_int_equal(read_at(&m, METER_GAP_MS + 1, 20000000, 0, &d), METER_OK);
    assert_int_equal(d, 20000000);
    assert_int_equal(m.gaps, 1);
}

static void an_impossible_increment_adds_nothing_and_is_the_new_base(void **state)
{
    (void)state;
    struct meter m = {0};
    int64_t d;
    read_at(&m, 0, 0, 0, &d);
    assert_int_equal(read_at(&m, 10000, 1300001, 0, &d), METER_REFUSED); // 125 W x 10 s + 50 J
    assert_int_equal(m.total_mj, 0);
    assert_int_equal(m.refused, 1);
    assert_int_equal(read_at(&m, 20000, 1300001 + 1300000, 0, &d), METER_OK);
    assert_int_equal(m.total_mj, 1300000);
}

static void a_reading_that_is_not_later_changes_nothing(void **state)
{
    (void)state;
    struct meter m = {0};
    int64_t d;
    read_at(&m, 5000, 1000, 0, &d);
    assert_int_equal(read_at(&m, 5000, 2000, 0, &d), METER_REFUSED);
    assert_int_equal(read_at(&m, 4000, 3000, 0, &d), METER_REFUSED);
    assert_int_equal(m.raw_mj, 1000);
    assert_int_equal(read_at(&m, 6000, 2500, 0, &d), METER_OK);
    assert_int_equal(d, 1500);
}

static void figures_at_the_ends_of_their_type_do_no_harm(void **state)
{
    (void)state;
    const int64_t ends[] = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, METER_MOST_MJ, METER_MOST_MJ + 1, INT64_MAX};
    for (int a = 0; a < 8; a++)
        for (int b = 0; b < 8; b++)
            for (int w = 0; w < 8; w++) {
                struct meter m = {0};
                int64_t d;
                meter_read(&m, HOUSE_MS(0), ends[a], ends[w], INT32_MAX, &d);
                meter_read(&m, HOUSE_MS(INT64_MAX / 2), ends[b], ends[w], INT32_MAX, &d);
                assert_true(d >= 0 && m.total_mj >= 0);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_reading_is_a_base_and_the_next_adds_what_passed),
        cmocka_unit_test(a_counter_that_wraps_goes_on_behind_its_end),
        cmocka_unit_test(a_counter_that_was_reset_adds_what_it_shows_since),
        cmocka_unit_test(a_long_silence_is_a_gap_and_loses_nothing),
        cmocka_unit_test(an_impossible_increment_adds_nothing_and_is_the_new_base),
        cmocka_unit_test(a_reading_that_is_not_later_changes_nothing),
        cmocka_unit_test(figures_at_the_ends_of_their_type_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
