// SPDX-License-Identifier: Apache-2.0
//
// The option that the example prices: a European call on a basket of six correlated shares, under
// Black-Scholes.
//
//   S_i(T) = S_i(0) exp((r - s_i^2 / 2) T + s_i sqrt(T) W_i),   W normal with correlation matrix rho
//   arithmetic basket A = mean of S_i(T);   geometric basket G = (S_1(T) ... S_6(T))^(1/6)
//   the option pays max(A - K, 0) at T; today's price is exp(-r T) times the mean of that.
//
// The arithmetic price has no closed form. The geometric one has, because ln G is normal:
//   mean m = mean of (ln S_i(0) + (r - s_i^2 / 2) T),   variance v = T / 36 sum_ij rho_ij s_i s_j
//   price = exp(-r T) (exp(m + v / 2) N(d + sqrt(v)) - K N(d)),   d = (m - ln K) / sqrt(v)
// (Kemna and Vorst, 1990, for averages over time; the same algebra holds over assets.) So the geometric
// option, priced on the same paths, checks the machine and steers the estimate of the arithmetic one.
#ifndef EXAMPLES_BASKET_MARKET_H
#define EXAMPLES_BASKET_MARKET_H

#define MARKET_ASSETS 6

struct market {
    double spot[MARKET_ASSETS];
    double sigma[MARKET_ASSETS]; // volatility per square root of a year
    double rho[MARKET_ASSETS][MARKET_ASSETS];
    double rate;   // continuously compounded, per year
    double years;  // T
    double strike; // K
};

// The contract of the example. Correlations are those of one common factor, rho_ij = b_i b_j, so that the
// matrix is positive definite by construction.
struct market market_example(void);

// Lower triangular L with L L' = rho (Cholesky).
void market_cholesky(const struct market *m, double out[MARKET_ASSETS][MARKET_ASSETS]);

// Today's price of the call on the geometric basket, by the formula above.
double market_geometric_call(const struct market *m);

#endif
