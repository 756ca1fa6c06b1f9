// SPDX-License-Identifier: Apache-2.0
// A task through its life as the API shows it: every key of the contract in its order, states, output,
// updates.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "base/mem.h"
#include "house.h"

#define TARGET_BYTES 128

// The keys of TaskOutput in the order of the contract; the first 24 are TaskSummary.
static const char *const keys[] = {"uuid",
                                   "name",
                                   "shortname",
                                   "profile",
                                   "poolUuid",
                                   "jobUuid",
                                   "progress",
                                   "runningInstanceCount",
                                   "runningCoreCount",
                                   "clusterInfo",
                                   "executionTime",
                                   "wallTime",
                                   "state",
                                   "previousState",
                                   "totalInstanceCount",
                                   "instanceCount",
                                   "maxRetriesPerInstance",
                                   "advancedRanges",
                                   "stateTransitionTime",
                                   "previousStateTransitionTime",
                                   "lastModified",
                                   "creationDate",
                                   "endDate",
                                   "waitForPoolResourcesSynchronization",
                                   "errors",
                                   "resourceBuckets",
                                   "advancedResourceBuckets",
                                   "resultBucket",
                                   "resultsBucket",
                                   "resultsBucketPrefix",
                                   "resultsCacheTTLSec",
                                   "ResultsCacheTTLSec",
                                   "completedInstances",
                                   "status",
                                   "snapshotInterval",
                                   "resultsCount",
                                   "constants",
                                   "forcedConstants",
                                   "secretsAccessRights",
                                   "tags",
                                   "snapshotWhitelist",
                                   "snapshotBlacklist",
                                   "snapshotBucket",
                                   "snapshotBucketPrefix",
                                   "resultsWhitelist",
                                   "resultsBlacklist",
                                   "uploadResultsOnCancellation",
                                   "dependencies",
                                   "autoDeleteOnCompletion",
                                   "completionTimeToLive",
                                   "hardwareConstraints",
                                   "labels",
                                   "schedulingType",
                                   "targetedReservedMachineKey",
                                   "targetedReservationName",
                                   "privileges",
                                   "retrySettings",
                                   "defaultResourcesCacheTTLSec",
                                   "maxTimeQueueSeconds",
                                   "forcedNetworkRules",
                                   "projectUuid"};
#define SUMMARY_KEYS 24

static const char *const status_keys[] = {"timestamp",
                                          "lastUpdateTimestamp",
                                          "downloadProgress",
                                          "executionProgress",
                                          "uploadProgress",
                                          "instanceCount",
                                          "downloadTime",
                                          "downloadTimeSec",
                                          "environmentTime",
                                          "environmentTimeSec",
                                          "executionTime",
                                          "executionTimeSec",
                                          "executionTimeByCpuModel",
                                          "executionTimeByMachineSpecification",
                                          "executionTimeBySiteAndMachine",
                                          "executionTimeByInstanceId",
                                          "executionTimeGhzByCpuModel",
                                          "uploadTime",
                                          "uploadTimeSec",
                                          "wallTime",
                                          "wallTimeSec",
                                          "succeededRange",
                                          "executedRange",
                                          "failedRange",
                                          "cancelledRange",
                                          "failedOnlyRange",
                                          "startedOnceRange",
                                          "runningInstancesInfo"};

static const char *const instance_keys[] = {"activeForwards",
                                            "vpnConnections",
                                            "phase",
                                            "instanceId",
                                            "maxFrequencyGHz",
                                            "currentFrequencyGHz",
                                            "cpuUsage",
                                            "maxMemoryMB",
                                            "currentMemoryMB",
                                            "memoryUsage",
                                            "networkInKbps",
                                            "networkOutKbps",
                                            "progress",
                                            "executionTimeSec",
                                            "executionTimeGHz",
                                            "specificationKey",
                                            "cpuModel",
                                            "coreCount",
                                            "executionAttemptCount",
                                            "clockRatio"};

static const char *const completed_keys[] = {
    "results",      "instanceId", "wallTimeSec", "execTimeSec",          "execTimeSecGHz",
    "peakMemoryMB", "state",      "error",       "specificationKey",     "cpuModel",
    "coreCount",    "clockRatio", "averageGHz",  "executionAttemptCount"};

