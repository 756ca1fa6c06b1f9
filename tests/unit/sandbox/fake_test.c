// SPDX-License-Identifier: Apache-2.0
// The sandbox that plays: work is done at the granted share, to the millisecond; pipes and the end can be
// polled.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/rng.h"
#include "sandbox/fake.h"

#define COMMAND(...)                                                                                         \
    (const char *const[])                                                                                    \
    {                                                                                                        \
        "fake", __VA_ARGS__, NULL                                                                            \
    }

static struct sandbox_run start(struct sandbox *s, uint64_t id, const char *const *argv, int64_t at)
{
    struct sandbox_run run;
    struct err e = ERR_NULL;
    const struct sandbox_spec spec = {.id = id, .argv = argv, .capture = true};
    if (s->start(s->ctx, &spec, WALL_MS(at), &run, &e) < 0)
        fail_msg("%s", e.text);
    return run;
}

static void share(struct sandbox *s, uint64_t id, int permille, int64_t at)
{
    struct err e = ERR_NULL;
    assert_int_equal(s->set_share(s->ctx, id, permille, WALL_MS(at), &e), 0);
}

static void it_ends_when_the_granted_work_is_done(void **state)
{
    (void)state;
    struct sandbox s;
    struct sandbox_result r;
    fake_sandbox_init(&s, NULL);
    start(&s, 5, COMMAND("2000", "3"), 0);
    assert_int_equal(s.tick(s.ctx, WALL_MS(0)), 2000);
    share(&s, 5, 500, 1000); // half done
    assert_int_equal(s.tick(s.ctx, WALL_MS(1000)), 2000);
    share(&s, 5, 0, 2000); // three quarters
    assert_int_equal(s.tick(s.ctx, WALL_MS(50000)), -1);
    assert_int_equal(s.reap(s.ctx, 5, WALL_MS(50000), &r), 0);
    share(&s, 5, SANDBOX_SHARE_FULL, 50000);
    assert_int_equal(s.reap(s.ctx, 5, WALL_MS(50499), &r), 0);
    assert_int_equal(s.reap(s.ctx, 5, WALL_MS(99999), &r), 1); // seen late, ended in time
    assert_int_equal(r.wall_ms, 50500);
    assert_int_equal(r.usage.cpu_ms, 2000);
    assert_int_equal(r.code, 3);
    assert_int_equal(s.reap(s.ctx, 5, WALL_MS(99999), &r), -ENOENT);
    s.free(s.ctx);
}

static void how_often_it_is_looked_at_changes_nothing(void **state)
{
    (void)state;
    struct rng g;
    rng_seed(&g, 11);
    struct sandbox s;
    struct sandbox_result r;
    fake_sandbox_init(&s, &(struct fake_config){.cores = 2});
    for (uint64_t id = 1; id <= 50; id++) {
        start(&s, id, COMMAND("700", "0"), 0);
        share(&s, id, 44, 0);
    }
    for (int64_t t = 0; t < 20000; t += (int64_t)rng_below(&g, 300))
        s.tick(s.ctx, WALL_MS(t));
    for (uint64_t id = 50; id >= 1; id--) { // 700 ms / 0.044 = 15909.09 ms
        assert_int_equal(s.reap(s.ctx, id, WALL_MS(20000), &r), 1);
        assert_in_range(r.wall_ms, 15910, 15911);
    }
    s.free(s.ctx);
}

static void killed_is_over_at_once(void **state)
{
    (void)state;
    struct sandbox s;
    struct sandbox_result r;
    fake_sandbox_init(&s, NULL);
    start(&s, 1, COMMAND("-1"), 0);
    assert_int_equal(s.tick(s.ctx, WALL_MS(700)), -1);
    assert_int_equal(s.kill(s.ctx, 1), 0);
    assert_int_equal(s.reap(s.ctx, 1, WALL_MS(800), &r), 1);
    assert_int_equal(r.code, 137);
    assert_int_equal(r.signal, 9);
    assert_true(r.killed);
    assert_int_equal(r.wall_ms, 700);
    assert_int_equal(s.kill(s.ctx, 1), -ENOENT);
    s.free(s.ctx);
}

