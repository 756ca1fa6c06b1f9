// SPDX-License-Identifier: Apache-2.0
//
// One run each, as they take long and processor time of a single thread hardly scatters; small fleets, which
// do not take long, until they have taken a while together.
#include "cli/bench_sim.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "cli/cli.h"
#include "cli/sim_load.h"
#include "world/room.h"

#define YEAR_JOBS 68000

static double cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double rss_mb(void)
{
    long pages = 0, all = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f)
        return 0;
    if (fscanf(f, "%ld %ld", &all, &pages) != 2)
        pages = 0;
    fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

// What each run is held against: the exact physics of as many rooms by the minute and nothing else, no
// thermostat, no board, no engine. Nanoseconds a room and minute.
static double bare_ns(size_t rooms)
{
    struct room_spec spec;
    struct room_model m;
    struct room_batch b;
    struct err e = ERR_NULL;
    room_spec_init(&spec, room_archetype_find("rt2005"), 0);
    if (room_model_init(&m, &spec, 60000, &e))
        return 0;
    if (rooms < 300)
        rooms = 300;
    size_t steps = 5000000 / rooms + 1;
    room_batch_init(&b, &m, rooms, 20);
    double from = cpu_s();
    for (size_t i = 0; i < steps; i++)
        room_batch_step(&b, 5);
    double ns = (cpu_s() - from) * 1e9 / ((double)steps * (double)rooms);
    room_batch_deinit(&b);
    return ns;
}

// Jobs evenly over the year; half run for less than 70 s, some for days, as in the trace.
struct jobs {
    struct rng rng;
    int64_t n, of, length_ms;
};

static int next_job(void *ctx, struct sim_job *job, struct err *e)
{
    struct jobs *j = ctx;
    (void)e;
    if (j->n == j->of)
        return 0;
    double u = rng_unit(&j->rng), run_s = 70 * num_exp((u - 0.5) * 13);
    *job = (struct sim_job){.id = (uint64_t)j->n,
                            .submit_ms = (int64_t)((double)j->length_ms * (double)j->n / (double)j->of),
                            .activity = ACTIVITY_FLEX,
                            .instances = 1,
                            .cores = 16,
                            .work_core_ms = (int64_t)(num_clamp(run_s, 1, 400000) * 16000),
                            .expected_run_ms = -1};
    j->n++;
    return 1;
}

// What a run took: all of it, and of that until its first step and after its last, which cost by the board and not
// by the minute.
struct took {
    double s, before_s, after_s, mb;
};

struct moments {
    double first_s, last_s, mb; // of memory, when the last step is over
};

static void moment(void *ctx, int64_t done_ms, int64_t of_ms)
{
    struct moments *m = ctx;
    if (done_ms == 0)
        m->first_s = cpu_s();
    if (done_ms == of_ms) {
        m->last_s = cpu_s();
        m->mb = rss_mb();
    }
}

static int timed(struct sim_loaded *l, struct took *took, struct sim_result *r, struct err *e)
{
    (void)malloc_trim(0); // what runs before this one have left counts for none
    double from = cpu_s();
    struct moments m = {from, from, 0};
    struct sim_options o = {.hooks = {.ctx = &m, .progress = moment}};
    int bad = sim_run(&l->scenario, &l->inputs, &o, r, e);
    double to = cpu_s();
    *took = (struct took){to - from, m.first_s - from, to - m.last_s, m.mb};
    return bad;
}

// Where the man page says that data lie, or in the folder itself.
static bool surf_load(struct sim_loaded *l)
{
    static const char *const file[] = {"workloads/SURF-2022-10.swf.gz", "SURF-2022-10.swf.gz"};
    struct scenario_work *w = &l->scenario.work[0];
    for (size_t i = 0; i < ARRAY_LEN(file); i++) {
        struct err none = ERR_NULL;
        snprintf(w->file, sizeof w->file, "%s", file[i]);
        if (sim_load_work(l, NULL, &none) == 0)
            return true;
    }
    return false;
}

