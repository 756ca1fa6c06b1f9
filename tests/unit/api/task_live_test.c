// SPDX-License-Identifier: Apache-2.0
// What a task and a pool show of their times while something of them runs, and of ids that never ran.
#include <stdio.h>
#include <string.h>

#include "house.h"

static void begun(struct house *h, char uuid[UUID_TEXT_BYTES], char target[100])
{
    house_boards(h, 2);
    house_task(h, "hello", 2, uuid);
    house_start_all(h);
    snprintf(target, 100, "/tasks/%s", uuid);
}

// Bug: wallTime stood at 0 and executionTimeByInstanceId was empty until the first instance had ended.
static void a_running_task_has_a_wall_time_and_times_by_instance(void **state)
{
    char uuid[UUID_TEXT_BYTES], target[100];
    begun(*state, uuid, target);
    house_later(*state, 60000);
    json_t *t = expect(*state, 200, "GET", target, NULL);
    assert_string_equal(text_at(t, "wallTime"), "00:02:00"); // of both
    assert_string_equal(text_at(t, "status.wallTime"), "00:02:00");
    assert_int_equal(int_at(t, "status.wallTimeSec"), 120);
    assert_int_equal(json_array_size(json_at(t, "status.executionTimeByInstanceId")), 2);
    for (int i = 0; i < 2; i++) {
        char at[100];
        snprintf(at, sizeof at, "status.executionTimeByInstanceId.%d", i);
        json_t *one = json_at(t, at);
        assert_int_equal(int_at(one, "instanceId"), i);
        assert_int_equal(int_at(one, "time"), 4);
        assert_int_equal(json_object_size(one), 6);
        assert_int_equal(strlen(text_at(one, "siteUuid")), 36);
    }
    json_decref(t);
}

// Bug: the time of day was given as that of samples which were up to ten seconds old.
static void a_running_task_says_when_it_was_last_looked_at(void **state)
{
    char uuid[UUID_TEXT_BYTES], target[100];
    begun(*state, uuid, target);
    json_t *t = expect(*state, 200, "GET", target, NULL);
    char sampled[40];
    snprintf(sampled, sizeof sampled, "%s", text_at(t, "status.lastUpdateTimestamp"));
    json_decref(t);
    house_later(*state, 60000);
    t = expect(*state, 200, "GET", target, NULL);
    assert_string_equal(text_at(t, "status.lastUpdateTimestamp"), sampled);
    assert_string_not_equal(text_at(t, "status.timestamp"), sampled);
    json_decref(t);
}

static void a_pool_with_running_nodes_has_one_wall_time(void **state)
{
    house_boards(*state, 1);
    const char *pool =
        expect_made(*state, "/pools", "{\"name\":\"p\",\"profile\":\"docker-batch\",\"instanceCount\":1}");
    house_later(*state, 1000);
    house_start_all(*state);
    house_later(*state, 60000);
    json_t *p = expect(*state, 200, "GET", path("/pools/%s", pool), NULL);
    assert_string_not_equal(text_at(p, "wallTime"), "00:00:00");
    assert_string_equal(text_at(p, "wallTime"), text_at(p, "status.wallTime"));
    json_decref(p);
}

// Bug: a task that was aborted before it began had no ranges, though it could be resumed by them.
static void a_task_that_never_began_says_which_ids_were_cancelled(void **state)
{
    char uuid[UUID_TEXT_BYTES];
    house_task(*state, "hello", 3, uuid);
    json_decref(expect(*state, 200, "GET", path("/tasks/%s", uuid), NULL));
    struct answer a = ask(*state, "POST", path("/tasks/%s/abort", uuid), NULL);
    assert_int_equal(a.status, 200);
    answer_free(&a);
    json_t *t = expect(*state, 200, "GET", path("/tasks/%s", uuid), NULL);
    assert_string_equal(text_at(t, "state"), "Cancelled");
    assert_string_equal(text_at(t, "status.cancelledRange"), "0-2");
    assert_string_equal(text_at(t, "status.failedRange"), "0-2");
    assert_string_equal(text_at(t, "status.failedOnlyRange"), "");
    assert_string_equal(text_at(t, "status.startedOnceRange"), "");
    json_decref(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_running_task_has_a_wall_time_and_times_by_instance, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(a_running_task_says_when_it_was_last_looked_at, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(a_pool_with_running_nodes_has_one_wall_time, house_open, house_close),
        cmocka_unit_test_setup_teardown(a_task_that_never_began_says_which_ids_were_cancelled, house_open,
                                        house_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
