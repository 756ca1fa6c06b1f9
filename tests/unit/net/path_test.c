// SPDX-License-Identifier: Apache-2.0
// Targets: the paths that clients of the public API really send, and the ones nobody should.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "net/path.h"

static const struct {
    const char *target, *segments; // segments joined by '|', a leading '1' for had_v1
} good[] = {
    {"/", ""},
    {"", NULL},
    {"//", ""},
    {"/v1", "1"},
    {"/V1/", "1"},
    {"/tasks", "tasks"},
    {"//tasks", "tasks"},
    {"/v1//Tasks/", "1Tasks"},
    {"/%76%31/tasks", "1tasks"},
    {"/v1/v1/tasks", "1v1|tasks"},
    {"/carbon/v1/tasks/My-Task", "carbon|v1|tasks|My-Task"},
    {"/tasks/abc/stdout//?x=/v1/y", "tasks|abc|stdout"},
    {"/tasks/a%2Fb%3Fc", "tasks|a/b?c"},
    {"/tasks/...", "tasks|..."},
    {"/tasks/%C3%A9", "tasks|\xC3\xA9"},
    {"/tasks/a+b", "tasks|a+b"},
};

static void paths_of_real_clients_become_the_same_segments(void **state)
{
    (void)state;
    static struct route r;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        int code = route_normalise(good[i].target, &r);
        if (!good[i].segments) {
            assert_int_equal(code, -EINVAL);
            continue;
        }
        char text[256] = "";
        if (r.had_v1)
            strcat(text, "1");
        for (size_t k = 0; k < r.n; k++) {
            strcat(text, k ? "|" : "");
            strcat(text, r.segment[k]);
        }
        if (code || strcmp(text, good[i].segments))
            fail_msg("%s: %d %s", good[i].target, code, text);
    }
}

static void words_are_compared_in_any_case_and_only_where_they_are(void **state)
{
    (void)state;
    static struct route r;
    assert_int_equal(route_normalise("/V1/TASKS/x", &r), 0);
    assert_true(route_is(&r, 0, "tasks"));
    assert_true(route_is(&r, 1, "X"));
    assert_false(route_is(&r, 0, "task"));
    assert_false(route_is(&r, 2, ""));
}

static void climbing_broken_and_endless_paths_are_refused(void **state)
{
    (void)state;
    static struct route r;
    static const char *const bad[] = {"x",         "*",          "/..",           "/a/../b", "/a/./b",
                                      "/%2e%2E/x", "/%",         "/%4",           "/%4g",    "/a%00",
                                      "/%80",      "/%ED%A0%80", "/%F4%90%80%80", "/%C1%81", "/%E0%80%AF"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(route_normalise(bad[i], &r), -EINVAL);
    char text[4096];
    strcpy(text, "/v1");
    for (int i = 0; i < ROUTE_SEGMENTS; i++)
        strcat(text, "/s");
    assert_int_equal(route_normalise(text, &r), 0);
    assert_int_equal(r.n, ROUTE_SEGMENTS);
    strcat(text, "/s");
    assert_int_equal(route_normalise(text, &r), -ENAMETOOLONG);
    memset(text, 'a', sizeof text);
    text[0] = '/';
    text[ROUTE_SEGMENT_BYTES] = '\0'; // 511 letters
    assert_int_equal(route_normalise(text, &r), 0);
    assert_int_equal(strlen(r.segment[0]), ROUTE_SEGMENT_BYTES - 1);
    text[ROUTE_SEGMENT_BYTES] = 'a';
    text[ROUTE_SEGMENT_BYTES + 1] = '\0';
    assert_int_equal(route_normalise(text, &r), -ENAMETOOLONG);
    text[ROUTE_SEGMENT_BYTES + 1] = 'a';
    text[sizeof text - 1] = '\0';
    assert_int_equal(route_normalise(text, &r), -ENAMETOOLONG);
}

static void queries_keep_repeated_names_and_order(void **state)
{
    (void)state;
    struct query_pair p[4];
    char arena[64];
    assert_int_equal(query_split("a=1&B=x+y%26&&a=2=3&bare", arena, p, 4), 4);
    assert_string_equal(p[0].name, "a");
    assert_string_equal(p[0].value, "1");
    assert_string_equal(p[1].name, "B");
    assert_string_equal(p[1].value, "x y&");
    assert_string_equal(p[2].value, "2=3");
    assert_string_equal(p[3].name, "bare");
    assert_string_equal(p[3].value, "");
    assert_int_equal(query_split("", arena, p, 4), 0);
    assert_int_equal(query_split("&&", arena, p, 4), 0);
    assert_int_equal(query_split("=", arena, p, 4), 1);
    assert_int_equal(query_split("a&b&c&d&e", arena, p, 4), -E2BIG);
    assert_int_equal(query_split("a=%0", arena, p, 4), -EINVAL);
    assert_int_equal(query_split("a%00=1", arena, p, 4), -EINVAL);
}

// Any bytes: no crash, the arena suffices (the guard behind it stays), what is accepted is within bounds.
static void random_targets_stay_within_bounds(void **state)
{
    (void)state;
    static struct route r;
    static const char letters[] = "/%?&=+.v1aAfF0249cCeEdD";
    struct rng g;
    rng_seed(&g, 2026);
    for (int i = 0; i < 200000; i++) {
        char text[40], arena[sizeof text + 2];
        size_t n = rng_below(&g, sizeof text - 1);
        text[0] = '/';
        for (size_t k = 1; k < n; k++)
            text[k] = letters[rng_below(&g, sizeof letters - 1)];
        text[n] = '\0';
        if (route_normalise(text, &r) == 0)
            for (size_t k = 0; k < r.n; k++)
                if (!r.segment[k][0] || !utf8_valid(r.segment[k], strlen(r.segment[k])))
                    fail_msg("seed 2026, case %d: %s", i, text);
        struct query_pair p[8];
        memset(arena, 0x55, sizeof arena);
        query_split(text, arena, p, 8);
        if (arena[strlen(text) + 2] != 0x55 && strlen(text) + 2 < sizeof arena)
            fail_msg("seed 2026, case %d: %s wrote past its arena", i, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_of_real_clients_become_the_same_segments),
        cmocka_unit_test(words_are_compared_in_any_case_and_only_where_they_are),
        cmocka_unit_test(climbing_broken_and_endless_paths_are_refused),
        cmocka_unit_test(queries_keep_repeated_names_and_order),
        cmocka_unit_test(random_targets_stay_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
