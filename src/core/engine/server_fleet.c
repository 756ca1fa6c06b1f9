// SPDX-License-Identifier: Apache-2.0
//
// Sites, zones, boards, nodes: made by what nodes offer. Records stay for good:
// their ids stand in the ledger.
#include "base/mem.h"
#include "base/num.h"
#include "core/engine/server_fleet.h"
#include "core/engine/server_lease.h"
#include "core/engine/server_state.h"

#include <stdio.h>
#include <string.h>

#define FLEET_MAX       (1 << 20) // nodes, zones, boards: what nodes can make grow
#define NAMEPLATE_W_MAX 1000000

static void name_copy(char to[NAME_BYTES], const char *from)
{
    snprintf(to, NAME_BYTES, "%s", from);
}

uint32_t server_node_new(struct server *s, uint64_t id, const char *name)
{
    struct node *n = VEC_PUSH(s->node, s->n_nodes, s->cap_nodes);
    uint32_t at = (uint32_t)(s->n_nodes - 1);
    *n = (struct node){.id = id, .first_lease = NONE, .cap_mw = -1};
    name_copy(n->name, name);
    idmap_set(&s->node_by_id, id, at);
    strmap_set(&s->node_by_name, n->name, at);
    return at;
}

uint32_t server_site_new(struct server *s, uint64_t id, const char *name)
{
    struct site *x = VEC_PUSH(s->site, s->n_sites, s->cap_sites);
    uint32_t at = (uint32_t)(s->n_sites - 1);
    *x = (struct site){.id = id, .cap_mw = -1};
    name_copy(x->name, name);
    idmap_set(&s->site_by_id, id, at);
    strmap_set(&s->site_by_name, x->name, at);
    planner_site(s->planner, at, &(struct plan_site){.cap_mw = -1});
    return at;
}

uint32_t server_zone_new(struct server *s, uint64_t id, const char *name)
{
    struct zone **z = VEC_PUSH(s->zone, s->n_zones, s->cap_zones);
    uint32_t at = (uint32_t)(s->n_zones - 1);
    *z = slab_new(&s->zones, sizeof **z);
    **z = (struct zone){.id = id,
                        .site = NONE,
                        .node = NONE,
                        .room_mc = INT32_MIN,
                        .shadow_mc = INT32_MIN,
                        .at = HOUSE_MS(-1),
                        .mode = ZONE_COMFORT};
    name_copy((*z)->name, name);
    idmap_set(&s->zone_by_id, id, at);
    strmap_set(&s->zone_by_name, (*z)->name, at);
    return at;
}

uint32_t server_board_new(struct server *s, uint64_t id, const char *name)
{
    struct board **b = VEC_PUSH(s->board, s->n_boards, s->cap_boards);
    uint32_t at = (uint32_t)(s->n_boards - 1);
    *b = slab_new(&s->boards, sizeof **b);
    **b = (struct board){
        .id = id, .zone = NONE, .node = NONE, .lease = NONE, .beneath = NONE, .run = ACTIVITY_IDLE};
    name_copy((*b)->name, name);
    idmap_set(&s->board_by_id, id, at);
    strmap_set(&s->board_by_name, (*b)->name, at);
    return at;
}

void zone_plan(struct server *s, uint32_t zone)
{
    const struct zone *z = s->zone[zone];
    struct plan_zone p = {.site = z->site,
                          .circuit = z->circuit,
                          .request = zone_request(z),
                          .room_mc = z->room_mc,
                          .setpoint_mc = z->setpoint_mc,
                          .has_ahead = z->ahead.known,
                          .has_other_heat = z->has_other_heat,
                          .other_heat_ueur_per_kwh = z->other_heat_ueur_per_kwh,
                          .online = z->node != NONE && s->node[z->node].online && z->at.v >= 0};
    memcpy(p.ahead_w, z->ahead.mean_w, sizeof p.ahead_w);
    planner_zone(s->planner, zone, &p);
}

