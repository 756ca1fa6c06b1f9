// SPDX-License-Identifier: Apache-2.0
// Who is moved and who is not: figures of two or three rooms, and that nobody is moved to and fro.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/rng.h"
#include "core/plan/plan.h"
#include "core/plan/policy.h"

static const struct board_spec spec = {.cores = 8, .memory_mb = 16384, .key = "8c"};

static void room(struct planner *p, uint32_t at, int32_t target_w, int32_t max_w)
{
    planner_zone(p, at,
                 &(struct plan_zone){.online = true, .request = {.target_w = target_w, .max_w = max_w}});
}

static struct plan_board board_of(uint32_t zone)
{
    return (struct plan_board){
        .zone = zone, .spec = &spec, .curve = curve_default(), .usable = true, .task = PLAN_NONE};
}

static void hold(struct planner *p, uint32_t at, uint32_t task, enum activity a)
{
    struct plan_board b = board_of(at);
    b.task = task;
    b.activity = a;
    b.account = 1;
    planner_board(p, at, &b);
}

static void put_task(struct planner *p, uint32_t at, enum activity a)
{
    planner_task(p, at, &(struct plan_task){.activity = a, .account = 1, .order = at + 1, .run = RUN_HOUR});
}

// Task 0 runs on board 0 of a room that wants 20 W; room 1 with a free board wants 150 W.
static struct planner *two_rooms(enum activity a)
{
    struct planner *p = planner_new(price_table_default());
    planner_site(p, 0, &(struct plan_site){.cap_mw = -1});
    room(p, 0, 20, 100);
    room(p, 1, 150, 150);
    put_task(p, 0, a);
    hold(p, 0, 0, a);
    planner_board(p, 1,
                  &(struct plan_board){
                      .zone = 1, .spec = &spec, .curve = curve_default(), .usable = true, .task = PLAN_NONE});
    return p;
}

static const struct plan_runner crawler = {.speed_permille = 50, .left_s = 3400, .lost_s = 200};

static void what_crawls_goes_where_heat_is_wanted(void **state)
{
    (void)state;
    struct planner *p = two_rooms(ACTIVITY_ONDEMAND);
    struct plan_move m;
    assert_true(planner_move(p, &crawler, &m));
    assert_int_equal(m.board, 1);
    assert_false(m.take);
    assert_int_equal(m.stay_s, 3400 * 20);
    // at 150 W nearly full speed: the whole again, and a minute
    assert_in_range(m.go_s, 3660, 4200);
    room(p, 1, 0, 150); // could bear it for a while, and does not want it
    assert_false(planner_move(p, &crawler, &m));
    planner_free(p);
}

static void boot_and_lost_work_count(void **state)
{
    (void)state;
    struct planner *p = two_rooms(ACTIVITY_FLEX);
    struct plan_move awake, asleep, more;
    assert_true(planner_move(p, &crawler, &awake));
    struct plan_board b = board_of(1);
    b.asleep = true;
    planner_board(p, 1, &b);
    assert_true(planner_move(p, &crawler, &asleep));
    assert_in_range(asleep.go_s - awake.go_s, curve_default()->boot_ms / 1000,
                    curve_default()->boot_ms / 1000 + 1);
    struct plan_runner r = crawler;
    r.lost_s += 600;
    assert_true(planner_move(p, &r, &more));
    assert_in_range(more.go_s - asleep.go_s, 600, 700);
    planner_free(p);
}

// With as much left as was done, it pays below a quarter of the speed elsewhere.
static void a_factor_of_two_is_asked_of_the_guess(void **state)
{
    (void)state;
    struct planner *p = two_rooms(ACTIVITY_FLEX);
    struct plan_move m;
    struct plan_runner r = {.left_s = 10000, .lost_s = 10000, .speed_permille = 200};
    assert_true(planner_move(p, &r, &m));
    assert_true(2 * m.go_s <= m.stay_s);
    r.speed_permille = 260;
    assert_false(planner_move(p, &r, &m));
    r = (struct plan_runner){.left_s = 300, .lost_s = 10, .speed_permille = 250}; // 20 min: not worth it
    assert_false(planner_move(p, &r, &m));
    planner_free(p);
}

static int64_t loses(const void *seconds, uint32_t board)
{
    (void)board;
    return *(const int64_t *)seconds;
}

static void a_lower_class_makes_room_and_an_equal_one_does_not(void **state)
{
    (void)state;
    struct planner *p = two_rooms(ACTIVITY_ONDEMAND);
    struct plan_move m;
    put_task(p, 1, ACTIVITY_FLEX);
    hold(p, 1, 1, ACTIVITY_FLEX);
    assert_true(planner_move(p, &crawler, &m));
    assert_true(m.take && m.board == 1);
    // What the other would lose counts in full.
    struct plan_runner r = crawler;
    r.loss_of = loses;
    r.ctx = &(int64_t){35000};
    assert_false(planner_move(p, &r, &m)); // stay 68,000 s; 2 (3,700 + 35,000) s
    r.ctx = &(int64_t){25000};
    assert_true(planner_move(p, &r, &m));
    assert_in_range(m.go_s, 3660, 4200); // its own way is as long as before
    hold(p, 1, 1, ACTIVITY_ONDEMAND);
    assert_false(planner_move(p, &crawler, &m));
    planner_free(p);
}

