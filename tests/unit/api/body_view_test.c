// SPDX-License-Identifier: Apache-2.0
// What is written of a kept body straight from its text is what a reader and a writer of JSON make of it.
#include "api/body_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/task_render.h"
#include "base/rng.h"

// Every member, one that is missing, and the constants, both ways.
static void same_both_ways(const char *text)
{
    struct buf ours = BUF_INIT(1 << 20), theirs = BUF_INIT(1 << 20);
    struct json_out o = {.b = &ours}, t = {.b = &theirs};
    struct body_view view;
    json_t *tree = json_loads(text, 0, NULL), *v;
    const char *key;
    body_view_init(&view, text);
    json_object_foreach(tree, key, v)
    {
        body_out(&o, "key", body_get(&view, key), "missing");
        out_value(&t, "key", v, "missing");
        assert_int_equal(body_is_string(body_get(&view, key)), json_is_string(v));
        assert_int_equal(body_is_integer(body_get(&view, key)), json_is_integer(v));
    }
    body_out(&o, "key", body_get(&view, "no such member"), "missing");
    out_value(&t, "key", NULL, "missing");
    body_out_constants(&o, body_get(&view, "constants"));
    out_constants(&t, json_object_get(tree, "constants"));
    assert_string_equal(buf_str(&ours), buf_str(&theirs));
    json_decref(tree);
    buf_deinit(&ours);
    buf_deinit(&theirs);
}

static void bodies_written_by_hand(void **state)
{
    (void)state;
    static const char *const text[] = {
        "{}",
        " { } ",
        "{\"a\":1}",
        "{\"a\":-1,\"b\":0,\"c\":-0,\"d\":1e3,\"e\":1.50,\"f\":-0.0,\"g\":12345678901234}",
        "{\"a\":true,\"b\":false,\"c\":null}",
        "{\"a\":\"\",\"b\":\"x\",\"c\":\"\\\"\\\\\\n\\r\\t\",\"d\":\"\\b\\f\\u0001\",\"e\":\"\\u00e9\\/\"}",
        "{\"a\":\"\x7F\",\"b\":\"\xC3\xA9\xF0\x9F\x94\xA5\",\"c\":\"}],{\"}",
        "{\"a\":[],\"b\":{},\"c\":[[],{}],\"d\":[1,\"2\",{\"e\":[true,null]}]}",
        "{ \"a\" : [ 1 , 2 ] , \"b\" : { \"c\" : \"d e\" } }",
        "{\"placement\":{\"near\":{\"latitude\":48.799999999999997,\"longitude\":2.2999999999999998}}}",
        "{\"constants\":[]}",
        "{\"constants\":[{\"key\":\"A\",\"value\":\"1\"}]}",
        "{\"constants\":[{\"key\":\"A\",\"value\":\"a\\\"b\\n\"}]}",
        "{\"constants\":[{\"key\":\"QARNOT_SECRET__X\",\"value\":\"y\"}]}",
        "{\"constants\":[{\"value\":\"1\",\"key\":\"A\"},{\"key\":\"B\",\"value\":\"\\f\x7F\"}]}",
        "{\"constants\":[{\"key\":\"A\"},{\"key\":\"B\",\"value\":null},{\"key\":7,\"value\":8}]}",
        "{\"constants\":[{\"key\":\"A\",\"value\":\"1\",\"more\":2}]}",
        "{\"constants\":[1]}",
        "{\"constants\":{}}",
        "{\"constants\":null}",
        "[1]",
        "7",
        "",
    };
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        same_both_ways(text[i]);
}

static json_t *any_string(struct rng *r)
{
    static const char *const part[] = {
        "a", "render ${INSTANCE_ID}", "\"", "\\", "\n", "\b", "\x7F", "/", "\x01", "\xC3\xA9", "{", "]", ",",
        ":", "QARNOT_SECRET__"};
    struct buf b = BUF_INIT(1 << 16);
    for (uint64_t n = rng_below(r, 6); n; n--)
        buf_puts(&b, part[rng_below(r, sizeof part / sizeof *part)]);
    json_t *v = json_string(buf_str(&b));
    buf_deinit(&b);
    return v;
}

