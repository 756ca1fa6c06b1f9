// SPDX-License-Identifier: Apache-2.0
//
// Only the vapour pressure is not linear. Each step takes all losses as straight lines, tangent at the
// water's temperature at the start of the step, and solves the linear equation that is left exactly
// (world/water.h): the exponential Rosenbrock-Euler scheme. It is of second order, stable for any step
// because all slopes are losses, and each flow is its own line at the mean temperature of the step, so that
// they add up to what was stored. The water moves by hundredths of a kelvin in an hour; what the tangent
// misses of the curve is then some 1e-6 of the evaporation.
#include "world/pool.h"

#include <errno.h>
#include <math.h>

#include "base/mem.h"
#include "base/num.h"
#include "world/water.h"

static const double BALANCE_FLOOR_J = 100;
static const double DAY_S = 86400;

void pool_spec_init(struct pool_spec *s, double area_m2, double depth_m)
{
    *s = (struct pool_spec){
        .area_m2 = area_m2,
        .depth_m = depth_m,
        .still = 0.5,
        .busy = 0.8,
        .bathers_m2 = 0.15,
        .surface_w_m2_k = 8, // 3.5 by convection and 4.5 by radiation to walls as warm as the air
        .cover_evaporation = 0.1,
        .makeup_l_bather = 40,
        .rinse_l_day = 10 * area_m2,
        .ground_w_k = 0.3 * (area_m2 + 4 * depth_m * sqrt(area_m2)),
        .backup_w = 300 * area_m2,
        .backup_band_k = 0.2,
    };
}

int pool_init(struct pool *p, const struct pool_spec *s, double water_c, struct err *e)
{
    const struct {
        const char *name;
        double value, low, high;
    } field[] = {
        {"area_m2", s->area_m2, 1, 1e5},
        {"depth_m", s->depth_m, 0.1, 20},
        {"still", s->still, 0, 3},
        {"busy", s->busy, s->still, 3},
        {"bathers_m2", s->bathers_m2, 0.001, 10},
        {"surface_w_m2_k", s->surface_w_m2_k, 0, 100},
        {"cover_evaporation", s->cover_evaporation, 0, 1},
        {"makeup_l_bather", s->makeup_l_bather, 0, 1000},
        {"rinse_l_day", s->rinse_l_day, 0, 1e7},
        {"ground_w_k", s->ground_w_k, 0, 1e6},
        {"backup_w", s->backup_w, 0, 1e8},
        {"backup_band_k", s->backup_band_k, 0, 10},
        {"water_c", water_c, 0, 60},
    };
    for (size_t i = 0; i < ARRAY_LEN(field); i++)
        if (!(field[i].value >= field[i].low && field[i].value <= field[i].high))
            return err_set(e, -EINVAL, "pool: %s is %g (%g to %g)", field[i].name, field[i].value,
                           field[i].low, field[i].high);
    *p = (struct pool){.spec = *s, .water_c = water_c};
    return 0;
}

double pool_store_j_k(const struct pool_spec *s)
{
    return s->area_m2 * s->depth_m * 1e3 * WATER_J_L_K;
}

double pool_vapour_kpa(double c)
{
    return 0.61094 * num_exp(17.625 * c / (c + 243.04));
}

// A loss as a straight line around the water's temperature: `at` there, `slope` for each kelvin more.
struct line {
    double at, slope;
};

struct losses {
    struct line evaporation_w, surface_w, makeup_w, ground_w; // W
    struct line vapour_l_s, drain_l_s;                        // litres a second
};

static double activity(const struct pool_spec *s, double bathers)
{
    double share = num_min(1, bathers / (s->bathers_m2 * s->area_m2));
    return s->still + (s->busy - s->still) * share;
}

// W and Q = W Y with their slopes: p' = p 17.625 x 243.04 / (T + 243.04)^2.
static void evaporation(struct losses *l, const struct pool_spec *s, const struct pool_input *in, double c,
                        double open)
{
    double water_kpa = pool_vapour_kpa(c), air_kpa = in->humidity * pool_vapour_kpa(in->air_c);
    double excess = water_kpa - air_kpa;
    if (excess <= 0)
        return;
    double slope_kpa_k = water_kpa * 17.625 * 243.04 / ((c + 243.04) * (c + 243.04));
    double w_kpa = s->area_m2 * activity(s, in->bathers) * (89 + 78.2 * in->wind_m_s) * open;
    double latent_j_kg = (2501 - 2.361 * c) * 1e3;
    l->evaporation_w = (struct line){w_kpa * excess, w_kpa * slope_kpa_k};
    l->vapour_l_s.at = l->evaporation_w.at / latent_j_kg;
    l->vapour_l_s.slope = (l->evaporation_w.slope + l->vapour_l_s.at * 2361) / latent_j_kg;
}

