// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sim/scenario.h"

static const char good[] =
    "[scenario]\ntitle = two rooms\nstart = 2019-02-01\ndays = 2\nseed = 7\n"
    "[site home]\nweather = -3\n"
    "[board fast]\ncurve = 1000:20 3000:59.5\ncores = 4\nidle_w = 9.5\nboot_s = 30\n"
    "[zones room]\nsite = home\nboard = fast\ncount = 2\nboards = 3\nsetpoints = schedule\n"
    "schedule = mon-fri 06:00 20; daily 22:00 eco\n"
    "[work w]\nkind = backlog\nclass = donated\nshare = 0.5\n"
    "[fault f]\nkind = wan\nsite = home\nper_day = 0.1\n";

static int reads(struct scenario *s, const char *text, struct err *e)
{
    *e = ERR_NULL;
    return scenario_read(s, "x.ini", text, strlen(text), e);
}

static void test_reads_all_sections(void **state)
{
    (void)state;
    struct scenario s;
    struct err e;
    assert_int_equal(reads(&s, good, &e), 0);
    assert_string_equal(s.title, "two rooms");
    assert_int_equal(s.length_ms, 2 * 86400000);
    assert_int_equal(s.start.v, civil_to_ms(2019, 2, 1, 0, 0, 0));
    assert_int_equal(s.seed, 7);
    assert_int_equal(s.site[0].weather, WEATHER_CONSTANT);
    assert_true(s.site[0].outside_c == -3.0);
    assert_int_equal(s.board[0].curve.n, 2);
    assert_int_equal(s.board[0].curve.p[1].draw_mw, 59500);
    assert_int_equal(s.board[0].curve.idle_mw, 9500);
    assert_int_equal(s.board[0].curve.boot_ms, 30000);
    assert_int_equal(s.zones[0].setpoints, SETPOINTS_SCHEDULE);
    assert_int_equal(s.work[0].activity, ACTIVITY_DONATED);
    assert_int_equal(s.fault[0].kind, FAULT_WAN);
    assert_int_equal(s.fault[0].site, 0);
    assert_int_equal(scenario_board_count(&s), 6);
    scenario_deinit(&s);
}

#define ROOM "[site a]\nweather = 5\n[zones z]\nsite = a\n"

