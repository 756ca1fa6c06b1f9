// SPDX-License-Identifier: Apache-2.0
//
// A finished sample of one zone: its estimate (estimate.h) and the gains that follow from it, once, for one
// zone (heat_learn() in step.c) and for many side by side (learn_row.c). Doubles and selects only, flags are 0 or
// 1, so that a compiler can put zones side by side; of the covariance, which is symmetric to the last bit,
// the upper half.
#ifndef ONDOL_CORE_HEAT_LEARN_H
#define ONDOL_CORE_HEAT_LEARN_H

#include <math.h>

#include "base/wide.h"
#include "core/heat/estimate.h"
#include "core/heat/step.h"

#define LEARN_H            ((double)ESTIMATE_SAMPLE_S)
#define LEARN_COVS         10
#define LEARN_COV_OF(i, j) ((i)*ESTIMATE_TERMS - (i) * ((i) + 1) / 2 + (j)) // i <= j
#define ARRIVAL_SHARE      0.5

// Prior: 45 h and 10 kJ/K per watt of nameplate (500 W for 30 m2 of medium weight, 165 kJ/K m2).
static const double learn_prior[ESTIMATE_TERMS] = {10.0 * LEARN_H / (45 * 3600.0), LEARN_H / 10000.0, 0.1, 0};
static const double learn_prior_sd[ESTIMATE_TERMS] = {0.05, 0.15, 0.3, 0.06};

// Variance by which a term wanders per sample. The building terms move by half their value in about a year.
static const double learn_wander[ESTIMATE_TERMS - 1] = {1e-9, 1e-8, 1e-8};

// th3 where outside is not known: it swings with the day, some 3 mK per sample at each sample. Where it is
// known only gains are left: 3 to 5 W/m2 are some 10 to 20 mK per sample, and at constant power they cannot
// be told from a stronger heater, so the prior has to say that they are small.
#define LEARN_WANDER_UNKNOWN 9e-6
#define LEARN_WANDER_GAINS   4e-7
#define LEARN_GAINS_SD       0.015

// Unexplained per sample: 10 mK of sensor and as much of what one time constant cannot say.
#define LEARN_NOISE_VAR 2e-4

struct learn {
    double theta[ESTIMATE_TERMS], cov[LEARN_COVS];
    double last_y, last_p;
    double ends; // samples whose end is known, up to 2: 0 last_y is no reading, 1 there is no last_p
    double samples, sane, capacity_known, usable;
    // what the loop goes by
    double capacity_j_per_k, integral_w, kp, kp_per_ti, per_tt;
};

// What goes in, of a zone, and what zones of one make in one step share.
struct learn_from {
    double y_c, outside_c, outside_known, sum_p_s, r_c, target_w;
    double guarded; // some guard is in force
};
struct learn_make {
    double per_sum_s; // 1 / seconds of the sample
    double per_full;  // what the sum of kelvins is times this: parts of the nameplate
    double full_w, weight_b;
};

// A zone's struct as that and back.
struct learn learn_of(const struct thermostat *t);
void learn_take(struct thermostat *t, const struct learn *l);
struct learn_make learn_make_of(const struct thermostat *t, double sum_s);

WIDE_INLINE int64_t learn_is(double flag)
{
    return wide_mask(flag != 0);
}

// lo <= hi. Where it is the smaller or larger of two, a plain choice: one instruction for all lanes.
WIDE_INLINE double learn_between(double x, double lo, double hi)
{
    double top = x > hi ? hi : x;
    return lo > top ? lo : top;
}

// What the last term's variance may be at most: of gains, or where outside is not known, of that too.
WIDE_INLINE double learn_last_most(int64_t outside_known)
{
    const double unknown = learn_prior_sd[ESTIMATE_TERMS - 1] * learn_prior_sd[ESTIMATE_TERMS - 1];
    return wide_pick(outside_known, LEARN_GAINS_SD * LEARN_GAINS_SD, unknown);
}

