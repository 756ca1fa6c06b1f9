// SPDX-License-Identifier: Apache-2.0
//
// phi1 and phi2 by their series where x is small: the closed forms would lose as many digits as x has zeros.
#include "world/water.h"

#include "base/num.h"
#include "base/when.h"

double water_mains_c(const struct water_mains *m, int64_t ms)
{
    struct civil now = civil_from_ms(ms);
    double day = now.yearday + now.hour / 24.0, year = is_leap_year(now.year) ? 366 : 365;
    return m->mean_c + m->amplitude_k * num_cos(2 * NUM_PI * (day - m->warmest_day) / year);
}

// sum of (-x)^k / (k + first)!, twelve terms: the first left out is below 1e-16 of the sum for x up to 0.5.
static double phi_series(double x, int first)
{
    double sum = 0;
    for (int k = 12; k >= 1; k--)
        sum = (1 + sum) * (-x / (k + first));
    return first == 2 ? (1 + sum) / 2 : 1 + sum;
}

struct water_relaxed water_relax(double start_c, double c_j_k, double net_w, double loss_w_k, double step_s)
{
    double x = loss_w_k * step_s / c_j_k, rise_k = net_w * step_s / c_j_k;
    double phi1 = x < 0.5 ? phi_series(x, 1) : (1 - num_exp(-x)) / x;
    double phi2 = x < 0.5 ? phi_series(x, 2) : (1 - phi1) / x;
    return (struct water_relaxed){start_c + rise_k * phi1, start_c + rise_k * phi2};
}
