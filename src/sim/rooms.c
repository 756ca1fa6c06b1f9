// SPDX-License-Identifier: Apache-2.0
//
// The rooms: built from the groups, stepped with their walls and shadows. A group whose floors differ has
// rooms of five sizes, so that rooms of a size share their matrices; all else is the same for all of a batch.
// Batches are long enough for a processor to notice that their arrays are read in a row, and short enough for one
// loop's results to be near when the next begins.
#include "sim/run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/wide.h"

#define SHADOW_MS   300000
#define LANES_STEPS 100 // of at most 10^7 mW: sums of 32 bits
#define BATCH_ROOMS 5120 // each array of one is some 20 kB: long enough to be read ahead of the loops

_Static_assert(BATCH_ROOMS + SIM_SIZES * WIDE_ROW <= UINT16_MAX, "people.c keeps a room's place in 16 bits");

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
    return g->spread > 0 && g->count >= SIM_SIZES ? SIM_SIZES : 1;
}

// How many rows of one room of each size the group has; the last may not be full.
static uint32_t rows_of(const struct scenario_zones *g)
{
    uint32_t sizes = variants_of(g);
    return ((uint32_t)g->count + sizes - 1) / sizes;
}

// Rooms of size v in the rows [from, to): row i's is room i * sizes + v of the group.
static uint32_t rooms_in(const struct scenario_zones *g, uint32_t v, uint32_t from, uint32_t to)
{
    uint32_t sizes = variants_of(g), all = ((uint32_t)g->count + sizes - 1 - v) / sizes;
    return (all < to ? all : to) - (from < all ? from : all);
}

// Where the rooms of each size lie. `first`: zone of the group's first room.
static void places_make(struct sim_rooms *rooms, const struct scenario_zones *g, uint32_t first,
                        uint32_t from, uint32_t to)
{
    rooms->n_sizes = variants_of(g);
    rooms->first = first + from * rooms->n_sizes;
    for (uint32_t v = 0; v < rooms->n_sizes; v++) {
        struct sim_size *k = &rooms->size[v];
        k->from = (uint32_t)wide_end(rooms->n);
        k->n = rooms_in(g, v, from, to);
        rooms->n = k->from + k->n;
    }
    rooms->zone = mem_array((size_t)rooms->n + 1, sizeof *rooms->zone);
    for (uint32_t i = 0; i < rooms->n; i++)
        rooms->zone[i] = LANE_EMPTY;
    for (uint32_t v = 0; v < rooms->n_sizes; v++)
        for (uint32_t i = 0; i < rooms->size[v].n; i++)
            rooms->zone[rooms->size[v].from + i] = rooms->first + i * rooms->n_sizes + v;
}

static int size_make(struct sim_run *r, struct sim_rooms *rooms, uint32_t v, struct err *e)
{
    const struct scenario_zones *g = &r->s->zones[rooms->group];
    struct sim_size *k = &rooms->size[v];
    struct room_spec spec = spec_of(g, (int)v, (int)rooms->n_sizes);
    int bad = room_model_init(&k->model, &spec, r->s->step_ms, e);
    if (!bad)
        bad = shadow_model_init(&k->shadow_model, &spec, r->shadow_ms, e);
    if (bad)
        return scenario_blame(r->s, g->from_file, g->line, "zones", g->name, e);
    struct facade f = facade_usual(0, spec.glass_m2);
    k->glass_w_m2 = f.glass_m2 * f.g * f.frame * f.shade;
    k->rooms = room_batch_part(&r->batch[rooms - r->rooms], &k->model, k->from, k->n);
    k->shadow = shadow_batch_part(&rooms->shadow, &k->shadow_model, k->from, k->n);
    return 0;
}

static void room_make(struct sim_run *r, struct sim_rooms *rooms, uint32_t i, uint32_t first)
{
    const struct scenario_zones *g = &r->s->zones[rooms->group];
    uint32_t zone = rooms->zone[i];
    struct room_batch *b = &r->batch[rooms - r->rooms];
    r->zone[zone].batch = (uint32_t)(rooms - r->rooms);
    r->zone[zone].at = i;
    double turn = g->facade_deg + g->facade_turn_deg * (zone - first);
    rooms->facade[i] = (uint8_t)((int64_t)(turn / 22.5 + 0.5) & 15);
    rooms->shadow.max_w[i] = r->zone[zone].nameplate_w;
    rooms->shadow.setpoint_c[i] = g->setpoint_c;
    rooms->shadow.air_c[i] = rooms->shadow.left_c[i] = rooms->shadow.mass_c[i] = g->start_c;
    b->air_c[i] = b->mass_c[i] = b->heater_c[i] = b->sensor_c[i] = g->start_c;
}

