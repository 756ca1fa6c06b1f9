// SPDX-License-Identifier: Apache-2.0
// Filters: every operator on every kind of value, and what a hostile one may not cost.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/filter.h"
#include "base/buf.h"
#include "base/mem.h"

#define TASK                                                                                                 \
    "{\"uuid\":\"u1\",\"name\":\"alpha-7\",\"state\":\"Success\",\"tags\":[\"a\",\"b\"],\"instanceCount\":"  \
    "4,\"progress\":12.5,"                                                                                   \
    "\"creationDate\":\"2026-01-02T03:04:05Z\",\"poolUuid\":null,\"autoDeleteOnCompletion\":true,\"empty\":" \
    "[],"                                                                                                    \
    "\"dependencies\":{\"dependsOn\":[\"x\",\"y\"]},\"constants\":[{\"key\":\"K\",\"value\":\"v\"},{"        \
    "\"key\":\"L\",\"value\":\"w\"}]}"

static struct filter *make(const char *text, struct err *e)
{
    json_t *in = json_loads(text, JSON_DECODE_ANY, NULL);
    assert_non_null(in);
    struct filter *f = filter_new(in, e);
    json_decref(in); // a filter borrows nothing
    return f;
}

static void operators_hold_as_documented(void **state)
{
    (void)state;
    static const struct {
        const char *filter;
        bool holds;
    } row[] = {
#define LEAF(op, field, value) "{\"operator\":\"" op "\",\"field\":\"" field "\",\"value\":" value "}"
        {LEAF("Equal", "State", "\"Success\""), true},
        {LEAF("equal", "STATE", "\"Failure\""), false},
        {LEAF("NotEqual", "State", "\"Failure\""), true},
        {LEAF("NotEqual", "State", "\"Success\""), false},
        {LEAF("Equal", "Tags", "\"a\""), true},
        {LEAF("Equal", "Tags", "\"c\""), false},
        {LEAF("NotEqual", "Tags", "\"a\""), false},
        {LEAF("NotEqual", "Tags", "\"c\""), true},
        {LEAF("In", "Tags", "[\"c\",\"b\"]"), true},
        {LEAF("In", "Tags", "[\"c\",\"d\"]"), false},
        {LEAF("NotIn", "Tags", "[\"c\",\"d\"]"), true},
        {LEAF("NotIn", "Tags", "[\"c\",\"b\"]"), false},
        {LEAF("In", "State", "[]"), false},
        {LEAF("NotIn", "State", "[]"), true},
        {"{\"operator\":\"In\",\"field\":\"State\",\"values\":[\"Failure\",\"Success\"]}", true},
        {"{\"Operator\":\"In\",\"Field\":\"State\",\"Values\":[\"Success\"],\"Value\":null}", true},
        {LEAF("Equal", "InstanceCount", "4"), true},
        {LEAF("Equal", "InstanceCount", "\"4\""), true},
        {LEAF("LessThan", "InstanceCount", "10"), true},
        {LEAF("LessThan", "InstanceCount", "4"), false},
        {LEAF("LessThanOrEqual", "InstanceCount", "4"), true},
        {LEAF("GreaterThan", "Progress", "12"), true},
        {LEAF("GreaterThanOrEqual", "Progress", "12.5"), true},
        {LEAF("GreaterThan", "Progress", "12.5"), false},
        {LEAF("GreaterThan", "CreationDate", "\"2026-01-02T03:04:04.5Z\""), true},
        {LEAF("LessThan", "CreationDate", "\"2026-01-02\""), false},
        {LEAF("LessThan", "Name", "\"beta\""), true},
        {LEAF("Equal", "PoolUuid", "null"), true},
        {LEAF("NotEqual", "PoolUuid", "null"), false},
        {LEAF("Equal", "Nothing.Like.It", "null"), true},
        {LEAF("Equal", "Nothing", "\"x\""), false},
        {LEAF("NotEqual", "Nothing", "\"x\""), true},
        {LEAF("LessThan", "Nothing", "5"), false},
        {LEAF("Equal", "AutoDeleteOnCompletion", "true"), true},
        {LEAF("Equal", "AutoDeleteOnCompletion", "false"), false},
        {LEAF("Equal", "Empty", "null"), false},
        {LEAF("Equal", "Dependencies.DependsOn", "\"y\""), true},
        {LEAF("Equal", "Constants.Key", "\"L\""), true},
        {LEAF("Equal", "Constants.Key", "\"M\""), false},
        {LEAF("Equal", "name.too.deep", "\"alpha-7\""), false},
        {LEAF("Like", "Name", "\"/^alpha/\""), true},
        {LEAF("Like", "Name", "\"^beta\""), false},
        {LEAF("Like", "Name", "\"pha-\\\\d$\""), true},
        {LEAF("Like", "Name", "\"(alpha|beta)-[0-9]{1,3}\""), true},
        {LEAF("Like", "Name", "\"^[[:alpha:]]+[^]()]\\\\D*[0-9+*]$\""), true},
        {LEAF("Like", "Name", "\"^(alpha|b{2}(c|d)+)?-7$\""), true},
        {LEAF("Like", "Tags", "\"^b$\""), true},
        {LEAF("Like", "InstanceCount", "\"4\""), false},
        {"{\"operator\":\"And\",\"filters\":[" LEAF("Equal", "Tags", "\"a\"") "," LEAF("Equal", "Tags",
                                                                                       "\"b\"") "]}",
         true},
        {"{\"operator\":\"And\",\"filters\":[" LEAF("Equal", "Tags", "\"a\"") "," LEAF("Equal", "Tags",
                                                                                       "\"c\"") "]}",
         false},
        {"{\"operator\":\"Or\",\"filters\":[" LEAF("Equal", "Tags", "\"c\"") "," LEAF("Equal", "Tags",
                                                                                      "\"b\"") "]}",
         true},
        {"{\"operator\":\"Or\",\"filters\":[]}", false},
        {"{\"operator\":\"And\",\"filters\":[]}", true},
        {"{\"operator\":\"Or\",\"filters\":[{\"operator\":\"And\",\"filters\":[" LEAF(
             "Equal", "State", "\"x\"") "]}," LEAF("In", "State", "[\"Success\"]") "]}",
         true},
    };
    json_t *task = json_loads(TASK, 0, NULL);
    assert_non_null(task);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct err e = ERR_NULL;
        struct filter *f = make(row[i].filter, &e);
        if (!f)
            fail_msg("%s: %s", row[i].filter, e.text);
        if (filter_holds(f, task) != row[i].holds)
            fail_msg("%s should be %d", row[i].filter, row[i].holds);
        filter_free(f);
    }
    json_decref(task);
}