#define SAME_KEYS(v, list) same_keys(v, list, sizeof list / sizeof *list)
static void same_keys(const json_t *v, const char *const *want, size_t n)
{
    size_t i = 0;
    assert_true(json_is_object(v));
    for (void *it = json_object_iter((json_t *)v); it; it = json_object_iter_next((json_t *)v, it)) {
        if (i == n)
            fail_msg("one more key: %s", json_object_iter_key(it));
        assert_string_equal(json_object_iter_key(it), want[i++]);
    }
    assert_int_equal(i, n);
}

static char *path_of(char out[TARGET_BYTES], const char *uuid, const char *rest)
{
    snprintf(out, TARGET_BYTES, "/tasks/%s%s", uuid, rest);
    return out;
}

static json_t *get(struct house *h, const char *uuid)
{
    char target[TARGET_BYTES];
    return expect(h, 200, "GET", path_of(target, uuid, ""), NULL);
}

static void a_new_task_has_every_key_in_order(void **state)
{
    char uuid[UUID_TEXT_BYTES];
    house_task(*state, "hello", 2, uuid);
    json_t *t = get(*state, uuid);
    SAME_KEYS(t, keys);
    assert_string_equal(text_at(t, "state"), "Submitted");
    assert_string_equal(text_at(t, "shortname"), uuid);
    assert_string_equal(text_at(t, "creationDate"), "2026-01-02T03:00:00Z");
    assert_string_equal(text_at(t, "endDate"), "0001-01-01T00:00:00Z");
    assert_string_equal(text_at(t, "previousStateTransitionTime"), "0001-01-01T00:00:00Z");
    assert_string_equal(text_at(t, "executionTime"), "00:00:00");
    assert_true(json_is_null(json_at(t, "status")));
    assert_int_equal(int_at(t, "defaultResourcesCacheTTLSec"), 7776000);
    static const char *const arrays[] = {"errors",
                                         "constants",
                                         "completedInstances",
                                         "hardwareConstraints",
                                         "forcedNetworkRules",
                                         "tags",
                                         "secretsAccessRights.bySecret",
                                         "secretsAccessRights.byPrefix"};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        assert_true(json_is_array(json_at(t, arrays[i])));
    json_decref(t);
    json_t *list = expect(*state, 200, "GET", "/tasks/summaries", NULL);
    const char *short_keys[SUMMARY_KEYS + 1];
    memcpy(short_keys, keys, SUMMARY_KEYS * sizeof *keys);
    short_keys[SUMMARY_KEYS] = "projectUuid";
    same_keys(json_at(list, "0"), short_keys, SUMMARY_KEYS + 1);
    json_decref(list);
}

static void a_running_task_lists_its_instances(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES];
    house_boards(h, 2);
    house_task(h, "hello", 2, uuid);
    house_start_all(h);
    json_t *t = get(h, uuid);
    assert_string_equal(text_at(t, "state"), "FullyExecuting");
    assert_int_equal(int_at(t, "runningInstanceCount"), 2);
    assert_int_equal(int_at(t, "runningCoreCount"), 16);
    SAME_KEYS(json_at(t, "status"), status_keys);
    json_t *info = json_at(t, "status.runningInstancesInfo.perRunningInstanceInfo");
    assert_int_equal(json_array_size(info), 2);
    SAME_KEYS(json_at(info, "0"), instance_keys);
    assert_string_equal(text_at(info, "0.phase"), "execution");
    assert_float_equal(json_real_value(json_at(info, "0.cpuUsage")), 48.7, 1e-9);
    assert_float_equal(json_real_value(json_at(info, "0.memoryUsage")), 0.0625, 1e-9);
    assert_int_equal(int_at(info, "0.executionTimeGHz"), 12);
    assert_int_equal(int_at(info, "0.executionAttemptCount"), 1);
    assert_float_equal(json_real_value(json_at(info, "0.clockRatio")), 0.937, 1e-9); // 3.0 GHz of 3.2
    assert_float_equal(json_real_value(json_at(t, "status.executionTimeGhzByCpuModel.0.clockRatio")), 0.937, 1e-9);
    assert_string_equal(text_at(t, "status.startedOnceRange"), "0-1");
    assert_string_equal(text_at(t, "executionTime"), "00:00:08");
    assert_int_equal(int_at(t, "status.executionTimeByCpuModel.0.time"), 8);
    json_decref(t);
    json_t *page = expect(h, 200, "POST", "/tasks/paginate", "{}");
    assert_int_equal(
        json_array_size(json_at(page, "data.0.status.runningInstancesInfo.perRunningInstanceInfo")), 2);
    json_decref(page);
}

