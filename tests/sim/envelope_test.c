// SPDX-License-Identifier: Apache-2.0
//
// envelope_test SCENARIO: each of its weeks must keep to every limit of its envelope, and each of these must
// break under the mutant that it names. One run for each week and mutant judges all of its limits.
//
// envelope_test SCENARIO all: every measure of every group of zones under every mutant, to set limits by.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/sim_load.h"
#include "envelope.h"

#define SEED           1
#define JUNCTION_MAX_C 95

static const struct mutant_row {
    const char *option; // of ondol sim
    struct sim_mutants set;
} mutants[MUTANT_N] = {
    [UNHARMED] = {"", {0}},
    [THERMOSTAT_OFF] = {" --thermostat-off", {.thermostat_off = true}},
    [PLANNER_BLIND] = {" --planner-blind", {.planner_blind = true}},
    [STEPS_LATE] = {" --steps-late", {.steps_late = true}},
    [HEATERS_NONE] = {" --heaters-none", {.heaters_none = true}},
    [HEATERS_FULL] = {" --heaters-full", {.heaters_full = true}},
    [BACKUP_OFF] = {" --backup-off", {.backup_off = true}},
};
static const char *const week_names[WEEK_N] = {[COLDEST] = "coldest", [HOTTEST] = "hottest"};

static int failures;

struct trial { // a week under a mutant
    const struct envelope *x;
    enum week week;
    enum mutant mutant;
    struct sim_loaded loaded;
    struct sim_result r;
};

// ---- a run

static void die(const struct err *e)
{
    printf("FAILED: %s\n", e->text);
    exit(1);
}

static void trial_run(struct trial *t, const struct envelope *x, enum week week, enum mutant mutant)
{
    struct err e = ERR_NULL;
    struct sim_early early = {.seed = SEED};
    *t = (struct trial){.x = x, .week = week, .mutant = mutant};
    if (sim_load(&t->loaded, &x->scenario, 1, NULL, &early, &e) < 0)
        die(&e);
    struct sim_week w = sim_extreme_week(&t->loaded.scenario, &t->loaded.inputs, week == HOTTEST);
    t->loaded.scenario.start = HOUSE_MS(w.from_ms);
    t->loaded.scenario.length_ms = w.to_ms - w.from_ms;
    struct sim_options o = {.mutants = mutants[mutant].set};
    if (sim_run(&t->loaded.scenario, &t->loaded.inputs, &o, &t->r, &e) < 0)
        die(&e);
    printf("%s, %s week%s: mean outside %.1f degC, trace hash 0x%016llx\n", x->scenario, week_names[week],
           mutants[mutant].option, w.outside_mean_c, (unsigned long long)t->r.trace_hash);
}

static void trial_end(struct trial *t)
{
    sim_result_deinit(&t->r);
    sim_unload(&t->loaded);
}

// ---- what is wrong with it

static void failed(const struct trial *t, const char *what, const char *why)
{
    printf("FAILED: %s, %s week: %s%s\n    to repeat: ondol sim %s --seed %d --%s-week%s --csv DIR\n",
           t->x->scenario, week_names[t->week], what, why, t->x->scenario, SEED, week_names[t->week],
           mutants[t->mutant].option);
    failures++;
}

static void judge_limit(const struct trial *t, const struct limit *l)
{
    double is = measure_of(l->of, &t->loaded.scenario, &t->r, l->zones);
    bool kept = l->side == AT_LEAST ? is >= l->value : is <= l->value, unharmed = t->mutant == UNHARMED;
    char text[200];
    snprintf(text, sizeof text, "%s: %s: %.6g, at %s %.6g", *l->zones ? l->zones : "all", measure_name(l->of),
             is, l->side == AT_LEAST ? "least" : "most", l->value);
    printf("    %s\n", text);
    if (isnan(is))
        failed(t, text, ": there is no such thing here");
    else if (unharmed != kept)
        failed(t, text, unharmed ? "" : ": was to break, and is kept");
}

static void judge_law(const struct trial *t, const char *zone, const char *what, double is, double most)
{
    char text[200];
    if (is <= most)
        return;
    snprintf(text, sizeof text, "%s: %s: %.6g, at most %.6g", zone, what, is, most);
    failed(t, text, ", whatever is broken");
}

// What holds whatever is broken.
static void judge_laws(const struct trial *t)
{
    judge_law(t, "all", "error of an energy balance", t->r.totals.energy_error, 1e-9);
    judge_law(t, "all", "watts above a cap, steps", (double)t->r.totals.violations, 0);
    for (size_t i = 0; i < t->r.n_zones; i++)
        if (t->r.zone[i].kind != ZONE_KIND_ROOM)
            judge_law(t, t->r.zone[i].name, "junction of a processor, degC", t->r.zone[i].junction_max_c,
                      JUNCTION_MAX_C);
}

