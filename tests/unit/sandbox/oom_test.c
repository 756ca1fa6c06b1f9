// SPDX-License-Identifier: Apache-2.0
// When the machine is out of memory, a task goes before its agent: with control groups or without, and the agent stays
// as it was, though both share their memory until the program begins.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include "base/mem.h"
#include "boxes.h"

static long own_score(void)
{
    char text[32] = "";
    FILE *f = fopen("/proc/self/oom_score_adj", "r");
    if (f && fgets(text, sizeof text, f))
        fclose(f);
    return strtol(text, NULL, 10);
}

// What a process here may be given at all.
static bool may_be_raised(long to)
{
    pid_t pid = fork();
    if (pid == 0) {
        FILE *f = fopen("/proc/self/oom_score_adj", "w");
        _exit(!f || fprintf(f, "%ld", to) < 0 || fclose(f) != 0 || own_score() != to);
    }
    int status = 1;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static long score_inside(struct boxes *b, bool groups)
{
    static const char *const env[] = {"PATH=/usr/bin:/bin", NULL};
    static const char *const argv[] = {"/bin/cat", "/proc/self/oom_score_adj", NULL};
    const struct sandbox_spec spec = {.id = 1, .argv = argv, .envp = env, .capture = true};
    struct bwrap_config cfg = {.root_parent = b->root, .no_cgroups = !groups};
    struct outcome *o = mem_alloc(sizeof *o);
    struct sandbox_run run;
    struct sandbox s;
    struct err e = ERR_NULL;
    bwrap_sandbox_init(&s, &cfg);
    if (s.start(s.ctx, &spec, now_ms(), &run, &e) < 0)
        fail_msg("start: %s", e.text);
    assert_true(run_for(&s, 1, &run, o, LIMIT_MS));
    assert_int_equal(o->r.code, 0);
    long score = strtol(o->out, NULL, 10);
    s.free(s.ctx);
    free(o);
    return score;
}

static void a_task_goes_before_its_agent(void **state)
{
    struct boxes b;
    (void)state;
    long own = own_score(), above = (own > 0 ? own : 0) + 500;
    above = above < 1000 ? above : 1000;
    if (!may_be_raised(above))
        skip();
    assert_int_equal(boxes_init(&b), 0);
    assert_int_equal(score_inside(&b, true), above);
    assert_int_equal(score_inside(&b, false), above);
    assert_int_equal(own_score(), own);
    boxes_deinit(&b);
}

int main(void)
{
    int none = no_sandbox_here();
    if (none)
        return none;
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_task_goes_before_its_agent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
