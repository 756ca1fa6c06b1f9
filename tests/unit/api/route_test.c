// SPDX-License-Identifier: Apache-2.0
// The router: spellings of a path, who may call what, the three shapes of errors.
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "base/mem.h"
#include "house.h"

static void a_path_may_be_spelt_in_many_ways(void **state)
{
    static const char *const spelling[] = {"/profiles",  "/v1/profiles",    "//profiles",
                                           "/PROFILES/", "/V1//Profiles//", "/profiles?x=1"};
    for (size_t i = 0; i < sizeof spelling / sizeof *spelling; i++) {
        json_t *json = expect(*state, 200, "GET", spelling[i], NULL);
        assert_string_equal(text_at(json, "0"), "docker-batch");
        json_decref(json);
    }
}

static void a_wrong_token_gets_the_second_shape_without_a_blank(void **state)
{
    static const char *const tokens[] = {NULL, "", "wrong", "Bearer wrong", "Bearer "};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        struct answer a = house_ask(*state, "GET", "/tasks", tokens[i], NULL, NULL);
        assert_int_equal(a.status, 401);
        assert_string_equal(
            a.body, "{\"error\":{\"message\":\"Bad authentication token\",\"code\":401},\"data\":{}}");
        answer_free(&a);
    }
}

static void the_token_stands_alone_or_after_bearer(void **state)
{
    static const char *const tokens[] = {CUSTOMER, "Bearer " CUSTOMER, "bearer   " CUSTOMER};
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        struct answer a = house_ask(*state, "GET", "/", tokens[i], NULL, NULL);
        assert_int_equal(a.status, 200);
        answer_free(&a);
    }
}

static void settings_and_versions_are_public(void **state)
{
    struct answer a = house_ask(*state, "GET", "//settings", NULL, NULL, NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "{\"storage\":null}");
    answer_free(&a);
    a = house_ask(*state, "GET", "/v1/versions", NULL, NULL, NULL);
    assert_string_equal(a.body, "[{\"version\":\"v1\",\"endOfLife\":null}]");
    answer_free(&a);
}

static void what_is_not_there_is_404_and_a_wrong_method_405(void **state)
{
    static const char *const nowhere[] = {"/v1/network/tasks/x/port-forward", // no such task
                                          "/carbon/v1/tasks/x/carbon-facts",
                                          "/credits/v1/pools",
                                          "/pool/x",
                                          "/webhooks",
                                          "/tasks/x/y/z/a",
                                          "/ondol/v1"};
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        json_t *json = expect(*state, 404, "GET", nowhere[i], NULL);
        text_at(json, "message");
        json_decref(json);
    }
    expect_message(*state, 404, "No such resource: /tasks/x/snapshots/periodic", "POST",
                   "/v1//tasks/x/snapshots/periodic", "{}");
    struct answer a = ask(*state, "DELETE", "/profiles", NULL);
    assert_int_equal(a.status, 405);
    assert_string_equal(text_at(a.json, "message"),
                        "The method DELETE is not for this resource (it has HEAD, GET)");
    assert_string_equal(a.allow, "HEAD, GET");
    answer_free(&a);
    a = ask(*state, "OPTIONS", "/tasks", NULL);
    assert_int_equal(a.status, 405);
    assert_string_equal(a.allow, "HEAD, GET, POST");
    answer_free(&a);
}

static void only_operators_see_the_fleet(void **state)
{
    struct answer a = ask(*state, "GET", "/ondol/v1/zones", NULL);
    assert_int_equal(a.status, 403);
    answer_free(&a);
    a = ask_operator(*state, "GET", "/ondol/v1/zones", NULL);
    assert_int_equal(a.status, 200);
    answer_free(&a);
}

static void a_validation_problem_has_one_blank_after_errors(void **state)
{
    struct answer a = ask(*state, "POST", "/tasks/paginate", "{\"filter\":{\"operator\":\"Frobnicate\"}}");
    assert_int_equal(a.status, 400);
    assert_non_null(strstr(a.type, "application/problem+json"));
    assert_non_null(strstr(a.body, "\"errors\": {\"filter\":[\"filter: unknown operator Frobnicate\"]}"));
    assert_non_null(a.json);
    answer_free(&a);
}