static void what_may_not_be_there_does_not_go(void **state)
{
    (void)state;
    struct plan_move m;
    struct planner *p = two_rooms(ACTIVITY_FLEX);
    struct plan_task t = {.activity = ACTIVITY_FLEX, .account = 1, .order = 1, .run = RUN_HOUR};
    t.constraint.memory_mb_min = 20000;
    planner_task(p, 0, &t);
    assert_false(planner_move(p, &crawler, &m));
    t.constraint.memory_mb_min = 0;
    t.gang = 2;
    planner_task(p, 0, &t);
    assert_false(planner_move(p, &crawler, &m));
    t.gang = 0;
    planner_task(p, 0, &t);
    assert_true(planner_move(p, &crawler, &m));
    planner_site(p, 0, &(struct plan_site){.cap_mw = 50000}); // one board more and its fuse goes
    assert_false(planner_move(p, &crawler, &m));
    planner_free(p);
    p = planner_new_with(price_table_default(), plan_policy_find("fifo")); // which never asks back
    put_task(p, 0, ACTIVITY_FLEX);
    hold(p, 0, 0, ACTIVITY_FLEX);
    assert_false(planner_move(p, &crawler, &m));
    planner_free(p);
}

// Wherever it goes, by figures that hold there too it does not go back.
static void nobody_goes_to_and_fro(void **state)
{
    (void)state;
    struct rng rng;
    int moves = 0;
    rng_seed(&rng, 7);
    for (int round = 0; round < 3000; round++) {
        struct planner *p = planner_new(price_table_default());
        struct plan_move m, back;
        int64_t speed = 0, most = curve_max_work_mhz(curve_default());
        planner_site(p, 0, &(struct plan_site){.cap_mw = -1});
        for (uint32_t z = 0; z < 4; z++) {
            int32_t w = (int32_t)rng_below(&rng, z ? 160 : 32);
            room(p, z, w, w);
            speed = z ? speed : curve_at_draw(curve_default(), w * 1000).work_mhz * INT64_C(1000) / most;
            struct plan_board b = board_of(z);
            planner_board(p, z, &b);
        }
        put_task(p, 0, (enum activity)rng_below(&rng, PLAN_CLASSES));
        hold(p, 0, 0, ACTIVITY_FLEX);
        struct plan_runner r = {.speed_permille = (int32_t)speed,
                                .left_s = (int64_t)rng_below(&rng, 40000),
                                .lost_s = (int64_t)rng_below(&rng, 40000)};
        if (planner_move(p, &r, &m)) {
            moves++;
            struct plan_board b = board_of(0);
            planner_board(p, 0, &b);
            hold(p, m.board, 0, ACTIVITY_FLEX);
            struct plan_runner there = {.board = m.board, .left_s = r.left_s + r.lost_s};
            there.speed_permille = (int32_t)(there.left_s * 1000 / (m.go_s - 60));
            if (planner_move(p, &there, &back) && back.board == 0)
                fail_msg("round %d: there and back", round);
        }
        planner_free(p);
    }
    assert_true(moves > 300);
}

// Boards of two makes in rooms of one to three, some asleep, some held by others.
#define ROOMS 12
#define FLEET (ROOMS * 3)

static struct planner *random_fleet(struct rng *rng, struct plan_board b[FLEET], uint32_t *n)
{
    static const struct curve other = {.model = "other",
                                       .cores = 4,
                                       .idle_mw = 9000,
                                       .boot_ms = 30000,
                                       .n = 2,
                                       .p = {{1200, 20000}, {2400, 50000}}};
    struct planner *p = planner_new(price_table_default());
    planner_site(p, 0, &(struct plan_site){.cap_mw = -1});
    for (int a = 0; a < PLAN_CLASSES; a++)
        put_task(p, (uint32_t)a, (enum activity)a);
    *n = 0;
    for (uint32_t z = 0; z < ROOMS; z++) {
        int32_t w = z ? (int32_t)rng_below(rng, 40) * 10 : 15; // round figures, so that some are equal
        room(p, z, w, w + (int32_t)rng_below(rng, 100));
        for (uint64_t k = 1 + rng_below(rng, 3); k > 0; k--) {
            struct plan_board *to = &b[*n];
            *to = board_of(z);
            to->curve = rng_below(rng, 3) ? curve_default() : &other;
            to->asleep = rng_below(rng, 4) == 0;
            if (*n == 0 || rng_below(rng, 3) == 0) {
                to->task = *n ? (uint32_t)rng_below(rng, PLAN_CLASSES) : ACTIVITY_ONDEMAND;
                to->activity = (enum activity)to->task;
            }
            planner_board(p, (*n)++, to);
        }
    }
    return p;
}

