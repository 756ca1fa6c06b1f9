// SPDX-License-Identifier: Apache-2.0
// The words of C: buffers that fail once, maps that forget properly, dates both ways, our own exp, log and
// sin.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "base/steady.h"
#include "base/when.h"

static void decimal_digits_of_a_number(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(100);
    buf_putu(&b, 0);
    buf_putc(&b, ' ');
    buf_putu(&b, 1907);
    buf_putc(&b, ' ');
    buf_putu(&b, UINT64_MAX);
    assert_string_equal(buf_str(&b), "0 1907 18446744073709551615");
    buf_deinit(&b);
}

static void buffer_past_its_ceiling_keeps_what_it_had(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(8);
    buf_puts(&b, "12345");
    buf_puts(&b, "6789");
    assert_true(b.failed);
    assert_string_equal(buf_str(&b), "12345");
    buf_putc(&b, 'x'); // later appends are dropped too, even where they would fit
    assert_string_equal(buf_str(&b), "12345");
    buf_clear(&b);
    buf_putf(&b, "%d", 12345678);
    assert_false(b.failed);
    assert_string_equal(buf_str(&b), "12345678");
    buf_drop_front(&b, 3);
    assert_string_equal(buf_str(&b), "45678");
    buf_deinit(&b);
}

static void error_prefix_goes_in_front(void **state)
{
    (void)state;
    struct err e = ERR_NULL;
    assert_int_equal(err_set(&e, -EINVAL, "line %d", 7), -EINVAL);
    err_prefix(&e, "file %s", "a.epw");
    assert_string_equal(e.text, "file a.epw: line 7");
    assert_int_equal(e.code, -EINVAL);
}

static void a_large_array_has_little_to_spare_and_is_zeroed(void **state)
{
    (void)state;
    struct {
        uint64_t v[25];
    } *v = NULL;
    size_t n = 0, cap = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        assert_int_equal(VEC_PUSH(v, n, cap)->v[24], 0);
        v[i].v[0] = v[i].v[24] = i + 1;
        assert_true(cap * sizeof *v <= 2 * 1048576 || cap <= n + n / 8 + 2);
    }
    for (uint64_t i = 0; i < n; i++)
        assert_true(v[i].v[0] == i + 1 && v[i].v[24] == i + 1);
    free(v);
    char *one = NULL; // elements larger than what is large
    cap = 0;
    mem_grow(&one, &cap, 1, (size_t)2 << 20);
    mem_grow(&one, &cap, cap + 1, (size_t)2 << 20);
    assert_true(cap >= 9);
    free(one);
}

static void arrays_for_wide_loops_are_zero_and_begin_with_a_cache_line(void **state)
{
    (void)state;
    for (size_t n = 0; n < 300; n += 7) {
        double *v = mem_lines(n, sizeof *v);
        assert_int_equal((uintptr_t)v % 64, 0);
        for (size_t i = 0; i < n; i++)
            assert_true(v[i] == 0);
        free(v);
    }
}

static void idmap_agrees_with_a_plain_table_over_random_operations(void **state)
{
    (void)state;
    struct idmap m = IDMAP_NULL;
    uint64_t mirror[512] = {0};
    struct rng r;
    rng_seed(&r, 42);
    for (int i = 0; i < 200000; i++) {
        uint64_t key = 1 + rng_below(&r, 511), value = 0;
        if (rng_below(&r, 2)) {
            mirror[key] = rng_next(&r) | 1;
            idmap_set(&m, key, mirror[key]);
        } else {
            assert_int_equal(idmap_remove(&m, key), mirror[key] != 0);
            mirror[key] = 0;
        }
        key = 1 + rng_below(&r, 511);
        assert_int_equal(idmap_get(&m, key, &value), mirror[key] != 0);
        assert_true(value == mirror[key]);
    }
    idmap_deinit(&m);
}

static uint64_t key_of_record(const void *ctx, uint32_t index)
{
    return ((const uint64_t *)ctx)[index];
}

