// SPDX-License-Identifier: Apache-2.0
//
// Whole years of data go round by calendar year, not by their own length: with 8760 hours counted straight
// on, the data would shift by a day against the date after each leap year, and weekdays are off in any case.
#include "world/series.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/when.h"

static const int64_t DAY_MS = 86400000;
static const int64_t STEP_MAX_MS = 31 * INT64_C(86400000);

static int check_step(struct series *s, const struct csv *c, size_t row, size_t column, int64_t ms,
                      struct err *e)
{
    if (row == 0) {
        s->start_ms = ms;
        return 0;
    }
    if (row == 1 && ms > s->start_ms && ms - s->start_ms <= STEP_MAX_MS) {
        s->step_ms = ms - s->start_ms;
        return 0;
    }
    if (row == 1)
        return csv_refuse(c, row, column, e, "%s (the second moment makes the step: up to 31 days)",
                          ms <= s->start_ms ? "goes back in time" : "leaves a gap");
    int64_t expected = s->start_ms + (int64_t)row * s->step_ms;
    if (ms == expected)
        return 0;
    return csv_refuse(c, row, column, e, "%s (steps must be equal; the first is %lld s)",
                      ms < expected ? "goes back in time" : "leaves a gap", (long long)s->step_ms / 1000);
}

int series_from_csv(struct series *out, const struct csv *c, const char *time_column,
                    const char *value_column, double low, double high, struct err *e)
{
    *out = SERIES_NULL;
    int when = csv_column(c, time_column, e);
    if (when < 0)
        return when;
    int what = csv_column(c, value_column, e);
    if (what < 0)
        return what;
    if (c->rows < 2)
        return err_set(e, -EINVAL, "line 1: %s: %zu rows (at least 2 make a step)", time_column, c->rows);
    struct series made = {
        .n = c->rows, .v = mem_array(c->rows, sizeof(double)), .last_line = c->line[c->rows - 1]};
    int r = 0;
    for (size_t row = 0; r == 0 && row < c->rows; row++) {
        int64_t ms;
        r = csv_moment(c, row, (size_t)when, &ms, e);
        if (r == 0)
            r = check_step(&made, c, row, (size_t)when, ms, e);
        if (r == 0)
            r = csv_number(c, row, (size_t)what, low, high, &made.v[row], e);
    }
    if (r < 0)
        series_deinit(&made);
    else
        *out = made;
    return r;
}

void series_deinit(struct series *s)
{
    free(s->v);
    *s = SERIES_NULL;
}

// `ms` in the year of the data, at the same place from 1 January; 31 December of a leap year stays 31
// December.
static int64_t into_year(const struct series *s, int64_t ms)
{
    int year =
        civil_from_ms(s->start_ms + DAY_MS / 2).year; // half a day forgives a start given in local time
    int64_t since = ms - civil_to_ms(civil_from_ms(ms).year, 1, 1, 0, 0, 0);
    int64_t length = is_leap_year(year) ? 366 * DAY_MS : 365 * DAY_MS;
    if (since >= length)
        since -= DAY_MS;
    return civil_to_ms(year, 1, 1, 0, 0, 0) + since;
}

double series_at(const struct series *s, int64_t ms)
{
    int64_t total = (int64_t)s->n * s->step_ms, since = ms - s->start_ms;
    bool outside = since < 0 || since >= total;
    if (outside && (total == 365 * DAY_MS || total == 366 * DAY_MS))
        since = into_year(s, ms) - s->start_ms;
    since %= total;
    if (since < 0)
        since += total;
    return s->v[since / s->step_ms];
}

double series_mean(const struct series *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += s->v[i];
    return s->n ? sum / (double)s->n : 0;
}
