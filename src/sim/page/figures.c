// SPDX-License-Identifier: Apache-2.0
#include "sim/page/figures.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

#define MWH 3.6e9

#define TOTAL(name, expression)                                                                              \
    static double name(const struct sim_result *r)                                                           \
    {                                                                                                        \
        const struct sim_totals *t = &r->totals;                                                             \
        return (expression);                                                                                 \
    }

TOTAL(dc_mwh, (double)t->dc_j / MWH)
TOTAL(it_mwh, (double)t->it_j / MWH)
TOTAL(asked_mwh, (double)t->asked_j / MWH)
TOTAL(delivered_mwh, (double)t->delivered_j / MWH)
TOTAL(strict_mwh, (double)t->strict_j / MWH)
TOTAL(burn_share, t->it_j ? (double)t->burn_j / (double)t->it_j : 0)
TOTAL(pue, t->pue)
TOTAL(erf_strict, t->erf_strict)
TOTAL(ere, t->ere)
TOTAL(wue, t->wue)
TOTAL(heat_match, t->heat_match)
TOTAL(coverage, t->heat_coverage)
TOTAL(coverage_able, t->heat_coverage_able)
TOTAL(coverage_day, t->heat_coverage_day)
TOTAL(useful_work, t->useful_work_share)
TOTAL(carbon_kg, t->carbon_g / 1000)
TOTAL(cost, t->cost_eur)
TOTAL(displaced_kg, t->displaced_g / 1000)
TOTAL(rmse, t->zone_rmse_k)
TOTAL(cold, t->cold_kh_zone_day)
TOTAL(short_of_watts, t->short_kh_zone_day)
TOTAL(hot, t->hot_kh_zone_day)
TOTAL(free_gains, t->free_kh_zone_day)
TOTAL(moved_gb, (double)t->moved_bytes / 1e9)
TOTAL(violations, (double)t->violations)

static double work(const struct sim_result *r)
{
    double sum = 0;
    for (int a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++)
        sum += r->class[a].work_ghz_h;
    return sum;
}

// Kept, and under way at the end.
static double done_core_ms(const struct sim_result *r)
{
    double sum = 0;
    for (int a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++)
        sum += (double)r->class[a].work_core_ms + (double)r->class[a].open_core_ms;
    return sum;
}

static double throughput(const struct sim_result *r)
{
    return r->totals.bound_core_ms > 0 ? done_core_ms(r) / r->totals.bound_core_ms : 0;
}

static double destroyed(const struct sim_result *r)
{
    double sum = 0, done = done_core_ms(r);
    for (int a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++)
        sum += (double)r->class[a].wasted_core_ms;
    return done + sum > 0 ? sum / (done + sum) : 0;
}

static double work_kwh(const struct sim_result *r)
{
    return r->totals.it_j > 0 ? work(r) / ((double)r->totals.it_j / 3.6e6) : 0;
}

static double completed(const struct sim_result *r)
{
    double sum = 0;
    for (int a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++)
        sum += (double)r->class[a].completed;
    return sum;
}

static double lost(const struct sim_result *r)
{
    double sum = 0;
    for (int a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++)
        sum += (double)r->class[a].lost;
    return sum;
}

// Over the instances of all classes, weighted by how many started.
static double slowdown(const struct sim_result *r)
{
    double sum = 0, n = 0;
    for (int a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++) {
        sum += r->class[a].wait.mean_slowdown * (double)r->class[a].wait.n;
        n += (double)r->class[a].wait.n;
    }
    return n > 0 ? sum / n : 0;
}

static double mean_wait(const struct sim_result *r)
{
    double sum = 0, n = 0;
    for (int a = ACTIVITY_RESERVED; a <= ACTIVITY_DONATED; a++) {
        sum += r->class[a].wait.mean_s * (double)r->class[a].wait.n;
        n += (double)r->class[a].wait.n;
    }
    return n > 0 ? sum / n : 0;
}

// The worst of the two classes for which somebody waits.
static double paid_p95(const struct sim_result *r)
{
    double a = r->class[ACTIVITY_RESERVED].wait.p95_s, b = r->class[ACTIVITY_ONDEMAND].wait.p95_s;
    return a > b ? a : b;
}

// Of every board, or of its heater, over the run: how often a year.
static double a_board_and_year(const struct sim_result *r, bool of_heater)
{
    double sum = 0, boards = 0, years = (double)r->length_ms / (365.25 * 86400000.0);
    for (size_t i = 0; i < r->n_zones; i++) {
        const struct sim_zone_result *z = &r->zone[i];
        boards += z->boards;
        sum += of_heater ? (double)z->swings * z->boards : z->power_cycles;
    }
    return boards > 0 && years > 0 ? sum / boards / years : 0;
}

static double cycles(const struct sim_result *r)
{
    return a_board_and_year(r, false);
}

static double swings(const struct sim_result *r)
{
    return a_board_and_year(r, true);
}

// What the ideal heaters reached over the same hours.
static double shadow_rmse(const struct sim_result *r)
{
    double sum = 0, ms = 0;
    for (size_t i = 0; i < r->n_zones; i++) {
        const struct sim_zone_result *z = &r->zone[i];
        sum += z->shadow_rmse_k * z->shadow_rmse_k * (double)z->settled_ms;
        ms += (double)z->settled_ms;
    }
    return ms > 0 ? sqrt(sum / ms) : 0;
}

static double shadow_hot(const struct sim_result *r)
{
    double sum = 0, rooms = 0, days = (double)r->length_ms / 86400000.0;
    for (size_t i = 0; i < r->n_zones; i++) {
        rooms += r->zone[i].kind == ZONE_KIND_ROOM;
        sum += r->zone[i].shadow_hot_kh;
    }
    return rooms > 0 ? sum / rooms / days : 0;
}

