// SPDX-License-Identifier: Apache-2.0
//
// exp(A) by scaling and squaring: halve A until its norm is at most 1/2, take the diagonal Pade approximant
// (6,6)
//
//     exp(X) ~ D(X)^-1 N(X),  N(X) = sum c_k X^k,  D(X) = N(-X),  c_k = 6!(12-k)! / (12! k! (6-k)!)
//
// whose relative error there is (1/2)^13 6!6!/(12!13!), about 2e-17, and square it back (Golub and Van Loan,
// section 9.3). The even powers are shared between N and D. The running mean is a state of its own, divided
// by h, so that its rows have norm 1 and long steps need no further halving because of it.
#include "world/lti.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define DIM LTI_MATRIX_MAX

typedef double matrix[DIM][DIM];

static void multiply(matrix out, const matrix a, const matrix b, int n)
{
    matrix sum;
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            sum[i][j] = 0;
        for (int k = 0; k < n; k++)
            for (int j = 0; j < n; j++)
                sum[i][j] += a[i][k] * b[k][j];
    }
    for (int i = 0; i < n; i++)
        memcpy(out[i], sum[i], (size_t)n * sizeof(double));
}

static void swap_rows(double *a, double *b, int n)
{
    for (int j = 0; j < n; j++) {
        double t = a[j];
        a[j] = b[j];
        b[j] = t;
    }
}

// Solves d x = r for `columns` right sides at once, x into r, by elimination with row exchange. False when
// singular.
static bool solve(matrix d, matrix r, int n, int columns)
{
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(d[i][k]) > fabs(d[pivot][k]))
                pivot = i;
        if (!(fabs(d[pivot][k]) > 0))
            return false;
        swap_rows(d[k], d[pivot], n);
        swap_rows(r[k], r[pivot], columns);
        for (int i = k + 1; i < n; i++) {
            double f = d[i][k] / d[k][k];
            for (int j = k; j < n; j++)
                d[i][j] -= f * d[k][j];
            for (int j = 0; j < columns; j++)
                r[i][j] -= f * r[k][j];
        }
    }
    for (int k = n - 1; k >= 0; k--)
        for (int j = 0; j < columns; j++) {
            for (int i = k + 1; i < n; i++)
                r[k][j] -= d[k][i] * r[i][j];
            r[k][j] /= d[k][k];
        }
    return true;
}

static double row_sum_norm(const matrix a, int n)
{
    double norm = 0;
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++)
            sum += fabs(a[i][j]);
        if (sum != sum)
            return sum; // a NaN fails every comparison of the callers
        norm = sum > norm ? sum : norm;
    }
    return norm;
}

// N(x) into `num` and D(x) = N(-x) into `den`.
static void pade_6_6(matrix num, matrix den, const matrix x, int n)
{
    static const double c[7] = {1.0, 1.0 / 2, 5.0 / 44, 1.0 / 66, 1.0 / 792, 1.0 / 15840, 1.0 / 665280};
    matrix x2, x4, x6, inner, odd;
    multiply(x2, x, x, n);
    multiply(x4, x2, x2, n);
    multiply(x6, x4, x2, n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            inner[i][j] = (i == j ? c[1] : 0) + c[3] * x2[i][j] + c[5] * x4[i][j];
    multiply(odd, x, inner, n);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            double even = (i == j ? c[0] : 0) + c[2] * x2[i][j] + c[4] * x4[i][j] + c[6] * x6[i][j];
            num[i][j] = even + odd[i][j];
            den[i][j] = even - odd[i][j];
        }
}

