// SPDX-License-Identifier: Apache-2.0
//
// Statistics of runs: exact quantiles of a sample, means over seeds with their 95 % interval.
#ifndef ONDOL_SIM_FIGURE_STAT_H
#define ONDOL_SIM_FIGURE_STAT_H

#include <stddef.h>
#include <stdint.h>

// Values kept, 8 bytes each, so that quantiles are exact. Zero bytes are an empty sample.
struct stat_sample {
    double *v;
    size_t n, cap;
    size_t sorted; // of v, from its start
    double sum;
};

void stat_add(struct stat_sample *s, double v);
void stat_deinit(struct stat_sample *s);
double stat_mean(const struct stat_sample *s); // 0 when empty
// The value below which a share `q`, 0..1, of the sample lies; between two values linearly (Hyndman and Fan's
// seventh, the one most programs give). 0 when empty. Sorts the sample.
double stat_quantile(struct stat_sample *s, double q);

// Means by Welford's update, for any number of values. Zero bytes are empty.
struct stat_mean {
    int64_t n;
    double mean, m2, min, max;
};

void stat_mean_add(struct stat_mean *m, double v);
double stat_variance(const struct stat_mean *m); // of the sample, n - 1; 0 below two values

// Student's t: the value that |T| of `df` degrees of freedom, 1..1,000,000, exceeds with probability 1 -
// level; 0 < level < 1. Computed from the finite series of the distribution (Abramowitz and Stegun 26.7.3
// and 26.7.4), error below 1e-6.
double stat_student(double level, int64_t df);

// The 95 % interval of the mean of independent values: mean - half to mean + half. half is 0 for fewer than
// two values, which says nothing: look at n.
struct stat_interval {
    int64_t n;
    double mean, half;
};

struct stat_interval stat_interval95(const struct stat_mean *m);

#endif
