// SPDX-License-Identifier: Apache-2.0
// Progress read off a task's own output; and the body of a task read for the engine.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "agent/body.h"
#include "agent/progress.h"

static int32_t after(const struct launch *l, const char *text)
{
    struct progress p;
    progress_init(&p, l);
    progress_feed(&p, text, strlen(text));
    progress_deinit(&p);
    return p.permille;
}

static void the_latest_match_counts(void **state)
{
    (void)state;
    const struct launch l = {.progress = {"([0-9.]+) ?%", "frame ([0-9]+) of ([0-9]+)", "(unclosed"}};
    assert_int_equal(after(&l, "starting\n"), -1);
    assert_int_equal(after(&l, "10 %\n12.5%\nbye\n"), 125);
    assert_int_equal(after(&l, "12.5%\nframe 3 of 12"), 250);
    assert_int_equal(after(&l, "frame 3 of 0\n"), -1);
    assert_int_equal(after(&l, "250%\n"), 1000);
    static const char *const dangerous[] = {"((([0-9]{255}){255}){255})%", "([0-9]+)\\1%", "([0-9]+)\\"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(after(&(struct launch){.progress = {dangerous[i]}}, "50%\n11%\n"), -1);
    assert_int_equal(after(&(struct launch){0}, "50%\n"), -1);
}

static void a_body_gives_its_constants_or_says_why_not(void **state)
{
    (void)state;
    struct arena a = ARENA_NULL;
    const struct task_body *b =
        body_read("{\"name\":\"t\",\"profile\":null,\"constants\":[{\"key\":\"A\",\"value\":\"1\"},"
                  "{\"key\":\"B\",\"value\":null}],\"tags\":[]}",
                  &a);
    assert_null(b->error);
    assert_null(b->profile);
    assert_int_equal(b->n_constants, 2);
    assert_string_equal(b->constant[0].value, "1");
    assert_string_equal(b->constant[1].value, "");
    assert_null(body_read("{}", &a)->error);
    static const char *const bad[] = {"",
                                      "[]",
                                      "{\"constants\":7}",
                                      "{\"constants\":[7]}",
                                      "{\"constants\":[{\"key\":\"\"}]}",
                                      "{\"constants\":[{\"key\":\"A=B\",\"value\":\"\"}]}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_non_null(body_read(bad[i], &a)->error);
    arena_deinit(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latest_match_counts),
        cmocka_unit_test(a_body_gives_its_constants_or_says_why_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
