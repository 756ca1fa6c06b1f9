// SPDX-License-Identifier: Apache-2.0
//
// Jobs as they came to a platform of 1,700 boards in heaters in May 2019 (1,427 tasks of 15,507 instances,
// submission times from their names, in the time of Paris), as quantiles with straight lines between them in
// the logarithm:
//
//   run time of an instance    mean 660 s, median 204; the instances of one task differ little (sd of log 0.22)
//   instances of a task        seven of ten tasks have one; mean 11, most 1,233
//   hour                       nightly tests from 2 to 5, then working hours from 9 to 18
//   weekday                    weekends at two thirds
//   data                       a popular image of most instances, others, and small files by Zipf's law; none is
//                              in use for longer than 80 days
//
// What the platform's customers reserved as whole boards is not in the figures.
#include "sim/load/load.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"

#define HOUR_MS  INT64_C(3600000)
#define DAY_MS   (24 * HOUR_MS)
#define SPREAD   0.22          // sd of the log run time within a task
#define LIFE_MS  (80 * DAY_MS) // of a data set
#define IMAGES   4             // of the data sets
#define POPULAR  0.75          // share of tasks that use the first image
#define DATA_MAX 4             // sets of one task

struct quantile {
    double q, v;
};

static const struct quantile run_s[] = {{0, 8},      {.01, 22},    {.05, 65},     {.10, 78},     {.25, 113},
                                        {.50, 204},  {.75, 502},   {.90, 941},    {.95, 1555},   {.97, 1865},
                                        {.98, 3616}, {.99, 17180}, {.995, 17722}, {.999, 27088}, {1, 92544}};
static const struct quantile width[] = {{0, 1},     {.70, 1},   {.75, 2},     {.80, 5},
                                        {.85, 6},   {.90, 6},   {.95, 21},    {.97, 61},
                                        {.98, 100}, {.99, 193}, {.999, 1222}, {1, 1233}};
static const double by_hour[24] = {22, 21, 106, 102, 96, 39, 22, 20, 22, 28, 43, 50,
                                   34, 37, 50,  68,  57, 41, 30, 25, 26, 22, 21, 18};
static const double by_weekday[7] = {48, 79, 65, 59, 63, 60, 40}; // from Sunday: tasks a day

static double between(const struct quantile *t, double q)
{
    while (q > t[1].q)
        t++;
    return t[0].v * num_exp((q - t[0].q) / (t[1].q - t[0].q) * num_log(t[1].v / t[0].v));
}

static int32_t width_at(double q)
{
    return (int32_t)(between(width, q) + 1e-9);
}

// The integral of a line in the logarithm from a to b is (b - a) / ln(b / a).
double load_random_mean_run_s(void)
{
    double sum = 0;
    for (size_t i = 0; i + 1 < ARRAY_LEN(run_s); i++) {
        double a = run_s[i].v, b = run_s[i + 1].v;
        sum += (run_s[i + 1].q - run_s[i].q) * (b > a ? (b - a) / num_log(b / a) : a);
    }
    return sum * num_exp(SPREAD * SPREAD / 2);
}

// Width is rounded down, so its mean is the sum of the shares that reach 1, 2, 3, ...
double load_random_mean_width(void)
{
    double sum = 0;
    for (size_t i = 0; i + 1 < ARRAY_LEN(width); i++) {
        double a = width[i].v, b = width[i + 1].v, dq = width[i + 1].q - width[i].q;
        sum += dq * a;
        for (double k = a + 1; k <= b && b > a; k++)
            sum += dq * (1 - num_log(k / a) / num_log(b / a));
    }
    return sum;
}

static double mean_of(const double *v, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += v[i];
    return sum / n;
}

double load_random_rate(int weekday, int hour)
{
    return by_hour[hour] / mean_of(by_hour, 24) * by_weekday[weekday] / mean_of(by_weekday, 7);
}

struct generator {
    struct load_random what;
    struct load_frame frame;
    struct rng when, job;
    int64_t at_ms; // of the last arrival
    double per_ms; // mean rate of arrival
    uint64_t given;
    int64_t *work; // of each instance
    struct sim_data data[DATA_MAX];
};

// The arrivals of a unit stream, stretched hour by hour by the rate of the hour.
static bool next_arrival(struct generator *g)
{
    double left = -num_log(1 - rng_unit(&g->when));
    while (g->at_ms < g->frame.to_ms) {
        int64_t local = g->what.local_ms + g->at_ms;
        int64_t day = (local - ((local % DAY_MS) + DAY_MS) % DAY_MS) / DAY_MS;
        int64_t in_day = local - day * DAY_MS, in_hour = in_day % HOUR_MS;
        int weekday = (int)((((day + 4) % 7) + 7) % 7); // 1 January 1970 was a Thursday
        double rate = g->per_ms * load_random_rate(weekday, (int)(in_day / HOUR_MS));
        double room = rate * (double)(HOUR_MS - in_hour);
        if (left < room) {
            g->at_ms += (int64_t)(left / rate);
            return g->at_ms < g->frame.to_ms;
        }
        left -= room;
        g->at_ms += HOUR_MS - in_hour;
    }
    return false;
}

