// SPDX-License-Identifier: Apache-2.0
// The planner: what it prefers, what it never does, that plan_check sees each fault, and that the incremental plan is
// exactly the full one (same assignments and stops in the same order: ties are broken by number everywhere).
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "base/rng.h"
#include "core/plan/plan.h"

static const struct board_spec small = {.cores = 8, .memory_mb = 16384, .key = "8c"};
static const struct board_spec large = {.cores = 16, .memory_mb = 65536, .key = "16c"};
static const house_ms noon = {.v = 1000};

static void zone(struct planner *p, uint32_t at, int32_t min_w, int32_t target_w, int32_t max_w)
{
    planner_zone(p, at, &(struct plan_zone){.site = 0, .online = true,
                                            .request = {.min_w = min_w, .target_w = target_w, .max_w = max_w}});
}

static struct plan_board free_board(uint32_t in_zone)
{
    return (struct plan_board){.zone = in_zone, .spec = &small, .curve = curve_default(), .usable = true, .task = PLAN_NONE,
                               .activity = ACTIVITY_IDLE};
}

static struct plan_board held_board(uint32_t in_zone, uint32_t task, enum activity a)
{
    struct plan_board b = free_board(in_zone);
    b.task = task;
    b.activity = a;
    b.account = 1;
    return b;
}

static void put_board(struct planner *p, uint32_t at, struct plan_board b)
{
    planner_board(p, at, &b);
}

static struct plan_task waiting(enum activity a, int32_t pending, uint64_t order)
{
    return (struct plan_task){.activity = a, .account = 1, .order = order, .pending = pending};
}

static void put_task(struct planner *p, uint32_t at, struct plan_task t)
{
    planner_task(p, at, &t);
}

// One site without a cap, one zone that takes 500 W of 600.
static struct planner *house(void)
{
    struct planner *p = planner_new(price_table_default());
    planner_site(p, 0, &(struct plan_site){.cap_mw = -1});
    zone(p, 0, 100, 500, 600);
    return p;
}

static void run(struct planner *p, struct plan *out)
{
    struct err e = ERR_NULL;
    plan_clear(out);
    planner_run(p, noon, out);
    if (plan_check(p, noon, out, &e) < 0)
        fail_msg("%s", e.text);
}

// ---- plan_check sees each fault

static void expect(const struct planner *p, const struct plan *plan, const char *part)
{
    struct err e = ERR_NULL;
    assert_int_equal(plan_check(p, noon, plan, &e), -EINVAL);
    if (!strstr(e.text, part))
        fail_msg("\"%s\" does not say \"%s\"", e.text, part);
}

static void a_slot_given_twice_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, held_board(0, 0, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}, {.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 2}, "given twice");
    planner_free(p);
}

static void a_slot_that_another_task_holds_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, held_board(0, 1, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    put_task(p, 1, waiting(ACTIVITY_FLEX, 0, 2));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "held by task 1");
    planner_free(p);
}

static void two_accounts_on_a_board_are_found(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan_board b = held_board(0, 0, ACTIVITY_FLEX);
    b.account = 2;
    put_board(p, 0, b);
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "two accounts");
    planner_free(p);
}

static void a_board_that_may_not_be_used_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan_board b = held_board(0, 0, ACTIVITY_FLEX);
    b.usable = false;
    put_board(p, 0, b);
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "may not be used");
    planner_free(p);
}

static void hardware_that_is_lacking_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan_task t = waiting(ACTIVITY_FLEX, 0, 1);
    t.constraint.cores_min = 16;
    put_board(p, 0, held_board(0, 0, ACTIVITY_FLEX));
    put_task(p, 0, t);
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "lacks");
    planner_free(p);
}

static void heat_into_a_zone_that_refuses_it_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    zone(p, 0, 0, 0, 0);
    put_board(p, 0, held_board(0, 0, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "refuses heat");
    planner_free(p);
}

static void more_placed_than_wait_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, held_board(0, 0, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_FLEX, -1, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "more instances");
    planner_free(p);
}

