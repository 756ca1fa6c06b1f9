// SPDX-License-Identifier: Apache-2.0
//
// The wide step: all lanes at once as if nothing were unusual (usual.c), and those alone where something was.
#define WIDE_ONE
#include "core/heat/lanes.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/wide.h"
#include "core/heat/formulas.h"
#include "core/heat/learn_row.h"
#include "core/heat/step.h"

#define NEVER_C     1e9f               // no room is as hot
#define REBASE_MS   (INT64_C(1) << 28) // how far times in rows may be from their epoch
#define BLOCK       WIDE_ROW           // zones that heat_step() takes at once: an agent has few
#define EPOCH_BLOCK 3600000            // before their last step

static inline struct thermostat *zone_in(const struct heat_lanes *l, size_t i)
{
    return &l->zone[l->place ? l->place[i] : i];
}

static inline bool is_empty(const struct heat_lanes *l, size_t i)
{
    return l->place && l->place[i] == LANE_EMPTY;
}

static inline const struct thermostat *any_of(const struct heat_lanes *l)
{
    size_t i = 0;
    while (is_empty(l, i))
        i++;
    return zone_in(l, i);
}

static inline struct heat_row *row_of(const struct heat_lanes *l, size_t i)
{
    return &l->row[i / WIDE_ROW];
}

static inline uint16_t bit_of(size_t i)
{
    return (uint16_t)(1u << i % WIDE_ROW);
}

static inline bool was_alone(const struct heat_lanes *l, size_t i)
{
    return row_of(l, i)->alone & bit_of(i);
}

heat_usual_fn *heat_usual_of(unsigned bits)
{
    unsigned most = wide_bits(), want = bits ? bits : most;
#if defined(__x86_64__)
    if (want == 512 && most >= 512)
        return heat_usual_512;
    if (want == 256 && most >= 256)
        return heat_usual_256;
#endif
    return want == 128 ? heat_usual_128 : NULL;
}

// ---- in and out

static void estimate_pull(struct heat_lanes *l, size_t i)
{
    learn_row_pull(&l->learn[i / WIDE_ROW], row_of(l, i), i % WIDE_ROW, zone_in(l, i));
    l->behind[i] = 0;
}

static void estimate_push(struct heat_lanes *l, size_t i)
{
    learn_row_push(&l->learn[i / WIDE_ROW], i % WIDE_ROW, zone_in(l, i));
    l->behind[i] = 0;
}

static int32_t ms_of(const struct heat_lanes *l, house_ms at)
{
    int64_t ms = house_since(at, l->epoch);
    return ms > 0 && ms <= REBASE_MS ? (int32_t)ms : HEAT_OWN_MS;
}

static inline void set_bit(uint16_t *bits, size_t i, bool on)
{
    *bits = (uint16_t)(on ? *bits | bit_of(i) : *bits & ~bit_of(i));
}

static void times_pull(const struct heat_lanes *l, size_t i)
{
    const struct heat_row *z = row_of(l, i);
    struct thermostat *t = zone_in(l, i);
    int32_t jump_ms = z->jump_ms[i % WIDE_ROW], full_ms = z->full_ms[i % WIDE_ROW];
    if (z->jumped & bit_of(i))
        t->jump_at = l->last_sense_at;
    else if (jump_ms != HEAT_OWN_MS)
        t->jump_at = house_add(l->epoch, jump_ms);
    if (!(z->full & bit_of(i)))
        t->full_since = HOUSE_MS(0);
    else if (full_ms != HEAT_OWN_MS)
        t->full_since = house_add(l->epoch, full_ms);
}

