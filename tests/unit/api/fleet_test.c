// SPDX-License-Identifier: Apache-2.0
// The Ondol API: sites, zones, heaters, boards, ledger, metrics, and the account's own pages.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "house.h"

static void lists_are_pages_of_what_is_there(void **state)
{
    struct house *h = *state;
    static const struct {
        const char *target;
        int n, total;
    } row[] = {{"/ondol/v1/sites", 1, 1},
               {"/ondol/v1/zones", 1, 1},
               {"/ondol/v1/zones?site=s2", 0, 0},
               {"/ondol/v1/boards", 3, 3},
               {"/ondol/v1/boards?limit=2", 2, 3},
               {"/ondol/v1/boards?limit=2&offset=2", 1, 3},
               {"/ondol/v1/boards?heater=h1", 2, 2},
               {"/ondol/v1/heaters", 2, 2},
               {"/ondol/v1/heaters?zone=z9", 0, 0}};
    house_boards(h, 3);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        json_t *p = expect_operator(h, 200, "GET", row[i].target, NULL);
        assert_int_equal(json_array_size(json_at(p, "data")), row[i].n);
        assert_int_equal(int_at(p, "total"), row[i].total);
        json_decref(p);
    }
    json_decref(expect_operator(h, 400, "GET", "/ondol/v1/boards?limit=0", NULL));
    json_decref(expect_operator(h, 400, "GET", "/ondol/v1/boards?offset=x", NULL));
    static const char *const nowhere[] = {"/ondol/v1/sites/x",     "/ondol/v1/zones/x",
                                          "/ondol/v1/zones/x/why", "/ondol/v1/zones/x/setpoint",
                                          "/ondol/v1/heaters/x",   "/ondol/v1/boards/x"};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
        json_decref(expect_operator(h, 404, "GET", nowhere[i], NULL));
}

static void a_zone_tells_its_temperatures_in_degrees(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    json_t *z = expect_operator(h, 200, "GET", "/ondol/v1/zones/z1", NULL);
    assert_string_equal(text_at(z, "label"), "room 1");
    assert_string_equal(text_at(z, "mode"), "comfort");
    assert_float_equal(json_real_value(json_at(z, "room_c")), 17.25, 1e-9);
    assert_int_equal(int_at(z, "setpoint_c"), 20);
    assert_true(json_is_null(json_at(z, "shadow_c")));
    assert_int_equal(int_at(z, "request.target_w"), 500);
    json_decref(z);
    json_t *w = expect_operator(h, 200, "GET", "/ondol/v1/zones/z1/why", NULL);
    assert_non_null(strstr(text_at(w, "why"), "17.2"));
    json_decref(w);
}