// The rooms of the group's rows [from, to).
static int batch_make(struct sim_run *r, uint32_t group, uint32_t first, uint32_t from, uint32_t to,
                      struct err *e)
{
    const struct scenario_zones *g = &r->s->zones[group];
    uint32_t at = r->n_batches++;
    struct sim_rooms *rooms = &r->rooms[at];
    *rooms = (struct sim_rooms){.group = group, .site = g->site};
    places_make(rooms, g, first, from, to);
    rooms->facade = mem_array((size_t)rooms->n + 1, 1);
    room_batch_init(&r->batch[at], NULL, rooms->n, 0);
    room_batch_borrow(&r->batch[at], r->passing.heater_w);
    shadow_batch_init(&rooms->shadow, NULL, rooms->n, 0);
    for (uint32_t i = 0; i < rooms->n; i++)
        if (rooms->zone[i] != LANE_EMPTY)
            room_make(r, rooms, i, first);
    rooms->tell_w = r->zone[rooms->first].tell_w;
    rooms->idle_w = idle_w(r, &r->zone[rooms->first]);
    rooms->keep_w = r->thermostat[rooms->first].cfg.keep_w;
    rooms->n_boards = r->zone[rooms->first].n_boards;
    lanes_make(rooms, r->thermostat, r->log_steps);
    lanes_borrow(&rooms->lanes.heat, r->passing.heatsink_mc, r->passing.cpu_mc);
    int bad = 0;
    for (uint32_t v = 0; v < rooms->n_sizes && !bad; v++)
        bad = size_make(r, rooms, v, e);
    return bad;
}

// Where a zone is among its site's rooms, size by size.
static struct house_room house_room_of(const struct sim_run *r, const struct sim_zone *z)
{
    const struct sim_rooms *rooms = &r->rooms[z->batch];
    uint32_t v = 0;
    while (v + 1 < rooms->n_sizes && rooms->size[v + 1].from <= z->at)
        v++;
    return (struct house_room){rooms->first_size + v, z->at - rooms->size[v].from};
}

static int walls_make(struct sim_run *r, uint32_t group, uint32_t first, struct err *e)
{
    const struct scenario_zones *g = &r->s->zones[group];
    struct sim_site *x = &r->site[g->site];
    for (int32_t k = 0; g->neighbour_w_k > 0 && k + 1 < g->count; k++) {
        if ((k + 1) % g->rooms_together == 0)
            continue;
        const struct sim_zone *a = &r->zone[first + (uint32_t)k], *b = &r->zone[first + (uint32_t)k + 1];
        struct house_room from = house_room_of(r, a), to = house_room_of(r, b);
        int bad = house_add_wall(&x->house, from, to, g->neighbour_w_k, e);
        if (!bad)
            bad = house_add_wall(&x->shadow_house, from, to, g->neighbour_w_k, e);
        if (bad)
            return scenario_blame(r->s, g->from_file, g->line, "zones", g->name, e);
    }
    return 0;
}

static int house_make(struct sim_run *r, struct sim_site *x, struct err *e)
{
    x->house_rooms = mem_array((size_t)x->n_batches * SIM_SIZES, sizeof *x->house_rooms);
    x->shadow_rooms = mem_array((size_t)x->n_batches * SIM_SIZES, sizeof *x->shadow_rooms);
    x->shadow_left = mem_array((size_t)x->n_batches * SIM_SIZES, sizeof *x->shadow_left);
    for (uint32_t b = x->first_batch; b < x->first_batch + x->n_batches; b++) {
        r->rooms[b].first_size = x->n_sizes;
        for (uint32_t v = 0; v < r->rooms[b].n_sizes; v++) {
            const struct sim_size *k = &r->rooms[b].size[v];
            x->house_rooms[x->n_sizes] = x->shadow_rooms[x->n_sizes] = k->rooms;
            x->shadow_left[x->n_sizes] = k->shadow.left_c;
            x->shadow_rooms[x->n_sizes++].air_c = k->shadow.air_c;
        }
    }
    r->n_sizes += x->n_sizes;
    int bad = house_init(&x->house, x->house_rooms, x->n_sizes, e);
    if (!bad)
        bad = house_init(&x->shadow_house, x->shadow_rooms, x->n_sizes, e);
    x->house.unmetered = x->shadow_house.unmetered = true;
    x->shadow_house.step_ms = r->shadow_ms;
    x->shadow_house.was_c = r->shadow_ms > r->s->step_ms ? x->shadow_left : NULL;
    return bad;
}

static int group_make(struct sim_run *r, uint32_t group, uint32_t first, struct err *e)
{
    const struct scenario_zones *g = &r->s->zones[group];
    uint32_t rows = rows_of(g), most = BATCH_ROOMS / variants_of(g);
    int bad = 0;
    for (uint32_t from = 0; from < rows && !bad; from += most)
        bad = batch_make(r, group, first, from, from + most < rows ? from + most : rows, e);
    return bad;
}

