// SPDX-License-Identifier: Apache-2.0
// POST /tasks: what five clients send, and every rule with its exact sentence.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/bucket_in.h"
#include "api/call.h"
#include "house.h"

#define GOOD           "\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1"
#define INVALID(field) "Invalid task file. Invalid fields: " field ". "

static void check_created(struct house *h, const char *body, const char *path, const char *value)
{
    json_t *made = expect(h, 200, "POST", "/tasks", body);
    assert_int_equal(strlen(text_at(made, "uuid")), 36);
    char target[128];
    snprintf(target, sizeof target, "/tasks/%s", text_at(made, "uuid"));
    json_t *task = expect(h, 200, "GET", target, NULL);
    char *text = json_dumps(json_at(task, path), JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text, value);
    free(text);
    json_decref(made);
    json_decref(task);
}

static void the_python_client_is_understood(void **state)
{
    check_created(
        *state,
        "{\"name\":\"hello\",\"profile\":\"docker-batch\",\"poolUuid\":null,\"jobUuid\":null,"
        "\"constants\":[{\"key\":\"DOCKER_CMD\",\"value\":\"echo "
        "hello\"},{\"key\":\"SETUP_CLUSTER_NB_SLOTS\",\"value\":4}],"
        "\"constraints\":[],\"forcedConstants\":[],\"waitForPoolResourcesSynchronization\":null,"
        "\"uploadResultsOnCancellation\":null,\"labels\":{},\"dependencies\":{\"dependsOn\":[]},"
        "\"advancedResourceBuckets\":[],\"instanceCount\":4,\"tags\":[],\"autoDeleteOnCompletion\":false,"
        "\"completionTimeToLive\":\"1.00:00:00\",\"hardwareConstraints\":[],\"defaultResourcesCacheTTLSec\":"
        "null,"
        "\"privileges\":{\"exportApiAndStorageCredentialsInEnvironment\":false},"
        "\"retrySettings\":{\"maxTotalRetries\":null,\"maxPerInstanceRetries\":null},\"forcedNetworkRules\":["
        "]}",
        "constants",
        "[{\"key\":\"DOCKER_CMD\",\"value\":\"echo "
        "hello\"},{\"key\":\"SETUP_CLUSTER_NB_SLOTS\",\"value\":\"4\"}]");
}

// Both spellings where clients differ; what is empty is absent.
static void network_rules_are_kept_and_told_back(void **state)
{
    check_created(*state,
                  "{" GOOD ",\"ForcedNetworkRules\":[{\"Inbound\":false,\"Proto\":\"TCP\",\"public_host\":"
                  "\"192.0.2.7\",\"PublicPort\":443,\"to\":\"\",\"toQBox\":null,\"to_payload\":true}]}",
                  "forcedNetworkRules",
                  "[{\"inbound\":false,\"proto\":\"tcp\",\"publicHost\":\"192.0.2.7\",\"public_host\":"
                  "\"192.0.2.7\",\"publicPort\":\"443\",\"public_port\":\"443\",\"toPayload\":true,"
                  "\"to_payload\":true}]");
}

