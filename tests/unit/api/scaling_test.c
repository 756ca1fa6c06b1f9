// SPDX-License-Identifier: Apache-2.0
// POST /sanity-checks/pools/scaling: policies as two clients write them, and every rule with its field and
// sentence.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "house.h"

#define CHECK  "/sanity-checks/pools/scaling"
#define ALWAYS "\"enabledPeriods\":[{\"type\":\"Always\",\"name\":\"a\"}]"
#define QUEUE  "\"type\":\"ManagedTasksQueue\",\"name\":\"q\"," ALWAYS
#define WEEKLY(days, from, to)                                                                               \
    "{\"policies\":[{\"type\":\"Fixed\",\"slotsCount\":1,\"name\":\"f\",\"enabledPeriods\":[{\"type\":"      \
    "\"Weekly\",\"days\":" days ",\"startTimeUtc\":\"" from "\",\"endTimeUtc\":\"" to                        \
    "\",\"name\":\"w\"}]}]}"

static void what_makes_sense_is_answered_with_nothing(void **state)
{
    static const char *const good[] = {
        "{\"policies\":[{\"type\":\"ManagedTasksQueue\",\"minTotalSlots\":0,\"maxTotalSlots\":10,"
        "\"minIdleSlots\":1,"
        "\"minIdleTimeSeconds\":90,\"scalingFactor\":0.5,\"name\":\"working "
        "hours\",\"enabledPeriods\":[{\"type\":\"Weekly\",\"days\":"
        "[\"thursday\",\"Friday\"],\"startTimeUtc\":\"19:30:00\",\"endTimeUtc\":\"23:59:59.9999999\","
        "\"name\":\"evening\"}]},"
        "{\"type\":\"Fixed\",\"slotsCount\":4,\"name\":\"rest\"," ALWAYS "}]}",
        "{\"Policies\":[{\"Type\":\"fixed\",\"SlotsCount\":0,\"Name\":\"f\",\"EnabledPeriods\":[{\"Type\":"
        "\"Weekly\",\"Days\":[0,6],"
        "\"StartTimeUtc\":\"00:00:00\",\"EndTimeUtc\":\"1.00:00:00\",\"Name\":\"w\"}]}],\"ActivePolicyName\":"
        "null}",
        "{\"policies\":[{" QUEUE ",\"minTotalSlots\":3,\"maxTotalSlots\":3}]}",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct answer a = ask(*state, "POST", i ? CHECK : "/v1" CHECK, good[i]);
        if (a.status != 200)
            fail_msg("%zu: %s", i, a.body);
        assert_string_equal(a.body, "");
        answer_free(&a);
    }
}

static void a_type_that_is_none_is_answered_as_the_acceptance_suite_wants_it(void **state)
{
    static const char *const bad[] = {"{\"policies\":[{\"type\":\"Nothing\",\"name\":\"x\"}]}",
                                      "{\"policies\":[{\"name\":\"x\"}]}", "{\"policies\":[7]}",
                                      "{\"policies\":[{\"type\":1}]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *got = expect(*state, 400, "POST", CHECK, bad[i]);
        char *errors = json_dumps(json_at(got, "errors"), JSON_COMPACT);
        assert_string_equal(errors, "{\"policies[0]\":[\"The input was not valid.\"]}");
        assert_string_equal(text_at(got, "title"), "One or more validation errors occurred.");
        free(errors);
        json_decref(got);
    }
}

