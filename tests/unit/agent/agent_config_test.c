// SPDX-License-Identifier: Apache-2.0
// The configuration of a node: the example that is shipped, and what is wrong is named with its line.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/config.h"

static int read_text(struct config *c, const char *text, struct err *e)
{
    char path[] = "/tmp/ondol_cfg_XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    config_init(c);
    int r = config_read(c, path, e);
    if (r == 0)
        r = config_finish(c, e);
    unlink(path);
    return r;
}

static void the_example_is_a_whole_heater(void **state)
{
    (void)state;
    struct config c;
    struct err e = ERR_NULL;
    config_init(&c);
    if (config_read(&c, EXAMPLE_INI, &e) < 0 || config_finish(&c, &e) < 0)
        fail_msg("%s", e.text);
    assert_string_equal(c.node, "office-12");
    assert_int_equal(c.cap_w, 450);
    assert_false(c.filler);
    assert_false(c.is_virtual);
    assert_int_equal(c.offer.n_zones, 1);
    assert_int_equal(c.offer.n_boards, 1);
    assert_int_equal(c.offer.zone[0].setpoint_mc, 20500);
    assert_int_equal(c.offer.zone[0].nameplate_w, 153);
    assert_string_equal(c.offer.zone[0].site, "montrouge");
    assert_string_equal(c.offer.board[0].heater, "rad-12");
    assert_string_equal(c.offer.board[0].zone, "room-12");
    assert_int_equal(c.offer.board[0].curve.n, 6);
    assert_int_equal(c.offer.board[0].curve.p[5].draw_mw, 153000);
    assert_string_equal(c.real[0].knob.position, "/sys/bus/iio/devices/iio:device0/in_voltage0_raw");
    assert_string_equal(c.real[0].knob.keys, "/dev/input/by-path/platform-gpio-keys-event");
    assert_true(c.real[0].knob.raw_high == 4095 && c.real[0].knob.low_mc == 7000 &&
                c.real[0].knob.high_mc == 26000);
    assert_string_equal(c.real[0].lid, "/sys/class/gpio/gpio17/value");
    assert_string_equal(c.metal[0].powercap, "/sys/class/powercap/intel-rapl:0");
    assert_int_equal(c.metal[0].base_mhz, 3000);
    config_deinit(&c);
}

#define GOOD "[node]\nname = n\n[zone z]\nsetpoint = 20\n[heater h]\nzone = z\n[board b]\nheater = h\n"

static void what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    static const char *const row[][2] = {
        {"[node]\nname = -n\n", ":2: name = -n: is not a name"},
        {"[nodes]\nname = n\n", ":2: [nodes]: there is no such section"},
        {"[node]\nname = n\nhats = 3\n", ":3: hats: is not a key of [node]"},
        {"[zone z]\nsetpoint = 31\n", ":2: setpoint = 31: is not a number from 7 to 26"},
        {"[zone z]\nmode = hot\n", ":2: mode = hot: is not off, frost, eco, comfort or boost"},
        {"[heater h]\nzone = z\n", ":2: zone = z: is not a zone that stands above"},
        {"[zone y]\nsetpoint = 20\n[heater h]\nzone = z\n[board b]\nheater = h\n", // a find of the fuzzer config
         ":4: zone = z: is not a zone that stands above"},
        {GOOD "cores = 0\n", ":9: cores = 0: is not a whole number from 1 to 1024"},
        {GOOD "curve = 3000-59\n", ":9: curve = 3000-59: is not a list"},
        {GOOD "curve = 3000:59000 2000:70000\n", "board b"},
        {"nonsense\n", ":1: is neither"},
        {"[node]\nname = n\n[zone z]\nsetpoint = 20\n", "zone z: has no board"},
        {"[zone z]\nsetpoint = 20\n", "node: it has no name"},
        {"[node]\nname = n\n", "node n: it has no zone"},
        {"[zone z]\nknob_low = 5\n", ":2: knob_low = 5: is not a number from 7 to 26"},
        {"[zone z]\nknob_raw_low = x\n", ":2: knob_raw_low = x: is not a whole number"},
        {"[node]\nname = n\n[zone z]\nknob_low = 20\nknob_high = 18\n", "zone z: its knob turns nowhere"},
        {"[node]\nname = n\n[zone z]\nknob_raw_low = 4095\n", "zone z: its knob turns nowhere"},
        {"[virtual]\narchetype = igloo\n", ":2: archetype = igloo: is not one of"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct config c;
        struct err e = ERR_NULL;
        assert_int_equal(read_text(&c, row[i][0], &e), -EINVAL);
        if (!strstr(e.text, row[i][1]))
            fail_msg("row %zu: \"%s\" does not say \"%s\"", i, e.text, row[i][1]);
        config_deinit(&c);
    }
    struct config c;
    struct err e = ERR_NULL;
    assert_int_equal(read_text(&c, GOOD, &e), 0);
    config_deinit(&c);
}

static void a_quick_building_has_names_that_are_its_own(void **state)
{
    (void)state;
    struct config c;
    struct err e = ERR_NULL;
    config_init(&c);
    strcpy(c.node, "n7");
    assert_int_equal(config_quick(&c, &(struct quick){.heaters = 15, .boards = 3, .setpoint_c = 19.5}, &e),
                     0);
    assert_int_equal(config_finish(&c, &e), 0);
    assert_true(c.is_virtual);
    assert_int_equal(c.offer.n_zones, 15);
    assert_int_equal(c.offer.n_boards, 45);
    assert_string_equal(c.offer.zone[14].name, "n7-z15");
    assert_string_equal(c.offer.board[44].name, "n7-h15-b3");
    assert_string_equal(c.offer.board[44].zone, "n7-z15");
    assert_int_equal(c.metal[44].zone, 14);
    assert_int_equal(c.metal[44].base_mhz, CURVE_DEFAULT_BASE_MHZ);
    assert_int_equal(c.offer.zone[3].setpoint_mc, 19500);
    assert_int_equal(c.offer.zone[3].nameplate_w, 459);
    config_deinit(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_is_a_whole_heater),
        cmocka_unit_test(what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(a_quick_building_has_names_that_are_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