static void a_placement_is_kept_and_told_back(void **state)
{
    house_boards(*state, 1);
    check_created(
        *state,
        "{" GOOD ",\"placement\":{\"country\":\"FR\",\"site\":\"s1\",\"near\":{\"latitude\":48.8,"
        "\"longitude\":-2}}}",
        "placement",
        "{\"country\":\"FR\",\"site\":\"s1\",\"near\":{\"latitude\":48.799999999999997,\"longitude\":-2.0}}");
    static const char *const bad[][2] = {
        {"[]", "placement: must be an object"},
        {"{\"country\":\"fr\"}", "placement: country must be two capital letters"},
        {"{\"site\":\"a b\"}", "site a name"},
        {"{\"near\":{\"latitude\":91,\"longitude\":0}}", "placement.near: must be"},
        {"{\"site\":\"s9\"}", "placement: no such site: s9"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char body[256];
        snprintf(body, sizeof body, "{" GOOD ",\"placement\":%s}", bad[i][0]);
        json_t *e = expect(*state, 400, "POST", "/tasks", body);
        if (!strstr(text_at(e, "message"), bad[i][1]))
            fail_msg("\"%s\" does not say \"%s\"", text_at(e, "message"), bad[i][1]);
        json_decref(e);
    }
}

static int any_bucket(void *ctx, uint64_t account, const char *name, bool make, struct err *e)
{
    (void)ctx, (void)account, (void)name, (void)make, (void)e;
    return 0;
}

static int64_t bytes_of(void *ctx, uint64_t account, const char *name)
{
    (void)ctx, (void)account;
    return *name == '?' ? -1 : (int64_t)strlen(name) * 1000;
}

// The largest buckets, each with its prefix a set of its own; none that nodes are not to keep, none of
// unknown size.
static void resource_buckets_are_data_sets_for_the_planner(void **state)
{
    (void)state;
    struct api_backend be = {.bucket_bytes = bytes_of};
    struct account_view who = {.id = 7}, other = {.id = 8};
    struct place p = {0}, q = {0};
    json_t *body =
        json_loads("{\"advancedResourceBuckets\":[{\"bucketName\":\"aa\"},{\"bucketName\":\"?\"},"
                   "{\"bucketName\":\"dddd\",\"cacheTTLSec\":0},{\"bucketName\":\"ccc\",\"cacheTTLSec\":9},"
                   "{\"bucketName\":\"aa\",\"filtering\":{\"prefixFiltering\":{\"prefix\":\"x\"}}}]}",
                   0, NULL);
    buckets_as_data(body, &be, &who, &p);
    assert_int_equal(p.n_data, 3);
    assert_true(p.data[0].bytes == 3000 && p.data[1].bytes == 2000 && p.data[2].bytes == 2000);
    assert_true(p.data[1].key != p.data[2].key);
    buckets_as_data(body, &be, &other, &q);
    assert_true(q.data[0].key != p.data[0].key);
    json_decref(body);
    body = json_loads("{\"resourceBuckets\":[\"a\",\"bb\",\"ccc\",\"dddd\",\"eeeee\"]}", 0, NULL);
    p = (struct place){0};
    buckets_as_data(body, &be, &who, &p);
    assert_int_equal(p.n_data, PLACE_DATA_MAX);
    assert_true(p.data[0].bytes == 5000 && p.data[3].bytes == 2000);
    json_decref(body);
}

// The Python client takes "prefixFiltering": null for one that has a prefix, and breaks.
static void a_bucket_without_prefix_has_null_and_not_an_object_of_nulls(void **state)
{
    struct house *h = *state;
    api_free(h->api);
    h->be.bucket = any_bucket;
    h->api = api_new(&h->be);
    check_created(
        *state,
        "{" GOOD ",\"advancedResourceBuckets\":[{\"bucketName\":\"a-b\",\"filtering\":{},"
        "\"resourcesTransformation\":{\"stripPrefix\":null},\"cacheTTLSec\":null},{\"bucketName\":\"c-d\","
        "\"filtering\":{\"prefixFiltering\":{\"prefix\":\"in/\"}}}]}",
        "advancedResourceBuckets",
        "[{\"bucketName\":\"a-b\",\"filtering\":null,\"resourcesTransformation\":null,\"cacheTTLSec\":null},"
        "{\"bucketName\":\"c-d\",\"filtering\":{\"prefixFiltering\":{\"prefix\":\"in/\"}},"
        "\"resourcesTransformation\":null,\"cacheTTLSec\":null}]");
}

static void the_csharp_client_is_understood(void **state)
{
    check_created(
        *state,
        "{\"State\":null,\"Status\":null,\"Uuid\":\"00000000-0000-0000-0000-000000000000\",\"Name\":\"cs\","
        "\"Shortname\":null,"
        "\"Profile\":\"docker-batch\",\"PoolUuid\":\"00000000-0000-0000-0000-000000000000\",\"JobUuid\":null,"
        "\"InstanceCount\":0,\"AdvancedRanges\":\"0-2,7\",\"CreationDate\":\"0001-01-01T00:00:00\","
        "\"CompletionTimeToLive\":\"00:00:00\",\"CompletedInstances\":null,\"Errors\":null,\"Tags\":null,"
        "\"Constants\":[{\"Key\":\"DOCKER_CMD\",\"Value\":\"true\"}],\"ResourceBuckets\":null,"
        "\"ResultBucket\":null,"
        "\"SchedulingType\":1,\"ForcedConstants\":[{\"ConstantName\":\"A\",\"ForcedValue\":\"b\",\"Access\":"
        "1}],"
        "\"HardwareConstraints\":[],\"Labels\":{\"a\":\"b\"}}",
        "forcedConstants",
        "[{\"constantName\":\"A\",\"forcedValue\":\"b\",\"forceExportInEnvironment\":null,\"access\":"
        "\"readWrite\"}]");
}

static void the_node_client_is_understood(void **state)
{
    check_created(*state,
                  "{\"name\":\"hello\",\"profile\":\"docker-batch\",\"instanceCount\":4,\"constants\":[{"
                  "\"key\":\"DOCKER_CMD\",\"value\":"
                  "\"echo hello world from node "
                  "#${INSTANCE_ID}!\"},{\"key\":\"DOCKER_WORKDIR\",\"value\":\"${DOCKER_WORKDIR}\"}]}",
                  "constants.0.value", "\"echo hello world from node #${INSTANCE_ID}!\"");
}

static void the_go_client_is_understood(void **state)
{
    check_created(
        *state,
        "{\"name\":\"go\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"resourceBuckets\":\"\","
        "\"resultsBucket\":\"\","
        "\"completionTimeToLive\":3600,\"priority\":0,\"schedulingType\":\"\",\"maxRetriesPerInstance\":0,"
        "\"hardwareConstraints\":[{"
        "\"discriminator\":"
        "\"MinimumCoreHardwareConstraint\",\"coreCount\":4,\"minimumMemoryMB\":0,\"cpuModel\":\"\"}],"
        "\"retrySettings\":{\"maxTotalRetries\":0,\"maxPerInstanceRetries\":0}}",
        "completionTimeToLive", "\"01:00:00\"");
}

// As the Python client says it: what is set alone bounds alone, 0 and null are the same, and what was written
// is told back.
static void retry_settings_are_told_back_as_they_were_written(void **state)
{
    static const char *const settings[] = {"{\"maxTotalRetries\":3,\"maxPerInstanceRetries\":2}",
                                           "{\"maxTotalRetries\":null,\"maxPerInstanceRetries\":2}",
                                           "{\"maxTotalRetries\":0,\"maxPerInstanceRetries\":0}",
                                           "{\"maxTotalRetries\":null,\"maxPerInstanceRetries\":null}"};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        char body[256];
        snprintf(body, sizeof body, "{" GOOD ",\"retrySettings\":%s}", settings[i]);
        check_created(*state, body, "retrySettings", settings[i]);
    }
}

