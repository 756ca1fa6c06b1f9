// SPDX-License-Identifier: Apache-2.0
// Lists of tasks: whole, by pages with and without a filter, by search.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "house.h"

// Tasks t0..t(n-1), tagged "even" or "odd", a second apart.
static void make(struct house *h, int n)
{
    for (int i = 0; i < n; i++) {
        char body[256];
        snprintf(
            body, sizeof body,
            "{\"name\":\"t%d\",\"profile\":\"docker-batch\",\"instanceCount\":%d,\"tags\":[\"%s\",\"all\"]}",
            i, i + 1, i % 2 ? "odd" : "even");
        json_decref(expect(h, 200, "POST", "/tasks", body));
        house_later(h, 1000);
    }
}

static json_t *page(struct house *h, const char *body)
{
    return expect(h, 200, "POST", "/tasks/summaries/paginate", body);
}

static void a_list_has_the_newest_first_and_knows_tags(void **state)
{
    struct house *h = *state;
    static const struct {
        const char *target;
        size_t n;
    } row[] = {{"/tasks", 6},
               {"/tasks?tag=odd", 3},
               {"/tasks?tag=odd&tag=even", 6},
               {"/tasks/summaries?tag=odd,even", 0},
               {"/tasks/summaries?TAG=odd,all", 3},
               {"/v1/tasks/summaries/?tag=none", 0}};
    make(h, 6);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        json_t *list = expect(h, 200, "GET", row[i].target, NULL);
        assert_int_equal(json_array_size(list), row[i].n);
        if (row[i].n)
            assert_string_equal(text_at(list, "0.name"), "t5");
        json_decref(list);
    }
}

static void pages_cover_everything_once(void **state)
{
    struct house *h = *state;
    static const char *const filters[] = {"null",
                                          "{\"operator\":\"Equal\",\"field\":\"Tags\",\"value\":\"all\"}",
                                          "{\"operator\":\"Like\",\"field\":\"Name\",\"value\":\"/^t/\"}"};
    static const char *const orders[] = {"null", "\"creationDate\"", "\"name\"", "\"state\"",
                                         "\"executionTime\""};
    make(h, 7);
    for (size_t f = 0; f < 3; f++) {
        for (size_t o = 0; o < 5; o++) {
            char token[512] = "null";
            int seen = 0, pages = 0;
            for (bool more = true; more; pages++) {
                char body[1024];
                snprintf(
                    body, sizeof body,
                    "{\"Token\":%s,\"Filter\":%s,\"MaximumResults\":3,\"OrderBy\":%s,\"OrderType\":null}",
                    token, filters[f], orders[o]);
                json_t *p = page(h, body);
                more = json_is_true(json_at(p, "isTruncated"));
                assert_int_equal(int_at(p, "total"), 7);
                assert_int_equal(int_at(p, "count"), json_array_size(json_at(p, "data")));
                assert_int_equal(more, json_is_string(json_at(p, "nextToken")));
                for (size_t i = 0; i < json_array_size(json_at(p, "data")); i++) {
                    const char *name = text_at(json_array_get(json_at(p, "data"), i), "name");
                    int bit = 1 << (name[1] - '0');
                    assert_false(seen & bit);
                    seen |= bit;
                }
                if (more)
                    snprintf(token, sizeof token, "\"%s\"", text_at(p, "nextToken"));
                json_decref(p);
                assert_true(pages < 5);
            }
            assert_int_equal(seen, 127);
            assert_int_equal(pages, 3);
        }
    }
}

static void a_page_that_just_fits_is_not_truncated(void **state)
{
    struct house *h = *state;
    static const char *const bodies[] = {
        "{\"maximumResults\":4}",
        "{\"maximumResults\":4,\"filter\":{\"operator\":\"Equal\",\"field\":\"tags\",\"value\":\"all\"}}"};
    make(h, 4);
    for (int i = 0; i < 2; i++) {
        json_t *p = page(h, bodies[i]);
        assert_true(json_is_false(json_at(p, "isTruncated")));
        assert_true(json_is_null(json_at(p, "nextToken")));
        assert_int_equal(int_at(p, "count"), 4);
        json_decref(p);
    }
    json_t *p =
        page(h, "{\"Token\":null,\"Filter\":null,\"MaximumResults\":1,\"OrderBy\":null,\"OrderType\":null}");
    assert_true(json_is_true(json_at(p, "isTruncated")));
    assert_int_equal(int_at(p, "count"), 1);
    assert_string_equal(text_at(p, "data.0.name"), "t3");
    json_decref(p);
}

