// SPDX-License-Identifier: Apache-2.0
//
// Compiled once for each width of registers, HEAT_USUAL being the name (meson.build). Everything is computed
// for all zones as if nothing were unusual; where something was, the zone keeps what it had. Usual is also a
// room that stays too hot, and a surface at its limit: half a fleet is in these states in summer and in a
// cold spell.
#include "core/heat/usual.h"

#include "base/wide_row.h"
#include "core/heat/formulas.h"

#define NONE_C        (-1e6f) // below: there is no such sensor
#define JUMP_MC       3000
#define JUMP_AGE_MS   60000
#define PLAUSIBLE_MIN (-20000)
#define PLAUSIBLE_MAX 60000

// Watts of the request: what the loop gives, could give, and owes; what is so only where the zone is usual.
struct loop {
    row_f u, hi, low, wound;
    row_m full;   // at full power
    row_m capped; // the surface guard's cause
};

// Bits of zones after a step.
struct marks {
    uint32_t good; // nothing was unusual
    uint32_t full;
};

// The PI with what the guards left; `dark`: they leave nothing.
ROW_INLINE struct loop loop(const struct heat_row *z, size_t j, const struct heat_shared *k, row_f y,
                            row_f metal_c, row_m dark)
{
    row_f r = row_load(z->r_c + j), kp = row_load(z->kp + j), integral_w = row_load(z->integral_w + j),
          zero = row_all(0), left_w = row_pick(dark, zero, row_all(k->full_w));
    row_f cap = heat_surface_w(k->ua_w_per_k, k->surface_c, y, metal_c);
    row_f v = heat_wanted_w(kp, k->weight_b, r, y, integral_w);
    row_f limit = heat_between(cap, zero, left_w); // what is left is at most full power
    row_f hi = heat_ceiling_w(r + k->up_c - y, limit), lo = row_min(row_all(k->floor_w), hi);
    row_f u = heat_between(v, lo, hi);
    row_f wound = heat_wind(k->dt_s, row_load(z->kp_per_ti + j), r - y, row_load(z->per_tt + j), u, v);
    return (struct loop){.u = u,
                         .hi = hi,
                         .low = heat_between(v - kp * k->down_c, zero, u),
                         .wound = integral_w + wound,
                         .full = heat_is_full(u, limit),
                         .capped = row_less(cap, row_min(v, left_w))};
}

// Of `good`, where no window opens or shuts and no room becomes hot or is so no longer. *dark: nothing is given.
ROW_INLINE row_m rooms_stay(const struct heat_row *z, size_t j, const struct heat_shared *k, row_m good,
                            row_f y, row_f falls, row_f whole_w, row_f mean_w, row_m *dark)
{
    row_f hot_c = row_load(z->hot_c + j);
    row_m opens =
        row_less_in(heat_heated(whole_w, k->full_w, mean_w), falls, row_all(GUARD_WINDOW_K_PER_MIN));
    *dark = row_of_bits(0);
    if (!(z->window | z->hot)) // most rows
        return row_at_least_in(row_unless(good, opens), hot_c, y);
    row_m window = row_of_bits((uint32_t)z->window >> j), hot = row_of_bits((uint32_t)z->hot >> j);
    row_m shuts = row_less(row_all(GUARD_SHUT_K_PER_MIN), falls) | row_less(y, row_all(FROST_C + k->up_c));
    row_m cools = row_less(y, hot_c - GUARD_HOT_BACK_K), heats = row_less(hot_c, y);
    *dark = window | hot;
    good = row_unless(good, (window & shuts) | row_unless(opens, window));
    return row_unless(good, (hot & cools) | row_unless(heats, hot));
}

// The reading that jumps are measured from: this one, where the one before it is a minute old. Where readings
// are a minute apart each is, so that there is no time to be kept.
ROW_INLINE void follow_jump(struct heat_row *z, size_t j, const struct heat_shared *k, row_f mc, row_m good)
{
    if (k->at_ms - k->last_at_ms >= JUMP_AGE_MS) {
        row_store_where(z->jump_mc + j, good, mc);
        return;
    }
    row_i jump_ms = row_pick_whole(row_of_bits((uint32_t)z->jumped >> j), row_all_whole(k->last_at_ms),
                                   row_load_whole(z->jump_ms + j));
    row_m level = good & row_less_whole(jump_ms, row_all_whole(k->at_ms - JUMP_AGE_MS + 1));
    row_store_where(z->jump_mc + j, level, mc);
    row_store_whole(z->jump_ms + j, row_pick_whole(level, row_all_whole(k->at_ms), jump_ms));
}