// Comfort looks at shadows every five minutes, and heat every hour: they need no shorter steps.
static int64_t shadow_ms(const struct scenario *s)
{
    bool long_steps = SHADOW_MS % s->step_ms == 0 && SHADOW_MS / s->step_ms < 256;
    for (size_t g = 0; g < s->n_zones; g++) {
        const struct scenario_zones *z = &s->zones[g];
        struct room_spec smallest = spec_of(z, 0, (int)variants_of(z));
        if (z->kind == ZONE_KIND_ROOM && !house_thin(smallest.air_j_k, z->neighbour_w_k, SHADOW_MS))
            long_steps = false;
    }
    return long_steps ? SHADOW_MS : s->step_ms;
}

int rooms_make(struct sim_run *r, struct err *e)
{
    size_t groups = r->s->n_zones, batches = 0;
    uint32_t *first = mem_array(groups + 1, sizeof *first);
    for (size_t g = 0; g < groups; g++) {
        first[g + 1] = first[g] + (uint32_t)r->s->zones[g].count;
        batches += 1 + (size_t)r->s->zones[g].count / BATCH_ROOMS;
    }
    size_t places = wide_room(BATCH_ROOMS + SIM_SIZES * WIDE_ROW);
    r->passing.heatsink_mc = mem_lines(places, sizeof *r->passing.heatsink_mc);
    r->passing.cpu_mc = mem_lines(places, sizeof *r->passing.cpu_mc);
    r->passing.heater_w = mem_lines(places, sizeof *r->passing.heater_w);
    r->rooms = mem_array(batches + 1, sizeof *r->rooms);
    r->batch = mem_array(batches + 1, sizeof *r->batch);
    r->shadow_ms = shadow_ms(r->s);
    r->shadow_looks = (int)(r->shadow_ms / r->s->step_ms);
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
        free(r->rooms[b].zone);
        free(r->rooms[b].facade);
        lanes_free(&r->rooms[b].lanes);
    }
    for (size_t i = 0; r->site && i < r->s->n_sites; i++) {
        house_deinit(&r->site[i].house);
        house_deinit(&r->site[i].shadow_house);
        free(r->site[i].house_rooms);
        free(r->site[i].shadow_rooms);
        free(r->site[i].shadow_left);
    }
    free(r->rooms);
    free(r->batch);
    free(r->passing.heatsink_mc);
    free(r->passing.cpu_mc);
    free(r->passing.heater_w);
}

// ---- the step

static void check_room(struct sim_run *r, const struct sim_rooms *rooms, const struct room_batch *batch,
                       uint32_t i, const struct room_state *was)
{
    struct room_state is = {batch->air_c[i], batch->mass_c[i], batch->heater_c[i], batch->sensor_c[i]};
    struct room_input in = {.outside_c = r->site[rooms->site].outside_c,
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

// `check`: whether one of these rooms is looked at in this step.
static void size_step(struct sim_run *r, const struct sim_rooms *rooms, struct room_batch *batch, bool check)
{
    double outside_c = r->site[rooms->site].outside_c;
    if (r->o.check_balances) {
        struct room_state *was = mem_array(batch->n + 1, sizeof *was);
        for (uint32_t i = 0; i < batch->n; i++)
            was[i] = state_of(batch, i);
        room_batch_step(batch, outside_c);
        for (uint32_t i = 0; i < batch->n; i++)
            check_room(r, rooms, batch, i, &was[i]);
        free(was);
        return;
    }
    if (!check) {
        room_batch_step(batch, outside_c);
        return;
    }
    uint32_t i = r->check_at % (uint32_t)batch->n;
    struct room_state was = state_of(batch, i);
    room_batch_step(batch, outside_c);
    check_room(r, rooms, batch, i, &was);
}

void rooms_step(struct sim_run *r)
{
    uint32_t size = 0;
    int looks = r->shadow_looks;
    bool middle = r->shadow_look == looks / 2, shadows = r->shadow_look == looks - 1;
    r->shadow_look = shadows ? 0 : r->shadow_look + 1;
    if (r->unflushed++ == LANES_STEPS)
        rooms_flush(r);
    for (size_t s = 0; s < r->s->n_sites; s++) {
        struct sim_site *x = &r->site[s];
        if (x->n_batches == 0)
            continue;
        if (middle)
            x->middle_c = x->outside_c;
        if (shadows) { // their order does not matter where they are held; else it takes turns
            house_walls(&x->shadow_house, x->shadow_house.odd);
            x->shadow_house.odd = !x->shadow_house.odd;
        }
        house_walls_before(&x->house);
        for (uint32_t b = x->first_batch; b < x->first_batch + x->n_batches; b++) {
            struct sim_rooms *rooms = &r->rooms[b];
            rooms_books(r, b);
            shadow_batch_look(&rooms->shadow, &r->batch[b], middle);
            for (struct sim_size *k = rooms->size; k < rooms->size + rooms->n_sizes; k++) {
                if (shadows)
                    shadow_batch_step(&k->shadow, x->middle_c, looks);
                size_step(r, rooms, &k->rooms, size++ == r->check_size);
            }
        }
        house_walls_after(&x->house);
    }
    r->check_size = r->n_sizes ? (r->check_size + 1) % r->n_sizes : 0;
    r->check_at += r->check_size == 0;
}