static void answers_carry_a_location(void **state)
{
    struct answer a = ask(*state, "POST", "/v1/tasks", "{" GOOD "}");
    char want[64];
    snprintf(want, sizeof want, "/v1/tasks/%s", text_at(a.json, "uuid"));
    assert_string_equal(a.location, want);
    answer_free(&a);
}

static void each_limit_is_named(void **state)
{
    static const struct {
        const char *body, *message;
        int status;
    } row[] = {
        {"{\"profile\":\"docker-batch\",\"instanceCount\":1}", INVALID("name") "name: is required", 400},
        {"{\"name\":7,\"profile\":\"docker-batch\",\"instanceCount\":1}",
         INVALID("name") "name: must be a string", 400},
        {"{" GOOD ",\"shortname\":\"Summaries\"}",
         INVALID("shortname") "shortname: Summaries is a word of the API's own paths (take another)",
         400},
        {"{" GOOD ",\"shortname\":\"-a\"}",
         INVALID("shortname") "shortname: must be of A-Z, a-z, 0-9 and -, neither begin nor end with - nor "
                              "look like a uuid",
         400},
        {"{\"name\":\"n\",\"instanceCount\":1}",
         INVALID("profile") "profile: is required outside a pool (GET /profiles lists them)", 400},
        {"{\"name\":\"n\",\"profile\":\"nope\",\"instanceCount\":1}",
         INVALID("profile") "profile: there is no profile nope (GET /profiles lists them)", 400},
        {"{\"name\":\"n\",\"profile\":\"docker-batch\"}",
         INVALID("range-length") "instanceCount: give instanceCount from 1 to 2048, or advancedRanges", 400},
        {"{" GOOD ",\"advancedRanges\":\"0-2\"}",
         INVALID("range-length") "instanceCount: give either instanceCount or advancedRanges, not both", 400},
        {"{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":2049}",
         INVALID("range-length") "instanceCount: 2049 is over the limit instances_per_task of 2048", 400},
        {"{" GOOD ",\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\"]}",
         INVALID("tags") "tags: more than 9", 400},
        {"{" GOOD ",\"tags\":[null]}", INVALID("tags") "tags[0]: must be a string", 400},
        {"{" GOOD ",\"constants\":[{\"key\":\"A B\",\"value\":\"\"}]}",
         INVALID("constants") "constants[0].key: must have 1 to 2048 characters of A-Z, a-z, 0-9, _ . and -",
         400},
        {"{" GOOD ",\"constants\":[{\"key\":\"A\",\"value\":{}}]}",
         INVALID("constants") "constants[0].value: must be a string, a number or a boolean", 400},
        {"{" GOOD ",\"schedulingType\":\"soon\"}",
         INVALID("schedulingType") "schedulingType: must be one of flex, onDemand, reserved", 400},
        {"{" GOOD ",\"maxTimeQueueSeconds\":-1}",
         INVALID("maxTimeQueueSeconds") "maxTimeQueueSeconds: must be from 0 to 2147483647", 400},
        {"{" GOOD ",\"completionTimeToLive\":\"soon\"}",
         INVALID("completionTimeToLive") "completionTimeToLive: must be a time span [d.]hh:mm:ss or a number "
                                         "of seconds",
         400},
        {"{" GOOD ",\"hardwareConstraints\":[{\"discriminator\":\"Huge\"}]}",
         INVALID("hardwareConstraints") "hardwareConstraints[0]: unknown discriminator Huge", 400},
        {"{\"name\":\"n\",\"instanceCount\":1,\"poolUuid\":\"0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11\"}",
         "No such pool: 0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11", 400},
        {"{" GOOD ",\"jobUuid\":\"0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11\"}",
         "No such job: 0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11", 400},
        {"{" GOOD ",\"resourceBuckets\":\"in\"}", "No such bucket: in", 404},
        {"{" GOOD ",\"resourceBuckets\":[\"in\"]}", "No such bucket: in", 404},
        {"{" GOOD ",\"advancedResourceBuckets\":[{\"bucketName\":\"in-b\",\"filtering\":{}}]}",
         "No such bucket: in-b", 404},
        {"{" GOOD ",\"resultsBucket\":\"out\"}", "No such bucket: out", 404},
        {"{" GOOD ",\"resultBucket\":\"out\"}", "No such bucket: out", 404},
        {"{" GOOD ",\"dependencies\":{\"dependsOn\":[\"x\"]}}",
         INVALID("dependencies") "dependencies: only the tasks of a job can depend on each other", 400},
        {"{" GOOD ",\"privileges\":{\"exportApiAndStorageCredentialsInEnvironment\":\"maybe\"}}",
         INVALID("exportApiAndStorageCredentialsInEnvironment") "exportApiAndStorageCredentialsInEnvironment: must be true or false", 400},
        {"{" GOOD ",\"hardwareConstraints\":[{\"discriminator\":\"SSDHardwareConstraint\"},{"
         "\"discriminator\":\"NoSSDHardwareConstraint\"}]}",
         "No machine can satisfy the hardware constraint NoSSDHardwareConstraint together with the others",
         402},
        {"7", "Invalid task file. A task must be a JSON object", 400},
        {"", "Invalid task file. The body is empty", 400},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        expect_message(*state, row[i].status, row[i].message, "POST", "/tasks", row[i].body);
}

