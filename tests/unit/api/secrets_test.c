// SPDX-License-Identifier: Apache-2.0
// The secrets of a customer and the secret constants of a task.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "house.h"

#define DATA   "/secrets-manager/data/"
#define SEARCH "/secrets-manager/search/"

static void status(struct house *h, int want, const char *method, const char *target, const char *token,
                   const char *body)
{
    struct answer a = house_ask(h, method, target, token, "*/*", body);
    if (a.status != want)
        fail_msg("%s %s: %d, not %d: %s", method, target, a.status, want, a.body);
    answer_free(&a);
}

static void a_secret_is_made_once_read_changed_and_removed(void **state)
{
    struct house *h = *state;
    status(h, 404, "GET", DATA "p/a", CUSTOMER, NULL);
    status(h, 404, "PATCH", DATA "p/a", CUSTOMER, "{\"value\":\"x\"}");
    status(h, 404, "DELETE", DATA "p/a", CUSTOMER, NULL);
    status(h, 201, "PUT", DATA "p/a", CUSTOMER, "{\"value\":\"one\"}");
    status(h, 409, "PUT", DATA "p/a", CUSTOMER, "{\"value\":\"two\"}");
    json_t *v = expect(h, 200, "GET", DATA "p/a", NULL);
    assert_string_equal(text_at(v, "value"), "one");
    json_decref(v);
    status(h, 204, "PATCH", "/v1/secrets-manager//data/p/a/", CUSTOMER, "{\"Value\":\"two \\u00e9\"}");
    v = expect(h, 200, "GET", DATA "p%2Fa", NULL);
    assert_string_equal(text_at(v, "value"), "two \xc3\xa9");
    json_decref(v);
    status(h, 204, "DELETE", DATA "p/a", CUSTOMER, NULL);
    v = expect(h, 404, "GET", DATA "p/a", NULL);
    assert_string_equal(text_at(v, "error"), "Secret p/a doesn't exist");
    json_decref(v);
    status(h, 400, "PUT", DATA "p/a", CUSTOMER, "{\"value\":7}");
    status(h, 400, "PUT", DATA "p/a", CUSTOMER, "{}");
    status(h, 404, "PUT", "/secrets-manager/data/", CUSTOMER, "{\"value\":\"x\"}");
    status(h, 401, "GET", DATA "p/a", "nobody", NULL);
}

static void a_search_lists_one_level_and_only_what_is_ones_own(void **state)
{
    struct house *h = *state;
    static const char *const keys[] = {"p/a", "p/n/b", "p/n/c", "p2", "q/%25_", "p/z"};
    for (size_t i = 0; i < 6; i++) {
        char target[100];
        snprintf(target, sizeof target, DATA "%s", keys[i]);
        status(h, 201, "PUT", target, CUSTOMER, "{\"value\":\"x\"}");
    }
    struct {
        const char *prefix, *is;
    } cases[] = {{"p", "{\"keys\":[\"a\",\"n/\",\"z\"]}"},
                 {"p/n", "{\"keys\":[\"b\",\"c\"]}"},
                 {"", "{\"keys\":[\"p/\",\"p2\",\"q/\"]}"},
                 {"q", "{\"keys\":[\"%_\"]}"}};
    for (size_t i = 0; i < 4; i++) {
        char target[100];
        snprintf(target, sizeof target, SEARCH "%s", cases[i].prefix);
        struct answer a = ask(h, "GET", target, NULL);
        assert_int_equal(a.status, 200);
        assert_string_equal(a.body, cases[i].is);
        answer_free(&a);
    }
    status(h, 404, "GET", SEARCH "nothing", CUSTOMER, NULL);
    status(h, 404, "GET", SEARCH "p", STRANGER, NULL);
    status(h, 404, "GET", DATA "p/a", STRANGER, NULL);
    status(h, 404, "DELETE", DATA "p/a", STRANGER, NULL);
    status(h, 201, "PUT", DATA "p/a", STRANGER, "{\"value\":\"mine\"}");
    json_t *v = expect(h, 200, "GET", DATA "p/a", NULL);
    assert_string_equal(text_at(v, "value"), "x");
    json_decref(v);
}

