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

// Watts of the request: what the loop gives, could give, and owes.
struct loop {
    row_f u, hi, low, wound;
    row_i full_ms;
    row_m good;
};

// The PI with what the guards left; `good`: the surface guard neither comes nor goes.
ROW_INLINE struct loop loop(const struct heat_row *z, size_t j, const struct heat_shared *k, row_f y,
                            row_f hot, row_m window)
{
    row_f r = row_load(z->r_c + j), kp = row_load(z->kp + j), integral_w = row_load(z->integral_w + j),
          left_w = row_load(z->limit_w + j), zero = row_all(0);
    row_f cap = heat_surface_w(k->ua_w_per_k, k->surface_c, y, hot);
    row_f v = heat_wanted_w(kp, k->weight_b, r, y, integral_w);
    row_m capped = row_less(cap, row_min(v, left_w)) | (window & row_less(cap, zero));
    row_f limit = heat_between(cap, zero, left_w); // what is left is at most full power
    row_f full_w = row_pick(row_less(zero, left_w), limit, row_all(k->full_w));
    row_f hi = heat_ceiling_w(r + k->up_c - y, limit), lo = row_min(row_all(k->floor_w), hi);
    row_f u = heat_between(v, lo, hi);
    row_f wound = heat_wind(k->dt_s, row_load(z->kp_per_ti + j), r - y, row_load(z->per_tt + j), u, v);
    row_i full_ms = row_load_whole(z->full_ms + j);
    full_ms = row_pick_whole(row_same_whole(full_ms, row_all_whole(0)), row_all_whole(k->now_ms), full_ms);
    full_ms = row_pick_whole(heat_below_full(u, full_w), row_all_whole(0), full_ms);
    return (struct loop){.u = u,
                         .hi = hi,
                         .low = heat_between(v - kp * k->down_c, zero, u),
                         .wound = integral_w + wound,
                         .full_ms = full_ms,
                         .good = row_not(capped ^ row_of_bits((uint32_t)z->surface >> j))};
}

// As many zones as a register holds, from place j of the row and i of the arrays on, of which `usual` are not
// to be stepped alone. Returns those in which nothing was unusual, as bits.
ROW_INLINE uint32_t step(struct heat_row *z, size_t j, const struct heat_arrays *in, size_t i,
                         const struct heat_shared *k, uint32_t usual)
{
    // the reading
    row_f mc = row_of_whole(row_load_whole(in->room_mc + i)), jumped = mc - row_load(z->jump_mc + j);
    row_m good = row_of_bits(usual >> j);
    good = good & row_less(jumped, row_all(JUMP_MC + 1)) & row_less(row_all(-JUMP_MC - 1), jumped);
    good = good & row_less(mc, row_all(PLAUSIBLE_MAX + 1)) & row_less(row_all(PLAUSIBLE_MIN - 1), mc);
    row_f was_c = row_load(z->room_c + j), y = heat_follow(was_c, k->room, heat_reading_c(mc));
    row_f falls = heat_slope(row_load(z->slope_k_per_min + j), k->slope, y, was_c, k->per_min);
    // the metal
    row_f whole_w = heat_whole_w(row_of_whole(row_load_whole(in->draw_mw + i)));
    row_f one_w = heat_one_w(row_of_whole(row_load_whole(in->hot_draw_mw + i)), whole_w, k->per_heaters);
    row_f one_k = one_w * k->per_ua, metal = heat_follow(row_load(z->metal_c + j), k->metal, y + one_k);
    row_f sink = heat_reading_c(row_of_whole(row_load_whole(in->heatsink_mc + i))),
          sink_was_c = row_load(z->heatsink_c + j), rose = row_load(z->heatsink_slope_k_per_min + j);
    row_f rises = heat_follow(rose, k->sink, heat_sink_slope(sink, sink_was_c, k->sink_per_min));
    row_f over = sink - y, rise = heat_free_rise(one_k, over, k->lag_per_min);
    row_m has = row_less(row_all(NONE_C), sink);
    good = good &
           row_not(has & (heat_covered(over, metal - y, rises, rise) | row_less(sink_was_c, row_all(-100))));
    sink = row_pick(has, sink, sink_was_c);
    rises = row_pick(has, rises, rose);
    // the guards: none comes or goes
    row_f mean_w =
        heat_mean_w(row_load(z->mean_w + j), k->mean, row_of_whole(row_load_whole(in->target_w + i)));
    row_m window = row_of_bits((uint32_t)z->window >> j),
          shut = row_less(row_all(GUARD_SHUT_K_PER_MIN), falls),
          opens = row_less(falls, row_all(GUARD_WINDOW_K_PER_MIN)) & heat_heated(whole_w, k->full_w, mean_w);
    good = good & row_not((window & shut) | (row_not(window) & opens)) &
           row_at_least(y, row_load(z->least_c + j)) & row_at_least(row_load(z->most_c + j), y) &
           row_less_whole(row_load_whole(in->cpu_mc + i), row_all_whole(k->cpu_above_mc));
    struct loop p = loop(z, j, k, y, row_max(metal, sink), window);
    good = good & p.good;

    row_i jump_ms = row_load_whole(z->jump_ms + j);
    row_m level = good & row_less_whole(jump_ms, row_all_whole(k->at_ms - JUMP_AGE_MS + 1));
    row_store_where(z->jump_mc + j, level, mc);
    row_store_whole_where(z->jump_ms + j, level, row_all_whole(k->at_ms));
    row_store_where(z->mean_w + j, good, mean_w);
    row_store_where(z->sum_p_s + j, good, row_load(z->sum_p_s + j) + (metal - y) * k->dt_s);
    row_store_where(z->room_c + j, good, y);
    row_store_where(z->slope_k_per_min + j, good, falls);
    row_store_where(z->metal_c + j, good, metal);
    row_store_where(z->heatsink_c + j, good, sink);
    row_store_where(z->heatsink_slope_k_per_min + j, good, rises);
    row_store_where(z->integral_w + j, good & row_not(window), p.wound);
    row_store_whole_where(z->full_ms + j, good, p.full_ms);
    row_store_whole_where(in->target_w + i, good, heat_to_w(p.u));
    row_store_whole_where(in->max_w + i, good, heat_to_w(p.hi));
    row_store_whole_where(in->min_w + i, good, heat_to_w(p.low));
    return row_bits(good);
}

bool HEAT_USUAL(struct heat_row *row, size_t rows, const struct heat_arrays *arrays,
                const struct heat_shared *shared)
{
    const struct heat_shared k = *shared;
    const struct heat_arrays in = *arrays;
    uint32_t any = 0;
    for (size_t i = 0; i < rows; i++) {
        bool windows_alone = k.windows_alone || k.now_ms >= row[i].until_ms;
        uint32_t good = 0, odd = windows_alone ? row[i].odd | row[i].window : row[i].odd;
        for (size_t j = 0; j < WIDE_ROW; j += ROW_LANES)
            good |= step(&row[i], j, &in, i * WIDE_ROW + j, &k, ~odd) << j;
        row[i].alone = (uint16_t)~good;
        any |= row[i].alone;
    }
    return any != 0;
}
