// SPDX-License-Identifier: Apache-2.0
//
// A room the core does not know: two nodes (air with furniture, mass), the heater's metal, a sensor that lags
// 3 min, and a window. Euler at 1 s; numbers for 30 m2 below.
//
//   Ci dTi/dt = Him (Tm-Ti) + (Hve+Hwin) (To-Ti) + fc q     q = UA (Th-Ti)
//   Cm dTm/dt = Him (Ti-Tm) + Htr (To-Tm) + (1-fc) q        Ch dTh/dt = P - q
#ifndef ONDOL_TEST_HEAT_PLANT_H
#define ONDOL_TEST_HEAT_PLANT_H

#include "base/num.h"
#include "base/rng.h"
#include "core/heat/thermostat.h"

#define DAY_S    86400
#define START_MS INT64_C(1764547200000) // 2025-12-01T00:00:00Z

struct plant {
    double ci, cm, him, hve, htr, hwin, fc, ua, ch; // J/K, W/K
    double ti, tm, th, sensor;                      // degC
    double out_mean, out_swing;                     // outside: mean + swing sin(2 pi (h - 9) / 24)
    int32_t nameplate_w;
    double draw_w;
};

// h_per_m2: loss per floor area; 30 m2 of medium weight.
static inline struct plant plant_room(double h_per_m2, int32_t nameplate_w, double start_c, double out_mean)
{
    double area = 30, hve = 0.33 * 0.5 * area * 2.5, heaters = nameplate_w / 500.0;
    return (struct plant){
        .ci = 4 * 1200 * area * 2.5,
        .cm = 165e3 * area,
        .him = 600,
        .hve = hve,
        .htr = h_per_m2 * area - hve,
        .fc = 0.6,
        .ua = 10 * heaters,
        .ch = 24e3 * heaters,
        .ti = start_c,
        .tm = start_c,
        .th = start_c,
        .sensor = start_c,
        .out_mean = out_mean,
        .out_swing = 4,
        .nameplate_w = nameplate_w,
    };
}

static inline double plant_outside(const struct plant *p, int64_t t_s)
{
    return p->out_mean + p->out_swing * num_sin(2 * NUM_PI * ((double)(t_s % DAY_S) / 3600 - 9) / 24);
}

static inline void plant_second(struct plant *p, int64_t t_s)
{
    double to = plant_outside(p, t_s), q = p->ua * (p->th - p->ti);
    double dti = (p->him * (p->tm - p->ti) + (p->hve + p->hwin) * (to - p->ti) + p->fc * q) / p->ci;
    double dtm = (p->him * (p->ti - p->tm) + p->htr * (to - p->tm) + (1 - p->fc) * q) / p->cm;
    p->th += (p->draw_w - q) / p->ch;
    p->ti += dti;
    p->tm += dtm;
    p->sensor += (p->ti - p->sensor) / 180;
}

// Watts that hold the room in the long run.
static inline double plant_need_w(const struct plant *p, double room_c)
{
    // Mass passes htr/(him + htr) of what leaves the air for it, and the radiant part of the heat enters
    // there.
    double in_air = p->fc + (1 - p->fc) * p->him / (p->him + p->htr);
    return (p->hve + p->him * p->htr / (p->him + p->htr)) * (room_c - p->out_mean) / in_air;
}

// Plant and thermostat together. Fields are for tests to turn: what is sensed can be bent by `bend`.
struct rig {
    struct plant p;
    struct thermostat t;
    struct rng rng;
    int64_t t_s;
    int step_s;
    bool silent;     // no readings
    int32_t bend_mc; // added to the reading
    int32_t cpu_mc;
    bool lid_open, with_heatsink, outside_told;
    double (*actuate)(void *self, double target_w, double max_w); // NULL: draws what is asked
    void *actuate_self;
    double sum_sq, sum_s, lowest, highest; // of ti - r since rig_clear
};

static inline void rig_clear(struct rig *g)
{
    g->sum_sq = g->sum_s = 0;
    g->lowest = 100;
    g->highest = -100;
}

static inline void rig_init(struct rig *g, struct plant p, double setpoint_c, int step_s)
{
    struct thermostat_config c;
    *g = (struct rig){
        .p = p, .step_s = step_s, .t_s = START_MS / 1000, .cpu_mc = 60000, .with_heatsink = true};
    rng_seed(&g->rng, 2026);
    thermostat_config_default(&c, p.nameplate_w);
    thermostat_init(&g->t, &c);
    thermostat_set_wish(&g->t, &(struct zone_wish){ZONE_COMFORT, (int32_t)(setpoint_c * 1000 + 0.5)});
    rig_clear(g);
}

static inline void rig_wish(struct rig *g, enum zone_mode mode, double setpoint_c)
{
    thermostat_set_wish(&g->t, &(struct zone_wish){mode, (int32_t)(setpoint_c * 1000 + 0.5)});
}

static inline void rig_step(struct rig *g)
{
    house_ms now = HOUSE_MS(g->t_s * 1000);
    struct zone_sense s = {
        .at = now,
        .room_mc = INT32_MIN,
        .heatsink_mc = INT32_MIN,
        .cpu_mc = g->cpu_mc,
        .draw_mw = (int32_t)(g->p.draw_w * 1000),
        .lid_open = g->lid_open,
    };
    if (!g->silent) // a sensor of 10 mK with +-20 mK of noise
        s.room_mc = (int32_t)(g->p.sensor * 100 + 4 * rng_unit(&g->rng) - 2) * 10 + g->bend_mc;
    if (g->with_heatsink)
        s.heatsink_mc = (int32_t)(g->p.th * 1000);
    if (g->outside_told)
        thermostat_set_outside(&g->t, (int32_t)(plant_outside(&g->p, g->t_s) * 1000));
    heat_step(&g->t, &s, 1, now);
    double w = g->t.request.target_w;
    g->p.draw_w = g->actuate ? g->actuate(g->actuate_self, w, g->t.request.max_w) : w;
}

static inline void rig_run(struct rig *g, int64_t seconds)
{
    for (int64_t i = 0; i < seconds; i++, g->t_s++) {
        if (g->t_s % g->step_s == 0)
            rig_step(g);
        plant_second(&g->p, g->t_s);
        double e = g->p.ti - g->t.r_c;
        g->sum_sq += e * e;
        g->sum_s += 1;
        g->lowest = num_min(g->lowest, e);
        g->highest = num_max(g->highest, e);
    }
}

// Seconds until the room reaches level_c, at most limit_s.
static inline int64_t rig_until(struct rig *g, double level_c, int64_t limit_s)
{
    int64_t n = 0;
    for (; n < limit_s && g->p.ti < level_c; n++)
        rig_run(g, 1);
    return n;
}

#endif
