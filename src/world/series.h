// SPDX-License-Identifier: Apache-2.0
//
// A quantity over time, one mean for each step of equal length: carbon intensity of a grid, demand of a heat
// network, a tariff. A simulation may run in another year than the data: `series_at` goes round, so that a
// year of data serves any year, hour of the year by hour of the year, and of several years their sequence.
#ifndef ONDOL_WORLD_SERIES_H
#define ONDOL_WORLD_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "world/csv.h"

struct series {
    int64_t start_ms; // since 1970, of the first step
    int64_t step_ms;
    size_t n;
    double *v;
    size_t last_line; // of the file, where it is from one
};

#define SERIES_NULL ((struct series){0})

// Two columns of a table: moments at equal steps of up to 31 days, each where its step starts, and numbers in
// low..high. At least two rows. -EINVAL with "line N: column: why" for a gap, a step of another length or a
// bad number; `out` is SERIES_NULL then. The caller ends it with series_deinit.
int series_from_csv(struct series *out, const struct csv *c, const char *time_column,
                    const char *value_column, double low, double high, struct err *e);
void series_deinit(struct series *s);

// The value of the step that `ms` falls in, going round before the first and after the last.
double series_at(const struct series *s, int64_t ms);

double series_mean(const struct series *s); // of its values, each counted once

#endif
