// SPDX-License-Identifier: Apache-2.0
//
// Student's distribution for a whole number of degrees v, with tan(a) = t / sqrt(v) and c = cos a, s = sin a:
//     P(|T| < t) = 2/pi (a + s c (1 + 2/3 c^2 + 2.4/3.5 c^4 + ... up to c^(v-3)))    v odd, 2a/pi for v = 1
//                = s (1 + 1/2 c^2 + 1.3/2.4 c^4 + ... up to c^(v-2))                 v even
// grows with a from 0 to pi/2, so a is found by halving and t is sqrt(v) tan a: no inverse functions are
// needed.
#include "sim/figure/stat.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

void stat_add(struct stat_sample *s, double v)
{
    *VEC_PUSH(s->v, s->n, s->cap) = v;
    s->sum += v;
}

void stat_deinit(struct stat_sample *s)
{
    free(s->v);
    *s = (struct stat_sample){0};
}

double stat_mean(const struct stat_sample *s)
{
    return s->n ? s->sum / (double)s->n : 0;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double stat_quantile(struct stat_sample *s, double q)
{
    if (s->n == 0)
        return 0;
    if (s->sorted != s->n) {
        qsort(s->v, s->n, sizeof *s->v, by_value);
        s->sorted = s->n;
    }
    double at = num_clamp(q, 0, 1) * (double)(s->n - 1);
    size_t low = (size_t)floor(at);
    size_t high = low + 1 < s->n ? low + 1 : low;
    return s->v[low] + (at - (double)low) * (s->v[high] - s->v[low]);
}

void stat_mean_add(struct stat_mean *m, double v)
{
    double off = v - m->mean;
    m->min = m->n ? num_min(m->min, v) : v;
    m->max = m->n ? num_max(m->max, v) : v;
    m->n++;
    m->mean += off / (double)m->n;
    m->m2 += off * (v - m->mean);
}

double stat_variance(const struct stat_mean *m)
{
    return m->n < 2 ? 0 : num_max(m->m2, 0) / (double)(m->n - 1);
}

static double inside(double a, int64_t df)
{
    double c2 = num_cos(a) * num_cos(a), s = num_sin(a), term = 1, sum = 1;
    if (df % 2 == 0) {
        for (int64_t k = 2; k <= df - 2 && term > 1e-17; k += 2)
            sum += term *= c2 * (double)(k - 1) / (double)k;
        return s * sum;
    }
    if (df == 1)
        return 2 / NUM_PI * a;
    for (int64_t k = 3; k <= df - 2 && term > 1e-17; k += 2)
        sum += term *= c2 * (double)(k - 1) / (double)k;
    return 2 / NUM_PI * (a + s * num_cos(a) * sum);
}

double stat_student(double level, int64_t df)
{
    double low = 0, high = NUM_PI / 2;
    for (int i = 0; i < 60; i++) {
        double mid = (low + high) / 2;
        if (inside(mid, df) < level)
            low = mid;
        else
            high = mid;
    }
    return sqrt((double)df) * num_sin(low) / num_cos(low);
}

struct stat_interval stat_interval95(const struct stat_mean *m)
{
    double half = m->n < 2 ? 0 : stat_student(0.95, m->n - 1) * sqrt(stat_variance(m) / (double)m->n);
    return (struct stat_interval){m->n, m->mean, half};
}
