// SPDX-License-Identifier: Apache-2.0
//
// `ondol sim SCENARIO [OVERLAY...]`: a fleet on virtual time.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/cli.h"
#include "cli/options.h"
#include "cli/sim_load.h"

struct values {
    long seed;
    double days_real;
    bool json, coldest, hottest, quiet, check, mutant_off, mutant_blind, mutant_backup;
    const char *data, *start, *policy;
};

static const struct option_row rows[] = {
    {"seed", OPTION_INT, "N", offsetof(struct values, seed), 0, 2147483647,
     "Seed of everything random instead of the scenario's"},
    {"days", OPTION_REAL, "N", offsetof(struct values, days_real), 0.01, 3660,
     "Days to run instead of the scenario's"},
    {"start", OPTION_DATE, "DATE", offsetof(struct values, start), 0, 0,
     "First day instead of the scenario's"},
    {"policy", OPTION_TEXT, "NAME", offsetof(struct values, policy), 0, 0,
     "How work is placed instead of the scenario's"},
    {"coldest-week", OPTION_FLAG, NULL, offsetof(struct values, coldest), 0, 0,
     "Runs the coldest week of the scenario's own year"},
    {"hottest-week", OPTION_FLAG, NULL, offsetof(struct values, hottest), 0, 0,
     "Runs the hottest week of it"},
    {"data", OPTION_TEXT, "DIR", offsetof(struct values, data), 0, 0,
     "Folder of weather, traces and other files that it names (default $ONDOL_DATA)"},
    {"json", OPTION_FLAG, NULL, offsetof(struct values, json), 0, 0,
     "Prints one JSON object instead of the summary"},
    {"quiet", OPTION_FLAG, NULL, offsetof(struct values, quiet), 0, 0, "No progress on the terminal"},
    {"check", OPTION_FLAG, NULL, offsetof(struct values, check), 0, 0,
     "Checks every plan and every zone's energy at every step (slow)"},
    {"thermostat-off", OPTION_FLAG, NULL, offsetof(struct values, mutant_off), 0, 0,
     "Breaks it on purpose: heaters give a third of their power, always"},
    {"planner-blind", OPTION_FLAG, NULL, offsetof(struct values, mutant_blind), 0, 0,
     "Breaks it on purpose: the planner hears nothing of the heat that is wanted"},
    {"backup-off", OPTION_FLAG, NULL, offsetof(struct values, mutant_backup), 0, 0,
     "Breaks it on purpose: hot water and pools have no backup heater"},
    {0},
};

static const struct options options = {
    .command = "sim",
    .args = "SCENARIO [FILE...]",
    .args_min = 1,
    .args_max = OPTIONS_ARGS_MAX,
    .what = "Runs a fleet on virtual time with the engine, planner, thermostats and ledger of the live "
            "programs. SCENARIO is a file "
            "(ondol-scenario(5)) or one that is shipped: montrouge, telecom, balard, school, pool, hotwater, "
            "network, farm, industry, "
            "nordic, city. Each FILE is laid over it.",
    .row = rows,
};

struct screen {
    bool on;
    struct timespec from, last;
};

static double seconds(const struct timespec *from)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) * 1e-9;
}

static void progress(void *ctx, int64_t done_ms, int64_t of_ms)
{
    struct screen *s = ctx;
    double spent = seconds(&s->from);
    if (!s->on || spent < 1 || seconds(&s->last) < 0.2)
        return;
    clock_gettime(CLOCK_MONOTONIC, &s->last);
    double left = done_ms > 0 ? spent * (double)(of_ms - done_ms) / (double)done_ms : 0;
    fprintf(stderr, "\r%3.0f %%  day %.0f of %.0f, %.0f s left   ", 100.0 * (double)done_ms / (double)of_ms,
            (double)done_ms / 864e5, (double)of_ms / 864e5, left);
    fflush(stderr);
}

static void clear_line(const struct screen *s)
{
    if (s->on)
        fputs("\r                                                  \r", stderr);
}

static double mwh(int64_t j)
{
    return (double)j / 3.6e9;
}

