// SPDX-License-Identifier: Apache-2.0
//
// The figures by which runs are told apart, one row each: how it is called, in what unit, which way is
// better, and how it follows from a result. The summary, the JSON, the page and `ondol sim compare` all read
// this table.
#ifndef ONDOL_SIM_PAGE_FIGURES_H
#define ONDOL_SIM_PAGE_FIGURES_H

#include <stddef.h>

#include "core/ledger/kpi.h"
#include "sim/result.h"

struct figure {
    const char *key;  // of JSON and CSV: "heat_match"
    const char *name; // for people
    const char *unit; // "" for shares
    int better;       // 1 more, -1 less, 0 neither
    int decimals;
    double (*of)(const struct sim_result *r);
};

extern const struct figure figures[];
extern const size_t n_figures;

const struct figure *figure_find(const char *key); // NULL when there is none

// The meters of a run for kpi_of and kpi_save: useful heat counted strictly.
struct kpi_meters figure_meters(const struct sim_result *r);

#endif
