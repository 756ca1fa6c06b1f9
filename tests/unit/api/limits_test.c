// SPDX-License-Identifier: Apache-2.0
// Every field of a task, a job and a secret that has a limit: the most that is allowed passes, one more is
// refused with the status, the shape and the words that clients know ("Invalid task file. Invalid fields:
// f").
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "base/mem.h"
#include "house.h"

// "#N,x#" in a body stands for N times x, so that long texts and lists are short to write.
static char *unfold(const char *text)
{
    struct buf b = BUF_INIT((size_t)8 << 20);
    while (*text) {
        const char *open = strchr(text, '#'), *comma = open ? strchr(open, ',') : NULL;
        const char *close = comma ? strchr(comma, '#') : NULL;
        size_t plain = close ? (size_t)(open - text) : strlen(text);
        buf_put(&b, text, plain);
        text += plain;
        if (!close)
            continue;
        for (long n = atol(open + 1); n > 0; n--)
            buf_put(&b, comma + 1, (size_t)(close - comma - 1));
        text = close + 1;
    }
    char *out = buf_take(&b);
    buf_deinit(&b);
    return out;
}

#define OK NULL

static const struct {
    const char *fields; // what is added to a task that is fine
    const char *code;   // OK, or what stands after "Invalid fields: "
} task[] = {
    {"\"name\":\"#2047,n#\"", OK},
    {"\"name\":\"#2048,n#\"", "name"},
    {"\"name\":\"\"", "name"},
    {"\"name\":null", "name"},
    {"\"name\":7", "name"},
    {"\"shortname\":\"a-b-9\"", OK},
    {"\"shortname\":\"-a\"", "shortname"},
    {"\"shortname\":\"a-\"", "shortname"},
    {"\"shortname\":\"a_b\"", "shortname"},
    {"\"shortname\":\"a b\"", "shortname"},
    {"\"shortname\":\"a-b-9\"", "shortname-uniqueness"},
    {"\"shortname\":\"A-B-9\"", "shortname-uniqueness"}, // in any case
    {"\"labels\":{\"a\":null,\"b\":1}", OK},
    {"\"constants\":[{\"key\":\"DOCKER_SHUTDOWN_CMD\",\"value\":\"'\"}]", "constants"},
    {"\"resultsWhitelist\":\"\"", OK},
    {"\"resultsWhitelist\":\"[\\\\d_]+\\\\.(?:png|txt)$\"", OK},
    {"\"resultsWhitelist\":\"(\"", "resultsWhitelist"},
    {"\"resultsBlacklist\":\"(a*)\\\\1\"", "resultsBlacklist"}, // back references match for ever
    {"\"resultsWhitelist\":\"(a?){8000}\"", "resultsWhitelist"},
    {"\"snapshotBlacklist\":\"(?!x)\"", "snapshotBlacklist"},
    {"\"snapshotBlacklist\":\"(${NAME}\"", OK}, // what it will be is not known yet
    {"\"profile\":null", "profile"},
    {"\"profile\":\"nothing\"", "profile"},
    {"\"instanceCount\":2048", OK},
    {"\"instanceCount\":2049", "range-length"},
    {"\"instanceCount\":0", "range-length"},
    {"\"instanceCount\":-1", "instanceCount"},
    {"\"instanceCount\":\"many\"", "instanceCount"},
    {"\"instanceCount\":null,\"advancedRanges\":\"0-2,4-5,17\"", OK},
    {"\"instanceCount\":null,\"advancedRanges\":\"0-2047\"", OK},
    {"\"instanceCount\":null,\"advancedRanges\":\"0-2048\"", "range-length"},
    {"\"instanceCount\":null,\"advancedRanges\":\"4-2\"", "range-length"},
    {"\"instanceCount\":null,\"advancedRanges\":\"x\"", "range-length"},
    {"\"instanceCount\":null,\"advancedRanges\":\"\"", "range-length"},
    {"\"instanceCount\":1,\"advancedRanges\":\"0\"", "range-length"},
    {"\"constants\":[#149,{\"key\":\"k\",\"value\":\"v\"},#{\"key\":\"k\",\"value\":\"v\"}]", OK},
    {"\"constants\":[#150,{\"key\":\"k\",\"value\":\"v\"},#{\"key\":\"k\",\"value\":\"v\"}]", "constants"},
    {"\"constants\":[{\"key\":\"#2048,k#\",\"value\":\"#2048,v#\"}]", OK},
    {"\"constants\":[{\"key\":\"#2049,k#\",\"value\":\"v\"}]", "constants"},
    {"\"constants\":[{\"key\":\"k\",\"value\":\"#2049,v#\"}]", "constants"},
    {"\"constants\":[{\"key\":\"a.b_c-9\",\"value\":\"v\"}]", OK},
    {"\"constants\":[{\"key\":\"a b\",\"value\":\"v\"}]", "constants"},
    {"\"constants\":[{\"key\":\"a=b\",\"value\":\"v\"}]", "constants"},
    {"\"constants\":[{\"key\":\"\",\"value\":\"v\"}]", "constants"},
    {"\"constants\":[{\"key\":\"n\",\"value\":12},{\"key\":\"b\",\"value\":true}]", OK}, // made texts
    {"\"constants\":[{\"key\":\"n\",\"value\":[]}]", "constants"},
    {"\"constants\":{}", "constants"},
    {"\"constants\":[{\"key\":\"RESOURCES_PATH\",\"value\":\"/job\"}]", OK},
    {"\"constants\":[{\"key\":\"RESOURCES_PATH\",\"value\":\"/data\"}]", "constants"},
    {"\"tags\":[#8,\"t\",#\"t\"]", OK},
    {"\"tags\":[#9,\"t\",#\"t\"]", "tags"},
    {"\"tags\":[\"#511,t#\"]", OK},
    {"\"tags\":[\"#512,t#\"]", "tags"},
    {"\"tags\":[null]", "tags"},
    {"\"tags\":\"t\"", "tags"},
    {"\"labels\":{\"a\":\"b\"}", OK},
    {"\"labels\":[]", OK}, // one client sends its empty ones so
    {"\"labels\":{\"a\":{}}", "labels"},
    {"\"snapshotWhitelist\":\"#2047,x#\"", OK},
    {"\"snapshotWhitelist\":\"#2048,x#\"", "snapshotWhitelist"},
    {"\"snapshotBlacklist\":\"#2048,x#\"", "snapshotBlacklist"},
    {"\"resultsWhitelist\":\"#2048,x#\"", "resultsWhitelist"},
    {"\"resultsBlacklist\":\"#2048,x#\"", "resultsBlacklist"},
    {"\"snapshotInterval\":30", OK}, // reset
    {"\"completionTimeToLive\":\"1.02:03:04\"", OK},
    {"\"completionTimeToLive\":3600", OK},
    {"\"completionTimeToLive\":\"soon\"", "completionTimeToLive"},
    {"\"autoDeleteOnCompletion\":\"maybe\"", "autoDeleteOnCompletion"},
    {"\"maxRetriesPerInstance\":-1", "maxRetriesPerInstance"},
    {"\"retrySettings\":{\"maxTotalRetries\":3,\"maxPerInstanceRetries\":null}", OK},
    {"\"retrySettings\":{\"maxTotalRetries\":-1}", "maxTotalRetries"},
    {"\"retrySettings\":7", "retrySettings"},
    {"\"schedulingType\":\"OnDemand\"", OK},
    {"\"schedulingType\":1", OK},
    {"\"schedulingType\":\"sometimes\"", "schedulingType"},
    {"\"schedulingType\":3", "schedulingType"},
    {"\"maxTimeQueueSeconds\":60", OK},
    {"\"maxTimeQueueSeconds\":-1", "maxTimeQueueSeconds"},
    {"\"defaultResourcesCacheTTLSec\":-1", "defaultResourcesCacheTTLSec"},
    {"\"resultsCacheTTLSec\":-1", "resultsCacheTTLSec"},
    {"\"dependencies\":{\"dependsOn\":[]}", OK},
    {"\"dependencies\":{\"dependsOn\":[\"0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11\"]}", "dependencies"},
    {"\"dependencies\":7", "dependencies"},
    {"\"secretsAccessRights\":{\"bySecret\":[{\"key\":\"a/b\"}],\"byPrefix\":[{\"prefix\":\"p\"}]}", OK},
    {"\"secretsAccessRights\":7", "secretsAccessRights"},
    {"\"forcedNetworkRules\":[]", OK},
    {"\"forcedNetworkRules\":null", OK},
    {"\"forcedNetworkRules\":7", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"tcp\",\"port\":22,\"to\":\"10.0.0.0/8, 192.0.2.1\",\"name\":\"a\"},{\"Inbound\":true,\"Proto\":\"https\",\"Port\":\"80\"}]", OK},
    {"\"forcedNetworkRules\":[{\"inbound\":false,\"proto\":\"UDP\",\"public_host\":\"192.0.2.1\",\"public_port\":\"1-9\",\"to_qbox\":false,\"toPayload\":true,\"port\":\"\"}]", OK},
    {"\"forcedNetworkRules\":[{\"proto\":\"tcp\",\"port\":\"80\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"port\":\"80\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"icmp\",\"port\":\"80\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"udp\",\"port\":\"80\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"tcp\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"tcp\",\"port\":\"1-2\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"tcp\",\"port\":\"0\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"tcp\",\"port\":\"65536\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"tcp\",\"port\":\"1\",\"to\":\"example.org\"}]", OK},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"tcp\",\"port\":\"1\",\"publicPort\":\"9\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"tcp\",\"port\":\"1\",\"to\":\"1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"tcp\",\"port\":\"1\",\"toQBox\":true}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":false,\"proto\":\"tcp\",\"to\":\"1.1.1.1\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":false,\"proto\":\"tcp\",\"publicPort\":\"9-8\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":false,\"proto\":\"tcp\",\"publicHost\":\"data.example.org, 192.0.2.1\"}]", OK},
    {"\"forcedNetworkRules\":[{\"inbound\":false,\"proto\":\"tcp\",\"publicHost\":\"here\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"tcp\",\"port\":\"1\"},{\"inbound\":true,\"proto\":\"tcp\",\"port\":\"1\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[{\"inbound\":true,\"proto\":\"tcp\",\"port\":\"1\",\"name\":\"a\"},{\"inbound\":true,\"proto\":\"tcp\",\"port\":\"2\",\"name\":\"a\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[#16,{\"inbound\":false,\"proto\":\"tcp\"},#{\"inbound\":false,\"proto\":\"tcp\"}]", "forcedNetworkRules"},
    {"\"forcedNetworkRules\":[#15,{\"inbound\":false,\"proto\":\"tcp\"},#{\"inbound\":false,\"proto\":\"tcp\"}]", OK},
    {"\"forcedNetworkRules\":[{\"inbound\":false,\"proto\":\"tcp\",\"description\":\"#2049,x#\"}]", "forcedNetworkRules"},
    {"\"targetedReservedMachineKey\":7", "targetedReservedMachineKey"},
    {"\"targetedReservationName\":\"#2048,x#\"", "targetedReservationName"},
    {"\"privileges\":7", "privileges"},
    {"\"profile\":\"docker-batch\",\"poolUuid\":\"0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11\"", "profile"},
    {"\"poolUuid\":\"00000000-0000-0000-0000-000000000000\",\"jobUuid\":\"\"", OK}, // none
    {"\"resourceBuckets\":[#99,\"here\",#\"here\"]", OK},
    {"\"resourceBuckets\":[#100,\"here\",#\"here\"]", "resourceBuckets"},
    {"\"resourceBuckets\":\"here\"", OK}, // one client sends the name alone
    {"\"resourceBuckets\":[7]", "resourceBuckets"},
    {"\"resourceBuckets\":[\"here\"],\"advancedResourceBuckets\":[{\"bucketName\":\"here\"}]",
     "resourceBuckets"},
    {"\"advancedResourceBuckets\":[#99,{\"bucketName\":\"here\"},#{\"bucketName\":\"here\"}]", OK},
    {"\"advancedResourceBuckets\":[#100,{\"bucketName\":\"here\"},#{\"bucketName\":\"here\"}]",
     "advancedResourceBuckets"},
    {"\"advancedResourceBuckets\":[{}]", "advancedResourceBuckets"},
    {"\"advancedResourceBuckets\":[{\"bucketName\":\"here\",\"cacheTTLSec\":-1}]", "advancedResourceBuckets"},
    {"\"resultBucket\":\"here\",\"resultsBucketPrefix\":\"#1024,x#\"", OK},
    {"\"resultsBucketPrefix\":\"#1025,x#\"", "resultsBucketPrefix"},
    {"\"resultBucket\":7", "resultBucket"},
    {"\"uploadResultsOnCancellation\":\"perhaps\"", "uploadResultsOnCancellation"},
    {"\"waitForPoolResourcesSynchronization\":\"perhaps\"", "waitForPoolResourcesSynchronization"},
    {"\"hardwareConstraints\":[{\"discriminator\":\"Sometimes\"}]", "hardwareConstraints"},
    {"\"hardwareConstraints\":[{\"discriminator\":\"MinimumCoreHardwareConstraint\"}]",
     "hardwareConstraints"},
    {"\"priority\":7,\"constraints\":[{\"key\":\"a\",\"value\":\"b\"}],\"state\":\"Success\",\"uuid\":\"x\"",
     OK},
};

