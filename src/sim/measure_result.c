// SPDX-License-Identifier: Apache-2.0
//
// What came of a run: figures of zones, classes and sites, and their sums.
#include "sim/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"

#define HOUR_MS 3600000
#define DAY_MS  86400000

static void comfort_result(const struct sim_run *r, const struct sim_zone *z, struct sim_zone_result *o)
{
    const struct comfort *c = &r->measure->comfort[z->batch];
    double *const *of = c->total, n = of[COMFORT_SETTLED][z->at];
    o->heating_ms = (int64_t)of[COMFORT_HEATING][z->at] * COMFORT_MS;
    o->settled_ms = (int64_t)n * COMFORT_MS;
    if (n > 0) {
        o->rmse_k = sqrt(of[COMFORT_ERR2][z->at] / n);
        o->bias_k = of[COMFORT_ERR][z->at] / n;
        o->shadow_rmse_k = sqrt(of[COMFORT_SHADOW_ERR2][z->at] / n);
    }
    o->cold_kh = of[COMFORT_COLD][z->at];
    o->hot_kh = of[COMFORT_HOT][z->at];
    o->free_kh = of[COMFORT_FREE][z->at];
    o->short_kh = of[COMFORT_MISSING][z->at];
    o->shadow_hot_kh = of[COMFORT_SHADOW_HOT][z->at];
    o->min_c = c->lane[COMFORT_MIN_C][z->at];
    o->max_c = c->lane[COMFORT_MAX_C][z->at];
    o->peak_over_k = c->lane[COMFORT_PEAK_OVER_K][z->at];
    o->peak_under_k = c->lane[COMFORT_PEAK_UNDER_K][z->at];
    o->mean_c = r->measure->looks ? of[COMFORT_SUM_C][z->at] / (double)r->measure->looks : 0;
    o->swings = (int32_t)of[COMFORT_SWINGS][z->at];
}

// `number`: of the zone within its group.
static void zone_result(struct sim_run *r, uint32_t zone, uint32_t number)
{
    const struct sim_zone *z = &r->zone[zone];
    const struct zone_measure *m = &r->measure->zone[zone];
    struct sim_zone_result *o = &r->out->zone[zone];
    const struct scenario_zones *g = &r->s->zones[z->group];
    scenario_zone_name(g, (int32_t)number, o->name);
    o->group = z->group;
    o->site = z->site;
    o->kind = g->kind;
    o->asked_j = (int64_t)m->asked_j;
    o->strict_j = (int64_t)m->strict_j;
    o->delivered_j = z->total_uj / 1000000;
    o->boards = z->n_boards;
    o->able_asked_j = (int64_t)m->able_asked_j;
    o->able_strict_j = (int64_t)m->able_strict_j;
    o->missing_j = (int64_t)num_max(0, m->asked_j - m->strict_j);
    for (uint32_t i = 0; i < z->n_boards; i++)
        for (int a = 0; a < ACTIVITY_N; a++)
            o->activity_j[a] += board_uj(r, z->first_board + i, (enum activity)a) / 1000000;
    o->steps_up = m->steps;
    o->settle_steps = m->settle_steps;
    o->settle_s = m->settle_steps ? m->settle_s / m->settle_steps : 0;
    o->settle_later_s = m->settle_steps ? m->settle_later_s / m->settle_steps : 0;
    o->step_up_excess_s = m->steps ? m->step_excess_s / m->steps : 0;
    o->power_cycles = z->power_cycles;
    if (z->water)
        water_result(r, zone, o);
    else
        comfort_result(r, z, o);
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
    c->wait = (struct sim_wait){.n = (int64_t)w->n,
                                .mean_s = w->n ? sum / (double)w->n : 0,
                                .p50_s = at_share(w, 0.5),
                                .p90_s = at_share(w, 0.9),
                                .p95_s = at_share(w, 0.95),
                                .p99_s = at_share(w, 0.99),
                                .max_s = at_share(w, 1),
                                .mean_slowdown = c->completed ? r->slowdown[a] / (double)c->completed : 0};
}

static void site_result(struct sim_run *r, uint32_t site)
{
    const struct sim_site *x = &r->site[site];
    const struct scenario_site *s = &r->s->site[site];
    struct sim_site_result *o = &r->out->site[site];
    memcpy(o->name, s->name, sizeof o->name);
    o->it_j = x->it_j + x->it_uj / 1000000;
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
    double useful = 0, able_asked = 0, able_strict = 0;
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
        able_asked += (double)r->out->zone[i].able_asked_j;
        able_strict += (double)r->out->zone[i].able_strict_j;
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
    t->heat_coverage_able = able_asked > 0 ? able_strict / able_asked : 0;
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
    for (uint32_t b = 0; b < r->n_batches; b++)
        comfort_flush(&r->measure->comfort[b], &r->rooms[b]);
    for (uint32_t i = 0, number = 0; i < r->n_zones; i++, number++) {
        if (i > 0 && r->zone[i].group != r->zone[i - 1].group) // groups lie one after the other
            number = 0;
        if (r->zone[i].water && r->now % DAY_MS != 0)
            measure_window_ends(r, i);
        zone_result(r, i, number);
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
    for (uint32_t b = 0; b < r->n_batches; b++)
        for (uint32_t i = 0; i < r->rooms[b].n; i++)
            if (r->rooms[b].zone[i] != LANE_EMPTY)
                h = hash_i64(h, lane_row(&r->rooms[b].lanes, i)->decided[in_row(i)]);
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
    float *all[] = {x->asked_w,    x->delivered_w, x->strict_w, x->outside_c, x->room_c,
                    x->setpoint_c, x->waiting,     x->running,  x->backup_w};
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
