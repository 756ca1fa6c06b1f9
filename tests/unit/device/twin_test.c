// SPDX-License-Identifier: Apache-2.0
// The virtual body: it draws what is really done, its meter errs a little and wraps, its sensor lags, and its
// rooms live on in their file.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/twin.h"

#define START_MS INT64_C(1705276800000)
#define HOUR_MS  INT64_C(3600000)

struct house {
    struct weather weather;
    struct device d;
    house_ms now;
};

static int house_open(struct house *h, const char *file, const char *archetype, house_ms now, struct err *e)
{
    weather_synthetic_paris(&h->weather, 2024, 7);
    static const struct twin_board board[] = {{.name = "b0"}, {.name = "b1"}};
    struct twin_board b[2] = {board[0], board[1]};
    b[0].curve = b[1].curve = curve_default();
    struct twin_zone z = {.name = "z", .archetype = archetype, .start_c = 19, .setpoint_mc = 20000};
    struct twin_config c = {.zone = &z,
                            .n_zones = 1,
                            .board = b,
                            .n_boards = 2,
                            .weather = &h->weather,
                            .seed = 5,
                            .speed = 10,
                            .state_file = file};
    h->now = now;
    int r = twin_init(&h->d, &c, now, e);
    if (r < 0)
        weather_deinit(&h->weather);
    return r;
}

static void house_close(struct house *h)
{
    h->d.free(h->d.ctx);
    weather_deinit(&h->weather);
}

static void set(struct house *h, size_t board, enum activity run, int32_t mhz)
{
    struct operating_point p = curve_at(curve_default(), mhz, 1000);
    struct err e = ERR_NULL;
    assert_int_equal(h->d.apply(h->d.ctx, board, &(struct board_order){run, p, 0}, &e), 0);
}

static void pass(struct house *h, int64_t ms, int64_t step_ms)
{
    for (; ms > 0; ms -= step_ms) {
        h->now = house_add(h->now, step_ms);
        h->d.tick(h->d.ctx, h->now);
    }
}

static void a_board_draws_by_what_its_task_really_uses(void **state)
{
    (void)state;
    struct house h = {0};
    struct err e = ERR_NULL;
    assert_int_equal(house_open(&h, NULL, "rt2005", HOUSE_MS(START_MS), &e), 0);
    set(&h, 0, ACTIVITY_FLEX, 3000);
    set(&h, 1, ACTIVITY_FILLER, 3000);
    const struct curve *c = curve_default();
    int64_t busy_mw = curve_at(c, 3000, 1000).draw_mw, seconds = 3600;
    // A share of half a core, of which the task uses a half: at speed 10, 0.25 core of 100 ms of wall a
    // second of house.
    for (int i = 0; i < seconds; i++) {
        h.d.used(h.d.ctx, 0, 25000, 500);
        pass(&h, 1000, 1000);
    }
    int64_t want = (c->idle_mw + (busy_mw - c->idle_mw) / 2) * seconds;
    assert_true(llabs(twin_true_mj(&h.d, 0) - want) < want / 200);
    assert_int_equal(twin_true_mj(&h.d, 1), busy_mw * seconds); // filler is accounted for, whole
    // One that uses more than its share draws no more than its point.
    int64_t before = twin_true_mj(&h.d, 0);
    for (int i = 0; i < seconds; i++) {
        h.d.used(h.d.ctx, 0, 90000, 500);
        pass(&h, 1000, 1000);
    }
    assert_true(llabs(twin_true_mj(&h.d, 0) - before - busy_mw * seconds) < 1000);
    set(&h, 0, ACTIVITY_SLEEP, 0);
    before = twin_true_mj(&h.d, 0);
    pass(&h, HOUR_MS, 10000);
    assert_int_equal(twin_true_mj(&h.d, 0) - before, c->sleep_mw * seconds);
    house_close(&h);
}

static void the_meter_errs_by_at_most_half_a_percent_and_wraps(void **state)
{
    (void)state;
    struct house h = {0};
    struct err e = ERR_NULL;
    assert_int_equal(house_open(&h, NULL, "rt2005", HOUSE_MS(START_MS), &e), 0);
    set(&h, 0, ACTIVITY_BURN, 4000);
    int64_t counted = 0, last = 0;
    int wraps = 0;
    for (int i = 0; i < 6 * 60; i++) {
        struct board_meter m;
        pass(&h, 60000, 60000);
        h.d.meter(h.d.ctx, 0, &m);
        assert_int_equal(m.wrap_mj, TWIN_WRAP_MJ);
        assert_in_range(m.raw_mj, 0, TWIN_WRAP_MJ - 1);
        wraps += m.raw_mj < last;
        counted += m.raw_mj - last + (m.raw_mj < last ? TWIN_WRAP_MJ : 0);
        last = m.raw_mj;
    }
    int64_t truth = twin_true_mj(&h.d, 0);
    assert_true(wraps >= 10);
    assert_true(counted != truth && llabs(counted - truth) * 1000 <= truth * 5);
    house_close(&h);
}

