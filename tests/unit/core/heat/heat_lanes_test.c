// SPDX-License-Identifier: Apache-2.0
// Side by side gives the digits of one by one, whatever happens to some of the zones.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "core/heat/guards.h"
#include "core/heat/lanes.h"
#include "core/heat/step.h"

#define N        37
#define PLACES   (N + N / 3 + 1)
#define START_MS INT64_C(1764547200000)
#define DAY_MS   INT64_C(86400000)

// A room of one warm mass and a heater of one, and what befalls it.
struct room {
    double air_c, metal_c, outside_c;
    bool open;
};

static void room_step(struct room *r, double w, double dt_s)
{
    double h = 10 * (r->metal_c - r->air_c);
    r->metal_c += (w - h) * dt_s / 24000;
    r->air_c += (h - (r->open ? 600 : 15) * (r->air_c - r->outside_c)) * dt_s / 1.5e6;
}

struct fleet {
    struct rng rng;
    struct room room[N];
    struct thermostat one[N], many[N];
    struct zone_sense sense[N];
    struct heat_spacing k[N];
    struct heat_lanes lanes;
    uint32_t place[PLACES];
};

// Some lanes are empty.
static size_t place_of(int i)
{
    return (size_t)(i + i / 3);
}

static void fleet_init(struct fleet *f, uint64_t seed)
{
    struct thermostat_config c;
    memset(f, 0, sizeof *f);
    rng_seed(&f->rng, seed);
    thermostat_config_default(&c, 459);
    for (int i = 0; i < N; i++) {
        f->room[i] = (struct room){.air_c = 15 + 10 * rng_unit(&f->rng), .metal_c = 20, .outside_c = 5};
        thermostat_init(&f->one[i], &c);
        thermostat_init(&f->many[i], &c);
        f->k[i].ms = -1;
    }
    for (int i = 0; i < PLACES; i++)
        f->place[i] = LANE_EMPTY;
    for (int i = 0; i < N; i++)
        f->place[place_of(i)] = (uint32_t)i;
    lanes_init(&f->lanes, f->many, f->place, PLACES);
    f->lanes.hot_draw_mw = mem_lines(wide_room(PLACES), sizeof(int32_t));
}

static void wish(struct fleet *f, int i, struct zone_wish w)
{
    thermostat_set_wish(&f->one[i], &w);
    thermostat_set_wish(lanes_pull(&f->lanes, place_of(i)), &w);
    lanes_push(&f->lanes, place_of(i));
}

static void befall(struct fleet *f, int i, int64_t step)
{
    uint64_t what = rng_below(&f->rng, 400);
    struct room *r = &f->room[i];
    r->outside_c = 5 + 20 * ((double)(step / 2000 % 3)) / 2; // a cold, a mild and a hot spell
    if (what < 2)
        r->open = !r->open;
    else if (what == 2)
        wish(f, i, (struct zone_wish){ZONE_COMFORT, 16000 + 500 * (int32_t)rng_below(&f->rng, 20)});
    else if (what == 3)
        wish(f, i, (struct zone_wish){(enum zone_mode)rng_below(&f->rng, ZONE_MODE_N), 21000});
}

static void sense(struct fleet *f, int i, house_ms now)
{
    struct room *r = &f->room[i];
    uint64_t what = rng_below(&f->rng, 3000);
    int32_t draw_mw = f->one[i].request.target_w * 1000;
    f->sense[i] = (struct zone_sense){.at = now,
                                      .room_mc = (int32_t)(r->air_c * 16) * 625 / 10,
                                      .heatsink_mc = i % 5 == 4 ? INT32_MIN : (int32_t)(r->metal_c * 1000),
                                      .cpu_mc = what == 0 ? 95000 : 60000,
                                      .draw_mw = draw_mw,
                                      .hot_draw_mw = i % 7 == 3 ? draw_mw / 2 : 0,
                                      .outside_mc = INT32_MIN};
    if (what == 1)
        f->sense[i].room_mc = INT32_MIN;
    else if (what == 2)
        f->sense[i].room_mc += 9000;
    else if (what == 3)
        f->sense[i].heatsink_mc = 110000;
    struct heat_lanes *l = &f->lanes;
    size_t at = place_of(i);
    l->room_mc[at] = f->sense[i].room_mc;
    l->heatsink_mc[at] = f->sense[i].heatsink_mc;
    l->cpu_mc[at] = f->sense[i].cpu_mc;
    l->draw_mw[at] = draw_mw;
    l->hot_draw_mw[at] = f->sense[i].hot_draw_mw;
}

// The weather is told now and then; once nobody knows it for a while.
static void outside(struct fleet *f, int64_t step)
{
    int32_t mc = step / 1500 % 4 == 2 ? INT32_MIN : (int32_t)(f->room[0].outside_c * 1000);
    if (step % 15 != 0)
        return;
    for (int i = 0; i < N; i++)
        thermostat_set_outside(&f->one[i], mc);
    lanes_set_outside(&f->lanes, mc);
}

static bool same_estimate(const struct zone_estimate *a, const struct zone_estimate *b)
{
    return memcmp(a->theta, b->theta, sizeof a->theta) == 0 && memcmp(a->cov, b->cov, sizeof a->cov) == 0 &&
           a->last_y == b->last_y && a->last_p == b->last_p && a->samples == b->samples &&
           a->sane == b->sane && a->outside_known == b->outside_known && a->started == b->started &&
           a->have_last_p == b->have_last_p && a->capacity_known == b->capacity_known &&
           a->usable == b->usable && a->sum_p_s == b->sum_p_s;
}