static int year(FILE *out, int permille, struct err *e)
{
    struct sim_loaded l;
    struct sim_result r;
    struct took t;
    const char *const names[] = {"balard"};
    int bad = sim_load(&l, names, 1, NULL, NULL, e);
    if (bad) {
        sim_unload(&l);
        return bad;
    }
    struct scenario_work *w = &l.scenario.work[0];
    l.scenario.length_ms = l.scenario.length_ms * permille / 1000 / l.scenario.step_ms * l.scenario.step_ms;
    w->kind = WORK_SWF;
    w->share = 1;
    w->stretch = 365.0 / 30;
    struct jobs jobs = {.of = (int64_t)YEAR_JOBS * permille / 1000, .length_ms = l.scenario.length_ms};
    bool real = surf_load(&l);
    if (!real) {
        rng_seed(&jobs.rng, 1);
        l.inputs.work = (struct sim_workload){&jobs, next_job, NULL};
    }
    bad = timed(&l, &t, &r, e);
    if (!bad) {
        double ns = t.s * 1e9 / (300.0 * (double)r.totals.steps), bare = bare_ns(300);
        fprintf(out,
                "sim, balard for %.0f days (300 radiators, 900 boards, %lld jobs %s): %.2f s of processor "
                "time, %.0f ns a zone and minute, %.0f times the rooms' bare physics of %.2f ns (target "
                "below 3 s)\n",
                (double)l.scenario.length_ms / 864e5, (long long)r.class[ACTIVITY_FLEX].submitted,
                real ? "of the SURF trace" : "made up", t.s, ns, bare > 0 ? ns / bare : 0, bare);
        fflush(out); // each takes a while
        sim_result_deinit(&r);
    }
    sim_unload(&l);
    return bad;
}

// What a fleet costs: nanoseconds a board and minute, microseconds a job, both without what is done before
// the first step and after the last; microseconds a board for these; all of it together, a board.
struct cost {
    double boards, minute_ns, job_us, before_us, after_us, all_us, all_job_us;
};

#define LONG_ENOUGH_S 1.0
#define RUNS_MOST     30

// Radiators of three boards, a fifth of them with work.
static int fleet_load(struct sim_loaded *l, int64_t boards, double hours, struct err *e)
{
    char text[512];
    *l = (struct sim_loaded){0};
    snprintf(text, sizeof text,
             "[scenario]\nstart = 2018-01-15\ndays = %.9f\n[site s]\nweather = synthetic\n[zones z]\nsite = "
             "s\ncount = %lld\nboards = 3\n"
             "floor_m2 = 22\nspread = 0.3\nsetpoints = bimodal\nfacade_turn_deg = 112.5\n[work w]\nkind = "
             "backlog\nshare = 0.2\n"
             "instances = 100\nrun_s = 7200\n",
             hours / 24, (long long)(boards / 3));
    int bad = scenario_read(&l->scenario, "fleet", text, strlen(text), e);
    if (bad)
        return bad;
    l->scenario.length_ms = (int64_t)(hours * 60 + 0.5) * 60000;
    l->inputs.site = mem_array(1, sizeof *l->inputs.site);
    l->inputs.zones = mem_array(1, sizeof *l->inputs.zones);
    weather_synthetic_paris(&l->inputs.site[0].weather, 2018, 1);
    return 0;
}

// Sums over the runs that were made.
static int fleet_runs(int64_t boards, double hours, struct took *all, int *runs, int64_t *jobs, struct err *e)
{
    int bad = 0;
    while (!bad && *runs < RUNS_MOST && (*runs == 0 || all->s < LONG_ENOUGH_S)) {
        struct sim_loaded l;
        struct sim_result r;
        struct took t;
        bad = fleet_load(&l, boards, hours, e);
        if (!bad)
            bad = timed(&l, &t, &r, e);
        if (!bad) {
            *all = (struct took){all->s + t.s, all->before_s + t.before_s, all->after_s + t.after_s, t.mb};
            *jobs += r.class[ACTIVITY_FLEX].started;
            ++*runs;
            sim_result_deinit(&r);
        }
        sim_unload(&l);
    }
    return bad;
}