// The code of the first field in the message; NULL: it has another shape.
static const char *code_of(const char *message, char out[64])
{
    static const char front[] = "Invalid task file. Invalid fields: ";
    if (strncmp(message, front, strlen(front)) != 0)
        return NULL;
    snprintf(out, 64, "%.*s", (int)strcspn(message + strlen(front), ".,"), message + strlen(front));
    return out;
}

// Of all buckets only "here" is there.
static int only_here(void *ctx, uint64_t account, const char *name, bool make, struct err *e)
{
    (void)ctx, (void)account, (void)make, (void)e;
    return strcmp(name, "here") != 0;
}

static void a_field_of_a_task_passes_at_its_limit_and_not_above(void **state)
{
    struct house *h = *state;
    int bad = 0;
    h->be.bucket = only_here;
    api_free(h->api);
    h->api = api_new(&h->be);
    for (size_t i = 0; i < sizeof task / sizeof *task; i++) {
        char *fields = unfold(task[i].fields), code[64];
        json_t *body =
            json_loads("{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1}", 0, NULL);
        char *object = mem_alloc(strlen(fields) + 3);
        sprintf(object, "{%s}", fields);
        json_error_t why;
        json_t *more = json_loads(object, 0, &why);
        if (!more)
            fail_msg("%s: %s", task[i].fields, why.text);
        json_object_update(body, more);
        char *text = json_dumps(body, JSON_COMPACT);
        struct answer a = ask(h, "POST", "/tasks", text);
        const char *message = json_string_value(json_object_get(a.json, "message"));
        const char *got = message ? code_of(message, code) : NULL;
        bool right = task[i].code ? a.status == 400 && got && !strcmp(got, task[i].code) : a.status == 200;
        if (!right) {
            bad++;
            print_message("%s: %d %.200s\n", task[i].fields, a.status, a.body);
        }
        answer_free(&a);
        free(text);
        free(object);
        free(fields);
        json_decref(more);
        json_decref(body);
    }
    assert_int_equal(bad, 0);
}

