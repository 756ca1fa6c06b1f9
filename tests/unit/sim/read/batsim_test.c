// SPDX-License-Identifier: Apache-2.0
//
// A fleet of two boxes, three heaters and four boards, as both kinds of platform; its events, data sets and
// workload; and files that are wrong in one place each, refused with the line and what to look at.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "sim/read/batsim.h"

static const char platform[] =
    "{\"qboxes\": [\n"
    " {\"id\": \"box-a\", \"site\": \"north\", \"lan_bw\": \"1Gbps\", \"lan_lat\": \"1ms\",\n"
    "  \"wan_bw\": \"100Mbps\", \"wan_lat\": \"10ms\", \"disk_size\": \"6e12\",\n"
    "  \"qrads\": [\n"
    "   {\"id\": \"heater-2\", \"qmobos\": [\"m-22\", \"m-21\"], \"cpu_type\": null},\n"
    "   {\"id\": \"heater-1\", \"qmobos\": [\"m-11\"], \"cpu_type\": \"x\"}]},\n"
    " {\"id\": \"box-b\", \"site\": \"south\", \"lan_bw\": \"40Gbps\", \"lan_lat\": \"1ms\",\n"
    "  \"wan_bw\": \"1000Mbps\", \"wan_lat\": \"10ms\", \"disk_size\": 3.5e12,\n"
    "  \"qrads\": [{\"id\": \"heater-3\", \"qmobos\": [\"m-31\"],\n"
    "   \"host_conduct_coeff\": 2, \"air_conduct_coeff\": 12}]}],\n"
    " \"mobos_numeric_ids\": {\"m-11\": 0, \"m-21\": 1, \"m-22\": 2, \"m-31\": 3}}\n";

#define HOST(id, box, heater, more)                                                                          \
    "<host id=\"" id "\" speed=\"4000f,2000f,0.001f\" core=\"1\">\n"                                         \
    "<prop id=\"watt_per_state\" value=\"10:160:160,10:80:80,1:1:1\"/>"                                      \
    "<prop id=\"site\" value=\"somewhere\"/><prop id=\"qbox\" value=\"" box "\"/>"                           \
    "<prop id=\"qrad\" value=\"" heater "\"/>" more "</host>\n"
#define DISK(box, size)                                                                                      \
    "<host id=\"" box "_disk\" speed=\"0f\"><prop id=\"role\" value=\"storage\"/>"                           \
    "<prop id=\"size\" value=\"" size "\"/></host>\n"
#define LINK(name, rate, latency) "<link id=\"" name "\" bandwidth=\"" rate "\" latency=\"" latency "\"/>\n"
#define HEAD                                                                                                 \
    "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"http://example.org/simgrid.dtd\">\n"                 \
    "<platform version=\"4.1\"><zone id=\"all\" routing=\"Full\">\n"                                         \
    "<host id=\"master_host\" speed=\"42f\"><prop id=\"watt_per_state\" value=\"0:0:0\"/></host>\n"
#define TAIL "</zone></platform>\n"

static const char xml[] =
    HEAD HOST("m-22", "box-a", "heater-2",
              "<prop id=\"temperature_coeffs\" value=\"1.6,10, 0.9, 1.005, 25000, 36000\"/>")
        HOST("m-21", "box-a", "heater-2", "") HOST("m-11", "box-a", "heater-1", "") DISK("box-a", "6e12")
            HOST("m-31", "box-b", "heater-3", "") DISK("box-b", "3.5e12")
                LINK("box-a_lan_link", "1Gbps", "1ms") LINK("box-a_wan_link", "100Mbps", "10ms")
                    LINK("box-b_lan_link", "40Gbps", "1ms") LINK("box-b_wan_link", "1000Mbps", "10ms") TAIL;