static void the_room_warms_by_every_joule_whatever_the_beat(void **state)
{
    (void)state;
    int32_t air[3];
    static const int64_t beat[3] = {1000, 10000, 27000};
    for (int i = 0; i < 3; i++) {
        struct house h = {0};
        struct err e = ERR_NULL;
        assert_int_equal(house_open(&h, NULL, "rt2005", HOUSE_MS(START_MS), &e), 0);
        set(&h, 0, ACTIVITY_BURN, 3500);
        pass(&h, 9 * HOUR_MS, beat[i]);
        air[i] = twin_air_mc(&h.d, 0);
        struct zone_sense s;
        h.d.sense(h.d.ctx, 0, &s);
        assert_in_range(house_since(h.now, s.at), 0, TWIN_STEP_MS - 1);
        int32_t off = s.room_mc * 16 % 1000; // sixteenths of a kelvin, rounded to the millikelvin
        assert_true(off <= 8 || off >= 992);
        assert_true(s.heatsink_mc > s.room_mc && s.cpu_mc > s.heatsink_mc);
        house_close(&h);
    }
    assert_true(abs(air[0] - air[1]) <= 2 && abs(air[0] - air[2]) <= 20);
}

static void a_house_cools_while_its_program_is_gone(void **state)
{
    (void)state;
    char file[] = "/tmp/ondol_twin_XXXXXX";
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    unlink(file);
    struct house h = {0};
    struct err e = ERR_NULL;
    assert_int_equal(house_open(&h, file, "rt2005", HOUSE_MS(START_MS), &e), 0);
    set(&h, 0, ACTIVITY_BURN, 4000);
    set(&h, 1, ACTIVITY_BURN, 4000);
    pass(&h, 12 * HOUR_MS, 10000);
    int32_t warm = twin_air_mc(&h.d, 0);
    struct board_meter before, after;
    h.d.meter(h.d.ctx, 0, &before);
    assert_int_equal(h.d.save(h.d.ctx, &e), 0);
    house_ms left = h.now;
    house_close(&h);
    assert_int_equal(house_open(&h, file, "rt2005", left, &e), 0); // back at once: as it was
    assert_int_equal(twin_air_mc(&h.d, 0), warm);
    h.d.meter(h.d.ctx, 0, &after);
    assert_int_equal(after.raw_mj, before.raw_mj);
    house_close(&h);
    assert_int_equal(house_open(&h, file, "rt2005", house_add(left, 6 * HOUR_MS), &e), 0);
    assert_true(twin_air_mc(&h.d, 0) < warm - 500);
    house_close(&h);
    FILE *f = fopen(file, "a");
    fputs("zone other 1 2 3 4 5 6 7\n", f);
    fclose(f);
    assert_int_equal(house_open(&h, file, "rt2005", left, &e), -EINVAL);
    assert_non_null(strstr(e.text, ":6: is not of this house"));
    unlink(file);
}

static void an_unknown_kind_of_room_is_refused(void **state)
{
    (void)state;
    struct house h = {0};
    struct err e = ERR_NULL;
    assert_int_equal(house_open(&h, NULL, "igloo", HOUSE_MS(START_MS), &e), -EINVAL);
    assert_string_equal(e.text, "zone z: archetype igloo: there is no such kind of room");
}

static void the_shadow_holds_what_the_zone_wants(void **state)
{
    (void)state;
    struct house h = {0};
    struct err e = ERR_NULL;
    assert_int_equal(house_open(&h, NULL, "passive", HOUSE_MS(START_MS), &e), 0);
    struct zone_shadow s;
    h.d.wish(h.d.ctx, 0, 14000); // what two boards can hold on the coldest day
    pass(&h, 24 * 5 * HOUR_MS, 10000);
    h.d.shadow(h.d.ctx, 0, &s);
    assert_in_range(s.shadow_mc, 13990, 14010);
    assert_true(s.shadow_mj > 0);
    h.d.wish(h.d.ctx, 0, 14500);
    pass(&h, 24 * 5 * HOUR_MS, 10000);
    h.d.shadow(h.d.ctx, 0, &s);
    assert_in_range(s.shadow_mc, 14490, 14510);
    house_close(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_board_draws_by_what_its_task_really_uses),
        cmocka_unit_test(the_meter_errs_by_at_most_half_a_percent_and_wraps),
        cmocka_unit_test(the_room_warms_by_every_joule_whatever_the_beat),
        cmocka_unit_test(a_house_cools_while_its_program_is_gone),
        cmocka_unit_test(an_unknown_kind_of_room_is_refused),
        cmocka_unit_test(the_shadow_holds_what_the_zone_wants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
