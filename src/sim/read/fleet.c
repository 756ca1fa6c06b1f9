// SPDX-License-Identifier: Apache-2.0
//
// The study's model of a room: metal of 22.5 kJ/K, 1.6 W/K from metal to air, air of 36.2 kJ/K, 10 W/K to the
// outside. It has no walls, so that the mass of ours is a kilojoule that hangs on the least a room may
// have, 0.1 W/K, and leaks a milliwatt a kelvin.
//
// Its boards start at once, draw 10 W idle and 4 W for each 100 MHz, and never sleep deeper than 1 W.
#include "sim/read/fleet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

#define BOARDS_MAX 240
#define GROUPS_MAX 50000 // of all boxes, each of which is compared with those
#define KINDS_MAX  2048  // of its own box
#define NOWHERE    UINT32_MAX

struct builder {
    struct scenario *s;
    const struct batsim_platform *p;
    const struct batsim_events *ev;
    uint32_t *group;              // of each heater: index in s->zones; NOWHERE: has no boards
    uint32_t *boards, *power;     // of each heater: how many; index of its first one's power
    uint32_t *zone;               // of each heater, in the scenario's order
    uint32_t *board;              // of each board number, in the scenario's order
    struct strmap heaters, sites; // name -> index + 1; site -> bit is told
    struct sim_happening *v;
    size_t n, cap;
};

static int add_models(struct builder *b, struct err *e)
{
    for (size_t i = 0; i < b->p->n_powers || i == 0; i++) {
        struct scenario_board *m = VEC_PUSH(b->s->board, b->s->n_board_models, b->s->cap_board_models);
        scenario_board_default(m);
        snprintf(m->name, sizeof m->name, "board-%zu", i + 1);
        m->curve = (struct curve){
            .cores = 1, .idle_mw = 10000, .sleep_mw = 1000, .n = 2, .p = {{300, 12000}, {4000, 160000}}};
        m->spec.cores = 1;
        if (i >= b->p->n_powers)
            return 0; // the platform says nothing of power
        const struct batsim_power *from = &b->p->power[i];
        // Fastest first there, slowest first here; the slow ones that would draw less than idle cannot be
        // told from it.
        size_t usable = 0;
        while (usable < from->n && from->state[usable].full_w > from->state[0].idle_w + 1e-9)
            usable++;
        if (usable == 0)
            return err_set(e, -EINVAL, "power states %zu of the platform: the first draws no more than idle",
                           i + 1);
        m->curve.n = usable < CURVE_POINTS_MAX ? (int32_t)usable : CURVE_POINTS_MAX;
        m->curve.idle_mw = (int32_t)num_round(num_min(from->n ? from->state[0].idle_w : 0, 1e6) * 1000);
        m->curve.sleep_mw = m->curve.idle_mw < 1000 ? m->curve.idle_mw : 1000;
        for (int32_t k = 0; k < m->curve.n; k++) {
            size_t at =
                usable - 1 - (m->curve.n > 1 ? (size_t)k * (usable - 1) / (size_t)(m->curve.n - 1) : 0);
            m->curve.p[k] =
                (struct curve_point){(int32_t)num_round(num_min(from->state[at].speed, 1e6)),
                                     (int32_t)num_round(num_min(from->state[at].full_w, 1e6) * 1000)};
        }
        int bad = curve_check(&m->curve, e);
        if (bad)
            return err_prefix(e, "power states %zu of the platform", i + 1);
    }
    return 0;
}

static void add_sites(struct builder *b)
{
    for (size_t i = 0; i < b->p->n_boxes; i++) {
        const struct batsim_box *box = &b->p->box[i];
        struct scenario_site *s = VEC_PUSH(b->s->site, b->s->n_sites, b->s->cap_sites);
        scenario_site_default(s);
        snprintf(s->name, sizeof s->name, "box-%zu", i + 1);
        s->weather = WEATHER_CONSTANT;
        s->calendar = CALENDAR_NONE;
        s->wan_mbit_s = box->wan_bit_s / 1e6;
        s->lan_mbit_s = 0; // boards read the disk of their box over the network while they work
        s->wan_latency_ms = box->wan_latency_s * 1000;
        s->cache_bytes = box->disk_bytes;
    }
}

static void room_of(const struct batsim_heater *h, struct room_spec *r)
{
    r->floor_m2 = 12;
    r->glass_m2 = 0;
    r->air_j_k = h->air_j_k > 0 ? h->air_j_k : 36180;
    r->heater_j_k = h->metal_j_k > 0 ? h->metal_j_k : 22500;
    r->mass_j_k = 1000;
    r->air_mass_w_k = 0.1;
    r->mass_out_w_k = 1e-3;
    r->vent_w_k = r->vent_open_w_k = h->outside_w_k;
    r->heater_w_k = h->metal_w_k;
    r->convected = 1;
}