// What is wrong, and what the sentence must hold.
static void test_says_what_is_wrong_and_where(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "there is no [site NAME]"},
        {"[site a]\ncarbon_g_kwh = 5\n", "there is no [zones NAME]"},
        {"[site a]\ncarbon = 5\n", "x.ini:2: [site a] carbon: there is no such key"},
        {"[sight a]\ncarbon_g_kwh = 5\n", "x.ini:2: [sight a]: there is no such section"},
        {"\n\n[site]\ncap_w = 5\n", "x.ini:4: [site]: a section of this kind has a name"},
        {"[scenario]\ndays = 0\n", "x.ini:2: [scenario] days: 0: is not within"},
        {"[scenario]\ndays = seven\n", "x.ini:2: [scenario] days: seven: is not a number"},
        {"[scenario]\ndays = 7 days\n", "is not a number"},
        {"[scenario]\ndays = nan\n", "is not a number"},
        {"[scenario]\ndays = 1e400\n", "days"},
        {"[scenario]\nstart = 1 January\n", "is not a date"},
        {"[scenario]\nseed = -1\n", "is not a whole number"},
        {"[zones z]\ncount = 1.5\n", "is not a whole number"},
        {"[zones z]\ncount = 100000000\n", "is not within 1 to 1e+06"},
        {"[zones z]\nkind = attic\n", "is not one of room, tank, pool, network"},
        {"[zones z]\nsite = nowhere\n[site a]\nweather = 5\n", "there is no [site nowhere]"},
        {"[zones z]\ncount = 1\n[site a]\nweather = 5\n",
         "x.ini:2: [zones z] site: there is no [site ] (add a line"},
        {"[zones z]\nboard = quick\nsite = a\n[site a]\nweather = 5\n", "there is no [board quick]"},
        {"[zones z]\nsite = a\nsetpoints = schedule\nschedule = someday 25:00\n[site a]\nweather = 5\n",
         "[zones z] schedule"},
        {"[zones z]\nsite = a\nkind = pool\n[site a]\nweather = 5\n", "water of a pool is kept warmer than 20 degC (as: setpoint = 28)"},
        {"[zones z]\nsite = a\n[site a]\nweather = 99\n", "99 degC (-50 to 60)"},
        {"[board b]\ncurve = 3000:59 2000:50\n[site a]\nweather = 5\n[zones z]\nsite = a\n", "[board b]"},
        {"[board b]\ncurve = 3000\n", "is not MHZ:WATTS"},
        {"[site a]\nthis is no pair\n", "x.ini:2: is neither [section] nor key = value"},
        {"[site a]\ncap_w = 5\ncap_w = 6\n", "x.ini:3: [site a] cap_w: is there already, in line 2"},
        {"[site a]\ncap_w = 5\n  carbon_g_kwh = 6\n",
         "x.ini:3: [site a] cap_w: this line begins with a blank and so goes on with the value of cap_w"},
        {"[site a]\n  cap_w = 5\n  cap_w = 6\n", "x.ini:3: [site a] cap_w: this line begins with a blank"},
        {"[site a]\n  cap_w = 5\n[site b]\n\tcap_w = 6\ncap_w = 6\n",
         "x.ini:5: [site b] cap_w: is there already, in line 4"},
        {"[site a]\ncap_w = 5 W\n",
         "x.ini:2: [site a] cap_w: 5 W: is not a number (digits and a point, no unit)"},
        {"[site a]\ncap_w = 5\n[zones z]\nsite = a\ntank_l = 300\n",
         "x.ini:5: [zones z] tank_l: a room has no such key"},
        {"[site a]\ncap_w = 5\n[zones z]\nfloor_m2 = 20\nsite = a\nkind = pool\n",
         "x.ini:4: [zones z] floor_m2: a pool has no such key"},
        {"[site a]\ncap_w = 5\n[zones z]\nsite = a\nsetpoints = schedule\n",
         "x.ini:4: [zones z] setpoints: schedule, but there is no schedule"},
        {"[site a]\ncap_w = 5\n[zones z]\nsite = a\nschedule = daily 6 20\n",
         "x.ini:4: [zones z] schedule: schedule: entry 1: '6' is not a time of day"},
        {"[site a\nweather = 5\n", "x.ini:1"},
        {"cap_w = 5\n", "stands in no section"},
        {"[fault f]\nsite = b\n[site a]\nweather = 5\n[zones z]\nsite = a\n",
         "[fault f] site: there is no [site b]"},
        {"[site a]\ncap_w = 5\n[zones z]\nsite = a\n[board big]\nmemory_mb = 99999\n[board b]\ncores = "
         "2\n[zones "
         "z]\nboard = b\n[work w]\nclass = flex\nmemory_mb = 32769\n",
         "x.ini:13: [work w] memory_mb: 32769: no board of any zone has more than 32768"},
        {"[site a]\ncap_w = 5\n[zones z]\nsite = a\n[fault f]\nkind = agent\np90_s = 60\nper_day = 1\n",
         "x.ini:7: [fault f] p90_s: 60: is below median_s, 600"},
        {"[site a]\ncap_w = 5\n[zones z]\nsite = a\n[fault f]\nkind = agent\nmedian_s = 75601\nper_day = 1\n",
         "[fault f] p90_s: 75600: is below median_s, 75601"},
        {"[scenario]\nstep_s = 11\n[site a]\nweather = 5\n[zones z]\nsite = a\n",
         "x.ini:2: [scenario] step_s: 11: does not divide the length of the run, 604800 s"},
        {"[scenario]\nseed = 4\ndays = 0.01\n[site a]\nweather = 5\n[zones z]\nsite = a\n",
         "x.ini:2: [scenario] step_s: 60: does not divide the length of the run, 864 s"},
        {"[board b]\ncurve = 3000:59 2000:90\n[site a]\nweather = 5\n[zones z]\nsite = a\n",
         "x.ini:2: [board b]: curve: point 2 freq_mhz is 2000: must be over 3000"},
        {"[board b]\ncurve = 3000:59 4000:x\n", "x.ini:2: [board b] curve: point 2 is not 1..20000 MHz"},
        {"[board b]\ncurve = 3000:5 4000:90\n[site a]\nweather = 5\n[zones z]\nsite = a\n",
         "curve: point 1 draw_mw is 5000: must be over 12000"},
        {ROOM "air_kj_k = 1\nvent_w_k = 100000\n",
         "x.ini:5: [zones z] air_kj_k: 1: with 100524 W/K (vent_w_k, vent_open_w_k, heater_w_k and walls) it "
         "follows in 0.0099 s: at least 0.2 s"},
        {ROOM "vent_open_w_k = 100000\nair_kj_k = 1\n", "x.ini:6: [zones z] air_kj_k: 1: with 100524 W/K"},
        {"[board x]\ncurve = 500:100 1000:5000\n" ROOM
         "board = x\nboards = 240\n", // the engine would refuse its offer
         "x.ini:8: [zones z] boards: 240: with 5000 W each that is 1200 kW: a zone has at most 1000"},
        {ROOM "heater_kj_k = 0.1\nheater_w_k = 10000\n",
         "x.ini:5: [zones z] heater_kj_k: 0.1: with 10000 W/K (heater_w_k) it follows in 0.01 s"},
        {ROOM "mass_kj_k = 1\nmass_out_w_k = 1e5\n", "x.ini:5: [zones z] mass_kj_k: 1: with 100"},
        {ROOM "mass_out_w_k = 1e5\nspread = 0.5\nheater_w_k = 2000\nheater_kj_k = 0.3\n",
         "x.ini:8: [zones z] heater_kj_k"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct scenario s = {.seed = 99};
        struct err e;
        if (reads(&s, bad[i].text, &e) != -EINVAL)
            fail_msg("\"%s\" is read", bad[i].text);
        if (!strstr(e.text, bad[i].says))
            fail_msg("\"%s\" does not hold \"%s\"", e.text, bad[i].says);
        assert_int_equal(s.seed, 99); // untouched
    }
}

