// SPDX-License-Identifier: Apache-2.0
// A year of hot water for fifty people: tank, loop, digital boiler, backup and hygiene monitor together,
// minute by minute. The backup keeps it safe; without it, the monitor must cry (else the monitor is broken).
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdbool.h>

#include "base/hash.h"
#include "base/num.h"
#include "base/when.h"
#include "world/boiler.h"
#include "world/draw.h"
#include "world/hygiene.h"
#include "world/tank.h"
#include "world/water.h"

static const int64_t MINUTE = 60000;

struct site {
    struct tank tank;
    struct boiler boiler;
    struct hygiene hygiene;
    struct draw draw;
    bool backup;
    double boiler_kwh, backup_kwh, drawn_kwh, loop_kwh, jacket_kwh;
    uint64_t hash; // of what the year did, in millikelvin and joules
    double worst_error, lowest_outlet_c, highest_junction_c;
};

static void site_init(struct site *s, int64_t start_ms, bool backup)
{
    struct tank_spec t;
    struct boiler_spec b;
    struct err e = ERR_NULL;
    tank_spec_init(&t, 1500);
    t.loop_l_min = 5;
    t.loop_w_k = 10;
    boiler_spec_init(&b, 40);
    struct draw_wish w = {.litres_day = 2000, .days = 365, .first_weekday = 2, .seed = 50};
    if (tank_init(&s->tank, &t, 58, &e) < 0 || boiler_init(&s->boiler, &b, 58, &e) < 0 ||
        draw_generate(&s->draw, &w, &e) < 0)
        fail_msg("%s", e.text);
    hygiene_init(&s->hygiene, start_ms, 3600000, 3);
    s->backup = backup;
    s->lowest_outlet_c = 99;
    s->hash = HASH_SEED;
}

// The circuit's pump raises the tank's coldest water to about 58 degC: less flow when the return is cold.
static double circuit_l_min(double bottom_c, double watts)
{
    return num_clamp(watts * 60 / WATER_J_L_K / num_max(58 - bottom_c, 3), 2.1, 20);
}

static void site_minute(struct site *s, int64_t now, int64_t since)
{
    const struct water_mains mains = WATER_MAINS_PARIS;
    double cold = water_mains_c(&mains, now);
    double bottom = tank_bottom_c(&s->tank), asked = bottom < 56 ? 4200 : 0;
    struct boiler_input bin = {asked, bottom, circuit_l_min(bottom, 4200), 18};
    struct boiler_flows bf;
    boiler_step(&s->boiler, &bin, MINUTE, &bf);
    // The controller wants a dose within the day: it makes one when ten hours are left to the deadline.
    bool dose = hygiene_deadline_ms(&s->hygiene) - now < 10 * 3600000;
    struct tank_input tin = {
        .draw_l = draw_hot_l(draw_litres(&s->draw, since, since + MINUTE), 40, s->tank.t[0], cold),
        .cold_c = cold,
        .ambient_c = 18,
        .boiler_w = bf.water_j / 60,
        .boiler_l_min = bin.flow_l_min,
        .backup_set_c = !s->backup ? 0
                        : dose     ? 66
                                   : 57,
    };
    struct tank_flows tf;
    tank_step(&s->tank, &tin, MINUTE, &tf);
    hygiene_step(&s->hygiene, MINUTE, (int32_t)floor(tf.outlet_c * 1e3),
                 (int32_t)floor(tf.loop_return_c * 1e3));
    s->hash = hash_i64(hash_i64(s->hash, num_round(tf.outlet_c * 1e3)), num_round(tf.stored_j));
    s->boiler_kwh += tf.boiler_j / 3.6e6;
    s->backup_kwh += tf.backup_j / 3.6e6;
    s->drawn_kwh += tf.draw_j / 3.6e6;
    s->loop_kwh += tf.loop_j / 3.6e6;
    s->jacket_kwh += tf.jacket_j / 3.6e6;
    s->worst_error = fmax(s->worst_error, fmax(tank_energy_error(&tf), boiler_energy_error(&bf)));
    s->lowest_outlet_c = fmin(s->lowest_outlet_c, tf.outlet_c);
    s->highest_junction_c = fmax(s->highest_junction_c, bf.junction_c);
}

static void a_year_of_fifty_people_is_safe_with_the_backup_and_alarms_without(void **state)
{
    (void)state;
    int64_t start = civil_to_ms(2019, 1, 1, 0, 0, 0);
    for (int backup = 1; backup >= 0; backup--) {
        struct site s = {0};
        site_init(&s, start, backup);
        for (int64_t t = 0; t < INT64_C(365) * 86400000; t += MINUTE)
            site_minute(&s, start + t, t);
        print_message(
            "backup %s: boiler %.0f, backup %.0f, drawn %.0f, loop %.0f, jacket %.0f kWh; outlet >= %.1f, "
            "junctions <= %.1f degC; alarm %.0f h, doses %d\n",
            backup ? "on" : "locked", s.boiler_kwh, s.backup_kwh, s.drawn_kwh, s.loop_kwh, s.jacket_kwh,
            s.lowest_outlet_c, s.highest_junction_c, (double)s.hygiene.alarm_ms / 3.6e6,
            (int)s.hygiene.doses);
        assert_true(s.worst_error < 1e-9);
        assert_true(s.highest_junction_c < 95 - 5);
        assert_int_equal(s.hygiene.days, 365);
        // 2000 l a day mixed to 40 degC from 12.5 are about 64 kWh.
        assert_true(!backup || fabs(s.drawn_kwh / 365 - 64) < 3);
        if (backup) {
            assert_int_equal(s.hygiene.alarm_ms, 0);
            assert_int_equal(s.hygiene.loop_low_ms, 0);
            assert_int_equal(s.hygiene.days_failed, 0);
            assert_true(s.boiler_kwh > 2 * s.backup_kwh);
            if (s.hash != UINT64_C(0x93eb76c2567a4b96)) // the same on every machine and compiler
                fail_msg("the hash is 0x%016llx", (unsigned long long)s.hash);
        } else {
            assert_true(s.hygiene.alarms > 0);
        }
        draw_deinit(&s.draw);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_year_of_fifty_people_is_safe_with_the_backup_and_alarms_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