static void check_platform(const struct batsim_platform *p)
{
    assert_int_equal(p->n_boxes, 2);
    assert_int_equal(p->n_heaters, 3);
    assert_int_equal(p->n_boards, 4);
    assert_string_equal(p->board[0].id, "m-11");
    assert_string_equal(p->heater[p->board[0].heater].id, "heater-1");
    assert_string_equal(p->board[2].id, "m-22");
    assert_string_equal(p->heater[p->board[2].heater].id, "heater-2");
    assert_string_equal(p->box[p->heater[p->board[3].heater].box].id, "box-b");
    assert_true(p->box[0].lan_bit_s == 1e9 && p->box[0].wan_bit_s == 1e8 && p->box[0].disk_bytes == 6e12);
    assert_true(p->box[1].wan_bit_s == 1e9 && p->box[1].wan_latency_s == 10 * 1e-3);
}

static void test_both_platforms_say_the_same(void **state)
{
    (void)state;
    struct batsim_platform p;
    struct err e = ERR_NULL;
    assert_int_equal(batsim_platform_json(&p, platform, strlen(platform), &e), 0);
    check_platform(&p);
    assert_string_equal(p.heater[1].cpu, "x");
    assert_true(p.heater[2].outside_w_k == 12);
    batsim_platform_deinit(&p);
    assert_int_equal(batsim_platform_xml(&p, xml, strlen(xml), &e), 0);
    check_platform(&p);
    assert_int_equal(p.n_powers, 1);
    assert_int_equal(p.power[0].n, 3);
    assert_true(p.power[0].state[1].speed == 2000 && p.power[0].state[1].full_w == 80);
    assert_true(p.heater[0].metal_j_k == 0.9 * 25000 && p.heater[0].air_j_k == 1.005 * 36000);
    batsim_platform_deinit(&p);
}

static const char events[] =
    "{\"timestamp\": 0, \"realtime\": \"2019-05-03T00:00:00+00:00\", \"type\": "
    "\"qrad_set_target_temperature\", "
    "\"qrad\": \"heater-1\", \"new_temperature\": 21.5}\n"
    "{\"timestamp\": 7200, \"type\": \"machine_available\", \"resources\": \"1\"}\n\n"
    "{\"timestamp\": 3600, \"type\": \"machine_unavailable\", \"resources\": \"0 2-3\"}\n"
    "{\"timestamp\": 3600, \"type\": \"site_set_outside_temperature\", \"site\": \"north\", "
    "\"new_temperature\": -3}\n"
    "{\"timestamp\": 86400, \"type\": \"stop_simulation\"}\n";

static void test_events_come_in_order_of_time(void **state)
{
    (void)state;
    struct batsim_events ev;
    struct err e = ERR_NULL;
    assert_int_equal(batsim_events_read(&ev, events, strlen(events), &e), 0);
    assert_int_equal(ev.n, 5);
    assert_int_equal(ev.start_unix_ms, INT64_C(1556841600000));
    assert_int_equal(ev.end_ms, 86400000);
    assert_int_equal(ev.v[0].kind, BATSIM_SETPOINT);
    assert_true(ev.v[0].value_c == 21.5);
    assert_int_equal(ev.v[1].kind, BATSIM_BOARDS_OUT);
    assert_int_equal(ev.v[1].n_ranges, 2);
    assert_int_equal(ev.v[1].range[1].low, 2);
    assert_int_equal(ev.v[1].range[1].high, 3);
    assert_int_equal(ev.v[2].kind, BATSIM_OUTSIDE);
    assert_string_equal(ev.v[2].name, "north");
    assert_int_equal(ev.v[3].kind, BATSIM_BOARDS_BACK);
    batsim_events_deinit(&ev);
}

static const char data[] = "{\"id\": \"a\", \"size\": 1000}\n{\"id\": \"b\", \"size\": 5000000000}\n";

static const char jobs[] =
    "{\"nb_res\": 4,\n"
    " \"jobs\": [\n"
    "  {\"id\": \"t_1\", \"subtime\": 60, \"res\": 1, \"profile\": \"p\", \"real_start_time\": 70, "
    "\"real_finish_time\": 100},\n"
    "  {\"id\": 7, \"subtime\": 0, \"res\": 2, \"walltime\": 30.5, \"profile\": \"d\"},\n"
    "  {\"id\": \"t_2\", \"subtime\": 60, \"profile\": \"s\"}],\n"
    " \"profiles\": {\n"
    "  \"p\": {\"type\": \"parallel_homogeneous\", \"cpu\": 8000, \"com\": 0, \"priority\": 10, \"user\": "
    "\"u\",\n"
    "        \"datasets\": [\"b\", \"a\"]},\n"
    "  \"d\": {\"type\": \"delay\", \"delay\": 12.5},\n"
    "  \"s\": {\"type\": \"composed\", \"nb\": 3, \"seq\": [\"d\", \"p\"]}}}\n";