static void an_account_has_so_many_secrets_and_no_more(void **state)
{
    struct house *h = *state;
    char target[100];
    for (int i = 0; i < 1000; i++) {
        snprintf(target, sizeof target, DATA "k%d", i);
        status(h, 201, "PUT", target, CUSTOMER, "{\"value\":\"x\"}");
    }
    status(h, 403, "PUT", DATA "one-more", CUSTOMER, "{\"value\":\"x\"}");
    status(h, 204, "DELETE", DATA "k7", CUSTOMER, NULL);
    status(h, 201, "PUT", DATA "one-more", CUSTOMER, "{\"value\":\"x\"}");
    char longer[1200] = DATA;
    for (size_t n = strlen(longer); n < 1190; n++) // segments of at most 512 bytes, and 1,025 in all
        longer[n] = n % 300 ? 'k' : '/';
    status(h, 400, "PUT", longer, CUSTOMER, "{\"value\":\"x\"}");
}

// What the store keeps of a task.
static const char *kept(struct house *h, const char *uuid, struct arena *a)
{
    struct row_task row;
    struct err e = ERR_NULL;
    assert_int_equal(h->reader.task(h->reader.ctx, h->customer_id, uuid, a, &row, &e), 0);
    return row.body;
}

static const char *kept_of_pool(struct house *h, const char *uuid, struct arena *a)
{
    struct row_pool row;
    struct err e = ERR_NULL;
    assert_int_equal(h->reader.pool(h->reader.ctx, h->customer_id, uuid, a, &row, &e), 0);
    return row.body;
}

static void the_secret_constant_of_a_task_is_kept_sealed_and_shown_as_a_mask(void **state)
{
    struct house *h = *state;
    struct arena a = ARENA_NULL;
    json_t *v = expect(
        h, 200, "POST", "/tasks",
        "{\"name\":\"t\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"constants\":["
        "{\"key\":\"DOCKER_CMD\",\"value\":\"true\"},{\"key\":\"QARNOT_SECRET__X\",\"value\":\"hunter2\"},"
        "{\"key\":\"QARNOT_SECRET__Y\",\"value\":\"sealed:1:not really\"}],"
        "\"secretsAccessRights\":{\"bySecret\":[{\"key\":\"p/a\"}],\"byPrefix\":[{\"prefix\":\"q\"}]}}");
    char uuid[UUID_TEXT_BYTES], target[100];
    snprintf(uuid, sizeof uuid, "%s", text_at(v, "uuid"));
    json_decref(v);
    assert_null(strstr(kept(h, uuid, &a), "hunter2"));
    assert_null(strstr(kept(h, uuid, &a), "not really"));
    snprintf(target, sizeof target, "/tasks/%s", uuid);
    v = expect(h, 200, "GET", target, NULL);
    assert_string_equal(text_at(v, "constants.1.value"), "[SECRET]");
    assert_string_equal(text_at(v, "secretsAccessRights.bySecret.0.key"), "p/a");
    assert_string_equal(text_at(v, "secretsAccessRights.byPrefix.0.prefix"), "q");
    json_decref(v);
    // A client that sends back what it was shown keeps the value; another one replaces it.
    const char *was = arena_strdup(&a, strstr(kept(h, uuid, &a), "sealed:1:"));
    status(h, 200, "PUT", target, CUSTOMER,
           "{\"constants\":[{\"key\":\"DOCKER_CMD\",\"value\":\"true\"},{\"key\":\"QARNOT_SECRET__X\","
           "\"value\":\"[SECRET]\"}]}");
    assert_non_null(strstr(was, strtok(arena_strdup(&a, strstr(kept(h, uuid, &a), "sealed:1:")), "\"")));
    status(h, 200, "PUT", target, CUSTOMER,
           "{\"constants\":[{\"key\":\"QARNOT_SECRET__X\",\"value\":\"correct horse\"}]}");
    assert_null(strstr(kept(h, uuid, &a), "correct horse"));
    arena_deinit(&a);
}