static void test_hostile_bytes_are_refused(void **state)
{
    (void)state;
    struct scenario s;
    struct err e = ERR_NULL;
    static char line[9000];
    memset(line, 'a', sizeof line);
    assert_int_equal(scenario_read(&s, "x.ini", line, sizeof line, &e), -EINVAL);
    assert_non_null(strstr(e.text, "x.ini:1: a line of 9000 bytes"));
    e = ERR_NULL;
    assert_int_equal(scenario_read(&s, "x.ini", "[site a]\n\0b", 11, &e), -EINVAL);
    assert_non_null(strstr(e.text, "byte 0"));
}

static void test_a_file_is_laid_over_another(void **state)
{
    (void)state;
    struct scenario s;
    struct err e;
    assert_int_equal(reads(&s, good, &e), 0);
    static const char over[] =
        "[site home]\nweather = 5\n[zones room]\ncount = 4\n[zones more]\nsite = home\n";
    assert_int_equal(scenario_lay_over(&s, "y.ini", over, strlen(over), &e), 0);
    assert_int_equal(scenario_check(&s, &e), 0);
    assert_int_equal(s.n_sites, 1);
    assert_true(s.site[0].outside_c == 5.0);
    assert_int_equal(s.n_zones, 2);
    assert_int_equal(s.zones[0].count, 4);
    assert_int_equal(s.zones[0].boards, 3); // what the second file does not say stays
    scenario_deinit(&s);
}

