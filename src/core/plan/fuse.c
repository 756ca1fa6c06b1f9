// SPDX-License-Identifier: Apache-2.0
//
// Power caps of sites and of the circuits inside them. What is counted is what the zones' boards at work may
// draw at most.
#include <string.h>

#include "core/plan/planner_state.h"

static struct fuse *circuit_at(const struct planner *p, const struct plan_zone *z)
{
    return z->circuit && z->circuit < p->n_circuits ? &p->circuit[z->circuit] : NULL;
}

static bool bears(const struct fuse *f, int64_t more_mw)
{
    return f->cap_mw < 0 || f->work_mw + more_mw <= f->cap_mw;
}

bool fuses_bear(const struct planner *p, const struct zone_state *z, int64_t zone_mw)
{
    const struct fuse *c = circuit_at(p, &z->zone);
    int64_t more = zone_mw - z->work_mw;
    return bears(&p->site[z->zone.site].fuse, more) && (!c || bears(c, more));
}

// There may be room again.
static void release(struct planner *p, struct fuse *f, uint8_t bit)
{
    for (size_t i = 0; i < f->capped.n; i++) {
        p->zone[f->capped.v[i]].capped &= (uint8_t)~bit;
        zone_stale(p, f->capped.v[i]);
    }
    f->capped.n = 0;
}

static void enlist(struct zone_state *z, uint32_t zone, struct fuse *f, uint8_t bit)
{
    if (!f || f->cap_mw < 0 || z->capped & bit)
        return;
    z->capped |= bit;
    list_add(&f->capped, zone);
}

// Into the lists of its fuses: when either gives way the zone is valued anew.
void zone_capped(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    enlist(z, zone, &p->site[z->zone.site].fuse, CAPPED_SITE);
    enlist(z, zone, circuit_at(p, &z->zone), CAPPED_CIRCUIT);
}

static void strike(struct zone_state *z, uint32_t zone, struct fuse *f, uint8_t bit)
{
    if (!f || !(z->capped & bit))
        return;
    z->capped &= (uint8_t)~bit;
    for (size_t i = 0; i < f->capped.n; i++)
        if (f->capped.v[i] == zone)
            f->capped.v[i--] = f->capped.v[--f->capped.n];
}

// Before it hangs on others.
void fuses_leave(struct planner *p, uint32_t zone)
{
    struct zone_state *z = &p->zone[zone];
    if (z->zone.site >= p->n_sites)
        return;
    fuses_count(p, zone, 0);
    strike(z, zone, &p->site[z->zone.site].fuse, CAPPED_SITE);
    strike(z, zone, circuit_at(p, &z->zone), CAPPED_CIRCUIT);
}

static void count(struct planner *p, const struct zone_state *z, int64_t more_mw)
{
    struct fuse *c = circuit_at(p, &z->zone), *s = &p->site[z->zone.site].fuse;
    s->work_mw += more_mw;
    if (c)
        c->work_mw += more_mw;
    if (more_mw > 0)
        return;
    release(p, s, CAPPED_SITE);
    if (c)
        release(p, c, CAPPED_CIRCUIT);
}

void fuses_count(struct planner *p, uint32_t zone, int64_t mw)
{
    struct zone_state *z = &p->zone[zone];
    int64_t more = mw - z->work_mw;
    z->work_mw = mw;
    if (more && z->zone.site < p->n_sites)
        count(p, z, more);
}

static bool same_site(const struct plan_site *a, const struct plan_site *b)
{
    return a->cap_mw == b->cap_mw && a->has_tariff == b->has_tariff &&
           a->tariff_ueur_per_kwh == b->tariff_ueur_per_kwh && a->carbon_g_per_kwh == b->carbon_g_per_kwh &&
           a->carbon_ueur_per_g == b->carbon_ueur_per_g &&
           memcmp(a->country, b->country, sizeof a->country) == 0 && a->link_mbit_s == b->link_mbit_s &&
           a->latency_ms == b->latency_ms && a->disk_free_mb == b->disk_free_mb &&
           a->has_position == b->has_position && a->lat_mdeg == b->lat_mdeg && a->lon_mdeg == b->lon_mdeg;
}

void planner_site(struct planner *p, uint32_t site, const struct plan_site *s)
{
    if (site < p->n_sites && p->site[site].known && same_site(&p->site[site].site, s))
        return; // a day of its tariff or carbon that is as the day before
    mem_grow(&p->site, &p->cap_sites, (size_t)site + 1, sizeof *p->site);
    if (site >= p->n_sites)
        p->n_sites = (size_t)site + 1;
    struct site_state *to = &p->site[site];
    to->site = *s;
    to->known = true;
    to->fuse.cap_mw = s->cap_mw;
    for (size_t i = 0; i < to->zones.n; i++)
        zone_stale(p, to->zones.v[i]);
    p->place_epoch++;
    planner_changed(p);
}

void planner_circuit(struct planner *p, uint32_t circuit, int64_t cap_mw)
{
    if (!circuit)
        return;
    mem_grow(&p->circuit, &p->cap_circuits, (size_t)circuit + 1, sizeof *p->circuit);
    while (p->n_circuits <= circuit)
        p->circuit[p->n_circuits++] = (struct fuse){.cap_mw = -1};
    struct fuse *c = &p->circuit[circuit];
    c->cap_mw = cap_mw;
    c->work_mw = 0;
    for (uint32_t z = 0; z < p->n_zones; z++) {
        if (p->zone[z].zone.circuit != circuit)
            continue;
        c->work_mw += p->zone[z].work_mw;
        zone_stale(p, z);
    }
    planner_changed(p);
}