static void a_task_that_succeeded_shows_what_it_used(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES];
    house_boards(h, 2);
    house_task(h, "hello", 2, uuid);
    house_start_all(h);
    house_later(h, 9500);
    house_end_all(h, 0);
    json_t *t = get(h, uuid);
    assert_string_equal(text_at(t, "state"), "Success");
    assert_int_equal(int_at(t, "progress"), 100);
    assert_int_equal(json_array_size(json_at(t, "completedInstances")), 2);
    SAME_KEYS(json_at(t, "completedInstances.0"), completed_keys);
    assert_string_equal(text_at(t, "completedInstances.1.state"), "Success");
    assert_int_equal(json_integer_value(json_at(t, "status.downloadTimeSec")), 1); // 2 x 900 ms
    assert_int_equal(json_integer_value(json_at(t, "status.uploadTimeSec")), 1);
    assert_int_equal(json_integer_value(json_at(t, "status.environmentTimeSec")), 0); // what is left: 200 ms
    assert_int_equal(json_array_size(json_at(t, "status.executionTimeByInstanceId")), 2);
    assert_int_equal(json_integer_value(json_at(t, "status.executionTimeByInstanceId.1.time")), 8);
    assert_true(json_is_null(json_at(t, "completedInstances.1.error")));
    assert_float_equal(json_real_value(json_at(t, "completedInstances.0.wallTimeSec")), 9.5, 1e-9);
    assert_int_equal(int_at(t, "completedInstances.0.execTimeSec"), 8);
    assert_float_equal(json_real_value(json_at(t, "completedInstances.0.execTimeSecGHz")), 25.6, 1e-9);
    assert_float_equal(json_real_value(json_at(t, "completedInstances.0.averageGHz")), 3.2, 1e-9);
    assert_int_equal(int_at(t, "completedInstances.0.peakMemoryMB"), 64);
    assert_float_equal(json_real_value(json_at(t, "completedInstances.0.clockRatio")), 0.8, 1e-9);
    assert_float_equal(json_real_value(json_at(t, "status.executionTimeByInstanceId.0.clockRatio")), 0.8, 1e-9);
    assert_float_equal(json_real_value(json_at(t, "status.executionTimeGhzByCpuModel.0.clockRatio")), 0.8, 1e-9);
    assert_string_equal(text_at(t, "status.succeededRange"), "0-1");
    assert_string_equal(text_at(t, "status.executedRange"), "0-1");
    assert_string_equal(text_at(t, "status.failedRange"), "");
    assert_true(json_is_null(json_at(t, "status.runningInstancesInfo")));
    assert_string_not_equal(text_at(t, "endDate"), "0001-01-01T00:00:00Z");
    json_decref(t);
}

// While it runs and when it has ended; the site's own page has the same uuid.
static void a_status_names_the_site(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], site[UUID_TEXT_BYTES];
    uuid_of_name(site, "site", "s1");
    house_boards(h, 2);
    house_task(h, "hello", 2, uuid);
    house_start_all(h);
    json_t *t = get(h, uuid);
    assert_string_equal(text_at(t, "status.executionTimeBySiteAndMachine.0.siteUuid"), site);
    json_decref(t);
    house_later(h, 9500);
    house_end_all(h, 0);
    t = get(h, uuid);
    json_t *sites = json_at(t, "status.executionTimeBySiteAndMachine");
    assert_int_equal(json_array_size(sites), 1);
    assert_string_equal(text_at(sites, "0.siteUuid"), site);
    assert_string_equal(text_at(sites, "0.specificationKey"), text_at(t, "completedInstances.0.specificationKey"));
    assert_int_equal(int_at(sites, "0.time"), 16);
    assert_string_equal(text_at(t, "status.executionTimeByInstanceId.1.siteUuid"), site);
    json_decref(t);
}

