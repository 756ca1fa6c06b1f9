// SPDX-License-Identifier: Apache-2.0
// Pools through the API: what clients send, every key of the answer in its order, sizes in their three forms,
// tasks and jobs that run in one, lists, changes, the ways a pool ends.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "house.h"

#define NOBODY "0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11"
#define FIXED  "{\"name\":\"p\",\"profile\":\"docker-batch\",\"instanceCount\":2}"

static const char *task_in(struct house *h, const char *pool, const char *more)
{
    char body[1024];
    snprintf(body, sizeof body, "{\"name\":\"t\",\"poolUuid\":\"%s\",\"instanceCount\":1%s}", pool, more);
    return expect_made(h, "/tasks", body);
}

// As the contract's own example has it, key by key.
static void a_pool_is_shown_with_every_key_in_its_order(void **state)
{
    static const char *const keys[] = {"uuid",
                                       "name",
                                       "shortname",
                                       "profile",
                                       "state",
                                       "previousState",
                                       "instanceCount",
                                       "targetRunningInstanceCount",
                                       "stateTransitionTime",
                                       "previousStateTransitionTime",
                                       "creationDate",
                                       "lastModified",
                                       "endDate",
                                       "runningInstanceCount",
                                       "runningCoreCount",
                                       "queuedOrRunningTaskInstancesCount",
                                       "executionTime",
                                       "wallTime",
                                       "taskDefaultWaitForPoolResourcesSynchronization",
                                       "errors",
                                       "elasticProperty",
                                       "scaling",
                                       "preparationTask",
                                       "constants",
                                       "forcedConstants",
                                       "secretsAccessRights",
                                       "tags",
                                       "resourceBuckets",
                                       "advancedResourceBuckets",
                                       "status",
                                       "totalSlotCapacity",
                                       "poolUsage",
                                       "hardwareConstraints",
                                       "schedulingType",
                                       "targetedReservedMachineKey",
                                       "targetedReservationName",
                                       "autoDeleteOnCompletion",
                                       "completionTimeToLive",
                                       "labels",
                                       "privileges",
                                       "defaultRetrySettings",
                                       "defaultResourcesCacheTTLSec",
                                       "maxTimeQueueSeconds",
                                       "forcedNetworkRules",
                                       "projectUuid"};
    struct house *h = *state;
    const char *p = expect_made(h, "/v1/pools/", FIXED);
    json_t *j = expect(h, 200, "GET", path("/pool/%s", p), NULL), *v;
    const char *key;
    size_t i = 0;
    json_object_foreach(j, key, v)
    {
        assert_true(i < sizeof keys / sizeof *keys);
        assert_string_equal(key, keys[i++]);
    }
    assert_int_equal(i, sizeof keys / sizeof *keys);
    assert_string_equal(text_at(j, "state"), "Submitted");
    assert_string_equal(text_at(j, "shortname"), p);
    assert_string_equal(text_at(j, "endDate"), "0001-01-01T00:00:00Z");
    assert_true(json_is_array(json_at(j, "errors")) && json_is_object(json_at(j, "elasticProperty")));
    assert_int_equal(int_at(j, "totalSlotCapacity"), 2);
    json_decref(j);
    expect_message(h, 404, "No such pool: " NOBODY, "GET", "/pools/" NOBODY, NULL);
}

