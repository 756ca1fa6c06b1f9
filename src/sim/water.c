// SPDX-License-Identifier: Apache-2.0
//
// Zones of water: a boiler of boards on a tank, a pool or a heat network. What the plant does by itself
// (pump, backup heater) is here; what the boards do is asked for by the store thermostat of the live core.
//
// The processors throttle themselves: at the start of a step the boiler's cap for its return and flow is
// known, and the boards draw no more. So what the boards draw is what the boiler gives, and the books agree.
#include "sim/run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"

#define WATER_J_L_K    4186.0
#define PUMP_OVER_K    3.0  // the boiler's outlet above the network's supply
#define BACKUP_TANK_C  58.0 // holds the outlet above 55
#define BACKUP_POOL_K  0.3  // below the setpoint
#define POOL_OPEN_HOUR 7
#define POOL_SHUT_HOUR 22
#define GROUND_C       12.0
#define CELLAR_C       18.0

struct water {
    enum scenario_zone_kind kind;
    struct store_thermostat thermostat;
    struct store_sense sense;
    struct boiler boiler;
    struct tank tank;
    struct pool pool;
    struct network_spec network;
    struct draw own;         // generated
    const struct draw *draw; // `own` or the scenario's
    struct hygiene hygiene;
    double return_c, flow_l_min, outlet_c, junction_c;
    double supply_c;     // of a network, by the weather of now
    double demand_max_w; // of a demand file: its greatest value is the scenario's peak
    int64_t asked_uj;
    double users_j, lost_j, backup_j, supply_j, preheat_j, last_backup_w;
    double sum_c, min_c, max_c, junction_max_c;
    int64_t n, in_band_ms, short_ms;
    struct {
        double sum_c, min_c;
        int64_t n;
    } shown; // since it was last shown
};

static int make_tank(struct sim_run *r, struct water *w, uint32_t zone, struct err *e)
{
    const struct scenario_zones *g = &r->s->zones[r->zone[zone].group];
    struct tank_spec s;
    tank_spec_init(&s, g->tank_l);
    s.nodes = 15;
    s.loop_l_min = g->loop_l_min;
    s.loop_w_k = g->loop_w_k;
    s.backup_w = g->backup_w;
    s.boiler = g->loop_return ? TANK_BOILER_LOOP_RETURN : TANK_BOILER_BOTTOM;
    int bad = tank_init(&w->tank, &s, g->start_c, e);
    if (bad)
        return bad;
    w->draw = &r->in->zones[r->zone[zone].group].draw;
    if (w->draw->n == 0 && g->draw_l_day > 0) {
        struct civil c = civil_from_ms(r->s->start.v);
        struct draw_wish wish = {.litres_day = g->draw_l_day,
                                 .days = 365,
                                 .first_weekday = c.weekday,
                                 .first_yearday = c.yearday,
                                 .seed = hash_mix(hash_i64(hash_i64(HASH_SEED, (int64_t)r->s->seed), zone))};
        bad = draw_generate(&w->own, &wish, e);
        w->draw = &w->own;
    }
    hygiene_init(&w->hygiene, r->s->start.v, r->site[g->site].offset_ms, 3);
    return bad;
}

static int make_pool(struct water *w, const struct scenario_zones *g, struct err *e)
{
    struct pool_spec s;
    pool_spec_init(&s, g->pool_m2, g->pool_depth_m);
    s.backup_w = g->backup_w;
    return pool_init(&w->pool, &s, g->start_c, e);
}

static int make_network(struct sim_run *r, struct water *w, uint32_t zone, struct err *e)
{
    const struct scenario_zones *g = &r->s->zones[r->zone[zone].group];
    const struct series *d = &r->in->zones[r->zone[zone].group].demand;
    network_spec_init(&w->network, num_max(r->zone[zone].nameplate_w, 1000));
    w->network.supply_cold_c = g->supply_cold_c;
    w->network.supply_mild_c = g->supply_mild_c;
    w->network.outside_cold_c = g->demand_cold_c;
    w->network.outside_mild_c = g->demand_mild_c;
    w->network.return_c = g->return_c;
    for (size_t i = 0; i < d->n; i++)
        w->demand_max_w = num_max(w->demand_max_w, d->v[i]);
    return network_check(&w->network, e);
}

