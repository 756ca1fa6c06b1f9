// SPDX-License-Identifier: Apache-2.0
// Each lever that this machine has, forced: the share decides how much CPU time is had, frozen means none,
// the frozen can be killed. Judged by CPU time, never by how long something took.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "base/mem.h"
#include "boxes.h"

#define SPAN_MS 1500
#define TRIES   3

static const struct {
    enum lever lever;
    bool no_cgroups;
} rows[] = {
    {LEVER_AUTO, false},      {LEVER_V2_QUOTA, false}, {LEVER_V1_QUOTA, false}, {LEVER_V2_FREEZE, false},
    {LEVER_V1_FREEZE, false}, {LEVER_SIGNALS, false},  {LEVER_SIGNALS, true},
};

struct pair {
    struct boxes b;
    struct sandbox s;
    struct sandbox_run run[2];
    struct outcome o;
};

static void start_two(struct pair *p, const char *threads)
{
    for (uint64_t i = 0; i < 2; i++) {
        struct err e = ERR_NULL;
        const struct sandbox_spec spec = {
            .id = i + 1,
            .argv = (const char *const[]){"/job/probe", "spin", threads, NULL},
            .binds = &p->b.bind,
            .binds_n = 1,
        };
        if (p->s.start(p->s.ctx, &spec, now_ms(), &p->run[i], &e) < 0)
            fail_msg("start: %s", e.text);
    }
}

static void end_two(struct pair *p)
{
    for (uint64_t i = 0; i < 2; i++) {
        assert_int_equal(p->s.kill(p->s.ctx, i + 1), 0);
        assert_true(run_for(&p->s, i + 1, &p->run[i], &p->o, LIMIT_MS));
        assert_true(p->o.r.killed);
        assert_int_equal(p->o.r.signal, SIGKILL);
    }
}

static void share_both(struct pair *p, int first, int second)
{
    struct err e = ERR_NULL;
    if (p->s.set_share(p->s.ctx, 1, first, now_ms(), &e) < 0 ||
        p->s.set_share(p->s.ctx, 2, second, now_ms(), &e) < 0)
        fail_msg("set_share: %s", e.text);
}

static int64_t cpu_of(const struct pair *p, uint64_t id)
{
    struct sandbox_usage u;
    assert_int_equal(p->s.usage(p->s.ctx, id, &u), 0);
    return u.cpu_ms;
}

static void beat_for(const struct pair *p, int ms)
{
    for (wall_ms end = wall_add(now_ms(), ms); wall_since(end, now_ms()) > 0;) {
        int64_t wait = p->s.tick(p->s.ctx, now_ms());
        sleep_ms(wait < 0 || wait > 20 ? 20 : (int)wait);
    }
}

// True when twice the share gave about twice the time. More than was granted is never forgiven.
static bool measured_twice(struct pair *p, const char *threads)
{
    int64_t a = cpu_of(p, 1), b = cpu_of(p, 2);
    wall_ms from = now_ms();
    beat_for(p, SPAN_MS);
    a = cpu_of(p, 1) - a;
    b = cpu_of(p, 2) - b;
    int64_t span_ms = wall_since(now_ms(), from);
    print_message("  %s, %s threads: 200 -> %.3f core, 400 -> %.3f core\n", p->s.lever(p->s.ctx), threads,
                  (double)a / (double)span_ms, (double)b / (double)span_ms);
    int slack = strcmp(p->s.lever(p->s.ctx), lever_name(LEVER_SIGNALS)) == 0
                    ? 2
                    : 1; // its meter is as coarse as its walks
    assert_true(a < span_ms * (200 + 50 * slack) / 1000 + 20 * slack);
    assert_true(b < span_ms * (400 + 100 * slack) / 1000 + 20 * slack);
    return 100 * b > 150 * a && 100 * b < 250 * a;
}