static void nodes_come_tasks_run_and_what_they_did_is_told(void **state)
{
    struct house *h = *state;
    house_boards(h, 3);
    const char *p = expect_made(h, "/pools", FIXED), *at = path("/pools/%s", p);
    expect_text(h, at, "state", "FullyDispatched");
    house_start_all(h);
    expect_text(h, at, "state", "FullyExecuting");
    expect_int(h, at, "runningInstanceCount", 2);
    expect_int(h, at, "runningCoreCount", 16);
    json_t *j = expect(h, 200, "GET", at, NULL);
    assert_int_equal(json_array_size(json_at(j, "status.runningInstancesInfo.perRunningInstanceInfo")), 2);
    json_decref(j);
    const char *t = task_in(h, p, "");
    expect_int(h, at, "queuedOrRunningTaskInstancesCount", 1);
    expect_text(h, path("/tasks/%s", t), "poolUuid", p);
    expect_text(h, path("/tasks/%s", t), "profile", "docker-batch");
    house_start_all(h);
    expect_text(h, path("/tasks/%s", t), "state", "FullyExecuting");
    house_print_all(h, "hello\n");
    house_end_all(h, 0);
    expect_text(h, path("/tasks/%s", t), "state", "Success");
    expect_text(h, at, "state", "FullyExecuting");
    struct answer a = ask(h, "GET", path("/pools/%s/stdout/1", p), NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "hello\n");
    answer_free(&a);
    expect_message(h, 404, path("No such instance: 7 of pool %s", p), "GET", path("/pools/%s/stdout/7", p),
                   NULL);
    j = expect(h, 200, "GET", path("/pools/%s/tasks", p), NULL);
    assert_int_equal(json_array_size(j), 1);
    json_decref(j);
    json_t *credits = expect(h, 200, "GET", path("/credits/v1/pools/%s/credits", p), NULL),
           *own = expect(h, 200, "GET", path("/credits/v1/tasks/%s/credits", t), NULL);
    assert_true(json_real_value(json_at(own, "credits")) > 0);
    assert_true(json_real_value(json_at(credits, "credits")) >= json_real_value(json_at(own, "credits")));
    json_decref(credits);
    json_decref(own);
    json_decref(expect(h, 200, "GET", path("/carbon/v1/pools/%s/carbon-facts", p), NULL));
}

static void sizes_are_asked_in_three_forms(void **state)
{
    static const struct {
        const char *body, *message;
    } bad[] = {
        {"{\"name\":\"p\",\"profile\":\"docker-batch\"}",
         "Invalid pool file. Invalid fields: instanceCount. instanceCount: is required without "
         "elasticProperty "
         "and scaling"},
        {"{\"profile\":\"docker-batch\",\"instanceCount\":1}",
         "Invalid pool file. Invalid fields: name. name: is required"},
        {"{\"name\":\"p\",\"instanceCount\":1}",
         "Invalid pool file. Invalid fields: profile. profile: is required (GET /profiles lists them)"},
        {"{\"name\":\"p\",\"profile\":\"docker-batch\",\"elasticProperty\":{\"isElastic\":true,"
         "\"minTotalSlots\":2,"
         "\"maxTotalSlots\":1}}",
         "Invalid pool file. Invalid fields: elasticProperty. elasticProperty.minTotalSlots: 2 is over "
         "maxTotalSlots, 1"},
        {"{\"name\":\"p\",\"profile\":\"docker-batch\",\"elasticProperty\":{\"rampResizeFactor\":2}}",
         "Invalid pool file. Invalid fields: elasticProperty. elasticProperty.rampResizeFactor: must be from "
         "0 "
         "to 1"},
        {"{\"name\":\"p\",\"profile\":\"docker-batch\",\"elasticProperty\":{\"isElastic\":true,\"minTotalSlots\":\"x\","
         "\"maxTotalSlots\":1,\"minIdleSlots\":2,\"resizePeriod\":-1,\"rampResizeFactor\":true}}",
         "Invalid pool file. Invalid fields: elasticProperty. elasticProperty.minTotalSlots: must be a whole "
         "number; elasticProperty.resizePeriod: must be from 0 to 2147483647; "
         "elasticProperty.rampResizeFactor: must be from 0 to 1; elasticProperty.minIdleSlots: 2 is over maxTotalSlots, 1"},
        {"{\"name\":\"p\",\"profile\":\"docker-batch\",\"elasticProperty\":{\"isElastic\":7,\"minTotalSlots\":3,"
         "\"maxTotalSlots\":-1,\"minIdleTimeSeconds\":[]}}",
         "Invalid pool file. Invalid fields: elasticProperty. elasticProperty.isElastic: must be true or false; "
         "elasticProperty.maxTotalSlots: must be from 0 to 1000000; "
         "elasticProperty.minIdleTimeSeconds: must be a whole number"},
        {"{\"name\":\"p\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"multiSlotsSettings\":{"
         "\"slotsPerNode\":"
         "65}}",
         "Invalid pool file. Invalid fields: multiSlotsSettings. multiSlotsSettings: slotsPerNode: must be "
         "from 1 to 64"},
        {"{\"name\":\"p\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"preparationTask\":{"
         "\"commandLine\":"
         "\"echo 'x\"}}",
         NULL},
    };
    struct house *h = *state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer a = ask(h, "POST", "/pools", bad[i].body);
        if (a.status != 400 || (bad[i].message && strcmp(text_at(a.json, "message"), bad[i].message) != 0))
            fail_msg("%zu: %d %s", i, a.status, a.body);
        answer_free(&a);
    }
    // As the Python client sends one: the object is always there.
    const char *p =
        expect_made(h, "/pools",
                    "{\"name\":\"e\",\"profile\":\"docker-batch\",\"elasticProperty\":{\"isElastic\":true,"
                    "\"minTotalSlots\":1,\"maxTotalSlots\":4,\"minIdleSlots\":0,\"resizePeriod\":90,"
                    "\"rampResizeFactor\":0.4,\"minIdleTimeSeconds\":90}}");
    expect_int(h, path("/pools/%s", p), "targetRunningInstanceCount", 1);
    json_t *j = expect(h, 200, "GET", path("/pools/%s", p), NULL);
    assert_true(json_real_value(json_at(j, "elasticProperty.rampResizeFactor")) == 0.4);
    json_decref(j);
    // As the C# client sends policies.
    p = expect_made(
        h, "/pools",
        "{\"Name\":\"s\",\"Profile\":\"docker-batch\",\"InstanceCount\":0,\"ElasticProperty\":{\"IsElastic\":"
        "false},"
        "\"Scaling\":{\"Policies\":[{\"Type\":\"Fixed\",\"SlotsCount\":3,\"Name\":\"f\",\"EnabledPeriods\":[{"
        "\"Type\":\"Always\",\"Name\":\"a\"}]}],\"ActivePolicyName\":null}}");
    expect_int(h, path("/pools/%s", p), "targetRunningInstanceCount", 3);
    expect_text(h, path("/pools/%s", p), "scaling.activePolicyName", "f");
}