static void forget(uint32_t *v, size_t *n, uint32_t value)
{
    for (size_t i = 0; i < *n; i++) {
        if (v[i] == value) {
            memmove(&v[i], &v[i + 1], (*n - i - 1) * sizeof *v);
            (*n)--;
            return;
        }
    }
}

// A zone with all its boards and watts moves to a site.
void zone_join_site(struct server *s, uint32_t zone, uint32_t site, int32_t nameplate_w)
{
    struct zone *z = s->zone[zone];
    if (z->site != NONE) {
        struct site *old = &s->site[z->site];
        old->n_zones--;
        old->n_boards -= z->n_boards;
        old->nameplate_w -= z->nameplate_w;
    }
    z->site = site;
    z->nameplate_w = nameplate_w;
    zone_find_setting(s, z);
    s->site[site].n_zones++;
    s->site[site].n_boards += z->n_boards;
    s->site[site].nameplate_w += nameplate_w;
}

void board_join_zone(struct server *s, uint32_t board, uint32_t zone)
{
    struct board *b = s->board[board];
    if (b->zone != NONE) {
        s->zone[b->zone]->n_boards--;
        s->site[s->zone[b->zone]->site].n_boards--;
    }
    b->zone = zone;
    s->zone[zone]->n_boards++;
    s->site[s->zone[zone]->site].n_boards++;
}

void node_own_zone(struct server *s, uint32_t node, uint32_t zone)
{
    struct zone *z = s->zone[zone];
    if (z->node == node)
        return;
    if (z->node != NONE)
        forget(s->node[z->node].zone, &s->node[z->node].n_zones, zone);
    z->node = node;
    if (node == NONE)
        return;
    struct node *n = &s->node[node];
    uint32_t *at = VEC_PUSH(n->zone, n->n_zones, n->cap_zones);
    *at = zone;
}

void node_own_board(struct server *s, uint32_t node, uint32_t board)
{
    struct board *b = s->board[board];
    if (b->node == node)
        return;
    if (b->node != NONE)
        forget(s->node[b->node].board, &s->node[b->node].n_boards, board);
    b->node = node;
    if (node == NONE)
        return;
    struct node *n = &s->node[node];
    uint32_t *at = VEC_PUSH(n->board, n->n_boards, n->cap_boards);
    *at = board;
}

void zone_row(const struct server *s, const struct zone *z, struct arena *a, struct row_zone *row)
{
    *row = (struct row_zone){
        .id = z->id,
        .site = s->site[z->site].id,
        .node = z->node == NONE ? 0 : s->node[z->node].id,
        .name = arena_strdup(a, z->name),
        .label = arena_strdup(a, z->label),
        .schedule = arena_strdup(a, z->schedule ? z->schedule : ""),
        .nameplate_w = z->nameplate_w,
        .setpoint_mc = z->setpoint_mc,
        .mode = z->mode,
        .is_virtual = z->is_virtual,
        .boost_until_ms = z->boost_until.v,
        .asked_mj = z->asked_mj,
        .delivered_mj = z->delivered_mj,
        .useful_mj = z->useful_mj,
        .shadow_mj = z->shadow_mj,
        .base_asked_mj = z->base_asked_mj,
        .base_delivered_mj = z->base_delivered_mj,
        .base_useful_mj = z->base_useful_mj,
        .base_shadow_mj = z->base_shadow_mj,
        .lid_open_ms = z->lid_open.v,
        .lid_clear_ms = z->lid_clear.v,
    };
}

