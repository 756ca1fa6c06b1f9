// SPDX-License-Identifier: Apache-2.0
// People: when they are in, how warm they are, how often a window is open; the same whatever one asked
// before.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "world/occupant.h"

#define MINUTE INT64_C(60000)
#define ZONE   (60 * MINUTE)

static house_ms local(int year, int month, int day, int hour, int minute)
{
    return HOUSE_MS(civil_to_ms(year, month, day, hour, minute, 0) - ZONE);
}

static struct occupant_now at(const struct occupant *o, house_ms t)
{
    struct occupant_now now;
    occupant_at(o, t, &now);
    return now;
}

static void homes_sleep_at_three_and_are_up_at_eight_in_the_evening(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct occupant o;
        occupant_init(&o, OCCUPANT_HOME, seed, ZONE, 30, 4);
        struct occupant_now night = at(&o, local(2026, 1, 14, 3, 0)),
                            evening = at(&o, local(2026, 1, 14, 20, 0));
        assert_true(night.people == 1 && !night.awake && !night.window_open);
        assert_true(evening.people == 1 && evening.awake);
        assert_true(evening.internal_w > night.internal_w + 50);
    }
}

static void most_homes_are_empty_on_a_weekday_noon(void **state)
{
    (void)state;
    int empty = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct occupant o;
        occupant_init(&o, OCCUPANT_HOME, seed, ZONE, 30, 4);
        empty += at(&o, local(2026, 1, 14, 12, 0)).people == 0;
        assert_int_equal(at(&o, local(2026, 1, 17, 12, 0)).people, 1); // Saturday
    }
    assert_in_range(empty, 140, 180); // eight in ten
}

static void offices_are_full_at_eleven_and_empty_at_night_and_on_sunday(void **state)
{
    (void)state;
    struct occupant o;
    occupant_init(&o, OCCUPANT_OFFICE, 9, ZONE, 25, 5);
    assert_int_equal(at(&o, local(2026, 1, 14, 11, 0)).people, 2);
    assert_int_equal(at(&o, local(2026, 1, 14, 23, 30)).people, 0);
    assert_int_equal(at(&o, local(2026, 1, 18, 11, 0)).people, 0);
    assert_false(at(&o, local(2026, 1, 18, 11, 0)).window_open);
}

static void a_window_is_open_some_minutes_on_most_days_and_only_with_somebody_up(void **state)
{
    (void)state;
    struct occupant o;
    occupant_init(&o, OCCUPANT_HOME, 4, ZONE, 30, 4);
    int minutes = 0, days = 0;
    double heat = 0;
    for (int day = 0; day < 364; day++) {
        int today = 0;
        for (int minute = 0; minute < 1440; minute++) {
            struct occupant_now now = at(&o, local(2026, 1, 1 + day, 0, minute));
            assert_true(!now.window_open || (now.awake && now.people > 0));
            today += now.window_open;
            heat += now.internal_w;
        }
        minutes += today;
        days += today > 0;
    }
    assert_in_range(days, 220, 330);
    assert_in_range(minutes, 5 * 220, 20 * 330);
    assert_true(fabs(heat / 364 / 1440 / 30 - 4) < 0.8); // W/m2, near the archetype's 4
}

static void the_answer_does_not_depend_on_what_was_asked_before(void **state)
{
    (void)state;
    struct occupant a, b;
    occupant_init(&a, OCCUPANT_HOME, 77, ZONE, 30, 4);
    b = a;
    struct rng r;
    rng_seed(&r, 1);
    for (int i = 0; i < 5000; i++) {
        house_ms t = HOUSE_MS((int64_t)rng_below(&r, UINT64_C(100) * 86400000));
        struct occupant_now x = at(&a, t), y;
        at(&b, HOUSE_MS(t.v / 3));
        y = at(&b, t);
        assert_true(x.people == y.people && x.awake == y.awake && x.window_open == y.window_open &&
                    x.internal_w == y.internal_w);
    }
}

// Minute by minute, the changes of a day say what occupant_at says.
static void a_day_of_changes_says_the_same(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct occupant o;
        occupant_init(&o, seed % 2 ? OCCUPANT_OFFICE : OCCUPANT_HOME, seed, 0, 30, 4);
        for (int64_t day = 20000; day < 20014; day++) {
            struct occupant_change c[OCCUPANT_CHANGES_MAX];
            int n = occupant_day(&o, day, false, c), k = 0;
            assert_true(n >= 1 && c[0].minute == 0);
            for (int minute = 0; minute < 1440; minute++) {
                struct occupant_now now = at(&o, HOUSE_MS(day * 86400000 + minute * MINUTE));
                while (k + 1 < n && c[k + 1].minute <= minute)
                    k++;
                assert_true(now.people == c[k].now.people && now.awake == c[k].now.awake);
                assert_true(now.window_open == c[k].now.window_open && now.internal_w == c[k].now.internal_w);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(homes_sleep_at_three_and_are_up_at_eight_in_the_evening),
        cmocka_unit_test(most_homes_are_empty_on_a_weekday_noon),
        cmocka_unit_test(offices_are_full_at_eleven_and_empty_at_night_and_on_sunday),
        cmocka_unit_test(a_window_is_open_some_minutes_on_most_days_and_only_with_somebody_up),
        cmocka_unit_test(the_answer_does_not_depend_on_what_was_asked_before),
        cmocka_unit_test(a_day_of_changes_says_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
