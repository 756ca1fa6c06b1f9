// SPDX-License-Identifier: Apache-2.0
// Users, organisations, projects, tokens, budgets, quotas and reservations, through the API.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "house.h"

#define CUSTOMER_USER "/ondol/v1/users/customer%40example.org"
#define TASK          "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":%d%s}"

// Submits as the customer; gives the status, and the message into `why` when it is refused.
static int submit(struct house *h, int instances, const char *more, char uuid[UUID_TEXT_BYTES], char why[300])
{
    char body[600];
    snprintf(body, sizeof body, TASK, instances, more);
    struct answer a = ask(h, "POST", "/tasks", body);
    int status = a.status;
    if (uuid && status == 200)
        snprintf(uuid, UUID_TEXT_BYTES, "%s", text_at(a.json, "uuid"));
    if (why && status != 200)
        snprintf(why, 300, "%s", text_at(a.json, "message"));
    answer_free(&a);
    return status;
}

static enum activity activity_of(struct house *h, const char *uuid)
{
    struct row_task t;
    struct arena a = {0};
    struct err e = ERR_NULL;
    assert_int_equal(h->reader.task(h->reader.ctx, h->customer_id, uuid, &a, &t, &e), 0);
    enum activity was = (enum activity)t.activity;
    arena_deinit(&a);
    return was;
}

static void operator_says(struct house *h, const char *method, const char *target, const char *body)
{
    json_decref(expect_operator(h, 200, method, target, body));
}

static void made(struct house *h, const char *target, const char *body, char uuid[UUID_TEXT_BYTES])
{
    json_t *j = expect_operator(h, 200, "POST", target, body);
    snprintf(uuid, UUID_TEXT_BYTES, "%s", text_at(j, "uuid"));
    json_decref(j);
}

static void a_user_is_made_in_an_organisation_and_what_a_change_does_not_name_stays(void **state)
{
    struct house *h = *state;
    json_t *j =
        expect_operator(h, 200, "POST", "/ondol/v1/users",
                        "{\"email\":\"bob@acme.org\",\"organisation\":\"acme\",\"scheduling\":\"onDemand\","
                        "\"max_flex_instances\":3,\"credit_cents\":250}");
    assert_string_equal(text_at(j, "organisation"), "acme");
    assert_string_equal(text_at(j, "project"), "default");
    assert_string_equal(text_at(j, "scheduling"), "onDemand");
    assert_int_equal(int_at(j, "max_flex_instances"), 3);
    assert_int_equal(strlen(text_at(j, "token")), 64);
    assert_true(json_real_value(json_at(j, "credit_eur")) == 2.5);
    json_decref(j);
    j = expect_operator(h, 200, "PUT", "/ondol/v1/users/bob%40acme.org", "{\"max_flex_cores\":16}");
    assert_int_equal(int_at(j, "max_flex_instances"), 3);
    assert_int_equal(int_at(j, "max_flex_cores"), 16);
    assert_string_equal(text_at(j, "organisation"), "acme");
    assert_null(json_at(j, "token"));
    json_decref(j);
    // one of the same organisation shares its projects; who is put nowhere has an organisation of its own
    operator_says(h, "POST", "/ondol/v1/users", "{\"email\":\"eve@acme.org\",\"organisation\":\"acme\"}");
    j = expect_operator(h, 200, "GET", "/ondol/v1/organisations", NULL);
    assert_int_equal(int_at(j, "total"), 4);
    json_decref(j);
    json_decref(expect_operator(h, 409, "POST", "/ondol/v1/users", "{\"email\":\"bob@acme.org\"}"));
    json_decref(expect_operator(h, 404, "GET", "/ondol/v1/users/no%40one", NULL));
    json_decref(
        expect_operator(h, 400, "PUT", "/ondol/v1/users/bob%40acme.org", "{\"project\":\"nothing\"}"));
}

static void a_removed_user_has_nothing_running_and_may_submit_nothing(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], target[100], why[300];
    assert_int_equal(submit(h, 3, "", uuid, NULL), 200);
    operator_says(h, "DELETE", CUSTOMER_USER, NULL);
    snprintf(target, sizeof target, "/tasks/%s", uuid);
    json_t *j = expect(h, 200, "GET", target, NULL);
    assert_string_equal(text_at(j, "state"), "Cancelled");
    assert_string_equal(text_at(j, "errors.0.code"), "ONDOL-USER-REMOVED");
    json_decref(j);
    assert_int_equal(submit(h, 1, "", NULL, why), 403);
    operator_says(h, "PUT", CUSTOMER_USER, "{\"removed\":false}");
    assert_int_equal(submit(h, 1, "", NULL, NULL), 200);
}