// What one client compares as text: the keys in this order, the numbers as they came.
#define POLICIES                                                                                             \
    "[{\"type\":\"ManagedTasksQueue\",\"minTotalSlots\":0,\"maxTotalSlots\":2,\"minIdleSlots\":1,"           \
    "\"minIdleTimeSeconds\":90,\"scalingFactor\":0.2,\"name\":\"q\",\"enabledPeriods\":[{\"type\":"          \
    "\"Weekly\",\"days\":[\"thursday\",\"Friday\"],\"startTimeUtc\":\"19:30:00\",\"endTimeUtc\":"            \
    "\"23:59:59.9999999\",\"name\":\"w\"}]},{\"type\":\"Fixed\",\"slotsCount\":1,\"name\":\"f\","            \
    "\"enabledPeriods\":[{\"type\":\"Always\",\"name\":\"a\"}]}]"

static void scaling_comes_back_as_it_was_sent(void **state)
{
    struct house *h = *state;
    const char *p = expect_made(h, "/pools", FIXED), *at = path("/pools/%s/scaling", p);
    struct answer a = ask(h, "GET", at, NULL);
    assert_string_equal(a.body, "{\"policies\":[],\"activePolicyName\":null}");
    answer_free(&a);
    a = ask(h, "PUT", at, "{\"policies\":" POLICIES "}");
    assert_int_equal(a.status, 200);
    answer_free(&a);
    a = ask(h, "GET", at, NULL);
    assert_non_null(strstr(a.body, "{\"policies\":" POLICIES ",\"activePolicyName\":"));
    answer_free(&a);
    a = ask(h, "PUT", at, "{\"policies\":[{\"type\":\"No\"}]}");
    assert_int_equal(a.status, 400);
    assert_non_null(strstr(a.body, "\"errors\": {\"policies[0]\":[\"The input was not valid.\"]}"));
    answer_free(&a);
    a = ask(h, "GET", path("/pools/%s", p), NULL);
    assert_non_null(strstr(a.body, "\"scaling\":{\"policies\":" POLICIES));
    answer_free(&a);
}