static void a_cap_that_is_passed_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    planner_site(p, 0, &(struct plan_site){.cap_mw = 50000});
    put_board(p, 0, held_board(0, 0, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 0, 1));
    struct plan_assign a[] = {{.task = 0, .board = 0}};
    expect(p, &(struct plan){.assign = a, .n_assigns = 1}, "its cap is 50000");
    planner_free(p);
}

static void an_unknown_board_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    expect(p, &(struct plan){.assign = &(struct plan_assign){.board = 7}, .n_assigns = 1}, "unknown");
    planner_free(p);
}

static void stopping_what_does_not_run_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, free_board(0));
    expect(p, &(struct plan){.stop = &(struct plan_stop){.board = 0}, .n_stops = 1}, "runs nothing");
    planner_free(p);
}

static void work_that_waits_beside_a_free_board_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, free_board(0));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 1, 1));
    expect(p, &(struct plan){0}, "is free and worth");
    planner_free(p);
}

static void work_that_waits_while_a_lower_class_holds_its_board_is_found(void **state)
{
    (void)state;
    struct planner *p = house();
    put_board(p, 0, held_board(0, 1, ACTIVITY_DONATED));
    put_task(p, 0, waiting(ACTIVITY_RESERVED, 1, 1));
    put_task(p, 1, waiting(ACTIVITY_DONATED, 0, 2));
    expect(p, &(struct plan){0}, "worth less there");
    planner_free(p);
}

// ---- what it prefers

static void the_better_class_gets_the_only_board(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    put_board(p, 0, free_board(0));
    put_task(p, 0, waiting(ACTIVITY_DONATED, 1, 1));
    put_task(p, 1, waiting(ACTIVITY_RESERVED, 1, 2));
    put_task(p, 2, waiting(ACTIVITY_FLEX, 1, 3));
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.assign[0].task, 1);
    plan_deinit(&out);
    planner_free(p);
}

static void the_older_task_goes_first_whatever_its_signature(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    struct plan_task old = waiting(ACTIVITY_FLEX, 1, 1), young = waiting(ACTIVITY_FLEX, 1, 2);
    old.constraint.cores_min = 4;
    put_board(p, 0, free_board(0));
    put_task(p, 0, young);
    put_task(p, 1, old);
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.assign[0].task, 1);
    plan_deinit(&out);
    planner_free(p);
}

static void a_zone_that_refuses_heat_gets_no_work(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    enum plan_bar why;
    zone(p, 0, 0, 0, 0);
    put_board(p, 0, free_board(0));
    put_task(p, 0, waiting(ACTIVITY_RESERVED, 1, 1));
    run(p, &out);
    assert_int_equal(out.n_assigns, 0);
    assert_int_equal(planner_net(p, 0, 0, noon, &why), INT64_MIN);
    assert_int_equal(why, BAR_REFUSES_HEAT);
    plan_deinit(&out);
    planner_free(p);
}

static void the_coldest_zone_is_served_first(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    zone(p, 0, 0, 150, 300);
    zone(p, 1, 150, 150, 300);
    put_board(p, 0, free_board(0));
    put_board(p, 1, free_board(1));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 1, 1));
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.assign[0].board, 1);
    plan_deinit(&out);
    planner_free(p);
}

// A zone that takes the watts of one board at full speed runs several slowly, and never so many that idling eats it.
static void spreading_slow_emerges(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    zone(p, 0, 0, 150, 150);
    for (uint32_t b = 0; b < 20; b++)
        put_board(p, b, free_board(0));
    put_task(p, 0, waiting(ACTIVITY_FLEX, 20, 1));
    run(p, &out);
    assert_in_range(out.n_assigns, 3, 8);
    plan_deinit(&out);
    planner_free(p);
}

