// SPDX-License-Identifier: Apache-2.0
//
// The seeded generator, for simulations and tests. Never for secrets or ids: those come from port/entropy.
// xoshiro256** (Blackman and Vigna, 2018), seeded through splitmix64; both are public-domain algorithms.
#ifndef ONDOL_BASE_RNG_H
#define ONDOL_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t s[4];
};

void rng_seed(struct rng *r, uint64_t seed); // any seed, 0 too; the same one gives the same numbers everywhere
uint64_t rng_next(struct rng *r);            // uniform over all 64 bits
uint64_t rng_below(struct rng *r, uint64_t n); // uniform in 0..n-1, n > 0
double rng_unit(struct rng *r);                // uniform in [0, 1), 53 bits
double rng_normal(struct rng *r); // mean 0, variance 1 (sum of 12 uniforms less 6: no libm, tails to 6 sigma)

#endif
