// SPDX-License-Identifier: Apache-2.0
//
// envelope_test SCENARIO: the envelopes of a shipped scenario on the coldest and the hottest week of its own
// year, and its mutants, which must break one: heaters that do not listen to their thermostats, and a planner
// that does not hear what heat is wanted. To look at a run: ondol sim SCENARIO --coldest-week
// [--thermostat-off | --planner-blind].
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/sim_load.h"

// What a week must keep to. 0 is no limit.
struct limits {
    double rmse_k;          // at most, over rooms where the heater suffices
    double cold_kh, hot_kh; // at most, a room and day
    double match, coverage; // at least: strict / delivered, strict / asked
    double in_band;         // at least: share of the time of every pool
    double flex_ghz_h;      // at least: core-GHz-hours of flex work done
    double backup_j; // at most: of backup heaters of tanks and pools, as a share of what these delivered
};

// The work limits lie between what the planner reaches and what a blind one does. In which week they do is up
// to the scenario: in the other, all zones want heat, and it does not matter who gets the work.
static const struct envelope {
    const char *name;
    struct limits cold, hot;
    bool blind_hot; // the blind planner is tried in the hottest week
} envelopes[] = {
    {"montrouge",
     {.rmse_k = 0.2, .cold_kh = 0.05, .hot_kh = 0.1, .match = 0.97, .coverage = 0.97, .flex_ghz_h = 80000},
     {.hot_kh = 0.1, .coverage = 0.9},
     false},
    {"telecom",
     {.rmse_k = 0.2, .cold_kh = 0.05, .hot_kh = 0.1, .match = 0.93, .coverage = 0.93, .flex_ghz_h = 116000},
     {.hot_kh = 0.1, .coverage = 0.9},
     false},
    {"balard",
     {.rmse_k = 0.2, .cold_kh = 0.15, .hot_kh = 0.1, .match = 0.95, .coverage = 0.94, .flex_ghz_h = 1450000},
     {.hot_kh = 0.1, .coverage = 0.85, .flex_ghz_h = 100000},
     false},
    {"school",
     {.rmse_k = 0.2, .cold_kh = 0.1, .hot_kh = 0.1, .match = 0.95, .coverage = 0.95, .flex_ghz_h = 218000},
     {.hot_kh = 0.1, .coverage = 0.9},
     false},
    {"hotwater",
     {.match = 0.97, .coverage = 0.78, .flex_ghz_h = 82000, .backup_j = 0.3},
     {.match = 0.97, .coverage = 0.9, .flex_ghz_h = 82000, .backup_j = 0.15},
     true},
    {"pool",
     {.match = 0.97, .coverage = 0.95, .in_band = 0.99, .flex_ghz_h = 560000, .backup_j = 0.05},
     {.match = 0.97, .coverage = 0.95, .in_band = 0.99, .flex_ghz_h = 560000, .backup_j = 0.05},
     true},
    {"network",
     {.match = 0.97, .coverage = 0.7},
     {.match = 0.97, .coverage = 0.75, .flex_ghz_h = 973000},
     true},
    {"farm",
     {.match = 0.97, .coverage = 0.97, .flex_ghz_h = 178000},
     {.match = 0.95, .coverage = 0.97, .flex_ghz_h = 173000},
     true},
    {"industry",
     {.match = 0.97, .coverage = 0.97, .flex_ghz_h = 480000},
     {.match = 0.97, .coverage = 0.97, .flex_ghz_h = 480000},
     true},
    {"nordic",
     {.rmse_k = 0.2, .cold_kh = 0.4, .hot_kh = 0.3, .match = 0.95, .coverage = 0.82, .flex_ghz_h = 265000},
     {.hot_kh = 0.1, .match = 0.93, .coverage = 0.88, .flex_ghz_h = 180000},
     true},
    {"city",
     {.rmse_k = 0.2,
      .cold_kh = 0.2,
      .hot_kh = 0.1,
      .match = 0.96,
      .coverage = 0.85,
      .in_band = 0.99,
      .flex_ghz_h = 1665000},
     {.hot_kh = 0.1, .match = 0.96, .coverage = 0.87, .in_band = 0.99},
     false},
};

static int broken;

static void at_most(const char *what, double is, double limit)
{
    if (limit <= 0 || is <= limit)
        return;
    printf("    %s is %.4g, at most %.4g\n", what, is, limit);
    broken++;
}

