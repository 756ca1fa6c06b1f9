// SPDX-License-Identifier: Apache-2.0
//
// Heat coverage day by day: of what every zone asked for in a day, how much its boards gave in that day,
// over the days that asked for no more than its heater has. Beside the coverage by the hour it says how much
// of that one's lack is only late: a heater of 25 kg metal takes joules when the demand rises and gives them
// back when it falls, while the ideal heater that it is measured by has no metal.
#include "sim/measure.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"

#define DAY_MS     86400000
#define ABLE_SHARE 0.97 // as for hours (measure.c)

struct by_day {
    struct {
        double asked_j;
        int64_t delivered_uj;
    } * before; // by zone, at the start of the day
    double asked_j, strict_j;
};

void by_day_make(struct sim_run *r)
{
    r->by_day = mem_alloc(sizeof *r->by_day);
    r->by_day->before = mem_array(r->n_zones + 1, sizeof *r->by_day->before);
}

void by_day_free(struct sim_run *r)
{
    if (r->by_day)
        free(r->by_day->before);
    free(r->by_day);
}

// After measure_step. A last day that is not whole does not count.
void by_day_step(struct sim_run *r)
{
    struct by_day *d = r->by_day;
    for (uint32_t i = 0; r->now % DAY_MS == 0 && i < r->n_zones; i++) {
        double asked = r->measure->zone[i].asked_j - d->before[i].asked_j;
        double delivered = (double)(r->zone[i].total_uj - d->before[i].delivered_uj) * 1e-6;
        if (asked <= ABLE_SHARE * r->zone[i].nameplate_w * (DAY_MS / 1000)) {
            d->asked_j += asked;
            d->strict_j += num_min(asked, delivered);
        }
        d->before[i].asked_j = r->measure->zone[i].asked_j;
        d->before[i].delivered_uj = r->zone[i].total_uj;
    }
    r->out->totals.heat_coverage_day = d->asked_j > 0 ? d->strict_j / d->asked_j : 0;
}
