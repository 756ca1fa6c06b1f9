// SPDX-License-Identifier: Apache-2.0
//
// Why not exponential forgetting: a heater that is too small runs at full power for weeks. Forgetting would
// then lose the only change of power there ever was, the covariance would grow without bound, and the first
// cloud would move the capacity of the house by a factor. Here only the wandering term forgets.
#include "core/heat/estimate.h"

#include <math.h>
#include <string.h>

#include "base/num.h"
#include "core/heat/learn.h"

#define H LEARN_H

void estimate_init(struct zone_estimate *e)
{
    memset(e, 0, sizeof *e);
    memcpy(e->theta, learn_prior, sizeof learn_prior);
    for (int i = 0; i < ESTIMATE_TERMS; i++)
        e->cov[i * ESTIMATE_TERMS + i] = learn_prior_sd[i] * learn_prior_sd[i];
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
    e->cov[last * ESTIMATE_TERMS + last] =
        known ? LEARN_GAINS_SD * LEARN_GAINS_SD : learn_prior_sd[last] * learn_prior_sd[last];
}

void estimate_skip(struct zone_estimate *e)
{
    e->sum_p_s = e->sum_s = 0;
    e->started = e->have_last_p = false;
}

static double th(const struct zone_estimate *e, int i)
{
    return e->usable || (i == 1 && e->capacity_known) ? e->theta[i] : learn_prior[i];
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
