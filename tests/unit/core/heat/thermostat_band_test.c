// SPDX-License-Identifier: Apache-2.0
// The thermostat of a room that urgent work warms within its band (docs/design/0052-band.md): where the room
// gets to, that it comes back quietly, what is learned and said meanwhile.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "plant.h"

// Urgent work takes all that the room can bear, while there is some.
struct urgent {
    struct rig *g;
    bool works;
};

static double with_urgent_work(void *self, double target_w, double max_w)
{
    struct urgent *u = self;
    double w = u->works && max_w > target_w ? max_w : target_w;
    thermostat_set_lift(&u->g->t, (int32_t)(w - target_w));
    return w;
}

// As tests/unit/core/heat/thermostat_test.c: loss per floor area by age, and heaters that fit 30 m2 of it.
static const struct {
    double h;
    int32_t nameplate_w;
} rooms[] = {{0.65, 500}, {1.8, 1500}, {0.45, 500}};
#define ROOMS (sizeof rooms / sizeof rooms[0])

static void urgent_work_warms_a_room_to_the_top_of_its_band_and_it_comes_back_quietly(void **state)
{
    (void)state;
    static const int hours[] = {2, 24};
    for (size_t k = 0; k < 2; k++)
        for (size_t i = 0; i < ROOMS; i++) {
            struct rig g;
            struct urgent u = {&g, false};
            rig_init(&g, plant_room(rooms[i].h, rooms[i].nameplate_w, 20, 5), 20, 60);
            g.actuate = with_urgent_work;
            g.actuate_self = &u;
            rig_run(&g, DAY_S);
            u.works = true;
            rig_clear(&g);
            rig_run(&g, hours[k] * 3600);
            bool there = hours[k] < 6 || (g.highest > 0.3 && g.highest < 0.65);
            if (!there || g.highest > 0.65 || g.lowest < -0.2)
                fail_msg("room %zu, %d h: highest %.2f lowest %.2f", i, hours[k], g.highest, g.lowest);
            u.works = false;
            rig_clear(&g);
            rig_run(&g, DAY_S / 2);
            if (g.lowest < -0.15 || g.highest > 0.65 || fabs(g.p.ti - 20) > 0.12)
                fail_msg("room %zu, %d h: after it highest %.2f lowest %.2f end %.2f", i, hours[k], g.highest,
                         g.lowest, g.p.ti);
            assert_int_equal(g.t.guard, GUARD_NONE);
        }
}

// While it works for days the weather turns: the room wants other watts than when it began.
static void weather_that_turned_meanwhile_is_known_when_it_ends(void **state)
{
    (void)state;
    struct rig g;
    struct urgent u = {&g, false};
    rig_init(&g, plant_room(1.0, 1000, 20, 10), 20, 60);
    g.actuate = with_urgent_work;
    g.actuate_self = &u;
    rig_run(&g, DAY_S / 2);
    u.works = true;
    g.p.out_mean = -2; // 360 W more
    rig_run(&g, 2 * DAY_S);
    u.works = false;
    rig_clear(&g);
    rig_run(&g, DAY_S);
    if (g.lowest < -0.25 || fabs(g.p.ti - 20) > 0.12)
        fail_msg("lowest %.2f, end %.2f", g.lowest, g.p.ti);
}

// The room is learned by what was drawn, and a thermostat that goes blind goes on with that.
static void what_the_room_takes_is_learned_from_the_watts_that_were_drawn(void **state)
{
    (void)state;
    struct rig g;
    struct urgent u = {&g, true};
    rig_init(&g, plant_room(1.0, 1000, 20, 5), 20, 60);
    g.actuate = with_urgent_work;
    g.actuate_self = &u;
    g.outside_told = true;
    rig_run(&g, 2 * DAY_S);
    double need = plant_need_w(&g.p, 20.4);
    assert_true(g.t.request.target_w < need / 3); // the loop itself wants next to nothing
    if (fabs(g.t.mean_w - need) > 0.3 * need)
        fail_msg("mean %.0f W, the room takes %.0f", g.t.mean_w, need);
    double learned = estimate_need_w(&g.t.est, 1000, 20.4, g.p.out_mean);
    if (!g.t.est.usable || fabs(learned - need) > 0.25 * need)
        fail_msg("learned %.0f W, the room takes %.0f", learned, need);
}

static void above_the_band_nothing_is_borne_and_nothing_changes(void **state)
{
    (void)state;
    struct rig g[2];
    for (int i = 0; i < 2; i++) {
        struct urgent u = {&g[i], i == 1};
        rig_init(&g[i], plant_room(0.65, 500, 21.5, 12), 20, 10);
        g[i].actuate = with_urgent_work;
        g[i].actuate_self = &u;
        rig_run(&g[i], 4 * 3600);
        assert_true(g[i].p.ti > 20.5);
    }
    assert_true(g[0].p.ti == g[1].p.ti && g[0].t.integral_w == g[1].t.integral_w);
}

static void why_says_that_urgent_work_warms_it(void **state)
{
    (void)state;
    struct rig g;
    struct urgent u = {&g, true};
    char why[200];
    rig_init(&g, plant_room(1.0, 1000, 20, 5), 20, 10);
    g.actuate = with_urgent_work;
    g.actuate_self = &u;
    rig_run(&g, DAY_S / 4);
    thermostat_why(&g.t, HOUSE_MS(g.t_s * 1000), 0, why, sizeof why);
    assert_non_null(strstr(why, "W more: warmed within its band by urgent work"));
    u.works = false;
    rig_run(&g, 60);
    thermostat_why(&g.t, HOUSE_MS(g.t_s * 1000), 0, why, sizeof why);
    assert_null(strstr(why, "urgent"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urgent_work_warms_a_room_to_the_top_of_its_band_and_it_comes_back_quietly),
        cmocka_unit_test(weather_that_turned_meanwhile_is_known_when_it_ends),
        cmocka_unit_test(what_the_room_takes_is_learned_from_the_watts_that_were_drawn),
        cmocka_unit_test(above_the_band_nothing_is_borne_and_nothing_changes),
        cmocka_unit_test(why_says_that_urgent_work_warms_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
