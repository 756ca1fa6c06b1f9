// SPDX-License-Identifier: Apache-2.0
//
// exp: x = k ln2 + r with |r| <= ln2/2; e^r by its Taylor series to r^13 (remainder below 2^-57), then 2^k
// put into
//      the exponent bits.
// log: x = 2^k m with m in [sqrt(1/2), sqrt(2)); log m = 2 atanh(s), s = (m-1)/(m+1), |s| < 0.172, series to
// s^21. sin: x = k pi/2 + r with |r| <= pi/4, pi/2 in three parts (Cody and Waite); Taylor series to r^17 and
// r^18.
#include "base/num.h"

#include <math.h>
#include <string.h>

static double from_bits(uint64_t u)
{
    double d;
    memcpy(&d, &u, sizeof d);
    return d;
}

static uint64_t to_bits(double d)
{
    uint64_t u;
    memcpy(&u, &d, sizeof u);
    return u;
}

// 2^k for k in -1022..1023.
static double pow2(int k)
{
    return from_bits((uint64_t)(k + 1023) << 52);
}

static const double LN2_HI = 6.93147180369123816490e-01;
static const double LN2_LO = 1.90821492927058770002e-10;

double num_exp(double x)
{
    if (x != x)
        return x;
    if (x > 709.782712893384)
        return HUGE_VAL;
    if (x < -745.2)
        return 0;
    double k = floor(x * 1.44269504088896338700 + 0.5);
    double r = (x - k * LN2_HI) - k * LN2_LO;
    double sum = 1.0 + r / 13.0;
    for (int i = 12; i >= 1; i--)
        sum = 1.0 + r / i * sum;
    int e = (int)k;
    if (e > 1023)
        return sum * pow2(1023) * 2.0;
    if (e < -1022)
        return sum * pow2(-1022) * pow2(e + 1022 < -1022 ? -1022 : e + 1022);
    return sum * pow2(e);
}

double num_log(double x)
{
    if (x != x || x < 0)
        return from_bits(UINT64_C(0x7ff8000000000000));
    if (x == 0)
        return -HUGE_VAL;
    if (x > 1.7976931348623157e308)
        return x;
    int k = 0;
    if (x < 2.2250738585072014e-308) { // subnormal: scale up first
        x *= 0x1.0p54;
        k = -54;
    }
    uint64_t u = to_bits(x);
    k += (int)(u >> 52) - 1023;
    double m = from_bits((u & UINT64_C(0xfffffffffffff)) | UINT64_C(0x3ff0000000000000));
    if (m > 1.41421356237309514547) {
        m *= 0.5;
        k++;
    }
    double s = (m - 1.0) / (m + 1.0), z = s * s, sum = 0;
    for (int i = 21; i >= 3; i -= 2)
        sum = (sum + 1.0 / i) * z;
    return k * LN2_HI + (2.0 * (s + s * sum) + k * LN2_LO);
}

static double sin_series(double r)
{
    double z = r * r, sum = 1.0;
    for (int i = 17; i >= 3; i -= 2)
        sum = 1.0 - z / (i * (i - 1.0)) * sum;
    return r * sum;
}

static double cos_series(double r)
{
    double z = r * r, sum = 1.0;
    for (int i = 18; i >= 2; i -= 2)
        sum = 1.0 - z / (i * (i - 1.0)) * sum;
    return sum;
}

static double sin_quadrant(double x, int shift)
{
    if (x != x || fabs(x) > 1e9)
        return x - x;
    double k = floor(x * 0.63661977236758134308 + 0.5);
    double r =
        ((x - k * 1.57079632673412561417) - k * 6.07710050630396597660e-11) - k * 2.02226624879595063154e-21;
    int q = (int)(((int64_t)k + shift) & 3);
    double v = (q & 1) ? cos_series(r) : sin_series(r);
    return (q & 2) ? -v : v;
}

double num_sin(double x)
{
    return sin_quadrant(x, 0);
}

double num_cos(double x)
{
    return sin_quadrant(x, 1);
}

int64_t num_round(double x)
{
    if (x != x)
        return 0;
    if (x >= 9.2e18)
        return INT64_MAX;
    if (x <= -9.2e18)
        return INT64_MIN;
    return x < 0 ? -(int64_t)floor(-x + 0.5) : (int64_t)floor(x + 0.5);
}

void num_share(int64_t total, const int64_t *weight, int64_t *out, int n)
{
    if (n <= 0)
        return;
    int64_t sum = 0;
    for (int i = 0; i < n; i++) {
        sum += weight[i];
        out[i] = 0;
    }
    if (sum <= 0) {
        out[0] = total;
        return;
    }
    int64_t given = 0;
    for (int i = 0; i < n; i++) {
        out[i] = (int64_t)((__int128)total * weight[i] / sum);
        given += out[i];
    }
    // The rest is less than n units: give one each to the largest remainders. n is small; the scan needs no
    // memory.
    int64_t step = total >= given ? 1 : -1;
    for (int64_t rest = (total - given) * step; rest > 0; rest--) {
        int best = -1;
        __int128 best_left = 0;
        for (int i = 0; i < n; i++) {
            __int128 left = ((__int128)total * weight[i] - (__int128)out[i] * sum) * step;
            if (best < 0 || left > best_left) {
                best = i;
                best_left = left;
            }
        }
        out[best] += step;
    }
}

// Digits into a whole number below 1e15, counting those behind the point.
static size_t read_digits(const char *s, size_t n, char mark, double *value, int *behind, bool *any)
{
    size_t i = 0;
    bool point = false;
    for (; i < n; i++) {
        if (s[i] == mark && !point) {
            point = true;
            continue;
        }
        if (s[i] < '0' || s[i] > '9')
            break;
        *any = true;
        if (*value >= 1e14) // more digits than a double holds: they would not change it
            *behind -= point ? 0 : 1;
        else {
            *value = *value * 10 + (s[i] - '0');
            *behind += point ? 1 : 0;
        }
    }
    return i;
}

// [+-]digits[.digits][e[+-]dd], nothing else. Dividing by a power of ten below 1e22 rounds once, as strtod
// would.
bool num_read(const char *s, size_t n, char point, double *out)
{
    size_t i = n && (s[0] == '-' || s[0] == '+') ? 1 : 0;
    double value = 0, sign = i && s[0] == '-' ? -1 : 1;
    int behind = 0;
    bool any = false;
    if (n > 40)
        return false;
    i += read_digits(s + i, n - i, point, &value, &behind, &any);
    if (any && i < n && (s[i] == 'e' || s[i] == 'E')) {
        int exponent = 0, esign = 1;
        i++;
        if (i < n && (s[i] == '-' || s[i] == '+'))
            esign = s[i++] == '-' ? -1 : 1;
        any = i < n && n - i <= 2;
        for (; i < n && s[i] >= '0' && s[i] <= '9'; i++)
            exponent = exponent * 10 + (s[i] - '0');
        behind -= esign * exponent;
    }
    if (!any || i != n)
        return false;
    double power = 1;
    for (int k = behind < 0 ? -behind : behind; k > 0; k--)
        power *= 10;
    *out = sign * (behind > 0 ? value / power : value * power);
    return true;
}