static json_t *any_value(struct rng *r, int depth)
{
    json_t *v;
    switch (rng_below(r, depth ? 8 : 6)) {
    case 0:
        return json_integer((json_int_t)rng_next(r));
    case 1:
        return json_real((double)(int64_t)rng_next(r) / 1e12);
    case 2:
        return json_boolean(rng_below(r, 2));
    case 3:
        return json_null();
    case 4:
    case 5:
        return any_string(r);
    case 6:
        v = json_array();
        for (uint64_t n = rng_below(r, 4); n; n--)
            json_array_append_new(v, any_value(r, depth - 1));
        return v;
    default:
        v = json_object();
        for (uint64_t n = rng_below(r, 4); n; n--) {
            json_t *key = any_string(r);
            json_object_set_new(v, json_string_value(key), any_value(r, depth - 1));
            json_decref(key);
        }
        return v;
    }
}

static json_t *any_constants(struct rng *r)
{
    json_t *list = json_array();
    for (uint64_t n = rng_below(r, 4); n; n--) {
        json_t *c = json_object();
        json_object_set_new(c, "key", any_string(r));
        json_object_set_new(c, "value", rng_below(r, 8) ? any_string(r) : any_value(r, 1));
        json_array_append_new(list, c);
    }
    return list;
}

static void bodies_of_any_kind(void **state)
{
    (void)state;
    static const size_t ways[] = {JSON_COMPACT, JSON_INDENT(2), JSON_COMPACT | JSON_ENSURE_ASCII,
                                  JSON_COMPACT | JSON_ESCAPE_SLASH};
    struct rng r;
    rng_seed(&r, 20261122);
    for (int i = 0; i < 2000; i++) {
        json_t *body = json_object();
        for (uint64_t n = rng_below(&r, i % 100 ? 12 : 2 * BODY_MEMBERS); n; n--) {
            char key[24];
            snprintf(key, sizeof key, "member%d", (int)n);
            json_object_set_new(body, key, any_value(&r, 2));
        }
        json_object_set_new(body, "constants", any_constants(&r));
        char *text = json_dumps(body, ways[rng_below(&r, 4)]);
        same_both_ways(text);
        free(text);
        json_decref(body);
    }
}

static void what_is_cut_off_has_no_end(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"a\":{\"b\":[1,\"x\\\\\"]},\"c\":[true,{}],\"constants\":[{\"key\":\"A\",\"value\":\"1\"}]}";
    for (size_t n = 0; n < sizeof whole; n++) { // nothing is read behind the end (the sanitizer looks)
        char *text = malloc(n + 1);
        struct body_view view;
        struct buf out = BUF_INIT(1 << 16);
        struct json_out o = {.b = &out};
        memcpy(text, whole, n);
        text[n] = '\0';
        body_view_init(&view, text);
        body_out(&o, "a", body_get(&view, "a"), "0");
        body_out_constants(&o, body_get(&view, "constants"));
        buf_deinit(&out);
        free(text);
    }
}

static void a_name_without_escapes(void **state)
{
    (void)state;
    struct body_view view;
    size_t n = 0;
    body_view_init(&view, "{\"a\":\"results\",\"b\":\"x\\n\",\"c\":7}");
    const char *name = body_plain_string(body_get(&view, "a"), &n);
    assert_int_equal(n, 7);
    assert_memory_equal(name, "results", 7);
    assert_null(body_plain_string(body_get(&view, "b"), &n));
    assert_null(body_plain_string(body_get(&view, "c"), &n));
    assert_null(body_plain_string(body_get(&view, "d"), &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_written_by_hand),
        cmocka_unit_test(bodies_of_any_kind),
        cmocka_unit_test(what_is_cut_off_has_no_end),
        cmocka_unit_test(a_name_without_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
