// SPDX-License-Identifier: Apache-2.0
#include "core/heat/store.h"

#include <errno.h>
#include <math.h>

#include "base/num.h"

#define TAPER_K     4.0 // below a limit, over which power goes down
#define BACK_K      5.0 // below a limit, where a cut ends
#define STALE_MS    90000
#define STALE_SHARE 0.3
#define VALID_MS    90000
#define STEP_MAX_MS 600000

void store_config_default(struct store_config *c, int32_t nameplate_w, int32_t setpoint_mc,
                          double capacity_j_per_k)
{
    *c = (struct store_config){
        .nameplate_w = nameplate_w,
        .setpoint_mc = setpoint_mc,
        .band_up_mc = 2000,
        .band_down_mc = 2000,
        .capacity_j_per_k = capacity_j_per_k,
        .closed_loop_s = 7200,
        .outlet_max_mc = 75000,
        .processor_max_mc = 87000,
    };
}

int store_config_check(const struct store_config *c, struct err *e)
{
    if (c->nameplate_w < 1)
        return err_set(e, -EINVAL, "nameplate_w is %d (at least 1)", (int)c->nameplate_w);
    if (c->setpoint_mc < 5000 || c->setpoint_mc > 90000)
        return err_set(e, -EINVAL, "setpoint_mc is %d (5000 to 90000)", (int)c->setpoint_mc);
    if (c->band_up_mc < 100 || c->band_down_mc < 100)
        return err_set(e, -EINVAL, "band is %d and %d mK (at least 100)", (int)c->band_up_mc,
                       (int)c->band_down_mc);
    if (!(c->capacity_j_per_k >= 1e3 && c->capacity_j_per_k <= 1e13))
        return err_set(e, -EINVAL, "capacity_j_per_k is %g (1e3 to 1e13)", c->capacity_j_per_k);
    if (!(c->closed_loop_s >= 60 && c->closed_loop_s <= 1e6))
        return err_set(e, -EINVAL, "closed_loop_s is %g (60 to 1e6)", c->closed_loop_s);
    return 0;
}

// A store is an integrator: Kp = C / tc, Ti = 4 tc (SIMC). The gain is bounded by the band: full power where
// it ends.
void store_init(struct store_thermostat *t, const struct store_config *c)
{
    double least = c->nameplate_w * 1e3 / (c->band_down_mc * 4.0);
    double kp = num_max(c->capacity_j_per_k / c->closed_loop_s, least), ti = 4 * c->closed_loop_s;
    kp = num_min(kp, c->nameplate_w * 1e3 / c->band_down_mc * 4.0);
    *t = (struct store_thermostat){.cfg = *c, .kp = kp, .kp_per_ti = kp / ti, .per_tt = 1 / (ti / 4)};
    t->last_sense_at = HOUSE_MS(INT64_MIN / 2);
}

// What is left of the watts this far below a limit.
static double taper(int32_t limit_mc, int32_t at_mc)
{
    if (at_mc == INT32_MIN)
        return 1;
    return num_clamp((limit_mc - at_mc) * 1e-3 / TAPER_K, 0, 1);
}

static void cut_step(struct store_thermostat *t, const struct store_sense *s)
{
    bool over = (s->outlet_mc != INT32_MIN && s->outlet_mc > t->cfg.outlet_max_mc) ||
                (s->processor_mc != INT32_MIN && s->processor_mc > t->cfg.processor_max_mc + 3000);
    bool well =
        (s->outlet_mc == INT32_MIN || s->outlet_mc < t->cfg.outlet_max_mc - (int32_t)(BACK_K * 1e3)) &&
        (s->processor_mc == INT32_MIN || s->processor_mc < t->cfg.processor_max_mc);
    t->cut = over || (t->cut && !well);
}

static void write_request(struct store_thermostat *t, double u, double hi, double y, house_ms now)
{
    struct heat_request *q = &t->request;
    double r = t->cfg.setpoint_mc * 1e-3, up = t->cfg.band_up_mc * 1e-3, down = t->cfg.band_down_mc * 1e-3;
    double owed = y < r - down ? u : num_clamp(u - t->kp * down, 0, u);
    q->target_w = (int32_t)(u + 0.5);
    q->max_w = (int32_t)(hi + 0.5);
    q->min_w = (int32_t)(owed + 0.5);
    q->up_j = (int64_t)num_max(0, t->cfg.capacity_j_per_k * (r + up - y));
    q->down_j = (int64_t)num_max(0, t->cfg.capacity_j_per_k * (y - r + down));
    q->t_up_s = hi > 1 ? (int32_t)num_min((double)q->up_j / hi, INT32_MAX) : INT32_MAX;
    q->t_down_s = u > 1 ? (int32_t)num_min((double)q->down_j / u, INT32_MAX) : INT32_MAX;
    q->valid_until = house_add(now, VALID_MS);
}

void store_step(struct store_thermostat *t, const struct store_sense *s, house_ms now)
{
    int64_t ms = t->started ? house_since(now, t->last_step_at) : 0;
    double dt_s = (double)int_clamp(ms, 0, STEP_MAX_MS) * 1e-3;
    t->last_step_at = now;
    t->started = true;
    if (s->water_mc != INT32_MIN)
        t->last_sense_at = s->at;
    if (house_since(now, t->last_sense_at) > STALE_MS) {
        double blind = STALE_SHARE * t->cfg.nameplate_w;
        t->request = (struct heat_request){.target_w = (int32_t)num_min(blind, t->request.target_w),
                                           .max_w = (int32_t)blind,
                                           .t_up_s = INT32_MAX,
                                           .t_down_s = INT32_MAX,
                                           .valid_until = house_add(now, VALID_MS)};
        return;
    }
    if (s->water_mc == INT32_MIN)
        return;
    cut_step(t, s);
    double y = s->water_mc * 1e-3, r = t->cfg.setpoint_mc * 1e-3, up = t->cfg.band_up_mc * 1e-3;
    double left =
        num_min(taper(t->cfg.outlet_max_mc, s->outlet_mc), taper(t->cfg.processor_max_mc, s->processor_mc));
    double hi = t->cut ? 0 : t->cfg.nameplate_w * num_min(left, num_clamp((r + up - y) / (0.25 * up), 0, 1));
    double v = t->kp * (r - y) + t->integral_w, u = num_clamp(v, 0, hi);
    t->integral_w += dt_s * (t->kp_per_ti * (r - y) + (u - v) * t->per_tt);
    write_request(t, u, hi, y, now);
}