static const struct {
    const char *method, *target, *body;
    int status;
    const char *message; // how it begins; NULL: any
} other[] = {
    {"POST", "/jobs", "{\"name\":\"#2047,n#\"}", 200, NULL},
    {"POST", "/jobs", "{\"name\":\"#2048,n#\"}", 400, "name: "},
    {"POST", "/jobs", "{}", 400, "name: "},
    {"POST", "/jobs", "{\"name\":\"n\",\"shortname\":\"j-1\"}", 200, NULL},
    {"POST", "/jobs", "{\"name\":\"n\",\"shortname\":\"j-1\"}", 400, NULL},
    {"POST", "/jobs", "{\"name\":\"n\",\"shortname\":\"-j\"}", 400, "shortname: "},
    {"POST", "/jobs", "{\"name\":\"n\",\"tags\":[#9,\"t\",#\"t\"]}", 400, "tags: "},
    {"POST", "/jobs", "{\"name\":\"n\",\"tags\":[\"#512,t#\"]}", 400, "tags"},
    {"POST", "/jobs", "{\"name\":\"n\",\"tags\":[null]}", 400, "tags"},
    {"POST", "/jobs", "{\"name\":\"n\",\"maxWallTime\":\"soon\"}", 400, "maxWallTime: "},
    {"POST", "/jobs", "{\"name\":\"n\",\"maxWallTime\":\"00:10:00\"}", 200, NULL},
    {"POST", "/jobs", "{\"name\":\"n\",\"completionTimeToLive\":\"never\"}", 400, "completionTimeToLive: "},
    {"POST", "/jobs", "{\"name\":\"n\",\"useDependencies\":\"perhaps\"}", 400, "useDependencies: "},
    {"POST", "/pools", "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1000000}", 200, NULL},
    {"POST", "/pools", "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1000001}", 400,
     "Invalid pool file. Invalid fields: instanceCount. "},
    {"POST", "/pools", "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":-1}", 400,
     "Invalid pool file. Invalid fields: instanceCount. "},
    {"POST", "/pools", "{\"name\":\"n\",\"profile\":\"docker-batch\",\"tags\":[]}", 400,
     "Invalid pool file. Invalid fields: instanceCount. "},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"elasticProperty\":{\"isElastic\":true,\"minTotalSlots\":"
     "0,\"maxTotalSlots\":3,\"rampResizeFactor\":0.4}}",
     200, NULL},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"elasticProperty\":{\"isElastic\":true,\"minTotalSlots\":"
     "4,\"maxTotalSlots\":3,\"rampResizeFactor\":0.4}}",
     400, "Invalid pool file. Invalid fields: elasticProperty. "},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"elasticProperty\":{\"isElastic\":true,\"minTotalSlots\":"
     "0,\"maxTotalSlots\":3,\"rampResizeFactor\":1.5}}",
     400, "Invalid pool file. Invalid fields: elasticProperty. "},
    {"POST", "/pools", "{\"name\":\"n\",\"profile\":\"docker-batch\",\"elasticProperty\":7}", 400,
     "Invalid pool file. Invalid fields: elasticProperty. "},
    {"POST", "/pools", "{\"name\":\"n\",\"profile\":\"docker-batch\",\"scaling\":7}", 400,
     "Invalid pool file. Invalid fields: scaling. "},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"scaling\":{\"policies\":[{\"type\":\"Fixed\","
     "\"slotsCount\":1,\"name\":\"f\",\"enabledPeriods\":[{\"type\":\"Always\",\"name\":\"a\"}]}]}}",
     200, NULL},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"scaling\":{\"policies\":[{\"type\":\"Fixed\","
     "\"slotsCount\":1,\"name\":\"f\",\"enabledPeriods\":[{\"type\":\"Always\",\"name\":\"a\"}]},{\"type\":"
     "\"Fixed\",\"slotsCount\":1,\"name\":\"f\",\"enabledPeriods\":[{\"type\":\"Always\",\"name\":\"a\"}]}]}"
     "}",
     400, "Invalid pool file. Invalid fields: scaling. "},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"multiSlotsSettings\":{"
     "\"slotsPerNode\":64}}",
     200, NULL},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"multiSlotsSettings\":{"
     "\"slotsPerNode\":65}}",
     400, "Invalid pool file. Invalid fields: multiSlotsSettings. "},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"preparationTask\":{\"commandLine\":"
     "\"#2048,x#\"}}",
     200, NULL},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"preparationTask\":{\"commandLine\":"
     "\"#2049,x#\"}}",
     400, "Invalid pool file. Invalid fields: preparationTask. "},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"name\":\"#2048,x#\"}", 400,
     "Invalid pool file. Invalid fields: name. "},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"tags\":[#9,\"t\",#\"t\"]}", 400,
     "Invalid pool file. Invalid fields: tags. "},
    {"POST", "/pools",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"defaultRetrySettings\":{"
     "\"maxTotalRetries\":-1}}",
     400, "Invalid pool file. Invalid fields: defaultRetrySettings. "},
    {"POST", "/tasks",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"resourceBuckets\":[\"away\"]}", 404,
     "No such bucket: away"},
    {"PUT", "/secrets-manager/data/#200,k#", "{\"value\":\"v\"}", 201, NULL},
    {"PUT", "/secrets-manager/data/k", "{}", 400, NULL},
    {"PUT", "/secrets-manager/data/k", "{\"value\":7}", 400, NULL},
    {"PUT", "/secrets-manager/data/", "{\"value\":\"v\"}", 404, "Secret"},
    {"POST", "/tasks",
     "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"projectUuid\":\"x\"}", 400,
     "No such project: x"}, // as with jobs and pools: 404 would be a bucket
    {"POST", "/tasks", "", 400, "Invalid task file. "},
    {"POST", "/tasks", "7", 400, "Invalid task file. "},
    {"POST", "/tasks", "[#10001,{},#{}]", 400, "Invalid task file. "},
    {"POST", "/tasks", "{", 400, NULL},
};

