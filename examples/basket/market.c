// SPDX-License-Identifier: Apache-2.0
#include "examples/basket/market.h"

#include <math.h>

struct market market_example(void)
{
    static const double loading[MARKET_ASSETS] = {0.90, 0.85, 0.75, 0.70, 0.60, 0.50}; // b_i
    struct market m = {
        .spot = {100, 95, 110, 102, 88, 105},
        .sigma = {0.18, 0.22, 0.25, 0.28, 0.32, 0.36},
        .rate = 0.025,
        .years = 1.0,
        .strike = 100,
    };
    for (int i = 0; i < MARKET_ASSETS; i++)
        for (int j = 0; j < MARKET_ASSETS; j++)
            m.rho[i][j] = i == j ? 1 : loading[i] * loading[j];
    return m;
}

void market_cholesky(const struct market *m, double out[MARKET_ASSETS][MARKET_ASSETS])
{
    for (int i = 0; i < MARKET_ASSETS; i++) {
        for (int j = 0; j < MARKET_ASSETS; j++) {
            double rest = m->rho[i][j];
            for (int k = 0; k < j; k++)
                rest -= out[i][k] * out[j][k];
            out[i][j] = j > i ? 0 : j == i ? sqrt(rest) : rest / out[j][j];
        }
    }
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

double market_geometric_call(const struct market *m)
{
    double mean = 0, variance = 0;
    for (int i = 0; i < MARKET_ASSETS; i++) {
        double s = m->sigma[i];
        mean += (log(m->spot[i]) + (m->rate - s * s / 2) * m->years) / MARKET_ASSETS;
        for (int j = 0; j < MARKET_ASSETS; j++)
            variance += m->rho[i][j] * s * m->sigma[j] * m->years / (MARKET_ASSETS * MARKET_ASSETS);
    }
    double dev = sqrt(variance), d = (mean - log(m->strike)) / dev;
    double forward = exp(mean + variance / 2);
    return exp(-m->rate * m->years) * (forward * normal_cdf(d + dev) - m->strike * normal_cdf(d));
}