// Records 0..511, each with a key of its own that changes each time it is put in again.
static void keyset_agrees_with_a_plain_table_over_random_operations(void **state)
{
    (void)state;
    struct keyset m = KEYSET_NULL;
    uint64_t record[512] = {0};
    const struct keyset_of of = {key_of_record, record};
    struct rng r;
    rng_seed(&r, 43);
    for (int i = 0; i < 200000; i++) {
        uint32_t index = (uint32_t)rng_below(&r, 512), found = UINT32_MAX;
        if (!record[index]) {
            record[index] = rng_next(&r) << 9 | index | UINT64_C(1) << 63;
            keyset_add(&m, of, index);
        } else if (rng_below(&r, 2)) {
            assert_true(keyset_remove(&m, of, record[index]));
            assert_false(keyset_remove(&m, of, record[index]));
            assert_false(keyset_find(&m, of, record[index], &found));
            record[index] = 0;
        }
        index = (uint32_t)rng_below(&r, 512);
        assert_int_equal(keyset_find(&m, of, record[index], &found), record[index] != 0);
        assert_true(!record[index] || found == index);
    }
    size_t n = 0;
    for (size_t i = 0; i < 512; i++)
        n += record[i] != 0;
    assert_int_equal(m.n, n);
    keyset_deinit(&m);
    assert_false(keyset_find(&m, of, 1, NULL));
}

static void strmap_forgets_what_was_removed(void **state)
{
    (void)state;
    struct strmap m = STRMAP_NULL;
    char key[16];
    for (int i = 0; i < 1000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        strmap_set(&m, key, (uint64_t)i);
    }
    for (int i = 0; i < 1000; i += 2) {
        snprintf(key, sizeof key, "k%d", i);
        assert_true(strmap_remove(&m, key));
    }
    for (int i = 0; i < 1000; i++) {
        uint64_t v = 0;
        snprintf(key, sizeof key, "k%d", i);
        assert_int_equal(strmap_get(&m, key, &v), i % 2);
        if (i % 2)
            assert_int_equal(v, i);
    }
    strmap_deinit(&m);
}

static void dates_survive_the_way_there_and_back(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 7);
    for (int i = 0; i < 100000; i++) {
        int64_t ms = (int64_t)rng_below(&r, UINT64_C(4102444800)) * 1000; // up to the year 2100
        char text[DATE_TEXT_BYTES];
        int64_t back;
        date_format(text, HOUSE_MS(ms));
        assert_true(date_parse(text, &back));
        assert_true(back == ms);
    }
    struct civil c = civil_from_ms(civil_to_ms(2012, 2, 29, 23, 59, 58) + 250);
    assert_int_equal(c.month, 2);
    assert_int_equal(c.day, 29);
    assert_int_equal(c.weekday, 3);
    assert_int_equal(c.yearday, 59);
    assert_int_equal(c.ms, 250);
    int64_t t;
    assert_false(date_parse("2011-02-29", &t));
    assert_false(date_parse("2011-13-01", &t));
    assert_false(date_parse("yesterday", &t));
    char text[DATE_TEXT_BYTES];
    date_format(text, HOUSE_MS(-1));
    assert_string_equal(text, "0001-01-01T00:00:00Z");
}

static void spans_read_and_print_as_dotnet_does(void **state)
{
    (void)state;
    int64_t ms;
    char text[DATE_TEXT_BYTES];
    assert_true(span_parse("1.03:16:50.5000000", &ms));
    assert_true(ms == ((27 * 60 + 16) * 60 + 50) * INT64_C(1000) + 500);
    span_format(text, ms);
    assert_string_equal(text, "1.03:16:50");
    assert_true(span_parse("00:28:04", &ms));
    span_format(text, ms);
    assert_string_equal(text, "00:28:04");
    assert_false(span_parse("28:04", &ms));
    assert_false(span_parse("00:99:00", &ms));
}

