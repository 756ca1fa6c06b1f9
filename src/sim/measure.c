// SPDX-License-Identifier: Apache-2.0
//
// What is measured, every five minutes of comfort and every hour of heat, and the result at the end.
//
// Strict heat is the smaller of what the zone's shadow drew and what its boards drew, over an hour in rooms and over a day in
// water (a store is there to move heat by hours).
#include "sim/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"

#define COMFORT_MS   300000
#define HOUR_MS      3600000
#define DAY_MS       86400000
#define SETTLE_MS    10800000
#define AFTER_HEAT   7200000
#define SERIES_DAYS  800
#define AIRED_MS     3600000 // after a window was shut
#define SWING_K      15.0
#define CAUSED_W     5.0 // a heater that draws less heats nobody
#define SHORT_SHARE  0.97

struct zone_measure {
    double last_set_c, step_from_c;
    int64_t step_at, aired_at, heated_at, reached_at, shadow_reached_at;
    bool stepping;
    double err2, err, shadow_err2, n, sum_c, min_c, max_c, n_all;
    double cold, missing, hot, free, shadow_hot;
    int64_t heating_ms, settled_ms;
    double step_excess_s;
    int32_t steps, swings;
    double swing_at_c;
    int8_t swing_way;
    // heat
    int64_t asked_hour_uj, delivered_hour_uj; // at the start of the running window
    double asked_j, strict_j, missing_j;
};

struct measure {
    struct zone_measure *zone;
    int64_t series_ms;
    int64_t class_uj[ACTIVITY_N];
    double outside_sum, room_sum, set_sum, backup_sum;
    int64_t n;
    double asked_j, strict_j, delivered_j;
    size_t at;
};

void measure_make(struct sim_run *r)
{
    struct measure *m = r->measure = mem_alloc(sizeof *m);
    struct sim_series *x = &r->out->series;
    m->zone = mem_array((size_t)r->n_zones + 1, sizeof *m->zone);
    for (uint32_t i = 0; i < r->n_zones; i++) {
        const struct scenario_zones *g = &r->s->zones[r->zone[i].group];
        m->zone[i] = (struct zone_measure){.last_set_c = NAN, .aired_at = INT64_MIN / 2, .heated_at = INT64_MIN / 2, .min_c = 1e9, .max_c = -1e9,
                                           .swing_at_c = g->start_c};
    }
    x->step_ms = r->s->length_ms > (int64_t)SERIES_DAYS * DAY_MS ? DAY_MS : HOUR_MS;
    x->n = (size_t)((r->s->length_ms + x->step_ms - 1) / x->step_ms);
    float **all[] = {&x->asked_w, &x->delivered_w, &x->strict_w, &x->outside_c, &x->room_c, &x->setpoint_c, &x->waiting, &x->running,
                     &x->backup_w};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        *all[i] = mem_array(x->n + 1, sizeof(float));
    for (int a = 0; a < ACTIVITY_N; a++)
        x->activity_w[a] = mem_array(x->n + 1, sizeof(float));
    x->n_shown = r->s->n_zones < 12 ? r->s->n_zones : 12;
    x->shown_zone = mem_array(x->n_shown + 1, sizeof *x->shown_zone);
    x->shown_c = mem_array(x->n_shown + 1, sizeof *x->shown_c);
    x->shown_setpoint_c = mem_array(x->n_shown + 1, sizeof *x->shown_setpoint_c);
    x->shown_w = mem_array(x->n_shown + 1, sizeof *x->shown_w);
    for (size_t k = 0; k < x->n_shown; k++) {
        uint32_t zone = 0;
        while (r->zone[zone].group != k)
            zone++;
        x->shown_zone[k] = zone;
        x->shown_c[k] = mem_array(x->n + 1, sizeof(float));
        x->shown_setpoint_c[k] = mem_array(x->n + 1, sizeof(float));
        x->shown_w[k] = mem_array(x->n + 1, sizeof(float));
    }
}

void measure_free(struct sim_run *r)
{
    if (r->measure)
        free(r->measure->zone);
    free(r->measure);
    for (int i = 0; i < 4; i++)
        free(r->wait[i].v);
}

