// SPDX-License-Identifier: Apache-2.0
// Records that stay where they are, and large blocks.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/slab.h"

#define LARGE_BYTES ((size_t)2 << 20)

// Far beyond one piece; each record is zeroed, on a line of its own, and what stands in it stays.
static void records_stay(size_t bytes, size_t n)
{
    struct slab s = SLAB_NULL;
    unsigned char **at = malloc(n * sizeof *at);
    for (size_t i = 0; i < n; i++) {
        at[i] = slab_new(&s, bytes);
        assert_int_equal((uintptr_t)at[i] % MEM_LINE_BYTES, 0);
        for (size_t k = 0; k < bytes; k++)
            assert_int_equal(at[i][k], 0);
        memset(at[i], (int)(i % 255 + 1), bytes);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < bytes; k++)
            assert_int_equal(at[i][k], i % 255 + 1);
    free(at);
    slab_deinit(&s);
    slab_deinit(&s); // of nothing
}

static void small_records_stay_where_they_are(void **state)
{
    (void)state;
    records_stay(1, 100);
    records_stay(64, 100000);
    records_stay(65, 50000);
}

static void a_record_larger_than_a_piece_has_its_own(void **state)
{
    (void)state;
    records_stay(LARGE_BYTES + 5, 3);
    records_stay(LARGE_BYTES - 5, 3);
}

static void large_blocks_are_zeroed_and_keep_what_they_have_while_they_grow(void **state)
{
    (void)state;
    size_t n = 3 * LARGE_BYTES / sizeof(uint64_t) + 7;
    uint64_t *array = mem_array(n, sizeof *array), *lines = mem_lines(n, sizeof *lines), *grown = NULL;
    assert_int_equal((uintptr_t)lines % MEM_LINE_BYTES, 0);
    for (size_t i = 0; i < n; i++)
        assert_true(array[i] == 0 && lines[i] == 0);
    size_t have = 0, cap = 0;
    while (have < 4 * n) {
        uint64_t *v = VEC_PUSH(grown, have, cap);
        assert_int_equal(*v, 0);
        *v = have;
    }
    for (size_t i = 0; i < have; i++)
        assert_int_equal(grown[i], i + 1);
    free(array);
    free(lines);
    free(grown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_records_stay_where_they_are),
        cmocka_unit_test(a_record_larger_than_a_piece_has_its_own),
        cmocka_unit_test(large_blocks_are_zeroed_and_keep_what_they_have_while_they_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