static void a_validation_problem_names_all_fields_that_are_wrong(void **state)
{
    static const char body[] = "{\"filter\":7,\"maximumResults\":0,\"orderBy\":\"x\",\"orderType\":\"up\"}";
    static const char *const lists[] = {"/tasks/paginate", "/jobs/paginate"};
    static const char *const fields[] = {"filter", "maximumResults", "orderBy", "orderType"};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct answer a = ask(*state, "POST", lists[i], body);
        json_t *errors = json_object_get(a.json, "errors");
        assert_int_equal(a.status, 400);
        assert_int_equal(json_object_size(errors), ARRAY_LEN(fields));
        for (size_t k = 0; k < ARRAY_LEN(fields); k++)
            assert_non_null(strstr(json_string_value(json_array_get(json_object_get(errors, fields[k]), 0)),
                                   fields[k]));
        answer_free(&a);
    }
    struct answer a = ask(*state, "POST", "/jobs/search", "{\"filter\":{\"operator\":\"Equal\",\"field\":"
                                                         "\"name\",\"value\":\"x\"},\"maximumResults\":0}");
    assert_int_equal(json_object_size(json_object_get(a.json, "errors")), 1);
    answer_free(&a);
}

static void each_validation_problem_has_a_type_and_a_trace_of_its_own(void **state)
{
    char first[64] = "";
    for (int i = 0; i < 2; i++) {
        struct answer a = ask(*state, "POST", "/tasks/paginate", "{\"maximumResults\":0}");
        const char *trace = text_at(a.json, "traceId");
        assert_string_equal(text_at(a.json, "type"), "https://tools.ietf.org/html/rfc9110#section-15.5.1");
        assert_int_equal(strlen(trace), 55);
        assert_string_not_equal(trace, first);
        snprintf(first, sizeof first, "%s", trace);
        answer_free(&a);
    }
}

static void a_full_disk_is_507_and_changes_nothing(void **state)
{
    struct house *h = *state;
    h->fail_with = -ENOSPC;
    json_t *json =
        expect(h, 507, "POST", "/tasks", "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1}");
    assert_non_null(strstr(text_at(json, "message"), "disk is full"));
    json_decref(json);
    h->fail_with = -EIO;
    json_decref(expect(h, 503, "POST", "/tasks",
                       "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1}"));
    h->fail_with = 0;
    json = expect(h, 200, "GET", "/tasks", NULL);
    assert_int_equal(json_array_size(json), 0);
    json_decref(json);
}

static void the_table_of_routes_has_no_row_twice_and_every_parameter_fits(void **state)
{
    (void)state;
    for (size_t i = 0; i < api_n_routes; i++) {
        int params = 0;
        for (const char *p = api_routes[i].pattern; *p; p++)
            params += *p == '{';
        assert_true(params <= CALL_PARAMS);
        for (size_t j = 0; j < i; j++)
            assert_false(!strcmp(api_routes[i].pattern, api_routes[j].pattern) &&
                         !strcmp(api_routes[i].method, api_routes[j].method));
    }
}

static void a_sync_needs_the_nodes_token_and_a_message(void **state)
{
    struct answer a = house_ask(*state, "POST", "/ondol/v1/sync", CUSTOMER, NULL, "{}");
    assert_int_equal(a.status, 401);
    answer_free(&a);
    a = house_ask(*state, "POST", "/ondol/v1/sync", NODES, NULL, "garbage");
    assert_int_equal(a.status, 400);
    assert_int_equal(a.kind, CALL_ANSWER);
    answer_free(&a);
    a = house_ask(*state, "POST", "/ondol/v1/sync", NODES, NULL,
                  "{\"node\":\"n1\",\"nonce\":\"0000000000000001\",\"epoch\":0,\"have\":0,\"reports\":[]}");
    assert_int_equal(a.kind, CALL_SYNC);
    answer_free(&a);
    a = ask(*state, "GET", "/ondol/v1/events", NULL);
    assert_int_equal(a.kind, CALL_STREAM);
    answer_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_path_may_be_spelt_in_many_ways, house_open, house_close),
        cmocka_unit_test_setup_teardown(a_wrong_token_gets_the_second_shape_without_a_blank, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(the_token_stands_alone_or_after_bearer, house_open, house_close),
        cmocka_unit_test_setup_teardown(settings_and_versions_are_public, house_open, house_close),
        cmocka_unit_test_setup_teardown(what_is_not_there_is_404_and_a_wrong_method_405, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(only_operators_see_the_fleet, house_open, house_close),
        cmocka_unit_test_setup_teardown(a_validation_problem_has_one_blank_after_errors, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(a_validation_problem_names_all_fields_that_are_wrong, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(each_validation_problem_has_a_type_and_a_trace_of_its_own, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(a_full_disk_is_507_and_changes_nothing, house_open, house_close),
        cmocka_unit_test(the_table_of_routes_has_no_row_twice_and_every_parameter_fits),
        cmocka_unit_test_setup_teardown(a_sync_needs_the_nodes_token_and_a_message, house_open, house_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
