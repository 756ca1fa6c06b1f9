// SPDX-License-Identifier: Apache-2.0
// What is to happen comes in the order of time, kind, index and number.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "sim/run.h"

#define SEED 11

static int compare(const struct happening *a, const struct happening *b)
{
    if (a->at != b->at)
        return a->at < b->at ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->index != b->index)
        return a->index < b->index ? -1 : 1;
    return a->extra < b->extra ? -1 : a->extra > b->extra; // which one was pushed
}

static void all_come_in_order(void **state)
{
    (void)state;
    struct rng g;
    struct happening h, last;
    rng_seed(&g, SEED);
    for (int round = 0; round < 200; round++) {
        struct queue_of q = {0};
        size_t n = 1 + rng_below(&g, 300), got = 0;
        int64_t apart_ms = round % 3 == 0 ? 1 : round % 3 == 1 ? 100000 : 3000000; // soon, and in days
        for (size_t i = 0; i < n; i++)
            queue_push(&q, (struct happening){.at = apart_ms * (int64_t)rng_below(&g, 20),
                                              .kind = (uint8_t)rng_below(&g, HAPPEN_TICK + 1),
                                              .index = (uint32_t)rng_below(&g, 3) * 0x7ffffff,
                                              .extra = (int64_t)i});
        int64_t until = apart_ms * (int64_t)rng_below(&g, 21);
        for (; queue_pop_before(&q, until, &h); got++, last = h) {
            assert_true(h.at < until);
            if (got > 0 && compare(&last, &h) > 0)
                fail_msg("seed %d, round %d: number %zu comes too late", SEED, round, got);
        }
        for (; queue_pop_before(&q, 1000 * apart_ms, &h); got++, last = h)
            assert_true(h.at >= until && (got == 0 || compare(&last, &h) <= 0));
        assert_int_equal(got, n);
        queue_free(&q);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_come_in_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