static struct losses losses_at(const struct pool_spec *s, const struct pool_input *in, double arrivals_s,
                               double c)
{
    struct losses l = {0};
    double open = in->covered ? s->cover_evaporation : 1;
    evaporation(&l, s, in, c, open);
    double surface_w_k = s->area_m2 * s->surface_w_m2_k * open;
    l.surface_w = (struct line){surface_w_k * (c - in->air_c), surface_w_k};
    l.ground_w = (struct line){s->ground_w_k * (c - in->ground_c), s->ground_w_k};
    l.drain_l_s.at = s->rinse_l_day / DAY_S + in->arrivals * s->makeup_l_bather / arrivals_s;
    double l_s = l.vapour_l_s.at + l.drain_l_s.at, excess = c - in->mains_c;
    l.makeup_w.at = l_s * WATER_J_L_K * excess;
    l.makeup_w.slope = WATER_J_L_K * (l_s + l.vapour_l_s.slope * excess);
    return l;
}

static double sum_at(const struct losses *l)
{
    return l->evaporation_w.at + l->surface_w.at + l->makeup_w.at + l->ground_w.at;
}

static double backup_w(struct pool *p, double set_c)
{
    if (p->water_c >= set_c)
        p->backup_on = false;
    else if (p->water_c < set_c - p->spec.backup_band_k)
        p->backup_on = true;
    return p->backup_on ? p->spec.backup_w : 0;
}

static double along(struct line l, double by_k, double seconds)
{
    return (l.at + l.slope * by_k) * seconds;
}

void pool_step(struct pool *p, const struct pool_input *in, int64_t step_ms, struct pool_flows *out)
{
    const struct pool_spec *s = &p->spec;
    double h = (double)step_ms / 1e3, store = pool_store_j_k(s), backup = backup_w(p, in->backup_set_c);
    struct losses l = losses_at(s, in, h, p->water_c);
    double slope = l.evaporation_w.slope + l.surface_w.slope + l.makeup_w.slope + l.ground_w.slope;
    double net = in->boiler_w + backup + in->sun_w - sum_at(&l);
    // The sum falls only where the mains are far warmer than the pool; the losses are then held over the
    // step.
    struct water_relaxed r = water_relax(p->water_c, store, net, num_max(0, slope), h);
    double by = slope >= 0 ? r.mean_c - p->water_c : 0;
    *out = (struct pool_flows){
        .boiler_j = in->boiler_w * h,
        .backup_j = backup * h,
        .sun_j = in->sun_w * h,
        .evaporation_j = along(l.evaporation_w, by, h),
        .surface_j = along(l.surface_w, by, h),
        .makeup_j = along(l.makeup_w, by, h),
        .ground_j = along(l.ground_w, by, h),
        .stored_j = store * (r.end_c - p->water_c),
        .evaporated_l = along(l.vapour_l_s, by, h),
        .makeup_l = along(l.vapour_l_s, by, h) + l.drain_l_s.at * h,
        .mean_c = r.mean_c,
    };
    p->water_c = r.end_c;
}

double pool_energy_error(const struct pool_flows *f)
{
    double in = f->boiler_j + f->backup_j + f->sun_j;
    double out = f->evaporation_j + f->surface_j + f->makeup_j + f->ground_j;
    double moved = fabs(f->boiler_j) + f->backup_j + f->sun_j + fabs(f->evaporation_j) + fabs(f->surface_j) +
                   fabs(f->makeup_j) + fabs(f->ground_j);
    return fabs(f->stored_j - (in - out)) / num_max(moved, BALANCE_FLOOR_J);
}

double pool_holding_w(const struct pool_spec *s, const struct pool_input *in, double arrivals_s,
                      double water_c)
{
    struct losses l = losses_at(s, in, arrivals_s, water_c);
    return sum_at(&l) - in->sun_w;
}