static void print_heat(const struct sim_result *r)
{
    const struct sim_totals *t = &r->totals;
    printf("Heat   %.2f MWh asked for, %.2f delivered, %.2f of it wanted (match %.3f, coverage %.3f)\n",
           mwh(t->asked_j), mwh(t->delivered_j), mwh(t->strict_j), t->heat_match, t->heat_coverage);
    printf("       PUE %.4f, ERF strict %.3f, ERE %.3f; %.1f kg CO2, %.2f EUR of electricity; displaced %.1f "
           "kg, %.2f EUR\n",
           t->pue, t->erf_strict, t->ere, t->carbon_g / 1000, t->cost_eur, t->displaced_g / 1000,
           t->displaced_eur);
    printf("Power ");
    for (int a = 0; a < ACTIVITY_UNATTRIBUTED; a++)
        if (r->class[a].energy_j > 0)
            printf(" %s %.1f %%", activity_name((enum activity)a),
                   100.0 * (double)r->class[a].energy_j / (double)(t->it_j ? t->it_j : 1));
    printf("; useful work %.1f %%\n", 100 * t->useful_work_share);
}

static void print_rooms(const struct sim_result *r)
{
    const struct sim_totals *t = &r->totals;
    int64_t rooms = 0;
    for (size_t i = 0; i < r->n_zones; i++)
        rooms += r->zone[i].kind == ZONE_KIND_ROOM;
    if (rooms)
        printf("Rooms  %" PRId64 ": RMSE %.3f K (worst %.3f) where the heater suffices; Kh a day and room: "
                                 "%.4f cold, %.4f hot; %.4f cold "
               "with too small a heater, %.4f hot from sun and people\n",
               rooms, t->zone_rmse_k, t->zone_rmse_worst_k, t->cold_kh_zone_day, t->hot_kh_zone_day,
               t->short_kh_zone_day, t->free_kh_zone_day);
}

static void print_water(const struct sim_result *r)
{
    for (size_t i = 0; i < r->n_zones; i++) {
        const struct sim_zone_result *z = &r->zone[i];
        if (z->kind == ZONE_KIND_ROOM)
            continue;
        printf("Water  %s (%s): %.2f MWh by the boards, %.2f by the backup, %.1f to %.1f degC", z->name,
               scenario_zone_kind_name(z->kind), mwh(z->delivered_j), mwh(z->backup_j), z->min_c, z->max_c);
        if (z->kind == ZONE_KIND_TANK)
            printf("; hygiene alarm %.1f h, loop too cold %.1f h", (double)z->hygiene_alarm_ms / 3.6e6,
                   (double)z->loop_low_ms / 3.6e6);
        if (z->kind == ZONE_KIND_POOL)
            printf("; in band %.2f %%", 100.0 * (double)z->in_band_ms / (double)r->length_ms);
        if (z->kind == ZONE_KIND_NETWORK)
            printf("; injected %.2f MWh, preheated %.2f", mwh(z->injected_supply_j),
                   mwh(z->injected_preheat_j));
        puts("");
    }
}

static void print_work(const struct sim_result *r)
{
    for (int a = 0; a <= ACTIVITY_DONATED; a++) {
        const struct sim_class_result *c = &r->class[a];
        if (!c->submitted)
            continue;
        printf("Work   %s: %" PRId64 " instances came, %" PRId64 " done, %" PRId64 " wait, %" PRId64
               " preempted, %" PRId64 " lost; wait p50 %.0f s, p95 %.0f s; slowdown %.2f; %.0f core-GHz-h\n",
               activity_name((enum activity)a), c->submitted, c->completed, c->waiting, c->preempted, c->lost,
               c->wait.p50_s, c->wait.p95_s, c->wait.mean_slowdown, c->work_ghz_h);
    }
}

static void print_summary(const struct scenario *s, const struct sim_result *r)
{
    char from[DATE_TEXT_BYTES], to[DATE_TEXT_BYTES];
    date_format(from, r->start);
    date_format(to, house_add(r->start, r->length_ms));
    printf("%s: %s\n%.10s to %.10s, %zu zones, %" PRId64 " boards, policy %s, seed %" PRIu64 "\n\n",
           r->scenario, s->title[0] ? s->title : "no title", from, to, r->n_zones, scenario_board_count(s),
           r->policy, r->seed);
    print_heat(r);
    print_rooms(r);
    print_water(r);
    print_work(r);
    for (size_t i = 0; i < r->n_sites; i++)
        if (r->site[i].sun_made_up)
            printf("Note   %s: its weather has no sun; it is made up from a clear sky\n", r->site[i].name);
    printf("\n%.2f s for %.0f days; trace hash 0x%016" PRIx64 "; energy closed to %.1e (%" PRId64
           " checks)\n",
           r->wall_s, (double)r->length_ms / 864e5, r->trace_hash, r->totals.energy_error,
           r->totals.balances_checked);
}