static int a_bucket(void *ctx, uint64_t account, const char *name, bool make, struct err *e)
{
    (void)ctx, (void)account, (void)name, (void)make, (void)e;
    return 0;
}

static void post(struct house *h, const char *target, const char *body)
{
    struct answer a = ask(h, "POST", target, body);
    assert_int_equal(a.status, 200);
    answer_free(&a);
}

// What is asked for more often than each five seconds is taken so often; after the end nothing is taken.
static void the_snapshot_interval_is_the_one_in_force(void **state)
{
    struct house *h = *state;
    static const struct {
        const char *body;
        int shown;
    } cases[] = {{"{\"interval\":30}", 30}, {"{\"interval\":1}", 5}, {"{\"interval\":0}", 0}, {"{\"interval\":9}", 9}};
    char path[128];
    h->be.bucket = a_bucket;
    api_free(h->api);
    h->api = api_new(&h->be);
    json_t *made = expect(h, 200, "POST", "/tasks",
                          "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"snapshotInterval\":7,"
                          "\"resultBucket\":\"out\"}");
    const char *uuid = text_at(made, "uuid");
    json_t *t = get(h, uuid);
    assert_int_equal(int_at(t, "snapshotInterval"), 0);
    json_decref(t);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(path, sizeof path, "/tasks/%s/snapshot/periodic", uuid);
        post(h, path, cases[i].body);
        t = get(h, uuid);
        assert_int_equal(int_at(t, "snapshotInterval"), cases[i].shown);
        json_decref(t);
        t = expect(h, 200, "GET", "/tasks", NULL);
        assert_int_equal(int_at(t, "0.snapshotInterval"), cases[i].shown);
        json_decref(t);
    }
    snprintf(path, sizeof path, "/tasks/%s/abort", uuid);
    post(h, path, NULL);
    t = get(h, uuid);
    assert_string_equal(text_at(t, "state"), "Cancelled");
    assert_int_equal(int_at(t, "snapshotInterval"), 0);
    json_decref(t);
    json_decref(made);
}

static void a_task_that_failed_names_an_error(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES];
    house_boards(h, 1);
    house_task(h, "hello", 1, uuid);
    house_start_all(h);
    house_end_all(h, 3);
    json_t *t = get(h, uuid);
    assert_string_equal(text_at(t, "state"), "Failure");
    text_at(t, "errors.0.code");
    text_at(t, "errors.0.message");
    text_at(t, "errors.0.debug");
    assert_string_equal(text_at(t, "completedInstances.0.state"), "Failure");
    assert_string_equal(text_at(t, "completedInstances.0.error.debug"), "exit code 3");
    assert_string_equal(text_at(t, "status.failedOnlyRange"), "0");
    json_decref(t);
}

static void a_final_task_is_not_aborted_nor_changed_but_deleted(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES], want[256];
    house_task(h, "hello", 1, uuid);
    json_decref(expect(h, 200, "POST", path_of(target, uuid, "/abort"), NULL));
    snprintf(want, sizeof want, "The task %s cannot be aborted: it is Cancelled already", uuid);
    expect_message(h, 403, want, "POST", path_of(target, uuid, "/abort"), NULL);
    json_decref(expect(h, 403, "PUT", path_of(target, uuid, ""), "{\"tags\":[]}"));
    json_decref(expect(h, 200, "DELETE", path_of(target, uuid, ""), NULL));
    snprintf(want, sizeof want, "No such task: %s", uuid);
    expect_message(h, 404, want, "GET", path_of(target, uuid, ""), NULL);
    expect_message(h, 404, want, "DELETE", path_of(target, uuid, ""), NULL);
    expect_message(h, 404, want, "POST", path_of(target, uuid, "/abort"), NULL);
}

