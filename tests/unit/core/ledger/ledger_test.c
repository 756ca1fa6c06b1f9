// SPDX-License-Identifier: Apache-2.0
// The ledger's open cells: one per key and hour, given out once per change, forgotten when their hour is
// over.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/ledger/ledger.h"

#define H LEDGER_HOUR_MS

static void a_key_has_one_cell_per_hour(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l, HOUSE_MS(0));
    ledger_work_cell(&l, HOUSE_MS(10), 1, ACTIVITY_FLEX, 2, 3)->energy_mj += 5;
    ledger_work_cell(&l, HOUSE_MS(H - 1), 1, ACTIVITY_FLEX, 2, 3)->energy_mj += 6;
    ledger_work_cell(&l, HOUSE_MS(H), 1, ACTIVITY_FLEX, 2, 3)->energy_mj += 7;
    ledger_work_cell(&l, HOUSE_MS(10), 1, ACTIVITY_IDLE, 0, 0)->energy_mj += 8;
    assert_int_equal(l.n_work, 3);
    assert_int_equal(ledger_work_cell(&l, HOUSE_MS(0), 1, ACTIVITY_FLEX, 2, 3)->energy_mj, 11);
    ledger_deinit(&l);
}

static void a_changed_cell_is_given_once_until_it_changes_again(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l, HOUSE_MS(0));
    for (int i = 0; i < 3; i++)
        ledger_work_cell(&l, HOUSE_MS(0), 1, ACTIVITY_FLEX, 2, 3)->energy_mj++;
    ledger_zone_cell(&l, HOUSE_MS(0), 9)->asked_mj = 4;
    const struct ledger_work *w = ledger_take_work(&l);
    assert_non_null(w);
    assert_int_equal(w->energy_mj, 3);
    assert_null(ledger_take_work(&l));
    assert_int_equal(ledger_take_zone(&l)->asked_mj, 4);
    assert_null(ledger_take_zone(&l));
    ledger_work_cell(&l, HOUSE_MS(0), 1, ACTIVITY_FLEX, 2, 3)->energy_mj++;
    assert_int_equal(ledger_take_work(&l)->energy_mj, 4);
    assert_null(ledger_take_work(&l));
    ledger_deinit(&l);
}

static void a_cell_cleaned_by_its_owner_is_not_given(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l, HOUSE_MS(0));
    ledger_work_cell(&l, HOUSE_MS(0), 1, ACTIVITY_FLEX, 2, 3)->dirty = false;
    assert_null(ledger_take_work(&l));
    ledger_work_cell(&l, HOUSE_MS(0), 1, ACTIVITY_FLEX, 2, 3)->energy_mj = 1;
    assert_non_null(ledger_take_work(&l));
    assert_null(ledger_take_work(&l));
    ledger_deinit(&l);
}

static void cells_of_past_hours_are_forgotten_once_written(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l, HOUSE_MS(0));
    for (uint64_t b = 1; b <= 100; b++)
        ledger_work_cell(&l, HOUSE_MS(0), b, ACTIVITY_FLEX, 2, 3);
    ledger_work_cell(&l, HOUSE_MS(H), 1, ACTIVITY_FLEX, 2, 3)->energy_mj = 42;
    ledger_forget(&l, HOUSE_MS(H + 5));
    assert_int_equal(l.n_work, 101); // not written yet
    while (ledger_take_work(&l))
        continue;
    ledger_forget(&l, HOUSE_MS(H + 5));
    assert_int_equal(l.n_work, 1);
    assert_int_equal(ledger_work_cell(&l, HOUSE_MS(H), 1, ACTIVITY_FLEX, 2, 3)->energy_mj, 42);
    assert_non_null(ledger_take_work(&l)); // the lists moved with their cells
    assert_null(ledger_take_work(&l));
    ledger_deinit(&l);
}

static void what_is_late_is_booked_whole_in_the_oldest_open_hour(void **state)
{
    (void)state;
    struct ledger l;
    ledger_init(&l, HOUSE_MS(5 * H + 7));
    assert_int_equal(ledger_work_cell(&l, HOUSE_MS(2 * H), 1, ACTIVITY_FLEX, 2, 3)->hour_ms, 5 * H);
    assert_int_equal(ledger_zone_cell(&l, HOUSE_MS(-7), 1)->hour_ms, 5 * H);
    ledger_deinit(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_one_cell_per_hour),
        cmocka_unit_test(a_changed_cell_is_given_once_until_it_changes_again),
        cmocka_unit_test(a_cell_cleaned_by_its_owner_is_not_given),
        cmocka_unit_test(cells_of_past_hours_are_forgotten_once_written),
        cmocka_unit_test(what_is_late_is_booked_whole_in_the_oldest_open_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