static void a_setpoint_is_put_and_told_back(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    json_t *s = expect_operator(h, 200, "PUT", "/ondol/v1/zones/z1/setpoint",
                                "{\"setpoint_c\":20.5,\"mode\":\"Comfort\",\"boost_min\":60}");
    assert_float_equal(json_real_value(json_at(s, "setpoint_c")), 20.5, 1e-9);
    assert_string_equal(text_at(s, "boost_until"), "2026-01-02T04:00:00Z");
    json_decref(s);
    s = expect_operator(h, 200, "PUT", "/ondol/v1/zones/z1/setpoint", "{\"mode\":\"eco\"}");
    assert_string_equal(text_at(s, "mode"), "eco");
    assert_float_equal(json_real_value(json_at(s, "setpoint_c")), 20.5, 1e-9);
    json_decref(s);
    static const struct {
        const char *body, *message;
    } row[] = {
        {"{\"setpoint_c\":30}", "setpoint_c: must be a number from 7 to 26"},
        {"{\"setpoint_c\":\"warm\"}", "setpoint_c: must be a number from 7 to 26"},
        {"{\"mode\":\"boost\"}", "mode: must be one of off, frost, eco, comfort"},
        {"{\"boost_min\":1441}", "boost_min: must be from 0 to 1440"},
        {"{}", "Nothing to change: give setpoint_c, mode or boost_min"},
        {"[]", "The body must be a JSON object"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        json_t *e = expect_operator(h, 400, "PUT", "/ondol/v1/zones/z1/setpoint", row[i].body);
        assert_string_equal(text_at(e, "message"), row[i].message);
        json_decref(e);
    }
    json_decref(expect_operator(h, 404, "PUT", "/ondol/v1/zones/z9/setpoint", "{\"mode\":\"eco\"}"));
}

static void a_lid_is_cleared_by_operators_only(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    json_decref(expect(h, 403, "POST", "/ondol/v1/heaters/h1/clear-lid", NULL));
    json_decref(expect_operator(h, 404, "POST", "/ondol/v1/heaters/h9/clear-lid", NULL));
    json_t *e = expect_operator(h, 409, "POST", "/ondol/v1/heaters/h1/clear-lid", NULL);
    assert_string_equal(text_at(e, "message"), "h1: its lid was not opened: there is nothing to clear");
    json_decref(e);
}

static void what_was_done_is_never_called_an_error(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    h->fail_queries_with = -EIO;
    json_decref(expect_operator(h, 200, "PUT", "/ondol/v1/zones/z1/setpoint", "{\"setpoint_c\":21}"));
    json_decref(expect_operator(h, 503, "GET", "/ondol/v1/zones/z1/setpoint", NULL));
    h->fail_queries_with = 0;
    json_t *s = expect_operator(h, 200, "GET", "/ondol/v1/zones/z1/setpoint", NULL);
    assert_int_equal(int_at(s, "setpoint_c"), 21);
    json_decref(s);
}

static void a_schedule_is_text_both_ways(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    struct answer a =
        ask_operator(h, "PUT", "/ondol/v1/zones/z1/schedule", "mon-fri 06:30 20.5; daily 22:30 eco");
    assert_int_equal(a.status, 200);
    char *first = strdup(a.body);
    assert_non_null(strstr(first, "22:30 eco"));
    answer_free(&a);
    char json[256];
    snprintf(json, sizeof json, "{\"schedule\":\"%s\"}", first);
    a = ask_operator(h, "PUT", "/ondol/v1/zones/z1/schedule", json);
    assert_string_equal(a.body, first);
    answer_free(&a);
    a = ask_operator(h, "GET", "/ondol/v1/zones/z1/schedule", NULL);
    assert_string_equal(a.body, first);
    answer_free(&a);
    free(first);
    json_decref(expect_operator(h, 400, "PUT", "/ondol/v1/zones/z1/schedule", "someday 25:00 hot"));
}

static void a_site_has_a_cap_that_can_be_taken_away(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    json_t *s =
        expect_operator(h, 200, "PUT", "/ondol/v1/sites/s1", "{\"cap_w\":3000,\"utc_offset_min\":60}");
    assert_int_equal(int_at(s, "cap_w"), 3000);
    assert_int_equal(int_at(s, "utc_offset_min"), 60);
    json_decref(s);
    s = expect_operator(h, 200, "PUT", "/ondol/v1/sites/s1", "{\"cap_w\":null}");
    assert_true(json_is_null(json_at(s, "cap_w")));
    assert_int_equal(int_at(s, "utc_offset_min"), 60);
    json_decref(s);
    json_decref(expect_operator(h, 400, "PUT", "/ondol/v1/sites/s1", "{}"));
    json_decref(expect_operator(h, 400, "PUT", "/ondol/v1/sites/s1", "{\"cap_w\":-5}"));
}

static void what_an_operator_says_of_a_site_is_told_back(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    json_t *s = expect_operator(
        h, 200, "PUT", "/ondol/v1/sites/s1",
        "{\"country\":\"fr\",\"position\":{\"latitude\":48.857,\"longitude\":2.352},\"link_mbit_s\":100,"
        "\"tariff\":[{\"days\":\"mon-fri\",\"from\":\"06:00\",\"eur_per_kwh\":0.2146},"
        "{\"days\":\"daily\",\"from\":\"22:00\",\"eur_per_kwh\":0.1696}],"
        "\"carbon\":{\"from\":\"2026-01-02T00:00:00Z\",\"step_min\":360,\"g_per_kwh\":[54,52.4]},"
        "\"weather\":{\"from\":\"2026-01-02T00:00:00Z\",\"step_min\":60,\"outside_c\":[7.5,-1]},"
        "\"circuits\":[{\"name\":\"east\",\"cap_w\":350.5,\"zones\":[\"z1\"]}],\"carbon_price\":80,"
        "\"other_heat\":[{\"eur_per_kwh\":0.09,\"zones\":[\"z1\",\"z2\"]},{\"eur_per_kwh\":0.1,\"zones\":["
        "\"z3\"]}]}");
    assert_string_equal(text_at(s, "country"), "FR");
    assert_float_equal(json_real_value(json_at(s, "position.longitude")), 2.352, 1e-9);
    assert_float_equal(json_real_value(json_at(s, "now.eur_per_kwh")), 0.1696, 1e-9); // Friday, 3 o'clock
    assert_string_equal(text_at(s, "now.eur_until"), "2026-01-02T06:00:00Z");
    assert_int_equal(int_at(s, "now.g_per_kwh"), 54);
    assert_string_equal(text_at(s, "tariff.1.days"), "daily");
    assert_int_equal(int_at(s, "carbon.g_per_kwh.1"), 52);
    assert_int_equal(int_at(s, "weather.outside_c.1"), -1);
    assert_string_equal(text_at(s, "circuits.0.zones.0"), "z1");
    assert_int_equal(int_at(s, "carbon_price"), 80);
    assert_int_equal(json_array_size(json_at(s, "other_heat")), 2);
    assert_string_equal(text_at(s, "other_heat.0.zones.1"), "z2");
    assert_float_equal(json_real_value(json_at(s, "other_heat.1.eur_per_kwh")), 0.1, 1e-9);
    json_decref(s);
    json_t *w = expect_operator(h, 200, "GET", "/ondol/v1/zones/z1/why", NULL);
    assert_non_null(strstr(text_at(w, "why"), "electricity costs 0.1696 euro per kWh and emits 54 g of CO2"));
    assert_non_null(strstr(text_at(w, "why"), "its circuit bears 350 W"));
    json_decref(w);
    s = expect_operator(h, 200, "PUT", "/ondol/v1/sites/s1", "{\"tariff\":null,\"latency_ms\":12}");
    assert_int_equal(json_array_size(json_at(s, "tariff")), 0);
    assert_true(json_is_null(json_at(s, "now.eur_per_kwh")));
    assert_int_equal(int_at(s, "link_mbit_s"), 100);
    json_decref(s);
    static const struct {
        const char *body, *message;
    } row[] = {
        {"{\"country\":\"FR\\ncarbon=\"}", "country: must be two letters (ISO 3166, as FR)"},
        {"{\"latency_ms\":10001}", "latency_ms: must be a whole number from 0 to 10000"},
        {"{\"latency_ms\":\"x\"}", "latency_ms: must be a whole number"},
        {"{\"carbon\":{\"from\":\"2026-01-02\",\"step_min\":60,\"g_per_kwh\":[6000]}}",
         "carbon: value 1: must be a number from 0 to 5000, at most 0 decimals"},
        {"{\"circuits\":[{\"name\":\"east\",\"cap_w\":1,\"zones\":[\"a\",\"a\"]}]}",
         "circuits: zone a hangs on two"},
        {"{\"carbon_price\":1.5}", "carbon_price: must be a whole number from 0 to 10000"},
        {"{\"other_heat\":{\"z1\":0.1}}",
         "other_heat: must be a list of {\"eur_per_kwh\": 0.09, \"zones\": [names]}"},
        {"{\"other_heat\":[{\"eur_per_kwh\":0.1,\"zones\":[\"a\",\"a\"]}]}",
         "other_heat: zone a is there twice"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        json_t *e = expect_operator(h, 400, "PUT", "/ondol/v1/sites/s1", row[i].body);
        assert_string_equal(text_at(e, "message"), row[i].message);
        json_decref(e);
    }
}

static void a_board_is_barred_with_a_reason_and_cleared(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    json_t *b = expect_operator(h, 200, "POST", "/ondol/v1/boards/b1/bar", "{\"why\":\"smells\"}");
    assert_true(json_is_true(json_at(b, "barred")));
    assert_string_equal(text_at(b, "barred_why"), "smells");
    json_decref(b);
    b = expect_operator(h, 200, "POST", "/ondol/v1/boards/b1/clear", NULL);
    assert_true(json_is_false(json_at(b, "barred")));
    assert_string_equal(text_at(b, "spec.key"), "8c-16g-amd-ryzen1700");
    json_decref(b);
    json_decref(expect_operator(h, 404, "POST", "/ondol/v1/boards/b9/bar", NULL));
}

static void the_ledger_adds_up_and_is_private(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[128];
    house_boards(h, 1);
    house_task(h, "hello", 1, uuid);
    json_t *l = expect(h, 200, "GET", "/ondol/v1/ledger", NULL);
    assert_int_equal(json_array_size(json_at(l, "by_activity")), ACTIVITY_N);
    json_decref(l);
    snprintf(target, sizeof target, "/ondol/v1/ledger?task=%s&from=2026-01-01&to=2027-01-01", uuid);
    json_decref(expect(h, 200, "GET", target, NULL));
    json_decref(expect_operator(h, 200, "GET", target, NULL));
    json_decref(expect_operator(h, 200, "GET", "/ondol/v1/ledger?board=b1", NULL));
    json_decref(expect_operator(h, 404, "GET", "/ondol/v1/ledger?board=b9", NULL));
    json_decref(expect(h, 403, "GET", "/ondol/v1/ledger?board=b1", NULL));
    json_decref(expect(h, 403, "GET", "/ondol/v1/ledger?account=1", NULL));
    json_decref(expect(h, 404, "GET", "/ondol/v1/ledger?task=nope", NULL));
    json_decref(expect(h, 403, "GET", "/ondol/v1/ledger/zones", NULL));
    l = expect_operator(h, 200, "GET", "/ondol/v1/ledger/work?from=0", NULL);
    assert_true(json_is_null(json_at(l, "next_from")));
    json_decref(l);
    json_decref(expect_operator(h, 200, "GET", "/ondol/v1/ledger/zones", NULL));
}

static void metrics_are_lines_of_prometheus(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES];
    house_boards(h, 2);
    house_task(h, "hello", 1, uuid);
    struct answer a = ask_operator(h, "GET", "/metrics", NULL);
    assert_int_equal(a.status, 200);
    assert_non_null(strstr(a.body, "\nondol_zone_temperature_celsius{site=\"s1\",zone=\"z1\"} 17.250\n"));
    assert_non_null(strstr(a.body, "\nondol_boards 2\n"));
    assert_non_null(strstr(a.body, "\nondol_tasks_live 1\n"));
    assert_non_null(strstr(a.body, "\nondol_activity_energy_joules{activity=\"unattributed\"} "));
    for (char *line = strtok(a.body, "\n"); line; line = strtok(NULL, "\n"))
        assert_true(!strncmp(line, "# HELP ondol_", 13) || !strncmp(line, "# TYPE ondol_", 13) ||
                    !strncmp(line, "ondol_", 6));
    answer_free(&a);
}

static void info_has_what_the_clients_read(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES];
    house_boards(h, 2);
    house_task(h, "hello", 3, uuid);
    house_start_all(h);
    json_t *i = expect(h, 200, "GET", "/info", NULL);
    assert_string_equal(text_at(i, "email"), "customer@example.org");
    assert_int_equal(int_at(i, "taskCount"), 1);
    assert_int_equal(int_at(i, "runningInstanceCount"), 2);
    assert_int_equal(int_at(i, "computingQuotas.user.flex.runningCoresCount"), 16);
    assert_int_equal(int_at(i, "computingQuotas.user.flex.runningCoreCount"), 16);
    assert_int_equal(strlen(text_at(i, "projects.0.uuid")), 36);
    json_decref(i);
    json_t *p = expect(h, 200, "GET", "/profiles/Docker-Batch", NULL);
    assert_string_equal(text_at(p, "constants.1.name"), "DOCKER_REPO");
    assert_true(json_is_array(json_at(p, "licences")));
    json_decref(p);
    json_decref(expect(h, 404, "GET", "/profiles/nope", NULL));
    json_t *l = expect(h, 200, "GET", "/ondol/v1/limits", NULL);
    assert_int_equal(int_at(l, "instances_per_task"), 2048);
    json_decref(l);
}