// ---- comfort

static void set_changed(struct sim_run *r, struct zone_measure *m, double set_c, double air_c)
{
    m->stepping = set_c > m->last_set_c + 1.99 && air_c < set_c - 0.5;
    m->step_from_c = m->last_set_c;
    m->last_set_c = set_c;
    m->step_at = r->now;
    m->reached_at = m->shadow_reached_at = -1;
}

// A step up: when the room and its shadow come within half a kelvin.
static void step_follow(struct sim_run *r, struct zone_measure *m, double air_c, double shadow_c)
{
    if (m->reached_at < 0 && air_c >= m->last_set_c - 0.5)
        m->reached_at = r->now;
    if (m->shadow_reached_at < 0 && shadow_c >= m->last_set_c - 0.5)
        m->shadow_reached_at = r->now;
    if (m->reached_at < 0 || m->shadow_reached_at < 0)
        return;
    m->stepping = false;
    m->steps++;
    m->step_excess_s += (double)(m->reached_at - m->shadow_reached_at) * 1e-3;
}

static void swing_follow(struct zone_measure *m, double metal_c)
{
    if (m->swing_way >= 0 && metal_c > m->swing_at_c)
        m->swing_at_c = metal_c;
    else if (m->swing_way < 0 && metal_c < m->swing_at_c)
        m->swing_at_c = metal_c;
    double gap = fabs(metal_c - m->swing_at_c);
    if (gap < SWING_K)
        return;
    m->swings++;
    m->swing_way = metal_c < m->swing_at_c ? -1 : 1;
    m->swing_at_c = metal_c;
}

static bool rooms_shadow_at_limit(const struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    return r->rooms[z->batch].shadow.watts[z->at] >= SHORT_SHARE * z->nameplate_w;
}

// The ideal heater of the same watts is at its limit, or has nothing to do: then no heater could hold the setpoint.
static bool rooms_shadow_idle(const struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    const struct shadow_batch *s = &r->rooms[z->batch].shadow;
    return s->watts[z->at] >= SHORT_SHARE * z->nameplate_w || s->watts[z->at] <= 0;
}

static void room_comfort(struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    struct zone_measure *m = &r->measure->zone[zone];
    const struct room_batch *b = &r->batch[z->batch];
    double air = b->air_c[z->at], shadow = r->rooms[z->batch].shadow.air_c[z->at], set = r->thermostat[zone].r_c;
    const double hours = COMFORT_MS / 3.6e6;
    m->sum_c += air;
    m->n_all++;
    m->min_c = num_min(m->min_c, air);
    m->max_c = num_max(m->max_c, air);
    if (set != m->last_set_c)
        set_changed(r, m, set, air);
    if (m->stepping)
        step_follow(r, m, air, shadow);
    if ((double)z->total_mw > CAUSED_W * 1e3 * z->n_boards && z->target_w > 0)
        m->heated_at = r->now;
    swing_follow(m, b->heater_c[z->at]);
    if (r->now - m->step_at < SETTLE_MS && z->target_w > 0 && rooms_shadow_at_limit(r, zone) && m->stepping)
        m->step_at = r->now; // still on its way up, as the ideal heater is
    bool caused = r->now - m->heated_at < AFTER_HEAT, just = r->now - m->step_at < SETTLE_MS, window = b->window_open[z->at];
    if (air > set + 1) {
        *(caused && !just ? &m->hot : &m->free) += just ? 0 : (air - set - 1) * hours;
        m->shadow_hot += shadow > set + 1 && caused && !just ? (shadow - set - 1) * hours : 0;
    }
    if (air < set - 0.5 && !just) {
        *(shadow < set - 0.4 ? &m->missing : &m->cold) += (set - 0.5 - air) * hours;
    }
    if (!caused && air >= set)
        return;
    m->heating_ms += COMFORT_MS;
    if (window)
        m->aired_at = r->now;
    if (just || r->now - m->aired_at < AIRED_MS || rooms_shadow_idle(r, zone))
        return;
    m->settled_ms += COMFORT_MS;
    m->err2 += (air - set) * (air - set);
    m->err += air - set;
    m->shadow_err2 += (shadow - set) * (shadow - set);
    m->n++;
}