static void a_site_stays_below_its_cap_and_goes_on_when_there_is_room(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    planner_site(p, 0, &(struct plan_site){.cap_mw = 310000});
    for (uint32_t b = 0; b < 4; b++) {
        zone(p, b, 0, 150, 150);
        put_board(p, b, free_board(b));
    }
    put_task(p, 0, waiting(ACTIVITY_FLEX, 4, 1));
    run(p, &out);
    assert_int_equal(out.n_assigns, 2);
    run(p, &out);
    assert_int_equal(out.n_assigns, 0);
    planner_site(p, 0, &(struct plan_site){.cap_mw = 460000}); // the boards held back were not forgotten
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    put_board(p, 0, free_board(0)); // one ended: room for the last
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    plan_deinit(&out);
    planner_free(p);
}

static void a_board_is_asked_back_only_when_that_pays(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    zone(p, 0, 0, 150, 150);
    put_board(p, 0, held_board(0, 1, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_ONDEMAND, 1, 1));
    put_task(p, 1, waiting(ACTIVITY_FLEX, 0, 2));
    run(p, &out); // 8 cores x (0.015 - 0.010) euro/h = 0.04 at full speed: more than the 0.02 a preemption costs
    assert_int_equal(out.n_stops, 1);
    assert_int_equal(out.stop[0].board, 0);
    assert_int_equal(out.stop[0].for_task, 0);
    run(p, &out); // it is stopping: once is enough
    assert_int_equal(out.n_stops, 0);
    planner_free(p);
    p = house();
    zone(p, 0, 0, 40, 40); // so slowly that the difference is worth less
    put_board(p, 0, held_board(0, 1, ACTIVITY_FLEX));
    put_task(p, 0, waiting(ACTIVITY_ONDEMAND, 1, 1));
    put_task(p, 1, waiting(ACTIVITY_FLEX, 0, 2));
    run(p, &out);
    assert_int_equal(out.n_stops, 0);
    plan_deinit(&out);
    planner_free(p);
}

static void a_task_waits_again_after_its_signature_was_forgotten_and_used_anew(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    struct plan_task t = waiting(ACTIVITY_FLEX, 1, 1), other = waiting(ACTIVITY_ONDEMAND, 1, 2);
    t.constraint.cores_min = 2;
    other.constraint.cores_min = 3;
    put_task(p, 0, t);
    planner_task_gone(p, 0);
    put_task(p, 1, other);
    planner_task_gone(p, 1);
    t.order = 3;
    put_task(p, 0, t);
    put_board(p, 0, free_board(0));
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    assert_int_equal(out.assign[0].task, 0);
    put_board(p, 0, free_board(0)); // it came back to the queue
    t.pending = 1;
    put_task(p, 0, t);
    run(p, &out);
    assert_int_equal(out.n_assigns, 1);
    plan_deinit(&out);
    planner_free(p);
}

static void ten_thousand_signatures_leave_nothing_behind(void **state)
{
    (void)state;
    struct planner *p = house();
    struct plan out = {0};
    size_t before = 0, after = 0;
    put_board(p, 0, held_board(0, 99999, ACTIVITY_RESERVED));
    for (int round = 0; round < 6; round++) {
        for (uint32_t i = 0; i < 10000; i++) {
            struct plan_task t = waiting(ACTIVITY_FLEX, 1, 1 + i);
            t.constraint.memory_mb_min = 1 + (int32_t)(i + 10000U * (uint32_t)round);
            put_task(p, i, t);
            if (i % 100 == 0)
                run(p, &out);
        }
        for (uint32_t i = 0; i < 10000; i++)
            planner_task_gone(p, i);
        run(p, &out);
        after = mallinfo2().uordblks;
        before = round == 1 ? after : before;
    }
    assert_true(after <= before + 4096);
    plan_deinit(&out);
    planner_free(p);
}

// ---- the incremental plan is the full one

#define TOWN_ZONES  12
#define TOWN_BOARDS 30
#define TOWN_TASKS  20

struct town {
    struct rng rng;
    struct plan_board board[TOWN_BOARDS];
    struct plan_task task[TOWN_TASKS];
    bool known[TOWN_TASKS];
    uint64_t order;
};

static int32_t watts(struct town *t)
{
    return (int32_t)rng_below(&t->rng, 6) * 60;
}