static void at_least(const char *what, double is, double limit)
{
    if (limit <= 0 || is >= limit)
        return;
    printf("    %s is %.6g, at least %.6g\n", what, is, limit);
    broken++;
}

static void judge_water(const struct sim_result *r, const struct limits *l)
{
    double backup = 0, boards = 0;
    for (size_t i = 0; i < r->n_zones; i++) {
        const struct sim_zone_result *z = &r->zone[i];
        if (z->kind == ZONE_KIND_TANK || z->kind == ZONE_KIND_POOL) {
            backup += (double)z->backup_j;
            boards += (double)z->delivered_j;
        }
        if (z->kind == ZONE_KIND_TANK)
            at_most("hours without the hygiene dose", (double)z->hygiene_alarm_ms / 3.6e6, 1e-9);
        if (z->kind == ZONE_KIND_POOL)
            at_least("a pool's share of hours in its band", (double)z->in_band_ms / (double)r->length_ms,
                     l->in_band);
        if (z->kind != ZONE_KIND_ROOM)
            at_most("junction of a processor, degC", z->junction_max_c, 95);
    }
    if (boards > 0)
        at_most("backup heat to the boards' heat", backup / boards, l->backup_j);
}

// Gives how many limits are broken.
static int judge(const struct sim_result *r, const struct limits *l)
{
    broken = 0;
    at_most("room RMSE, K", r->totals.zone_rmse_k, l->rmse_k);
    at_most("cold, Kh a room and day", r->totals.cold_kh_zone_day, l->cold_kh);
    at_most("hot, Kh a room and day", r->totals.hot_kh_zone_day, l->hot_kh);
    at_least("heat match", r->totals.heat_match, l->match);
    at_least("heat coverage", r->totals.heat_coverage, l->coverage);
    at_least("flex work, core-GHz-h", r->class[ACTIVITY_FLEX].work_ghz_h, l->flex_ghz_h);
    at_most("error of the energy balance", r->totals.energy_error, 1e-9);
    at_most("watts above a cap, steps", (double)r->totals.violations, 1e-9);
    judge_water(r, l);
    return broken;
}

static int run(const char *name, bool hottest, const struct sim_mutants *m, const struct limits *l)
{
    struct sim_loaded loaded;
    struct err e = ERR_NULL;
    struct sim_early early = {.seed = 1};
    struct sim_result r;
    const char *const names[] = {name};
    if (sim_load(&loaded, names, 1, NULL, &early, &e) < 0) {
        printf("%s\n", e.text);
        exit(1);
    }
    struct sim_week w = sim_extreme_week(&loaded.scenario, &loaded.inputs, hottest);
    loaded.scenario.start = HOUSE_MS(w.from_ms);
    loaded.scenario.length_ms = w.to_ms - w.from_ms;
    struct sim_options o = {.mutants = *m};
    if (sim_run(&loaded.scenario, &loaded.inputs, &o, &r, &e) < 0) {
        printf("%s\n", e.text);
        exit(1);
    }
    printf("%s, %s week%s%s: mean outside %.1f degC, trace hash 0x%016llx\n", name,
           hottest ? "hottest" : "coldest", m->thermostat_off ? ", thermostats off" : "",
           m->planner_blind ? ", planner blind" : "", w.outside_mean_c, (unsigned long long)r.trace_hash);
    int n = judge(&r, l);
    sim_result_deinit(&r);
    sim_unload(&loaded);
    return n;
}

static int failures;

static void expect(const char *what, bool ok)
{
    if (ok)
        return;
    printf("FAILED: %s\n", what);
    failures++;
}

int main(int argc, char **argv)
{
    const struct envelope *x = NULL;
    for (size_t i = 0; argc == 2 && i < ARRAY_LEN(envelopes); i++)
        if (!strcmp(envelopes[i].name, argv[1]))
            x = &envelopes[i];
    if (!x) {
        puts("envelope_test SCENARIO");
        return 2;
    }
    struct sim_mutants none = {0}, off = {.thermostat_off = true}, blind = {.planner_blind = true};
    expect("the coldest week keeps to its limits", run(x->name, false, &none, &x->cold) == 0);
    expect("the hottest week keeps to its limits", run(x->name, true, &none, &x->hot) == 0);
    expect("without thermostats a limit is broken", run(x->name, false, &off, &x->cold) > 0);
    expect("with a blind planner a limit is broken",
           run(x->name, x->blind_hot, &blind, x->blind_hot ? &x->hot : &x->cold) > 0);
    return failures ? 1 : 0;
}
