// SPDX-License-Identifier: Apache-2.0
//
// Several variants (scenarios, policies) over the same seeds: means with 95 % intervals side by side, and the
// differences to the first variant seed by seed, which say more than the means when a seed's weather and work
// move all variants alike.
#ifndef ONDOL_SIM_PAGE_COMPARE_H
#define ONDOL_SIM_PAGE_COMPARE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sim/figure/stat.h"
#include "sim/result.h"

#define COMPARE_NAME_BYTES 128

struct comparison {
    size_t n_variants, n_seeds;
    char (*name)[COMPARE_NAME_BYTES]; // of each variant
    uint64_t *seed;
    double *value;  // [variant][seed][figure]
    uint8_t *known; // [variant][seed]
};

#define COMPARISON_NULL ((struct comparison){0})

// Room for all; seeds are first_seed and the numbers after it.
void comparison_init(struct comparison *c, size_t n_variants, uint64_t first_seed, size_t n_seeds);
void comparison_deinit(struct comparison *c);
void comparison_name(struct comparison *c, size_t variant, const char *name);
// `value` holds all figures (sim/page/figures.h) in their order.
void comparison_put(struct comparison *c, size_t variant, size_t seed, const double *value);

// Over the seeds that are known of the variant.
struct stat_interval comparison_mean(const struct comparison *c, size_t variant, size_t figure);
// Variant less the first one, over the seeds that are known of both.
struct stat_interval comparison_difference(const struct comparison *c, size_t variant, size_t figure);
// 1 when the difference is surely for the better, -1 for the worse, 0 when the interval holds 0 or the figure
// has no better.
int comparison_verdict(const struct comparison *c, size_t variant, size_t figure);

void comparison_text(struct buf *out, const struct comparison *c);
void comparison_json(struct buf *out, const struct comparison *c);
void comparison_csv(struct buf *out, const struct comparison *c);

#endif
