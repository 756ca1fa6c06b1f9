// SPDX-License-Identifier: Apache-2.0
//
// Towns as a planner is told them: one board a zone, so that nothing is shared; some zones cold, some not;
// customers who all wait. A full plan is the first one of a town that was just told: nothing is valued yet.
// The incremental plans carry out what they decide, as the engine does, so that the town stays in motion.
#include "cli/bench_plan.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/rng.h"
#include "cli/bench_bound.h"
#include "core/plan/plan.h"

#define RUNS     5
#define EVENTS   4000
#define START_MS INT64_C(1764547200000)

static const struct board_spec spec = {.cores = 8, .memory_mb = 16384};

struct size {
    const char *what;
    int boards, tasks, sites, customers;
    bool mixed;                     // classes, lengths of run and hardware asked for differ
    double full_ms, p50_us, p99_us; // targets
};

static const struct size sizes[] = {
    {"10,000 boards on one site, 100,000 instances of one customer", 10000, 100000, 1, 1, false, 20, 100,
     200},
    {"10,000 boards on 1,000 sites, 100,000 instances of 100 customers", 10000, 100000, 1000, 100, true, 20,
     100, 200},
    {"100,000 boards on one site, 1,000,000 instances of one customer", 100000, 1000000, 1, 1, false, 100,
     100, 200},
    {"100,000 boards on 10,000 sites, 1,000,000 instances of 1,000 customers", 100000, 1000000, 10000, 1000,
     true, 100, 100, 200},
};

static double now_s(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts); // what others do to the machine is left out
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct town {
    const struct size *size;
    struct planner *p;
    struct plan plan;
    struct plan_board *board;
    struct plan_task *task;
    int32_t n_boards, n_sites;
    uint32_t n_tasks, cap_tasks;
    struct rng rng;
    int64_t now_ms;
};

static void tell_zone(struct town *t, uint32_t at, int32_t want_w)
{
    planner_zone(t->p, at,
                 &(struct plan_zone){.site = at % (uint32_t)t->n_sites,
                                     .online = true,
                                     .request = {.target_w = want_w, .min_w = want_w / 2, .max_w = want_w}});
}

// One of 16 shapes: classes, short and long work, two sizes of memory.
static void new_task(struct town *t, uint32_t at, int64_t since_ms)
{
    uint64_t r = rng_next(&t->rng);
    t->task[at] = (struct plan_task){.activity = ACTIVITY_FLEX,
                                     .account = 1 + r % (uint64_t)t->size->customers,
                                     .order = at + 1,
                                     .pending = 1,
                                     .since = HOUSE_MS(since_ms)};
    if (t->size->mixed) {
        static const enum activity of[8] = {ACTIVITY_RESERVED, ACTIVITY_ONDEMAND, ACTIVITY_ONDEMAND,
                                            ACTIVITY_FLEX,     ACTIVITY_FLEX,     ACTIVITY_FLEX,
                                            ACTIVITY_FLEX,     ACTIVITY_DONATED};
        t->task[at].activity = of[r >> 40 & 7];
        t->task[at].run = r >> 44 & 1 ? RUN_HOUR : RUN_SHORT;
        t->task[at].constraint.memory_mb_min = r >> 45 & 1 ? 8000 : 0;
    }
    planner_task(t->p, at, &t->task[at]);
}

static void town_init(struct town *t, const struct size *size, int permille)
{
    *t = (struct town){.size = size, .p = planner_new(price_table_default()), .now_ms = START_MS};
    t->n_boards = size->boards / 1000 * permille;
    t->n_sites = size->sites * permille / 1000;
    t->n_sites = t->n_sites > 0 ? t->n_sites : 1;
    t->n_tasks = (uint32_t)(size->tasks / 1000 * permille);
    t->cap_tasks = t->n_tasks + EVENTS;
    t->board = mem_array((size_t)t->n_boards, sizeof *t->board);
    t->task = mem_array(t->cap_tasks, sizeof *t->task);
    rng_seed(&t->rng, 1);
    for (uint32_t s = 0; s < (uint32_t)t->n_sites; s++)
        planner_site(t->p, s, &(struct plan_site){.cap_mw = -1});
    for (uint32_t i = 0; i < (uint32_t)t->n_boards; i++) {
        tell_zone(t, i, 100 + (int32_t)(i % 97));
        t->board[i] = (struct plan_board){
            .zone = i, .spec = &spec, .curve = curve_default(), .usable = true, .task = PLAN_NONE};
        planner_board(t->p, i, &t->board[i]);
    }
    for (uint32_t i = 0; i < t->n_tasks; i++)
        new_task(t, i, START_MS - 7200000 + (int64_t)(i * 7200000ULL / t->n_tasks));
}

