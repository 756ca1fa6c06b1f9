// SPDX-License-Identifier: Apache-2.0
// Who crawls finds the one room that is fast enough, wherever among many it is.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/plan/plan.h"

#define ROOMS  27 // more than three eights, and some
#define COLD_W 2  // nobody works by so little

static const struct board_spec spec = {.cores = 8, .memory_mb = 16384, .key = "8c"};

static void room(struct planner *p, uint32_t at, int32_t watts)
{
    planner_zone(p, at, &(struct plan_zone){.online = true, .request = {.target_w = watts, .max_w = watts}});
}

// One board in each room; task 0 runs in the first.
static struct planner *cold_rooms(void)
{
    struct planner *p = planner_new(price_table_default());
    planner_site(p, 0, &(struct plan_site){.cap_mw = -1});
    planner_task(
        p, 0, &(struct plan_task){.activity = ACTIVITY_ONDEMAND, .account = 1, .order = 1, .run = RUN_HOUR});
    for (uint32_t z = 0; z < ROOMS; z++) {
        struct plan_board b = {
            .zone = z, .spec = &spec, .curve = curve_default(), .usable = true, .task = z ? PLAN_NONE : 0};
        b.activity = ACTIVITY_ONDEMAND;
        b.account = z ? 0 : 1;
        room(p, z, COLD_W);
        planner_board(p, z, &b);
    }
    return p;
}

static void the_only_fast_room_is_found_wherever_it_is(void **state)
{
    (void)state;
    const struct plan_runner crawler = {.speed_permille = 50, .left_s = 3400, .lost_s = 200};
    struct planner *p = cold_rooms();
    struct plan_move m;
    assert_false(planner_move(p, &crawler, &m));
    for (uint32_t z = 1; z < ROOMS; z++) {
        room(p, z, 150);
        if (!planner_move(p, &crawler, &m) || m.board != z)
            fail_msg("room %u is fast, and nobody goes there", (unsigned)z);
        room(p, z, COLD_W);
        assert_false(planner_move(p, &crawler, &m));
    }
    planner_free(p);
}

// The engine makes no look before: so up to that nothing may be found, and not far beyond it something.
static void before_it_pays_nobody_goes(void **state)
{
    (void)state;
    struct planner *p = cold_rooms();
    struct plan_move m;
    room(p, 5, 1000); // full speed
    for (int64_t lost_s = 10; lost_s < 100000; lost_s *= 3)
        for (int64_t left_s = 10; left_s < 100000; left_s *= 3) {
            struct plan_runner r = {.left_s = left_s, .lost_s = lost_s};
            int64_t pays_s = planner_move_pays_s(p, &r);
            r.speed_permille = (int32_t)(left_s * 1000 / pays_s + 1);
            assert_true(left_s * 1000 / r.speed_permille < pays_s);
            assert_false(planner_move(p, &r, &m));
            r.speed_permille = (int32_t)(left_s * 1000 / (pays_s + pays_s / 8 + 600));
            if (r.speed_permille > 0 && !planner_move(p, &r, &m))
                fail_msg("%lld s left, %lld s lost: nothing found", (long long)left_s, (long long)lost_s);
        }
    planner_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_only_fast_room_is_found_wherever_it_is),
        cmocka_unit_test(before_it_pays_nobody_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