static void every_rule_names_its_field(void **state)
{
    static const struct {
        const char *body, *errors;
    } cases[] = {
        {"{}", "{\"policies\":[\"a list is required\"]}"},
        {"{\"policies\":[]}", "{\"policies\":[\"at least one is required\"]}"},
        {"{\"policies\":[{\"type\":\"Fixed\"," ALWAYS "}]}", "{\"policies[0].name\":[\"is required\"]}"},
        {"{\"policies\":[{" QUEUE "},{" QUEUE "}]}", "{\"policies[1].name\":[\"q is there twice\"]}"},
        {"{\"policies\":[{\"type\":\"Fixed\",\"name\":\"f\",\"slotsCount\":-1," ALWAYS "}]}",
         "{\"policies[0].slotsCount\":[\"must be from 0 to 1000000\"]}"},
        {"{\"policies\":[{\"type\":\"Fixed\",\"name\":\"f\",\"slotsCount\":\"x\"," ALWAYS "}]}",
         "{\"policies[0].slotsCount\":[\"must be a whole number\"]}"},
        {"{\"policies\":[{" QUEUE ",\"minTotalSlots\":2,\"maxTotalSlots\":1}]}",
         "{\"policies[0].minTotalSlots\":[\"2 is over maxTotalSlots, 1\"]}"},
        {"{\"policies\":[{" QUEUE ",\"minIdleSlots\":2,\"maxTotalSlots\":1}]}",
         "{\"policies[0].minIdleSlots\":[\"2 is over maxTotalSlots, 1\"]}"},
        {"{\"policies\":[{" QUEUE ",\"minIdleTimeSeconds\":-1}]}",
         "{\"policies[0].minIdleTimeSeconds\":[\"must be from 0 to 2147483647\"]}"},
        {"{\"policies\":[{" QUEUE ",\"scalingFactor\":1.5}]}",
         "{\"policies[0].scalingFactor\":[\"must be from 0 to 1\"]}"},
        {"{\"policies\":[{\"type\":\"Fixed\",\"name\":\"f\",\"enabledPeriods\":[]}]}",
         "{\"policies[0].enabledPeriods\":[\"at least one is required\"]}"},
        {"{\"policies\":[{\"type\":\"Fixed\",\"name\":\"f\",\"enabledPeriods\":[{\"name\":\"x\"}]}]}",
         "{\"policies[0].enabledPeriods[0].type\":[\"must be Always or Weekly\"]}"},
        {"{\"policies\":[{\"type\":\"Fixed\",\"name\":\"f\",\"enabledPeriods\":[{\"type\":\"Always\"}]}]}",
         "{\"policies[0].enabledPeriods[0].name\":[\"is required\"]}"},
        {WEEKLY("[]", "01:00:00", "02:00:00"),
         "{\"policies[0].enabledPeriods[0].days\":[\"at least one day is required\"]}"},
        {WEEKLY("[\"noday\"]", "01:00:00", "02:00:00"),
         "{\"policies[0].enabledPeriods[0].days\":[\"must be of sunday to saturday, or 0 (Sunday) to 6\"]}"},
        {WEEKLY("[7]", "01:00:00", "02:00:00"),
         "{\"policies[0].enabledPeriods[0].days\":[\"must be of sunday to saturday, or 0 (Sunday) to 6\"]}"},
        {WEEKLY("[1]", "02:00:00", "02:00:00"), "{\"policies[0].enabledPeriods[0].endTimeUtc\":[\"must be "
                                                "after startTimeUtc and of the same day\"]}"},
        {WEEKLY("[1]", "02:00:00", "1.02:00:00"), "{\"policies[0].enabledPeriods[0].endTimeUtc\":[\"must be "
                                                  "after startTimeUtc and of the same day\"]}"},
        {WEEKLY("[1]", "noon", "02:00:00"),
         "{\"policies[0].enabledPeriods[0].startTimeUtc\":[\"must be a time of the day, hh:mm:ss\"]}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *got = expect(*state, 400, "POST", CHECK, cases[i].body);
        char *errors = json_dumps(json_at(got, "errors"), JSON_COMPACT);
        assert_string_equal(errors, cases[i].errors);
        assert_string_equal(text_at(got, "title"), "Model validation error");
        free(errors);
        json_decref(got);
    }
    json_decref(expect(*state, 400, "POST", CHECK, "[]"));
    json_decref(expect(*state, 400, "POST", CHECK, ""));
}

static void all_that_is_wrong_is_named(void **state)
{
    static const struct {
        const char *body, *errors;
    } cases[] = {
        // of each policy and period, each field once; of what could not be read nothing follows
        {"{\"policies\":[{\"type\":\"Fixed\",\"name\":7,\"slotsCount\":-1},{\"type\":\"No\"},{" QUEUE
         ",\"minTotalSlots\":3,\"maxTotalSlots\":\"x\",\"scalingFactor\":2},"
         "{\"type\":\"Fixed\",\"slotsCount\":1,\"name\":\"q\",\"enabledPeriods\":[{\"name\":\"a\"},"
         "{\"type\":\"Weekly\",\"name\":\"a\",\"days\":[9],\"startTimeUtc\":\"noon\",\"endTimeUtc\":\"late\"}"
         "]}]}",
         "{\"policies[0].name\":[\"must be a string\"],\"policies[1]\":[\"The input was not valid.\"],"
         "\"policies[2].maxTotalSlots\":[\"must be a whole number\"],"
         "\"policies[2].scalingFactor\":[\"must be from 0 to 1\"],"
         "\"policies[3].enabledPeriods[0].type\":[\"must be Always or Weekly\"],"
         "\"policies[3].enabledPeriods[1].days\":[\"must be of sunday to saturday, or 0 (Sunday) to 6\"],"
         "\"policies[3].enabledPeriods[1].startTimeUtc\":[\"must be a time of the day, hh:mm:ss\"],"
         "\"policies[3].enabledPeriods[1].endTimeUtc\":[\"must be a time of the day, hh:mm:ss\"],"
         "\"policies[0].slotsCount\":[\"must be from 0 to 1000000\"],"
         "\"policies[0].enabledPeriods\":[\"at least one is required\"],"
         "\"policies[3].name\":[\"q is there twice\"],"
         "\"policies[3].enabledPeriods[1].name\":[\"a is there twice\"]}"},
        {"{\"policies\":[{" QUEUE ",\"minTotalSlots\":3,\"maxTotalSlots\":2,\"minIdleSlots\":4}]}",
         "{\"policies[0].minTotalSlots\":[\"3 is over maxTotalSlots, 2\"],"
         "\"policies[0].minIdleSlots\":[\"4 is over maxTotalSlots, 2\"]}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *got = expect(*state, 400, "POST", CHECK, cases[i].body);
        char *errors = json_dumps(json_at(got, "errors"), JSON_COMPACT);
        assert_string_equal(errors, cases[i].errors);
        free(errors);
        json_decref(got);
    }
}

static void they_are_bounded(void **state)
{
    struct buf b = BUF_INIT(1 << 20);
    buf_puts(&b, "{\"policies\":[");
    for (int i = 0; i < 32; i++)
        buf_puts(&b,
                 i ? ",{\"type\":\"Fixed\",\"slotsCount\":-1}" : "{\"type\":\"Fixed\",\"slotsCount\":-1}");
    buf_puts(&b, "]}");
    json_t *got = expect(*state, 400, "POST", CHECK, buf_str(&b));
    assert_int_equal(json_object_size(json_at(got, "errors")), 65); // of 96
    assert_string_equal(text_at(got, "errors.policies.0"), "32 more are wrong");
    json_decref(got);
    buf_deinit(&b);
}

static void a_pool_says_them_with_its_other_fields(void **state)
{
    json_t *got = expect(
        *state, 400, "POST", "/pools",
        "{\"name\":\"n\",\"profile\":\"docker-batch\",\"elasticProperty\":7,\"scaling\":{\"policies\":["
        "{\"type\":\"Fixed\",\"slotsCount\":-1,\"name\":\"f\"},{\"type\":1}]}}");
    assert_string_equal(
        text_at(got, "message"),
        "Invalid pool file. Invalid fields: elasticProperty, scaling. elasticProperty: must be an object; "
        "scaling: policies[1]: The input was not valid.; scaling: policies[0].slotsCount: must be from 0 to "
        "1000000; scaling: policies[0].enabledPeriods: at least one is required");
    json_decref(got);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)
    const struct CMUnitTest tests[] = {
        TEST(what_makes_sense_is_answered_with_nothing),
        TEST(a_type_that_is_none_is_answered_as_the_acceptance_suite_wants_it),
        TEST(every_rule_names_its_field),
        TEST(all_that_is_wrong_is_named),
        TEST(they_are_bounded),
        TEST(a_pool_says_them_with_its_other_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