// ---- heat

static double asked_since(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    struct zone_measure *m = &r->measure->zone[zone];
    if (!z->water)
        return r->rooms[z->batch].shadow_w[z->at] * (double)r->s->step_ms * 1e-3;
    return (double)(water_asked_uj(z->water) - m->asked_hour_uj) * 1e-6;
}

static void window_ends(struct sim_run *r, uint32_t zone)
{
    struct sim_zone *z = &r->zone[zone];
    struct zone_measure *m = &r->measure->zone[zone];
    double asked = asked_since(r, zone), delivered = (double)(z->total_uj - m->delivered_hour_uj) * 1e-6;
    double strict = num_min(asked, delivered);
    m->asked_j += asked;
    m->strict_j += strict;
    r->measure->asked_j += asked;
    r->measure->strict_j += strict;
    if (!z->water)
        r->rooms[z->batch].shadow_w[z->at] = 0;
    m->delivered_hour_uj = z->total_uj;
    if (z->water)
        m->asked_hour_uj = water_asked_uj(z->water);
}

static void site_hour(struct sim_run *r, uint32_t site)
{
    const struct scenario_site *s = &r->s->site[site];
    struct sim_site *x = &r->site[site];
    double kwh = (double)(x->it_uj - x->last_it_uj) * 1e-6 / 3.6e6 + s->overhead_w / 1000;
    int64_t at = r->s->start.v + r->now - HOUR_MS;
    const struct sim_site_inputs *in = &r->in->site[site];
    double g = in->carbon.n ? series_at(&in->carbon, at) : s->carbon_g_kwh;
    double eur = s->tariff_eur_kwh;
    int hour = civil_from_ms(at + x->offset_ms).hour;
    bool night = s->night_from_hour <= s->night_to_hour ? hour >= s->night_from_hour && hour < s->night_to_hour
                                                        : hour >= s->night_from_hour || hour < s->night_to_hour;
    if (in->tariff.n)
        eur = series_at(&in->tariff, at);
    else if (night)
        eur = s->tariff_night_eur_kwh;
    x->last_it_uj = x->it_uj;
    x->carbon_g += kwh * g;
    x->cost_eur += kwh * eur;
}

// ---- series

static void show(struct sim_run *r)
{
    struct sim_series *x = &r->out->series;
    size_t at = r->measure->at;
    for (size_t k = 0; k < x->n_shown; k++) {
        const struct sim_zone *z = &r->zone[x->shown_zone[k]];
        double set = r->thermostat[x->shown_zone[k]].r_c, c;
        c = z->water ? water_show_c(z->water, &set) : r->batch[z->batch].air_c[z->at];
        x->shown_c[k][at] = (float)c;
        x->shown_setpoint_c[k][at] = (float)set;
        x->shown_w[k][at] = (float)(z->total_mw * 1e-3);
    }
}

static void series_step(struct sim_run *r)
{
    struct measure *m = r->measure;
    struct sim_series *x = &r->out->series;
    double s = (double)x->step_ms * 1e-3;
    if (m->at >= x->n)
        return;
    int64_t uj[ACTIVITY_N] = {0}, waiting = 0, running = 0;
    for (uint32_t i = 0; i < r->n_zones; i++)
        for (int a = 0; a < ACTIVITY_N; a++)
            uj[a] += r->zone[i].alike_uj[a] * r->zone[i].n_boards;
    for (uint32_t i = 0; i < r->n_boards; i++)
        for (int a = 0; a < ACTIVITY_N; a++)
            uj[a] += r->board[i].uj[a];
    double all = 0;
    for (int a = 0; a < ACTIVITY_N; a++) {
        x->activity_w[a][m->at] = (float)((double)(uj[a] - m->class_uj[a]) * 1e-6 / s);
        all += (double)(uj[a] - m->class_uj[a]) * 1e-6 / s;
        m->class_uj[a] = uj[a];
    }
    for (int i = 0; i < 4; i++) {
        waiting += r->waiting[i];
        running += r->running[i];
    }
    x->delivered_w[m->at] = (float)all;
    x->asked_w[m->at] = (float)(m->asked_j / s);
    x->strict_w[m->at] = (float)(m->strict_j / s);
    x->outside_c[m->at] = (float)(m->outside_sum / (double)m->n);
    x->room_c[m->at] = (float)(m->room_sum / (double)m->n);
    x->setpoint_c[m->at] = (float)(m->set_sum / (double)m->n);
    x->backup_w[m->at] = (float)(m->backup_sum / (double)m->n);
    x->waiting[m->at] = (float)waiting;
    x->running[m->at] = (float)running;
    show(r);
    m->asked_j = m->strict_j = m->outside_sum = m->room_sum = m->set_sum = m->backup_sum = 0;
    m->n = 0;
    m->at++;
}

