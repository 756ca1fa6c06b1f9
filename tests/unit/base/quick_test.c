// SPDX-License-Identifier: Apache-2.0
// Ways that are quicker give what the plain ones give.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"

#define SEED 7 // to repeat: the same numbers every time

// Of all lengths, and of both signs.
static int64_t drawn(struct rng *r)
{
    int64_t x = (int64_t)(rng_next(r) >> rng_below(r, 64));
    return rng_below(r, 2) ? x : -x;
}

static void a_quotient_is_that_of_c(void **state)
{
    (void)state;
    static const int64_t edge[] = {0,          1,         -1,         INT32_MAX, INT32_MIN,
                                   UINT32_MAX, INT64_MAX, -INT64_MAX, INT64_MIN, (int64_t)UINT32_MAX + 1};
    for (size_t i = 0; i < ARRAY_LEN(edge); i++)
        for (size_t k = 1; k < ARRAY_LEN(edge); k++)
            if (edge[i] != INT64_MIN || edge[k] != -1) // which C does not know either
                assert_int_equal(int_quotient(edge[i], edge[k]), edge[i] / edge[k]);
    struct rng r;
    rng_seed(&r, SEED);
    for (int i = 0; i < 20000; i++) {
        int64_t a = drawn(&r), b = drawn(&r);
        assert_int_equal(int_quotient(a, b ? b : 3), a / (b ? b : 3));
    }
}

// Hashes of numbers stand in journals: they may never be others.
static void a_number_is_hashed_as_its_eight_bytes(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, SEED);
    uint64_t h = HASH_SEED;
    for (int i = 0; i < 20000; i++) {
        int64_t v = i == 0 ? 0 : i == 1 ? -1 : i == 2 ? INT64_MIN : drawn(&r);
        unsigned char bytes[8];
        for (int k = 0; k < 8; k++)
            bytes[k] = (unsigned char)((uint64_t)v >> (8 * k));
        assert_true(hash_i64(h, v) == hash_bytes(h, bytes, sizeof bytes));
        h = hash_i64(h, v);
    }
}

static void a_map_that_was_cleared_is_as_new(void **state)
{
    (void)state;
    struct idmap m = IDMAP_NULL;
    uint64_t value = 5;
    idmap_clear(&m);
    for (int round = 0; round < 3; round++) {
        assert_false(idmap_get(&m, 77, &value));
        for (uint64_t k = 1; k <= 1000; k++)
            idmap_set(&m, k, k + (uint64_t)round);
        assert_true(idmap_get(&m, 77, &value));
        assert_int_equal(value, 77 + round);
        idmap_clear(&m);
        assert_int_equal(m.n, 0);
    }
    idmap_deinit(&m);
}

// Also where half of all numbers are refused, or one in so many that none is seen.
static void a_number_below_is_drawn_as_ever(void **state)
{
    (void)state;
    const uint64_t below[] = {1, 2, 3, 1000, UINT32_MAX, (UINT64_C(1) << 63) + 1, UINT64_MAX - 1, UINT64_MAX};
    struct rng a, b;
    rng_seed(&a, SEED);
    rng_seed(&b, SEED);
    for (int i = 0; i < 8000; i++) {
        uint64_t n = below[i % 8], limit = UINT64_MAX - UINT64_MAX % n, x;
        do
            x = rng_next(&a);
        while (x >= limit);
        assert_true(rng_below(&b, n) == x % n);
    }
    assert_memory_equal(&a, &b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quotient_is_that_of_c),
        cmocka_unit_test(a_number_is_hashed_as_its_eight_bytes),
        cmocka_unit_test(a_map_that_was_cleared_is_as_new),
        cmocka_unit_test(a_number_below_is_drawn_as_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