// The sample moves theta and its covariance where it is `ready`. A surprise of more than three deviations (a
// door, a party) counts as three.
WIDE_INLINE void learn_move(struct learn *e, const double x[ESTIMATE_TERMS], double err,
                            int64_t outside_known, int64_t ready)
{
    enum { N = ESTIMATE_TERMS };
    double px[N], s = LEARN_NOISE_VAR;
    WIDE_UNROLL
    for (int i = 0; i < N; i++) {
        double last_more = wide_pick(outside_known, LEARN_WANDER_GAINS, LEARN_WANDER_UNKNOWN);
        double var =
            e->cov[LEARN_COV_OF(i, i)] + wide_pick(ready, i < N - 1 ? learn_wander[i] : last_more, 0);
        double most = i < N - 1 ? learn_prior_sd[i] * learn_prior_sd[i] : learn_last_most(outside_known);
        e->cov[LEARN_COV_OF(i, i)] = var < most ? var : most;
        err -= x[i] * e->theta[i];
    }
    WIDE_UNROLL
    for (int i = 0; i < N; i++) {
        px[i] = 0;
        WIDE_UNROLL
        for (int j = 0; j < N; j++)
            px[i] += e->cov[i < j ? LEARN_COV_OF(i, j) : LEARN_COV_OF(j, i)] * x[j];
    }
    WIDE_UNROLL
    for (int i = 0; i < N; i++)
        s += px[i] * x[i];
    double limit = 3 * sqrt(s), inv_s = wide_pick(ready, 1.0 / s, 0),
           bounded = learn_between(err, -limit, limit);
    WIDE_UNROLL
    for (int i = 0; i < N; i++)
        e->theta[i] += px[i] * inv_s * bounded;
    WIDE_UNROLL
    for (int i = 0; i < N; i++)
        WIDE_UNROLL
    for (int j = i; j < N; j++)
        e->cov[LEARN_COV_OF(i, j)] -= px[i] * px[j] * inv_s;
    e->samples += wide_pick(ready, 1, 0);
}

// Usable needs six hours of samples and plausible values (capacity within eight times the prior, tau 1.4 h to
// 14 days) four samples in a row. Where outside is not known, a thermostat that holds its setpoint well sees
// power follow the weather with nothing happening in the room, and takes the room for heavy: only setpoint
// steps teach it, so that the capacity has to be known far better before it counts. Deviations are compared
// as their squares.
WIDE_INLINE void learn_judge(struct learn *e, int64_t outside_known, int64_t ready)
{
    double th0 = e->theta[0], th1 = e->theta[1];
    int64_t heavy_ok = wide_mask(th1 > learn_prior[1] / 8) & wide_mask(th1 < learn_prior[1] * 8);
    int64_t tau_ok =
        wide_mask(th0 > 10.0 * LEARN_H / (14 * 86400.0)) & wide_mask(th0 < 10.0 * LEARN_H / 5000.0);
    double most1 = wide_pick(outside_known, 0.33, 0.08) * th1, most0 = 0.5 * th0, more = e->sane + 1;
    double sane = wide_pick(heavy_ok, more < 4 ? more : 4, 0);
    int64_t capacity = wide_mask(e->samples >= 24) & wide_mask(sane >= 4) &
                       wide_mask(e->cov[LEARN_COV_OF(1, 1)] < most1 * most1);
    int64_t usable = capacity & tau_ok & wide_mask(e->cov[LEARN_COV_OF(0, 0)] < most0 * most0);
    e->sane = wide_pick(ready, sane, e->sane);
    e->capacity_known = wide_pick(ready, wide_pick(capacity, 1, 0), e->capacity_known);
    e->usable = wide_pick(ready, wide_pick(usable, 1, 0), e->usable);
}

