// SPDX-License-Identifier: Apache-2.0
//
// A diamond of four tasks, and graphs that are none.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/read/workflow.h"

#define TASK(id, parents, in, out)                                                                           \
    "{\"name\": \"n\", \"id\": \"" id "\", \"parents\": [" parents "], \"inputFiles\": [" in "], "           \
    "\"outputFiles\": [" out "]}"
#define RUN(id, s, more) "{\"id\": \"" id "\", \"runtimeInSeconds\": " s more "}"
#define FLOW(tasks, runs)                                                                                    \
    "{\"name\": \"w\", \"schemaVersion\": \"1.5\",\n\"workflow\": {\"specification\": {\"tasks\": [" tasks   \
    "],\n\"files\": [{\"id\": \"f\", \"sizeInBytes\": 1000}, {\"id\": \"g\", \"sizeInBytes\": 50}]},\n"      \
    "\"execution\": {\"makespanInSeconds\": 99, \"tasks\": [" runs "]}}}"

static void test_a_diamond(void **state)
{
    (void)state;
    // The last task stands first: parents come first all the same. g is written inside, f comes from outside.
    static const char text[] =
        FLOW(TASK("d", "\"b\", \"c\"", "\"g\"", "") ",\n" TASK("a", "", "\"f\"", "\"g\"") ",\n" TASK(
                 "b", "\"a\"", "\"f\", \"g\"", "") ",\n" TASK("c", "\"a\", \"a\"", "", ""),
             RUN("a", "10", ", \"coreCount\": 4, \"memoryInBytes\": 3e9") ", " RUN("b", "20.5", "") ", " RUN(
                 "c", "5", "") ", " RUN("d", "1", ""));
    struct workflow w;
    struct err e = ERR_NULL;
    assert_int_equal(workflow_read(&w, text, strlen(text), &e), 0);
    assert_int_equal(w.n, 4);
    assert_string_equal(w.v[0].id, "a");
    assert_int_equal(w.v[0].cores, 4);
    assert_int_equal(w.v[0].memory_bytes, INT64_C(3000000000));
    assert_int_equal(w.v[0].in_bytes, 1000);
    assert_string_equal(w.v[1].id, "b");
    assert_int_equal(w.v[1].in_bytes, 1000);
    assert_string_equal(w.v[3].id, "d");
    assert_int_equal(w.v[3].level, 2);
    assert_true(w.v[3].ready_s == 30.5 && w.critical_s == 31.5 && w.makespan_s == 99);
    assert_int_equal(w.v[3].n_parents, 2);
    assert_int_equal(w.parent_at[w.v[3].parent], 1);
    assert_int_equal(w.v[3].in_bytes, 0);
    workflow_deinit(&w);
}

static const struct bad {
    const char *text, *says;
} bads[] = {
    {"", "line 1: not JSON"},
    {"[]", "line 1: must be an object"},
    {"{\"workflow\": 3}", "line 1: workflow: must be an object"},
    {FLOW("", ""), "line 2: workflow.specification.tasks: must have 1 to 200000 tasks, has 0"},
    {FLOW(TASK("a", "\"z\"", "", ""), RUN("a", "1", "")),
     "line 2: workflow.specification.tasks[0].parents[0]: there is no task \"z\""},
    {FLOW(TASK("a", "\"a\"", "", ""), RUN("a", "1", "")), "some tasks are their own ancestors"},
    {FLOW(TASK("a", "\"b\"", "", "") "," TASK("b", "\"a\"", "", ""), RUN("a", "1", "") "," RUN("b", "1", "")),
     "some tasks are their own ancestors"},
    {FLOW(TASK("a", "", "", ""), ""), "line 4: workflow.execution.tasks: task \"a\" has no run time"},
    {FLOW(TASK("a", "", "", ""), RUN("a", "-1", "")), "tasks[0].runtimeInSeconds: must be 0 to 1e+08, is -1"},
    {FLOW(TASK("a", "", "", ""), RUN("q", "1", "")), "there is no task \"q\" in the specification"},
    {FLOW(TASK("a", "", "", "") ",\n" TASK("a", "", "", ""), RUN("a", "1", "")),
     "line 3: workflow.specification.tasks[1]: task \"a\" stands twice"},
};

static void test_what_is_wrong_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        struct err e = ERR_NULL;
        struct workflow w;
        int bad = workflow_read(&w, bads[i].text, strlen(bads[i].text), &e);
        if (bad != -EINVAL || !strstr(e.text, bads[i].says))
            fail_msg("case %zu: %d \"%s\", not \"%s\"", i, bad, e.text, bads[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_diamond),
        cmocka_unit_test(test_what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
