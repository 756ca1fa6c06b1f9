// SPDX-License-Identifier: Apache-2.0
// How good the market's plans are: their worth as a share of an upper bound, the linear relaxation of the
// best assignment (GLPK), on small random fleets of one board for each room, where what each pair is worth
// does not depend on the others:
//
//   max sum net(t, b) x(t, b)    sum over t x(t, b) <= 1    sum over b x(t, b) <= waiting(t)
//                                site: sum draw(b) x <= cap
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glpk.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "core/plan/policy.h"

enum { BOARDS = 24, SITES = 4, TASKS = 10, ENTRIES = 3 * BOARDS * TASKS + 1 };

static const struct board_spec small = {.cores = 8, .memory_mb = 16384, .key = "8c"};
static const struct board_spec large = {.cores = 8, .memory_mb = 65536, .key = "8c-64g"};
static const house_ms now = {.v = 1000};

struct fleet {
    struct planner *p;
    int64_t cap_mw[SITES], draw_mw[BOARDS];
    int32_t pending[TASKS];
};

static void make_boards(struct fleet *f, struct rng *r, bool capped)
{
    for (uint32_t s = 0; s < SITES; s++) {
        struct plan_site site = {.cap_mw = capped && s < 2 ? 300000 + (int64_t)rng_below(r, 300000) : -1,
                                 .has_position = true,
                                 .lat_mdeg = 40000 + (int32_t)s * 4000,
                                 .country = "FR"};
        f->cap_mw[s] = site.cap_mw;
        planner_site(f->p, s, &site);
    }
    for (uint32_t b = 0; b < BOARDS; b++) {
        int32_t w = 20 + (int32_t)rng_below(r, 140);
        f->draw_mw[b] = 1000 * (int64_t)w;
        planner_zone(f->p, b,
                     &(struct plan_zone){
                         .site = b % SITES,
                         .online = true,
                         .request = {.target_w = w, .min_w = w * (int32_t)rng_below(r, 2), .max_w = w}});
        planner_board(f->p, b,
                      &(struct plan_board){.zone = b,
                                           .spec = rng_below(r, 3) ? &small : &large,
                                           .curve = curve_default(),
                                           .usable = true,
                                           .task = PLAN_NONE});
    }
}

static void make_tasks(struct fleet *f, struct rng *r)
{
    for (uint32_t t = 0; t < TASKS; t++) {
        struct plan_task task = {.activity = (enum activity)rng_below(r, PLAN_CLASSES),
                                 .account = 1 + rng_below(r, 3),
                                 .order = t + 1,
                                 .pending = (int32_t)rng_below(r, 6),
                                 .since = now};
        task.constraint.memory_mb_min = rng_below(r, 3) ? 0 : 32768;
        task.where.site = rng_below(r, 6) ? 0 : 1 + (uint32_t)rng_below(r, SITES);
        task.where.has_near = rng_below(r, 2);
        task.where.lat_mdeg = 40000 + (int32_t)rng_below(r, 12000);
        f->pending[t] = task.pending;
        planner_task(f->p, t, &task);
    }
}

static double bound_of(const struct fleet *f)
{
    static int row[ENTRIES], column[ENTRIES];
    static double value[ENTRIES];
    int n = 0;
    glp_prob *lp = glp_create_prob();
    glp_set_obj_dir(lp, GLP_MAX);
    glp_add_rows(lp, BOARDS + TASKS + SITES);
    for (int b = 0; b < BOARDS; b++)
        glp_set_row_bnds(lp, 1 + b, GLP_UP, 0, 1);
    for (int t = 0; t < TASKS; t++)
        glp_set_row_bnds(lp, 1 + BOARDS + t, GLP_UP, 0, f->pending[t]);
    for (int s = 0; s < SITES; s++)
        glp_set_row_bnds(lp, 1 + BOARDS + TASKS + s, f->cap_mw[s] < 0 ? GLP_FR : GLP_UP, 0,
                         (double)f->cap_mw[s]);
    for (uint32_t t = 0; t < TASKS; t++) {
        for (uint32_t b = 0; b < BOARDS; b++) {
            int64_t net = planner_net(f->p, t, b, now, NULL);
            if (net <= 0)
                continue;
            int j = glp_add_cols(lp, 1);
            glp_set_col_bnds(lp, j, GLP_DB, 0, 1);
            glp_set_obj_coef(lp, j, (double)net);
            const int rows[] = {1 + (int)b, 1 + BOARDS + (int)t, 1 + BOARDS + TASKS + (int)(b % SITES)};
            for (int i = 0; i < 3; i++) {
                row[++n] = rows[i];
                column[n] = j;
                value[n] = i == 2 ? (double)f->draw_mw[b] : 1;
            }
        }
    }
    glp_load_matrix(lp, n, row, column, value);
    glp_smcp how;
    glp_init_smcp(&how);
    how.msg_lev = GLP_MSG_OFF;
    assert_int_equal(glp_simplex(lp, &how), 0);
    double best = glp_get_obj_val(lp);
    glp_delete_prob(lp);
    return best;
}

static double share(uint64_t seed, bool capped)
{
    struct fleet f = {.p = planner_new(price_table_default())};
    struct plan out = {0};
    struct err e = ERR_NULL;
    struct rng r;
    double got = 0;
    rng_seed(&r, seed);
    make_boards(&f, &r, capped);
    make_tasks(&f, &r);
    double best = bound_of(&f);
    planner_run(f.p, now, &out);
    if (plan_check(f.p, now, &out, &e) < 0)
        fail_msg("seed %llu: %s", (unsigned long long)seed, e.text);
    for (size_t i = 0; i < out.n_assigns; i++)
        got += (double)out.assign[i].net_ueur_per_h;
    plan_deinit(&out);
    planner_free(f.p);
    return best > 0 ? got / best : 1;
}

static void judge(const char *what, bool capped, double least, double mean)
{
    enum { SEEDS = 200 };
    double sum = 0, worst = 2;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        double x = share(seed, capped);
        if (x > 1 + 1e-9)
            fail_msg("seed %llu: %.6f of the bound: the bound is none", (unsigned long long)seed, x);
        sum += x;
        worst = x < worst ? x : worst;
    }
    printf("share of the bound, %s: %.1f %% on average, %.1f %% at worst\n", what, 100 * sum / SEEDS,
           100 * worst);
    assert_true(sum / SEEDS >= mean);
    assert_true(worst >= least);
}

static void plans_are_close_to_the_bound(void **state)
{
    (void)state;
    judge("no caps", false, 0.75, 0.96);
}

static void plans_under_caps_are_close_to_the_bound(void **state)
{
    (void)state;
    judge("two of four sites capped", true, 0.70, 0.94);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_are_close_to_the_bound),
        cmocka_unit_test(plans_under_caps_are_close_to_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
