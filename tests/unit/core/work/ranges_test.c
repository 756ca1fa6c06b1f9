// SPDX-License-Identifier: Apache-2.0
// Sets of instance ids: the text form, its refusals, and every operation against a plain bitmap.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "core/work/ranges.h"

static void expect_text(const struct ranges *r, const char *text)
{
    struct buf b = BUF_INIT(1 << 20);
    ranges_format(r, &b);
    assert_string_equal(buf_str(&b), text);
    buf_deinit(&b);
}

static void text_is_read_in_any_order_and_written_sorted(void **state)
{
    (void)state;
    const char *cases[][2] = {
        {"0-2,4-5,17", "0-2,4-5,17"},
        {"17,4-5,0-2", "0-2,4-5,17"},
        {"0,1,2,3", "0-3"},
        {" 3 - 5 , 6 ", "3-6"},
        {"7", "7"},
        {"2147483647", "2147483647"},
        {"0-2047", "0-2047"},
        {"007", "7"},
    };
    struct ranges r = RANGES_NULL;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_NULL;
        assert_int_equal(ranges_parse(&r, cases[i][0], 2048, &e), 0);
        expect_text(&r, cases[i][1]);
    }
    ranges_deinit(&r);
    expect_text(&r, "");
}

static void bad_text_is_refused_with_the_reason_and_changes_nothing(void **state)
{
    (void)state;
    const struct {
        const char *text;
        int code;
        const char *why;
    } cases[] = {
        {"", -EINVAL, "character 1: expected an instance id"},
        {"1,", -EINVAL, "character 3: expected an instance id"},
        {",1", -EINVAL, "character 1: expected an instance id"},
        {"1,,2", -EINVAL, "character 3: expected an instance id"},
        {"-1", -EINVAL, "character 1: expected an instance id"},
        {"3-", -EINVAL, "character 3: expected an instance id"},
        {"1-2-3", -EINVAL, "character 4: expected a comma"},
        {"1 2", -EINVAL, "character 3: expected a comma"},
        {"a", -EINVAL, "character 1: expected an instance id"},
        {"0x10", -EINVAL, "character 2: expected a comma"},
        {"5-3", -EINVAL, "5-3 is reversed"},
        {"0-3,2-5", -EINVAL, "id 2 is named twice"},
        {"4,4", -EINVAL, "id 4 is named twice"},
        {"2147483648", -EINVAL, "ids go up to 2147483647"},
        {"99999999999999999999999999", -EINVAL, "ids go up to 2147483647"},
        {"0-2048", -E2BIG, "more than 2048 instances"},
        {"0-1000,2000-3047,9", -E2BIG, "more than 2048 instances"},
        {"0-2147483647", -E2BIG, "more than 2048 instances"},
    };
    struct ranges r = RANGES_NULL;
    ranges_add_span(&r, 10, 20);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct err e = ERR_NULL;
        int rc = ranges_parse(&r, cases[i].text, 2048, &e);
        if (rc != cases[i].code || !strstr(e.text, cases[i].why))
            fail_msg("\"%s\" gave %d, %s", cases[i].text, rc, e.text);
        expect_text(&r, "10-20");
    }
    ranges_deinit(&r);
}

static void array_of_100000_is_one_range(void **state)
{
    (void)state;
    struct ranges r = RANGES_NULL;
    struct err e = ERR_NULL;
    assert_int_equal(ranges_parse(&r, "0-99999", 100000, &e), 0);
    assert_int_equal(ranges_count(&r), 100000);
    assert_true(r.cap * sizeof *r.v <= 64);
    for (uint32_t want = 0; want < 100000; want++) {
        uint32_t id;
        assert_true(ranges_pop_lowest(&r, &id));
        assert_int_equal(id, want);
    }
    assert_false(ranges_pop_lowest(&r, &(uint32_t){0}));
    assert_int_equal(ranges_count(&r), 0);
    ranges_deinit(&r);
}

static void popping_and_returning_does_not_grow_the_memory(void **state)
{
    (void)state;
    struct ranges r = RANGES_NULL;
    for (uint32_t id = 0; id < 2000; id += 2)
        ranges_add(&r, id);
    size_t cap = r.cap;
    for (uint32_t i = 0; i < 100000;
         i++) { // a queue of 1,000 single ids, always popped in front, refilled behind
        uint32_t id;
        assert_true(ranges_pop_lowest(&r, &id));
        assert_int_equal(id, 2 * i);
        assert_true(ranges_add(&r, 2000 + 2 * i));
    }
    assert_int_equal(ranges_count(&r), 1000);
    assert_true(r.cap <= 2 * cap);
    ranges_deinit(&r);
}

