// SPDX-License-Identifier: Apache-2.0
//
// A published platform as a scenario: where each heater and board comes to stand, and what its events do
// there.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "sim/read/fleet.h"

#define BOX(id, site, heaters)                                                                               \
    "{\"id\": \"" id "\", \"site\": \"" site                                                                 \
    "\", \"lan_bw\": \"1Gbps\", \"lan_lat\": \"1ms\", \"wan_bw\": \"100Mbps\", "                             \
    "\"wan_lat\": \"10ms\", \"disk_size\": \"6e12\", \"qrads\": [" heaters "]}"
#define HEATER(id, boards) "{\"id\": \"" id "\", \"qmobos\": [" boards "]}"

// By name the boards are a (h3), b (h1), c (h2), d (h1), e (h3), f (h5).
static const char platform[] = "{\"qboxes\": [" BOX(
    "B1", "north",
    HEATER("h1", "\"b\", \"d\"") "," HEATER("h2", "\"c\"") "," HEATER(
        "h3", "\"e\", \"a\"")) "," BOX("B2", "south", HEATER("h4", "") "," HEATER("h5", "\"f\"")) "]}";

static struct batsim_platform read_platform(void)
{
    struct batsim_platform p;
    struct err e = ERR_NULL;
    if (batsim_platform_json(&p, platform, sizeof platform - 1, &e))
        fail_msg("%s", e.text);
    return p;
}

static int build(const char *events, struct scenario *s, struct sim_script *script, struct err *e)
{
    struct batsim_platform p = read_platform();
    struct batsim_events ev;
    if (batsim_events_read(&ev, events, strlen(events), e))
        fail_msg("%s", e->text);
    scenario_init(s);
    int bad = batsim_fleet(s, script, &p, &ev, e);
    batsim_platform_deinit(&p);
    batsim_events_deinit(&ev);
    return bad;
}

static const char events[] =
    "{\"timestamp\": 0, \"realtime\": \"2019-05-03T00:00:00+00:00\", \"type\": "
    "\"qrad_set_target_temperature\", \"qrad\": \"h3\", "
    "\"new_temperature\": 24}\n"
    "{\"timestamp\": 0, \"type\": \"site_set_outside_temperature\", \"site\": \"north\", "
    "\"new_temperature\": 3.5}\n"
    "{\"timestamp\": 60, \"type\": \"machine_unavailable\", \"resources\": \"0-2 5\"}\n"
    "{\"timestamp\": 90, \"type\": \"qrad_set_target_temperature\", \"qrad\": \"h4\", \"new_temperature\": "
    "24}\n"
    "{\"timestamp\": 120, \"type\": \"machine_available\", \"resources\": \"4\"}\n"
    "{\"timestamp\": 7230, \"type\": \"stop_simulation\"}\n"
    "{\"timestamp\": 7260, \"type\": \"machine_unavailable\", \"resources\": \"0\"}\n";

static void test_heaters_with_as_many_boards_are_one_group(void **state)
{
    (void)state;
    struct scenario s;
    struct sim_script script;
    struct err e = ERR_NULL;
    if (build(events, &s, &script, &e))
        fail_msg("%s", e.text);
    assert_int_equal(s.n_sites, 2);
    assert_int_equal(s.n_zones, 3); // h1 and h3, h2, h5; h4 has no boards
    assert_int_equal(s.zones[0].count, 2);
    assert_int_equal(s.zones[0].boards, 2);
    assert_int_equal(s.zones[1].count, 1);
    assert_string_equal(s.zones[2].site_name, "box-2");
    assert_true(s.site[0].wan_mbit_s == 100 && s.site[0].cache_bytes == 6e12);
    assert_int_equal(s.start.v, INT64_C(1556841600000));
    assert_int_equal(s.length_ms, 7200000); // whole steps
    assert_int_equal(scenario_board_count(&s), 6);
    double metal_w_k = s.zones[0].room.heater_w_k, metal_j_k = s.zones[0].room.heater_j_k;
    if (scenario_check(&s, &e))
        fail_msg("%s", e.text);
    assert_true(s.zones[0].room.heater_w_k == metal_w_k &&
                s.zones[0].room.heater_j_k == metal_j_k); // as it says
    sim_script_free(&script);
    scenario_deinit(&s);
}