static bool fits(const struct builder *b, uint32_t group, uint32_t heater)
{
    const struct scenario_zones *z = &b->s->zones[group];
    struct room_spec r = z->room;
    room_of(&b->p->heater[heater], &r);
    return z->site == b->p->heater[heater].box && z->boards == (int32_t)b->boards[heater] &&
           r.air_j_k == z->room.air_j_k && r.heater_j_k == z->room.heater_j_k &&
           r.vent_w_k == z->room.vent_w_k && r.heater_w_k == z->room.heater_w_k;
}

static void add_group(struct builder *b, uint32_t heater)
{
    uint32_t box = b->p->heater[heater].box, model = b->power[heater];
    uint32_t number = b->s->n_zones && b->s->zones[b->s->n_zones - 1].site == box
                          ? (uint32_t)b->s->zones[b->s->n_zones - 1].line + 1
                          : 1;
    struct scenario_zones *z = VEC_PUSH(b->s->zones, b->s->n_zones, b->s->cap_zones);
    scenario_zones_default(z);
    snprintf(z->name, sizeof z->name, "box-%u-%u", box + 1, number);
    snprintf(z->site_name, sizeof z->site_name, "box-%u", box + 1);
    snprintf(z->board_name, sizeof z->board_name, "board-%u", model + 1);
    z->line = (int)number; // told apart within the box, until all are there
    z->site = box;
    z->board = model;
    z->count = 0;
    z->boards = (int32_t)b->boards[heater];
    z->start_c = 20;
    z->setpoint_c = 20;
    z->setpoints = SETPOINTS_FIXED;
    z->people = PEOPLE_NONE;
    z->windows = false;
    z->internal_w_m2 = 0;
    z->neighbour_w_k = 0;
    z->rooms_together = 1;
    room_of(&b->p->heater[heater], &z->room);
    z->heater_w_said = z->heater_j_said = true;
}

static int add_zones(struct builder *b, struct err *e)
{
    const struct batsim_platform *p = b->p;
    for (size_t i = 0; i < p->n_boards; i++) {
        const struct batsim_board *k = &p->board[i];
        if (b->boards[k->heater]++ == 0)
            b->power[k->heater] = k->power == UINT32_MAX ? 0 : k->power;
    }
    for (uint32_t h = 0; h < p->n_heaters; h++) {
        strmap_set(&b->heaters, p->heater[h].id, h + 1);
        b->group[h] = NOWHERE;
        if (b->boards[h] > BOARDS_MAX)
            return err_set(e, -EINVAL, "heater %.60s has %u boards, more than %d", p->heater[h].id,
                           b->boards[h], BOARDS_MAX);
        if (b->boards[h] == 0)
            continue;
        uint32_t g = (uint32_t)b->s->n_zones;
        while (g > 0 && b->s->zones[g - 1].site == p->heater[h].box && !fits(b, g - 1, h))
            g--;
        if (g == 0 || b->s->zones[g - 1].site != p->heater[h].box) {
            add_group(b, h);
            g = (uint32_t)b->s->n_zones;
            if (g > GROUPS_MAX || b->s->zones[g - 1].line > KINDS_MAX)
                return err_set(e, -EINVAL,
                               "heater %.60s: more than %d kinds of heaters in a box, or %d in all",
                               p->heater[h].id, KINDS_MAX, GROUPS_MAX);
        }
        b->group[h] = g - 1;
        b->s->zones[g - 1].count++;
    }
    for (size_t g = 0; g < b->s->n_zones; g++)
        b->s->zones[g].line = 0;
    return b->s->n_zones ? 0 : err_set(e, -EINVAL, "no heater of the platform has a board");
}

// Where each heater and each board comes to stand: group after group, in each as in the platform.
static void number_all(struct builder *b)
{
    const struct batsim_platform *p = b->p;
    uint32_t *first_zone = mem_array(b->s->n_zones + 1, sizeof *first_zone),
             *first_board = mem_array(b->s->n_zones + 1, sizeof *first_board);
    uint32_t *next = mem_array(p->n_heaters + 1, sizeof *next);
    for (size_t g = 0; g < b->s->n_zones; g++) {
        const struct scenario_zones *z = &b->s->zones[g];
        first_zone[g + 1] = first_zone[g] + (uint32_t)z->count;
        first_board[g + 1] = first_board[g] + (uint32_t)z->count * (uint32_t)z->boards;
    }
    for (size_t h = 0; h < p->n_heaters; h++)
        if (b->group[h] != NOWHERE) {
            b->zone[h] = first_zone[b->group[h]]++;
            next[h] = first_board[b->group[h]];
            first_board[b->group[h]] += b->boards[h];
        }
    for (size_t i = 0; i < p->n_boards; i++)
        b->board[i] = next[p->board[i].heater]++;
    free(first_zone);
    free(first_board);
    free(next);
}

// ---- events ----