static double capacity_of(const struct water *w, const struct scenario_zones *g)
{
    if (w->kind == ZONE_KIND_TANK)
        return g->tank_l * WATER_J_L_K;
    if (w->kind == ZONE_KIND_POOL)
        return pool_store_j_k(&w->pool.spec);
    return w->boiler.spec.body_j_k;
}

int water_make(struct sim_run *r, uint32_t zone, struct err *e)
{
    struct sim_zone *z = &r->zone[zone];
    const struct scenario_zones *g = &r->s->zones[z->group];
    struct water *w = z->water = mem_alloc(sizeof *w);
    struct boiler_spec b;
    w->kind = g->kind;
    w->min_c = 1e9;
    w->max_c = -1e9;
    boiler_spec_init(&b, g->boards);
    b.processor_w = curve_max_mw(&r->s->board[g->board].curve) * 1e-3;
    b.r_th_k_w = g->r_th_k_w;
    b.tjmax_c = g->tjmax_c;
    w->flow_l_min = g->flow_l_min > 0 ? g->flow_l_min : 0.25 * g->boards;
    int bad = boiler_init(&w->boiler, &b, g->kind == ZONE_KIND_NETWORK ? g->return_c : g->start_c, e);
    if (!bad && g->kind == ZONE_KIND_TANK)
        bad = make_tank(r, w, zone, e);
    else if (!bad && g->kind == ZONE_KIND_POOL)
        bad = make_pool(w, g, e);
    else if (!bad)
        bad = make_network(r, w, zone, e);
    w->return_c = w->outlet_c = g->kind == ZONE_KIND_NETWORK ? g->return_c : g->start_c;
    struct store_config c;
    double set_c = g->kind == ZONE_KIND_NETWORK
                       ? num_max(g->supply_cold_c, g->supply_mild_c) + PUMP_OVER_K + 2.5
                       : g->setpoint_c;
    store_config_default(&c, z->nameplate_w, (int32_t)(set_c * 1000), capacity_of(w, g));
    if (g->kind == ZONE_KIND_POOL)
        c.band_up_mc = c.band_down_mc = 500;
    if (g->kind == ZONE_KIND_NETWORK)
        c.closed_loop_s = 900;
    c.processor_max_mc = (int32_t)((g->tjmax_c - b.margin_k) * 1000);
    if (!bad)
        bad = store_config_check(&c, e);
    if (bad)
        return scenario_blame(r->s, g->from_file, g->line, "zones", g->name, e);
    store_init(&w->thermostat, &c);
    z->request = water_request(w);
    return 0;
}

void water_free(struct water *w)
{
    if (!w)
        return;
    draw_deinit(&w->own);
    free(w);
}

// ---- control

void water_sense(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    struct water *w = z->water;
    double kept_c = w->kind == ZONE_KIND_TANK   ? w->tank.t[w->tank.spec.nodes * 2 / 3]
                    : w->kind == ZONE_KIND_POOL ? w->pool.water_c
                                                : w->outlet_c;
    int32_t mc = (int32_t)floor(kept_c * 16 + 0.5) * 125 / 2;
    if (z->sensor == SIM_SENSOR_OUT)
        mc = INT32_MIN;
    else if (z->sensor == SIM_SENSOR_STUCK)
        mc = z->last_mc;
    w->sense = (struct store_sense){.at = house_add(r->s->start, r->t),
                                    .water_mc = mc,
                                    .outlet_mc = (int32_t)(w->outlet_c * 1000),
                                    .processor_mc = (int32_t)(w->junction_c * 1000)};
    if (w->kind == ZONE_KIND_NETWORK) { // the pump: as much as comes out warm enough
        w->supply_c = network_supply_c(&w->network, r->site[z->site].outside_c);
        double lift = num_max(w->supply_c + PUMP_OVER_K - w->return_c, 2),
               least = w->boiler.spec.flow_min_l_min;
        w->flow_l_min =
            num_clamp(z->total_mw * 1e-3 * 60 / (WATER_J_L_K * lift), least, 1.0 * z->n_boards + least);
    }
    z->hw_cap_w = boiler_cap_w(&w->boiler.spec, w->return_c, w->flow_l_min);
}

void water_control(struct sim_run *r, uint32_t zone)
{
    struct water *w = r->zone[zone].water;
    store_step(&w->thermostat, &w->sense, house_add(r->s->start, r->t));
}

