// SPDX-License-Identifier: Apache-2.0
// The exact step: the exponential against closed forms, one long step against many short ones, means,
// refusals.
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "world/lti.h"

static void assert_near(double got, double want, double relative)
{
    if (!(fabs(got - want) <= relative * fmax(1e-300, fabs(want))))
        fail_msg("got %.17g, wanted %.17g", got, want);
}

// exp(Ah) = e^s [cosh(q) I + sinh(q)/q (Ah - s I)], s = tr/2, q^2 = s^2 - det.
static void exp_2x2(const double a[2][2], double out[2][2])
{
    double s = (a[0][0] + a[1][1]) / 2, q = sqrt(s * s - (a[0][0] * a[1][1] - a[0][1] * a[1][0]));
    double c = exp(s) * cosh(q), d = q > 1e-9 ? exp(s) * sinh(q) / q : exp(s);
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++)
            out[i][j] = (i == j ? c - d * s : 0) + d * a[i][j];
}

static void exponential_of_2x2_is_the_closed_form(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct rng r;
    rng_seed(&r, seed);
    for (int round = 0; round < 500; round++) {
        // An RC pair: negative diagonal, positive coupling, so that the eigenvalues are real.
        double k = 6 * rng_unit(&r), g = rng_unit(&r);
        double a[2][2] = {{-k, k * g}, {k * rng_unit(&r), -k * (1 + rng_unit(&r))}}, want[2][2];
        double m[LTI_MATRIX_MAX][LTI_MATRIX_MAX] = {{0}};
        for (int i = 0; i < 2; i++)
            memcpy(m[i], a[i], sizeof a[i]);
        exp_2x2(a, want);
        assert_int_equal(lti_expm(m, 2, NULL), 0);
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++)
                if (!(fabs(m[i][j] - want[i][j]) <= 1e-13 + 1e-12 * fabs(want[i][j])))
                    fail_msg("seed %d round %d: [%d][%d] %.17g, wanted %.17g", (int)seed, round, i, j,
                             m[i][j], want[i][j]);
    }
}

static void exponential_of_a_nilpotent_matrix_is_its_short_series(void **state)
{
    (void)state;
    double m[LTI_MATRIX_MAX][LTI_MATRIX_MAX] = {{0}};
    for (int i = 0; i < 3; i++)
        m[i][i + 1] = 30;
    assert_int_equal(lti_expm(m, 4, NULL), 0);
    assert_near(m[0][0], 1, 1e-13);
    assert_near(m[0][1], 30, 1e-13);
    assert_near(m[0][2], 450, 1e-13);
    assert_near(m[0][3], 4500, 1e-13);
    assert_true(m[3][0] == 0);
}

static void exponential_of_a_turn_is_cosine_and_sine(void **state)
{
    (void)state;
    double m[LTI_MATRIX_MAX][LTI_MATRIX_MAX] = {{0, 2.5}, {-2.5, 0}};
    assert_int_equal(lti_expm(m, 2, NULL), 0);
    assert_near(m[0][0], cos(2.5), 1e-14);
    assert_near(m[0][1], sin(2.5), 1e-14);
}

static void one_room_follows_its_exponential_with_its_exact_mean(void **state)
{
    (void)state;
    struct lti sys = {.n = 1, .m = 1};
    sys.a[0][0] = -1 / 3600.0;
    sys.b[0][0] = 1 / 3600.0;
    struct lti_step d;
    assert_int_equal(lti_discretise(&d, &sys, 900, NULL), 0);
    double x = 20, u = 5, mean, left = exp(-0.25);
    lti_advance(&d, &x, &u, &mean);
    assert_near(x, 5 + 15 * left, 1e-14);
    assert_near(mean, 5 + 15 * (1 - left) / 0.25, 1e-14); // Ts + (T-Ts)(1-e^-a)/a
}