static void happen(struct builder *b, const struct batsim_event *ev, enum sim_happening_kind kind,
                   uint32_t index, int64_t value)
{
    *VEC_PUSH(b->v, b->n, b->cap) = (struct sim_happening){ev->at_ms, kind, index, value};
}

static int add_setpoint(struct builder *b, const struct batsim_event *ev, struct err *e)
{
    uint64_t h;
    if (!strmap_get(&b->heaters, ev->name, &h))
        return err_set(e, -EINVAL, "events, line %zu: the platform has no heater %.80s", ev->line, ev->name);
    if (b->group[h - 1] != NOWHERE)
        happen(b, ev, SIM_SETPOINT, b->zone[h - 1], num_round(ev->value_c * 1000));
    return 0;
}

static int add_outside(struct builder *b, const struct batsim_event *ev, const char *first, struct err *e)
{
    bool known = false;
    for (size_t i = 0; i < b->p->n_boxes; i++) {
        bool its_own = !strcmp(b->p->box[i].site, ev->name);
        known = known || its_own;
        if (its_own || (!strcmp(first, ev->name) && !strmap_get(&b->sites, b->p->box[i].site, NULL)))
            happen(b, ev, SIM_OUTSIDE, (uint32_t)i, num_round(ev->value_c * 1000));
    }
    return known
               ? 0
               : err_set(e, -EINVAL, "events, line %zu: the platform has no site %.80s", ev->line, ev->name);
}

static int add_boards(struct builder *b, const struct batsim_event *ev, struct err *e)
{
    for (size_t i = 0; i < ev->n_ranges; i++) {
        if (ev->range[i].high >= b->p->n_boards)
            return err_set(e, -EINVAL, "events, line %zu: board %u: the platform has %zu, from 0", ev->line,
                           ev->range[i].high, b->p->n_boards);
        for (uint32_t k = ev->range[i].low; k <= ev->range[i].high; k++)
            happen(b, ev, ev->kind == BATSIM_BOARDS_OUT ? SIM_BOARD_OUT : SIM_BOARD_BACK, b->board[k], 0);
    }
    return 0;
}

static int add_events(struct builder *b, struct err *e)
{
    const char *first = NULL;
    int bad = 0;
    for (size_t i = 0; i < b->ev->n; i++)
        if (b->ev->v[i].kind == BATSIM_OUTSIDE) {
            first = first ? first : b->ev->v[i].name;
            strmap_set(&b->sites, b->ev->v[i].name, 1);
        }
    for (size_t i = 0; i < b->ev->n && !bad && b->ev->v[i].at_ms <= b->ev->end_ms; i++) {
        const struct batsim_event *ev = &b->ev->v[i];
        if (ev->kind == BATSIM_SETPOINT)
            bad = add_setpoint(b, ev, e);
        else if (ev->kind == BATSIM_OUTSIDE)
            bad = add_outside(b, ev, first, e);
        else if (ev->kind != BATSIM_STOP)
            bad = add_boards(b, ev, e);
    }
    return bad;
}

struct played {
    struct sim_happening *v;
    size_t n, at;
};

static int play(void *ctx, struct sim_happening *h, struct err *e)
{
    struct played *p = ctx;
    (void)e;
    if (p->at == p->n)
        return 0;
    *h = p->v[p->at++];
    return 1;
}

static void played_free(void *ctx)
{
    struct played *p = ctx;
    free(p->v);
    free(p);
}

int batsim_fleet(struct scenario *out, struct sim_script *script, const struct batsim_platform *p,
                 const struct batsim_events *ev, struct err *e)
{
    struct builder b = {.s = out,
                        .p = p,
                        .ev = ev,
                        .group = mem_array(p->n_heaters, sizeof(uint32_t)),
                        .boards = mem_array(p->n_heaters, sizeof(uint32_t)),
                        .power = mem_array(p->n_heaters, sizeof(uint32_t)),
                        .zone = mem_array(p->n_heaters, sizeof(uint32_t)),
                        .board = mem_array(p->n_boards, sizeof(uint32_t))};
    *script = (struct sim_script){0};
    add_sites(&b);
    int bad = add_models(&b, e);
    bad = bad ? bad : add_zones(&b, e);
    if (!bad) {
        number_all(&b);
        bad = add_events(&b, e);
    }
    if (!bad) {
        struct played *s = mem_alloc(sizeof *s);
        *s = (struct played){b.v, b.n, 0};
        b.v = NULL;
        *script = (struct sim_script){s, play, played_free};
        if (ev->start_unix_ms >= 0)
            out->start = HOUSE_MS(ev->start_unix_ms);
        out->length_ms = ev->end_ms / out->step_ms * out->step_ms;
    }
    free(b.group);
    free(b.boards);
    free(b.power);
    free(b.zone);
    free(b.board);
    free(b.v);
    strmap_deinit(&b.heaters);
    strmap_deinit(&b.sites);
    return bad;
}
