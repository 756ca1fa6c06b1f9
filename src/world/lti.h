// SPDX-License-Identifier: Apache-2.0
//
// Small linear systems dx/dt = A x + B u, stepped exactly. With the inputs u held over a step of h seconds
//
//     x(h)                  = ad x(0) + bd u          and the mean of the states over the step is
//     1/h integral of x dt  = am x(0) + bm u
//
// whatever the step: sixty steps of one second and one of sixty give the same states. All four matrices come
// out of one matrix exponential of the system with u and the running mean as further states:
//
//         | A   B  0 |                     | ad  bd  0 |
//     exp | 0   0  0 | with A, B times h  =  | 0   I   0 |
//         | I   0  0 |                     | am  bm  I |
//
// The exponential costs tens of microseconds, so a caller makes it once for each kind of system and step and
// keeps it.
#ifndef ONDOL_WORLD_LTI_H
#define ONDOL_WORLD_LTI_H

#include "base/err.h"

#define LTI_STATES_MAX 8
#define LTI_INPUTS_MAX 8

// The continuous system, rows first: a[to][from] in 1/s.
struct lti {
    int n, m; // states 1..8, inputs 0..8
    double a[LTI_STATES_MAX][LTI_STATES_MAX];
    double b[LTI_STATES_MAX][LTI_INPUTS_MAX];
};

struct lti_step {
    int n, m;
    double step_s;
    double ad[LTI_STATES_MAX][LTI_STATES_MAX], bd[LTI_STATES_MAX][LTI_INPUTS_MAX];
    double am[LTI_STATES_MAX][LTI_STATES_MAX], bm[LTI_STATES_MAX][LTI_INPUTS_MAX];
};

// Discretises `sys` for a step of step_s > 0 seconds. -EINVAL for a size or step out of range or an entry
// that is not finite; -ERANGE when the exponential does not fit a double (a system that grows). `out` is
// untouched on failure.
int lti_discretise(struct lti_step *out, const struct lti *sys, double step_s, struct err *e);

// x := ad x + bd u, in place, and the mean over the step where `mean` is not NULL.
void lti_advance(const struct lti_step *d, double *x, const double *u, double *mean);

// The same mean alone, of the step that begins at x.
void lti_mean(const struct lti_step *d, const double *x, const double *u, double *mean);

// The states at rest under constant inputs: solves A x = -B u. -EDOM when the system has no single rest (A
// singular).
int lti_rest(const struct lti *sys, const double *u, double *x, struct err *e);

#define LTI_MATRIX_MAX (2 * LTI_STATES_MAX + LTI_INPUTS_MAX)

// exp(a) of the leading n x n part, n in 1..24, in place. -ERANGE when the norm is not finite or above 1e4.
int lti_expm(double a[LTI_MATRIX_MAX][LTI_MATRIX_MAX], int n, struct err *e);

#endif
