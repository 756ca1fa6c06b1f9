// SPDX-License-Identifier: Apache-2.0
// What burns for heat alone: it uses processors when told to, none when not, and ends.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <time.h>

#include "agent/burner.h"

static void rest(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

static int64_t process_cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

static void it_burns_when_told_and_no_longer(void **state)
{
    (void)state;
    struct err e = ERR_NULL;
    struct burner *b = burner_new(&e);
    assert_non_null(b);
    assert_int_equal(burner_cpu_us(b), 0);
    assert_int_equal(burner_set(b, 300, &e), 0);
    for (int i = 0; i < 3000 && burner_cpu_us(b) < 20000; i++) // of the idle class: it may wait for long
        rest(10);
    assert_true(burner_cpu_us(b) >= 20000);
    assert_true(process_cpu_us() >= burner_cpu_us(b)); // what it says it used was used
    assert_int_equal(burner_set(b, 0, &e), 0);
    int64_t before, after = -1;
    for (int i = 0; i < 100; i++) { // the beat that was begun ends, then nothing more
        before = burner_cpu_us(b);
        rest(200);
        after = burner_cpu_us(b);
        if (after == before)
            break;
    }
    assert_int_equal(after, before);
    assert_int_equal(burner_set(b, 5000, &e), 0); // more than all is all
    burner_free(b);
}

static void one_that_never_burned_ends_too(void **state)
{
    (void)state;
    struct err e = ERR_NULL;
    struct burner *b = burner_new(&e);
    assert_int_equal(burner_set(b, 0, &e), 0);
    burner_free(b);
    burner_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_burns_when_told_and_no_longer),
        cmocka_unit_test(one_that_never_burned_ends_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
