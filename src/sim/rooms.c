// SPDX-License-Identifier: Apache-2.0
//
// The rooms: built from the groups, stepped with their walls and shadows. A group whose
// floors differ is five kinds of rooms, so that rooms of a kind share their matrices. Batches are so small
// that all that is done with one batch in a step stays near the processor, however large the fleet is.
#include "sim/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/wide.h"

#define VARIANTS    5
#define BATCH_ROOMS 256 // of some 1 kB: a quarter of a megabyte, which second-level caches hold

static struct room_spec spec_of(const struct scenario_zones *g, int variant, int variants)
{
    struct room_spec s = g->room;
    if (variants == 1)
        return s;
    double f = 1 + g->spread * (variant - 2) / 2.0; // floor: what grows with it, grows
    s.floor_m2 *= f;
    s.glass_m2 *= f;
    s.air_j_k *= f;
    s.mass_j_k *= f;
    s.air_mass_w_k *= f;
    s.mass_out_w_k *= f;
    s.vent_w_k *= f;
    s.vent_open_w_k *= f;
    return s;
}

static uint32_t variants_of(const struct scenario_zones *g)
{
    return g->spread > 0 && g->count >= VARIANTS ? VARIANTS : 1;
}

static uint32_t rooms_of(const struct scenario_zones *g, uint32_t variant)
{
    uint32_t variants = variants_of(g);
    return ((uint32_t)g->count + variants - 1 - variant) / variants;
}

// Up to BATCH_ROOMS rooms of variant v, from its room number `from` on. `first`: zone of the group's first
// room.
static int batch_make(struct sim_run *r, uint32_t group, uint32_t first, uint32_t v, uint32_t from,
                      struct err *e)
{
    const struct scenario_zones *g = &r->s->zones[group];
    uint32_t at = r->n_batches++, variants = variants_of(g), n = rooms_of(g, v) - from;
    struct sim_rooms *rooms = &r->rooms[at];
    struct room_spec spec = spec_of(g, (int)v, (int)variants);
    n = n < BATCH_ROOMS ? n : BATCH_ROOMS;
    *rooms = (struct sim_rooms){
        .group = group, .site = g->site, .first = first + v + from * variants, .stride = variants, .n = n};
    int bad = room_model_init(&rooms->model, &spec, r->s->step_ms, e);
    if (!bad)
        bad = shadow_model_init(&rooms->shadow_model, &spec, r->s->step_ms, e);
    if (bad)
        return err_prefix(e, "%s:%d: [zones %s]", r->s->file, g->line, g->name);
    struct facade f = facade_usual(0, spec.glass_m2);
    rooms->glass_w_m2 = f.glass_m2 * f.g * f.frame * f.shade;
    rooms->facade = mem_array(n + 1, 1);
    rooms->shadow_w = mem_lines(wide_room(n), sizeof *rooms->shadow_w);
    room_batch_init(&r->batch[at], &rooms->model, n, g->start_c);
    shadow_batch_init(&rooms->shadow, &rooms->shadow_model, n, g->start_c);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t zone = rooms->first + i * rooms->stride;
        r->zone[zone].batch = at;
        r->zone[zone].at = i;
        double turn = g->facade_deg + g->facade_turn_deg * (zone - first);
        rooms->facade[i] = (uint8_t)((int64_t)(turn / 22.5 + 0.5) & 15);
        rooms->shadow.max_w[i] = r->zone[zone].nameplate_w;
        rooms->shadow.setpoint_c[i] = g->setpoint_c;
    }
    rooms->tell_w = r->zone[rooms->first].tell_w;
    rooms->idle_w = idle_w(r, &r->zone[rooms->first]);
    rooms->n_boards = r->zone[rooms->first].n_boards;
    lanes_make(rooms, &r->thermostat[rooms->first], r->log_steps);
    return 0;
}

static int walls_make(struct sim_run *r, uint32_t group, uint32_t first, struct err *e)
{
    const struct scenario_zones *g = &r->s->zones[group];
    struct sim_site *x = &r->site[g->site];
    for (int32_t k = 0; g->neighbour_w_k > 0 && k + 1 < g->count; k++) {
        if ((k + 1) % g->rooms_together == 0)
            continue;
        const struct sim_zone *a = &r->zone[first + (uint32_t)k], *b = &r->zone[first + (uint32_t)k + 1];
        struct house_room from = {a->batch - x->first_batch, a->at}, to = {b->batch - x->first_batch, b->at};
        int bad = house_add_wall(&x->house, from, to, g->neighbour_w_k, e);
        if (!bad)
            bad = house_add_wall(&x->shadow_house, from, to, g->neighbour_w_k, e);
        if (bad)
            return err_prefix(e, "%s:%d: [zones %s]", r->s->file, g->line, g->name);
    }
    return 0;
}

static int house_make(struct sim_run *r, struct sim_site *x, struct err *e)
{
    x->shadow_rooms = mem_array(x->n_batches, sizeof *x->shadow_rooms);
    for (uint32_t b = 0; b < x->n_batches; b++) {
        x->shadow_rooms[b] = r->batch[x->first_batch + b];
        x->shadow_rooms[b].air_c = r->rooms[x->first_batch + b].shadow.air_c;
    }
    int bad = house_init(&x->house, &r->batch[x->first_batch], x->n_batches, e);
    if (!bad)
        bad = house_init(&x->shadow_house, x->shadow_rooms, x->n_batches, e);
    x->house.unmetered = x->shadow_house.unmetered = true;
    return bad;
}