static int64_t loses_by_board(const void *seconds, uint32_t board)
{
    return *(const int64_t *)seconds * (board % 4);
}

// The best of all is the best of those that are found when each is the only one.
static void nobody_fast_enough_is_passed_over(void **state)
{
    (void)state;
    struct rng rng;
    int moves = 0;
    rng_seed(&rng, 23);
    for (int round = 0; round < 300; round++) {
        struct plan_board b[FLEET];
        uint32_t n, best = PLAN_NONE;
        struct planner *p = random_fleet(&rng, b, &n);
        int64_t loss = (int64_t)rng_below(&rng, 2000), least = 0;
        struct plan_runner r = {.task = ACTIVITY_ONDEMAND,
                                .speed_permille = (int32_t)rng_below(&rng, 400),
                                .left_s = (int64_t)rng_below(&rng, 20000),
                                .lost_s = (int64_t)rng_below(&rng, 10000),
                                .loss_of = loses_by_board,
                                .ctx = &loss};
        struct plan_move all, one;
        bool goes = planner_move(p, &r, &all);
        for (uint32_t i = 1; i < n; i++) {
            for (uint32_t k = 1; k < n; k++) {
                struct plan_board to = b[k];
                to.usable = k == i;
                planner_board(p, k, &to);
            }
            int64_t lost = b[i].task == PLAN_NONE ? 0 : loses_by_board(&loss, i);
            if (!planner_move(p, &r, &one) || (best != PLAN_NONE && one.go_s + lost >= least))
                continue;
            best = i;
            least = one.go_s + lost;
        }
        if (goes != (best != PLAN_NONE) || (goes && all.board != best))
            fail_msg("round %d: board %d, by itself the best is %d", round, goes ? (int)all.board : -1,
                     (int)best);
        moves += goes;
        planner_free(p);
    }
    assert_in_range(moves, 50, 280);
}

// A planner that was asked before a fleet changed says what one says that sees it for the first time.
static void what_was_computed_is_forgotten_when_a_zone_changes(void **state)
{
    (void)state;
    struct rng rng;
    int moves = 0;
    rng_seed(&rng, 31);
    for (int round = 0; round < 300; round++) {
        struct plan_board b[FLEET];
        uint32_t n;
        struct planner *old = random_fleet(&rng, b, &n), *new = planner_new(price_table_default());
        struct plan_runner r = {
            .task = ACTIVITY_ONDEMAND, .speed_permille = 100, .left_s = 9000, .lost_s = 600};
        struct plan_move before, was, is;
        planner_move(old, &r, &before);
        planner_site(new, 0, &(struct plan_site){.cap_mw = -1});
        for (int a = 0; a < PLAN_CLASSES; a++)
            put_task(new, (uint32_t)a, (enum activity)a);
        for (uint32_t z = 0; z < ROOMS; z++) {
            int32_t w = z ? (int32_t)rng_below(&rng, 40) * 10 : 15, max_w = w + (int32_t)rng_below(&rng, 100);
            room(old, z, w, max_w);
            room(new, z, w, max_w);
        }
        planner_move(old, &r, &before);
        for (uint32_t i = 1; i < n; i++) {
            bool held = rng_below(&rng, 2);
            b[i].task = held ? ACTIVITY_DONATED : PLAN_NONE;
            b[i].activity = held ? ACTIVITY_DONATED : ACTIVITY_RESERVED;
            planner_board(old, i, &b[i]);
        }
        for (uint32_t i = 0; i < n; i++)
            planner_board(new, i, &b[i]);
        bool goes = planner_move(old, &r, &was);
        if (goes != planner_move(new, &r, &is) || (goes && (was.board != is.board || was.go_s != is.go_s)))
            fail_msg("round %d: board %d in %lld s, a new planner says %d in %lld s", round,
                     goes ? (int)was.board : -1, (long long)was.go_s, (int)is.board, (long long)is.go_s);
        moves += goes;
        planner_free(old);
        planner_free(new);
    }
    assert_in_range(moves, 50, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_crawls_goes_where_heat_is_wanted),
        cmocka_unit_test(boot_and_lost_work_count),
        cmocka_unit_test(a_factor_of_two_is_asked_of_the_guess),
        cmocka_unit_test(a_lower_class_makes_room_and_an_equal_one_does_not),
        cmocka_unit_test(what_may_not_be_there_does_not_go),
        cmocka_unit_test(nobody_goes_to_and_fro),
        cmocka_unit_test(nobody_fast_enough_is_passed_over),
        cmocka_unit_test(what_was_computed_is_forgotten_when_a_zone_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
