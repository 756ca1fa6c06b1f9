// SPDX-License-Identifier: Apache-2.0
#include "device/twin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/rng.h"
#include "device/twin_inside.h"

#define CPU_K_PER_W        0.15 // processor over heatsink
#define SENSOR_STEPS_PER_K 16.0 // 62.5 mK, as the usual digital sensors

// ---- boards

// Processor time comes in beats of the lever (free for a part, frozen for a part): what exceeds the share of
// this stretch is carried, up to two seconds of it.
static double load_of(struct twin *t, struct twin_node *b, int64_t dt_ms)
{
    double want_us = (double)b->share_permille * (double)dt_ms / t->speed;
    if (want_us < 1)
        return 0;
    double take = num_min((double)b->credit_us, want_us);
    b->credit_us = int_clamp(b->credit_us - (int64_t)take, 0, (int64_t)b->share_permille * 2000);
    return take / want_us;
}

// Of the watts over idle at the board's point, what burns beside its task.
static double burnt(const struct twin_node *b)
{
    return b->point.duty_permille > 0 ? (double)b->burn_permille / b->point.duty_permille : 0;
}

static void board_step(struct twin *t, struct twin_node *b, int64_t dt_ms)
{
    const struct curve *c = b->cfg.curve;
    b->draw_mw = c->idle_mw;
    if (b->run == ACTIVITY_SLEEP)
        b->draw_mw = c->sleep_mw;
    else if (activity_is_task(b->run))
        b->draw_mw += num_round((b->point.draw_mw - c->idle_mw) * num_min(1, load_of(t, b, dt_ms) + burnt(b)));
    else if (b->run == ACTIVITY_FILLER || b->run == ACTIVITY_BURN)
        b->draw_mw = b->point.draw_mw;
    int64_t uj = b->draw_mw * dt_ms;
    b->true_uj += uj;
    b->shown_uj += (double)uj * b->gain;
    t->room[b->cfg.zone].pending_j += (double)uj * 1e-6;
    t->room[b->cfg.zone].draw_mw += b->draw_mw;
}

// ---- rooms

static void room_advance(struct twin *t, struct twin_room *r, const struct weather_now *w, double heater_w)
{
    struct occupant_now p = {0};
    if (t->people)
        occupant_at(&r->people, t->world, &p);
    struct room_input in = {
        .outside_c = w->dry_c,
        .heater_w = heater_w,
        .internal_w = p.internal_w,
        .solar_w = sun_gain_w(&w->sun, &w->irradiance, &r->window, 1),
        .window_open = p.window_open,
    };
    shadow_step(&r->shadow_model, &r->shadow, &in, r->setpoint_mc * 1e-3, r->max_w);
    room_step(&r->model, &r->state, &in, 1);
}

// Whole steps up to now. The joules that the boards drew are spread evenly over the time they were drawn in,
// and what belongs to the begun step stays pending: none is lost or made.
static void rooms_advance(struct twin *t, house_ms now)
{
    for (; house_since(now, t->world) >= TWIN_STEP_MS; t->world = house_add(t->world, TWIN_STEP_MS)) {
        struct weather_now w;
        weather_at(t->weather, t->world, &w);
        t->outside_mc = (int32_t)num_round(w.dry_c * 1000);
        double left_s = (double)house_since(now, t->world) * 1e-3;
        for (size_t i = 0; i < t->n_rooms; i++) {
            double heater_w = t->room[i].pending_j / left_s;
            t->room[i].pending_j -= heater_w * (TWIN_STEP_MS * 1e-3);
            room_advance(t, &t->room[i], &w, heater_w);
        }
    }
}

static void twin_tick(void *ctx, house_ms now)
{
    struct twin *t = ctx;
    int64_t dt = house_since(now, t->now);
    if (dt <= 0)
        return;
    for (size_t i = 0; i < t->n_rooms; i++)
        t->room[i].draw_mw = 0;
    for (size_t i = 0; i < t->n_nodes; i++)
        board_step(t, &t->node[i], dt);
    for (size_t i = 0; i < t->n_rooms; i++)
        t->room[i].cpu_mc = 0;
    for (size_t i = 0; i < t->n_nodes; i++) {
        struct twin_room *r = &t->room[t->node[i].cfg.zone];
        int32_t over = (int32_t)((double)t->node[i].draw_mw * CPU_K_PER_W);
        if (over > r->cpu_mc)
            r->cpu_mc = over;
    }
    t->now = now;
    rooms_advance(t, now);
}

static void twin_sense(void *ctx, size_t zone, struct zone_sense *s)
{
    const struct twin *t = ctx;
    const struct twin_room *r = &t->room[zone];
    int32_t metal = (int32_t)num_round(r->state.heater_c * 1000);
    *s = (struct zone_sense){
        .at = t->world,
        .room_mc =
            (int32_t)num_round(num_round(r->state.sensor_c * SENSOR_STEPS_PER_K) * 1000 / SENSOR_STEPS_PER_K),
        .heatsink_mc = metal,
        .cpu_mc = metal + r->cpu_mc,
        .draw_mw = (int32_t)r->draw_mw,
        .has_outside = t->outside_mc != INT32_MIN,
        .outside_mc = t->outside_mc,
    };
}

