// SPDX-License-Identifier: Apache-2.0
// The body of a real board, on a made-up sysfs: sensors that are there and not, a counter that wraps,
// frequencies that are written, a lid whose wire is cut.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/input.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device/knob.h"
#include "device/linux.h"

static char root[64];

static void put(const char *path, const char *text)
{
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(full, 0755);
        *slash = '/';
    }
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static const char *get(const char *path)
{
    static char text[64];
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    FILE *f = fopen(full, "r");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    return text;
}

static int setup(void **state)
{
    (void)state;
    strcpy(root, "/tmp/ondol_sys_XXXXXX");
    if (!mkdtemp(root))
        return -1;
    put("/room", "20125\n");
    put("/lid", "0\n");
    put("/cpu", "61000\n");
    put("/rapl/energy_uj", "262000000000\n");
    put("/rapl/max_energy_range_uj", "262143328850\n");
    put("/cpufreq/policy0/scaling_max_freq", "1\n");
    put("/cpufreq/policy4/scaling_max_freq", "1\n");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command);
}

static const struct linux_zone zone = {
    .room = "/room", .heatsink = "/none", .cpu = "/cpu", .lid = "/lid", .lid_open_value = 1};

static int body(struct device *d, struct err *e)
{
    const struct linux_board board = {.powercap = "/rapl", .cpufreq = "/cpufreq", .curve = curve_default()};
    const struct linux_config c = {root, &zone, 1, &board, 1};
    return linux_init(d, &c, HOUSE_MS(0), e);
}

static void sensors_that_cannot_be_read_are_none(void **state)
{
    (void)state;
    struct device d;
    struct err e = ERR_NULL;
    struct zone_sense s;
    assert_int_equal(body(&d, &e), 0);
    d.sense(d.ctx, 0, &s);
    assert_int_equal(s.room_mc, 20125);
    assert_int_equal(s.cpu_mc, 61000);
    assert_int_equal(s.heatsink_mc, INT32_MIN);
    assert_false(s.lid_open);
    put("/room", "no number\n");
    put("/lid", "1\n");
    d.sense(d.ctx, 0, &s);
    assert_int_equal(s.room_mc, INT32_MIN);
    assert_true(s.lid_open);
    put("/lid", "");
    d.sense(d.ctx, 0, &s);
    assert_true(s.lid_open); // a contact that says nothing may have been cut
    d.free(d.ctx);
}

static void the_counter_is_passed_on_and_its_wrap_understood(void **state)
{
    (void)state;
    struct device d;
    struct err e = ERR_NULL;
    struct zone_sense s;
    struct board_meter m;
    assert_int_equal(body(&d, &e), 0);
    put("/rapl/energy_uj", "856671150\n"); // 143,328,850 to the end and 856,671,150 from it: 1,000 J
    d.tick(d.ctx, HOUSE_MS(10000));
    d.sense(d.ctx, 0, &s);
    assert_int_equal(s.draw_mw, 100000);
    d.meter(d.ctx, 0, &m);
    assert_int_equal(m.raw_mj, 856671);
    assert_int_equal(m.wrap_mj, 262143328);
    d.free(d.ctx);
}

static void every_policy_gets_the_frequency(void **state)
{
    (void)state;
    struct device d;
    struct err e = ERR_NULL;
    assert_int_equal(body(&d, &e), 0);
    struct operating_point p = curve_at(curve_default(), 3200, 1000);
    assert_int_equal(d.apply(d.ctx, 0, &(struct board_order){ACTIVITY_FLEX, p, 0}, &e), 0);
    assert_string_equal(get("/cpufreq/policy0/scaling_max_freq"), "3200000\n");
    assert_string_equal(get("/cpufreq/policy4/scaling_max_freq"), "3200000\n");
    d.free(d.ctx);
}

// Without a counter: the curve at the frequency that was set, by how busy the processors were.
static void without_a_meter_energy_follows_the_processors(void **state)
{
    (void)state;
    const struct linux_board board = {.cpufreq = "/cpufreq", .curve = curve_default()};
    const struct linux_config c = {root, &zone, 1, &board, 1};
    struct device d;
    struct err e = ERR_NULL;
    struct board_meter before, after;
    put("/proc/stat", "cpu 1000 0 0 9000 0 0 0 0 0 0\ncpu0 1000 0 0 9000 0 0 0 0 0 0\n");
    assert_int_equal(linux_init(&d, &c, HOUSE_MS(0), &e), 0);
    struct operating_point p = curve_at(curve_default(), 3200, 1000);
    d.apply(d.ctx, 0, &(struct board_order){ACTIVITY_FLEX, p, 0}, &e);
    d.meter(d.ctx, 0, &before);
    put("/proc/stat", "cpu 1000 0 0 9900 100 0 0 0 0 0\n"); // the task slept
    d.tick(d.ctx, HOUSE_MS(10000));
    d.meter(d.ctx, 0, &after);
    assert_int_equal(after.raw_mj - before.raw_mj, curve_default()->idle_mw * 10);
    assert_int_equal(after.wrap_mj, 0);
    before = after;
    put("/proc/stat", "cpu 1400 50 50 10400 100 0 0 0 0 0\n"); // half of it
    d.tick(d.ctx, HOUSE_MS(20000));
    d.meter(d.ctx, 0, &after);
    assert_in_range(after.raw_mj - before.raw_mj, (curve_default()->idle_mw + p.draw_mw) * 5 - 10,
                    (curve_default()->idle_mw + p.draw_mw) * 5 + 10);
    before = after;
    put("/proc/stat", "gone\n"); // then what was set is all that is known
    d.tick(d.ctx, HOUSE_MS(30000));
    d.meter(d.ctx, 0, &after);
    assert_int_equal(after.raw_mj - before.raw_mj, p.draw_mw * 10);
    d.free(d.ctx);
}