static void town_deinit(struct town *t)
{
    plan_deinit(&t->plan);
    planner_free(t->p);
    free(t->board);
    free(t->task);
}

static double full_plan_ms(struct town *t)
{
    double began = now_s();
    planner_run(t->p, HOUSE_MS(t->now_ms), &t->plan);
    began = now_s() - began;
    if (t->plan.n_assigns != (size_t)t->n_boards)
        abort();
    return began * 1e3;
}

static void carry_out(struct town *t)
{
    for (size_t i = 0; i < t->plan.n_stops; i++) {
        struct plan_board *b = &t->board[t->plan.stop[i].board];
        b->stopping = true;
        planner_board(t->p, t->plan.stop[i].board, b);
    }
    for (size_t i = 0; i < t->plan.n_assigns; i++) {
        const struct plan_assign *a = &t->plan.assign[i];
        struct plan_board *b = &t->board[a->board];
        struct plan_task *task = &t->task[a->task];
        b->task = a->task;
        b->activity = task->activity;
        b->account = task->account;
        task->pending--;
        planner_board(t->p, a->board, b);
        planner_task(t->p, a->task, task);
    }
    plan_clear(&t->plan);
}

// A board falls free, a zone wants more or less, a customer submits.
static void change(struct town *t)
{
    uint32_t at = (uint32_t)rng_below(&t->rng, (uint64_t)t->n_boards);
    uint64_t what = rng_below(&t->rng, 3);
    if (what == 0) {
        tell_zone(t, at, 60 + (int32_t)rng_below(&t->rng, 120));
    } else if (what == 1) {
        uint32_t task = t->board[at].task;
        t->board[at].task = PLAN_NONE;
        t->board[at].stopping = false;
        planner_board(t->p, at, &t->board[at]);
        if (task != PLAN_NONE && !t->task[task].pending)
            planner_task_gone(t->p, task);
    } else if (t->n_tasks < t->cap_tasks) {
        new_task(t, t->n_tasks++, t->now_ms);
    }
}

static void events_us(struct town *t, int events, double v[EVENTS])
{
    carry_out(t);
    for (int i = 0; i < events; i++) {
        t->now_ms += 20;
        double began = now_s();
        change(t);
        planner_run(t->p, HOUSE_MS(t->now_ms), &t->plan);
        v[i] = (now_s() - began) * 1e6;
        carry_out(t);
    }
    qsort(v, (size_t)events, sizeof *v, by_value);
}

static void bench_size(FILE *out, const struct size *size, int permille, int events)
{
    double full[RUNS], p50[RUNS], p99[RUNS];
    double *v = mem_array(EVENTS, sizeof *v);
    for (int i = 0; i < RUNS; i++) {
        struct town t;
        town_init(&t, size, permille);
        full[i] = full_plan_ms(&t);
        events_us(&t, events, v);
        p50[i] = v[events / 2];
        p99[i] = v[events - events / 100];
        town_deinit(&t);
    }
    free(v);
    qsort(full, RUNS, sizeof *full, by_value);
    qsort(p50, RUNS, sizeof *p50, by_value);
    qsort(p99, RUNS, sizeof *p99, by_value);
    fprintf(out, "plan: %s: full %.3g ms (%.3g..%.3g; at most %g), one event %.3g us (median; below %g), ",
            size->what, full[RUNS / 2], full[0], full[RUNS - 1], size->full_ms, p50[RUNS / 2], size->p50_us);
    fprintf(out, "%.3g us (99th percentile, %.3g..%.3g; at most %g)\n", p99[RUNS / 2], p99[0], p99[RUNS - 1],
            size->p99_us);
}

int bench_plan_part(FILE *out, int permille)
{
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
        bench_size(out, &sizes[i], permille, permille < 1000 ? 200 : EVENTS);
    bench_bound(out, permille < 1000 ? 5 : 200);
    return 0;
}

int bench_plan(FILE *out)
{
    return bench_plan_part(out, 1000);
}
