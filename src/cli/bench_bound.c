// SPDX-License-Identifier: Apache-2.0
//
// The linear relaxation of the best assignment, where what each pair is worth does not depend on the others
// (one board a room):
//
//   max sum net(t, b) x(t, b)    sum over t x(t, b) <= 1    sum over b x(t, b) <= waiting(t)    x >= 0
//                                site: sum draw(b) x <= cap
#include "cli/bench_bound.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "core/plan/plan.h"

enum { BOARDS = 60, SITES = 4, TASKS = 25, ENTRIES = 3 * BOARDS * TASKS + 1 };
enum { LP_MAX = 2, LP_FREE = 1, LP_UP = 3, LP_DOUBLE = 4 }; // of glpk.h

static const struct board_spec small = {.cores = 8, .memory_mb = 16384, .key = "8c"};
static const struct board_spec large = {.cores = 8, .memory_mb = 65536, .key = "8c-64g"};
static const house_ms now = {.v = 1000};

struct lp {
    void *library;
    void *(*create)(void);
    void (*delete)(void *);
    void (*set_dir)(void *, int);
    int (*add_rows)(void *, int), (*add_cols)(void *, int);
    void (*row_bounds)(void *, int, int, double, double), (*col_bounds)(void *, int, int, double, double);
    void (*coef)(void *, int, double);
    void (*matrix)(void *, int, const int *, const int *, const double *);
    int (*simplex)(void *, const void *);
    double (*value)(void *);
    int (*term_out)(int);
    const char *(*version)(void);
};

static bool lp_open(struct lp *lp)
{
    *lp = (struct lp){.library = dlopen("libglpk.so.40", RTLD_NOW)};
    const struct {
        const char *name;
        void *at;
    } entry[] = {{"glp_create_prob", &lp->create},      {"glp_delete_prob", &lp->delete},
                 {"glp_set_obj_dir", &lp->set_dir},     {"glp_add_rows", &lp->add_rows},
                 {"glp_add_cols", &lp->add_cols},       {"glp_set_row_bnds", &lp->row_bounds},
                 {"glp_set_col_bnds", &lp->col_bounds}, {"glp_set_obj_coef", &lp->coef},
                 {"glp_load_matrix", &lp->matrix},      {"glp_simplex", &lp->simplex},
                 {"glp_get_obj_val", &lp->value},       {"glp_term_out", &lp->term_out},
                 {"glp_version", &lp->version}};
    for (size_t i = 0; lp->library && i < ARRAY_LEN(entry); i++) {
        *(void **)entry[i].at = dlsym(lp->library, entry[i].name);
        if (!*(void **)entry[i].at) {
            dlclose(lp->library);
            lp->library = NULL;
        }
    }
    return lp->library != NULL;
}

struct fleet {
    struct planner *p;
    int64_t cap_mw[SITES], draw_mw[BOARDS];
    int32_t pending[TASKS];
};

static void fleet_make(struct fleet *f, uint64_t seed)
{
    struct rng r;
    rng_seed(&r, seed);
    f->p = planner_new(price_table_default());
    for (uint32_t s = 0; s < SITES; s++) {
        f->cap_mw[s] = s ? -1 : 300000 + (int64_t)rng_below(&r, 600000);
        planner_site(f->p, s,
                     &(struct plan_site){.cap_mw = f->cap_mw[s],
                                         .has_position = true,
                                         .lat_mdeg = 40000 + (int32_t)s * 4000});
    }
    for (uint32_t b = 0; b < BOARDS; b++) {
        int32_t w = 20 + (int32_t)rng_below(&r, 140);
        f->draw_mw[b] = 1000 * (int64_t)w;
        planner_zone(f->p, b,
                     &(struct plan_zone){.site = b % SITES,
                                         .online = true,
                                         .request = {.target_w = w, .min_w = w / 2, .max_w = w}});
        planner_board(f->p, b,
                      &(struct plan_board){.zone = b,
                                           .spec = rng_below(&r, 3) ? &small : &large,
                                           .curve = curve_default(),
                                           .usable = true,
                                           .task = PLAN_NONE});
    }
    for (uint32_t t = 0; t < TASKS; t++) {
        struct plan_task task = {.activity = (enum activity)rng_below(&r, PLAN_CLASSES),
                                 .account = 1 + rng_below(&r, 5),
                                 .order = t + 1,
                                 .pending = (int32_t)rng_below(&r, 6),
                                 .since = now};
        task.constraint.memory_mb_min = rng_below(&r, 3) ? 0 : 32768;
        task.where.has_near = rng_below(&r, 2);
        task.where.lat_mdeg = 40000 + (int32_t)rng_below(&r, 12000);
        f->pending[t] = task.pending;
        planner_task(f->p, t, &task);
    }
}