// The Python client tells a task that is gone (404) from one that may not be changed (403).
static void a_deleted_task_that_still_ends_is_seen_but_nothing_is_done_to_it(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES], want[256];
    house_boards(h, 1);
    house_task(h, "hello", 1, uuid);
    house_start_all(h);
    json_decref(expect(h, 200, "DELETE", path_of(target, uuid, ""), NULL));
    json_t *t = expect(h, 200, "GET", path_of(target, uuid, ""), NULL);
    assert_string_equal(text_at(t, "state"), "PendingDelete");
    json_decref(t);
    snprintf(want, sizeof want, "No such task: %s", uuid);
    expect_message(h, 404, want, "POST", path_of(target, uuid, "/abort"), NULL);
    expect_message(h, 404, want, "PUT", path_of(target, uuid, ""), "{\"tags\":[]}");
    expect_message(h, 404, want, "PATCH", path_of(target, uuid, ""), NULL);
    json_decref(expect(h, 200, "DELETE", path_of(target, uuid, ""), NULL));
}

static void an_aborted_task_names_the_code_that_the_clients_know(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES];
    house_task(h, "hello", 1, uuid);
    json_decref(expect(h, 200, "POST", path_of(target, uuid, "/abort"), NULL));
    json_t *t = expect(h, 200, "GET", path_of(target, uuid, ""), NULL);
    assert_string_equal(text_at(t, "errors.0.code"), "GHX0782I");
    json_decref(t);
}

static char ended_uuid[UUID_TEXT_BYTES];

static void delete_it(struct house *h)
{
    char target[TARGET_BYTES];
    json_decref(expect(h, 200, "DELETE", path_of(target, ended_uuid, ""), NULL));
}

static void abort_it(struct house *h)
{
    char target[TARGET_BYTES];
    json_decref(expect(h, 200, "POST", path_of(target, ended_uuid, "/abort"), NULL));
}

static void a_task_that_ends_under_the_request_is_still_told_right(void **state)
{
    struct house *h = *state;
    char target[TARGET_BYTES];
    house_task(h, "hello", 1, ended_uuid);
    h->before_apply = abort_it;
    json_decref(expect(h, 403, "POST", path_of(target, ended_uuid, "/abort"), NULL));
    house_task(h, "hello", 1, ended_uuid);
    h->before_apply = abort_it;
    json_decref(expect(h, 200, "DELETE", path_of(target, ended_uuid, ""), NULL));
    json_decref(expect(h, 404, "GET", path_of(target, ended_uuid, ""), NULL));
    house_task(h, "hello", 1, ended_uuid);
    h->before_apply = delete_it;
    json_decref(expect(h, 404, "POST", path_of(target, ended_uuid, "/abort"), NULL));
    house_task(h, "hello", 1, ended_uuid);
    h->before_apply = delete_it;
    json_decref(expect(h, 404, "PUT", path_of(target, ended_uuid, ""), "{\"tags\":[]}"));
}

static void an_update_changes_only_what_it_has(void **state)
{
    struct house *h = *state;
    char target[TARGET_BYTES];
    json_t *made = expect(h, 200, "POST", "/tasks",
                          "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"tags\":[\"a\"],"
                          "\"labels\":{\"l\":\"1\"},"
                          "\"constants\":[{\"key\":\"A\",\"value\":\"1\"}],\"resultsWhitelist\":\"x\","
                          "\"completionTimeToLive\":\"01:00:00\"}");
    const char *uuid = text_at(made, "uuid");
    json_decref(expect(h, 200, "PUT", path_of(target, uuid, ""), "{\"tags\":[\"b\",\"c\"]}"));
    json_t *t = get(h, uuid);
    assert_string_equal(text_at(t, "tags.1"), "c");
    assert_string_equal(text_at(t, "labels.l"), "1");
    assert_string_equal(text_at(t, "constants.0.value"), "1");
    assert_string_equal(text_at(t, "resultsWhitelist"), "x");
    assert_string_equal(text_at(t, "completionTimeToLive"), "01:00:00");
    json_decref(t);
    // A whole object as C# sends it: nulls are absent, what may not change is ignored.
    json_decref(expect(h, 200, "PUT", path_of(target, uuid, ""),
                       "{\"Name\":\"other\",\"Tags\":null,\"InstanceCount\":7,\"Labels\":{\"l\":\"2\"},"
                       "\"AutoDeleteOnCompletion\":true}"));
    t = get(h, uuid);
    assert_string_equal(text_at(t, "name"), "n");
    assert_int_equal(int_at(t, "instanceCount"), 1);
    assert_int_equal(json_array_size(json_at(t, "tags")), 2);
    assert_string_equal(text_at(t, "labels.l"), "2");
    assert_true(json_is_true(json_at(t, "autoDeleteOnCompletion")));
    json_decref(t);
    json_decref(expect(h, 400, "PUT", path_of(target, uuid, ""), "{\"tags\":7}"));
    json_decref(expect(h, 400, "PATCH", path_of(target, uuid, ""), NULL));
    json_decref(made);
}

