// SPDX-License-Identifier: Apache-2.0
//
// Parts of a run that pictures show. A run of more than three weeks is drawn whole and once more for its coldest and
// its hottest week, for nobody can see a morning in a year.
#ifndef ONDOL_SIM_PAGE_HTML_VIEW_H
#define ONDOL_SIM_PAGE_HTML_VIEW_H

#include "sim/page/chart.h"
#include "sim/result.h"

struct view {
    const struct sim_result *r;
    size_t from, n; // steps
    size_t shown;   // index of the zone that is shown
};

struct view view_whole(const struct sim_result *r);
bool view_has_weeks(const struct sim_result *r);
// The seven days with the lowest or highest mean outside; of a run that has weeks.
struct view view_week(const struct sim_result *r, bool hottest);

void view_time_axis(struct chart *c, const struct view *v);
// Widens low..high to hold the n values.
void view_range(const float *v, size_t n, double *low, double *high);

#endif