static void both_ends_of_the_id_space_work(void **state)
{
    (void)state;
    struct ranges r = RANGES_NULL;
    uint32_t id = 5;
    assert_true(ranges_add(&r, RANGES_ID_MAX));
    assert_true(ranges_add(&r, 0));
    assert_true(ranges_add(&r, RANGES_ID_MAX - 1));
    expect_text(&r, "0,2147483646-2147483647");
    assert_true(ranges_next(&r, RANGES_ID_MAX, &id));
    assert_int_equal(id, RANGES_ID_MAX);
    assert_false(ranges_next(&r, RANGES_ID_MAX + 1, &id));
    assert_true(ranges_remove_span(&r, 0, RANGES_ID_MAX));
    assert_false(ranges_remove(&r, 0));
    expect_text(&r, "");
    ranges_deinit(&r);
}

#define SPACE 300

static void expect_bitmap(const struct ranges *r, const bool *bit, uint64_t seed)
{
    uint64_t count = 0;
    uint32_t walk = 0;
    for (uint32_t id = 0; id < SPACE; id++) {
        if (ranges_has(r, id) != bit[id])
            fail_msg("id %u differs (seed %llu)", id, (unsigned long long)seed);
        if (bit[id]) {
            count++;
            assert_true(ranges_next(r, walk, &walk));
            assert_int_equal(walk, id);
            walk++;
        }
    }
    assert_false(ranges_next(r, walk, &walk));
    assert_int_equal(ranges_count(r), count);
    const struct range *v = r->cap ? r->v + r->first : &r->one;
    for (size_t i = 1; i < r->n; i++) // neither touching nor out of order
        assert_true(v[i - 1].hi + 1 < v[i].lo);
    assert_int_equal(ranges_highest(r, &walk), count > 0);
    if (count)
        assert_int_equal(walk, v[r->n - 1].hi);
}

static void one_random_step(struct rng *rng, struct ranges *r, bool *bit)
{
    uint32_t lo = (uint32_t)rng_below(rng, SPACE), id;
    uint32_t hi = lo + (uint32_t)rng_below(rng, rng_below(rng, 4) ? 4 : SPACE - lo);
    hi = hi < SPACE ? hi : SPACE - 1;
    bool on = rng_below(rng, 2), changed = false;
    if (rng_below(rng, 8) == 0) {
        if (ranges_pop_lowest(r, &id)) {
            assert_true(bit[id]);
            for (uint32_t i = 0; i < id; i++)
                assert_false(bit[i]);
            bit[id] = false;
        }
        return;
    }
    for (uint32_t i = lo; i <= hi; i++) {
        changed |= bit[i] != on;
        bit[i] = on;
    }
    assert_int_equal(on ? ranges_add_span(r, lo, hi) : ranges_remove_span(r, lo, hi), changed);
}

static void random_operations_agree_with_a_bitmap(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct rng rng;
        rng_seed(&rng, seed);
        struct ranges r = RANGES_NULL;
        bool bit[SPACE] = {0};
        for (int i = 0; i < 1000; i++) {
            one_random_step(&rng, &r, bit);
            expect_bitmap(&r, bit, seed);
        }
        struct buf b = BUF_INIT(1 << 16);
        ranges_format(&r, &b);
        struct ranges again = RANGES_NULL;
        struct err e = ERR_NULL;
        if (r.n > 0) {
            assert_int_equal(ranges_parse(&again, buf_str(&b), SPACE, &e), 0);
            assert_true(ranges_equal(&r, &again));
        }
        buf_deinit(&b);
        ranges_deinit(&again);
        ranges_deinit(&r);
    }
}

static void union_and_difference_agree_with_a_bitmap(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct rng rng;
        rng_seed(&rng, seed);
        struct ranges a = RANGES_NULL, b = RANGES_NULL, sum = RANGES_NULL;
        bool in_a[SPACE] = {0}, in_b[SPACE] = {0}, both[SPACE], only[SPACE];
        for (int i = 0, n = (int)rng_below(&rng, 60); i < n; i++)
            one_random_step(&rng, &a, in_a);
        for (int i = 0, n = (int)rng_below(&rng, 60); i < n; i++)
            one_random_step(&rng, &b, in_b);
        for (int i = 0; i < SPACE; i++) {
            both[i] = in_a[i] || in_b[i];
            only[i] = in_a[i] && !in_b[i];
        }
        ranges_copy(&sum, &a);
        ranges_union(&sum, &b);
        expect_bitmap(&sum, both, seed);
        ranges_subtract(&a, &b);
        expect_bitmap(&a, only, seed);
        ranges_union(&a, &b);
        assert_true(ranges_equal(&a, &sum));
        ranges_subtract(&a, &a);
        assert_int_equal(ranges_count(&a), 0);
        ranges_deinit(&a);
        ranges_deinit(&b);
        ranges_deinit(&sum);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_read_in_any_order_and_written_sorted),
        cmocka_unit_test(bad_text_is_refused_with_the_reason_and_changes_nothing),
        cmocka_unit_test(array_of_100000_is_one_range),
        cmocka_unit_test(popping_and_returning_does_not_grow_the_memory),
        cmocka_unit_test(both_ends_of_the_id_space_work),
        cmocka_unit_test(random_operations_agree_with_a_bitmap),
        cmocka_unit_test(union_and_difference_agree_with_a_bitmap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