static void another_account_sees_nothing(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES];
    static const char *const ways[][2] = {{"GET", ""},        {"PUT", ""},        {"DELETE", ""},
                                          {"POST", "/abort"}, {"GET", "/stdout"}, {"POST", "/stdout"}};
    house_task(h, "hello", 1, uuid);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct answer a = house_ask(h, ways[i][0], path_of(target, uuid, ways[i][1]), STRANGER, NULL, "{}");
        assert_int_equal(a.status, 404);
        answer_free(&a);
    }
}

static void output_is_text_or_a_json_string_by_accept(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES];
    static const struct {
        const char *accept, *rest, *want, *type;
    } row[] = {
        {NULL, "/stdout", "\" 0> 42\\n\"", "application/json"},
        {"application/json", "/stdout", "\" 0> 42\\n\"", "application/json"},
        {"application/json, text/plain, */*", "/stdout/0", "\"42\\n\"", "application/json"},
        {"*/*", "/stdout", " 0> 42\n", "text/plain"},
        {"text/plain", "/stdout/0", "42\n", "text/plain"},
        {"*/*", "/stderr", "", "text/plain"},
        {NULL, "/stderr/0", "\"\"", "application/json"},
        {"text/html, application/json", "/stdout/", " 0> 42\n", "text/plain"},
    };
    house_boards(h, 1);
    house_task(h, "hello", 1, uuid);
    house_start_all(h);
    house_print_all(h, "42\n");
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct answer a =
            house_ask(h, "GET", path_of(target, uuid, row[i].rest), CUSTOMER, row[i].accept, NULL);
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body, row[i].want);
        assert_non_null(strstr(a.type, row[i].type));
        answer_free(&a);
    }
}

// A lease that lapsed once left the lost attempt's lines before the same lines of its retry.
static void the_lines_of_a_lapsed_lease_give_way_to_the_retry(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES];
    house_boards(h, 1);
    house_task(h, "hello", 1, uuid);
    house_start_all(h);
    house_print_all(h, "row 1\nrow 2\n");
    house_later(h, 120000); // longer than a lease and its margin
    house_start_all(h);     // the node calls again, is given the instance anew ...
    house_start_all(h);     // ... and starts it
    house_print_all(h, "row 1\n");
    struct answer a = ask(h, "GET", path_of(target, uuid, "/stdout"), NULL);
    assert_string_equal(a.body, " 0> row 1\n");
    answer_free(&a);
    house_print_all(h, "row 2\n");
    house_end_all(h, 0);
    a = ask(h, "GET", path_of(target, uuid, "/stdout/0"), NULL);
    assert_string_equal(a.body, "row 1\nrow 2\n");
    answer_free(&a);
    json_t *t = expect(h, 200, "GET", path_of(target, uuid, ""), NULL);
    assert_string_equal(text_at(t, "state"), "Success");
    json_decref(t);
}

static void fresh_output_is_given_once_and_get_moves_nothing(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES];
    static const struct {
        const char *method, *want;
    } row[] = {{"POST", " 0> one\n"}, {"POST", ""}, {"GET", " 0> one\n"}, {"POST", ""}};
    house_boards(h, 1);
    house_task(h, "hello", 1, uuid);
    house_start_all(h);
    house_print_all(h, "one\n");
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct answer a = ask(h, row[i].method, path_of(target, uuid, "/stdout"), NULL);
        assert_string_equal(a.body, row[i].want);
        answer_free(&a);
    }
    house_print_all(h, "two\n");
    struct answer a = ask(h, "POST", path_of(target, uuid, "/stdout"), NULL);
    assert_string_equal(a.body, " 0> two\n");
    answer_free(&a);
    a = ask(h, "POST", path_of(target, uuid, "/stdout/0"), NULL);
    assert_string_equal(a.body, "one\ntwo\n");
    answer_free(&a);
}

