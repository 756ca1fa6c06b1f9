// SPDX-License-Identifier: Apache-2.0
//
// Why not exponential forgetting: a heater that is too small runs at full power for weeks. Forgetting would
// then lose the only change of power there ever was, the covariance would grow without bound, and the first
// cloud would move the capacity of the house by a factor. Here only the wandering term forgets.
#include "core/heat/estimate.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/wide.h"

#define H              ((double)ESTIMATE_SAMPLE_S)
#define ESTIMATE_LANES 16

// Prior: 45 h and 10 kJ/K per watt of nameplate (500 W for 30 m2 of medium weight, 165 kJ/K m2).
static const double prior[ESTIMATE_TERMS] = {10.0 * H / (45 * 3600.0), H / 10000.0, 0.1, 0};
static const double prior_sd[ESTIMATE_TERMS] = {0.05, 0.15, 0.3, 0.06};

// Variance by which a term wanders per sample. The building terms move by half their value in about a year.
static const double wander[ESTIMATE_TERMS - 1] = {1e-9, 1e-8, 1e-8};

// th3 where outside is not known: it swings with the day, some 3 mK per sample at each sample. Where it is
// known only gains are left: 3 to 5 W/m2 are some 10 to 20 mK per sample, and at constant power they cannot
// be told from a stronger heater, so the prior has to say that they are small.
static const double wander_unknown = 9e-6, wander_gains = 4e-7, gains_sd = 0.015;

// Unexplained per sample: 10 mK of sensor and as much of what one time constant cannot say.
static const double noise_var = 2e-4;

void estimate_init(struct zone_estimate *e)
{
    memset(e, 0, sizeof *e);
    memcpy(e->theta, prior, sizeof prior);
    for (int i = 0; i < ESTIMATE_TERMS; i++)
        e->cov[i * ESTIMATE_TERMS + i] = prior_sd[i] * prior_sd[i];
}

void estimate_set_outside_known(struct zone_estimate *e, bool known)
{
    const int last = ESTIMATE_TERMS - 1;
    if (e->outside_known == known)
        return;
    e->outside_known = known;
    e->theta[last] = 0;
    for (int i = 0; i < ESTIMATE_TERMS; i++)
        e->cov[i * ESTIMATE_TERMS + last] = e->cov[last * ESTIMATE_TERMS + i] = 0;
    e->cov[last * ESTIMATE_TERMS + last] = known ? gains_sd * gains_sd : prior_sd[last] * prior_sd[last];
}

void estimate_skip(struct zone_estimate *e)
{
    e->sum_p_s = e->sum_s = 0;
    e->started = e->have_last_p = false;
}

// Usable needs six hours of samples and plausible values (capacity within eight times the prior, tau 1.4 h to
// 14 days) four samples in a row. Where outside is not known, a thermostat that holds its setpoint well sees
// power follow the weather with nothing happening in the room, and takes the room for heavy: only setpoint
// steps teach it, so that the capacity has to be known far better before it counts.
static void judge(struct zone_estimate *e)
{
    bool heavy_ok = e->theta[1] > prior[1] / 8 && e->theta[1] < prior[1] * 8;
    bool tau_ok = e->theta[0] > 10.0 * H / (14 * 86400.0) && e->theta[0] < 10.0 * H / 5000.0;
    double sd0 = sqrt(e->cov[0]), sd1 = sqrt(e->cov[ESTIMATE_TERMS + 1]);
    e->sane = !heavy_ok ? 0 : e->sane < 4 ? e->sane + 1 : 4;
    e->capacity_known =
        e->samples >= 24 && e->sane >= 4 && sd1 < (e->outside_known ? 0.33 : 0.08) * e->theta[1];
    e->usable = e->capacity_known && tau_ok && sd0 < 0.5 * e->theta[0];
}

// Estimates side by side, one a lane; of the covariance, which is symmetric to the last bit, the upper half.
struct lanes {
    double x[ESTIMATE_TERMS][ESTIMATE_LANES], theta[ESTIMATE_TERMS][ESTIMATE_LANES];
    double cov[ESTIMATE_TERMS][ESTIMATE_TERMS][ESTIMATE_LANES], px[ESTIMATE_TERMS][ESTIMATE_LANES];
    double more[ESTIMATE_LANES], most[ESTIMATE_LANES]; // variance of the last term: by sample, at most
    double err[ESTIMATE_LANES], s[ESTIMATE_LANES], y_c[ESTIMATE_LANES];
    struct zone_estimate *of[ESTIMATE_LANES];
};

WIDE_INLINE void predict_any(struct lanes *l, size_t n)
{
    enum { N = ESTIMATE_TERMS };
    WIDE_LOOP
    for (size_t k = 0; k < n; k++) {
        double px[N], s = noise_var, err = l->err[k];
        for (int i = 0; i < N; i++) {
            double var = l->cov[i][i][k] + (i < N - 1 ? wander[i] : l->more[k]);
            double most = i < N - 1 ? prior_sd[i] * prior_sd[i] : l->most[k];
            l->cov[i][i][k] = wide_pick(wide_mask(var < most), var, most);
            err -= l->x[i][k] * l->theta[i][k];
        }
        for (int i = 0; i < N; i++) {
            px[i] = 0;
            for (int j = 0; j < N; j++)
                px[i] += l->cov[i < j ? i : j][i < j ? j : i][k] * l->x[j][k];
        }
        for (int i = 0; i < N; i++) {
            s += px[i] * l->x[i][k];
            l->px[i][k] = px[i];
        }
        l->err[k] = err;
        l->s[k] = s;
    }
}
WIDE(predict, (struct lanes * l, size_t n), (l, n))