// Slots stand for data sets in use; each slot is given to a new set every 80 days, at a moment of its own.
static struct sim_data data_of(const struct generator *g, uint32_t slot)
{
    struct rng r;
    rng_seed(&r, g->frame.seed * 1000003 + slot);
    int64_t phase = (int64_t)rng_below(&r, LIFE_MS);
    uint64_t life = (uint64_t)((g->at_ms + phase) / LIFE_MS);
    uint64_t set = ((uint64_t)slot << 16 | life) + 1;
    rng_seed(&r, g->frame.seed ^ (set * UINT64_C(0x9e3779b97f4a7c15)));
    double u = rng_unit(&r), bytes = g->what.data_bytes;
    if (slot == 0)
        ;
    else if (slot < IMAGES)
        bytes *= 0.3 + 0.8 * u;
    else if (u > 0.97)
        bytes *= num_exp(num_log(28) * (u - 0.97) / 0.03); // few are large, up to 28 times the image
    else
        bytes *= num_exp(num_log(100) * u / 0.97) / 1300; // 1 to 100 MB where an image has 1.3 GB
    return (struct sim_data){set, bytes < 1 ? 1 : (int64_t)bytes};
}

static void add_data(struct generator *g, struct sim_job *j, uint32_t slot)
{
    struct sim_data d = data_of(g, slot);
    for (size_t i = 0; i < j->n_data; i++)
        if (g->data[i].set == d.set)
            return;
    g->data[j->n_data++] = d;
}

static void choose_data(struct generator *g, struct sim_job *j)
{
    double u = rng_unit(&g->job), files = rng_unit(&g->job);
    uint32_t others = g->what.data_sets > IMAGES ? g->what.data_sets - IMAGES : 0;
    add_data(g, j, u < POPULAR ? 0 : 1 + (uint32_t)((u - POPULAR) / (1 - POPULAR) * (IMAGES - 1)));
    for (int n = files < 0.1 ? 0 : files < 0.7 ? 1 : 2; n > 0 && others > 0; n--) {
        // Zipf's law by its continuous form: the rank is others^v.
        uint32_t rank = (uint32_t)num_exp(rng_unit(&g->job) * num_log((double)others + 1)) - 1;
        add_data(g, j, IMAGES + (rank < others ? rank : others - 1));
    }
    j->data = g->data;
}

static int64_t work_of(double s, int32_t cores)
{
    return int_clamp(num_round(s * 1000 * cores), 1, LOAD_WORK_MAX);
}

static int next(void *ctx, struct sim_job *out, struct err *e)
{
    struct generator *g = ctx;
    (void)e;
    if (!(g->per_ms > 0) || !next_arrival(g))
        return 0;
    struct sim_job j = {
        .id = g->given++, .submit_ms = g->at_ms, .activity = g->frame.activity, .expected_run_ms = -1};
    double task_s = between(run_s, rng_unit(&g->job));
    j.instances = width_at(rng_unit(&g->job));
    for (int32_t i = 0; i < j.instances; i++)
        g->work[i] = work_of(task_s * num_exp(SPREAD * rng_normal(&g->job)), g->what.cores);
    j.work_core_ms = g->work[0];
    j.work_each_core_ms = g->work;
    j.cores = g->what.cores;
    j.memory_mb = g->frame.memory_mb;
    j.save_ms = g->frame.save_ms;
    j.account = (uint32_t)rng_below(&g->job, g->frame.accounts);
    if (g->what.data_bytes > 0)
        choose_data(g, &j);
    *out = j;
    return 1;
}

static void end(void *ctx)
{
    struct generator *g = ctx;
    free(g->work);
    free(g);
}

struct sim_workload load_random(const struct load_random *r, const struct load_frame *frame)
{
    struct generator *g = mem_alloc(sizeof *g);
    *g = (struct generator){.what = *r, .frame = *frame, .at_ms = frame->from_ms};
    g->per_ms = r->work_cores / (load_random_mean_run_s() * load_random_mean_width() * r->cores) / 1000;
    g->work = mem_array(LOAD_INSTANCES_MAX, sizeof *g->work);
    rng_seed(&g->when, frame->seed);
    rng_seed(&g->job, frame->seed ^ UINT64_C(0x6a09e667f3bcc909));
    return (struct sim_workload){g, next, end};
}
