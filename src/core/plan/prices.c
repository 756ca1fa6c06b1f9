// SPDX-License-Identifier: Apache-2.0
#include "core/plan/plan.h"

#include <stdlib.h>

// Version 4. Work: 0.020, 0.015, 0.010 and 0.0005 euro per core-hour at full speed (published tariffs of a
// university cluster for the paid three). Electricity 0.165 euro/kWh. Wanted heat is worth the electricity it
// saves; owed heat three times that, because a cold room costs more than money; excess heat costs as much
// again as the electricity it wastes.
//
// unknown_run_s: an hour. Half of all published instances take less than five minutes, but what matters is
// the time on boards, and nearly all of that is of those that take longer: who takes a long instance for a
// short one lets it crawl for a day, who takes a short one for a long one loses minutes.
// move_ratio_permille: 2. By the best guess of what is left (as much as was done) a factor of two is where
// the worst loss of moving and that of staying are equal, as in renting or buying skis; it also bears an
// error of the guess of that size, and two boards cannot both be twice as fast as the other.
// move_least_s: 20 minutes, twice move_after_s: less is not worth stopping anybody.
// move_after_s: 10 minutes, the time in which a thermostat of a room comes to rest after people came or
// aired. move_start_s: a minute: 10 s that work has to end after being asked, a call of the node, and the
// start of a sandbox, with room.
// preempt_ueur: 90 seconds of eight cores of flex work, for stopping and starting. What the one who is stopped
// had done is reckoned beside (worth.c); before version 3 it was in here, at a quarter of an hour.
// hold_least_s: ten minutes, as move_after_s; since version 4.
const struct price_table *price_table_default(void)
{
    static const struct price_table prices = {
        .version = 4,
        .work_ueur_per_core_h = {20000, 15000, 10000, 500},
        .crawl_permille = {0, 100, 200, 250},
        .unknown_run_s = 3600,
        .move_ratio_permille = 2000,
        .move_least_s = 1200,
        .move_after_s = 600,
        .hold_least_s = 600,
        .move_start_s = 60,
        .electricity_ueur_per_kwh = 165000,
        .heat_owed_ueur_per_kwh = 495000,
        .heat_wanted_ueur_per_kwh = 165000,
        .heat_excess_ueur_per_kwh = -165000,
        .preempt_ueur = 2000,
        .distance_ueur_per_h_1000km = 2000,
        .data_ueur_per_gb = 2000,
        .prefetch_uses_per_day = 4,
        .gang_patience_ms = 600000,
        .fair_ms_per_core = 60000,
    };
    return &prices;
}

int64_t plan_electricity_ueur(const struct price_table *t, const struct plan_site *s)
{
    int64_t price = s->has_tariff ? s->tariff_ueur_per_kwh : t->electricity_ueur_per_kwh;
    return price + (t->carbon_ueur_per_g + s->carbon_ueur_per_g) * s->carbon_g_per_kwh;
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