static void work_is_booked_on_projects_of_ones_own_organisation_only(void **state)
{
    struct house *h = *state;
    char mine[UUID_TEXT_BYTES], other[UUID_TEXT_BYTES], task[UUID_TEXT_BYTES], more[100], why[300], want[100];
    operator_says(h, "PUT", CUSTOMER_USER, "{\"organisation\":\"acme\"}");
    made(h, "/ondol/v1/projects", "{\"organisation\":\"acme\",\"slug\":\"lab\",\"research\":true}", mine);
    operator_says(h, "POST", "/ondol/v1/organisations", "{\"slug\":\"rival\"}");
    made(h, "/ondol/v1/projects", "{\"organisation\":\"rival\",\"slug\":\"secret\"}", other);
    snprintf(more, sizeof more, ",\"projectUuid\":\"%s\"", mine);
    assert_int_equal(submit(h, 1, more, task, NULL), 200);
    assert_int_equal(activity_of(h, task), ACTIVITY_DONATED); // the project is research
    assert_int_equal(submit(h, 1, "", task, NULL), 200);
    assert_int_equal(activity_of(h, task), ACTIVITY_FLEX);
    snprintf(more, sizeof more, ",\"projectUuid\":\"%s\"", other);
    snprintf(want, sizeof want, "No such project: %s", other);
    assert_int_equal(submit(h, 1, more, NULL, why), 400); // and not 404, which means a bucket there
    assert_string_equal(why, want);
    json_t *j = expect(h, 200, "GET", "/info", NULL);
    assert_int_equal(json_array_size(json_at(j, "projects")), 2);
    assert_string_equal(text_at(j, "projects.1.slug"), "lab");
    assert_true(json_is_true(json_at(j, "projects.0.isDefault")));
    json_decref(j);
    char target[120];
    snprintf(target, sizeof target, "/ondol/v1/projects/%s", mine);
    operator_says(h, "PUT", target, "{\"archived\":true}");
    snprintf(more, sizeof more, ",\"projectUuid\":\"%s\"", mine);
    assert_int_equal(submit(h, 1, more, NULL, NULL), 403);
    json_decref(expect_operator(h, 409, "POST", "/ondol/v1/projects",
                                "{\"organisation\":\"acme\",\"slug\":\"lab\"}"));
}

static void ones_project(struct house *h, char uuid[UUID_TEXT_BYTES])
{
    json_t *j = expect_operator(h, 200, "GET", CUSTOMER_USER, NULL);
    snprintf(uuid, UUID_TEXT_BYTES, "%s", text_at(j, "project_uuid"));
    json_decref(j);
}

static void a_used_up_budget_does_what_its_policy_says(void **state)
{
    struct house *h = *state;
    static const struct {
        const char *policy;
        int new_task;
        const char *old_task;
    } row[] = {{"AlertOnly", 200, "Submitted"},
               {"BlockNew", 402, "Submitted"},
               {"StopAndBlockAll", 402, "Cancelled"}};
    char project[UUID_TEXT_BYTES], budget[UUID_TEXT_BYTES], task[UUID_TEXT_BYTES], target[120], body[200],
        why[300];
    ones_project(h, project);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        assert_int_equal(submit(h, 2, "", task, NULL), 200);
        snprintf(target, sizeof target, "/ondol/v1/projects/%s/budgets", project);
        snprintf(body, sizeof body,
                 "{\"alias\":\"b\",\"totalAmountInCents\":0,\"budgetOverrunPolicy\":\"%s\"}", row[i].policy);
        made(h, target, body, budget);
        assert_int_equal(submit(h, 1, "", NULL, why), row[i].new_task);
        if (row[i].new_task == 402)
            assert_string_equal(why, "Not enough credits: the budget of project default is used up");
        snprintf(target, sizeof target, "/tasks/%s", task);
        json_t *j = expect(h, 200, "GET", target, NULL);
        assert_string_equal(text_at(j, "state"), row[i].old_task);
        json_decref(j);
        snprintf(target, sizeof target, "/ondol/v1/budgets/%s", budget);
        operator_says(h, "PUT", target, "{\"totalAmountInCents\":100}");
        assert_int_equal(submit(h, 1, "", NULL, NULL), 200); // more money: it goes on
        operator_says(h, "PUT", target, "{\"totalAmountInCents\":0,\"isArchived\":true}");
        assert_int_equal(submit(h, 1, "", NULL, NULL), 200); // nobody asks an archived one
    }
}

