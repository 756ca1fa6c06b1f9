// SPDX-License-Identifier: Apache-2.0
// retry, recover, resume, clone: which instances the new task has, what it inherits and what a request lays
// over it.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "house.h"

static char *target(char out[128], const char *uuid, const char *verb)
{
    snprintf(out, 128, "/tasks/%s%s", uuid, verb);
    return out;
}

// Makes the new task and gives it as GET shows it.
static json_t *again(struct house *h, const char *uuid, const char *verb, const char *body)
{
    char path[128];
    json_t *made = expect(h, 200, "POST", target(path, uuid, verb), body);
    json_t *task = expect(h, 200, "GET", target(path, text_at(made, "uuid"), ""), NULL);
    assert_string_not_equal(text_at(made, "uuid"), uuid);
    json_decref(made);
    return task;
}

// Five instances on two boards: 0 and 1 fail, 2 and 3 succeed, 4 is cancelled.
static void mixed(struct house *h, char uuid[UUID_TEXT_BYTES])
{
    char path[128];
    house_boards(h, 2);
    house_task(h, "mixed", 5, uuid);
    house_later(h, 10);
    house_start_all(h);
    house_end_all(h, 3);
    house_start_all(h);
    house_end_all(h, 0);
    json_decref(expect(h, 200, "POST", target(path, uuid, "/abort"), NULL));
    house_end_all(h, 0);
    json_t *task = expect(h, 200, "GET", target(path, uuid, ""), NULL);
    assert_string_equal(text_at(task, "state"), "Cancelled");
    assert_string_equal(text_at(task, "status.failedOnlyRange"), "0-1");
    assert_string_equal(text_at(task, "status.cancelledRange"), "4");
    json_decref(task);
}

static void each_verb_takes_its_instances(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES];
    mixed(h, uuid);
    static const struct {
        const char *verb, *ranges;
    } cases[] = {{"/retry", "0-1"}, {"/recover", "0-1,4"}, {"/resume", "4"}};
    for (int i = 0; i < 3; i++) {
        json_t *task = again(h, uuid, cases[i].verb, NULL);
        assert_string_equal(text_at(task, "advancedRanges"), cases[i].ranges);
        assert_string_equal(text_at(task, "name"), "mixed");
        assert_string_equal(text_at(task, "constants.0.value"), "echo hello");
        json_decref(task);
    }
    json_t *task = again(h, uuid, "/clone", "{}");
    assert_int_equal(int_at(task, "instanceCount"), 5);
    assert_true(json_is_null(json_at(task, "advancedRanges")));
    json_decref(task);
}

// The public API lists it as deprecated, without a body, and names clone and recover in its place.
static void restart_is_a_clone_of_what_has_ended(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], path[128], sentence[200];
    mixed(h, uuid);
    json_t *task = again(h, uuid, "/restart", NULL);
    assert_int_equal(int_at(task, "instanceCount"), 5);
    assert_string_equal(text_at(task, "name"), "mixed");
    assert_string_equal(text_at(task, "constants.0.value"), "echo hello");
    snprintf(sentence, sizeof sentence, "The task %s cannot be restarted yet: it is %s", text_at(task, "uuid"),
             text_at(task, "state"));
    expect_message(h, 403, sentence, "POST", target(path, text_at(task, "uuid"), "/restart"), NULL);
    json_decref(task);
    task = again(h, uuid, "/restart", "{\"instanceCount\":2}");
    assert_int_equal(int_at(task, "instanceCount"), 5);
    json_decref(task);
    json_t *e = expect(h, 404, "POST", "/v1/tasks/nobody/restart", NULL);
    assert_string_equal(text_at(e, "message"), "No such task: nobody");
    json_decref(e);
    struct answer a = house_ask(h, "POST", target(path, uuid, "/restart"), STRANGER, NULL, NULL);
    assert_int_equal(a.status, 404);
    answer_free(&a);
}