static void window_push(const struct heat_lanes *l, size_t i)
{
    struct heat_row *z = row_of(l, i);
    const struct thermostat *t = zone_in(l, i);
    bool open = t->guards & GUARD_BIT(GUARD_WINDOW_OPEN);
    if (!open && !(z->window & bit_of(i)))
        return;
    int64_t until_ms = house_since(t->since[GUARD_WINDOW_OPEN], l->epoch) + GUARD_WINDOW_MOST_MS;
    z->window_until_ms[i % WIDE_ROW] = (int32_t)int_clamp(until_ms, 0, INT32_MAX);
    set_bit(&z->window, i, open);
    z->until_ms = INT32_MAX;
    for (uint32_t left = z->window; left; left &= left - 1) {
        int32_t ms = z->window_until_ms[__builtin_ctz(left)];
        z->until_ms = ms < z->until_ms ? ms : z->until_ms;
    }
}

static void times_push(const struct heat_lanes *l, size_t i)
{
    struct heat_row *z = row_of(l, i);
    const struct thermostat *t = zone_in(l, i);
    set_bit(&z->jumped, i, t->jump_at.v == l->last_sense_at.v);
    set_bit(&z->full, i, t->full_since.v != 0);
    z->jump_ms[i % WIDE_ROW] = ms_of(l, t->jump_at);
    z->full_ms[i % WIDE_ROW] = ms_of(l, t->full_since);
    window_push(l, i);
}

// Times in rows have 32 bits; three days after their epoch they get another.
static void rebase(struct heat_lanes *l, house_ms now)
{
    for (size_t i = 0; i < l->n; i++)
        if (!is_empty(l, i))
            times_pull(l, i);
    l->epoch = house_add(now, -1); // so that `now` is not 0
    for (size_t i = 0; i < l->n; i++)
        if (!is_empty(l, i))
            times_push(l, i);
}

struct thermostat *lanes_pull(struct heat_lanes *l, size_t i)
{
    struct thermostat *t = zone_in(l, i);
    const struct heat_row *z = row_of(l, i);
    size_t j = i % WIDE_ROW;
    if (!(z->odd & bit_of(i))) {
        t->last_step_at = l->last_step_at;
        t->last_sense_at = l->last_sense_at;
        t->est.sum_s = l->sum_s;
        t->applied_w = (int32_t)heat_whole_w((float)l->draw_mw[i]);
        t->last_room_mc = l->room_mc[i];
    }
    if (l->behind && l->behind[i])
        estimate_pull(l, i);
    t->room_c = z->room_c[j];
    t->slope_k_per_min = z->slope_k_per_min[j];
    t->metal_c = z->metal_c[j];
    t->mean_w = z->mean_w[j];
    t->integral_w = z->integral_w[j];
    t->heatsink_c = z->heatsink_c[j];
    t->heatsink_slope_k_per_min = z->heatsink_slope_k_per_min[j];
    t->est.sum_p_s = z->sum_p_s[j];
    t->jump_mc = (int32_t)z->jump_mc[j];
    times_pull(l, i);
    t->request.target_w = l->target_w[i];
    t->request.max_w = l->max_w[i];
    t->request.min_w = l->min_w[i];
    return t;
}

const struct heat_request *lanes_request(struct heat_lanes *l, size_t i)
{
    struct thermostat *t = lanes_pull(l, i);
    heat_request_rest(t, t->last_step_at);
    return &t->request;
}

// Whether the wide step cannot know what this zone needs.
static bool is_odd(const struct heat_lanes *l, const struct thermostat *t)
{
    const uint32_t hot = GUARD_BIT(GUARD_ROOM_HOT), surface = GUARD_BIT(GUARD_SURFACE_HOT),
                   window = GUARD_BIT(GUARD_WINDOW_OPEN);
    return !t->started || (t->guards != window && (t->guards & ~(hot | surface))) || t->pending ||
           t->wish.mode == ZONE_BOOST || t->lift_w > 0 || ((t->guards & hot) && t->calm[GUARD_ROOM_HOT]) ||
           ((t->guards & surface) && t->calm[GUARD_SURFACE_HOT]) ||
           ((t->guards & window) && t->calm[GUARD_WINDOW_OPEN]) || t->last_sense_at.v != l->last_sense_at.v ||
           t->jump_at.v > t->last_sense_at.v || t->last_step_at.v != l->last_step_at.v ||
           t->est.sum_s != l->sum_s;
}

