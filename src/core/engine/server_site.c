// SPDX-License-Identifier: Apache-2.0
//
// Sites as operators describe them, and what the planner is told of that now: tariffs and carbon go by the
// clock, so a timer looks at each site again when the next hour of either begins.
#include "core/engine/server_fleet.h"
#include "core/engine/server_state.h"

#include <string.h>

static house_ms earlier(house_ms a, house_ms b)
{
    return house_before(a, b) ? a : b;
}

static void look_at(struct server *s, struct site *x, house_ms at)
{
    if (at.v == INT64_MAX || at.v == x->look_at.v)
        return;
    x->look_at = at;
    timer_add(s, TIMER_SITE, x->id, at);
}

bool zone_work_only(const struct server *s, const struct zone *z)
{
    return z->has_other_heat && s->site[z->site].electricity_ueur_per_kwh > z->other_heat_ueur_per_kwh;
}

// Zones for which it now is dearer, or cheaper, than their other heat hear of it.
static void site_electricity(struct server *s, uint32_t site, int64_t ueur_per_kwh)
{
    struct site *x = &s->site[site];
    int64_t was = x->electricity_ueur_per_kwh;
    x->electricity_ueur_per_kwh = ueur_per_kwh;
    for (uint32_t i = 0; x->setting.n_other_heat && was != ueur_per_kwh && i < s->n_zones; i++) {
        const struct zone *z = s->zone[i];
        bool before = was > z->other_heat_ueur_per_kwh;
        if (z->site == site && z->has_other_heat && z->node != NONE && before != zone_work_only(s, z))
            node_wake(s, z->node);
    }
}

void site_plan(struct server *s, uint32_t site)
{
    struct site *x = &s->site[site];
    const struct site_setting *set = &x->setting;
    house_ms next[3];
    struct plan_site p = {.cap_mw = x->cap_mw,
                          .link_mbit_s = set->link_mbit_s,
                          .latency_ms = set->latency_ms,
                          .disk_free_mb = set->disk_free_mb,
                          .has_position = set->has_position,
                          .lat_mdeg = set->lat_mdeg,
                          .lon_mdeg = set->lon_mdeg,
                          .carbon_ueur_per_g = set->carbon_ueur_per_g};
    memcpy(p.country, set->country, sizeof p.country);
    p.has_tariff = site_tariff_at(set, x->utc_offset_min, s->now, &p.tariff_ueur_per_kwh, &next[0]);
    site_series_at(&set->carbon, s->now, &p.carbon_g_per_kwh, &next[1]);
    planner_site(s->planner, site, &p);
    site_electricity(s, site, plan_electricity_ueur(planner_prices(s->planner), &p));
    look_at(s, x, earlier(next[0], next[1]));
}

void server_site_timer(struct server *s, uint64_t site_id)
{
    uint64_t at;
    if (!idmap_get(&s->site_by_id, site_id, &at) || house_before(s->now, s->site[at].look_at))
        return; // it was set anew since
    site_plan(s, (uint32_t)at);
}

// ---- circuits

// Numbers of the planner's circuits: a block for each site, a new one when it has more than fit.
static void number_circuits(struct server *s, struct site *x)
{
    size_t n = x->setting.n_circuits;
    s->capped |= n > 0;
    if (n > x->circuit_room) {
        for (size_t i = 0; i < x->circuit_room; i++)
            planner_circuit(s->planner, x->circuit_first + (uint32_t)i, -1);
        x->circuit_first = s->n_circuits + 1;
        x->circuit_room = (uint32_t)n;
        s->n_circuits += (uint32_t)n;
    }
    for (size_t i = 0; i < x->circuit_room; i++)
        planner_circuit(s->planner, x->circuit_first + (uint32_t)i,
                        i < n ? x->setting.circuit[i].cap_mw : -1);
}

void zone_find_setting(const struct server *s, struct zone *z)
{
    const struct site *x = &s->site[z->site];
    uint32_t in_site = site_circuit_of(&x->setting, z->name);
    z->circuit = in_site ? x->circuit_first + in_site - 1 : 0;
    z->other_heat_ueur_per_kwh = 0;
    z->has_other_heat = site_other_heat_of(&x->setting, z->name, &z->other_heat_ueur_per_kwh);
}

int64_t zone_circuit_cap_mw(const struct server *s, const struct zone *z)
{
    return z->circuit ? s->site[z->site].setting.circuit[z->circuit - s->site[z->site].circuit_first].cap_mw
                      : -1;
}

static void tell_zones(struct server *s, uint32_t site)
{
    number_circuits(s, &s->site[site]);
    for (uint32_t i = 0; i < s->n_zones; i++) {
        if (s->zone[i]->site != site)
            continue;
        zone_find_setting(s, s->zone[i]);
        zone_plan(s, i);
    }
}

// ---- set and restore

void site_row(const struct site *x, struct arena *a, struct row_site *row)
{
    struct buf text = BUF_INIT(2 * SITE_TEXT_MAX);
    site_setting_write(&x->setting, &text);
    *row = (struct row_site){.id = x->id,
                             .name = arena_strdup(a, x->name),
                             .utc_offset_min = x->utc_offset_min,
                             .cap_mw = x->cap_mw,
                             .setting = arena_strdup(a, buf_str(&text))};
    buf_deinit(&text);
}

int server_site_restore(struct server *s, const struct row_site *row, struct err *e)
{
    uint32_t at = server_site_new(s, row->id, row->name);
    struct site *x = &s->site[at];
    x->utc_offset_min = row->utc_offset_min;
    x->cap_mw = row->cap_mw;
    s->capped |= x->cap_mw >= 0;
    if (row->setting && site_setting_read(&x->setting, row->setting, e) < 0)
        return e->code;
    number_circuits(s, x);
    site_plan(s, at);
    return 0;
}

static uint32_t named(struct server *s, const struct event *ev, struct effects *fx)
{
    uint64_t at;
    if (strmap_get(&s->site_by_name, ev->site.site, &at))
        return (uint32_t)at;
    if (ev->site.make)
        return server_site_new(s, server_new_id(s), ev->site.site);
    fx_reply(fx, ev->token, 404, NULL)->message = arena_printf(&fx->arena, "No such site: %s", ev->site.site);
    return NONE;
}

void server_site_set(struct server *s, const struct event *ev, struct effects *fx)
{
    struct err e = ERR_NULL;
    uint32_t at = named(s, ev, fx);
    if (at == NONE)
        return;
    struct site *x = &s->site[at];
    if (ev->site.setting && site_setting_read(&x->setting, ev->site.setting, &e) < 0) {
        fx_reply(fx, ev->token, 400, NULL)->message = arena_strdup(&fx->arena, e.text);
        return;
    }
    if (ev->site.has_utc_offset)
        x->utc_offset_min = ev->site.utc_offset_min;
    if (ev->site.has_cap)
        x->cap_mw = ev->site.cap_mw;
    s->capped |= x->cap_mw >= 0;
    if (ev->site.setting)
        tell_zones(s, at);
    if (ev->site.has_cap || ev->site.setting)
        server_site_caps(s, at);
    site_plan(s, at);
    for (uint32_t i = 0; i < s->n_zones; i++)
        if (s->zone[i]->site == at && s->zone[i]->node != NONE)
            node_wake(s, s->zone[i]->node);
    struct change *c = fx_change(fx, CHANGE_SITE);
    site_row(x, &fx->arena, &c->site);
    server_trace(s, CHANGE_SITE, (int64_t)x->id, x->cap_mw);
    fx_reply(fx, ev->token, 200, NULL);
}