static void a_folder_that_is_not_there_is_refused_by_name(void **state)
{
    (void)state;
    const struct linux_board board = {.powercap = "/nowhere", .curve = curve_default()};
    const struct linux_config c = {root, &zone, 1, &board, 1};
    struct device d;
    struct err e = ERR_NULL;
    assert_int_equal(linux_init(&d, &c, HOUSE_MS(0), &e), -ENODEV);
    assert_non_null(strstr(e.text, "/nowhere: energy_uj and max_energy_range_uj cannot be read"));
}

// ---- what the occupant does

static struct zone_wish turn(struct knob *k, struct zone_wish w, bool want)
{
    assert_int_equal(knob_turned(k, &w), want);
    return w;
}

static const struct zone_wish at_20 = {ZONE_COMFORT, 20000};

static void a_knob_counts_when_it_is_turned_and_not_where_it_stands_at_start(void **state)
{
    (void)state;
    char path[100];
    snprintf(path, sizeof path, "%s/adc", root);
    struct knob *k = knob_new(&(struct knob_config){
        .position = path, .raw_low = 4000, .raw_high = 0, .low_mc = 10000, .high_mc = 26000});
    turn(k, at_20, false); // the file is not there
    put("/adc", "1000\n");
    turn(k, at_20, false); // 22 degC: where it was left
    put("/adc", "1060\n");
    turn(k, at_20, false); // it trembles by a quarter of a degree
    put("/adc", "2000\n");
    struct zone_wish w = turn(k, (struct zone_wish){ZONE_ECO, 20000}, true);
    assert_true(w.setpoint_mc == 18000 && w.mode == ZONE_COMFORT);
    turn(k, at_20, false); // once
    put("/adc", "no number\n");
    turn(k, at_20, false);
    put("/adc", "-50\n"); // beyond its end
    assert_int_equal(turn(k, at_20, true).setpoint_mc, 26000);
    put("/adc", "9000\n");
    assert_int_equal(turn(k, at_20, true).setpoint_mc, 10000);
    knob_free(k);
}

static void press(const char *path, int type, int code, int value)
{
    char full[512];
    struct input_event e = {.type = (unsigned short)type, .code = (unsigned short)code, .value = value};
    snprintf(full, sizeof full, "%s%s", root, path);
    FILE *f = fopen(full, "a");
    assert_non_null(f);
    fwrite(&e, sizeof e, 1, f);
    fclose(f);
}

static void keys_and_dials_are_half_a_degree_and_power_is_off_and_on(void **state)
{
    (void)state;
    char path[100];
    snprintf(path, sizeof path, "%s/keys", root);
    struct knob *k =
        knob_new(&(struct knob_config){.keys = path, .raw_high = 1, .low_mc = 7000, .high_mc = 26000});
    turn(k, at_20, false); // not plugged in yet
    press("/keys", EV_SYN, 0, 0);
    press("/keys", EV_KEY, KEY_A, 1);
    turn(k, at_20, false);
    press("/keys", EV_KEY, KEY_UP, 1);
    press("/keys", EV_KEY, KEY_UP, 2); // held down
    press("/keys", EV_KEY, KEY_UP, 0);
    assert_int_equal(turn(k, at_20, true).setpoint_mc, 21000);
    press("/keys", EV_KEY, KEY_VOLUMEDOWN, 1);
    assert_int_equal(turn(k, (struct zone_wish){ZONE_COMFORT, 20200}, true).setpoint_mc, 19500);
    press("/keys", EV_REL, REL_DIAL, -3);
    assert_int_equal(turn(k, at_20, true).setpoint_mc, 18500);
    press("/keys", EV_REL, REL_DIAL, INT32_MAX);
    assert_int_equal(turn(k, at_20, true).setpoint_mc, 26000);
    press("/keys", EV_REL, REL_DIAL, INT32_MIN);
    assert_int_equal(turn(k, at_20, true).setpoint_mc, 7000);
    press("/keys", EV_KEY, KEY_POWER, 1);
    press("/keys", EV_KEY, KEY_POWER, 0);
    struct zone_wish off = turn(k, at_20, true);
    assert_true(off.mode == ZONE_OFF && off.setpoint_mc == 20000);
    press("/keys", EV_KEY, KEY_POWER, 1);
    assert_int_equal(turn(k, off, true).mode, ZONE_COMFORT);
    for (int i = 0; i < 40; i++) // more than one read takes
        press("/keys", EV_REL, REL_DIAL, i % 2 ? 1 : -1);
    assert_int_equal(turn(k, at_20, true).setpoint_mc, 20000);
    turn(k, at_20, false);
    knob_free(k);
}

static void a_body_without_a_knob_never_turns_it(void **state)
{
    (void)state;
    struct device d;
    struct err e = ERR_NULL;
    struct zone_wish w = at_20;
    assert_int_equal(body(&d, &e), 0);
    assert_false(d.knob(d.ctx, 0, &w));
    d.free(d.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sensors_that_cannot_be_read_are_none, setup, teardown),
        cmocka_unit_test_setup_teardown(the_counter_is_passed_on_and_its_wrap_understood, setup, teardown),
        cmocka_unit_test_setup_teardown(every_policy_gets_the_frequency, setup, teardown),
        cmocka_unit_test_setup_teardown(without_a_meter_energy_follows_the_processors, setup, teardown),
        cmocka_unit_test_setup_teardown(a_folder_that_is_not_there_is_refused_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(a_knob_counts_when_it_is_turned_and_not_where_it_stands_at_start,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(keys_and_dials_are_half_a_degree_and_power_is_off_and_on, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_body_without_a_knob_never_turns_it, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