static void step_push(struct heat_lanes *l, size_t i)
{
    const struct thermostat *t = zone_in(l, i);
    struct heat_row *z = row_of(l, i);
    size_t j = i % WIDE_ROW;
    z->room_c[j] = t->room_c;
    z->slope_k_per_min[j] = t->slope_k_per_min;
    z->metal_c[j] = t->metal_c;
    z->mean_w[j] = t->mean_w;
    z->integral_w[j] = t->integral_w;
    z->heatsink_c[j] = t->heatsink_c;
    z->heatsink_slope_k_per_min[j] = t->heatsink_slope_k_per_min;
    z->sum_p_s[j] = t->est.sum_p_s;
    z->jump_mc[j] = (float)t->jump_mc; // of plausible readings: exact
    times_push(l, i);
    z->r_c[j] = t->r_c;
    z->kp[j] = t->kp;
    z->kp_per_ti[j] = t->kp_per_ti;
    z->per_tt[j] = t->per_tt;
    z->hot_c[j] = t->hot_c;
    z->guarded[j] = t->guards != 0;
    set_bit(&z->hot, i, t->guards & GUARD_BIT(GUARD_ROOM_HOT));
    set_bit(&z->surface, i, t->guards & GUARD_BIT(GUARD_SURFACE_HOT));
    set_bit(&z->odd, i, is_odd(l, t));
    if (l->r_c)
        l->r_c[i] = t->r_c;
    l->target_w[i] = t->request.target_w;
    l->max_w[i] = t->request.max_w;
    l->min_w[i] = t->request.min_w;
}

void lanes_push(struct heat_lanes *l, size_t i)
{
    if (l->behind)
        estimate_push(l, i);
    step_push(l, i);
}

// Whether somebody tells it or not, from now on.
static void outside_is_known(struct heat_lanes *l, size_t i, int32_t outside_mc)
{
    double known = outside_mc != INT32_MIN;
    if (l->learn[i / WIDE_ROW].outside_known[i % WIDE_ROW] == known)
        return;
    l->learn[i / WIDE_ROW].outside_known[i % WIDE_ROW] = known; // where there is no zone, too
    if (i >= l->n || is_empty(l, i))
        return;
    if (l->behind[i])
        estimate_pull(l, i);
    thermostat_set_outside(zone_in(l, i), outside_mc);
    estimate_push(l, i);
}

// What the estimates take the outside for changes once, if at all; its temperature every time, and for all.
void lanes_set_outside(struct heat_lanes *l, int32_t outside_mc)
{
    bool known = outside_mc != INT32_MIN;
    double c = heat_outside_c(outside_mc);
    for (size_t row = 0; row < wide_end(l->n) / WIDE_ROW; row++) {
        struct learn_row *v = &l->learn[row];
        int others = 0;
        for (size_t j = 0; j < WIDE_ROW; j++)
            others += (v->outside_known[j] != 0) != known;
        for (size_t j = 0; others && j < WIDE_ROW; j++)
            outside_is_known(l, row * WIDE_ROW + j, outside_mc);
        for (size_t j = 0; j < WIDE_ROW; j++)
            v->outside_c[j] = c;
    }
    memset(l->behind, 1, l->n);
}

// False: the times between steps or readings are unusual, and every lane is stepped alone.
static bool times_usual(const struct heat_lanes *l, house_ms at, house_ms now, int64_t *step_ms,
                        int64_t *sense_ms)
{
    if (l->last_step_at.v == 0 || l->last_sense_at.v < 0 || at.v <= l->last_sense_at.v || at.v > now.v)
        return false;
    *step_ms = house_since(now, l->last_step_at);
    *sense_ms = house_since(at, l->last_sense_at);
    return *step_ms > 0 && *step_ms <= HEAT_STEP_MAX_MS && *sense_ms <= GUARD_STALE_MS * 4 &&
           house_since(now, at) <= GUARD_STALE_MS;
}