static int fleet(FILE *out, int64_t boards, double hours, const char *target, struct cost *cost,
                 struct err *e)
{
    struct took t = {0};
    int runs = 0;
    int64_t jobs = 0;
    int bad = fleet_runs(boards, hours, &t, &runs, &jobs, e);
    if (bad)
        return bad;
    double all = (double)boards * runs, steps_s = t.s - t.before_s - t.after_s;
    *cost = (struct cost){(double)boards,
                          steps_s * 1e9 / all / hours / 60,
                          jobs ? steps_s * 1e6 / (double)jobs : 0,
                          t.before_s * 1e6 / all,
                          t.after_s * 1e6 / all,
                          t.s * 1e6 / all,
                          jobs ? t.s * 1e6 / (double)jobs : 0};
    fprintf(out,
            "sim, %lld boards for %.4g h: %.2f s of processor time (mean of %d), %.1f ns a board and minute "
            "(%.0f times the rooms' bare physics), %.1f us a board before the first and %.1f after the last, "
            "%.0f MB, %lld jobs%s\n",
            (long long)boards, hours, t.s / runs, runs, cost->minute_ns,
            cost->minute_ns * 3 / bare_ns((size_t)boards / 3), cost->before_us, cost->after_us, t.mb,
            (long long)(jobs / runs), target);
    fflush(out); // each takes a while
    return 0;
}

// How what a board costs grows with the fleet, and how log n would.
static void say_curve(FILE *out, double hours, const struct cost *c, size_t n)
{
    fprintf(out, "sim, cost by size of the fleet, %.4g h:", hours);
    for (size_t i = 0; i < n; i++)
        fprintf(out,
                "%s %.0f boards %.1f ns a board and minute, %.1f us a job, in all %.1f us a board and %.1f "
                "us a job",
                i ? ";" : "", c[i].boards, c[i].minute_ns, c[i].job_us, c[i].all_us, c[i].all_job_us);
    fprintf(out, "; the last is %.2f, %.2f, %.2f and %.2f times the first (log n: %.2f times)\n",
            c[0].minute_ns > 0 ? c[n - 1].minute_ns / c[0].minute_ns : 0,
            c[0].job_us > 0 ? c[n - 1].job_us / c[0].job_us : 0,
            c[0].all_us > 0 ? c[n - 1].all_us / c[0].all_us : 0,
            c[0].all_job_us > 0 ? c[n - 1].all_job_us / c[0].all_job_us : 0,
            num_log(c[n - 1].boards) / num_log(c[0].boards));
}

static int curve(FILE *out, double hours, double part, struct err *e)
{
    struct cost cost[4] = {0};
    int bad = 0;
    size_t sizes = 0;
    for (int64_t n = 1000; n <= 1000000 && !bad; n *= 10)
        bad = fleet(out, (int64_t)((double)n * part) + 3, hours,
                    n == 100000 && hours == 24 ? " (target below 60 s and 2,000 MB)" : "", &cost[sizes++], e);
    if (!bad)
        say_curve(out, hours, cost, sizes);
    return bad;
}

int bench_sim_part(FILE *out, int permille)
{
    struct err e = ERR_NULL;
    double p = permille / 1000.0;
    struct cost week;
    cli_large_apart(MEM_LARGE_BYTES); // as `ondol sim`
    int bad = year(out, permille, &e);
    if (!bad)
        bad = fleet(out, (int64_t)(1692 * p) + 3, 168,
                    " (as many boards and days as a published trace: target below 2 s; the published "
                    "simulator: up to 35 min)",
                    &week, &e);
    if (!bad)
        bad = curve(out, 6, p, &e);
    if (!bad)
        bad = curve(out, 24, p, &e);
    if (bad)
        fprintf(out, "sim: %s\n", e.text);
    return bad;
}

int bench_sim(FILE *out)
{
    return bench_sim_part(out, 1000);
}
