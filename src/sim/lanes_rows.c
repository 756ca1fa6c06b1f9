// SPDX-License-Identifier: Apache-2.0
//
// Compiled once for each width of registers, SIM_LANES_ROWS being the name (meson.build).
#include "sim/lanes_rows.h"

#include "base/wide_row.h"

#define SENSOR_STEPS_PER_K 16.0f // 62.5 mK, as the usual digital sensors

static void sense(struct heat_lanes *l, const double *sensor_c, const double *heater_c, float cpu_k_per_w,
                  size_t rows)
{
    const int32_t *draw_mw = l->draw_mw;
    int32_t *mc = l->room_mc, *heatsink_mc = l->heatsink_mc, *cpu_mc = l->cpu_mc;
    for (size_t i = 0; i < rows * WIDE_ROW; i += ROW_LANES) {
        row_i sink = row_nearest(row_load_doubles(heater_c + i) * 1000.0f);
        row_f steps = row_of_whole(row_nearest(row_load_doubles(sensor_c + i) * SENSOR_STEPS_PER_K));
        row_f warmer_mc = row_of_whole(row_load_whole(draw_mw + i)) * cpu_k_per_w;
        row_store_whole(mc + i, row_nearest(steps * (1000 / SENSOR_STEPS_PER_K)));
        row_store_whole(heatsink_mc + i, sink);
        row_store_whole(cpu_mc + i, sink + row_whole(warmer_mc));
    }
}

// decided_next() for a row.
ROW_INLINE row_u decided(row_u hash, row_i want_w, uint32_t step)
{
    hash = (hash ^ (row_u)want_w ^ step * 0x85ebca6bu) * 0x9e3779b1u;
    return hash ^ hash >> 15;
}

// What is written here by lanes is not read again within the step: a processor would wait for it. `i`: of the arrays,
// place j of the row.
ROW_INLINE uint32_t follow_row(struct sim_row *w, size_t j, const struct heat_lanes *heat,
                               const int32_t *draw, uint16_t *log, int32_t step, size_t i)
{
    row_i zero = row_all_whole(0), driven = row_load_whole(w->driven_w + j);
    row_i want = row_min_whole(row_load_whole(heat->target_w + i), row_load_whole(heat->max_w + i));
    row_m other = row_not(row_same_whole(want, row_load_whole(w->want_w + j)));
    row_m looks = row_of_bits((uint32_t)w->restless >> j) |
                  row_less_whole(row_load_whole(w->quiet_step + j), row_all_whole(step + 2));
    if (row_bits(other)) {
        row_i fast = row_load_whole(w->fast + j), run = row_load_whole(w->run + j);
        row_m tried = other & row_not(row_less_whole(fast, zero));
        row_i entry = row_gather_where(draw, tried, fast + want);
        row_m done = tried & row_not(row_less_whole(entry, zero)) &
                     (row_same_whole(entry & 15, run) | row_same_whole(run, row_all_whole(DRIVE_MIXED)));
        row_u hash = (row_u)row_load_whole((const int32_t *)w->decided + j);
        row_store_whole_where((int32_t *)w->decided + j, done, (row_i)decided(hash, want, (uint32_t)step));
        row_store_whole_where(heat->draw_mw + i, done, entry >> DRAW_SHIFT);
        row_store_whole_where(w->want_w + j, done, want);
        driven = row_pick_whole(done, want, driven);
        row_store_whole(w->driven_w + j, driven);
        looks = looks | (other & row_not(done));
    }
    row_store_shorts(log + i, driven);
    return row_bits(looks);
}

static bool follow(struct sim_lanes *lanes, const int32_t *draw, uint16_t *log, int32_t step, size_t rows)
{
    const struct heat_lanes heat = lanes->heat;
    uint32_t any = 0;
    for (size_t row = 0; row < rows; row++) {
        struct sim_row *w = &lanes->row[row];
        uint32_t looks = 0;
        for (size_t j = 0; j < WIDE_ROW; j += ROW_LANES)
            looks |= follow_row(w, j, &heat, draw, log, step, row * WIDE_ROW + j) << j;
        w->look = (uint16_t)looks;
        any |= looks;
    }
    return any != 0;
}

ROW_INLINE uint32_t loud_row(const struct sim_row *w, size_t j, const int32_t *draw, int32_t step)
{
    row_i zero = row_all_whole(0), fast = row_load_whole(w->fast + j);
    row_m known = row_not(row_less_whole(fast, zero));
    row_i entry = row_gather_where(draw, known, fast + row_load_whole(w->driven_w + j));
    row_m quiet = known & row_not(row_less_whole(entry, zero)) &
                  row_same_whole(entry >> 4 & 15, row_load_whole(w->crawled + j)) &
                  row_less_whole(row_all_whole(step), row_load_whole(w->levels_step + j));
    return row_bits(row_not(quiet));
}

static bool loud(struct sim_lanes *l, const int32_t *draw, int32_t step, size_t rows)
{
    uint32_t any = 0;
    for (size_t row = 0; row < rows; row++) {
        struct sim_row *w = &l->row[row];
        uint32_t looks = 0;
        for (size_t j = 0; j < WIDE_ROW; j += ROW_LANES)
            looks |= loud_row(w, j, draw, step) << j;
        w->look = (uint16_t)looks;
        any |= looks;
    }
    return any != 0;
}

// request_moved() for a row.
ROW_INLINE row_m moved(row_i a, row_i b, int32_t by)
{
    row_i zero = row_all_whole(0);
    return row_less_whole(b + by, a) | row_less_whole(a + by, b) |
           (row_same_whole(a, zero) ^ row_same_whole(b, zero));
}

// As decisive() has it.
ROW_INLINE uint32_t news_row(const struct sim_row *w, size_t j, const struct heat_lanes *heat, int32_t tell_w,
                             int32_t idle_w, bool borne, size_t i)
{
    row_i target = row_load_whole(heat->target_w + i), max = row_load_whole(heat->max_w + i),
          min = row_load_whole(heat->min_w + i), zero = row_all_whole(0);
    row_i told_target = row_load_whole(w->told_target_w + j), told_max = row_load_whole(w->told_max_w + j);
    row_m told = moved(min, row_load_whole(w->told_min_w + j), tell_w);
    if (borne)
        return row_bits(told | moved(target, told_target, tell_w) | moved(max, told_max, 2 * tell_w));
    row_i want = row_min_whole(target, max);
    row_m counts = row_less_whole(row_all_whole(idle_w), want) | row_less_whole(zero, min);
    return row_bits(told | moved(row_pick_whole(counts, want, zero), told_target, tell_w) |
                    moved(zero, told_max, 2 * tell_w));
}

static bool news(struct sim_lanes *l, int32_t tell_w, int32_t idle_w, bool borne, size_t rows)
{
    const struct heat_lanes heat = l->heat;
    uint32_t any = 0;
    for (size_t row = 0; row < rows; row++) {
        struct sim_row *w = &l->row[row];
        uint32_t looks = 0;
        for (size_t j = 0; j < WIDE_ROW; j += ROW_LANES)
            looks |= news_row(w, j, &heat, tell_w, idle_w, borne, row * WIDE_ROW + j) << j;
        w->look = (uint16_t)looks;
        any |= looks;
    }
    return any != 0;
}

const struct sim_lanes_rows SIM_LANES_ROWS = {.sense = sense, .follow = follow, .loud = loud, .news = news};