static void an_update_changes_what_it_has_and_nothing_else(void **state)
{
    struct house *h = *state;
    const char *p = expect_made(
        h, "/pools",
        "{\"name\":\"p\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"tags\":[\"a\"],"
        "\"labels\":{\"k\":\"v\"},\"constants\":[{\"key\":\"QARNOT_SECRET__X\",\"value\":\"1\"}]}");
    const char *at = path("/pools/%s", p);
    json_decref(expect(h, 200, "PUT", at, "{\"tags\":[\"b\"]}"));
    expect_text(h, at, "tags.0", "b");
    expect_text(h, at, "labels.k", "v");
    expect_text(h, at, "constants.0.value", "[SECRET]");
    expect_int(h, at, "targetRunningInstanceCount", 1);
    json_decref(expect(h, 200, "PUT", at, "{\"instanceCount\":5,\"Scaling\":null,\"State\":\"x\"}"));
    expect_int(h, at, "targetRunningInstanceCount", 5);
    const char *copy = expect_made(h, path("/pools/%s/clone", p), "{}");
    expect_text(h, path("/pools/%s", copy), "shortname", copy);
    expect_text(h, path("/pools/%s", copy), "tags.0", "b");
    expect_int(h, path("/pools/%s", copy), "instanceCount", 5);
    json_decref(expect(h, 400, "PATCH", at, NULL));
}

static void tasks_take_from_their_pool_what_they_do_not_say(void **state)
{
    struct house *h = *state;
    const char *p =
        expect_made(h, "/pools",
                    "{\"name\":\"p\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"schedulingType\":"
                    "\"onDemand\",\"defaultRetrySettings\":{\"maxTotalRetries\":3}}");
    const char *t = task_in(h, p, ",\"profile\":null");
    expect_int(h, path("/tasks/%s", t), "retrySettings.maxTotalRetries", 3);
    expect_text(h, path("/tasks/%s", t), "schedulingType", "onDemand");
    t = task_in(h, p, ",\"retrySettings\":{\"maxPerInstanceRetries\":1}");
    expect_int(h, path("/tasks/%s", t), "retrySettings.maxPerInstanceRetries", 1);
    expect_message(h, 400, "No such pool: " NOBODY, "POST", "/tasks",
                   "{\"name\":\"t\",\"poolUuid\":\"" NOBODY "\",\"instanceCount\":1}");
    struct answer a =
        ask(h, "POST", "/tasks",
            path("{\"name\":\"t\",\"poolUuid\":\"%s\",\"instanceCount\":1,\"hardwareConstraints\":[{"
                 "\"discriminator\":\"MinimumCoreHardwareConstraint\",\"coreCount\":1}]}",
                 p));
    assert_int_equal(a.status, 400);
    answer_free(&a);
    // A job hands its pool on.
    const char *j = expect_made(h, "/jobs", path("{\"name\":\"j\",\"poolUuid\":\"%s\"}", p));
    expect_text(h, path("/jobs/%s", j), "poolUuid", p);
    t = expect_made(h, "/tasks", path("{\"name\":\"t\",\"jobUuid\":\"%s\",\"instanceCount\":1}", j));
    expect_text(h, path("/tasks/%s", t), "poolUuid", p);
    json_t *list = expect(h, 200, "GET", path("/pools/%s/jobs", p), NULL);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    expect_message(h, 400, "No such pool: " NOBODY, "POST", "/jobs",
                   "{\"name\":\"j\",\"poolUuid\":\"" NOBODY "\"}");
    const char *plain = expect_made(h, "/jobs", "{\"name\":\"j\"}");
    expect_message(h, 400,
                   "Invalid task file. Invalid fields: profile. profile: is required outside a pool (GET "
                   "/profiles lists them)",
                   "POST", "/tasks", path("{\"name\":\"t\",\"jobUuid\":\"%s\",\"instanceCount\":1}", plain));
}

static void lists_have_pages_filters_and_tags(void **state)
{
    struct house *h = *state;
    for (int i = 0; i < 3; i++)
        expect_made(
            h, "/pools",
            i ? FIXED
              : "{\"name\":\"odd\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"tags\":[\"x\"]}");
    json_t *j = expect(h, 200, "POST", "/pools/paginate", "{\"maximumResults\":1}");
    assert_int_equal(int_at(j, "count"), 1);
    assert_true(json_is_true(json_at(j, "isTruncated")) && json_is_string(json_at(j, "nextToken")));
    assert_int_equal(int_at(j, "total"), 3);
    json_decref(j);
    j = expect(h, 200, "GET", "/pools?tag=x", NULL);
    assert_int_equal(json_array_size(j), 1);
    assert_string_equal(text_at(j, "0.name"), "odd");
    json_decref(j);
    j = expect(h, 200, "POST", "/pools/search",
               "{\"filter\":{\"operator\":\"Like\",\"field\":\"Name\",\"value\":\"/^od/\"}}");
    assert_int_equal(json_array_size(j), 1);
    json_decref(j);
    j = expect(h, 200, "POST", "/pools/summaries/paginate", NULL);
    assert_int_equal(int_at(j, "count"), 3);
    assert_null(json_at(j, "data.0.constants"));
    json_decref(j);
    j = expect(h, 200, "GET", "/pools/summaries", NULL);
    assert_int_equal(json_array_size(j), 3);
    json_decref(j);
    j = expect(h, 200, "GET", "/info", NULL);
    assert_int_equal(int_at(j, "poolCount"), 3);
    assert_int_equal(int_at(j, "runningPoolCount"), 3);
    json_decref(j);
}

