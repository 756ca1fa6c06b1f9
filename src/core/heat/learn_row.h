// SPDX-License-Identifier: Apache-2.0
//
// Estimates of zones side by side (learn.h), sixteen a row; for lanes.c. In double precision, as covariances
// lose digits with every sample.
#ifndef ONDOL_CORE_HEAT_LEARN_ROW_H
#define ONDOL_CORE_HEAT_LEARN_ROW_H

#include <stdalign.h>

#include "core/heat/learn.h"
#include "core/heat/usual.h"

// The fields as in struct learn; gains and integral are in struct heat_row.
struct learn_row {
    alignas(64) double theta[ESTIMATE_TERMS][WIDE_ROW];
    double cov[LEARN_COVS][WIDE_ROW];
    double last_y[WIDE_ROW], last_p[WIDE_ROW], ends[WIDE_ROW], samples[WIDE_ROW], sane[WIDE_ROW],
        capacity_known[WIDE_ROW], usable[WIDE_ROW], capacity_j_per_k[WIDE_ROW];
    double outside_c[WIDE_ROW]; // as thermostat_set_outside() left it
    double outside_known[WIDE_ROW];
};

// What a zone's struct has into place j of the row, and back.
void learn_row_push(struct learn_row *e, size_t j, const struct thermostat *t);
void learn_row_pull(const struct learn_row *e, const struct heat_row *z, size_t j, struct thermostat *t);

// A finished sample of all zones, and the gains from it.
void learn_rows(struct learn_row *e, struct heat_row *z, size_t rows, const int32_t *target_w,
                const struct learn_make *make);

#endif