static void random_system(struct lti *sys, struct rng *r, int n, int m)
{
    memset(sys, 0, sizeof *sys);
    sys->n = n;
    sys->m = m;
    for (int i = 0; i < n; i++) {
        double sum = 1e-5;
        for (int j = 0; j < n; j++)
            if (i != j)
                sum += sys->a[i][j] = rng_unit(r) * 1e-3;
        sys->a[i][i] = -sum;
        for (int j = 0; j < m; j++)
            sys->b[i][j] = rng_unit(r) * 1e-4;
    }
}

static void many_short_steps_are_one_long_step_at_every_size(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 11);
    for (int n = 1; n <= LTI_STATES_MAX; n++) {
        struct lti sys;
        struct lti_step second, minute;
        random_system(&sys, &r, n, LTI_INPUTS_MAX);
        assert_int_equal(lti_discretise(&second, &sys, 1, NULL), 0);
        assert_int_equal(lti_discretise(&minute, &sys, 60, NULL), 0);
        double x[8], y[8], u[8], mean[8], sum[8] = {0}, part[8];
        for (int i = 0; i < 8; i++) {
            x[i] = y[i] = 10 + 10 * rng_unit(&r);
            u[i] = 100 * rng_unit(&r);
        }
        lti_advance(&minute, x, u, mean);
        for (int k = 0; k < 60; k++) {
            lti_advance(&second, y, u, part);
            for (int i = 0; i < n; i++)
                sum[i] += part[i] / 60;
        }
        for (int i = 0; i < n; i++) {
            assert_near(y[i], x[i], 1e-12);
            assert_near(sum[i], mean[i], 1e-12);
        }
    }
}

static void a_very_long_step_arrives_at_rest(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 12);
    struct lti sys;
    random_system(&sys, &r, 4, 3);
    double u[3] = {3, 7, 11}, x[4] = {1, 2, 3, 4}, rest[4];
    struct lti_step d;
    assert_int_equal(lti_discretise(&d, &sys, 2e6, NULL), 0);
    lti_advance(&d, x, u, NULL);
    assert_int_equal(lti_rest(&sys, u, rest, NULL), 0);
    for (int i = 0; i < 4; i++)
        assert_near(x[i], rest[i],
                    1e-8); // squaring twelve times and more costs some digits of the slowest mode
}

static void what_cannot_be_stepped_is_refused_and_leaves_the_output_alone(void **state)
{
    (void)state;
    struct lti sys = {.n = 2, .m = 1};
    struct lti_step d = {.n = 77};
    struct err e = ERR_NULL;
    assert_int_equal(lti_discretise(&d, &sys, 0, &e), -EINVAL);
    assert_non_null(strstr(e.text, "step of 0 s"));
    assert_int_equal(lti_discretise(&d, &sys, (double)NAN, &e), -EINVAL);
    sys.a[0][0] = (double)NAN;
    assert_int_equal(lti_discretise(&d, &sys, 1, &e), -ERANGE);
    sys.a[0][0] = 9000; // grows past every double
    assert_int_equal(lti_discretise(&d, &sys, 1, &e), -ERANGE);
    sys.a[0][0] = 0;
    double u = 1, x[2];
    assert_int_equal(lti_rest(&sys, &u, x, &e), -EDOM);
    sys.n = 9;
    assert_int_equal(lti_discretise(&d, &sys, 1, &e), -EINVAL);
    assert_int_equal(d.n, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponential_of_2x2_is_the_closed_form),
        cmocka_unit_test(exponential_of_a_nilpotent_matrix_is_its_short_series),
        cmocka_unit_test(exponential_of_a_turn_is_cosine_and_sine),
        cmocka_unit_test(one_room_follows_its_exponential_with_its_exact_mean),
        cmocka_unit_test(many_short_steps_are_one_long_step_at_every_size),
        cmocka_unit_test(a_very_long_step_arrives_at_rest),
        cmocka_unit_test(what_cannot_be_stepped_is_refused_and_leaves_the_output_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
