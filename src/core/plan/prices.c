// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.h"

#include <stdlib.h>

// Version 1. Work: 0.020, 0.015, 0.010 and 0.0005 euro per core-hour at full speed (published tariffs of a
// university cluster for the paid three). Electricity 0.165 euro/kWh. Wanted heat is worth the electricity it
// saves; owed heat three times that, because a cold room costs more than money; excess heat costs as much
// again as the electricity it wastes.
const struct price_table *price_table_default(void)
{
    static const struct price_table prices = {
        .version = 1,
        .work_ueur_per_core_h = {20000, 15000, 10000, 500},
        .crawl_permille = {0, 100, 200, 250},
        .electricity_ueur_per_kwh = 165000,
        .heat_owed_ueur_per_kwh = 495000,
        .heat_wanted_ueur_per_kwh = 165000,
        .heat_excess_ueur_per_kwh = -165000,
        .preempt_ueur = 20000,
        .distance_ueur_per_h_1000km = 2000,
        .data_ueur_per_gb = 2000,
        .prefetch_uses_per_day = 4,
        .gang_patience_ms = 600000,
        .fair_ms_per_core = 60000,
    };
    return &prices;
}

void plan_clear(struct plan *p)
{
    p->n_assigns = p->n_stops = p->n_fetches = 0;
}

void plan_deinit(struct plan *p)
{
    free(p->assign);
    free(p->stop);
    free(p->fetch);
    *p = (struct plan){0};
}