void board_row(const struct server *s, const struct board *b, struct arena *a, struct row_board *row)
{
    *row = (struct row_board){
        .id = b->id,
        .zone = s->zone[b->zone]->id,
        .node = b->node == NONE ? 0 : s->node[b->node].id,
        .name = arena_strdup(a, b->name),
        .heater = arena_strdup(a, b->heater),
        .offer = board_offer_text(b, a),
        .barred = (uint8_t)(b->barred | b->node_barred << 1),
        .barred_why =
            arena_strdup(a, board_said(b->barred || !b->node_barred ? b->barred_why : b->node_barred_why)),
        .start_failures = b->start_failures,
        .rests_until_ms = b->rests_until.v};
}

// ---- the offer

// Zones and boards that another live node holds are not given away: two heaters with one name is a mistake to
// be told.
static const char *held_elsewhere(const struct server *s, uint32_t node, const struct offer *o,
                                  struct arena *a)
{
    uint64_t at;
    for (size_t i = 0; i < o->n_zones; i++) {
        if (!strmap_get(&s->zone_by_name, o->zone[i].name, &at))
            continue;
        uint32_t holder = s->zone[at]->node;
        if (holder != NONE && holder != node && s->node[holder].online)
            return arena_printf(
                a, "offer.zones: %s belongs to node %s, which is there (names are unique in the fleet)",
                o->zone[i].name, s->node[holder].name);
    }
    for (size_t i = 0; i < o->n_boards; i++) {
        if (!strmap_get(&s->board_by_name, o->board[i].name, &at))
            continue;
        uint32_t holder = s->board[at]->node;
        if (holder != NONE && holder != node && s->node[holder].online)
            return arena_printf(
                a, "offer.boards: %s belongs to node %s, which is there (names are unique in the fleet)",
                o->board[i].name, s->node[holder].name);
    }
    return NULL;
}

static const char *board_flaw(const struct offer_board *b, struct arena *a)
{
    struct err e = ERR_NULL;
    if (curve_check(&b->curve, &e) < 0)
        return arena_printf(a, "offer.boards: %s: %s", b->name, e.text);
    if (b->spec.cores < 1 || b->spec.cores > 1024)
        return arena_printf(a, "offer.boards: %s: spec.cores is %d: must be 1..1024", b->name,
                            (int)b->spec.cores);
    if (b->spec.memory_mb < 0)
        return arena_printf(a, "offer.boards: %s: spec.memory_mb is %d: must not be negative", b->name,
                            (int)b->spec.memory_mb);
    return NULL;
}

static const char *flaw(const struct offer *o, struct arena *a)
{
    struct strmap zones = STRMAP_NULL, boards = STRMAP_NULL;
    const char *why = NULL;
    for (size_t i = 0; i < o->n_zones && !why; i++) {
        const struct offer_zone *z = &o->zone[i];
        if (strmap_get(&zones, z->name, NULL))
            why = arena_printf(a, "offer.zones: %s is there twice", z->name);
        else if (z->nameplate_w < 0 || z->nameplate_w > NAMEPLATE_W_MAX)
            why = arena_printf(a, "offer.zones: %s: nameplate_w is %d: must be 0..%d", z->name,
                               (int)z->nameplate_w, NAMEPLATE_W_MAX);
        else if (z->mode >= ZONE_MODE_N)
            why = arena_printf(a, "offer.zones: %s: mode %d is not known", z->name, z->mode);
        strmap_set(&zones, z->name, 1);
    }
    for (size_t i = 0; i < o->n_boards && !why; i++) {
        const struct offer_board *b = &o->board[i];
        if (strmap_get(&boards, b->name, NULL))
            why = arena_printf(a, "offer.boards: %s is there twice", b->name);
        else if (!strmap_get(&zones, b->zone, NULL))
            why = arena_printf(a, "offer.boards: %s is in zone %s, which is not offered", b->name, b->zone);
        else
            why = board_flaw(b, a);
        strmap_set(&boards, b->name, 1);
    }
    strmap_deinit(&zones);
    strmap_deinit(&boards);
    return why;
}

