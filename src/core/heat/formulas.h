// SPDX-License-Identifier: Apache-2.0
//
// The formulas of a thermostat's step, each once, over rows of zones (base/wide_row.h): for many side by side
// (usual.c) and, with WIDE_ONE, for one (step.c, guards.c). In single precision: a temperature is held to
// 2 uK, a watt of the largest integral to 1 mW (docs/design/0058). Times are no floats.
#ifndef ONDOL_CORE_HEAT_FORMULAS_H
#define ONDOL_CORE_HEAT_FORMULAS_H

#include "base/wide_row.h"
#include "core/heat/guards.h"

#define HEAT_TAPER_K 0.2f // over the last 0.2 K below the upper band max_w goes to 0

ROW_INLINE row_f heat_follow(row_f x, float k, row_f to)
{
    return x + k * (to - x);
}

// Of a reading, degC.
ROW_INLINE row_f heat_reading_c(row_f mc)
{
    return mc * 1e-3f;
}

// What settles at zero would come to numbers so small that processors are slow with them; with this it settles
// here.
#define HEAT_TINY 1e-20f

// K/min, filtered. `per_min`: 60 s over the time between readings.
ROW_INLINE row_f heat_slope(row_f slope, float k, row_f y, row_f before_c, float per_min)
{
    return heat_follow(slope, k, (y - before_c) * per_min + HEAT_TINY);
}

// The demand's mean.
ROW_INLINE row_f heat_mean_w(row_f mean_w, float k, row_f target_w)
{
    return heat_follow(mean_w, k, target_w + HEAT_TINY);
}

// Electric power that a meter's milliwatts are, whole watts. As a product: 0.001 is a hair above a thousandth
// in single precision too, so that a half is the next watt.
ROW_INLINE row_f heat_whole_w(row_f mw)
{
    return row_of_whole(row_nearest(mw * 0.001f));
}

// What the heater whose heatsink is measured would come to over its room: by its own power, where that is known
// apart, else by its share of all.
ROW_INLINE row_f heat_one_k(row_f hot_mw, float k_per_w, row_f all_k)
{
    return row_pick(row_less(row_all(0), hot_mw), hot_mw * 1e-3f * k_per_w, all_k);
}

// Of a heatsink, K/min, as heat_slope(). A minute's steps need no filter.
ROW_INLINE row_f heat_sink_slope(row_f slope, float k, row_f c, row_f before_c, float per_min)
{
    row_f now = (c - before_c) * per_min;
    return k == 1 ? now : heat_follow(slope, k, now);
}

// K/min that a free heater would rise at. `lag_per_min`: 60 s over its lag.
ROW_INLINE row_f heat_free_rise(row_f one_k, row_f over_room, float lag_per_min)
{
    return (one_k - over_room) * lag_per_min;
}

// Hotter than explained: the level by a third and 8 K, or rising by half and 0.3 K/min faster than a free
// heater of these watts at this temperature would.
ROW_INLINE row_m heat_covered(row_f over_room, row_f explained, row_f slope, row_f rise)
{
    row_f free = row_max(rise, row_all(0));
    return row_less(explained * 1.3f + 8.0f, over_room) |
           row_less_in(row_less(row_all(10), over_room), free * 1.5f + 0.3f, slope);
}

// Its metal gives heat, and has not just been switched down (a room may fall fast then with windows shut).
ROW_INLINE row_m heat_heated(row_f whole_w, float full_w, row_f mean_w)
{
    return row_less_in(row_less(row_all(full_w * 0.05f), whole_w), mean_w * 0.7f, whole_w);
}

// What the surface may take: the watts that leave it at its limit, and more while the metal is below.
ROW_INLINE row_f heat_surface_w(float ua_w_per_k, float surface_c, row_f y, row_f hot_c)
{
    float gain_w_per_k = ua_w_per_k * GUARD_METAL_GAIN;
    return row_all((ua_w_per_k + gain_w_per_k) * surface_c) - y * ua_w_per_k - hot_c * gain_w_per_k;
}

// lo <= hi.
ROW_INLINE row_f heat_between(row_f x, row_f lo, row_f hi)
{
    return row_max(lo, row_min(hi, x));
}

// The limit, less over the last of the upper band.
ROW_INLINE row_f heat_ceiling_w(row_f band_left_k, row_f limit)
{
    return limit * heat_between(band_left_k * (1 / HEAT_TAPER_K), row_all(0), row_all(1));
}

// What the loop would give, `weight_b` being the part of the setpoint that its gain sees.
ROW_INLINE row_f heat_wanted_w(row_f kp, float weight_b, row_f r, row_f y, row_f integral_w)
{
    return kp * (r * weight_b - y) + integral_w;
}

// What the integral moves by.
ROW_INLINE row_f heat_wind(float dt_s, row_f kp_per_ti, row_f error_k, row_f per_tt, row_f u, row_f v)
{
    return (kp_per_ti * error_k + (u - v) * per_tt) * dt_s;
}

// At full power, of what is full here; none where nothing is left.
ROW_INLINE row_m heat_is_full(row_f u, row_f full_w)
{
    return row_less(full_w * 0.98f, u);
}

ROW_INLINE row_i heat_to_w(row_f w)
{
    return row_nearest(w);
}

#endif