static void compare(struct fleet *f, int i, int64_t step)
{
    const struct thermostat *a = &f->one[i], *b = lanes_pull(&f->lanes, place_of(i));
    bool same = a->room_c == b->room_c && a->metal_c == b->metal_c && a->integral_w == b->integral_w &&
                a->mean_w == b->mean_w && a->slope_k_per_min == b->slope_k_per_min &&
                a->guards == b->guards && a->guard == b->guard && a->pending == b->pending &&
                a->kp == b->kp && a->kp_per_ti == b->kp_per_ti && a->per_tt == b->per_tt &&
                a->capacity_j_per_k == b->capacity_j_per_k && a->jump_mc == b->jump_mc &&
                a->jump_at.v == b->jump_at.v && a->full_since.v == b->full_since.v &&
                a->heatsink_c == b->heatsink_c && a->last_sense_at.v == b->last_sense_at.v &&
                same_estimate(&a->est, &b->est) && a->request.target_w == b->request.target_w &&
                a->request.max_w == b->request.max_w && a->request.min_w == b->request.min_w;
    if (!same)
        fail_msg("zone %d at step %d: %.17g and %.17g degC, %d and %d W, guards %x and %x", i, (int)step,
                 a->room_c, b->room_c, (int)a->request.target_w, (int)b->request.target_w, a->guards,
                 b->guards);
}

static void run_with_registers_of(unsigned bits)
{
    struct fleet f;
    uint32_t seen = 0;
    size_t alone = 0, steps = 0, usable = 0;
    fleet_init(&f, 11);
    f.lanes.usual = heat_usual_of(bits);
    for (int64_t step = 0; step < 6000; step++) {
        int64_t dt_ms = step % 97 == 0 ? 20000 : 60000; // now and then another spacing
        house_ms now = HOUSE_MS(START_MS + step * 60000 - (60000 - dt_ms) + step / 5500 * DAY_MS * 25);
        outside(&f, step);
        for (int i = 0; i < N; i++) {
            befall(&f, i, step);
            sense(&f, i, now);
            room_step(&f.room[i], f.one[i].request.target_w, 60);
            heat_step_one(&f.one[i], &f.sense[i], &f.k[i], now);
            seen |= f.one[i].guards;
            usable += f.one[i].est.usable;
        }
        alone += lanes_step(&f.lanes, now, now);
        steps += N;
        for (int i = 0; i < N; i++)
            compare(&f, i, step);
    }
    lanes_deinit(&f.lanes);
    // It was worth comparing: these guards came, and yet most steps were side by side.
    uint32_t want = GUARD_BIT(GUARD_ROOM_HOT) | GUARD_BIT(GUARD_WINDOW_OPEN) | GUARD_BIT(GUARD_SURFACE_HOT) |
                    GUARD_BIT(GUARD_SENSOR_IMPOSSIBLE) | GUARD_BIT(GUARD_CPU_HOT) | GUARD_BIT(GUARD_OFF);
    assert_int_equal(seen & want, want);
    print_message("%u bits: %zu of %zu steps alone, %zu with a usable estimate\n", bits, alone, steps,
                  usable);
    assert_true(usable * 4 > steps);
    assert_true(alone * 2 < steps);
}

static void side_by_side_gives_the_digits_of_one_by_one_in_registers_of_all_widths(void **state)
{
    static const unsigned widths[] = {128, 256, 512};
    (void)state;
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++)
        if (heat_usual_of(widths[i]))
            run_with_registers_of(widths[i]);
}

static void where_there_is_no_zone_nothing_is_wanted(void **state)
{
    (void)state;
    struct fleet f;
    fleet_init(&f, 13);
    for (int64_t step = 0; step < 60; step++) {
        house_ms now = HOUSE_MS(START_MS + step * 60000);
        for (int i = 0; i < N; i++)
            sense(&f, i, now);
        lanes_step(&f.lanes, now, now);
        for (size_t i = 0; i < wide_end(PLACES); i++)
            if (i >= PLACES || f.place[i] == LANE_EMPTY)
                assert_true(!f.lanes.target_w[i] && !f.lanes.max_w[i] && !f.lanes.min_w[i]);
    }
    lanes_deinit(&f.lanes);
}

static void the_joules_of_a_request_are_there_when_asked_for(void **state)
{
    (void)state;
    struct fleet f;
    fleet_init(&f, 12);
    for (int64_t step = 0; step < 60; step++) {
        house_ms now = HOUSE_MS(START_MS + step * 60000);
        for (int i = 0; i < N; i++) {
            sense(&f, i, now);
            heat_step(&f.one[i], &f.sense[i], 1, now);
        }
        lanes_step(&f.lanes, now, now);
        for (int i = 0; i < N; i++) {
            const struct heat_request *a = &f.one[i].request, *b = lanes_request(&f.lanes, place_of(i));
            assert_int_equal(a->up_j, b->up_j);
            assert_int_equal(a->down_j, b->down_j);
            assert_int_equal(a->valid_until.v, b->valid_until.v);
            assert_int_equal(a->t_up_s, b->t_up_s);
        }
    }
    lanes_deinit(&f.lanes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(side_by_side_gives_the_digits_of_one_by_one_in_registers_of_all_widths),
        cmocka_unit_test(where_there_is_no_zone_nothing_is_wanted),
        cmocka_unit_test(the_joules_of_a_request_are_there_when_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