// A body of GOOD and one member whose value is `n` times `unit` between `head` and `tail`.
static char *long_body(const char *head, const char *unit, int n, const char *tail)
{
    struct buf b = BUF_INIT(1 << 22);
    buf_puts(&b, head);
    for (int i = 0; i < n; i++)
        buf_puts(&b, unit);
    buf_puts(&b, tail);
    return buf_take(&b);
}

static void lengths_are_counted_in_characters(void **state)
{
    static const struct {
        const char *head, *unit, *tail, *message;
        int most;
    } row[] = {
        {"{\"profile\":\"docker-batch\",\"instanceCount\":1,\"name\":\"", "\xC3\xA9", "\"}",
         INVALID("name") "name: longer than 2047 characters", 2047},
        {"{" GOOD ",\"tags\":[\"", "t", "\"]}", INVALID("tags") "tags[0]: longer than 511 characters", 511},
        {"{" GOOD ",\"resultsWhitelist\":\"", "t", "\"}",
         INVALID("resultsWhitelist") "resultsWhitelist: longer than 2047 characters", 2047},
        {"{" GOOD ",\"constants\":[{\"key\":\"A\",\"value\":\"", "t", "\"}]}",
         INVALID("constants") "constants[0].value: longer than 2048 characters", 2048},
        {"{" GOOD ",\"constants\":[{\"key\":\"A\"}", ",{\"key\":\"A\"}", "]}",
         INVALID("constants") "constants: more than 150", 149},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char *fits = long_body(row[i].head, row[i].unit, row[i].most, row[i].tail);
        char *over = long_body(row[i].head, row[i].unit, row[i].most + 1, row[i].tail);
        json_decref(expect(*state, 200, "POST", "/tasks", fits));
        expect_message(*state, 400, row[i].message, "POST", "/tasks", over);
        free(fits);
        free(over);
    }
}