// Bug: a forced secret and the password of a registry lay in the database and in every answer as they came.
static void forced_secrets_and_registry_passwords_are_sealed_and_masked(void **state)
{
    struct house *h = *state;
    struct arena a = ARENA_NULL;
    char uuid[UUID_TEXT_BYTES], target[100];
    static const char body[] =
        "{\"name\":\"t\",\"profile\":\"docker-batch\",\"instanceCount\":1,\"constants\":["
        "{\"key\":\"DOCKER_CMD\",\"value\":\"true\"},"
        "{\"key\":\"DOCKER_REGISTRY_PASSWORD\",\"value\":\"hunter2\"}],\"forcedConstants\":["
        "{\"constantName\":\"QARNOT_SECRET__X\",\"forcedValue\":\"hunter3\"},"
        "{\"constantName\":\"PLAIN\",\"forcedValue\":\"seen\"},"
        "{\"constantName\":\"DOCKER_REGISTRY_PASSWORD\",\"forcedValue\":\"${PLAIN}\"}]}";
    json_t *v = expect(h, 200, "POST", "/tasks", body);
    snprintf(uuid, sizeof uuid, "%s", text_at(v, "uuid"));
    json_decref(v);
    assert_null(strstr(kept(h, uuid, &a), "hunter"));
    snprintf(target, sizeof target, "/tasks/%s", uuid);
    json_t *shown = expect(h, 200, "GET", target, NULL);
    assert_string_equal(text_at(shown, "constants.1.value"), "[SECRET]");
    assert_string_equal(text_at(shown, "forcedConstants.0.forcedValue"), "[SECRET]");
    assert_string_equal(text_at(shown, "forcedConstants.1.forcedValue"), "seen");
    assert_string_equal(text_at(shown, "forcedConstants.2.forcedValue"), "${PLAIN}");
    // What was shown, sent back with a clone, is what was kept.
    const char *was = arena_strdup(&a, strstr(kept(h, uuid, &a), "sealed:1:"));
    snprintf(target, sizeof target, "/tasks/%s/clone", uuid);
    json_object_del(shown, "shortname");
    char *again = json_dumps(shown, 0);
    v = expect(h, 200, "POST", target, again);
    const char *now = kept(h, text_at(v, "uuid"), &a);
    assert_non_null(strstr(now, strtok(arena_strdup(&a, was), "\"")));
    assert_non_null(strstr(now, strtok(arena_strdup(&a, strstr(was + 9, "sealed:1:")), "\"")));
    json_decref(v);
    json_decref(shown);
    free(again);
    v = expect(h, 200, "POST", "/pools", body);
    snprintf(target, sizeof target, "/pools/%s", text_at(v, "uuid"));
    json_decref(v);
    shown = expect(h, 200, "GET", target, NULL);
    assert_string_equal(text_at(shown, "constants.1.value"), "[SECRET]");
    assert_string_equal(text_at(shown, "forcedConstants.0.forcedValue"), "[SECRET]");
    json_object_del(shown, "shortname");
    again = json_dumps(shown, 0);
    now = kept_of_pool(h, text_at(shown, "uuid"), &a);
    const char *clone = expect_made(h, path("/pools/%s/clone", text_at(shown, "uuid")), again);
    assert_non_null(
        strstr(kept_of_pool(h, clone, &a), strtok(arena_strdup(&a, strstr(now, "sealed:1:")), "\"")));
    json_decref(shown);
    free(again);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_secret_is_made_once_read_changed_and_removed, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(a_search_lists_one_level_and_only_what_is_ones_own, house_open,
                                        house_close),
        cmocka_unit_test_setup_teardown(an_account_has_so_many_secrets_and_no_more, house_open, house_close),
        cmocka_unit_test_setup_teardown(the_secret_constant_of_a_task_is_kept_sealed_and_shown_as_a_mask,
                                        house_open, house_close),
        cmocka_unit_test_setup_teardown(forced_secrets_and_registry_passwords_are_sealed_and_masked,
                                        house_open, house_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
