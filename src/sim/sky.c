// SPDX-License-Identifier: Apache-2.0
//
// The sky over each site, once a step; the sun on sixteen facades, every ten minutes.
#include "sim/run.h"

#include "base/num.h"

#define SUN_MS 600000

static void sun_step(struct sim_run *r, struct sim_site *x)
{
    bool same = true; // as at night
    for (int i = 0; i < 16; i++) {
        double was = x->facade_w_m2[i];
        x->facade_w_m2[i] = sun_on_facing(&x->weather.sun, &x->weather.irradiance, r->facing[i]);
        same &= x->facade_w_m2[i] == was;
    }
    for (uint32_t b = x->first_batch; !same && b < x->first_batch + x->n_batches; b++) {
        const struct sim_rooms *rooms = &r->rooms[b];
        for (const struct sim_size *k = rooms->size; k < rooms->size + rooms->n_sizes; k++)
            for (uint32_t i = 0; i < k->n; i++)
                k->rooms.solar_w[i] = k->glass_w_m2 * x->facade_w_m2[rooms->facade[k->from + i]];
    }
}

void sky_step(struct sim_run *r)
{
    for (int i = 0; r->t == 0 && i < 16; i++)
        r->facing[i] = facing_of(i * 22.5);
    for (size_t i = 0; i < r->s->n_sites; i++) {
        const struct scenario_site *s = &r->s->site[i];
        struct sim_site *x = &r->site[i];
        const struct weather *w = &r->in->site[i].weather;
        if (s->weather == WEATHER_CONSTANT) {
            x->weather.dry_c = s->outside_c;
            x->weather.wind_m_s = 3;
        } else {
            weather_air_next(w, house_add(r->s->start, r->t), &x->hour, &x->weather);
        }
        if (!x->outside_told)
            x->outside_c = x->weather.dry_c + s->weather_shift_k;
        x->outside_sum += x->outside_c;
        x->outside_n++;
        x->outside_min = num_min(x->outside_min, x->outside_c);
        x->outside_max = num_max(x->outside_max, x->outside_c);
        if (r->t % SUN_MS == 0 && s->weather != WEATHER_CONSTANT) {
            x->weather.sun = sun_at(w->latitude_deg, w->longitude_deg, house_add(r->s->start, r->t));
            sun_step(r, x);
        }
    }
}