static void a_body_that_is_too_deep_or_no_json_is_refused(void **state)
{
    char *deep = long_body("{" GOOD ",\"x\":", "[", 40, "");
    expect_message(*state, 400, "The body is nested deeper than 32 levels", "POST", "/tasks", deep);
    free(deep);
    json_t *json = expect(*state, 400, "POST", "/tasks", "{\"name\":");
    assert_non_null(strstr(text_at(json, "message"), "The body is not JSON"));
    json_decref(json);
}

// The engine and the store once had two rules: after its end a task was no longer found by its name in other
// letters, and the name could be taken again so.
static void a_shortname_is_the_same_in_any_case_while_it_runs_and_after(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    json_t *made = expect(h, 200, "POST", "/tasks", "{" GOOD ",\"shortname\":\"My-Task\"}");
    for (int ended = 0; ended < 2; ended++) {
        json_t *got = expect(h, 200, "GET", "/tasks/mY-tASK", NULL);
        assert_string_equal(text_at(got, "uuid"), text_at(made, "uuid"));
        assert_string_equal(text_at(got, "shortname"), "My-Task"); // as it was given
        json_decref(got);
        json_t *no = expect(h, 400, "POST", "/tasks", "{" GOOD ",\"shortname\":\"my-task\"}");
        assert_non_null(strstr(text_at(no, "message"), "shortname-uniqueness"));
        json_decref(no);
        house_start_all(h);
        house_end_all(h, 0);
    }
    json_t *got = expect(h, 200, "GET", "/tasks/my-task", NULL);
    assert_string_equal(text_at(got, "state"), "Success");
    json_decref(got);
    json_decref(made);
}