static void test_a_workload_with_three_kinds_of_profiles(void **state)
{
    (void)state;
    struct batsim_data d;
    struct batsim_jobs j;
    struct err e = ERR_NULL;
    assert_int_equal(batsim_data_read(&d, data, strlen(data), &e), 0);
    assert_int_equal(d.n, 2);
    assert_int_equal(d.bytes[1], INT64_C(5000000000));
    assert_int_equal(batsim_jobs_read(&j, &d, -1, jobs, strlen(jobs), &e), 0);
    assert_int_equal(j.n, 3);
    assert_string_equal(j.v[0].id, "7");
    assert_true(j.v[0].run_s == 12.5 && j.v[0].mflop < 0);
    assert_int_equal(j.v[0].wall_ms, 30500);
    assert_int_equal(j.v[0].width, 2);
    assert_string_equal(j.v[1].id, "t_1");
    assert_true(j.v[1].mflop == 8000);
    assert_int_equal(j.v[1].ran_ms, 30000);
    assert_int_equal(j.v[1].priority, 10);
    assert_int_equal(j.v[1].n_data, 2);
    assert_int_equal(j.data_at[j.v[1].data], 1);
    assert_true(j.v[2].run_s == 37.5 && j.v[2].mflop == 24000);
    assert_int_not_equal(j.v[1].user, j.v[0].user);
    batsim_jobs_deinit(&j);
    batsim_data_deinit(&d);
}

// 2:04 in Paris in May is 0:04 UTC.
static void test_the_short_form_tells_submission_by_name(void **state)
{
    (void)state;
    static const char text[] =
        "{\"QJOB-0503-0204-aa_0\": {\"start\": 293, \"end\": 442, \"qbox\": \"q\", \"datasets\": null},\n"
        " \"QJOB-0503-0304-aa_0\": {\"start\": 294, \"end\": 444, \"qbox\": \"q\"},\n"
        " \"other\": {\"start\": 100, \"end\": 444}}";
    struct batsim_jobs j;
    struct err e = ERR_NULL;
    assert_int_equal(batsim_jobs_read(&j, NULL, INT64_C(1556841600000), text, strlen(text), &e), 0);
    assert_string_equal(j.v[0].id, "other");
    assert_int_equal(j.v[1].submit_ms, 240000);
    assert_int_equal(j.v[1].ran_ms, 149000);
    assert_int_equal(j.v[2].submit_ms, 294000); // it did not start before it was submitted
    batsim_jobs_deinit(&j);
}

static void test_units(void **state)
{
    (void)state;
    double v;
    assert_true(batsim_bandwidth("10Gbps", &v) && v == 10e9);
    assert_true(batsim_bandwidth("2kBps", &v) && v == 16e3);
    assert_true(batsim_latency("100us", &v) && v > 0.9999e-4 && v < 1.0001e-4);
    assert_false(batsim_bandwidth("10", &v) || batsim_bandwidth("fast", &v) || batsim_bandwidth("-1bps", &v));
    assert_false(batsim_bandwidth("999bps", &v) || batsim_bandwidth("0.0000000000000001Gbps", &v));
    assert_false(batsim_bandwidth("1001Tbps", &v));
    assert_false(batsim_bandwidth("0bps", &v) || batsim_latency("1h", &v) || batsim_latency("4000s", &v));
}

// ---- refusals ----

enum reader { JSON, XML, EVENTS, DATA, JOBS };

