// SPDX-License-Identifier: Apache-2.0
//
// What is to happen comes in the order of time, kind, index and number, however far away it was when it was put.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "sim/run.h"

#define MOST 400

static int in_order(const void *a, const void *b)
{
    const struct happening *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->index != y->index)
        return x->index < y->index ? -1 : 1;
    return x->extra < y->extra ? -1 : 1;
}

static void it_comes_in_order_from_near_and_far(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct queue_of q = {0};
        struct happening wait[MOST], got;
        size_t n = 0;
        int64_t number = 0;
        struct rng r;
        rng_seed(&r, seed);
        for (int64_t t = 0; t < 300 * 60000; t += 60000) {
            for (uint64_t k = rng_below(&r, 5); k && n < MOST; k--) {
                int64_t away =
                    rng_below(&r, 2) ? (int64_t)rng_below(&r, 200000) : (int64_t)rng_below(&r, 9000000);
                wait[n] = (struct happening){.at = t + away / 20000 * 20000, // so that many meet
                                             .kind = (uint8_t)rng_below(&r, HAPPEN_TICK + 1),
                                             .index = (uint32_t)rng_below(&r, 3) * 0x7ffffff,
                                             .extra = ++number};
                queue_push(&q, wait[n++]);
            }
            qsort(wait, n, sizeof *wait, in_order);
            size_t k = 0;
            while (queue_pop_before(&q, t + 60000, &got)) {
                if (k == n || got.extra != wait[k].extra || got.at >= t + 60000)
                    fail_msg("seed %d, minute %d", (int)seed, (int)(t / 60000));
                k++;
                const struct happening *first = queue_first(&q);
                assert_true(k == n ? !first : first && first->extra == wait[k].extra);
                for (size_t i = 1; queue_ahead(&q, i); i++)
                    assert_true(in_order(queue_ahead(&q, i - 1), queue_ahead(&q, i)) < 0 &&
                                queue_ahead(&q, i)->at < t + 60000);
                if (rng_below(&r, 3) == 0 &&
                    n < MOST) { // something follows from it, within the minute or later
                    wait[n] = got;
                    wait[n].at += (int64_t)rng_below(&r, 4) * 20000;
                    wait[n].extra = ++number;
                    queue_push(&q, wait[n++]);
                    qsort(wait + k, n - k, sizeof *wait, in_order);
                }
            }
            assert_true(k == n || wait[k].at >= t + 60000);
            n -= k;
            memmove(wait, wait + k, n * sizeof *wait);
        }
        queue_free(&q);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_comes_in_order_from_near_and_far),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
