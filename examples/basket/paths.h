// SPDX-License-Identifier: Apache-2.0
//
// The simulation of one instance: its own stream of random numbers, and the five sums that its share of the
// paths leaves behind. Sums of all instances add up to the sums of one long run.
#ifndef EXAMPLES_BASKET_PATHS_H
#define EXAMPLES_BASKET_PATHS_H

#include <stdint.h>

#include "examples/basket/market.h"

struct paths_sums {
    uint64_t paths;
    double sum, sum2;         // of the discounted payoff of the arithmetic basket, and of its square
    double geo_sum, geo_sum2; // the same for the geometric basket
    double cross;             // of the product of both
};

// A position in the random stream (xoshiro256**). Instance n of a seed starts 2^128 n numbers after instance
// 0, so no two instances of a seed share a number.
struct paths_stream {
    uint64_t s[4];
};

void paths_stream_init(struct paths_stream *r, uint64_t seed, uint32_t instance);

// Adds `n` paths to `sums`. May be called again and again: the stream goes on where it was.
void paths_run(const struct market *m, struct paths_stream *r, uint64_t n, struct paths_sums *sums);

#endif