static void spacings(struct heat_spacing k[2], int64_t step_ms, int64_t sense_ms, double tau_s)
{
    if (k[0].ms != step_ms || k[0].tau_s != tau_s)
        k[0] = heat_spacing_of(step_ms, tau_s);
    if (k[1].ms != sense_ms || k[1].tau_s != tau_s)
        k[1] = sense_ms == step_ms ? k[0] : heat_spacing_of(sense_ms, tau_s);
}

static struct heat_shared shared_of(const struct heat_lanes *l, house_ms at, house_ms now)
{
    const struct thermostat *t = any_of(l);
    const struct heat_spacing *step = &l->spacing[0], *sense = &l->spacing[1];
    return (struct heat_shared){
        .last_at_ms = (int32_t)house_since(l->last_sense_at, l->epoch),
        .at_ms = (int32_t)house_since(at, l->epoch),
        .now_ms = (int32_t)house_since(now, l->epoch),
        .windows_alone = l->sum_s + step->s >= ESTIMATE_SAMPLE_S,
        .dt_s = (float)step->s,
        .room = sense->room,
        .slope = sense->slope,
        .per_min = sense->per_min,
        .metal = step->metal,
        .mean = step->mean,
        .sink = (float)(step->s < 60 ? step->s / 60 : 1),
        .sink_per_min = (float)(60 / step->s),
        .lag_per_min = (float)(60 / t->cfg.heater_tau_s),
        .k_per_w = t->k_per_w,
        .k_per_all_w = t->k_per_all_w,
        .ua_w_per_k = t->ua_w_per_k,
        .full_w = t->full_w,
        .surface_c = t->surface_c,
        .up_c = t->up_c,
        .down_c = t->down_c,
        .weight_b = t->weight_b,
        .floor_w = (float)t->cfg.floor_w,
        .cpu_above_mc = t->cfg.cpu_max_mc < INT32_MAX ? t->cfg.cpu_max_mc + 1 : INT32_MAX,
    };
}

static bool usual_step(struct heat_lanes *l, house_ms at, house_ms now)
{
    const struct heat_shared k = shared_of(l, at, now);
    const struct heat_arrays in = {.room_mc = l->room_mc,
                                   .heatsink_mc = l->heatsink_mc,
                                   .cpu_mc = l->cpu_mc,
                                   .draw_mw = l->draw_mw,
                                   .hot_draw_mw = l->hot_draw_mw,
                                   .target_w = l->target_w,
                                   .max_w = l->max_w,
                                   .min_w = l->min_w};
    return l->usual(l->row, wide_end(l->n) / WIDE_ROW, &in, &k);
}

static struct zone_sense sense_of(const struct heat_lanes *l, size_t i, house_ms at)
{
    return (struct zone_sense){.at = at,
                               .room_mc = l->room_mc[i],
                               .heatsink_mc = l->heatsink_mc[i],
                               .cpu_mc = l->cpu_mc[i],
                               .draw_mw = l->draw_mw[i],
                               .hot_draw_mw = l->hot_draw_mw ? l->hot_draw_mw[i] : 0,
                               .outside_mc = INT32_MIN};
}

// The zones to be stepped alone: all, or those marked.
static size_t list_alone(struct heat_lanes *l, bool all)
{
    size_t n = 0;
    for (size_t from = 0; from < l->n; from += WIDE_ROW) {
        struct heat_row *z = row_of(l, from);
        if (all)
            z->alone = UINT16_MAX;
        for (uint32_t left = z->alone; left; left &= left - 1) {
            size_t i = from + (size_t)__builtin_ctz(left);
            if (i < l->n && !is_empty(l, i))
                l->alone[n++] = (uint32_t)i;
        }
    }
    return n;
}

// A sample for the zone's own estimate, where estimates stay in the structs.
static void learn_one(struct heat_lanes *l, size_t i)
{
    struct thermostat *t = lanes_pull(l, i);
    t->est.sum_s = l->sum_s;
    heat_learn(t);
    struct heat_row *z = row_of(l, i);
    z->integral_w[i % WIDE_ROW] = t->integral_w;
    z->sum_p_s[i % WIDE_ROW] = t->est.sum_p_s;
    z->kp[i % WIDE_ROW] = t->kp;
    z->kp_per_ti[i % WIDE_ROW] = t->kp_per_ti;
    z->per_tt[i % WIDE_ROW] = t->per_tt;
}