static void pipes_carry_the_text_and_the_end_can_be_polled(void **state)
{
    (void)state;
    struct sandbox s;
    struct sandbox_result r;
    char text[64];
    fake_sandbox_init(&s, &(struct fake_config){.pipes = true});
    struct sandbox_run run = start(&s, 1, COMMAND("10", "0", "hello\n", "oops\n"), 0);
    struct pollfd p = {.fd = run.pidfd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 0), 0);
    assert_int_equal(read(run.stdout_fd, text, sizeof text), 6);
    assert_memory_equal(text, "hello\n", 6);
    assert_int_equal(read(run.stderr_fd, text, sizeof text), 5);
    s.tick(s.ctx, WALL_MS(10));
    assert_int_equal(poll(&p, 1, 0), 1);
    assert_int_equal(s.reap(s.ctx, 1, WALL_MS(10), &r), 1);
    close(run.pidfd);
    close(run.stdout_fd);
    close(run.stderr_fd);
    s.free(s.ctx);
}

static void greedy(void *ctx, const struct sandbox_spec *spec, struct fake_script *out)
{
    (void)spec;
    *out = (struct fake_script){.core_ms = 4000, .parallel = 4, .memory_bytes = *(int64_t *)ctx};
}

static void scripts_may_be_parallel_and_too_large(void **state)
{
    (void)state;
    int64_t bytes = 100;
    struct sandbox s;
    struct sandbox_run run;
    struct sandbox_result r;
    struct err e = ERR_NULL;
    fake_sandbox_init(&s, &(struct fake_config){.script = greedy, .script_ctx = &bytes, .cores = 2});
    struct sandbox_spec spec = {.id = 1, .argv = COMMAND("x"), .memory_max_bytes = 100};
    assert_int_equal(s.start(s.ctx, &spec, WALL_MS(0), &run, &e), 0);
    assert_int_equal(s.start(s.ctx, &spec, WALL_MS(0), &run, &e), -EEXIST);
    assert_int_equal(s.tick(s.ctx, WALL_MS(0)), 2000); // four would, the machine has two
    assert_int_equal(s.reap(s.ctx, 1, WALL_MS(2000), &r), 1);
    bytes = 101;
    assert_int_equal(s.start(s.ctx, &spec, WALL_MS(0), &run, &e), 0);
    assert_int_equal(s.reap(s.ctx, 1, WALL_MS(0), &r), 1);
    assert_int_equal(r.code, 137);
    s.free(s.ctx);
}

static void it_can_play_a_machine_without_isolation(void **state)
{
    (void)state;
    struct sandbox s;
    struct sandbox_run run;
    struct err e = ERR_NULL;
    const char *why = "";
    fake_sandbox_init(&s, &(struct fake_config){.why_not = "sandbox: no user namespaces here"});
    assert_false(s.available(s.ctx, &why));
    assert_string_equal(why, "sandbox: no user namespaces here");
    assert_int_equal(
        s.start(s.ctx, &(struct sandbox_spec){.id = 1, .argv = COMMAND("1")}, WALL_MS(0), &run, &e), -ENODEV);
    s.free(s.ctx);
}

static void only_what_has_a_last_command_can_be_asked_to_end(void **state)
{
    (void)state;
    struct sandbox s;
    struct sandbox_run run;
    struct sandbox_result r;
    struct err e = ERR_NULL;
    fake_sandbox_init(&s, NULL);
    start(&s, 5, COMMAND("2000"), 0);
    assert_int_equal(s.end(s.ctx, 5), -ENOTSUP);
    assert_int_equal(s.end(s.ctx, 6), -ENOENT);
    const struct sandbox_spec spec = {.id = 6, .argv = COMMAND("2000"), .last = COMMAND("1"), .last_ms = 1};
    assert_int_equal(s.start(s.ctx, &spec, WALL_MS(0), &run, &e), 0);
    assert_int_equal(s.end(s.ctx, 6), 0);
    assert_int_equal(s.reap(s.ctx, 6, WALL_MS(0), &r), 1);
    assert_int_equal(r.code, 137);
    assert_false(r.killed);
    s.free(s.ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ends_when_the_granted_work_is_done),
        cmocka_unit_test(how_often_it_is_looked_at_changes_nothing),
        cmocka_unit_test(killed_is_over_at_once),
        cmocka_unit_test(pipes_carry_the_text_and_the_end_can_be_polled),
        cmocka_unit_test(scripts_may_be_parallel_and_too_large),
        cmocka_unit_test(only_what_has_a_last_command_can_be_asked_to_end),
        cmocka_unit_test(it_can_play_a_machine_without_isolation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