const struct heat_request *water_request(const struct water *w)
{
    return &w->thermostat.request;
}

// ---- physics

static void balance(struct sim_run *r, double error)
{
    r->out->totals.energy_error = num_max(r->out->totals.energy_error, error);
    r->out->totals.balances_checked++;
}

// The temperature that this water is judged by, in this step.
static void judge(struct water *w, double c)
{
    w->sum_c += c;
    w->min_c = num_min(w->min_c, c);
    w->max_c = num_max(w->max_c, c);
    w->shown.min_c = w->shown.n ? num_min(w->shown.min_c, c) : c;
    w->shown.sum_c += c;
    w->shown.n++;
}

static void tank_part(struct sim_run *r, uint32_t zone, double boiler_j)
{
    const struct scenario_zones *g = &r->s->zones[r->zone[zone].group];
    struct water *w = r->zone[zone].water;
    double step_s = (double)r->s->step_ms * 1e-3, litres = 0;
    if (w->draw->n)
        litres = draw_litres(w->draw, r->t, r->t + r->s->step_ms);
    struct tank_input in = {
        .draw_l = draw_hot_l(litres, g->draw_mixed_c, w->tank.t[0], g->cold_c),
        .cold_c = g->cold_c,
        .ambient_c = CELLAR_C,
        .boiler_w = boiler_j / step_s,
        .boiler_l_min = w->flow_l_min,
        .backup_set_c = r->o.mutants.backup_off ? 0 : BACKUP_TANK_C,
    };
    struct tank_flows f;
    tank_step(&w->tank, &in, r->s->step_ms, &f);
    balance(r, tank_energy_error(&f));
    w->return_c = w->tank.spec.boiler == TANK_BOILER_LOOP_RETURN ? f.boiler_in_c : tank_bottom_c(&w->tank);
    w->users_j += f.draw_j;
    w->lost_j += f.loop_j + f.jacket_j;
    w->backup_j += f.backup_j;
    w->last_backup_w = f.backup_j / step_s;
    w->asked_uj += (int64_t)(num_max(0, f.draw_j + f.loop_j + f.jacket_j) * 1e6);
    hygiene_step(&w->hygiene, r->s->step_ms, (int32_t)(f.outlet_c * 1000),
                 g->loop_l_min > 0 ? (int32_t)(f.loop_return_c * 1000) : INT32_MAX);
    judge(w, f.outlet_c);
}

static void pool_part(struct sim_run *r, uint32_t zone, double boiler_j)
{
    const struct sim_zone *z = &r->zone[zone];
    const struct scenario_zones *g = &r->s->zones[z->group];
    struct water *w = z->water;
    double step_s = (double)r->s->step_ms * 1e-3;
    struct civil c = civil_from_ms(r->s->start.v + r->t + r->site[z->site].offset_ms);
    bool open = c.hour >= POOL_OPEN_HOUR && c.hour < POOL_SHUT_HOUR;
    double per_s = open ? g->bathers_day / ((POOL_SHUT_HOUR - POOL_OPEN_HOUR) * 3600.0) : 0;
    struct pool_input in = {
        .air_c = g->hall_c,
        .humidity = g->hall_humidity,
        .wind_m_s = 0.1,
        .bathers = per_s * 3600,
        .arrivals = per_s * step_s,
        .covered = !open,
        .mains_c = g->cold_c,
        .ground_c = GROUND_C,
        .boiler_w = boiler_j / step_s,
        .backup_set_c = r->o.mutants.backup_off ? 0 : g->setpoint_c - BACKUP_POOL_K,
    };
    struct pool_flows f;
    pool_step(&w->pool, &in, r->s->step_ms, &f);
    balance(r, pool_energy_error(&f));
    double lost = f.evaporation_j + f.surface_j + f.makeup_j + f.ground_j;
    w->return_c = w->pool.water_c;
    w->lost_j += lost;
    w->backup_j += f.backup_j;
    w->last_backup_w = f.backup_j / step_s;
    w->asked_uj += (int64_t)(num_max(0, lost) * 1e6);
    if (fabs(f.mean_c - g->setpoint_c) <= 0.5)
        w->in_band_ms += r->s->step_ms;
    judge(w, f.mean_c);
}

