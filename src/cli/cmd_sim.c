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
#include "cli/sim_compare.h"
#include "cli/sim_load.h"
#include "cli/sim_out.h"
#include "cli/sim_span.h"

struct values {
    long seed;
    struct sim_span span;
    bool check;
    struct sim_mutants mutants;
    const char *policy, *csv;
};

static const struct option_row rows[] = {
    {"seed", OPTION_INT, "N", offsetof(struct values, seed), 0, 2147483647,
     "Seed of everything random instead of the scenario's"},
    {"policy", OPTION_TEXT, "NAME", offsetof(struct values, policy), 0, 0,
     "How work is placed instead of the scenario's"},
    SIM_SPAN_ROWS(values, "Prints one JSON object instead of the summary"),
    {"csv", OPTION_TEXT, "DIR", offsetof(struct values, csv), 0, 0,
     "Writes zones.csv, classes.csv and series.csv into this folder"},
    {"check", OPTION_FLAG, NULL, offsetof(struct values, check), 0, 0,
     "Checks every plan and every zone's energy at every step (slow)"},
    {"thermostat-off", OPTION_FLAG, NULL, offsetof(struct values, mutants.thermostat_off), 0, 0,
     "Breaks it on purpose: heaters give a third of their power, always"},
    {"heaters-full", OPTION_FLAG, NULL, offsetof(struct values, mutants.heaters_full), 0, 0,
     "Breaks it on purpose: heaters give all of their power, always"},
    {"heaters-none", OPTION_FLAG, NULL, offsetof(struct values, mutants.heaters_none), 0, 0,
     "Breaks it on purpose: heaters give nothing"},
    {"steps-late", OPTION_FLAG, NULL, offsetof(struct values, mutants.steps_late), 0, 0,
     "Breaks it on purpose: thermostats hear of another setpoint an hour late"},
    {"planner-blind", OPTION_FLAG, NULL, offsetof(struct values, mutants.planner_blind), 0, 0,
     "Breaks it on purpose: the planner hears nothing of the heat that is wanted"},
    {"backup-off", OPTION_FLAG, NULL, offsetof(struct values, mutants.backup_off), 0, 0,
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
            "nordic, city. Each FILE is laid over it. `ondol sim compare` runs several and says how sure the "
            "differences are.",
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

// Files first: whoever reads the rest may go away at any time.
static int put_out(const struct values *v, const struct sim_loaded *l, const struct sim_result *r,
                   struct err *e)
{
    int bad = v->csv ? sim_out_csv(v->csv, r, e) : 0;
    if (!bad && v->span.html)
        bad = sim_out_html(v->span.html, r, NULL, e);
    if (bad)
        return bad;
    return v->span.json ? sim_out_json(r, e) : sim_out_text(&l->scenario, r, e);
}

static int run(const struct values *v, struct sim_loaded *l)
{
    struct err e = ERR_NULL;
    struct screen screen = {.on = !v->span.quiet && isatty(STDERR_FILENO)};
    clock_gettime(CLOCK_MONOTONIC, &screen.from);
    screen.last = screen.from;
    struct sim_options o = {.hooks = {.ctx = &screen, .progress = progress},
                            .check_plans = v->check,
                            .check_balances = v->check,
                            .mutants = v->mutants};
    struct sim_result r;
    int bad = sim_run(&l->scenario, &l->inputs, &o, &r, &e);
    clear_line(&screen);
    if (bad)
        return cli_fail_err(CLI_FAILED, &e);
    r.wall_s = seconds(&screen.from);
    bad = put_out(v, l, &r, &e);
    sim_result_deinit(&r);
    return sim_out_code(bad, &e);
}

int cmd_sim(int argc, char **argv)
{
    struct values v = {.seed = -1};
    struct option_args args = {0};
    struct err e = ERR_NULL;
    cli_large_apart(MEM_LARGE_BYTES);
    if (argc > 1 && !strcmp(argv[1], "compare"))
        return cmd_sim_compare(argc - 1, argv + 1);
    int code = options_parse(&options, &v, &args, argc, argv);
    if (code >= 0)
        return code;
    struct sim_loaded l;
    struct sim_early early = {.seed = v.seed, .start = v.span.start, .policy = v.policy};
    int bad = sim_load(&l, args.v, args.n, v.span.data, &early, &e);
    bad = bad ? bad : sim_span_apply(&v.span, &l, &e);
    if (bad) {
        sim_unload(&l);
        return cli_fail_err(CLI_USAGE, &e);
    }
    sim_span_say(&l);
    code = run(&v, &l);
    sim_unload(&l);
    return code;
}
