// SPDX-License-Identifier: Apache-2.0
// The week of a zone: which entry is in force at which local minute, text both ways, and errors that name
// their entry.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "core/heat/schedule.h"

#define HOUR_MS INT64_C(3600000)
#define NEVER   HOUSE_MS(0)

static const struct zone_wish base = {ZONE_ECO, 19500};

static struct schedule parsed(const char *text)
{
    struct schedule s;
    struct err e = ERR_NULL;
    if (schedule_parse(text, &s, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

// 1 December 2025 is a Monday.
static house_ms at(int day, int hour, int minute)
{
    return HOUSE_MS(civil_to_ms(2025, 12, day, hour, minute, 0));
}

static void the_entry_that_began_last_is_in_force(void **state)
{
    (void)state;
    struct schedule s = parsed("mon-fri 06:30 20.5; sat,sun 08:00 21; daily 22:30 eco");
    static const struct {
        int day, hour, minute;
        enum zone_mode mode;
        int32_t mc;
    } cases[] = {
        {1, 6, 29, ZONE_ECO, 19500},    {1, 6, 30, ZONE_COMFORT, 20500}, {1, 22, 29, ZONE_COMFORT, 20500},
        {1, 22, 30, ZONE_ECO, 19500},   {2, 0, 0, ZONE_ECO, 19500},      {6, 7, 0, ZONE_ECO, 19500},
        {6, 8, 0, ZONE_COMFORT, 21000}, {7, 23, 0, ZONE_ECO, 19500},     {8, 6, 30, ZONE_COMFORT, 20500},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct zone_wish w =
            schedule_wish(&s, &base, NEVER, at(cases[i].day, cases[i].hour, cases[i].minute), 0);
        assert_int_equal(w.mode, cases[i].mode);
        assert_int_equal(w.setpoint_mc, cases[i].mc);
    }
}

static void times_are_local(void **state)
{
    (void)state;
    struct schedule s = parsed("mon 00:30 off; sun 12:00 frost");
    // 23:40 UTC on Sunday is 00:40 on Monday an hour east, and 22:40 on Sunday an hour west.
    assert_int_equal(schedule_wish(&s, &base, NEVER, at(7, 23, 40), HOUR_MS).mode, ZONE_OFF);
    assert_int_equal(schedule_wish(&s, &base, NEVER, at(7, 23, 40), -HOUR_MS).mode, ZONE_FROST);
}

static void looks_back_over_the_whole_week_and_falls_back_to_the_base(void **state)
{
    (void)state;
    struct schedule s = parsed("wed 12:00 20");
    assert_int_equal(schedule_wish(&s, &base, NEVER, at(3, 11, 59), 0).setpoint_mc, 20000);
    assert_int_equal(schedule_wish(&s, &base, NEVER, at(3, 11, 59), 0).mode, ZONE_COMFORT);
    s = parsed("  ");
    assert_int_equal(s.n, 0);
    assert_int_equal(schedule_wish(&s, &base, NEVER, at(3, 0, 0), 0).mode, ZONE_ECO);
}

static void boost_goes_before_the_schedule_and_ends(void **state)
{
    (void)state;
    struct schedule s = parsed("daily 08:00 21;");
    assert_int_equal(schedule_wish(&s, &base, at(1, 10, 0), at(1, 9, 59), 0).mode, ZONE_BOOST);
    assert_int_equal(schedule_wish(&s, &base, at(1, 10, 0), at(1, 9, 59), 0).setpoint_mc, 21000);
    assert_int_equal(schedule_wish(&s, &base, at(1, 10, 0), at(1, 10, 0), 0).mode, ZONE_COMFORT);
    assert_int_equal(schedule_next(&s, at(1, 10, 0), at(1, 9, 59), 0).v, at(1, 10, 0).v);
    assert_int_equal(schedule_next(&s, NEVER, at(1, 9, 59), 0).v, at(2, 8, 0).v);
    assert_int_equal(schedule_next(&s, NEVER, at(2, 8, 0), 0).v, at(3, 8, 0).v);
    assert_int_equal(schedule_next(&s, NEVER, HOUSE_MS(at(2, 7, 59).v + 1), 0).v, at(2, 8, 0).v);
}

static void text_comes_back_as_it_was_meant(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"Mon-Fri 6:30 20.5;sat,sun 08:00 21 ; daily 22:30 ECO;",
         "mon-fri 06:30 20.5; sat,sun 08:00 21; daily 22:30 eco"},
        {"fri-mon 00:00 off", "mon,fri-sun 00:00 off"},
        {"mon,wed,fri-sat 23:59 7", "mon,wed,fri,sat 23:59 7"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct schedule s = parsed(texts[i][0]);
        struct buf b = BUF_INIT(4096);
        schedule_format(&s, &b);
        assert_string_equal(buf_str(&b), texts[i][1]);
        struct schedule again = parsed(buf_str(&b));
        assert_memory_equal(&again, &s, sizeof s);
        buf_deinit(&b);
    }
}

static void errors_name_entry_and_limit(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"mon 06:30 20; mun 07:00 20", "entry 2: 'mun' is not days"},
        {"mon- 07:00 20", "'mon-' is not days"},
        {"mon,, 07:00 20", "is not days"},
        {"mon 24:00 20", "entry 1: '24:00' is not a time of day"},
        {"mon 7:5 20", "'7:5' is not a time"},
        {"mon 07:00 26.5", "'26.5' is neither a mode nor a setpoint"},
        {"mon 07:00 6", "7 to 26 degC"},
        {"mon 07:00 warm", "'warm' is neither"},
        {"mon 07:00", "'' is neither"},
        {"mon 07:00 20 21", "'21' is too much"},
        {"mon 07:00 20.55", "neither"},
        {"mon 07:00 -20", "neither"},
        {"07:00 20", "'07:00' is not days"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct schedule s = {.n = 5};
        struct err e = ERR_NULL;
        assert_int_equal(schedule_parse(bad[i][0], &s, &e), -EINVAL);
        if (!strstr(e.text, bad[i][1]))
            fail_msg("'%s' gave '%s'", bad[i][0], e.text);
        assert_int_equal(s.n, 5); // untouched
    }
    struct buf b = BUF_INIT(4096);
    for (int i = 0; i < SCHEDULE_ENTRIES_MAX + 1; i++)
        buf_puts(&b, "mon 07:00 20;");
    struct schedule s;
    struct err e = ERR_NULL;
    assert_int_equal(schedule_parse(buf_str(&b), &s, &e), -EINVAL);
    assert_non_null(strstr(e.text, "more than 32 entries"));
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_entry_that_began_last_is_in_force),
        cmocka_unit_test(times_are_local),
        cmocka_unit_test(looks_back_over_the_whole_week_and_falls_back_to_the_base),
        cmocka_unit_test(boost_goes_before_the_schedule_and_ends),
        cmocka_unit_test(text_comes_back_as_it_was_meant),
        cmocka_unit_test(errors_name_entry_and_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