static double demand_w(const struct sim_run *r, const struct sim_zone *z)
{
    const struct scenario_zones *g = &r->s->zones[z->group];
    const struct series *d = &r->in->zones[z->group].demand;
    if (d->n)
        return g->demand_peak_w * series_at(d, r->s->start.v + r->t) / num_max(z->water->demand_max_w, 1e-9);
    double outside = r->site[z->site].outside_c;
    if (g->demand_mild_c <= g->demand_cold_c)
        return g->demand_peak_w;
    double cold = num_clamp((g->demand_mild_c - outside) / (g->demand_mild_c - g->demand_cold_c), 0, 1);
    return g->demand_base_w + (g->demand_peak_w - g->demand_base_w) * cold;
}

static void network_part(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    struct water *w = z->water;
    double step_s = (double)r->s->step_ms * 1e-3, demand = demand_w(r, z);
    struct network_input in = {.outside_c = r->site[z->site].outside_c,
                               .demand_w = demand,
                               .hot_c = w->outlet_c,
                               .hot_l_min = w->flow_l_min};
    struct network_flows f;
    network_flow(&w->network, &in, &f);
    w->return_c = f.hot_return_c;
    w->users_j += demand * step_s;
    w->lost_j += f.loss_w * step_s;
    w->backup_j += f.generator_w * step_s;
    w->last_backup_w = f.generator_w;
    if (f.mode == NETWORK_SUPPLY)
        w->supply_j += f.injected_w * step_s;
    else
        w->preheat_j += f.injected_w * step_s;
    w->asked_uj += (int64_t)(num_min(demand, z->nameplate_w) * step_s * 1e6);
    judge(w, w->outlet_c);
}

void water_step(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    struct water *w = z->water;
    struct boiler_input in = {.asked_w = (double)z->step_uj * 1e-3 / (double)r->s->step_ms,
                              .return_c = w->return_c,
                              .flow_l_min = w->flow_l_min,
                              .ambient_c = CELLAR_C};
    struct boiler_flows f;
    boiler_step(&w->boiler, &in, r->s->step_ms, &f);
    balance(r, boiler_energy_error(&f));
    if (f.electric_j < in.asked_w * (double)r->s->step_ms * 1e-3 * 0.999)
        w->short_ms += r->s->step_ms; // the cut-out was faster than the throttle
    w->outlet_c = f.outlet_c;
    w->junction_c = f.junction_c;
    w->junction_max_c = num_max(w->junction_max_c, f.junction_c);
    w->n++;
    if (w->kind == ZONE_KIND_TANK)
        tank_part(r, zone, f.water_j);
    else if (w->kind == ZONE_KIND_POOL)
        pool_part(r, zone, f.water_j);
    else
        network_part(r, zone);
}

// ---- what came of it

double water_show_c(struct water *w, double *wanted_c)
{
    bool tank = w->kind == ZONE_KIND_TANK;
    double c = w->shown.n == 0 ? w->outlet_c : tank ? w->shown.min_c : w->shown.sum_c / (double)w->shown.n;
    *wanted_c = w->kind == ZONE_KIND_NETWORK ? w->supply_c : w->thermostat.cfg.setpoint_mc * 1e-3;
    w->shown.sum_c = 0;
    w->shown.n = 0;
    return c;
}

int64_t water_asked_uj(const struct water *w)
{
    return w->asked_uj;
}

double water_backup_w(const struct water *w)
{
    return w->last_backup_w;
}

void water_result(const struct sim_run *r, uint32_t zone, struct sim_zone_result *out)
{
    const struct water *w = r->zone[zone].water;
    out->users_j = (int64_t)w->users_j;
    out->lost_j = (int64_t)w->lost_j;
    out->backup_j = (int64_t)w->backup_j;
    out->injected_supply_j = (int64_t)w->supply_j;
    out->injected_preheat_j = (int64_t)w->preheat_j;
    out->in_band_ms = w->in_band_ms;
    out->junction_max_c = w->junction_max_c;
    out->min_c = w->min_c;
    out->max_c = w->max_c;
    out->mean_c = w->n ? w->sum_c / (double)w->n : 0;
    if (w->kind == ZONE_KIND_TANK) {
        out->hygiene_alarm_ms = w->hygiene.alarm_ms;
        out->hygiene_longest_gap_ms = w->hygiene.longest_gap_ms;
        out->outlet_low_ms = w->hygiene.outlet_low_ms;
        out->loop_low_ms = w->hygiene.loop_low_ms;
    }
}
