// SPDX-License-Identifier: Apache-2.0
// A command has ended by itself, its last command runs, and the heater freezes the sandbox: that is not the last
// command's time, whether the sandbox is thawed for heat or since its end is asked for. On a machine that stands
// still for as long the last command may lose it all the same, so it is tried several times.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/mem.h"
#include "boxes.h"

#define LAST_MS   1000
#define FROZEN_MS 1200
#define TRIES     5

#define SHELL(text)                                                                                          \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        "sh", "-c", text, NULL                                                                               \
    }

struct place {
    struct boxes b;
    struct sandbox s;
    struct outcome o;
};

static bool last_is_done(struct place *p, bool asked)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    struct sandbox_run run;
    struct err e = ERR_NULL;
    const struct sandbox_spec spec = {.id = 1,
                                      .argv = SHELL("echo first"),
                                      .envp = env,
                                      .last = SHELL("echo begun; sleep 0.1; sleep 0.1; echo done"),
                                      .last_ms = LAST_MS,
                                      .capture = true};
    memset(&p->o, 0, sizeof p->o);
    if (p->s.start(p->s.ctx, &spec, now_ms(), &run, &e) < 0)
        fail_msg("start: %s", e.text);
    for (int i = 0; i < 3000 && !strstr(p->o.out, "begun"); i++)
        if (run_for(&p->s, 1, &run, &p->o, 10))
            return false;
    assert_int_equal(p->s.set_share(p->s.ctx, 1, 0, now_ms(), &e), 0);
    assert_false(run_for(&p->s, 1, &run, &p->o, FROZEN_MS));
    assert_int_equal(p->s.set_share(p->s.ctx, 1, 1000, now_ms(), &e), 0);
    if (asked)
        assert_int_equal(p->s.end(p->s.ctx, 1), 0);
    if (!run_for(&p->s, 1, &run, &p->o, LIMIT_MS))
        fail_msg("not over after %d ms", LIMIT_MS);
    assert_int_equal(p->o.r.code, 0);
    return strcmp(p->o.out, "first\nbegun\ndone\n") == 0;
}

static void try_it(struct place *p, bool asked)
{
    for (int i = 0; i < TRIES; i++)
        if (last_is_done(p, asked))
            return;
    fail_msg("cut %d times: %s", TRIES, p->o.out);
}

static void to_be_frozen_is_not_its_time(void **state)
{
    try_it(*state, false);
}

static void nor_when_its_end_is_asked_for_behind_that(void **state)
{
    try_it(*state, true);
}

static int setup(void **state)
{
    struct place *p = mem_alloc(sizeof *p);
    *state = p;
    if (boxes_init(&p->b) < 0)
        return -1;
    bwrap_sandbox_init(&p->s, &(struct bwrap_config){.root_parent = p->b.root});
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;
    p->s.free(p->s.ctx);
    boxes_deinit(&p->b);
    free(p);
    return 0;
}

int main(void)
{
    int none = no_sandbox_here();
    if (none)
        return none;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_be_frozen_is_not_its_time),
        cmocka_unit_test(nor_when_its_end_is_asked_for_behind_that),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
