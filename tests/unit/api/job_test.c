// SPDX-License-Identifier: Apache-2.0
// Jobs through the API: what clients send, every key of the answer in its order, dependencies as they are
// asked for and told, pages and filters, the ways a job ends.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "house.h"

#define NOBODY "0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11"

static const char *job(struct house *h)
{
    return expect_made(h, "/jobs", "{\"name\":\"j\",\"useDependencies\":true}");
}

static char *task_body(const char *job, const char *dependencies)
{
    static char body[2048];
    snprintf(body, sizeof body,
             "{\"name\":\"t\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"jobUuid\":\"%s\","
             "\"dependencies\":%s}",
             job, dependencies);
    return body;
}

static const char *task_in(struct house *h, const char *job, const char *dependencies)
{
    return expect_made(h, "/tasks", task_body(job, dependencies));
}

static const char *simple(const char *uuid)
{
    return path("{\"dependsOn\":[\"%s\"]}", uuid);
}

static void expect_json(struct house *h, const char *target, const char *at, const char *value)
{
    json_t *j = expect(h, 200, "GET", target, NULL);
    char *text = json_dumps(*at ? json_at(j, at) : j, JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text, value);
    free(text);
    json_decref(j);
}

// ---- what clients send, what they are told

static void a_job_is_shown_with_every_key_in_order(void **state)
{
    struct house *h = *state;
    const char *uuid =
        expect_made(h, "/jobs/", // as one client writes it
                    "{\"Name\":\"night\",\"shortName\":\"n-1\",\"PoolUuid\":\"00000000-0000-0000-0000-"
                    "000000000000\",\"UseDependencies\":true,"
                    "\"Tags\":[\"a\",\"b\"],\"MaxWallTime\":\"1.02:00:00\",\"AutoDeleteOnCompletion\":true,"
                    "\"CompletionTimeToLive\":\"00:10:00\",\"State\":null,\"Uuid\":\"00000000-0000-0000-0000-"
                    "000000000000\","
                    "\"CreationDate\":\"0001-01-01T00:00:00\"}");
    char want[1024];
    snprintf(want, sizeof want,
             "{\"uuid\":\"%s\",\"name\":\"night\",\"shortname\":\"n-1\",\"poolUuid\":null,\"state\":"
             "\"Active\",\"previousState\":null,"
             "\"useDependencies\":true,\"stateTransitionTime\":\"2026-01-02T03:00:00Z\","
             "\"previousStateTransitionTime\":"
             "\"0001-01-01T00:00:00Z\",\"creationDate\":\"2026-01-02T03:00:00Z\",\"lastModified\":\"2026-01-"
             "02T03:00:00Z\","
             "\"maxWallTime\":\"1.02:00:00\",\"tags\":[\"a\",\"b\"],\"autoDeleteOnCompletion\":true,"
             "\"completionTimeToLive\":"
             "\"00:10:00\"}",
             uuid);
    expect_json(h, path("/jobs/%s", uuid), "", want);
    expect_json(h, "/v1/jobs/N-1", "", want);
    expect_json(h, path("/jobs/%s", expect_made(h, "/jobs", "{\"name\":\"x\"}")), "maxWallTime", "null");
}

static void answers_carry_a_location(void **state)
{
    struct answer a = ask(*state, "POST", "/v1/jobs", "{\"name\":\"x\"}");
    assert_int_equal(a.status, 200);
    assert_string_equal(a.location, path("/v1/jobs/%s", text_at(a.json, "uuid")));
    answer_free(&a);
}