static int read_as(enum reader r, const char *text, struct err *e)
{
    size_t n = strlen(text);
    char *exact = malloc(n ? n : 1); // a read past the end is seen by the sanitizers
    memcpy(exact, text, n);
    struct batsim_platform p = BATSIM_PLATFORM_NULL;
    struct batsim_events ev = BATSIM_EVENTS_NULL;
    struct batsim_data d = BATSIM_DATA_NULL;
    struct batsim_jobs j = BATSIM_JOBS_NULL;
    int bad = r == JSON     ? batsim_platform_json(&p, exact, n, e)
              : r == XML    ? batsim_platform_xml(&p, exact, n, e)
              : r == EVENTS ? batsim_events_read(&ev, exact, n, e)
              : r == DATA   ? batsim_data_read(&d, exact, n, e)
                            : batsim_jobs_read(&j, NULL, -1, exact, n, e);
    batsim_platform_deinit(&p);
    batsim_events_deinit(&ev);
    batsim_data_deinit(&d);
    batsim_jobs_deinit(&j);
    free(exact);
    return bad;
}

static const struct bad {
    enum reader reader;
    const char *text, *says;
} bads[] = {
    {JSON, "", "line 1: not JSON"},
    {JSON, "[]", "line 1: \"qboxes\" is missing"},
    {JSON, "{\"qboxes\": []}", "line 1: the platform has no boards"},
    {JSON, "{\n\"qboxes\": [\n{\"id\": 3}]}", "line 3: qboxes[0].id: must be a text"},
    {JSON, "{\"qboxes\": [\n{\"id\": \"a\", \"site\": \"s\",\n\"lan_bw\": \"fast\"}]}",
     "line 2: qboxes[0]: \"lan_bw\" must be a rate like \"100Mbps\", is \"fast\""},
    {JSON, "{\"qboxes\":\n\n[,]}", "line 3: not JSON"},
    {JSON,
     "{\"qboxes\": [{\"id\": \"a\", \"site\": \"s\", \"lan_bw\": \"1Gbps\", \"wan_bw\": \"1Gbps\", "
     "\"lan_lat\": \"1ms\", "
     "\"wan_lat\": \"1ms\", \"disk_size\": 1e12,\n \"qrads\": [{\"id\": \"h\",\n \"qmobos\": [\"m\", "
     "\"m\"]}]}]}",
     "board m stands twice"},
    {JSON,
     "{\"qboxes\": [{\"id\": \"a\", \"site\": \"s\", \"lan_bw\": \"1Gbps\", \"wan_bw\": \"1Gbps\", "
     "\"lan_lat\": \"1ms\", "
     "\"wan_lat\": \"1ms\", \"disk_size\": 1e12,\n \"qrads\": [{\"id\": \"h\",\n \"qmobos\": [\"m\", "
     "\"n\"]}]}],\n"
     "\"mobos_numeric_ids\": {\"n\": 0, \"m\": 1}}",
     "line 4: mobos_numeric_ids: board m has number 1 but is the 0th by name"},
    {XML, "", "line 1: not XML"},
    {XML, "<zone/>", "line 1: the root is <zone>, not <platform>"},
    {XML, HEAD TAIL, "line 1: the platform has no boards"},
    {XML, HEAD "</platform>", "not XML: mismatched tag"},
    {XML, "<!DOCTYPE platform [<!ENTITY a \"b\">]>\n<platform/>", "entity a: entities are not read"},
    {XML, "<!DOCTYPE platform [<!ENTITY % a \"b\">]>\n<platform/>",
     "line 1: entity a: entities are not read"},
    {XML, "<!DOCTYPE platform [\n<!ATTLIST host speed CDATA \"1f\">]>\n<platform/>",
     "line 2: attributes of <host>: declarations are not read"},
    {XML, HEAD "\n<host id=\"m\" speed=\"1f\"><prop id=\"qrad\" value=\"h\"/></host>" TAIL,
     "line 6: host m: a board must have the properties qbox, site and watt_per_state"},
    {XML, HEAD "<link id=\"l\" bandwidth=\"x\" latency=\"1ms\"/>" TAIL,
     "line 5: link l: bandwidth must be like \"100Mbps\", is \"x\""},
    {XML, HEAD HOST("m", "b", "h", "") TAIL, "box b has no link b_lan_link"},
    {XML, HEAD HOST("m", "b", "h", "<prop id=\"temperature_coeffs\" value=\"1,2\"/>") TAIL,
     "line 6: temperature_coeffs: must be six numbers, is \"1,2\""},
    {XML,
     HEAD "<host id=\"m\" speed=\"2f,1f\"><prop id=\"watt_per_state\" value=\"1:2:2\"/><prop id=\"qrad\" "
          "value=\"h\"/>"
          "<prop id=\"qbox\" value=\"b\"/><prop id=\"site\" value=\"s\"/></host>" TAIL,
     "line 5: host m: state 1: speed and watt_per_state must be"},
    {EVENTS, "\n\n", "line 1: there are no events"},
    {EVENTS,
     "{\"timestamp\": 0, \"type\": \"stop_simulation\"}\n{\"timestamp\": -1, \"type\": \"stop_simulation\"}",
     "line 2: timestamp: must be 0 to 1e+09, is -1"},
    {EVENTS, "{\"timestamp\": 0, \"type\": \"dance\"}", "line 1: type \"dance\" is not known"},
    {EVENTS, "{\"timestamp\": 0, \"type\": \"machine_available\", \"resources\": \"3 2\"}",
     "line 1: \"resources\" must be ascending numbers"},
    {EVENTS, "{\"timestamp\": 0, \"type\": \"machine_available\", \"resources\": \"5-\"}", "look at \"5-\""},
    {EVENTS, "{\"timestamp\": 0, \"type\": \"machine_available\", \"resources\": \"  \"}", "names no board"},
    {EVENTS,
     "{\"timestamp\": 0, \"type\": \"qrad_set_target_temperature\", \"qrad\": \"h\", \"new_temperature\": "
     "294}",
     "line 1: new_temperature: must be 0 to 40, is 294"},
    {EVENTS, "{\"timestamp\": 0, \"type\": \"stop_simulation\", \"realtime\": \"yesterday\"}",
     "\"realtime\" must be a date, is \"yesterday\""},
    {DATA, "{\"id\": \"a\"}", "line 1: \"size\" is missing"},
    {DATA, "{\"a\": 1,\n\"b\": -2}", "line 1: not JSON"}, // one object a line
    {DATA, "{\"a\": 1, \"b\": -2}", "line 1: b: must be 0 to 1e+18, is -2"},
    {JOBS, "{}", "line 1: there are no jobs"},
    {JOBS, "[]", "line 1: must be an object"},
    {JOBS, "{\"jobs\": [{\"id\": 1, \"subtime\": 0,\n\"profile\": \"p\"}], \"profiles\": {}}",
     "line 2: profiles: \"p\" is missing"},
    {JOBS,
     "{\"jobs\": [{\"id\": 1, \"subtime\": 0, \"profile\": \"p\"}],\n\"profiles\": {\"p\": {\"type\": "
     "\"mpi\"}}}",
     "line 2: profiles.p: type \"mpi\" is not read"},
    {JOBS,
     "{\"jobs\": [{\"id\": 1, \"subtime\": 0, \"profile\": \"p\"}],\n"
     "\"profiles\": {\"p\": {\"type\": \"composed\", \"seq\": [\"p\"]}}}",
     "line 2: profiles.p: profiles within profiles deeper than 8"},
    {JOBS,
     "{\"jobs\": [{\"id\": 1, \"subtime\": 0, \"profile\": \"p\"}],\n"
     "\"profiles\": {\"p\": {\"type\": \"delay\", \"delay\": 1,\n\"datasets\": [\"z\"]}}}",
     "line 3: profiles.p.datasets[0]: data set \"z\" is not in the list of data sets"},
    {JOBS, "{\"a\": {\"start\": 5,\n\"end\": 4}}", "line 2: a.end: must be 5 to 1e+09, is 4"},
};