static void jobs_secrets_and_whole_requests_have_limits_too(void **state)
{
    struct house *h = *state;
    int bad = 0;
    h->be.bucket = only_here;
    api_free(h->api);
    h->api = api_new(&h->be);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        char *body = unfold(other[i].body), *target = unfold(other[i].target);
        struct answer a = ask(h, other[i].method, target, body);
        const char *message = json_string_value(json_object_get(a.json, "message"));
        if (!message)
            message = json_string_value(json_object_get(a.json, "error"));
        bool right = a.status == other[i].status && (a.status < 400 || message) &&
                     (!other[i].message || (message && strstr(message, other[i].message)));
        if (!right) {
            bad++;
            print_message("%s %s %s: %d %.200s\n", other[i].method, other[i].target, other[i].body, a.status,
                          a.body);
        }
        answer_free(&a);
        free(body);
        free(target);
    }
    assert_int_equal(bad, 0);
}

// As the public API lists them: every code once, then what is wrong with each.
static void all_that_is_wrong_is_named_at_once(void **state)
{
    static const struct {
        const char *target, *body, *message;
    } cases[] = {
        {"/tasks",
         "{\"tags\":[null],\"shortname\":\"-a\",\"instanceCount\":0,\"schedulingType\":\"sometimes\","
         "\"retrySettings\":{\"maxTotalRetries\":-1,\"maxPerInstanceRetries\":\"x\"},"
         "\"dependencies\":{\"dependsOn\":[\"0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11\"]}}",
         "Invalid task file. Invalid fields: name, shortname, profile, range-length, maxTotalRetries, "
         "maxPerInstanceRetries, schedulingType, tags. name: is required; shortname: "},
        {"/tasks",
         "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"resourceBuckets\":[\"away\"],"
         "\"privileges\":7}",
         "Invalid task file. Invalid fields: privileges. privileges: must be an object"},
        {"/tasks",
         "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"labels\":7,"
         "\"resultsCacheTTLSec\":-1,\"constants\":[{\"key\":\"DOCKER_CMD\",\"value\":\"'\"},"
         "{\"key\":\"DOCKER_CMD_MASTER\",\"value\":\"'\"}]}",
         "Invalid task file. Invalid fields: constants, resultsCacheTTLSec, labels. constants: DOCKER_CMD: "},
        {"/jobs", "{\"maxWallTime\":\"soon\",\"tags\":7}",
         "Invalid job file. Invalid fields: name, maxWallTime, tags. name: is required; maxWallTime: must be a "
         "time span [d.]hh:mm:ss or a number of seconds; tags: must be an array"},
        {"/pools",
         "{\"profile\":\"docker-batch\",\"preparationTask\":7,\"maxTimeQueueSeconds\":-1,\"constants\":["
         "{\"key\":\"RUN_USER_POOL_PREPARATION_CMD\",\"value\":\"True\"},"
         "{\"key\":\"USER_POOL_PREPARATION_CMD\",\"value\":\"'\"}]}",
         "Invalid pool file. Invalid fields: name, instanceCount, preparationTask, constants, "
         "maxTimeQueueSeconds. name: is required; instanceCount: is required"},
    };
    struct house *h = *state;
    int bad = 0;
    h->be.bucket = only_here;
    api_free(h->api);
    h->api = api_new(&h->be);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct answer a = ask(h, "POST", cases[i].target, cases[i].body);
        const char *message = json_string_value(json_object_get(a.json, "message"));
        if (a.status != 400 || !message || strncmp(message, cases[i].message, strlen(cases[i].message)) != 0) {
            bad++;
            print_message("%s: %d %s\n", cases[i].body, a.status, a.body);
        }
        answer_free(&a);
    }
    assert_int_equal(bad, 0);
}