static void what_is_wrong_is_named(void **state)
{
    struct house *h = *state;
    expect_made(h, "/jobs", "{\"name\":\"x\",\"shortname\":\"mine\"}");
    static const struct {
        const char *body, *message;
    } cases[] = {
        {"{}", "Invalid job file. Invalid fields: name. name: is required"},
        {"{\"name\":\"x\",\"shortname\":\"-a\"}",
         "Invalid job file. Invalid fields: shortname. shortname: must be of A-Z, a-z, "
         "0-9 and -, neither begin nor end with - nor look like a uuid"},
        {"{\"name\":\"x\",\"shortname\":\"Mine\"}",
         "Invalid job file. Invalid fields: shortname-uniqueness. shortname: Mine is taken"},
        {"{\"name\":\"x\",\"tags\":[1]}",
         "Invalid job file. Invalid fields: tags. tags[0]: must be a string"},
        {"{\"name\":\"x\",\"useDependencies\":7}",
         "Invalid job file. Invalid fields: useDependencies. useDependencies: must be true or false"},
        {"{\"name\":\"x\",\"poolUuid\":\"" NOBODY "\"}", "No such pool: " NOBODY},
        {"[]", "The body must be a JSON object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_message(h, 400, cases[i].message, "POST", "/jobs", cases[i].body);
    expect_message(h, 404, "No such job: nobody", "GET", "/jobs/nobody", NULL);
    expect_message(h, 404, "No such job: nobody", "GET", "/jobs/nobody/tasks", NULL);
    expect_message(h, 404, "No such job: nobody", "POST", "/jobs/nobody/terminate", NULL);
    expect_message(h, 404, "No such job: nobody", "DELETE", "/jobs/nobody", NULL);
    expect_message(h, 400, "No such job: " NOBODY, "POST", "/tasks", task_body(NOBODY, "null"));
}

static void a_strangers_job_is_not_there(void **state)
{
    struct house *h = *state;
    const char *uuid = job(h);
    static const struct {
        const char *method, *pattern;
    } calls[] = {{"GET", "/jobs/%s"},
                 {"GET", "/jobs/%s/tasks"},
                 {"POST", "/jobs/%s/terminate"},
                 {"DELETE", "/jobs/%s?force=true"}};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct answer a = house_ask(h, calls[i].method, path(calls[i].pattern, uuid), STRANGER, NULL, NULL);
        assert_int_equal(a.status, 404);
        answer_free(&a);
    }
    struct answer a = house_ask(h, "POST", "/tasks", STRANGER, NULL, task_body(uuid, "null"));
    assert_int_equal(a.status, 400);
    answer_free(&a);
    a = house_ask(h, "GET", "/jobs", STRANGER, NULL, NULL);
    assert_string_equal(a.body, "[]");
    answer_free(&a);
    expect_text(h, path("/jobs/%s", uuid), "state", "Active");
}

// ---- dependencies

static void dependencies_are_told_back_with_their_state(void **state)
{
    struct house *h = *state;
    char want[1024], advanced[512];
    house_boards(h, 1);
    const char *j = job(h), *a = task_in(h, j, "{\"dependsOn\":[]}"), *b = task_in(h, j, simple(a));
    expect_text(h, path("/tasks/%s", a), "jobUuid", j);
    expect_json(h, path("/tasks/%s", a), "dependencies", "{\"dependsOn\":[]}");
    snprintf(want, sizeof want, "{\"dependsOn\":[\"%s\"],\"advancedDependsOn\":[],\"state\":\"waiting\"}", a);
    expect_json(h, path("/tasks/%s", b), "dependencies", want);
    snprintf(advanced, sizeof advanced,
             "{\"DependsOn\":null,\"AdvancedDependsOn\":[{\"TaskUuid\":\"%s\",\"TaskFinalStateCondition\":["
             "\"Failure\",\"success\"]},"
             "{\"TaskUuid\":\"%s\",\"TaskFinalStateCondition\":null}]}",
             a, b);
    const char *c = task_in(h, j, advanced);
    house_later(h, 10);
    house_start_all(h);
    house_end_all(h, 3);
    expect_text(h, path("/tasks/%s", a), "state", "Failure");
    expect_text(h, path("/tasks/%s", b), "state", "Cancelled");
    expect_text(h, path("/tasks/%s", b), "errors.0.code", "ONDOL-DEPENDENCY");
    expect_text(h, path("/tasks/%s", b), "dependencies.state", "dependencyConditionsNotFulfilled");
    snprintf(
        want, sizeof want,
        "{\"dependsOn\":[],\"advancedDependsOn\":[{\"taskUuid\":\"%s\",\"taskFinalStateCondition\":["
        "\"success\",\"failure\"],"
        "\"actualFinalState\":\"failure\",\"state\":\"dependencyConditionsFulfilled\"},{\"taskUuid\":\"%s\","
        "\"taskFinalStateCondition\":null,\"actualFinalState\":\"cancelled\",\"state\":"
        "\"dependencyConditionsFulfilled\"}],"
        "\"state\":\"dependencyConditionsFulfilled\"}",
        a, b);
    expect_json(h, path("/tasks/%s", c), "dependencies", want);
    expect_text(h, path("/tasks/%s", c), "state", "FullyDispatched");
}

// Bug: when a task that it had waited for was deleted it could not be cloned any more.
static void a_clone_waits_for_those_that_are_there_still(void **state)
{
    struct house *h = *state;
    char both[256], want[256];
    house_boards(h, 2);
    const char *j = job(h), *a = task_in(h, j, "null"), *kept = task_in(h, j, "null");
    snprintf(both, sizeof both, "{\"dependsOn\":[\"%s\",\"%s\"]}", a, kept);
    const char *c = task_in(h, j, both);
    for (int i = 0; i < 2; i++) {
        house_later(h, 10);
        house_start_all(h);
        house_end_all(h, 0);
    }
    expect_text(h, path("/tasks/%s", c), "state", "Success");
    json_decref(expect(h, 200, "DELETE", path("/tasks/%s", a), NULL));
    json_t *made = expect(h, 200, "POST", path("/tasks/%s/clone", c), "{}");
    snprintf(want, sizeof want, "[\"%s\"]", kept);
    expect_json(h, path("/tasks/%s", text_at(made, "uuid")), "dependencies.dependsOn", want);
    json_decref(made);
}

static void why_names_the_task_that_is_waited_for(void **state)
{
    struct house *h = *state;
    char want[256];
    const char *j = job(h), *a = task_in(h, j, "null"), *b = task_in(h, j, simple(a));
    snprintf(want, sizeof want, "1 instance waiting for task %s of its job, which is Submitted", a);
    expect_text(h, path("/ondol/v1/tasks/%s/why", b), "why", want);
}

static void what_cannot_be_waited_for_is_refused(void **state)
{
    struct house *h = *state;
    const char *j = job(h), *plain = expect_made(h, "/jobs", "{\"name\":\"p\"}"),
               *p = task_in(h, plain, "null");
    static const struct {
        const char *dependencies, *sentence;
    } cases[] = {
        {"7", "dependencies: must be an object"},
        {"{\"dependsOn\":\"x\"}", "dependencies.dependsOn: must be a list"},
        {"{\"dependsOn\":[7]}", "dependencies.dependsOn[0]: must be the uuid of a task"},
        {"{\"dependsOn\":[\"x\"]}", "dependencies.dependsOn[0]: x is not the uuid of a task"},
        {"{\"advancedDependsOn\":[{}]}",
         "dependencies.advancedDependsOn[0].taskUuid: must be the uuid of a task"},
        {"{\"advancedDependsOn\":[{\"taskUuid\":\"" NOBODY "\",\"taskFinalStateCondition\":[\"maybe\"]}]}",
         "dependencies.advancedDependsOn[0].taskFinalStateCondition: must be of success, failure, cancelled"},
        {"{\"dependsOn\":[\"" NOBODY "\"]}",
         "dependencies: no task " NOBODY " in the job (a task can only wait for tasks that were "
         "submitted before it)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_message(h, 400, path("Invalid task file. Invalid fields: dependencies. %s", cases[i].sentence),
                       "POST", "/tasks", task_body(j, cases[i].dependencies));
    expect_message(h, 400,
                   "Invalid task file. Invalid fields: dependencies. dependencies: the job was made without "
                   "useDependencies",
                   "POST", "/tasks", task_body(plain, simple(p)));
}

static void one_request_may_hold_tasks_of_a_job_each_with_its_own_answer(void **state)
{
    struct house *h = *state;
    char body[4096];
    const char *j = job(h), *a = task_in(h, j, "null");
    int n = snprintf(body, sizeof body, "[%s,", task_body(j, simple(a)));
    n += snprintf(body + n, sizeof body - (size_t)n, "%s,", task_body(j, simple(NOBODY)));
    snprintf(body + n, sizeof body - (size_t)n, "%s]", task_body(NOBODY, "null"));
    json_t *got = expect(h, 207, "POST", "/tasks", body);
    assert_int_equal(int_at(got, "0.statusCode"), 200);
    assert_int_equal(int_at(got, "1.statusCode"), 400);
    assert_int_equal(int_at(got, "2.statusCode"), 400);
    json_decref(got);
}

// ---- lists

static void tasks_of_a_job_are_listed_and_found_by_filters(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES];
    const char *j = job(h), *a = task_in(h, j, "null"), *b = task_in(h, j, simple(a));
    house_task(h, "other", 1, uuid);
    json_t *got = expect(h, 200, "GET", path("/jobs/%s/tasks", j), NULL);
    assert_int_equal(json_array_size(got), 2);
    assert_string_equal(text_at(got, "0.uuid"), b);
    assert_string_equal(text_at(got, "1.uuid"), a);
    assert_non_null(json_at(got, "0.constants"));
    json_decref(got);
    static const char *const filters[] = {
        "{\"filter\":{\"operator\":\"Equal\",\"field\":\"JobUuid\",\"value\":\"%s\"}}",
        "{\"filter\":{\"operator\":\"Equal\",\"field\":\"Dependencies.DependsOn\",\"value\":\"%s\"}}"};
    got = expect(h, 200, "POST", "/tasks/paginate", path(filters[0], j));
    assert_int_equal(int_at(got, "total"), 2);
    json_decref(got);
    got = expect(h, 200, "POST", "/tasks/summaries/paginate", path(filters[1], a));
    assert_int_equal(int_at(got, "total"), 1);
    assert_string_equal(text_at(got, "data.0.uuid"), b);
    json_decref(got);
}

static void pages_join_to_the_whole_list_in_every_order(void **state)
{
    struct house *h = *state;
    for (int i = 0; i < 7; i++) {
        char body[128];
        snprintf(body, sizeof body, "{\"name\":\"%c-\\u00e9.%d\",\"tags\":[\"%s\"]}", "cabfged"[i], i,
                 i % 2 ? "odd" : "even");
        const char *uuid = expect_made(h, "/jobs", body);
        if (i < 2)
            json_decref(expect(h, 200, "POST", path("/jobs/%s/terminate", uuid), NULL));
    }
    static const struct {
        const char *body, *names; // their first letters
    } cases[] = {{"", "degfbac"},
                 {"\"orderBy\":\"creationDate\",", "cabfged"},
                 {"\"orderBy\":\"name\",\"orderType\":\"ASC\",", "abcdefg"},
                 {"\"orderBy\":\"Name\",\"orderType\":\"desc\",", "gfedcba"},
                 {"\"orderBy\":\"state\",", "bfgedca"},
                 {"\"filter\":{\"operator\":\"Equal\",\"field\":\"Tags\",\"value\":\"odd\"},", "efa"},
                 {"\"filter\":{\"operator\":\"Like\",\"field\":\"Name\",\"value\":\"/^[abc]/\"},", "bac"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char names[16] = "", token[600] = "null", body[1024];
        size_t n = 0;
        for (int page = 0; page < 8; page++) {
            snprintf(body, sizeof body, "{%s\"token\":%s,\"maximumResults\":2}", cases[i].body, token);
            json_t *got = expect(h, 200, "POST", "/jobs/paginate", body);
            assert_int_equal(int_at(got, "total"), strlen(cases[i].names));
            for (size_t k = 0; k < json_array_size(json_at(got, "data")); k++)
                names[n++] =
                    *json_string_value(json_object_get(json_array_get(json_at(got, "data"), k), "name"));
            bool more = json_is_true(json_at(got, "isTruncated"));
            assert_true(more == json_is_string(json_at(got, "nextToken")));
            if (more)
                snprintf(token, sizeof token, "\"%s\"", text_at(got, "nextToken"));
            json_decref(got);
            if (!more)
                break;
        }
        names[n] = '\0';
        assert_string_equal(names, cases[i].names);
    }
    json_t *got = expect(h, 200, "GET", "/jobs?tag=even", NULL);
    assert_int_equal(json_array_size(got), 4);
    json_decref(got);
    got = expect(h, 200, "POST", "/jobs/search",
                 "{\"select\":{\"fields\":[\"Uuid\"]},\"filter\":{\"operator\":\"Equal\",\"field\":\"State\","
                 "\"value\":\"Completed\"},"
                 "\"maximumResults\":1}");
    assert_int_equal(json_array_size(got), 1);
    json_decref(got);
    static const char *const bad[] = {"{\"token\":\"x\"}",
                                      "{\"token\":\"1.ca3-\"}",
                                      "{\"token\":7}",
                                      "{\"maximumResults\":0}",
                                      "{\"orderBy\":\"executionTime\"}",
                                      "{\"orderType\":\"up\"}",
                                      "{\"filter\":7}",
                                      "[]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct answer a = ask(h, "POST", "/jobs/paginate", bad[i]);
        assert_int_equal(a.status, 400);
        assert_string_equal(a.type, "application/problem+json; charset=utf-8");
        answer_free(&a);
    }
}

// ---- the ends

static void a_terminated_job_is_completed_when_its_tasks_have_stopped(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    const char *j = job(h), *a = task_in(h, j, "null"), *b = task_in(h, j, "null");
    house_later(h, 10);
    house_start_all(h);
    json_decref(expect(h, 200, "POST", path("/jobs/%s/terminate", j), NULL));
    expect_text(h, path("/jobs/%s", j), "state", "Terminating");
    expect_text(h, path("/tasks/%s", a), "state", "PendingCancel");
    expect_text(h, path("/tasks/%s", b), "state", "Cancelled");
    expect_text(h, path("/tasks/%s", b), "errors.0.code", "GHX0782I");
    expect_message(h, 400, path("The job %s takes no more tasks: it is Terminating", j), "POST", "/tasks",
                   task_body(j, "null"));
    house_end_all(h, 0);
    expect_text(h, path("/jobs/%s", j), "state", "Completed");
    expect_text(h, path("/jobs/%s", j), "previousState", "Terminating");
    json_decref(expect(h, 200, "DELETE", path("/jobs/%s?force=False", j), NULL));
    expect_message(h, 404, path("No such job: %s", j), "GET", path("/jobs/%s", j), NULL);
    expect_text(h, path("/tasks/%s", a), "state", "Cancelled");
}

static void deleting_by_force_takes_every_task_along(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    char mine[UUID_TEXT_BYTES], j[UUID_TEXT_BYTES],
        live[UUID_TEXT_BYTES]; // more are made than expect_made() keeps
    strcpy(j, job(h));
    strcpy(live, task_in(h, j, "null"));
    house_later(h, 10);
    house_start_all(h);
    for (int i = 0; i < 450; i++) { // more than one walk names
        const char *t = task_in(h, j, "null");
        json_decref(expect(h, 200, "POST", path("/tasks/%s/abort", t), NULL));
    }
    house_task(h, "mine", 1, mine);
    expect_message(h, 403, path("The job %s has 1 tasks that have not ended (delete it with force=true)", j),
                   "DELETE", path("/jobs/%s?force=False", j), NULL);
    struct answer a = ask(h, "DELETE", path("/jobs/%s?force=True", j), NULL);
    assert_int_equal(a.status, 200);
    assert_string_equal(a.body, "");
    answer_free(&a);
    expect_text(h, path("/jobs/%s", j), "state", "Deleting"); // one instance is still told to stop
    expect_text(h, path("/tasks/%s", live), "state", "PendingDelete");
    json_t *got = expect(h, 200, "GET", path("/jobs/%s/tasks", j), NULL);
    assert_int_equal(json_array_size(got), 1);
    json_decref(got);
    house_end_all(h, 0);
    expect_message(h, 404, path("No such job: %s", j), "GET", path("/jobs/%s", j), NULL);
    expect_message(h, 404, path("No such task: %s", live), "GET", path("/tasks/%s", live), NULL);
    json_decref(expect(h, 200, "GET", path("/tasks/%s", mine), NULL));
}

static void a_failed_commit_leaves_a_walk_that_the_next_delete_takes_up(void **state)
{
    struct house *h = *state;
    const char *j = job(h), *t = task_in(h, j, "null");
    json_decref(expect(h, 200, "POST", path("/tasks/%s/abort", t), NULL));
    h->fail_with = -28; // no space
    json_decref(expect(h, 507, "DELETE", path("/jobs/%s?force=true", j), NULL));
    h->fail_with = 0;
    expect_text(h, path("/jobs/%s", j), "state", "Active");
    json_decref(expect(h, 200, "DELETE", path("/jobs/%s?force=true", j), NULL));
    expect_message(h, 404, path("No such job: %s", j), "GET", path("/jobs/%s", j), NULL);
    expect_message(h, 404, path("No such task: %s", t), "GET", path("/tasks/%s", t), NULL);
}

static void retry_and_clone_stay_in_a_job_that_takes_tasks(void **state)
{
    struct house *h = *state;
    house_boards(h, 1);
    const char *j = job(h), *a = task_in(h, j, "null"), *b = task_in(h, j, simple(a));
    for (int i = 0; i < 2; i++) {
        house_later(h, 10);
        house_start_all(h);
        house_end_all(h, i); // a succeeds, b fails
    }
    const char *retried = expect_made(h, path("/tasks/%s/retry", b), NULL),
               *cloned = expect_made(h, path("/tasks/%s/clone", b), NULL);
    expect_text(h, path("/tasks/%s", retried), "jobUuid", j);
    expect_json(h, path("/tasks/%s", retried), "dependencies", "{\"dependsOn\":[]}"); // they were fulfilled
    expect_text(h, path("/tasks/%s", cloned), "dependencies.dependsOn.0", a);
    json_decref(expect(h, 200, "POST", path("/jobs/%s/terminate", j), NULL));
    house_end_all(h, 0);
    const char *alone = expect_made(h, path("/tasks/%s/clone", b), NULL);
    expect_json(h, path("/tasks/%s", alone), "jobUuid", "null");
    expect_json(h, path("/tasks/%s", alone), "dependencies", "{\"dependsOn\":[]}");
}

static void a_task_deletes_itself_when_its_time_to_live_is_over(void **state)
{
    struct house *h = *state;
    static const char kept[] =
        "{\"name\":\"t\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"autoDeleteOnCompletion\":%s,"
        "\"completionTimeToLive\":\"00:01:00\"}";
    const char *goes = expect_made(h, "/tasks", path(kept, "true")),
               *stays = expect_made(h, "/tasks", path(kept, "false")),
               *later = expect_made(h, "/tasks", path(kept, "false"));
    json_decref(expect(h, 200, "PUT", path("/tasks/%s", later),
                       "{\"AutoDeleteOnCompletion\":true,\"CompletionTimeToLive\":\"00:02:00\"}"));
    json_decref(expect(h, 200, "POST", "/ondol/v1/tasks/abort", NULL));
    house_later(h, 59000);
    expect_text(h, path("/tasks/%s", goes), "state", "Cancelled");
    house_later(h, 1001);
    expect_message(h, 404, path("No such task: %s", goes), "GET", path("/tasks/%s", goes), NULL);
    expect_text(h, path("/tasks/%s", later), "state", "Cancelled");
    house_later(h, 60000);
    expect_message(h, 404, path("No such task: %s", later), "GET", path("/tasks/%s", later), NULL);
    expect_text(h, path("/tasks/%s", stays), "state", "Cancelled");
}

static void info_counts_jobs(void **state)
{
    struct house *h = *state;
    job(h);
    expect_json(h, "/info", "jobCount", "1");
    expect_json(h, "/info", "maxJob", "1000");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)
    const struct CMUnitTest tests[] = {
        TEST(a_job_is_shown_with_every_key_in_order),
        TEST(answers_carry_a_location),
        TEST(what_is_wrong_is_named),
        TEST(a_strangers_job_is_not_there),
        TEST(dependencies_are_told_back_with_their_state),
        TEST(a_clone_waits_for_those_that_are_there_still),
        TEST(why_names_the_task_that_is_waited_for),
        TEST(what_cannot_be_waited_for_is_refused),
        TEST(one_request_may_hold_tasks_of_a_job_each_with_its_own_answer),
        TEST(tasks_of_a_job_are_listed_and_found_by_filters),
        TEST(pages_join_to_the_whole_list_in_every_order),
        TEST(a_terminated_job_is_completed_when_its_tasks_have_stopped),
        TEST(deleting_by_force_takes_every_task_along),
        TEST(a_failed_commit_leaves_a_walk_that_the_next_delete_takes_up),
        TEST(retry_and_clone_stay_in_a_job_that_takes_tasks),
        TEST(a_task_deletes_itself_when_its_time_to_live_is_over),
        TEST(info_counts_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