static void test_what_is_wrong_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        struct err e = ERR_NULL;
        int bad = read_as(bads[i].reader, bads[i].text, &e);
        if (bad != -EINVAL || !strstr(e.text, bads[i].says))
            fail_msg("case %zu: %d \"%s\", not \"%s\"", i, bad, e.text, bads[i].says);
    }
}

// Seven levels of ten would be ten million parts.
static void test_profiles_that_explode_are_refused(void **state)
{
    (void)state;
    char text[4000];
    struct err e = ERR_NULL;
    int n = snprintf(text, sizeof text,
                     "{\"jobs\": [{\"id\": 1, \"subtime\": 0, \"profile\": \"p0\"}],\n\"profiles\": {");
    for (int i = 0; i < 7; i++) {
        n += snprintf(text + n, sizeof text - (size_t)n, "\"p%d\": {\"type\": \"composed\", \"seq\": [", i);
        for (int k = 0; k < 10; k++)
            n += snprintf(text + n, sizeof text - (size_t)n, "%s\"p%d\"", k ? ", " : "", i + 1);
        n += snprintf(text + n, sizeof text - (size_t)n, "]},\n");
    }
    snprintf(text + n, sizeof text - (size_t)n, "\"p7\": {\"type\": \"delay\", \"delay\": 1e-9}}}");
    assert_int_equal(read_as(JOBS, text, &e), -EINVAL);
    assert_non_null(strstr(e.text, "more than 4096 parts"));
}