static void budgets_are_shown_to_their_organisation_only(void **state)
{
    struct house *h = *state;
    char project[UUID_TEXT_BYTES], budget[UUID_TEXT_BYTES], target[120];
    ones_project(h, project);
    snprintf(target, sizeof target, "/ondol/v1/projects/%s/budgets", project);
    made(h, target,
         "{\"alias\":\"2026\",\"totalAmountInCents\":5000,\"expirationDateUtc\":\"2026-01-03T00:00:00Z\"}",
         budget);
    made(h, target, "{\"alias\":\"old\",\"totalAmountInCents\":5000,\"isArchived\":true}", budget);
    snprintf(target, sizeof target, "/credits/v1/projects/%s/budgets?activeOnly=True", project);
    json_t *j = expect(h, 200, "GET", target, NULL);
    assert_int_equal(json_array_size(json_at(j, "budgets")), 1);
    assert_string_equal(text_at(j, "budgets.0.alias"), "2026");
    assert_string_equal(text_at(j, "budgets.0.budgetOverrunPolicy"), "AlertOnly");
    assert_string_equal(text_at(j, "budgets.0.startDateUtc"), "2026-01-02T03:00:00Z");
    assert_string_equal(text_at(j, "budgets.0.expirationDateUtc"), "2026-01-03T00:00:00Z");
    assert_int_equal(int_at(j, "budgets.0.remainingAmountInCents"), 5000);
    json_decref(j);
    snprintf(target, sizeof target, "/credits/v1/projects/%s/budgets", project);
    j = expect(h, 200, "GET", target, NULL);
    assert_int_equal(json_array_size(json_at(j, "budgets")), 2);
    json_decref(j);
    struct answer a = house_ask(h, "GET", target, STRANGER, "*/*", NULL);
    assert_int_equal(a.status, 404);
    assert_string_equal(text_at(a.json, "message"), "Project not found");
    answer_free(&a);
    snprintf(target, sizeof target, "/ondol/v1/projects/%s/budgets", project);
    json_decref(expect_operator(h, 400, "POST", target,
                                "{\"totalAmountInCents\":1,\"startDateUtc\":\"2026-01-01T00:00:00Z\"}"));
    json_decref(expect_operator(h, 400, "POST", target, "{\"alias\":\"nothing\"}"));
}

static void what_was_paid_in_advance_is_a_ceiling(void **state)
{
    struct house *h = *state;
    char task[UUID_TEXT_BYTES], why[300], target[100];
    house_boards(h, 1);
    operator_says(h, "PUT", CUSTOMER_USER, "{\"credit_cents\":1}");
    for (int i = 0; i < 57; i++) { // 64 core-seconds of flex are 177,777 neur: the 57th passes 10,000,000
        assert_int_equal(submit(h, 1, "", task, NULL), 200);
        house_start_all(h);
        house_end_all(h, 0);
    }
    assert_int_equal(submit(h, 1, "", NULL, why), 402);
    assert_string_equal(why, "Not enough credits");
    snprintf(target, sizeof target, "/credits/v1/tasks/%s/credits", task);
    json_t *j = expect(h, 200, "GET", target, NULL);
    assert_true(json_real_value(json_at(j, "credits")) > 0.000176 &&
                json_real_value(json_at(j, "credits")) < 0.000179);
    json_decref(j);
    j = expect(h, 200, "GET", "/credits/v1/accounts/credits", NULL);
    double spent = json_real_value(json_at(j, "credits"));
    assert_true(spent > 0.010132 && spent < 0.010135); // 57 of them
    assert_true(json_real_value(json_at(j, "balance")) < 0);
    json_decref(j);
    operator_says(h, "PUT", CUSTOMER_USER, "{\"credit_cents\":1000}");
    assert_int_equal(submit(h, 1, "", NULL, NULL), 200);
}