static void a_pool_ends_and_takes_no_more(void **state)
{
    struct house *h = *state;
    house_boards(h, 2);
    const char *p =
        expect_made(h, "/pools",
                    "{\"name\":\"p\",\"profile\":\"docker-batch\",\"instanceCount\":2,\"shortname\":"
                    "\"helloworld\"}");
    house_start_all(h);
    const char *t = task_in(h, p, "");
    json_decref(expect(h, 200, "POST", "/pools/helloworld/close", NULL));
    expect_text(h, "/pools/helloworld", "state", "Closing");
    expect_text(h, path("/tasks/%s", t), "state", "PendingCancel");
    house_end_all(h, 1);
    expect_text(h, path("/tasks/%s", t), "state", "Cancelled");
    expect_text(h, path("/tasks/%s", t), "errors.0.code", "ONDOL-POOL-CLOSED");
    house_later(h, 10001);
    expect_text(h, "/pools/helloworld", "state", "Closed");
    expect_message(h, 400, path("The pool %s takes no more tasks: it is Closed", p), "POST", "/tasks",
                   path("{\"name\":\"t\",\"poolUuid\":\"%s\",\"instanceCount\":1}", p));
    json_decref(expect(h, 403, "PUT", "/pools/helloworld", "{\"tags\":[]}"));
    json_decref(expect(h, 200, "DELETE", "/pools/helloworld", NULL));
    expect_message(h, 404, "No such pool: helloworld", "GET", "/pools/helloworld", NULL);
    expect_message(h, 404, "No such pool: helloworld", "DELETE", "/pools/helloworld", NULL);
    expect_made(
        h, "/pools",
        "{\"name\":\"p\",\"profile\":\"docker-batch\",\"instanceCount\":2,\"shortname\":\"helloworld\"}");
    expect_text(h, path("/tasks/%s", t), "state", "Cancelled");
}

static void strangers_see_nothing_of_it(void **state)
{
    static const char *const routes[][2] = {{"GET", ""},         {"PUT", ""},        {"PATCH", ""},
                                            {"DELETE", ""},      {"POST", "/close"}, {"POST", "/clone"},
                                            {"GET", "/scaling"}, {"GET", "/tasks"},  {"GET", "/jobs"},
                                            {"GET", "/stdout"},  {"POST", "/stderr"}};
    struct house *h = *state;
    const char *p = expect_made(h, "/pools", FIXED);
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        char target[128];
        snprintf(target, sizeof target, "/pools/%s%s", p, routes[i][1]);
        struct answer a = house_ask(h, routes[i][0], target, STRANGER, "*/*", "{}");
        if (a.status != 404)
            fail_msg("%s %s: %d", routes[i][0], target, a.status);
        answer_free(&a);
    }
    struct answer a = house_ask(h, "POST", "/tasks", STRANGER, "*/*",
                                path("{\"name\":\"t\",\"poolUuid\":\"%s\",\"instanceCount\":1}", p));
    assert_int_equal(a.status, 400);
    answer_free(&a);
}

int main(void)
{
#define TEST(t) cmocka_unit_test_setup_teardown(t, house_open, house_close)
    const struct CMUnitTest tests[] = {
        TEST(a_pool_is_shown_with_every_key_in_its_order),
        TEST(nodes_come_tasks_run_and_what_they_did_is_told),
        TEST(sizes_are_asked_in_three_forms),
        TEST(scaling_comes_back_as_it_was_sent),
        TEST(an_update_changes_what_it_has_and_nothing_else),
        TEST(tasks_take_from_their_pool_what_they_do_not_say),
        TEST(lists_have_pages_filters_and_tags),
        TEST(a_pool_ends_and_takes_no_more),
        TEST(strangers_see_nothing_of_it),
    };
    return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