static void comfort_step(struct sim_run *r)
{
    struct measure *m = r->measure;
    double room = 0, set = 0, backup = 0, outside = 0;
    uint32_t rooms = 0;
    for (uint32_t i = 0; i < r->n_zones; i++) {
        const struct sim_zone *z = &r->zone[i];
        if (z->water) {
            backup += water_backup_w(z->water);
            continue;
        }
        room_comfort(r, i);
        room += r->batch[z->batch].air_c[z->at];
        set += r->thermostat[i].r_c;
        rooms++;
    }
    for (size_t i = 0; i < r->s->n_sites; i++)
        outside += r->site[i].outside_c / (double)r->s->n_sites;
    m->outside_sum += outside;
    m->room_sum += rooms ? room / rooms : 0;
    m->set_sum += rooms ? set / rooms : 0;
    m->backup_sum += backup;
    m->n++;
}

// After the physics of the step that ends at r->now.
void measure_step(struct sim_run *r)
{
    if (r->now % COMFORT_MS == 0)
        comfort_step(r);
    if (r->now % HOUR_MS == 0) {
        for (uint32_t i = 0; i < r->n_zones; i++)
            if (!r->zone[i].water || r->now % DAY_MS == 0)
                window_ends(r, i);
        for (uint32_t i = 0; i < r->s->n_sites; i++)
            site_hour(r, i);
    }
    if (r->now % r->out->series.step_ms == 0 || r->now == r->s->length_ms)
        series_step(r);
}

// ---- the result

