// SPDX-License-Identifier: Apache-2.0
#include "core/heat/learn_row.h"

void learn_row_pull(const struct learn_row *v, const struct heat_row *z, size_t j, struct thermostat *t)
{
    struct learn e = {.last_y = v->last_y[j],
                      .last_p = v->last_p[j],
                      .ends = v->ends[j],
                      .samples = v->samples[j],
                      .sane = v->sane[j],
                      .capacity_known = v->capacity_known[j],
                      .usable = v->usable[j],
                      .capacity_j_per_k = v->capacity_j_per_k[j],
                      .integral_w = z->integral_w[j],
                      .kp = z->kp[j],
                      .kp_per_ti = z->kp_per_ti[j],
                      .per_tt = z->per_tt[j]};
    for (int k = 0; k < ESTIMATE_TERMS; k++)
        e.theta[k] = v->theta[k][j];
    for (int k = 0; k < LEARN_COVS; k++)
        e.cov[k] = v->cov[k][j];
    learn_take(t, &e);
    t->outside_c = v->outside_c[j];
}

void learn_row_push(struct learn_row *v, size_t j, const struct thermostat *t)
{
    const struct learn e = learn_of(t);
    for (int k = 0; k < ESTIMATE_TERMS; k++)
        v->theta[k][j] = e.theta[k];
    for (int k = 0; k < LEARN_COVS; k++)
        v->cov[k][j] = e.cov[k];
    v->last_y[j] = e.last_y;
    v->last_p[j] = e.last_p;
    v->ends[j] = e.ends;
    v->samples[j] = e.samples;
    v->sane[j] = e.sane;
    v->capacity_known[j] = e.capacity_known;
    v->usable[j] = e.usable;
    v->capacity_j_per_k[j] = e.capacity_j_per_k;
    v->outside_c[j] = t->outside_c;
    v->outside_known[j] = t->est.outside_known;
}

WIDE_INLINE struct learn_from learn_from(const struct learn_row *v, const struct heat_row *z,
                                         const int32_t *target_w, size_t j)
{
    return (struct learn_from){.y_c = z->room_c[j],
                               .outside_c = v->outside_c[j],
                               .outside_known = v->outside_known[j],
                               .sum_p_s = z->sum_p_s[j],
                               .r_c = z->r_c[j],
                               .target_w = target_w[j],
                               .guarded = z->guarded[j]};
}

// Returns not 0 where an estimate is lost, which `lost` marks.
WIDE_INLINE int64_t sample_row(struct learn_row *v, const struct heat_row *z, const int32_t *target_w,
                               const struct learn_make *k, int32_t lost[WIDE_ROW])
{
    int64_t any = 0;
    WIDE_LOOP
    for (size_t j = 0; j < WIDE_ROW; j++) {
        struct learn e = {.last_y = v->last_y[j],
                          .last_p = v->last_p[j],
                          .ends = v->ends[j],
                          .samples = v->samples[j],
                          .sane = v->sane[j],
                          .capacity_known = v->capacity_known[j],
                          .usable = v->usable[j]};
        WIDE_UNROLL
        for (int i = 0; i < ESTIMATE_TERMS; i++)
            e.theta[i] = v->theta[i][j];
        WIDE_UNROLL
        for (int i = 0; i < LEARN_COVS; i++)
            e.cov[i] = v->cov[i][j];
        const struct learn_from in = learn_from(v, z, target_w, j);
        int64_t is_lost = learn_sample(&e, &in, k);
        WIDE_UNROLL
        for (int i = 0; i < ESTIMATE_TERMS; i++)
            v->theta[i][j] = e.theta[i];
        WIDE_UNROLL
        for (int i = 0; i < LEARN_COVS; i++)
            v->cov[i][j] = e.cov[i];
        v->last_y[j] = e.last_y;
        v->last_p[j] = e.last_p;
        v->ends[j] = e.ends;
        v->samples[j] = e.samples;
        v->sane[j] = e.sane;
        v->capacity_known[j] = e.capacity_known;
        v->usable[j] = e.usable;
        lost[j] = (int32_t)is_lost;
        any |= is_lost;
    }
    return any;
}

static void restart_lost(struct learn_row *v, const int32_t lost[WIDE_ROW])
{
    struct learn e = {0};
    for (size_t j = 0; j < WIDE_ROW; j++) {
        if (!lost[j])
            continue;
        learn_restart(&e, v->outside_known[j] != 0);
        for (int i = 0; i < ESTIMATE_TERMS; i++)
            v->theta[i][j] = e.theta[i];
        for (int i = 0; i < LEARN_COVS; i++)
            v->cov[i][j] = e.cov[i];
        v->ends[j] = e.ends;
        v->samples[j] = e.samples;
        v->sane[j] = e.sane;
        v->capacity_known[j] = e.capacity_known;
        v->usable[j] = e.usable;
    }
}

WIDE_INLINE void gains_row(struct learn_row *v, struct heat_row *z, const int32_t *target_w,
                           const struct learn_make *k)
{
    WIDE_LOOP
    for (size_t j = 0; j < WIDE_ROW; j++) {
        struct learn e = {.theta = {v->theta[0][j], v->theta[1][j], v->theta[2][j], v->theta[3][j]},
                          .capacity_known = v->capacity_known[j],
                          .usable = v->usable[j],
                          .integral_w = z->integral_w[j],
                          .kp = z->kp[j],
                          .kp_per_ti = z->kp_per_ti[j],
                          .per_tt = z->per_tt[j]};
        const struct learn_from in = learn_from(v, z, target_w, j);
        learn_gains(&e, &in, k);
        v->capacity_j_per_k[j] = e.capacity_j_per_k;
        z->integral_w[j] = (float)e.integral_w;
        z->kp[j] = (float)e.kp;
        z->kp_per_ti[j] = (float)e.kp_per_ti;
        z->per_tt[j] = (float)e.per_tt;
        z->sum_p_s[j] = 0;
    }
}

WIDE_INLINE void rows_any(struct learn_row *v, struct heat_row *z, size_t rows, const int32_t *target_w,
                          const struct learn_make *make)
{
    const struct learn_make k = *make;
    for (size_t i = 0; i < rows; i++) {
        int32_t lost[WIDE_ROW];
        if (sample_row(&v[i], &z[i], target_w + i * WIDE_ROW, &k, lost))
            restart_lost(&v[i], lost);
        gains_row(&v[i], &z[i], target_w + i * WIDE_ROW, &k);
    }
}
WIDE(rows,
     (struct learn_row * v, struct heat_row *z, size_t rows, const int32_t *target_w,
      const struct learn_make *make),
     (v, z, rows, target_w, make))

void learn_rows(struct learn_row *v, struct heat_row *z, size_t n, const int32_t *target_w,
                const struct learn_make *make)
{
    rows(v, z, n, target_w, make);
}