static void a_known_instance_is_silent_and_an_unknown_one_is_404(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES];
    house_task(h, "hello", 3, uuid);
    struct answer a = ask(h, "GET", path_of(target, uuid, "/stdout/2"), NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "");
    answer_free(&a);
    static const char *const unknown[] = {"/stdout/3", "/stderr/x", "/stdout/-1", "/stdout/99999999999999"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        json_decref(expect(h, 404, "GET", path_of(target, uuid, unknown[i]), NULL));
    json_t *made = expect(h, 200, "POST", "/tasks",
                          "{\"name\":\"n\",\"profile\":\"docker-batch\",\"advancedRanges\":\"4-5,17\"}");
    json_decref(expect(h, 404, "POST", path_of(target, text_at(made, "uuid"), "/stdout/0"), NULL));
    a = ask(h, "POST", path_of(target, text_at(made, "uuid"), "/stdout/17"), NULL);
    assert_int_equal(a.status, 200);
    answer_free(&a);
    json_decref(made);
}

// What a client's own acceptance test asks for: a member for each instance, also where no port leads.
static void every_instance_has_its_forwarded_ports(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES];
    house_task(h, "hello", 2, uuid);
    snprintf(target, sizeof target, "/v1/network/tasks/%s/port-forward", uuid);
    struct answer a = ask(h, "GET", target, NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "{\"0\":{},\"1\":{}}");
    answer_free(&a);
    const char *body = "{\"name\":\"n\",\"profile\":\"docker-cluster-ssh\",\"advancedRanges\":\"4,17\"}";
    h->forward = (struct forward_view){.instance = 17,
                                        .application_port = 22,
                                        .forwarder_port = 50123,
                                        .host = "gate.example",
                                        .bind_address = "0.0.0.0"};
    json_t *made = expect(h, 200, "POST", "/tasks", body);
    snprintf(target, sizeof target, "/network/tasks/%s/port-forward", text_at(made, "uuid"));
    a = ask(h, "GET", target, NULL);
    assert_string_equal(a.body,
                        "{\"4\":{},\"17\":{\"ssh\":{\"name\":\"ssh\",\"enabled\":true,\"applicationType\":"
                        "\"ssh\",\"proto\":\"tcp\",\"port\":22,\"allowedIPs\":[],\"access\":"
                        "{\"publicHost\":\"gate.example\",\"publicPort\":50123}}}}");
    answer_free(&a);
    json_t *task = expect(h, 200, "GET", path_of(target, text_at(made, "uuid"), ""), NULL);
    assert_true(json_is_object(json_object_get(task, "clusterInfo"))); // both at once
    json_decref(task);
    json_decref(made);
    expect_message(
        h, 400,
        "Invalid pool file. Invalid fields: profile. profile: docker-cluster is for tasks alone: what "
        "runs in a pool is not all there at once",
        "POST", "/pools", "{\"name\":\"p\",\"profile\":\"docker-cluster\",\"instanceCount\":2}");
}

static void output_that_is_not_utf8_is_still_json(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES];
    house_boards(h, 1);
    house_task(h, "hello", 1, uuid);
    house_start_all(h);
    house_print_all(h, "a\xFF\x01\"\\z\n");
    struct answer a = house_ask(h, "GET", path_of(target, uuid, "/stdout/0"), CUSTOMER, NULL, NULL);
    assert_string_equal(a.body, "\"a\xEF\xBF\xBD\\u0001\\\"\\\\z\\n\"");
    assert_non_null(a.json);
    answer_free(&a);
}

static void why_has_a_sentence_for_live_and_ended_tasks(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES];
    house_task(h, "hello", 1, uuid);
    snprintf(target, sizeof target, "/ondol/v1/tasks/%s/why", uuid);
    json_t *w = expect(h, 200, "GET", target, NULL);
    assert_true(strlen(text_at(w, "why")) > 10);
    json_decref(w);
    json_t *aborted = expect(h, 200, "POST", "/ondol/v1/tasks/abort", NULL);
    assert_int_equal(int_at(aborted, "aborted"), 1);
    json_decref(aborted);
    w = expect(h, 200, "GET", target, NULL);
    assert_string_equal(text_at(w, "state"), "Cancelled");
    assert_non_null(strstr(text_at(w, "why"), "Cancelled since 2026-01-02T03:00:00Z"));
    json_decref(w);
    house_boards(h, 1); // Bug: instance 0 that failed read as "failed 0"
    house_task(h, "fails", 1, uuid);
    house_start_all(h);
    house_end_all(h, 3);
    snprintf(target, sizeof target, "/ondol/v1/tasks/%s/why", uuid);
    w = expect(h, 200, "GET", target, NULL);
    assert_non_null(strstr(text_at(w, "why"), "of 1 instances none succeeded and 1 (0) failed"));
    json_decref(w);
}

