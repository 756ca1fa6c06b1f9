// SPDX-License-Identifier: Apache-2.0
//
// Puts the results of all instances of examples/basket together: the price of the arithmetic basket, its
// error, and how far the geometric basket on the same paths lies from its closed form.
#ifndef EXAMPLES_BASKET_COMBINE_H
#define EXAMPLES_BASKET_COMBINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "examples/basket/paths.h"

struct basket_result {
    uint32_t instance;
    struct paths_sums sums;
    double cpu_s;
};

struct basket_price {
    uint64_t paths;
    double price, error; // arithmetic basket with the geometric as control variate; standard error
    double plain_price, plain_error; // the same paths without the control variate
    double geo_price, geo_error;     // geometric basket by simulation
    double geo_closed;               // and by formula
    double z;                        // (geo_price - geo_closed) / geo_error: beyond 3 something is wrong
    double cpu_s;                    // of all instances
};

// Finds the result among the `n` bytes of output of one instance: the last line that starts with '{', whether
// or not the lines carry the "12> " of a task's aggregate output. Returns 0; -ENOENT when no line starts so;
// -EINVAL when that line lacks a number or holds one that cannot be (paths 0, not finite, negative).
int basket_result_find(struct basket_result *out, const char *text, size_t n, struct err *e);

// Sorts `v` by instance, so that the same results give the same digits in whatever order they came, and
// combines them. Returns 0; -EINVAL when there are none, two of one instance, or fewer than 2 paths in all.
int basket_combine(struct basket_price *out, struct basket_result *v, size_t n, const struct market *m,
                   struct err *e);

#endif