// True when the two, unfettered, do not get half of a core each: then the machine is busy with something else
// and what they get says nothing about the lever.
static bool starved(struct pair *p)
{
    share_both(p, SANDBOX_SHARE_FULL, SANDBOX_SHARE_FULL);
    int64_t used = cpu_of(p, 1) + cpu_of(p, 2);
    wall_ms from = now_ms();
    beat_for(p, SPAN_MS / 3);
    used = cpu_of(p, 1) + cpu_of(p, 2) - used;
    return used < wall_since(now_ms(), from);
}

// Both run at the same time, so that whatever else the machine does slows both alike.
static void judge_shares(struct pair *p, const char *threads)
{
    start_two(p, threads);
    for (int tries = 0, wrong = 0; tries < TRIES; tries++) {
        share_both(p, 200, 400);
        beat_for(p, 300); // bubblewrap's own work, and what was saved up, is over
        if (measured_twice(p, threads))
            break;
        if (starved(p))
            print_message("  the machine is too busy to tell\n");
        else
            assert_true(++wrong < 2);
        share_both(p, 0, 0);
        beat_for(p, 2000); // the debt of running unfettered is forgiven
    }
    share_both(p, 0, 0);
    beat_for(p, 200);
    int64_t a = cpu_of(p, 1), b = cpu_of(p, 2);
    beat_for(p, 300);
    assert_true(cpu_of(p, 1) - a <= 10); // one grain of the coarsest meter
    assert_true(cpu_of(p, 2) - b <= 10);
    share_both(p, SANDBOX_SHARE_FULL, 0);
    for (int i = 0; i < 200 && cpu_of(p, 1) - a < 50; i++)
        beat_for(p, 50);
    assert_true(cpu_of(p, 1) - a >= 50);
    assert_true(cpu_of(p, 2) - b <= 10);
    end_two(p); // one of them frozen
}

static void every_lever_grants_the_share_and_no_more(void **state)
{
    struct pair *p = *state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const char *why = "";
        bwrap_sandbox_init(&p->s, &(struct bwrap_config){.root_parent = p->b.root,
                                                         .lever = rows[i].lever,
                                                         .no_cgroups = rows[i].no_cgroups});
        if (p->s.available(p->s.ctx, &why)) {
            if (rows[i].lever != LEVER_AUTO)
                assert_string_equal(p->s.lever(p->s.ctx), lever_name(rows[i].lever));
            judge_shares(p, i % 2 ? "1" : "3");
        } else {
            print_message("  not here: %s\n", why);
            assert_non_null(strstr(why, lever_name(rows[i].lever)));
        }
        p->s.free(p->s.ctx);
    }
}

static void shares_out_of_range_are_refused(void **state)
{
    struct pair *p = *state;
    struct err e = ERR_NULL;
    bwrap_sandbox_init(&p->s, &(struct bwrap_config){.root_parent = p->b.root});
    start_two(p, "1");
    assert_int_equal(p->s.set_share(p->s.ctx, 1, -2, now_ms(), &e), -EINVAL);
    assert_int_equal(p->s.set_share(p->s.ctx, 1, SANDBOX_SHARE_MAX + 1, now_ms(), &e), -EINVAL);
    assert_int_equal(p->s.set_share(p->s.ctx, 3, 100, now_ms(), &e), -ENOENT);
    static const int smooth[] = {1, 9, 10, 44, 999, 1000, 1001, 64000, 0, 5, SANDBOX_SHARE_FULL, 0, 44};
    for (size_t i = 0; i < ARRAY_LEN(smooth); i++)
        share_both(p, smooth[i], smooth[ARRAY_LEN(smooth) - 1 - i]);
    end_two(p);
    p->s.free(p->s.ctx);
}

static int setup(void **state)
{
    struct pair *p = mem_alloc(sizeof *p);
    *state = p;
    return boxes_init(&p->b);
}

static int teardown(void **state)
{
    struct pair *p = *state;
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
        cmocka_unit_test(every_lever_grants_the_share_and_no_more),
        cmocka_unit_test(shares_out_of_range_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