static void own_exp_log_and_sin_stay_within_their_error(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 3);
    for (int i = 0; i < 200000; i++) {
        double x = (rng_unit(&r) - 0.5) * 1400;
        assert_true(fabs(num_exp(x) / exp(x) - 1) <= 1e-14);
        double y = num_exp((rng_unit(&r) - 0.5) * 200);
        assert_true(fabs(num_log(y) - log(y)) <= 1e-14 * fabs(log(y)) + 1e-15);
        double z = (rng_unit(&r) - 0.5) * 2e6;
        assert_true(fabs(num_sin(z) - sin(z)) <= 1e-11);
        assert_true(fabs(num_cos(z) - cos(z)) <= 1e-11);
    }
    assert_true(num_exp(0) == 1);
    assert_true(num_exp(-800) == 0);
    assert_true(isinf(num_exp(800)));
    assert_true(isnan(num_log(-1)));
}

static void shares_add_up_to_the_total(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 9);
    for (int i = 0; i < 20000; i++) {
        int64_t w[7], out[7], sum = 0, total = (int64_t)rng_below(&r, 1000000) - 500000;
        int n = 1 + (int)rng_below(&r, 7);
        for (int k = 0; k < n; k++)
            w[k] = (int64_t)rng_below(&r, 50);
        num_share(total, w, out, n);
        for (int k = 0; k < n; k++)
            sum += out[k];
        assert_true(sum == total);
    }
    int64_t w[] = {1, 1, 1}, out[3];
    num_share(100, w, out, 3);
    assert_int_equal(out[0], 34);
    assert_int_equal(out[2], 33);
}

// An hour back, as a clock that was wrong at the start and is corrected then.
static void a_clock_set_back_stops_nothing_and_is_met_again(void **state)
{
    (void)state;
    struct steady s = {0};
    int64_t real = 1000000000, passing = 5, before = steady_ms(&s, real, passing);
    assert_int_equal(before, real);
    assert_int_equal(steady_ms(&s, real + 40, passing + 40), real + 40);
    real += 40 - 3600000;
    passing += 40;
    before = s.out_ms;
    for (int i = 1; i <= 7200; i++) { // a second each: half of it passes
        int64_t now = steady_ms(&s, real + i * 1000, passing + i * 1000);
        assert_int_equal(now - before, 500);
        before = now;
    }
    assert_int_equal(before, real + 7200000);
    assert_int_equal(steady_ms(&s, real + 7201000, passing + 7201000), real + 7201000);
}

static void a_clock_set_forward_is_followed_and_small_steps_back_lose_nothing(void **state)
{
    (void)state;
    struct steady s = {0};
    assert_int_equal(steady_ms(&s, 1000, 0), 1000);
    assert_int_equal(steady_ms(&s, 7200000, 1), 7200000);
    for (int i = 1; i <= 10; i++)
        assert_int_equal(steady_ms(&s, 7199000, 1 + i), 7200000 + i / 2);
    assert_int_equal(steady_ms(&s, 7200100, 12), 7200100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_past_its_ceiling_keeps_what_it_had),
        cmocka_unit_test(decimal_digits_of_a_number),
        cmocka_unit_test(error_prefix_goes_in_front),
        cmocka_unit_test(a_large_array_has_little_to_spare_and_is_zeroed),
        cmocka_unit_test(arrays_for_wide_loops_are_zero_and_begin_with_a_cache_line),
        cmocka_unit_test(idmap_agrees_with_a_plain_table_over_random_operations),
        cmocka_unit_test(keyset_agrees_with_a_plain_table_over_random_operations),
        cmocka_unit_test(strmap_forgets_what_was_removed),
        cmocka_unit_test(dates_survive_the_way_there_and_back),
        cmocka_unit_test(spans_read_and_print_as_dotnet_does),
        cmocka_unit_test(own_exp_log_and_sin_stay_within_their_error),
        cmocka_unit_test(shares_add_up_to_the_total),
        cmocka_unit_test(a_clock_set_back_stops_nothing_and_is_met_again),
        cmocka_unit_test(a_clock_set_forward_is_followed_and_small_steps_back_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