// A sample for the estimates of all zones that were stepped together, and the gains from it. Lanes of zones
// that were stepped alone are computed with, too, and pushed anew.
static void learn(struct heat_lanes *l)
{
    if (l->behind) {
        struct learn_make k = learn_make_of(any_of(l), l->sum_s);
        learn_rows(l->learn, l->row, wide_end(l->n) / WIDE_ROW, l->target_w, &k);
        memset(l->behind, 1, l->n);
        return;
    }
    for (size_t i = 0; i < l->n; i++)
        if (!was_alone(l, i))
            learn_one(l, i);
}

// `sense` NULL: as the lanes have it.
static size_t step(struct heat_lanes *l, const struct zone_sense *sense, house_ms at, house_ms now)
{
    int64_t step_ms = 0, sense_ms = 0;
    bool some = true, wide = l->n > 0 && times_usual(l, at, now, &step_ms, &sense_ms);
    if (house_since(now, l->epoch) > REBASE_MS)
        rebase(l, now);
    if (wide) {
        spacings(l->spacing, step_ms, sense_ms, any_of(l)->cfg.heater_tau_s);
        some = usual_step(l, at, now);
    }
    size_t alone = some ? list_alone(l, !wide) : 0;
    struct heat_spacing k = l->spacing[0];
    for (size_t j = 0; j < alone; j++) {
        size_t i = l->alone[j];
        struct zone_sense s = sense ? sense[i] : sense_of(l, i, at);
        heat_step_one(lanes_pull(l, i), &s, &k, now);
    }
    l->last_step_at = now;
    l->last_sense_at = at;
    l->sum_s += wide ? l->spacing[0].s : 0;
    bool learned = l->sum_s >= ESTIMATE_SAMPLE_S;
    if (learned) {
        learn(l);
        l->sum_s = 0;
    }
    if (!wide && l->n > 0) // whatever they have now: most will agree
        l->sum_s = any_of(l)->est.sum_s;
    for (size_t j = 0; j < alone; j++) {
        size_t i = l->alone[j];
        if (l->behind && (learned || zone_in(l, i)->est.sum_s == 0))
            estimate_push(l, i);
        step_push(l, i);
    }
    return alone;
}

size_t lanes_step(struct heat_lanes *l, house_ms at, house_ms now)
{
    return step(l, NULL, at, now);
}

void lanes_init(struct heat_lanes *l, struct thermostat *zone, const uint32_t *place, size_t n)
{
    *l = (struct heat_lanes){.zone = zone, .place = place, .n = n, .last_sense_at = HOUSE_MS(INT64_MIN / 2)};
    int32_t **whole[] = {&l->room_mc,  &l->heatsink_mc, &l->cpu_mc, &l->draw_mw,
                         &l->target_w, &l->max_w,       &l->min_w};
    for (size_t k = 0; k < ARRAY_LEN(whole); k++)
        *whole[k] = mem_lines(wide_room(n), sizeof(int32_t));
    l->usual = heat_usual_of(0);
    l->row = mem_lines(wide_room(n) / WIDE_ROW, sizeof *l->row);
    l->learn = mem_lines(wide_room(n) / WIDE_ROW, sizeof *l->learn);
    l->r_c = mem_lines(wide_room(n), sizeof *l->r_c);
    l->behind = mem_array(n + 1, 1);
    l->alone = mem_array(n + 1, sizeof *l->alone);
    l->spacing = mem_array(2, sizeof *l->spacing);
    l->spacing[0].ms = l->spacing[1].ms = -1;
    for (size_t i = 0; i < wide_room(n); i++) {
        row_of(l, i)->hot_c[i % WIDE_ROW] = NEVER_C; // where there is no room nothing is unusual about it
        row_of(l, i)->r_c[i % WIDE_ROW] = -NEVER_C;  // and nothing is wanted
        if (i < n && !is_empty(l, i))
            lanes_push(l, i);
    }
}