static void quotas_are_told_where_clients_look_for_them(void **state)
{
    struct house *h = *state;
    house_boards(h, 4);
    operator_says(h, "PUT", CUSTOMER_USER,
                  "{\"organisation\":\"acme\",\"max_flex_instances\":2,\"max_flex_cores\":64,\"max_ondemand_"
                  "instances\":1}");
    operator_says(h, "PUT", "/ondol/v1/organisations/acme", "{\"max_flex_instances\":10}");
    assert_int_equal(submit(h, 3, "", NULL, NULL), 200);
    house_start_all(h);
    json_t *j = expect(h, 200, "GET", "/info", NULL);
    assert_int_equal(int_at(j, "maxFlexInstances"), 2);
    assert_int_equal(int_at(j, "maxOnDemandInstances"), 1);
    assert_int_equal(int_at(j, "maxInstances"), 3);
    assert_int_equal(int_at(j, "maxOnDemandCores"), INT32_MAX);
    assert_int_equal(int_at(j, "runningFlexInstanceCount"), 2); // and not three
    assert_int_equal(int_at(j, "computingQuotas.user.flex.runningInstancesCount"), 2);
    assert_int_equal(int_at(j, "computingQuotas.user.flex.runningCoresCount"), 16);
    assert_int_equal(int_at(j, "computingQuotas.user.flex.runningCoreCount"), 16);
    assert_string_equal(text_at(j, "computingQuotas.organization.name"), "acme");
    assert_int_equal(int_at(j, "computingQuotas.organization.flex.maxInstances"), 10);
    json_decref(j);
    j = expect(h, 200, "GET", "/quotas/computing-quotas/user", NULL);
    assert_int_equal(int_at(j, "flex.maxInstances"), 2);
    json_decref(j);
    j = expect(h, 200, "GET", "/quotas/computing-quotas/organization", NULL);
    json_t *mine = json_object_get(json_at(j, "flex.runningCountsPerUser"), "customer@example.org");
    assert_int_equal(int_at(mine, "runningInstancesCount"), 2);
    assert_int_equal(json_object_size(json_at(j, "flex.runningCountsPerUser")), 1); // nobody else's
    json_decref(j);
}

static void reserved_work_needs_a_reservation_of_its_owner(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES], task[UUID_TEXT_BYTES], target[120], why[300];
    static const char reserved[] = ",\"schedulingType\":\"Reserved\",\"targetedReservationName\":\"night\"";
    static const char night[] =
        "{\"user\":\"customer@example.org\",\"name\":\"night\",\"machine_key\":\"8c-16g\","
        "\"boards\":2,\"from\":\"2026-01-02T04:00:00Z\",\"to\":\"2026-01-02T05:00:00Z\"}";
    json_decref(expect_operator(h, 409, "POST", "/ondol/v1/reservations", night)); // there are no such boards
    house_boards(h, 2);
    assert_int_equal(submit(h, 1, reserved, NULL, why), 403);
    assert_string_equal(why, "schedulingType: this account has no reservation named night");
    made(h, "/ondol/v1/reservations", night, uuid);
    assert_int_equal(submit(h, 2, reserved, task, NULL), 200);
    json_t *j = expect(h, 200, "GET", "/info", NULL);
    assert_string_equal(text_at(j, "reservedQuotas.0.machineKey"), "8c-16g");
    assert_int_equal(int_at(j, "computingQuotas.user.reserved.0.maxInstances"), 2);
    assert_string_equal(text_at(j, "defaultReservedSpecificationKey"), "8c-16g");
    json_decref(j);
    house_later(h, 1800000); // half past three: it waits
    snprintf(target, sizeof target, "/tasks/%s", task);
    j = expect(h, 200, "GET", target, NULL);
    assert_string_equal(text_at(j, "state"), "Submitted");
    json_decref(j);
    snprintf(target, sizeof target, "/ondol/v1/tasks/%s/why", task);
    j = expect(h, 200, "GET", target, NULL);
    assert_non_null(strstr(text_at(j, "why"), "its reservation night begins in 30 min"));
    json_decref(j);
    struct answer a = house_ask(h, "POST", "/tasks", STRANGER, "*/*",
                                "{\"name\":\"n\",\"profile\":\"docker-batch\",\"instanceCount\":1,"
                                "\"schedulingType\":\"reserved\"}");
    assert_int_equal(a.status, 403); // another's reservation
    answer_free(&a);
    // one board more in that time than there is, and another kind
    json_decref(
        expect_operator(h, 409, "POST", "/ondol/v1/reservations",
                        "{\"user\":\"stranger@example.org\",\"name\":\"x\",\"machine_key\":\"amd-ryzen1700\","
                        "\"boards\":1,\"from\":\"2026-01-02T04:30:00Z\",\"to\":\"2026-01-02T06:00:00Z\"}"));
    snprintf(target, sizeof target, "/ondol/v1/reservations/%s", uuid);
    operator_says(h, "DELETE", target, NULL);
    snprintf(target, sizeof target, "/tasks/%s", task);
    j = expect(h, 200, "GET", target, NULL);
    assert_string_equal(text_at(j, "state"), "Cancelled");
    assert_string_equal(text_at(j, "errors.0.code"), "ONDOL-RESERVATION-OVER");
    json_decref(j);
}