// However many there are: the message stays short, and each sentence in it is whole.
static void many_wrong_fields_make_a_bounded_message(void **state)
{
    struct house *h = *state;
    struct answer a = ask(h, "POST", "/tasks",
                          "{\"name\":7,\"shortname\":7,\"profile\":7,\"instanceCount\":\"x\",\"constants\":7,"
                          "\"forcedConstants\":7,\"hardwareConstraints\":7,\"retrySettings\":7,"
                          "\"schedulingType\":9,\"maxTimeQueueSeconds\":-1,\"expectedRunSeconds\":-1,"
                          "\"secretsAccessRights\":7,\"privileges\":7,\"forcedNetworkRules\":7,"
                          "\"resultsBucketPrefix\":7,\"resultsCacheTTLSec\":-1,\"tags\":7,\"labels\":7}");
    const char *message = text_at(a.json, "message");
    assert_int_equal(a.status, 400);
    assert_non_null(strstr(message, "fields: name, shortname, profile, instanceCount, constants, "));
    assert_non_null(strstr(message, "resultsBucketPrefix, resultsCacheTTLSec. name: must be a string; "));
    assert_true(strlen(message) < 1000);
    answer_free(&a);
}

// Not only the first: who mends a list of a hundred wants to do it once.
static void all_wrong_items_of_a_list_are_named(void **state)
{
    static const struct {
        const char *fields, *message;
    } cases[] = {
        {"\"constants\":[{\"key\":\"a b\",\"value\":\"\"},{\"key\":\"OK\",\"value\":1},{\"key\":\"X\",\"value\":[]},7]",
         "constants. constants[0].key: must have 1 to 2048 characters of A-Z, a-z, 0-9, _ . and -; "
         "constants[2].value: must be a string, a number or a boolean; constants[3].key: "},
        {"\"tags\":[1,\"ok\",null]", "tags. tags[0]: must be a string; tags[2]: must be a string"},
        {"\"labels\":{\"a\":[],\"b\":1,\"c\":{}}", "labels. labels: a: a key or value is no string"},
        {"\"hardwareConstraints\":[{\"discriminator\":\"Huge\"},{\"discriminator\":\"SSDHardwareConstraint\"},"
         "{\"discriminator\":\"MinimumCoreHardwareConstraint\",\"coreCount\":\"x\"},7]",
         "hardwareConstraints. hardwareConstraints[0]: unknown discriminator Huge; hardwareConstraints[2]: coreCount "
         "of MinimumCoreHardwareConstraint must be a number from 0 to 1000000000; hardwareConstraints[3]: must be"},
        {"\"resourceBuckets\":[7,\"here\",\"\",\"away\"]",
         "resourceBuckets. resourceBuckets[0]: must be the name of a bucket; resourceBuckets[2]: must be"},
        {"\"advancedResourceBuckets\":[7,{},{\"bucketName\":\"here\",\"cacheTTLSec\":-1}]",
         "advancedResourceBuckets. advancedResourceBuckets[0]: must be an object; "
         "advancedResourceBuckets[1].bucketName: is required; advancedResourceBuckets[2]: cacheTTLSec: "},
        {"\"secretsAccessRights\":{\"bySecret\":[7,{\"key\":\"a\"}],\"byPrefix\":[{}]}",
         "secretsAccessRights. secretsAccessRights.bySecret[0].key: must be a string of at most 2048 characters; "
         "secretsAccessRights.byPrefix[0].prefix: "},
        {"\"forcedNetworkRules\":[{\"inbound\":false},{\"inbound\":false,\"proto\":\"tcp\"},7]",
         "forcedNetworkRules. forcedNetworkRules[0]: proto: must be tcp or udp; forcedNetworkRules[2]: must be an object"},
        {"\"forcedConstants\":[{},{\"constantName\":\"A\",\"access\":\"none\"}]",
         "forcedConstants. forcedConstants[0].constantName: must have"},
        {"\"instanceCount\":null,\"advancedRanges\":\"0-2,x,9-7,,12\"",
         "range-length. advancedRanges: 'x': ranges: character 1: expected an instance id (write them like "
         "0-2,4-5,17); advancedRanges: '9-7': ranges: 9-7 is reversed (write the lower id first); advancedRanges: ''"},
        {"\"instanceCount\":null,\"advancedRanges\":\"0-2,1\"",
         "range-length. advancedRanges: ranges: id 1 is named twice"},
    };
    struct house *h = *state;
    h->be.bucket = only_here;
    api_free(h->api);
    h->api = api_new(&h->be);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char body[1024], want[600];
        snprintf(body, sizeof body, "{\"name\":\"n\",\"profile\":\"docker-batch\",%s%s}",
                 strstr(cases[i].fields, "advancedRanges") ? "" : "\"instanceCount\":1,", cases[i].fields);
        snprintf(want, sizeof want, "Invalid task file. Invalid fields: %s", cases[i].message);
        struct answer a = ask(h, "POST", "/tasks", body);
        const char *message = json_string_value(json_object_get(a.json, "message"));
        if (a.status != 400 || !message || strncmp(message, want, strlen(want)) != 0)
            fail_msg("%s: %d %s", body, a.status, a.body);
        answer_free(&a);
    }
    char *many = unfold("{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"constants\":[#149,7,#7]}");
    struct answer a = ask(h, "POST", "/tasks", many);
    assert_int_equal(a.status, 400);
    assert_non_null(strstr(text_at(a.json, "message"), "constants[19].key: "));
    assert_null(strstr(text_at(a.json, "message"), "constants[20].key: "));
    assert_non_null(strstr(text_at(a.json, "message"), "; constants: 130 more are wrong"));
    answer_free(&a);
    free(many);
}