static void test_deep_nesting_is_refused_before_it_is_parsed(void **state)
{
    (void)state;
    char deep[200];
    struct err e = ERR_NULL;
    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(read_as(JOBS, deep, &e), -EINVAL);
    assert_string_equal(e.text, "line 1: nested deeper than 32 levels");
}

// Every text that is cut short is refused, whole ones are not.
static void test_cut_files(void **state)
{
    (void)state;
    struct err e = ERR_NULL;
    char copy[sizeof xml];
    for (size_t n = 0; n + 2 < sizeof platform; n++) {
        memcpy(copy, platform, n);
        copy[n] = '\0';
        assert_int_equal(read_as(JSON, copy, &e), -EINVAL);
    }
    for (size_t n = 0; n + 2 < sizeof xml; n++) {
        memcpy(copy, xml, n);
        copy[n] = '\0';
        assert_int_equal(read_as(XML, copy, &e), -EINVAL);
    }
}

static void test_priorities_are_classes(void **state)
{
    (void)state;
    assert_int_equal(batsim_activity(10), ACTIVITY_RESERVED);
    assert_int_equal(batsim_activity(1), ACTIVITY_ONDEMAND);
    assert_int_equal(batsim_activity(-5), ACTIVITY_FLEX);
    assert_int_equal(batsim_activity(-10), ACTIVITY_DONATED);
}

// Each is compared with those before it.
static void more_kinds_of_boards_than_there_are_models_are_refused(void **state)
{
    (void)state;
    struct buf b = BUF_INIT(1 << 20);
    struct batsim_platform p;
    struct err e = ERR_NULL;
    buf_puts(&b, HEAD);
    for (int i = 0; i <= BATSIM_POWERS_MAX; i++)
        buf_putf(
            &b,
            "<host id=\"m%d\" speed=\"%df\"><prop id=\"watt_per_state\" value=\"1:9:9\"/><prop id=\"qrad\" "
            "value=\"h%d\"/><prop id=\"qbox\" value=\"b\"/><prop id=\"site\" value=\"s\"/></host>\n",
            i, 1000 + i, i);
    buf_puts(&b, TAIL);
    assert_int_equal(batsim_platform_xml(&p, b.v, b.n, &e), -EINVAL);
    assert_string_equal(e.text, "line 205: host m200: more than 200 kinds of boards");
    buf_deinit(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_platforms_say_the_same),
        cmocka_unit_test(more_kinds_of_boards_than_there_are_models_are_refused),
        cmocka_unit_test(test_events_come_in_order_of_time),
        cmocka_unit_test(test_a_workload_with_three_kinds_of_profiles),
        cmocka_unit_test(test_the_short_form_tells_submission_by_name),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_what_is_wrong_is_named),
        cmocka_unit_test(test_profiles_that_explode_are_refused),
        cmocka_unit_test(test_deep_nesting_is_refused_before_it_is_parsed),
        cmocka_unit_test(test_cut_files),
        cmocka_unit_test(test_priorities_are_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
