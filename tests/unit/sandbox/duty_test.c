// SPDX-License-Identifier: Apache-2.0
// The account behind freezing levers, against invented processes: hungry ones, sleepy ones, late beats.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "base/rng.h"
#include "sandbox/duty.h"

// `threads` busy threads on `cores` cores for `span_ms`; beats come up to `late_ms` after they were wished.
// CPU ms had.
static int64_t play(int permille, int threads, int cores, int64_t span_ms, int late_ms, uint64_t seed)
{
    struct duty d = DUTY_NULL;
    struct rng r;
    rng_seed(&r, seed);
    int64_t used_us = 0, now = 1000;
    duty_set(&d, permille, 0, WALL_MS(now));
    while (now < 1000 + span_ms) {
        int64_t wait_ms = duty_tick(&d, used_us, WALL_MS(now), cores);
        assert_in_range(wait_ms, 1, 1000);
        wait_ms += (int64_t)rng_below(&r, (uint64_t)late_ms + 1);
        now += wait_ms;
        if (!d.frozen)
            used_us += wait_ms * 1000 * (threads < cores ? threads : cores);
    }
    return used_us / 1000;
}

static void hungry_processes_get_their_share_whatever_their_number(void **state)
{
    (void)state;
    static const int shares[] = {10, 44, 200, 500, 900, 1500};
    for (size_t i = 0; i < ARRAY_LEN(shares); i++)
        for (int threads = 1; threads <= 8; threads *= 2)
            for (int late_ms = 0; late_ms <= 3; late_ms += 3) {
                int64_t want = shares[i] < threads * 1000 ? shares[i] * 60 : threads * 60000;
                int64_t got = play(shares[i], threads, 4, 60000, late_ms, 7 + i);
                if (got < want - want / 20 - 20 || got > want + want / 20 + 200)
                    fail_msg("share %d, %d threads, late %d (seed %d): %lld of %lld ms", shares[i], threads,
                             late_ms, (int)(7 + i), (long long)got, (long long)want);
            }
}

static void sleeper_saves_up_a_burst_and_no_more(void **state)
{
    (void)state;
    struct duty d = DUTY_NULL;
    duty_set(&d, 100, 0, WALL_MS(0));
    for (int t = 0; t <= 60000; t += 100)
        duty_tick(&d, 0, WALL_MS(t), 2);
    assert_false(d.frozen);
    assert_int_equal(d.credit_us, 2000 + 100 * 100);
}

static void a_long_stall_is_forgiven(void **state)
{
    (void)state;
    struct duty d = DUTY_NULL;
    duty_set(&d, 44, 0, WALL_MS(0));
    int64_t wait_ms = duty_tick(&d, 20000000, WALL_MS(10000), 2); // ten seconds at two cores, unseen
    assert_true(d.frozen);
    assert_true(wait_ms <= 1000);
    int64_t t = 10000;
    while (d.frozen && t < 20000)
        t += duty_tick(&d, 20000000, WALL_MS(t), 2);
    assert_in_range(t, 11900, 12200);
}

static void zero_freezes_and_more_than_the_machine_never_does(void **state)
{
    (void)state;
    struct duty d = DUTY_NULL;
    assert_int_equal(duty_tick(&d, 0, WALL_MS(0), 2), -1);
    assert_false(d.frozen);
    duty_set(&d, 0, 0, WALL_MS(1));
    assert_int_equal(duty_tick(&d, 0, WALL_MS(1), 2), -1);
    assert_true(d.frozen);
    duty_set(&d, 2000, 0, WALL_MS(2));
    assert_int_equal(duty_tick(&d, 1000000, WALL_MS(3), 2), -1);
    assert_false(d.frozen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hungry_processes_get_their_share_whatever_their_number),
        cmocka_unit_test(sleeper_saves_up_a_burst_and_no_more),
        cmocka_unit_test(a_long_stall_is_forgiven),
        cmocka_unit_test(zero_freezes_and_more_than_the_machine_never_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
