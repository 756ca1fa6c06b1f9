// SPDX-License-Identifier: Apache-2.0
// What boards offer beside the caches of their node.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/memory.h"

static struct offer_board board(int32_t mb)
{
    return (struct offer_board){.spec = {.cores = 8, .memory_mb = mb}};
}

static void caches_are_taken_off_what_boards_offer(void **state)
{
    (void)state;
    struct offer_board one = board(16384);
    assert_int_equal(memory_share(&one, 1, 16384, 5120), 5120);
    assert_int_equal(one.spec.memory_mb, 11264);
    struct offer_board two[] = {board(12000), board(4000)};
    assert_int_equal(memory_share(two, 2, 18000, 4000), 2000);
    assert_int_equal(two[0].spec.memory_mb, 10500);
    assert_int_equal(two[1].spec.memory_mb, 3500);
}

static void a_machine_with_room_for_both_gives_all(void **state)
{
    (void)state;
    assert_true(memory_machine_mb() > 0);
    struct offer_board one = board(8000);
    assert_int_equal(memory_share(&one, 1, 16000, 8000), 0);
    assert_int_equal(one.spec.memory_mb, 8000);
    assert_int_equal(memory_share(&one, 0, 1, 8000), 0);
}

static void no_board_is_left_with_nothing(void **state)
{
    (void)state;
    struct offer_board two[] = {board(100), board(64)};
    assert_int_equal(memory_share(two, 2, 10, 8000), 36);
    assert_int_equal(two[0].spec.memory_mb, MEMORY_BOARD_MIN_MB);
    assert_int_equal(two[1].spec.memory_mb, 64);
    struct offer_board none = board(0);
    assert_int_equal(memory_share(&none, 1, 10, 8000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caches_are_taken_off_what_boards_offer),
        cmocka_unit_test(a_machine_with_room_for_both_gives_all),
        cmocka_unit_test(no_board_is_left_with_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