static void a_filter_counts_only_what_it_keeps(void **state)
{
    struct house *h = *state;
    make(h, 7);
    json_t *p = page(h, "{\"maximumResults\":2,\"orderBy\":\"name\",\"orderType\":\"DESC\",\"filter\":{"
                        "\"operator\":\"And\",\"filters\":["
                        "{\"operator\":\"Equal\",\"field\":\"Tags\",\"value\":\"even\"},"
                        "{\"operator\":\"GreaterThan\",\"field\":\"InstanceCount\",\"value\":1}]}}");
    assert_int_equal(int_at(p, "total"), 3);
    assert_int_equal(int_at(p, "count"), 2);
    assert_true(json_is_true(json_at(p, "isTruncated")));
    assert_string_equal(text_at(p, "data.0.name"), "t6");
    assert_string_equal(text_at(p, "data.1.name"), "t4");
    json_decref(p);
    json_t *list = expect(h, 200, "POST", "/tasks/search",
                          "{\"Select\":{\"Fields\":[\"Name\"]},\"Filter\":{\"Operator\":\"Equal\",\"Field\":"
                          "\"Name\",\"Value\":\"t5\"},\"MaximumResults\":2}");
    assert_int_equal(json_array_size(list), 1);
    assert_int_equal(int_at(list, "0.instanceCount"), 6);
    json_decref(list);
    json_decref(expect(h, 200, "POST", "/tasks/paginate", ""));
}

static void fields_that_only_attempts_know_can_be_asked_for(void **state)
{
    struct house *h = *state;
    char uuid[UUID_TEXT_BYTES];
    house_boards(h, 1);
    house_task(h, "ended", 1, uuid);
    house_start_all(h);
    house_end_all(h, 3);
    make(h, 2);
    json_t *p = page(
        h,
        "{\"filter\":{\"operator\":\"Equal\",\"field\":\"CompletedInstances.State\",\"value\":\"Failure\"}}");
    assert_int_equal(int_at(p, "total"), 1);
    assert_string_equal(text_at(p, "data.0.name"), "ended");
    json_decref(p);
}

static void wrong_requests_are_problems(void **state)
{
    static const struct {
        const char *body, *field;
    } row[] = {
        {"{\"maximumResults\":0}", "maximumResults"},
        {"{\"maximumResults\":\"x\"}", "maximumResults"},
        {"{\"orderBy\":\"size\"}", "orderBy"},
        {"{\"orderBy\":\"name\",\"orderType\":\"up\"}", "orderType"},
        {"{\"token\":\"x\"}", "token"},
        {"{\"token\":\"3.zz\"}", "token"},
        {"{\"token\":7}", "token"},
        {"{\"filter\":7}", "filter"},
        {"[]", "$"},
    };
    make(*state, 1);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        json_t *json = expect(*state, 400, "POST", "/tasks/paginate", row[i].body);
        json_t *errors = json_at(json, "errors");
        if (!json_is_array(json_object_get(errors, row[i].field)))
            fail_msg("%s: no error of %s", row[i].body, row[i].field);
        json_decref(json);
    }
}

static void a_list_shows_only_the_accounts_own(void **state)
{
    struct house *h = *state;
    make(h, 2);
    struct answer a = house_ask(h, "GET", "/tasks", STRANGER, NULL, NULL);
    assert_string_equal(a.body, "[]");
    answer_free(&a);
    a = house_ask(h, "POST", "/tasks/paginate", STRANGER, NULL, "{}");
    assert_int_equal(int_at(a.json, "total"), 0);
    answer_free(&a);
}