static uint32_t site_by_name(struct server *s, const char *name, struct effects *fx)
{
    uint64_t at;
    if (strmap_get(&s->site_by_name, name, &at))
        return (uint32_t)at;
    uint32_t site = server_site_new(s, server_new_id(s), name);
    struct change *c = fx_change(fx, CHANGE_SITE);
    site_row(&s->site[site], &fx->arena, &c->site);
    return site;
}

static void offer_zone(struct server *s, uint32_t node, const struct offer_zone *o, struct effects *fx)
{
    uint64_t at;
    if (!strmap_get(&s->zone_by_name, o->name, &at)) {
        at = server_zone_new(s, server_new_id(s), o->name);
        s->zone[at]->setpoint_mc = o->setpoint_mc; // known from now on: the parent's word, kept on disk
        s->zone[at]->mode = o->mode;
    }
    struct zone *z = s->zone[at];
    uint32_t site = site_by_name(s, o->site, fx);
    zone_join_site(s, (uint32_t)at, site, o->nameplate_w);
    name_copy(z->label, o->label);
    z->is_virtual = o->is_virtual;
    node_own_zone(s, node, (uint32_t)at);
    z->base_asked_mj = z->base_delivered_mj = z->base_useful_mj = z->base_shadow_mj =
        0; // a new epoch counts from 0
    zone_touch(s, (uint32_t)at);
    zone_plan(s, (uint32_t)at);
}

static void offer_board(struct server *s, uint32_t node, const struct offer_board *o)
{
    uint64_t at, zone;
    if (!strmap_get(&s->board_by_name, o->name, &at)) {
        at = server_board_new(s, server_new_id(s), o->name);
    }
    struct board *b = s->board[at];
    strmap_get(&s->zone_by_name, o->zone, &zone);
    board_join_zone(s, (uint32_t)at, (uint32_t)zone);
    name_copy(b->heater, o->heater);
    board_is_of(s, b, &o->spec, &o->curve);
    b->sandbox = o->sandbox;
    b->can_hold = o->can_hold;
    board_say(&b->sandbox_lack, o->sandbox_lack);
    b->node_barred = false;
    board_rested(s, (uint32_t)at);
    node_own_board(s, node, (uint32_t)at);
    server_meter_epoch(s, (uint32_t)at, s->node[node].epoch);
    board_touch(s, (uint32_t)at);
    board_plan(s, (uint32_t)at);
}

int server_offer_check(const struct server *s, uint32_t node, const struct offer *o, struct arena *a,
                       const char **refusal)
{
    *refusal = flaw(o, a);
    if (*refusal)
        return 400;
    *refusal = held_elsewhere(s, node, o, a);
    if (*refusal)
        return 409;
    if ((node == NONE && s->n_nodes >= FLEET_MAX) || s->n_zones + o->n_zones > FLEET_MAX ||
        s->n_boards + o->n_boards > FLEET_MAX) {
        *refusal = arena_printf(
            a, "offer: this server knows as many nodes, zones or boards as it can (%d each)", FLEET_MAX);
        return 403;
    }
    return 0;
}

// What the node had in its life before and offers no more is nobody's: it is not planned with, and another
// may offer it.
static void disown(struct server *s, uint32_t node)
{
    while (s->node[node].n_zones) {
        uint32_t at = s->node[node].zone[s->node[node].n_zones - 1];
        node_own_zone(s, NONE, at);
        zone_touch(s, at);
        zone_plan(s, at);
    }
    while (s->node[node].n_boards) {
        uint32_t at = s->node[node].board[s->node[node].n_boards - 1];
        node_own_board(s, NONE, at);
        board_touch(s, at);
        board_plan(s, at);
    }
}

void server_offer(struct server *s, uint32_t node, const struct offer *o, struct effects *fx)
{
    disown(s, node);
    for (size_t i = 0; i < o->n_zones; i++)
        offer_zone(s, node, &o->zone[i], fx);
    for (size_t i = 0; i < o->n_boards; i++)
        offer_board(s, node, &o->board[i]);
}