int lti_expm(double a[DIM][DIM], int n, struct err *e)
{
    if (n < 1 || n > DIM)
        return err_set(e, -EINVAL, "matrix exponential: %d rows (1 to %d)", n, DIM);
    double norm = row_sum_norm(a, n);
    if (!(norm <= 1e4))
        return err_set(e, -ERANGE,
                       "matrix exponential: norm %g is too large (at most 1e4: take a shorter step)", norm);
    int halvings = 0;
    double scale = 1;
    while (norm * scale > 0.5) {
        scale *= 0.5;
        halvings++;
    }
    matrix x, num, den;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            x[i][j] = a[i][j] * scale;
    pade_6_6(num, den, x, n);
    if (!solve(den, num, n, n))
        return err_set(e, -ERANGE, "matrix exponential: the denominator is singular");
    for (int i = 0; i < halvings; i++)
        multiply(num, num, num, n);
    if (!(row_sum_norm(num, n) <= 1e300))
        return err_set(e, -ERANGE, "matrix exponential: the result does not fit a double");
    for (int i = 0; i < n; i++)
        memcpy(a[i], num[i], (size_t)n * sizeof(double));
    return 0;
}

static int lti_check(const struct lti *sys, struct err *e)
{
    if (sys->n < 1 || sys->n > LTI_STATES_MAX || sys->m < 0 || sys->m > LTI_INPUTS_MAX)
        return err_set(e, -EINVAL, "linear system: %d states and %d inputs (1 to %d and 0 to %d)", sys->n,
                       sys->m, LTI_STATES_MAX, LTI_INPUTS_MAX);
    return 0;
}

int lti_discretise(struct lti_step *out, const struct lti *sys, double step_s, struct err *e)
{
    int r = lti_check(sys, e);
    if (r < 0)
        return r;
    if (!(step_s > 0 && step_s <= 1e9))
        return err_set(e, -EINVAL, "linear system: a step of %g s (above 0, at most 1e9)", step_s);
    int n = sys->n, m = sys->m, mean = n + m;
    matrix big;
    memset(big, 0, sizeof big);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            big[i][j] = sys->a[i][j] * step_s;
        for (int j = 0; j < m; j++)
            big[i][n + j] = sys->b[i][j] * step_s;
        big[mean + i][i] = 1;
    }
    r = lti_expm(big, mean + n, e);
    if (r < 0)
        return r;
    struct lti_step d = {.n = n, .m = m, .step_s = step_s};
    for (int i = 0; i < n; i++) {
        memcpy(d.ad[i], big[i], (size_t)n * sizeof(double));
        memcpy(d.bd[i], big[i] + n, (size_t)m * sizeof(double));
        memcpy(d.am[i], big[mean + i], (size_t)n * sizeof(double));
        memcpy(d.bm[i], big[mean + i] + n, (size_t)m * sizeof(double));
    }
    *out = d;
    return 0;
}

static double row_product(const double *a, const double *x, int n, const double *b, const double *u, int m)
{
    double sum = 0;
    for (int j = 0; j < n; j++)
        sum += a[j] * x[j];
    for (int j = 0; j < m; j++)
        sum += b[j] * u[j];
    return sum;
}

void lti_mean(const struct lti_step *d, const double *x, const double *u, double *mean)
{
    for (int i = 0; i < d->n; i++)
        mean[i] = row_product(d->am[i], x, d->n, d->bm[i], u, d->m);
}

void lti_advance(const struct lti_step *d, double *x, const double *u, double *mean)
{
    double next[LTI_STATES_MAX];
    if (mean)
        lti_mean(d, x, u, mean);
    for (int i = 0; i < d->n; i++)
        next[i] = row_product(d->ad[i], x, d->n, d->bd[i], u, d->m);
    memcpy(x, next, (size_t)d->n * sizeof(double));
}

int lti_rest(const struct lti *sys, const double *u, double *x, struct err *e)
{
    int r = lti_check(sys, e);
    if (r < 0)
        return r;
    matrix a, right;
    memset(right, 0, sizeof right);
    for (int i = 0; i < sys->n; i++) {
        memcpy(a[i], sys->a[i], (size_t)sys->n * sizeof(double));
        for (int j = 0; j < sys->m; j++)
            right[i][0] -= sys->b[i][j] * u[j];
    }
    if (!solve(a, right, sys->n, 1))
        return err_set(e, -EDOM, "linear system: no single state of rest (its matrix is singular)");
    for (int i = 0; i < sys->n; i++)
        x[i] = right[i][0];
    return 0;
}
