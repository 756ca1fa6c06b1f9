// SPDX-License-Identifier: Apache-2.0
// What is told before submission is what submission would say.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "house.h"

#define CLUSTER(n) "{\"name\":\"c\",\"profile\":\"docker-cluster\",\"instanceCount\":" n "}"
#define ESTIMATE   "/ondol/v1/estimate"
#define TEST(f)    cmocka_unit_test_setup_teardown(f, house_open, house_close)

static void says(struct house *h, const char *body, const char *reason)
{
    json_t *json = expect(h, 200, "POST", ESTIMATE, body);
    assert_int_equal(json_is_true(json_at(json, "possible")), reason == NULL);
    if (reason && !strstr(text_at(json, "reason"), reason))
        fail_msg("%s", text_at(json, "reason"));
    json_decref(json);
}

// It was taken, and possible at once; it could never run.
static void a_cluster_larger_than_the_fleet_is_402(void **state)
{
    struct house *h = *state;
    json_decref(expect(h, 200, "POST", "/tasks", CLUSTER("3"))); // no board is known yet
    house_boards(h, 2);
    says(h, CLUSTER("3"), "hardware constraint");
    json_t *json = expect(h, 402, "POST", "/tasks", CLUSTER("3"));
    assert_non_null(
        strstr(text_at(json, "message"), "hardware constraint of this task: it needs 3 machines"));
    json_decref(json);
    json_decref(expect(h, 200, "POST", "/tasks", CLUSTER("2")));
}

static void an_estimate_refuses_as_submission_does(void **state)
{
    struct house *h = *state;
    house_boards(h, 2);
    says(h, CLUSTER("2"), NULL);
    const char *stranger = "{\"name\":\"c\",\"profile\":\"docker-batch\",\"instanceCount\":1,"
                           "\"projectUuid\":\"00000000-0000-4000-8000-000000000000\"}";
    json_decref(expect(h, 400, "POST", "/tasks", stranger));
    json_decref(expect(h, 400, "POST", ESTIMATE, stranger));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_cluster_larger_than_the_fleet_is_402),
        TEST(an_estimate_refuses_as_submission_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
