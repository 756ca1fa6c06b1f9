// SPDX-License-Identifier: Apache-2.0
// Heating ahead of a step of the week: the room is where an ideal heater without metal, started at the step,
// would have it; and nobody heats for what does not come.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/heat/ahead.h"
#include "core/heat/plant.h"

#define STEP_S 8 * 3600 // of the day

static struct schedule week(const char *text)
{
    struct schedule s;
    struct err e = ERR_NULL;
    if (schedule_parse(text, &s, &e) < 0)
        fail_msg("%s", e.text);
    return s;
}

static const struct zone_wish base = {ZONE_COMFORT, 18000};

// Runs the room by its week for so many seconds.
static void run_by(struct rig *g, const struct schedule *s, int64_t seconds)
{
    for (int64_t i = 0; i < seconds; i += g->step_s) {
        struct zone_wish w = ahead_wish(&g->t, s, &base, HOUSE_MS(0), HOUSE_MS(g->t_s * 1000), 0, NULL);
        thermostat_set_wish(&g->t, &w);
        rig_run(g, g->step_s);
    }
}

// All its watts go to the room at once.
static int64_t ideal_seconds(struct plant p, int64_t t_s, double level_c)
{
    int64_t n = 0;
    p.draw_w = p.nameplate_w;
    for (; n < DAY_S && p.ti < level_c; n++) {
        p.th = p.ti + p.draw_w / p.ua;
        plant_second(&p, t_s + n);
    }
    return n;
}

static void a_step_of_the_week_is_reached_like_an_ideal_heater_without_metal_does(void **state)
{
    (void)state;
    static const struct {
        double loss;
        int32_t nameplate_w;
        double outside_c;
    } rooms[] = {{0.65, 900, 5}, {1.0, 900, 8}, {1.3, 1350, 3}};
    struct schedule s = week("daily 08:00 21; daily 20:00 18");
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        struct rig g;
        rig_init(&g, plant_room(rooms[i].loss, rooms[i].nameplate_w, 18, rooms[i].outside_c), 18, 60);
        g.p.ua = 10 * g.t.cfg.heaters; // 45 K at full power: the metal stays below its limit
        g.p.ch = 24e3 * g.t.cfg.heaters;
        g.outside_told = true;
        run_by(&g, &s, 3 * DAY_S + STEP_S - 2 * 3600);
        struct rig plain = g; // the same room, by a thermostat that knows of no step
        rig_run(&plain, 2 * 3600);
        run_by(&g, &s, 2 * 3600);
        int64_t took = 0, ideal = ideal_seconds(plain.p, plain.t_s, 20.5);
        assert_true(g.p.ti < 20.4 && g.p.ti > plain.p.ti); // started before, and not hours before
        for (; took < DAY_S && g.p.ti < 20.5; took += g.step_s)
            run_by(&g, &s, g.step_s);
        if (took > ideal + 600 || took < ideal - 1800)
            fail_msg("room %zu: %lld s, ideal %lld", i, (long long)took, (long long)ideal);
    }
}

static void a_hand_at_the_knob_and_a_step_down_are_followed_at_once(void **state)
{
    (void)state;
    struct rig g;
    rig_init(&g, plant_room(1.0, 1000, 21, 5), 21, 60);
    run_by(&g, &(struct schedule){0}, 3600);
    struct zone_wish up = {ZONE_COMFORT, 21000}, down = {ZONE_ECO, 21000}, same = {ZONE_COMFORT, 18500};
    assert_int_equal(ahead_lead_ms(&g.t, &up, &down), 0);
    assert_int_equal(ahead_lead_ms(&g.t, &base, &same), 0); // half a kelvin is not worth it
    assert_int_equal(ahead_lead_ms(&g.t, &base, &base), 0);
}

static void the_lead_is_longer_for_a_long_way_up_and_never_above_an_hour(void **state)
{
    (void)state;
    struct schedule s = week("daily 08:00 20; daily 14:00 18");
    struct rig g;
    rig_init(&g, plant_room(1.0, 1000, 18, 0), 18, 60);
    g.outside_told = true;
    run_by(&g, &s, 2 * DAY_S);
    int64_t lead[4];
    for (int i = 0; i < 4; i++) {
        struct zone_wish next = {ZONE_COMFORT, 19500 + 2000 * i};
        lead[i] = ahead_lead_ms(&g.t, &base, &next);
        if (lead[i] <= 0 || lead[i] > AHEAD_MOST_MS)
            fail_msg("%d: %lld ms at %.2f degC", i, (long long)lead[i], g.t.room_c);
    }
    assert_true(lead[1] > lead[0]);
}

static void it_is_looked_at_again_an_hour_before_and_then_every_minute(void **state)
{
    (void)state;
    struct rig g;
    struct schedule s = week("daily 08:00 21; daily 20:00 18");
    rig_init(&g, plant_room(1.0, 1000, 18, 5), 18, 60);
    run_by(&g, &s, 60);
    struct zone_wish by_day = {ZONE_COMFORT, 21000};
    assert_int_equal(ahead_lead_ms(&g.t, &base, &by_day), 0); // it does not know its room yet
    g.outside_told = true;
    run_by(&g, &s, 3 * DAY_S - 60);
    assert_true(g.t.est.usable);
    house_ms eight = HOUSE_MS(START_MS + (3 * DAY_S + STEP_S) * INT64_C(1000)), look;
    ahead_wish(&g.t, &s, &base, HOUSE_MS(0), house_add(eight, -7 * 3600000), 0, &look);
    assert_int_equal(house_since(eight, look), AHEAD_MOST_MS);
    struct zone_wish w = ahead_wish(&g.t, &s, &base, HOUSE_MS(0), look, 0, &look);
    assert_int_equal(w.setpoint_mc, 18000);
    assert_int_equal(house_since(eight, look), AHEAD_MOST_MS - 60000);
    // A minute before it has begun, and stays so when the room is there early.
    w = ahead_wish(&g.t, &s, &base, HOUSE_MS(0), house_add(eight, -60000), 0, &look);
    assert_int_equal(w.setpoint_mc, 21000);
    g.t.room_c = 21;
    w = ahead_wish(&g.t, &s, &base, HOUSE_MS(0), house_add(eight, -30000), 0, &look);
    assert_int_equal(w.setpoint_mc, 21000);
    // While a boost lasts nothing is ahead of anything.
    g.t.ahead_of = HOUSE_MS(0);
    w = ahead_wish(&g.t, &s, &base, house_add(eight, 60000), house_add(eight, -30000), 0, NULL);
    assert_int_equal(w.mode, ZONE_BOOST);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_of_the_week_is_reached_like_an_ideal_heater_without_metal_does),
        cmocka_unit_test(a_hand_at_the_knob_and_a_step_down_are_followed_at_once),
        cmocka_unit_test(the_lead_is_longer_for_a_long_way_up_and_never_above_an_hour),
        cmocka_unit_test(it_is_looked_at_again_an_hour_before_and_then_every_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