// Over all rooms that count for the mean, so that it is never below it. Also those that were settled for minutes.
static double rmse_worst(const struct sim_result *r)
{
    double worst = 0;
    for (size_t i = 0; i < r->n_zones; i++)
        if (r->zone[i].kind == ZONE_KIND_ROOM && r->zone[i].settled_ms > 0 && r->zone[i].rmse_k > worst)
            worst = r->zone[i].rmse_k;
    return worst;
}

static double steps_up(const struct sim_result *r)
{
    double n = 0;
    for (size_t i = 0; i < r->n_zones; i++)
        n += r->zone[i].steps_up;
    return n;
}

static double step_excess(const struct sim_result *r)
{
    double sum = 0, n = steps_up(r);
    for (size_t i = 0; i < r->n_zones; i++)
        sum += r->zone[i].step_up_excess_s * r->zone[i].steps_up;
    return n > 0 ? sum / n : 0;
}

static double backup_mwh(const struct sim_result *r)
{
    double sum = 0;
    for (size_t i = 0; i < r->n_zones; i++)
        sum += (double)r->zone[i].backup_j;
    return sum / MWH;
}

static double wasted_ratio(const struct sim_result *r)
{
    struct kpi_meters m = figure_meters(r);
    if (m.it_j <= 0)
        return 0;
    return kpi_save(&m, r->totals.carbon_g, &kpi_centres[1], &kpi_grids[0], &kpi_heats[0]).wasted_ratio;
}

struct kpi_meters figure_meters(const struct sim_result *r)
{
    return (struct kpi_meters){.dc_j = r->totals.dc_j, .it_j = r->totals.it_j, .reuse_j = r->totals.strict_j};
}

const struct figure figures[] = {
    {"heat_match", "heat match", "", 1, 3, heat_match},
    {"heat_coverage", "heat coverage", "", 1, 3, coverage},
    {"coverage_able", "heat coverage where the heater suffices", "", 1, 3, coverage_able},
    {"coverage_day", "the same day by day", "", 1, 3, coverage_day},
    {"erf_strict", "ERF, strict", "", 1, 3, erf_strict},
    {"ere", "ERE", "", -1, 3, ere},
    {"pue", "PUE", "", -1, 4, pue},
    {"wue", "WUE", "l/kWh", -1, 2, wue},
    {"wasted_ratio", "times less energy wasted", "", 1, 1, wasted_ratio},
    {"rmse_k", "room to setpoint, RMSE", "K", -1, 3, rmse},
    {"rmse_worst_k", "worst room, RMSE", "K", -1, 3, rmse_worst},
    {"shadow_rmse_k", "ideal heater to setpoint, RMSE", "K", 0, 3, shadow_rmse},
    {"cold_kh_day", "too cold", "K h / room and day", -1, 3, cold},
    {"short_kh_day", "too cold, the heater too small", "K h / room and day", 0, 3, short_of_watts},
    {"hot_kh_day", "too hot by its heater", "K h / room and day", -1, 3, hot},
    {"shadow_hot_kh_day", "too hot by an ideal heater", "K h / room and day", 0, 3, shadow_hot},
    {"free_kh_day", "too hot by sun and people", "K h / room and day", 0, 3, free_gains},
    {"step_excess_s", "step up, later than an ideal heater", "s", -1, 0, step_excess},
    {"steps_up", "steps up", "", 0, 0, steps_up},
    {"dc_mwh", "electricity", "MWh", 0, 2, dc_mwh},
    {"it_mwh", "electricity of computers", "MWh", 0, 2, it_mwh},
    {"asked_mwh", "heat asked for", "MWh", 0, 2, asked_mwh},
    {"delivered_mwh", "heat delivered", "MWh", 0, 2, delivered_mwh},
    {"strict_mwh", "useful heat", "MWh", 1, 2, strict_mwh},
    {"backup_mwh", "backup heat", "MWh", -1, 2, backup_mwh},
    {"useful_work", "useful work, share of energy", "", 1, 3, useful_work},
    {"burn_share", "burnt, share of energy", "", -1, 3, burn_share},
    {"work_ghz_h", "work done", "core GHz h", 1, 0, work},
    {"work_per_kwh", "work per energy", "core GHz h / kWh", 1, 2, work_kwh},
    {"throughput", "work done and under way, of the bound", "", 1, 3, throughput},
    {"work_lost", "work lost by stopping it, share", "", -1, 3, destroyed},
    {"completed", "instances completed", "", 1, 0, completed},
    {"lost", "instances lost", "", -1, 0, lost},
    {"wait_mean_s", "mean wait", "s", -1, 1, mean_wait},
    {"wait_paid_p95_s", "wait of reserved and on demand, p95", "s", -1, 1, paid_p95},
    {"slowdown", "bounded slowdown", "", -1, 2, slowdown},
    {"moved_gb", "data moved", "GB", -1, 1, moved_gb},
    {"cycles_year", "power cycles / board and year", "", -1, 0, cycles},
    {"swings_year", "swings of 15 K / board and year", "", -1, 0, swings},
    {"carbon_kg", "carbon of the electricity", "kg", -1, 1, carbon_kg},
    {"displaced_kg", "carbon of the heat displaced", "kg", 1, 1, displaced_kg},
    {"cost_eur", "electricity bill", "EUR", -1, 2, cost},
    {"violations", "limits broken", "", -1, 0, violations},
};
const size_t n_figures = ARRAY_LEN(figures);

const struct figure *figure_find(const char *key)
{
    for (size_t i = 0; i < n_figures; i++)
        if (!strcmp(figures[i].key, key))
            return &figures[i];
    return NULL;
}