static void hardware_pages_end(void **state)
{
    struct house *h = *state;
    house_boards(h, 2);
    json_t *all = expect(h, 200, "GET", "/hardware-constraints", NULL);
    int64_t total = int_at(all, "total");
    assert_int_equal(json_array_size(json_at(all, "data")), total);
    assert_int_equal(int_at(all, "limit"), 50);
    json_decref(all);
    assert_true(total >= 1);
    for (int64_t i = 0; i < total; i++) {
        char target[64];
        snprintf(target, sizeof target, "/hardware-constraints?Limit=1&Offset=%d", (int)i);
        json_t *p = expect(h, 200, "GET", target, NULL);
        assert_int_equal(json_array_size(json_at(p, "data")), 1);
        text_at(p, "data.0.discriminator");
        json_decref(p);
    }
    json_t *p = expect(h, 200, "GET", "/hardware-constraints?limit=0", NULL);
    assert_int_equal(int_at(p, "limit"), 1);
    json_decref(p);
    p = expect(h, 200, "GET", "/hardware-constraints/cpu-model-constraints/search?cpumodel=ryzen", NULL);
    assert_string_equal(text_at(p, "0.cpuModel"), "AMD Ryzen 7 1700");
    json_decref(p);
    json_decref(expect(h, 400, "GET", "/hardware-constraints/cpu-model-constraints/search", NULL));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)
    const struct CMUnitTest tests[] = {
        TEST(lists_are_pages_of_what_is_there),
        TEST(a_zone_tells_its_temperatures_in_degrees),
        TEST(a_lid_is_cleared_by_operators_only),
        TEST(a_setpoint_is_put_and_told_back),
        TEST(what_was_done_is_never_called_an_error),
        TEST(a_schedule_is_text_both_ways),
        TEST(a_site_has_a_cap_that_can_be_taken_away),
        TEST(what_an_operator_says_of_a_site_is_told_back),
        TEST(a_board_is_barred_with_a_reason_and_cleared),
        TEST(the_ledger_adds_up_and_is_private),
        TEST(metrics_are_lines_of_prometheus),
        TEST(info_has_what_the_clients_read),
        TEST(hardware_pages_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