static void wrong_filters_say_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *filter, *message;
    } row[] = {
        {"{}", "filter: unknown operator (none)"},
        {"7", "filter: unknown operator (none)"},
        {"{\"operator\":\"Between\"}", "filter: unknown operator Between"},
        {"{\"operator\":\"And\"}", "filter: And needs an array \"filters\""},
        {"{\"operator\":\"Equal\",\"value\":1}", "filter: Equal needs a \"field\" of at most 255 bytes"},
        {"{\"operator\":\"Equal\",\"field\":\"a\",\"value\":{}}",
         "filter: a value must be a string, a number, a boolean or null"},
        {"{\"operator\":\"Equal\",\"field\":\"a\",\"value\":[1,2]}", "filter: Equal takes one value"},
        {"{\"operator\":\"Like\",\"field\":\"a\",\"value\":1}", "filter: Like needs a string"},
        {"{\"operator\":\"Like\",\"field\":\"a\",\"value\":\"(a)\\\\1\"}",
         "filter: a Like expression may not have back references"},
        {"{\"operator\":\"Like\",\"field\":\"a\",\"value\":\"a{1,9999}\"}",
         "filter: a Like expression repeats too much (repeats of repeats multiply; at most 512 in all)"},
        {"{\"operator\":\"Like\",\"field\":\"a\",\"value\":\"((((((((((a+)+)+)+)+)+)+)+)+)+)\"}",
         "filter: a Like expression repeats too much (repeats of repeats multiply; at most 512 in all)"},
        {"{\"operator\":\"Like\",\"field\":\"a\",\"value\":\"a+++++++++++++++++++\"}",
         "filter: a Like expression repeats too much (repeats of repeats multiply; at most 512 in all)"},
        {"{\"operator\":\"Like\",\"field\":\"a\",\"value\":\"((a{1,64}){1,64}){1,64}\"}",
         "filter: a Like expression repeats too much (repeats of repeats multiply; at most 512 in all)"},
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct err e = ERR_NULL;
        assert_null(make(row[i].filter, &e));
        assert_string_equal(e.text, row[i].message);
    }
    struct err e = ERR_NULL;
    assert_null(make("{\"operator\":\"Like\",\"field\":\"a\",\"value\":\"(\"}", &e));
    assert_non_null(strstr(e.text, "filter: a Like expression is not one"));
}