// Whether one of a week's limits is to be broken by it. Without a mutant all of them are looked at.
static bool concerns(const struct limit *l, enum week week, enum mutant mutant)
{
    return l->week == week && (mutant == UNHARMED || l->breaks_it == mutant);
}

static void judge(const struct envelope *x, enum week week, enum mutant mutant)
{
    size_t n = 0;
    for (size_t i = 0; i < x->n; i++)
        n += concerns(&x->limit[i], week, mutant);
    if (n == 0)
        return;
    struct trial t;
    trial_run(&t, x, week, mutant);
    judge_laws(&t);
    for (size_t i = 0; i < x->n; i++)
        if (concerns(&x->limit[i], week, mutant))
            judge_limit(&t, &x->limit[i]);
    trial_end(&t);
}

// ---- the table itself

static bool has_heat(const struct envelope *x, enum week week, const char *zones)
{
    for (size_t i = 0; i < x->n; i++) {
        const struct limit *l = &x->limit[i];
        if (l->week == week && l->of == HEAT_GJ && !strcmp(l->zones, zones))
            return true;
    }
    return false;
}

static bool has_mutant(const struct envelope *x, enum week week, enum mutant mutant)
{
    for (size_t i = 0; i < x->n; i++)
        if (x->limit[i].week == week && x->limit[i].breaks_it == mutant)
            return true;
    return false;
}

// Each limit has a mutant, no kind of zone is without its joules, and the two that matter most break something.
static void judge_table(const struct envelope *x)
{
    struct trial t = {.x = x};
    struct err e = ERR_NULL;
    if (sim_load(&t.loaded, &x->scenario, 1, NULL, NULL, &e) < 0)
        die(&e);
    for (t.week = 0; t.week < WEEK_N; t.week++) {
        if (has_mutant(x, t.week, UNHARMED))
            failed(&t, "a limit without a mutant", "");
        if (!has_mutant(x, t.week, THERMOSTAT_OFF))
            failed(&t, "no limit breaks without thermostats", "");
        for (size_t g = 0; g < t.loaded.scenario.n_zones; g++)
            if (!has_heat(x, t.week, t.loaded.scenario.zones[g].name))
                failed(&t, "a group of zones without a limit of its heat", "");
    }
    if (!has_mutant(x, COLDEST, PLANNER_BLIND) && !has_mutant(x, HOTTEST, PLANNER_BLIND))
        failed(&t, "no limit breaks with a blind planner", "");
    trial_end(&t);
}

// ---- to set limits by

static void print_group(struct trial *t, const char *zones)
{
    for (enum measure m = 0; m < MEASURE_N; m++) {
        bool there = false;
        for (enum mutant k = 0; k < MUTANT_N; k++)
            there |= !isnan(measure_of(m, &t[k].loaded.scenario, &t[k].r, zones));
        if (!there)
            continue;
        printf("%-8s %-10s %-42s", week_names[t->week], *zones ? zones : "all", measure_name(m));
        for (enum mutant k = 0; k < MUTANT_N; k++)
            printf(" %10.5g", measure_of(m, &t[k].loaded.scenario, &t[k].r, zones));
        putchar('\n');
    }
}

static void print_all(const struct envelope *x, enum week week)
{
    struct trial t[MUTANT_N];
    for (enum mutant k = 0; k < MUTANT_N; k++)
        trial_run(&t[k], x, week, k);
    print_group(t, "");
    for (size_t g = 0; g < t->loaded.scenario.n_zones; g++)
        print_group(t, t->loaded.scenario.zones[g].name);
    for (enum mutant k = 0; k < MUTANT_N; k++)
        trial_end(&t[k]);
}

int main(int argc, char **argv)
{
    const struct envelope *x = NULL;
    bool all = argc == 3 && !strcmp(argv[2], "all");
    for (size_t i = 0; (argc == 2 || all) && i < n_envelopes; i++)
        if (!strcmp(envelopes[i].scenario, argv[1]))
            x = &envelopes[i];
    if (!x) {
        puts("envelope_test SCENARIO [all]");
        return 2;
    }
    for (enum week week = 0; week < WEEK_N; week++) {
        if (all)
            print_all(x, week);
        for (enum mutant k = 0; k < MUTANT_N && !all; k++)
            judge(x, week, k);
    }
    if (!all)
        judge_table(x);
    return failures ? 1 : 0;
}