// As many zones as a register holds, from place j of the row and i of the arrays on, of which `usual` are not
// to be stepped alone.
ROW_INLINE struct marks step(struct heat_row *z, size_t j, const struct heat_arrays *in, size_t i,
                             const struct heat_shared *k, uint32_t usual)
{
    // the reading
    row_f mc = row_of_whole(row_load_whole(in->room_mc + i)), jumped = mc - row_load(z->jump_mc + j);
    row_m good = row_less_in(row_of_bits(usual >> j), jumped, row_all(JUMP_MC + 1));
    good = row_less_in(row_less_in(good, row_all(-JUMP_MC - 1), jumped), mc, row_all(PLAUSIBLE_MAX + 1));
    good = row_less_in(good, row_all(PLAUSIBLE_MIN - 1), mc);
    row_f was_c = row_load(z->room_c + j), y = heat_follow(was_c, k->room, heat_reading_c(mc));
    row_f falls = heat_slope(row_load(z->slope_k_per_min + j), k->slope, y, was_c, k->per_min);
    // the metal
    row_f whole_w = heat_whole_w(row_of_whole(row_load_whole(in->draw_mw + i))),
          one_k = whole_w * k->k_per_all_w;
    if (in->hot_draw_mw)
        one_k = heat_one_k(row_of_whole(row_load_whole(in->hot_draw_mw + i)), k->k_per_w, one_k);
    row_f metal = heat_follow(row_load(z->metal_c + j), k->metal, y + one_k);
    row_f sink = heat_reading_c(row_of_whole(row_load_whole(in->heatsink_mc + i))),
          sink_was_c = row_load(z->heatsink_c + j), rose = row_load(z->heatsink_slope_k_per_min + j);
    row_f rises = heat_sink_slope(rose, k->sink, sink, sink_was_c, k->sink_per_min);
    row_f over = sink - y, rise = heat_free_rise(one_k, over, k->lag_per_min); // without sensor far below
    row_m has = row_less(row_all(NONE_C), sink);
    good = row_unless(good, heat_covered(over, metal - y, rises, rise) |
                                row_less_in(has, sink_was_c, row_all(-100)));
    sink = row_pick(has, sink, sink_was_c);
    rises = row_pick(has, rises, rose);
    // the guards: none comes or goes
    row_f mean_w =
        heat_mean_w(row_load(z->mean_w + j), k->mean, row_of_whole(row_load_whole(in->target_w + i)));
    row_m dark;
    good = rooms_stay(z, j, k, good, y, falls, whole_w, mean_w, &dark) &
           row_less_whole(row_load_whole(in->cpu_mc + i), row_all_whole(k->cpu_above_mc));
    struct loop p = loop(z, j, k, y, row_max(metal, sink), dark);
    good = good & row_agree(p.capped, row_of_bits((uint32_t)z->surface >> j));

    follow_jump(z, j, k, mc, good);
    row_store_where(z->mean_w + j, good, mean_w);
    row_store_where(z->sum_p_s + j, good, row_load(z->sum_p_s + j) + (metal - y) * k->dt_s);
    row_store_where(z->room_c + j, good, y);
    row_store_where(z->slope_k_per_min + j, good, falls);
    row_store_where(z->metal_c + j, good, metal);
    row_store_where(z->heatsink_c + j, good, sink);
    row_store_where(z->heatsink_slope_k_per_min + j, good, rises);
    row_store_where(z->integral_w + j, row_unless(good, row_of_bits((uint32_t)z->window >> j)), p.wound);
    row_store_whole_where(in->target_w + i, good, heat_to_w(p.u));
    row_store_whole_where(in->max_w + i, good, heat_to_w(p.hi));
    row_store_whole_where(in->min_w + i, good, heat_to_w(p.low));
    return (struct marks){.good = row_bits(good), .full = row_bits(p.full)};
}

ROW_INLINE bool step_row(struct heat_row *z, const struct heat_arrays *in, size_t i,
                         const struct heat_shared *k)
{
    bool windows_alone = k->windows_alone || k->now_ms >= z->until_ms;
    uint32_t good = 0, full = 0, odd = windows_alone ? z->odd | z->window : z->odd;
    for (size_t j = 0; j < WIDE_ROW; j += ROW_LANES) {
        struct marks m = step(z, j, in, i + j, k, ~odd);
        good |= m.good << j;
        full |= m.full << j;
    }
    for (uint32_t left = full & good & ~(uint32_t)z->full; left; left &= left - 1) // seldom
        z->full_ms[__builtin_ctz(left)] = k->now_ms;
    z->alone = (uint16_t)~good;
    z->full = (uint16_t)((full & good) | (z->full & ~good));
    z->jumped = (uint16_t)(k->at_ms - k->last_at_ms >= JUMP_AGE_MS ? z->jumped | good : 0);
    return z->alone != 0;
}

bool HEAT_USUAL(struct heat_row *row, size_t rows, const struct heat_arrays *arrays,
                const struct heat_shared *shared)
{
    const struct heat_shared k = *shared;
    const struct heat_arrays in = *arrays;
    bool any = false;
    for (size_t i = 0; i < rows; i++)
        any |= step_row(&row[i], &in, i * WIDE_ROW, &k);
    return any;
}
