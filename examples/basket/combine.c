// SPDX-License-Identifier: Apache-2.0
//
// With X the arithmetic and Y the geometric payoff of a path, Y's mean known exactly: mean(X) - b (mean(Y) -
// closed) has the same mean as X for any b and the least variance for b = cov(X, Y) / var(Y). The two payoffs
// are so alike that this removes nearly all of the noise, as if there were hundreds of times more paths. (b
// comes from the same paths, which biases the price by a part in the number of paths: nothing here.)
#include "examples/basket/combine.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

// Reads the number after "name": inside the line. The text is ours or a customer's: every step is bounded by
// `end`.
static bool number(const char *p, const char *end, const char *name, double *value)
{
    size_t n = strlen(name);
    for (; (size_t)(end - p) > n + 3; p++) {
        if (*p != '"' || memcmp(p + 1, name, n) != 0 || p[n + 1] != '"' || p[n + 2] != ':')
            continue;
        char digits[40]; // longer than any number that basket.c prints
        size_t k = 0;
        for (p += n + 3; p < end && k + 1 < sizeof digits && strchr("+-.0123456789eE", *p) && *p; p++)
            digits[k++] = *p;
        digits[k] = '\0';
        char *rest;
        *value = strtod(digits, &rest);
        return k > 0 && *rest == '\0' && isfinite(*value) && *value >= 0;
    }
    return false;
}

// Steps over the "12> " that a task's aggregate output puts before each line.
static const char *after_prefix(const char *p, const char *end)
{
    const char *q = p;
    while (q < end && (*q == ' ' || (*q >= '0' && *q <= '9')))
        q++;
    return end - q >= 2 && q[0] == '>' && q[1] == ' ' ? q + 2 : p;
}

static int read_result(struct basket_result *out, const char *p, const char *end, struct err *e)
{
    struct basket_result r = {0};
    double instance, paths;
    const struct {
        const char *name;
        double *to;
    } fields[] = {
        {"instance", &instance},      {"paths", &paths},
        {"sum", &r.sums.sum},         {"sum2", &r.sums.sum2},
        {"geo_sum", &r.sums.geo_sum}, {"geo_sum2", &r.sums.geo_sum2},
        {"cross", &r.sums.cross},     {"cpu_s", &r.cpu_s},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (!number(p, end, fields[i].name, fields[i].to))
            return err_set(e, -EINVAL, "result: no good number for \"%s\"", fields[i].name);
    if (instance > UINT32_MAX || paths < 1 || paths > 0x1p53)
        return err_set(e, -EINVAL, "result: instance %g with %g paths cannot be", instance, paths);
    r.instance = (uint32_t)instance;
    r.sums.paths = (uint64_t)paths;
    *out = r;
    return 0;
}

int basket_result_find(struct basket_result *out, const char *text, size_t n, struct err *e)
{
    const char *end = n ? text + n : text, *found = NULL, *found_end = NULL;
    for (const char *p = text; p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *stop = nl ? nl : end;
        const char *start = after_prefix(p, stop);
        if (start < stop && *start == '{') {
            found = start;
            found_end = stop;
        }
        p = nl ? nl + 1 : end;
    }
    if (!found)
        return err_set(e, -ENOENT, "result: no line of the output starts with {");
    return read_result(out, found, found_end, e);
}

static int by_instance(const void *a, const void *b)
{
    const struct basket_result *x = a, *y = b;
    return (x->instance > y->instance) - (x->instance < y->instance);
}

static void evaluate(struct basket_price *out, const struct paths_sums *s, const struct market *m)
{
    double n = (double)s->paths, mean = s->sum / n, geo = s->geo_sum / n;
    double var = fmax(s->sum2 / n - mean * mean, 0) * n / (n - 1);
    double geo_var = fmax(s->geo_sum2 / n - geo * geo, 0) * n / (n - 1);
    double cov = (s->cross / n - mean * geo) * n / (n - 1);
    double b = geo_var > 0 ? cov / geo_var : 0;
    out->paths = s->paths;
    out->plain_price = mean;
    out->plain_error = sqrt(var / n);
    out->geo_price = geo;
    out->geo_error = sqrt(geo_var / n);
    out->geo_closed = market_geometric_call(m);
    out->z = out->geo_error > 0 ? (geo - out->geo_closed) / out->geo_error : 0;
    out->price = mean - b * (geo - out->geo_closed);
    out->error = sqrt(fmax(var - b * cov, 0) / n);
}

int basket_combine(struct basket_price *out, struct basket_result *v, size_t n, const struct market *m,
                   struct err *e)
{
    struct paths_sums all = {0};
    double cpu_s = 0;
    if (n > 1)
        qsort(v, n, sizeof *v, by_instance);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && v[i].instance == v[i - 1].instance)
            return err_set(e, -EINVAL, "results: instance %u is there twice", (unsigned)v[i].instance);
        all.paths += v[i].sums.paths;
        all.sum += v[i].sums.sum;
        all.sum2 += v[i].sums.sum2;
        all.geo_sum += v[i].sums.geo_sum;
        all.geo_sum2 += v[i].sums.geo_sum2;
        all.cross += v[i].sums.cross;
        cpu_s += v[i].cpu_s;
    }
    if (all.paths < 2)
        return err_set(e, -EINVAL, "results: %llu paths in all (a price needs two)",
                       (unsigned long long)all.paths);
    *out = (struct basket_price){.cpu_s = cpu_s};
    evaluate(out, &all, m);
    return 0;
}