static char *repeat(const char *head, const char *unit, int n, const char *middle, const char *end,
                    const char *tail)
{
    struct buf b = BUF_INIT(1 << 20);
    buf_puts(&b, head);
    for (int i = 0; i < n; i++)
        buf_puts(&b, unit);
    buf_puts(&b, middle);
    for (int i = 0; i < n; i++)
        buf_puts(&b, end);
    buf_puts(&b, tail);
    return buf_take(&b);
}

static void refuse_big(char *text, const char *message)
{
    struct err e = ERR_NULL;
    assert_null(make(text, &e));
    assert_string_equal(e.text, message);
    free(text);
}

static void size_depth_and_values_are_bounded(void **state)
{
    (void)state;
    refuse_big(repeat("", "{\"operator\":\"And\",\"filters\":[", API_FILTER_DEPTH,
                      "{\"operator\":\"And\",\"filters\":[]}", "]}", ""),
               "filter: nested deeper than 16 or more than 256 parts");
    refuse_big(repeat("{\"operator\":\"Or\",\"filters\":[", "{\"operator\":\"Or\",\"filters\":[]},",
                      API_FILTER_NODES, "7", "", "]}"),
               "filter: more than 256 parts");
    refuse_big(
        repeat("{\"operator\":\"In\",\"field\":\"a\",\"values\":[", "1,", API_FILTER_VALUES, "1", "", "]}"),
        "filter: more than 1000 values");
    refuse_big(repeat("{\"operator\":\"Like\",\"field\":\"a\",\"value\":\"", "a", API_REGEX_BYTES + 1, "", "",
                      "\"}"),
               "filter: a Like expression is longer than 256 bytes");
}

// Work is counted in calls, not in seconds: that these end at all is the test.
static void expressions_that_explode_elsewhere_end(void **state)
{
    (void)state;
    static const char *const evil[] = {"(a+)+$", "(a|aa)+$", "((a{1,16}){1,16})b", "(a*)*b",
                                       "(((((a?)*)*)*)*)*c"};
    char *subject = repeat("{\"name\":\"", "a", 500, "", "", "!\"}");
    json_t *task = json_loads(subject, 0, NULL);
    for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
        char text[256];
        struct err e = ERR_NULL;
        snprintf(text, sizeof text, "{\"operator\":\"Like\",\"field\":\"name\",\"value\":\"%s\"}", evil[i]);
        struct filter *f = make(text, &e);
        assert_non_null(f);
        assert_false(filter_holds(f, task));
        filter_free(f);
    }
    json_decref(task);
    free(subject);
}

static void tags_of_a_query_are_groups(void **state)
{
    (void)state;
    static const struct {
        const char *group[3];
        size_t n;
        bool holds;
    } row[] = {{{"a"}, 1, true},    {{"c"}, 1, false},       {{"a,b"}, 1, true},
               {{"a,c"}, 1, false}, {{"a,c", "b"}, 2, true}, {{"c", "d"}, 2, false}};
    json_t *task = json_loads(TASK, 0, NULL);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct err e = ERR_NULL;
        struct filter *f = filter_of_tags(row[i].group, row[i].n, &e);
        assert_non_null(f);
        assert_int_equal(filter_holds(f, task), row[i].holds);
        filter_free(f);
    }
    json_decref(task);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_hold_as_documented),
        cmocka_unit_test(wrong_filters_say_what_is_wrong),
        cmocka_unit_test(size_depth_and_values_are_bounded),
        cmocka_unit_test(expressions_that_explode_elsewhere_end),
        cmocka_unit_test(tags_of_a_query_are_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