static void everyone_sees_and_revokes_their_own_tokens_only(void **state)
{
    struct house *h = *state;
    char target[100];
    json_t *j = expect(h, 200, "POST", "/ondol/v1/tokens",
                       "{\"name\":\"laptop\",\"expires\":\"2026-02-01T00:00:00Z\"}");
    assert_int_equal(strlen(text_at(j, "token")), 64);
    assert_string_equal(text_at(j, "state"), "valid");
    int64_t id = int_at(j, "id");
    json_decref(j);
    expect_message(h, 409, "name: another valid token of this user has it", "POST", "/ondol/v1/tokens",
                   "{\"name\":\"laptop\"}");
    expect_message(h, 400, "expires: must be in the future", "POST", "/ondol/v1/tokens",
                   "{\"name\":\"x\",\"expires\":\"2025-02-01T00:00:00Z\"}");
    expect_message(h, 400, "name: is required", "POST", "/ondol/v1/tokens", "{}");
    j = expect(h, 200, "GET", "/ondol/v1/tokens", NULL);
    assert_int_equal(int_at(j, "total"), 2); // and the first one
    assert_null(json_at(j, "data.1.token"));
    json_decref(j);
    snprintf(target, sizeof target, "/ondol/v1/tokens/%lld", (long long)id);
    struct answer a = house_ask(h, "DELETE", target, STRANGER, "*/*", NULL);
    assert_int_equal(a.status, 404);
    answer_free(&a);
    a = house_ask(h, "GET", "/ondol/v1/tokens?user=customer%40example.org", STRANGER, "*/*", NULL);
    assert_int_equal(a.status, 404);
    answer_free(&a);
    j = expect(h, 200, "DELETE", target, NULL);
    assert_string_equal(text_at(j, "state"), "revoked");
    json_decref(j);
    j = expect(h, 200, "POST", "/ondol/v1/tokens", "{\"name\":\"laptop\"}"); // the name is free again
    json_decref(j);
    j = expect_operator(h, 200, "GET", "/ondol/v1/tokens?user=customer%40example.org", NULL);
    assert_int_equal(int_at(j, "total"), 3);
    json_decref(j);
}

static void bad_bodies_name_the_field_and_the_limit(void **state)
{
    struct house *h = *state;
    static const struct {
        const char *target, *body, *message;
    } row[] = {
        {"users", "{\"email\":\"nobody\"}", "email: must be an address of at most 250 characters"},
        {"users", "{\"email\":\"a@b\",\"max_flex_cores\":-1}",
         "max_flex_cores: must be from 0 to 2147483647"},
        {"users", "{\"email\":\"a@b\",\"organisation\":\"A B\"}",
         "organisation: must be from 1 to 63 of a-z, 0-9, - and _"},
        {"organisations", "{}", "slug: is required"},
        {"projects", "{\"slug\":\"x\"}", "organisation and slug: a new project needs both"},
        {"reservations", "{}", "user: give either user or organisation"},
        {"reservations", "{\"organisation\":\"x\",\"name\":\"n\",\"machine_key\":\"k\"}",
         "boards: give boards or cores"},
        {"reservations",
         "{\"organisation\":\"x\",\"name\":\"n\",\"machine_key\":\"k\",\"boards\":1,\"to\":\"soon\"}",
         "to: must be a date as 2026-01-31T12:00:00Z"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char target[100];
        snprintf(target, sizeof target, "/ondol/v1/%s", row[i].target);
        json_t *j = expect_operator(h, 400, "POST", target, row[i].body);
        assert_string_equal(text_at(j, "message"), row[i].message);
        json_decref(j);
    }
}

#define IN_A_HOUSE(test) cmocka_unit_test_setup_teardown(test, house_open, house_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_HOUSE(a_user_is_made_in_an_organisation_and_what_a_change_does_not_name_stays),
        IN_A_HOUSE(a_removed_user_has_nothing_running_and_may_submit_nothing),
        IN_A_HOUSE(work_is_booked_on_projects_of_ones_own_organisation_only),
        IN_A_HOUSE(a_used_up_budget_does_what_its_policy_says),
        IN_A_HOUSE(budgets_are_shown_to_their_organisation_only),
        IN_A_HOUSE(what_was_paid_in_advance_is_a_ceiling),
        IN_A_HOUSE(quotas_are_told_where_clients_look_for_them),
        IN_A_HOUSE(reserved_work_needs_a_reservation_of_its_owner),
        IN_A_HOUSE(everyone_sees_and_revokes_their_own_tokens_only),
        IN_A_HOUSE(bad_bodies_name_the_field_and_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