static void change_zone(struct town *t, struct planner *const p[2])
{
    uint32_t at = (uint32_t)rng_below(&t->rng, TOWN_ZONES);
    struct plan_zone z = {.site = at % 3, .online = rng_below(&t->rng, 12) > 0};
    z.request.target_w = watts(t);
    z.request.min_w = z.request.target_w / 2;
    z.request.max_w = z.request.target_w + watts(t);
    for (int i = 0; i < 2; i++)
        planner_zone(p[i], at, &z);
}

static void tell_board(struct town *t, struct planner *const p[2], uint32_t at)
{
    for (int i = 0; i < 2; i++)
        planner_board(p[i], at, &t->board[at]);
}

static void change_board(struct town *t, struct planner *const p[2])
{
    uint32_t at = (uint32_t)rng_below(&t->rng, TOWN_BOARDS);
    struct plan_board *b = &t->board[at];
    if (b->task != PLAN_NONE && rng_below(&t->rng, 3)) {
        b->task = PLAN_NONE; // ended
        b->stopping = false;
        b->activity = ACTIVITY_IDLE;
    } else if (rng_below(&t->rng, 4) == 0) {
        b->usable = !b->usable;
    } else if (rng_below(&t->rng, 6) == 0 && b->task == PLAN_NONE) {
        b->zone = (uint32_t)rng_below(&t->rng, TOWN_ZONES);
        b->spec = rng_below(&t->rng, 2) ? &small : &large;
    }
    tell_board(t, p, at);
}

static void change_task(struct town *t, struct planner *const p[2])
{
    uint32_t at = (uint32_t)rng_below(&t->rng, TOWN_TASKS);
    bool held = false;
    for (int b = 0; b < TOWN_BOARDS; b++)
        held = held || t->board[b].task == at;
    if (t->known[at] && !held && rng_below(&t->rng, 2)) {
        t->known[at] = false;
        for (int i = 0; i < 2; i++)
            planner_task_gone(p[i], at);
        return;
    }
    if (!t->known[at]) {
        t->task[at] = waiting((enum activity)rng_below(&t->rng, PLAN_CLASSES), 0, ++t->order);
        t->task[at].constraint.cores_min = rng_below(&t->rng, 3) ? 0 : 16;
        t->task[at].constraint.memory_mb_min = (int32_t)rng_below(&t->rng, 2) * 1000;
        t->known[at] = true;
    }
    t->task[at].pending = (int32_t)rng_below(&t->rng, 5);
    for (int i = 0; i < 2; i++)
        planner_task(p[i], at, &t->task[at]);
}

static void carry_out(struct town *t, struct planner *const p[2], const struct plan *plan)
{
    for (size_t i = 0; i < plan->n_stops; i++) {
        t->board[plan->stop[i].board].stopping = true;
        tell_board(t, p, plan->stop[i].board);
    }
    for (size_t i = 0; i < plan->n_assigns; i++) {
        const struct plan_assign *a = &plan->assign[i];
        t->board[a->board].task = a->task;
        t->board[a->board].activity = t->task[a->task].activity;
        t->board[a->board].account = 1;
        tell_board(t, p, a->board);
        t->task[a->task].pending--;
        for (int k = 0; k < 2; k++)
            planner_task(p[k], a->task, &t->task[a->task]);
    }
}

static void same_plan(uint64_t seed, int step, const struct plan *a, const struct plan *b)
{
    bool same = a->n_assigns == b->n_assigns && a->n_stops == b->n_stops;
    for (size_t i = 0; same && i < a->n_assigns; i++)
        same = a->assign[i].task == b->assign[i].task && a->assign[i].board == b->assign[i].board &&
               a->assign[i].net_ueur_per_h == b->assign[i].net_ueur_per_h;
    for (size_t i = 0; same && i < a->n_stops; i++)
        same = a->stop[i].board == b->stop[i].board && a->stop[i].for_task == b->stop[i].for_task;
    if (!same)
        fail_msg("seed %llu step %d: incremental and full plan differ", (unsigned long long)seed, step);
}

