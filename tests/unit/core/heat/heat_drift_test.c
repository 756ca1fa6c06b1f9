// SPDX-License-Identifier: Apache-2.0
// The step is in single precision. A year of it goes as with doubles: what is rounded away in a step does not
// add up, as the loop sees the room that comes of it.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "core/heat/thermostat.h"

#define START_MS INT64_C(1764547200000)
#define FULL_W   500
#define SETPOINT 20.0

// A room with a heater's metal, as room_step() of heat_lanes_test.c, and half a year's weather.
struct room {
    double air_c, metal_c;
};

static double outside_c(double t_s)
{
    double day = t_s / 86400, year = day / 365;
    return 10 - 9 * cos(6.283185307 * year) + 4 * sin(6.283185307 * day);
}

static void room_step(struct room *r, double w, double t_s, double dt_s)
{
    double h = 10 * (r->metal_c - r->air_c);
    r->metal_c += (w - h) * dt_s / 24000;
    r->air_c += (h - 15 * (r->air_c - outside_c(t_s))) * dt_s / 1.5e6;
}

// The loop of thermostat.h in doubles, where no guard is: filter, PI, anti-windup.
struct plain {
    double y, integral_w, filter;
};

static double plain_step(struct plain *p, const struct thermostat_config *c, double mc, double dt_s)
{
    double limit = c->nameplate_w;
    p->y += p->filter * (mc * 1e-3 - p->y);
    double v = c->kp_w_per_k * (c->weight_b * SETPOINT - p->y) + p->integral_w;
    double share = fmin(fmax((SETPOINT + c->band_up_mc * 1e-3 - p->y) / 0.2, 0), 1);
    double u = fmin(fmax(v, 0), limit * share);
    p->integral_w += dt_s * (c->kp_w_per_k / c->ti_s * (SETPOINT - p->y) + (u - v) / c->tt_s);
    return floor(u + 0.5);
}

// Both with a room of their own; the estimate, which would change the gains, is kept from learning.
static void run(int64_t steps, double dt_s, double most_k, double most_mean_w)
{
    struct thermostat_config c;
    struct thermostat t;
    struct room a = {SETPOINT, SETPOINT}, b = a;
    double worst_k = 0, sum_w = 0, w = 0;
    thermostat_config_default(&c, FULL_W);
    c.surface_max_mc = 200000;
    thermostat_init(&t, &c);
    thermostat_set_wish(&t, &(struct zone_wish){ZONE_COMFORT, (int32_t)(SETPOINT * 1000)});
    struct plain p = {SETPOINT, 0, 1 - exp(-dt_s / 30)};
    for (int64_t i = 0; i < steps; i++) {
        double t_s = (double)i * dt_s;
        house_ms now = HOUSE_MS(START_MS + (int64_t)(t_s * 1000));
        struct zone_sense s = {.at = now,
                               .room_mc = (int32_t)floor(a.air_c * 1000 + 0.5),
                               .heatsink_mc = INT32_MIN,
                               .cpu_mc = INT32_MIN,
                               .draw_mw = t.request.target_w * 1000,
                               .outside_mc = INT32_MIN};
        heat_step(&t, &s, 1, now);
        if (i == 0)
            p.integral_w = t.integral_w;
        else
            w = plain_step(&p, &c, floor(b.air_c * 1000 + 0.5), dt_s);
        t.est.samples = 0; // never usable
        room_step(&a, t.request.target_w, t_s, dt_s);
        room_step(&b, i == 0 ? t.request.target_w : w, t_s, dt_s);
        worst_k = fmax(worst_k, fabs(a.air_c - b.air_c));
        sum_w += t.request.target_w - (i == 0 ? t.request.target_w : w);
    }
    print_message("steps of %g s: rooms differ by %.2g K at most, watts by %.2g in the mean\n", dt_s, worst_k,
                  fabs(sum_w) / (double)steps);
    assert_true(worst_k < most_k);
    assert_true(fabs(sum_w) / (double)steps < most_mean_w);
    assert_int_equal(t.guards, 0);
}

static void a_year_by_the_minute_goes_as_with_doubles(void **state)
{
    (void)state;
    run(525600, 60, 0.002, 0.01);
}

static void two_days_by_the_second_go_as_with_doubles(void **state)
{
    (void)state;
    run(2 * 86400, 1, 0.005, 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_year_by_the_minute_goes_as_with_doubles),
        cmocka_unit_test(two_days_by_the_second_go_as_with_doubles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