static void twin_meter(void *ctx, size_t board, struct board_meter *m)
{
    const struct twin *t = ctx;
    m->raw_mj = (int64_t)(t->node[board].shown_uj / 1000) % TWIN_WRAP_MJ;
    m->wrap_mj = TWIN_WRAP_MJ;
}

static int twin_apply(void *ctx, size_t board, const struct board_order *o, struct err *e)
{
    (void)e;
    struct twin *t = ctx;
    t->node[board].run = o->run;
    t->node[board].point = o->point;
    t->node[board].burn_permille = o->burn_permille;
    return 0;
}

static void twin_used(void *ctx, size_t board, int64_t cpu_us, int32_t share_permille)
{
    struct twin *t = ctx;
    t->node[board].credit_us += cpu_us;
    t->node[board].share_permille = share_permille;
}

static void twin_wish(void *ctx, size_t zone, int32_t setpoint_mc)
{
    struct twin *t = ctx;
    t->room[zone].setpoint_mc = setpoint_mc;
}

static void twin_shadow(void *ctx, size_t zone, struct zone_shadow *s)
{
    const struct twin *t = ctx;
    s->shadow_mj = (int64_t)(t->room[zone].shadow.energy_j * 1000);
    s->shadow_mc = (int32_t)num_round(t->room[zone].shadow.air_c * 1000);
}

static int twin_save(void *ctx, struct err *e)
{
    const struct twin *t = ctx;
    return t->state_file ? twin_state_save(t, e) : 0;
}

static void twin_free(void *ctx)
{
    struct twin *t = ctx;
    if (!t)
        return;
    free(t->room);
    free(t->node);
    free(t->state_file);
    free(t);
}

static int room_make(struct twin_room *r, const struct twin_zone *z, const struct twin_config *cfg,
                     struct rng *rng, struct err *e)
{
    const struct room_archetype *a = room_archetype_find(z->archetype);
    if (!a)
        return err_set(e, -EINVAL, "zone %s: archetype %s: there is no such kind of room", z->name,
                       z->archetype);
    struct room_spec spec;
    room_spec_init(&spec, a, z->floor_m2);
    int r1 = room_model_init(&r->model, &spec, TWIN_STEP_MS, e);
    if (r1 == 0)
        r1 = shadow_model_init(&r->shadow_model, &spec, TWIN_STEP_MS, e);
    if (r1 < 0)
        return err_prefix(e, "zone %s", z->name);
    r->cfg = *z;
    r->setpoint_mc = z->setpoint_mc;
    r->state = room_state_at(z->start_c);
    r->shadow = shadow_at(z->start_c);
    r->window = facade_usual(z->facade_deg, spec.glass_m2);
    occupant_init(&r->people, z->office ? OCCUPANT_OFFICE : OCCUPANT_HOME, rng_next(rng),
                  cfg->weather->zone_ms, spec.floor_m2, a->internal_w_m2);
    return 0;
}

static int twin_make(struct twin *t, const struct twin_config *cfg, struct err *e)
{
    struct rng rng;
    rng_seed(&rng, cfg->seed);
    for (size_t i = 0; i < cfg->n_zones; i++) {
        int r = room_make(&t->room[i], &cfg->zone[i], cfg, &rng, e);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < cfg->n_boards; i++) {
        struct twin_node *b = &t->node[i];
        b->cfg = cfg->board[i];
        b->run = ACTIVITY_IDLE;
        b->gain = 1 + (rng_unit(&rng) - 0.5) * 0.01;
        t->room[b->cfg.zone].max_w += curve_max_mw(b->cfg.curve) / 1000;
    }
    return 0;
}

int twin_init(struct device *d, const struct twin_config *cfg, house_ms now, struct err *e)
{
    struct twin *t = mem_alloc(sizeof *t);
    t->outside_mc = INT32_MIN;
    *d = (struct device){t,         twin_tick, twin_sense,  twin_meter, twin_apply,
                         twin_used, twin_wish, twin_shadow, twin_save,  twin_free};
    t->room = mem_array(cfg->n_zones + 1, sizeof *t->room);
    t->node = mem_array(cfg->n_boards + 1, sizeof *t->node);
    t->n_rooms = cfg->n_zones;
    t->n_nodes = cfg->n_boards;
    t->weather = cfg->weather;
    t->people = cfg->people;
    t->speed = cfg->speed > 0 ? cfg->speed : 1;
    t->state_file = cfg->state_file ? mem_strdup(cfg->state_file) : NULL;
    t->now = t->world = now;
    int r = twin_make(t, cfg, e);
    if (r == 0 && t->state_file)
        r = twin_state_load(t, e);
    if (r < 0) {
        twin_free(t);
        *d = (struct device){0};
        return r;
    }
    // Nothing drew while nobody was there: the rooms are stepped through the gap at 0 W (pending_j is 0).
    rooms_advance(t, now);
    t->now = now;
    return 0;
}

bool twin_archetype_known(const char *name)
{
    return room_archetype_find(name) != NULL;
}

int32_t twin_air_mc(const struct device *d, size_t zone)
{
    const struct twin *t = d->ctx;
    return (int32_t)num_round(t->room[zone].state.air_c * 1000);
}

int64_t twin_true_mj(const struct device *d, size_t board)
{
    const struct twin *t = d->ctx;
    return t->node[board].true_uj / 1000;
}