WIDE_INLINE void correct_any(struct lanes *l, size_t n)
{
    enum { N = ESTIMATE_TERMS };
    WIDE_LOOP
    for (size_t k = 0; k < n; k++) {
        double inv_s = 1.0 / l->s[k];
        for (int i = 0; i < N; i++)
            l->theta[i][k] += l->px[i][k] * inv_s * l->err[k];
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++)
                if (j >= i)
                    l->cov[i][j][k] -= l->px[i][k] * l->px[j][k] * inv_s;
    }
}
WIDE(correct, (struct lanes * l, size_t n), (l, n))

static void lane_fill(struct lanes *l, size_t k, struct zone_estimate *e, double p, double y_c,
                      double outside_c)
{
    enum { N = ESTIMATE_TERMS };
    l->of[k] = e;
    l->y_c[k] = y_c;
    l->x[0][k] = (outside_c - 0.5 * (e->last_y + y_c)) * 0.1;
    l->x[1][k] = p;
    l->x[2][k] = p - e->last_p;
    l->x[3][k] = 1;
    l->err[k] = (y_c - e->last_y) * H / e->sum_s;
    l->more[k] = e->outside_known ? wander_gains : wander_unknown;
    l->most[k] = e->outside_known ? gains_sd * gains_sd : prior_sd[N - 1] * prior_sd[N - 1];
    for (int i = 0; i < N; i++) {
        l->theta[i][k] = e->theta[i];
        for (int j = i; j < N; j++)
            l->cov[i][j][k] = e->cov[i * N + j];
    }
}

static void lane_take(const struct lanes *l, size_t k)
{
    enum { N = ESTIMATE_TERMS };
    struct zone_estimate *e = l->of[k];
    for (int i = 0; i < N; i++) {
        e->theta[i] = l->theta[i][k];
        for (int j = i; j < N; j++)
            e->cov[i * N + j] = e->cov[j * N + i] = l->cov[i][j][k];
    }
}

// A surprise of more than three deviations (a door, a party) counts as three.
static void bound_surprise(struct lanes *l, size_t k)
{
    if (l->err[k] * l->err[k] < 8.9 * l->s[k])
        return;
    double limit = 3 * sqrt(l->s[k]);
    l->err[k] = num_clamp(l->err[k], -limit, limit);
}

// What has gone far out of any building's range starts again rather than find its way back for days.
static void restart(struct zone_estimate *e)
{
    bool known = e->outside_known;
    estimate_init(e);
    estimate_set_outside_known(e, known);
}

// The sample is over, and the next begins where it ended.
static void sample_over(struct zone_estimate *e, double p, double y_c)
{
    e->have_last_p = e->started;
    e->last_p = p;
    e->last_y = y_c;
    e->started = true;
    e->sum_p_s = e->sum_s = 0;
}

// The lanes' estimates from their samples.
static void update(struct lanes *l, size_t n)
{
    predict(l, wide_end(n));
    for (size_t k = 0; k < n; k++)
        bound_surprise(l, k);
    correct(l, wide_end(n));
    for (size_t k = 0; k < n; k++) {
        struct zone_estimate *e = l->of[k];
        lane_take(l, k);
        e->samples++;
        if (e->theta[1] < -prior[1] * 2 || e->theta[0] < -prior[0] * 4)
            restart(e);
        judge(e);
        sample_over(e, l->x[1][k], l->y_c[k]);
    }
}

void estimate_sample(const struct estimate_input *in, size_t n)
{
    struct lanes l = {0}; // lanes that nobody has taken yet are computed with
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        struct zone_estimate *e = in[i].e;
        double p = e->sum_s > 0 ? e->sum_p_s / e->sum_s : 0;
        if (e->started && e->have_last_p && e->sum_s > 0)
            lane_fill(&l, at++, e, p, in[i].y_c, in[i].outside_c);
        else
            sample_over(e, p, in[i].y_c);
        if (at == ESTIMATE_LANES || (i + 1 == n && at > 0)) {
            update(&l, at);
            at = 0;
        }
    }
}

static double th(const struct zone_estimate *e, int i)
{
    return e->usable || (i == 1 && e->capacity_known) ? e->theta[i] : prior[i];
}

double estimate_capacity_j_per_k(const struct zone_estimate *e, int32_t nameplate_w)
{
    return H * nameplate_w / th(e, 1);
}

double estimate_tau_s(const struct zone_estimate *e)
{
    return 10.0 * H / th(e, 0);
}

double estimate_need_w(const struct zone_estimate *e, int32_t nameplate_w, double room_c, double outside_c)
{
    return nameplate_w * (th(e, 0) * 0.1 * (room_c - outside_c) - th(e, 3)) / th(e, 1);
}

int32_t estimate_time_s(const struct zone_estimate *e, int32_t nameplate_w, double y_c, double limit_c,
                        double power_w, double outside_c, bool up)
{
    if (up ? y_c >= limit_c : y_c <= limit_c)
        return 0;
    double slope = th(e, 0) * 0.1;
    double tss = outside_c + (th(e, 1) * power_w / nameplate_w + th(e, 3)) / slope;
    if (up ? tss <= limit_c : tss >= limit_c)
        return INT32_MAX;
    double s = -estimate_tau_s(e) * num_log((limit_c - tss) / (y_c - tss));
    return s < INT32_MAX ? (int32_t)s : INT32_MAX;
}