// Found by trying: one page request with this filter over 10,000 long names took a worker for a minute.
static void a_like_that_takes_long_is_given_up(void **state)
{
    struct house *h = *state;
    static const char like[] =
        "{\"filter\":{\"operator\":\"Like\",\"field\":\"%s\",\"value\":\"(.*a){5}b\"}}";
    static const char *const many[] = {"tasks", "tasks/summaries", "jobs", "pools"};
    char name[512], body[1024], path[64];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    h->be.like_ms = 1;
    api_free(h->api);
    h->api = api_new(&h->be);
    snprintf(body, sizeof body, "{\"name\":\"%s\",\"profile\":\"docker-batch\",\"instanceCount\":1}", name);
    for (int i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++)
            if (k != 1) {
                snprintf(path, sizeof path, "/%s", many[k]);
                json_decref(expect(h, 200, "POST", path, body));
            }
    for (size_t k = 0; k < 4; k++) {
        snprintf(path, sizeof path, "/%s/paginate", many[k]);
        snprintf(body, sizeof body, like, "name");
        json_t *j = expect(h, 400, "POST", path, body);
        assert_non_null(strstr(text_at(j, "errors.filter.0"), "take too long"));
        json_decref(j);
        snprintf(body, sizeof body, like, "state"); // a short text
        json_decref(expect(h, 200, "POST", path, body));
    }
}

// A long list is read in more than one go: what a row points to must outlive the go that read it. The
// placement did not.
static void rows_of_a_long_list_keep_all_their_texts(void **state)
{
    struct house *h = *state;
    struct buf body = BUF_INIT(1 << 20);
    for (int round = 0; round < 2; round++) {
        buf_clear(&body);
        for (int i = 0; i < 400; i++)
            buf_putf(&body, "%c{\"name\":\"t\",\"profile\":\"docker-batch\",\"instanceCount\":1}",
                     i ? ',' : '[');
        buf_putc(&body, ']');
        json_decref(expect(h, 200, "POST", "/tasks", buf_str(&body)));
    }
    json_decref(expect(h, 200, "POST", "/tasks",
                       "{\"name\":\"c\",\"profile\":\"docker-cluster\",\"instanceCount\":3}"));
    json_t *list = expect(h, 200, "GET", "/tasks/summaries", NULL);
    assert_int_equal(json_array_size(list), 801);
    assert_string_equal(text_at(list, "0.name"), "c");
    assert_true(json_is_object(json_object_get(json_array_get(list, 0), "clusterInfo")));
    assert_true(json_is_null(json_object_get(json_array_get(list, 1), "clusterInfo")));
    json_decref(list);
    buf_deinit(&body);
}

// Bug: of 12,000 tasks a whole list had 10,000, and nothing said so.
static void a_list_that_leaves_tasks_out_says_so(void **state)
{
    struct house *h = *state;
    struct buf body = BUF_INIT(1 << 20);
    static const char one[] = "{\"name\":\"t\",\"profile\":\"docker-batch\",\"instanceCount\":1}";
    json_decref(
        expect_operator(h, 200, "PUT", "/ondol/v1/accounts/customer@example.org", "{\"max_tasks\":20000}"));
    for (int i = 0; i < API_LIST_MAX; i++)
        buf_putf(&body, "%c%s", i ? ',' : '[', one);
    buf_putc(&body, ']');
    json_decref(expect(h, 200, "POST", "/tasks", buf_str(&body)));
    struct answer a = ask(h, "GET", "/tasks/summaries", NULL);
    assert_int_equal(json_array_size(a.json), API_LIST_MAX);
    assert_null(a.truncated); // as many as there may be, and no more
    answer_free(&a);
    json_decref(expect(h, 200, "POST", "/tasks", one));
    a = ask(h, "GET", "/tasks/summaries", NULL);
    assert_int_equal(json_array_size(a.json), API_LIST_MAX);
    assert_string_equal(a.truncated, "10000");
    answer_free(&a);
    buf_deinit(&body);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, house_open, house_close)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_like_that_takes_long_is_given_up, house_open, house_close),
        TEST(a_list_has_the_newest_first_and_knows_tags),
        TEST(pages_cover_everything_once),
        TEST(a_page_that_just_fits_is_not_truncated),
        TEST(a_filter_counts_only_what_it_keeps),
        TEST(fields_that_only_attempts_know_can_be_asked_for),
        TEST(wrong_requests_are_problems),
        TEST(a_list_shows_only_the_accounts_own),
        TEST(rows_of_a_long_list_keep_all_their_texts),
        TEST(a_list_that_leaves_tasks_out_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