static void a_shortname_is_unique_while_it_runs_and_after(void **state)
{
    struct house *h = *state;
    json_decref(expect(h, 200, "POST", "/tasks", "{" GOOD ",\"shortname\":\"my-task\"}"));
    json_t *json = expect(h, 400, "POST", "/tasks", "{" GOOD ",\"shortname\":\"my-task\"}");
    assert_non_null(strstr(text_at(json, "message"), "shortname-uniqueness"));
    json_decref(json);
    json_decref(expect(h, 200, "POST", "/tasks/my-task/abort", NULL));
    json = expect(h, 200, "GET", "/tasks/my-task", NULL);
    assert_string_equal(text_at(json, "state"), "Cancelled");
    json_decref(json);
    json_decref(expect(h, 400, "POST", "/tasks", "{" GOOD ",\"shortname\":\"my-task\"}"));
    json_decref(expect(h, 200, "DELETE", "/tasks/my-task", NULL));
    json_decref(expect(h, 200, "POST", "/tasks", "{" GOOD ",\"shortname\":\"my-task\"}"));
}

// The Python client deletes a task that runs and submits the next one with the same shortname.
static void a_deleted_task_gives_its_shortname_back_while_its_instances_still_end(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    json_t *first = expect(h, 200, "POST", "/tasks", "{" GOOD ",\"shortname\":\"my-task\"}");
    house_start_all(h);
    json_decref(expect(h, 200, "DELETE", "/tasks/my-task", NULL));
    json_t *json = expect(h, 200, "GET", "/tasks/my-task", NULL);
    assert_string_equal(text_at(json, "state"), "PendingDelete");
    json_decref(json);
    json_t *second = expect(h, 200, "POST", "/tasks", "{" GOOD ",\"shortname\":\"my-task\"}");
    assert_string_not_equal(text_at(first, "uuid"), text_at(second, "uuid"));
    json = expect(h, 200, "GET", "/tasks/my-task", NULL);
    assert_string_equal(text_at(json, "uuid"), text_at(second, "uuid"));
    json_decref(json);
    json_decref(expect(h, 400, "POST", "/tasks", "{" GOOD ",\"shortname\":\"my-task\"}"));
    json_decref(expect(h, 200, "POST", "/tasks/my-task/abort", NULL));
    json_decref(first);
    json_decref(second);
}

static void many_tasks_keep_their_order_and_each_its_code(void **state)
{
    struct answer a = ask(*state, "POST", "/tasks", "[{" GOOD "},{\"name\":\"x\"},{" GOOD "}]");
    assert_int_equal(a.status, 207);
    assert_int_equal(json_array_size(a.json), 3);
    assert_int_equal(int_at(a.json, "0.statusCode"), 200);
    assert_int_equal(strlen(text_at(a.json, "0.uuid")), 36);
    assert_true(json_is_null(json_at(a.json, "0.message")));
    assert_int_equal(int_at(a.json, "1.statusCode"), 400);
    assert_true(json_is_null(json_at(a.json, "1.uuid")));
    assert_non_null(strstr(text_at(a.json, "1.message"), "Invalid fields: profile"));
    assert_int_equal(int_at(a.json, "2.statusCode"), 200);
    answer_free(&a);
    a = ask(*state, "POST", "/tasks", "[{" GOOD "},{" GOOD "}]");
    assert_int_equal(a.status, 200);
    answer_free(&a);
    a = ask(*state, "POST", "/tasks", "[{\"name\":\"x\"},{}]");
    assert_int_equal(a.status, 400);
    answer_free(&a);
    a = ask(*state, "POST", "/tasks", "[{" GOOD ",\"resultBucket\":\"x\"},{}]");
    assert_int_equal(a.status, 207);
    answer_free(&a);
}