static void a_request_lays_its_members_over_the_old_ones(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES];
    mixed(h, uuid);
    json_t *task = again(
        h, uuid, "/retry",
        "{\"Name\":\"other\",\"labels\":[],\"tags\":[\"a\"],\"instanceCount\":9,\"poolUuid\":\"" /* not of a
                                                                                                    retry */
        "0b5f6f0e-7a51-4a0e-9a43-2f1f6a1b7c11\",\"profile\":\"\",\"retrySettings\":{"
        "\"maxPerInstanceRetries\":2}}");
    assert_string_equal(text_at(task, "name"), "other");
    assert_string_equal(text_at(task, "tags.0"), "a");
    assert_string_equal(text_at(task, "advancedRanges"), "0-1");
    assert_string_equal(text_at(task, "profile"), "docker-batch");
    assert_int_equal(int_at(task, "maxRetriesPerInstance"), 2);
    json_decref(task);
    task = again(h, uuid, "/clone", "{\"advancedRanges\":\"7-8\"}");
    assert_string_equal(text_at(task, "advancedRanges"), "7-8");
    json_decref(task);
    task = again(h, uuid, "/clone", "{\"instanceCount\":3}");
    assert_int_equal(int_at(task, "instanceCount"), 3);
    json_decref(task);
}

static void a_clone_keeps_secrets_and_not_the_shortname(void **state)
{
    struct house *h = *state;
    char path[128];
    json_t *made =
        expect(h, 200, "POST", "/tasks",
               "{\"name\":\"n\",\"shortname\":\"mine\",\"profile\":\"docker-batch\",\"instanceCount\":1,"
               "\"constants\":[{\"key\":\"QARNOT_SECRET__X\",\"value\":\"hush\"}]}");
    json_t *task =
        again(h, "mine", "/clone", "{\"constants\":[{\"key\":\"QARNOT_SECRET__X\",\"value\":\"[SECRET]\"}]}");
    assert_string_equal(text_at(task, "shortname"), text_at(task, "uuid"));
    struct arena a = ARENA_NULL;
    struct row_task row;
    assert_int_equal(h->reader.task(h->reader.ctx, h->customer_id, text_at(task, "uuid"), &a, &row, NULL), 0);
    char bound[64], *sealed = strstr(arena_strdup(&a, row.body), "sealed:1:");
    struct buf clear = BUF_INIT(100);
    struct err e = ERR_NULL;
    assert_non_null(sealed);
    snprintf(bound, sizeof bound, "constant/%llu", (unsigned long long)h->customer_id);
    assert_int_equal(vault_unseal(&h->vault, bound, strtok(sealed, "\""), &clear, &e), 0);
    assert_string_equal(buf_str(&clear), "hush"); // sealed once
    buf_deinit(&clear);
    arena_deinit(&a);
    json_decref(task);
    json_decref(
        expect(h, 400, "POST", target(path, text_at(made, "uuid"), "/clone"), "{\"shortname\":\"mine\"}"));
    json_decref(made);
}

static void what_cannot_be_done_again_is_said(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], path[128], sentence[200];
    house_boards(h, 1);
    house_task(h, "n", 1, uuid);
    snprintf(sentence, sizeof sentence, "The task %s cannot be retried yet: it is FullyDispatched", uuid);
    house_later(h, 10);
    expect_message(h, 403, sentence, "POST", target(path, uuid, "/retry"), NULL);
    house_start_all(h);
    house_end_all(h, 0);
    snprintf(sentence, sizeof sentence,
             "The task %s has no instance to recover: none was left failed or cancelled", uuid);
    expect_message(h, 400, sentence, "POST", target(path, uuid, "/recover"), NULL);
    expect_message(h, 404, "No such task: nobody", "POST", "/tasks/nobody/clone", NULL);
    struct answer a = house_ask(h, "POST", target(path, uuid, "/clone"), STRANGER, NULL, NULL);
    assert_int_equal(a.status, 404);
    answer_free(&a);
    expect_message(h, 400, "Invalid task file. A task must be a JSON object", "POST",
                   target(path, uuid, "/clone"), "[]");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)
    const struct CMUnitTest tests[] = {
        TEST(each_verb_takes_its_instances),
        TEST(restart_is_a_clone_of_what_has_ended),
        TEST(a_request_lays_its_members_over_the_old_ones),
        TEST(a_clone_keeps_secrets_and_not_the_shortname),
        TEST(what_cannot_be_done_again_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