static int group_make(struct sim_run *r, uint32_t group, uint32_t first, struct err *e)
{
    const struct scenario_zones *g = &r->s->zones[group];
    int bad = 0;
    for (uint32_t v = 0; v < variants_of(g); v++)
        for (uint32_t from = 0, n = rooms_of(g, v); from < n && !bad; from += BATCH_ROOMS)
            bad = batch_make(r, group, first, v, from, e);
    return bad;
}

int rooms_make(struct sim_run *r, struct err *e)
{
    size_t groups = r->s->n_zones, batches = 0;
    uint32_t *first = mem_array(groups + 1, sizeof *first);
    for (size_t g = 0; g < groups; g++) {
        first[g + 1] = first[g] + (uint32_t)r->s->zones[g].count;
        batches += VARIANTS + (size_t)r->s->zones[g].count / BATCH_ROOMS;
    }
    r->rooms = mem_array(batches + 1, sizeof *r->rooms);
    r->batch = mem_array(batches + 1, sizeof *r->batch);
    *VEC_PUSH(r->draw, r->n_draw, r->cap_draw) = -1; // what rooms read that have no table
    int bad = 0;
    for (uint32_t site = 0; site < r->s->n_sites && !bad;
         site++) { // a site's batches lie together: they are one house
        struct sim_site *x = &r->site[site];
        x->first_batch = r->n_batches;
        for (uint32_t g = 0; g < groups && !bad; g++) {
            const struct scenario_zones *z = &r->s->zones[g];
            if (z->kind == ZONE_KIND_ROOM && z->site == site)
                bad = group_make(r, g, first[g], e);
        }
        x->n_batches = r->n_batches - x->first_batch;
        if (!bad && x->n_batches > 0)
            bad = house_make(r, x, e);
        for (uint32_t g = 0; g < groups && !bad; g++)
            if (r->s->zones[g].kind == ZONE_KIND_ROOM && r->s->zones[g].site == site)
                bad = walls_make(r, g, first[g], e);
    }
    free(first);
    return bad;
}

void rooms_free(struct sim_run *r)
{
    for (uint32_t b = 0; b < r->n_batches; b++) {
        room_batch_deinit(&r->batch[b]);
        shadow_batch_deinit(&r->rooms[b].shadow);
        free(r->rooms[b].facade);
        free(r->rooms[b].shadow_w);
        lanes_free(&r->rooms[b].lanes);
    }
    for (size_t i = 0; r->site && i < r->s->n_sites; i++) {
        house_deinit(&r->site[i].house);
        house_deinit(&r->site[i].shadow_house);
        free(r->site[i].shadow_rooms);
    }
    free(r->rooms);
    free(r->batch);
}

// ---- the step

static void check_room(struct sim_run *r, uint32_t b, uint32_t i, const struct room_state *was)
{
    const struct room_batch *batch = &r->batch[b];
    struct room_state is = {batch->air_c[i], batch->mass_c[i], batch->heater_c[i], batch->sensor_c[i]};
    struct room_input in = {.outside_c = r->site[r->rooms[b].site].outside_c,
                            .heater_w = batch->heater_w[i],
                            .internal_w = batch->internal_w[i],
                            .solar_w = batch->solar_w[i],
                            .window_open = batch->window_open[i]};
    double error = room_energy_error(batch->model, was, &is, &in);
    r->out->totals.energy_error = num_max(r->out->totals.energy_error, error);
    r->out->totals.balances_checked++;
}

static struct room_state state_of(const struct room_batch *b, uint32_t i)
{
    return (struct room_state){b->air_c[i], b->mass_c[i], b->heater_c[i], b->sensor_c[i]};
}

static void batch_step(struct sim_run *r, uint32_t b)
{
    struct room_batch *batch = &r->batch[b];
    double outside_c = r->site[r->rooms[b].site].outside_c;
    if (r->o.check_balances) {
        struct room_state *was = mem_array(batch->n + 1, sizeof *was);
        for (uint32_t i = 0; i < batch->n; i++)
            was[i] = state_of(batch, i);
        room_batch_step(batch, outside_c);
        for (uint32_t i = 0; i < batch->n; i++)
            check_room(r, b, i, &was[i]);
        free(was);
        return;
    }
    if (b != r->check_batch) {
        room_batch_step(batch, outside_c);
        return;
    }
    uint32_t i = r->check_at % (uint32_t)batch->n;
    struct room_state was = state_of(batch, i);
    room_batch_step(batch, outside_c);
    check_room(r, b, i, &was);
}

WIDE_INLINE void add_up_any(double *sum, const double *x, size_t n)
{
    WIDE_LOOP
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}
WIDE(add_up, (double *sum, const double *x, size_t n), (sum, x, n))

void rooms_step(struct sim_run *r)
{
    for (size_t s = 0; s < r->s->n_sites; s++) {
        struct sim_site *x = &r->site[s];
        if (x->n_batches == 0)
            continue;
        house_walls(&x->house, false);
        house_walls(&x->shadow_house, false);
        for (uint32_t b = x->first_batch; b < x->first_batch + x->n_batches; b++) {
            rooms_books(r, b);
            shadow_batch_step(&r->rooms[b].shadow, &r->batch[b], x->outside_c);
            add_up(r->rooms[b].shadow_w, r->rooms[b].shadow.watts, wide_end(r->rooms[b].n));
            batch_step(r, b);
        }
        house_walls(&x->house, true);
        house_walls(&x->shadow_house, true);
    }
    r->check_batch = r->n_batches ? (r->check_batch + 1) % r->n_batches : 0;
    r->check_at += r->check_batch == 0;
}