static void hardware_that_no_board_has_is_402(void **state)
{
    struct house *h = *state;
    const char *big =
        "{" GOOD
        ",\"hardwareConstraints\":[{\"discriminator\":\"MinimumCoreHardwareConstraint\",\"coreCount\":64}]}";
    json_decref(expect(h, 200, "POST", "/tasks", big)); // no board is known yet
    house_boards(h, 2);
    json_t *json = expect(h, 402, "POST", "/tasks", big);
    assert_non_null(strstr(text_at(json, "message"), "hardware constraint"));
    json_decref(json);
    json_decref(expect(
        h, 200, "POST", "/tasks",
        "{" GOOD
        ",\"hardwareConstraints\":[{\"discriminator\":\"MinimumCoreHardwareConstraint\",\"coreCount\":8},"
        "{\"discriminator\":\"MinimumRamCoreRatioHardwareConstraint\",\"minimumMemoryGBCoreRatio\":1.5},"
        "{\"discriminator\":\"SpecificHardwareConstraint\",\"specificationKey\":\"8c-16g\"}]}"));
}

static void secrets_are_never_shown_and_survive_an_update(void **state)
{
    struct house *h = *state;
    json_t *made = expect(h, 200, "POST", "/tasks",
                          "{" GOOD ",\"constants\":[{\"key\":\"QARNOT_SECRET__X\",\"value\":\"hush\"}]}");
    char target[64];
    snprintf(target, sizeof target, "/tasks/%s", text_at(made, "uuid"));
    struct answer a = ask(h, "GET", target, NULL);
    assert_string_equal(text_at(a.json, "constants.0.value"), "[SECRET]");
    assert_null(strstr(a.body, "hush"));
    answer_free(&a);
    json_decref(expect(h, 200, "PUT", target,
                       "{\"Constants\":[{\"Key\":\"QARNOT_SECRET__X\",\"Value\":\"[SECRET]\"},{\"Key\":\"B\","
                       "\"Value\":\"c\"}]}"));
    struct arena arena = ARENA_NULL;
    struct row_task row;
    assert_int_equal(h->reader.task(h->reader.ctx, h->customer_id, text_at(made, "uuid"), &arena, &row, NULL),
                     0);
    char bound[64];
    struct buf clear = BUF_INIT(100);
    struct err e = ERR_NULL;
    snprintf(bound, sizeof bound, "constant/%llu", (unsigned long long)h->customer_id);
    assert_int_equal(vault_unseal(&h->vault, bound,
                                  strtok(strstr(arena_strdup(&arena, row.body), "sealed:1:"), "\""), &clear,
                                  &e),
                     0);
    assert_string_equal(buf_str(&clear), "hush");
    buf_deinit(&clear);
    assert_non_null(strstr(row.body, "{\"key\":\"B\",\"value\":\"c\"}"));
    arena_deinit(&arena);
    json_decref(made);
}

static void a_single_refusal_costs_no_commit(void **state)
{
    struct house *h = *state;
    json_decref(expect(h, 400, "POST", "/tasks", "{}"));
    assert_int_equal(h->submissions, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resource_buckets_are_data_sets_for_the_planner),
        TEST(the_python_client_is_understood),
        TEST(network_rules_are_kept_and_told_back),
        TEST(a_placement_is_kept_and_told_back),
        TEST(the_csharp_client_is_understood),
        TEST(a_bucket_without_prefix_has_null_and_not_an_object_of_nulls),
        TEST(the_node_client_is_understood),
        TEST(the_go_client_is_understood),
        TEST(retry_settings_are_told_back_as_they_were_written),
        TEST(answers_carry_a_location),
        TEST(each_limit_is_named),
        TEST(lengths_are_counted_in_characters),
        TEST(a_body_that_is_too_deep_or_no_json_is_refused),
        TEST(a_deleted_task_gives_its_shortname_back_while_its_instances_still_end),
        TEST(a_shortname_is_the_same_in_any_case_while_it_runs_and_after),
        TEST(a_shortname_is_unique_while_it_runs_and_after),
        TEST(many_tasks_keep_their_order_and_each_its_code),
        TEST(hardware_that_no_board_has_is_402),
        TEST(secrets_are_never_shown_and_survive_an_update),
        TEST(a_single_refusal_costs_no_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
