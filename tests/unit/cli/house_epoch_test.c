// SPDX-License-Identifier: Apache-2.0
// The line of the house's clock: kept, continued, never going back.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/house_epoch.h"

#define DAY_MS 86400000

static char dir[64];

static int setup(void **state)
{
    (void)state;
    strcpy(dir, "/tmp/ondol_epoch_XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    char path[100];
    snprintf(path, sizeof path, "%s/house-epoch", dir);
    unlink(path);
    return rmdir(dir);
}

static bool keep(double speed, int64_t real_ms, const struct house_epoch *given, struct house_epoch *out)
{
    struct err e = ERR_NULL;
    bool is;
    assert_int_equal(house_epoch_keep(dir, speed, real_ms, given, out, &is, &e), 0);
    return is;
}

static void the_calendar_needs_no_line(void **state)
{
    (void)state;
    struct house_epoch e;
    assert_false(keep(1, 1000, NULL, &e));
}

static void a_line_is_kept_and_another_speed_begins_where_it_is(void **state)
{
    (void)state;
    struct house_epoch a, b, c, d;
    assert_true(keep(60, 1000000, NULL, &a));
    assert_true(a.house0.v == 1000000 && a.real0_ms == 1000000);
    assert_true(keep(60, 1000000 + DAY_MS, NULL, &b));
    assert_true(b.house0.v == 1000000 && b.real0_ms == 1000000 && b.speed == 60);
    assert_int_equal(house_epoch_at(&b, 1000000 + DAY_MS).v, 1000000 + INT64_C(60) * DAY_MS);
    assert_true(keep(2.5, 1000000 + DAY_MS, NULL, &c));
    assert_int_equal(c.house0.v, 1000000 + INT64_C(60) * DAY_MS);
    assert_true(keep(1, 1000000 + 2 * DAY_MS, NULL, &d)); // ahead of the calendar, and stays there
    assert_int_equal(d.house0.v, c.house0.v + DAY_MS * 5 / 2);
}

static void what_an_operator_gives_wins_and_is_kept(void **state)
{
    (void)state;
    struct house_epoch a, given = {HOUSE_MS(7000), 5000, 10};
    keep(10, 1000000, NULL, &a);
    keep(10, 1000000, &given, &a);
    assert_true(a.house0.v == 7000 && a.real0_ms == 5000);
    keep(10, 2000000, NULL, &a);
    assert_true(a.house0.v == 7000 && a.real0_ms == 5000);
}

static void odd_lines_stay_in_range(void **state)
{
    (void)state;
    struct house_epoch far = {HOUSE_MS(INT64_C(8999999999999999)), 0, 10000};
    assert_int_equal(house_epoch_at(&far, INT64_C(8999999999999999)).v, INT64_C(9000000000000000));
    assert_int_equal(house_epoch_at(&far, INT64_C(-8999999999999999)).v, 0);
    struct house_epoch e;
    char path[100];
    snprintf(path, sizeof path, "%s/house-epoch", dir);
    FILE *f = fopen(path, "w");
    fputs("1 2 nonsense\n", f);
    fclose(f);
    assert_false(keep(1, 1000, NULL, &e)); // unreadable is none
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_calendar_needs_no_line),
        TEST(a_line_is_kept_and_another_speed_begins_where_it_is),
        TEST(what_an_operator_gives_wins_and_is_kept),
        TEST(odd_lines_stay_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