// One of a hundred that is wrong is refused in its place; none of the others is.
static void in_a_bulk_request_each_item_has_its_own_code(void **state)
{
    struct house *h = *state;
    json_t *j = expect(h, 207, "POST", "/tasks",
                       "[{\"name\":\"a\",\"profile\":\"docker-batch\",\"instanceCount\":1},"
                       "{\"name\":\"b\",\"profile\":\"docker-batch\",\"instanceCount\":4000}]");
    assert_int_equal(int_at(j, "0.statusCode"), 200);
    assert_int_equal(int_at(j, "1.statusCode"), 400);
    assert_true(json_is_null(json_at(j, "1.uuid")));
    assert_non_null(strstr(text_at(j, "1.message"), "Invalid fields: range-length"));
    json_decref(j);
}

static void a_byte_order_mark_is_passed_over_and_a_nul_is_named(void **state)
{
    struct house *h = *state;
    json_decref(expect(h, 200, "POST", "/jobs", "\xef\xbb\xbf{\"name\":\"j\"}"));
    expect_message(h, 400, "The body is not JSON: line 1, column 17: a text must not hold \\u0000", "POST", "/jobs",
                   "{\"name\":\"j\\u0000\"}");
}

// A body of thousands of tasks is read on a worker: the thread of all connections is not held up.
static void a_large_bulk_request_is_read_on_a_worker(void **state)
{
    struct house *h = *state;
    char *body = unfold(
        "[#900,{\"name\":\"a long name of a task\",\"profile\":\"docker-batch\",\"instanceCount\":50},#"
        "{\"name\":\"a long name of a task\",\"profile\":\"docker-batch\",\"instanceCount\":50}]");
    int before = h->works;
    assert_true(strlen(body) > 65536);
    json_t *j = expect(h, 200, "POST", "/tasks",
                       "[{\"name\":\"a\",\"profile\":\"docker-batch\",\"instanceCount\":1}]");
    json_decref(j);
    assert_int_equal(h->works, before);
    j = expect(h, 200, "POST", "/tasks", body);
    assert_int_equal(json_array_size(j), 901);
    assert_int_equal(h->works, before + 1);
    json_decref(j);
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_field_of_a_task_passes_at_its_limit_and_not_above, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(jobs_secrets_and_whole_requests_have_limits_too, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(a_byte_order_mark_is_passed_over_and_a_nul_is_named, house_open, house_close),
        cmocka_unit_test_setup_teardown(a_large_bulk_request_is_read_on_a_worker, house_open, house_close),
        cmocka_unit_test_setup_teardown(all_that_is_wrong_is_named_at_once, house_open, house_close),
        cmocka_unit_test_setup_teardown(all_wrong_items_of_a_list_are_named, house_open, house_close),
        cmocka_unit_test_setup_teardown(many_wrong_fields_make_a_bounded_message, house_open, house_close),
        cmocka_unit_test_setup_teardown(in_a_bulk_request_each_item_has_its_own_code, house_open,
                                        house_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