static void zone_result(struct sim_run *r, uint32_t zone)
{
    const struct sim_zone *z = &r->zone[zone];
    const struct zone_measure *m = &r->measure->zone[zone];
    struct sim_zone_result *o = &r->out->zone[zone];
    const struct scenario_zones *g = &r->s->zones[z->group];
    uint32_t first = zone;
    while (first > 0 && r->zone[first - 1].group == z->group && zone - first < (uint32_t)g->count)
        first--;
    scenario_zone_name(g, (int32_t)(zone - first), o->name);
    o->group = z->group;
    o->site = z->site;
    o->kind = g->kind;
    o->asked_j = (int64_t)m->asked_j;
    o->strict_j = (int64_t)m->strict_j;
    o->delivered_j = z->total_uj / 1000000;
    o->missing_j = (int64_t)num_max(0, m->asked_j - m->strict_j);
    for (uint32_t i = 0; i < z->n_boards; i++)
        for (int a = 0; a < ACTIVITY_N; a++)
            o->activity_j[a] += board_uj(r, z->first_board + i, (enum activity)a) / 1000000;
    o->heating_ms = m->heating_ms;
    o->settled_ms = m->settled_ms;
    if (m->n > 0) {
        o->rmse_k = sqrt(m->err2 / m->n);
        o->bias_k = m->err / m->n;
        o->shadow_rmse_k = sqrt(m->shadow_err2 / m->n);
    }
    o->cold_kh = m->cold;
    o->hot_kh = m->hot;
    o->free_kh = m->free;
    o->short_kh = m->missing;
    o->shadow_hot_kh = m->shadow_hot;
    o->min_c = m->min_c;
    o->max_c = m->max_c;
    o->mean_c = m->n_all > 0 ? m->sum_c / m->n_all : 0;
    o->steps_up = m->steps;
    o->step_up_excess_s = m->steps ? m->step_excess_s / m->steps : 0;
    o->swings = m->swings;
    o->power_cycles = z->power_cycles;
    if (z->water)
        water_result(r, zone, o);
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static double at_share(const struct float_list *w, double share)
{
    if (w->n == 0)
        return 0;
    size_t i = (size_t)(share * (double)(w->n - 1) + 0.5);
    return (double)w->v[i] * 1e-3;
}

static void class_result(struct sim_run *r, int a)
{
    struct sim_class_result *c = &r->out->class[a];
    struct float_list *w = &r->wait[a];
    double sum = 0;
    c->waiting = r->waiting[a];
    c->running = r->running[a];
    for (size_t i = 0; i < w->n; i++)
        sum += (double)w->v[i] * 1e-3;
    if (w->n > 0)
        qsort(w->v, w->n, sizeof *w->v, by_value);
    c->wait = (struct sim_wait){.n = (int64_t)w->n, .mean_s = w->n ? sum / (double)w->n : 0, .p50_s = at_share(w, 0.5),
                                .p90_s = at_share(w, 0.9), .p95_s = at_share(w, 0.95), .p99_s = at_share(w, 0.99),
                                .max_s = at_share(w, 1),
                                .mean_slowdown = c->completed ? r->slowdown[a] / (double)c->completed : 0};
}

static void site_result(struct sim_run *r, uint32_t site)
{
    const struct sim_site *x = &r->site[site];
    const struct scenario_site *s = &r->s->site[site];
    struct sim_site_result *o = &r->out->site[site];
    memcpy(o->name, s->name, sizeof o->name);
    o->it_j = x->it_uj / 1000000;
    o->overhead_j = (int64_t)(s->overhead_w * (double)r->s->length_ms * 1e-3);
    o->carbon_g = x->carbon_g;
    o->cost_eur = x->cost_eur;
    for (uint32_t i = 0; i < r->n_zones; i++)
        if (r->zone[i].site == site) {
            o->asked_j += r->out->zone[i].asked_j;
            o->strict_j += r->out->zone[i].strict_j;
        }
    o->displaced_g = (double)o->strict_j / 3.6e6 * s->displaced_g_kwh_heat;
    o->displaced_eur = (double)o->strict_j / 3.6e6 * s->displaced_eur_kwh_heat;
    o->outside_min_c = x->outside_min;
    o->outside_max_c = x->outside_max;
    o->outside_mean_c = x->outside_n ? x->outside_sum / (double)x->outside_n : 0;
    o->sun_made_up = s->weather == WEATHER_EPW && r->in->site[site].weather.sun_origin == WEATHER_SUN_MADE;
}

static void comfort_totals(struct sim_run *r)
{
    struct sim_totals *t = &r->out->totals;
    double err2 = 0, ms = 0, days = (double)r->s->length_ms / DAY_MS, rooms = 0;
    for (uint32_t i = 0; i < r->n_zones; i++) {
        const struct sim_zone_result *z = &r->out->zone[i];
        if (z->kind != ZONE_KIND_ROOM)
            continue;
        rooms++;
        err2 += z->rmse_k * z->rmse_k * (double)z->settled_ms;
        ms += (double)z->settled_ms;
        if (z->settled_ms > 6 * HOUR_MS)
            t->zone_rmse_worst_k = num_max(t->zone_rmse_worst_k, z->rmse_k);
        t->cold_kh_zone_day += z->cold_kh;
        t->short_kh_zone_day += z->short_kh;
        t->hot_kh_zone_day += z->hot_kh;
        t->free_kh_zone_day += z->free_kh;
    }
    t->zone_rmse_k = ms > 0 ? sqrt(err2 / ms) : 0;
    if (rooms > 0) {
        t->cold_kh_zone_day /= rooms * days;
        t->short_kh_zone_day /= rooms * days;
        t->hot_kh_zone_day /= rooms * days;
        t->free_kh_zone_day /= rooms * days;
    }
}

static void totals(struct sim_run *r)
{
    struct sim_totals *t = &r->out->totals;
    double useful = 0;
    for (size_t i = 0; i < r->s->n_sites; i++) {
        const struct sim_site_result *s = &r->out->site[i];
        t->it_j += s->it_j;
        t->dc_j += s->it_j + s->overhead_j;
        t->carbon_g += s->carbon_g;
        t->cost_eur += s->cost_eur;
        t->displaced_g += s->displaced_g;
        t->displaced_eur += s->displaced_eur;
        t->moved_bytes += s->moved_bytes;
    }
    for (uint32_t i = 0; i < r->n_zones; i++) {
        t->asked_j += r->out->zone[i].asked_j;
        t->delivered_j += r->out->zone[i].delivered_j;
        t->strict_j += r->out->zone[i].strict_j;
        for (int a = 0; a < ACTIVITY_N; a++)
            r->out->class[a].energy_j += r->out->zone[i].activity_j[a];
    }
    for (int a = 0; a <= ACTIVITY_FILLER; a++)
        useful += (double)r->out->class[a].energy_j;
    t->burn_j = r->out->class[ACTIVITY_BURN].energy_j;
    t->pue = t->it_j > 0 ? (double)t->dc_j / (double)t->it_j : 0;
    t->erf_strict = t->dc_j > 0 ? (double)t->strict_j / (double)t->dc_j : 0;
    t->ere = t->it_j > 0 ? (double)(t->dc_j - t->strict_j) / (double)t->it_j : 0;
    t->heat_match = t->delivered_j > 0 ? (double)t->strict_j / (double)t->delivered_j : 0;
    t->heat_coverage = t->asked_j > 0 ? (double)t->strict_j / (double)t->asked_j : 0;
    t->useful_work_share = t->it_j > 0 ? useful / (double)t->it_j : 0;
    comfort_totals(r);
}

// The books of the engine beside ours.
static void ledger_compare(struct sim_run *r)
{
    for (size_t i = 0; i < server_boards(r->server); i++) {
        struct board_view v;
        server_board(r->server, i, &v);
        r->out->totals.unattributed_j += v.energy_mj[ACTIVITY_UNATTRIBUTED] / 1000;
    }
}

int measure_result(struct sim_run *r, struct err *e)
{
    struct sim_result *o = r->out;
    (void)e;
    for (uint32_t i = 0; i < r->n_zones; i++) {
        if (r->zone[i].water && r->now % DAY_MS != 0)
            window_ends(r, i);
        zone_result(r, i);
    }
    for (int a = 0; a < 4; a++)
        class_result(r, a);
    for (uint32_t i = 0; i < r->s->n_sites; i++)
        site_result(r, i);
    totals(r);
    ledger_compare(r);
    uint64_t h = hash_i64(hash_i64(HASH_SEED, (int64_t)server_hash(r->server)), (int64_t)r->decisions);
    for (uint32_t i = 0; i < r->n_zones; i++)
        h = hash_i64(hash_i64(h, r->zone[i].total_uj), (int64_t)num_round(o->zone[i].mean_c * 1e6));
    o->trace_hash = hash_mix(h);
    struct engine_counts c;
    server_counts(r->server, &c);
    o->totals.events = c.events;
    o->totals.plans = c.plans;
    return 0;
}

void sim_result_deinit(struct sim_result *r)
{
    struct sim_series *x = &r->series;
    free(r->zone);
    free(r->site);
    float *all[] = {x->asked_w, x->delivered_w, x->strict_w, x->outside_c, x->room_c, x->setpoint_c, x->waiting, x->running, x->backup_w};
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        free(all[i]);
    for (int a = 0; a < ACTIVITY_N; a++)
        free(x->activity_w[a]);
    for (size_t k = 0; k < x->n_shown; k++) {
        free(x->shown_c[k]);
        free(x->shown_setpoint_c[k]);
        free(x->shown_w[k]);
    }
    free(x->shown_zone);
    free(x->shown_c);
    free(x->shown_setpoint_c);
    free(x->shown_w);
    *r = SIM_RESULT_NULL;
}