// The kernel's own figures. Everything about zones, classes and hours is in the output files of `ondol sim`.
static void print_json(const struct sim_result *r)
{
    const struct sim_totals *t = &r->totals;
    printf("{\"scenario\":\"%s\",\"policy\":\"%s\",\"seed\":%" PRIu64 ",\"trace_hash\":\"0x%016" PRIx64
           "\",\"length_ms\":%" PRId64 ",\"it_j\":%" PRId64 ",\"asked_j\":%" PRId64
           ",\"delivered_j\":%" PRId64 ",\"strict_j\":%" PRId64
           ",\"pue\":%.6f,\"erf_strict\":%.6f,\"ere\":%.6f,\"heat_match\":%.6f,\"heat_coverage\":%.6f,\"zone_"
           "rmse_k\":%.6f"
           ",\"cold_kh_zone_day\":%.6f,\"hot_kh_zone_day\":%.6f,\"free_kh_zone_day\":%.6f,\"energy_error\":%."
           "3e,\"events\":%" PRIu64 ",\"plans\":%" PRIu64 ",\"syncs\":%" PRIu64 ",\"wall_s\":%.3f}\n",
           r->scenario, r->policy, r->seed, r->trace_hash, r->length_ms, t->it_j, t->asked_j, t->delivered_j,
           t->strict_j, t->pue, t->erf_strict, t->ere, t->heat_match, t->heat_coverage, t->zone_rmse_k,
           t->cold_kh_zone_day, t->hot_kh_zone_day, t->free_kh_zone_day, t->energy_error, t->events, t->plans,
           t->syncs, r->wall_s);
}

static void apply(const struct values *v, struct sim_loaded *l)
{
    struct scenario *s = &l->scenario;
    struct sim_week w;
    if (v->coldest || v->hottest) {
        w = sim_extreme_week(s, &l->inputs, v->hottest);
        s->start = HOUSE_MS(w.from_ms);
        s->length_ms = w.to_ms - w.from_ms;
    }
    if (v->days_real > 0)
        s->length_ms = (int64_t)(v->days_real * 864e5) / s->step_ms * s->step_ms;
}

static int run(const struct values *v, struct sim_loaded *l)
{
    struct err e = ERR_NULL;
    struct screen screen = {.on = !v->quiet && isatty(STDERR_FILENO)};
    clock_gettime(CLOCK_MONOTONIC, &screen.from);
    screen.last = screen.from;
    struct sim_options o = {.hooks = {.ctx = &screen, .progress = progress},
                            .check_plans = v->check,
                            .check_balances = v->check,
                            .mutants = {v->mutant_off, v->mutant_blind, v->mutant_backup}};
    struct sim_result r;
    int bad = sim_run(&l->scenario, &l->inputs, &o, &r, &e);
    clear_line(&screen);
    if (bad)
        return cli_fail_err(CLI_FAILED, &e);
    r.wall_s = seconds(&screen.from);
    if (v->json)
        print_json(&r);
    else
        print_summary(&l->scenario, &r);
    sim_result_deinit(&r);
    return CLI_DONE;
}

int cmd_sim(int argc, char **argv)
{
    struct values v = {.seed = -1};
    struct option_args args = {0};
    struct err e = ERR_NULL;
    int code = options_parse(&options, &v, &args, argc, argv);
    if (code >= 0)
        return code;
    struct sim_loaded l;
    struct sim_early early = {.seed = v.seed, .start = v.start, .policy = v.policy};
    int bad = sim_load(&l, args.v, args.n, v.data, &early, &e);
    if (bad) {
        sim_unload(&l);
        return cli_fail_err(CLI_USAGE, &e);
    }
    apply(&v, &l);
    code = run(&v, &l);
    sim_unload(&l);
    return code;
}