// A box of 2049 heaters of so many kinds.
static void one_box(struct buf *b, int kinds)
{
    buf_puts(
        b, "{\"qboxes\": [{\"id\": \"b\", \"site\": \"north\", \"lan_bw\": \"1Gbps\", \"lan_lat\": \"1ms\", "
           "\"wan_bw\": \"1Gbps\", \"wan_lat\": \"1ms\", \"disk_size\": 1, \"qrads\": [");
    for (int i = 0; i <= 2048; i++)
        buf_putf(b, "%s{\"id\": \"h%d\", \"air_conduct_coeff\": %d, \"qmobos\": [\"m%d\"]}", i ? "," : "", i,
                 i % kinds + 1, i);
    buf_puts(b, "]}]}");
}

static void test_heaters_of_too_many_kinds_are_refused(void **state)
{
    (void)state;
    static const char stop[] = "{\"timestamp\": 60, \"type\": \"stop_simulation\"}\n";
    for (int kinds = 2048; kinds <= 2049; kinds++) {
        struct buf b = BUF_INIT(1 << 20);
        struct batsim_platform p;
        struct batsim_events ev;
        struct scenario s;
        struct sim_script script;
        struct err e = ERR_NULL;
        one_box(&b, kinds);
        assert_int_equal(batsim_platform_json(&p, b.v, b.n, &e), 0);
        assert_int_equal(batsim_events_read(&ev, stop, sizeof stop - 1, &e), 0);
        scenario_init(&s);
        assert_int_equal(batsim_fleet(&s, &script, &p, &ev, &e), kinds > 2048 ? -EINVAL : 0);
        assert_int_equal(kinds > 2048, strstr(e.text, "more than 2048 kinds of heaters in a box") != NULL);
        batsim_platform_deinit(&p);
        batsim_events_deinit(&ev);
        sim_script_free(&script);
        scenario_deinit(&s);
        buf_deinit(&b);
    }
}

static void test_events_find_their_heaters_and_boards(void **state)
{
    (void)state;
    // Zones: h1, h3, h2, h5. Boards: h1 b d, h3 a e (by name), h2 c, h5 f; numbers are a0 b1 c2 d3 e4 f5.
    static const struct sim_happening want[] = {
        {0, SIM_SETPOINT, 1, 24000},    {0, SIM_OUTSIDE, 0, 3500},
        {0, SIM_OUTSIDE, 1, 3500}, // of the south nothing is told
        {60000, SIM_BOARD_OUT, 2, 0},   {60000, SIM_BOARD_OUT, 0, 0},
        {60000, SIM_BOARD_OUT, 4, 0},   {60000, SIM_BOARD_OUT, 5, 0},
        {120000, SIM_BOARD_BACK, 3, 0},
    };
    struct scenario s;
    struct sim_script script;
    struct sim_happening h;
    struct err e = ERR_NULL;
    if (build(events, &s, &script, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        assert_int_equal(script.next(script.ctx, &h, &e), 1);
        if (h.at_ms != want[i].at_ms || h.kind != want[i].kind || h.index != want[i].index ||
            h.value != want[i].value)
            fail_msg("event %zu: at %ld kind %d index %u value %ld", i, (long)h.at_ms, (int)h.kind, h.index,
                     (long)h.value);
    }
    assert_int_equal(script.next(script.ctx, &h, &e), 0);
    sim_script_free(&script);
    scenario_deinit(&s);
}

static void test_events_of_another_platform_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *event, *says;
    } v[] = {
        {"{\"timestamp\": 0, \"type\": \"qrad_set_target_temperature\", \"qrad\": \"h9\", "
         "\"new_temperature\": 24}",
         "events, line 1: the platform has no heater h9"},
        {"\n{\"timestamp\": 0, \"type\": \"site_set_outside_temperature\", \"site\": \"east\", "
         "\"new_temperature\": 24}",
         "events, line 2: the platform has no site east"},
        {"{\"timestamp\": 0, \"type\": \"machine_available\", \"resources\": \"1 6\"}",
         "events, line 1: board 6: the platform has 6, from 0"},
    };
    for (size_t i = 0; i < 3; i++) {
        struct scenario s;
        struct sim_script script;
        struct err e = ERR_NULL;
        assert_int_equal(build(v[i].event, &s, &script, &e), -EINVAL);
        assert_string_equal(e.text, v[i].says);
        assert_null(script.next);
        scenario_deinit(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heaters_with_as_many_boards_are_one_group),
        cmocka_unit_test(test_heaters_of_too_many_kinds_are_refused),
        cmocka_unit_test(test_events_find_their_heaters_and_boards),
        cmocka_unit_test(test_events_of_another_platform_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