// The sample is over, and the next begins where it ended. Returns all ones where the estimate has gone far out
// of any building's range: learn_restart().
WIDE_INLINE int64_t learn_sample(struct learn *e, const struct learn_from *in, const struct learn_make *k)
{
    double p = in->sum_p_s * k->per_full * k->per_sum_s, y = in->y_c, next = e->ends + 1;
    int64_t outside = learn_is(in->outside_known), ready = wide_mask(e->ends >= 2);
    double x[ESTIMATE_TERMS] = {(in->outside_c - 0.5 * (e->last_y + y)) * 0.1, p, p - e->last_p, 1};
    learn_move(e, x, (y - e->last_y) * LEARN_H * k->per_sum_s, outside, ready);
    learn_judge(e, outside, ready);
    e->ends = next < 2 ? next : 2;
    e->last_p = p;
    e->last_y = y;
    return wide_mask(e->theta[1] < -learn_prior[1] * 2) | wide_mask(e->theta[0] < -learn_prior[0] * 4);
}

// Anew, rather than find its way back for days. Rare, and not for many side by side: the prior is plausible
// once, and the sample's end is a beginning.
static inline void learn_restart(struct learn *e, bool outside_known)
{
    for (int i = 0; i < LEARN_COVS; i++)
        e->cov[i] = 0;
    for (int i = 0; i < ESTIMATE_TERMS; i++) {
        e->theta[i] = learn_prior[i];
        e->cov[LEARN_COV_OF(i, i)] = learn_prior_sd[i] * learn_prior_sd[i];
    }
    e->cov[LEARN_COVS - 1] = learn_last_most(wide_mask(outside_known));
    e->samples = e->capacity_known = e->usable = 0;
    e->sane = e->ends = 1;
}

// Gains and capacity from the estimate once it is usable; the output stays where it is: see
// heat_other_gains(). A room that cools down to a lower setpoint takes nothing for hours, and the integral
// follows the limit. When it arrives the walls are still warm: it needs half of what it will need, and the
// rest comes faster than the integral would. Ti is the time constant, but an hour at least and at most what
// SIMC says for a lag.
WIDE_INLINE void learn_gains(struct learn *e, const struct learn_from *in, const struct learn_make *k)
{
    const double lag_s = HEAT_LAG_S + HEAT_CLOSED_LOOP_S;
    int64_t known = learn_is(e->capacity_known), usable = learn_is(e->usable);
    double th0 = wide_pick(usable, e->theta[0], learn_prior[0]),
           per_th1 = 1 / wide_pick(known, e->theta[1], learn_prior[1]),
           th3 = wide_pick(usable, e->theta[3], learn_prior[3]);
    double capacity = LEARN_H * k->full_w * per_th1;
    double kp = learn_between(capacity * (1 / lag_s), 0.5 * k->full_w, 4.0 * k->full_w);
    double per_ti = learn_between(th0 * (1 / (10.0 * LEARN_H)), 1 / (4 * lag_s), 1 / 3600.0);
    double integral = heat_other_gains(e->kp, kp, k->weight_b * in->r_c - in->y_c, e->integral_w, k->full_w);
    double need = k->full_w * (th0 * 0.1 * (in->r_c - in->outside_c) - th3) * per_th1;
    double least = kp * (1 - k->weight_b) * in->r_c + ARRIVAL_SHARE * learn_between(need, 0, k->full_w);
    int64_t arrives = usable & learn_is(in->outside_known) & wide_mask(in->target_w == 0) &
                      ~learn_is(in->guarded) & wide_mask(integral < least);
    integral = wide_pick(arrives, least, integral);
    e->capacity_j_per_k = capacity;
    e->integral_w = wide_pick(known, integral, e->integral_w);
    e->kp = wide_pick(known, kp, e->kp);
    e->kp_per_ti = wide_pick(known, kp * per_ti, e->kp_per_ti);
    e->per_tt = wide_pick(known, per_ti * (1 / HEAT_TT_SHARE), e->per_tt);
}

#endif