static void test_what_is_hardly_meant_is_noted_with_its_line(void **state)
{
    (void)state;
    struct scenario s;
    struct err e;
    struct buf notes = BUF_INIT(2000);
    static const char text[] = "[site a]\nholidays_zone = c\n[zones z]\nsite = a\n[work v]\nrun_s = 7\n"
                               "[work w]\ninstances = 8\ndata_sets = 2\n[site b]\ncarbon_g_kwh = 0.4\n";
    static const char over[] = "[work w]\nkind = batsim\n[work v]\nclass = flex\nfile = f\n";
    assert_int_equal(reads(&s, text, &e), 0);
    assert_int_equal(scenario_lay_over(&s, "y.ini", over, strlen(over), &e), 0);
    scenario_notes(&s, &notes);
    assert_string_equal(buf_str(&notes),
                        "x.ini:2: [site a] holidays_zone: has no effect without holidays_file\n"
                        "x.ini:8: [work w] instances: has no effect with kind = batsim\n"
                        "x.ini:9: [work w] data_sets: has no effect with kind = batsim\n"
                        "x.ini:11: [site b] carbon_g_kwh: is below 2: are these kilograms? (grams a "
                        "kilowatt-hour are wanted)\n"
                        "y.ini:5: [work v] file: has no effect with kind = backlog\n");
    buf_deinit(&notes);
    err_set(&e, -EINVAL, "why");
    scenario_blame_key(&s, "work", 1, "instances", &e);
    assert_string_equal(e.text, "x.ini:8: [work w] instances: why");
    err_set(&e, -EINVAL, "why");
    scenario_blame_key(&s, "work", 1, "share", &e); // not said: where the section is
    assert_string_equal(e.text, "y.ini:2: [work w] share: why");
    err_set(&e, -EINVAL, "why");
    scenario_blame_key(&s, "scenario", 0, "days", &e);
    assert_string_equal(e.text, "y.ini: [scenario] days: why");
    scenario_deinit(&s);
}

static struct scenario_zones room_of(const char *keys)
{
    char text[400];
    struct scenario s;
    struct err e;
    snprintf(text, sizeof text, "[site home]\nweather = 5\n[zones room]\nsite = home\n%s", keys);
    assert_int_equal(reads(&s, text, &e), 0);
    struct scenario_zones z = s.zones[0];
    scenario_deinit(&s);
    return z;
}

static void test_keys_of_a_room_come_in_any_order(void **state)
{
    (void)state;
    struct scenario_zones first =
        room_of("archetype = passive\nfloor_m2 = 31\nglass_m2 = 9\nheater_w_k = 30\ninternal_w_m2 = 1\n");
    static const char *const other[] = {
        "glass_m2 = 9\nheater_w_k = 30\ninternal_w_m2 = 1\nfloor_m2 = 31\narchetype = passive\n",
        "floor_m2 = 31\ninternal_w_m2 = 1\narchetype = passive\nglass_m2 = 9\nheater_w_k = 30\n"};
    assert_true(first.room.glass_m2 == 9 && first.room.floor_m2 == 31 && first.internal_w_m2 == 1);
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        struct scenario_zones z = room_of(other[i]);
        assert_memory_equal(&z.room, &first.room, sizeof z.room);
        assert_true(z.internal_w_m2 == first.internal_w_m2);
    }
}

// A heater of more boards, or of hotter ones, has more surface and more metal, unless it is said what it has.
static void test_heaters_are_as_large_as_their_watts_need(void **state)
{
    (void)state;
    struct scenario_zones
        three = room_of(""),
        six = room_of("boards = 6\n"),
        small = room_of("board = x\nboards = 1\n[board x]\ncurve = 1000:3\nidle_w = 0.5\nsleep_w = 0\n"),
        said = room_of("heater_kj_k = 40\nboards = 6\nheater_w_k = 9\n");
    double watts = 3 * 153;
    assert_true(fabs(three.room.heater_w_k - watts / (65 - 24)) < 1e-9);
    assert_true(fabs(three.room.heater_j_k - 25000) < 20);
    assert_true(six.room.heater_w_k == 2 * three.room.heater_w_k);
    assert_true(six.room.heater_j_k == 2 * three.room.heater_j_k);
    assert_true(small.room.heater_w_k > 1 && small.room.heater_j_k > 2000); // of 3 W, and still a heater
    assert_true(said.room.heater_w_k == 9 && said.room.heater_j_k == 40000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_all_sections),
        cmocka_unit_test(test_says_what_is_wrong_and_where),
        cmocka_unit_test(test_hostile_bytes_are_refused),
        cmocka_unit_test(test_a_file_is_laid_over_another),
        cmocka_unit_test(test_what_is_hardly_meant_is_noted_with_its_line),
        cmocka_unit_test(test_keys_of_a_room_come_in_any_order),
        cmocka_unit_test(test_heaters_are_as_large_as_their_watts_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
