// SPDX-License-Identifier: Apache-2.0
#include "agent/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config_inside.h"
#include "base/mem.h"
#include "core/work/egress.h"
#include "ini/ini_text.h"

void config_init(struct config *c)
{
    *c = (struct config){.filler = true,
                         .burn = true,
                         .may_sleep = true,
                         .hold = true,
                         .people = true,
                         .cap_w = -1,
                         .start_c = 19,
                         .seed = 1,
                         .archetype = "rt2005",
                         .sysroot = ""};
}

void config_deinit(struct config *c)
{
    free(c->offer.zone);
    free(c->offer.board);
    free(c->heater);
    free(c->twin);
    free(c->real);
    free(c->metal);
    arena_deinit(&c->arena);
}

// The ranges of all, before anybody's packets are judged by them.
static int network_check(const struct config *c, struct err *e)
{
    const struct {
        const char *name, *ranges;
    } row[] = {{"allow", c->net_allow}, {"deny", c->net_deny}, {"box", c->net_box}};
    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct cidr_list l = {0};
        if (row[i].ranges && cidr_read(&l, row[i].ranges, e) < 0)
            return err_prefix(e, "network: %s", row[i].name);
    }
    return 0;
}

static int take_pair(void *ctx, const struct ini_pair *pair, struct err *e)
{
    return config_key(ctx, pair->section, pair->name, pair->value, e);
}

int config_read(struct config *c, const char *path, struct err *e)
{
    return ini_read_file(path, take_pair, c, e);
}

int config_quick(struct config *c, const struct quick *q, struct err *e)
{
    c->is_virtual = true;
    for (int h = 1; h <= q->heaters; h++) {
        char name[NAME_BYTES + 32];
        size_t z, hi, b;
        snprintf(name, sizeof name, "%s-z%d", c->node, h);
        if (config_zone_add(c, name, &z, e) < 0)
            return e->code;
        c->offer.zone[z].setpoint_mc = (int32_t)(q->setpoint_c * 1000 + 0.5);
        snprintf(c->offer.zone[z].label, sizeof c->offer.zone[z].label, "room %d", h);
        snprintf(name, sizeof name, "%s-h%d", c->node, h);
        if (config_heater_add(c, name, &hi, e) < 0)
            return e->code;
        c->heater[hi].zone = z;
        for (int k = 1; k <= q->boards; k++) {
            snprintf(name, sizeof name, "%s-h%d-b%d", c->node, h, k);
            if (config_board_add(c, name, &b, e) < 0)
                return e->code;
            strcpy(c->offer.board[b].heater, c->heater[hi].name);
            strcpy(c->offer.board[b].zone, c->offer.zone[z].name);
        }
    }
    return 0;
}

static int zone_finish(struct config *c, size_t i, struct err *e)
{
    struct offer_zone *z = &c->offer.zone[i];
    struct twin_zone *t = &c->twin[i];
    strcpy(z->site, c->site);
    z->is_virtual = c->is_virtual;
    if (!z->label[0])
        strcpy(z->label, z->name);
    int64_t mw = 0;
    for (size_t b = 0; b < c->offer.n_boards; b++)
        mw += strcmp(c->offer.board[b].zone, z->name) == 0 ? curve_max_mw(&c->offer.board[b].curve) : 0;
    z->nameplate_w = (int32_t)(mw / 1000);
    const struct knob_config *k = &c->real[i].knob;
    if (k->raw_low == k->raw_high || k->low_mc >= k->high_mc)
        return err_set(
            e, -EINVAL,
            "zone %s: its knob turns nowhere (knob_raw_low and knob_raw_high must differ, knob_low be below "
            "knob_high)",
            z->name);
    if (z->nameplate_w == 0)
        return err_set(e, -EINVAL,
                       "zone %s: has no board (add [heater H] zone = %s and [board B] heater = H)", z->name,
                       z->name);
    strcpy(t->name, z->name);
    t->archetype = t->archetype ? t->archetype : c->archetype;
    t->start_c = t->start_c < -100 ? c->start_c : t->start_c;
    t->setpoint_mc = z->setpoint_mc;
    return 0;
}

static bool is_default(const struct curve *c)
{
    const struct curve *d = curve_default();
    return c->n == d->n && memcmp(c->p, d->p, (size_t)d->n * sizeof d->p[0]) == 0;
}

int config_finish(struct config *c, struct err *e)
{
    if (!c->node[0])
        return err_set(e, -EINVAL, "node: it has no name (give --node NAME, or name = in [node])");
    if (!c->site[0])
        strcpy(c->site, "home");
    if (network_check(c, e) < 0)
        return e->code;
    if (c->offer.n_zones == 0)
        return err_set(e, -EINVAL, "node %s: it has no zone (give --virtual or --config FILE)", c->node);
    for (size_t b = 0; b < c->offer.n_boards; b++) {
        struct offer_board *o = &c->offer.board[b];
        if (!o->heater[0])
            return err_set(e, -EINVAL, "board %s: has no heater", o->name);
        if (curve_check(&o->curve, e) < 0)
            return err_prefix(e, "board %s", o->name);
        for (size_t z = 0; z < c->offer.n_zones; z++)
            if (strcmp(c->offer.zone[z].name, o->zone) == 0)
                c->metal[b].zone = z;
        c->metal[b].curve = &o->curve;
        if (c->metal[b].base_mhz == 0 && is_default(&o->curve))
            c->metal[b].base_mhz = CURVE_DEFAULT_BASE_MHZ;
    }
    for (size_t i = 0; i < c->offer.n_zones; i++)
        if (zone_finish(c, i, e) < 0)
            return e->code;
    return 0;
}
