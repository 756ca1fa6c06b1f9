// SPDX-License-Identifier: Apache-2.0
// Accounts: an operator makes and changes them; a research account's Flex tasks run as donated.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "house.h"

static void an_operator_makes_an_account_and_its_token_is_told_once(void **state)
{
    struct house *h = *state;
    struct account_info v;
    size_t i;
    json_t *j = expect_operator(h, 200, "POST", "/ondol/v1/accounts",
                                "{\"email\":\"lab@example.org\",\"name\":\"A lab\",\"research\":true}");
    assert_string_equal(text_at(j, "email"), "lab@example.org");
    assert_string_equal(text_at(j, "name"), "A lab");
    assert_true(json_is_true(json_at(j, "research")));
    assert_int_equal(strlen(text_at(j, "token")), 48);
    json_decref(j);
    j = expect_operator(h, 200, "GET", "/ondol/v1/accounts/lab%40example.org", NULL);
    assert_null(json_at(j, "token"));
    json_decref(j);
    j = expect_operator(h, 200, "GET", "/ondol/v1/accounts", NULL);
    assert_int_equal(int_at(j, "total"), 4);
    json_decref(j);
    assert_true(server_find_account(h->engine, "lab@example.org", &i));
    server_account(h->engine, i, &v);
    assert_true(v.research);
}

static void a_second_account_of_an_email_is_refused(void **state)
{
    struct house *h = *state;
    json_t *j = expect_operator(h, 409, "POST", "/ondol/v1/accounts", "{\"email\":\"customer@example.org\"}");
    assert_string_equal(text_at(j, "message"), "email: another account has it");
    json_decref(j);
}

static void what_a_change_does_not_name_stays(void **state)
{
    struct house *h = *state;
    json_decref(
        expect_operator(h, 200, "PUT", "/ondol/v1/accounts/customer%40example.org", "{\"research\":true}"));
    json_t *j =
        expect_operator(h, 200, "PUT", "/ondol/v1/accounts/customer%40example.org", "{\"name\":\"C\"}");
    assert_true(json_is_true(json_at(j, "research")));
    assert_int_equal(int_at(j, "max_tasks"), 1000);
    assert_string_equal(text_at(j, "name"), "C");
    assert_null(json_at(j, "token"));
    json_decref(j);
    j = expect_operator(h, 200, "PUT", "/ondol/v1/accounts/customer%40example.org",
                        "{\"new_token\":true,\"max_tasks\":3,\"research\":false}");
    assert_false(json_is_true(json_at(j, "research")));
    assert_int_equal(int_at(j, "max_tasks"), 3);
    assert_int_equal(strlen(text_at(j, "token")), 48);
    json_decref(j);
}

static void the_flex_tasks_of_a_research_account_are_donated(void **state)
{
    struct house *h = *state;
    static const struct {
        const char *kind, *research;
        enum activity as;
    } row[] = {{"Flex", "false", ACTIVITY_FLEX},
               {"Flex", "true", ACTIVITY_DONATED},
               {"OnDemand", "true", ACTIVITY_ONDEMAND}}; // paid by choice
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char body[300];
        snprintf(body, sizeof body, "{\"research\":%s}", row[i].research);
        json_decref(expect_operator(h, 200, "PUT", "/ondol/v1/accounts/customer%40example.org", body));
        snprintf(body, sizeof body,
                 "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"schedulingType\":\"%s\","
                 "\"constants\":[{\"key\":\"DOCKER_CMD\",\"value\":\"true\"}]}",
                 row[i].kind);
        json_t *made = expect(h, 200, "POST", "/tasks", body);
        struct row_task t;
        struct arena a = {0};
        struct err e = ERR_NULL;
        assert_int_equal(h->reader.task(h->reader.ctx, h->customer_id, text_at(made, "uuid"), &a, &t, &e), 0);
        assert_int_equal(t.activity, row[i].as);
        arena_deinit(&a);
        json_decref(made);
    }
}

static void bad_bodies_name_the_field_and_the_limit(void **state)
{
    struct house *h = *state;
    static const struct {
        const char *body, *message;
    } row[] = {
        {"{\"email\":\"nobody\"}", "email: must be an address of at most 250 characters"},
        {"{}", "email: must be an address of at most 250 characters"},
        {"{\"email\":\"a@b\",\"token\":\"abc\"}", "token: must have from 4 to 79 characters"},
        {"{\"email\":\"a@b\",\"max_tasks\":-1}", "max_tasks: must be from 0 to 100000000"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        json_t *j = expect_operator(h, 400, "POST", "/ondol/v1/accounts", row[i].body);
        assert_string_equal(text_at(j, "message"), row[i].message);
        json_decref(j);
    }
    json_decref(expect_operator(h, 400, "PUT", "/ondol/v1/accounts/customer%40example.org", "{}"));
    json_decref(expect_operator(h, 404, "PUT", "/ondol/v1/accounts/x%40y", "{\"name\":\"n\"}"));
    json_decref(expect_operator(h, 404, "GET", "/ondol/v1/accounts/x%40y", NULL));
}

static void accounts_are_for_operators_only(void **state)
{
    struct house *h = *state;
    static const char *const ask_for[][3] = {
        {"GET", "/ondol/v1/accounts", NULL},
        {"GET", "/ondol/v1/accounts/customer%40example.org", NULL},
        {"POST", "/ondol/v1/accounts", "{\"email\":\"a@b\"}"},
        {"PUT", "/ondol/v1/accounts/customer%40example.org", "{\"research\":true}"}};
    for (size_t i = 0; i < sizeof ask_for / sizeof *ask_for; i++)
        json_decref(expect(h, 403, ask_for[i][0], ask_for[i][1], ask_for[i][2]));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_operator_makes_an_account_and_its_token_is_told_once),
        TEST(a_second_account_of_an_email_is_refused),
        TEST(what_a_change_does_not_name_stays),
        TEST(the_flex_tasks_of_a_research_account_are_donated),
        TEST(bad_bodies_name_the_field_and_the_limit),
        TEST(accounts_are_for_operators_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