static size_t one_town(uint64_t seed)
{
    struct town t = {0};
    struct planner *const p[2] = {planner_new(price_table_default()), planner_new(price_table_default())};
    struct plan plan[2] = {{0}, {0}};
    size_t done = 0;
    rng_seed(&t.rng, seed);
    for (uint32_t s = 0; s < 3; s++)
        for (int i = 0; i < 2; i++)
            planner_site(p[i], s, &(struct plan_site){.cap_mw = s ? -1 : 400000});
    for (uint32_t b = 0; b < TOWN_BOARDS; b++) {
        t.board[b] = free_board((uint32_t)rng_below(&t.rng, TOWN_ZONES));
        t.board[b].spec = b % 3 ? &small : &large;
        tell_board(&t, p, b);
    }
    for (int step = 0; step < 120; step++) {
        for (uint64_t n = 1 + rng_below(&t.rng, 4); n > 0; n--) {
            uint64_t what = rng_below(&t.rng, 20);
            if (what < 8)
                change_zone(&t, p);
            else if (what < 14)
                change_board(&t, p);
            else if (what < 19)
                change_task(&t, p);
            else
                for (uint32_t i = 0, mw = (uint32_t)rng_below(&t.rng, 5) * 200000; i < 2; i++)
                    planner_site(p[i], 0, &(struct plan_site){.cap_mw = mw});
        }
        plan_clear(&plan[0]);
        plan_clear(&plan[1]);
        planner_run(p[0], noon, &plan[0]);
        planner_run_full(p[1], noon, &plan[1]);
        same_plan(seed, step, &plan[0], &plan[1]);
        struct err e = ERR_NULL;
        if (plan_check(p[0], noon, &plan[0], &e) < 0 || plan_check(p[1], noon, &plan[1], &e) < 0)
            fail_msg("seed %llu step %d: %s", (unsigned long long)seed, step, e.text);
        carry_out(&t, p, &plan[0]);
        done += plan[0].n_assigns + plan[0].n_stops;
    }
    for (int i = 0; i < 2; i++) {
        plan_deinit(&plan[i]);
        planner_free(p[i]);
    }
    return done;
}

static void the_incremental_plan_is_the_full_plan_after_any_changes(void **state)
{
    (void)state;
    size_t done = 0;
    for (uint64_t seed = 1; seed <= 200; seed++)
        done += one_town(seed);
    assert_true(done > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_given_twice_is_found),
        cmocka_unit_test(a_slot_that_another_task_holds_is_found),
        cmocka_unit_test(two_accounts_on_a_board_are_found),
        cmocka_unit_test(a_board_that_may_not_be_used_is_found),
        cmocka_unit_test(hardware_that_is_lacking_is_found),
        cmocka_unit_test(heat_into_a_zone_that_refuses_it_is_found),
        cmocka_unit_test(more_placed_than_wait_is_found),
        cmocka_unit_test(a_cap_that_is_passed_is_found),
        cmocka_unit_test(an_unknown_board_is_found),
        cmocka_unit_test(stopping_what_does_not_run_is_found),
        cmocka_unit_test(work_that_waits_beside_a_free_board_is_found),
        cmocka_unit_test(work_that_waits_while_a_lower_class_holds_its_board_is_found),
        cmocka_unit_test(the_better_class_gets_the_only_board),
        cmocka_unit_test(the_older_task_goes_first_whatever_its_signature),
        cmocka_unit_test(a_zone_that_refuses_heat_gets_no_work),
        cmocka_unit_test(the_coldest_zone_is_served_first),
        cmocka_unit_test(spreading_slow_emerges),
        cmocka_unit_test(a_site_stays_below_its_cap_and_goes_on_when_there_is_room),
        cmocka_unit_test(a_board_is_asked_back_only_when_that_pays),
        cmocka_unit_test(a_task_waits_again_after_its_signature_was_forgotten_and_used_anew),
        cmocka_unit_test(ten_thousand_signatures_leave_nothing_behind),
        cmocka_unit_test(the_incremental_plan_is_the_full_plan_after_any_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
