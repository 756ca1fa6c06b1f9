// SPDX-License-Identifier: Apache-2.0
//
// Numbers that agree on every machine (docs/design/0010-numbers-that-agree.md): base, core and world use no
// libm but sqrt, fabs and floor. These are + - x / in a fixed order; the tests bound their error against
// libm.
#ifndef ONDOL_BASE_NUM_H
#define ONDOL_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double num_exp(double x); // relative error <= 1e-14 for |x| <= 700; 0 below -745, HUGE_VAL above 709.78
double num_log(double x); // x > 0; relative error <= 1e-14 away from 1, absolute 1e-15 near it; NaN for x < 0
double num_sin(double x); // radians, |x| <= 1e6: absolute error <= 1e-11
double num_cos(double x); // likewise

#define NUM_PI 3.14159265358979323846

static inline double num_min(double a, double b)
{
    return a < b ? a : b;
}

static inline double num_max(double a, double b)
{
    return a > b ? a : b;
}

static inline double num_clamp(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

static inline int64_t int_clamp(int64_t x, int64_t lo, int64_t hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

// a / b, b not 0. By 32 bits where that is enough, as it mostly is: processors take two to four times as long
// by 64.
static inline int64_t int_quotient(int64_t a, int64_t b)
{
    return (uint64_t)(a | b) >> 32 == 0 ? (int64_t)((uint32_t)a / (uint32_t)b) : a / b;
}

// Rounds half away from zero, saturating.
int64_t num_round(double x);

// Reads all `n` bytes as [+-]digits[point digits][e[+-]dd] and nothing else; up to 15 digits and a power of
// ten below 1e22 round once, as strtod would, which however follows the locale and takes "inf", "nan" and
// hexadecimals. `point` is '.' or ','. False when it is not such a number or has more than 40 bytes.
bool num_read(const char *s, size_t n, char point, double *out);

// Splits `total` over `n` weights by largest remainder (Hamilton): out[i] >= 0 for total >= 0, and they add
// up to `total` exactly. Weights are >= 0; when all are 0 everything goes to out[0]. Ties go to the lower
// index. |total| and each weight at most 2^40.
void num_share(int64_t total, const int64_t *weight, int64_t *out, int n);

#endif