// The whole text of an answer; `kept`: whether it came without any work.
static char *asked(struct house *h, const char *target, const char *token, bool *kept)
{
    int works = h->works;
    struct answer a = house_ask(h, "GET", target, token, "*/*", NULL);
    char *body = a.body;
    a.body = NULL;
    *kept = h->works == works;
    answer_free(&a);
    return body;
}

static void an_answer_is_kept_as_long_as_it_is_true(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[TARGET_BYTES];
    bool kept;
    house_task(h, "hello", 2, uuid);
    path_of(target, uuid, "");
    char *first = asked(h, target, CUSTOMER, &kept);
    assert_false(kept);
    char *again = asked(h, target, CUSTOMER, &kept);
    assert_true(kept);
    assert_string_equal(again, first);
    char *stranger = asked(h, target, STRANGER, &kept);
    assert_false(kept);
    assert_non_null(strstr(stranger, "No such task"));
    free(stranger);
    struct answer put = ask(h, "PUT", target, "{\"tags\":[\"other\"]}");
    assert_int_equal(put.status, 200);
    answer_free(&put);
    free(again);
    again = asked(h, target, CUSTOMER, &kept);
    assert_false(kept);
    assert_non_null(strstr(again, "\"tags\":[\"other\"]"));
    house_boards(h, 1);
    house_start_all(h);
    for (int i = 0; i < 2; i++) { // what runs is told as it is now
        free(again);
        again = asked(h, target, CUSTOMER, &kept);
        assert_false(kept);
        assert_non_null(strstr(again, "\"perRunningInstanceInfo\""));
    }
    json_decref(expect(h, 200, "POST", "/ondol/v1/tasks/abort", NULL));
    house_end_all(h, 1);
    free(first);
    first = asked(h, target, CUSTOMER, &kept);
    assert_false(kept);
    house_later(h, 5000); // the time of day is not in it
    free(again);
    again = asked(h, target, CUSTOMER, &kept);
    assert_true(kept);
    assert_string_equal(again, first);
    struct answer gone = ask(h, "DELETE", target, NULL);
    answer_free(&gone);
    free(again);
    again = asked(h, target, CUSTOMER, &kept);
    assert_non_null(strstr(again, "No such task"));
    free(again);
    free(first);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)
    const struct CMUnitTest tests[] = {
        TEST(a_new_task_has_every_key_in_order),
        TEST(a_running_task_lists_its_instances),
        TEST(a_task_that_succeeded_shows_what_it_used),
        TEST(a_status_names_the_site),
        TEST(the_snapshot_interval_is_the_one_in_force),
        TEST(a_task_that_failed_names_an_error),
        TEST(a_final_task_is_not_aborted_nor_changed_but_deleted),
        TEST(a_deleted_task_that_still_ends_is_seen_but_nothing_is_done_to_it),
        TEST(an_aborted_task_names_the_code_that_the_clients_know),
        TEST(a_task_that_ends_under_the_request_is_still_told_right),
        TEST(an_update_changes_only_what_it_has),
        TEST(another_account_sees_nothing),
        TEST(output_is_text_or_a_json_string_by_accept),
        TEST(the_lines_of_a_lapsed_lease_give_way_to_the_retry),
        TEST(fresh_output_is_given_once_and_get_moves_nothing),
        TEST(a_known_instance_is_silent_and_an_unknown_one_is_404),
        TEST(every_instance_has_its_forwarded_ports),
        TEST(output_that_is_not_utf8_is_still_json),
        TEST(why_has_a_sentence_for_live_and_ended_tasks),
        TEST(an_answer_is_kept_as_long_as_it_is_true),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