void lanes_borrow(struct heat_lanes *l, int32_t *heatsink_mc, int32_t *cpu_mc)
{
    if (!l->borrows) {
        free(l->heatsink_mc);
        free(l->cpu_mc);
    }
    l->heatsink_mc = heatsink_mc;
    l->cpu_mc = cpu_mc;
    l->borrows = true;
}

void lanes_deinit(struct heat_lanes *l)
{
    int32_t *whole[] = {l->room_mc, l->draw_mw, l->hot_draw_mw, l->target_w, l->max_w, l->min_w};
    lanes_borrow(l, NULL, NULL);
    free(l->row);
    free(l->learn);
    free(l->r_c);
    for (size_t k = 0; k < ARRAY_LEN(whole); k++)
        free(whole[k]);
    free(l->behind);
    free(l->alone);
    free(l->spacing);
    *l = (struct heat_lanes){0};
}

// ---- zones that are kept as structs: through lanes on the stack, a few at a time

static bool same_make(const struct thermostat_config *a, const struct thermostat_config *b)
{
    return a->nameplate_w == b->nameplate_w && a->floor_w == b->floor_w && a->weight_b == b->weight_b &&
           a->heaters == b->heaters && a->heater_ua_w_per_k == b->heater_ua_w_per_k &&
           a->heater_tau_s == b->heater_tau_s && a->surface_max_mc == b->surface_max_mc &&
           a->cpu_max_mc == b->cpu_max_mc && a->band_up_mc == b->band_up_mc &&
           a->band_down_mc == b->band_down_mc;
}

struct block {
    struct heat_row row;
    int32_t whole[8][BLOCK];
    uint32_t alone[BLOCK + 1];
};

static void block_fill(struct block *b, struct heat_lanes *l, const struct zone_sense *s)
{
    int32_t **whole[] = {&l->room_mc,     &l->heatsink_mc, &l->cpu_mc, &l->draw_mw,
                         &l->hot_draw_mw, &l->target_w,    &l->max_w,  &l->min_w};
    l->row = &b->row;
    for (size_t k = 0; k < ARRAY_LEN(whole); k++)
        *whole[k] = b->whole[k];
    for (size_t i = 0; i < l->n; i++) {
        lanes_push(l, i);
        if (s[i].lid_open)
            b->row.odd |= bit_of(i);
        l->room_mc[i] = s[i].room_mc;
        l->heatsink_mc[i] = s[i].heatsink_mc;
        l->cpu_mc[i] = s[i].cpu_mc;
        l->draw_mw[i] = s[i].draw_mw;
        l->hot_draw_mw[i] = s[i].hot_draw_mw;
    }
}

static void step_block(struct thermostat *t, const struct zone_sense *s, size_t n, struct heat_spacing k[2],
                       house_ms now)
{
    struct block b = {0};
    struct heat_lanes l = {.zone = t,
                           .n = n,
                           .last_step_at = t->last_step_at,
                           .last_sense_at = t->last_sense_at,
                           .epoch = house_add(t->last_step_at, -EPOCH_BLOCK),
                           .usual = heat_usual_of(0),
                           .sum_s = t->est.sum_s,
                           .alone = b.alone,
                           .spacing = k};
    block_fill(&b, &l, s);
    step(&l, s, s->at, now);
    for (size_t i = 0; i < n; i++) {
        if (!was_alone(&l, i))
            lanes_pull(&l, i);
        heat_request_rest(&t[i], now);
    }
}

void heat_step(struct thermostat *t, const struct zone_sense *sense, size_t n, house_ms now)
{
    struct heat_spacing k[2] = {{.ms = -1}, {.ms = -1}};
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && to - from < BLOCK && same_make(&t[from].cfg, &t[to].cfg) &&
                            sense[to].at.v == sense[from].at.v;
             to++)
            ;
        step_block(&t[from], &sense[from], to - from, k, now);
    }
}