static double bound_of(const struct lp *lp, const struct fleet *f)
{
    int *row = mem_array(ENTRIES, sizeof *row), *column = mem_array(ENTRIES, sizeof *column), n = 0;
    double *value = mem_array(ENTRIES, sizeof *value);
    void *p = lp->create();
    lp->set_dir(p, LP_MAX);
    lp->add_rows(p, BOARDS + TASKS + SITES);
    for (int b = 0; b < BOARDS; b++)
        lp->row_bounds(p, 1 + b, LP_UP, 0, 1);
    for (int t = 0; t < TASKS; t++)
        lp->row_bounds(p, 1 + BOARDS + t, LP_UP, 0, f->pending[t]);
    for (int s = 0; s < SITES; s++)
        lp->row_bounds(p, 1 + BOARDS + TASKS + s, f->cap_mw[s] < 0 ? LP_FREE : LP_UP, 0,
                       (double)f->cap_mw[s]);
    for (uint32_t i = 0; i < TASKS * BOARDS; i++) {
        uint32_t t = i / BOARDS, b = i % BOARDS;
        int64_t net = planner_net(f->p, t, b, now, NULL);
        if (net <= 0)
            continue;
        int j = lp->add_cols(p, 1);
        lp->col_bounds(p, j, LP_DOUBLE, 0, 1);
        lp->coef(p, j, (double)net);
        const int rows[] = {1 + (int)b, 1 + BOARDS + (int)t, 1 + BOARDS + TASKS + (int)(b % SITES)};
        for (int k = 0; k < 3; k++) {
            row[++n] = rows[k];
            column[n] = j;
            value[n] = k == 2 ? (double)f->draw_mw[b] : 1;
        }
    }
    lp->matrix(p, n, row, column, value);
    double best = lp->simplex(p, NULL) == 0 ? lp->value(p) : 0;
    lp->delete (p);
    free(row);
    free(column);
    free(value);
    return best;
}

static double share(const struct lp *lp, uint64_t seed)
{
    struct fleet f;
    struct plan plan = {0};
    double got = 0;
    fleet_make(&f, seed);
    double best = bound_of(lp, &f);
    planner_run(f.p, now, &plan);
    for (size_t i = 0; i < plan.n_assigns; i++)
        got += (double)plan.assign[i].net_ueur_per_h;
    plan_deinit(&plan);
    planner_free(f.p);
    return best > 0 ? got / best : 1;
}

void bench_bound(FILE *out, int fleets)
{
    struct lp lp;
    double sum = 0, worst = 1;
    if (!lp_open(&lp)) {
        fprintf(out,
                "plan: share of the linear bound: skipped, GLPK is not installed (apt install libglpk40)\n");
        return;
    }
    lp.term_out(0);
    for (int i = 1; i <= fleets; i++) {
        double x = share(&lp, (uint64_t)i);
        sum += x;
        worst = x < worst ? x : worst;
    }
    fprintf(out,
            "plan: share of the linear bound (GLPK %s), %d fleets of %d boards, one of %d sites capped: %.1f "
            "%% on "
            "average, %.1f %% at worst; the bound knows no classes and no fairness\n",
            lp.version(), fleets, BOARDS, SITES, 100 * sum / fleets, 100 * worst);
    dlclose(lp.library);
}
